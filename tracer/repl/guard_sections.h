// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a guard's report that no command of the prompt shows. Each is written into repl->out
// as text, or with @p json as members of an object that is open.
#ifndef OP_TRACER_REPL_GUARD_SECTIONS_H
#define OP_TRACER_REPL_GUARD_SECTIONS_H

#include "tracer/repl/repl.h"

/** registers: an object by name. */
struct op_error *op_guard_registers(struct op_repl *repl, struct op_json *json,
				    const struct op_event *event);
/** instructions: Wasm's and the machine's around the place. */
struct op_error *op_guard_instructions(struct op_repl *repl, struct op_json *json,
				       const struct op_event *event);
/** fault: the address, where in the guest's memory that is, and the bytes near it. */
struct op_error *op_guard_fault(struct op_repl *repl, struct op_json *json,
				const struct op_event *event);
/** threads: every thread's stack, host and guest, the innermost frames; suspended: the same of
 * guests on no thread. */
struct op_error *op_guard_stacks(struct op_repl *repl, struct op_json *json,
				 const struct op_event *event);
/** host_files, with build ids; and the modules' build ids. */
struct op_error *op_guard_files(struct op_repl *repl, struct op_json *json,
				const struct op_event *event);

#endif
