// SPDX-License-Identifier: GPL-3.0-or-later
// count: counters. info counts: what they counted.
#include <string.h>

#include "tracer/report/count.h"
#include "tracer/repl/repl.h"

static struct op_error *count_run(struct op_repl *repl, const struct op_call *call)
{
	const char *all = op_argument_option(call->rest, "-all"),
		   *functions = op_argument_option(call->rest, "-functions");
	if (!*call->rest)
		return op_error_create(OP_ERROR_SYNTAX,
				       "count what? A place as for \"break\", -all or -functions");
	const struct op_breakpoint *counter;
	struct op_error *err = op_session_count(repl->session,
						all         ? OP_COUNT_INSTRUCTIONS
						: functions ? OP_COUNT_FUNCTIONS
							    : OP_COUNT_PLACE,
						all         ? all
						: functions ? functions
							    : call->rest,
						&counter);
	if (err)
		return err;
	op_repl_report_set(repl, counter);
	return NULL;
}

const struct op_command op_cmd_count = {
	.name = "count",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "PLACE [if EXPRESSION] | -functions [PATTERN] | -all [PATTERN]",
	.help = "Count how often a place is executed; -functions: how often each function is "
		"called,\n"
		"-all: how often each instruction is executed, of all functions or of those whose "
		"names\n"
		"match the pattern (* and ?). \"info counts\" shows the counts. Code compiled for "
		"guest-debug\n"
		"counts in the program itself, without stopping.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = count_run,
};

struct counts_request {
	uint64_t number, limit;
	bool by_instruction;
	char *pattern;
};

static struct op_error *parse_request(const char *rest, struct counts_request *request)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(rest, &words);
	for (char **word = words; !err && *word; word++) {
		if (!strcmp(*word, "-instructions")) {
			request->by_instruction = true;
		} else if (!strcmp(*word, "-limit")) {
			err = word[1] ? op_argument_number(*++word, "a number of lines",
							   &request->limit)
				      : op_error_create(OP_ERROR_SYNTAX,
							"-limit needs a number of lines");
		} else if (**word >= '0' && **word <= '9') {
			err = op_argument_number(*word, "a counter's number", &request->number);
		} else if (!request->pattern) {
			request->pattern = strdup(*word);
			if (!request->pattern)
				err = op_error_no_memory();
		} else {
			err = op_error_create(OP_ERROR_SYNTAX, "\"%s\" is one word too many",
					      *word);
		}
	}
	if (!err && request->number > UINT32_MAX)
		err = op_error_create(OP_ERROR_NOT_FOUND, "there is no counter of that number");
	return err;
}

static struct op_error *counts_run(struct op_repl *repl, const struct op_call *call)
{
	enum { DEFAULT_LIMIT = 30 };
	struct counts_request request = {.limit = DEFAULT_LIMIT};
	struct op_error *err = parse_request(call->rest, &request);
	const struct op_count *counts;
	size_t count;
	if (!err)
		err = op_session_counts(repl->session, (uint32_t)request.number,
					request.by_instruction, request.pattern, &counts, &count);
	free(request.pattern);
	if (err)
		return err;
	if (repl->out.json)
		op_counts_json(&repl->out.writer, "counts", counts, count, request.by_instruction);
	else
		op_counts_text(&repl->out, counts, count, (size_t)request.limit,
			       request.by_instruction);
	return NULL;
}

const struct op_command op_info_counts = {
	.name = "counts",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[NUMBER] [-instructions] [-limit LINES] [PATTERN]",
	.help = "Show what the counters have counted, highest first: by function, or by "
		"instruction.\n"
		"A number chooses one counter, a pattern chooses functions.",
	.run = counts_run,
};
