// SPDX-License-Identifier: GPL-3.0-or-later
// The debug information of modules in tests/guests/dwarf, or of changed ones.
#ifndef OP_TESTS_UNIT_DWARF_FIXTURE_H
#define OP_TESTS_UNIT_DWARF_FIXTURE_H

#include "target-runtime/dwarf/debug_info.h"
#include "target-runtime/wasm/module.h"

enum { OP_FIXTURE_WARNINGS_MAX = 16 };

/** Owns everything; zero-initialised: nothing is open; the source may be changed between _open and
 * _read. */
struct op_dwarf_fixture {
	struct op_bytes bytes;
	struct op_wasm_module *module;
	struct op_debug_source source;
	struct op_debug_info *info;
	char *warnings[OP_FIXTURE_WARNINGS_MAX];
	size_t warning_count;
};
/** Load tests/guests/dwarf/@p name; fails the test when it cannot be read. */
void op_dwarf_fixture_open(struct op_dwarf_fixture *fixture, const char *name);
/** Create the information from the source. */
void op_dwarf_fixture_read(struct op_dwarf_fixture *fixture);
/** Both. */
void op_dwarf_fixture_load(struct op_dwarf_fixture *fixture, const char *name);
/** Both, after closing what is open, with a byte of the entries changed. @return false: there is no
 * byte @p at, and nothing was changed. */
bool op_dwarf_fixture_read_changed(struct op_dwarf_fixture *fixture, const char *name, size_t at);
/** A section's bytes, to be changed before they are read. */
uint8_t *op_dwarf_fixture_section(struct op_dwarf_fixture *fixture, enum op_debug_section section);
void op_dwarf_fixture_close(struct op_dwarf_fixture *fixture);

/** Fail the test with the error's sentence when there is one. */
void succeeds(struct op_error *error);

#endif
