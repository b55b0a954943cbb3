// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps, for each array of type_ids, a sorted list of (shared number, index in the type section).
#include "target-runtime/type_numbers.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/reader.h"
#include "target-runtime/wasm/interned_types.h"

// Modules of one process whose types are remembered; more are asked anew each time.
enum { LISTS_MAX = 256 };

struct type_number {
	uint32_t id;
	uint32_t index;
};

struct type_list {
	struct op_host_addr type_ids;
	const struct op_wasm_module *module;
	struct type_number *numbers; // ascending by id; NULL: none
	size_t count;
};

struct op_type_numbers {
	struct type_list *data;
	size_t count;
	size_t capacity;
};

struct op_type_numbers *op_type_numbers_create(void)
{
	return calloc(1, sizeof(struct op_type_numbers));
}

static void forget(struct op_type_numbers *numbers)
{
	for (size_t i = 0; i < numbers->count; i++)
		free(numbers->data[i].numbers);
	numbers->count = 0;
}

void op_type_numbers_destroy(struct op_type_numbers *numbers)
{
	if (!numbers)
		return;
	forget(numbers);
	free(numbers->data);
	free(numbers);
}

static int by_id(const void *a, const void *b)
{
	const struct type_number *left = a, *right = b;
	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return (left->index > right->index) - (left->index < right->index);
}

/** Pair the numbers in memory with the types. Types whose numbers cannot be read are left out. */
static struct op_error *pair(const struct op_memory *memory, const struct op_instance *instance,
			     const uint32_t *interned, uint32_t total, struct type_list *list)
{
	uint32_t types;
	op_wasm_module_types(instance->wasm, &types);
	_cleanup_free_ uint8_t *ids = malloc((size_t)total * 4 + 1);
	_cleanup_free_ struct type_number *numbers = calloc((size_t)types + 1, sizeof(*numbers));
	if (!ids || !numbers)
		return op_error_no_memory();
	size_t done;
	struct op_error *err = memory->read_some(memory->context, instance->type_ids, ids,
						 (size_t)total * 4, &done);
	if (err)
		return err;
	for (uint32_t i = 0; i < types; i++) {
		if (((size_t)interned[i] + 1) * 4 <= done)
			numbers[list->count++] = (struct type_number){
				.id = op_load_u32_unchecked(ids + (size_t)interned[i] * 4),
				.index = i};
	}
	qsort(numbers, list->count, sizeof(*numbers), by_id);
	list->numbers = op_take(numbers);
	return NULL;
}

static struct op_error *list_create(const struct op_memory *memory,
				    const struct op_instance *instance, struct type_list *ret)
{
	*ret = (struct type_list){.type_ids = instance->type_ids, .module = instance->wasm};
	// The modules of a component share one numbering, with types of the component between them.
	if (!instance->wasm || !instance->artifact ||
	    op_artifact_info(instance->artifact)->is_component)
		return NULL;
	_cleanup_free_ uint32_t *interned = NULL;
	uint32_t total;
	struct op_error *err = op_wasm_interned_types(instance->wasm, &interned, &total);
	if (!err && total > 0)
		err = pair(memory, instance, interned, total, ret);
	// Types that cannot be numbered are types that are not known.
	if (err && err->code == OP_ERROR_FORMAT) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

static struct op_error *list_of(struct op_type_numbers *numbers, const struct op_memory *memory,
				const struct op_instance *instance, const struct type_list **ret)
{
	for (size_t i = 0; i < numbers->count; i++) {
		*ret = &numbers->data[i];
		if ((*ret)->type_ids.value == instance->type_ids.value &&
		    (*ret)->module == instance->wasm)
			return NULL;
	}
	if (numbers->count == LISTS_MAX)
		forget(numbers);
	struct type_list list;
	struct op_error *err = list_create(memory, instance, &list);
	if (err)
		return err;
	if (!op_array_push(numbers, list)) {
		free(list.numbers);
		return op_error_no_memory();
	}
	*ret = &numbers->data[numbers->count - 1];
	return NULL;
}

struct op_error *op_type_numbers_find(struct op_type_numbers *numbers,
				      const struct op_memory *memory,
				      const struct op_instance *instance, uint32_t type_id,
				      uint32_t *ret_index, bool *ret_found)
{
	const struct type_list *list = NULL;
	*ret_found = false;
	struct op_error *err = list_of(numbers, memory, instance, &list);
	if (err)
		return err;
	size_t low = 0, high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->numbers[middle].id < type_id)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < list->count && list->numbers[low].id == type_id;
	if (*ret_found)
		*ret_index = list->numbers[low].index;
	return NULL;
}
