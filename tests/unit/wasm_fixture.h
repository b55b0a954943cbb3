// SPDX-License-Identifier: GPL-3.0-or-later
// Modules for the tests of the core-module reader: loaded from tests/guests/wasm, or given as
// bytes.
#ifndef OP_TESTS_UNIT_WASM_FIXTURE_H
#define OP_TESTS_UNIT_WASM_FIXTURE_H

#include "target-runtime/wasm/module.h"

/** The contents of tests/guests/wasm/@p name, in heap memory; fails the test if unreadable. */
struct op_bytes op_fixture_read(const char *name);
/** A module that has to parse. */
struct op_wasm_module *op_fixture_module(const struct op_bytes *bytes);
/** The text of the instruction at @p offset, in heap memory. */
char *op_fixture_text(const struct op_wasm_module *module, uint32_t function, uint32_t offset);

#endif
