// SPDX-License-Identifier: GPL-3.0-or-later
// What the replay tests share: loading a recorded process, and comparing a walk with what must be
// there. Knows no particular guest.
#include "tests/replay/check_walk.h"

#include <check.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "target-runtime/instance.h"

void no_error(struct op_error *err)
{
	ck_assert_msg(!err, "%s", err ? err->message : "");
}

void load(struct process *process, const char *name)
{
	char path[PATH_MAX];
	const char *source = getenv("srcdir");
	snprintf(path, sizeof(path), "%s/tests/replay/images/%s.img", source ? source : ".", name);
	no_error(op_replay_read(path, &process->replay));
	struct op_memory memory = op_replay_memory(&process->replay);
	bool changed;
	no_error(op_image_set_create(&memory, &process->images));
	no_error(op_image_set_update(process->images, process->replay.regions,
				     process->replay.region_count, &changed));
	ck_assert(changed);
	process->context = (struct op_stack_context){
		.arch = &op_arch_x86_64,
		.memory = memory,
		.images = process->images,
		.regions = process->replay.regions,
		.region_count = process->replay.region_count,
	};
	process->registers = (struct op_registers){0};
	ck_assert_uint_le(process->replay.thread_count, 1);
	if (process->replay.thread_count)
		memcpy(process->registers.value, process->replay.threads[0].registers,
		       sizeof(process->replay.threads[0].registers));
}

void unload(struct process *process)
{
	op_image_set_destroy(process->images);
	op_replay_deinit(&process->replay);
}

uint8_t *place(struct process *process, uint64_t addr)
{
	for (size_t i = 0; i < process->replay.page_count; i++) {
		struct op_replay_page *page = &process->replay.pages[i];
		if (addr >= page->addr && addr + 8 <= page->addr + OP_REPLAY_PAGE)
			return page->bytes + (addr - page->addr);
	}
	ck_abort_msg("0x%" PRIx64 " was not recorded", addr);
}

uint64_t word_at(struct process *process, uint64_t addr)
{
	return op_load_u64_unchecked(place(process, addr));
}

void set_word(struct process *process, uint64_t addr, uint64_t value)
{
	memcpy(place(process, addr), &value, sizeof(value));
}

void walk_thread(struct process *process, struct op_walk *ret)
{
	no_error(op_walk_thread(&process->context, &process->registers, NO_LIMIT, ret));
}

void walk_suspended(struct process *process, struct op_walk *ret)
{
	struct op_suspended *found;
	size_t count;
	no_error(op_suspended_find(&process->context, NULL, 0, &found, &count));
	ck_assert_uint_eq(count, 1);
	no_error(op_walk_suspended(&process->context, &found[0], NO_LIMIT, ret));
	// A thread that is on this stack makes it no suspended one.
	struct op_host_addr busy = found[0].sp;
	free(found);
	no_error(op_suspended_find(&process->context, &busy, 1, &found, &count));
	ck_assert_uint_eq(count, 0);
	free(found);
}

static void append_value(struct op_text *text, const struct op_value *value)
{
	if (text->size)
		op_text_append_char(text, ' ');
	op_text_printf(text, "%s:", op_value_type_name(value->type));
	if (value->state != OP_VALUE_PRESENT) {
		op_text_append(text, op_value_state_name(value->state));
		return;
	}
	for (unsigned i = op_value_type_size(value->type); i > 0; i--)
		op_text_printf(text, "%02x", value->bytes[i - 1]);
}

static char *locals_text(const struct process *process, const struct op_virtual_frame *frame)
{
	struct op_text text = OP_TEXT_INIT;
	uint32_t count;
	char *ret;
	no_error(op_frame_local_count(frame, &count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_value value;
		no_error(op_frame_local(&process->context, frame, i, &value));
		append_value(&text, &value);
	}
	struct op_value beyond;
	struct op_error *err = op_frame_local(&process->context, frame, count, &beyond);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);
	no_error(op_text_steal(&text, &ret));
	return ret;
}

static char *operands_text(const struct process *process, const struct op_virtual_frame *frame)
{
	struct op_text text = OP_TEXT_INIT;
	struct op_value *values;
	size_t count;
	enum op_value_state reason;
	char *ret;
	no_error(op_frame_operands(&process->context, frame, &values, &count, &reason));
	if (reason != OP_VALUE_PRESENT)
		op_text_append(&text, op_value_state_name(reason));
	for (size_t i = 0; i < count; i++)
		append_value(&text, &values[i]);
	free(values);
	no_error(op_text_steal(&text, &ret));
	return ret;
}

static void check_virtual(const struct process *process, const struct op_virtual_frame *frame,
			  const struct expected *expected)
{
	ck_assert(frame->has_pc);
	ck_assert_uint_eq(frame->function, expected->function);
	ck_assert_uint_eq(frame->pc.module, 0);
	ck_assert_msg(frame->pc.offset == expected->pc, "pc 0x%x, not 0x%x", frame->pc.offset,
		      expected->pc);
	ck_assert_msg(frame->next_pc.offset == expected->next, "next pc 0x%x, not 0x%x",
		      frame->next_pc.offset, expected->next);
	ck_assert_int_eq(frame->precision, expected->precision);
	ck_assert_int_eq(frame->inlined, expected->inlined);
	if (frame->precision != OP_FRAME_NO_TABLE) {
		bool good;
		no_error(op_instance_check(&process->context.memory, frame->vmctx, &good));
		ck_assert_msg(good != expected->no_instance, "0x%" PRIx64 " is no instance",
			      frame->vmctx.value);
	}
	if (expected->locals) {
		char *locals = locals_text(process, frame);
		ck_assert_str_eq(locals, expected->locals);
		free(locals);
	}
	if (expected->operands) {
		char *operands = operands_text(process, frame);
		ck_assert_str_eq(operands, expected->operands);
		free(operands);
	}
}

static void check_call(const struct process *process, const struct op_walk *walk, size_t index,
		       const char *call)
{
	struct op_text text = OP_TEXT_INIT;
	no_error(op_walk_host_call_name(&process->context, walk, index, &text));
	ck_assert_str_eq(text.data ? text.data : "", call);
	op_text_deinit(&text);
}

void check_walk(const struct process *process, const struct op_walk *walk,
		const struct expected *expected, size_t count)
{
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	size_t at = 0;
	ck_assert_msg(!walk->problem, "%s", walk->problem ? walk->problem->message : "");
	for (size_t i = 0; i < walk->count; i++) {
		const struct op_machine_frame *machine = &walk->frames[i];
		ck_assert_msg(at < count, "more frames than the %zu expected", count);
		ck_assert_msg(machine->kind == expected[at].kind, "frame %zu has kind %d, not %d",
			      i, machine->kind, expected[at].kind);
		ck_assert_uint_eq(machine->activation, expected[at].activation);
		if (machine->kind == OP_MACHINE_FRAME_EXIT)
			check_call(process, walk, i, expected[at].call);
		size_t virtual_count;
		no_error(op_virtual_frames(&process->context, machine,
					   i == 0 ? &process->registers : NULL, frames,
					   &virtual_count));
		ck_assert_uint_eq(virtual_count > 0, machine->kind == OP_MACHINE_FRAME_WASM);
		ck_assert_uint_le(at + virtual_count, count);
		for (size_t k = 0; k < virtual_count; k++)
			check_virtual(process, &frames[k], &expected[at + k]);
		at += virtual_count ? virtual_count : 1;
	}
	ck_assert_uint_eq(at, count);
}
