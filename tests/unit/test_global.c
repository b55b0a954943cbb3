// SPDX-License-Identifier: GPL-3.0-or-later
// Globals, imports, linear memories and tags of recorded processes. Expected values are those of
// the sources in tests/replay/guests.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/global.h"
#include "target-runtime/linkage.h"
#include "target-runtime/vmctx.h"
#include "tests/unit/state_fixture.h"
#include "tests/unit/suite.h"

static struct state_fixture fixture;

static void unload(void)
{
	state_unload(&fixture);
}

static void check_global(const struct op_instance *instance, uint32_t index, const char *text,
			 bool is_mutable)
{
	struct op_cell cell;
	state_no_error(op_instance_global(fixture.set, instance, index, &cell));
	ck_assert_str_eq(state_cell_text(&cell), text);
	ck_assert_int_eq(cell.is_mutable, is_mutable);
	ck_assert_uint_ne(cell.value.address.value, 0);
}

static void check_name(struct op_wasm_name name, const char *text)
{
	ck_assert_uint_eq(name.size, strlen(text));
	ck_assert_mem_eq(name.data, text, name.size);
}

static void check_parts(const char *name, const char *module)
{
	state_load(&fixture, name, module);
	const struct op_instance *parts = state_instance(&fixture, 0, 1);
	uint32_t count;
	state_no_error(op_instance_global_count(parts, &count));
	ck_assert_uint_eq(count, 3);
	check_global(parts, 0, "i32:00000001", true);
	check_global(parts, 1, "i64:0000000000000002", false);
	check_global(parts, 2, "v128:00000000000000040000000000000003", true);
	struct op_cell cell;
	struct op_error *err = op_instance_global(fixture.set, parts, 3, &cell);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);

	struct op_memory_details memory;
	state_no_error(op_instance_memory_count(parts, &count));
	ck_assert_uint_eq(count, 2);
	state_no_error(op_instance_memory_details(fixture.set, parts, 0, &memory));
	ck_assert_uint_eq(memory.state.size, 0x10000);
	ck_assert(!memory.has_maximum && !memory.is_64 && !memory.shared && !memory.state.imported);
	ck_assert(memory.has_reservation);
	ck_assert_uint_eq(memory.reservation, UINT64_C(4) << 30);
	state_no_error(op_instance_memory_details(fixture.set, parts, 1, &memory));
	ck_assert_uint_eq(memory.state.size, 0x30000);
	ck_assert(memory.has_maximum);
	ck_assert_uint_eq(memory.minimum, 3);
	ck_assert_uint_eq(memory.maximum, 7);

	struct op_tag_state tag;
	state_no_error(op_instance_tag_count(parts, &count));
	ck_assert_uint_eq(count, 1);
	state_no_error(op_instance_tag(fixture.set, parts, 0, &tag));
	ck_assert_uint_eq(tag.type->param_count, 1);
	ck_assert_uint_eq(tag.type->params[0].code, OP_WASM_TYPE_I32);

	static const char *const names[] = {"random_get", "sched_yield"};
	state_no_error(op_instance_import_count(parts, &count));
	ck_assert_uint_eq(count, 2);
	for (uint32_t i = 0; i < count; i++) {
		struct op_binding binding;
		state_no_error(op_instance_import(fixture.set, parts, i, &binding));
		check_name(binding.import->module, "wasi_snapshot_preview1");
		check_name(binding.import->name, names[i]);
		ck_assert_int_eq(binding.function.kind, OP_FUNCTION_REF_HOST);
		ck_assert_ptr_null(binding.problem);
	}
}

START_TEST(parts_of_36)
{
	check_parts("parts-36", "parts.wasm");
}
END_TEST

START_TEST(parts_of_42)
{
	check_parts("parts-42", "parts.wasm");
}
END_TEST

START_TEST(parts_of_46)
{
	check_parts("parts-46", NULL);
}
END_TEST

START_TEST(parts_of_49)
{
	check_parts("parts-49", "parts.wasm");
}
END_TEST

START_TEST(without_bytes)
{
	state_load(&fixture, "parts-49", NULL);
	uint32_t count;
	struct op_cell cell;
	struct op_error *err = op_instance_global_count(state_instance(&fixture, 0, 1), &count);
	ck_assert(err && err->code == OP_ERROR_UNSUPPORTED);
	op_error_destroy(err);
	err = op_instance_global(fixture.set, state_instance(&fixture, 0, 1), 0, &cell);
	ck_assert(err && err->code == OP_ERROR_UNSUPPORTED);
	op_error_destroy(err);
}
END_TEST

// app.wat imports everything from library.wat.
static void check_bound(uint32_t index, const char *name, uint32_t owner_index)
{
	struct op_binding binding;
	state_no_error(
		op_instance_import(fixture.set, state_instance(&fixture, 0, 2), index, &binding));
	check_name(binding.import->module, "lib");
	check_name(binding.import->name, name);
	ck_assert_ptr_eq(binding.instance, state_instance(&fixture, 0, 1));
	ck_assert(binding.has_index);
	ck_assert_uint_eq(binding.index, owner_index);
	ck_assert_ptr_null(binding.problem);
}

static void check_app(const char *name)
{
	state_load(&fixture, name, NULL);
	const struct op_instance *library = state_instance(&fixture, 0, 1),
				 *app = state_instance(&fixture, 0, 2);
	check_bound(0, "mem", 0);
	check_bound(1, "g", 0);
	check_bound(2, "h", 2);
	check_bound(3, "t", 0);
	check_bound(4, "e", 0);
	check_bound(5, "add", 0);
	struct op_binding binding;
	struct op_error *err = op_instance_import(fixture.set, app, 6, &binding);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);
	// $main has called $add with 40 and 2.
	check_global(app, 0, "i32:0000002a", true);
	check_global(library, 0, "i32:0000002a", true);
	check_global(app, 1, "i64:fffffffffffffff9", true);
	check_global(app, 8, "f64:7ff0000000000123", true);

	struct op_memory_details imported, own;
	state_no_error(op_instance_memory_details(fixture.set, library, 0, &own));
	state_no_error(op_instance_memory_details(fixture.set, app, 0, &imported));
	ck_assert(imported.state.imported);
	ck_assert_uint_eq(imported.definition.value, own.definition.value);
	ck_assert_uint_eq(imported.state.base.value, own.state.base.value);
	ck_assert_uint_eq(imported.state.size, 0x20000);
	ck_assert_ptr_eq(imported.owner, library);
	ck_assert(!imported.has_maximum && own.has_maximum);
	state_no_error(op_instance_memory_details(fixture.set, app, 1, &own));
	ck_assert(own.is_64);
	ck_assert_uint_eq(own.maximum, 3);

	struct op_tag_state theirs, mine;
	state_no_error(op_instance_tag(fixture.set, app, 0, &theirs));
	state_no_error(op_instance_tag(fixture.set, app, 1, &mine));
	ck_assert(theirs.imported && !mine.imported);
	ck_assert_ptr_eq(theirs.owner, library);
	ck_assert_uint_eq(theirs.type->params[0].code, OP_WASM_TYPE_I64);
	ck_assert_uint_eq(mine.type->param_count, 2);
	ck_assert_uint_ne(theirs.type_id, mine.type_id);
}

START_TEST(imports_of_49)
{
	check_app("state-49");
}
END_TEST

START_TEST(imports_of_44)
{
	check_app("state-44");
}
END_TEST

START_TEST(host_made)
{
	size_t count;
	state_load(&fixture, "hosted-50", "hosted.wasm");
	const struct op_store *stores = op_store_set_stores(fixture.set, &count);
	uint32_t store = stores[0].instance_count == 5 ? 0 : 1;
	const struct op_instance *instance = state_instance(&fixture, store, 3);
	check_global(instance, 0, "i32:0000007b", true);
	check_global(instance, 2, "i32:00000003", false);
	struct op_binding binding;
	state_no_error(op_instance_import(fixture.set, instance, 0, &binding));
	ck_assert_uint_eq(binding.vmctx.value, 0);
	ck_assert(!binding.has_index && !binding.problem);
	state_no_error(op_instance_import(fixture.set, instance, 1, &binding));
	ck_assert_int_eq(binding.instance->kind, OP_INSTANCE_HOST);
	state_no_error(op_instance_import(fixture.set, instance, 3, &binding));
	ck_assert_int_eq(binding.function.kind, OP_FUNCTION_REF_HOST);
}
END_TEST

// A kind of global that no version has.
START_TEST(broken_import)
{
	state_load(&fixture, "state-49", NULL);
	const struct op_instance *app = state_instance(&fixture, 0, 2);
	uint64_t place =
		app->vmctx.value + op_vmctx_offsets(app->layout, app->wasm).imported_globals;
	state_place(&fixture, place + OP_VM_GLOBAL_IMPORT_KIND, 1)[0] = 9;
	struct op_binding binding;
	state_no_error(op_instance_import(fixture.set, app, 1, &binding));
	ck_assert_ptr_nonnull(binding.problem);
	// A cell that cannot be read is a value's state, not an error.
	memset(state_place(&fixture, place, 8), 0x11, 8);
	struct op_cell cell;
	state_no_error(op_instance_global(fixture.set, app, 0, &cell));
	ck_assert_str_eq(state_cell_text(&cell), "<unreadable>");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("global");
	TCase *tcase = tcase_create("recorded");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, unload);
	tcase_add_test(tcase, parts_of_36);
	tcase_add_test(tcase, parts_of_42);
	tcase_add_test(tcase, parts_of_46);
	tcase_add_test(tcase, parts_of_49);
	tcase_add_test(tcase, without_bytes);
	tcase_add_test(tcase, imports_of_49);
	tcase_add_test(tcase, imports_of_44);
	tcase_add_test(tcase, host_made);
	tcase_add_test(tcase, broken_import);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
