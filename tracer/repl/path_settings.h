// SPDX-License-Identifier: GPL-3.0-or-later
// Settings that are paths: where files of modules and sources are. The session has them; here is
// how they are typed and shown.
#ifndef OP_TRACER_REPL_PATH_SETTINGS_H
#define OP_TRACER_REPL_PATH_SETTINGS_H

#include "tracer/repl/repl.h"

struct op_path_setting {
	const char *name;
	const char *help;
	size_t words; /**< that set takes; 0: any number, one at least */
	const char *usage;
	struct op_error *(*set)(struct op_session *session, char *const *words);
	/** @param[in] words NULL-terminated; none: all of it is forgotten. */
	struct op_error *(*unset)(struct op_session *session, char *const *words);
	/** Append the value; nothing when there is none. */
	void (*show)(const struct op_session *session, struct op_text *ret);
};
extern const struct op_path_setting op_path_settings[];
extern const size_t op_path_settings_count;

/**
 * The setting that @p text begins with: its name, or four letters or more of it. NULL: none, or it
 * is an assignment to something that is called so.
 * @param[out] ret_rest what follows the name.
 */
const struct op_path_setting *op_path_setting_find(const char *text, const char **ret_rest);
/** Take words from @p rest and set it. */
struct op_error *op_path_setting_assign(struct op_repl *repl, const struct op_path_setting *setting,
					const char *rest);

#endif
