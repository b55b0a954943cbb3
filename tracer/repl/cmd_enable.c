// SPDX-License-Identifier: GPL-3.0-or-later
// enable and disable: switch breakpoints on and off.
#include <string.h>

#include "tracer/repl/breakpoint_numbers.h"

/** How breakpoints are switched on. */
struct enabling {
	bool temporary;
	uint64_t stops; /**< 0: for ever */
};

static struct op_error *enable_one(struct op_repl *repl, uint32_t number,
				   const struct enabling *how)
{
	if (how->temporary)
		return op_session_breakpoint_make_temporary(repl->session, number);
	if (how->stops)
		return op_session_breakpoint_enable_for(repl->session, number, how->stops);
	return op_session_breakpoint_enable(repl->session, number, true);
}

/** Take "once", "delete" or "count N" off the front of the arguments. */
static struct op_error *parse_enabling(const char **text, struct enabling *ret)
{
	const char *rest = *text;
	char *word _cleanup_free_ = NULL;
	struct op_error *err = op_argument_word(&rest, &word);
	if (err || !word)
		return err;
	bool count = strcmp(word, "count") == 0;
	ret->temporary = strcmp(word, "delete") == 0;
	ret->stops = strcmp(word, "once") == 0;
	if (count) {
		char *number _cleanup_free_ = NULL;
		err = op_argument_word(&rest, &number);
		if (!err)
			err = op_argument_number(number ?: "", "a number of stops", &ret->stops);
		if (!err && !ret->stops)
			err = op_error_create(OP_ERROR_SYNTAX, "0 is not a number of stops");
	}
	if (err || (!ret->temporary && !ret->stops))
		return err;
	rest += strspn(rest, " \t");
	if (!*rest)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"enable %s\" needs the numbers of breakpoints", word);
	*text = rest;
	return NULL;
}

static struct op_error *enable_run(struct op_repl *repl, const struct op_call *call)
{
	struct enabling how = {0};
	struct op_number_list numbers _cleanup_number_list_ = {0};
	const char *text = call->rest;
	struct op_error *err = parse_enabling(&text, &how);
	if (!err)
		err = op_breakpoint_numbers(repl, text, &numbers);
	for (size_t i = 0; !err && i < numbers.count; i++)
		err = enable_one(repl, numbers.data[i], &how);
	if (!err)
		op_breakpoint_numbers_result(repl, &numbers);
	return err;
}

static struct op_error *disable_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_number_list numbers _cleanup_number_list_ = {0};
	struct op_error *err = op_breakpoint_numbers(repl, call->rest, &numbers);
	for (size_t i = 0; !err && i < numbers.count; i++)
		err = op_session_breakpoint_enable(repl->session, numbers.data[i], false);
	if (!err)
		op_breakpoint_numbers_result(repl, &numbers);
	return err;
}

const struct op_command op_cmd_enable = {
	.name = "enable",
	.aliases = OP_ALIASES("en"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[once | delete | count C] [N | N-M]...",
	.help = "Switch breakpoints on by number, or all of them.\n"
		"once: until they have stopped the program; count: until the Cth stop; then they "
		"are off again.\n"
		"delete: until they have stopped it, then they are gone.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = enable_run,
};

const struct op_command op_cmd_disable = {
	.name = "disable",
	.aliases = OP_ALIASES("dis"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[N | N-M]...",
	.help = "Switch breakpoints off by number, or all of them; they are kept.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = disable_run,
};
