// SPDX-License-Identifier: GPL-3.0-or-later
// What store instructions wrote: bytes that an assembler (GNU as) made, against what they do.
#include <check.h>
#include <stdlib.h>

#include "arch/arch.h"
#include "arch/x86_64.h"
#include "tests/unit/suite.h"

static const struct op_registers after = {
	.value = {[OP_X86_64_RAX] = 0x1122334455667788,
		  [OP_X86_64_RCX] = 0xc1,
		  [OP_X86_64_RSI] = 0x5152535455565758,
		  [OP_X86_64_RDI] = 0x1000,
		  [OP_X86_64_RSP] = 0x7000,
		  [OP_X86_64_R9] = 0x99,
		  [OP_X86_64_R12] = 0x3000,
		  [OP_X86_64_R13] = 0x4000,
		  [OP_X86_64_EFLAGS] = 0x40},
};

static const struct {
	const char *text;
	unsigned size;
	uint8_t code[15];
	uint64_t addr, value;
	unsigned width;
} known[] = {
	{"mov dword ptr [rdi], eax", 2, {0x89, 0x07}, 0x1000, 0x55667788, 4},
	{"mov qword ptr [rdi + 4], rax", 4, {0x48, 0x89, 0x47, 4}, 0x1004, 0x1122334455667788, 8},
	{"mov dword ptr [rdi + rcx*4 + 0x2004], r9d",
	 8,
	 {0x44, 0x89, 0x8c, 0x8f, 0x04, 0x20, 0, 0},
	 0x1000 + 0xc1 * 4 + 0x2004,
	 0x99,
	 4},
	{"mov byte ptr [r12], sil", 4, {0x41, 0x88, 0x34, 0x24}, 0x3000, 0x58, 1},
	{"mov word ptr [r13], ax", 5, {0x66, 0x41, 0x89, 0x45, 0}, 0x4000, 0x7788, 2},
	{"mov dword ptr [rsp - 8], ecx", 4, {0x89, 0x4c, 0x24, 0xf8}, 0x6ff8, 0xc1, 4},
	{"mov dword ptr [rdi], 0x309", 6, {0xc7, 0x07, 0x09, 0x03, 0, 0}, 0x1000, 0x309, 4},
	{"mov qword ptr [rdi], -2",
	 7,
	 {0x48, 0xc7, 0x07, 0xfe, 0xff, 0xff, 0xff},
	 0x1000,
	 UINT64_MAX - 1,
	 8},
	{"mov byte ptr [rdi + 1], 7", 4, {0xc6, 0x47, 1, 7}, 0x1001, 7, 1},
	{"lock cmpxchg dword ptr [rdi], ecx", 4, {0xf0, 0x0f, 0xb1, 0x0f}, 0x1000, 0xc1, 4},
};

static uint64_t low(uint64_t value, unsigned width)
{
	return width == 8 ? value : value & ((UINT64_C(1) << 8 * width) - 1);
}

START_TEST(test_known)
{
	struct op_emulated_access store;
	ck_assert_msg(op_arch_x86_64.stored(known[_i].code, known[_i].size, &after, &store), "%s",
		      known[_i].text);
	ck_assert_msg(store.addr.value == known[_i].addr, "%s", known[_i].text);
	ck_assert_msg(store.size == known[_i].width, "%s", known[_i].text);
	ck_assert_msg(low(store.value, store.size) == low(known[_i].value, store.size), "%s",
		      known[_i].text);
	// Not with a byte more, nor with one less.
	ck_assert(!op_arch_x86_64.stored(known[_i].code, known[_i].size + 1u, &after, &store));
	ck_assert(!op_arch_x86_64.stored(known[_i].code, known[_i].size - 1u, &after, &store));
}
END_TEST

START_TEST(test_compare_and_exchange_that_failed)
{
	static const uint8_t code[] = {0xf0, 0x0f, 0xb1, 0x0f};
	struct op_registers registers = after;
	struct op_emulated_access store;
	registers.value[OP_X86_64_EFLAGS] = 0;
	ck_assert(op_arch_x86_64.stored(code, sizeof(code), &registers, &store));
	ck_assert_uint_eq(store.size, 0);
}
END_TEST

static const struct {
	const char *text;
	unsigned size;
	uint8_t code[8];
} unknown[] = {
	{"mov eax, dword ptr [rdi]", 2, {0x8b, 0x07}},
	{"mov ecx, eax", 2, {0x89, 0xc1}},
	{"mov dword ptr [rip + 5], eax", 6, {0x89, 0x05, 5, 0, 0, 0}},
	{"xchg dword ptr [rdi], eax", 2, {0x87, 0x07}},
	{"mov byte ptr [rdi], ah", 2, {0x88, 0x27}},
	{"movups [rdi], xmm0", 3, {0x0f, 0x11, 0x07}},
	{"mov dword ptr fs:[rdi], eax", 3, {0x64, 0x89, 0x07}},
	{"nothing", 0, {0}},
};

START_TEST(test_unknown)
{
	struct op_emulated_access store;
	ck_assert_msg(!op_arch_x86_64.stored(unknown[_i].code, unknown[_i].size, &after, &store),
		      "%s", unknown[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arch_store");
	TCase *store = tcase_create("store");
	tcase_add_loop_test(store, test_known, 0, sizeof(known) / sizeof(known[0]));
	tcase_add_test(store, test_compare_and_exchange_that_failed);
	tcase_add_loop_test(store, test_unknown, 0, sizeof(unknown) / sizeof(unknown[0]));
	suite_add_tcase(suite, store);
	return run_suite(suite);
}
