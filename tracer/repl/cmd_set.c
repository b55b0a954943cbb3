// SPDX-License-Identifier: GPL-3.0-or-later
// set and show: assign to the guest's memory, or change outpost's settings.
#include <ctype.h>
#include <string.h>

#include "tracer/repl/path_settings.h"

/**
 * The '=' of an assignment: outside of brackets and no part of a comparison; NULL: there is none.
 */
static const char *find_assignment(const char *text)
{
	unsigned depth = 0;
	for (const char *pos = text; *pos; pos++) {
		if (*pos == '[' || *pos == '(')
			depth++;
		else if ((*pos == ']' || *pos == ')') && depth)
			depth--;
		if (*pos != '=' || depth)
			continue;
		if (pos[1] == '=' || (pos > text && strchr("=!<>", pos[-1]))) {
			pos += pos[1] == '=';
			continue;
		}
		return pos;
	}
	return NULL;
}

/** "mem[" and "mem1[" are places without their $ as well. */
static bool is_bare_memory(const char *text)
{
	if (strncmp(text, "mem", 3) != 0)
		return false;
	text += 3;
	while (isdigit((unsigned char)*text))
		text++;
	return *text == '[';
}

static struct op_error *assign(struct op_repl *repl, const char *text, const char *equals)
{
	size_t size = (size_t)(equals - text);
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	const char *expression = equals + 1;
	while (isspace((unsigned char)*expression))
		expression++;
	struct op_text place _cleanup_text_ = OP_TEXT_INIT;
	if (is_bare_memory(text))
		op_text_append_char(&place, '$');
	op_text_append_n(&place, text, size);
	if (place.failed)
		return op_error_no_memory();
	if (!size || !*expression)
		return op_error_create(OP_ERROR_SYNTAX, "an assignment is: set PLACE = EXPRESSION");
	struct op_error *err = op_session_assign(repl->session, op_repl_frame_or_null(repl),
						 place.data, expression);
	if (!err && repl->out.json)
		op_json_string(&repl->out.writer, "assigned", place.data);
	return err;
}

static void setting_json(struct op_repl *repl, const char *key, const struct op_setting *setting)
{
	struct op_json *json = &repl->out.writer;
	struct op_text value _cleanup_text_ = OP_TEXT_INIT;
	op_setting_text(&value, &repl->settings, setting);
	op_json_begin_object(json, key);
	op_json_string(json, "name", setting->name);
	op_json_string(json, "value", value.data);
	op_json_end_object(json);
}

static void path_setting_json(struct op_repl *repl, const char *key,
			      const struct op_path_setting *setting)
{
	struct op_json *json = &repl->out.writer;
	struct op_text value _cleanup_text_ = OP_TEXT_INIT;
	setting->show(repl->session, &value);
	op_json_begin_object(json, key);
	op_json_string(json, "name", setting->name);
	op_json_string(json, "value", value.data ? value.data : "");
	op_json_end_object(json);
}

static struct op_error *set_path(struct op_repl *repl, const struct op_path_setting *setting,
				 const char *rest)
{
	struct op_error *err = op_path_setting_assign(repl, setting, rest);
	if (!err && repl->out.json)
		path_setting_json(repl, "setting", setting);
	return err;
}

static struct op_error *set_run(struct op_repl *repl, const struct op_call *call)
{
	const char *text = call->rest;
	if (!*text)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"set\" is: set PLACE = EXPRESSION, or: set NAME VALUE");
	bool variable = strncmp(text, "var ", 4) == 0 || strncmp(text, "variable ", 9) == 0;
	if (variable)
		text += strcspn(text, " ") + strspn(text + strcspn(text, " "), " ");
	const char *equals = find_assignment(text);
	const struct op_setting *setting;
	const char *value;
	const struct op_path_setting *path = variable ? NULL : op_path_setting_find(text, &value);
	if (path)
		return set_path(repl, path, value);
	struct op_error *err = variable ? NULL : op_setting_find(text, &setting, &value);
	if (variable || (err && equals)) {
		op_error_destroy(err);
		if (!equals)
			return op_error_create(OP_ERROR_SYNTAX,
					       "an assignment is: set PLACE = EXPRESSION");
		return assign(repl, text, equals);
	}
	if (err)
		return err;
	if (equals == value)
		value += 1 + strspn(value + 1, " \t");
	err = op_setting_assign(&repl->settings, setting, value);
	if (err)
		return err;
	op_repl_apply_settings(repl);
	if (repl->out.json)
		setting_json(repl, "setting", setting);
	return NULL;
}

static void show_one(struct op_repl *repl, const struct op_setting *setting)
{
	if (repl->out.json) {
		setting_json(repl, NULL, setting);
		return;
	}
	struct op_text value _cleanup_text_ = OP_TEXT_INIT;
	op_setting_text(&value, &repl->settings, setting);
	op_output_styled(&repl->out, OP_STYLE_NAME, "%-22s", setting->name);
	op_output_printf(&repl->out, " %-10s %s\n", value.data ? value.data : "", setting->help);
}

static void show_path(struct op_repl *repl, const struct op_path_setting *setting)
{
	if (repl->out.json) {
		path_setting_json(repl, NULL, setting);
		return;
	}
	struct op_text value _cleanup_text_ = OP_TEXT_INIT;
	setting->show(repl->session, &value);
	op_output_styled(&repl->out, OP_STYLE_NAME, "%-22s", setting->name);
	op_output_printf(&repl->out, " %-10s %s\n", value.data ? value.data : "none",
			 setting->help);
}

static struct op_error *show_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_setting *setting = NULL;
	const char *rest = "";
	const struct op_path_setting *path = op_path_setting_find(call->rest, &rest);
	if (path && *rest)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"show\" takes the name of a setting only");
	if (*call->rest && !path) {
		struct op_error *err = op_setting_find(call->rest, &setting, &rest);
		if (!err && *rest)
			err = op_error_create(OP_ERROR_SYNTAX,
					      "\"show\" takes the name of a setting only");
		if (err)
			return err;
	}
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "settings");
	for (size_t i = 0; i < op_settings_count; i++) {
		if (!path && (!setting || setting == &op_settings_table[i]))
			show_one(repl, &op_settings_table[i]);
	}
	for (size_t i = 0; i < op_path_settings_count; i++)
		if (path ? path == &op_path_settings[i] : !setting)
			show_path(repl, &op_path_settings[i]);
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	return NULL;
}

const struct op_command op_cmd_set = {
	.name = "set",
	.group = OP_GROUP_DATA,
	.args = "PLACE = EXPRESSION | NAME VALUE",
	.help = "Write to the guest: variables of its language that are in linear memory (set "
		"node->value = 5; set var\n"
		"where the name is a setting's), its memory, globals, and fields of its objects "
		"that "
		"are numbers\n"
		"(set $mem[0x400:i32] = 7, set $global.count = 0, set $local0.field1 = 5); keep a "
		"value under a name\n"
		"(set $kept = *node); or change a setting (\"show\" lists them).",
	.complete = OP_COMPLETE_SETTINGS,
	.run = set_run,
};

const struct op_command op_cmd_show = {
	.name = "show",
	.group = OP_GROUP_SUPPORT,
	.args = "[NAME]",
	.help = "Show a setting, or all of them.",
	.complete = OP_COMPLETE_SETTINGS,
	.run = show_run,
};
