// SPDX-License-Identifier: GPL-3.0-or-later
// The core modules inside an artifact: how many, their original bytes, and where they lie in a
// component.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/artifact.h"
#include "target-runtime/artifact_private.h"
#include "target-runtime/wasm/module.h"

// More than any component has; each costs memory.
enum { MODULES_MAX = 65536 };

void op_artifact_modules_deinit(struct op_artifact *artifact)
{
	for (uint32_t i = 0; i < artifact->module_count; i++) {
		op_wasm_module_destroy(artifact->modules[i].parsed);
		free(artifact->modules[i].own_bytes);
	}
	free(artifact->modules);
}

/**
 * The modules from .wasmtime.wasm_bytecode_ends: one u32 a module, the end of its bytes in the
 * other section.
 */
static struct op_error *modules_from_bytecode(struct op_artifact *artifact,
					      const struct op_bytes *ends)
{
	static const char name[] = ".wasmtime.wasm_bytecode";
	struct op_bytes bytecode;
	struct op_lazy_bytes *lazy;
	struct op_error *err = op_artifact_section_lazy(artifact, name, &bytecode, &lazy);
	if (err)
		return err;
	const struct op_elf_section *place = op_elf_image_find(&artifact->image, name);
	struct op_reader r = op_reader(ends);
	if (ends->size % 4 != 0 || ends->size / 4 > MODULES_MAX)
		return op_reader_fail(&r, "%zu bytes are not a list of module ends", ends->size);
	size_t count = ends->size / 4;
	_cleanup_free_ struct op_artifact_module *modules = calloc(count, sizeof(*modules));
	if (!modules)
		return op_error_no_memory();
	uint32_t start = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t end;
		err = op_reader_u32(&r, &end);
		if (err)
			return err;
		if (end < start || end > bytecode.size)
			return op_reader_fail(&r, "module %zu is not inside the bytecode", i);
		if (end > start)
			modules[i] = (struct op_artifact_module){
				.bytes = {.data = bytecode.data + start,
					  .size = end - start,
					  .what = "module"},
				.lazy = lazy,
				.offset = place->offset + start,
			};
		start = end;
	}
	artifact->modules = op_take(modules);
	artifact->module_count = (uint32_t)count;
	return NULL;
}

/** No bytecode: as many as symbols belong to. A core module is one, whatever it has. */
static struct op_error *modules_from_functions(struct op_artifact *artifact)
{
	uint32_t count = artifact->info.is_component ? 0 : 1;
	// Functions without symbols are identified with the modules' help: not here, then.
	if (artifact->info.is_component && artifact->info.has_symbols) {
		const struct op_function *functions;
		size_t function_count;
		struct op_error *err = op_artifact_functions(artifact, &functions, &function_count);
		if (err)
			return err;
		count = artifact->functions.module_count;
	}
	if (count == 0)
		return NULL;
	artifact->modules = calloc(count, sizeof(*artifact->modules));
	if (!artifact->modules)
		return op_error_no_memory();
	artifact->module_count = count;
	return NULL;
}

struct op_error *op_artifact_module_count(struct op_artifact *artifact, uint32_t *ret)
{
	if (!artifact->modules_known) {
		struct op_bytes ends;
		struct op_error *err =
			op_artifact_section(artifact, ".wasmtime.wasm_bytecode_ends", &ends);
		if (!err)
			err = ends.size > 0 ? modules_from_bytecode(artifact, &ends)
					    : modules_from_functions(artifact);
		if (err)
			return err;
		artifact->modules_known = true;
	}
	*ret = artifact->module_count;
	return NULL;
}

static struct op_error *find_module(struct op_artifact *artifact, uint32_t module,
				    struct op_artifact_module **ret)
{
	uint32_t count;
	struct op_error *err = op_artifact_module_count(artifact, &count);
	if (err)
		return err;
	if (module >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the image has no module %" PRIu32 ", only %" PRIu32, module,
				       count);
	*ret = &artifact->modules[module];
	return NULL;
}

struct op_error *op_artifact_bytecode(struct op_artifact *artifact, uint32_t module,
				      struct op_bytes *ret)
{
	struct op_artifact_module *found = NULL;
	struct op_error *err = find_module(artifact, module, &found);
	if (!err)
		err = op_lazy_bytes_need(found->lazy, found->bytes.data, found->bytes.size);
	if (err)
		return err;
	*ret = found->bytes;
	return NULL;
}

struct op_error *op_artifact_bytecode_size(struct op_artifact *artifact, uint32_t module,
					   size_t *ret)
{
	struct op_artifact_module *found = NULL;
	struct op_error *err = find_module(artifact, module, &found);
	*ret = err ? 0 : found->bytes.size;
	return err;
}

struct op_error *op_artifact_bytecode_read(struct op_artifact *artifact, uint32_t module,
					   size_t offset, void *buffer, size_t size)
{
	struct op_artifact_module *found = NULL;
	struct op_error *err = find_module(artifact, module, &found);
	if (err)
		return err;
	if (offset > found->bytes.size || size > found->bytes.size - offset)
		return op_error_create(OP_ERROR_NOT_FOUND, "module %" PRIu32 " has only %zu bytes",
				       module, found->bytes.size);
	if (found->lazy)
		return op_artifact_read(artifact, found->offset + offset, buffer, size);
	memcpy(buffer, found->bytes.data + offset, size);
	return NULL;
}

struct op_error *op_artifact_module(struct op_artifact *artifact, uint32_t module,
				    const struct op_wasm_module **ret)
{
	struct op_artifact_module *found = NULL;
	struct op_error *err = find_module(artifact, module, &found);
	if (!err && !found->parsed && found->bytes.size > 0)
		err = op_error_at(
			op_wasm_module_create_lazy(&found->bytes, found->lazy, &found->parsed),
			"module %" PRIu32, module);
	if (err)
		return err;
	*ret = found->parsed;
	return NULL;
}

struct op_error *op_artifact_set_bytecode(struct op_artifact *artifact, uint32_t module,
					  const struct op_bytes *bytes)
{
	struct op_artifact_module *found = NULL;
	struct op_error *err = find_module(artifact, module, &found);
	if (err)
		return err;
	// What was handed out before points into the bytes that are there.
	if (found->bytes.size > 0)
		return op_error_create(OP_ERROR_STATE,
				       "the bytes of module %" PRIu32 " are known already", module);
	if (bytes->size == 0)
		return op_error_create(OP_ERROR_FORMAT, "a module of 0 bytes");
	found->own_bytes = malloc(bytes->size);
	if (!found->own_bytes)
		return op_error_no_memory();
	memcpy(found->own_bytes, bytes->data, bytes->size);
	found->bytes =
		(struct op_bytes){.data = found->own_bytes, .size = bytes->size, .what = "module"};
	return NULL;
}

struct op_error *op_artifact_imported_functions(struct op_artifact *artifact, uint32_t module,
						uint32_t *ret)
{
	const struct op_wasm_module *parsed;
	struct op_error *err = op_artifact_module(artifact, module, &parsed);
	if (err)
		return err;
	if (parsed) {
		*ret = op_wasm_module_imported(parsed, OP_WASM_EXTERNAL_FUNC);
		return NULL;
	}
	const struct op_function *first = NULL;
	if (artifact->info.has_symbols) {
		const struct op_function *functions;
		size_t count;
		err = op_artifact_functions(artifact, &functions, &count);
		if (err)
			return err;
		// Every defined function is compiled and has its symbol: the first one stands
		// behind the imports.
		first = op_function_table_first_defined(&artifact->functions, module);
	}
	if (!first)
		return op_error_create(
			OP_ERROR_NOT_FOUND,
			"it is not recorded how many functions module %" PRIu32 " imports", module);
	*ret = first->index;
	return NULL;
}

// Where a module lies in its component --------------------------------------------------------

/** Slots that are looked at until two of them agree. */
enum { BIAS_SAMPLES_MAX = 64 };

/**
 * To v43 positions and pcs of slots count from the component: the first slot of a function is its
 * first instruction.
 */
static struct op_error *bias_by_body(struct op_artifact *artifact, uint32_t module,
				     const struct op_function *function, const struct op_slot *slot,
				     bool *ret_known, uint32_t *ret)
{
	const struct op_wasm_module *parsed;
	struct op_error *err = op_artifact_module(artifact, module, &parsed);
	if (err)
		return err;
	struct op_wasm_body body;
	if (parsed && op_wasm_module_function_body(parsed, function->index, &body) &&
	    slot->pc >= body.code_start) {
		*ret = slot->pc - body.code_start;
		*ret_known = true;
	}
	return NULL;
}

/**
 * Since v44 the pc of a slot counts from the module, the position of the code behind it from the
 * component.
 */
static struct op_error *bias_by_map(struct op_artifact *artifact, const struct op_slot *slot,
				    bool *ret_known, uint32_t *ret)
{
	const struct op_address_map *map;
	struct op_error *err = op_artifact_address_map(artifact, &map);
	uint32_t position;
	if (!err && map && op_address_map_lookup(map, slot->text_offset, &position) &&
	    position >= slot->pc) {
		*ret = position - slot->pc;
		*ret_known = true;
	}
	return err;
}

struct op_error *op_artifact_module_bias(struct op_artifact *artifact, uint32_t module,
					 uint32_t *ret)
{
	struct op_artifact_module *found = NULL;
	struct op_error *err = find_module(artifact, module, &found);
	if (err)
		return err;
	if (!artifact->info.is_component) {
		*ret = 0;
		return NULL;
	}
	const struct op_frame_table *frames;
	const struct op_function *functions;
	size_t count;
	err = op_artifact_frame_table(artifact, &frames);
	if (!err)
		err = op_artifact_functions(artifact, &functions, &count);
	if (err)
		return err;
	// A function's first slot; two functions that agree are proof, a single one has to do where
	// there is no other.
	uint32_t seen[BIAS_SAMPLES_MAX];
	size_t seen_count = 0;
	for (size_t i = 0; frames && i < count && seen_count < BIAS_SAMPLES_MAX; i++) {
		const struct op_function *function = &functions[i];
		if (function->kind != OP_FUNCTION_WASM || function->module != module)
			continue;
		size_t at = op_frame_table_text_slot_lower_bound(frames, function->text_offset);
		if (at == op_frame_table_slot_count(frames))
			continue;
		struct op_slot slot = op_frame_table_text_slot(frames, at);
		if (slot.text_offset - function->text_offset >= function->size)
			continue;
		bool known = false;
		uint32_t bias = 0;
		err = artifact->info.layout->pcs_are_component_relative
			      ? bias_by_body(artifact, module, function, &slot, &known, &bias)
			      : bias_by_map(artifact, &slot, &known, &bias);
		if (err)
			return err;
		for (size_t j = 0; known && j < seen_count; j++) {
			if (seen[j] != bias)
				continue;
			*ret = bias;
			return NULL;
		}
		if (known)
			seen[seen_count++] = bias;
	}
	if (seen_count != 1)
		return op_error_create(
			OP_ERROR_NOT_FOUND,
			"where module %" PRIu32 " lies in its component is not recorded", module);
	*ret = seen[0];
	return NULL;
}
