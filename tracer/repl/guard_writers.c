// SPDX-License-Identifier: GPL-3.0-or-later
// A child is another process: it never asks ptrace for anything, and ends without the cleaning up
// that is its parent's.
#include "tracer/repl/guard_writers.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

struct op_error *op_guard_writers_start(struct op_guard_writers *writers,
					struct op_session *session,
					bool (*write)(void *context, struct op_frozen_core *core),
					void *context, bool *ret_started)
{
	struct op_frozen_core *core;
	*ret_started = false;
	if (writers->count == OP_GUARD_WRITERS_MAX)
		return NULL;
	struct op_error *err = op_session_freeze_core(session, &core);
	if (err && err->code == OP_ERROR_UNSUPPORTED) {
		op_error_destroy(err);
		return NULL;
	}
	if (err)
		return err;
	// What is in the buffers would be written twice.
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		bool written = write(context, core);
		fflush(NULL);
		_exit(written ? 0 : 1);
	}
	if (child < 0)
		return op_session_thaw_core(session, core);
	writers->data[writers->count++] = (struct op_guard_writer){child, core};
	*ret_started = true;
	return NULL;
}

/** @return whether it has ended. */
static bool wait_for(struct op_guard_writers *writers, struct op_guard_writer *writer, int options)
{
	int status = 0;
	pid_t got;
	if (!writer->child)
		return true;
	do {
		got = waitpid(writer->child, &status, options);
	} while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	writers->failed |= got < 0 || !WIFEXITED(status) || WEXITSTATUS(status);
	writer->child = 0;
	return true;
}

bool op_guard_writers_look(struct op_guard_writers *writers)
{
	bool any = false;
	for (size_t i = 0; i < writers->count; i++)
		any |= wait_for(writers, &writers->data[i], WNOHANG);
	return any;
}

struct op_error *op_guard_writers_collect(struct op_guard_writers *writers,
					  struct op_session *session)
{
	struct op_error *err = NULL;
	size_t left = 0;
	for (size_t i = 0; i < writers->count; i++) {
		struct op_guard_writer writer = writers->data[i];
		if (writer.child || err)
			writers->data[left++] = writer;
		else
			err = op_session_thaw_core(session, writer.core);
	}
	writers->count = left;
	return err;
}

struct op_error *op_guard_writers_finish(struct op_guard_writers *writers,
					 struct op_session *session)
{
	struct op_error *err = NULL;
	for (size_t i = 0; i < writers->count; i++) {
		wait_for(writers, &writers->data[i], 0);
		struct op_error *thaw_err = op_session_thaw_core(session, writers->data[i].core);
		if (err)
			op_error_destroy(thaw_err);
		else
			err = thaw_err;
	}
	writers->count = 0;
	return err;
}
