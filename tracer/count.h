// SPDX-License-Identifier: GPL-3.0-or-later
// Counters: what was counted, in the target's cells and from outside.
#ifndef OP_TRACER_COUNT_H
#define OP_TRACER_COUNT_H

#include "tracer/patch.h"
#include "tracer/session.h"

struct op_error *op_count_set_create(struct op_count_set **ret);
void op_count_set_destroy(struct op_count_set *set);
void op_count_set_clear(struct op_count_set *set);

/** An arrival at a counter's place that outpost saw itself. */
struct op_error *op_count_arrived(struct op_session *session, const struct op_patch *patch,
				  uint32_t number);
/** A counter's cell at breakpoint @p index of a patch goes: what it holds is kept. */
struct op_error *op_count_retire(struct op_session *session, const struct op_patch *patch,
				 uint32_t index);
/** The sum of a counter's counts. */
struct op_error *op_count_total(struct op_session *session, uint32_t number, uint64_t *ret);
/** The counter is deleted. */
void op_count_forget(struct op_session *session, uint32_t number);

#endif
