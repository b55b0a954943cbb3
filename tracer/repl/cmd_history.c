// SPDX-License-Identifier: GPL-3.0-or-later
// history: the lines that were typed.
#include "tracer/repl/prompt.h"
#include "tracer/repl/repl.h"

static struct op_error *history_run(struct op_repl *repl, const struct op_call *call)
{
	uint64_t wanted;
	struct op_error *err = op_argument_number_or(call->rest, "a number of lines", 0, &wanted);
	if (err)
		return err;
	unsigned count = 0;
	while (repl->prompt_open && op_prompt_history(count))
		count++;
	unsigned first = wanted && wanted < count ? count - (unsigned)wanted : 0;
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "lines");
	for (unsigned i = first; i < count; i++) {
		if (repl->out.json)
			op_json_string(&repl->out.writer, NULL, op_prompt_history(i));
		else
			op_output_printf(&repl->out, "%5u  %s\n", i + 1, op_prompt_history(i));
	}
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	return NULL;
}

const struct op_command op_cmd_history = {
	.name = "history",
	.group = OP_GROUP_SUPPORT,
	.args = "[N]",
	.help = "Show the lines that were typed at the prompt, or the last N. Ctrl-R searches "
		"them.",
	.run = history_run,
};
