// SPDX-License-Identifier: GPL-3.0-or-later
// The types and variables that the debug information of all modules names, for lists.
#include "tracer/source_names.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/type.h"
#include "tracer/source.h"
#include "tracer/string_pool.h"

struct op_source_names {
	struct OP_ARRAY(struct op_source_name) list;
	struct op_string_pool strings;
};

void op_source_names_destroy(struct op_session *session)
{
	struct op_source_names *names = op_take(session->source_names);
	if (!names)
		return;
	free(names->list.data);
	op_string_pool_deinit(&names->strings);
	free(names);
}

static struct op_source_names *names_of(struct op_session *session)
{
	if (!session->source_names)
		session->source_names = calloc(1, sizeof(*session->source_names));
	if (session->source_names) {
		session->source_names->list.count = 0;
		op_string_pool_clear(&session->source_names->strings);
	}
	return session->source_names;
}

/** One module's part of a list. */
struct listing {
	struct op_session *session;
	struct op_module_entry *module;
	struct op_debug_info *info;
	struct op_source_names *names;
};

static struct op_error *keep(struct listing *x, const char *name, const char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, name, strlen(name));
	return op_string_pool_take(&x->names->strings, &text, ret);
}

static struct op_error *keep_file(struct listing *x, const char *file, const char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT, escaped = OP_TEXT_INIT;
	if (!file)
		return NULL;
	op_source_path_substitute(&x->session->source_settings, file, &text);
	if (text.failed)
		return op_error_no_memory();
	op_text_append_escaped(&escaped, text.data ?: "", text.size);
	return op_string_pool_take(&x->names->strings, &escaped, ret);
}

/** @param[in] declaration is emptied. */
static struct op_error *add(struct listing *x, const char *name, const char *file, uint32_t line,
			    struct op_text *declaration)
{
	struct op_source_name row = {
		.module_id = x->module->info.id, .module = x->module->info.name, .line = line};
	struct op_error *err = keep(x, name, &row.name);
	if (!err)
		err = keep_file(x, file, &row.file);
	if (!err)
		err = op_string_pool_take(&x->names->strings, declaration, &row.declaration);
	if (!err && !op_array_push(&x->names->list, row))
		err = op_error_no_memory();
	return err;
}

// A type whose description cannot be read is listed by its name.
static struct op_error *type_of(struct listing *x, struct op_die die, const struct op_type **ret)
{
	*ret = NULL;
	struct op_error *err = op_debug_type(x->info, die, ret);
	if (!err || err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_INTERRUPTED)
		return err;
	op_error_destroy(err);
	return NULL;
}

static struct op_error *list_types(struct listing *x, const char *pattern)
{
	_cleanup_free_ struct op_debug_type_name *types = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_types(x->info, pattern, &types, &count);
	for (size_t i = 0; !err && i < count; i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		const struct op_type *type;
		if (op_cancelled(&x->session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		err = type_of(x, types[i].die, &type);
		if (err)
			break;
		if (type && type->kind == OP_TYPE_TYPEDEF) {
			op_text_append(&text, "typedef ");
			op_type_print(type->target, types[i].name, &text);
		} else if (type) {
			op_type_print(type, NULL, &text);
		} else {
			op_text_append_escaped(&text, types[i].name, strlen(types[i].name));
		}
		err = add(x, types[i].name, types[i].file, types[i].line, &text);
	}
	return err;
}

static struct op_error *list_globals(struct listing *x, const char *pattern)
{
	_cleanup_free_ struct op_debug_variable *variables = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_globals(x->info, pattern, &variables, &count);
	for (size_t i = 0; !err && i < count; i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		const struct op_type *type;
		if (op_cancelled(&x->session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		err = type_of(x, variables[i].type, &type);
		if (!err) {
			op_type_print(type, variables[i].name ?: "", &text);
			err = add(x, variables[i].name ?: "", variables[i].file, variables[i].line,
				  &text);
		}
	}
	return err;
}

// By file and line within a module; what has no place comes last.
static int compare(const void *a, const void *b)
{
	const struct op_source_name *x = a, *y = b;
	if (x->module_id != y->module_id)
		return x->module_id < y->module_id ? -1 : 1;
	if (!x->file != !y->file)
		return x->file ? -1 : 1;
	int order = x->file ? strcmp(x->file, y->file) : 0;
	if (!order && x->line != y->line)
		order = x->line < y->line ? -1 : 1;
	return order ?: strcmp(x->name, y->name);
}

static struct op_error *why_none(struct op_session *session)
{
	const char *why = NULL;
	for (size_t i = 0; !why && i < session->modules.count; i++)
		why = op_source_missing(session->modules.data[i]);
	return op_error_create(OP_ERROR_UNSUPPORTED, "%s",
			       why ?: "no module with debug information is loaded");
}

struct op_error *op_session_source_names(struct op_session *session, enum op_source_listing which,
					 const char *pattern, const struct op_source_name **ret,
					 size_t *ret_count)
{
	struct listing x = {.session = session, .names = names_of(session)};
	*ret = NULL;
	*ret_count = 0;
	if (!x.names)
		return op_error_no_memory();
	bool any = false;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < session->modules.count; i++) {
		x.module = session->modules.data[i];
		err = op_source_info(session, x.module, &x.info);
		if (err || !x.info)
			continue;
		any = true;
		err = which == OP_SOURCE_TYPES ? list_types(&x, pattern)
					       : list_globals(&x, pattern);
	}
	if (!err && !any)
		err = why_none(session);
	if (err)
		return err;
	if (x.names->list.count)
		qsort(x.names->list.data, x.names->list.count, sizeof(*x.names->list.data),
		      compare);
	*ret = x.names->list.data;
	*ret_count = x.names->list.count;
	return NULL;
}
