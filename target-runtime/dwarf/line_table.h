// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of source files and the code that was made of them. Line programs are run unit by unit,
// when something in that unit is asked for.
#ifndef OP_TARGET_RUNTIME_DWARF_LINE_TABLE_H
#define OP_TARGET_RUNTIME_DWARF_LINE_TABLE_H

#include "target-runtime/dwarf/debug_info.h"

/** A row of a line program. */
struct op_debug_line {
	uint32_t pc, end_pc; /**< code from pc up to, without, end_pc: where the next row begins */
	const char *file;    /**< as DWARF says it, joined with directory and compilation directory:
				"/src/app/main.c" or, where these are relative, a relative path.
				Borrowed, raw; the same file of a unit is the same pointer */
	uint32_t line;       /**< 0: belongs to no line (made by the compiler) */
	uint32_t column;     /**< 0: the whole line, or not known */
	bool is_statement;
	bool prologue_end;
};

/** The row that holds @p pc; *ret_found false where no row does. Rows of dead code are ignored. */
struct op_error *op_debug_line_at(struct op_debug_info *info, uint32_t pc, bool *ret_found,
				  struct op_debug_line *ret);
/**
 * The rows that meet [low, high), ascending by pc, without gaps filled and without rows of size 0.
 * @param[out] ret heap array; free() it. NULL when there is none.
 */
struct op_error *op_debug_lines_between(struct op_debug_info *info, uint32_t low, uint32_t high,
					struct op_debug_line **ret, size_t *ret_count);

/**
 * Where FILE:LINE begins: of all rows for the line (or, when none of the matching files has code
 * for it, for the next line that has code, the smallest over all files) the is_statement rows that
 * begin a stretch of that line: one for each function body or inlined body that has the line (the
 * lowest pc in it), so that a loop's head which the compiler copied gives one place per body.
 * When @p line is a function's opening line (its first row), the place is behind the prologue, as
 * for op_debug_function_body().
 * @param[in] file matches a path that ends in it at a '/' ("main.c", "src/main.c",
 * "/abs/src/main.c"); case matters.
 * @param[out] ret_line the line that was taken.
 * @param[out] ret heap array, ascending by pc, without repeats; pc, file and line are set.
 * @return OP_ERROR_NOT_FOUND with a sentence: no such file (with near names), or no code at or
 * behind the line.
 */
struct op_error *op_debug_line_places(struct op_debug_info *info, const char *file, uint32_t line,
				      uint32_t *ret_line, struct op_debug_line **ret,
				      size_t *ret_count);

/** Where a person wants a breakpoint in a function: of all its rows the one behind its prologue, as
 * for op_debug_function_body(). NULL: @p count is 0. */
const struct op_debug_line *op_debug_lines_body(const struct op_debug_line *lines, size_t count);

/**
 * Which lines of a file have code: a flag for each of [first, first + count), over all matching
 * files. @param[in] file as for op_debug_line_places(). @param[out] ret filled in, where code is;
 * left alone elsewhere.
 */
struct op_error *op_debug_lines_with_code(struct op_debug_info *info, const char *file,
					  uint32_t first, uint32_t count, bool *ret);
/** All rows of a line, ascending by pc, is_statement or not; of the files that match, as for
 * op_debug_line_places(). @param[out] ret heap array; free() it. NULL when there is none. */
struct op_error *op_debug_line_rows(struct op_debug_info *info, const char *file, uint32_t line,
				    struct op_debug_line **ret, size_t *ret_count);

/** The files that match, as for op_debug_line_places(), each once. Paths are borrowed, raw, stay;
 * the list is borrowed until the next name is looked up. */
struct op_error *op_debug_files_named(struct op_debug_info *info, const char *file,
				      const char *const **ret, size_t *ret_count);

/** The MD5 sum (RFC 1321) that a file had when it was compiled, 16 bytes, borrowed; NULL: the line
 * table does not say it. DWARF 5, 6.2.4.1. @param[in] path of a file of the table. */
struct op_error *op_debug_file_sum(struct op_debug_info *info, const char *path,
				   const uint8_t **ret);

/** The source files of all units, each once; borrowed, raw, stays. Reads the heads of the line
 * programs only. */
struct op_error *op_debug_files(struct op_debug_info *info, const char *const **ret,
				size_t *ret_count);

#endif
