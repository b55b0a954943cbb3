// SPDX-License-Identifier: GPL-3.0-or-later
// How image_set.c finds image headers in regions. Keeps nothing between calls.
// Where Wasmtime maps images: crates/wasmtime/src/runtime/code_memory.rs, runtime/vm/mmap_vec.rs.
#ifndef OP_TARGET_RUNTIME_IMAGE_SCAN_H
#define OP_TARGET_RUNTIME_IMAGE_SCAN_H

#include "target-runtime/elf_image.h"
#include "target-runtime/image_set.h"

enum { OP_SCAN_PAGE_SIZE = 4096 };

/** An address space: borrowed regions, ascending. */
struct op_region_list {
	const struct op_region *data;
	size_t count;
};

/** The region that holds @p addr, or NULL. */
const struct op_region *op_region_find(const struct op_region_list *regions,
				       struct op_host_addr addr);
/** May a header of an image be in this region? */
bool op_region_is_candidate(const struct op_region *region);
/** End of the run of readable regions without gaps that starts in @p region. */
struct op_host_addr op_region_readable_end(const struct op_region_list *regions,
					   const struct op_region *region);
/** Is [start, start + size) in readable regions (executable ones if asked)? */
bool op_region_covers(const struct op_region_list *regions, struct op_host_addr start,
		      uint64_t size, bool executable);

/** So many pages that cannot be read are passed over in a scan (4 GiB): a core file may say of any
 * memory that it was mapped. */
enum { OP_SCAN_UNREAD_MAX = 1 << 20 };

/** Who asks for a scan. */
struct op_scan_client {
	void *context;
	/** Of OP_SCAN_UNREAD_MAX, what is left for the scans that share it; borrowed. */
	uint64_t *unread_left;
	/**
	 * The end of the known image that @p addr lies in, else @p addr. What is inside an image is
	 * the guest's data, whatever it looks like.
	 */
	struct op_host_addr (*known_end)(void *context, struct op_host_addr addr);
	/**
	 * A page starts like an image. A client that takes it for one gives its end through
	 * known_end() from then on.
	 */
	struct op_error *(*found)(void *context, const struct op_region *region,
				  struct op_host_addr base);
};

enum { OP_SCAN_BUFFER_SIZE = 64 * OP_SCAN_PAGE_SIZE };

/**
 * Look at the page starts of a candidate region: all of an anonymous one, since the kernel merges
 * neighbours; the first of a file's.
 * What cannot be read is passed over.
 * @param[in] buffer OP_SCAN_BUFFER_SIZE bytes to work in.
 */
struct op_error *op_region_scan(const struct op_memory *memory,
				const struct op_region_list *regions,
				const struct op_region *region, uint8_t *buffer,
				const struct op_scan_client *client);

#endif
