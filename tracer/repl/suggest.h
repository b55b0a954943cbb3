// SPDX-License-Identifier: GPL-3.0-or-later
// What a person may have meant with a word that is no command: a slip of the fingers, or a command
// of gdb's that has another name here, or cannot be. Knows no session.
#ifndef OP_TRACER_REPL_SUGGEST_H
#define OP_TRACER_REPL_SUGGEST_H

#include <stddef.h>

#include "base/error.h"

/** The best of some names so far; zeroed at first. */
struct op_suggestion {
	const char *name; /**< NULL: none is close */
	unsigned distance;
};
/** Take @p name where it is closer to the word than what there was. */
void op_suggest(struct op_suggestion *suggestion, const char *word, size_t size, const char *name);

/**
 * What there is instead of a command of gdb's.
 * @param[in] name with its first word: "info registers".
 * @return a sentence without its full stop; NULL: nothing is known of it.
 */
const char *op_suggest_instead(const char *name);
/** The same for what such a name begins with; NULL: nothing, or several. */
const char *op_suggest_for_beginning(const char *beginning);
/** The same for what another debugger has as a command of two words, where the first is one here.
 * @return OP_ERROR_SYNTAX with what there is instead; NULL: nothing is known of it. */
struct op_error *op_suggest_for_argument(const char *command, const char *rest);

#endif
