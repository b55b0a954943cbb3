// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of a disassembly; see disassembly.h. Knows no session.
#include "tracer/report/disassembly.h"

#include <inttypes.h>

void op_disassembly_line_text(struct op_output *out, const struct op_disassembly_line *line,
			      uint32_t start)
{
	if (line->native) {
		op_output_printf(out, "%s      ", line->current ? "=> " : "   ");
		op_output_styled(out, OP_STYLE_DIM, "0x%" PRIx64 ": %s", line->host_pc.value,
				 line->text);
		op_output_printf(out, "\n");
		return;
	}
	op_output_printf(out, "%s%c ", line->current ? "=>" : "  ", line->breakpoint ? '*' : ' ');
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, line->pc);
	if (start && line->pc >= start)
		op_output_printf(out, " <+%" PRIu32 ">", line->pc - start);
	op_output_printf(out, ": %s\n", line->text);
}

void op_disassembly_line_json(struct op_json *json, const struct op_disassembly_line *line)
{
	op_json_begin_object(json, NULL);
	op_json_string(json, "kind", line->native ? "native" : "wasm");
	if (line->native)
		op_json_hex(json, "host_pc", line->host_pc.value);
	else
		op_json_uint(json, "pc", line->pc);
	op_json_uint(json, "size", line->size);
	op_json_string(json, "text", line->text);
	op_json_bool(json, "current", line->current);
	op_json_bool(json, "breakpoint", line->breakpoint);
	op_json_end_object(json);
}
