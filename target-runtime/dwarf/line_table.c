// SPDX-License-Identifier: GPL-3.0-or-later
// Rows and files of all units, from their line programs: heads are read when files are asked for,
// a program is run when something in its unit is. Programs that several units share are run once.
#include "target-runtime/dwarf/line_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/line_table_private.h"

enum {
	PATH_SIZE_MAX = 4096, // of a joined path; no system opens a longer one
};

static void programs_deinit(struct op_debug_lines *lines)
{
	for (size_t i = 0; i < lines->programs.count; i++) {
		free(lines->programs.data[i].rows.data);
		free(lines->programs.data[i].paths);
	}
	free(lines->programs.data);
}

void op_debug_lines_destroy(struct op_debug_lines *lines)
{
	if (!lines)
		return;
	programs_deinit(lines);
	op_line_head_deinit(&lines->head);
	op_path_set_deinit(&lines->paths);
	op_text_deinit(&lines->path);
	free(lines->of_unit);
	free(lines->files.data);
	for (size_t i = 0; i < OP_NAMED_FILES; i++)
		op_named_file_deinit(&lines->named[i]);
	free(lines);
}

// The programs --------------------------------------------------------------------------------

static int compare_programs(const void *a, const void *b)
{
	const struct op_debug_line_program *x = a, *y = b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static struct op_error *add_program(struct op_debug_info *info, struct op_debug_lines *lines,
				    size_t unit)
{
	Dwarf_Die die;
	Dwarf_Attribute attribute;
	Dwarf_Word offset;
	if (info->units.data[unit].bad || !op_debug_unit_die(info, unit, &die) ||
	    !dwarf_attr(&die, DW_AT_stmt_list, &attribute))
		return NULL;
	if (dwarf_formudata(&attribute, &offset) ||
	    offset >= info->source.sections[OP_DEBUG_LINE].size) {
		op_debug_unit_remark(info, unit, "its line program is outside .debug_line");
		return NULL;
	}
	struct op_debug_line_program program = {.offset = offset, .unit = unit};
	return op_array_push(&lines->programs, program) ? NULL : op_error_no_memory();
}

// Sort, and leave one of those that several units share.
static void index_programs(struct op_debug_info *info, struct op_debug_lines *lines)
{
	struct op_debug_line_program *programs = lines->programs.data;
	size_t kept = 0;
	if (lines->programs.count)
		qsort(programs, lines->programs.count, sizeof(*programs), compare_programs);
	for (size_t i = 0; i < lines->programs.count; i++) {
		struct op_debug_line_program program = programs[i];
		if (!kept || programs[kept - 1].offset != program.offset)
			programs[kept++] = program;
		lines->of_unit[program.unit] = kept;
	}
	lines->programs.count = kept;
	// A program ends where the next begins: bytes that several programs claim, which only a
	// forger writes, would be run again and again.
	for (size_t i = 0; i < kept; i++)
		programs[i].end = i + 1 < kept ? programs[i + 1].offset
					       : info->source.sections[OP_DEBUG_LINE].size;
}

struct op_error *op_debug_lines(struct op_debug_info *info, struct op_debug_lines **ret)
{
	if (info->lines) {
		*ret = info->lines;
		return NULL;
	}
	const struct op_debug_unit *units;
	size_t count;
	struct op_error *err = op_debug_units(info, &units, &count);
	if (err)
		return err;
	struct op_debug_lines *lines = calloc(1, sizeof(*lines));
	if (lines)
		lines->of_unit = calloc(count + 1, sizeof(*lines->of_unit));
	if (!lines || !lines->of_unit)
		err = op_error_no_memory();
	for (size_t i = 0; !err && i < count; i++)
		err = add_program(info, lines, i);
	if (err) {
		op_debug_lines_destroy(lines);
		return err;
	}
	index_programs(info, lines);
	*ret = info->lines = lines;
	return NULL;
}

struct op_error *op_debug_line_head(struct op_debug_info *info,
				    struct op_debug_line_program *program, bool *ret_known)
{
	*ret_known = false;
	if (op_cancelled(info->cancel))
		return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
	if (program->bad)
		return NULL;
	struct op_error *err = op_debug_need(&info->source, OP_DEBUG_LINE, program->offset,
					     program->end - program->offset);
	if (err)
		return err;
	err = op_line_head_read(&info->source, program->offset, program->end, &info->lines->head);
	*ret_known = !err;
	if (!err || err->code == OP_ERROR_NO_MEMORY)
		return err;
	program->bad = true;
	op_debug_unit_remark(info, program->unit, "its lines cannot be read: %s", err->message);
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_debug_line_path(struct op_debug_info *info,
				    const struct op_debug_line_program *program,
				    const struct op_line_file *file, const char **ret)
{
	struct op_debug_lines *lines = info->lines;
	const char *directory = op_line_head_directory(&lines->head, file);
	*ret = "";
	if (!file->name || !*file->name)
		return NULL;
	op_text_clear(&lines->path);
	op_source_path_join(&lines->path, info->units.data[program->unit].directory);
	if (directory)
		op_source_path_join(&lines->path, directory);
	op_source_path_join(&lines->path, file->name);
	if (lines->path.failed)
		return op_error_no_memory();
	if (!lines->path.size || lines->path.size > PATH_SIZE_MAX)
		return NULL;
	*ret = op_path_set_add(&lines->paths, lines->path.data, lines->path.size);
	return *ret ? NULL : op_error_no_memory();
}

// Rows whose file has a number that the head does not know belong to no line.
static struct op_error *name_rows(struct op_debug_info *info, struct op_debug_line_program *program)
{
	const struct op_line_head *head = &info->lines->head;
	size_t count = head->files.count + 1;
	program->paths = calloc(count, sizeof(*program->paths));
	if (!program->paths)
		return op_error_no_memory();
	program->paths[0] = "";
	for (size_t i = 1; i < count; i++) {
		struct op_error *err = op_debug_line_path(info, program, &head->files.data[i - 1],
							  &program->paths[i]);
		if (err)
			return err;
	}
	for (size_t i = 0; i < program->rows.count; i++) {
		struct op_line_row *row = &program->rows.data[i];
		const struct op_line_file *file = op_line_head_file(head, row->file);
		row->file = file ? (uint32_t)(file - head->files.data) + 1 : 0;
		if (!*program->paths[row->file])
			row->line = row->column = 0;
	}
	return NULL;
}

struct op_error *op_debug_line_run(struct op_debug_info *info,
				   struct op_debug_line_program *program)
{
	bool known;
	if (program->run)
		return NULL;
	struct op_error *err = op_debug_line_head(info, program, &known);
	if (err || !known)
		return err;
	err = op_line_program_run(&info->source, &info->lines->head, &program->rows);
	if (err && err->code == OP_ERROR_NO_MEMORY)
		return err;
	// What was read up to there is kept.
	if (err)
		op_debug_unit_remark(info, program->unit, "a part of its lines cannot be read: %s",
				     err->message);
	op_error_destroy(err);
	err = name_rows(info, program);
	program->run = !err;
	return err;
}

struct op_debug_line op_debug_line_of(const struct op_debug_line_program *program,
				      const struct op_line_row *row)
{
	return (struct op_debug_line){
		.pc = row->pc,
		.end_pc = row->end_pc,
		.file = program->paths[row->file],
		.line = row->line,
		.column = row->column,
		.is_statement = row->is_statement,
		.prologue_end = row->prologue_end,
	};
}

size_t op_debug_line_row(const struct op_debug_line_program *program, uint32_t pc)
{
	size_t low = 0, high = program->rows.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (program->rows.data[middle].end_pc <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// By pc ---------------------------------------------------------------------------------------

// The program of a unit, run; NULL when it has none.
static struct op_error *program_of(struct op_debug_info *info, const struct op_debug_unit *unit,
				   struct op_debug_line_program **ret)
{
	struct op_debug_lines *lines;
	*ret = NULL;
	struct op_error *err = op_debug_lines(info, &lines);
	if (err)
		return err;
	size_t number = lines->of_unit[unit - info->units.data];
	if (!number)
		return NULL;
	*ret = &lines->programs.data[number - 1];
	return op_debug_line_run(info, *ret);
}

struct op_error *op_debug_line_at(struct op_debug_info *info, uint32_t pc, bool *ret_found,
				  struct op_debug_line *ret)
{
	const struct op_debug_unit *unit;
	struct op_debug_line_program *program = NULL;
	*ret_found = false;
	struct op_error *err = op_debug_unit_at(info, pc, &unit);
	if (!err && unit)
		err = program_of(info, unit, &program);
	if (err || !program)
		return err;
	size_t at = op_debug_line_row(program, pc);
	if (at == program->rows.count || program->rows.data[at].pc > pc)
		return NULL;
	*ret = op_debug_line_of(program, &program->rows.data[at]);
	*ret_found = true;
	return NULL;
}

struct line_list OP_ARRAY(struct op_debug_line);

// The rows that meet [low, high) and begin behind those that are in the list.
static struct op_error *add_rows(const struct op_debug_line_program *program, uint32_t low,
				 uint32_t high, struct line_list *list)
{
	for (size_t i = op_debug_line_row(program, low);
	     i < program->rows.count && program->rows.data[i].pc < high; i++) {
		struct op_debug_line line = op_debug_line_of(program, &program->rows.data[i]);
		if (list->count && line.pc <= list->data[list->count - 1].pc)
			continue;
		if (!op_array_push(list, line))
			return op_error_no_memory();
	}
	return NULL;
}

struct op_error *op_debug_lines_between(struct op_debug_info *info, uint32_t low, uint32_t high,
					struct op_debug_line **ret, size_t *ret_count)
{
	struct line_list list = {0};
	const struct op_debug_unit *unit;
	uint32_t done = low;
	// Builds the index of ranges.
	struct op_error *err = op_debug_unit_at(info, low, &unit);
	for (size_t i = 0; !err && i < info->ranges.count && info->ranges.data[i].low < high; i++) {
		const struct unit_range *range = &info->ranges.data[i];
		struct op_debug_line_program *program;
		// Ranges may overlap where somebody means harm: no code is listed twice.
		if (range->high <= done)
			continue;
		err = program_of(info, &info->units.data[range->unit], &program);
		if (!err && program)
			err = add_rows(program, range->low > done ? range->low : done,
				       range->high < high ? range->high : high, &list);
		done = range->high;
	}
	if (err) {
		free(list.data);
		return err;
	}
	*ret = list.data;
	*ret_count = list.count;
	return NULL;
}
