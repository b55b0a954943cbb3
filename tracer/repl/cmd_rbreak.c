// SPDX-License-Identifier: GPL-3.0-or-later
// rbreak: breakpoints at all functions whose names match a regular expression.
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/report/breakpoint.h"
#include "tracer/repl/repl.h"

/** More than a person means to set, as a rule. */
enum { UNASKED_MAX = 200 };

/** Specifications of breakpoints: "MODULE!function[N]". */
struct specs {
	char **data;
	size_t count;
	size_t capacity;
};

static void specs_deinit(struct specs *specs)
{
	for (size_t i = 0; i < specs->count; i++)
		free(specs->data[i]);
	free(specs->data);
}

/** What a person looks for. */
struct wanted {
	regex_t regex;
	const char *file; /**< that the functions are in: the end of its path; NULL: any */
	size_t file_size;
};

static bool path_ends_in(const char *path, const char *end, size_t size)
{
	size_t whole = strlen(path);
	if (whole < size || strncmp(path + whole - size, end, size) != 0)
		return false;
	return whole == size || path[whole - size - 1] == '/';
}

static struct op_error *fits(struct op_repl *repl, const struct wanted *wanted,
			     const struct op_function_info *function, bool *ret)
{
	*ret = !function->imported && regexec(&wanted->regex, function->name, 0, NULL, 0) == 0;
	if (!*ret || !wanted->file)
		return NULL;
	struct op_frame frame = {.kind = OP_FRAME_WASM,
				 .module_id = function->module_id,
				 .function_index = function->index,
				 .function = function->name,
				 .has_pc = true,
				 .pc = function->pc};
	struct op_frame_source source;
	struct op_error *err = op_session_frame_source(repl->session, &frame, &source);
	*ret = !err && source.file && path_ends_in(source.file, wanted->file, wanted->file_size);
	return err;
}

/** What can be broken at in one module. By index: two functions may have the same name. */
static struct op_error *match_module(struct op_repl *repl, const struct op_module *module,
				     const struct wanted *wanted, struct specs *ret)
{
	const struct op_function_info *functions;
	size_t count;
	struct op_error *err =
		op_session_functions(repl->session, module->id, NULL, &functions, &count);
	for (size_t i = 0; !err && i < count; i++) {
		bool fit;
		err = fits(repl, wanted, &functions[i], &fit);
		if (err || !fit)
			continue;
		struct op_text spec _cleanup_text_ = OP_TEXT_INIT;
		char *text = NULL;
		op_text_printf(&spec, "%s!function[%" PRIu32 "]", module->name, functions[i].index);
		err = op_text_steal(&spec, &text);
		if (!err && !op_array_push(ret, text)) {
			free(text);
			err = op_error_no_memory();
		}
		if (!err)
			err = op_repl_check_interrupt(repl);
	}
	return err;
}

/** The colon behind FILE; NULL: there is none. Names of the guest's language hold "::". */
static const char *file_end(const char *pattern)
{
	const char *colon = strchr(pattern, ':');
	return colon && colon != pattern && colon[1] != ':' ? colon : NULL;
}

static struct op_error *match_all(struct op_repl *repl, const char *pattern, struct specs *ret)
{
	struct wanted wanted = {0};
	const char *colon = file_end(pattern);
	if (colon) {
		wanted.file = pattern;
		wanted.file_size = (size_t)(colon - pattern);
		pattern = colon + 1;
	}
	int failure = regcomp(&wanted.regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (failure) {
		char why[128];
		regerror(failure, &wanted.regex, why, sizeof(why));
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is no regular expression: %s",
				       pattern, why);
	}
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(repl->session, &modules, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = match_module(repl, &modules[i], &wanted, ret);
	regfree(&wanted.regex);
	return err;
}

static struct op_error *check_count(struct op_repl *repl, const char *pattern, size_t count,
				    uint64_t limit)
{
	if (!count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "no function with code has a name that matches \"%s\"",
				       pattern);
	if (count <= limit)
		return NULL;
	struct op_text question _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&question, "Set %zu breakpoints?", count);
	if (repl->interactive && repl->settings.confirm && !question.failed &&
	    op_repl_confirm(repl, question.data))
		return NULL;
	return op_error_create(OP_ERROR_LIMIT,
			       "%zu functions match, more than %" PRIu64
			       ": no breakpoint was set (rbreak -limit %zu %s sets them all)",
			       count, limit, count, pattern);
}

/** Take "-limit N" off the front. */
static struct op_error *parse_limit(const char **text, uint64_t *ret)
{
	static const char option[] = "-limit";
	const char *rest = *text;
	char *word _cleanup_free_ = NULL;
	if (strncmp(rest, option, strlen(option)) != 0 || !strchr(" \t", rest[strlen(option)]))
		return NULL;
	rest += strlen(option);
	struct op_error *err = op_argument_word(&rest, &word);
	if (!err)
		err = op_argument_number(word ?: "", "the most breakpoints to set", ret);
	*text = rest + strspn(rest, " \t");
	return err;
}

static struct op_error *rbreak_run(struct op_repl *repl, const struct op_call *call)
{
	struct specs specs _cleanup_(specs_deinit) = {0};
	const char *pattern = call->rest;
	uint64_t limit = UNASKED_MAX;
	struct op_error *err = parse_limit(&pattern, &limit);
	if (!err)
		err = match_all(repl, pattern, &specs);
	if (!err)
		err = check_count(repl, pattern, specs.count, limit);
	if (err)
		return err;
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "breakpoints");
	for (size_t i = 0; !err && i < specs.count; i++) {
		const struct op_breakpoint *breakpoint;
		err = op_session_break(repl->session, specs.data[i], false, false, &breakpoint);
		if (err) {
			err = op_error_at(err, "%s, after %zu breakpoints", specs.data[i], i);
			break;
		}
		repl->first_set = i ? repl->first_set : breakpoint->number;
		repl->last_set = breakpoint->number;
		if (repl->out.json)
			op_breakpoint_json(&repl->out.writer, NULL, breakpoint);
		else
			op_breakpoint_text(&repl->out, breakpoint);
		op_output_drain(&repl->out);
		err = op_repl_check_interrupt(repl);
	}
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	return err;
}

const struct op_command op_cmd_rbreak = {
	.name = "rbreak",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[-limit N] [FILE:]REGEX",
	.help = "Set a breakpoint at each function with code whose name matches a regular "
		"expression (POSIX, extended;\n"
		"anywhere in the name; none: all functions), with FILE: those of a source file. "
		"More than 200 are asked\n"
		"about, or refused where nobody can be asked, unless -limit allows as many.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = rbreak_run,
};
