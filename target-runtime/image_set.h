// SPDX-License-Identifier: GPL-3.0-or-later
// Every Wasmtime image in one address space: found by scanning, kept up to date, each copy an
// op_image, equal copies sharing an artifact.
#ifndef OP_TARGET_RUNTIME_IMAGE_SET_H
#define OP_TARGET_RUNTIME_IMAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "target-runtime/artifact.h"
#include "target-runtime/memory.h"

/** A run of pages as target-runtime needs it (the tracer translates the platform's mappings). */
struct op_region {
	struct op_host_addr start, end;
	bool readable, writable, executable;
	bool anonymous;
	uint64_t device, inode, file_offset;
	const char *path; /**< borrowed during the call; "" when there is none */
};

/** One copy of an artifact in the target's memory. */
struct op_image {
	uint32_t id; /**< never reused within a set */
	struct op_host_addr base;
	struct op_host_addr text; /**< base + text offset */
	uint64_t text_size;
	bool file_backed; /**< mapped from a .cwasm: stores created later map the file anew */
	char *path;       /**< of that file, else "" */
	struct op_artifact *artifact; /**< one reference */
};

struct op_image_set;

struct op_error *op_image_set_create(const struct op_memory *memory, struct op_image_set **ret);
void op_image_set_destroy(struct op_image_set *set);
/**
 * Look for images in @p regions (ascending). Images whose pages are
 * gone or whose header is no longer there are dropped. Pointers to images from before are invalid
 * afterwards when *ret_changed.
 * @param[out] ret_changed images appeared or vanished.
 */
struct op_error *op_image_set_update(struct op_image_set *set, const struct op_region *regions,
				     size_t count, bool *ret_changed);
/**
 * What was read of the images up to now was read while the target ran: the next update, for which
 * it stands, reads all of it once more, and drops and finds anew what reads differently. The memory
 * of a copy that is unmapped meanwhile can be another copy's, half written, at once.
 */
void op_image_set_doubt(struct op_image_set *set);
/** All images, ascending by base. Borrowed until the next update. */
const struct op_image *const *op_image_set_images(const struct op_image_set *set,
						  size_t *ret_count);
/** The image whose *text* holds @p addr, or NULL. */
const struct op_image *op_image_set_find(const struct op_image_set *set, struct op_host_addr addr);
const struct op_image *op_image_set_by_id(const struct op_image_set *set, uint32_t id);

#endif
