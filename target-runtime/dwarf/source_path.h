// SPDX-License-Identifier: GPL-3.0-or-later
// Paths of source files: joined from what DWARF says of them, each kept once.
#ifndef OP_TARGET_RUNTIME_DWARF_SOURCE_PATH_H
#define OP_TARGET_RUNTIME_DWARF_SOURCE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/**
 * Append a path to another: an absolute one replaces it. "." and empty components are left out;
 * ".." stays, since what is before it may be a link.
 */
void op_source_path_join(struct op_text *path, const char *more);
/** Whether @p path ends in @p wanted at a '/'. */
bool op_source_path_ends_in(const char *path, const char *wanted);
/** What follows the last '/'. */
const char *op_source_path_base(const char *path);

/** Strings, each once. Zero-initialise. */
struct op_path_set {
	char **slots; /**< by hash; NULL: free */
	size_t slot_count, count;
};
void op_path_set_deinit(struct op_path_set *set);
/** The set's copy of @p path; NULL when memory is short. Stays. */
const char *op_path_set_add(struct op_path_set *set, const char *path, size_t size);

#endif
