// SPDX-License-Identifier: GPL-3.0-or-later
// print and output: the value of an expression.
#include <inttypes.h>

#include "tracer/repl/printed.h"

static struct op_error *print_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_printed printed;
	struct op_error *err = op_printed_evaluate(repl, call->command->name, call->format,
						   call->rest, true, &printed);
	if (err)
		return err;
	if (repl->out.json) {
		op_printed_json(repl, &repl->out.writer, &printed);
		return NULL;
	}
	// A history that is full numbers no more values.
	if (printed.result.history)
		op_output_printf(&repl->out, "$%" PRIu32 " = ", printed.result.history);
	op_printed_text(repl, &repl->out.text, &printed);
	op_output_printf(&repl->out, "\n");
	return NULL;
}

static struct op_error *output_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_printed printed;
	struct op_error *err = op_printed_evaluate(repl, call->command->name, call->format,
						   call->rest, false, &printed);
	if (err)
		return err;
	if (repl->out.json)
		op_printed_json(repl, &repl->out.writer, &printed);
	else
		op_printed_text(repl, &repl->out.text, &printed);
	return NULL;
}

const struct op_command op_cmd_print = {
	.name = "print",
	.aliases = OP_ALIASES("p"),
	.group = OP_GROUP_DATA,
	.args = "[/FORMAT] EXPRESSION",
	.help = "Show the value of an expression.\n"
		"Where the module has debug information it is one of the guest's language: "
		"variables, node->kind,\n"
		"a[i].b, *p, &x, (struct node *) 0x1234, sizeof(x), enumerators, ns::var, "
		"self.x, 'file.c'::var,\n"
		"name == \"text\"; *p@10 and a[2..5] show several elements.\n"
		"Wasm's own names work everywhere: of locals (a variable's comes first), $localN, "
		"$argN,\n"
		"$stackN (0 is the bottom), $global.NAME, $globalN, $pc, numbers, C's operators, "
		"casts as in (u8) n,\n"
		"and $mem[ADDRESS:TYPE] with TYPE i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 v128 "
		"($mem1[...]: memory 1).\n"
		"References are followed: .NAME, .fieldN and .N are fields, [3] is an element, "
		"[2..5] the elements 2, 3 and 4;\n"
		"$table.NAME[3] and $tableN[3] are elements of tables.\n"
		"$N is an earlier value, $ the last one, $$ the one before it, $$N so many before; "
		"$NAME what\n"
		"\"set $NAME = EXPRESSION\" has kept.\n"
		"FORMAT: x d u o t a c f z; the bits of a float are shown by the others than f. A "
		"v128 takes a lane too: b h w g.\n"
		"r: strings and containers as the structs that they are.",
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
