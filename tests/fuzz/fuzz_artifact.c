// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz whole images: the ELF container, symbols, unwinding ranges and rows, relocations of native
// debug information, modules, and every table through the artifact;
// then the scan for images, over the same bytes as an address space of one image.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy_bytes.h"
#include "target-runtime/artifact.h"
#include "target-runtime/dwarf/native_dwarf.h"
#include "target-runtime/image_set.h"
#include "target-runtime/unwind_row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t base = 0x10000;

struct input {
	const uint8_t *data;
	size_t size;
};

static struct op_error *read_some(void *context, struct op_host_addr addr, void *buffer,
				  size_t size, size_t *ret_done)
{
	const struct input *input = context;
	*ret_done = 0;
	if (addr.value < base || addr.value - base >= input->size)
		return NULL;
	size_t left = input->size - (size_t)(addr.value - base);
	*ret_done = size < left ? size : left;
	memcpy(buffer, input->data + (addr.value - base), *ret_done);
	return NULL;
}

// All of it is fetched, and so relocated, but for sections that are made up to be larger than the
// image.
static void use_native(struct op_artifact *artifact, size_t image_size)
{
	struct op_native_dwarf *native;
	struct op_error *err = op_native_dwarf_create(artifact, &native);
	if (err) {
		op_error_destroy(err);
		return;
	}
	const struct op_debug_source *source = op_native_dwarf_source(native);
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++)
		if (source->sections[i].size <= image_size)
			op_error_destroy(op_lazy_bytes_need(source->lazy, source->sections[i].data,
							    source->sections[i].size));
	op_native_dwarf_destroy(native);
}

static void use_unwinding(struct op_artifact *artifact, uint64_t text_offset)
{
	struct op_unwind_row row;
	bool found;
	for (uint64_t i = 0; i < 64; i += 7)
		op_error_destroy(op_artifact_unwind_row(artifact, text_offset + i, &found, &row));
}

static void use(struct op_artifact *artifact, size_t image_size)
{
	const struct op_function *functions = NULL;
	const struct op_frame_table *frames;
	const struct op_address_map *map;
	const struct op_trap_table *traps;
	const struct op_wasm_module *module;
	size_t count = 0;
	uint32_t modules = 0, number;
	op_error_destroy(op_artifact_functions(artifact, &functions, &count));
	for (size_t i = 0; i < count && i < 64; i++) {
		const struct op_function *found;
		op_error_destroy(
			op_artifact_function_at(artifact, functions[i].text_offset, &found));
		op_error_destroy(op_artifact_find_entry(artifact, functions[i].module,
							functions[i].index, &found));
		use_unwinding(artifact, functions[i].text_offset);
		// A name that does not end is found by the sanitizer; no section is longer than the
		// image.
		if (functions[i].name && strlen(functions[i].name) > image_size)
			abort();
	}
	use_native(artifact, image_size);
	op_error_destroy(op_artifact_frame_table(artifact, &frames));
	op_error_destroy(op_artifact_address_map(artifact, &map));
	op_error_destroy(op_artifact_trap_table(artifact, &traps));
	op_error_destroy(op_artifact_module_count(artifact, &modules));
	for (uint32_t i = 0; i < modules && i < 4; i++) {
		op_error_destroy(op_artifact_module(artifact, i, &module));
		op_error_destroy(op_artifact_module_bias(artifact, i, &number));
		op_error_destroy(op_artifact_imported_functions(artifact, i, &number));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.data = data, .size = size};
	struct op_memory memory = {.context = &input, .read_some = read_some};
	struct op_artifact *artifact;
	struct op_error *error = op_artifact_open(&memory, op_host_addr(base), size, &artifact);
	if (error) {
		op_error_destroy(error);
	} else {
		use(artifact, size);
		op_artifact_unref(artifact);
	}
	// The corpus has the text on a page of its own, the third; this maps it as a process would.
	struct op_region regions[] = {
		{.start = op_host_addr(base),
		 .end = op_host_addr(base + 0x2000),
		 .readable = true,
		 .anonymous = true},
		{.start = op_host_addr(base + 0x2000),
		 .end = op_host_addr(base + 0x100000),
		 .readable = true,
		 .executable = true,
		 .anonymous = true},
		{.start = op_host_addr(base + 0x100000),
		 .end = op_host_addr(base + 0x110000),
		 .readable = true,
		 .anonymous = true},
	};
	struct op_image_set *set;
	error = op_image_set_create(&memory, &set);
	if (error) {
		op_error_destroy(error);
		return 0;
	}
	bool changed;
	op_error_destroy(op_image_set_update(set, regions, 3, &changed));
	op_error_destroy(op_image_set_update(set, regions, 2, &changed));
	op_image_set_destroy(set);
	return 0;
}
