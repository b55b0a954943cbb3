/* SPDX-License-Identifier: GPL-3.0-or-later */
// Lines typed at a prompt, and what was written to them. The program is fake_session.h's.
#ifndef OP_TESTS_UNIT_TYPED_H
#define OP_TESTS_UNIT_TYPED_H

#include "tracer/repl/repl.h"

/** The conversation; its streams are in memory. */
extern struct op_repl repl;
/** All that was written since the last line began; NUL-terminated. */
extern char *written, *complaints;
extern size_t written_size, complaints_size;

/** Fixtures: a conversation without a program, and its end. */
void typed_start(void);
void typed_stop(void);
/** Type a line that succeeds. @return what it wrote; borrowed until the next line. */
const char *run(const char *line);
/** Type a line that fails. @return what it complained of; borrowed until the next line. */
const char *refuse(const char *line);

#endif
