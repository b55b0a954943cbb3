// SPDX-License-Identifier: GPL-3.0-or-later
// Source files as they are on this machine: where they are looked for, and their lines.
#ifndef OP_TRACER_SOURCE_TEXT_H
#define OP_TRACER_SOURCE_TEXT_H

#include "tracer/session.h"

/** The file that was shown last. */
struct op_source_text;
void op_source_text_destroy(struct op_source_text *text);
/** Forget it: its module goes, or files are looked for elsewhere. */
void op_source_text_forget(struct op_session *session);

/** A source file of a module's debug information. */
struct op_source_file_ref {
	struct op_module_entry *module;
	struct op_debug_info *info;
	const char *path; /**< as DWARF has it; borrowed from info */
};
/**
 * The file that a person means: as for a breakpoint, or as a frame shows it.
 * @param[in] module NULL: any.
 * @return OP_ERROR_NOT_FOUND: no module has it, or several files are called so.
 */
struct op_error *op_source_file_find(struct op_session *session, struct op_module_entry *module,
				     const char *name, struct op_source_file_ref *ret);
/**
 * Where the file is on this machine.
 * @param[out] ret free() it; NULL: it is nowhere.
 * @param[out] ret_fetched it is a copy that debuginfod gave.
 * @param[out] looked appended to: the paths that were tried, with commas; may be NULL.
 */
struct op_error *op_source_file_locate(struct op_session *session,
				       const struct op_source_file_ref *file, char **ret,
				       bool *ret_fetched, struct op_text *looked);

/** A source file as it is on this machine. */
struct op_source_copy {
	const char *path;
	const struct op_bytes *bytes;
	struct timespec time; /**< when it was written */
};
/** Tell a person, once, of a source file that is not the one that was compiled, as far as that can
 * be known. */
struct op_error *op_source_file_check(struct op_session *session,
				      const struct op_source_file_ref *file,
				      const struct op_source_copy *copy);

#endif
