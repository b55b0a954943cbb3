// SPDX-License-Identifier: GPL-3.0-or-later
// Copying the memory of a process while it runs: everything once, then what it wrote meanwhile,
// until little is left for when it stands.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/core_details.h"
#include "platform/linux/frozen.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"

// Of less a fork is over before this has begun.
static const uint64_t worthwhile = 64 << 20;
// What a last round may leave, and how many there are of a program that writes faster than that.
static const uint64_t left_over = 4 << 20;
enum { ROUNDS_MAX = 6 };
// What is read at once: between the scan and the end of it a page may be written to in vain.
static const uint64_t step = 4 << 20;

// The kernel itself writes into pages that it holds for these, past all page tables.
static bool opened_for_direct_writes(pid_t pid)
{
	char path[96], target[64];
	_cleanup_free_ int *numbers = NULL;
	size_t count = 0;

	if (op_proc_descriptors(pid, &numbers, &count))
		return true;
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *text = NULL;
		size_t size;
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, numbers[i]);
		ssize_t length = readlink(path, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		if (strcmp(target, "anon_inode:[io_uring]") == 0)
			return true;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, numbers[i]);
		const char *flags =
			op_proc_read_file(path, &text, &size) ? NULL : strstr(text, "flags:");
		if (flags && strtoul(flags + strlen("flags:"), NULL, 8) & O_DIRECT)
			return true;
	}
	return false;
}

/** A number of kB behind @p key in a file of /proc; @p otherwise where it is not told. */
static uint64_t told_bytes(const char *path, const char *key, uint64_t otherwise)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	const char *line = op_proc_read_file(path, &text, &size) ? NULL : strstr(text, key);

	return line ? strtoull(line + strlen(key), NULL, 10) * 1024 : otherwise;
}

/** Whether page tables tell of everything that is written to the process's memory. */
static bool page_tables_tell(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return told_bytes(path, "VmPin:", 0) == 0 && !opened_for_direct_writes(pid);
}

/** Whether there is enough to copy, and room for it. */
static bool is_worthwhile(const struct op_mappings *mappings,
			  const struct op_core_details_list *details)
{
	uint64_t own = 0;
	size_t next = 0;

	for (size_t i = 0; i < mappings->count; i++) {
		const struct op_mapping *mapping = &mappings->data[i];
		const struct op_core_details *one =
			op_core_details_at(details, &next, mapping->start.value);
		if (one && op_core_kind_of(mapping) == OP_CORE_OWN)
			own += one->present;
	}
	return own >= worthwhile && own <= told_bytes("/proc/meminfo", "MemAvailable:", 0) / 2;
}

/** Track the process's own memory. What cannot be tracked is copied while the process stands. */
static struct op_error *track(struct op_copied *copied, const struct op_mappings *mappings,
			      const struct op_core_details_list *details)
{
	size_t next = 0;

	for (size_t i = 0; i < mappings->count; i++) {
		const struct op_mapping *mapping = &mappings->data[i];
		uint64_t start = mapping->start.value, end = mapping->end.value;
		const struct op_core_details *one = op_core_details_at(details, &next, start);
		if (!one || one->forbidden || op_core_kind_of(mapping) != OP_CORE_OWN ||
		    !mapping->anonymous || !op_write_track_add(&copied->track, start, end))
			continue;
		if (!op_copied_add_piece(copied, start, end))
			return op_error_no_memory();
	}
	copied->tracked = copied->pieces.count;
	return NULL;
}

static struct op_error *note_forbidden(struct op_copied *copied,
				       const struct op_core_details_list *details)
{
	for (size_t i = 0; i < details->count; i++) {
		const struct op_core_details *one = &details->data[i];
		struct op_tracked_range range = {one->start, one->end};
		if (one->forbidden && !op_array_push(&copied->forbidden, range))
			return op_error_no_memory();
	}
	return NULL;
}

static bool open_memory(struct op_copied *copied)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", copied->pid);
	copied->memory_fd = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", copied->pid);
	copied->pages_fd = open(path, O_RDONLY | O_CLOEXEC);
	return copied->memory_fd >= 0 && copied->pages_fd >= 0;
}

/** What a round does with a run of pages that was written to: copy it. */
struct round {
	struct op_copied *copied;
	struct op_copied_piece *piece;
};

// What is gone by now is not in the next scan either.
static struct op_error *copy_written(void *context, uint64_t start, uint64_t end, unsigned flags)
{
	struct round *round = context;

	(void)flags;
	op_copied_fill(round->copied, round->copied->memory_fd, round->piece, start, end);
	return NULL;
}

static struct op_error *copy_round(struct op_copied *copied, const struct op_cancel *cancel)
{
	copied->taken = 0;
	for (size_t i = 0; i < copied->tracked; i++) {
		struct round round = {copied, &copied->pieces.data[i]};
		uint64_t end = round.piece->end;
		for (uint64_t at = round.piece->start; at < end; at += step) {
			if (op_cancelled(cancel))
				return op_error_create(OP_ERROR_INTERRUPTED,
						       "no core file was written");
			// What is tracked no longer is copied at the end.
			op_error_destroy(op_write_track_next(copied->pages_fd, at,
							     end - at < step ? end : at + step,
							     copy_written, &round));
		}
	}
	return NULL;
}

static struct op_error *copy_rounds(struct op_copied *copied, const struct op_cancel *cancel)
{
	uint64_t before = UINT64_MAX;
	struct op_error *err = NULL;

	for (int i = 0; !err && i < ROUNDS_MAX; i++) {
		err = copy_round(copied, cancel);
		// A program that writes all the time gains nothing by one more.
		if (copied->taken <= left_over || copied->taken > before / 4 * 3)
			break;
		before = copied->taken;
	}
	return err;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/** Stop the process for the moment in which one of its threads makes the descriptor. */
static struct op_error *begin_tracking(struct op_live *process, struct op_copied *copied)
{
	uint64_t start = now_ns();
	struct op_error *err = op_process_attach(&process->base, NULL);

	if (err)
		return err;
	err = op_write_track_begin(process, &copied->track);
	struct op_error *detach_err = op_process_detach(&process->base);
	copied->stop_ns = now_ns() - start;
	if (err)
		op_error_destroy(detach_err);
	return err ? err : detach_err;
}

/** @param[out] ret_can whether it can be copied while it runs. */
static struct op_error *copy(struct op_live *process, struct op_copied *copied,
			     const struct op_mappings *mappings,
			     const struct op_core_details_list *details,
			     const struct op_cancel *cancel, bool *ret_can)
{
	struct op_error *err = NULL;

	*ret_can = is_worthwhile(mappings, details) && !op_frozen_why_confined(copied->pid) &&
		   page_tables_tell(copied->pid) && open_memory(copied);
	if (*ret_can)
		err = begin_tracking(process, copied);
	if (err && err->code == OP_ERROR_UNSUPPORTED) {
		*ret_can = false;
		op_error_destroy(err);
		return NULL;
	}
	if (err || !*ret_can)
		return err;
	err = note_forbidden(copied, details);
	if (!err)
		err = track(copied, mappings, details);
	if (!err)
		err = copy_rounds(copied, cancel);
	*ret_can = page_tables_tell(copied->pid);
	return err;
}

struct op_error *op_live_copy_running(struct op_process *base, const struct op_cancel *cancel,
				      struct op_copied **ret)
{
	struct op_live *process = op_live(base);
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_core_details_list details = {0};
	_cleanup_(op_copied_destroyp) struct op_copied *copied = calloc(1, sizeof(*copied));
	bool can = false;

	*ret = NULL;
	if (!copied)
		return op_error_no_memory();
	// Before the process stands for its core.
	op_frozen_find_left(process);
	*copied = (struct op_copied){
		.pid = process->pid, .memory_fd = -1, .pages_fd = -1, .track = {.fd = -1}};
	struct op_error *err = op_process_mappings(base, &mappings);
	if (!err)
		err = op_core_details_read(copied->pid, false, &details);
	if (!err)
		err = copy(process, copied, &mappings, &details, cancel, &can);
	free(details.data);
	if (!err && can)
		*ret = op_take(copied);
	return err;
}

uint64_t op_copied_stop_ns(const struct op_copied *copied)
{
	return copied ? copied->stop_ns : 0;
}
