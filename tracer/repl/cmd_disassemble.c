// SPDX-License-Identifier: GPL-3.0-or-later
// disassemble: the instructions of a whole function.
#include <string.h>

#include "tracer/repl/listing.h"

static struct op_error *flavour_of(const char *format, enum op_disassembly_flavour *ret)
{
	static const struct {
		const char *letters;
		enum op_disassembly_flavour flavour;
	} flavours[] = {{"", OP_DISASSEMBLE_WASM},
			{"n", OP_DISASSEMBLE_NATIVE},
			{"m", OP_DISASSEMBLE_MIXED}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(flavours); i++) {
		if (strcmp(flavours[i].letters, format) == 0) {
			*ret = flavours[i].flavour;
			return NULL;
		}
	}
	return op_error_create(OP_ERROR_SYNTAX,
			       "\"/%s\": \"disassemble\" takes /n for native code or /m for both",
			       format);
}

static struct op_error *disassemble_run(struct op_repl *repl, const struct op_call *call)
{
	enum op_disassembly_flavour flavour = OP_DISASSEMBLE_WASM;
	struct op_named_function function;
	struct op_error *err = flavour_of(call->format, &flavour);
	if (!err)
		err = *call->rest ? op_repl_find_function(repl, call->rest, &function)
				  : op_repl_frame_function(repl, &function);
	if (err)
		return err;
	return op_listing_report(repl, &function, flavour,
				 &(struct op_listing_range){.whole = true}, NULL);
}

const struct op_command op_cmd_disassemble = {
	.name = "disassemble",
	.aliases = OP_ALIASES("disas"),
	.group = OP_GROUP_CODE,
	.args = "[/n | /m] [[MODULE!]FUNCTION]",
	.help = "Show the Wasm instructions of a function: the one named, or the selected "
		"frame's.\n"
		"/n shows the native code, /m both. => marks the frame's place, * a breakpoint.",
	.flags = OP_COMMAND_NEEDS_TARGET | OP_COMMAND_FORMAT,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = disassemble_run,
};
