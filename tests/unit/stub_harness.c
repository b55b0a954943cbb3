// SPDX-License-Identifier: GPL-3.0-or-later
// Runs stubs in this process, on a frame that was made up.
#include "tests/unit/stub_harness.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "arch/x86_64.h"

// Trees -----------------------------------------------------------------------------------------

const struct op_access_type tree_types[10] = {
	{"i8", OP_VALUE_I32, 1, false},  {"u8", OP_VALUE_I32, 1, true},
	{"i16", OP_VALUE_I32, 2, false}, {"u16", OP_VALUE_I32, 2, true},
	{"i32", OP_VALUE_I32, 4, false}, {"u32", OP_VALUE_I32, 4, true},
	{"i64", OP_VALUE_I64, 8, false}, {"u64", OP_VALUE_I64, 8, true},
	{"f32", OP_VALUE_F32, 4, false}, {"f64", OP_VALUE_F64, 8, false},
};

struct op_expression_node *tree_node(struct tree *tree, enum op_expression_kind kind)
{
	ck_assert_uint_lt(tree->count, TREE_NODES_MAX);
	struct op_expression_node *node = &tree->nodes[tree->count++];
	*node = (struct op_expression_node){.kind = kind};
	return node;
}

struct op_expression_node *tree_integer(struct tree *tree, int64_t value, enum op_value_type type,
					bool is_unsigned)
{
	struct op_expression_node *node = tree_node(tree, OP_EXPRESSION_CONSTANT);
	node->constant = op_operand_integer(value, type, is_unsigned);
	node->type = (struct op_expression_type){true, type, is_unsigned};
	return node;
}

struct op_expression_node *tree_real(struct tree *tree, double value, enum op_value_type type)
{
	struct op_expression_node *node = tree_node(tree, OP_EXPRESSION_CONSTANT);
	node->constant = op_operand_real(value, type);
	node->type = (struct op_expression_type){true, type, false};
	return node;
}

struct op_expression_node *tree_leaf(struct tree *tree, enum op_expression_kind kind,
				     uint32_t index)
{
	struct op_expression_node *node = tree_node(tree, kind);
	node->index = index;
	node->type = (struct op_expression_type){true, OP_VALUE_I32, true};
	if (kind != OP_EXPRESSION_PC)
		node->type = (struct op_expression_type){true, state_type(index), false};
	return node;
}

struct op_expression_node *tree_memory(struct tree *tree, uint32_t index,
				       const struct op_access_type *access,
				       const struct op_expression_node *address)
{
	struct op_expression_node *node = tree_node(tree, OP_EXPRESSION_MEMORY);
	node->index = index;
	node->access = access;
	node->first = address;
	node->type = (struct op_expression_type){true, access->type, access->is_unsigned};
	return node;
}

struct op_expression_node *tree_unary(struct tree *tree, char what,
				      const struct op_expression_node *first)
{
	struct op_expression_node *node = tree_node(tree, OP_EXPRESSION_UNARY);
	node->unary = what;
	node->first = first;
	node->type = op_expression_unary_type(what, first->type);
	return node;
}

struct op_expression_node *tree_binary(struct tree *tree, enum op_operator what,
				       const struct op_expression_node *first,
				       const struct op_expression_node *end)
{
	struct op_expression_node *node = tree_node(tree, OP_EXPRESSION_BINARY);
	node->binary = what;
	node->first = first;
	node->end = end;
	node->type = op_expression_binary_type(what, first->type, end->type);
	return node;
}

struct op_expression_node *tree_choice(struct tree *tree, const struct op_expression_node *base,
				       const struct op_expression_node *first,
				       const struct op_expression_node *end)
{
	struct op_expression_node *node = tree_node(tree, OP_EXPRESSION_CHOICE);
	node->base = base;
	node->first = first;
	node->end = end;
	node->type = first->type;
	return node;
}

struct op_expression_node *tree_convert(struct tree *tree, const struct op_access_type *access,
					const struct op_expression_node *first)
{
	struct op_expression_node *node = tree_node(tree, OP_EXPRESSION_CONVERT);
	node->access = access;
	node->first = first;
	node->type = (struct op_expression_type){true, access->type, access->is_unsigned};
	return node;
}

const struct op_expression *tree_done(struct tree *tree, const struct op_expression_node *root)
{
	static char text[] = "a tree";
	tree->expression = (struct op_expression){.text = text, .root = root};
	return &tree->expression;
}

// The state -------------------------------------------------------------------------------------

struct state *state;
uint8_t *machine_code;
uint64_t *machine_far;

static const enum op_value_type types[] = {OP_VALUE_I32, OP_VALUE_I64, OP_VALUE_F32, OP_VALUE_F64};

enum op_value_type state_type(uint32_t index)
{
	return types[index % 4];
}

enum { FRAME_TO_VMCTX = -240, FRAME_TO_LOCALS = -229, FRAME_TO_OPERANDS = -160 };
static uint8_t *frame_pointer(void)
{
	return (uint8_t *)state->frame_words;
}

static int64_t frame_offset(enum op_expression_kind kind, uint32_t index)
{
	return (kind == OP_EXPRESSION_LOCAL ? FRAME_TO_LOCALS : FRAME_TO_OPERANDS) +
	       (int64_t)index * 8;
}

static bool is_imported(uint32_t index)
{
	return index % 2 == 1;
}

uint8_t *state_place(enum op_expression_kind kind, uint32_t index)
{
	if (kind != OP_EXPRESSION_GLOBAL)
		return frame_pointer() + frame_offset(kind, index);
	if (index == 4)
		return (uint8_t *)&state->near_global;
	if (index == 5)
		return (uint8_t *)machine_far;
	return is_imported(index) ? (uint8_t *)&state->imported[index / 2 % 2]
				  : (uint8_t *)state->vmctx.own[index / 2 % 2];
}

static struct op_error *scope_local(void *context, uint32_t index, struct op_machine_place *ret)
{
	*ret = (struct op_machine_place){.base = OP_BASE_FRAME,
					 .offsets = {frame_offset(OP_EXPRESSION_LOCAL, index)},
					 .offset_count = 1};
	return index < STATE_LOCALS ? NULL : op_error_create(OP_ERROR_NOT_FOUND, "no such local");
}

static struct op_error *scope_operand(void *context, uint32_t index, struct op_machine_place *ret)
{
	*ret = (struct op_machine_place){.base = OP_BASE_FRAME,
					 .offsets = {frame_offset(OP_EXPRESSION_OPERAND, index)},
					 .offset_count = 1};
	return NULL;
}

static struct op_error *scope_global(void *context, uint32_t index, struct op_machine_place *ret)
{
	if (index >= 4)
		*ret = (struct op_machine_place){
			.base = OP_BASE_ABSOLUTE,
			.address = (uintptr_t)state_place(OP_EXPRESSION_GLOBAL, index) - 8,
			.offsets = {8},
			.offset_count = 1};
	else if (is_imported(index))
		*ret = (struct op_machine_place){
			.base = OP_BASE_FRAME,
			.offsets = {FRAME_TO_VMCTX, (int64_t)offsetof(struct state, vmctx.imports) -
							    (int64_t)offsetof(struct state, vmctx) +
							    index / 2 * 8},
			.offset_count = 3};
	else
		*ret = (struct op_machine_place){
			.base = OP_BASE_FRAME,
			.offsets = {FRAME_TO_VMCTX, (int64_t)offsetof(struct state, vmctx.own) -
							    (int64_t)offsetof(struct state, vmctx) +
							    index / 2 * 16},
			.offset_count = 2};
	return NULL;
}

// Memory 0 by way of the frame, memory 1 from a pointer far away.
static struct op_error *scope_memory(void *context, uint32_t index, struct op_machine_place *ret)
{
	if (index == 0)
		*ret = (struct op_machine_place){.base = OP_BASE_FRAME,
						 .offsets = {FRAME_TO_VMCTX, 0, 0},
						 .offset_count = 3};
	else
		*ret = (struct op_machine_place){.base = OP_BASE_ABSOLUTE,
						 .address = (uintptr_t)&machine_far[1],
						 .offsets = {0, -16},
						 .offset_count = 2};
	return NULL;
}

static struct op_error *scope_pc(void *context, uint32_t *ret)
{
	*ret = STATE_PC;
	return NULL;
}

const struct op_machine_scope state_scope = {
	.local = scope_local,
	.operand = scope_operand,
	.global = scope_global,
	.memory = scope_memory,
	.pc = scope_pc,
};

static struct op_error *read_leaf(enum op_expression_kind kind, uint32_t index,
				  struct op_operand *ret)
{
	struct op_value value = {.type = state_type(index)};
	memcpy(value.bytes, state_place(kind, index), op_value_type_size(value.type));
	*ret = op_operand_value(&value);
	return NULL;
}

static struct op_error *source_local(void *context, uint32_t index, struct op_operand *ret)
{
	return read_leaf(OP_EXPRESSION_LOCAL, index, ret);
}

static struct op_error *source_operand(void *context, uint32_t index, struct op_operand *ret)
{
	return read_leaf(OP_EXPRESSION_OPERAND, index, ret);
}

static struct op_error *source_global(void *context, uint32_t index, struct op_operand *ret)
{
	return read_leaf(OP_EXPRESSION_GLOBAL, index, ret);
}

static struct op_error *source_memory(void *context, uint32_t index, uint64_t offset, void *buffer,
				      size_t size)
{
	const struct state_memory *memory = &state->memories[index];
	if (offset > memory->length || size > memory->length - offset)
		return op_error_create(OP_ERROR_UNREADABLE, "out of bounds");
	memcpy(buffer, state->bytes[index] + offset, size);
	return NULL;
}

const struct op_expression_source state_source = {
	.local = source_local,
	.operand = source_operand,
	.global = source_global,
	.memory = source_memory,
	.pc = scope_pc,
};

// Running ---------------------------------------------------------------------------------------

_Thread_local struct machine_trap machine_traps[MACHINE_TRAPS_MAX];
_Thread_local size_t machine_trap_count;
static uint32_t machine_entry;

/** Jump to the stub with the registers of @p in (but for rsp) and note those afterwards in @p out;
 * its rsp is the difference to before. */
void machine_call(const struct machine_registers *in, struct machine_registers *out, void *stub);

asm(".text\n"
    ".globl machine_call\n.hidden machine_call\n.type machine_call, @function\n"
    ".globl machine_slot_end\n.hidden machine_slot_end\n"
    "machine_call:\n"
    "	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
    "	push %rsi\n" // out
    "	push %rsp\n" // to compare with
    "	push %rdx\n" // stub
    ".macro each_vector instruction:req\n"
    "	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "	\\instruction \\n\n"
    "	.endr\n"
    ".endm\n"
    ".macro load_vector n\n	movups 128+16*\\n(%rdi), %xmm\\n\n.endm\n"
    ".macro store_vector n\n	movups %xmm\\n, 128+16*\\n(%rdi)\n.endm\n"
    "	each_vector load_vector\n"
    "	mov 0(%rdi), %rax\n	mov 8(%rdi), %rcx\n	mov 16(%rdi), %rdx\n"
    "	mov 24(%rdi), %rbx\n	mov 40(%rdi), %rbp\n	mov 48(%rdi), %rsi\n"
    "	mov 64(%rdi), %r8\n	mov 72(%rdi), %r9\n	mov 80(%rdi), %r10\n"
    "	mov 88(%rdi), %r11\n	mov 96(%rdi), %r12\n	mov 104(%rdi), %r13\n"
    "	mov 112(%rdi), %r14\n	mov 120(%rdi), %r15\n	mov 56(%rdi), %rdi\n"
    "	jmp *(%rsp)\n"
    "machine_slot_end:\n"
    "	push %rdi\n"
    "	mov 24(%rsp), %rdi\n"
    "	mov %rax, 0(%rdi)\n	mov %rcx, 8(%rdi)\n	mov %rdx, 16(%rdi)\n"
    "	mov %rbx, 24(%rdi)\n	mov %rbp, 40(%rdi)\n	mov %rsi, 48(%rdi)\n"
    "	mov %r8, 64(%rdi)\n	mov %r9, 72(%rdi)\n	mov %r10, 80(%rdi)\n"
    "	mov %r11, 88(%rdi)\n	mov %r12, 96(%rdi)\n	mov %r13, 104(%rdi)\n"
    "	mov %r14, 112(%rdi)\n	mov %r15, 120(%rdi)\n"
    "	pop %rax\n	mov %rax, 56(%rdi)\n"
    "	each_vector store_vector\n"
    "	pop %rdx\n	lea 8(%rsp), %rax\n	sub (%rsp), %rax\n	mov %rax, 32(%rdi)\n"
    "	add $16, %rsp\n"
    "	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbx\n	pop %rbp\n"
    "	ret\n"
    ".size machine_call, . - machine_call\n");

static void on_trap(int signal, siginfo_t *info, void *raw)
{
	// In the order of the trampoline's registers.
	static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
				      REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
				      REG_R12, REG_R13, REG_R14, REG_R15};
	const mcontext_t *context = &((ucontext_t *)raw)->uc_mcontext;
	if (machine_trap_count == MACHINE_TRAPS_MAX)
		return;
	struct machine_trap *trap = &machine_traps[machine_trap_count++];
	trap->pc = (uint64_t)context->gregs[REG_RIP];
	trap->top = *(uint64_t *)context->gregs[REG_RSP];
	for (size_t i = 0; i < 16; i++)
		trap->registers.general[i] = (uint64_t)context->gregs[order[i]];
	memcpy(trap->registers.vectors, context->fpregs->_xmm, sizeof(trap->registers.vectors));
}

static void *map(uintptr_t hint, size_t size)
{
	void *ret = mmap((void *)hint, size, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(ret, MAP_FAILED);
	return ret;
}

void machine_init(void)
{
	machine_code = map((uintptr_t)0x200000000, MACHINE_CODE_SIZE + sizeof(struct state));
	state = (struct state *)(machine_code + MACHINE_CODE_SIZE);
	machine_far = map((uintptr_t)0x700000000, 1 << 20);
	ck_assert_uint_gt((uintptr_t)machine_far - (uintptr_t)machine_code, UINT64_C(1) << 32);
	memset(state, 0, sizeof(*state));
	uint64_t vmctx = (uintptr_t)&state->vmctx;
	memcpy(frame_pointer() + FRAME_TO_VMCTX, &vmctx, sizeof(vmctx));
	state->vmctx.memory = (uintptr_t)&state->memories[0];
	for (size_t i = 0; i < 2; i++)
		state->vmctx.imports[i] = (uintptr_t)&state->imported[i];
	machine_far[1] = (uintptr_t)&state->memories[1] + 16;
	for (size_t i = 0; i < STATE_MEMORIES; i++)
		state->memories[i] =
			(struct state_memory){(uintptr_t)state->bytes[i], STATE_MEMORY_SIZE};
	// The test's own code is too far for a direct jump: jmp *0(%rip).
	static const uint8_t far_jump[] = {0xff, 0x25, 0, 0, 0, 0};
	uint64_t slot_end = (uintptr_t)machine_slot_end;
	memcpy(machine_code + MACHINE_WAY_BACK, far_jump, sizeof(far_jump));
	memcpy(machine_code + MACHINE_WAY_BACK + sizeof(far_jump), &slot_end, sizeof(slot_end));
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	ck_assert_int_eq(sigaction(SIGTRAP, &action, NULL), 0);
}

const char *machine_listing(const struct op_stub *stub, uint64_t address)
{
	static char text[1 << 19];
	static struct op_disassembler *disassembler;
	if (!disassembler)
		ck_assert_ptr_null(op_disassembler_create(&op_arch_x86_64, &disassembler));
	size_t used = 0;
	text[0] = '\0';
	for (size_t at = 0; at < stub->code.count;) {
		struct op_native_instruction instruction;
		struct op_error *err = op_disassembler_decode(
			disassembler, stub->code.data + at, stub->code.count - at,
			op_host_addr(address + at), &instruction);
		at += instruction.size;
		if (err || !strcmp(instruction.text, "(bad)") || at > stub->code.count)
			ck_abort_msg("no instruction after\n%s", text);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n",
					 instruction.text);
		if (used >= sizeof(text))
			ck_abort_msg("the listing is too long");
	}
	return text;
}

struct op_error *machine_load(const struct op_stub_group *groups, size_t count, size_t offset,
			      struct op_stub *stub)
{
	uint64_t address = (uintptr_t)machine_code + offset;
	struct op_error *err =
		op_stub_compile(&op_stub_x86_64, groups, count, &state_scope, address,
				(uintptr_t)machine_code + MACHINE_WAY_BACK, stub);
	if (err)
		return err;
	ck_assert_uint_le(offset + stub->code.count, MACHINE_WAY_BACK);
	memcpy(machine_code + offset, stub->code.data, stub->code.count);
	machine_entry = stub->entry;
	return NULL;
}

void machine_run(size_t offset)
{
	struct machine_registers in, out;
	for (size_t i = 0; i < 16; i++) {
		in.general[i] = UINT64_C(0x1111111111111111) * i + 0x80;
		in.vectors[i][0] = UINT64_C(0x123456789abcdef0) + i;
		in.vectors[i][1] = ~(uint64_t)i;
	}
	in.general[4] = 0;
	in.general[5] = (uintptr_t)frame_pointer();
	size_t first = machine_trap_count;
	machine_call(&in, &out, machine_code + offset + machine_entry);
	// Not by ck_assert: it writes to a file each time.
	if (memcmp(&in, &out, sizeof(in)) != 0)
		ck_abort_msg("the stub changed a register");
	for (size_t i = first; i < machine_trap_count; i++) {
		struct machine_trap *trap = &machine_traps[i];
		ck_assert_uint_eq(trap->top, (uintptr_t)machine_code + offset + machine_entry);
		trap->registers.general[4] = 0;
		ck_assert_mem_eq(&trap->registers, &in, sizeof(in));
	}
}
