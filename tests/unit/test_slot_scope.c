// SPDX-License-Identifier: GPL-3.0-or-later
// Where compiled code looks for values, in recorded processes: the same addresses that reading from
// outside finds.
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/global.h"
#include "target-runtime/instance.h"
#include "target-runtime/linkage.h"
#include "tests/replay/check_walk.h"
#include "tests/unit/state_fixture.h"
#include "tests/unit/suite.h"
#include "tracer/agent/scope.h"

// What compiled code does with a place.
static uint64_t follow(const struct op_memory *memory, uint64_t fp,
		       const struct op_machine_place *place)
{
	ck_assert_int_eq(place->base, OP_BASE_FRAME);
	uint64_t address = fp + (uint64_t)place->offsets[0];
	for (unsigned i = 1; i < place->offset_count; i++) {
		no_error(op_memory_read_u64(memory, op_host_addr(address), &address));
		address += (uint64_t)place->offsets[i];
	}
	return address;
}

static void check_code(struct op_error *err, enum op_error_code code)
{
	ck_assert_ptr_nonnull(err);
	ck_assert_msg(err->code == code, "%s", err->message);
	op_error_destroy(err);
}

static void check_place(const struct op_memory *memory, const struct op_virtual_frame *frame,
			const struct op_value *value, struct op_error *err,
			const struct op_machine_place *place)
{
	if (value->type > OP_VALUE_F64) {
		check_code(err, OP_ERROR_UNSUPPORTED);
		return;
	}
	no_error(err);
	ck_assert_uint_eq(follow(memory, frame->fp.value, place), value->address.value);
}

static size_t check_locals(const struct op_stack_context *context,
			   const struct op_virtual_frame *frame,
			   const struct op_machine_scope *scope)
{
	uint32_t count;
	struct op_value value;
	struct op_machine_place place;
	no_error(op_frame_local_count(frame, &count));
	for (uint32_t i = 0; i < count; i++) {
		no_error(op_frame_local(context, frame, i, &value));
		check_place(&context->memory, frame, &value,
			    scope->local(scope->context, i, &place), &place);
	}
	check_code(scope->local(scope->context, count, &place), OP_ERROR_NOT_FOUND);
	return count;
}

static size_t check_operands(const struct op_stack_context *context,
			     const struct op_virtual_frame *frame,
			     const struct op_machine_scope *scope)
{
	struct op_value *values;
	size_t count;
	enum op_value_state reason;
	struct op_machine_place place;
	no_error(op_frame_operands(context, frame, &values, &count, &reason));
	if (reason != OP_VALUE_PRESENT)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		check_place(&context->memory, frame, &values[i],
			    scope->operand(scope->context, i, &place), &place);
	check_code(scope->operand(scope->context, (uint32_t)count, &place), OP_ERROR_NOT_FOUND);
	free(values);
	return count;
}

static void check_memory(const struct op_memory *memory, const struct op_virtual_frame *frame,
			 const struct op_wasm_module *module, const struct op_machine_scope *scope)
{
	struct op_machine_place place;
	struct op_memory_state expected;
	uint64_t base, length;
	if (!module) {
		check_code(scope->memory(scope->context, 0, &place), OP_ERROR_UNSUPPORTED);
		check_code(scope->global(scope->context, 0, &place), OP_ERROR_UNSUPPORTED);
		return;
	}
	no_error(op_instance_memory(memory, op_artifact_info(frame->artifact)->layout, module,
				    frame->vmctx, 0, &expected));
	no_error(scope->memory(scope->context, 0, &place));
	uint64_t definition = follow(memory, frame->fp.value, &place);
	no_error(op_memory_read_u64(memory, op_host_addr(definition), &base));
	no_error(op_memory_read_u64(memory, op_host_addr(definition + 8), &length));
	ck_assert_uint_eq(base, expected.base.value);
	ck_assert_uint_eq(length, expected.size);
	check_code(scope->memory(scope->context, 100, &place), OP_ERROR_NOT_FOUND);
}

// Every virtual frame of a recorded stack, as if a slot were where it stands.
static void check_frames(const char *name, bool suspended, size_t locals, size_t operands)
{
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	struct process process;
	struct op_walk walk;
	size_t seen_locals = 0, seen_operands = 0;
	load(&process, name);
	(suspended ? walk_suspended : walk_thread)(&process, &walk);
	for (size_t i = 0; i < walk.count; i++) {
		size_t count = 0;
		if (walk.frames[i].kind == OP_MACHINE_FRAME_WASM)
			no_error(op_virtual_frames(&process.context, &walk.frames[i], NULL, frames,
						   &count));
		for (size_t k = 0; k < count; k++) {
			const struct op_frame_table *table;
			const struct op_wasm_module *module;
			struct op_frame_descriptor descriptor;
			struct op_slot_scope scope;
			struct op_artifact *artifact = frames[k].artifact;
			no_error(op_artifact_frame_table(artifact, &table));
			no_error(op_frame_table_descriptor(table, frames[k].descriptor,
							   &descriptor));
			no_error(op_artifact_module(artifact, descriptor.module, &module));
			no_error(op_slot_scope_init(&descriptor, frames[k].shape,
						    op_artifact_info(artifact)->layout, module,
						    &scope));
			struct op_machine_scope machine = op_slot_scope_machine(&scope);
			seen_locals += check_locals(&process.context, &frames[k], &machine);
			seen_operands += check_operands(&process.context, &frames[k], &machine);
			check_memory(&process.context.memory, &frames[k], module, &machine);
			op_slot_scope_deinit(&scope);
		}
	}
	op_walk_deinit(&walk);
	unload(&process);
	ck_assert_uint_eq(seen_locals, locals);
	ck_assert_uint_eq(seen_operands, operands);
}

// As many locals and operands as the guests' sources have in these frames.
START_TEST(recorded_frames)
{
	check_frames("read-49", true, 10, 13);
	check_frames("read-44", true, 10, 13);
	check_frames("read-42", true, 10, 13);
	check_frames("inline-49", false, 5, 5);
}
END_TEST

// Thread and slot are at the same place: global.set in $leaf of spin.wat.
START_TEST(at_a_slot)
{
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	struct process process;
	struct op_walk walk;
	size_t count, slots;
	load(&process, "spin-42");
	walk_thread(&process, &walk);
	no_error(op_virtual_frames(&process.context, &walk.frames[0], &process.registers, frames,
				   &count));
	const struct op_frame_table *table;
	no_error(op_artifact_frame_table(frames[0].artifact, &table));
	slots = op_frame_table_slot_count(table);
	ck_assert_uint_gt(slots, 0);
	for (size_t i = 0; i < slots; i++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		struct op_slot_scope scope;
		uint32_t pc;
		no_error(
			op_slot_scope_at(frames[0].artifact, slot.text_offset + slot.size, &scope));
		struct op_machine_scope machine = op_slot_scope_machine(&scope);
		no_error(machine.pc(machine.context, &pc));
		ck_assert_uint_eq(pc, slot.pc);
		if (pc == frames[0].pc.offset) {
			ck_assert_uint_eq(check_locals(&process.context, &frames[0], &machine), 2);
			ck_assert_uint_eq(check_operands(&process.context, &frames[0], &machine),
					  1);
		}
		op_slot_scope_deinit(&scope);
	}
	struct op_slot_scope scope;
	check_code(op_slot_scope_at(frames[0].artifact, 1, &scope), OP_ERROR_NOT_FOUND);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// Globals ---------------------------------------------------------------------------------------

// A frame that was made up: only the word with the instance is there.
struct made_up {
	struct op_memory memory;
	struct op_host_addr vmctx;
};
enum { MADE_UP_FP = 0x10000, MADE_UP_SLOT = 0x40 };

static struct op_error *read_made_up(void *context, struct op_host_addr addr, void *buffer,
				     size_t size, size_t *ret_done)
{
	const struct made_up *made_up = context;
	if (addr.value != MADE_UP_FP - MADE_UP_SLOT)
		return made_up->memory.read_some(made_up->memory.context, addr, buffer, size,
						 ret_done);
	ck_assert_uint_eq(size, sizeof(made_up->vmctx));
	memcpy(buffer, &made_up->vmctx, size);
	*ret_done = size;
	return NULL;
}

static void check_instance(const struct state_fixture *fixture, const struct op_instance *instance,
			   size_t numbers, size_t memories)
{
	struct made_up made_up = {fixture->context.memory, instance->vmctx};
	struct op_memory memory = {.context = &made_up, .read_some = read_made_up};
	struct op_frame_descriptor descriptor = {.slot_to_fp = MADE_UP_SLOT};
	struct op_slot_scope scope;
	struct op_machine_place place;
	uint32_t count, seen = 0;
	no_error(op_slot_scope_init(&descriptor, UINT32_MAX, instance->layout, instance->wasm,
				    &scope));
	struct op_machine_scope machine = op_slot_scope_machine(&scope);
	no_error(op_instance_global_count(instance, &count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_cell cell;
		no_error(op_instance_global(fixture->set, instance, i, &cell));
		struct op_error *err = machine.global(machine.context, i, &place);
		if (cell.value.type > OP_VALUE_F64) {
			check_code(err, OP_ERROR_UNSUPPORTED);
			continue;
		}
		no_error(err);
		ck_assert_uint_eq(follow(&memory, MADE_UP_FP, &place), cell.value.address.value);
		seen++;
	}
	check_code(machine.global(machine.context, count, &place), OP_ERROR_NOT_FOUND);
	ck_assert_uint_eq(seen, numbers);
	no_error(op_instance_memory_count(instance, &count));
	ck_assert_uint_eq(count, memories);
	for (uint32_t i = 0; i < count; i++) {
		struct op_memory_details details;
		no_error(op_instance_memory_details(fixture->set, instance, i, &details));
		no_error(machine.memory(machine.context, i, &place));
		ck_assert_uint_eq(follow(&memory, MADE_UP_FP, &place), details.definition.value);
	}
	op_slot_scope_deinit(&scope);
}

START_TEST(instances)
{
	static struct state_fixture fixture;
	static const char *const names[] = {"state-44", "state-49"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(names); i++) {
		state_load(&fixture, names[i], NULL);
		check_instance(&fixture, state_instance(&fixture, 0, 1), 3, 1);
		check_instance(&fixture, state_instance(&fixture, 0, 2), 3, 2);
		state_unload(&fixture);
	}
	state_load(&fixture, "parts-42", "parts.wasm");
	check_instance(&fixture, state_instance(&fixture, 0, 1), 2, 2);
	state_unload(&fixture);
}
END_TEST

// A global that the host made has no instance, but a cell that the import points to.
START_TEST(made_by_the_host)
{
	static struct state_fixture fixture;
	size_t count;
	state_load(&fixture, "hosted-50", "hosted.wasm");
	const struct op_store *stores = op_store_set_stores(fixture.set, &count);
	uint32_t store = stores[0].instance_count == 5 ? 0 : 1, memories;
	const struct op_instance *instance = state_instance(&fixture, store, 3);
	no_error(op_instance_memory_count(instance, &memories));
	check_instance(&fixture, instance, 2, memories);
	state_unload(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slot_scope");
	TCase *tcase = tcase_create("slot_scope");
	tcase_add_test(tcase, recorded_frames);
	tcase_add_test(tcase, at_a_slot);
	tcase_add_test(tcase, instances);
	tcase_add_test(tcase, made_by_the_host);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
