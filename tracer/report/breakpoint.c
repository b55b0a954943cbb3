// SPDX-License-Identifier: GPL-3.0-or-later
// Breakpoints; see breakpoint.h. Knows no session.
#include "tracer/report/breakpoint.h"

#include <inttypes.h>

static void location_text(struct op_output *out, const struct op_location *location)
{
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", location->function);
	op_output_printf(out, " at %s!", location->module);
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, location->pc);
}

void op_breakpoint_text(struct op_output *out, const struct op_breakpoint *breakpoint)
{
	op_output_printf(out, "%s %" PRIu32,
			 breakpoint->temporary ? "Temporary breakpoint" : "Breakpoint",
			 breakpoint->number);
	if (breakpoint->pending || !breakpoint->location_count) {
		op_output_printf(out,
				 " (%s) pending: it is set when a module that matches is loaded.\n",
				 breakpoint->spec);
		return;
	}
	op_output_printf(out, ": ");
	for (size_t i = 0; i < breakpoint->location_count; i++) {
		if (i)
			op_output_printf(out, ", ");
		location_text(out, &breakpoint->locations[i]);
	}
	if (breakpoint->moved)
		op_output_printf(out, " (moved from 0x%" PRIx32 " to the next instruction)",
				 breakpoint->requested_pc);
	op_output_printf(out, "\n");
}

static void table_row(struct op_output *out, const struct op_breakpoint *breakpoint)
{
	op_output_printf(out, "%-7" PRIu32 " %-4s %-3c %-7" PRIu64 " ", breakpoint->number,
			 breakpoint->temporary ? "del" : "keep", breakpoint->enabled ? 'y' : 'n',
			 breakpoint->hits);
	if (breakpoint->pending || !breakpoint->location_count)
		op_output_printf(out, "<pending> %s", breakpoint->spec);
	else if (breakpoint->location_count == 1)
		location_text(out, &breakpoint->locations[0]);
	else
		op_output_printf(out, "%s: %zu locations", breakpoint->spec,
				 breakpoint->location_count);
	if (breakpoint->ignore_left)
		op_output_printf(out, ", next %" PRIu64 " hits ignored", breakpoint->ignore_left);
	op_output_printf(out, "\n");
	if (breakpoint->condition)
		op_output_printf(out, "        stop only if %s\n", breakpoint->condition);
	for (size_t i = 0; breakpoint->location_count > 1 && i < breakpoint->location_count; i++) {
		struct op_text number _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&number, "%" PRIu32 ".%zu", breakpoint->number, i + 1);
		op_output_printf(out, "%-25s", number.data ? number.data : "");
		location_text(out, &breakpoint->locations[i]);
		op_output_printf(out, "\n");
	}
}

void op_breakpoint_table(struct op_output *out, const struct op_breakpoint *const *breakpoints,
			 size_t count)
{
	if (!count) {
		op_output_printf(out, "No breakpoints.\n");
		return;
	}
	op_output_printf(out, "%-7s %-4s %-3s %-7s %s\n", "Num", "Disp", "Enb", "Hits", "Where");
	for (size_t i = 0; i < count; i++) {
		table_row(out, breakpoints[i]);
		op_output_drain(out);
	}
}

static void location_json(struct op_json *json, const struct op_location *location)
{
	op_json_begin_object(json, NULL);
	op_json_string(json, "module", location->module);
	op_json_string(json, "function", location->function);
	op_json_uint(json, "function_index", location->function_index);
	op_json_uint(json, "pc", location->pc);
	op_json_uint(json, "places", location->places);
	op_json_end_object(json);
}

void op_breakpoint_json(struct op_json *json, const char *key,
			const struct op_breakpoint *breakpoint)
{
	op_json_begin_object(json, key);
	op_json_uint(json, "number", breakpoint->number);
	op_json_string(json, "spec", breakpoint->spec);
	if (breakpoint->condition)
		op_json_string(json, "condition", breakpoint->condition);
	op_json_bool(json, "enabled", breakpoint->enabled);
	op_json_bool(json, "temporary", breakpoint->temporary);
	op_json_bool(json, "pending", breakpoint->pending);
	op_json_uint(json, "hits", breakpoint->hits);
	op_json_uint(json, "ignore", breakpoint->ignore_left);
	if (breakpoint->moved)
		op_json_uint(json, "moved_from", breakpoint->requested_pc);
	op_json_begin_array(json, "locations");
	for (size_t i = 0; i < breakpoint->location_count; i++)
		location_json(json, &breakpoint->locations[i]);
	op_json_end_array(json);
	op_json_end_object(json);
}
