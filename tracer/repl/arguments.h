// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments of commands: words, numbers, lists, formats. Knows no session.
#ifndef OP_TRACER_REPL_ARGUMENTS_H
#define OP_TRACER_REPL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/**
 * The next word at *@p cursor, which moves past it. Blanks part words; '...', "..." and \ keep
 * them together, as in a shell.
 * @param[out] ret free() it; NULL when there is no further word.
 */
struct op_error *op_argument_word(const char **cursor, char **ret);
/** All words, NULL-terminated. Free with op_argument_words_free(). */
struct op_error *op_argument_words(const char *text, char ***ret);
void op_argument_words_free(char **words);
static inline void op_argument_words_freep(char ***words)
{
	op_argument_words_free(*words);
}

/**
 * A whole number, decimal or 0x…, and nothing else. @param[in] what for the error: "a breakpoint's
 * number".
 */
struct op_error *op_argument_number(const char *text, const char *what, uint64_t *ret);
/** The same; an empty text gives @p otherwise. */
struct op_error *op_argument_number_or(const char *text, const char *what, uint64_t otherwise,
				       uint64_t *ret);
/** The word @p option at the front of @p text: what is behind it and blanks; NULL: it is not there.
 */
const char *op_argument_option(const char *text, const char *option);
/** A command that takes none: OP_ERROR_SYNTAX when there are some. */
struct op_error *op_argument_none(const char *text, const char *command);

/** Numbers and ranges: "1 3-5". At most 100,000 of them. */
struct op_number_list {
	uint32_t *data;
	size_t count;
	size_t capacity;
};
void op_number_list_deinit(struct op_number_list *list);
#define _cleanup_number_list_ _cleanup_(op_number_list_deinit)
struct op_error *op_argument_list(const char *text, const char *what, struct op_number_list *ret);

/**
 * The letters behind the '/' of print and x: a count, a format, a unit, in gdb's order or any
 * other.
 */
struct op_examine_format {
	uint64_t count; /**< 0: not given */
	char letter;    /**< 0: not given */
	unsigned unit;  /**< 0: not given; 1, 2, 4, 8 */
	bool raw;       /**< "r": besides a letter */
};
/**
 * Take "mem1:" off the front of an address; what is behind it.
 * @param[out] ret left alone without one.
 */
const char *op_argument_memory(const char *text, uint32_t *ret);
/** @param[in] letters the formats that are allowed. */
struct op_error *op_argument_format(const char *text, const char *letters,
				    struct op_examine_format *ret);

#endif
