// SPDX-License-Identifier: GPL-3.0-or-later
// The settings; see settings.h. Knows no session.
#include "tracer/repl/settings.h"
#include "tracer/repl/suggest.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tracer/repl/arguments.h"

static const char *const on_off[] = {"off", "on", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};
static const char *const evaluation_choices[] = {"auto", "host", NULL};
static const char *const arguments_choices[] = {"all", "none", NULL};
/** By enum op_scheduler_locking. */
static const char *const locking_choices[] = {"off", "on", "step", NULL};

const struct op_setting op_settings_table[] = {
	{"backtrace limit", "The most frames that a backtrace shows.",
	 offsetof(struct op_settings, backtrace_limit), NULL, 0},
	{"breakpoint condition-evaluation",
	 "Who decides conditions and ignore counts, counts and logs: auto (the program itself "
	 "where "
	 "it can) or host (outpost, at each arrival).",
	 offsetof(struct op_settings, condition_evaluation), evaluation_choices, 0},
	{"breakpoint pending",
	 "Whether a breakpoint that matches nothing yet waits for a module that it matches.",
	 offsetof(struct op_settings, breakpoint_pending), on_off, 1},
	{"color", "Colours on a terminal: auto, always or never.",
	 offsetof(struct op_settings, color), color_choices, OP_COLOR_AUTO},
	{"confirm", "Whether to ask before something is lost.",
	 offsetof(struct op_settings, confirm), on_off, 1},
	{"debuginfod",
	 "Whether debuginfod servers (DEBUGINFOD_URLS) are asked for debug information and sources "
	 "that are not here.",
	 offsetof(struct op_settings, debuginfod), on_off, 0},
	{"history size", "The number of lines that are kept in the history file.",
	 offsetof(struct op_settings, history_size), NULL, 10000},
	{"pagination", "Whether long output stops at each page of the terminal.",
	 offsetof(struct op_settings, pagination), on_off, 0},
	{"print elements",
	 "The most characters of a string and elements of an array that are shown.",
	 offsetof(struct op_settings, print_elements), NULL, 200},
	{"print frame-arguments",
	 "Whether frames show the values of their parameters: all or none.",
	 offsetof(struct op_settings, frame_arguments), arguments_choices, OP_ARGUMENTS_ALL},
	{"print max-depth",
	 "The levels of structs, arrays and containers inside each other that are shown.",
	 offsetof(struct op_settings, print_depth), NULL, 20},
	{"print object",
	 "Whether what a pointer or reference to a base class of C++ leads to is shown as the "
	 "object "
	 "that it is.",
	 offsetof(struct op_settings, print_object), on_off, 0},
	{"print object-depth",
	 "The levels of garbage-collected objects inside objects that are shown.",
	 offsetof(struct op_settings, object_depth), NULL, 4},
	{"print pretty", "Whether members of structs are shown in lines of their own.",
	 offsetof(struct op_settings, print_pretty), on_off, 0},
	{"print raw-values",
	 "Whether strings and containers of standard libraries are shown as the structs that they "
	 "are.",
	 offsetof(struct op_settings, print_raw), on_off, 0},
	{"print repeats", "More equal elements in a row than this are shown as one.",
	 offsetof(struct op_settings, print_repeats), NULL, 10},
	{"scheduler-locking",
	 "Whether other threads stay when the selected one runs: off, on, or step (stay when it "
	 "steps).",
	 offsetof(struct op_settings, scheduler_locking), locking_choices, 0},
	{"step-mode",
	 "Whether step goes into functions without source lines (by instructions there) instead of "
	 "over them.",
	 offsetof(struct op_settings, step_mode), on_off, 0},
};
const size_t op_settings_count = OP_ARRAY_SIZE(op_settings_table);

static unsigned *place(struct op_settings *settings, const struct op_setting *setting)
{
	return (unsigned *)((char *)settings + setting->offset);
}

unsigned op_setting_value(const struct op_settings *settings, const struct op_setting *setting)
{
	return *(const unsigned *)((const char *)settings + setting->offset);
}

void op_settings_init(struct op_settings *settings)
{
	for (size_t i = 0; i < op_settings_count; i++)
		*place(settings, &op_settings_table[i]) = op_settings_table[i].initial;
}

void op_setting_text(struct op_text *text, const struct op_settings *settings,
		     const struct op_setting *setting)
{
	unsigned value = op_setting_value(settings, setting);
	if (setting->choices)
		op_text_append(text, setting->choices[value]);
	else if (value)
		op_text_printf(text, "%u", value);
	else
		op_text_append(text, "unlimited");
}

/**
 * Compare word by word; each typed word may be the beginning of the name's.
 * @return 0: no match; 1: a match; 2: a match with every word in full.
 */
static int match(const char *name, const char *text, const char **ret_rest)
{
	int quality = 2;
	for (;;) {
		size_t typed = strcspn(text, " \t=");
		size_t whole = strcspn(name, " ");
		if (!typed || typed > whole || strncmp(name, text, typed) != 0)
			return 0;
		if (typed < whole)
			quality = 1;
		text += typed;
		name += whole;
		while (isspace((unsigned char)*text))
			text++;
		if (!*name) {
			*ret_rest = text;
			return quality;
		}
		name++;
	}
}

static struct op_error *no_setting(const char *text)
{
	struct op_suggestion close = {0};
	struct op_text typed _cleanup_text_ = OP_TEXT_INIT;
	size_t size = strcspn(text, " ");
	op_text_printf(&typed, "show %.*s", (int)size, text);
	const char *instead = typed.data ? op_suggest_instead(typed.data) : NULL;
	if (instead)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no setting \"%s\": %s", text,
				       instead);
	for (size_t i = 0; i < op_settings_count; i++) {
		const char *name = op_settings_table[i].name;
		// A value may stand behind what was typed.
		op_suggest(&close, text, size, name);
		op_suggest(&close, text, strlen(text), name);
	}
	if (close.name)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no setting \"%s\"; did you mean \"%s\"?", text,
				       close.name);
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "there is no setting \"%.*s\"; \"show\" lists the settings",
			       (int)size, text);
}

struct op_error *op_setting_find(const char *text, const struct op_setting **ret,
				 const char **ret_rest)
{
	unsigned candidates = 0;
	struct op_text names _cleanup_text_ = OP_TEXT_INIT;
	for (size_t i = 0; i < op_settings_count; i++) {
		const char *rest;
		int quality = match(op_settings_table[i].name, text, &rest);
		if (!quality)
			continue;
		op_text_printf(&names, "%s%s", candidates ? ", " : "", op_settings_table[i].name);
		*ret = &op_settings_table[i];
		*ret_rest = rest;
		if (quality == 2)
			return NULL;
		candidates++;
	}
	if (candidates == 1)
		return NULL;
	if (candidates)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is ambiguous: %s", text,
				       names.data ? names.data : "");
	return no_setting(text);
}

static struct op_error *choose(unsigned *value, const struct op_setting *setting, const char *text)
{
	static const struct {
		const char *text;
		unsigned value;
	} synonyms[] = {{"", 1}, {"1", 1}, {"yes", 1}, {"0", 0}, {"no", 0}};
	for (unsigned i = 0; setting->choices[i]; i++) {
		if (strcmp(setting->choices[i], text) == 0) {
			*value = i;
			return NULL;
		}
	}
	for (size_t i = 0; i < OP_ARRAY_SIZE(synonyms) && setting->choices == on_off; i++) {
		if (strcmp(synonyms[i].text, text) == 0) {
			*value = synonyms[i].value;
			return NULL;
		}
	}
	struct op_text names _cleanup_text_ = OP_TEXT_INIT;
	for (unsigned i = 0; setting->choices[i]; i++)
		op_text_printf(&names, "%s%s", i ? ", " : "", setting->choices[i]);
	return op_error_create(OP_ERROR_SYNTAX, "\"%s\" can be %s", setting->name,
			       names.data ? names.data : "");
}

struct op_error *op_setting_assign(struct op_settings *settings, const struct op_setting *setting,
				   const char *value)
{
	if (setting->choices)
		return choose(place(settings, setting), setting, value);
	uint64_t number = 0;
	if (strcmp(value, "unlimited") != 0) {
		struct op_error *err =
			op_argument_number(value, "a number or \"unlimited\"", &number);
		if (err)
			return err;
	}
	if (number > INT32_MAX)
		return op_error_create(OP_ERROR_SYNTAX, "%s is too large for \"%s\"", value,
				       setting->name);
	*place(settings, setting) = (unsigned)number;
	return NULL;
}
