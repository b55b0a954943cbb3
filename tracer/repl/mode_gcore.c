// SPDX-License-Identifier: GPL-3.0-or-later
// outpost gcore: write a core file of a running process, which waits only for a copy of itself.
#include <inttypes.h>
#include <stdio.h>

#include "tracer/repl/mode.h"
#include "tracer/report/written_core.h"

static struct op_error *write_core(struct op_repl *repl, int64_t pid, const char *path)
{
	struct op_written_core written;
	struct op_error *err = op_session_write_core_of(repl->session, pid, path, NULL, &written);
	if (err)
		return err;
	if (!repl->out.json) {
		op_written_core_text(&repl->out, path, &written);
		return NULL;
	}
	struct op_json *json = op_output_begin_line(&repl->out);
	op_json_int(json, "pid", pid);
	op_written_core_json(json, path, &written);
	op_output_end_line(&repl->out);
	return NULL;
}

static int gcore_mode(const struct op_options *options)
{
	struct op_repl repl;
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		int64_t pid = op_mode_pid(options->arguments[0]);
		char name[64];
		snprintf(name, sizeof(name), "core.%" PRId64, pid);
		struct op_error *err = write_core(
			&repl, pid, options->argument_count > 1 ? options->arguments[1] : name);
		status = err ? op_mode_fail(&repl, "gcore", err) : OP_EXIT_DONE;
	}
	return op_mode_close(&repl, status);
}

const struct op_mode op_mode_gcore = {
	.name = "gcore",
	.args = "PID [FILE]",
	.help = "write a core file of a running process, which runs on",
	.arguments_min = 1,
	.arguments_max = 2,
	.takes_pid = true,
	.run = gcore_mode,
};
