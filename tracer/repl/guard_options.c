// SPDX-License-Identifier: GPL-3.0-or-later
#include "tracer/repl/guard_options.h"

#include <string.h>

#include "tracer/repl/arguments.h"
#include "tracer/repl/guard_files.h"
#include "tracer/repl/guard_limit.h"

enum { PER_MINUTE = 10 };

static const char default_report[] = "outpost-guard-%p-%t-%n.txt";

static const struct {
	const char *name, *catchpoint;
	bool usual; /**< without --on */
} causes[OP_GUARD_CAUSES] = {
	[OP_GUARD_TRAP] = {"trap", "trap", true},
	[OP_GUARD_UNCAUGHT] = {"throw-uncaught", "uncaught", true},
	// Those that say that the program has made a mistake (man 7 signal, action Core), but for
	// what people send.
	[OP_GUARD_SIGNAL] = {"signal", "signal SIGSEGV SIGBUS SIGILL SIGFPE SIGABRT SIGSYS", true},
	[OP_GUARD_EXIT] = {"exit", "exit", false},
};

const char *op_guard_cause_name(enum op_guard_cause cause)
{
	return causes[cause].name;
}

const char *op_guard_cause_catchpoint(enum op_guard_cause cause)
{
	return causes[cause].catchpoint;
}

static struct op_error *parse_causes(const char *text, bool *ret)
{
	for (int i = 0; !text && i < OP_GUARD_CAUSES; i++)
		ret[i] = causes[i].usual;
	while (text) {
		size_t size = strcspn(text, ",");
		bool known = false;
		for (int i = 0; i < OP_GUARD_CAUSES; i++) {
			if (strlen(causes[i].name) != size || strncmp(causes[i].name, text, size))
				continue;
			ret[i] = known = true;
		}
		if (!known)
			return op_error_create(OP_ERROR_SYNTAX,
					       "--on takes trap, throw-uncaught, signal and exit, "
					       "with commas between them, not \"%.*s\"",
					       (int)size, text);
		text = text[size] ? text + size + 1 : NULL;
	}
	return NULL;
}

static struct op_error *parse_limit(const char *text, unsigned *ret)
{
	uint64_t number = PER_MINUTE;
	struct op_error *err =
		text ? op_argument_number(text, "a number of reports", &number) : NULL;
	if (!err && number > OP_GUARD_LIMIT_MAX)
		err = op_error_create(OP_ERROR_SYNTAX,
				      "--limit can be %d reports in a minute at most, 0 for any "
				      "number",
				      OP_GUARD_LIMIT_MAX);
	*ret = (unsigned)number;
	return err;
}

struct op_error *op_guard_plan_parse(const struct op_guard_words *words, struct op_guard_plan *ret)
{
	*ret = (struct op_guard_plan){
		.keep = words->keep,
		.report = words->report ?: default_report,
		.core = words->core,
		.wasm_core = words->wasm_core,
	};
	if (words->once && words->keep)
		return op_error_create(OP_ERROR_SYNTAX,
				       "--once and --keep exclude each other: one report, or one "
				       "for each event");
	struct op_error *err = parse_causes(words->on, ret->causes);
	if (!err)
		err = parse_limit(words->limit, &ret->per_minute);
	if (!err)
		err = op_guard_check_pattern("--report", ret->report);
	if (!err && ret->core)
		err = op_guard_check_pattern("--core", ret->core);
	if (!err && ret->wasm_core)
		err = op_guard_check_pattern("--wasm-core", ret->wasm_core);
	return err;
}
