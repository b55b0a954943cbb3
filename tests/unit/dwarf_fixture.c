// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/dwarf_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/wasm_fixture.h"

void succeeds(struct op_error *error)
{
	ck_assert_msg(!error, "%s", error ? error->message : "");
}

static void keep_warning(void *context, const char *text)
{
	struct op_dwarf_fixture *fixture = context;
	ck_assert_uint_lt(fixture->warning_count, OP_FIXTURE_WARNINGS_MAX);
	fixture->warnings[fixture->warning_count++] = strdup(text);
}

void op_dwarf_fixture_open(struct op_dwarf_fixture *fixture, const char *name)
{
	char path[256];
	*fixture = (struct op_dwarf_fixture){0};
	snprintf(path, sizeof(path), "../dwarf/%s", name);
	fixture->bytes = op_fixture_read(path);
	fixture->bytes.what = "module";
	fixture->module = op_fixture_module(&fixture->bytes);
	op_debug_source_of_module(fixture->module, &fixture->source);
}

void op_dwarf_fixture_read(struct op_dwarf_fixture *fixture)
{
	struct op_error *error =
		op_debug_info_create(&fixture->source, keep_warning, fixture, NULL, &fixture->info);
	succeeds(error);
}

void op_dwarf_fixture_load(struct op_dwarf_fixture *fixture, const char *name)
{
	op_dwarf_fixture_open(fixture, name);
	op_dwarf_fixture_read(fixture);
}

bool op_dwarf_fixture_read_changed(struct op_dwarf_fixture *fixture, const char *name, size_t at)
{
	op_dwarf_fixture_close(fixture);
	op_dwarf_fixture_open(fixture, name);
	bool inside = at < fixture->source.sections[OP_DEBUG_INFO].size;
	if (inside)
		op_dwarf_fixture_section(fixture, OP_DEBUG_INFO)[at] ^= (uint8_t)(1 + at % 255);
	op_dwarf_fixture_read(fixture);
	return inside;
}

uint8_t *op_dwarf_fixture_section(struct op_dwarf_fixture *fixture, enum op_debug_section section)
{
	return (uint8_t *)fixture->source.sections[section].data;
}

void op_dwarf_fixture_close(struct op_dwarf_fixture *fixture)
{
	op_debug_info_destroy(fixture->info);
	op_wasm_module_destroy(fixture->module);
	free((void *)fixture->bytes.data);
	for (size_t i = 0; i < fixture->warning_count; i++)
		free(fixture->warnings[i]);
	*fixture = (struct op_dwarf_fixture){0};
}
