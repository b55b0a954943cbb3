// SPDX-License-Identifier: GPL-3.0-or-later
// What a half-typed line may go on with. Knows no terminal.
#ifndef OP_TRACER_REPL_COMPLETION_H
#define OP_TRACER_REPL_COMPLETION_H

#include "tracer/repl/repl.h"

/** Candidates for the word that begins at @p start of @p line and ends at @p end. */
struct op_completions {
	char **data; /**< NULL-terminated when there are any */
	size_t count;
	size_t capacity;
	bool files; /**< names of files are wanted instead */
};
void op_completions_deinit(struct op_completions *completions);
#define _cleanup_completions_ _cleanup_(op_completions_deinit)
void op_complete(struct op_repl *repl, const char *line, size_t start, size_t end,
		 struct op_completions *ret);

#endif
