// SPDX-License-Identifier: GPL-3.0-or-later
// Core files of the target, or of a process that is only stopped for one. What is written is the
// platform's affair; here is when the process stands and when it runs.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "tracer/patch.h"

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static struct op_write_core_options taken(const struct op_write_core_options *options)
{
	struct op_write_core_options wanted = {0};
	if (options)
		memcpy(&wanted, options,
		       options->size < sizeof(wanted) ? options->size : sizeof(wanted));
	return wanted;
}

static void report(const struct op_frozen *frozen, const struct op_core_written *written,
		   struct op_written_core *ret)
{
	const char *why;
	*ret = (struct op_written_core){
		.size = written->size,
		.stored = written->stored,
		.threads = written->threads,
		.missing = written->missing,
		.unread = written->unread,
		.omitted = written->omitted,
		.from_copy = op_frozen_is_copy(frozen, &why),
		.while_running = op_frozen_is_copy(frozen, NULL) && !op_frozen_is_child(frozen),
		.stop_ns = ret->stop_ns,
	};
	if (why)
		snprintf(ret->no_copy_why, sizeof(ret->no_copy_why), "%s", why);
}

/** @param[out] ret_ns how long it took. */
static struct op_error *freeze(struct op_session *session, bool no_copy, struct op_frozen **ret,
			       uint64_t *ret_ns)
{
	const struct op_freeze_options wanted = {.no_fork = no_copy,
						 .first = session->selected_thread};
	struct op_error *err = op_session_need_live(session, "cannot write a core file");
	// At a stop that a person sees there are none; code that was mapped meanwhile may hold
	// some.
	if (!err)
		err = op_patch_set_withdraw(session);
	uint64_t start = now_ns();
	if (!err)
		err = op_process_freeze(session->process, &wanted, ret);
	*ret_ns = now_ns() - start;
	return err;
}

struct op_error *op_session_write_core(struct op_session *session, const char *path,
				       const struct op_write_core_options *options,
				       struct op_written_core *ret)
{
	*ret = (struct op_written_core){0};
	struct op_frozen *frozen;
	struct op_core_written written;
	struct op_error *err = freeze(session, taken(options).no_copy, &frozen, &ret->stop_ns);
	if (err)
		return err;
	uint64_t start = now_ns();
	err = op_frozen_write_core(frozen, path, &session->cancel, &written);
	if (!op_frozen_is_copy(frozen, NULL))
		ret->stop_ns += now_ns() - start;
	report(frozen, &written, ret);
	struct op_error *thaw_err = op_process_thaw(session->process, frozen);
	if (err)
		op_error_destroy(thaw_err);
	return err ? err : thaw_err;
}

struct op_frozen_core {
	struct op_frozen *frozen;
	uint64_t stop_ns;
	int64_t pid;
	bool written;
	bool in_use; /**< op_session_use_frozen_core(): it is read on */
};

struct op_error *op_session_freeze_core(struct op_session *session, struct op_frozen_core **ret)
{
	const char *why;
	struct op_frozen_core *core = calloc(1, sizeof(*core));
	if (!core)
		return op_error_no_memory();
	struct op_error *err = freeze(session, false, &core->frozen, &core->stop_ns);
	if (!err && !op_frozen_is_copy(core->frozen, &why)) {
		err = op_error_create(OP_ERROR_UNSUPPORTED,
				      "a core file of process %" PRId64
				      " can be written only while it stands: %s",
				      op_session_process_id(session), why);
		op_error_destroy(op_process_thaw(session->process, core->frozen));
	}
	if (err) {
		free(core);
		return err;
	}
	core->pid = op_session_process_id(session);
	*ret = core;
	return NULL;
}

struct op_error *op_session_write_frozen_core(struct op_frozen_core *core, const char *path,
					      struct op_written_core *ret)
{
	struct op_core_written written;
	*ret = (struct op_written_core){.stop_ns = core->stop_ns};
	if (core->written)
		return op_error_create(OP_ERROR_STATE,
				       "the copy of process %" PRId64 " has been written already",
				       core->pid);
	core->written = true;
	struct op_error *err = op_frozen_write_core(core->frozen, path, NULL, &written);
	report(core->frozen, &written, ret);
	if (!core->in_use)
		op_frozen_release(core->frozen);
	return err;
}

struct op_error *op_session_use_frozen_core(struct op_session *session, struct op_frozen_core *core)
{
	struct op_process *copy;
	struct op_error *err = op_session_need_live(session, "cannot make a copy of the program");
	if (!err)
		err = op_frozen_open(core->frozen, session->process, &copy);
	// The process's own object is the parent's business: its end here would write to it.
	if (!err) {
		session->process = copy;
		core->in_use = true;
	}
	return err;
}

/** A process that was killed meanwhile needs no letting go: what was frozen of it is there. */
static struct op_error *let_go(struct op_process *process)
{
	struct op_error *err = op_process_detach(process);
	if (!err || err->code != OP_ERROR_PROCESS_GONE)
		return err;
	op_error_destroy(err);
	return NULL;
}

/** The process is stopped. Let it run on when there is a copy of it, and write. */
static struct op_error *write_frozen(struct op_session *session, struct op_process *process,
				     struct op_frozen *frozen, const char *path, uint64_t start,
				     struct op_written_core *ret)
{
	struct op_core_written written = {0};
	struct op_error *err = NULL;
	bool copy = op_frozen_is_copy(frozen, NULL);
	if (copy)
		err = let_go(process);
	ret->stop_ns = now_ns() - start;
	if (!err)
		err = op_frozen_write_core(frozen, path, &session->cancel, &written);
	if (!copy)
		ret->stop_ns = now_ns() - start;
	report(frozen, &written, ret);
	return err;
}

/** End the copy: for that the process is stopped once more, where it still is there. */
static struct op_error *end_copy(struct op_process *process, struct op_frozen *frozen)
{
	struct op_error *err = op_process_attach(process, NULL);
	// It has ended meanwhile, and the copy is nobody's any more.
	if (err) {
		op_error_destroy(err);
		return op_process_thaw(NULL, frozen);
	}
	err = op_process_thaw(process, frozen);
	struct op_error *detach_err = let_go(process);
	if (err)
		op_error_destroy(detach_err);
	return err ? err : detach_err;
}

/** Of a process that was let go, if it is still there. */
static struct op_error *thaw_detached(struct op_frozen_core *core)
{
	struct op_process *process = NULL;
	if (!op_frozen_is_child(core->frozen))
		return op_process_thaw(NULL, core->frozen);
	struct op_error *err = op_process_open(core->pid, &process);
	if (err) {
		op_error_destroy(err);
		return op_process_thaw(NULL, core->frozen);
	}
	err = end_copy(process, core->frozen);
	op_process_destroy(process);
	return err;
}

struct op_error *op_session_thaw_core(struct op_session *session, struct op_frozen_core *core)
{
	if (!core)
		return NULL;
	// Another target may be the session's by now: the copy is none of its.
	bool same = session->process && op_session_process_id(session) == core->pid;
	struct op_error *err =
		same ? op_process_thaw(session->process, core->frozen) : thaw_detached(core);
	free(core);
	return err;
}

struct op_error *op_session_write_core_of(struct op_session *session, int64_t pid, const char *path,
					  const struct op_write_core_options *options,
					  struct op_written_core *ret)
{
	*ret = (struct op_written_core){0};
	struct op_error *err = op_session_need_empty(session);
	struct op_process *process = NULL;
	if (!err)
		err = op_process_open(pid, &process);
	if (err)
		return err;
	struct op_freeze_options wanted = {.no_fork = taken(options).no_copy};
	struct op_frozen *frozen = NULL;
	if (!wanted.no_fork)
		err = op_process_copy_running(process, &session->cancel, &wanted.copied);
	if (err) {
		op_process_destroy(process);
		return err;
	}
	uint64_t start = now_ns() - op_copied_stop_ns(wanted.copied);
	err = op_process_attach(process, NULL);
	if (err)
		op_copied_destroy(wanted.copied);
	else
		err = op_process_freeze(process, &wanted, &frozen);
	if (!err)
		err = write_frozen(session, process, frozen, path, start, ret);
	struct op_error *end_err = NULL;
	if (frozen && op_frozen_is_child(frozen))
		end_err = end_copy(process, frozen);
	else
		end_err = op_process_thaw(process, frozen);
	op_process_destroy(process);
	if (err)
		op_error_destroy(end_err);
	return err ? err : end_err;
}
