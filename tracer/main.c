// SPDX-License-Identifier: GPL-3.0-or-later
// The program outpost: reads the command line and hands over to one of the ways to use it. Built on
// outpost.h like every front end.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "tracer/outpost.h"
#include "tracer/repl/mode.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#else
#define HAS_ASAN 0
#endif
#if HAS_ASAN
// A build with sanitizers looks for leaks at its end by tracing itself, which the sandbox does not
// let it (<sanitizer/lsan_interface.h>).
OP_API int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	struct op_error *err = op_sandbox_refuse("look for leaks");
	op_error_destroy(err);
	return err != NULL;
}
#endif

// A file that is opened must not get the number of a standard one that the caller has closed: a
// core file would be read as commands, or have the output written into it. What reads finds the
// end, and what writes fails, as it would have.
static bool hold_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
			return false;
	return true;
}

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
	if (!op_mode_enter_sandbox(options))
		return OP_EXIT_FAILED;
	int status = options->mode->run(options);
	op_sandbox_leave();
	return status;
}

int main(int argc, char **argv)
{
	struct op_options options;
	if (!hold_standard_files())
		return OP_EXIT_FAILED;
	struct op_error *err = op_options_parse(argc, argv, &options);
	int status = err ? usage(err) : dispatch(&options);
	op_options_deinit(&options);
	if (fflush(stdout) != 0 && status == OP_EXIT_DONE) {
		fprintf(stderr, "error: the output cannot be written, some of it is missing: %s\n",
			strerror(errno));
		status = OP_EXIT_FAILED;
	}
	return status;
}
