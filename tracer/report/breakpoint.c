// SPDX-License-Identifier: GPL-3.0-or-later
// Breakpoints; see breakpoint.h. Knows no session.
#include "tracer/report/breakpoint.h"

#include <inttypes.h>
#include <string.h>

static void location_text(struct op_output *out, const struct op_location *location)
{
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", location->function);
	op_output_printf(out, " at ");
	if (location->line)
		op_output_printf(out, "%s:%" PRIu32 " (", location->short_file, location->line);
	op_output_printf(out, "%s!", location->module);
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, location->pc);
	if (location->line)
		op_output_printf(out, ")");
}

// Every instruction of its functions: no single one is a location.
static bool is_every(const struct op_breakpoint *breakpoint)
{
	return breakpoint->location_count && !breakpoint->locations[0].pc;
}

static const char *noun(const struct op_breakpoint *breakpoint)
{
	static const char *const nouns[] = {[OP_ACTION_STOP] = "Breakpoint",
					    [OP_ACTION_COUNT] = "Counter",
					    [OP_ACTION_LOG] = "Log point",
					    [OP_ACTION_TRACE] = "Trace",
					    [OP_ACTION_WATCH] = "Watchpoint"};
	return breakpoint->temporary ? "Temporary breakpoint" : nouns[breakpoint->action];
}

static void catchpoint_text(struct op_output *out, const struct op_breakpoint *breakpoint)
{
	op_output_printf(out, "%s %" PRIu32 " (%s)\n",
			 breakpoint->temporary ? "Temporary catchpoint" : "Catchpoint",
			 breakpoint->number, breakpoint->spec);
}

/** What gdb calls them. */
static const char *const watch_names[] = {
	[OP_BREAKPOINT_WATCH] = "Hardware watchpoint",
	[OP_BREAKPOINT_READ] = "Hardware read watchpoint",
	[OP_BREAKPOINT_ACCESS] = "Hardware access (read/write) watchpoint",
};
static const char *const watch_types[] = {
	[OP_BREAKPOINT_WATCH] = "hw watchpoint",
	[OP_BREAKPOINT_READ] = "read watchpoint",
	[OP_BREAKPOINT_ACCESS] = "acc watchpoint",
};

const char *op_watch_name(enum op_breakpoint_kind kind, bool software)
{
	return software ? "Watchpoint" : watch_names[kind];
}

void op_breakpoint_text(struct op_output *out, const struct op_breakpoint *breakpoint)
{
	enum { NAMED = 8 };
	if (breakpoint->caught) {
		catchpoint_text(out, breakpoint);
		return;
	}
	if (breakpoint->kind != OP_BREAKPOINT_PLACE) {
		op_output_printf(
			out, "%s %" PRIu32 ": %s\n",
			op_watch_name(breakpoint->kind, breakpoint->action == OP_ACTION_WATCH),
			breakpoint->number, breakpoint->spec);
		return;
	}
	op_output_printf(out, "%s %" PRIu32, noun(breakpoint), breakpoint->number);
	if (breakpoint->pending || !breakpoint->location_count) {
		op_output_printf(out,
				 " (%s) pending: it is set when a module that matches is loaded.\n",
				 breakpoint->spec);
		return;
	}
	op_output_printf(out, ": ");
	if (breakpoint->location_count > NAMED)
		op_output_printf(out, "%zu %s", breakpoint->location_count,
				 is_every(breakpoint) ? "functions" : "places");
	for (size_t i = 0; breakpoint->location_count <= NAMED && i < breakpoint->location_count;
	     i++) {
		if (i)
			op_output_printf(out, ", ");
		location_text(out, &breakpoint->locations[i]);
	}
	if (breakpoint->moved)
		op_output_printf(out, " (moved from 0x%" PRIx32 " to the next instruction)",
				 breakpoint->requested_pc);
	if (breakpoint->requested_line)
		op_output_printf(out,
				 " (moved from line %" PRIu32 " to the next one that has code)",
				 breakpoint->requested_line);
	op_output_printf(out, "\n");
}

static void table_row(struct op_output *out, const struct op_breakpoint *breakpoint)
{
	op_output_printf(out, "%-7" PRIu32 " %-4s %-3c %-7" PRIu64 " ", breakpoint->number,
			 breakpoint->temporary    ? "del"
			 : breakpoint->stops_left ? "dis"
						  : "keep",
			 breakpoint->enabled ? 'y' : 'n', breakpoint->hits);
	if (breakpoint->caught)
		op_output_printf(out, "catch %s", breakpoint->spec);
	else if (breakpoint->kind != OP_BREAKPOINT_PLACE)
		op_output_printf(out, "%s %s",
				 breakpoint->action == OP_ACTION_WATCH
					 ? "watchpoint"
					 : watch_types[breakpoint->kind],
				 breakpoint->spec);
	else if (breakpoint->pending || !breakpoint->location_count)
		op_output_printf(out, "<pending> %s", breakpoint->spec);
	else if (breakpoint->location_count == 1)
		location_text(out, &breakpoint->locations[0]);
	else
		op_output_printf(out, "%s%s%zu %s", breakpoint->spec, *breakpoint->spec ? ": " : "",
				 breakpoint->location_count,
				 is_every(breakpoint) ? "functions" : "locations");
	if (breakpoint->ignore_left)
		op_output_printf(out, ", next %" PRIu64 " hits ignored", breakpoint->ignore_left);
	op_output_printf(out, "\n");
	if (breakpoint->format)
		op_output_printf(out, "        shows %s\n", breakpoint->format);
	if (breakpoint->condition)
		op_output_printf(out, "        stop only if %s\n", breakpoint->condition);
	if (breakpoint->evaluation != OP_EVALUATION_NONE)
		op_output_printf(out, "        %s\n",
				 breakpoint->evaluation == OP_EVALUATION_INSIDE
					 ? "evaluated inside the program"
					 : "evaluated by outpost, outside the program");
	if (breakpoint->stops_left > 1)
		op_output_printf(out, "        disabled after %" PRIu64 " more stops\n",
				 breakpoint->stops_left);
	for (size_t i = 0; i < breakpoint->command_count; i++)
		op_output_printf(out, "        %s\n", breakpoint->commands[i]);
	for (size_t i = 0; breakpoint->location_count > 1 && !is_every(breakpoint) &&
			   i < breakpoint->location_count;
	     i++) {
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
	if (location->line) {
		op_json_string(json, "file", location->file);
		op_json_uint(json, "line", location->line);
	}
	op_json_end_object(json);
}

void op_breakpoint_json(struct op_json *json, const char *key,
			const struct op_breakpoint *breakpoint)
{
	op_json_begin_object(json, key);
	op_json_uint(json, "number", breakpoint->number);
	op_json_string(json, "action", op_breakpoint_action_name(breakpoint->action));
	op_json_string(json, "kind", op_breakpoint_kind_name(breakpoint->kind));
	op_json_string(json, "spec", breakpoint->spec);
	if (breakpoint->caught)
		op_json_string(json, "catch", op_catch_kind_name(breakpoint->caught));
	if (breakpoint->condition)
		op_json_string(json, "condition", breakpoint->condition);
	if (breakpoint->format)
		op_json_string(json, "format", breakpoint->format);
	op_json_string(json, "evaluation", op_breakpoint_evaluation_name(breakpoint->evaluation));
	op_json_bool(json, "enabled", breakpoint->enabled);
	op_json_bool(json, "temporary", breakpoint->temporary);
	op_json_bool(json, "pending", breakpoint->pending);
	op_json_uint(json, "hits", breakpoint->hits);
	op_json_uint(json, "ignore", breakpoint->ignore_left);
	if (breakpoint->moved)
		op_json_uint(json, "moved_from", breakpoint->requested_pc);
	if (breakpoint->requested_line)
		op_json_uint(json, "moved_from_line", breakpoint->requested_line);
	if (breakpoint->stops_left)
		op_json_uint(json, "stops_left", breakpoint->stops_left);
	if (breakpoint->command_count) {
		op_json_begin_array(json, "commands");
		for (size_t i = 0; i < breakpoint->command_count; i++)
			op_json_string(json, NULL, breakpoint->commands[i]);
		op_json_end_array(json);
	}
	op_json_begin_array(json, "locations");
	for (size_t i = 0; i < breakpoint->location_count; i++)
		location_json(json, &breakpoint->locations[i]);
	op_json_end_array(json);
	op_json_end_object(json);
}

void op_log_line(struct op_output *out, uint32_t number, const char *text)
{
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		op_json_string(json, "event", "log");
		op_json_uint(json, "breakpoint", number);
		op_json_string(json, "text", text);
		op_output_end_line(out);
		return;
	}
	size_t size = strlen(text);
	op_output_printf(out, "%s%s", text, size && text[size - 1] == '\n' ? "" : "\n");
	op_output_flush(out);
}
