// SPDX-License-Identifier: GPL-3.0-or-later
// Asynchronous write protection: the kernel notes a write by itself and lets it through, so that
// nobody has to answer, and outpost's death harms nobody.
#include "platform/linux/write_track.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/inject.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"

// include/uapi/linux/userfaultfd.h and fs.h of Linux 6.7; the build's headers may be older.
static const uint64_t user_mode_only = 1, feature_async = UINT64_C(1) << 15;
struct scan_region {
	uint64_t start, end, categories;
};
struct scan_request {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted,
		category_mask, category_anyof_mask, return_mask;
};
#define SCAN _IOWR('f', 16, struct scan_request)
enum { SCAN_PROTECT = 1, SCAN_CHECK_ASYNC = 2 };
enum { IS_WRITTEN = 1 << 1, IS_PRESENT = 1 << 3, IS_SWAPPED = 1 << 4 };

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct op_error *unsupported(const struct op_live *process, int problem)
{
	return op_error_system(OP_ERROR_UNSUPPORTED, problem, "cannot track what process %d writes",
			       process->pid);
}

static struct op_error *close_inside(struct op_live *process, const struct op_inject_thread *thread,
				     int number)
{
	const uint64_t arguments[6] = {(uint64_t)number};
	int64_t closed;

	return op_inject_call(process, thread, SYS_close, arguments, &closed);
}

/** Is it a descriptor that nothing has been done with so far (userfaultfd_show_fdinfo(),
 * fs/userfaultfd.c)? A program has one for a moment only. */
static bool is_unused(pid_t pid, int number)
{
	char path[64], target[64];
	_cleanup_free_ char *text = NULL;
	size_t size;
	uint64_t version, features;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	if (strcmp(target, "anon_inode:[userfaultfd]") != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, number);
	const char *line = op_proc_read_file(path, &text, &size) ? NULL : strstr(text, "API:");
	return line && sscanf(line, "API: %" SCNx64 ":%" SCNx64, &version, &features) == 2 &&
	       !features;
}

/** An outpost that was killed has left one behind. */
static struct op_error *close_left(struct op_live *process, const struct op_inject_thread *thread)
{
	_cleanup_free_ int *numbers = NULL;
	size_t count = 0;
	struct op_error *err = NULL;

	if (op_proc_descriptors(process->pid, &numbers, &count))
		return NULL;
	for (size_t i = 0; !err && i < count; i++)
		if (is_unused(process->pid, numbers[i]))
			err = close_inside(process, thread, numbers[i]);
	return err;
}

/** The descriptor is made in the process, of whose memory it then is, and fetched out of it. */
static struct op_error *make_descriptor(struct op_live *process,
					const struct op_inject_thread *thread, int *ret)
{
	const uint64_t flags[6] = {O_CLOEXEC | O_NONBLOCK | user_mode_only};
	int64_t made;
	struct op_error *err = op_inject_call(process, thread, SYS_userfaultfd, flags, &made);

	if (err)
		return err;
	if (made < 0)
		return unsupported(process, (int)-made);
	_cleanup_(close_fdp) int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (pidfd >= 0)
		*ret = (int)syscall(SYS_pidfd_getfd, pidfd, (int)made, 0);
	int problem = errno;
	err = close_inside(process, thread, (int)made);
	return err || *ret >= 0 ? err : unsupported(process, problem);
}

struct op_error *op_write_track_begin(struct op_live *process, struct op_write_track *ret)
{
	struct op_inject_thread thread;
	struct uffdio_api api = {.api = UFFD_API, .features = feature_async};

	*ret = (struct op_write_track){.fd = -1};
	struct op_error *err = op_inject_choose(process, &thread);
	if (err)
		return err;
	// Without a detour, outpost's death at the wrong moment would hand the thread a number that
	// its own call never returns.
	if (!thread.detours)
		return unsupported(process, ENOTSUP);
	err = close_left(process, &thread);
	if (!err)
		err = make_descriptor(process, &thread, &ret->fd);
	if (!err && ioctl(ret->fd, UFFDIO_API, &api))
		err = unsupported(process, errno);
	if (err)
		op_write_track_end(ret);
	return err;
}

bool op_write_track_add(struct op_write_track *track, uint64_t start, uint64_t end)
{
	struct uffdio_register request = {
		.range = {.start = start, .len = end - start},
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	if (ioctl(track->fd, UFFDIO_REGISTER, &request))
		return false;
	// What is not in the list goes with the descriptor.
	return op_array_push(&track->ranges, ((struct op_tracked_range){start, end}));
}

/** Visit the pages of [start, end) that a request (its masks and flags) asks for. */
static struct op_error *scan(int pages_fd, struct scan_request request, uint64_t start,
			     uint64_t end, op_track_visit *visit, void *context)
{
	enum { REGIONS = 512 };
	struct scan_region regions[REGIONS];
	struct op_error *err = NULL;

	request.size = sizeof(request);
	request.flags |= SCAN_CHECK_ASYNC;
	request.return_mask = IS_WRITTEN | IS_PRESENT | IS_SWAPPED;
	while (!err && start < end) {
		request.start = start;
		request.end = end;
		request.vec = (uintptr_t)regions;
		request.vec_len = REGIONS;
		int count = ioctl(pages_fd, SCAN, &request);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return op_error_system(OP_ERROR_NOT_FOUND, errno,
					       "memory at 0x%" PRIx64 " is not tracked", start);
		for (int i = 0; !err && i < count; i++) {
			uint64_t is = regions[i].categories;
			err = visit(context, regions[i].start, regions[i].end,
				    (is & (IS_PRESENT | IS_SWAPPED) ? OP_TRACK_THERE : 0) |
					    (is & IS_WRITTEN ? OP_TRACK_WRITTEN : 0));
		}
		// walk_end is where the kernel's own buffer was full last, which may be long ago.
		start = count < REGIONS ? end : regions[count - 1].end;
	}
	return err;
}

struct op_error *op_write_track_next(int pages_fd, uint64_t start, uint64_t end,
				     op_track_visit *visit, void *context)
{
	const struct scan_request written = {
		.flags = SCAN_PROTECT,
		.category_mask = IS_WRITTEN,
		.category_anyof_mask = IS_PRESENT | IS_SWAPPED,
	};

	return scan(pages_fd, written, start, end, visit, context);
}

/** What is between the pages that the kernel tells of is there, and as it was. */
struct last {
	op_track_visit *visit;
	void *context;
	uint64_t at;
};

static struct op_error *visit_last(void *context, uint64_t start, uint64_t end, unsigned flags)
{
	struct last *last = context;
	uint64_t at = last->at;
	struct op_error *err = NULL;

	last->at = end;
	if (start > at)
		err = last->visit(last->context, at, start, OP_TRACK_THERE);
	return err ? err : last->visit(last->context, start, end, flags);
}

struct op_error *op_write_track_last(int pages_fd, uint64_t start, uint64_t end,
				     op_track_visit *visit, void *context)
{
	// Telling of a page takes the kernel four times as long as passing it by.
	const struct scan_request changed = {
		.category_inverted = IS_PRESENT,
		.category_anyof_mask = IS_PRESENT | IS_WRITTEN,
	};
	struct last last = {visit, context, start};
	struct op_error *err = scan(pages_fd, changed, start, end, visit_last, &last);

	return err || last.at == end ? err : visit(context, last.at, end, OP_TRACK_THERE);
}

static void end_range(const struct op_write_track *track, const struct op_tracked_range *range)
{
	// A GiB of pages takes 30 ms and more, for which no thread of the process may map anything.
	// What is larger by far is a reservation, of which there is little.
	static const uint64_t least = 16 << 20, steps_max = 1024;
	uint64_t step = (range->end - range->start) / steps_max & -least;

	if (!step)
		step = least;
	for (uint64_t at = range->start; at < range->end; at += step) {
		struct uffdio_range part = {
			.start = at,
			.len = range->end - at < step ? range->end - at : step,
		};
		ioctl(track->fd, UFFDIO_UNREGISTER, &part);
	}
}

void op_write_track_end(struct op_write_track *track)
{
	for (size_t i = 0; track->fd >= 0 && i < track->ranges.count; i++)
		end_range(track, &track->ranges.data[i]);
	free(track->ranges.data);
	if (track->fd >= 0)
		close(track->fd);
	*track = (struct op_write_track){.fd = -1};
}
