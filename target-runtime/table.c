// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a table's definition and stretches of its elements. Source:
// crates/wasmtime/src/runtime/vm/table.rs: elements are 8 bytes for functions, with a tag where
// initialisation is lazy, 4 for references into the GC heap, 16 for continuations.
#include "target-runtime/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "target-runtime/store_set_private.h"
#include "target-runtime/vm_import.h"
#include "target-runtime/vmctx.h"
#include "target-runtime/wasm/elements.h"

// MaybeTaggedFuncRef: bit 0 says that the element has been initialised.
enum { ELEMENT_INITIALISED = 1 };

// Read at once.
enum { STRETCH_MAX = 4096 };

struct op_error *op_instance_table_count(const struct op_instance *instance, uint32_t *ret)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_instance_module(instance, &module);
	if (!err)
		op_wasm_module_tables(module, ret);
	return err;
}

static struct op_error *find_definition(const struct op_store_set *set,
					const struct op_instance *instance,
					const struct op_wasm_module *module, uint32_t index,
					struct op_table_state *ret)
{
	uint32_t imported = op_wasm_module_imported(module, OP_WASM_EXTERNAL_TABLE);
	struct op_vmctx_offsets offsets = op_vmctx_offsets(instance->layout, module);
	ret->imported = index < imported;
	if (!ret->imported) {
		ret->definition = op_host_addr_add(instance->vmctx,
						   offsets.tables + (uint64_t)(index - imported) *
									    OP_VM_DEFINITION_SIZE);
		ret->owner = instance;
		ret->has_owner_index = true;
		ret->owner_index = index;
		return NULL;
	}
	struct op_vm_import import;
	struct op_error *err = op_vm_import_read(
		set, instance, offsets.imported_tables + (uint64_t)index * OP_VM_IMPORT_SIZE,
		&import);
	if (err)
		return err;
	ret->definition = import.definition;
	ret->owner = import.instance;
	ret->has_owner_index =
		op_vm_import_owner_index(&import, OP_WASM_EXTERNAL_TABLE, &ret->owner_index);
	return NULL;
}

struct op_error *op_instance_table(const struct op_store_set *set,
				   const struct op_instance *instance, uint32_t index,
				   struct op_table_state *ret)
{
	const struct op_wasm_module *module;
	*ret = (struct op_table_state){0};
	struct op_error *err = op_instance_module(instance, &module);
	if (err)
		return err;
	uint32_t count;
	const struct op_wasm_table *tables = op_wasm_module_tables(module, &count);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no table %" PRIu32 ": the module has %" PRIu32,
				       index, count);
	const struct op_wasm_table *table = &tables[index];
	struct op_cell cell;
	if (!op_cell_init(module, &table->type, OP_CELL_TABLE, &cell))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "table %" PRIu32
				       " has elements of a type that outpost does not know",
				       index);
	ret->type = table->type;
	ret->is_64 = table->limits.is_64;
	ret->has_maximum = table->limits.has_maximum;
	ret->minimum = table->limits.minimum;
	ret->maximum = table->limits.maximum;
	ret->element_size = cell.size;
	ret->module = module;
	ret->store = instance->store;
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	err = find_definition(set, instance, module, index, ret);
	if (!err)
		err = op_memory_read_u64(memory, ret->definition, &ret->base.value);
	if (!err)
		err = op_memory_read_u64(memory,
					 op_host_addr_add(ret->definition, OP_VM_DEFINITION_LENGTH),
					 &ret->size);
	if (!err && ret->size > UINT64_MAX / ret->element_size)
		err = op_error_create(OP_ERROR_FORMAT,
				      "its size of %" PRIu64 " elements is not possible",
				      ret->size);
	if (ret->size == 0)
		ret->base = op_host_addr(0);
	return op_error_at(err, "table %" PRIu32 " of instance 0x%" PRIx64, index,
			   instance->vmctx.value);
}

/**
 * Are pointers tagged? Where the settings do not say, a pointer tells by itself; that there is none
 * yet tells nothing.
 */
static bool tags_are_known(const struct op_store_set *set, const struct op_table_state *table,
			   bool *ret_tagged)
{
	const struct op_store_settings *settings = &set->settings[table->store];
	*ret_tagged = settings->known && settings->tunables.table_lazy_init;
	return settings->known;
}

static void decode_function(const struct op_store_set *set, const struct op_table_state *table,
			    struct op_table_element *element)
{
	uint64_t word = op_load_u64_unchecked(element->cell.value.bytes);
	bool tagged, known = tags_are_known(set, table, &tagged);
	if (word == 0 && !known) {
		element->cell.value.state = OP_VALUE_UNKNOWN_LAYOUT;
	} else if (word == 0 && tagged) {
		element->cell.value.state = OP_VALUE_LAZY;
		element->lazy = true;
	} else if (known && tagged && !(word & ELEMENT_INITIALISED)) {
		// Neither uninitialised nor tagged: no element that Wasmtime wrote.
		element->cell.value.state = OP_VALUE_UNKNOWN_LAYOUT;
	}
	word &= ~(uint64_t)ELEMENT_INITIALISED;
	memcpy(element->cell.value.bytes, &word, sizeof(word));
}

/** What the module's element segments say of those that are not initialised yet. */
static struct op_error *find_lazy(const struct op_table_state *table, uint64_t first, size_t count,
				  struct op_table_element *elements)
{
	bool any = false;
	for (size_t i = 0; i < count; i++)
		any = any || elements[i].lazy;
	// What the host made has no segments.
	for (size_t i = 0;
	     any && i < count && table->owner && table->owner->kind == OP_INSTANCE_HOST; i++)
		elements[i].lazy_known = elements[i].lazy_null = elements[i].lazy;
	if (!any || !table->owner || !table->has_owner_index || !table->owner->wasm)
		return NULL;
	_cleanup_free_ struct op_wasm_element *initial = calloc(count, sizeof(*initial));
	if (!initial)
		return op_error_no_memory();
	struct op_error *err = op_wasm_elements_initial(table->owner->wasm, table->owner_index,
							first, count, initial);
	// A section that cannot be read says nothing about the elements; they stay lazy.
	if (err && err->code != OP_ERROR_NO_MEMORY) {
		op_error_destroy(err);
		return NULL;
	}
	for (size_t i = 0; !err && i < count; i++) {
		elements[i].lazy_known = elements[i].lazy;
		elements[i].lazy_null = elements[i].lazy && !initial[i].is_function;
		elements[i].lazy_function = elements[i].lazy ? initial[i].function : 0;
	}
	return err;
}

static struct op_error *read_stretch(const struct op_store_set *set,
				     const struct op_table_state *table, uint64_t first,
				     size_t count, struct op_table_element *ret)
{
	_cleanup_free_ uint8_t *bytes = malloc(count * table->element_size);
	if (!bytes)
		return op_error_no_memory();
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	struct op_host_addr start = op_host_addr_add(table->base, first * table->element_size);
	size_t done;
	struct op_error *err = memory->read_some(memory->context, start, bytes,
						 count * table->element_size, &done);
	for (size_t i = 0; !err && i < count; i++) {
		size_t at = i * table->element_size;
		struct op_table_element *element = &ret[i];
		*element = (struct op_table_element){0};
		op_cell_init(table->module, &table->type, OP_CELL_TABLE, &element->cell);
		element->cell.is_mutable = true;
		element->cell.value.address = op_host_addr_add(start, at);
		element->cell.value.state =
			at + table->element_size <= done ? OP_VALUE_PRESENT : OP_VALUE_UNREADABLE;
		if (element->cell.value.state != OP_VALUE_PRESENT)
			continue;
		memcpy(element->cell.value.bytes, bytes + at, table->element_size);
		if (element->cell.value.type == OP_VALUE_FUNCREF)
			decode_function(set, table, element);
	}
	return err ? err : find_lazy(table, first, count, ret);
}

struct op_error *op_table_elements(const struct op_store_set *set,
				   const struct op_table_state *table, uint64_t first, size_t count,
				   struct op_table_element *ret)
{
	if (first > table->size || count > table->size - first)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "elements %" PRIu64 " to %" PRIu64
				       " are not all in the table: it has %" PRIu64,
				       first, first + (count ? count - 1 : 0), table->size);
	struct op_error *err = NULL;
	for (size_t done = 0; !err && done < count; done += STRETCH_MAX) {
		size_t stretch = count - done < STRETCH_MAX ? count - done : STRETCH_MAX;
		err = read_stretch(set, table, first + done, stretch, ret + done);
	}
	return err;
}
