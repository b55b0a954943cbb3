// SPDX-License-Identifier: GPL-3.0-or-later
// The target's memory: read with process_vm_readv() straight into the caller's buffer, written
// through /proc/PID/mem, each with a second way where the first is forbidden. Must not keep copies.
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"

enum { READ_BATCH = IOV_MAX < 1024 ? IOV_MAX : 1024 };

/** Addresses above the sign bit are the kernel's; offsets of /proc/PID/mem cannot express them
 * either. */
static bool is_user_address(uint64_t addr)
{
	return addr <= INT64_MAX;
}

/** @return bytes read, or a negative errno. */
static ssize_t read_by_file(struct op_live *process, uint64_t addr, void *buffer, size_t size)
{
	if (process->memory_fd < 0)
		return -EIO;
	ssize_t got;
	do {
		got = pread(process->memory_fd, buffer, size, (off_t)addr);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static ssize_t read_once(struct op_live *process, uint64_t addr, void *buffer, size_t size)
{
	if (!process->no_vm_read) {
		struct iovec local = {buffer, size}, remote = {(void *)(uintptr_t)addr, size};
		ssize_t got = process_vm_readv(process->pid, &local, 1, &remote, 1, 0);

		// Also when the kernel was only short of memory for a page that is there
		// (process_vm_rw_single_vec(), mm/process_vm_access.c), so it is asked once more:
		// an image that is unreadable is one that has gone.
		if (got < 0 && errno == EFAULT)
			got = process_vm_readv(process->pid, &local, 1, &remote, 1, 0);
		if (got < 0 && errno == ESRCH) {
			// A leader that has exited has no memory, its other threads still do.
			pid_t other = op_live_any_thread(process);
			got = process_vm_readv(other ?: process->pid, &local, 1, &remote, 1, 0);
			if (got < 0 && errno == ESRCH)
				return -ESRCH;
		}
		// EFAULT is an answer about the address, all others are about the call.
		if (got >= 0 || errno == EFAULT)
			return got >= 0 ? got : -EFAULT;
		// A filter's, or the kernel's configuration: they stay.
		process->no_vm_read = errno == ENOSYS || errno == EPERM;
	}
	return read_by_file(process, addr, buffer, size);
}

struct op_error *op_live_read_some(struct op_process *base, struct op_host_addr addr, void *buffer,
				   size_t size, size_t *ret_done)
{
	struct op_live *process = op_live(base);
	size_t done = 0;

	*ret_done = 0;
	while (done < size && is_user_address(addr.value + done)) {
		ssize_t got = read_once(process, addr.value + done, (uint8_t *)buffer + done,
					size - done);
		if (got == -ESRCH)
			return op_live_gone(process, "read the memory of");
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	*ret_done = done;
	return NULL;
}

struct op_error *op_live_unreadable(struct op_process *base, struct op_host_addr addr)
{
	return op_error_create(OP_ERROR_UNREADABLE,
			       "memory at 0x%" PRIx64 " of process %" PRId64 " cannot be read",
			       addr.value, base->id);
}

/** One call for up to READ_BATCH requests. @return how many of them were read whole, from the first
 * on. */
static size_t read_batch(struct op_live *process, struct op_read_request *requests, size_t count)
{
	struct iovec local[READ_BATCH], remote[READ_BATCH];
	size_t whole = 0;

	if (!count)
		return 0;
	for (size_t i = 0; i < count; i++) {
		local[i] = (struct iovec){requests[i].buffer, requests[i].size};
		remote[i] =
			(struct iovec){(void *)(uintptr_t)requests[i].addr.value, requests[i].size};
	}
	ssize_t got = process_vm_readv(process->pid, local, count, remote, count, 0);
	while (got >= 0 && whole < count && requests[whole].size <= (size_t)got) {
		requests[whole].done = true;
		got -= (ssize_t)requests[whole].size;
		whole++;
	}
	return whole;
}

struct op_error *op_live_read_many(struct op_process *base, struct op_read_request *requests,
				   size_t count)
{
	struct op_live *process = op_live(base);
	size_t next = 0;

	for (size_t i = 0; i < count; i++)
		requests[i].done = false;
	while (next < count) {
		size_t batch = count - next < READ_BATCH ? count - next : READ_BATCH;
		size_t whole =
			process->no_vm_read ? 0 : read_batch(process, requests + next, batch);

		next += whole;
		if (whole == batch)
			continue;
		// The one that stopped the batch is tried alone, which also takes the second way
		// where the first is closed.
		struct op_read_request *request = &requests[next++];
		size_t done;
		struct op_error *err = op_process_read_some(&process->base, request->addr,
							    request->buffer, request->size, &done);
		if (err)
			return err;
		request->done = done == request->size;
	}
	return NULL;
}

void op_live_write_by_ptrace(pid_t thread, uint64_t addr, const uint8_t *data, size_t size,
			     size_t *ret_done)
{
	size_t done = 0;

	while (done < size) {
		uint64_t place = (addr + done) & ~(uint64_t)7;
		size_t skip = (size_t)(addr + done - place);
		size_t length = 8 - skip < size - done ? 8 - skip : size - done;
		errno = 0;
		long word = op_ptrace(PTRACE_PEEKTEXT, thread, place, 0);
		if (word == -1 && errno)
			break;
		memcpy((uint8_t *)&word + skip, data + done, length);
		if (op_ptrace(PTRACE_POKETEXT, thread, place, word))
			break;
		done += length;
	}
	*ret_done = done;
}

/** A thread that takes ptrace requests, for writing when /proc/PID/mem does not; 0: none. */
static pid_t stopped_thread(const struct op_live *process)
{
	for (const struct op_tracee *tracee = process->tracees; tracee; tracee = tracee->hh.next) {
		if (tracee->phase == OP_TRACEE_STOPPED)
			return tracee->id;
	}
	return 0;
}

struct op_error *op_live_write(struct op_process *base, struct op_host_addr addr,
			       const void *buffer, size_t size)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "write the memory of");
	if (err)
		return err;
	const uint8_t *data = buffer;
	size_t done = 0;
	bool user = is_user_address(addr.value) && is_user_address(addr.value + size);

	// x86 keeps instruction caches coherent by itself. The file writes through read-only
	// mappings (FOLL_FORCE), which kernels from 6.12 on may forbid
	// (proc_mem.force_override=never); PTRACE_POKETEXT always may.
	while (user && process->memory_fd >= 0 && done < size) {
		ssize_t put = pwrite(process->memory_fd, data + done, size - done,
				     (off_t)(addr.value + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		done += (size_t)put;
	}
	pid_t thread = stopped_thread(process);
	if (user && done < size && thread) {
		size_t poked;
		op_live_write_by_ptrace(thread, addr.value + done, data + done, size - done,
					&poked);
		done += poked;
	}
	if (done == size)
		return NULL;
	if (process->exited || !op_live_any_thread(process))
		return op_live_gone(process, "write the memory of");
	return op_error_create(OP_ERROR_UNREADABLE,
			       "memory at 0x%" PRIx64
			       " of process %d cannot be written (%zu of %zu bytes were)",
			       addr.value + done, process->pid, done, size);
}
