// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the compiler of stubs: the input is an address, places, trees in postfix order, and steps.
// Whatever is compiled must be instructions from the first byte to the last, and each trap one.
#include <stdlib.h>
#include <string.h>

#include "tracer/agent/stub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES_MAX = 512, TREES_MAX = 8, STEPS_MAX = 24, STACK_MAX = 64 };

struct input {
	const uint8_t *data;
	size_t size;
	struct op_expression_node nodes[NODES_MAX];
	unsigned heights[NODES_MAX];
	size_t node_count;
	struct op_expression trees[TREES_MAX];
	size_t tree_count;
};

static uint64_t take(struct input *in, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes && in->size; i++, in->data++, in->size--)
		value |= (uint64_t)*in->data << (8 * i);
	return value;
}

// Trees -----------------------------------------------------------------------------------------

static const struct op_access_type accesses[] = {
	{"i8", OP_VALUE_I32, 1, false},     {"u8", OP_VALUE_I32, 1, true},
	{"i16", OP_VALUE_I32, 2, false},    {"u16", OP_VALUE_I32, 2, true},
	{"i32", OP_VALUE_I32, 4, false},    {"u32", OP_VALUE_I32, 4, true},
	{"i64", OP_VALUE_I64, 8, false},    {"u64", OP_VALUE_I64, 8, true},
	{"f32", OP_VALUE_F32, 4, false},    {"f64", OP_VALUE_F64, 8, false},
	{"v128", OP_VALUE_V128, 16, false},
};

static struct op_expression_type take_type(struct input *in)
{
	uint8_t byte = (uint8_t)take(in, 1);
	return (struct op_expression_type){.known = byte < 0xf8,
					   .type = (enum op_value_type)(byte % 12 % 5),
					   .is_unsigned = byte & 0x20};
}

static void set_constant(struct input *in, struct op_expression_node *node)
{
	enum op_value_type type = (enum op_value_type)(take(in, 1) % 5);
	uint64_t bits = take(in, 8);
	double real;
	memcpy(&real, &bits, sizeof(real));
	if (type == OP_VALUE_F32 || type == OP_VALUE_F64)
		node->constant = op_operand_real(real, type);
	else
		node->constant = op_operand_integer((int64_t)bits, type, bits & 1);
	node->type = op_operand_type(&node->constant);
}

static unsigned height(const struct input *in, const struct op_expression_node *node)
{
	return node ? in->heights[node - in->nodes] : 0;
}

// The types are those that a parser would find, or sometimes wrong ones.
static void set_type(struct input *in, struct op_expression_node *node)
{
	if (take(in, 1) == 0xff)
		node->type = take_type(in);
	else if (node->kind == OP_EXPRESSION_UNARY)
		node->type = op_expression_unary_type(node->unary, node->first->type);
	else if (node->kind == OP_EXPRESSION_BINARY)
		node->type =
			op_expression_binary_type(node->binary, node->first->type, node->end->type);
	else if (node->kind == OP_EXPRESSION_CHOICE)
		node->type = node->first->type;
	else if (node->access)
		node->type = (struct op_expression_type){true, node->access->type,
							 node->access->is_unsigned};
}

static struct op_expression_node *take_node(struct input *in,
					    const struct op_expression_node **stack, size_t *depth)
{
	struct op_expression_node *node = &in->nodes[in->node_count];
	*node = (struct op_expression_node){
		.kind = (enum op_expression_kind)(take(in, 1) % (OP_EXPRESSION_CHOICE + 1))};
	node->index = (uint32_t)take(in, 1);
	size_t needs = node->kind == OP_EXPRESSION_BINARY   ? 2
		       : node->kind == OP_EXPRESSION_CHOICE ? 3
		       : node->kind == OP_EXPRESSION_UNARY || node->kind == OP_EXPRESSION_CONVERT ||
				       node->kind == OP_EXPRESSION_MEMORY
			       ? 1
			       : 0;
	if (*depth < needs)
		node->kind = OP_EXPRESSION_LOCAL;
	if (needs && *depth >= needs)
		node->first = stack[--*depth];
	if (needs >= 2 && node->first)
		node->end = stack[--*depth];
	if (needs == 3 && node->first)
		node->base = stack[--*depth];
	node->unary = "-+!~"[node->index % 4];
	node->binary = (enum op_operator)(node->index % (OP_OPERATOR_MOD + 1));
	if (node->kind == OP_EXPRESSION_MEMORY || node->kind == OP_EXPRESSION_CONVERT)
		node->access = &accesses[node->index % OP_ARRAY_SIZE(accesses)];
	if (node->kind == OP_EXPRESSION_CONSTANT)
		set_constant(in, node);
	else if (node->kind == OP_EXPRESSION_PC)
		node->type = (struct op_expression_type){true, OP_VALUE_I32, true};
	else if (node->first)
		set_type(in, node);
	else
		node->type = take_type(in);
	const struct op_expression_node *const children[] = {node->base, node->first, node->end};
	unsigned *own = &in->heights[in->node_count++];
	*own = 1;
	for (size_t i = 0; i < OP_ARRAY_SIZE(children); i++) {
		unsigned below = height(in, children[i]);
		*own = *own > below ? *own : below + 1;
	}
	return node;
}

static void take_tree(struct input *in)
{
	static char text[] = "input";
	const struct op_expression_node *stack[STACK_MAX];
	size_t depth = 0;
	for (size_t left = 1 + take(in, 1); left && in->node_count < NODES_MAX; left--) {
		const struct op_expression_node *node = take_node(in, stack, &depth);
		stack[depth++] = node;
		if (depth == STACK_MAX || height(in, node) == OP_EXPRESSION_HEIGHT_MAX)
			break;
	}
	if (depth)
		in->trees[in->tree_count++] =
			(struct op_expression){.text = text, .root = stack[depth - 1]};
}

// Places ----------------------------------------------------------------------------------------

static struct op_machine_place places[4];

static struct op_error *find(void *context, uint32_t index, struct op_machine_place *ret)
{
	*ret = places[index % OP_ARRAY_SIZE(places)];
	return index < 250 ? NULL : op_error_create(OP_ERROR_NOT_FOUND, "no such thing");
}

static struct op_error *pc(void *context, uint32_t *ret)
{
	*ret = 42;
	return NULL;
}

static void take_place(struct input *in, struct op_machine_place *ret)
{
	*ret = (struct op_machine_place){.base = take(in, 1) & 1 ? OP_BASE_ABSOLUTE
								 : OP_BASE_FRAME};
	ret->offset_count = 1 + take(in, 1) % OP_MACHINE_OFFSETS_MAX;
	ret->address = take(in, 6);
	for (unsigned i = 0; i < ret->offset_count; i++)
		ret->offsets[i] = (int32_t)take(in, 4);
}

// Steps -----------------------------------------------------------------------------------------

static void check_code(const struct op_stub *stub, uint64_t address)
{
	static struct op_disassembler *disassembler;
	if (!disassembler)
		op_error_destroy(op_disassembler_create(&op_arch_x86_64, &disassembler));
	size_t traps = 0;
	for (size_t at = 0; at < stub->code.count;) {
		struct op_native_instruction instruction;
		if (op_disassembler_decode(disassembler, stub->code.data + at,
					   stub->code.count - at, op_host_addr(address + at),
					   &instruction) ||
		    !strcmp(instruction.text, "(bad)"))
			abort();
		if (!strcmp(instruction.text, "int3") &&
		    (traps == stub->traps.count || stub->traps.data[traps++].offset != at))
			abort();
		at += instruction.size;
		if (at > stub->code.count)
			abort();
	}
	if (traps != stub->traps.count || stub->code.count == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input in;
	in = (struct input){.data = data, .size = size};
	uint64_t address = take(&in, 6);
	for (size_t i = 0; i < OP_ARRAY_SIZE(places); i++)
		take_place(&in, &places[i]);
	for (size_t left = 1 + take(&in, 1) % TREES_MAX; left; left--)
		take_tree(&in);
	const struct op_expression *values[TREES_MAX];
	for (size_t i = 0; i < in.tree_count; i++)
		values[i] = &in.trees[i];

	struct op_stub_step steps[STEPS_MAX];
	struct op_stub_group groups[STEPS_MAX];
	size_t step_count = 0, group_count = 0;
	while (in.size && in.tree_count && step_count < STEPS_MAX) {
		unsigned kind = (unsigned)take(&in, 1);
		if (step_count == 0 || kind & 0x80)
			groups[group_count++] = (struct op_stub_group){&steps[step_count], 0};
		groups[group_count - 1].count++;
		unsigned count = 1 + (unsigned)take(&in, 1) % (unsigned)in.tree_count;
		steps[step_count++] = (struct op_stub_step){
			.kind = (enum op_stub_step_kind)(kind % (OP_STUB_TRAP + 1)),
			.cell = kind & 0x40 ? address + take(&in, 3) : take(&in, 6),
			.atomic = kind & 0x20,
			.size_log2 = (unsigned)take(&in, 1) % 32,
			.expression = values[count - 1],
			.values = values,
			.value_count = count,
		};
	}
	struct op_machine_scope scope = {
		.local = find, .operand = find, .global = find, .memory = find, .pc = pc};
	struct op_stub stub = {0};
	struct op_error *err = op_stub_compile(&op_stub_x86_64, groups, group_count, &scope,
					       address, address ^ 0x7654321, &stub);
	if (!err)
		check_code(&stub, address);
	op_error_destroy(err);
	op_stub_deinit(&stub);
	return 0;
}
