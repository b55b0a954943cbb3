// SPDX-License-Identifier: GPL-3.0-or-later
// Stores and instances of recorded processes: which there are, whose they are, what does not count.
// What must be there is in tests/replay/guests.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/store_list.h"
#include "target-runtime/vmctx.h"
#include "tests/unit/state_fixture.h"
#include "tests/unit/suite.h"

static struct state_fixture fixture;

static void unload(void)
{
	state_unload(&fixture);
}

static size_t instance_count(void)
{
	size_t count;
	op_store_set_instances(fixture.set, &count);
	return count;
}

static const struct op_store *only_store(void)
{
	size_t count;
	const struct op_store *stores = op_store_set_stores(fixture.set, &count);
	ck_assert_uint_eq(count, 1);
	return stores;
}

/** library.wat was instantiated first, then app.wat; the dummy instance has 0. */
static void check_state(const char *name, enum op_collector collector)
{
	state_load(&fixture, name, NULL);
	const struct op_store *store = only_store();
	ck_assert_uint_eq(store->instance_count, 3);
	ck_assert_uint_eq(store->component_count, 0);
	ck_assert_int_eq(store->collector, collector);
	ck_assert(store->in_activation);
	ck_assert(!store->uses_fuel && !store->uses_epochs);
	ck_assert_uint_eq(store->gc_size, 0x10000);
	const struct op_instance *dummy = state_instance(&fixture, 0, 0),
				 *library = state_instance(&fixture, 0, 1),
				 *app = state_instance(&fixture, 0, 2);
	ck_assert_int_eq(dummy->kind, OP_INSTANCE_HOST);
	ck_assert_int_eq(dummy->reason, OP_MODULE_HOST);
	ck_assert_int_eq(library->reason, OP_MODULE_KNOWN);
	ck_assert_int_eq(app->reason, OP_MODULE_KNOWN);
	ck_assert_ptr_ne(library->artifact, app->artifact);
	ck_assert_uint_eq(op_wasm_module_imported(app->wasm, OP_WASM_EXTERNAL_FUNC), 1);
	uint32_t count;
	op_wasm_module_exports(library->wasm, &count);
	ck_assert_uint_eq(count, 6);
	ck_assert_ptr_eq(op_store_set_find(fixture.set, app->vmctx), app);
	ck_assert_ptr_null(op_store_set_find(fixture.set, op_host_addr(app->vmctx.value + 16)));
	ck_assert_ptr_null(op_store_set_find_id(fixture.set, 0, 3));
	ck_assert_ptr_null(op_store_set_find_id(fixture.set, 1, 0));
	const struct op_wasm_module *module;
	struct op_error *err = op_instance_module(dummy, &module);
	ck_assert(err && err->code == OP_ERROR_UNSUPPORTED);
	op_error_destroy(err);
}

START_TEST(two_modules_copying)
{
	check_state("state-49", OP_COLLECTOR_COPYING);
}
END_TEST

START_TEST(two_modules_drc)
{
	check_state("state-44", OP_COLLECTOR_DRC);
}
END_TEST

START_TEST(two_modules_null)
{
	check_state("state-49-null", OP_COLLECTOR_NULL);
}
END_TEST

static void check_parts(const char *name, const char *module, enum op_module_reason reason)
{
	state_load(&fixture, name, module);
	ck_assert_uint_eq(only_store()->instance_count, 2);
	ck_assert_int_eq(state_instance(&fixture, 0, 0)->kind, OP_INSTANCE_HOST);
	const struct op_instance *parts = state_instance(&fixture, 0, 1);
	ck_assert_int_eq(parts->kind, OP_INSTANCE_MODULE);
	ck_assert_int_eq(parts->reason, reason);
	ck_assert_ptr_nonnull(parts->artifact);
	ck_assert_uint_eq(parts->module, 0);
}

START_TEST(no_bytes_is_a_reason)
{
	check_parts("parts-36", NULL, OP_MODULE_NO_BYTES);
	unload();
	check_parts("parts-42", NULL, OP_MODULE_NO_BYTES);
	unload();
	check_parts("parts-49", NULL, OP_MODULE_NO_BYTES);
}
END_TEST

START_TEST(bytes_that_were_given)
{
	check_parts("parts-36", "parts.wasm", OP_MODULE_KNOWN);
	unload();
	check_parts("parts-42", "parts.wasm", OP_MODULE_KNOWN);
	unload();
	check_parts("parts-49", "parts.wasm", OP_MODULE_KNOWN);
}
END_TEST

// A module whose counts differ cannot be the instance's, whatever was given.
START_TEST(bytes_of_another_module)
{
	state_load(&fixture, "parts-49", "hosted.wasm");
	const struct op_instance *parts = state_instance(&fixture, 0, 1);
	ck_assert_int_eq(parts->reason, OP_MODULE_AMBIGUOUS);
	ck_assert_ptr_null(parts->wasm);
}
END_TEST

// hosted.py: three stores were made and one closed again; memory, table and global of the first are
// the host's.
START_TEST(host)
{
	size_t count;
	state_load(&fixture, "hosted-50", NULL);
	const struct op_store *stores = op_store_set_stores(fixture.set, &count);
	ck_assert_uint_eq(count, 2);
	size_t first = stores[0].instance_count == 5 ? 0 : 1;
	ck_assert_uint_eq(stores[first].instance_count, 5);
	ck_assert_uint_eq(stores[1 - first].instance_count, 2);
	for (uint32_t id = 0; id < 3; id++)
		ck_assert_int_eq(state_instance(&fixture, (uint32_t)first, id)->kind,
				 OP_INSTANCE_HOST);
	const struct op_instance *a = state_instance(&fixture, (uint32_t)first, 3),
				 *b = state_instance(&fixture, (uint32_t)first, 4),
				 *c = state_instance(&fixture, (uint32_t)(1 - first), 1);
	ck_assert_ptr_nonnull(a->artifact);
	ck_assert_ptr_eq(a->artifact, b->artifact);
	ck_assert_ptr_nonnull(c->artifact);
	ck_assert_ptr_ne(a->artifact, c->artifact);
	ck_assert(!stores[0].in_activation && !stores[1].in_activation);
	ck_assert_uint_eq(stores[0].stack_limit.value, UINT64_MAX);
}
END_TEST

// glibc's free() writes over the first 16 bytes of an Instance.
START_TEST(freed)
{
	state_load(&fixture, "parts-46", NULL);
	uint64_t vmctx = state_instance(&fixture, 0, 1)->vmctx.value;
	memset(state_place(&fixture, vmctx - 0x80, 16), 0x5a, 16);
	state_search(&fixture);
	ck_assert_uint_eq(instance_count(), 1);
	ck_assert_ptr_null(op_store_set_find(fixture.set, op_host_addr(vmctx)));
}
END_TEST

START_TEST(self_pointer)
{
	state_load(&fixture, "parts-46", NULL);
	uint64_t vmctx = state_instance(&fixture, 0, 1)->vmctx.value;
	state_place(&fixture, vmctx - 16, 8)[0] ^= 0x10;
	state_search(&fixture);
	ck_assert_uint_eq(instance_count(), 1);
}
END_TEST

// Builtins are constant data of the program; what a guest can write is not.
START_TEST(builtins_in_writable_memory)
{
	state_load(&fixture, "parts-46", NULL);
	uint64_t vmctx = state_instance(&fixture, 0, 1)->vmctx.value,
		 elsewhere = vmctx + OP_VMCTX_VARIABLE;
	memcpy(state_place(&fixture, vmctx + OP_VMCTX_BUILTINS, 8), &elsewhere, 8);
	state_search(&fixture);
	ck_assert_uint_eq(instance_count(), 1);
}
END_TEST

/**
 * A guest that knows its host's addresses writes a whole instance into its own memory, which is one
 * page here. Only where it lies gives it away.
 */
START_TEST(forged_in_guest_memory)
{
	state_load(&fixture, "state-49", NULL);
	const struct op_store *store = only_store();
	uint64_t vmctx = state_instance(&fixture, 0, 2)->vmctx.value;
	// The GC heap's first page was recorded; it is the guest's to fill.
	uint64_t forged = store->gc_base.value + 0x800;
	const uint8_t *from = state_place(&fixture, vmctx - 0x80, 0x80 + OP_VMCTX_VARIABLE);
	memcpy(state_place(&fixture, forged - 0x80, 0x80 + OP_VMCTX_VARIABLE), from,
	       0x80 + OP_VMCTX_VARIABLE);
	memcpy(state_place(&fixture, forged - 16, 8), &forged, 8);
	state_search(&fixture);
	ck_assert_uint_eq(instance_count(), 3);
	ck_assert_ptr_null(op_store_set_find(fixture.set, op_host_addr(forged)));
	ck_assert_ptr_nonnull(op_store_set_find(fixture.set, op_host_addr(vmctx)));
}
END_TEST

// What a frame has shown needs no other proof; what it has shown wrongly is left out.
START_TEST(known_from_frames)
{
	state_load(&fixture, "parts-49", "parts.wasm");
	const struct op_instance *parts = state_instance(&fixture, 0, 1);
	struct op_known_instance known[] = {
		{.vmctx = parts->vmctx, .image = parts->image, .module = 0},
		{.vmctx = op_host_addr(parts->vmctx.value + 32),
		 .image = parts->image,
		 .module = 0},
		{.vmctx = parts->vmctx, .image = 999, .module = 0},
	};
	struct op_store_set *set;
	state_no_error(op_store_set_create(&fixture.context, known, 3, &set));
	size_t count;
	const struct op_instance *instances = op_store_set_instances(set, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(instances[1].reason, OP_MODULE_KNOWN);
	op_store_set_destroy(set);
}
END_TEST

START_TEST(interrupted)
{
	state_load(&fixture, "parts-46", NULL);
	struct op_cancel cancel = {.requested = 1};
	struct op_stack_context context = fixture.context;
	struct op_store_set *set;
	context.cancel = &cancel;
	struct op_error *err = op_store_set_create(&context, NULL, 0, &set);
	ck_assert(err && err->code == OP_ERROR_INTERRUPTED);
	op_error_destroy(err);
}
END_TEST

// A store's own list ---------------------------------------------------------------------------

enum { BELOW = 0x90, STRIDE = 24 };

/** The list's words: its length, something else, and where it is. */
static uint64_t *list_words(const struct op_store *store)
{
	return (uint64_t *)state_place(&fixture, store->address.value + 0x200, 24);
}

/** Write a list as Wasmtime has one, into pages that were recorded for something else. */
static uint64_t *write_list(const struct op_store *store)
{
	uint64_t address = store->gc_base.value + 0x100;
	uint8_t *entries = state_place(&fixture, address, 0x100);
	memset(entries, 0, 0x100);
	for (uint32_t i = 0; i < store->instance_count; i++) {
		uint64_t entry[] = {7, state_instance(&fixture, 0, i)->vmctx.value - BELOW, i};
		memcpy(entries + (size_t)i * STRIDE, entry, sizeof(entry));
	}
	uint64_t *words = list_words(store);
	words[0] = store->instance_count;
	words[1] = 4;
	words[2] = address;
	return words;
}

static struct op_store_list found_list(const struct op_store *store)
{
	struct op_store_list list;
	state_no_error(op_store_list_find(fixture.set, store, &list));
	return list;
}

static bool is_read(const struct op_store_list *list)
{
	struct op_store_set *set;
	size_t count = 0;
	state_no_error(op_store_list_read(&fixture.context, list, &set));
	if (!set)
		return false;
	const struct op_instance *instances = op_store_set_instances(set, &count);
	ck_assert_uint_eq(count, instance_count());
	for (uint32_t i = 0; i < count; i++) {
		const struct op_instance *same = state_instance(&fixture, 0, i);
		ck_assert_uint_eq(instances[i].vmctx.value, same->vmctx.value);
		ck_assert_int_eq(instances[i].reason, same->reason);
		ck_assert_ptr_eq(instances[i].artifact, same->artifact);
	}
	op_store_set_destroy(set);
	return true;
}

START_TEST(list_of_a_store)
{
	state_load(&fixture, "state-44", NULL);
	const struct op_store *store = only_store();
	write_list(store);
	struct op_store_list list = found_list(store);
	ck_assert_uint_eq(list.store.value, store->address.value);
	ck_assert_uint_eq(list.stride, STRIDE);
	ck_assert_uint_eq(list.below, BELOW);
	ck_assert(is_read(&list));
}
END_TEST

// It was recorded with the rest.
START_TEST(list_that_wasmtime_has_made)
{
	state_load(&fixture, "state-49", NULL);
	const struct op_store *store = only_store();
	struct op_store_list list = found_list(store);
	ck_assert_uint_eq(list.store.value, store->address.value);
	ck_assert(is_read(&list));
	// Two could mean anything.
	write_list(store);
	ck_assert_uint_eq(found_list(store).store.value, 0);
}
END_TEST

START_TEST(no_list)
{
	state_load(&fixture, "state-44", NULL);
	const struct op_store *store = only_store();
	uint64_t *words = write_list(store);
	words[0]++;
	ck_assert_uint_eq(found_list(store).store.value, 0);
	words[0]--;
	words[2] += 3;
	ck_assert_uint_eq(found_list(store).store.value, 0);
}
END_TEST

// What was moved from elsewhere in the store is still there: when the list grows the two differ.
START_TEST(copy_of_a_list)
{
	state_load(&fixture, "state-44", NULL);
	const struct op_store *store = only_store();
	uint64_t *words = write_list(store);
	memcpy(state_place(&fixture, store->address.value + 0x220, 24), words, 24);
	struct op_store_list list = found_list(store);
	ck_assert_uint_eq(list.head_count, 2);
	ck_assert(is_read(&list));
	words[0]--;
	ck_assert(!is_read(&list));
}
END_TEST

START_TEST(list_that_has_changed)
{
	state_load(&fixture, "state-44", NULL);
	const struct op_store *store = only_store();
	uint64_t *words = write_list(store);
	struct op_store_list list = found_list(store);
	const uint64_t addresses[] = {0, 8, store->address.value, UINT64_MAX - 7};
	for (size_t i = 0; i < OP_ARRAY_SIZE(addresses); i++) {
		words[2] = addresses[i];
		ck_assert(!is_read(&list));
	}
	write_list(store);
	// What is new is no instance.
	words[0]++;
	ck_assert(!is_read(&list));
	words[0] = UINT64_MAX;
	ck_assert(!is_read(&list));
	words[0] = store->instance_count;
	ck_assert(is_read(&list));
	// One of them is gone.
	uint64_t vmctx = state_instance(&fixture, 0, 1)->vmctx.value;
	state_place(&fixture, vmctx - 16, 8)[0] ^= 0x10;
	ck_assert(!is_read(&list));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_set");
	TCase *tcase = tcase_create("recorded");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, unload);
	tcase_add_test(tcase, two_modules_copying);
	tcase_add_test(tcase, two_modules_drc);
	tcase_add_test(tcase, two_modules_null);
	tcase_add_test(tcase, no_bytes_is_a_reason);
	tcase_add_test(tcase, bytes_that_were_given);
	tcase_add_test(tcase, bytes_of_another_module);
	tcase_add_test(tcase, host);
	tcase_add_test(tcase, freed);
	tcase_add_test(tcase, self_pointer);
	tcase_add_test(tcase, builtins_in_writable_memory);
	tcase_add_test(tcase, forged_in_guest_memory);
	tcase_add_test(tcase, known_from_frames);
	tcase_add_test(tcase, interrupted);
	tcase_add_test(tcase, list_of_a_store);
	tcase_add_test(tcase, list_that_wasmtime_has_made);
	tcase_add_test(tcase, no_list);
	tcase_add_test(tcase, copy_of_a_list);
	tcase_add_test(tcase, list_that_has_changed);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
