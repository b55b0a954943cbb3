// SPDX-License-Identifier: GPL-3.0-or-later
// Conditions of breakpoints, evaluated from outside the target.
#include "tracer/condition.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/expression_session.h"

void op_condition_clear_places(struct op_condition *condition)
{
	for (size_t i = 0; i < condition->places.count; i++)
		op_expression_destroy(condition->places.data[i].expression);
	condition->places.count = 0;
}

void op_condition_deinit(struct op_condition *condition)
{
	op_condition_clear_places(condition);
	free(condition->places.data);
	free(condition->text);
}

// Parsing -------------------------------------------------------------------------------------

static bool any_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	(void)context, (void)name, (void)size;
	*ret = 0;
	return true;
}

static bool any_index(void *context, uint32_t index, struct op_expression_type *ret)
{
	(void)context, (void)index;
	*ret = (struct op_expression_type){0};
	return true;
}

static bool any_history(void *context, uint64_t number, struct op_operand *ret)
{
	(void)context, (void)number;
	*ret = (struct op_operand){.result = {.value = {.state = OP_VALUE_NOT_RECORDED}}};
	return true;
}

struct op_error *op_condition_check(const char *text)
{
	static const struct op_expression_scope anything = {
		.local_by_name = any_name,
		.local_type = any_index,
		.operand_type = any_index,
		.global_by_name = any_name,
		.global_type = any_index,
		.table_by_name = any_name,
		.history = any_history,
		.function = "",
	};
	_cleanup_(op_expression_destroyp) struct op_expression *expression = NULL;
	_cleanup_error_ struct op_error *err = op_expression_parse(text, &anything, &expression);
	if (err && (err->code == OP_ERROR_LIMIT || err->code == OP_ERROR_NO_MEMORY))
		return op_take(err);
	// What is no expression of Wasm's may be one of the guest's language.
	_cleanup_error_ struct op_error *senseless = op_expression_check(text);
	return err && err->code == OP_ERROR_SYNTAX ? op_take(senseless) : NULL;
}

static struct op_error *need_truth(enum op_value_type type)
{
	return type <= OP_VALUE_F64
		       ? NULL
		       : op_error_create(OP_ERROR_UNSUPPORTED,
					 "a value of type %s is neither true nor false",
					 op_value_type_name(type));
}

struct op_error *op_condition_add_place(struct op_session *session, struct op_condition *condition,
					struct op_module_entry *module, uint32_t function,
					uint32_t pc)
{
	_cleanup_session_scope_ struct op_session_scope scope = {0};
	_cleanup_(op_expression_destroyp) struct op_expression *expression = NULL;
	struct op_error *err = op_expression_scope_at(session, module, function, pc, &scope);
	if (!err)
		err = op_session_scope_parse(&scope, condition->text, &expression);
	if (!err && expression->root->type.known)
		err = need_truth(expression->root->type.type);
	if (err)
		return err;
	struct op_condition_place place = {module->info.id, function, pc, expression};
	if (!op_array_push(&condition->places, place))
		return op_error_no_memory();
	expression = NULL;
	return NULL;
}

struct op_error *op_condition_check_text(struct op_session *session,
					 const struct op_condition *condition,
					 struct op_module_entry *module, uint32_t function,
					 uint32_t pc)
{
	_cleanup_session_scope_ struct op_session_scope scope = {0};
	_cleanup_(op_expression_destroyp) struct op_expression *expression = NULL;
	struct op_error *err = op_expression_scope_at(session, module, function, pc, &scope);
	return err ?: op_session_scope_parse_term(&scope, condition->text, false, &expression);
}

// Evaluating ----------------------------------------------------------------------------------

static struct op_error *need_number(const struct op_operand *operand)
{
	const struct op_value *value = &operand->result.value;
	if (value->state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND, "its value is %s",
				       op_value_state_message(value->state));
	return need_truth(value->type);
}

const struct op_expression *op_condition_expression(const struct op_condition *condition,
						    uint32_t module_id, uint32_t function,
						    uint32_t pc)
{
	for (size_t i = 0; i < condition->places.count; i++) {
		const struct op_condition_place *place = &condition->places.data[i];
		if (place->module_id == module_id && place->function == function && place->pc == pc)
			return place->expression;
	}
	return NULL;
}

static struct op_error *evaluate_in(struct op_session *session,
				    const struct op_condition *condition,
				    const struct op_frame *frame, struct op_operand *ret)
{
	struct op_session_source source;
	op_session_source_init(&source, session, frame);
	const struct op_expression *parsed =
		frame->has_pc ? op_condition_expression(condition, frame->module_id,
							frame->function_index, frame->pc)
			      : NULL;
	if (parsed)
		return op_expression_evaluate(parsed, &source.source, ret);
	// Optimised code that was inlined: the frame is the outer function's, and so are its names.
	_cleanup_session_scope_ struct op_session_scope scope = {0};
	_cleanup_(op_expression_destroyp) struct op_expression *expression = NULL;
	struct op_error *err = op_expression_scope_of_frame(session, frame, &scope);
	if (!err)
		err = op_session_scope_parse(&scope, condition->text, &expression);
	return err ?: op_expression_evaluate(expression, &source.source, ret);
}

// What is asked where a thread has arrived: a number, or a text.
struct question {
	const struct op_condition *condition;
	struct op_error *(*ask)(struct op_session *session, const struct op_frame *frame,
				struct question *question);
	struct op_operand operand;
	struct op_text *text;
};

static struct op_error *ask_number(struct op_session *session, const struct op_frame *frame,
				   struct question *question)
{
	struct op_error *err = evaluate_in(session, question->condition, frame, &question->operand);
	return err ?: need_number(&question->operand);
}

static struct op_error *no_text(const char *text)
{
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "\"%s\" is no text, and no number or enumerator of the guest's "
			       "language",
			       text);
}

// "0x1234 \"text\"" is text; what has no quotes is as it is.
static struct op_error *append_unquoted(const struct op_source_node *node, const char *expression,
					struct op_text *ret)
{
	const char *text = node->problem ? NULL : node->text;
	if (!text)
		return no_text(expression);
	const char *first = strchr(text, '"'), *last = strrchr(text, '"');
	if (node->kind == OP_SOURCE_NODE_STRING && first && last > first)
		op_text_append_n(ret, first + 1, (size_t)(last - first - 1));
	else
		op_text_append(ret, text);
	return NULL;
}

struct op_error *op_condition_text_in(struct op_session *session, const struct op_frame *frame,
				      const char *text, struct op_text *ret)
{
	struct op_result result;
	const struct op_source_limits limits = {0};
	const struct op_source_node *node;
	struct op_error *err = op_session_evaluate_once(session, frame, text, &result);
	if (!err && !result.guest_value)
		err = no_text(text);
	if (!err)
		err = op_session_source_node(session, frame, &result, &limits, &node);
	return err ?: append_unquoted(node, text, ret);
}

static struct op_error *ask_text(struct op_session *session, const struct op_frame *frame,
				 struct question *question)
{
	return op_condition_text_in(session, frame, question->condition->text, question->text);
}

static struct op_error *ask_at(struct op_session *session, struct question *question,
			       uint64_t address, op_thread_id thread)
{
	const struct op_frame *frame;
	struct op_error *err = op_stacks_arrived(session, thread, address, &frame);
	return err ?: question->ask(session, frame, question);
}

static struct op_error *ask(struct op_session *session, struct question *question, uint64_t address,
			    op_thread_id thread)
{
	// What was read at earlier arrivals is not true any more.
	op_session_forget(session);
	// For this thread the target stands still: what needs that may be asked.
	enum op_session_state state = session->state;
	session->state = OP_SESSION_STOPPED;
	struct op_error *err;
	bool interrupted = false, again;
	do {
		err = ask_at(session, question, address, thread);
		// An interrupt ends work that may be long. This arrival comes only once, so it has
		// to have its answer; test_prompt.py interrupts conditions.
		again = false;
		if (session->cancel.requested) {
			session->cancel.requested = 0;
			interrupted = true;
			again = err;
		}
		if (again) {
			op_error_destroy(err);
			op_session_forget(session);
		}
	} while (again);
	session->state = state;
	op_session_forget(session);
	// One that came while the state was another has not reached the wait for the target.
	if (interrupted)
		op_session_interrupt(session);
	return err;
}

struct op_error *op_condition_value(struct op_session *session,
				    const struct op_condition *condition, uint64_t address,
				    op_thread_id thread, struct op_operand *ret)
{
	struct question question = {.condition = condition, .ask = ask_number};
	struct op_error *err = ask(session, &question, address, thread);
	if (!err)
		*ret = question.operand;
	return err;
}

struct op_error *op_condition_text(struct op_session *session, const struct op_condition *condition,
				   uint64_t address, op_thread_id thread, struct op_text *ret)
{
	struct question question = {.condition = condition, .ask = ask_text, .text = ret};
	return ask(session, &question, address, thread);
}

struct op_error *op_condition_holds(struct op_session *session,
				    const struct op_condition *condition, uint64_t address,
				    op_thread_id thread, bool *ret)
{
	struct op_operand operand;
	struct op_error *err = op_condition_value(session, condition, address, thread, &operand);
	if (!err)
		*ret = op_operand_is_true(&operand);
	return err;
}

struct op_error *op_condition_value_in(struct op_session *session, const struct op_frame *frame,
				       const char *text, struct op_operand *ret)
{
	struct op_result result;
	struct op_error *err = op_session_evaluate_once(session, frame, text, &result);
	if (err)
		return err;
	*ret = op_operand_value(&result.value);
	return need_number(ret);
}

struct op_error *op_condition_is_true(struct op_session *session, const struct op_frame *frame,
				      const char *condition, bool *ret)
{
	struct op_operand operand;
	struct op_error *err = op_condition_value_in(session, frame, condition, &operand);
	if (!err)
		*ret = op_operand_is_true(&operand);
	return err;
}
