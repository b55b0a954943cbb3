// SPDX-License-Identifier: GPL-3.0-or-later
// What is decoded from an artifact's sections, each at its first use: functions and tables.
#include <stdlib.h>

#include "target-runtime/artifact.h"
#include "target-runtime/artifact_private.h"

struct op_error *op_artifact_frame_table(struct op_artifact *artifact,
					 const struct op_frame_table **ret)
{
	*ret = artifact->frame_table;
	if (artifact->frame_table || !artifact->info.has_frames || !artifact->info.layout)
		return NULL;
	struct op_bytes section;
	struct op_lazy_bytes *lazy;
	struct op_error *err =
		op_artifact_section_lazy(artifact, ".wasmtime.frames", &section, &lazy);
	struct op_frame_table *table;
	if (!err)
		err = op_frame_table_create_lazy(&section, lazy, artifact->info.layout, &table);
	if (err)
		return err;
	err = op_frame_table_slots_by_text(table);
	if (err) {
		op_frame_table_destroy(table);
		return err;
	}
	*ret = artifact->frame_table = table;
	return NULL;
}

struct op_error *op_artifact_address_map(struct op_artifact *artifact,
					 const struct op_address_map **ret)
{
	*ret = artifact->address_map;
	if (artifact->address_map || !artifact->info.has_address_map || !artifact->info.layout)
		return NULL;
	struct op_bytes section;
	struct op_error *err = op_artifact_section(artifact, ".wasmtime.addrmap", &section);
	if (!err)
		err = op_address_map_create(&section, artifact->info.layout->block_encoded_maps,
					    &artifact->address_map);
	*ret = artifact->address_map;
	return err;
}

struct op_error *op_artifact_trap_table(struct op_artifact *artifact,
					const struct op_trap_table **ret)
{
	*ret = artifact->trap_table;
	if (artifact->trap_table || !artifact->info.layout)
		return NULL;
	struct op_bytes section;
	struct op_error *err = op_artifact_section(artifact, ".wasmtime.traps", &section);
	if (!err && section.size > 0)
		err = op_trap_table_create(&section, artifact->info.layout->block_encoded_maps,
					   &artifact->trap_table);
	*ret = artifact->trap_table;
	return err;
}

static struct op_error *functions_from_symbols(struct op_artifact *artifact)
{
	struct op_bytes symbols, names;
	struct op_error *err = op_artifact_section(artifact, ".symtab", &symbols);
	if (!err)
		err = op_artifact_section(artifact, ".strtab", &names);
	if (!err)
		err = op_function_table_from_symbols(&artifact->image.header, &symbols, &names,
						     artifact->info.text_size,
						     &artifact->functions);
	return err;
}

static struct op_error *imported_by_bytecode(void *context, uint32_t module, uint32_t *ret)
{
	return op_artifact_imported_functions(context, module, ret);
}

/** @param[out] ret heap array; free() it. None: the image has no .eh_frame. */
static struct op_error *read_ranges(struct op_artifact *artifact, struct op_code_range **ret,
				    size_t *ret_count)
{
	const struct op_elf_section *place = op_elf_image_find(&artifact->image, ".eh_frame");
	struct op_bytes section;
	*ret = NULL;
	*ret_count = 0;
	struct op_error *err = op_artifact_section(artifact, ".eh_frame", &section);
	if (err || section.size == 0)
		return err;
	return op_eh_frame_ranges(&artifact->image.header, &section, place->offset,
				  artifact->info.text_offset, artifact->info.text_size, ret,
				  ret_count);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct op_code_range *x = a, *y = b;
	return x->text_offset < y->text_offset ? -1 : x->text_offset > y->text_offset;
}

struct op_error *op_artifact_unwind_row(struct op_artifact *artifact, uint64_t text_offset,
					bool *ret_found, struct op_unwind_row *ret)
{
	*ret_found = false;
	if (!artifact->unwind_known) {
		struct op_error *err =
			read_ranges(artifact, &artifact->unwind, &artifact->unwind_count);
		if (err)
			return err;
		if (artifact->unwind_count)
			qsort(artifact->unwind, artifact->unwind_count, sizeof(*artifact->unwind),
			      compare_ranges);
		artifact->unwind_known = true;
	}
	size_t low = 0, high = artifact->unwind_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (artifact->unwind[middle].text_offset <= text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	const struct op_code_range *range = low ? &artifact->unwind[low - 1] : NULL;
	*ret_found = range && text_offset - range->text_offset < range->size;
	return *ret_found
		       ? op_unwind_row_read(&range->unwind, text_offset - range->text_offset, ret)
		       : NULL;
}

static struct op_error *functions_from_ranges(struct op_artifact *artifact)
{
	const struct op_frame_table *frames;
	_cleanup_free_ struct op_code_range *ranges = NULL;
	size_t count = 0;
	struct op_error *err = op_artifact_frame_table(artifact, &frames);
	if (!err)
		err = read_ranges(artifact, &ranges, &count);
	if (err || !count)
		return err;
	return op_function_table_from_ranges(ranges, count, frames, imported_by_bytecode, artifact,
					     &artifact->functions);
}

struct op_error *op_artifact_functions(struct op_artifact *artifact, const struct op_function **ret,
				       size_t *ret_count)
{
	if (!artifact->functions_known) {
		struct op_error *err = artifact->info.has_symbols ? functions_from_symbols(artifact)
								  : functions_from_ranges(artifact);
		if (err)
			return err;
		artifact->functions_known = true;
	}
	*ret = artifact->functions.functions;
	*ret_count = artifact->functions.count;
	return NULL;
}

static struct op_error *need_functions(struct op_artifact *artifact)
{
	const struct op_function *functions;
	size_t count;
	return op_artifact_functions(artifact, &functions, &count);
}

struct op_error *op_artifact_function_at(struct op_artifact *artifact, uint64_t text_offset,
					 const struct op_function **ret)
{
	struct op_error *err = need_functions(artifact);
	*ret = err ? NULL : op_function_table_at(&artifact->functions, text_offset);
	return err;
}

struct op_error *op_artifact_find_function(struct op_artifact *artifact, uint32_t module,
					   uint32_t index, const struct op_function **ret)
{
	struct op_error *err = need_functions(artifact);
	*ret = err ? NULL
		   : op_function_table_find(&artifact->functions, OP_FUNCTION_WASM, module, index);
	return err;
}

struct op_error *op_artifact_find_entry(struct op_artifact *artifact, uint32_t module,
					uint32_t index, const struct op_function **ret)
{
	struct op_error *err = need_functions(artifact);
	*ret = err ? NULL
		   : op_function_table_find(&artifact->functions, OP_FUNCTION_ENTRY_TRAMPOLINE,
					    module, index);
	return err;
}

struct op_error *op_artifact_find_builtin(struct op_artifact *artifact, const char *name,
					  const struct op_function **ret)
{
	struct op_error *err = need_functions(artifact);
	*ret = err ? NULL : op_function_table_find_builtin(&artifact->functions, name);
	return err;
}
