// SPDX-License-Identifier: GPL-3.0-or-later
// Log points: what they show, the ring in the target that stubs write to, and the lines that come
// of it.
#ifndef OP_TRACER_LOG_H
#define OP_TRACER_LOG_H

#include "tracer/agent/stub.h"
#include "tracer/condition.h"
#include "tracer/log_format.h"
#include "tracer/patch.h"
#include "tracer/session.h"

/** What one log point shows. Zero-initialised it is none. */
struct op_log {
	struct op_log_format format;
	struct op_condition values[OP_LOG_VALUES_MAX]; /**< numbers, parsed for each place */
	size_t value_count;
	enum op_value_type types[OP_LOG_VALUES_MAX]; /**< where a stub computes them */
	bool type_known[OP_LOG_VALUES_MAX];
};
void op_log_deinit(struct op_log *log);
/**
 * Parse "FORMAT" ARGUMENTS, commas between them. @p text begins with the quote.
 * @return OP_ERROR_SYNTAX also when format and arguments do not fit.
 */
struct op_error *op_log_parse(const char *text, struct op_log *ret);
struct op_error *op_log_add_place(struct op_session *session, struct op_log *log,
				  struct op_module_entry *module, uint32_t function, uint32_t pc);
void op_log_clear_places(struct op_log *log);

struct op_log_sink;
struct op_error *op_log_sink_create(struct op_log_sink **ret);
void op_log_sink_destroy(struct op_log_sink *sink);
/** The target is gone, and the ring with it. */
void op_log_sink_clear(struct op_log_sink *sink);

/** The ring that stubs near a patch write to; made when it is first asked for. */
struct op_error *op_log_ring(struct op_session *session, const struct op_patch *patch,
			     uint64_t *ret_address, unsigned *ret_size_log2);
/** Show what has come; cheap when nothing has. */
struct op_error *op_log_drain(struct op_session *session);
/** A thread has arrived at a log point that no stub serves. */
struct op_error *op_log_arrived(struct op_session *session, uint32_t number,
				const struct op_log *log, const struct op_patch *patch,
				op_thread_id thread);
/** How long a wait may be before op_log_drain() is due, in ms; -1: there is no ring. */
int op_log_interval(const struct op_session *session);

#endif
