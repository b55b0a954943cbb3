// SPDX-License-Identifier: GPL-3.0-or-later
// info instructions: the Wasm instructions of a function, or around a place.
#include "tracer/repl/listing.h"

static struct op_error *instructions_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_named_function function;
	struct op_listing_range range = {.count = OP_LISTING_LINES, .whole = *call->rest};
	struct op_error *err = op_listing_choose(repl, call->rest, &function, &range);
	return err ? err : op_listing_report(repl, &function, OP_DISASSEMBLE_WASM, &range, NULL);
}

const struct op_command op_info_instructions = {
	.name = "instructions",
	.group = OP_GROUP_CODE,
	.args = "[[MODULE!]FUNCTION]",
	.help = "Show the Wasm instructions around the selected frame's place, or all of a "
		"function.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = instructions_run,
};
