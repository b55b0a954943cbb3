// SPDX-License-Identifier: GPL-3.0-or-later
// A recorded process (tests/replay/images) whose memory a fuzz harness overwrites and sets back.
#ifndef OP_TESTS_FUZZ_RECORDED_H
#define OP_TESTS_FUZZ_RECORDED_H

#include <stdbool.h>

#include "target-runtime/stack.h"
#include "tests/replay/image_file.h"

struct op_recorded {
	struct op_replay replay;
	struct op_replay_page *pristine; /**< what the pages are set back to */
	struct op_image_set *images;
	struct op_stack_context context;
};

/** What must not fail, whatever the input is: the program ends with what it says. */
void op_must(struct op_error *err);
/** Read the image of this name into @p ret, for the program's life. */
void op_recorded_load(const char *name, struct op_recorded *ret);
/** Whether the program can write there. */
bool op_recorded_is_writable(const struct op_recorded *recorded, uint64_t addr);

#endif
