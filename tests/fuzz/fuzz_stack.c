// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the stack walker: recorded processes (tests/replay/images) whose writable memory and
// registers the input overwrites. Walks must end, read only what is there, and keep what they
// promise: frame pointers that grow, images and functions that exist.
//
// clang -fsanitize=fuzzer,address,undefined, run in the source tree's root; corpus in
// tests/fuzz/corpus/stack/.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/recorded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 2000, EDIT = 12 };

static const char *const names[] = {"wait-49", "spin-49", "read-49",
				    "nest-50", "read-36", "inline-49"};

struct process {
	struct op_recorded recorded;
	uint64_t stack; // where the interesting part of the stack begins
};

static struct process *load(size_t index)
{
	static struct process processes[OP_ARRAY_SIZE(names)];
	struct process *process = &processes[index];
	struct op_recorded *recorded = &process->recorded;
	struct op_suspended *suspended;
	size_t count;
	if (recorded->images)
		return process;
	op_recorded_load(names[index], recorded);
	op_must(op_suspended_find(&recorded->context, NULL, 0, &suspended, &count));
	process->stack = count ? suspended[0].sp.value
			       : recorded->replay.threads[0].registers[op_arch_x86_64.sp];
	free(suspended);
	return process;
}

// An edit: where (words above the stack's start, or a page and a word in it), and what (a number,
// or the distance from the stack's start).
static void edit(struct process *process, const uint8_t *bytes)
{
	uint16_t where, how;
	uint64_t value;
	memcpy(&where, bytes, 2);
	memcpy(&how, bytes + 2, 2);
	memcpy(&value, bytes + 4, 8);
	if (how & 1)
		value = process->stack + value % 8192;
	uint64_t addr = process->stack + (uint64_t)(where % 1024) * 8;
	if (how & 2)
		addr = process->recorded.replay.pages[where % process->recorded.replay.page_count]
			       .addr +
		       (how >> 4) % 512 * 8;
	for (size_t i = 0; i < process->recorded.replay.page_count; i++) {
		struct op_replay_page *page = &process->recorded.replay.pages[i];
		if (addr >= page->addr && addr < page->addr + OP_REPLAY_PAGE &&
		    op_recorded_is_writable(&process->recorded, addr))
			memcpy(page->bytes + addr % OP_REPLAY_PAGE / 8 * 8, &value, 8);
	}
}

static void look_at(const struct process *process, const struct op_walk *walk,
		    const struct op_registers *registers)
{
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	assert(walk->count <= LIMIT);
	uint64_t last_fp = 0;
	for (size_t i = 0; i < walk->count; i++) {
		const struct op_machine_frame *machine = &walk->frames[i];
		if (machine->kind != OP_MACHINE_FRAME_HOST) {
			assert(machine->function &&
			       op_image_set_by_id(process->recorded.images, machine->image));
			assert(i < 2 || machine->fp.value > last_fp);
			last_fp = machine->fp.value;
		}
		size_t count;
		op_error_destroy(op_virtual_frames(&process->recorded.context, machine,
						   i == 0 ? registers : NULL, frames, &count));
		for (size_t k = 0; k < count; k++) {
			struct op_value value, *operands;
			size_t operand_count;
			enum op_value_state reason;
			op_error_destroy(
				op_frame_local(&process->recorded.context, &frames[k], 0, &value));
			struct op_error *err =
				op_frame_operands(&process->recorded.context, &frames[k], &operands,
						  &operand_count, &reason);
			if (!err)
				free(operands);
			op_error_destroy(err);
		}
		struct op_text text = OP_TEXT_INIT;
		op_error_destroy(
			op_walk_host_call_name(&process->recorded.context, walk, i, &text));
		op_text_deinit(&text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	struct process *process = load(data[0] % OP_ARRAY_SIZE(names));
	struct op_registers registers = {0};
	if (process->recorded.replay.thread_count)
		memcpy(registers.value, process->recorded.replay.threads[0].registers,
		       sizeof(process->recorded.replay.threads[0].registers));
	// The registers that matter, moved a little.
	registers.value[op_arch_x86_64.pc] += (int8_t)data[1];
	registers.value[op_arch_x86_64.sp] += (int8_t)data[2] * 8;
	registers.value[op_arch_x86_64.fp] += (int8_t)data[3] * 8;
	memcpy(process->recorded.replay.pages, process->recorded.pristine,
	       process->recorded.replay.page_count * sizeof(*process->recorded.pristine));
	for (size_t at = 4; size - at >= EDIT; at += EDIT)
		edit(process, data + at);
	struct op_walk walk;
	op_must(op_walk_thread(&process->recorded.context, &registers, LIMIT, &walk));
	look_at(process, &walk, &registers);
	op_walk_deinit(&walk);
	struct op_suspended *suspended;
	size_t count;
	op_must(op_suspended_find(&process->recorded.context, NULL, 0, &suspended, &count));
	for (size_t i = 0; i < count; i++) {
		op_must(op_walk_suspended(&process->recorded.context, &suspended[i], LIMIT, &walk));
		look_at(process, &walk, NULL);
		op_walk_deinit(&walk);
	}
	free(suspended);
	return 0;
}
