// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for what the C++ standard library has whose type is no longer in its own: std::function
// and std::any; see source_pretty_cxx.h. Only code knows what they hold, an instance of a template
// that was made with the type: the debug information of the function that such an object leads to
// says which. Functions are told by their names, and what they lead to is checked before it is
// believed.
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/wasm/module.h"
#include "tracer/expression_guest.h"
#include "tracer/session.h"
#include "tracer/source.h"
#include "tracer/source_pretty_cxx.h"

enum {
	/** Of the vtable of libc++'s __function::__base: in front of it are two destructors, two
	 * __clone(), destroy() and destroy_deallocate(). */
	CALL_SLOT = 6,
};

/** A function of the value's module. */
struct code {
	struct op_debug_function function;
	const char *name; // demangled, from the module's names; NULL: none
};

// Finding the function ------------------------------------------------------------------------

static struct op_error *body_at(struct op_debug_info *info, uint32_t pc, struct code *ret,
				bool *ret_found)
{
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count;
	struct op_error *err = op_debug_functions_at(info, pc, &bodies, &count);
	// The last one is the function, and the others are inlined where it begins.
	*ret_found = !err && count;
	if (*ret_found)
		ret->function = bodies[count - 1];
	return err;
}

// Which function an index of the table means, when that is in the value's module and its name fits.
static struct op_error *find_code(struct op_pretty *p, uint64_t index, const char *pattern,
				  struct code *ret, bool *ret_found)
{
	struct op_module_entry *module;
	struct op_wasm_body body;
	struct op_debug_info *info = NULL;
	uint32_t function;
	*ret_found = false;
	struct op_error *err = op_render_guest_function(p->x, index, &module, &function);
	if (!err && module)
		err = op_source_info(p->x->session, module, &info);
	if (err || !info || info != p->value->info || !module->wasm ||
	    !op_wasm_module_function_body(module->wasm, function, &body))
		return err;
	err = body_at(info, body.code_start, ret, ret_found);
	if (err || !*ret_found)
		return err;
	*ret_found = ret->function.name && !fnmatch(pattern, ret->function.name, 0);
	return *ret_found ? op_render_plain_name(p->x, module, function, &ret->name) : NULL;
}

static struct op_error *unknown(struct op_pretty *p, uint64_t index)
{
	return op_pretty_refuse(p,
				"what it holds is not known: function 0x%" PRIx64
				" of the guest's table is none that outpost knows there",
				index);
}

// std::function -------------------------------------------------------------------------------

/** What a std::function holds: an object around the callable one. */
struct callable {
	struct op_source_value base; // as its base class; owned
	struct code code;
	const struct op_type *type; // the object's
	uint64_t index;             // of the function that is called
};

static struct op_error *read_index(struct op_pretty *p, const struct callable *callable,
				   uint64_t *ret, bool *ret_found)
{
	const struct op_type *word = NULL;
	uint64_t table;
	struct op_error *err =
		op_pretty_number(p->x, &callable->base, "_vptr$__base", &table, ret_found);
	if (!err && *ret_found)
		err = op_pretty_target_type(p->x, &callable->base, "_vptr$__base", &word);
	const struct op_type *stripped = op_type_strip(word);
	if (err || !*ret_found || !stripped || !stripped->size) {
		*ret_found = false;
		return err;
	}
	struct op_source_value slot = op_pretty_at(p, word, table + CALL_SLOT * stripped->size);
	return op_pretty_number(p->x, &slot, "", ret, ret_found);
}

// The class that a method is of, by its first parameter.
static struct op_error *class_of(struct op_debug_info *info,
				 const struct op_debug_function *function,
				 const struct op_type **ret)
{
	_cleanup_free_ struct op_debug_variable *variables = NULL;
	size_t count;
	const struct op_type *type = NULL;
	*ret = NULL;
	struct op_error *err =
		op_debug_variables_at(info, function, function->low_pc, &variables, &count);
	if (err || !count || !variables[0].artificial || !variables[0].type.offset)
		return err;
	err = op_debug_type(info, variables[0].type, &type);
	type = op_type_strip(type);
	if (err || !type || type->kind != OP_TYPE_POINTER)
		return err;
	*ret = op_type_strip(type->target);
	return *ret ? op_type_complete(info, *ret) : NULL;
}

static bool begins_with(const struct op_type *type, const struct op_type *base)
{
	return type && type->kind == OP_TYPE_STRUCT && type->name && type->member_count &&
	       type->members[0].is_base && !type->members[0].is_virtual_base &&
	       !type->members[0].offset && op_type_same(type->members[0].type, base);
}

// The function of the vtable of libc++'s own class, which is a template of what is called.
static struct op_error *find_callable(struct op_pretty *p, struct callable *ret, bool *ret_found)
{
	static const char pattern[] = "std::*::__function::__func<*>::operator()*";
	struct op_error *err = find_code(p, ret->index, pattern, &ret->code, ret_found);
	if (!err && *ret_found)
		err = class_of(p->value->info, &ret->code.function, &ret->type);
	*ret_found = *ret_found && begins_with(ret->type, ret->base.type);
	return err;
}

// A plain function's name; false: that is not to be had.
static struct op_error *name_function(struct op_pretty *p, const struct op_source_value *target,
				      bool *ret_named)
{
	const struct op_type *type = op_type_strip(target->type);
	uint64_t index;
	const char *name = NULL;
	*ret_named = false;
	if (type->kind != OP_TYPE_POINTER || !op_type_is(type->target, OP_TYPE_FUNCTION))
		return NULL;
	struct op_error *err = op_pretty_number(p->x, target, "", &index, ret_named);
	if (!err && *ret_named)
		err = op_render_function_name(p->x, index, &name);
	if (err && op_source_is_fatal(err))
		return err;
	op_error_destroy(err);
	*ret_named = name != NULL;
	return name ? op_render_format(p->x, &p->node->summary, "std::function of %s", name) : NULL;
}

// "run()::$_0 (lambda at t.cc:5:7)": clang has no name for a lambda's type in the debug
// information, and the place of the lambda in its stead.
static struct op_error *name_class(struct op_pretty *p, const struct callable *callable)
{
	const char *plain = NULL, *typed = NULL, *name = callable->code.name;
	size_t plain_size = name ? op_cxx_first_argument(name, &plain) : 0;
	size_t typed_size = op_cxx_first_argument(callable->type->name, &typed);
	bool is_lambda = typed_size && typed[0] == '(' && plain_size;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, "std::function of ");
	if (is_lambda)
		op_text_printf(&text, "%.*s ", (int)plain_size, plain);
	if (typed_size)
		op_text_append_escaped(&text, typed, typed_size);
	return op_render_keep(p->x, &text, &p->node->summary);
}

// The first of a pair of older versions of the library, of which one that is empty is a base class.
static struct op_error *first_of_pair(struct op_pretty *p, const struct op_source_value *pair,
				      struct op_source_value *ret, bool *ret_found)
{
	_cleanup_source_value_ struct op_source_value first = {0};
	const struct op_type *type = op_type_strip(pair->type);
	*ret_found = false;
	struct op_error *err = op_type_complete(p->value->info, type);
	if (err || !type->member_count || !type->members[0].is_base)
		return err;
	err = op_source_value_member(p->x->session, p->x->frame, pair, &type->members[0], &first);
	if (!err)
		err = op_pretty_part(p->x, &first, "__value_", ret, ret_found);
	const struct op_type *base = op_type_strip(first.type);
	if (err || *ret_found || !base)
		return err;
	*ret_found = op_cxx_argument(base, 0) != NULL;
	if (*ret_found)
		*ret = op_pretty_at(p, op_cxx_argument(base, 0), first.address);
	return NULL;
}

static struct op_error *find_target(struct op_pretty *p, const struct callable *callable,
				    struct op_source_value *ret, bool *ret_found)
{
	struct op_source_value object = op_pretty_at(p, callable->type, callable->base.address);
	_cleanup_source_value_ struct op_source_value pair = {0};
	struct op_error *err = op_pretty_part(p->x, &object, "__func_", ret, ret_found);
	// libc++ 20 has an allocator beside it, older ones both as a pair.
	if (!err && !*ret_found)
		err = op_pretty_part(p->x, &object, "__f_.__func_", ret, ret_found);
	if (err || *ret_found)
		return err;
	err = op_pretty_part(p->x, &object, "__f_.__f_", &pair, ret_found);
	return err || !*ret_found ? err : first_of_pair(p, &pair, ret, ret_found);
}

static struct op_error *show_callable(struct op_pretty *p, struct callable *callable)
{
	struct op_source_value target = {0};
	bool found, named = false;
	struct op_error *err = find_callable(p, callable, &found);
	if (err || !found)
		return err ?: unknown(p, callable->index);
	err = find_target(p, callable, &target, &found);
	if (err || !found || !op_type_strip(target.type))
		return err ?: op_cxx_unknown_form(p);
	const struct op_type *type = op_type_strip(target.type);
	err = op_type_complete(p->value->info, type);
	if (!err)
		err = name_function(p, &target, &named);
	if (!err && !named)
		err = name_class(p, callable);
	bool is_empty = type->kind == OP_TYPE_STRUCT && !type->member_count;
	if (!err && !named && !is_empty)
		return op_pretty_only_child(p, "target", &target);
	op_source_value_deinit(&target);
	p->done = true;
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	return err;
}

struct op_error *op_pretty_function(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value pointer = {0};
	struct callable callable = {0};
	uint64_t address;
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "__f_.__f_", &pointer, &found);
	if (!err && found)
		err = op_pretty_number(p->x, &pointer, "", &address, &found);
	if (err || !found || !op_type_is(pointer.type, OP_TYPE_POINTER))
		return err ?: op_cxx_unknown_form(p);
	if (!address) {
		p->done = true;
		p->node->kind = OP_SOURCE_NODE_STRUCT;
		p->node->summary = "std::function (empty)";
		return NULL;
	}
	err = op_source_value_target(p->x->session, p->x->frame, &pointer, &callable.base);
	if (!err)
		err = read_index(p, &callable, &callable.index, &found);
	if (!err && !found)
		err = op_pretty_refuse(p,
				       "what it holds is not known: its object at 0x%" PRIx64
				       " has no vtable that can be read",
				       address);
	else if (!err)
		err = show_callable(p, &callable);
	op_source_value_deinit(&callable.base);
	return err;
}

// std::any ------------------------------------------------------------------------------------

// Where the object is: in the any itself where it is small.
static struct op_error *find_object(struct op_pretty *p, const struct code *code, uint64_t *ret,
				    bool *ret_found)
{
	_cleanup_source_value_ struct op_source_value buffer = {0};
	if (strstr(code->function.name, "_LargeHandler<"))
		return op_pretty_number(p->x, p->value, "__s_.__ptr", ret, ret_found);
	struct op_error *err = op_pretty_part(p->x, p->value, "__s_.__buf", &buffer, ret_found);
	*ret_found = *ret_found && (buffer.has_address || buffer.place == OP_SOURCE_VALUE_MEMORY);
	*ret = buffer.address;
	return err;
}

static struct op_error *show_object(struct op_pretty *p, const struct code *code)
{
	struct op_die die;
	const struct op_type *type = NULL;
	uint64_t address;
	bool found;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_error *err =
		op_debug_type_named(p->value->info, &code->function, code->function.low_pc, "_Tp",
				    strlen("_Tp"), &found, &die);
	if (!err && found)
		err = op_debug_type(p->value->info, die, &type);
	if (!err && found)
		err = find_object(p, code, &address, &found);
	if (err || !found || !type)
		return err ?: op_cxx_unknown_form(p);
	op_text_append(&text, "std::any of ");
	op_type_print(type, NULL, &text);
	err = op_render_keep(p->x, &text, &p->node->summary);
	if (err)
		return err;
	struct op_source_value object = op_pretty_at(p, type, address);
	return op_pretty_only_child(p, NULL, &object);
}

struct op_error *op_pretty_any(struct op_pretty *p)
{
	static const char pattern[] = "std::*::__any_imp::_*Handler<*>::__handle*";
	struct code code;
	uint64_t index;
	bool found;
	struct op_error *err = op_pretty_number(p->x, p->value, "__h_", &index, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	if (!index) {
		p->done = true;
		p->node->kind = OP_SOURCE_NODE_STRUCT;
		p->node->summary = "std::any without a value";
		return NULL;
	}
	err = find_code(p, index, pattern, &code, &found);
	if (err)
		return err;
	return found ? show_object(p, &code) : unknown(p, index);
}
