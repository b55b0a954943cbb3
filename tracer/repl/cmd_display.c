// SPDX-License-Identifier: GPL-3.0-or-later
// display, undisplay and info display: expressions that are shown at every stop.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/repl/printed.h"

enum { DISPLAYS_MAX = 1000 };

static void display_deinit(struct op_display *display)
{
	free(display->format);
	free(display->expression);
}

void op_display_list_deinit(struct op_display_list *list)
{
	for (size_t i = 0; i < list->items.count; i++)
		display_deinit(&list->items.data[i]);
	free(list->items.data);
}

// Showing -------------------------------------------------------------------------------------

// "1: /x count"
static void name_text(struct op_output *out, const struct op_display *display)
{
	bool has_format = *display->format;
	op_output_printf(out, "%" PRIu32 ": %s%s%s%s", display->number, has_format ? "/" : "",
			 display->format, has_format ? " " : "", display->expression);
}

static void name_json(struct op_json *json, const struct op_display *display)
{
	op_json_uint(json, "number", display->number);
	op_json_string(json, "expression", display->expression);
	if (*display->format)
		op_json_string(json, "format", display->format);
}

static bool ends_everything(const struct op_error *err)
{
	return err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_INTERRUPTED ||
	       err->code == OP_ERROR_PROCESS_GONE;
}

static void show_value(struct op_repl *repl, const struct op_display *display,
		       const struct op_printed *printed)
{
	struct op_output *out = &repl->out;
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		op_json_string(json, "event", "display");
		name_json(json, display);
		op_printed_json(repl, json, printed);
		op_output_end_line(out);
		return;
	}
	name_text(out, display);
	op_output_printf(out, " = ");
	op_printed_text(repl, &out->text, printed);
	op_output_printf(out, "\n");
}

static void show_problem(struct op_repl *repl, const struct op_display *display,
			 const struct op_error *err)
{
	struct op_output *out = &repl->out;
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		op_json_string(json, "event", "display");
		name_json(json, display);
		op_json_string(json, "problem", err->message);
		op_output_end_line(out);
		return;
	}
	name_text(out, display);
	op_output_printf(out, " = <%s>\n", err->message);
}

// A name that means nothing in a frame is of another one: that is no problem to tell of.
static struct op_error *show(struct op_repl *repl, const struct op_display *display)
{
	struct op_printed printed;
	struct op_error *err = op_printed_evaluate(repl, "display", display->format,
						   display->expression, false, &printed);
	if (!err)
		show_value(repl, display, &printed);
	else if (ends_everything(err))
		return err;
	else if (err->code != OP_ERROR_NOT_FOUND && err->code != OP_ERROR_STATE)
		show_problem(repl, display, err);
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_displays_show(struct op_repl *repl)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < repl->displays.items.count; i++)
		err = show(repl, &repl->displays.items.data[i]);
	if (!repl->out.json && repl->displays.items.count)
		op_output_flush(&repl->out);
	return err;
}

// Commands ------------------------------------------------------------------------------------

static struct op_error *add(struct op_repl *repl, const struct op_call *call)
{
	struct op_display_list *list = &repl->displays;
	if (list->items.count == DISPLAYS_MAX)
		return op_error_create(OP_ERROR_LIMIT, "there are %d displays already",
				       DISPLAYS_MAX);
	struct op_display display = {.number = list->last + 1,
				     .format = strdup(call->format),
				     .expression = strdup(call->rest)};
	if (!display.format || !display.expression || !op_array_push(&list->items, display)) {
		display_deinit(&display);
		return op_error_no_memory();
	}
	list->last++;
	return NULL;
}

static struct op_error *display_run(struct op_repl *repl, const struct op_call *call)
{
	if (!*call->rest)
		return op_displays_show(repl);
	if (strchr(call->format, 'i'))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"display\" shows values, no instructions: \"stepi\" and "
				       "\"nexti\" show the next one, \"x/3i $pc\" three");
	struct op_printed printed;
	struct op_error *err = op_printed_evaluate(repl, call->command->name, call->format,
						   call->rest, false, &printed);
	if (!err)
		err = add(repl, call);
	if (err)
		return err;
	const struct op_display *display =
		&repl->displays.items.data[repl->displays.items.count - 1];
	if (repl->out.json) {
		name_json(&repl->out.writer, display);
		op_printed_json(repl, &repl->out.writer, &printed);
	} else {
		show_value(repl, display, &printed);
	}
	return NULL;
}

static struct op_error *take_out(struct op_display_list *list, uint64_t number)
{
	size_t i = 0;
	while (i < list->items.count && list->items.data[i].number != number)
		i++;
	if (i == list->items.count)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no display %" PRIu64, number);
	display_deinit(&list->items.data[i]);
	list->items.count--;
	memmove(&list->items.data[i], &list->items.data[i + 1],
		(list->items.count - i) * sizeof(list->items.data[0]));
	return NULL;
}

struct op_error *op_displays_delete(struct op_repl *repl, const char *text)
{
	struct op_display_list *list = &repl->displays;
	struct op_error *err = NULL;
	if (!*text) {
		for (size_t i = 0; i < list->items.count; i++)
			display_deinit(&list->items.data[i]);
		list->items.count = 0;
	}
	while (!err && *text) {
		char *end;
		uint64_t number = strtoull(text, &end, 10);
		if (end == text || (*end && *end != ' '))
			return op_error_create(OP_ERROR_SYNTAX,
					       "\"%s\" is no number of a display: undisplay 1 2",
					       text);
		err = take_out(list, number);
		text = end + strspn(end, " ");
	}
	return err;
}

static struct op_error *undisplay_run(struct op_repl *repl, const struct op_call *call)
{
	return op_displays_delete(repl, call->rest);
}

static struct op_error *info_display_run(struct op_repl *repl, const struct op_call *call)
{
	(void)call;
	const struct op_display_list *list = &repl->displays;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json)
		op_json_begin_array(json, "displays");
	else if (!list->items.count)
		op_output_printf(&repl->out, "Nothing is displayed.\n");
	for (size_t i = 0; i < list->items.count; i++) {
		const struct op_display *display = &list->items.data[i];
		if (repl->out.json) {
			op_json_begin_object(json, NULL);
			name_json(json, display);
			op_json_end_object(json);
		} else {
			name_text(&repl->out, display);
			op_output_printf(&repl->out, "\n");
		}
	}
	if (repl->out.json)
		op_json_end_array(json);
	return NULL;
}

const struct op_command op_cmd_display = {
	.name = "display",
	.group = OP_GROUP_DATA,
	.args = "[[/FORMAT] EXPRESSION]",
	.help = "Show the value of an expression now and at every stop; without one: those that "
		"are "
		"shown.\n"
		"Expression and format are as for print. Where a name in it means nothing it is "
		"left out.",
	.flags = OP_COMMAND_FORMAT | OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = display_run,
};

const struct op_command op_cmd_undisplay = {
	.name = "undisplay",
	.group = OP_GROUP_DATA,
	.args = "[N...]",
	.help = "Show expressions at stops no more, by the numbers that display gave them; all of "
		"them without one.",
	.run = undisplay_run,
};

const struct op_command op_info_display = {
	.name = "display",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List the expressions that are shown at every stop.",
	.run = info_display_run,
};
