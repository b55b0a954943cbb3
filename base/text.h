// SPDX-License-Identifier: GPL-3.0-or-later
// A growing string, of which running out of memory is remembered and reported once, at the end;
// what strings begin and end with.
#ifndef OP_BASE_TEXT_H
#define OP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

bool op_begins_with(const char *string, const char *beginning);
bool op_ends_with(const char *string, const char *ending);

/** Zero-initialise, or OP_TEXT_INIT. */
struct op_text {
	char *data; /**< always NUL-terminated once something was added; NULL before */
	size_t size;
	size_t capacity;
	bool failed; /**< an append ran out of memory; the text is cut there */
};
#define OP_TEXT_INIT                                                                               \
	{                                                                                          \
		0                                                                                  \
	}

void op_text_deinit(struct op_text *text);
#define _cleanup_text_ _cleanup_(op_text_deinit)
void op_text_clear(struct op_text *text);
void op_text_append(struct op_text *text, const char *string);
void op_text_append_n(struct op_text *text, const char *bytes, size_t size);
void op_text_append_char(struct op_text *text, char c);
void op_text_printf(struct op_text *text, const char *format, ...) _printf_(2, 3);
void op_text_vprintf(struct op_text *text, const char *format, va_list args) _printf_(2, 0);
/**
 * Append bytes that came from the target so that they can do no harm on a terminal: valid UTF-8 of
 * printable characters stays, everything else (controls, escapes, bidirectional overrides, broken
 * UTF-8) becomes \xNN or \u{NNNN}.
 */
void op_text_append_escaped(struct op_text *text, const char *bytes, size_t size);
/**
 * Append what is about to be shown on a terminal, whoever it comes from: as
 * op_text_append_escaped(), but newlines and tabs stay, and with @p colors the sequences that
 * switch colours (ECMA-48, Select Graphic Rendition: ESC [ digits m).
 */
void op_text_append_shown(struct op_text *text, const char *bytes, size_t size, bool colors);
/** The fewest significant digits with which a finite number of 4 or 8 bytes reads back as itself.
 */
int op_float_digits(double value, size_t size);
/** Append a finite number of 4 or 8 bytes: the fewest digits that read back as the same number,
 * without an exponent as long as its whole digits fit a double's 17. */
void op_text_append_float(struct op_text *text, double value, size_t size);
/** Hand the string over (caller frees it; "" when nothing was added) and reset. Out of memory: an
 * error, *ret untouched. */
struct op_error *op_text_steal(struct op_text *text, char **ret);

#endif
