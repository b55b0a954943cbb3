// SPDX-License-Identifier: GPL-3.0-or-later
// From one process to two: who goes on as whom. The child traces, and the process that was started
// by a person decodes and talks to him: his signals, his terminal and the exit status are its own.
#include "platform/apart/apart.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/input_file.h"
#include "platform/apart/client.h"
#include "platform/apart/confine.h"
#include "platform/apart/server.h"
#include "platform/linux/proc.h"

/** "nobody", as the kernel numbers it (/proc/sys/kernel/overflowuid). */
enum { NOBODY = 65534 };

static struct op_apart_connection the_connection = {
	.channel = {.fd = -1, .received_fd = -1},
	.interrupts_fd = -1,
};
static bool confined;

struct op_apart_connection *op_apart_connection(void)
{
	return confined ? &the_connection : NULL;
}

bool op_apart_is_confined(void)
{
	return confined;
}

struct op_error *op_apart_refuse(const char *what)
{
	return confined ? op_error_create(OP_ERROR_UNSUPPORTED,
					  "outpost runs in the sandbox and cannot %s there; start "
					  "it with --no-sandbox for that",
					  what)
			: NULL;
}

static bool same_mounts(int64_t pid)
{
	char path[64];
	struct stat theirs, ours;
	snprintf(path, sizeof(path), "/proc/%" PRId64 "/ns/mnt", pid);
	return stat(path, &theirs) == 0 && stat("/proc/self/ns/mnt", &ours) == 0 &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/**
 * Only root can become somebody else. Whoever takes the decoding process over controls the target
 * by what it may ask for, so the target's own rights are nothing more to him, unless the target is
 * locked up: then its user is another one there than here.
 */
static struct op_confine_user choose_user(const struct op_apart_plan *plan)
{
	struct op_confine_user chosen = {.change = geteuid() == 0, .user = NOBODY, .group = NOBODY};
	struct op_proc_status status;
	struct stat file;
	if (plan->argv) {
		chosen.user = getuid();
		chosen.group = getgid();
	} else if (plan->pid) {
		// Why there is no such process is told when it is opened.
		if (op_proc_status((pid_t)plan->pid, &status) == 0 && same_mounts(plan->pid)) {
			chosen.user = status.user;
			chosen.group = status.group;
		}
	} else if (plan->file && stat(plan->file, &file) == 0 && file.st_uid != 0) {
		chosen.user = file.st_uid;
		chosen.group = file.st_gid;
	}
	return chosen;
}

/** What the child is, from its first moment to its end. */
static void __attribute__((noreturn))
trace(const struct op_apart_plan *plan, int fd, int interrupts_fd, uint8_t *area)
{
	static struct op_apart_server server;
	server.interrupts_fd = interrupts_fd;
	server.area = area;
	server.plan = plan;
	prctl(PR_SET_NAME, "outpost-tracer");
	op_apart_prepare_signals(&server);
	if (op_apart_channel_init(&server.channel, fd))
		op_apart_serve(&server);
	// A target that is still held is let go by this death; what the shield's guardian knows of
	// is taken out of it.
	_exit(0);
}

struct pair {
	int ours, theirs;
};

static void pair_close(struct pair *pair)
{
	if (pair->ours >= 0)
		close(pair->ours);
	if (pair->theirs >= 0)
		close(pair->theirs);
}

static bool pair_open(struct pair *pair)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return false;
	*pair = (struct pair){ends[0], ends[1]};
	return true;
}

static struct op_error *split(const struct op_apart_plan *plan)
{
	_cleanup_(pair_close) struct pair talk = {-1, -1};
	_cleanup_(pair_close) struct pair interrupts = {-1, -1};
	uint8_t *area = mmap(NULL, OP_APART_AREA_SIZE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || !pair_open(&talk) || !pair_open(&interrupts))
		return op_error_system(OP_ERROR_SYSTEM, errno,
				       "cannot make the sockets of the sandbox");
	pid_t pid = fork();
	if (pid == 0) {
		close(talk.ours);
		close(interrupts.ours);
		trace(plan, talk.theirs, interrupts.theirs, area);
	}
	if (pid < 0)
		return op_error_system(OP_ERROR_SYSTEM, errno,
				       "cannot start the tracing process of the sandbox");
	the_connection.tracer = pid;
	the_connection.plan = plan;
	the_connection.area = area;
	the_connection.interrupts_fd = interrupts.ours;
	int fd = talk.ours;
	interrupts.ours = talk.ours = -1;
	// What is read is looked at, never changed: the other side's bytes.
	mprotect(area, OP_APART_AREA_SIZE, PROT_READ);
	return op_apart_channel_init(&the_connection.channel, fd) ? NULL : op_error_no_memory();
}

struct op_error *op_apart_start(const struct op_apart_plan *plan)
{
	const struct op_confine_user user = choose_user(plan);
	// While there still is the right to; why it cannot be opened is told when it is wanted.
	if (plan->file)
		op_input_file_keep(plan->file);
	struct op_error *err = plan->pid || plan->argv ? split(plan) : NULL;
	if (!err)
		err = op_confine_rights(&user);
	if (!err)
		err = op_confine_calls();
	if (err) {
		op_apart_end();
		return err;
	}
	confined = true;
	return NULL;
}

void op_apart_end(void)
{
	if (the_connection.interrupts_fd >= 0)
		close(the_connection.interrupts_fd);
	the_connection.interrupts_fd = -1;
	op_apart_channel_deinit(&the_connection.channel);
	if (the_connection.tracer > 0)
		while (waitpid(the_connection.tracer, NULL, 0) < 0 && errno == EINTR)
			;
	the_connection.tracer = 0;
	the_connection.broken = true;
}
