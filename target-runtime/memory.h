// SPDX-License-Identifier: GPL-3.0-or-later
// The one interface through which target-runtime reads the target. It does not know whether the
// bytes come from a process, a core or a file.
#ifndef OP_TARGET_RUNTIME_MEMORY_H
#define OP_TARGET_RUNTIME_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"

/** Where bytes come from. Copied by value; context is borrowed. */
struct op_memory {
	void *context;
	/** Read as many bytes as can be read without a gap; *ret_done may be 0. Fails only when the
	 * source is gone. */
	struct op_error *(*read_some)(void *context, struct op_host_addr addr, void *buffer,
				      size_t size, size_t *ret_done);
	/** OP_ERROR_UNREADABLE with the reason why nothing can be read at @p addr; NULL: there is
	 * no more to say than that. Never returns NULL. */
	struct op_error *(*unreadable)(void *context, struct op_host_addr addr);
};

/** Read exactly @p size bytes, or OP_ERROR_UNREADABLE with the first address that cannot be read.
 */
struct op_error *op_memory_read(const struct op_memory *memory, struct op_host_addr addr,
				void *buffer, size_t size);
struct op_error *op_memory_read_u32(const struct op_memory *memory, struct op_host_addr addr,
				    uint32_t *ret);
struct op_error *op_memory_read_u64(const struct op_memory *memory, struct op_host_addr addr,
				    uint64_t *ret);

/**
 * A page cache over another memory, for many small reads at one stop. Bounded: at most limit bytes
 * are kept; the oldest go first. Reads larger than a page go past it.
 */
struct op_memory_cache;
struct op_error *op_memory_cache_create(const struct op_memory *source, size_t limit,
					struct op_memory_cache **ret);
void op_memory_cache_destroy(struct op_memory_cache *cache);
/** The cached view. Valid as long as the cache. */
struct op_memory op_memory_cache_memory(struct op_memory_cache *cache);
/** Forget everything: the target has run, or its memory was written. */
void op_memory_cache_drop(struct op_memory_cache *cache);

#endif
