// SPDX-License-Identifier: GPL-3.0-or-later
// What a person said about where modules' and sources' files are.
#ifndef OP_TRACER_SOURCE_SETTINGS_H
#define OP_TRACER_SOURCE_SETTINGS_H

#include "base/array.h"
#include "base/text.h"
#include "tracer/outpost.h"

struct op_path_rule {
	char *from, *to;
};
struct op_source_settings {
	struct OP_ARRAY(char *) folders;            /**< the search path, in order */
	struct OP_ARRAY(struct op_path_rule) rules; /**< the newest first */
	char *module_path;                          /**< NULL: none */
	bool debuginfod;
};
void op_source_settings_deinit(struct op_source_settings *settings);

/**
 * A path of the debug information as it is shown, and opened: by the first rule that fits, else as
 * it is. Appends to @p ret.
 */
void op_source_path_substitute(const struct op_source_settings *settings, const char *path,
			       struct op_text *ret);
/** The other way round: what a path that a person typed may be called in the debug information.
 * Appends to @p ret; false when no rule fits. */
bool op_source_path_unsubstitute(const struct op_source_settings *settings, const char *path,
				 struct op_text *ret);

#endif
