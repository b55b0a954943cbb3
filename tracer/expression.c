// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions of the public interface: evaluated in a frame, kept in the history, assigned to.
// Trees are parsed and interpreted in the other files named expression_*.
#include <ctype.h>
#include <string.h>

#include "tracer/expression_parser.h"
#include "tracer/expression_session.h"
#include "tracer/watchpoint.h"

enum {
	HISTORY_MAX = 10000,
	/** What was shown is remembered as it was, up to this size; what is larger is read again.
	 */
	SNAPSHOT_SIZE_MAX = 64 << 10,
};

// An expression in a frame, parsed and with what it has come to.
struct evaluated {
	struct op_session_scope scope;
	struct op_expression *expression;
	struct op_operand operand;
	struct op_source_value value; // type NULL: a value of Wasm's
};

static void evaluated_deinit(struct evaluated *evaluated)
{
	op_source_value_deinit(&evaluated->value);
	op_expression_destroy(evaluated->expression);
	op_session_scope_deinit(&evaluated->scope);
}
#define _cleanup_evaluated_ _cleanup_(evaluated_deinit)

static struct op_error *evaluate(struct op_session *session, const struct op_frame *frame,
				 const char *text, struct evaluated *ret)
{
	struct op_error *err = op_expression_scope_of_frame(session, frame, &ret->scope);
	if (!err)
		err = op_session_scope_parse_term(&ret->scope, text, false, &ret->expression);
	return err
		       ?: op_expression_result(&ret->scope, ret->expression, &ret->operand,
					       &ret->value);
}

// An address that begins with the frame's own base.
static bool is_in_frame(const struct op_term *term)
{
	const struct op_expression_node *node = term->node;
	if (term->kind != OP_TERM_MEMORY)
		return false;
	while (node->kind == OP_EXPRESSION_BINARY && node->binary == OP_OPERATOR_ADD)
		node = node->first;
	return node->kind == OP_EXPRESSION_LOCAL && node->of_location;
}

struct op_error *op_session_evaluate_once(struct op_session *session, const struct op_frame *frame,
					  const char *text, struct op_result *ret)
{
	_cleanup_evaluated_ struct evaluated evaluated = {0};
	struct op_error *err = evaluate(session, frame, text, &evaluated);
	if (!err && evaluated.value.type)
		err = op_expression_as_shown(evaluated.expression, &evaluated.value);
	if (err)
		return err;
	*ret = evaluated.operand.result;
	return evaluated.value.type ? op_guest_value_keep(session, &evaluated.value, false, ret)
				    : NULL;
}

struct op_error *op_expression_evaluate_place(struct op_session *session,
					      const struct op_frame *frame, const char *text,
					      struct op_result *ret, bool *ret_in_frame)
{
	_cleanup_evaluated_ struct evaluated evaluated = {0};
	struct op_error *err = evaluate(session, frame, text, &evaluated);
	if (err)
		return err;
	*ret = evaluated.operand.result;
	*ret_in_frame = is_in_frame(&evaluated.expression->term);
	return evaluated.value.type ? op_guest_value_keep(session, &evaluated.value, false, ret)
				    : NULL;
}

// $N is what was shown, also when the memory is something else by then.
static struct op_error *remember(struct op_session *session, const struct op_frame *frame,
				 struct op_source_value *value)
{
	const struct op_type *type = op_type_strip(value->type);
	if (type->has_size && type->size > SNAPSHOT_SIZE_MAX)
		return NULL;
	return op_source_value_read(session, frame, value);
}

struct op_error *op_history_keep(struct op_session *session, const struct op_frame *frame,
				 struct op_source_value *value, struct op_result *result)
{
	bool keeps = session->history.count < HISTORY_MAX;
	struct op_error *err = NULL;
	if (value->type && keeps)
		err = remember(session, frame, value);
	if (!err && value->type)
		err = op_guest_value_keep(session, value, keeps, result);
	if (err || !keeps)
		return err;
	result->history = (uint32_t)session->history.count + 1;
	return op_array_push(&session->history, *result) ? NULL : op_error_no_memory();
}

struct op_error *op_session_evaluate(struct op_session *session, const struct op_frame *frame,
				     const char *text, struct op_result *ret)
{
	_cleanup_evaluated_ struct evaluated evaluated = {0};
	struct op_error *err = evaluate(session, frame, text, &evaluated);
	struct op_result *result = &evaluated.operand.result;
	if (!err && evaluated.value.type)
		err = op_expression_as_shown(evaluated.expression, &evaluated.value);
	if (!err)
		err = op_history_keep(session, frame, &evaluated.value, result);
	if (!err)
		*ret = *result;
	return err;
}

// Locals and stack slots are mirrors that the compiled code writes and never reads (facts in
// docs/wasmtime.md).
static bool names_a_mirror(const char *place)
{
	while (isspace((unsigned char)*place))
		place++;
	return *place == '$' || isalpha((unsigned char)*place) || *place == '_';
}

static struct op_error *need_place(const struct op_operand *target, const char *place)
{
	if (target->result.has_place || target->result.place_address.value)
		return NULL;
	if (target->read_only)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be set: %s", place,
				       target->read_only);
	if (target->result.value.state != OP_VALUE_PRESENT &&
	    target->result.source != OP_SOURCE_NONE)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be set: it is %s", place,
				       op_value_state_message(target->result.value.state));
	if (names_a_mirror(place))
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"%s cannot be set: the compiled code keeps locals and the operand stack in "
			"registers, and what is recorded of them is only "
			"a copy",
			place);
	return op_error_create(OP_ERROR_SYNTAX,
			       "\"%s\" is no place: $mem[ADDRESS:TYPE], $global.NAME and fields of "
			       "objects can be set",
			       place);
}

// As Wasm sees it ------------------------------------------------------------------------------

static struct op_error *assign_wasm(struct op_session *session, const struct op_frame *frame,
				    const struct op_operand *target, const char *text,
				    struct op_operand *source)
{
	if (target->result.width == 16) {
		if (source->result.value.type != OP_VALUE_V128)
			return op_error_create(OP_ERROR_SYNTAX,
					       "only a v128 can be written to a v128");
	} else {
		struct op_access_type type = {NULL, target->result.value.type, target->result.width,
					      target->result.is_unsigned};
		struct op_error *err = op_operand_convert(text, &type, source);
		if (err)
			return err;
	}
	const uint8_t *bytes = source->result.value.bytes;
	if (target->result.has_place)
		return op_session_write_memory(session, frame, target->result.guest_memory,
					       target->result.guest_offset, bytes,
					       target->result.width);
	struct op_error *err = op_process_write(session->process, target->result.place_address,
						bytes, target->result.width);
	op_memory_cache_drop(session->cache);
	op_watch_reread(session);
	return err;
}

// As the guest's language sees it --------------------------------------------------------------

static struct op_error *not_in_memory(const struct evaluated *target, const char *place)
{
	const struct op_source_value *value = &target->value;
	if (value->place == OP_SOURCE_VALUE_MISSING)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be set: %s", place,
				       value->reason ?: "it has no value");
	if (target->expression->term.kind == OP_TERM_VARIABLE)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s cannot be set: it is not in linear memory here; the "
				       "compiled code keeps it in a register, and what is recorded "
				       "of it is only a copy",
				       place);
	return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is a value and no place: it cannot be set",
			       place);
}

// A bit-field's bytes are read, its bits put in, and the bytes written.
static struct op_error *write_bits(struct op_session *session, const struct op_frame *frame,
				   const struct op_source_value *target, uint64_t bits)
{
	uint8_t bytes[9];
	uint64_t address = target->address + target->bit_offset / 8;
	unsigned first = target->bit_offset % 8;
	size_t size = (first + target->bit_size + 7) / 8;
	if (!target->bit_size || target->bit_size > 64)
		return op_error_create(OP_ERROR_UNSUPPORTED, "a bit-field of %u bits cannot be set",
				       target->bit_size);
	struct op_error *err =
		op_session_read_memory(session, frame, target->memory, address, bytes, size);
	for (unsigned i = 0; !err && i < target->bit_size; i++) {
		uint8_t mask = (uint8_t)(1 << (first + i) % 8), *byte = &bytes[(first + i) / 8];
		*byte = bits >> i & 1 ? *byte | mask : *byte & (uint8_t)~mask;
	}
	return err ?: op_session_write_memory(session, frame, target->memory, address, bytes, size);
}

static struct op_error *assign_number(struct op_session *session, const struct op_frame *frame,
				      const struct op_source_value *target, const char *text,
				      struct op_operand *source)
{
	const struct op_access_type *access = op_type_access(target->type);
	struct op_error *err = op_operand_convert(text, access, source);
	// As C does it: whatever is not 0 is true.
	if (!err && op_type_is(target->type, OP_TYPE_BOOL))
		*source = op_operand_integer(op_operand_is_true(source), OP_VALUE_I32, true);
	if (!err && target->is_bit_field)
		return write_bits(session, frame, target, op_value_bits(&source->result.value));
	return err
		       ?: op_session_write_memory(session, frame, target->memory, target->address,
						  source->result.value.bytes, access->width);
}

// A struct, a union or an array of the same type.
static struct op_error *assign_whole(struct op_session *session, const struct op_frame *frame,
				     const struct op_source_value *target, const char *text,
				     struct op_source_value *source)
{
	if (!op_type_same(target->type, source->type))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s has another type than the place: only a value of the "
				       "same type can be set as a whole",
				       text);
	struct op_error *err = op_source_value_read(session, frame, source);
	if (!err && !op_source_value_is_known(source, 0, source->size))
		err = op_error_create(OP_ERROR_UNREADABLE, "a part of %s cannot be read", text);
	return err
		       ?: op_session_write_memory(session, frame, target->memory, target->address,
						  source->bytes, source->size);
}

// Text into an array of characters: with its NUL where that fits.
static struct op_error *assign_text(struct op_session *session, const struct op_frame *frame,
				    const struct op_source_value *target,
				    const struct op_term *text, const char *typed)
{
	const struct op_type *array = op_type_strip(target->type);
	uint64_t length = text->byte_count - 1;
	if (!op_type_is(array, OP_TYPE_ARRAY) || !array->target ||
	    op_type_strip(array->target)->size != 1)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s can only be written into an array of characters", typed);
	if (!array->has_count || length > array->count)
		return op_error_create(OP_ERROR_LIMIT,
				       "%s is longer than the array that it is to be written into",
				       typed);
	size_t size = (size_t)(length < array->count ? length + 1 : length);
	return op_session_write_memory(session, frame, target->memory, target->address, text->bytes,
				       size);
}

static struct op_error *assign_guest(struct op_session *session, const struct op_frame *frame,
				     struct evaluated *target, const char *place, const char *text)
{
	_cleanup_evaluated_ struct evaluated source = {0};
	if (target->value.place != OP_SOURCE_VALUE_MEMORY)
		return not_in_memory(target, place);
	struct op_error *err = evaluate(session, frame, text, &source);
	if (err)
		return err;
	if (source.expression->term.is_text)
		return assign_text(session, frame, &target->value, &source.expression->term, text);
	if (op_type_access(target->value.type))
		return assign_number(session, frame, &target->value, text, &source.operand);
	if (!source.value.type)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s cannot be set to a number: choose a part of it", place);
	return assign_whole(session, frame, &target->value, text, &source.value);
}

// A convenience variable: what it stands for is no place.
static struct op_error *assign_convenience(struct op_session *session, const struct op_frame *frame,
					   const char *place, const char *text)
{
	_cleanup_evaluated_ struct evaluated source = {0};
	struct op_error *err = evaluate(session, frame, text, &source);
	struct op_result *result = &source.operand.result;
	if (!err && source.value.type)
		err = remember(session, frame, &source.value);
	if (!err && source.value.type)
		err = op_guest_value_keep(session, &source.value, true, result);
	return err ?: op_history_set(session, place + 1, result);
}

static bool is_convenience(struct op_session *session, const char *place,
			   const struct op_error *problem)
{
	uint64_t number;
	if (!op_history_is_name(place) || op_parser_is_own_name(place + 1))
		return false;
	return problem ? problem->code == OP_ERROR_NOT_FOUND || problem->code == OP_ERROR_STATE
		       : op_history_find(session, place + 1, strlen(place + 1), &number);
}

struct op_error *op_session_assign(struct op_session *session, const struct op_frame *frame,
				   const char *place, const char *text)
{
	_cleanup_evaluated_ struct evaluated target = {0}, source = {0};
	// What is only kept needs no program.
	struct op_error *err = op_history_is_name(place) ? NULL : op_session_need_stopped(session);
	if (err)
		return err;
	err = evaluate(session, frame, place, &target);
	if (is_convenience(session, place, err)) {
		op_error_destroy(err);
		return assign_convenience(session, frame, place, text);
	}
	if (!err && target.value.type)
		return assign_guest(session, frame, &target, place, text);
	if (!err)
		err = need_place(&target.operand, place);
	if (!err)
		err = evaluate(session, frame, text, &source);
	return err ?: assign_wasm(session, frame, &target.operand, text, &source.operand);
}
