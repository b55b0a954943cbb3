// SPDX-License-Identifier: GPL-3.0-or-later
// ignore: let hits of a breakpoint pass.
#include <inttypes.h>
#include <stdlib.h>

#include "tracer/repl/breakpoint_numbers.h"

static struct op_error *ignore_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(call->rest, &words);
	if (err)
		return err;
	if (!words[0] || !words[1] || words[2])
		return op_error_create(
			OP_ERROR_SYNTAX,
			"\"ignore\" needs a breakpoint's number and a count: ignore 1 100");
	uint32_t number;
	uint64_t count;
	err = op_breakpoint_number(repl, words[0], &number);
	if (!err)
		err = op_argument_number(words[1], "a count of hits", &count);
	if (!err)
		err = op_session_breakpoint_ignore(repl->session, number, count);
	if (err)
		return err;
	if (repl->out.json) {
		op_json_uint(&repl->out.writer, "breakpoint", number);
		op_json_uint(&repl->out.writer, "ignore", count);
	} else {
		op_output_printf(&repl->out,
				 "The next %" PRIu64 " hits of breakpoint %" PRIu32
				 " are ignored.\n",
				 count, number);
	}
	return NULL;
}

const struct op_command op_cmd_ignore = {
	.name = "ignore",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "N COUNT",
	.help = "Let the next COUNT hits of breakpoint N pass; they are counted but do not stop "
		"the program.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = ignore_run,
};
