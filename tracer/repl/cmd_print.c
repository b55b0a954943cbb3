// SPDX-License-Identifier: GPL-3.0-or-later
// print and output: the value of an expression.
#include <inttypes.h>

#include "tracer/report/number.h"
#include "tracer/report/node.h"
#include "tracer/repl/repl.h"

static struct op_error *evaluate(struct op_repl *repl, const struct op_call *call,
				 struct op_value_format *format, struct op_result *ret,
				 const struct op_value_node **ret_node)
{
	struct op_examine_format parsed;
	struct op_error *err = op_argument_format(call->format, OP_NUMBER_FORMATS, &parsed);
	if (err)
		return err;
	if (parsed.count)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" takes no count; \"x\" does",
				       call->command->name);
	if (!*call->rest)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" needs an expression",
				       call->command->name);
	err = op_repl_evaluate(repl, call->rest, ret);
	if (err)
		return err;
	*format = (struct op_value_format){
		.letter = parsed.letter, .lane = parsed.unit, .is_unsigned = ret->is_unsigned};
	struct op_expand_limits limits = op_repl_expand_limits(repl, OP_EXPAND_FULL);
	return op_session_expand(repl->session, op_repl_frame_or_null(repl), ret, &limits,
				 ret_node);
}

static void place_json(struct op_json *json, const struct op_result *result)
{
	op_json_begin_object(json, "place");
	if (result->has_place) {
		op_json_uint(json, "memory", result->guest_memory);
		op_json_uint(json, "address", result->guest_offset);
	} else {
		op_json_hex(json, "host_address", result->place_address.value);
	}
	op_json_uint(json, "size", result->width);
	op_json_end_object(json);
}

static void show_json(struct op_repl *repl, const struct op_result *result,
		      const struct op_value_node *node, const struct op_value_format *format,
		      bool numbered)
{
	struct op_json *json = &repl->out.writer;
	op_typed_value_json(json, &result->value, result->is_unsigned);
	if (numbered)
		op_json_uint(json, "history", result->history);
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_node_text(&text, node, format);
	op_json_string(json, "text", text.data);
	op_node_json(json, "object", node);
	if (result->has_place || result->place_address.value)
		place_json(json, result);
}

static struct op_error *print_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_value_format format;
	struct op_result result;
	const struct op_value_node *node;
	struct op_error *err = evaluate(repl, call, &format, &result, &node);
	if (err)
		return err;
	if (repl->out.json) {
		show_json(repl, &result, node, &format, true);
		return NULL;
	}
	// A history that is full numbers no more values.
	if (result.history)
		op_output_printf(&repl->out, "$%" PRIu32 " = ", result.history);
	op_node_text(&repl->out.text, node, &format);
	op_output_printf(&repl->out, "\n");
	return NULL;
}

static struct op_error *output_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_value_format format;
	struct op_result result;
	const struct op_value_node *node;
	struct op_error *err = evaluate(repl, call, &format, &result, &node);
	if (err)
		return err;
	if (repl->out.json)
		show_json(repl, &result, node, &format, false);
	else
		op_node_text(&repl->out.text, node, &format);
	return NULL;
}

const struct op_command op_cmd_print = {
	.name = "print",
	.aliases = OP_ALIASES("p"),
	.group = OP_GROUP_DATA,
	.args = "[/FORMAT] EXPRESSION",
	.help = "Show the value of an expression.\n"
		"Names of locals, $localN, $argN, $stackN (0 is the bottom), $global.NAME, "
		"$globalN, "
		"$pc, $N (an earlier value), numbers,\n"
		"C's operators, casts as in (u8) n, and $mem[ADDRESS:TYPE] with TYPE i8 u8 i16 u16 "
		"i32 u32 i64 u64 f32 "
		"f64 v128 ($mem1[...]: memory 1).\n"
		"References are followed: .NAME, .fieldN and .N are fields, [3] is an element, "
		"[2..5] the elements 2, 3 and 4;\n"
		"$table.NAME[3] and $tableN[3] are elements of tables.\n"
		"FORMAT: x d u o t a c f z; the bits of a float are shown by the others than f. A "
		"v128 takes a lane too: b h w g.",
	.flags = OP_COMMAND_FORMAT,
	.complete = OP_COMPLETE_LOCALS,
	.run = print_run,
};

const struct op_command op_cmd_output = {
	.name = "output",
	.group = OP_GROUP_DATA,
	.args = "[/FORMAT] EXPRESSION",
	.help = "Show the value of an expression and nothing else: no $N, no end of line.",
	.flags = OP_COMMAND_FORMAT,
	.complete = OP_COMPLETE_LOCALS,
	.run = output_run,
};
