// SPDX-License-Identifier: GPL-3.0-or-later
// What `set NAME VALUE` can change, as one table. Knows no session.
#ifndef OP_TRACER_REPL_SETTINGS_H
#define OP_TRACER_REPL_SETTINGS_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

enum op_color_choice { OP_COLOR_AUTO, OP_COLOR_ALWAYS, OP_COLOR_NEVER };
enum op_arguments_choice { OP_ARGUMENTS_ALL, OP_ARGUMENTS_NONE };

/** The values. unsigned throughout: what a member means is in the table. */
struct op_settings {
	unsigned color; /**< enum op_color_choice */
	unsigned confirm;
	unsigned pagination;
	unsigned history_size;
	unsigned print_elements;
	unsigned print_depth;   /**< of values of the guest's language */
	unsigned object_depth;  /**< of objects of the garbage-collected heap */
	unsigned print_repeats; /**< 0: all are shown */
	unsigned print_pretty;
	unsigned print_raw;
	unsigned print_object;
	unsigned frame_arguments; /**< enum op_arguments_choice */
	unsigned backtrace_limit; /**< 0: none */
	unsigned breakpoint_pending;
	unsigned condition_evaluation; /**< 0: auto, 1: host */
	unsigned debuginfod;
	unsigned scheduler_locking; /**< enum op_scheduler_locking */
	unsigned step_mode;
};

struct op_setting {
	const char *name; /**< one or two words */
	const char *help;
	size_t offset; /**< in struct op_settings */
	const char *const
		*choices; /**< NULL-terminated, by value; NULL: a number, 0 also as "unlimited" */
	unsigned initial;
};
extern const struct op_setting op_settings_table[];
extern const size_t op_settings_count;

void op_settings_init(struct op_settings *settings);
unsigned op_setting_value(const struct op_settings *settings, const struct op_setting *setting);
/** Append the value as it is typed. */
void op_setting_text(struct op_text *text, const struct op_settings *settings,
		     const struct op_setting *setting);
/**
 * The setting that @p text begins with; words may be shortened as long as they stay unique.
 * @param[out] ret_rest what follows the name.
 */
struct op_error *op_setting_find(const char *text, const struct op_setting **ret,
				 const char **ret_rest);
/** An empty @p value switches on what can be on or off. */
struct op_error *op_setting_assign(struct op_settings *settings, const struct op_setting *setting,
				   const char *value);

#endif
