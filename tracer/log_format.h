// SPDX-License-Identifier: GPL-3.0-or-later
// printf formats of log points and of printf: parsed once, filled in with values as they come.
// Knows no target.
#ifndef OP_TRACER_LOG_FORMAT_H
#define OP_TRACER_LOG_FORMAT_H

#include "base/error.h"
#include "base/text.h"
#include "target-runtime/value.h"

enum { OP_LOG_CONVERSIONS_MAX = 6 };

/** One conversion with the text in front of it. */
struct op_log_piece {
	char *text;    /**< unescaped; owned */
	char spec[24]; /**< for printf, with the length that its argument has: "%08llx"; "" at the
			  end of the format */
	char letter;   /**< d i u o x X c p f F e E g G a A s; 0 at the end */
};

struct op_log_format {
	struct op_log_piece pieces[OP_LOG_CONVERSIONS_MAX + 1];
	size_t count; /**< pieces; the last one has no conversion */
};
void op_log_format_deinit(struct op_log_format *format);

/**
 * Parse what stands between the quotes; \n, \t, \\, \" and \xHH are known.
 * @return OP_ERROR_SYNTAX for anything else, OP_ERROR_UNSUPPORTED for %n.
 */
struct op_error *op_log_format_parse(const char *text, size_t size, struct op_log_format *ret);
/** How many values it takes. */
size_t op_log_format_values(const struct op_log_format *format);
/** Whether value @p index is shown by %s: text of the guest's. */
bool op_log_format_is_text(const struct op_log_format *format, size_t index);

/** A value to be shown. */
struct op_log_value {
	enum op_value_type type; /**< a number's */
	uint64_t bits;
	const char *text; /**< for %s: what is printable of it; borrowed */
	bool failed;      /**< it could not be computed */
};
/** Append the line. Bytes that are not printable come from the format only. */
void op_log_format_apply(const struct op_log_format *format, const struct op_log_value *values,
			 struct op_text *ret);

#endif
