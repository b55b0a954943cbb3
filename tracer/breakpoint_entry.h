// SPDX-License-Identifier: GPL-3.0-or-later
// One breakpoint, log point or counter, as breakpoint.c and those who act for it see it.
#ifndef OP_TRACER_BREAKPOINT_ENTRY_H
#define OP_TRACER_BREAKPOINT_ENTRY_H

#include "base/array.h"
#include "tracer/breakpoint.h"
#include "tracer/catchpoint.h"
#include "tracer/condition.h"
#include "tracer/log.h"
#include "tracer/software_watch.h"
#include "tracer/string_pool.h"

struct op_breakpoint_entry {
	struct op_breakpoint info; /**< first: what the public interface hands out */
	char *spec;
	struct op_condition condition;
	struct op_catchpoint *catchpoint; /**< NULL: it is at places */
	struct op_software_watch *watch;  /**< of a watchpoint that code checks */
	struct op_watch_frame *frame; /**< that what hardware watches is of; NULL: of none. Owned */
	struct op_log log;            /**< of a log point */
	char *format;                 /**< the same as typed */
	char *pattern;                /**< of a watchpoint that code checks, as typed */
	uint64_t trace_length;        /**< of a trace: instructions */
	uint64_t ignore_cell; /**< of the target: how many more arrivals a stub is to ignore; 0:
				 none */
	bool told_outside;    /**< that it has to be evaluated from outside */
	// The specification, parsed.
	char *module;   /**< NULL: any */
	char *function; /**< name; NULL for the other forms */
	/** function is "QUALIFIER:NAME" too: of a module, or of a source file, whichever there is
	 */
	char *qualifier, *qualified;
	bool by_index, by_offset;
	bool by_line;
	char line_sign;  /**< '+', '-': number counts from the selected frame's line; until
			    op_breakpoint_localise() */
	char *file;      /**< by_line: a source file; NULL: the selected frame's, until then */
	bool by_pattern; /**< function is a shell pattern; NULL: all functions */
	enum op_count_scope scope; /**< INSTRUCTIONS: all of the functions that are meant */
	uint32_t number;           /**< function index, offset or line */
	struct OP_ARRAY(struct op_location) locations;
	struct op_string_pool strings;    /**< that the locations point to */
	struct op_error *missing;         /**< why a module has nothing for FILE:LINE; NULL */
	struct OP_ARRAY(char *) commands; /**< kept for the front end */
	bool file_backed; /**< a place lies in code that is mapped from a file; or it waits for
	     code */
	bool spent;       /**< temporary and shown: goes at the next run */
	/** While it resolves: the first place where the condition means nothing, and why. */
	struct op_error *problem;
	const char *problem_function, *problem_module;
	bool problem_told;
};

/** NULL: there is none of that number. */
struct op_breakpoint_entry *op_breakpoint_set_entry(struct op_session *session, uint32_t number);

#endif
