// SPDX-License-Identifier: GPL-3.0-or-later
// GC objects of recorded processes with each of the three collectors, by app.wat; and the numbers
// that Wasmtime gives to types.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "target-runtime/function_ref.h"
#include "target-runtime/gc_object.h"
#include "target-runtime/global.h"
#include "target-runtime/table.h"
#include "target-runtime/wasm/interned_types.h"
#include "tests/unit/state_fixture.h"
#include "tests/unit/suite.h"

static struct state_fixture fixture;
static const struct op_instance *app;

// Globals of app.wat, imported ones first.
enum { CYCLE = 2, BYTES, VECTORS, REFS, POINT, I31, NAN_GLOBAL, FN, EXCEPTION, FUNCTIONS };
// Types of app.wat, recursion groups flattened.
enum {
	TYPE_POINT = 2,
	TYPE_TREE = 5,
	TYPE_BYTES = 9,
	TYPE_VECTORS = 10,
	TYPE_REFS = 11,
	TYPE_FUNCTIONS = 12
};

static void load(const char *name)
{
	state_load(&fixture, name, NULL);
	app = state_instance(&fixture, 0, 2);
}

static void unload(void)
{
	state_unload(&fixture);
}

static uint32_t global_ref(uint32_t index)
{
	struct op_cell cell;
	state_no_error(op_instance_global(fixture.set, app, index, &cell));
	ck_assert_int_eq(cell.value.state, OP_VALUE_PRESENT);
	ck_assert(!op_cell_is_number(&cell));
	return (uint32_t)op_value_bits(&cell.value);
}

static struct op_gc_object object_of(uint32_t global, enum op_gc_kind kind, uint32_t type)
{
	struct op_gc_object object;
	state_no_error(op_gc_object_read(fixture.set, app, global_ref(global), &object));
	ck_assert_msg(object.kind == kind, "global %u: %s %s", global, op_gc_kind_name(object.kind),
		      object.problem ? object.problem : "");
	ck_assert_ptr_nonnull(object.type);
	ck_assert_uint_eq(object.type_index, type);
	ck_assert_ptr_eq(object.instance, app);
	return object;
}

static struct op_cell check_field(const struct op_gc_object *object, uint32_t index,
				  const char *text, bool is_mutable)
{
	struct op_cell cell;
	state_no_error(op_gc_object_field(fixture.set, object, index, &cell));
	ck_assert_str_eq(state_cell_text(&cell), text);
	ck_assert_int_eq(cell.is_mutable, is_mutable);
	return cell;
}

static void check_no_field(const struct op_gc_object *object, uint32_t index)
{
	struct op_cell cell;
	struct op_error *err = op_gc_object_field(fixture.set, object, index, &cell);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);
}

static void check_objects(const char *name)
{
	load(name);
	struct op_gc_object object = object_of(POINT, OP_GC_STRUCT, TYPE_POINT);
	ck_assert_uint_eq(object.field_count, 3);
	struct op_cell cell = check_field(&object, 0, "i32:000000ff", true);
	ck_assert_uint_eq(cell.size, 1);
	ck_assert_uint_eq(cell.type.code, OP_WASM_TYPE_I8);
	ck_assert_uint_eq(cell.value.address.value, object.address.value + object.header_size);
	cell = check_field(&object, 1, "i32:0000fffe", true);
	ck_assert_uint_eq(cell.value.address.value, object.address.value + object.header_size + 2);
	check_field(&object, 2, "f64:3ff8000000000000", false);
	check_no_field(&object, 3);

	object = object_of(BYTES, OP_GC_ARRAY, TYPE_BYTES);
	ck_assert_uint_eq(object.field_count, 3);
	check_field(&object, 0, "i32:000000ff", true);
	check_field(&object, 2, "i32:00000002", true);
	check_no_field(&object, 3);

	object = object_of(VECTORS, OP_GC_ARRAY, TYPE_VECTORS);
	ck_assert_uint_eq(object.field_count, 2);
	check_field(&object, 1, "v128:00000000000000060000000000000005", true);

	// The tree that is its own next.
	object = object_of(CYCLE, OP_GC_STRUCT, TYPE_TREE);
	check_field(&object, 0, "i32:00000007", true);
	state_no_error(op_gc_object_field(fixture.set, &object, 1, &cell));
	ck_assert_uint_eq(op_value_bits(&cell.value), object.ref);
	check_field(&object, 2, "externref:00000000", false);
	uint32_t tree = object.ref;

	object = object_of(REFS, OP_GC_ARRAY, TYPE_REFS);
	state_no_error(op_gc_object_field(fixture.set, &object, 0, &cell));
	ck_assert_uint_eq(op_value_bits(&cell.value), tree);
	check_field(&object, 1, "anyref:00000000", true);

	object = object_of(FUNCTIONS, OP_GC_STRUCT, TYPE_FUNCTIONS);
	check_field(&object, 0, "<host-table>", false);

	state_no_error(op_gc_object_read(fixture.set, app, global_ref(I31), &object));
	ck_assert_int_eq(object.kind, OP_GC_I31);
	ck_assert_int_eq(object.i31, -5);
	state_no_error(op_gc_object_read(fixture.set, app, 0, &object));
	ck_assert_int_eq(object.kind, OP_GC_NULL);

	state_no_error(op_gc_object_read(fixture.set, app, global_ref(EXCEPTION), &object));
	ck_assert_int_eq(object.kind, OP_GC_EXCEPTION);
	ck_assert(object.has_tag);
	ck_assert_uint_eq(object.tag, 1);
	ck_assert_uint_eq(object.field_count, 2);
	check_field(&object, 0, "f32:40200000", false);
	check_field(&object, 1, "i32:00000009", false);

	// From the store alone, and from an instance whose module has no such type.
	state_no_error(op_gc_object_read_in(fixture.set, 0, global_ref(POINT), &object));
	ck_assert_uint_eq(object.type_index, TYPE_POINT);
	state_no_error(op_gc_object_read(fixture.set, state_instance(&fixture, 0, 1),
					 global_ref(POINT), &object));
	ck_assert_ptr_eq(object.instance, app);

	struct op_table_state table;
	struct op_table_element element;
	state_no_error(op_instance_table(fixture.set, app, 1, &table));
	state_no_error(op_table_elements(fixture.set, &table, 1, 1, &element));
	ck_assert_uint_eq(op_value_bits(&element.cell.value), global_ref(POINT));
}

START_TEST(copying)
{
	check_objects("state-49");
}
END_TEST

START_TEST(drc)
{
	check_objects("state-44");
}
END_TEST

START_TEST(null)
{
	check_objects("state-49-null");
}
END_TEST

static void check_bad(uint32_t ref)
{
	struct op_gc_object object;
	state_no_error(op_gc_object_read(fixture.set, app, ref, &object));
	ck_assert_int_eq(object.kind, OP_GC_BAD);
	ck_assert_ptr_nonnull(object.problem);
	ck_assert_ptr_null(object.type);
	check_no_field(&object, 0);
}

static void put(uint64_t addr, uint32_t word)
{
	memcpy(state_place(&fixture, addr, 4), &word, 4);
}

START_TEST(corrupt_headers)
{
	load("state-49");
	const struct op_gc_object point = object_of(POINT, OP_GC_STRUCT, TYPE_POINT),
				  bytes = object_of(BYTES, OP_GC_ARRAY, TYPE_BYTES);
	uint64_t header = point.address.value;
	uint32_t word = op_load_u32_unchecked(state_place(&fixture, header, 4));
	size_t count;
	const struct op_store *store = op_store_set_stores(fixture.set, &count);
	check_bad(point.ref + 2);
	check_bad((uint32_t)store->gc_size);
	check_bad(0xfffffff0);
	put(header, 0x12345678 & ~1u);
	check_bad(point.ref);
	put(header, word | 1); // copied already
	check_bad(point.ref);
	put(header, word);
	put(header + 8, 17); // smaller than its fields
	check_bad(point.ref);
	put(header + 8, 0xfffffff0);
	check_bad(point.ref);
	put(header + 8, (uint32_t)point.limit);
	put(header + 4, bytes.type_id); // a struct with an array's type
	check_bad(point.ref);
	put(header + 4, 0xdeadbeef);
	struct op_gc_object object;
	state_no_error(op_gc_object_read(fixture.set, app, point.ref, &object));
	ck_assert_int_eq(object.kind, OP_GC_STRUCT);
	ck_assert_ptr_null(object.type);
	ck_assert_ptr_nonnull(object.problem);
	put(bytes.address.value + bytes.header_size, 0x7fffffff); // longer than it is
	check_bad(bytes.ref);
}
END_TEST

START_TEST(corrupt_exception)
{
	load("state-49");
	struct op_gc_object object;
	uint32_t ref = global_ref(EXCEPTION);
	state_no_error(op_gc_object_read(fixture.set, app, ref, &object));
	put(object.address.value + object.header_size + 4, 77);
	check_bad(ref);
	put(object.address.value + object.header_size, 99);
	state_no_error(op_gc_object_read(fixture.set, app, ref, &object));
	ck_assert_ptr_null(object.type);
	ck_assert_ptr_nonnull(object.problem);
}
END_TEST

START_TEST(host_reference)
{
	size_t count;
	state_load(&fixture, "hosted-50", "hosted.wasm");
	const struct op_store *stores = op_store_set_stores(fixture.set, &count);
	app = state_instance(&fixture, stores[0].instance_count == 5 ? 0 : 1, 3);
	struct op_gc_object first, second;
	uint32_t ref = global_ref(1);
	state_no_error(op_gc_object_read(fixture.set, app, ref, &first));
	ck_assert_int_eq(first.kind, OP_GC_EXTERN);
	struct op_table_state table;
	struct op_table_element element;
	state_no_error(op_instance_table(fixture.set, app, 1, &table));
	state_no_error(op_table_elements(fixture.set, &table, 0, 1, &element));
	state_no_error(op_gc_object_read(fixture.set, app,
					 (uint32_t)op_value_bits(&element.cell.value), &second));
	ck_assert_uint_eq(first.host_id, second.host_id);
}
END_TEST

// ModuleTypesBuilder: equal groups have one number; a function type that is not its own trampoline
// type is followed by that one.
START_TEST(numbers_of_types)
{
	load("state-49");
	uint32_t *numbers, total, count;
	state_no_error(op_wasm_interned_types(app->wasm, &numbers, &total));
	op_wasm_module_types(app->wasm, &count);
	// dup1 dup2 point takes (its trampoline 3) list tree gives (7) same same2 ...
	static const uint32_t expected[] = {0, 0, 1, 2, 4, 5, 6, 4, 5, 8, 9, 10, 11};
	ck_assert_uint_ge(count, 13);
	for (size_t i = 0; i < 13; i++)
		ck_assert_msg(numbers[i] == expected[i], "type %zu has number %u", i, numbers[i]);
	free(numbers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gc_object");
	TCase *tcase = tcase_create("recorded");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, unload);
	tcase_add_test(tcase, copying);
	tcase_add_test(tcase, drc);
	tcase_add_test(tcase, null);
	tcase_add_test(tcase, corrupt_headers);
	tcase_add_test(tcase, corrupt_exception);
	tcase_add_test(tcase, host_reference);
	tcase_add_test(tcase, numbers_of_types);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
