// SPDX-License-Identifier: GPL-3.0-or-later
// Names of functions of the guest's language that a person has begun to type.
#include <stdlib.h>
#include <string.h>

#include "tracer/source.h"

enum { COMPLETIONS_MAX = 20000 };

// The part of a qualified name behind the first "::" outside of brackets; NULL: there is none.
static const char *next_component(const char *name)
{
	unsigned open = 0;
	for (; *name; name++) {
		if (strchr("<([{", *name))
			open++;
		else if (strchr(">)]}", *name) && open)
			open--;
		else if (!open && name[0] == ':' && name[1] == ':')
			return name + 2;
	}
	return NULL;
}

static struct op_error *add_name(struct op_source_answers *answers, const char *name,
				 const char *prefix)
{
	size_t size = strlen(prefix);
	while (name && strncmp(name, prefix, size) != 0)
		name = next_component(name);
	if (!name || answers->completions.count == COMPLETIONS_MAX)
		return NULL;
	const char *kept;
	struct op_error *err = op_source_keep(&answers->completion_texts, name, &kept);
	if (!err && !op_array_push(&answers->completions, kept))
		err = op_error_no_memory();
	return err;
}

static struct op_error *add_module(struct op_session *session, struct op_module_entry *module,
				   const char *prefix)
{
	struct op_debug_info *info;
	_cleanup_free_ const char *const *names = NULL;
	size_t count = 0;
	struct op_error *err = op_source_info(session, module, &info);
	if (!err && info)
		err = op_debug_function_names(info, &names, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = add_name(&session->source_answers, names[i], prefix);
	return err;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct op_error *op_session_complete_function(struct op_session *session, const char *prefix,
					      const char *const **ret, size_t *ret_count)
{
	struct op_source_answers *answers = &session->source_answers;
	struct op_error *err = NULL;
	answers->completions.count = 0;
	op_string_pool_clear(&answers->completion_texts);
	for (size_t i = 0; !err && i < session->modules.count; i++)
		err = add_module(session, session->modules.data[i], prefix);
	if (err)
		return err;
	const char **names = answers->completions.data;
	size_t kept = 0;
	if (answers->completions.count)
		qsort(names, answers->completions.count, sizeof(*names), compare);
	for (size_t i = 0; i < answers->completions.count; i++)
		if (!kept || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	answers->completions.count = kept;
	*ret = names;
	*ret_count = kept;
	return NULL;
}
