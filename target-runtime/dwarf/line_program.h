// SPDX-License-Identifier: GPL-3.0-or-later
// One line program of .debug_line, DWARF 2 to 5 (DWARF 5, 6.2): its head, which names the files,
// and the rows that it makes when it is run. Read here rather than by libdw, whose
// dwarf_getsrcfiles() and dwarf_getsrclines() (0.188) both run the whole program: to find the unit
// that has a file, only heads are to be read. Knows no unit and keeps nothing.
#ifndef OP_TARGET_RUNTIME_DWARF_LINE_PROGRAM_H
#define OP_TARGET_RUNTIME_DWARF_LINE_PROGRAM_H

#include "base/array.h"
#include "target-runtime/dwarf/debug_info.h"

struct op_line_file {
	const char *name;   /**< NULL: in a form that is not read */
	uint64_t directory; /**< index in directories; may be outside */
	const uint8_t *sum; /**< MD5 of its contents; NULL: not said */
};

/** Zero-initialise once, read again and again, deinit. Strings are borrowed from the sections. */
struct op_line_head {
	uint16_t version;
	uint8_t minimum_length; /**< of an instruction: what advances count in */
	bool is_statement;      /**< at the start of each sequence */
	int8_t line_base;
	uint8_t line_range;  /**< never 0 */
	uint8_t opcode_base; /**< never 0 */
	const uint8_t *opcode_lengths;
	/** To DWARF 4 the first entry of each list has number 1; 0 is the compilation directory,
	 * and no file. */
	struct OP_ARRAY(const char *) directories;
	struct OP_ARRAY(struct op_line_file) files;
	struct op_reader program;
};
void op_line_head_deinit(struct op_line_head *head);

/**
 * Read the head of the program at @p offset.
 * @param[in] end where the program ends at the latest: no two programs share bytes.
 * @return OP_ERROR_FORMAT, OP_ERROR_LIMIT.
 */
struct op_error *op_line_head_read(const struct op_debug_source *source, uint64_t offset,
				   uint64_t end, struct op_line_head *ret);
/** The file of a row's number; NULL when there is none. */
const struct op_line_file *op_line_head_file(const struct op_line_head *head, uint64_t number);
/** The directory of a file; NULL: the compilation directory, or it is not known. */
const char *op_line_head_directory(const struct op_line_head *head,
				   const struct op_line_file *file);

struct op_line_row {
	uint32_t pc, end_pc; /**< never empty */
	uint32_t file;       /**< number, unchecked */
	uint32_t line;
	uint16_t column; /**< 0 where it is larger than can be said */
	bool is_statement : 1;
	bool prologue_end : 1;
};
struct op_line_rows OP_ARRAY(struct op_line_row);

/**
 * Run the program. Rows of dead code, and rows without code, are left out. Ascending by pc, without
 * overlaps. Files that the program itself defines are added to the head's.
 * @param[in,out] ret zero-initialised, or rows to be replaced; also filled, with what was read up
 * to there, when an error is returned.
 */
struct op_error *op_line_program_run(const struct op_debug_source *source,
				     struct op_line_head *head, struct op_line_rows *ret);

#endif
