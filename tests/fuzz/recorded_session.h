// SPDX-License-Identifier: GPL-3.0-or-later
// A recorded core file (session, session_rust, session_dump) whose bytes a fuzz harness overwrites,
// opened as a person opens one, and commands on it. Whatever the target holds, each command ends,
// with text that a terminal can be shown, or with JSON.
#ifndef OP_TESTS_FUZZ_RECORDED_SESSION_H
#define OP_TESTS_FUZZ_RECORDED_SESSION_H

#include <stddef.h>
#include <stdint.h>

/**
 * Try an input out; what it overwrites is set back.
 *
 * The input: flags and the first command; how many commands; how many edits, each a page, a place
 * in it and 8 bytes; the rest is the text of an expression. Flags: 1, the commands write JSON; 2,
 * the edits are of the page that the guest has all its values in: each is a place and 4 bytes;
 * of a Wasm core dump, 4, each writes one byte, not 8, and 8, its module, guest.wasm, is left out.
 * @param[in] folder of tests/fuzz, with the core file and its commands; the same each time.
 * @return 0, what libFuzzer wants to be told.
 */
int op_recorded_session_try(const char *folder, const uint8_t *data, size_t size);

#endif
