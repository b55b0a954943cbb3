// SPDX-License-Identifier: GPL-3.0-or-later
// Values and types of the guest's language for the public interface. How a value becomes a tree is
// source_render.h's.
#include "tracer/source_show.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/expression_session.h"
#include "tracer/source_dynamic.h"
#include "tracer/source_render.h"

struct op_source_shown {
	struct op_string_pool variables, node;
	struct OP_ARRAY(struct op_source_node) roots;
	struct op_source_node root;
	char *missing;
	char *type;
};

static struct op_source_shown *shown_of(struct op_session *session)
{
	if (!session->source_shown)
		session->source_shown = calloc(1, sizeof(*session->source_shown));
	return session->source_shown;
}

void op_source_shown_destroy(struct op_session *session)
{
	struct op_source_shown *shown = op_take(session->source_shown);
	if (!shown)
		return;
	op_string_pool_deinit(&shown->variables);
	op_string_pool_deinit(&shown->node);
	free(shown->roots.data);
	free(shown->missing);
	free(shown->type);
	free(shown);
}

// Variables -----------------------------------------------------------------------------------

static struct op_error *show_variable(struct op_render *x, const struct op_source_body *body,
				      const struct op_debug_variable *variable,
				      struct op_source_node *node)
{
	_cleanup_source_value_ struct op_source_value value = {0};
	node->shadowed = variable->shadowed;
	struct op_error *err = op_render_name(x, variable->name ?: "", &node->name);
	if (!err)
		err = op_source_value_of(x->session, x->frame, body->info, variable, &value);
	if (!err)
		err = op_render_value(x, &value, node);
	if (!err || op_source_is_fatal(err))
		return err;
	node->kind = OP_SOURCE_NODE_MISSING;
	return op_render_problem(x, err, node);
}

static bool is_wanted(const struct op_debug_variable *variable, enum op_source_variables which)
{
	// What compilers add is shown where it was passed: `this`.
	if (variable->kind == OP_DEBUG_PARAMETER)
		return which == OP_SOURCE_ARGUMENTS;
	return which == OP_SOURCE_LOCALS && !variable->artificial;
}

static struct op_error *show_variables(struct op_render *x, const struct op_source_body *body,
				       enum op_source_variables which,
				       struct op_source_shown *shown)
{
	_cleanup_free_ struct op_debug_variable *variables = NULL;
	size_t count = 0;
	struct op_error *err =
		op_debug_variables_at(body->info, body->body, body->pc, &variables, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (!is_wanted(&variables[i], which))
			continue;
		struct op_source_node node = {0};
		err = show_variable(x, body, &variables[i], &node);
		if (!err && !op_array_push(&shown->roots, node))
			err = op_error_no_memory();
	}
	return err;
}

static struct op_error *say_missing(struct op_source_shown *shown, const char *text,
				    const char **ret_missing)
{
	free(shown->missing);
	shown->missing = strdup(text);
	if (!shown->missing)
		return op_error_no_memory();
	*ret_missing = shown->missing;
	return NULL;
}

static struct op_error *why_no_body(const struct op_source_body *body,
				    struct op_source_shown *shown, const char **ret_missing)
{
	const char *why = body->info     ? "no function of the debug information has this code"
			  : body->module ? op_source_missing(body->module)
					 : NULL;
	return say_missing(shown, why ?: "the module has no debug information", ret_missing);
}

struct op_error *op_session_source_variables(struct op_session *session,
					     const struct op_frame *frame,
					     enum op_source_variables which,
					     const struct op_source_limits *limits,
					     const struct op_source_node **ret, size_t *ret_count,
					     const char **ret_missing)
{
	struct op_source_shown *shown = shown_of(session);
	if (!shown)
		return op_error_no_memory();
	op_string_pool_clear(&shown->variables);
	shown->roots.count = 0;
	*ret = NULL;
	*ret_count = 0;
	*ret_missing = NULL;
	struct op_source_body body = {0};
	struct op_error *err = op_session_need_stopped(session);
	if (!err && frame->kind != OP_FRAME_WASM)
		return say_missing(shown, "this is a host frame", ret_missing);
	if (!err)
		err = op_source_body(session, frame, &body);
	if (err)
		return err;
	if (!body.info || !body.body)
		return why_no_body(&body, shown, ret_missing);
	struct op_render x;
	op_render_init(&x, session, frame, limits, &shown->variables);
	err = show_variables(&x, &body, which, shown);
	if (err && !op_source_is_fatal(err)) {
		struct op_error *failed = say_missing(shown, err->message, ret_missing);
		op_error_destroy(err);
		return failed;
	}
	*ret = shown->roots.data;
	*ret_count = shown->roots.count;
	return err;
}

// One value -----------------------------------------------------------------------------------

struct op_error *op_session_source_node(struct op_session *session, const struct op_frame *frame,
					const struct op_result *result,
					const struct op_source_limits *limits,
					const struct op_source_node **ret)
{
	const struct op_source_value *guest = result->guest_value;
	struct op_source_shown *shown = shown_of(session);
	if (!shown)
		return op_error_no_memory();
	if (!guest)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the value has no type of the guest's language");
	op_string_pool_clear(&shown->node);
	shown->root = (struct op_source_node){0};
	struct op_render x;
	op_render_init(&x, session, frame, limits, &shown->node);
	_cleanup_source_value_ struct op_source_value value = {0};
	struct op_error *err = op_source_value_copy(guest, &value);
	if (!err && x.limits.object)
		err = op_source_value_dynamic(session, frame, &value);
	if (!err)
		err = op_render_value(&x, &value, &shown->root);
	if (err && !op_source_is_fatal(err)) {
		shown->root.kind = OP_SOURCE_NODE_MISSING;
		err = op_render_problem(&x, err, &shown->root);
	}
	*ret = &shown->root;
	return err;
}

// Types ---------------------------------------------------------------------------------------

static struct op_error *show_type(struct op_debug_info *info, const struct op_type *type,
				  const struct op_expression_type *wasm,
				  enum op_source_type_form form, struct op_text *text)
{
	if (type && form == OP_SOURCE_TYPE_LAYOUT)
		return op_type_print_layout(info, type, text);
	if (type && form == OP_SOURCE_TYPE_DEFINITION)
		return op_type_print_definition(info, type, text);
	if (type)
		op_type_print(type, NULL, text);
	else if (wasm->known)
		op_text_append(text, op_value_type_name(wasm->type));
	else
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "its type is only known by its value: print it");
	return NULL;
}

struct op_error *op_session_source_type(struct op_session *session, const struct op_frame *frame,
					const char *expression, enum op_source_type_form form,
					const char **ret)
{
	struct op_source_shown *shown = shown_of(session);
	if (!shown)
		return op_error_no_memory();
	struct op_debug_info *info = NULL;
	const struct op_type *type = NULL;
	struct op_expression_type wasm = {0};
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_error *err =
		op_session_expression_type(session, frame, expression, &info, &type, &wasm);
	if (!err)
		err = show_type(info, type, &wasm, form, &text);
	if (err)
		return err;
	free(shown->type);
	shown->type = NULL;
	err = op_text_steal(&text, &shown->type);
	*ret = shown->type;
	return err;
}
