// SPDX-License-Identifier: GPL-3.0-or-later
#include "tracer/repl/guard_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/repl/fatal.h"
#include "tracer/repl/guard_sections.h"
#include "tracer/report/catch.h"

/** What the commands of the prompt show, in the order of the page. A stack overflow has more frames
 * than anybody reads: its two ends are enough. */
struct part {
	const char *title, *key, *command;
};
static const struct part of_frame[] = {
	{"Stack", "stack", "backtrace -full -host 100"},
	{"Its outermost frames", "outermost", "backtrace -host -10"},
	{"Operand stack", "operands", "info stack"},
	{"Globals", "globals", "info globals"},
	{"Memories", "memories", "info memories"},
};
static const struct part surroundings[] = {
	{"Stores", "stores", "info stores"},
	{"Instances", "instances", "info instances"},
	{"Modules", "modules", "info modules"},
};
static const struct {
	const char *title;
	struct op_error *(*show)(struct op_repl *repl, struct op_json *json,
				 const struct op_event *event);
} sections[] = {
	{"Instructions", op_guard_instructions},
	{"Registers", op_guard_registers},
	{"Memory near the faulting address", op_guard_fault},
	{"All threads", op_guard_stacks},
};

/** Let the conversation write elsewhere for a while. */
struct redirection {
	struct op_output saved;
};

static void redirect(struct op_repl *repl, FILE *stream, FILE *errors, bool json,
		     struct redirection *ret)
{
	ret->saved = repl->out;
	op_output_init(&repl->out, stream, errors);
	repl->out.json = json;
}

static void restore(struct op_repl *repl, struct redirection *redirection)
{
	op_output_deinit(&repl->out);
	repl->out = redirection->saved;
}

void op_guard_summary(struct op_output *out, const struct op_event *event)
{
	op_catch_text(out, event, NULL);
}

// Text ----------------------------------------------------------------------------------------

static void title(struct op_repl *repl, const char *text)
{
	op_output_printf(&repl->out, "\n%s\n", text);
	for (size_t i = strlen(text); i; i--)
		op_output_printf(&repl->out, "-");
	op_output_printf(&repl->out, "\n");
}

/** What a command cannot show stands in its place. */
static struct op_error *command_text(struct op_repl *repl, const char *line)
{
	struct op_error *err = op_repl_run_line(repl, line);
	if (err && !op_error_is_fatal(err)) {
		op_output_printf(&repl->out, "(%s)\n", err->message);
		op_error_destroy(err);
		return NULL;
	}
	return err;
}

static struct op_error *command_line_text(struct op_repl *repl)
{
	const char *const *words;
	size_t count;
	struct op_error *err = op_session_command_line(repl->session, &words, &count);
	for (size_t i = 0; !err && i < count; i++)
		op_output_printf(&repl->out, " %s", words[i]);
	op_output_printf(&repl->out, "\n");
	return err;
}

/** Each version of Wasmtime that compiled some module, once. */
static struct op_error *versions(struct op_repl *repl, struct op_json *json)
{
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(repl->session, &modules, &count);
	for (size_t i = 0; !err && i < count; i++) {
		bool seen = false;
		for (size_t k = 0; k < i; k++)
			seen |= !strcmp(modules[k].version, modules[i].version);
		if (!seen && json)
			op_json_string(json, NULL, modules[i].version);
		else if (!seen)
			op_output_printf(&repl->out, "%s%s", i ? ", " : "", modules[i].version);
	}
	return err;
}

static void time_text(time_t time, char *buffer, size_t size)
{
	struct tm parts;
	if (!localtime_r(&time, &parts) || !strftime(buffer, size, "%Y-%m-%dT%H:%M:%S%z", &parts))
		snprintf(buffer, size, "?");
}

static struct op_error *head_text(struct op_repl *repl, const struct op_guard_incident *incident)
{
	char when[64];
	time_text(incident->time, when, sizeof(when));
	op_output_printf(&repl->out, "outpost guard: ");
	op_guard_summary(&repl->out, incident->event);
	op_output_printf(&repl->out,
			 "\n\nWhen       %s (report %" PRIu64 ")\nProcess    %" PRId64 ":", when,
			 incident->number, repl->pid);
	struct op_error *err = command_line_text(repl);
	op_output_printf(&repl->out, "Thread     %" PRId64 "\nWasmtime   ",
			 incident->event->thread);
	if (!err)
		err = versions(repl, NULL);
	op_output_printf(&repl->out, "\noutpost    %s\n", op_version());
	if (incident->core)
		op_output_printf(&repl->out, "Core       %s\n", incident->core);
	if (incident->wasm_core)
		op_output_printf(&repl->out, "Wasm core  %s\n", incident->wasm_core);
	if (incident->left_out)
		op_output_printf(&repl->out,
				 "Left out   %" PRIu64
				 " more since the report before: too many in a minute\n",
				 incident->left_out);
	op_output_printf(&repl->out, "\n");
	return err;
}

static bool is_short(struct op_repl *repl)
{
	enum { WHOLE = 100 };
	const struct op_stack *stack;
	struct op_error *err _cleanup_error_ =
		op_session_selected_stack(repl->session, WHOLE + 1, &stack);
	return err || stack->count <= WHOLE;
}

static struct op_error *page(struct op_repl *repl, const struct op_guard_incident *incident)
{
	struct op_error *err = head_text(repl, incident);
	if (!err)
		err = op_repl_report_event(repl, incident->event);
	bool has_frame = op_repl_frame_or_null(repl), whole = is_short(repl);
	for (size_t i = 0; !err && has_frame && i < OP_ARRAY_SIZE(of_frame); i++) {
		if (whole && !strcmp(of_frame[i].key, "outermost"))
			continue;
		title(repl, of_frame[i].title);
		err = command_text(repl, of_frame[i].command);
	}
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(sections); i++) {
		title(repl, sections[i].title);
		err = sections[i].show(repl, NULL, incident->event);
	}
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(surroundings); i++) {
		title(repl, surroundings[i].title);
		err = command_text(repl, surroundings[i].command);
	}
	title(repl, "Files");
	return err ?: op_guard_files(repl, NULL, incident->event);
}

static struct op_error *finish(struct op_repl *repl, struct op_error *err)
{
	op_output_flush(&repl->out);
	if (!err && repl->out.broken)
		err = op_error_system(OP_ERROR_IO, errno, "the report could not be written whole");
	return err;
}

struct op_error *op_guard_report_text(struct op_repl *repl,
				      const struct op_guard_incident *incident, FILE *file)
{
	struct redirection redirection;
	redirect(repl, file, file, false, &redirection);
	struct op_error *err = finish(repl, page(repl, incident));
	restore(repl, &redirection);
	return err;
}

// JSON ----------------------------------------------------------------------------------------

/** The document that begins with @p member, among lines which may hold notices too. */
static const char *find_document(char *lines, const char *member)
{
	char *next;
	for (char *line = lines; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!strncmp(line, member, strlen(member)))
			return line;
	}
	return "null";
}

/** What a command of the prompt writes, as a member of the report; @p line NULL: the event. */
static struct op_error *document_json(struct op_repl *repl, struct op_json *json, const char *key,
				      const char *line, const struct op_event *event)
{
	char *lines = NULL;
	size_t size;
	FILE *stream = open_memstream(&lines, &size);
	if (!stream)
		return op_error_no_memory();
	struct redirection redirection;
	redirect(repl, stream, stream, true, &redirection);
	struct op_error *err =
		line ? op_repl_run_line(repl, line) : op_repl_report_event(repl, event);
	restore(repl, &redirection);
	bool failed = fclose(stream) != 0;
	if (err && !op_error_is_fatal(err)) {
		// It has its document, which says so.
		op_error_destroy(err);
		err = NULL;
	}
	if (!err && failed)
		err = op_error_no_memory();
	if (!err)
		op_json_raw(
			json, key,
			find_document(lines, line ? "{\"command\":" : "{\"event\":\"stopped\""));
	free(lines);
	return err;
}

static struct op_error *command_line_json(struct op_repl *repl, struct op_json *json)
{
	const char *const *words;
	size_t count = 0;
	struct op_error *err = op_session_command_line(repl->session, &words, &count);
	op_json_begin_array(json, "command_line");
	for (size_t i = 0; !err && i < count; i++)
		op_json_string(json, NULL, words[i]);
	op_json_end_array(json);
	return err;
}

static struct op_error *head_json(struct op_repl *repl, struct op_json *json,
				  const struct op_guard_incident *incident)
{
	char when[64];
	struct op_output summary;
	time_text(incident->time, when, sizeof(when));
	op_output_init(&summary, stderr, stderr);
	op_guard_summary(&summary, incident->event);
	op_json_string(json, "report", "guard");
	op_json_string(json, "caught", op_catch_kind_name(incident->event->caught));
	op_json_string(json, "summary", summary.text.data);
	op_text_clear(&summary.text);
	op_output_deinit(&summary);
	op_json_string(json, "time", when);
	op_json_uint(json, "number", incident->number);
	op_json_uint(json, "left_out", incident->left_out);
	op_json_string(json, "outpost", op_version());
	op_json_begin_array(json, "wasmtime");
	struct op_error *err = versions(repl, json);
	op_json_end_array(json);
	op_json_int(json, "pid", repl->pid);
	op_json_string(json, "core", incident->core);
	op_json_string(json, "wasm_core", incident->wasm_core);
	return err ?: command_line_json(repl, json);
}

static struct op_error *document(struct op_repl *repl, struct op_json *json,
				 const struct op_guard_incident *incident)
{
	op_json_begin_object(json, NULL);
	struct op_error *err = head_json(repl, json, incident);
	if (!err)
		err = document_json(repl, json, "event", NULL, incident->event);
	bool has_frame = op_repl_frame_or_null(repl), whole = is_short(repl);
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(of_frame); i++) {
		if (!has_frame || (whole && !strcmp(of_frame[i].key, "outermost")))
			op_json_null(json, of_frame[i].key);
		else
			err = document_json(repl, json, of_frame[i].key, of_frame[i].command, NULL);
	}
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(sections); i++)
		err = sections[i].show(repl, json, incident->event);
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(surroundings); i++)
		err = document_json(repl, json, surroundings[i].key, surroundings[i].command, NULL);
	if (!err)
		err = op_guard_files(repl, json, incident->event);
	op_json_end_object(json);
	return err;
}

struct op_error *op_guard_report_json(struct op_repl *repl,
				      const struct op_guard_incident *incident, FILE *file)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	struct op_json json;
	op_json_init(&json, &text);
	// Frames have all their values in the face that is on.
	bool before = repl->out.json;
	repl->out.json = true;
	struct op_error *err = document(repl, &json, incident);
	repl->out.json = before;
	if (!err && text.failed)
		err = op_error_no_memory();
	if (!err && (fwrite(text.data, 1, text.size, file) != text.size || fputc('\n', file) < 0 ||
		     fflush(file)))
		err = op_error_system(OP_ERROR_IO, errno, "the report could not be written whole");
	return err;
}
