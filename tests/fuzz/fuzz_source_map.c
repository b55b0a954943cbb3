// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz source maps: the file's bytes, for a module of two functions; what is made of them is read
// as the debug information that it is.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/source_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t module_bytes[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // head
				       0x01, 0x04, 0x01, 0x60, 0x00, 0x00,             // a type
				       0x03, 0x03, 0x02, 0x00, 0x00, // two functions of it
				       0x0a, 0x0c, 0x02, 0x05, 0x00, 0x01, 0x01, 0x01,
				       0x0b, 0x04, 0x00, // their bodies
				       0x01, 0x01, 0x0b};

static void ignore(void *context, const char *text)
{
	(void)context;
	(void)text;
}

static void read_lines(struct op_debug_info *info)
{
	const char *const *files;
	size_t count;
	for (uint32_t pc = 0; pc < sizeof(module_bytes) + 2; pc++) {
		struct op_debug_line line;
		bool found;
		op_error_destroy(op_debug_line_at(info, pc, &found, &line));
	}
	op_error_destroy(op_debug_files(info, &files, &count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct op_bytes json = {.data = data, .size = size, .what = "map"};
	const struct op_bytes bytes = {
		.data = module_bytes, .size = sizeof(module_bytes), .what = "module"};
	_cleanup_source_map_ struct op_source_map map = {0};
	struct op_debug_source source;
	struct op_debug_info *info = NULL;
	struct op_wasm_module *module = NULL;
	void *made = NULL;
	struct op_error *error = op_wasm_module_create(&bytes, &module);
	if (error)
		abort();
	error = op_source_map_parse(&json, &map);
	if (!error)
		error = op_source_map_sections(&map, module, &source, &made);
	if (!error)
		error = op_debug_info_create(&source, ignore, NULL, NULL, &info);
	if (!error)
		read_lines(info);
	op_error_destroy(error);
	op_debug_info_destroy(info);
	op_wasm_module_destroy(module);
	free(made);
	return 0;
}
