// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt on a terminal: line editing, history, completion (readline). The only file that knows
// readline.
#ifndef OP_TRACER_REPL_PROMPT_H
#define OP_TRACER_REPL_PROMPT_H

#include <stdbool.h>

struct op_repl;

enum op_prompt_kind {
	OP_PROMPT_COMMAND,
	OP_PROMPT_MORE, /**< of a command that is several lines */
};

/** Set up line editing and read the history file. */
void op_prompt_open(struct op_repl *repl);
/** Write the history file and give the terminal back. */
void op_prompt_close(struct op_repl *repl);
/** The next line (free() it); NULL at the end of input. Ctrl-C empties the line. */
char *op_prompt_read(struct op_repl *repl, enum op_prompt_kind kind);
/** "question (y or n) " */
bool op_prompt_ask(const char *question);
/** The pause between two pages of output. */
bool op_prompt_page(void *context);
/** The entries of the history, oldest first; NULL when @p index is past the last. Borrowed. */
const char *op_prompt_history(unsigned index);
/** 0: no limit. */
void op_prompt_history_limit(unsigned size);

#endif
