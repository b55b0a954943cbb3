// SPDX-License-Identifier: GPL-3.0-or-later
// The files that a process runs as machine code (its program, the runtime's library, libc), as
// libdwfl knows them: what unwinds host frames and names them. Knows no guest.
#ifndef OP_TRACER_HOST_MODULES_H
#define OP_TRACER_HOST_MODULES_H

#include "tracer/outpost.h"
#include "tracer/session.h"

struct op_host_modules;

/**
 * Those of the mappings as the session knows them, kept until these change or another process is
 * debugged. Files are opened when something in them is looked for.
 */
struct op_error *op_host_modules_get(struct op_session *session, struct op_host_modules **ret);
void op_host_modules_destroy(struct op_host_modules *modules);

/** Where an unwinding begins. */
struct op_host_start {
	uint64_t pc, sp, fp;
	bool pc_is_return_address;
	const struct op_registers *registers; /**< all of them, of a thread's innermost frame; NULL:
						 only those above are known */
};
/** Registers of a frame, as far as they are known: bit i of known for register i. */
struct op_known_registers {
	struct op_registers all;
	uint64_t known;
};
/**
 * Unwind until @p each says no.
 * @param[out] ret_last those of the frame that it said so of; may be NULL.
 * @param[out] ret_problem why it ended before that; NULL: the outermost frame was reached, or
 * @p each has ended it. Heap string.
 */
struct op_error *op_host_unwind(struct op_host_modules *modules, const struct op_host_start *start,
				bool (*each)(void *context, const struct op_host_return *frame),
				void *context, struct op_known_registers *ret_last,
				char **ret_problem);

/**
 * The registers of the guest's frame that called a stretch of host frames of the stack that was
 * walked last.
 * @param[in] index of the stretch among the machine frames.
 * @param[out] ret none known where the host's frames cannot be unwound.
 */
struct op_error *op_host_stack_registers(struct op_session *session, size_t index,
					 struct op_known_registers *ret);

/** At the end of the process: what is kept of it. */
void op_host_stack_destroy(struct op_session *session);

/** Whether a place is in the function that a program, or a thread, begins with. */
bool op_host_is_outermost(struct op_host_modules *modules, const struct op_host_return *place);
/** What is at a place: the bodies that were inlined there, then the function. */
struct op_error *op_host_describe(struct op_host_modules *modules,
				  const struct op_host_return *place,
				  const struct op_host_frame **ret, size_t *ret_count);

#endif
