// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes of a linear memory; see dump.h. Knows no session.
#include "tracer/report/dump.h"

#include <inttypes.h>

#include "tracer/report/number.h"

unsigned op_dump_columns(char letter, unsigned unit)
{
	if (letter == 't')
		return unit == 1 ? 8 : unit == 2 ? 4 : unit == 4 ? 2 : 1;
	if (letter == 'c')
		return 8;
	return unit <= 2 ? 8 : unit == 4 ? 4 : 2;
}

void op_dump_address(struct op_output *out, uint32_t memory, uint64_t address)
{
	if (memory)
		op_output_styled(out, OP_STYLE_ADDRESS, "mem%" PRIu32 ":0x%" PRIx64, memory,
				 address);
	else
		op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx64, address);
	op_text_append_char(&out->text, ':');
}

static uint64_t item_bits(const struct op_dump *dump, size_t offset)
{
	uint64_t bits = 0;
	for (unsigned i = dump->unit; i-- > 0;)
		bits = bits << 8 | dump->data[offset + i];
	return bits;
}

void op_dump_text(struct op_output *out, const struct op_dump *dump)
{
	size_t row = (size_t)op_dump_columns(dump->letter, dump->unit) * dump->unit;
	for (size_t offset = 0; offset < dump->size; offset += dump->unit) {
		if (offset % row == 0) {
			if (offset)
				op_text_append_char(&out->text, '\n');
			op_output_drain(out);
			op_dump_address(out, dump->memory, dump->address + offset);
		}
		op_text_append_char(&out->text, '\t');
		op_number_text(&out->text, item_bits(dump, offset), dump->unit, dump->letter, true);
	}
	if (dump->size)
		op_text_append_char(&out->text, '\n');
}

void op_dump_json_values(struct op_json *json, const struct op_dump *dump)
{
	for (size_t offset = 0; offset < dump->size; offset += dump->unit)
		op_number_json(json, NULL, item_bits(dump, offset), dump->unit, dump->letter);
}
