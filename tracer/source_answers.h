// SPDX-License-Identifier: GPL-3.0-or-later
// What the last questions about source files were answered with: a session keeps it until the next
// question of the same kind.
#ifndef OP_TRACER_SOURCE_ANSWERS_H
#define OP_TRACER_SOURCE_ANSWERS_H

#include "base/array.h"
#include "tracer/outpost.h"
#include "tracer/source_settings.h"
#include "tracer/string_pool.h"

/** Zero-initialise. */
struct op_source_answers {
	struct op_string_pool position;
	struct OP_ARRAY(struct op_source_range) ranges;
	struct op_string_pool range_texts;
	struct op_string_pool range_at;
	struct OP_ARRAY(struct op_source_file) files;
	struct op_string_pool file_texts;
	struct op_string_pool summary;
	struct OP_ARRAY(const char *) completions;
	struct op_string_pool completion_texts;
	struct OP_ARRAY(struct op_scope_variable) scope;
	struct op_string_pool scope_texts;
	struct OP_ARRAY(char *) changed; /**< source files of which it was told: source_age.c */
};
void op_source_answers_deinit(struct op_source_answers *answers);

/** Keep a raw text of the debug information, escaped. */
struct op_error *op_source_keep(struct op_string_pool *pool, const char *text, const char **ret);
/** Keep a raw path as it is shown: by the rules for paths that moved, escaped. */
struct op_error *op_source_keep_path(const struct op_source_settings *settings,
				     struct op_string_pool *pool, const char *path,
				     const char **ret);

#endif
