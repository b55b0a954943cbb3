// SPDX-License-Identifier: GPL-3.0-or-later
// Frames and their variables out of the session, into the views that reports show. Part of repl.h.
#include <stdlib.h>
#include <string.h>

#include "tracer/repl/fatal.h"
#include "tracer/report/node.h"
#include "tracer/repl/repl.h"

void op_fetched_frame_deinit(struct op_fetched_frame *fetched)
{
	op_error_destroy(fetched->locals_error);
	op_error_destroy(fetched->operands_error);
	*fetched = (struct op_fetched_frame){0};
}

static void set_state_reason(struct op_variables_view *view, enum op_value_state state)
{
	view->reason = op_value_state_name(state);
	view->message = op_value_state_message(state);
}

static void set_error_reason(struct op_variables_view *view, const struct op_error *error)
{
	view->reason = op_error_code_name(error->code);
	view->message = error->message;
}

static struct op_error *fetch_locals(struct op_repl *repl, const struct op_frame *frame,
				     struct op_fetched_frame *fetched)
{
	struct op_variables_view *view = &fetched->view.locals;
	view->wanted = true;
	struct op_error *err = op_session_locals(repl->session, frame, &view->data, &view->count);
	if (err && op_error_is_fatal(err))
		return err;
	fetched->locals_error = err;
	if (err)
		set_error_reason(view, err);
	else if (frame->no_values && !view->count)
		set_state_reason(view, OP_VALUE_NOT_RECORDED);
	return NULL;
}

static struct op_error *fetch_operands(struct op_repl *repl, const struct op_frame *frame,
				       struct op_fetched_frame *fetched)
{
	struct op_variables_view *view = &fetched->view.operands;
	enum op_value_state state = OP_VALUE_PRESENT;
	view->wanted = true;
	struct op_error *err =
		op_session_operands(repl->session, frame, &view->data, &view->count, &state);
	if (err && op_error_is_fatal(err))
		return err;
	fetched->operands_error = err;
	if (err)
		set_error_reason(view, err);
	else if (state != OP_VALUE_PRESENT)
		set_state_reason(view, state);
	return NULL;
}

struct op_error *op_repl_fetch_frame(struct op_repl *repl, const struct op_frame *frame,
				     unsigned what, struct op_fetched_frame *ret)
{
	*ret = (struct op_fetched_frame){.view.frame = frame};
	if (frame->kind != OP_FRAME_WASM)
		return NULL;
	struct op_error *err = op_repl_fetch_source(repl, frame, &ret->view);
	if (!err && (what & OP_FETCH_ARGUMENTS))
		err = op_repl_fetch_arguments(repl, frame, &ret->view);
	bool instead = (what & OP_FETCH_ARGUMENTS) && !ret->view.arguments.wanted;
	if (!err && (instead || (what & OP_FETCH_LOCALS)))
		err = fetch_locals(repl, frame, ret);
	if (!err && (what & OP_FETCH_OPERANDS))
		err = fetch_operands(repl, frame, ret);
	if (err)
		op_fetched_frame_deinit(ret);
	return err;
}

unsigned op_repl_frame_parts(const struct op_repl *repl)
{
	if (repl->out.json)
		return OP_FETCH_LOCALS | OP_FETCH_OPERANDS | OP_FETCH_ARGUMENTS;
	return repl->settings.frame_arguments == OP_ARGUMENTS_NONE ? 0 : OP_FETCH_ARGUMENTS;
}

const char *op_repl_frame_instruction(struct op_repl *repl, const struct op_frame *frame)
{
	if (frame->kind != OP_FRAME_WASM || !frame->has_pc)
		return NULL;
	const char *text;
	uint32_t size;
	// Without bytecode there is no text; the frame's line has already said what is known.
	struct op_error *err _cleanup_error_ =
		op_session_instruction(repl->session, frame->module_id, frame->pc, &text, &size);
	return err ? NULL : text;
}

struct op_error *op_repl_report_selected(struct op_repl *repl)
{
	const struct op_frame *frame;
	struct op_error *err = op_session_selected_frame(repl->session, &frame);
	if (err)
		return err;
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	err = op_repl_fetch_frame(repl, frame, op_repl_frame_parts(repl), &fetched);
	if (err)
		return err;
	err = op_repl_fetch_text(repl, &fetched.view);
	if (err)
		return err;
	const char *instruction = op_repl_frame_instruction(repl, frame);
	if (repl->out.json) {
		op_frame_json(&repl->out.writer, "frame", &fetched.view);
		if (fetched.view.text)
			op_json_string(&repl->out.writer, "source", fetched.view.text);
		op_json_string(&repl->out.writer, "instruction", instruction);
		return NULL;
	}
	op_frame_text(&repl->out, &fetched.view);
	op_source_line_text(&repl->out, &fetched.view);
	if (instruction && !fetched.view.text)
		op_instruction_line(&repl->out, frame->pc, instruction);
	return NULL;
}

struct op_error *op_repl_settled_frame(struct op_repl *repl, const struct op_frame **ret)
{
	struct op_error *err = op_session_selected_frame(repl->session, ret);
	if (err || !(*ret)->in_flight)
		return err;
	bool carried = false;
	err = op_session_carry(repl->session, &carried);
	if (err)
		return err;
	if (!carried)
		op_output_notice(&repl->out, true,
				 "the thread could not be brought to the end of its instruction in "
				 "time: its operand stack is not known");
	return op_session_selected_frame(repl->session, ret);
}

/** That there is no frame is an answer; that it could not be looked for is not. */
static bool has_no_frame(const struct op_error *err)
{
	return err->code == OP_ERROR_STATE || err->code == OP_ERROR_NOT_FOUND ||
	       err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_SUCH_PROCESS;
}

const struct op_frame *op_repl_frame_or_null(struct op_repl *repl)
{
	if (op_session_state(repl->session) != OP_SESSION_STOPPED)
		return NULL;
	const struct op_frame *frame = NULL;
	struct op_error *err _cleanup_error_ = op_session_selected_frame(repl->session, &frame);
	if (!err)
		return frame;
	if (!has_no_frame(err)) {
		struct op_text text _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&text, "the selected frame is not known: %s", err->message);
		op_output_notice(&repl->out, true, text.data ?: err->message);
	}
	return NULL;
}

/** The frame to evaluate in; one with whole operands when they are asked for. */
static struct op_error *evaluation_frame(struct op_repl *repl, const char *expression,
					 const struct op_frame **ret)
{
	*ret = op_repl_frame_or_null(repl);
	if (*ret && (*ret)->in_flight && strstr(expression, "$stack"))
		return op_repl_settled_frame(repl, ret);
	return NULL;
}

struct op_error *op_repl_evaluate(struct op_repl *repl, const char *expression,
				  struct op_result *ret)
{
	const struct op_frame *frame;
	struct op_error *err = evaluation_frame(repl, expression, &frame);
	return err ? err : op_session_evaluate(repl->session, frame, expression, ret);
}

struct op_error *op_repl_evaluate_once(struct op_repl *repl, const char *expression,
				       struct op_result *ret)
{
	const struct op_frame *frame;
	struct op_error *err = evaluation_frame(repl, expression, &frame);
	return err ? err : op_session_evaluate_once(repl->session, frame, expression, ret);
}

struct op_error *op_repl_address(struct op_repl *repl, const char *expression, uint64_t *ret)
{
	unsigned float_size;
	return op_repl_address_of_floats(repl, expression, ret, &float_size);
}

struct op_error *op_repl_address_of_floats(struct op_repl *repl, const char *expression,
					   uint64_t *ret, unsigned *ret_size)
{
	struct op_result result;
	struct op_error *err = op_repl_evaluate_once(repl, expression, &result);
	if (err)
		return err;
	const struct op_value *value = &result.value;
	*ret_size = op_session_result_float_size(&result);
	if (value->state == OP_VALUE_NOT_RECORDED && result.guest_type)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\" is %s, and no address; &%s is where it is",
				       expression, result.guest_type, expression);
	if (value->state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_STATE,
				       "\"%s\" has no value to be used as an address: %s",
				       expression, op_value_state_message(value->state));
	if (value->type != OP_VALUE_I32 && value->type != OP_VALUE_I64)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\" is of type %s, an address is an integer", expression,
				       op_value_type_name(value->type));
	// An i32 is an unsigned address in a 32-bit memory (WebAssembly core specification, 4.4.7).
	*ret = op_value_bits(value);
	return NULL;
}

struct op_expand_limits op_repl_expand_limits(const struct op_repl *repl,
					      enum op_expand_width width)
{
	enum { LINE_ELEMENTS = 10 };
	const struct op_settings *settings = &repl->settings;
	struct op_expand_limits limits = {
		.depth = settings->object_depth ? settings->object_depth : UINT32_MAX,
		.elements = settings->print_elements ? settings->print_elements : SIZE_MAX};
	if (width == OP_EXPAND_FULL)
		return limits;
	limits.depth = 1;
	if (limits.elements > LINE_ELEMENTS)
		limits.elements = LINE_ELEMENTS;
	return limits;
}

struct op_source_limits op_repl_source_limits(const struct op_repl *repl, char format)
{
	const struct op_settings *settings = &repl->settings;
	return (struct op_source_limits){
		.depth = settings->print_depth ? settings->print_depth : UINT32_MAX,
		.elements = settings->print_elements ? settings->print_elements : SIZE_MAX,
		.repeats = settings->print_repeats ? settings->print_repeats : SIZE_MAX,
		.format = format,
		.plain = settings->print_raw,
		.object = settings->print_object};
}

static struct op_error *fetch_detail(struct op_repl *repl, const struct op_frame *frame,
				     const struct op_value *value, struct op_host_addr store,
				     char **ret)
{
	struct op_result result = {.value = *value, .store = store};
	struct op_expand_limits limits = op_repl_expand_limits(repl, OP_EXPAND_LINE);
	const struct op_value_node *node;
	struct op_error *err = op_session_expand(repl->session, frame, &result, &limits, &node);
	if (err || !op_node_leads_on(node))
		return err;
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	if (repl->out.json) {
		struct op_json json;
		op_json_init(&json, &text);
		op_node_json(&json, NULL, node);
	} else {
		op_node_text(&text, node, &(struct op_value_format){0});
	}
	return op_text_steal(&text, ret);
}

struct op_error *op_repl_fetch_exception(struct op_repl *repl, const struct op_event *event,
					 char **ret)
{
	bool thrown = event->caught == OP_CATCH_THROW || event->caught == OP_CATCH_UNCAUGHT;
	*ret = NULL;
	if (!thrown)
		return NULL;
	struct op_error *err = fetch_detail(repl, op_repl_frame_or_null(repl), &event->exception,
					    event->store, ret);
	if (!err || op_error_is_fatal(err))
		return err;
	op_error_destroy(err);
	return NULL;
}

void op_repl_details_free(char **details, size_t count)
{
	for (size_t i = 0; details && i < count; i++)
		free(details[i]);
	free(details);
}

struct op_error *op_repl_fetch_details(struct op_repl *repl, const struct op_frame *frame,
				       struct op_variables_view *view, char ***ret)
{
	*ret = NULL;
	if (view->reason || !view->count)
		return NULL;
	char **details = calloc(view->count, sizeof(*details));
	if (!details)
		return op_error_no_memory();
	for (size_t i = 0; i < view->count; i++) {
		const struct op_value *value = &view->data[i].value;
		// Numbers say all by themselves.
		if (value->state != OP_VALUE_PRESENT || value->type <= OP_VALUE_V128)
			continue;
		struct op_error *err =
			fetch_detail(repl, frame, value, (struct op_host_addr){0}, &details[i]);
		if (err) {
			op_repl_details_free(details, view->count);
			return err;
		}
	}
	view->details = (const char *const *)details;
	*ret = details;
	return NULL;
}
