// SPDX-License-Identifier: GPL-3.0-or-later
// x86-64: frames of code that Wasmtime 49 made (disassembled by objdump), calls, the slot, the
// disassembler.
#include <check.h>
#include <elf.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/x86_64.h"
#include "tests/unit/suite.h"

/** A function as Cranelift makes it: push, mov, a call, and the way out. */
static const uint8_t function[] = {
	0x55,                         // 0 push rbp
	0x48, 0x89, 0xe5,             // 1 mov rbp, rsp
	0xe8, 0xc3, 0xfe, 0xff, 0xff, // 4 call
	0x48, 0x83, 0xec, 0x20,       // 9 sub rsp, 0x20
	0x48, 0x83, 0xc4, 0x20,       // 13 add rsp, 0x20
	0x48, 0x89, 0xec,             // 17 mov rsp, rbp
	0x5d,                         // 20 pop rbp
	0xc3,                         // 21 ret
	0x0f, 0x0b,                   // 22 ud2
};

/** A function that ends with return_call_indirect. */
static const uint8_t tail_call[] = {
	0x55,             // 0 push rbp
	0x48, 0x89, 0xe5, // 1 mov rbp, rsp
	0x48, 0x89, 0xec, // 4 mov rsp, rbp
	0x5d,             // 7 pop rbp
	0x41, 0xff, 0xe2, // 8 jmp r10
	0x33, 0xf6,       // 11 xor esi, esi
};

static const uint8_t with_endbr[] = {
	0xf3, 0x0f, 0x1e, 0xfa, // 0 endbr64
	0x55,                   // 4 push rbp
	0x48, 0x89, 0xe5,       // 5 mov rbp, rsp
	0xc3,                   // 8 ret
};

struct frame_case {
	const uint8_t *code;
	size_t size, pc;
	enum op_frame_state state;
};

static const struct frame_case frame_cases[] = {
	{function, sizeof(function), 0, OP_FRAME_NOT_PUSHED},
	{function, sizeof(function), 1, OP_FRAME_PUSHED_NO_FP},
	{function, sizeof(function), 4, OP_FRAME_ESTABLISHED},
	{function, sizeof(function), 9, OP_FRAME_ESTABLISHED},
	{function, sizeof(function), 20, OP_FRAME_ESTABLISHED},
	{function, sizeof(function), 21, OP_FRAME_NOT_PUSHED},
	{function, sizeof(function), 22, OP_FRAME_ESTABLISHED},
	{function, sizeof(function), 24, OP_FRAME_ESTABLISHED},
	{function, 1, 1, OP_FRAME_PUSHED_NO_FP},
	{function, 0, 0, OP_FRAME_NOT_PUSHED},
	{tail_call, sizeof(tail_call), 7, OP_FRAME_ESTABLISHED},
	{tail_call, sizeof(tail_call), 8, OP_FRAME_NOT_PUSHED},
	{tail_call, sizeof(tail_call), 11, OP_FRAME_ESTABLISHED},
	{with_endbr, sizeof(with_endbr), 0, OP_FRAME_NOT_PUSHED},
	{with_endbr, sizeof(with_endbr), 4, OP_FRAME_NOT_PUSHED},
	{with_endbr, sizeof(with_endbr), 5, OP_FRAME_PUSHED_NO_FP},
	{with_endbr, sizeof(with_endbr), 8, OP_FRAME_NOT_PUSHED},
};

START_TEST(frame_states)
{
	const struct frame_case *c = &frame_cases[_i];

	ck_assert_int_eq(op_arch_x86_64.frame_state(c->code, c->size, c->pc), c->state);
}
END_TEST

// signatures[1]::wasm_to_array_trampoline of Wasmtime 49.0.4, from its cold block's branch on; the
// offsets were read from objdump.
static const uint8_t trampoline[] = {
	0x55, 0x48, 0x89, 0xe5,                   // push rbp; mov rbp, rsp
	0x84, 0xc0,                               // test al, al
	0x0f, 0x84, 0x0d, 0x00, 0x00, 0x00,       // je 0x19
	0x48, 0x83, 0xc4, 0x20,                   // add rsp, 0x20
	0x48, 0x89, 0xec, 0x5d, 0xc3,             // mov rsp, rbp; pop rbp; ret
	0x90, 0x90, 0x90, 0x90,                   //
	0x48, 0x8b, 0x43, 0x10,                   // mov rax, [rbx + 0x10]
	0x48, 0x8b, 0x80, 0x48, 0x01, 0x00, 0x00, // mov rax, [rax + 0x148]
	0x48, 0x89, 0xdf,                         // mov rdi, rbx
	0xff, 0xd0,                               // call rax
	0x0f, 0x0b,                               // ud2
};

START_TEST(trampolines)
{
	uint32_t back, failure;
	op_arch_x86_64.trampoline_exits(trampoline, sizeof(trampoline), &back, &failure);
	ck_assert_uint_eq(back, 19);
	ck_assert_uint_eq(failure, 39);
	// One that fails by a call through r8, and returns with its arguments popped.
	uint8_t other[sizeof(trampoline)];
	memcpy(other, trampoline, sizeof(other));
	memcpy(other + 38, (const uint8_t[]){0x41, 0xff, 0xd0}, 3);
	other[20] = 0xc2;
	op_arch_x86_64.trampoline_exits(other, sizeof(other), &back, &failure);
	ck_assert_uint_eq(back, 19);
	ck_assert_uint_eq(failure, 38);
	// One that does not fail, and pieces of any length.
	for (size_t size = 0; size < sizeof(trampoline); size++) {
		op_arch_x86_64.trampoline_exits(trampoline, size, &back, &failure);
		ck_assert_uint_eq(back, size > 20 ? 19 : OP_CODE_NOWHERE);
		ck_assert_uint_eq(failure, OP_CODE_NOWHERE);
	}
}
END_TEST

START_TEST(emulates_push_and_pop)
{
	const struct op_arch *arch = &op_arch_x86_64;
	struct op_registers registers = {0};
	struct op_emulated_access access;
	registers.value[arch->sp] = 0x1000;
	registers.value[arch->fp] = 0x2000;
	registers.value[arch->pc] = 0x400;
	ck_assert(arch->emulate((const uint8_t[]){0x55}, 1, &registers, &access));
	ck_assert(!access.is_load);
	ck_assert_uint_eq(access.addr.value, 0xff8);
	ck_assert_uint_eq(access.value, 0x2000);
	ck_assert_uint_eq(registers.value[arch->sp], 0xff8);
	ck_assert_uint_eq(registers.value[arch->pc], 0x401);
	ck_assert(arch->emulate((const uint8_t[]){0x5d}, 1, &registers, &access));
	ck_assert(access.is_load);
	ck_assert_uint_eq(access.addr.value, 0xff8);
	ck_assert_uint_eq(access.load_register, arch->fp);
	ck_assert_uint_eq(registers.value[arch->sp], 0x1000);
	ck_assert_uint_eq(registers.value[arch->pc], 0x402);
	ck_assert(!arch->emulate((const uint8_t[]){0xc3}, 1, &registers, &access));
}
END_TEST

struct call_case {
	uint8_t code[8];
	size_t size;
	unsigned length; // 0: no call
};

static const struct call_case call_cases[] = {
	{{0xe8, 1, 2, 3, 4}, 5, 5},
	{{0xe8, 1, 2, 3}, 4, 0},
	{{0xff, 0xd0}, 2, 2},                   // call rax
	{{0x41, 0xff, 0xd2}, 3, 3},             // call r10
	{{0xff, 0x10}, 2, 2},                   // call [rax]
	{{0xff, 0x50, 0x08}, 3, 3},             // call [rax + 8]
	{{0xff, 0x94, 0x24, 1, 0, 0, 0}, 7, 7}, // call [rsp + 1]
	{{0xff, 0x15, 1, 0, 0, 0}, 6, 6},       // call [rip + 1]
	{{0xff, 0x14, 0x25, 1, 0, 0, 0}, 7, 7}, // call [1]
	{{0x41, 0xff, 0x54, 0x24, 0x10}, 5, 5}, // call [r12 + 16]
	{{0xff, 0x15, 1}, 3, 0},
	{{0xff, 0xe0}, 2, 0}, // jmp rax
	{{0xc3}, 1, 0},
	{{0x41}, 1, 0},
	{{0}, 0, 0},
};

START_TEST(calls)
{
	const struct call_case *c = &call_cases[_i];
	unsigned length = 0;

	ck_assert_int_eq(op_arch_x86_64.is_call(c->code, c->size, &length), c->length != 0);
	if (c->length)
		ck_assert_uint_eq(length, c->length);
}
END_TEST

static struct op_native_instruction decode(const uint8_t *code, size_t size, uint64_t address)
{
	struct op_disassembler *disassembler;
	struct op_native_instruction instruction;

	ck_assert_ptr_null(op_disassembler_create(&op_arch_x86_64, &disassembler));
	ck_assert_ptr_null(op_disassembler_decode(disassembler, code, size, op_host_addr(address),
						  &instruction));
	op_disassembler_destroy(disassembler);
	return instruction;
}

START_TEST(disassembles)
{
	static const uint8_t load[] = {0x8b, 0x45, 0xf8}, jump[] = {0xe9, 0xfb, 0, 0, 0},
			     bad[] = {0x06}, cut[] = {0x8b};

	struct op_native_instruction instruction = decode(load, sizeof(load), 0);
	ck_assert_uint_eq(instruction.size, 3);
	ck_assert_str_eq(instruction.text, "mov eax, dword ptr [rbp - 8]");
	instruction = decode(jump, sizeof(jump), 0x1000);
	ck_assert_str_eq(instruction.text, "jmp 0x1100");
	instruction = decode(bad, sizeof(bad), 0);
	ck_assert_uint_eq(instruction.size, 1);
	ck_assert_str_eq(instruction.text, "(bad)");
	instruction = decode(cut, sizeof(cut), 0);
	ck_assert_str_eq(instruction.text, "(bad)");
}
END_TEST

START_TEST(slot_is_a_nop_behind_its_trap)
{
	const struct op_arch *arch = &op_arch_x86_64;

	struct op_native_instruction instruction = decode(arch->slot_disabled, arch->slot_size, 0);
	ck_assert_uint_eq(instruction.size, arch->slot_size);
	ck_assert_int_eq(strncmp(instruction.text, "nop", 3), 0);
	instruction = decode(arch->slot_trap, arch->slot_size, 0);
	ck_assert_str_eq(instruction.text, "int3");
	ck_assert_uint_eq(instruction.size, arch->trap_pc_advance);
	instruction = decode(arch->slot_trap + 1, arch->slot_size - 1, 0);
	ck_assert_uint_eq(instruction.size, arch->slot_size - 1);
	ck_assert_int_eq(strncmp(instruction.text, "nop", 3), 0);
}
END_TEST

START_TEST(tables)
{
	ck_assert_ptr_eq(op_arch_by_machine(EM_X86_64), &op_arch_x86_64);
	ck_assert_ptr_null(op_arch_by_machine(EM_386));
	ck_assert_ptr_eq(op_arch_native(), &op_arch_x86_64);
	for (unsigned i = 0; i < op_arch_x86_64.register_count; i++)
		ck_assert_ptr_nonnull(op_arch_x86_64.register_names[i]);
	// System V ABI, AMD64 supplement, DWARF register number mapping.
	ck_assert_str_eq(op_arch_x86_64.register_names[1], "rdx");
	ck_assert_str_eq(op_arch_x86_64.register_names[4], "rsi");
	ck_assert_str_eq(op_arch_x86_64.register_names[op_arch_x86_64.fp], "rbp");
	ck_assert_uint_eq(op_arch_x86_64.fp, 6);
	ck_assert_uint_eq(op_arch_x86_64.sp, 7);
	ck_assert_uint_eq(op_arch_x86_64.pc, 16);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arch");
	TCase *arch = tcase_create("x86_64");

	tcase_add_loop_test(arch, frame_states, 0,
			    (int)(sizeof(frame_cases) / sizeof(frame_cases[0])));
	tcase_add_loop_test(arch, calls, 0, (int)(sizeof(call_cases) / sizeof(call_cases[0])));
	tcase_add_test(arch, trampolines);
	tcase_add_test(arch, emulates_push_and_pop);
	tcase_add_test(arch, disassembles);
	tcase_add_test(arch, slot_is_a_nop_behind_its_trap);
	tcase_add_test(arch, tables);
	suite_add_tcase(suite, arch);
	return run_suite(suite);
}
