// SPDX-License-Identifier: GPL-3.0-or-later
// Source files: which there are, and which line programs have those that a person names. Heads of
// programs are read, programs run only where they have the file.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/line_table_private.h"

// Files by name -------------------------------------------------------------------------------

void op_named_file_deinit(struct op_named_file *named)
{
	free(named->wanted);
	free(named->programs.data);
	free(named->paths.data);
	free(named->sums.data);
	*named = (struct op_named_file){0};
}

// A person's path as the paths of files are written.
struct op_error *op_debug_file_name(const char *file, struct op_text *ret)
{
	op_source_path_join(ret, file);
	if (ret->failed)
		return op_error_no_memory();
	return ret->size ? NULL
			 : op_error_create(OP_ERROR_NOT_FOUND, "\"%s\" is no source file", file);
}

// Add what the head that was read last has of the file. Only names that fit are joined.
static struct op_error *add_head(struct op_debug_info *info, size_t number,
				 struct op_named_file *named)
{
	const struct op_debug_line_program *program = &info->lines->programs.data[number];
	const struct op_line_head *head = &info->lines->head;
	const char *base = op_source_path_base(named->wanted);
	bool has = false;
	for (size_t i = 0; i < head->files.count; i++) {
		const char *name = head->files.data[i].name, *path;
		if (!name || strcmp(op_source_path_base(name), base) != 0)
			continue;
		struct op_error *err =
			op_debug_line_path(info, program, &head->files.data[i], &path);
		if (err)
			return err;
		if (!op_source_path_ends_in(path, named->wanted))
			continue;
		has = true;
		bool is_new = true;
		for (size_t k = 0; is_new && k < named->paths.count; k++)
			is_new = named->paths.data[k] != path;
		if (is_new && (!op_array_push(&named->sums, head->files.data[i].sum) ||
			       !op_array_push(&named->paths, path)))
			return op_error_no_memory();
	}
	return has && !op_array_push(&named->programs, number) ? op_error_no_memory() : NULL;
}

static struct op_error *look_up(struct op_debug_info *info, const char *wanted,
				struct op_named_file *ret)
{
	struct op_debug_lines *lines = info->lines;
	struct op_error *err = NULL;
	ret->wanted = strdup(wanted);
	if (!ret->wanted)
		return op_error_no_memory();
	for (size_t i = 0; !err && i < lines->programs.count; i++) {
		bool known;
		err = op_debug_line_head(info, &lines->programs.data[i], &known);
		if (!err && known)
			err = add_head(info, i, ret);
	}
	return err;
}

// The names that were looked up last are kept: who steps through a file asks for it at every stop.
static struct op_error *find_named(struct op_debug_info *info, const char *wanted,
				   const struct op_named_file **ret)
{
	struct op_debug_lines *lines;
	struct op_error *err = op_debug_lines(info, &lines);
	if (err)
		return err;
	for (size_t i = 0; i < OP_NAMED_FILES; i++) {
		*ret = &lines->named[i];
		if (lines->named[i].wanted && !strcmp(lines->named[i].wanted, wanted))
			return NULL;
	}
	struct op_named_file *named = &lines->named[lines->next_named++ % OP_NAMED_FILES];
	op_named_file_deinit(named);
	err = look_up(info, wanted, named);
	if (err)
		op_named_file_deinit(named);
	*ret = named;
	return err;
}

// Call @p fn for all rows of a program whose file matches.
static struct op_error *each_row(const struct op_debug_line_program *program, const char *wanted,
				 op_debug_row_fn fn, void *context)
{
	const char *known = NULL, *unknown = NULL;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < program->rows.count; i++) {
		const char *path = program->paths[program->rows.data[i].file];
		// The same file is the same pointer, and rows of a file come in stretches.
		if (path == unknown)
			continue;
		if (path != known && !op_source_path_ends_in(path, wanted)) {
			unknown = path;
			continue;
		}
		known = path;
		err = fn(context, program, i);
	}
	return err;
}

struct op_error *op_debug_each_row(struct op_debug_info *info, const char *wanted,
				   op_debug_row_fn fn, void *context, bool *ret_found)
{
	const struct op_named_file *named;
	*ret_found = false;
	struct op_error *err = find_named(info, wanted, &named);
	if (err)
		return err;
	*ret_found = named->programs.count;
	for (size_t i = 0; !err && i < named->programs.count; i++) {
		struct op_debug_line_program *program =
			&info->lines->programs.data[named->programs.data[i]];
		err = op_debug_line_run(info, program);
		if (!err)
			err = each_row(program, wanted, fn, context);
	}
	return err;
}

struct op_error *op_debug_files_named(struct op_debug_info *info, const char *file,
				      const char *const **ret, size_t *ret_count)
{
	_cleanup_text_ struct op_text wanted = OP_TEXT_INIT;
	const struct op_named_file *named;
	struct op_error *err = op_debug_file_name(file, &wanted);
	if (!err)
		err = find_named(info, wanted.data, &named);
	if (err)
		return err;
	*ret = named->paths.data;
	*ret_count = named->paths.count;
	return NULL;
}

struct op_error *op_debug_file_sum(struct op_debug_info *info, const char *path,
				   const uint8_t **ret)
{
	const struct op_named_file *named;
	*ret = NULL;
	struct op_error *err = find_named(info, path, &named);
	for (size_t i = 0; !err && i < named->paths.count; i++)
		if (strcmp(named->paths.data[i], path) == 0)
			*ret = named->sums.data[i];
	return err;
}

// All files -----------------------------------------------------------------------------------

struct file_list OP_ARRAY(const char *);

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (const char *const *)a,
		  y = (uintptr_t) * (const char *const *)b;
	return x < y ? -1 : x > y;
}
static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct op_error *collect_files(struct op_debug_info *info, struct file_list *files)
{
	struct op_debug_lines *lines = info->lines;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < lines->programs.count; i++) {
		bool known;
		err = op_debug_line_head(info, &lines->programs.data[i], &known);
		for (size_t k = 0; !err && known && k < lines->head.files.count; k++) {
			const char *path;
			err = op_debug_line_path(info, &lines->programs.data[i],
						 &lines->head.files.data[k], &path);
			if (!err && *path && !op_array_push(files, path))
				err = op_error_no_memory();
		}
	}
	return err;
}

struct op_error *op_debug_files(struct op_debug_info *info, const char *const **ret,
				size_t *ret_count)
{
	struct op_debug_lines *lines;
	struct op_error *err = op_debug_lines(info, &lines);
	if (err)
		return err;
	if (!lines->files_known) {
		struct file_list files = {0};
		err = collect_files(info, &files);
		if (err) {
			free(files.data);
			return err;
		}
		// The same path is the same pointer.
		size_t kept = 0;
		if (files.count)
			qsort(files.data, files.count, sizeof(*files.data), compare_pointers);
		for (size_t i = 0; i < files.count; i++)
			if (!kept || files.data[kept - 1] != files.data[i])
				files.data[kept++] = files.data[i];
		if (kept)
			qsort(files.data, kept, sizeof(*files.data), compare_paths);
		lines->files.data = files.data;
		lines->files.count = kept;
		lines->files_known = true;
	}
	*ret = lines->files.data;
	*ret_count = lines->files.count;
	return NULL;
}
