// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a way to use outpost runs in the sandbox, and for what: the process, the program or the
// file that its command line names.
#include <string.h>
#include <unistd.h>

#include "tracer/outpost.h"
#include "tracer/repl/mode.h"

static struct op_sandbox_options plan_of(const struct op_options *options)
{
	struct op_sandbox_options plan = {.size = sizeof(plan)};
	const char *target = options->arguments[0];
	if (!target)
		return plan;
	bool is_file = options->mode->takes_core   ? op_session_is_core_file(target)
		       : !options->mode->takes_pid ? access(target, F_OK) == 0
						   : false;
	if (options->mode->takes_command || options->has_command)
		plan.argv = (const char *const *)options->arguments;
	else if (op_mode_pid(target) && !is_file)
		plan.pid = op_mode_pid(target);
	else
		plan.file = target;
	return plan;
}

/**
 * Who is not root gains little: the one process has no more rights than the other one's target. A
 * prompt loses by it: half of its stops a second and more, files that are written, other programs.
 * A look at a process loses some milliseconds.
 */
static bool wanted(const struct op_options *options, const struct op_sandbox_options *plan)
{
	if (options->sandbox == OP_SANDBOX_DEFAULT)
		return options->mode->only_looks && plan->pid && geteuid() == 0;
	return options->sandbox == OP_SANDBOX_ON;
}

/** What must write files, and would find out when there is something to write. */
static struct op_error *check_sandbox(const struct op_options *options)
{
	const char *name = options->mode->name;
	const char *way = options->guard || !strcmp(name, "guard") ? "guard"
			  : !strcmp(name, "gcore")                 ? "gcore"
			  : options->output                        ? "trace-calls -o"
								   : NULL;
	return way ? op_error_create(OP_ERROR_UNSUPPORTED,
				     "outpost %s writes files, and nothing can be written in the "
				     "sandbox; start it with --no-sandbox",
				     way)
		   : NULL;
}

bool op_mode_enter_sandbox(const struct op_options *options)
{
	const struct op_sandbox_options plan = plan_of(options);
	if (!wanted(options, &plan))
		return true;
	struct op_error *err = check_sandbox(options);
	if (!err)
		err = op_sandbox_enter(&plan);
	if (!err)
		return true;
	struct op_repl repl;
	if (op_mode_open(&repl, options))
		op_mode_fail(&repl, options->mode->name, err);
	else
		op_error_destroy(err);
	op_mode_close(&repl, OP_EXIT_FAILED);
	return false;
}
