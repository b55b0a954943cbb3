// SPDX-License-Identifier: GPL-3.0-or-later
// From a line to the code: which rows the line has, and where in each body a person wants a
// breakpoint.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/line_table_private.h"

enum { NEAR_NAMES_MAX = 5 };

// Lines with code -----------------------------------------------------------------------------

struct code_lines {
	uint32_t first, count;
	bool *flags;
};

static struct op_error *mark_line(void *context, const struct op_debug_line_program *program,
				  size_t row)
{
	struct code_lines *code = context;
	uint32_t line = program->rows.data[row].line;
	if (line && line >= code->first && line - code->first < code->count)
		code->flags[line - code->first] = true;
	return NULL;
}

struct op_error *op_debug_lines_with_code(struct op_debug_info *info, const char *file,
					  uint32_t first, uint32_t count, bool *ret)
{
	_cleanup_text_ struct op_text wanted = OP_TEXT_INIT;
	struct code_lines code = {first, count, ret};
	bool found;
	struct op_error *err = op_debug_file_name(file, &wanted);
	return err ? err : op_debug_each_row(info, wanted.data, mark_line, &code, &found);
}

struct line_list {
	uint32_t line;
	struct OP_ARRAY(struct op_debug_line) rows;
};

static struct op_error *collect_row(void *context, const struct op_debug_line_program *program,
				    size_t row)
{
	struct line_list *list = context;
	if (program->rows.data[row].line != list->line)
		return NULL;
	return op_array_push(&list->rows, op_debug_line_of(program, &program->rows.data[row]))
		       ? NULL
		       : op_error_no_memory();
}

static int compare_lines(const void *a, const void *b)
{
	const struct op_debug_line *x = a, *y = b;
	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

struct op_error *op_debug_line_rows(struct op_debug_info *info, const char *file, uint32_t line,
				    struct op_debug_line **ret, size_t *ret_count)
{
	_cleanup_text_ struct op_text wanted = OP_TEXT_INIT;
	struct line_list list = {.line = line};
	bool found;
	struct op_error *err = op_debug_file_name(file, &wanted);
	if (!err)
		err = op_debug_each_row(info, wanted.data, collect_row, &list, &found);
	if (err) {
		free(list.rows.data);
		return err;
	}
	if (list.rows.count)
		qsort(list.rows.data, list.rows.count, sizeof(*list.rows.data), compare_lines);
	*ret = list.rows.data;
	*ret_count = list.rows.count;
	return NULL;
}

// Places --------------------------------------------------------------------------------------

/** Where a stretch of the line begins, and the body that it is in. */
struct place {
	struct op_debug_line line;
	uint64_t body;        // offset of its entry; 0: no entry is known
	uint32_t body_low_pc; // of the body, or of the stretch of rows without a gap
};

struct search {
	struct op_debug_info *info;
	uint32_t wanted; // the line
	uint32_t found;  // the nearest line at or behind it that has code; 0: none
	struct OP_ARRAY(struct place) places;
	// Rows come in order: where the stretch without a gap begins that the last one was in.
	const struct op_debug_line_program *program;
	size_t at, first;
};

static struct op_error *find_nearest(void *context, const struct op_debug_line_program *program,
				     size_t at)
{
	struct search *search = context;
	const struct op_line_row *row = &program->rows.data[at];
	if (row->is_statement && row->line >= search->wanted &&
	    (!search->found || row->line < search->found))
		search->found = row->line;
	return NULL;
}

// Whether row @p at goes on with the line of the one before it.
static bool continues(const struct op_debug_line_program *program, size_t at)
{
	const struct op_line_row *row = &program->rows.data[at];
	return at && row[-1].end_pc == row->pc && row[-1].line == row->line &&
	       program->paths[row[-1].file] == program->paths[row->file];
}

// The first row of the stretch without a gap that row @p at is in: compilers make one for each
// function.
static size_t without_gap(struct search *search, const struct op_debug_line_program *program,
			  size_t at)
{
	if (search->program != program) {
		search->program = program;
		search->at = search->first = 0;
	}
	const struct op_line_row *rows = program->rows.data;
	for (; search->at < at; search->at++)
		if (rows[search->at].end_pc != rows[search->at + 1].pc)
			search->first = search->at + 1;
	return search->first;
}

// clang gives what it puts in front of a function (its checks of `this`) the function's line
// without a column, and marks that row where it is the first: nothing of the prologue has run
// there.
static bool marks_nothing(const struct op_debug_line *lines, size_t count)
{
	bool has_columns = false;
	for (size_t i = 1; !has_columns && i < count; i++)
		has_columns = lines[i].column;
	return has_columns && lines[0].prologue_end && !lines[0].column;
}

const struct op_debug_line *op_debug_lines_body(const struct op_debug_line *lines, size_t count)
{
	if (!count)
		return NULL;
	bool passed = marks_nothing(lines, count);
	for (size_t i = passed; i < count; i++)
		if (lines[i].prologue_end)
			return &lines[i];
	for (size_t i = 1; i < count; i++) {
		bool other = lines[i].line != lines[0].line || lines[i].file != lines[0].file;
		bool inside = passed && lines[i].column;
		if ((other || inside) && lines[i].line && lines[i].is_statement)
			return &lines[i];
	}
	return &lines[0];
}

// The same of the function whose first row is @p first.
static struct op_error *behind_prologue(const struct op_debug_line_program *program, size_t first,
					struct op_debug_line *ret)
{
	const struct op_line_row *rows = program->rows.data;
	size_t count = 1;
	while (first + count < program->rows.count &&
	       rows[first + count].pc == rows[first + count - 1].end_pc)
		count++;
	_cleanup_free_ struct op_debug_line *lines = calloc(count, sizeof(*lines));
	if (!lines)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++)
		lines[i] = op_debug_line_of(program, &rows[first + i]);
	*ret = *op_debug_lines_body(lines, count);
	return NULL;
}

static struct op_error *add_place(void *context, const struct op_debug_line_program *program,
				  size_t at)
{
	struct search *search = context;
	const struct op_line_row *row = &program->rows.data[at];
	if (row->line != search->found || !row->is_statement)
		return NULL;
	for (size_t i = at; continues(program, i); i--)
		if (program->rows.data[i - 1].is_statement)
			return NULL;
	size_t first = without_gap(search, program, at);
	struct place place = {.line = op_debug_line_of(program, row),
			      .body_low_pc = program->rows.data[first].pc};
	struct op_error *err = first == at ? behind_prologue(program, first, &place.line) : NULL;
	if (!err && !op_array_push(&search->places, place))
		err = op_error_no_memory();
	return err;
}

static int compare_by_body(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->body != y->body)
		return x->body < y->body ? -1 : 1;
	if (x->body_low_pc != y->body_low_pc)
		return x->body_low_pc < y->body_low_pc ? -1 : 1;
	return x->line.pc < y->line.pc ? -1 : x->line.pc > y->line.pc;
}

// Inlined bodies lie inside of others, and several of one function in the same.
static struct op_error *find_bodies(struct search *search)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < search->places.count; i++) {
		struct place *place = &search->places.data[i];
		_cleanup_free_ struct op_debug_function *bodies = NULL;
		size_t count = 0;
		err = op_debug_functions_at(search->info, place->line.pc, &bodies, &count);
		if (!err && count)
			place->body = bodies[0].die.offset;
	}
	return err;
}

// One place for each body: the first.
static struct op_error *take_places(struct search *search, struct op_debug_line **ret,
				    size_t *ret_count)
{
	struct place *places = search->places.data;
	qsort(places, search->places.count, sizeof(*places), compare_by_body);
	struct op_debug_line *lines = calloc(search->places.count, sizeof(*lines));
	size_t count = 0;
	if (!lines)
		return op_error_no_memory();
	for (size_t i = 0; i < search->places.count; i++)
		if (!i || places[i].body != places[i - 1].body ||
		    places[i].body_low_pc != places[i - 1].body_low_pc)
			lines[count++] = places[i].line;
	qsort(lines, count, sizeof(*lines), compare_lines);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!kept || lines[kept - 1].pc != lines[i].pc)
			lines[kept++] = lines[i];
	*ret = lines;
	*ret_count = kept;
	return NULL;
}

// What is not there ---------------------------------------------------------------------------

static void append_near_files(struct op_debug_info *info, const char *wanted, struct op_text *text)
{
	const char *const *files;
	size_t count;
	unsigned found = 0;
	const char *base = op_source_path_base(wanted);
	_cleanup_error_ struct op_error *err = op_debug_files(info, &files, &count);
	for (size_t i = 0; !err && i < count && found < NEAR_NAMES_MAX; i++) {
		const char *name = op_source_path_base(files[i]);
		if (!strcasestr(name, base) && !strcasestr(base, name))
			continue;
		op_text_append(text, found++ ? ", " : "; near names: ");
		op_text_append_escaped(text, files[i], strlen(files[i]));
	}
}

static struct op_error *no_place(struct op_debug_info *info, const char *wanted, uint32_t line,
				 bool has_file)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (has_file) {
		op_text_append(&text, "there is no code at or behind line ");
		op_text_printf(&text, "%" PRIu32 " of \"%s\"", line, wanted);
	} else {
		op_text_printf(&text, "no source file is called \"%s\"", wanted);
		append_near_files(info, wanted, &text);
	}
	return text.failed ? op_error_no_memory()
			   : op_error_create(OP_ERROR_NOT_FOUND, "%s", text.data);
}

struct op_error *op_debug_line_places(struct op_debug_info *info, const char *file, uint32_t line,
				      uint32_t *ret_line, struct op_debug_line **ret,
				      size_t *ret_count)
{
	_cleanup_text_ struct op_text wanted = OP_TEXT_INIT;
	// Line 0 is what belongs to no line.
	struct search search = {.info = info, .wanted = line ?: 1};
	bool has_file = false;
	struct op_error *err = op_debug_file_name(file, &wanted);
	if (!err)
		err = op_debug_each_row(info, wanted.data, find_nearest, &search, &has_file);
	if (!err && !search.found)
		return no_place(info, wanted.data, line, has_file);
	if (!err)
		err = op_debug_each_row(info, wanted.data, add_place, &search, &has_file);
	if (!err)
		err = find_bodies(&search);
	if (!err)
		err = take_places(&search, ret, ret_count);
	free(search.places.data);
	*ret_line = search.found;
	return err;
}
