// SPDX-License-Identifier: GPL-3.0-or-later
// A recorded memory image: regions, threads' registers and pages of a stopped process, in one file
// (README.md describes it). Shared by the recorder and the tests; knows nothing of what the pages
// hold.
#ifndef OP_TESTS_REPLAY_IMAGE_FILE_H
#define OP_TESTS_REPLAY_IMAGE_FILE_H

#include <stdint.h>

#include "base/error.h"
#include "platform/platform.h"
#include "target-runtime/image_set.h"
#include "target-runtime/memory.h"

enum { OP_REPLAY_PAGE = 4096, OP_REPLAY_REGISTERS = 17 };

struct op_replay_thread {
	int64_t id;
	uint64_t registers[OP_REPLAY_REGISTERS]; /**< the x86-64 DWARF numbering, pc last */
};

struct op_replay_page {
	uint64_t addr;
	uint8_t bytes[OP_REPLAY_PAGE];
};

/** Everything in one file. Arrays are owned. */
struct op_replay {
	struct op_region *regions; /**< ascending */
	size_t region_count;
	struct op_replay_thread *threads;
	size_t thread_count;
	struct op_replay_page *pages; /**< ascending */
	size_t page_count;
};

struct op_error *op_replay_write(const struct op_replay *replay, const char *path);
struct op_error *op_replay_read(const char *path, struct op_replay *ret);
/** The address space as regions without paths. @return false: no memory. */
bool op_replay_take_regions(struct op_replay *replay, const struct op_mappings *mappings);
void op_replay_deinit(struct op_replay *replay);
/** The pages as memory; what was not recorded cannot be read. Borrows @p replay. */
struct op_memory op_replay_memory(struct op_replay *replay);

#endif
