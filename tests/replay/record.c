// SPDX-License-Identifier: GPL-3.0-or-later
// Records a memory image for the replay tests: record PID FILE [trap|raise]. Attaches, walks every
// guest stack once and keeps the pages that this read, with all pages of the code images. With a
// builtin's name: lets the process run until it calls that builtin.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "platform/platform.h"
#include "target-runtime/instance.h"
#include "target-runtime/stack.h"
#include "tests/replay/image_file.h"

enum { FRAMES_MAX = 4096, WAIT_MS = 30000 };

struct recorder {
	struct op_process *process;
	struct op_image_set *images;
	struct op_mappings mappings;
	struct op_stack_context context;
	struct op_replay replay;
	size_t page_capacity, thread_capacity;
	bool recording;
};

static void fail(struct op_error *err, const char *doing)
{
	if (!err)
		return;
	fprintf(stderr, "record: %s: %s\n", doing, err->message);
	exit(1);
}

static void keep_page(struct recorder *recorder, uint64_t addr)
{
	for (size_t i = 0; i < recorder->replay.page_count; i++) {
		if (recorder->replay.pages[i].addr == addr)
			return;
	}
	struct op_replay_page *page;
	size_t done;
	if (!op_array_reserve(&recorder->replay.pages, &recorder->page_capacity,
			      recorder->replay.page_count + 1, sizeof(*page)))
		fail(op_error_no_memory(), "pages");
	page = &recorder->replay.pages[recorder->replay.page_count];
	fail(op_process_read_some(recorder->process, op_host_addr(addr), page->bytes,
				  sizeof(page->bytes), &done),
	     "page");
	page->addr = addr;
	if (done == sizeof(page->bytes))
		recorder->replay.page_count++;
}

static struct op_error *read_some(void *context, struct op_host_addr addr, void *buffer,
				  size_t size, size_t *ret_done)
{
	struct recorder *recorder = context;
	struct op_error *err =
		op_process_read_some(recorder->process, addr, buffer, size, ret_done);
	uint64_t first = addr.value & ~(uint64_t)(OP_REPLAY_PAGE - 1);
	for (uint64_t page = first; !err && recorder->recording && page < addr.value + *ret_done;
	     page += OP_REPLAY_PAGE)
		keep_page(recorder, page);
	return err;
}

static void read_address_space(struct recorder *recorder)
{
	fail(op_process_mappings(recorder->process, &recorder->mappings), "mappings");
	if (!op_replay_take_regions(&recorder->replay, &recorder->mappings))
		fail(op_error_no_memory(), "regions");
	bool changed;
	recorder->recording = false;
	fail(op_image_set_update(recorder->images, recorder->replay.regions,
				 recorder->replay.region_count, &changed),
	     "images");
	recorder->context = (struct op_stack_context){
		.arch = op_process_arch(recorder->process),
		.memory = {.context = recorder, .read_some = read_some},
		.images = recorder->images,
		.regions = recorder->replay.regions,
		.region_count = recorder->replay.region_count,
	};
}

// Read all that a debugger would show of a stack, so that its pages are kept.
static void look_at(struct recorder *recorder, const struct op_walk *walk,
		    const struct op_registers *registers, struct op_host_addr *ret_vmctx)
{
	const struct op_stack_context *context = &recorder->context;
	struct op_virtual_frame *frames = calloc(OP_VIRTUAL_FRAMES_MAX, sizeof(*frames));
	for (size_t i = 0; frames && i < walk->count; i++) {
		size_t count;
		fail(op_virtual_frames(context, &walk->frames[i], i == 0 ? registers : NULL, frames,
				       &count),
		     "frames");
		for (size_t k = 0; k < count; k++) {
			struct op_value value, *operands;
			size_t operand_count;
			enum op_value_state reason;
			if (frames[k].has_descriptor && frames[k].precision != OP_FRAME_PROLOGUE)
				op_error_destroy(op_frame_local(context, &frames[k], 0, &value));
			fail(op_frame_operands(context, &frames[k], &operands, &operand_count,
					       &reason),
			     "operands");
			free(operands);
			bool good;
			if (frames[k].vmctx.value)
				fail(op_instance_check(&context->memory, frames[k].vmctx, &good),
				     "instance");
			if (frames[k].vmctx.value)
				*ret_vmctx = frames[k].vmctx;
		}
	}
	free(frames);
}

static void record(struct recorder *recorder, struct op_host_addr *ret_vmctx)
{
	struct op_host_addr busy[512];
	size_t count, suspended_count;
	recorder->replay.thread_count = 0;
	recorder->recording = true;
	const struct op_thread_info *threads = op_process_threads(recorder->process, &count);
	for (size_t i = 0; i < count && i < OP_ARRAY_SIZE(busy); i++) {
		struct op_registers registers;
		struct op_walk walk;
		fail(op_process_registers(recorder->process, threads[i].id, &registers),
		     "registers");
		busy[i] = op_host_addr(registers.value[recorder->context.arch->sp]);
		// What the other threads' stacks hold is of no interest: a probe decides, a second
		// walk records.
		recorder->recording = false;
		fail(op_walk_thread(&recorder->context, &registers, FRAMES_MAX, &walk), "walk");
		bool in_guest = walk.count > 0;
		op_walk_deinit(&walk);
		if (!in_guest)
			continue;
		recorder->recording = true;
		fail(op_walk_thread(&recorder->context, &registers, FRAMES_MAX, &walk), "walk");
		look_at(recorder, &walk, &registers, ret_vmctx);
		op_walk_deinit(&walk);
		struct op_replay_thread thread = {.id = threads[i].id};
		memcpy(thread.registers, registers.value, sizeof(thread.registers));
		if (!op_array_reserve(&recorder->replay.threads, &recorder->thread_capacity,
				      recorder->replay.thread_count + 1, sizeof(thread)))
			fail(op_error_no_memory(), "threads");
		recorder->replay.threads[recorder->replay.thread_count++] = thread;
	}
	recorder->recording = false;
	struct op_suspended *suspended;
	fail(op_suspended_find(&recorder->context, busy, count, &suspended, &suspended_count),
	     "suspended guests");
	recorder->recording = true;
	for (size_t i = 0; i < suspended_count; i++) {
		struct op_walk walk;
		uint64_t word;
		fail(op_memory_read_u64(&recorder->context.memory,
					op_host_addr(suspended[i].stack_end.value - 16), &word),
		     "top of the stack");
		fail(op_walk_suspended(&recorder->context, &suspended[i], FRAMES_MAX, &walk),
		     "suspended walk");
		look_at(recorder, &walk, NULL, ret_vmctx);
		op_walk_deinit(&walk);
	}
	free(suspended);
	const struct op_image *const *images = op_image_set_images(recorder->images, &count);
	for (size_t i = 0; i < count; i++) {
		for (uint64_t at = 0; at < op_artifact_info(images[i]->artifact)->size;
		     at += OP_REPLAY_PAGE)
			keep_page(recorder, images[i]->base.value + at);
	}
}

static void run_to_builtin(struct recorder *recorder, const char *name, struct op_host_addr vmctx)
{
	size_t count;
	const struct op_image *const *images = op_image_set_images(recorder->images, &count);
	const struct op_layout *layout =
		count ? op_artifact_info(images[0]->artifact)->layout : NULL;
	if (!layout || !vmctx.value)
		fail(op_error_create(OP_ERROR_STATE,
				     "no guest was found that tells where the builtins are"),
		     name);
	struct op_host_addr place;
	uint8_t old;
	uint32_t index = strcmp(name, "trap") == 0 ? layout->builtin_trap : layout->builtin_raise;
	fail(op_instance_builtin(&recorder->context.memory, vmctx, index, &place), name);
	fail(op_process_read(recorder->process, place, &old, 1), name);
	fail(op_process_write(recorder->process, place, recorder->context.arch->trap, 1), name);
	fail(op_process_run(recorder->process, &(struct op_run_request){0}), name);
	puts("running");
	fflush(stdout);
	struct op_stop stop;
	do
		fail(op_process_wait(recorder->process, WAIT_MS, &stop), name);
	while (stop.kind == OP_STOP_THREAD_BORN || stop.kind == OP_STOP_THREAD_EXIT);
	if (stop.kind != OP_STOP_TRAP)
		fail(op_error_create(OP_ERROR_STATE, "the process did not call it"), name);
	fail(op_process_stop_all(recorder->process), name);
	fail(op_process_write(recorder->process, place, &old, 1), name);
	struct op_registers registers;
	fail(op_process_registers(recorder->process, stop.thread, &registers), name);
	registers.value[recorder->context.arch->pc] = place.value;
	fail(op_process_set_registers(recorder->process, stop.thread, &registers), name);
	op_mappings_deinit(&recorder->mappings);
	recorder->replay.page_count = 0;
	read_address_space(recorder);
}

static int by_address(const void *a, const void *b)
{
	const struct op_replay_page *left = a, *right = b;
	return left->addr < right->addr ? -1 : left->addr > right->addr;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: record PID FILE [trap|raise]\n");
		return 2;
	}
	static struct recorder recorder;
	fail(op_process_open(atoll(argv[1]), &recorder.process), "open");
	fail(op_process_attach(recorder.process, NULL), "attach");
	struct op_memory memory = {.context = &recorder, .read_some = read_some};
	fail(op_image_set_create(&memory, &recorder.images), "images");
	read_address_space(&recorder);
	struct op_host_addr vmctx = {0};
	record(&recorder, &vmctx);
	if (argc > 3) {
		run_to_builtin(&recorder, argv[3], vmctx);
		record(&recorder, &vmctx);
	}
	qsort(recorder.replay.pages, recorder.replay.page_count, sizeof(*recorder.replay.pages),
	      by_address);
	fail(op_replay_write(&recorder.replay, argv[2]), "write");
	printf("%zu threads in the guest, %zu pages, %zu regions\n", recorder.replay.thread_count,
	       recorder.replay.page_count, recorder.replay.region_count);
	op_image_set_destroy(recorder.images);
	op_mappings_deinit(&recorder.mappings);
	op_replay_deinit(&recorder.replay);
	op_process_destroy(recorder.process);
	return 0;
}
