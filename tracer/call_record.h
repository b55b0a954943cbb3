// SPDX-License-Identifier: GPL-3.0-or-later
// One call of the guest's to the host: what is called, with what, and what came of it, as text in
// the terms of WASI where it is one of its functions. Knows no patches and no events.
#ifndef OP_TRACER_CALL_RECORD_H
#define OP_TRACER_CALL_RECORD_H

#include <time.h>

#include "target-runtime/instance.h"
#include "tracer/session.h"
#include "tracer/wasi_preview1.h"

enum { OP_CALL_VALUES_MAX = 64 };

struct op_call_record {
	struct op_host_call call; /**< what the public interface hands out */

	struct op_artifact *artifact;      /**< of the caller; one reference. NULL: not known */
	struct op_host_addr vmctx;         /**< of the caller's instance */
	const struct op_wasm_module *wasm; /**< of the caller; NULL: not known. Borrowed */
	const struct op_layout *layout;
	const struct op_wasm_type_def *type;        /**< NULL: not known */
	const struct op_wasi_function *wasi;        /**< NULL: none of WASI's */
	struct op_value values[OP_CALL_VALUES_MAX]; /**< the parameters */
	uint32_t value_count;
	struct op_host_addr memory_definition; /**< VMMemoryDefinition; 0: not known yet */
	struct op_memory_state memory;         /**< that its pointers mean; size 0: none */
	uint64_t frame; /**< of the trampoline: what tells its return from that of other calls */
	struct OP_ARRAY(struct op_host_argument) arguments;
	struct OP_ARRAY(char *) texts; /**< owned */
	struct timespec begun;
};

void op_call_record_clear(struct op_call_record *record);
void op_call_record_destroy(struct op_call_record *record);
/** What a thread that stands at the first instruction of a trampoline, at @p address, is about to
 * call; of the arguments only the values. */
struct op_error *op_call_record_read(struct op_session *session, op_thread_id thread,
				     const struct op_function *trampoline, uint64_t address,
				     struct op_call_record *ret);
/** The same for a thread that stands where the trampoline fails: names only. */
struct op_error *op_call_record_read_failing(struct op_session *session, op_thread_id thread,
					     const struct op_function *trampoline,
					     struct op_call_record *ret);
/** Whether the name, or MODULE.NAME, matches one of the patterns; no patterns match all. */
bool op_call_record_matches(const struct op_call_record *record, const char *const *patterns,
			    size_t count);
/** Render the arguments: into call.arguments and call.text. */
struct op_error *op_call_record_arguments(struct op_session *session,
					  struct op_call_record *record);
/** The thread stands where the trampoline returns: the result, and what the host has filled. */
struct op_error *op_call_record_returned(struct op_session *session, op_thread_id thread,
					 struct op_call_record *record);
/** The host has failed, or will not come back (proc_exit). */
void op_call_record_failed(struct op_call_record *record);
/** Whether failing is how this call does its work: the guest asked to end. */
bool op_call_record_is_exit(const struct op_call_record *record);

// call_render.c
struct op_error *op_call_render_arguments(struct op_session *session, struct op_call_record *record,
					  bool returned, uint64_t count);
struct op_error *op_call_render_result(struct op_session *session, struct op_call_record *record,
				       const struct op_value *value);
/** How many bytes the host says it has filled: the first count that it returns; UINT64_MAX: all of
 * what it was given. */
struct op_error *op_call_filled(struct op_session *session, struct op_call_record *record,
				uint64_t *ret);

#endif
