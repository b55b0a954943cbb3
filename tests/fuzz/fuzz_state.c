// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes stores, instances and what they hold: recorded processes (tests/replay/images) whose
// writable memory the input overwrites. The search, lists of a store's instances that were found
// before, and every read must end, read only what is there, and give a value or a reason.
//
// clang -fsanitize=fuzzer,address,undefined, run in the source tree's root; corpus in
// tests/fuzz/corpus/state/.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/gc_object.h"
#include "target-runtime/global.h"
#include "target-runtime/linkage.h"
#include "target-runtime/store_list.h"
#include "target-runtime/table.h"
#include "tests/fuzz/recorded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// An edit is a page, a place in it and 8 bytes.
enum { EDIT = 12, EDITS_MAX = 64, DEPTH_MAX = 3, ITEMS_MAX = 12, LISTS_MAX = 4 };

static const char *const names[] = {"state-49", "state-44", "state-49-null", "parts-46",
				    "hosted-50"};

struct process {
	struct op_recorded recorded;
	size_t *writable; // indices of pages that the program can write
	size_t writable_count;
	struct op_store_list lists[LISTS_MAX]; // of its stores as they were recorded
	size_t list_count;
};

static size_t find_lists(const struct op_store_set *set, struct op_store_list *lists)
{
	size_t count, found = 0;
	const struct op_store *stores = op_store_set_stores(set, &count);
	for (size_t i = 0; i < count && found < LISTS_MAX; i++) {
		op_must(op_store_list_find(set, &stores[i], &lists[found]));
		found += lists[found].store.value != 0;
	}
	return found;
}

static struct process *load(size_t index)
{
	static struct process processes[OP_ARRAY_SIZE(names)];
	struct process *process = &processes[index];
	struct op_recorded *recorded = &process->recorded;
	if (recorded->images)
		return process;
	op_recorded_load(names[index], recorded);
	process->writable = calloc(recorded->replay.page_count, sizeof(*process->writable));
	assert(process->writable);
	for (size_t i = 0; i < recorded->replay.page_count; i++) {
		if (op_recorded_is_writable(recorded, recorded->replay.pages[i].addr))
			process->writable[process->writable_count++] = i;
	}
	struct op_store_set *set;
	op_must(op_store_set_create(&recorded->context, NULL, 0, &set));
	process->list_count = find_lists(set, process->lists);
	op_store_set_destroy(set);
	return process;
}

static void look_at_cell(const struct op_store_set *set, const struct op_instance *instance,
			 const struct op_cell *cell, int depth)
{
	struct op_function_ref function;
	struct op_gc_object object;
	struct op_text text = OP_TEXT_INIT;
	assert(cell->size <= sizeof(cell->value.bytes));
	if (cell->value.state != OP_VALUE_PRESENT || depth == DEPTH_MAX)
		return;
	if (cell->value.type == OP_VALUE_FUNCREF) {
		op_must(op_function_ref_read(set, op_host_addr(op_value_bits(&cell->value)),
					     &function));
		assert((function.kind == OP_FUNCTION_REF_BAD) == (function.problem != NULL));
		op_must(op_function_ref_text(&function, &text));
		op_text_deinit(&text);
	}
	if (cell->value.type != OP_VALUE_ANYREF && cell->value.type != OP_VALUE_EXTERNREF &&
	    cell->value.type != OP_VALUE_EXNREF)
		return;
	op_must(op_gc_object_read(set, instance, (uint32_t)op_value_bits(&cell->value), &object));
	assert(object.kind != OP_GC_BAD || object.problem);
	for (uint32_t i = 0; object.type && i < object.field_count && i < ITEMS_MAX; i++) {
		struct op_cell field;
		op_must(op_gc_object_field(set, &object, i, &field));
		assert(field.value.address.value - object.address.value + field.size <=
		       object.limit);
		look_at_cell(set, instance, &field, depth + 1);
	}
}

static void look_at_tables(const struct op_store_set *set, const struct op_instance *instance)
{
	uint32_t count;
	op_must(op_instance_table_count(instance, &count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_table_state table;
		struct op_table_element elements[ITEMS_MAX];
		struct op_error *err = op_instance_table(set, instance, i, &table);
		size_t wanted = err || table.size > ITEMS_MAX ? ITEMS_MAX : (size_t)table.size;
		if (!err)
			err = op_table_elements(set, &table, 0, wanted, elements);
		for (size_t k = 0; !err && k < wanted; k++)
			look_at_cell(set, instance, &elements[k].cell, 0);
		op_error_destroy(err);
	}
}

static void look_at_instance(const struct op_store_set *set, const struct op_instance *instance)
{
	uint32_t count;
	op_must(op_instance_import_count(instance, &count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_binding binding;
		op_error_destroy(op_instance_import(set, instance, i, &binding));
	}
	op_must(op_instance_memory_count(instance, &count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_memory_details memory;
		op_error_destroy(op_instance_memory_details(set, instance, i, &memory));
	}
	op_must(op_instance_tag_count(instance, &count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_tag_state tag;
		op_error_destroy(op_instance_tag(set, instance, i, &tag));
	}
	op_must(op_instance_global_count(instance, &count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_cell cell;
		struct op_error *err = op_instance_global(set, instance, i, &cell);
		if (!err)
			look_at_cell(set, instance, &cell, 0);
		op_error_destroy(err);
	}
	look_at_tables(set, instance);
}

static void check_set(const struct op_store_set *set)
{
	size_t stores, instances, seen = 0;
	const struct op_store *store = op_store_set_stores(set, &stores);
	const struct op_instance *instance = op_store_set_instances(set, &instances);
	for (size_t i = 0; i < stores; i++) {
		assert(store[i].first_instance == seen && store[i].instance_count > 0);
		seen += store[i].instance_count;
	}
	assert(seen == instances);
	for (size_t i = 0; i < instances; i++) {
		assert(op_store_set_find(set, instance[i].vmctx) == &instance[i]);
		assert((instance[i].reason == OP_MODULE_KNOWN) == (instance[i].wasm != NULL));
		if (instance[i].wasm)
			look_at_instance(set, &instance[i]);
	}
}

static void read_lists(const struct op_stack_context *context, const struct op_store_list *lists,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct op_store_set *set;
		size_t stores;
		op_must(op_store_list_read(context, &lists[i], &set));
		if (!set)
			continue;
		assert(op_store_set_stores(set, &stores)->address.value == lists[i].store.value);
		assert(stores == 1);
		check_set(set);
		op_store_set_destroy(set);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct process *process = load(data[0] % OP_ARRAY_SIZE(names));
	size_t edited[EDITS_MAX], edits = 0;
	for (data++, size--; size >= EDIT && edits < EDITS_MAX; data += EDIT, size -= EDIT) {
		size_t page = process->writable[(data[0] | (size_t)data[1] << 8) %
						process->writable_count];
		size_t at = (data[2] | (size_t)data[3] << 8) % (OP_REPLAY_PAGE / 4) * 4;
		size_t room = OP_REPLAY_PAGE - at < 8 ? OP_REPLAY_PAGE - at : 8;
		memcpy(process->recorded.replay.pages[page].bytes + at, data + 4, room);
		edited[edits++] = page;
	}
	struct op_store_set *set;
	op_must(op_store_set_create(&process->recorded.context, NULL, 0, &set));
	check_set(set);
	struct op_store_list found[LISTS_MAX];
	size_t count = find_lists(set, found);
	op_store_set_destroy(set);
	read_lists(&process->recorded.context, found, count);
	read_lists(&process->recorded.context, process->lists, process->list_count);
	for (size_t i = 0; i < edits; i++)
		process->recorded.replay.pages[edited[i]] = process->recorded.pristine[edited[i]];
	return 0;
}
