// SPDX-License-Identifier: GPL-3.0-or-later
// Modules for the tests of the core-module reader.
#include "tests/unit/wasm_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

struct op_bytes op_fixture_read(const char *name)
{
	// automake runs the tests with srcdir in the environment.
	const char *srcdir = getenv("srcdir");
	char path[1024];
	snprintf(path, sizeof(path), "%s/tests/guests/wasm/%s", srcdir ?: ".", name);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	ck_assert_int_gt(size, 0);
	rewind(file);
	uint8_t *data = malloc((size_t)size + 1);
	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(fread(data, 1, (size_t)size, file), (size_t)size);
	data[size] = 0;
	fclose(file);
	return (struct op_bytes){.data = data, .size = (size_t)size, .what = name};
}

struct op_wasm_module *op_fixture_module(const struct op_bytes *bytes)
{
	struct op_wasm_module *module = NULL;
	struct op_error *error = op_wasm_module_create(bytes, &module);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	return module;
}

char *op_fixture_text(const struct op_wasm_module *module, uint32_t function, uint32_t offset)
{
	struct op_wasm_instruction instruction;
	struct op_error *error = op_wasm_instruction_decode(module, offset, &instruction);
	struct op_text text = OP_TEXT_INIT;
	char *string = NULL;
	if (!error)
		error = op_wasm_instruction_text(module, function, &instruction, &text);
	if (!error)
		error = op_text_steal(&text, &string);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	return string;
}
