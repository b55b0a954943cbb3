// SPDX-License-Identifier: GPL-3.0-or-later
// The version tables: what differs is what Wasmtime's sources at the tags say.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/layout/layout.h"
#include "tests/unit/suite.h"

static const struct op_layout *known(unsigned version)
{
	bool is_known;
	const struct op_layout *layout = op_layout_find(version, &is_known);
	ck_assert_ptr_nonnull(layout);
	ck_assert(is_known);
	ck_assert_uint_le(layout->first_version, version);
	ck_assert_uint_ge(layout->last_version, version);
	return layout;
}

START_TEST(every_version_has_one_row)
{
	for (unsigned version = 36; version <= 50; version++)
		known(version);
	bool is_known = true;
	ck_assert_ptr_null(op_layout_find(35, &is_known));
	ck_assert(!is_known);
	ck_assert_ptr_null(op_layout_find(0, &is_known));
	is_known = true;
	ck_assert_ptr_eq(op_layout_find(51, &is_known), known(50));
	ck_assert(!is_known);
}
END_TEST

START_TEST(store_context)
{
	// Measured on live processes: exit fp, exit pc, entry sp, entry fp, trap handler.
	static const struct {
		unsigned version;
		uint32_t fields[5];
	} rows[] = {
		{36, {0x28, 0x30, OP_LAYOUT_ABSENT, 0x38, OP_LAYOUT_ABSENT}},
		{38, {0x28, 0x30, 0x38, 0x40, 0x48}},
		{42, {0x28, 0x30, 0x38, 0x40, 0x48}},
		{43, {0x30, 0x38, 0x40, 0x48, 0x50}},
		{49, {0x30, 0x38, 0x40, 0x48, 0x50}},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct op_layout *layout = known(rows[i].version);
		ck_assert_uint_eq(layout->store_exit_fp, rows[i].fields[0]);
		ck_assert_uint_eq(layout->store_exit_pc, rows[i].fields[1]);
		ck_assert_uint_eq(layout->store_entry_sp, rows[i].fields[2]);
		ck_assert_uint_eq(layout->store_entry_fp, rows[i].fields[3]);
		ck_assert_uint_eq(layout->store_entry_trap_handler, rows[i].fields[4]);
	}
	ck_assert(known(36)->store_exit_fp_is_caller);
	ck_assert(!known(37)->store_exit_fp_is_caller);
	ck_assert_uint_eq(known(38)->store_async_guard, OP_LAYOUT_ABSENT);
	ck_assert_uint_eq(known(39)->store_async_guard, 0x68);
	ck_assert_uint_eq(known(43)->store_async_guard, 0x70);
}
END_TEST

START_TEST(where_formats_change)
{
	ck_assert_uint_eq(known(38)->frame_table_header_words, 0);
	ck_assert_uint_eq(known(39)->frame_table_header_words, 4);
	ck_assert_uint_eq(known(41)->frame_table_header_words, 6);
	ck_assert_uint_eq(known(40)->function_key_kind_shift, 29);
	ck_assert_uint_eq(known(41)->function_key_kind_shift, 28);
	ck_assert(!known(42)->has_bytecode && known(43)->has_bytecode);
	ck_assert(!known(43)->call_point_is_next && known(44)->call_point_is_next);
	ck_assert(known(43)->pcs_are_component_relative && !known(44)->pcs_are_component_relative);
	ck_assert_uint_eq(known(44)->function_import_size, 24);
	ck_assert_uint_eq(known(45)->function_import_size, 32);
	ck_assert(!known(46)->block_encoded_maps && known(47)->block_encoded_maps);
	ck_assert(!known(48)->align_func_refs && known(49)->align_func_refs);
	ck_assert_uint_eq(known(45)->builtin_raise, 51);
	ck_assert_uint_eq(known(46)->builtin_raise, 41);
	ck_assert_uint_eq(known(36)->builtin_throw_ref, OP_LAYOUT_ABSENT);
	ck_assert_uint_eq(known(40)->builtin_breakpoint, OP_LAYOUT_ABSENT);
	ck_assert_uint_eq(known(41)->builtin_breakpoint, 57);
	ck_assert_uint_eq(known(50)->builtin_breakpoint, 46);
}
END_TEST

START_TEST(trap_names)
{
	ck_assert_str_eq(op_layout_trap_name(known(36), 7), "integer divide by zero");
	ck_assert_str_eq(op_layout_trap_name(known(49), 7), "integer divide by zero");
	// 42 took "degenerate component adapter called" out: codes behind it moved.
	ck_assert_str_eq(op_layout_trap_name(known(41), 12), "all fuel consumed by WebAssembly");
	ck_assert_str_eq(op_layout_trap_name(known(42), 11), "all fuel consumed by WebAssembly");
	ck_assert_str_eq(op_layout_trap_name(known(41), 35), "unaligned pointer");
	ck_assert_str_eq(op_layout_trap_name(known(42), 33), "unaligned pointer");
	ck_assert_ptr_null(op_layout_trap_name(known(42), 34));
	ck_assert_str_eq(op_layout_trap_name(known(47), 49),
			 "uncaught exception propagated out of component");
	ck_assert_ptr_null(op_layout_trap_name(known(46), 49));
	ck_assert_ptr_null(op_layout_trap_name(known(45), 0xff));
	ck_assert_str_eq(op_layout_trap_name(known(46), 0xfe), "GC heap corruption detected");
	ck_assert_ptr_null(op_layout_trap_name(known(49), 0xfd));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout");
	TCase *cases = tcase_create("versions");
	tcase_add_test(cases, every_version_has_one_row);
	tcase_add_test(cases, store_context);
	tcase_add_test(cases, where_formats_change);
	tcase_add_test(cases, trap_names);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
