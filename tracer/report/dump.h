// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes of a linear memory as text and JSON, in the formats of x. Knows no session.
#ifndef OP_TRACER_REPORT_DUMP_H
#define OP_TRACER_REPORT_DUMP_H

#include <stddef.h>

#include "tracer/report/output.h"

struct op_dump {
	uint32_t memory;
	uint64_t address; /**< of the first byte in the linear memory */
	const uint8_t *data;
	size_t size;   /**< a multiple of unit */
	char letter;   /**< of OP_NUMBER_FORMATS */
	unsigned unit; /**< 1, 2, 4, 8 */
};

/** Text: rows "0x400:\t0x00000001\t…"; a memory other than 0 is named before the address. */
void op_dump_text(struct op_output *out, const struct op_dump *dump);
/** The items' values, as members of the array that is open. */
void op_dump_json_values(struct op_json *json, const struct op_dump *dump);
/** Text: "0x400:" or "mem1:0x400:". */
void op_dump_address(struct op_output *out, uint32_t memory, uint64_t address);
/** Items in a row. */
unsigned op_dump_columns(char letter, unsigned unit);

#endif
