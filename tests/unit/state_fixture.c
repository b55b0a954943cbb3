// SPDX-License-Identifier: GPL-3.0-or-later
// Loads recorded processes for the state tests.
#include "tests/unit/state_fixture.h"

#include <check.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void state_no_error(struct op_error *err)
{
	ck_assert_msg(!err, "%s", err ? err->message : "");
}

static void source_path(char *path, size_t size, const char *format, const char *name)
{
	char tail[PATH_MAX];
	const char *source = getenv("srcdir");
	snprintf(tail, sizeof(tail), format, name);
	snprintf(path, size, "%s/%s", source ? source : ".", tail);
}

static void give_bytes(struct state_fixture *fixture, const char *module)
{
	char path[PATH_MAX * 2];
	uint8_t buffer[4096];
	source_path(path, sizeof(path), "tests/guests/wasm/%s", module);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file, "%s", path);
	struct op_bytes bytes = {
		.data = buffer, .size = fread(buffer, 1, sizeof(buffer), file), .what = "module"};
	fclose(file);
	size_t count;
	const struct op_image *const *images = op_image_set_images(fixture->images, &count);
	for (size_t i = 0; i < count; i++)
		op_error_destroy(op_artifact_set_bytecode(images[i]->artifact, 0, &bytes));
}

void state_search(struct state_fixture *fixture)
{
	op_store_set_destroy(fixture->set);
	fixture->set = NULL;
	state_no_error(op_store_set_create(&fixture->context, NULL, 0, &fixture->set));
}

void state_load(struct state_fixture *fixture, const char *name, const char *module)
{
	char path[PATH_MAX * 2];
	bool changed;
	*fixture = (struct state_fixture){0};
	source_path(path, sizeof(path), "tests/replay/images/%s.img", name);
	state_no_error(op_replay_read(path, &fixture->replay));
	struct op_memory memory = op_replay_memory(&fixture->replay);
	state_no_error(op_image_set_create(&memory, &fixture->images));
	state_no_error(op_image_set_update(fixture->images, fixture->replay.regions,
					   fixture->replay.region_count, &changed));
	if (module)
		give_bytes(fixture, module);
	fixture->context = (struct op_stack_context){
		.memory = memory,
		.images = fixture->images,
		.regions = fixture->replay.regions,
		.region_count = fixture->replay.region_count,
	};
	state_search(fixture);
}

void state_unload(struct state_fixture *fixture)
{
	op_store_set_destroy(fixture->set);
	op_image_set_destroy(fixture->images);
	op_replay_deinit(&fixture->replay);
}

const struct op_instance *state_instance(const struct state_fixture *fixture, uint32_t store,
					 uint32_t id)
{
	const struct op_instance *instance = op_store_set_find_id(fixture->set, store, id);
	ck_assert_msg(instance, "store %" PRIu32 " has no instance %" PRIu32, store, id);
	return instance;
}

uint8_t *state_place(struct state_fixture *fixture, uint64_t addr, size_t size)
{
	for (size_t i = 0; i < fixture->replay.page_count; i++) {
		struct op_replay_page *page = &fixture->replay.pages[i];
		if (addr >= page->addr && addr + size <= page->addr + OP_REPLAY_PAGE)
			return page->bytes + (addr - page->addr);
	}
	ck_abort_msg("0x%" PRIx64 " was not recorded", addr);
}

const char *state_cell_text(const struct op_cell *cell)
{
	static char text[64];
	size_t at = 0;
	if (cell->value.state != OP_VALUE_PRESENT) {
		snprintf(text, sizeof(text), "<%s>", op_value_state_name(cell->value.state));
		return text;
	}
	at += (size_t)snprintf(text, sizeof(text), "%s:", op_value_type_name(cell->value.type));
	for (unsigned i = op_value_type_size(cell->value.type); i > 0; i--)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%02x",
				       cell->value.bytes[i - 1]);
	return text;
}
