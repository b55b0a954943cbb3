// SPDX-License-Identifier: GPL-3.0-or-later
// From a code address to the image and function that hold it, and what part that function plays in
// a guest's stack. Knows nothing of stacks' contents.
#include "target-runtime/code_places.h"

#include <elf.h>
#include <string.h>

// The longest call instruction of the instruction sets Wasmtime compiles to (x86-64: call
// [reg+disp32] with prefixes).
enum { CALL_SIZE_MAX = 8 };

void op_code_places_init(struct op_code_places *places, const struct op_stack_context *context)
{
	memset(places, 0, sizeof(*places));
	places->context = context;
	places->text_low = UINT64_MAX;
	size_t count;
	const struct op_image *const *images = op_image_set_images(context->images, &count);
	for (size_t i = 0; i < count; i++) {
		uint64_t end = images[i]->text.value + images[i]->text_size;
		if (images[i]->text.value < places->text_low)
			places->text_low = images[i]->text.value;
		if (end > places->text_high)
			places->text_high = end;
	}
}

static bool call_ends_at(const struct op_stack_context *context, const struct op_image *image,
			 uint64_t pc)
{
	uint64_t available = pc - image->text.value;
	size_t size = available < CALL_SIZE_MAX ? available : CALL_SIZE_MAX;
	uint8_t code[CALL_SIZE_MAX];
	_cleanup_error_ struct op_error *err =
		op_memory_read(&context->memory, op_host_addr(pc - size), code, size);
	if (err)
		return false;
	for (size_t length = 2; length <= size; length++) {
		unsigned found;
		if (context->arch->is_call(code + size - length, length, &found) && found == length)
			return true;
	}
	return false;
}

static bool has_position(const struct op_image *image, const struct op_function *function)
{
	const struct op_address_map *map;
	_cleanup_error_ struct op_error *err = op_artifact_address_map(image->artifact, &map);
	uint32_t position;
	return !err && map && function->size > 0 &&
	       op_address_map_lookup(map, function->text_offset + function->size / 2, &position);
}

static enum op_code_role role_of(const struct op_image *image, const struct op_function *function)
{
	static const enum op_code_role roles[] = {
		[OP_FUNCTION_WASM] = OP_CODE_GUEST,
		[OP_FUNCTION_ENTRY_TRAMPOLINE] = OP_CODE_ENTRY,
		[OP_FUNCTION_EXIT_TRAMPOLINE] = OP_CODE_EXIT,
		[OP_FUNCTION_BUILTIN] = OP_CODE_EXIT,
		[OP_FUNCTION_BREAKPOINT] = OP_CODE_EXIT,
		[OP_FUNCTION_MODULE_START] = OP_CODE_STARTUP,
	};
	if (function->kind == OP_FUNCTION_MODULE_START) {
		// module_start[M]::Array is called by the host, ::Wasm by it.
		const char *form = function->name ? strrchr(function->name, ':') : NULL;
		return form && !strcmp(form, ":Array") ? OP_CODE_ENTRY : OP_CODE_STARTUP;
	}
	if ((size_t)function->kind < OP_ARRAY_SIZE(roles))
		return roles[function->kind];
	// Without symbols only the address map tells guest code (it has positions) from trampolines
	// (they have none).
	return has_position(image, function) ? OP_CODE_GUEST : OP_CODE_EXIT;
}

// An image that lies has no function there; want of memory, or a process that is gone, is another
// matter.
static void note_failure(struct op_code_places *places, struct op_error *err)
{
	if (places->failure || op_error_is_of_data(err))
		op_error_destroy(err);
	else
		places->failure = err;
}

void op_code_places_deinit(struct op_code_places *places)
{
	op_error_destroy(places->failure);
}

static struct op_code_place find_place(struct op_code_places *places, uint64_t pc, bool is_return)
{
	struct op_code_place place = {0};
	const struct op_stack_context *context = places->context;
	uint64_t inside = is_return ? pc - 1 : pc;
	const struct op_image *image = op_image_set_find(context->images, op_host_addr(inside));
	if (!image)
		return place;
	const struct op_function *function;
	struct op_error *err =
		op_artifact_function_at(image->artifact, inside - image->text.value, &function);
	if (err)
		note_failure(places, err);
	if (err || !function)
		return place;
	place.role = role_of(image, function);
	place.image = image;
	place.function = function;
	place.after_call = is_return && call_ends_at(context, image, pc);
	return place;
}

struct op_code_place op_code_places_find(struct op_code_places *places, uint64_t pc, bool is_return)
{
	if (pc < places->text_low || pc > places->text_high)
		return (struct op_code_place){0};
	size_t slot = (pc ^ pc >> 8 ^ pc >> 20) % OP_CODE_PLACES_SIZE;
	if (!places->slots[slot].used || places->slots[slot].pc != pc ||
	    places->slots[slot].is_return != is_return) {
		places->slots[slot].place = find_place(places, pc, is_return);
		places->slots[slot].pc = pc;
		places->slots[slot].is_return = is_return;
		places->slots[slot].used = true;
	}
	return places->slots[slot].place;
}

// Cranelift's x86-64 prologue: push rbp; mov rbp, rsp; sub rsp, imm (absent when nothing is kept in
// the frame). Source: cranelift/codegen/src/isa/x64/abi.rs, gen_prologue_frame_setup and
// gen_clobber_save.
static bool frame_size_x86_64(const uint8_t *code, size_t size, uint64_t *ret)
{
	static const uint8_t set_up[] = {0x55, 0x48, 0x89, 0xe5};
	if (size < sizeof(set_up) + 7 || memcmp(code, set_up, sizeof(set_up)) != 0)
		return false;
	const uint8_t *next = code + sizeof(set_up);
	*ret = 0;
	if (next[0] == 0x48 && next[1] == 0x83 && next[2] == 0xec)
		*ret = next[3];
	else if (next[0] == 0x48 && next[1] == 0x81 && next[2] == 0xec)
		*ret = op_load_u32_unchecked(next + 3);
	return true;
}

// call rel32.
static bool call_target_x86_64(const uint8_t *code, uint64_t pc, uint64_t *ret)
{
	if (code[CALL_SIZE_MAX - 5] != 0xe8)
		return false;
	*ret = pc + (uint64_t)(int64_t)(int32_t)op_load_u32_unchecked(code + CALL_SIZE_MAX - 4);
	return true;
}

static const struct machine_code {
	uint16_t elf_machine;
	bool (*frame_size)(const uint8_t *code, size_t size, uint64_t *ret);
	/** @param[in] code the CALL_SIZE_MAX bytes before pc. */
	bool (*call_target)(const uint8_t *code, uint64_t pc, uint64_t *ret);
} machine_codes[] = {
	{EM_X86_64, frame_size_x86_64, call_target_x86_64},
};

static const struct machine_code *machine_code_of(const struct op_stack_context *context)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(machine_codes); i++) {
		if (machine_codes[i].elf_machine == context->arch->elf_machine)
			return &machine_codes[i];
	}
	return NULL;
}

bool op_code_frame_size(const struct op_stack_context *context, const struct op_code_place *place,
			uint64_t *ret)
{
	const struct machine_code *machine = machine_code_of(context);
	uint8_t code[16];
	size_t size = place->function->size < sizeof(code) ? place->function->size : sizeof(code);
	uint64_t start = place->image->text.value + place->function->text_offset;
	_cleanup_error_ struct op_error *err =
		op_memory_read(&context->memory, op_host_addr(start), code, size);
	return machine && !err && machine->frame_size(code, size, ret);
}

bool op_code_call_target(struct op_code_places *places, uint64_t pc, struct op_code_place *ret)
{
	const struct machine_code *machine = machine_code_of(places->context);
	uint8_t code[CALL_SIZE_MAX];
	_cleanup_error_ struct op_error *err = op_memory_read(
		&places->context->memory, op_host_addr(pc - CALL_SIZE_MAX), code, sizeof(code));
	uint64_t target;
	if (!machine || err || !machine->call_target(code, pc, &target))
		return false;
	*ret = op_code_places_find(places, target, false);
	return ret->role != OP_CODE_NONE &&
	       target == ret->image->text.value + ret->function->text_offset;
}
