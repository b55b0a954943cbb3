// SPDX-License-Identifier: GPL-3.0-or-later
// Counters' results; see count.h.
#include "tracer/report/count.h"

#include <inttypes.h>

static void row_text(struct op_output *out, const struct op_count *row, bool by_instruction)
{
	op_output_printf(out, "%12" PRIu64 "  ", row->count);
	if (!by_instruction && row->counted > 1)
		op_output_printf(out, "%14" PRIu64 "  %5" PRIu32 " of %-5" PRIu32 "  ",
				 row->instructions, row->covered, row->counted);
	else if (!by_instruction)
		op_output_printf(out, "%14s  %14s  ", "", "");
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", row->function);
	op_output_printf(out, " at %s!", row->module);
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, row->pc);
	op_output_printf(out, "\n");
}

void op_counts_text(struct op_output *out, const struct op_count *counts, size_t count,
		    size_t limit, bool by_instruction)
{
	if (!count) {
		op_output_printf(out, "No counts.\n");
		return;
	}
	size_t shown = limit && limit < count ? limit : count;
	if (by_instruction)
		op_output_printf(out, "%12s  %s\n", "Times", "Where");
	else
		op_output_printf(out, "%12s  %14s  %14s  %s\n", "Calls", "Instructions", "Covered",
				 "Where");
	for (size_t i = 0; i < shown; i++) {
		row_text(out, &counts[i], by_instruction);
		op_output_drain(out);
	}
	if (shown < count)
		op_output_printf(out, "(%zu more: -limit %zu)\n", count - shown, count);
}

void op_counts_json(struct op_json *json, const char *key, const struct op_count *counts,
		    size_t count, bool by_instruction)
{
	op_json_begin_array(json, key);
	for (size_t i = 0; i < count; i++) {
		op_json_begin_object(json, NULL);
		op_json_uint(json, "number", counts[i].number);
		op_json_string(json, "module", counts[i].module);
		op_json_string(json, "function", counts[i].function);
		op_json_uint(json, "function_index", counts[i].function_index);
		op_json_uint(json, "pc", counts[i].pc);
		op_json_uint(json, "count", counts[i].count);
		if (!by_instruction) {
			op_json_uint(json, "instructions", counts[i].instructions);
			op_json_uint(json, "covered", counts[i].covered);
			op_json_uint(json, "counted", counts[i].counted);
		}
		op_json_end_object(json);
	}
	op_json_end_array(json);
}
