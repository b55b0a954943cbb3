// SPDX-License-Identifier: GPL-3.0-or-later
// The variables of the guest's language that can be seen at a place of a module's code, whether a
// frame is there or not.
#include <stdlib.h>

#include "target-runtime/dwarf/type.h"
#include "tracer/source.h"

/** What is being listed. */
struct scope {
	struct op_session *session;
	struct op_debug_info *info;
	const struct op_debug_function *body;
};

static const char *const kinds[] = {
	[OP_DEBUG_PARAMETER] = "parameter",
	[OP_DEBUG_LOCAL] = "local",
	[OP_DEBUG_GLOBAL] = "static",
	[OP_DEBUG_CONSTANT] = "constant",
};

// "struct node *list"; a type that cannot be read leaves the name.
static struct op_error *declare(struct scope *scope, const struct op_debug_variable *variable,
				const char **ret)
{
	struct op_string_pool *pool = &scope->session->source_answers.scope_texts;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	const struct op_type *type = NULL;
	struct op_error *err =
		variable->type.offset ? op_debug_type(scope->info, variable->type, &type) : NULL;
	if (err && (err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_INTERRUPTED))
		return err;
	op_error_destroy(err);
	if (!type)
		return op_source_keep(pool, variable->name, ret);
	op_type_print(type, variable->name, &text);
	return op_string_pool_take(pool, &text, ret);
}

static struct op_error *add_variable(struct scope *scope, const struct op_debug_variable *variable)
{
	struct op_source_answers *answers = &scope->session->source_answers;
	struct op_scope_variable row = {
		.kind = kinds[variable->kind],
		.line = variable->line,
		.depth = variable->depth,
		.shadowed = variable->shadowed,
	};
	struct op_error *err = op_source_keep(&answers->scope_texts, variable->name, &row.name);
	if (!err)
		err = declare(scope, variable, &row.declaration);
	if (!err)
		err = op_source_keep(&answers->scope_texts, scope->body->name, &row.function);
	if (!err && variable->file)
		err = op_source_keep_path(&scope->session->source_settings, &answers->scope_texts,
					  variable->file, &row.file);
	if (!err && !op_array_push(&answers->scope, row))
		err = op_error_no_memory();
	return err;
}

static struct op_error *add_body(struct scope *scope, uint32_t pc)
{
	_cleanup_free_ struct op_debug_variable *variables = NULL;
	size_t count = 0;
	struct op_error *err =
		op_debug_variables_at(scope->info, scope->body, pc, &variables, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = add_variable(scope, &variables[i]);
	return err;
}

struct op_error *op_session_source_scope(struct op_session *session, uint32_t module_id,
					 uint32_t pc, const struct op_scope_variable **ret,
					 size_t *ret_count)
{
	struct op_source_answers *answers = &session->source_answers;
	struct scope scope = {.session = session};
	struct op_module_entry *module = op_module_by_id(session, module_id);
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	answers->scope.count = 0;
	op_string_pool_clear(&answers->scope_texts);
	if (!module)
		return op_error_create(OP_ERROR_NOT_FOUND, "the module is not there any more");
	struct op_error *err = op_source_info(session, module, &scope.info);
	if (!err && !scope.info)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s", op_source_missing(module));
	if (!err)
		err = op_debug_functions_at(scope.info, pc, &bodies, &count);
	if (!err && !count)
		err = op_error_create(OP_ERROR_UNSUPPORTED,
				      "no function of the debug information of module %s has the "
				      "code at 0x%x",
				      module->name, pc);
	for (size_t i = 0; !err && i < count; i++) {
		scope.body = &bodies[i];
		err = add_body(&scope, pc);
	}
	*ret = answers->scope.data;
	*ret_count = answers->scope.count;
	return err;
}
