// SPDX-License-Identifier: GPL-3.0-or-later
// What names and types of the guest's language mean at a place of a session's guest, by its debug
// information. Reads no values, but for the length of a range.
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_session.h"
#include "tracer/source_locate.h"
#include "tracer/state.h"

static struct op_session_scope *scope_of(void *context)
{
	return context;
}

// Variables -----------------------------------------------------------------------------------

static struct op_error *take_variable(struct op_session_scope *s,
				      const struct op_debug_variable *variable,
				      struct op_guest_name *ret)
{
	*ret = (struct op_guest_name){.kind = OP_GUEST_VARIABLE, .debug = *variable};
	_cleanup_(op_source_located_deinit) struct op_source_located located = {.native = false};
	struct op_error *err = op_debug_type(s->body.info, variable->type, &ret->type);
	if (!err)
		err = op_source_locate_in_frame(
			s->session, s->frame, &s->body, variable,
			ret->type && ret->type->has_size ? ret->type->size : 0, &located);
	s->native |= located.native;
	ret->location = located.location;
	located.location = (struct op_debug_location){0};
	return err;
}

// "src/main.c" is a file whose path ends in it at a '/'.
static bool is_file(const char *path, const char *wanted)
{
	size_t size = path ? strlen(path) : 0, end = strlen(wanted);
	return size >= end && !strcmp(path + size - end, wanted) &&
	       (size == end || path[size - end - 1] == '/');
}

// A static variable of one source file.
static struct op_error *find_in_file(struct op_session_scope *s, const char *file, const char *name,
				     size_t size, bool *ret_found, struct op_debug_variable *ret)
{
	char *pattern _cleanup_free_ = strndup(name, size);
	struct op_debug_variable *found _cleanup_free_ = NULL;
	size_t count = 0;
	if (!pattern)
		return op_error_no_memory();
	struct op_error *err = op_debug_globals(s->body.info, pattern, &found, &count);
	*ret_found = false;
	for (size_t i = 0; !err && !*ret_found && i < count; i++) {
		*ret_found = is_file(found[i].file, file);
		if (*ret_found)
			*ret = found[i];
	}
	return err;
}

static struct op_error *find_function(struct op_session_scope *s, const char *name, size_t size,
				      bool *ret_found, struct op_guest_name *ret)
{
	char *text _cleanup_free_ = strndup(name, size);
	struct op_debug_function *found _cleanup_free_ = NULL;
	size_t count = 0;
	if (!text)
		return op_error_no_memory();
	struct op_error *err = op_debug_functions_named(s->body.info, text, false, &found, &count);
	*ret_found = !err && count;
	if (*ret_found)
		*ret = (struct op_guest_name){.kind = OP_GUEST_FUNCTION};
	return err;
}

static struct op_error *name(void *context, const char *file, const char *text, size_t size,
			     bool *ret_found, struct op_guest_name *ret)
{
	struct op_session_scope *s = scope_of(context);
	struct op_debug_variable variable;
	struct op_error *err =
		file ? find_in_file(s, file, text, size, ret_found, &variable)
		     : op_debug_variable_named(s->body.info, s->body.body, s->body.pc, text, size,
					       ret_found, &variable);
	if (err)
		return err;
	if (*ret_found)
		return take_variable(s, &variable, ret);
	return file ? NULL : find_function(s, text, size, ret_found, ret);
}

static struct op_error *static_member(void *context, const struct op_type_member *member,
				      struct op_guest_name *ret)
{
	struct op_session_scope *s = scope_of(context);
	const struct op_debug_variable variable = {
		.kind = OP_DEBUG_GLOBAL, .die = member->die, .name = member->name};
	*ret = (struct op_guest_name){
		.kind = OP_GUEST_VARIABLE, .debug = variable, .type = member->type};
	return op_source_locate(s->body.module, s->body.info, &variable, s->body.pc,
				&ret->location);
}

// Types ---------------------------------------------------------------------------------------

static struct op_error *type(void *context, const char *text, size_t size,
			     const struct op_type **ret)
{
	struct op_session_scope *s = scope_of(context);
	struct op_die die;
	bool found = false;
	*ret = NULL;
	struct op_error *err = op_debug_type_named(s->body.info, s->body.body, s->body.pc, text,
						   size, &found, &die);
	return err || !found ? err : op_debug_type(s->body.info, die, ret);
}

static struct op_error *complete(void *context, const struct op_type *type)
{
	return op_type_complete(scope_of(context)->body.info, type);
}

static struct op_error *pointer_to(void *context, const struct op_type *target,
				   const struct op_type **ret)
{
	return op_type_pointer_to(scope_of(context)->body.info, target, ret);
}

static struct op_error *const_of(void *context, const struct op_type *target,
				 const struct op_type **ret)
{
	return op_type_const_of(scope_of(context)->body.info, target, ret);
}

static struct op_error *array_of(void *context, const struct op_type *element, uint64_t count,
				 const struct op_type **ret)
{
	return op_type_array_of(scope_of(context)->body.info, element, count, ret);
}

// Values --------------------------------------------------------------------------------------

static bool history(void *context, uint64_t number, struct op_guest_value *ret)
{
	const struct op_result *kept = op_history_result(scope_of(context)->session, number);
	const struct op_source_value *value = kept ? kept->guest_value : NULL;
	if (!value || value->place == OP_SOURCE_VALUE_MISSING || value->is_bit_field)
		return false;
	*ret = (struct op_guest_value){
		.type = value->type,
		.in_memory = value->place == OP_SOURCE_VALUE_MEMORY,
		.memory = value->memory,
		.address = value->address,
		.bytes = value->bytes,
		.size = value->size,
	};
	return true;
}

static struct op_error *value_now(void *context, const struct op_expression *expression,
				  struct op_operand *ret)
{
	struct op_session_scope *s = scope_of(context);
	struct op_session_source source;
	op_session_source_init(&source, s->session, s->frame);
	return op_expression_evaluate(expression, &source.source, ret);
}

// Places --------------------------------------------------------------------------------------

// Without a frame: the instance's module, for its globals and types.
static struct op_error *body_of_instance(struct op_session_scope *s)
{
	struct op_scope scope;
	const struct op_wasm_module *wasm;
	struct op_error *err = op_state_module_scope(s->session, NULL, &scope, &wasm);
	if (err) {
		// Where nothing is selected there are no names of the guest's.
		op_error_destroy(err);
		return NULL;
	}
	for (size_t i = 0; i < s->session->modules.count; i++) {
		struct op_module_entry *module = s->session->modules.data[i];
		if (module->wasm == wasm) {
			s->body.module = module;
			return op_source_info(s->session, module, &s->body.info);
		}
	}
	return NULL;
}

static struct op_error *body_at(struct op_session_scope *s, uint32_t pc)
{
	// The entry is the session's own; a scope only reads it.
	struct op_module_entry *module = (struct op_module_entry *)s->module;
	size_t count = 0;
	s->body.module = module;
	s->body.pc = pc;
	struct op_error *err = op_source_info(s->session, module, &s->body.info);
	if (!err && s->body.info)
		err = op_debug_functions_at(s->body.info, pc, &s->bodies, &count);
	if (!err && count)
		s->body.body = &s->bodies[0];
	return err;
}

static enum op_debug_language language(const struct op_session_scope *s)
{
	const struct op_debug_unit *units;
	size_t count;
	if (s->body.body)
		return s->body.body->language;
	struct op_error *err _cleanup_error_ = op_debug_units(s->body.info, &units, &count);
	return err || !count ? OP_LANGUAGE_OTHER : units[0].language;
}

static struct op_error *keep_body_name(struct op_session_scope *s)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, s->body.body->name, strlen(s->body.body->name));
	return op_text_steal(&text, &s->body_name);
}

struct op_error *op_session_scope_add_guest(struct op_session_scope *s, uint32_t pc)
{
	struct op_error *err;
	if (!s->frame && !s->module)
		err = body_of_instance(s);
	else if (s->frame)
		err = s->frame->kind == OP_FRAME_WASM
			      ? op_source_body(s->session, s->frame, &s->body)
			      : NULL;
	else
		err = body_at(s, pc);
	if (!err && !s->body.info && s->module)
		s->scope.no_guest = op_source_missing(s->module);
	if (err || !s->body.info)
		return err;
	if (s->body.body)
		err = keep_body_name(s);
	if (err)
		return err;
	bool at_place = s->module && !s->frame;
	s->guest = (struct op_expression_guest){
		.context = s,
		.language = language(s),
		.function = s->body_name,
		.name = name,
		.static_member = static_member,
		.type = type,
		.complete = complete,
		.pointer_to = pointer_to,
		.const_of = const_of,
		.array_of = array_of,
		.history = history,
		.value_now = at_place ? NULL : value_now,
	};
	s->scope.guest = &s->guest;
	return NULL;
}
