// SPDX-License-Identifier: GPL-3.0-or-later
// From an expression of the guest's language to a value: where it is, its bytes, and the number
// that it is. Keeps the values of results as long as they can be asked for.
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_parser.h"
#include "tracer/expression_session.h"
#include "tracer/watchpoint.h"

enum {
	/** What was shown is remembered as it was, up to this size; what is larger is read again.
	 */
	SNAPSHOT_SIZE_MAX = 64 << 10,
};

// Keeping -------------------------------------------------------------------------------------

struct guest_value {
	struct op_source_value value; // first: what results point to
	char *type_name;
};
struct op_guest_values {
	struct OP_ARRAY(struct guest_value *) kept;
	struct guest_value *once;
};

static void guest_value_destroy(struct guest_value *kept)
{
	if (!kept)
		return;
	op_source_value_deinit(&kept->value);
	free(kept->type_name);
	free(kept);
}

void op_guest_values_destroy(struct op_guest_values *values)
{
	if (!values)
		return;
	for (size_t i = 0; i < values->kept.count; i++)
		guest_value_destroy(values->kept.data[i]);
	free(values->kept.data);
	guest_value_destroy(values->once);
	free(values);
}

// The number of a value stays in the history when its type goes.
void op_guest_values_forget(struct op_session *session, const struct op_debug_info *info)
{
	struct op_guest_values *values = session->guest_values;
	op_watch_forget_types(session, info);
	size_t left = 0;
	for (size_t i = 0; values && i < values->kept.count; i++) {
		struct guest_value *kept = values->kept.data[i];
		if (info && kept->value.info != info) {
			values->kept.data[left++] = kept;
			continue;
		}
		op_history_forget_value(session, kept);
		guest_value_destroy(kept);
	}
	if (values)
		values->kept.count = left;
	if (values && values->once && (!info || values->once->value.info == info))
		guest_value_destroy(op_take(values->once));
}

static struct op_error *name_of(const struct op_type *type, char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_type_describe(type, &text);
	return op_text_steal(&text, ret);
}

struct op_error *op_guest_value_keep(struct op_session *session, struct op_source_value *value,
				     bool in_history, struct op_result *result)
{
	if (!session->guest_values)
		session->guest_values = calloc(1, sizeof(*session->guest_values));
	struct op_guest_values *values = session->guest_values;
	struct guest_value *kept = values ? calloc(1, sizeof(*kept)) : NULL;
	if (!kept)
		return op_error_no_memory();
	kept->value = *value;
	*value = (struct op_source_value){0};
	struct op_error *err = name_of(kept->value.type, &kept->type_name);
	if (!err && in_history && !op_array_push(&values->kept, kept))
		err = op_error_no_memory();
	if (err) {
		guest_value_destroy(kept);
		return err;
	}
	if (!in_history) {
		guest_value_destroy(values->once);
		values->once = kept;
	}
	result->guest_value = &kept->value;
	result->guest_type = kept->type_name;
	return NULL;
}

unsigned op_session_result_float_size(const struct op_result *result)
{
	const struct guest_value *kept = result->guest_value;
	const struct op_type *type = kept ? op_type_strip(kept->value.type) : NULL;
	if (op_type_is(type, OP_TYPE_POINTER))
		type = op_type_strip(type->target);
	while (op_type_is(type, OP_TYPE_ARRAY))
		type = op_type_strip(type->target);
	return op_type_is(type, OP_TYPE_FLOAT) && type->has_size ? (unsigned)type->size : 0;
}

// Evaluating ----------------------------------------------------------------------------------

struct run {
	struct op_session_scope *scope;
	const struct op_expression *expression;
	struct op_session_source source;
};

static struct op_error *evaluate_node(struct run *run, const struct op_expression_node *node,
				      struct op_operand *ret)
{
	const struct op_expression expression = {.text = run->expression->text, .root = node};
	struct op_error *err = op_expression_evaluate(&expression, &run->source.source, ret);
	return err ?: op_operand_need_number(run->expression->text, ret);
}

static struct op_error *take_bytes(const void *bytes, size_t size, size_t wanted,
				   struct op_source_value *value)
{
	value->bytes = calloc(1, wanted ? wanted : 1);
	if (!value->bytes)
		return op_error_no_memory();
	if (bytes)
		memcpy(value->bytes, bytes, size < wanted ? size : wanted);
	value->size = wanted;
	value->place = OP_SOURCE_VALUE_BYTES;
	return NULL;
}

static size_t size_of(const struct op_type *type)
{
	type = op_type_strip(type);
	return type->has_size && type->size <= SNAPSHOT_SIZE_MAX ? (size_t)type->size : 0;
}

static struct op_error *in_memory(struct run *run, struct op_source_value *value)
{
	const struct op_term *term = &run->expression->term;
	struct op_operand address;
	struct op_error *err = evaluate_node(run, term->node, &address);
	if (err)
		return err;
	bool narrow = address.result.value.type == OP_VALUE_I32;
	value->place = OP_SOURCE_VALUE_MEMORY;
	value->memory = term->memory;
	value->address = narrow ? (uint32_t)address.integer : (uint64_t)address.integer;
	value->is_bit_field = term->is_bit_field;
	value->bit_offset = term->bit_offset;
	value->bit_size = term->bit_size;
	return NULL;
}

// A variable that is not in memory, or a part of it.
static struct op_error *of_variable(struct run *run, struct op_source_value *value)
{
	const struct op_term *term = &run->expression->term;
	const struct op_session_scope *scope = run->scope;
	const struct op_guest_variable *variable = term->variable;
	_cleanup_source_value_ struct op_source_value whole = {0};
	struct op_error *err = op_source_value_of(scope->session, scope->frame, scope->body.info,
						  &variable->debug, &whole);
	if (err)
		return err;
	if (term->type == variable->type && !term->offset && !term->is_bit_field) {
		*value = whole;
		whole = (struct op_source_value){0};
		return NULL;
	}
	const struct op_type_member part = {
		.type = term->type,
		.offset = term->offset,
		.is_bit_field = term->is_bit_field,
		.bit_offset = term->offset * 8 + term->bit_offset,
		.bit_size = term->bit_size,
	};
	return op_source_value_member(scope->session, scope->frame, &whole, &part, value);
}

static struct op_error *value_of_term(struct run *run, struct op_source_value *value)
{
	const struct op_term *term = &run->expression->term;
	*value = (struct op_source_value){.info = run->scope->body.info, .type = term->type};
	struct op_operand number;
	struct op_error *err;
	switch (term->kind) {
	case OP_TERM_MEMORY:
		return in_memory(run, value);
	case OP_TERM_VARIABLE:
	case OP_TERM_MISSING:
		return of_variable(run, value);
	case OP_TERM_BYTES:
		if (term->is_bit_field)
			break;
		return take_bytes(term->bytes, term->byte_count, size_of(term->type), value);
	default:
		break;
	}
	err = evaluate_node(run, run->expression->root, &number);
	return err
		       ?: take_bytes(number.result.value.bytes, sizeof(number.result.value.bytes),
				     size_of(term->type), value);
}

static struct op_error *refuse(const struct op_expression *expression, const char *what)
{
	return op_error_create(
		OP_ERROR_UNSUPPORTED, "\"%s\" is the name of a %s, and no value%s",
		expression->text, what,
		strcmp(what, "function") == 0
			? "; \"info line NAME\" and \"disassemble NAME\" show its code"
			: "");
}

// The number, where there is one; of an array its address, as C has it.
static struct op_error *number_of(struct run *run, const struct op_source_value *value,
				  struct op_operand *ret)
{
	if (run->expression->root)
		return evaluate_node(run, run->expression->root, ret);
	if (op_type_is(value->type, OP_TYPE_ARRAY) && value->place == OP_SOURCE_VALUE_MEMORY)
		*ret = op_operand_integer((int64_t)value->address,
					  value->address > UINT32_MAX ? OP_VALUE_I64 : OP_VALUE_I32,
					  true);
	else
		ret->result.value.state = value->place == OP_SOURCE_VALUE_MISSING
						  ? OP_VALUE_OPTIMISED_OUT
						  : OP_VALUE_NOT_RECORDED;
	return NULL;
}

struct op_error *op_expression_result(struct op_session_scope *scope,
				      const struct op_expression *expression,
				      struct op_operand *ret, struct op_source_value *ret_value)
{
	struct run run = {.scope = scope, .expression = expression};
	op_session_source_init(&run.source, scope->session, scope->frame);
	*ret = (struct op_operand){0};
	*ret_value = (struct op_source_value){0};
	if (expression->term.kind == OP_TERM_FUNCTION)
		return refuse(expression, "function");
	if (!expression->term.type && expression->root)
		return op_expression_evaluate(expression, &run.source.source, ret);
	struct op_error *err = value_of_term(&run, ret_value);
	ret_value->recovered |= run.source.recovered;
	ret_value->native |= scope->native;
	if (!err && ret_value->place != OP_SOURCE_VALUE_MISSING)
		err = number_of(&run, ret_value, ret);
	else if (!err)
		ret->result.value.state = OP_VALUE_OPTIMISED_OUT;
	if (err)
		op_source_value_deinit(ret_value);
	return err;
}

struct op_error *op_expression_as_shown(const struct op_expression *expression,
					struct op_source_value *value)
{
	const struct op_type *reference = expression->term.reference;
	if (!reference || value->place != OP_SOURCE_VALUE_MEMORY)
		return NULL;
	// A slice's reference is a struct, which the debug information says itself.
	struct op_source_value shown = {.info = value->info, .type = reference};
	struct op_error *err =
		take_bytes(&value->address, sizeof(value->address), size_of(reference), &shown);
	if (err)
		return err;
	op_source_value_deinit(value);
	*value = shown;
	return NULL;
}

struct op_error *op_session_expression_type(struct op_session *session,
					    const struct op_frame *frame, const char *text,
					    struct op_debug_info **ret_info,
					    const struct op_type **ret,
					    struct op_expression_type *ret_wasm)
{
	_cleanup_session_scope_ struct op_session_scope scope = {0};
	_cleanup_(op_expression_destroyp) struct op_expression *expression = NULL;
	struct op_error *err = op_expression_scope_of_frame(session, frame, &scope);
	if (!err)
		err = op_session_scope_parse_term(&scope, text, true, &expression);
	if (!err && expression->term.kind == OP_TERM_FUNCTION && !expression->term.type)
		err = refuse(expression, "function");
	if (err)
		return err;
	*ret_info = scope.body.info;
	*ret = expression->term.reference ?: expression->term.type;
	*ret_wasm = expression->root ? expression->root->type : (struct op_expression_type){0};
	return NULL;
}
