// SPDX-License-Identifier: GPL-3.0-or-later
// What the files about lines share: the programs of all units, run or not yet.
#ifndef OP_TARGET_RUNTIME_DWARF_LINE_TABLE_PRIVATE_H
#define OP_TARGET_RUNTIME_DWARF_LINE_TABLE_PRIVATE_H

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/line_program.h"
#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/source_path.h"

struct op_debug_line_program {
	uint64_t offset, end; /**< in .debug_line */
	size_t unit;          /**< the first that refers to it */
	bool bad;             /**< its head cannot be read; a warning was given */
	bool run;
	struct op_line_rows rows; /**< file: index in paths */
	const char **paths;       /**< "" at 0: no file; kept in op_debug_lines.paths */
};

/** Which programs have a file that a person named, and what it is called in them. */
struct op_named_file {
	char *wanted; /**< NULL: none was looked up yet */
	struct OP_ARRAY(size_t) programs;
	struct OP_ARRAY(const char *) paths;   /**< each once */
	struct OP_ARRAY(const uint8_t *) sums; /**< of each, as op_line_file */
};
void op_named_file_deinit(struct op_named_file *named);
enum { OP_NAMED_FILES = 8 };

struct op_debug_lines {
	struct OP_ARRAY(struct op_debug_line_program) programs; /**< ascending by offset */
	size_t *of_unit; /**< number of a unit's program, counted from 1; 0: it has none */
	struct op_path_set paths;
	struct op_line_head head; /**< the last that was read */
	struct op_text path;      /**< for joining */
	struct OP_ARRAY(const char *) files;
	bool files_known;
	struct op_named_file named[OP_NAMED_FILES];
	unsigned next_named;
};

/** The list of programs, made at the first call. */
struct op_error *op_debug_lines(struct op_debug_info *info, struct op_debug_lines **ret);
/** Read a program's head into lines->head. *ret_known false: it is bad. */
struct op_error *op_debug_line_head(struct op_debug_info *info,
				    struct op_debug_line_program *program, bool *ret_known);
/** The path of a file of the head that was read last; "" when it has none. Stays. */
struct op_error *op_debug_line_path(struct op_debug_info *info,
				    const struct op_debug_line_program *program,
				    const struct op_line_file *file, const char **ret);
/** Run a program, once. A bad one has no rows. */
struct op_error *op_debug_line_run(struct op_debug_info *info,
				   struct op_debug_line_program *program);
struct op_debug_line op_debug_line_of(const struct op_debug_line_program *program,
				      const struct op_line_row *row);
/** Index of the first row that ends behind @p pc; rows.count when there is none. */
size_t op_debug_line_row(const struct op_debug_line_program *program, uint32_t pc);

/** A person's path as the paths of files are written. @param[out] ret empty before. */
struct op_error *op_debug_file_name(const char *file, struct op_text *ret);
typedef struct op_error *(*op_debug_row_fn)(void *context,
					    const struct op_debug_line_program *program,
					    size_t row);
/**
 * Run the programs that have a file, no others, and call @p fn for its rows.
 * @param[in] wanted by op_debug_file_name(). @param[out] ret_found whether any unit has the file.
 */
struct op_error *op_debug_each_row(struct op_debug_info *info, const char *wanted,
				   op_debug_row_fn fn, void *context, bool *ret_found);

#endif
