// SPDX-License-Identifier: GPL-3.0-or-later
// A recorded process (tests/replay) with its stores found, for the tests of what stores and
// instances hold.
#ifndef OP_TESTS_STATE_FIXTURE_H
#define OP_TESTS_STATE_FIXTURE_H

#include "target-runtime/cell.h"
#include "target-runtime/store_set.h"
#include "tests/replay/image_file.h"

struct state_fixture {
	struct op_replay replay;
	struct op_image_set *images;
	struct op_stack_context context;
	struct op_store_set *set;
};

/** Fails the test on an error. */
void state_no_error(struct op_error *err);
/**
 * Load tests/replay/images/NAME.img.
 * @param[in] module a file in tests/guests/wasm whose bytes are given to the images that have none;
 * NULL: none.
 */
void state_load(struct state_fixture *fixture, const char *name, const char *module);
void state_unload(struct state_fixture *fixture);
/** Search the stores anew, after memory was changed. */
void state_search(struct state_fixture *fixture);
/** The instance with this id in store @p store. */
const struct op_instance *state_instance(const struct state_fixture *fixture, uint32_t store,
					 uint32_t id);
/** The recorded byte at @p addr, to change it; at least @p size bytes follow in the page. */
uint8_t *state_place(struct state_fixture *fixture, uint64_t addr, size_t size);
/** "i32:0000002a", "<lazy>": type and bytes, or the state. Static buffer. */
const char *state_cell_text(const struct op_cell *cell);

#endif
