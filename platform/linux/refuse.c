// SPDX-License-Identifier: GPL-3.0-or-later
// Refusals explained. The kernel says EPERM for a dozen reasons; here each is looked for in the
// order in which the kernel checks them (kernel/ptrace.c: ptrace_attach(), __ptrace_may_access();
// security/yama/yama_lsm.c). Must not attach to anything.
#include "platform/linux/refuse.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/reader.h"
#include "base/text.h"

/** Yama's modes, Documentation/admin-guide/LSM/Yama.rst; the index is the mode. */
static const char *const yama_ways[] = {
	NULL,
	"kernel.yama.ptrace_scope is 1, so only a program's ancestors may debug it; run outpost as "
	"root, start the "
	"program with `outpost run`, or set kernel.yama.ptrace_scope to 0 (sysctl)",
	"kernel.yama.ptrace_scope is 2, so only an administrator may debug; run outpost as root",
	"kernel.yama.ptrace_scope is 3, so nobody may debug on this machine until it is booted "
	"with another setting",
};

/** Yama's mode; 0 also where there is no Yama. */
static unsigned yama_scope(void)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	if (op_proc_read_file("/proc/sys/kernel/yama/ptrace_scope", &text, &size))
		return 0;
	unsigned long scope = strtoul(text, NULL, 10);
	return scope < OP_ARRAY_SIZE(yama_ways) ? (unsigned)scope : 0;
}

static void add_user(struct op_text *text, uid_t user)
{
	// The name comes from a file of the system's administrator, the number is the fact.
	const struct passwd *entry = getpwuid(user);

	if (entry)
		op_text_append_escaped(text, entry->pw_name, strlen(entry->pw_name));
	else
		op_text_printf(text, "user %u", user);
}

static void add_process(struct op_text *text, pid_t pid)
{
	char name[64];

	op_proc_name(pid, name, sizeof(name));
	op_text_printf(text, "process %d", pid);
	if (!name[0])
		return;
	op_text_append(text, " (");
	op_text_append_escaped(text, name, strlen(name));
	op_text_append(text, ")");
}

static struct op_error *refuse(enum op_error_code code, int problem, struct op_text *text)
{
	if (text->failed || !text->data)
		return op_error_no_memory();
	struct op_error *err = op_error_create(code, "%s", text->data);
	// The static out-of-memory error is not ours to change.
	if (err->code == code)
		err->system_errno = problem;
	return err;
}

static struct op_error *refuse_traced(pid_t pid, pid_t tracer)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_proc_status status;

	add_process(&text, pid);
	if (op_proc_status(tracer, &status) == 0 && status.thread_group == getpid()) {
		op_text_append(&text, " is being debugged by this outpost already");
		return refuse(OP_ERROR_ALREADY_TRACED, 0, &text);
	}
	op_text_append(&text, " is being traced by ");
	add_process(&text, tracer);
	op_text_append(
		&text,
		" already, and a process can have one tracer only; end that one or let it detach");
	return refuse(OP_ERROR_ALREADY_TRACED, 0, &text);
}

struct op_error *op_refuse_early(int64_t pid, struct op_proc_status *ret)
{
	if (pid <= 0 || pid > INT_MAX)
		return op_error_create(OP_ERROR_NO_SUCH_PROCESS,
				       "%" PRId64 " is not a process number", pid);
	int problem = op_proc_status((pid_t)pid, ret);
	if (problem == ESRCH)
		return op_error_create(OP_ERROR_NO_SUCH_PROCESS,
				       "there is no process %" PRId64
				       "; it may have ended, or it is in another container",
				       pid);
	if (problem)
		return op_error_system(OP_ERROR_SYSTEM, problem,
				       "cannot read /proc/%" PRId64 "/status", pid);
	if (pid == getpid() || ret->thread_group == getpid())
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "process %" PRId64
				       " is outpost itself; a process cannot trace itself",
				       pid);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (ret->thread_group != pid) {
		op_text_printf(&text, "%" PRId64 " is a thread of ", pid);
		add_process(&text, ret->thread_group);
		op_text_printf(&text, "; attach to %d instead", ret->thread_group);
		return refuse(OP_ERROR_NO_SUCH_PROCESS, 0, &text);
	}
	add_process(&text, (pid_t)pid);
	if (ret->kernel_thread) {
		op_text_append(&text, " is a thread of the kernel; it has no program to debug");
		return refuse(OP_ERROR_UNSUPPORTED, 0, &text);
	}
	if (ret->state == 'Z' || ret->state == 'X') {
		// A leader that has exited is a zombie too, while its other threads live on.
		_cleanup_free_ pid_t *threads = NULL;
		size_t count = 0;
		if (op_proc_threads((pid_t)pid, &threads, &count) || count < 2) {
			op_text_append(&text, " has ended already; its parent has not yet asked "
					      "for its exit status");
			return refuse(OP_ERROR_NO_SUCH_PROCESS, 0, &text);
		}
	}
	if (ret->tracer)
		return refuse_traced((pid_t)pid, ret->tracer);
	return NULL;
}

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct op_error *op_refuse_program(pid_t pid)
{
	char path[64];
	uint8_t header[20];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	// Not readable: nothing is known against it, and the attempt will tell.
	if (fd < 0 || pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header, ELFMAG, SELFMAG) != 0)
		return NULL;
	const struct op_arch *arch = op_arch_native();
	uint16_t machine = (uint16_t)(header[18] | header[19] << 8);
	if (header[EI_CLASS] == ELFCLASS32)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"process %d runs a 32-bit program; outpost debugs 64-bit programs only",
			pid);
	if (arch && machine != arch->elf_machine)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "process %d runs a program for another processor (ELF "
				       "machine %u), this outpost debugs %s",
				       pid, machine, arch->name);
	return NULL;
}

/** True when the capabilities of the target are more than ours; then the kernel wants
 * CAP_SYS_PTRACE. */
static bool has_more_capabilities(const struct op_proc_status *target,
				  const struct op_proc_status *self)
{
	return (target->permitted_capabilities & ~self->permitted_capabilities) != 0;
}

/** The files (not the directory) of the process in /proc belong to root when it is not dumpable
 * (man 5 proc). */
static bool is_undumpable(pid_t pid, uid_t user)
{
	char path[64];
	struct stat info;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return stat(path, &info) == 0 && user != 0 && info.st_uid == 0;
}

struct op_error *op_refuse_explain(pid_t pid, const char *what, int problem)
{
	struct op_proc_status target, self = {0};
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;

	// First: while it dies its number, and its tracer, can still be seen.
	if (problem == ESRCH || problem == ENOENT)
		return op_error_create(OP_ERROR_PROCESS_GONE,
				       "process %d ended while outpost attached to it", pid);
	struct op_error *err = op_refuse_early(pid, &target);
	if (err)
		return err;
	add_process(&text, pid);
	op_text_printf(&text, ": the system does not let outpost %s it", what);
	if (problem != EPERM && problem != EACCES)
		return op_error_system(OP_ERROR_SYSTEM, problem, "%s",
				       text.data ? text.data : "attach");
	op_text_append(&text, ": ");

	(void)op_proc_status(getpid(), &self);
	bool privileged = self.effective_capabilities >> CAP_SYS_PTRACE & 1;
	unsigned scope = yama_scope();

	if (!privileged && (target.user != self.user || target.real_user != self.user)) {
		op_text_append(&text, "it belongs to ");
		add_user(&text, target.user);
		op_text_append(&text, " and outpost runs as ");
		add_user(&text, self.user);
		if (self.user == 0)
			op_text_append(&text, " without the capability CAP_SYS_PTRACE (in a "
					      "container: start it with "
					      "--cap-add=SYS_PTRACE)");
		else
			op_text_append(&text, "; run outpost as that user or as root");
	} else if (!privileged && is_undumpable(pid, target.user)) {
		op_text_append(&text, "it is marked as not dumpable (a set-user-ID program, one "
				      "with file capabilities, or one that asked "
				      "for it with PR_SET_DUMPABLE); run outpost as root");
	} else if (!privileged && has_more_capabilities(&target, &self)) {
		op_text_append(&text, "it has capabilities that outpost lacks; run outpost as "
				      "root, in a container with "
				      "--cap-add=SYS_PTRACE");
	} else if (scope && (!privileged || scope == 3)) {
		op_text_append(&text, yama_ways[scope]);
	} else if (privileged) {
		op_text_append(&text, "neither owner, capability nor Yama explains it, so a "
				      "security module (SELinux, AppArmor), a "
				      "seccomp filter or another user namespace does; look into "
				      "the system log, or run outpost outside "
				      "of the container");
	} else {
		op_text_append(&text,
			       "a security module (SELinux, AppArmor) or a seccomp filter forbids "
			       "it, and outpost has no CAP_SYS_PTRACE; "
			       "run outpost as root, in a container with --cap-add=SYS_PTRACE");
	}
	return refuse(OP_ERROR_PERMISSION, problem, &text);
}
