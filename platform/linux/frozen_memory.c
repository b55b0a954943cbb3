// SPDX-License-Identifier: GPL-3.0-or-later
// The memory of a frozen process: which pages there are, and what is in them. A page that is not
// there is never read: that would make one, and a reservation has a million of them.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/read_at.h"
#include "platform/linux/frozen.h"

// Documentation/admin-guide/mm/pagemap.rst
static const uint64_t present = UINT64_C(1) << 63, swapped = UINT64_C(1) << 62,
		      of_file = UINT64_C(1) << 61;

static struct op_error *open_one(pid_t id, const char *name, int *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", id, name);
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret >= 0 ? NULL
			 : op_error_system(OP_ERROR_UNSUPPORTED, errno,
					   "cannot open %s, which is needed to write a core file",
					   path);
}

struct op_error *op_frozen_open_memory(struct op_frozen *frozen, pid_t id)
{
	if (frozen->memory_fd >= 0)
		close(frozen->memory_fd);
	if (frozen->pages_fd >= 0)
		close(frozen->pages_fd);
	frozen->memory_fd = frozen->pages_fd = -1;
	struct op_error *err = open_one(id, "mem", &frozen->memory_fd);
	return err ? err : open_one(id, "pagemap", &frozen->pages_fd);
}

struct op_error *op_frozen_pages(struct op_frozen *frozen, uint64_t addr, size_t count,
				 uint8_t *ret)
{
	uint64_t entries[OP_FROZEN_PAGES_MAX];
	size_t size = count * sizeof(entries[0]);

	if (frozen->copied) {
		op_copied_pages(frozen->copied, addr, count, ret);
		return NULL;
	}
	if (op_read_at(frozen->pages_fd, addr / OP_FROZEN_PAGE * sizeof(entries[0]), entries,
		       size) != size)
		return op_error_system(OP_ERROR_PROCESS_GONE, errno ? errno : ESRCH,
				       "cannot tell which pages of process %d are in memory at "
				       "0x%" PRIx64,
				       frozen->pid, addr);
	for (size_t i = 0; i < count; i++)
		ret[i] = (entries[i] & (present | swapped) ? OP_PAGE_THERE : 0) |
			 (entries[i] & of_file ? OP_PAGE_OF_FILE : 0);
	return NULL;
}

size_t op_frozen_read(const struct op_frozen *frozen, uint64_t addr, void *buffer, size_t size)
{
	if (frozen->copied)
		return op_copied_read(frozen->copied, addr, buffer, size);
	size_t done = op_read_at(frozen->memory_fd, addr, buffer, size);
	// Asked twice: what failed once is not taken for what is not there.
	return done == size || !errno ? done
				      : done + op_read_at(frozen->memory_fd, addr + done,
							  (uint8_t *)buffer + done, size - done);
}

struct op_error *op_frozen_each_run(
	struct op_frozen *frozen, uint64_t start, uint64_t end, bool own_only, size_t gap,
	struct op_error *(*visit)(void *context, uint64_t start, uint64_t end), void *context)
{
	uint8_t pages[OP_FROZEN_PAGES_MAX];
	uint64_t first = 0, last = 0; // of the run that is being put together; last 0: none
	struct op_error *err = NULL;

	for (uint64_t at = start; !err && at < end;) {
		uint64_t left = (end - at) / OP_FROZEN_PAGE;
		size_t count = left < OP_FROZEN_PAGES_MAX ? (size_t)left : OP_FROZEN_PAGES_MAX;
		err = op_frozen_pages(frozen, at, count, pages);
		for (size_t i = 0; !err && i < count; i++) {
			uint64_t page = at + i * OP_FROZEN_PAGE;
			if (!(pages[i] & OP_PAGE_THERE) || (own_only && pages[i] & OP_PAGE_OF_FILE))
				continue;
			if (last && page - last > gap * OP_FROZEN_PAGE) {
				err = visit(context, first, last);
				last = 0;
			}
			if (!last)
				first = page;
			last = page + OP_FROZEN_PAGE;
		}
		at += count * OP_FROZEN_PAGE;
	}
	return err || !last ? err : visit(context, first, last);
}
