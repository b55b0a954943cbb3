// SPDX-License-Identifier: GPL-3.0-or-later
// Records a memory image for the tests of stores and instances: record_state PID FILE
// [MODULE.wasm]. Attaches, looks at everything that the stores hold and keeps the bytes that this
// read, with all pages of the code images. The search itself reads all writable memory: what it
// passes over is not kept.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "platform/platform.h"
#include "target-runtime/gc_object.h"
#include "target-runtime/global.h"
#include "target-runtime/linkage.h"
#include "target-runtime/store_set.h"
#include "target-runtime/table.h"
#include "tests/replay/image_file.h"

enum { OBJECTS_DEPTH = 4, ELEMENTS_MAX = 16 };

struct recorder {
	struct op_process *process;
	struct op_mappings mappings;
	struct op_image_set *images;
	struct op_store_set *set;
	struct op_replay replay;
	size_t page_capacity;
	bool recording;
};

static void fail(struct op_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "record_state: %s\n", err->message);
	exit(1);
}

static struct op_replay_page *page_at(struct recorder *recorder, uint64_t addr)
{
	for (size_t i = 0; i < recorder->replay.page_count; i++) {
		if (recorder->replay.pages[i].addr == addr)
			return &recorder->replay.pages[i];
	}
	if (!op_array_reserve(&recorder->replay.pages, &recorder->page_capacity,
			      recorder->replay.page_count + 1, sizeof(struct op_replay_page)))
		fail(op_error_no_memory());
	struct op_replay_page *page = &recorder->replay.pages[recorder->replay.page_count++];
	*page = (struct op_replay_page){.addr = addr};
	return page;
}

/** Only the bytes that were read: the rest of their pages is nobody's business and stays 0. */
static void keep(struct recorder *recorder, uint64_t addr, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		uint64_t inside = addr % OP_REPLAY_PAGE;
		size_t piece =
			size < OP_REPLAY_PAGE - inside ? size : (size_t)(OP_REPLAY_PAGE - inside);
		memcpy(page_at(recorder, addr - inside)->bytes + inside, bytes, piece);
		addr += piece;
		bytes += piece;
		size -= piece;
	}
}

/** The search reads whole pages; nobody else does. */
static struct op_error *read_some(void *context, struct op_host_addr addr, void *buffer,
				  size_t size, size_t *ret_done)
{
	struct recorder *recorder = context;
	struct op_error *err =
		op_process_read_some(recorder->process, addr, buffer, size, ret_done);
	bool is_search = addr.value % OP_REPLAY_PAGE == 0 && size % OP_REPLAY_PAGE == 0;
	if (!err && recorder->recording && !is_search)
		keep(recorder, addr.value, buffer, *ret_done);
	return err;
}

static void keep_image(struct recorder *recorder, const struct op_image *image)
{
	uint8_t bytes[OP_REPLAY_PAGE];
	size_t done;
	for (uint64_t at = 0; at < op_artifact_info(image->artifact)->size; at += OP_REPLAY_PAGE) {
		fail(op_process_read_some(recorder->process, op_host_addr_add(image->base, at),
					  bytes, sizeof(bytes), &done));
		keep(recorder, image->base.value + at, bytes, done);
	}
}

static void read_address_space(struct recorder *recorder)
{
	fail(op_process_mappings(recorder->process, &recorder->mappings));
	if (!op_replay_take_regions(&recorder->replay, &recorder->mappings))
		fail(op_error_no_memory());
}

static void look_at_cell(const struct recorder *recorder, const struct op_instance *instance,
			 const struct op_cell *cell, int depth)
{
	struct op_function_ref function;
	struct op_gc_object object;
	if (cell->value.state != OP_VALUE_PRESENT || depth == OBJECTS_DEPTH)
		return;
	if (cell->value.type == OP_VALUE_FUNCREF)
		fail(op_function_ref_read(recorder->set, op_host_addr(op_value_bits(&cell->value)),
					  &function));
	if (cell->value.type != OP_VALUE_ANYREF && cell->value.type != OP_VALUE_EXTERNREF &&
	    cell->value.type != OP_VALUE_EXNREF)
		return;
	fail(op_gc_object_read(recorder->set, instance, (uint32_t)op_value_bits(&cell->value),
			       &object));
	for (uint32_t i = 0; i < object.field_count && i < ELEMENTS_MAX; i++) {
		struct op_cell field;
		struct op_error *err = op_gc_object_field(recorder->set, &object, i, &field);
		if (!err)
			look_at_cell(recorder, instance, &field, depth + 1);
		op_error_destroy(err);
	}
}

static void look_at_table(const struct recorder *recorder, const struct op_instance *instance,
			  uint32_t index)
{
	struct op_table_state table;
	struct op_table_element elements[ELEMENTS_MAX];
	fail(op_instance_table(recorder->set, instance, index, &table));
	size_t count = table.size < ELEMENTS_MAX ? (size_t)table.size : ELEMENTS_MAX;
	fail(op_table_elements(recorder->set, &table, 0, count, elements));
	for (size_t i = 0; i < count; i++)
		look_at_cell(recorder, instance, &elements[i].cell, 0);
}

static void look_at_instance(const struct recorder *recorder, const struct op_instance *instance)
{
	struct op_binding binding;
	struct op_memory_details memory;
	struct op_tag_state tag;
	struct op_cell cell;
	uint32_t count;
	fail(op_instance_import_count(instance, &count));
	for (uint32_t i = 0; i < count; i++)
		fail(op_instance_import(recorder->set, instance, i, &binding));
	fail(op_instance_memory_count(instance, &count));
	for (uint32_t i = 0; i < count; i++)
		fail(op_instance_memory_details(recorder->set, instance, i, &memory));
	fail(op_instance_tag_count(instance, &count));
	for (uint32_t i = 0; i < count; i++)
		fail(op_instance_tag(recorder->set, instance, i, &tag));
	fail(op_instance_global_count(instance, &count));
	for (uint32_t i = 0; i < count; i++) {
		fail(op_instance_global(recorder->set, instance, i, &cell));
		look_at_cell(recorder, instance, &cell, 0);
	}
	fail(op_instance_table_count(instance, &count));
	for (uint32_t i = 0; i < count; i++)
		look_at_table(recorder, instance, i);
}

static void give_bytes(const struct op_image_set *images, const char *path)
{
	FILE *file = fopen(path, "rb");
	static uint8_t buffer[1 << 20];
	struct op_bytes bytes = {.data = buffer, .what = "module"};
	bytes.size = file ? fread(buffer, 1, sizeof(buffer), file) : 0;
	if (file)
		fclose(file);
	size_t count;
	const struct op_image *const *list = op_image_set_images(images, &count);
	for (size_t i = 0; i < count; i++)
		op_error_destroy(op_artifact_set_bytecode(list[i]->artifact, 0, &bytes));
}

static int by_address(const void *a, const void *b)
{
	const struct op_replay_page *left = a, *right = b;
	return left->addr < right->addr ? -1 : left->addr > right->addr;
}

int main(int argc, char **argv)
{
	static struct recorder recorder;
	if (argc < 3) {
		fprintf(stderr, "usage: record_state PID FILE [MODULE.wasm]\n");
		return 2;
	}
	fail(op_process_open(atoll(argv[1]), &recorder.process));
	fail(op_process_attach(recorder.process, NULL));
	read_address_space(&recorder);
	struct op_memory memory = {.context = &recorder, .read_some = read_some};
	bool changed;
	fail(op_image_set_create(&memory, &recorder.images));
	fail(op_image_set_update(recorder.images, recorder.replay.regions,
				 recorder.replay.region_count, &changed));
	if (argc > 3)
		give_bytes(recorder.images, argv[3]);
	recorder.recording = true;
	const struct op_stack_context context = {
		.arch = op_process_arch(recorder.process),
		.memory = memory,
		.images = recorder.images,
		.regions = recorder.replay.regions,
		.region_count = recorder.replay.region_count,
	};
	fail(op_store_set_create(&context, NULL, 0, &recorder.set));
	size_t count, images;
	const struct op_instance *instances = op_store_set_instances(recorder.set, &count);
	for (size_t i = 0; i < count; i++) {
		if (instances[i].wasm)
			look_at_instance(&recorder, &instances[i]);
	}
	const struct op_image *const *list = op_image_set_images(recorder.images, &images);
	for (size_t i = 0; i < images; i++)
		keep_image(&recorder, list[i]);
	qsort(recorder.replay.pages, recorder.replay.page_count, sizeof(*recorder.replay.pages),
	      by_address);
	fail(op_replay_write(&recorder.replay, argv[2]));
	printf("%zu instances, %zu pages, %zu regions\n", count, recorder.replay.page_count,
	       recorder.replay.region_count);
	op_store_set_destroy(recorder.set);
	op_image_set_destroy(recorder.images);
	op_mappings_deinit(&recorder.mappings);
	op_replay_deinit(&recorder.replay);
	op_process_destroy(recorder.process);
	return 0;
}
