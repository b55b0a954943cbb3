// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers of 1 to 8 bytes as text and JSON, in the formats of print/f and x/f. Knows no values of a
// target's.
#ifndef OP_TRACER_REPORT_NUMBER_H
#define OP_TRACER_REPORT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "tracer/report/json.h"

/**
 * The letters of gdb that are formats of numbers: hexadecimal, decimal, unsigned, octal, binary,
 * address, character, float, zero-padded.
 */
#define OP_NUMBER_FORMATS "xduotacfz"

/**
 * Append @p bits, a number of @p size bytes (1, 2, 4, 8), in the format @p letter.
 * @param[in] padded hexadecimal and binary get all their digits, as a memory dump has them.
 */
void op_number_text(struct op_text *text, uint64_t bits, unsigned size, char letter, bool padded);
/** The same as JSON: a number; a string for what JSON has no number for. */
void op_number_json(struct op_json *json, const char *key, uint64_t bits, unsigned size,
		    char letter);

/**
 * The shortest decimal that reads back as the same float of @p size bytes (4, 8); "inf",
 * "nan:0x7fc00001" with all its bits.
 */
void op_float_text(struct op_text *text, uint64_t bits, unsigned size);

#endif
