// SPDX-License-Identifier: GPL-3.0-or-later
// See store_list.h.
#include "target-runtime/store_list.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/reader.h"
#include "target-runtime/vmctx.h"

enum {
	WORD = OP_VM_POINTER_SIZE,
	DATA_SIZE = 8192, // of the Rust store that are looked at
	VEC_WORDS = 3,    // capacity, pointer and length, in any order
	STRIDE_MAX = 8 * WORD,
	BELOW_MAX = 1024, // bytes of Wasmtime's Instance in front of the vmctx
	INSTANCES_MAX = 4096,
};

/** One search. */
struct finder {
	struct op_memory memory;
	const struct op_instance *instances; // in the order of their ids
	size_t count;
	uint8_t *entries; // room for count of the largest
	struct op_store_list *list;
	uint64_t address; // of the entries that were found; 0: none yet
	bool unclear;     // there are others
};

static struct op_error *read_some(const struct op_memory *memory, uint64_t address, uint8_t *buffer,
				  size_t size, size_t *ret_done)
{
	return memory->read_some(memory->context, op_host_addr(address), buffer, size, ret_done);
}

/** Whether the words at one place of all entries lie the same distance below the instances. */
static bool holds(const struct finder *finder, size_t stride, size_t pointer, uint64_t *ret_below)
{
	*ret_below =
		finder->instances[0].vmctx.value - op_load_u64_unchecked(finder->entries + pointer);
	for (size_t i = 0; i < finder->count; i++) {
		uint64_t word = op_load_u64_unchecked(finder->entries + i * stride + pointer);
		if (finder->instances[i].vmctx.value - word != *ret_below)
			return false;
	}
	return *ret_below <= BELOW_MAX;
}

/** Is what stands at @p address the list? */
static struct op_error *look_at_entries(struct finder *finder, uint64_t address, bool *ret)
{
	size_t done;
	struct op_error *err = read_some(&finder->memory, address, finder->entries,
					 finder->count * STRIDE_MAX, &done);
	*ret = false;
	for (size_t stride = WORD; !err && !*ret && stride <= STRIDE_MAX; stride += WORD) {
		if (done < finder->count * stride)
			break;
		for (size_t pointer = 0; !*ret && pointer < stride; pointer += WORD) {
			*ret = holds(finder, stride, pointer, &finder->list->below);
			finder->list->stride = (uint32_t)stride;
			finder->list->pointer = (uint32_t)pointer;
		}
	}
	return err;
}

/** A word of the store that the list's length stands beside. */
static struct op_error *look_at_word(struct finder *finder, const uint8_t *data, size_t words,
				     size_t at)
{
	uint64_t address = op_load_u64_unchecked(data + at * WORD);
	struct op_store_list *list = finder->list;
	size_t first = at < VEC_WORDS - 1 ? 0 : at - (VEC_WORDS - 1), length = first;
	while (length < words && length < at + VEC_WORDS &&
	       (length == at || op_load_u64_unchecked(data + length * WORD) != finder->count))
		length++;
	if (!address || address % WORD || length == words || length == at + VEC_WORDS)
		return NULL;
	bool found = address == finder->address;
	struct op_store_list kept = *list;
	struct op_error *err = found ? NULL : look_at_entries(finder, address, &found);
	if (err || !found) {
		*list = kept;
		return err;
	}
	// Other lists of the same instances, or more copies than can be true.
	finder->unclear |= (finder->address && address != finder->address) ||
			   list->head_count == OP_STORE_LIST_HEADS;
	finder->address = address;
	if (!finder->unclear) {
		list->heads[list->head_count].address = (uint32_t)(at * WORD);
		list->heads[list->head_count++].length = (uint32_t)(length * WORD);
	}
	return NULL;
}

/** Whether the store's instances are known to be all: their ids are counted from 0. */
static bool are_all(const struct op_instance *instances, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!instances[i].has_id || instances[i].id != i)
			return false;
	// One entry alone could be anything.
	return count > 1 && count <= INSTANCES_MAX;
}

static struct op_error *search(struct finder *finder)
{
	uint8_t data[DATA_SIZE];
	size_t done;
	struct op_error *err =
		read_some(&finder->memory, finder->list->data, data, sizeof(data), &done);
	for (size_t i = 0; !err && i < done / WORD && !finder->unclear; i++)
		err = look_at_word(finder, data, done / WORD, i);
	return err;
}

struct op_error *op_store_list_find(const struct op_store_set *set, const struct op_store *store,
				    struct op_store_list *ret)
{
	size_t count;
	const struct op_instance *instances =
		op_store_set_instances(set, &count) + store->first_instance;
	struct op_memory memory = op_store_set_context(set)->memory;
	*ret = (struct op_store_list){0};
	if (!store->layout || !are_all(instances, store->instance_count))
		return NULL;
	uint8_t word[WORD];
	size_t done;
	struct op_error *err =
		read_some(&memory, instances[0].vmctx.value - store->layout->instance_store, word,
			  sizeof(word), &done);
	if (err || done < sizeof(word))
		return err;
	struct op_store_list list = {.store = store->address, .data = op_load_u64_unchecked(word)};
	_cleanup_free_ uint8_t *entries = malloc(store->instance_count * STRIDE_MAX);
	struct finder finder = {.memory = memory,
				.instances = instances,
				.count = store->instance_count,
				.entries = entries,
				.list = &list};
	err = entries ? search(&finder) : op_error_no_memory();
	if (!err && finder.address && !finder.unclear)
		*ret = list;
	return err;
}

// Reading -------------------------------------------------------------------------------------

static struct op_error *read_word(const struct op_memory *memory, uint64_t address, uint64_t *ret)
{
	uint8_t bytes[WORD] = {0};
	size_t done;
	struct op_error *err = read_some(memory, address, bytes, sizeof(bytes), &done);
	*ret = !err && done == sizeof(bytes) ? op_load_u64_unchecked(bytes) : 0;
	return err;
}

/** *ret_same false: it does not say what those before it do. */
static struct op_error *read_head(const struct op_memory *memory, const struct op_store_list *list,
				  size_t number, uint64_t *address, uint64_t *count, bool *ret_same)
{
	uint64_t other_address = 0, other_count = 0;
	struct op_error *err =
		read_word(memory, list->data + list->heads[number].address, &other_address);
	if (!err)
		err = read_word(memory, list->data + list->heads[number].length, &other_count);
	*ret_same = !number || (*address == other_address && *count == other_count);
	*address = other_address;
	*count = other_count;
	return err;
}

/** *ret NULL: it cannot be the list. */
static struct op_error *read_addresses(const struct op_memory *memory,
				       const struct op_store_list *list, struct op_host_addr **ret,
				       size_t *ret_count)
{
	uint64_t address = 0, count = 0;
	size_t done;
	bool same = true;
	*ret = NULL;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && same && i < list->head_count; i++)
		err = read_head(memory, list, i, &address, &count, &same);
	if (err || !same || !count || count > INSTANCES_MAX)
		return err;
	size_t size = (size_t)count * list->stride;
	_cleanup_free_ uint8_t *entries = malloc(size);
	_cleanup_free_ struct op_host_addr *addresses = calloc(count, sizeof(*addresses));
	if (!entries || !addresses)
		return op_error_no_memory();
	err = read_some(memory, address, entries, size, &done);
	if (err || done < size)
		return err;
	for (size_t i = 0; i < count; i++)
		addresses[i] = op_host_addr(
			op_load_u64_unchecked(entries + i * list->stride + list->pointer) +
			list->below);
	*ret = op_take(addresses);
	*ret_count = (size_t)count;
	return NULL;
}

static bool is_list(const struct op_store_set *set, const struct op_store_list *list,
		    const struct op_host_addr *addresses, size_t count)
{
	size_t stores, instances;
	const struct op_store *store = op_store_set_stores(set, &stores);
	const struct op_instance *instance = op_store_set_instances(set, &instances);
	if (stores != 1 || store->address.value != list->store.value || instances != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!instance[i].has_id || instance[i].id != i ||
		    instance[i].vmctx.value != addresses[i].value)
			return false;
	return true;
}

static void set_destroyp(struct op_store_set **set)
{
	op_store_set_destroy(*set);
}

struct op_error *op_store_list_read(const struct op_stack_context *context,
				    const struct op_store_list *list, struct op_store_set **ret)
{
	_cleanup_free_ struct op_host_addr *addresses = NULL;
	_cleanup_(set_destroyp) struct op_store_set *set = NULL;
	size_t count = 0;
	*ret = NULL;
	struct op_error *err = read_addresses(&context->memory, list, &addresses, &count);
	if (err || !addresses)
		return err;
	err = op_store_set_create_of(context, addresses, count, &set);
	if (!err && is_list(set, list, addresses, count))
		*ret = op_take(set);
	return err;
}
