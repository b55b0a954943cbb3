// SPDX-License-Identifier: GPL-3.0-or-later
// The trampolines of an image out of the guest, and the places in each where an event can be seen.
// Reads code, writes none; what an event means is catchpoint.c's and call_trace.c's.
#ifndef OP_TRACER_TRAMPOLINES_H
#define OP_TRACER_TRAMPOLINES_H

#include "tracer/patch.h"
#include "tracer/session.h"

/** All trampolines of an image, read at the first call, at which the code must be Wasmtime's own.
 */
struct op_error *op_trampolines_of(struct op_session *session, const struct op_image *image,
				   const struct op_trampoline_table **ret);
void op_trampolines_clear(struct op_session *session);

enum op_trampoline_place {
	OP_TRAMPOLINE_ENTRY,
	OP_TRAMPOLINE_RETURN,
	OP_TRAMPOLINE_FAILURE, /**< the runtime is about to unwind the guest */
};
/** Where a patch is: *ret NULL when in none. */
struct op_error *op_trampoline_at(struct op_session *session, const struct op_patch *patch,
				  const struct op_trampoline **ret,
				  enum op_trampoline_place *ret_place);
/** The address of a place in a copy; 0 when the trampoline has none. */
uint64_t op_trampoline_address(const struct op_image *image, const struct op_trampoline *trampoline,
			       enum op_trampoline_place place);
/** A RAW patch there, wanted by nobody yet; *ret NULL when the trampoline has no such place. */
struct op_error *op_trampoline_patch(struct op_session *session, const struct op_image *image,
				     const struct op_trampoline *trampoline,
				     enum op_trampoline_place place, struct op_patch **ret);

#endif
