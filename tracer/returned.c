// SPDX-License-Identifier: GPL-3.0-or-later
// The value that a finished function returned; see returned.h. How types are returned is
// target-runtime/dwarf/returns.h's.
#include "tracer/returned.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_session.h"
#include "tracer/step_private.h"

void op_return_note_clear(struct op_return_note *note)
{
	free(note->unknown);
	*note = (struct op_return_note){.module = NULL};
}

// Before ---------------------------------------------------------------------------------------

// Where the value will be is the first argument, as long as it is one.
static struct op_error *read_address(struct op_session *session, const struct op_frame *frame,
				     const struct op_wasm_module *wasm, struct op_return_note *note)
{
	struct op_value value = {.state = OP_VALUE_NOT_RECORDED};
	if (!frame->has_pc || !op_wasm_module_local_is_argument(wasm, frame->pc, 0))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the function has used Wasm local 0, in which it was "
				       "passed, for something else (finish from its beginning)");
	struct op_error *err = op_session_local(session, frame, 0, &value);
	if (err)
		return err;
	if (value.state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "Wasm local 0, in which it was passed, "
				       "is %s",
				       op_value_state_message(value.state));
	note->address = op_value_bits(&value);
	return NULL;
}

static struct op_error *note_address(struct op_session *session, const struct op_frame *frame,
				     const struct op_wasm_module *wasm, struct op_return_note *note)
{
	struct op_error *err _cleanup_error_ = read_address(session, frame, wasm, note);
	if (!err)
		return NULL;
	if (op_source_is_fatal(err))
		return op_take(err);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, "a ");
	op_type_print(note->what.type, NULL, &text);
	op_text_printf(&text, " in memory whose address is not known: %s", err->message);
	return op_text_steal(&text, &note->unknown);
}

// The function itself, not a body that was inlined into it.
static struct op_error *find_return(const struct op_frame *frame, const struct op_wasm_module *wasm,
				    const struct op_wasm_type_def *signature,
				    struct op_return_note *note)
{
	struct op_debug_function *bodies _cleanup_free_ = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_functions_at(note->info, frame->pc, &bodies, &count);
	if (err || !count)
		return err;
	return op_debug_return(note->info, &bodies[count - 1], wasm, signature, &note->what);
}

static struct op_error *note_language(struct op_session *session, const struct op_frame *frame,
				      const struct op_wasm_module *wasm,
				      const struct op_wasm_type_def *signature,
				      struct op_return_note *note)
{
	struct op_module_entry *module = op_module_by_id(session, frame->module_id);
	if (!module || !frame->has_pc)
		return NULL;
	struct op_error *err = op_source_info(session, module, &note->info);
	if (err || !note->info)
		return err;
	note->module = module;
	note->virtual_frame = *op_frame_virtual(frame);
	note->frame = *frame;
	note->frame.internal = &note->virtual_frame;
	err = find_return(frame, wasm, signature, note);
	if (!err && note->what.way == OP_RETURN_IN_MEMORY)
		err = note_address(session, frame, wasm, note);
	return err;
}

struct op_error *op_return_note(struct op_session *session, const struct op_frame *frame,
				const struct op_wasm_module *wasm,
				const struct op_wasm_type_def *signature,
				struct op_return_note *ret)
{
	op_return_note_clear(ret);
	struct op_error *err = note_language(session, frame, wasm, signature, ret);
	if (!err)
		return NULL;
	op_return_note_clear(ret);
	if (op_source_is_fatal(err))
		return err;
	// Debug information that cannot be read keeps nobody from finishing a function.
	op_session_notice(session, OP_NOTICE_WARNING, "what %s returns is shown as Wasm has it: %s",
			  frame->function, err->message);
	op_error_destroy(err);
	return NULL;
}

// Afterwards -----------------------------------------------------------------------------------

static struct op_error *take_direct(const struct op_value *result, struct op_source_value *value)
{
	const struct op_type *type = op_type_strip(value->type);
	if (type->size > op_value_type_size(result->type))
		return op_error_create(OP_ERROR_FORMAT,
				       "%" PRIu64 " bytes are not in a result of type %s",
				       type->size, op_value_type_name(result->type));
	value->bytes = malloc(sizeof(result->bytes));
	if (!value->bytes)
		return op_error_no_memory();
	memcpy(value->bytes, result->bytes, sizeof(result->bytes));
	value->size = (size_t)type->size;
	value->place = OP_SOURCE_VALUE_BYTES;
	return NULL;
}

static bool is_number(enum op_value_type type)
{
	return type <= OP_VALUE_V128;
}

// What is a number to expressions is one in the history too.
static struct op_error *as_number(struct op_session *session, const struct op_frame *frame,
				  const struct op_source_value *value, struct op_result *ret)
{
	struct op_operand operand;
	struct op_error *err = op_source_value_operand(session, frame, value, &operand);
	if (err && op_source_is_fatal(err))
		return err;
	if (err)
		ret->value.state = OP_VALUE_NOT_RECORDED;
	else
		*ret = operand.result;
	op_error_destroy(err);
	return NULL;
}

static struct op_error *keep_guest(struct op_session *session, const struct op_return_note *note,
				   const struct op_value *result)
{
	_cleanup_source_value_ struct op_source_value value = {.info = note->info,
							       .type = note->what.type};
	struct op_error *err = NULL;
	if (result) {
		err = take_direct(result, &value);
	} else {
		value.place = OP_SOURCE_VALUE_MEMORY;
		value.address = note->address;
	}
	if (!err)
		err = as_number(session, &note->frame, &value, &session->returned);
	return err ?: op_history_keep(session, &note->frame, &value, &session->returned);
}

// A Wasm value without a type of the guest's; one that a collector moves is not kept.
static struct op_error *keep_wasm(struct op_session *session, const struct op_value *result)
{
	struct op_source_value none = {.type = NULL};
	session->returned = op_operand_value(result).result;
	return op_history_keep(session, NULL, &none, &session->returned);
}

struct op_error *op_returned_value(struct op_session *session, const struct op_return_note *note,
				   struct op_event *event)
{
	const struct op_value *result = event->result_count == 1 ? event->results : NULL;
	enum op_return_way way = note->module ? note->what.way : OP_RETURN_UNKNOWN;
	struct op_error *err = NULL;
	session->returned = (struct op_result){.history = 0};
	if (way == OP_RETURN_IN_MEMORY && !event->result_count && note->unknown)
		return op_step_results_missing(session, event, note->unknown);
	if ((way == OP_RETURN_DIRECT && result) ||
	    (way == OP_RETURN_IN_MEMORY && !event->result_count))
		err = keep_guest(session, note, result);
	else if (result && is_number(result->type) && result->state == OP_VALUE_PRESENT)
		err = keep_wasm(session, result);
	else
		return NULL;
	if (err)
		return err;
	event->returned = &session->returned;
	event->returned_frame = note->module ? &note->frame : NULL;
	return NULL;
}
