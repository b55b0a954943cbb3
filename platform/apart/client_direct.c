// SPDX-License-Identifier: GPL-3.0-or-later
// Reads of the target's memory that go past the tracing process, through an open /proc/PID/mem that
// it has handed over. That file reads also what the program itself may not (FOLL_FORCE,
// mem_rw(), fs/proc/base.c), for example the pages around a guest's memory, so only mappings that
// are readable are read in this way. Whatever is not certain is asked of the tracing process.
//
// Mappings cost more than a read: they are fetched when many reads come in a row. They hold until
// the program may have changed them; while it runs, for a short time: what was readable then and is
// not any more is what a read a moment ago would have given.
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "platform/apart/client.h"

enum { READS_BEFORE = 8, AGE_MOST_MS = 50 };

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void op_apart_direct_init(struct op_apart_direct *direct)
{
	*direct = (struct op_apart_direct){.memory_fd = -1};
}

void op_apart_direct_forget(struct op_apart_direct *direct)
{
	direct->reads = 0;
	if (direct->mappings.count)
		op_mappings_deinit(&direct->mappings);
}

void op_apart_direct_leave(struct op_apart_direct *direct)
{
	op_apart_direct_forget(direct);
	if (direct->memory_fd >= 0)
		close(direct->memory_fd);
	direct->memory_fd = -1;
}

void op_apart_direct_deinit(struct op_apart_direct *direct)
{
	op_apart_direct_leave(direct);
}

static bool open_memory(struct op_process *process, struct op_apart_direct *direct)
{
	struct op_apart_channel *channel = &op_apart_process(process)->connection->channel;
	if (direct->memory_fd >= 0)
		return true;
	struct op_error *err = op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_MEMORY}, NULL, NULL);
	op_error_destroy(err);
	direct->memory_fd = op_apart_channel_take_fd(channel);
	direct->refused = direct->memory_fd < 0;
	return !direct->refused;
}

/** Whether mappings are there, or are worth fetching. */
static bool is_ready(struct op_process *process, struct op_apart_direct *direct)
{
	if (direct->mappings.count && now_ms() - direct->taken_ms > AGE_MOST_MS)
		op_mappings_deinit(&direct->mappings);
	if (direct->mappings.count)
		return true;
	if (direct->refused || ++direct->reads <= READS_BEFORE || !open_memory(process, direct))
		return false;
	direct->taken_ms = now_ms();
	struct op_error *err = op_apart_mappings(process, &direct->mappings);
	op_error_destroy(err);
	return !err && direct->mappings.count;
}

/** How much from an address on is readable, at most @p size. */
static size_t readable(const struct op_apart_direct *direct, uint64_t addr, size_t size)
{
	size_t length = 0;
	while (length < size) {
		const struct op_mapping *mapping =
			op_mappings_find(&direct->mappings, op_host_addr(addr + length));
		if (!mapping || !(mapping->protection & OP_PROTECTION_READ))
			break;
		uint64_t room = mapping->end.value - (addr + length);
		length += room < size - length ? (size_t)room : size - length;
	}
	return length;
}

size_t op_apart_direct_read(struct op_process *process, struct op_host_addr addr, void *buffer,
			    size_t size)
{
	struct op_apart_direct *direct = &op_apart_process(process)->direct;
	if (!is_ready(process, direct))
		return 0;
	size_t length = readable(direct, addr.value, size), done = 0;
	while (done < length) {
		ssize_t got = pread(direct->memory_fd, (uint8_t *)buffer + done, length - done,
				    (off_t)(addr.value + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}
