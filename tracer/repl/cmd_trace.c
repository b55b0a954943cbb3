// SPDX-License-Identifier: GPL-3.0-or-later
// trace: note the instructions that are executed. info trace: the last ones.
#include <inttypes.h>
#include <string.h>

#include "tracer/repl/repl.h"

static struct op_error *trace_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	uint64_t length = 0;
	const char *pattern = NULL;
	struct op_error *err = op_argument_words(call->rest, &words);
	for (char **word = words; !err && *word; word++) {
		if (!strcmp(*word, "-last"))
			err = word[1] ? op_argument_number(*++word, "a number of instructions",
							   &length)
				      : op_error_create(OP_ERROR_SYNTAX,
							"-last needs a number of instructions");
		else if (!strcmp(*word, "-all"))
			pattern = "";
		else if (!pattern)
			pattern = *word;
		else
			err = op_error_create(OP_ERROR_SYNTAX, "\"%s\" is one word too many",
					      *word);
	}
	if (!err && !pattern)
		err = op_error_create(OP_ERROR_SYNTAX,
				      "trace what? A pattern of functions' names, or -all");
	const struct op_breakpoint *trace;
	if (!err)
		err = op_session_trace(repl->session, pattern, length, &trace);
	if (err)
		return err;
	op_repl_report_set(repl, trace);
	return NULL;
}

const struct op_command op_cmd_trace = {
	.name = "trace",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "PATTERN | -all [-last N]",
	.help = "Note the last instructions (256, or N) that the program executes in the functions "
		"whose\n"
		"names match the pattern (* and ?), or in all, without stopping it. \"info trace\" "
		"shows them.\n"
		"Needs code that was compiled for guest-debug.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = trace_run,
};

static void entry_text(struct op_output *out, const struct op_trace_entry *entry,
		       const struct op_trace_entry *before, const char *text)
{
	bool same = before && before->module_id == entry->module_id &&
		    before->function_index == entry->function_index;
	if (!same) {
		op_output_styled(out, OP_STYLE_FUNCTION, "%s", entry->function);
		op_output_printf(out, " in %s:\n", entry->module);
	}
	op_output_printf(out, "   ");
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, entry->pc);
	op_output_printf(out, ": %s\n", text);
	op_output_drain(out);
}

static void entry_json(struct op_json *json, const struct op_trace_entry *entry, const char *text)
{
	op_json_begin_object(json, NULL);
	op_json_string(json, "module", entry->module);
	op_json_string(json, "function", entry->function);
	op_json_uint(json, "function_index", entry->function_index);
	op_json_uint(json, "pc", entry->pc);
	op_json_string(json, "instruction", text);
	op_json_end_object(json);
}

static struct op_error *info_trace_run(struct op_repl *repl, const struct op_call *call)
{
	enum { DEFAULT_LIMIT = 20 };
	uint64_t limit;
	const struct op_trace_entry *entries;
	size_t count;
	struct op_error *err = op_argument_number_or(call->rest, "a number of instructions",
						     DEFAULT_LIMIT, &limit);
	if (!err)
		err = op_session_trace_entries(repl->session, (size_t)limit, &entries, &count);
	if (err)
		return err;
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "trace");
	for (size_t i = 0; i < count; i++) {
		const char *text;
		uint32_t size;
		err = op_session_instruction(repl->session, entries[i].module_id, entries[i].pc,
					     &text, &size);
		// Without the module's bytes the place alone is known.
		if (err)
			text = "";
		op_error_destroy(err);
		if (repl->out.json)
			entry_json(&repl->out.writer, &entries[i], text);
		else
			entry_text(&repl->out, &entries[i], i ? &entries[i - 1] : NULL, text);
	}
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	else if (!count)
		op_output_printf(&repl->out, "Nothing was executed since the trace began.\n");
	return NULL;
}

const struct op_command op_info_trace = {
	.name = "trace",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[N]",
	.help = "Show the last N (20) instructions that were traced where the selected frame's "
		"code "
		"runs,\n"
		"oldest first; 0: all that were noted.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = info_trace_run,
};
