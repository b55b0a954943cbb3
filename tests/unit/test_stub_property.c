// SPDX-License-Identifier: GPL-3.0-or-later
// Random expressions on random states: what compiled code says against what the interpreter says.
// The seed is printed; OP_STUB_SEED sets it, OP_STUB_TREES how many trees there are.
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/stub_harness.h"
#include "tests/unit/suite.h"

enum { TREES = 16000, STATES = 8, DEPTH = 6, NODES_WANTED = 300 };

static struct tree tree;

// Chance ----------------------------------------------------------------------------------------

static uint64_t random_state;

// Vigna: An experimental exploration of Marsaglia's xorshift generators, scrambled, 2016.
static uint64_t chance(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

static uint32_t below(uint32_t bound)
{
	return (uint32_t)(chance() >> 32) % bound;
}

static uint64_t random_integer(void)
{
	static const uint64_t edges[] = {0,
					 1,
					 2,
					 3,
					 31,
					 32,
					 63,
					 64,
					 127,
					 128,
					 255,
					 0x8000,
					 INT32_MAX,
					 UINT64_C(0x80000000),
					 UINT32_MAX,
					 UINT64_C(0x100000000),
					 INT64_MAX,
					 UINT64_C(0x8000000000000000),
					 UINT64_C(0x8000000000000001),
					 (uint64_t)-1,
					 (uint64_t)-2,
					 (uint64_t)-128,
					 (uint64_t)INT32_MIN};
	switch (below(3)) {
	case 0:
		return edges[below(OP_ARRAY_SIZE(edges))];
	case 1:
		return below(300);
	default:
		return chance() >> below(64);
	}
}

static double random_real(void)
{
	static const double edges[] = {0.0,
				       -0.0,
				       1.0,
				       -1.0,
				       0.5,
				       1e-310,
				       1e300,
				       -1e300,
				       1e39,
				       INFINITY,
				       -INFINITY,
				       NAN,
				       2147483648.0,
				       4294967296.0,
				       9223372036854775808.0,
				       -9223372036854775808.0,
				       -9223372036854777856.0,
				       9223372036854774784.0,
				       18446744073709551616.0,
				       18446744073709549568.0};
	switch (below(3)) {
	case 0:
		return edges[below(OP_ARRAY_SIZE(edges))];
	case 1:
		return (double)(int64_t)random_integer();
	default:
		return ((double)below(20000) - 10000) / 16;
	}
}

// The bits of a value of a type: any bits at times, signalling NaNs among them.
static uint64_t random_bits(enum op_value_type type)
{
	if (type == OP_VALUE_I32 || type == OP_VALUE_I64 || below(8) == 0)
		return random_integer();
	double wide = random_real();
	float narrow = (float)wide;
	uint64_t bits = 0;
	if (type == OP_VALUE_F64)
		memcpy(&bits, &wide, sizeof(wide));
	else
		memcpy(&bits, &narrow, sizeof(narrow));
	return bits;
}

static void random_leaf_value(enum op_expression_kind kind, uint32_t index)
{
	uint64_t bits = random_bits(state_type(index));
	memcpy(state_place(kind, index), &bits, op_value_type_size(state_type(index)));
}

static void random_values(void)
{
	for (uint32_t i = 0; i < STATE_LOCALS; i++)
		random_leaf_value(OP_EXPRESSION_LOCAL, i);
	for (uint32_t i = 0; i < STATE_OPERANDS; i++)
		random_leaf_value(OP_EXPRESSION_OPERAND, i);
	for (uint32_t i = 0; i < STATE_GLOBALS; i++)
		random_leaf_value(OP_EXPRESSION_GLOBAL, i);
	for (size_t i = 0; i < STATE_MEMORIES; i++) {
		state->memories[i].length = below(4) ? STATE_MEMORY_SIZE : below(16);
		for (size_t k = 0; k < STATE_MEMORY_SIZE; k += 8) {
			uint64_t bits = random_bits((enum op_value_type)below(4));
			memcpy(&state->bytes[i][k], &bits, sizeof(bits));
		}
	}
}

// Trees -----------------------------------------------------------------------------------------

static bool is_real(const struct op_expression_node *node)
{
	return node->type.type == OP_VALUE_F32 || node->type.type == OP_VALUE_F64;
}

static bool is_same(struct op_expression_type a, struct op_expression_type b)
{
	return a.type == b.type && a.is_unsigned == b.is_unsigned;
}

static const struct op_expression_node *leaf(void)
{
	switch (below(8)) {
	case 0:
		return tree_integer(&tree, (int64_t)random_integer(), OP_VALUE_I32, below(2));
	case 1:
		return tree_integer(&tree, (int64_t)random_integer(), OP_VALUE_I64, below(2));
	case 2:
		return tree_real(&tree, random_real(), below(2) ? OP_VALUE_F32 : OP_VALUE_F64);
	case 3:
		return tree_leaf(&tree, OP_EXPRESSION_OPERAND, below(STATE_OPERANDS));
	case 4:
		return tree_leaf(&tree, OP_EXPRESSION_GLOBAL, below(STATE_GLOBALS));
	case 5:
		return below(4) ? tree_leaf(&tree, OP_EXPRESSION_LOCAL, below(STATE_LOCALS))
				: tree_leaf(&tree, OP_EXPRESSION_PC, 0);
	default:
		return tree_leaf(&tree, OP_EXPRESSION_LOCAL, below(STATE_LOCALS));
	}
}

static const struct op_expression_node *grow(unsigned depth);

// Seldom by a conversion: most of those have no result.
static const struct op_expression_node *grow_integer(unsigned depth)
{
	const struct op_expression_node *node = grow(depth);
	if (!is_real(node))
		return node;
	if (below(4) == 0)
		return tree_convert(&tree, &tree_types[below(8)], node);
	return tree_binary(&tree, OP_OPERATOR_LT, node, tree_real(&tree, 0.25, OP_VALUE_F64));
}

static const struct op_expression_node *grow_memory(unsigned depth)
{
	const struct op_expression_node *address =
		below(3) ? grow_integer(depth)
			 : tree_integer(&tree, below(STATE_MEMORY_SIZE + 16), OP_VALUE_I32, false);
	if (below(4))
		address = tree_binary(&tree, OP_OPERATOR_AND, address,
				      tree_integer(&tree, 0xf7, OP_VALUE_I32, true));
	return tree_memory(&tree, below(STATE_MEMORIES),
			   &tree_types[below(OP_ARRAY_SIZE(tree_types))], address);
}

static const struct op_expression_node *grow_choice(unsigned depth)
{
	const struct op_expression_node *base = grow(depth), *first = grow(depth),
					*end = grow(depth);
	struct op_expression_type type =
		op_expression_binary_type(OP_OPERATOR_ADD, first->type, end->type);
	const struct op_access_type *access = op_access_type_of(type);
	if (!is_same(first->type, type))
		first = tree_convert(&tree, access, first);
	if (!is_same(end->type, type))
		end = tree_convert(&tree, access, end);
	return tree_choice(&tree, base, first, end);
}

static const struct op_expression_node *grow_binary(unsigned depth)
{
	enum op_operator what = (enum op_operator)below(OP_OPERATOR_MOD + 1);
	struct op_expression_type real = {true, OP_VALUE_F64, false};
	if (op_expression_binary_type(what, real, real).known)
		return tree_binary(&tree, what, grow(depth), grow(depth));
	return tree_binary(&tree, what, grow_integer(depth), grow_integer(depth));
}

static const struct op_expression_node *grow(unsigned depth)
{
	if (depth == 0 || tree.count > NODES_WANTED || below(8) == 0)
		return leaf();
	depth--;
	switch (below(10)) {
	case 0:
		return grow_memory(depth);
	case 1:
		return grow_choice(depth);
	case 2:
		return tree_convert(&tree, &tree_types[below(OP_ARRAY_SIZE(tree_types))],
				    below(2) ? grow(depth) : grow_integer(depth));
	case 3:
		return tree_unary(&tree, "-+!"[below(3)], grow(depth));
	case 4:
		return tree_unary(&tree, '~', grow_integer(depth));
	default:
		return grow_binary(depth);
	}
}

static void print(const struct op_expression_node *node)
{
	static const char *const operators[] = {"||", "&&", "|",  "^",  "&", "==", "!=", "<=", ">=",
						"<",  ">",  "<<", ">>", "+", "-",  "*",  "/",  "%"};
	static const char *const leaves[] = {
		[OP_EXPRESSION_LOCAL] = "local",
		[OP_EXPRESSION_OPERAND] = "operand",
		[OP_EXPRESSION_GLOBAL] = "global",
		[OP_EXPRESSION_PC] = "pc",
	};
	printf("(");
	if (node->kind == OP_EXPRESSION_CONSTANT)
		printf("%s:%" PRIx64, op_value_type_name(node->type.type),
		       op_value_bits(&node->constant.result.value));
	else if (node->kind == OP_EXPRESSION_UNARY)
		printf("%c", node->unary);
	else if (node->kind == OP_EXPRESSION_BINARY)
		printf("%s", operators[node->binary]);
	else if (node->access)
		printf("%s%s %u", node->kind == OP_EXPRESSION_MEMORY ? "mem " : "",
		       node->access->name, node->index);
	else if (node->kind == OP_EXPRESSION_CHOICE)
		printf("?:");
	else
		printf("%s %u", leaves[node->kind], node->index);
	if (node->type.is_unsigned)
		printf(" u");
	const struct op_expression_node *const children[] = {node->base, node->first, node->end};
	for (size_t i = 0; i < OP_ARRAY_SIZE(children); i++) {
		if (children[i])
			print(children[i]);
	}
	printf(")");
}

// The test --------------------------------------------------------------------------------------

static bool is_nan(enum op_value_type type, uint64_t bits)
{
	return (type == OP_VALUE_F32 && (bits & INT32_MAX) > 0x7f800000) ||
	       (type == OP_VALUE_F64 && (bits & INT64_MAX) > UINT64_C(0x7ff0000000000000));
}

enum { RING_LOG2 = 1 };
static struct {
	uint64_t true_count, changed_count;
	struct op_stub_watch watch;
	struct op_log_ring ring;
	struct op_log_record records[1 << RING_LOG2];
} * cells;

struct tally {
	uint64_t cases, errors, truths, changes;
};

static void differs(const char *what, uint64_t expected, uint64_t got)
{
	print(tree.expression.root);
	printf("\n");
	fflush(stdout);
	ck_abort_msg("%s: %" PRIx64 " expected, %" PRIx64 " got", what, expected, got);
}

// Run the stub on the state and compare.
static void check_state(struct tally *tally)
{
	struct op_operand operand = {0};
	struct op_error *err = op_expression_evaluate(&tree.expression, &state_source, &operand);
	const struct op_value *value = &operand.result.value;
	enum op_value_type type = tree.expression.root->type.type;
	uint64_t bits = err ? 0 : op_value_bits(value);
	bool truth = err || op_operand_is_true(&operand), failed = err;
	op_error_destroy(err);
	if (!failed && (value->type != type ||
			operand.result.is_unsigned != tree.expression.root->type.is_unsigned))
		differs("type", value->type, type);

	uint64_t before = below(2) ? bits : bits ^ UINT64_C(1) << below(64);
	cells->watch = (struct op_stub_watch){.value = before, .before = 1};
	cells->true_count = cells->changed_count = 0;
	cells->ring.tail = cells->ring.head;
	uint64_t position = cells->ring.head;
	machine_run(0);

	const struct op_log_record *record = &cells->records[position % (1 << RING_LOG2)];
	if (record->sequence != position + 1 || cells->ring.lost)
		differs("sequence", position + 1, record->sequence);
	if (record->failed != failed)
		differs("error", failed, record->failed);
	bool same = record->values[0] == bits ||
		    (is_nan(type, bits) && is_nan(type, record->values[0]));
	if (!failed && !same)
		differs("value", bits, record->values[0]);
	if (cells->true_count != truth)
		differs("truth", truth, cells->true_count);
	bool changes = !failed && record->values[0] != before;
	if (cells->changed_count != changes)
		differs("changed", changes, cells->changed_count);
	if (changes && (cells->watch.before != before || cells->watch.value != record->values[0]))
		differs("watch", record->values[0], cells->watch.value);
	tally->cases++;
	tally->errors += failed;
	tally->truths += truth;
	tally->changes += changes;
}

static void check_tree(struct op_stub *stub, struct tally *tally)
{
	const struct op_expression *value = &tree.expression;
	struct op_stub_step condition[] = {
		{.kind = OP_STUB_TRUE, .expression = value},
		{.kind = OP_STUB_COUNT, .cell = (uintptr_t)&cells->true_count}};
	struct op_stub_step log = {.kind = OP_STUB_LOG,
				   .cell = (uintptr_t)&cells->ring,
				   .size_log2 = RING_LOG2,
				   .values = &value,
				   .value_count = 1};
	struct op_stub_step watch[] = {
		{.kind = OP_STUB_CHANGED, .cell = (uintptr_t)&cells->watch, .expression = value},
		{.kind = OP_STUB_COUNT, .cell = (uintptr_t)&cells->changed_count}};
	struct op_stub_group groups[] = {{condition, 2}, {&log, 1}, {watch, 2}};
	struct op_error *err = machine_load(groups, OP_ARRAY_SIZE(groups), 0, stub);
	if (err) {
		print(value->root);
		ck_abort_msg("%s", err->message);
	}
	machine_listing(stub, (uintptr_t)machine_code);
	for (int i = 0; i < STATES; i++) {
		random_values();
		check_state(tally);
	}
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 0) : otherwise;
}

START_TEST(compiled_is_interpreted)
{
	uint64_t seed = setting("OP_STUB_SEED", (uint64_t)time(NULL) << 16 ^ (uint64_t)getpid());
	uint64_t trees = setting("OP_STUB_TREES", TREES);
	printf("OP_STUB_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	random_state = seed * 2 + 1;
	machine_init();
	// Out of the code's reach and in it by turns.
	void *const places[] = {state->cells, &machine_far[64]};
	ck_assert_uint_le(sizeof(*cells), sizeof(state->cells));
	struct op_stub stub = {0};
	struct tally tally = {0};
	for (uint64_t i = 0; i < trees; i++) {
		cells = places[i % 2];
		tree.count = 0;
		tree_done(&tree, grow(1 + below(DEPTH)));
		check_tree(&stub, &tally);
	}
	op_stub_deinit(&stub);
	printf("%" PRIu64 " cases: %" PRIu64 " errors, %" PRIu64 " true, %" PRIu64 " changed\n",
	       tally.cases, tally.errors, tally.truths, tally.changes);
	// All kinds of outcome in good numbers.
	ck_assert_uint_gt(tally.cases - tally.errors, tally.cases / 2);
	ck_assert_uint_gt(tally.errors, tally.cases / 50);
	ck_assert_uint_gt(tally.cases - tally.truths, tally.cases / 10);
	ck_assert_uint_gt(tally.changes, tally.cases / 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stub_property");
	TCase *tcase = tcase_create("stub_property");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, compiled_is_interpreted);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
