// SPDX-License-Identifier: GPL-3.0-or-later
// Writes JSON straight into a growing text: a backtrace of 50,000 frames would be a million nodes
// as a tree. Knows no
// session and no document of outpost's; reading JSON is not its business.
#ifndef OP_TRACER_REPORT_JSON_H
#define OP_TRACER_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/**
 * A place in a document that is being written. Deeper than 63 levels does not happen: the depth is
 * the program's own.
 */
struct op_json {
	struct op_text *text; /**< borrowed */
	uint64_t filled;      /**< bit N: something was written at depth N already */
	unsigned depth;
};

void op_json_init(struct op_json *json, struct op_text *text);

/**
 * In all of the following @p key is the member's name, NULL inside arrays and for the outermost
 * value.
 */
void op_json_begin_object(struct op_json *json, const char *key);
void op_json_end_object(struct op_json *json);
void op_json_begin_array(struct op_json *json, const char *key);
void op_json_end_array(struct op_json *json);
/** NULL is written as null. Bytes that are not UTF-8 become U+FFFD. */
void op_json_string(struct op_json *json, const char *key, const char *value);
/** Integers beyond 2^53 are decimal strings: many readers of JSON keep numbers in doubles. */
void op_json_int(struct op_json *json, const char *key, int64_t value);
void op_json_uint(struct op_json *json, const char *key, uint64_t value);
/** "0x1f" */
void op_json_hex(struct op_json *json, const char *key, uint64_t value);
void op_json_bool(struct op_json *json, const char *key, bool value);
void op_json_null(struct op_json *json, const char *key);
/** A value that is JSON already. */
void op_json_raw(struct op_json *json, const char *key, const char *value);

#endif
