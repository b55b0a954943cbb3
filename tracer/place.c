// SPDX-License-Identifier: GPL-3.0-or-later
// From an instruction of the guest to addresses of its code. Wants patches; writes none.
#include "tracer/place.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool has_slots(const struct op_frame_table *table)
{
	return table && op_frame_table_slot_count(table);
}

struct op_error *op_place_table_bias(const struct op_module_entry *module, uint32_t *ret)
{
	const struct op_artifact_info *info = op_artifact_info(module->artifact);
	*ret = 0;
	if (!info->layout || !info->layout->pcs_are_component_relative || !info->is_component)
		return NULL;
	return op_artifact_module_bias(module->artifact, module->info.index, ret);
}

// A patch at one text offset of every copy, or of the one that is meant.
static struct op_error *patch_copies(struct op_session *session, struct op_module_entry *module,
				     const struct op_slot *slot, enum op_patch_kind kind,
				     uint32_t breakpoint, enum op_patch_use use,
				     struct op_placement *placement)
{
	uint32_t copy = placement->copy;
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; i < count; i++) {
		if (images[i]->artifact != module->artifact || (copy && images[i]->id != copy))
			continue;
		struct op_patch *patch;
		struct op_error *err;
		if (kind == OP_PATCH_SLOT)
			err = op_patch_want_slot(session, images[i], slot, &patch);
		else
			err = op_patch_want(session, images[i]->text.value + slot->text_offset,
					    OP_PATCH_RAW, &patch);
		if (err)
			return err;
		patch->image = images[i]->id;
		patch->artifact = images[i]->artifact;
		patch->text_offset = slot->text_offset;
		patch->pc = slot->pc;
		if (breakpoint)
			err = op_patch_add_breakpoint(patch, breakpoint, use);
		if (err)
			return err;
		placement->count++;
		placement->file_backed |= images[i]->file_backed;
	}
	return NULL;
}

static struct op_error *place_in_slots(struct op_session *session, struct op_module_entry *module,
				       const struct op_frame_table *table,
				       const struct op_place *place, uint32_t breakpoint,
				       enum op_patch_use use, struct op_placement *ret)
{
	uint32_t bias;
	struct op_error *err = op_place_table_bias(module, &bias);
	if (err)
		return err;
	size_t count = op_frame_table_slot_count(table);
	for (size_t i = op_frame_table_slot_lower_bound(table, place->pc + bias); i < count; i++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		if (ret->count ? slot.pc - bias != ret->pc : slot.pc - bias >= place->end)
			break;
		const struct op_function *owner;
		err = op_artifact_function_at(module->artifact, slot.text_offset, &owner);
		if (err)
			return err;
		// Inlined copies lie in other functions of the same module; another module's slots
		// only share the table.
		if (!owner || owner->kind != OP_FUNCTION_WASM ||
		    owner->module != module->info.index)
			continue;
		ret->pc = slot.pc - bias;
		if (!ret->count)
			ret->function = owner->index;
		err = patch_copies(session, module, &slot, OP_PATCH_SLOT, breakpoint, use, ret);
		if (err)
			return err;
	}
	return NULL;
}

// The machine instructions that an instruction's code begins with: one per stretch of text. The map
// is in the order of the text.
struct map_search {
	uint32_t wanted, end, bias;
	bool found;
	uint32_t chosen; // position
	bool inside;     // the entry before belongs to the chosen position already
	struct OP_ARRAY(struct op_slot) starts;
	bool failed;
};

static bool choose_position(void *context, const struct op_address_map_entry *entry)
{
	struct map_search *search = context;
	uint32_t pc = entry->position - search->bias;
	if (entry->has_position && pc >= search->wanted && pc < search->end &&
	    (!search->found || pc < search->chosen)) {
		search->found = true;
		search->chosen = pc;
	}
	return true;
}

static bool collect_starts(void *context, const struct op_address_map_entry *entry)
{
	struct map_search *search = context;
	bool is_chosen = entry->has_position && entry->position - search->bias == search->chosen;
	struct op_slot start = {.pc = search->chosen, .text_offset = entry->text_offset};
	if (is_chosen && !search->inside && !op_array_push(&search->starts, start))
		search->failed = true;
	search->inside = is_chosen;
	return !search->failed;
}

// One stop for each function that the instruction was compiled into: code motion may scatter it,
// its first stretch counts.
static struct op_error *patch_starts(struct op_session *session, struct op_module_entry *module,
				     const struct map_search *search, uint32_t breakpoint,
				     enum op_patch_use use, struct op_placement *ret)
{
	const struct op_function *last = NULL;
	for (size_t i = 0; i < search->starts.count; i++) {
		const struct op_function *owner;
		struct op_error *err = op_artifact_function_at(
			module->artifact, search->starts.data[i].text_offset, &owner);
		if (err)
			return err;
		if (!owner || owner == last || owner->kind != OP_FUNCTION_WASM ||
		    owner->module != module->info.index)
			continue;
		if (!last)
			ret->function = owner->index;
		last = owner;
		err = patch_copies(session, module, &search->starts.data[i], OP_PATCH_RAW,
				   breakpoint, use, ret);
		if (err)
			return err;
	}
	return NULL;
}

static struct op_error *place_by_map(struct op_session *session, struct op_module_entry *module,
				     const struct op_place *place, uint32_t breakpoint,
				     enum op_patch_use use, struct op_placement *ret)
{
	const struct op_address_map *map;
	struct op_error *err = op_artifact_address_map(module->artifact, &map);
	if (err)
		return err;
	if (!map)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "module %s was compiled without guest-debug and without an "
				       "address map: only the starts of its functions are known",
				       module->name);
	struct map_search search = {.wanted = place->pc, .end = place->end};
	err = op_artifact_module_bias(module->artifact, module->info.index, &search.bias);
	if (!err)
		err = op_address_map_each(map, 0, choose_position, &search);
	if (err || !search.found)
		return err;
	ret->pc = search.chosen;
	err = op_address_map_each(map, 0, collect_starts, &search);
	if (!err)
		err = search.failed ? op_error_no_memory()
				    : patch_starts(session, module, &search, breakpoint, use, ret);
	free(search.starts.data);
	return err;
}

static struct op_error *place_at_entry(struct op_session *session, struct op_module_entry *module,
				       const struct op_place *place, uint32_t breakpoint,
				       enum op_patch_use use, struct op_placement *ret)
{
	const struct op_function *native;
	struct op_error *err = op_artifact_find_function(module->artifact, module->info.index,
							 place->function, &native);
	if (err || !native)
		return err;
	ret->pc = place->pc;
	ret->function = place->function;
	struct op_slot start = {.pc = place->pc, .text_offset = native->text_offset};
	return patch_copies(session, module, &start, OP_PATCH_RAW, breakpoint, use, ret);
}

struct op_error *op_place_every(struct op_session *session, struct op_module_entry *module,
				uint32_t function, uint32_t breakpoint, enum op_patch_use use,
				struct op_placement *ret)
{
	const struct op_frame_table *table;
	const struct op_function *native;
	struct op_error *err = op_artifact_frame_table(module->artifact, &table);
	if (!err && !has_slots(table))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "module %s was compiled without guest-debug: its "
				       "instructions have no places of their own (start Wasmtime "
				       "with -D guest-debug=y)",
				       module->name);
	if (!err)
		err = op_artifact_find_function(module->artifact, module->info.index, function,
						&native);
	if (err || !native)
		return err;
	size_t count = op_frame_table_slot_count(table);
	for (size_t i = op_frame_table_text_slot_lower_bound(table, native->text_offset); i < count;
	     i++) {
		struct op_slot slot = op_frame_table_text_slot(table, i);
		if (slot.text_offset >= native->text_offset + native->size)
			break;
		err = patch_copies(session, module, &slot, OP_PATCH_SLOT, breakpoint, use, ret);
		if (err)
			return err;
	}
	return NULL;
}

struct op_error *op_place_patches(struct op_session *session, struct op_module_entry *module,
				  const struct op_place *place, uint32_t breakpoint,
				  enum op_patch_use use, struct op_placement *ret)
{
	*ret = (struct op_placement){0};
	const struct op_frame_table *table;
	struct op_error *err = op_artifact_frame_table(module->artifact, &table);
	if (err)
		return err;
	if (has_slots(table))
		return place_in_slots(session, module, table, place, breakpoint, use, ret);
	if (place->entry)
		return place_at_entry(session, module, place, breakpoint, use, ret);
	return place_by_map(session, module, place, breakpoint, use, ret);
}

struct owner_search {
	uint32_t low, high; // positions
	bool found;
	uint32_t text_offset;
};

static bool find_owner(void *context, const struct op_address_map_entry *entry)
{
	struct owner_search *search = context;
	search->found = entry->has_position && entry->position >= search->low &&
			entry->position < search->high;
	search->text_offset = entry->text_offset;
	return !search->found;
}

struct op_error *op_place_function_of(struct op_module_entry *module, uint32_t pc, uint32_t end,
				      bool *ret_found, uint32_t *ret)
{
	const struct op_address_map *map;
	const struct op_function *owner = NULL;
	uint32_t bias = 0;
	struct owner_search search = {.low = pc, .high = end};
	*ret_found = false;
	struct op_error *err = op_artifact_address_map(module->artifact, &map);
	if (!err && map)
		err = op_artifact_module_bias(module->artifact, module->info.index, &bias);
	search.low += bias;
	search.high += bias;
	if (!err && map)
		err = op_address_map_each(map, 0, find_owner, &search);
	if (!err && search.found)
		err = op_artifact_function_at(module->artifact, search.text_offset, &owner);
	if (err || !owner || owner->kind != OP_FUNCTION_WASM || owner->module != module->info.index)
		return err;
	*ret_found = true;
	*ret = owner->index;
	return NULL;
}

// The first position that the address map has for a function.
struct first_position {
	uint32_t text_end, position;
	bool found;
};

static bool take_first_position(void *context, const struct op_address_map_entry *entry)
{
	struct first_position *first = context;
	if (entry->text_offset >= first->text_end)
		return false;
	if (entry->has_position) {
		first->found = true;
		first->position = entry->position;
	}
	return !first->found;
}

// Without the original bytes the tables tell where a function begins.
static struct op_error *start_by_tables(struct op_module_entry *module,
					const struct op_function *native,
					const struct op_frame_table *table, uint32_t *ret)
{
	uint32_t bias = 0;
	struct op_error *err;
	*ret = 0;
	if (has_slots(table)) {
		size_t i = op_frame_table_text_slot_lower_bound(table, native->text_offset);
		err = op_place_table_bias(module, &bias);
		if (!err && i < op_frame_table_slot_count(table))
			*ret = op_frame_table_text_slot(table, i).pc - bias;
		return err;
	}
	const struct op_address_map *map;
	struct first_position first = {.text_end = native->text_offset + native->size};
	err = op_artifact_address_map(module->artifact, &map);
	if (!err && map)
		err = op_address_map_each(map, native->text_offset, take_first_position, &first);
	if (!err && first.found)
		err = op_artifact_module_bias(module->artifact, module->info.index, &bias);
	if (!err && first.found)
		*ret = first.position - bias;
	return err;
}

struct op_error *op_place_function_start(struct op_module_entry *module, uint32_t function,
					 struct op_place *ret, bool *ret_known)
{
	const struct op_function *native;
	const struct op_frame_table *table;
	struct op_error *err =
		op_artifact_find_function(module->artifact, module->info.index, function, &native);
	if (!err)
		err = op_artifact_frame_table(module->artifact, &table);
	if (err)
		return err;
	*ret = (struct op_place){
		.function = function, .end = UINT32_MAX, .entry = !has_slots(table)};
	*ret_known = native != NULL;
	if (!native)
		return NULL;
	struct op_wasm_body body;
	if (module->wasm && op_wasm_module_function_body(module->wasm, function, &body)) {
		ret->pc = body.code_start;
		ret->end = body.end;
		return NULL;
	}
	return start_by_tables(module, native, table, &ret->pc);
}
