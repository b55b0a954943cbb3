// SPDX-License-Identifier: GPL-3.0-or-later
// list: lines of source files; where the guest has no debug information, its Wasm instructions.
#include <stdlib.h>
#include <string.h>

#include "tracer/repl/listing.h"
#include "tracer/report/source.h"

// Instructions --------------------------------------------------------------------------------

static struct op_error *list_instructions(struct op_repl *repl, const char *spec)
{
	struct op_named_function function;
	struct op_listing_range range = {.count = OP_LISTING_LINES};
	uint32_t next;
	struct op_error *err = op_listing_choose(repl, spec, &function, &range);
	if (!err)
		err = op_listing_report(repl, &function, OP_DISASSEMBLE_WASM, &range, &next);
	if (err)
		return err;
	op_list_state_forget(&repl->list);
	repl->list = (struct op_list_state){.module_id = function.module_id,
					    .function = function.index,
					    .next_pc = next,
					    .valid = true};
	return NULL;
}

static struct op_error *more_instructions(struct op_repl *repl)
{
	struct op_list_state *state = &repl->list;
	struct op_named_function function;
	struct op_listing_range range = {.count = OP_LISTING_LINES, .pc = state->next_pc};
	struct op_text spec _cleanup_text_ = OP_TEXT_INIT;
	const struct op_module *module = op_repl_module(repl, state->module_id);
	if (!module)
		return op_error_create(OP_ERROR_STATE,
				       "the module that was listed is not loaded any more");
	if (state->next_pc == UINT32_MAX)
		return op_error_create(OP_ERROR_NOT_FOUND, "the function ends here");
	op_text_printf(&spec, "%s!#%u", module->name, state->function);
	struct op_error *err = op_repl_find_function(repl, spec.data ? spec.data : "", &function);
	return err ? err
		   : op_listing_report(repl, &function, OP_DISASSEMBLE_WASM, &range,
				       &state->next_pc);
}

// Source lines --------------------------------------------------------------------------------

void op_list_state_forget(struct op_list_state *state)
{
	free(state->file);
	*state = (struct op_list_state){.valid = false};
}

/** The line of the selected frame; 0: not known, or of another file. */
static uint32_t frame_line(struct op_repl *repl, const char *file)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_frame_source source;
	if (!frame)
		return 0;
	struct op_error *err _cleanup_error_ =
		op_session_frame_source(repl->session, frame, &source);
	return err || !source.file || strcmp(source.file, file) != 0 ? 0 : source.line;
}

static struct op_error *show_lines(struct op_repl *repl, const char *file, uint32_t first,
				   uint32_t count)
{
	const struct op_source_line *lines;
	const char *path;
	size_t found;
	uint32_t current = frame_line(repl, file);
	struct op_error *err =
		op_session_source_lines(repl->session, file, first, count, &path, &lines, &found);
	if (!err && !found)
		err = op_error_create(OP_ERROR_NOT_FOUND, "%s ends before line %u", path, first);
	if (err)
		return err;
	if (repl->out.json) {
		op_json_string(&repl->out.writer, "file", file);
		op_json_string(&repl->out.writer, "path", path);
		op_json_begin_array(&repl->out.writer, "lines");
	}
	for (size_t i = 0; i < found; i++) {
		op_listed_line(&repl->out, &lines[i], lines[i].number == current);
		op_output_drain(&repl->out);
	}
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	repl->list.first = lines[0].number;
	repl->list.last = lines[found - 1].number;
	return NULL;
}

/** Show lines of a file, and go on with it. @p file may be the state's own. */
static struct op_error *list_lines(struct op_repl *repl, const char *file, uint32_t first,
				   uint32_t count)
{
	char *copy = strdup(file);
	if (!copy)
		return op_error_no_memory();
	struct op_error *err = show_lines(repl, copy, first ? first : 1, count);
	if (err) {
		free(copy);
		return err;
	}
	struct op_list_state state = {
		.file = copy, .first = repl->list.first, .last = repl->list.last, .valid = true};
	op_list_state_forget(&repl->list);
	repl->list = state;
	return NULL;
}

static struct op_error *list_around(struct op_repl *repl, const char *file, uint32_t line)
{
	const uint32_t before = OP_LISTING_LINES / 2;
	return list_lines(repl, file, line > before ? line - before : 1, OP_LISTING_LINES);
}

static struct op_error *list_before(struct op_repl *repl)
{
	struct op_list_state *state = &repl->list;
	if (!state->valid || !state->file)
		return op_error_create(OP_ERROR_STATE, "before what? No source lines were listed");
	if (state->first <= 1)
		return op_error_create(OP_ERROR_NOT_FOUND, "the file begins here");
	uint32_t first = state->first > OP_LISTING_LINES ? state->first - OP_LISTING_LINES : 1;
	return list_lines(repl, state->file, first, state->first - first);
}

static struct op_error *list_frame(struct op_repl *repl)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_frame_source source = {.file = NULL};
	struct op_error *err =
		frame ? op_session_frame_source(repl->session, frame, &source) : NULL;
	if (err)
		return err;
	return source.file && source.line ? list_around(repl, source.file, source.line)
					  : list_instructions(repl, "");
}

// What is typed -------------------------------------------------------------------------------

/** The comma between two places: not one between template arguments or parameters. */
static const char *find_comma(const char *text)
{
	unsigned depth = 0;
	for (; *text; text++) {
		if (strchr("<([", *text))
			depth++;
		else if (strchr(">)]", *text) && depth)
			depth--;
		else if (*text == ',' && !depth)
			return text;
	}
	return NULL;
}

/** A place, or "" for none. @param[out] ret_file owned; left alone without a place. */
static struct op_error *find_place(struct op_repl *repl, const char *spec, size_t size,
				   const char *default_file, char **ret_file, uint32_t *ret_line)
{
	char *text = strndup(spec, size);
	struct op_source_position position;
	if (!text)
		return op_error_no_memory();
	while (size && text[size - 1] == ' ')
		text[--size] = '\0';
	struct op_error *err =
		size ? op_session_source_position(repl->session, op_repl_frame_or_null(repl), text,
						  default_file, &position)
		     : NULL;
	if (!err && size) {
		free(*ret_file);
		*ret_file = strdup(position.file);
		*ret_line = position.line;
		err = *ret_file ? NULL : op_error_no_memory();
	}
	free(text);
	return err;
}

/** The file that a line without one is of: the one that is listed, else the frame's. */
static const char *default_file(struct op_repl *repl)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_frame_source source;
	if (repl->list.valid && repl->list.file)
		return repl->list.file;
	struct op_error *err _cleanup_error_ =
		frame ? op_session_frame_source(repl->session, frame, &source) : NULL;
	return frame && !err ? source.file : NULL;
}

/** "A,B", "A,", ",B" */
static struct op_error *list_range(struct op_repl *repl, const char *text, const char *comma)
{
	char *file = NULL;
	uint32_t first = 0, last = 0;
	const char *behind = comma + 1 + strspn(comma + 1, " ");
	const char *otherwise = default_file(repl);
	struct op_error *err =
		find_place(repl, text, (size_t)(comma - text), otherwise, &file, &first);
	if (!err)
		err = find_place(repl, behind, strlen(behind), file ? file : otherwise, &file,
				 &last);
	if (!err && !first && !last)
		err = op_error_create(OP_ERROR_SYNTAX, "lines from where to where?");
	if (!err && !first)
		first = last >= OP_LISTING_LINES ? last - OP_LISTING_LINES + 1 : 1;
	if (!err && last && last < first)
		err = op_error_create(OP_ERROR_SYNTAX, "line %u comes before line %u", last, first);
	if (!err)
		err = list_lines(repl, file, first, last ? last - first + 1 : OP_LISTING_LINES);
	free(file);
	return err;
}

/** A place; a function without source lines by its instructions. */
static struct op_error *list_place(struct op_repl *repl, const char *spec)
{
	char *file = NULL;
	uint32_t line = 0;
	struct op_error *err =
		find_place(repl, spec, strlen(spec), default_file(repl), &file, &line);
	if (!err) {
		err = list_around(repl, file, line);
	} else if (err->code == OP_ERROR_UNSUPPORTED || err->code == OP_ERROR_NOT_FOUND) {
		struct op_error *other = list_instructions(repl, spec);
		bool unknown = other && other->code == OP_ERROR_NOT_FOUND;
		op_error_destroy(unknown ? other : err);
		err = unknown ? err : other;
	}
	free(file);
	return err;
}

static struct op_error *list_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_list_state *state = &repl->list;
	const char *comma = find_comma(call->rest);
	if (!strcmp(call->rest, "-"))
		return list_before(repl);
	if (state->valid && (call->repeated || !*call->rest))
		return state->file
			       ? list_lines(repl, state->file, state->last + 1, OP_LISTING_LINES)
			       : more_instructions(repl);
	if (!*call->rest)
		return list_frame(repl);
	return comma ? list_range(repl, call->rest, comma) : list_place(repl, call->rest);
}

const struct op_command op_cmd_list = {
	.name = "list",
	.aliases = OP_ALIASES("l"),
	.group = OP_GROUP_CODE,
	.args = "[PLACE | FIRST,LAST | -]",
	.help = "Show ten source lines around the selected frame's place, or around a PLACE: LINE, "
		"FILE:LINE, FUNCTION, *OFFSET;\n"
		"lines from FIRST to LAST (one may be left out); again: the next ten; \"list -\": "
		"the ten before. Code without debug\n"
		"information is shown by its Wasm instructions.",
	.flags = OP_COMMAND_NEEDS_TARGET | OP_COMMAND_REPEATS,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = list_run,
};
