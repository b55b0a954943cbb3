// SPDX-License-Identifier: GPL-3.0-or-later
// Wasm values as text and JSON. A value that is missing shows its reason. Knows no session.
#ifndef OP_TRACER_REPORT_VALUE_H
#define OP_TRACER_REPORT_VALUE_H

#include "base/text.h"
#include "tracer/outpost.h"
#include "tracer/report/json.h"

/** How a value is asked for: zero-initialised it is shown by its type. */
struct op_value_format {
	char letter;      /**< of OP_NUMBER_FORMATS, or 0 */
	unsigned lane;    /**< v128: bytes of a lane (1, 2, 4, 8), or 0 */
	bool is_unsigned; /**< integers without a letter */
};

/**
 * Append the value: 7, 1.5, nan:0x7fc00001, i32x4 0x… 0x… 0x… 0x…, externref 0x1c, <not recorded:
 * …>.
 */
void op_value_text(struct op_text *text, const struct op_value *value,
		   const struct op_value_format *format);
/**
 * Append the value as JSON: integers and floats as numbers (beyond 2^53, infinities and NaNs as
 * strings), v128 as 32 hex digits in the order of the
 * bytes in memory, references as "0x…" or null. Missing: {"reason":…,"message":…}.
 */
void op_value_json(struct op_json *json, const char *key, const struct op_value *value,
		   bool is_unsigned);

/** The members of a missing value's object. */
void op_missing_json(struct op_json *json, const char *key, const char *reason,
		     const char *message);

/** "type" and "value": a value by itself. */
void op_typed_value_json(struct op_json *json, const struct op_value *value, bool is_unsigned);

#endif
