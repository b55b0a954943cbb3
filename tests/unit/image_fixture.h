// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of images share: the recorded artifacts, and a made-up address space to put them
// in.
#ifndef OP_TESTS_UNIT_IMAGE_FIXTURE_H
#define OP_TESTS_UNIT_IMAGE_FIXTURE_H

#include <stdint.h>

#include "target-runtime/artifact.h"
#include "target-runtime/image_set.h"
#include "target-runtime/memory.h"

/** The path of tests/guests/images/NAME. Static until the next call. */
const char *image_path(const char *name);
/** The bytes of a recorded artifact; free() them. */
uint8_t *image_bytes(const char *name, size_t *ret_size);
/** Open a recorded artifact; fails the test when it cannot be. */
struct op_artifact *image_open(const char *name);

/** Fail the test with the error's sentence when there is one. */
void must_succeed(struct op_error *error);
/** Fail the test unless there is an error of this code. */
void must_fail(struct op_error *error, enum op_error_code code);

enum { SPACE_SIZE = 1 << 20 };

/** 1 MiB of address space with regions in it; what no region covers, and what of one is behind it,
 * is not readable. */
struct space {
	uint8_t *bytes; // SPACE_SIZE, from address space_base
	struct op_region regions[64];
	size_t region_count;
	size_t reads; // calls of read_some since the last look
	size_t read_bytes;
};
extern const uint64_t space_base;

void space_init(struct space *space);
void space_deinit(struct space *space);
struct op_memory space_memory(struct space *space);
/** Add a region behind all others. @p protection as in "r-x". */
void space_region(struct space *space, uint64_t offset, uint64_t size, const char *protection,
		  const char *path);
/**
 * Put an image's bytes at @p offset and its three regions: header, text, tables. Returns the offset
 * behind its last page.
 */
uint64_t space_image(struct space *space, const char *name, uint64_t offset, const char *path);

#endif
