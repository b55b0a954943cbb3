// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of traps as a person types them. Knows no target.
#ifndef OP_TRACER_TRAP_KINDS_H
#define OP_TRACER_TRAP_KINDS_H

#include <stdbool.h>

/** Whether a trap is of the kind that was typed. @param[in] name what Wasmtime calls it; "" or
 * NULL: not known, which is of no kind. */
bool op_trap_is_of_kind(const char *kind, const char *name);
/** Whether @p kind is a word of op_trap_kind_word() or a trap's name. */
bool op_trap_kind_exists(const char *kind);
/** The (first) name of the traps of a kind that there is. */
const char *op_trap_kind_name(const char *kind);
/** The name of what a builtin function fails with; NULL: several, or no trap at all. */
const char *op_trap_of_builtin(const char *builtin);

#endif
