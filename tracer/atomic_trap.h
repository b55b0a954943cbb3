// SPDX-License-Identifier: GPL-3.0-or-later
// Which trap it is that an atomic wait or notify fails with: Wasmtime's function for it can fail in
// several ways and tells nobody in which.
#ifndef OP_TRACER_ATOMIC_TRAP_H
#define OP_TRACER_ATOMIC_TRAP_H

#include "tracer/session.h"

/** Whether a builtin function is that of memory.atomic.wait32, wait64 or notify. */
bool op_atomic_trap_is(const char *builtin);
/**
 * Name the trap of a builtin of op_atomic_trap_is() that has failed, by the operands of its
 * instruction. The session's stack is forgotten.
 * @param[in] address where the thread is taken to stand: in the builtin's trampoline.
 * @param[out] ret what Wasmtime calls it; static. NULL: it is not known, for @p ret_reason.
 * @param[out] ret_reason static; NULL: it is known.
 */
struct op_error *op_atomic_trap_name(struct op_session *session, int64_t thread, uint64_t address,
				     const char *builtin, const char **ret,
				     const char **ret_reason);

#endif
