// SPDX-License-Identifier: GPL-3.0-or-later
// The settings that are paths; see path_settings.h.
#include "tracer/repl/path_settings.h"

#include <string.h>

enum { SHORTEST_NAME = 4 };

static void show_part(struct op_text *ret, const char *text)
{
	op_text_append_escaped(ret, text, strlen(text));
}

// directories ---------------------------------------------------------------------------------

static struct op_error *add_folders(struct op_session *session, char *const *words)
{
	struct op_error *err = NULL;
	for (; !err && *words; words++)
		err = op_session_add_source_folder(session, *words);
	return err;
}

static struct op_error *set_folders(struct op_session *session, char *const *words)
{
	struct op_error *err = op_session_add_source_folder(session, NULL);
	return err ? err : add_folders(session, words);
}

static struct op_error *unset_folders(struct op_session *session, char *const *words)
{
	return *words ? op_error_create(OP_ERROR_SYNTAX,
					"\"unset directories\" forgets all of them")
		      : op_session_add_source_folder(session, NULL);
}

static void show_folders(const struct op_session *session, struct op_text *ret)
{
	size_t count;
	const char *const *folders = op_session_source_folders(session, &count);
	for (size_t i = 0; i < count; i++) {
		op_text_append(ret, i ? ":" : "");
		show_part(ret, folders[i]);
	}
}

// substitute-path -----------------------------------------------------------------------------

static struct op_error *set_rule(struct op_session *session, char *const *words)
{
	return op_session_substitute_path(session, words[0], words[1]);
}

static struct op_error *unset_rule(struct op_session *session, char *const *words)
{
	const char *from, *to;
	if (words[0] && words[1])
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"unset substitute-path\" takes one path, or none for all");
	if (!words[0])
		return op_session_substitute_path(session, NULL, NULL);
	for (size_t i = 0; op_session_path_rule(session, i, &from, &to); i++)
		if (!strcmp(from, words[0]))
			return op_session_substitute_path(session, words[0], NULL);
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "there is no rule for \"%s\"; \"show substitute-path\" lists them",
			       words[0]);
}

static void show_rules(const struct op_session *session, struct op_text *ret)
{
	const char *from, *to;
	for (size_t i = 0; op_session_path_rule(session, i, &from, &to); i++) {
		op_text_append(ret, i ? ", " : "");
		show_part(ret, from);
		op_text_append(ret, " -> ");
		show_part(ret, to);
	}
}

// module-path ---------------------------------------------------------------------------------

static struct op_error *set_module_path(struct op_session *session, char *const *words)
{
	return op_session_set_module_path(session, words[0]);
}

static struct op_error *unset_module_path(struct op_session *session, char *const *words)
{
	return *words ? op_error_create(OP_ERROR_SYNTAX, "\"unset module-path\" takes no path")
		      : op_session_set_module_path(session, NULL);
}

static void show_module_path(const struct op_session *session, struct op_text *ret)
{
	if (op_session_module_path(session))
		show_part(ret, op_session_module_path(session));
}

const struct op_path_setting op_path_settings[] = {
	{"directories", "Folders to look for source files in (\"directory\" adds one).", 0,
	 "set directories FOLDER...", set_folders, unset_folders, show_folders},
	{"module-path",
	 "A module's file with debug information, or a folder of such files; taken if its code is "
	 "the module's.",
	 1, "set module-path PATH", set_module_path, unset_module_path, show_module_path},
	{"substitute-path",
	 "Where source files have gone: paths that begin with FROM begin with TO instead.", 2,
	 "set substitute-path FROM TO", set_rule, unset_rule, show_rules},
};
const size_t op_path_settings_count = OP_ARRAY_SIZE(op_path_settings);

const struct op_path_setting *op_path_setting_find(const char *text, const char **ret_rest)
{
	size_t size = strcspn(text, " \t=");
	const char *rest = text + size + strspn(text + size, " \t");
	if (size < SHORTEST_NAME || *rest == '=')
		return NULL;
	for (size_t i = 0; i < op_path_settings_count; i++) {
		if (strncmp(op_path_settings[i].name, text, size) != 0)
			continue;
		*ret_rest = rest;
		return &op_path_settings[i];
	}
	return NULL;
}

struct op_error *op_path_setting_assign(struct op_repl *repl, const struct op_path_setting *setting,
					const char *rest)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(rest, &words);
	if (err)
		return err;
	size_t count = 0;
	while (words[count])
		count++;
	if (!count || (setting->words && count != setting->words))
		return op_error_create(OP_ERROR_SYNTAX, "that is: %s", setting->usage);
	return setting->set(repl->session, words);
}
