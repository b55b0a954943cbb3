// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of the source level that are more than a number, and the rules for paths.
#include "tracer/source_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/source.h"
#include "tracer/source_text.h"

static void rule_deinit(struct op_path_rule *rule)
{
	free(rule->from);
	free(rule->to);
}

void op_source_settings_deinit(struct op_source_settings *settings)
{
	for (size_t i = 0; i < settings->folders.count; i++)
		free(settings->folders.data[i]);
	free(settings->folders.data);
	for (size_t i = 0; i < settings->rules.count; i++)
		rule_deinit(&settings->rules.data[i]);
	free(settings->rules.data);
	free(settings->module_path);
	*settings = (struct op_source_settings){0};
}

// Paths ---------------------------------------------------------------------------------------

/** A copy without '/' at its end; "/" becomes "". */
static char *copy_path(const char *path)
{
	size_t size = strlen(path);
	while (size && path[size - 1] == '/')
		size--;
	return strndup(path, size);
}

/** What follows @p beginning in @p path, from the '/' on; NULL when it does not begin with it. */
static const char *rest_after(const char *path, const char *beginning)
{
	size_t size = strlen(beginning);
	if (strncmp(path, beginning, size) != 0 || (path[size] && path[size] != '/'))
		return NULL;
	return path + size;
}

void op_source_path_substitute(const struct op_source_settings *settings, const char *path,
			       struct op_text *ret)
{
	for (size_t i = 0; i < settings->rules.count; i++) {
		const char *rest = rest_after(path, settings->rules.data[i].from);
		if (!rest)
			continue;
		op_text_append(ret, settings->rules.data[i].to);
		op_text_append(ret, rest);
		return;
	}
	op_text_append(ret, path);
}

bool op_source_path_unsubstitute(const struct op_source_settings *settings, const char *path,
				 struct op_text *ret)
{
	for (size_t i = 0; i < settings->rules.count; i++) {
		const char *rest = rest_after(path, settings->rules.data[i].to);
		if (!rest)
			continue;
		op_text_append(ret, settings->rules.data[i].from);
		op_text_append(ret, rest);
		return true;
	}
	return false;
}

// Settings ------------------------------------------------------------------------------------

struct op_error *op_session_add_source_folder(struct op_session *session, const char *folder)
{
	struct op_source_settings *settings = &session->source_settings;
	op_source_text_forget(session);
	if (!folder) {
		for (size_t i = 0; i < settings->folders.count; i++)
			free(settings->folders.data[i]);
		settings->folders.count = 0;
		return NULL;
	}
	// Relative to where outpost is now, should that change.
	char *path = realpath(folder, NULL);
	if (!path)
		path = strdup(folder);
	if (!path)
		return op_error_no_memory();
	for (size_t i = 0; i < settings->folders.count; i++) {
		if (!strcmp(settings->folders.data[i], path)) {
			free(path);
			return NULL;
		}
	}
	if (op_array_push(&settings->folders, path))
		return NULL;
	free(path);
	return op_error_no_memory();
}

static void remove_rule(struct op_source_settings *settings, size_t index)
{
	rule_deinit(&settings->rules.data[index]);
	settings->rules.count--;
	memmove(&settings->rules.data[index], &settings->rules.data[index + 1],
		(settings->rules.count - index) * sizeof(*settings->rules.data));
}

struct op_error *op_session_substitute_path(struct op_session *session, const char *from,
					    const char *to)
{
	struct op_source_settings *settings = &session->source_settings;
	op_source_text_forget(session);
	// What is shown of places has paths in it.
	for (size_t i = 0; i < session->modules.count; i++)
		op_frame_positions_forget(session->modules.data[i]);
	if (!from) {
		while (settings->rules.count)
			remove_rule(settings, settings->rules.count - 1);
		return NULL;
	}
	struct op_path_rule rule = {copy_path(from), to ? copy_path(to) : NULL};
	for (size_t i = 0; rule.from && i < settings->rules.count; i++) {
		if (!strcmp(settings->rules.data[i].from, rule.from)) {
			remove_rule(settings, i);
			break;
		}
	}
	// No `to`: the rule is forgotten.
	if (!to || !rule.from || !rule.to ||
	    !op_array_push(&settings->rules, ((struct op_path_rule){0}))) {
		bool failed = !rule.from || to;
		rule_deinit(&rule);
		return failed ? op_error_no_memory() : NULL;
	}
	memmove(&settings->rules.data[1], &settings->rules.data[0],
		(settings->rules.count - 1) * sizeof(rule));
	settings->rules.data[0] = rule;
	return NULL;
}

const char *const *op_session_source_folders(const struct op_session *session, size_t *ret_count)
{
	*ret_count = session->source_settings.folders.count;
	return (const char *const *)session->source_settings.folders.data;
}

bool op_session_path_rule(const struct op_session *session, size_t index, const char **ret_from,
			  const char **ret_to)
{
	const struct op_source_settings *settings = &session->source_settings;
	if (index >= settings->rules.count)
		return false;
	*ret_from = settings->rules.data[index].from;
	*ret_to = settings->rules.data[index].to;
	return true;
}

const char *op_session_module_path(const struct op_session *session)
{
	return session->source_settings.module_path;
}

/** What was not found may be found now; what was found stays, unless the module's own bytes are
 * still missing: Wasmtime keeps the debug information without them. */
static void look_again(struct op_session *session)
{
	for (size_t i = 0; i < session->modules.count; i++) {
		struct op_module_entry *module = session->modules.data[i];
		if (!module->wasm || op_source_missing(module))
			op_source_close(module);
	}
	// Their frames may be more than one each.
	op_stacks_forget(session);
}

struct op_error *op_session_set_module_path(struct op_session *session, const char *path)
{
	char *copy = NULL;
	if (path && access(path, R_OK) != 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot take modules from %s", path);
	// Relative to where outpost is now, should that change.
	if (path && !(copy = realpath(path, NULL)))
		return op_error_system(OP_ERROR_IO, errno, "cannot take modules from %s", path);
	free(session->source_settings.module_path);
	session->source_settings.module_path = copy;
	look_again(session);
	return NULL;
}

void op_session_set_debuginfod(struct op_session *session, bool enabled)
{
	if (session->source_settings.debuginfod == enabled)
		return;
	session->source_settings.debuginfod = enabled;
	look_again(session);
}
