// SPDX-License-Identifier: GPL-3.0-or-later
// The program outpost: reads the command line and hands over to one of the ways to use it. Built on
// outpost.h like every front end.
#include <stdio.h>

#include "tracer/outpost.h"
#include "tracer/repl/mode.h"

static int usage(struct op_error *err)
{
	fprintf(stderr, "error: %s\n", err->message);
	op_error_destroy(err);
	return OP_EXIT_USAGE;
}

static int dispatch(const struct op_options *options)
{
	if (options->help) {
		op_options_help(stdout);
		return OP_EXIT_DONE;
	}
	if (options->version) {
		printf("outpost %s\n", op_version());
		return OP_EXIT_DONE;
	}
	if (options->dump_commands) {
		struct op_error *err = op_options_dump_commands(stdout, options->dump_commands);
		return err ? usage(err) : OP_EXIT_DONE;
	}
	return options->mode->run(options);
}

int main(int argc, char **argv)
{
	struct op_options options;
	struct op_error *err = op_options_parse(argc, argv, &options);
	int status = err ? usage(err) : dispatch(&options);
	op_options_deinit(&options);
	if (fflush(stdout) != 0 && status == OP_EXIT_DONE)
		status = OP_EXIT_FAILED;
	return status;
}
