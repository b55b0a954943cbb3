// SPDX-License-Identifier: GPL-3.0-or-later
// Expression trees over a scope and a state of this test's own: what text becomes, with its types;
// what is refused, by which sentence; what comes out, and what is read for it.
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/unit/suite.h"
#include "tracer/expression_tree.h"

// The place -----------------------------------------------------------------------------------

static const struct {
	const char *name;
	enum op_value_type type;
	bool known;
	int64_t integer;
	double real;
} locals[] = {
	{"n", OP_VALUE_I32, true, -5, 0},       {"long", OP_VALUE_I64, true, 1LL << 40, 0},
	{"f", OP_VALUE_F32, true, 0, 1.5},      {"d", OP_VALUE_F64, true, 0, -2.25},
	{"s.x", OP_VALUE_I32, true, 9, 0},      {"s", OP_VALUE_ANYREF, true, 0, 0},
	{"odd", OP_VALUE_I32, false, 3, 0},     {"v", OP_VALUE_V128, true, 0, 0},
	{"s.x.deep", OP_VALUE_I32, true, 1, 0},
};
enum { PARAMETERS = 2, OPERANDS = 2, GLOBALS = 2 };

static bool same(const char *wanted, const char *name, size_t size)
{
	return strlen(wanted) == size && !memcmp(wanted, name, size);
}

static bool local_by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	(void)context;
	for (*ret = 0; *ret < OP_ARRAY_SIZE(locals); ++*ret)
		if (same(locals[*ret].name, name, size))
			return true;
	return false;
}

static bool local_type(void *context, uint32_t index, struct op_expression_type *ret)
{
	(void)context;
	if (index >= OP_ARRAY_SIZE(locals))
		return false;
	*ret = (struct op_expression_type){locals[index].known, locals[index].type, false};
	return true;
}

static bool operand_type(void *context, uint32_t index, struct op_expression_type *ret)
{
	(void)context;
	*ret = (struct op_expression_type){true, OP_VALUE_I64, false};
	return index < OPERANDS;
}

static bool global_by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	(void)context;
	*ret = 1;
	return same("g", name, size) || same("odd name", name, size);
}

static bool global_type(void *context, uint32_t index, struct op_expression_type *ret)
{
	(void)context;
	*ret = (struct op_expression_type){true, OP_VALUE_I32, false};
	return index < GLOBALS;
}

static bool table_by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	(void)context;
	*ret = 3;
	return same("t", name, size);
}

static bool history(void *context, uint64_t number, struct op_operand *ret)
{
	(void)context;
	*ret = op_operand_integer(6, OP_VALUE_I32, true);
	return number == 1;
}

static const struct op_expression_scope place = {
	.local_by_name = local_by_name,
	.local_type = local_type,
	.operand_type = operand_type,
	.global_by_name = global_by_name,
	.global_type = global_type,
	.table_by_name = table_by_name,
	.history = history,
	.function = "work",
	.counts_known = true,
	.local_count = OP_ARRAY_SIZE(locals),
	.param_count = PARAMETERS,
	.operands_known = true,
	.operand_count = OPERANDS,
};
static const struct op_expression_scope no_frame = {
	.global_by_name = global_by_name,
	.global_type = global_type,
};

// Trees as text -------------------------------------------------------------------------------

static const char *const operators[] = {
	[OP_OPERATOR_OR_OR] = "||", [OP_OPERATOR_AND_AND] = "&&", [OP_OPERATOR_OR] = "|",
	[OP_OPERATOR_XOR] = "^",    [OP_OPERATOR_AND] = "&",      [OP_OPERATOR_EQ] = "==",
	[OP_OPERATOR_NE] = "!=",    [OP_OPERATOR_LE] = "<=",      [OP_OPERATOR_GE] = ">=",
	[OP_OPERATOR_LT] = "<",     [OP_OPERATOR_GT] = ">",       [OP_OPERATOR_SHL] = "<<",
	[OP_OPERATOR_SHR] = ">>",   [OP_OPERATOR_ADD] = "+",      [OP_OPERATOR_SUB] = "-",
	[OP_OPERATOR_MUL] = "*",    [OP_OPERATOR_DIV] = "/",      [OP_OPERATOR_MOD] = "%",
};

static void dump(const struct op_expression_node *node, struct op_text *text);

static void dump_side(const char *before, const struct op_expression_node *node,
		      struct op_text *text)
{
	if (!node)
		return;
	op_text_append(text, before);
	dump(node, text);
}

static void dump_kind(const struct op_expression_node *node, struct op_text *text)
{
	switch (node->kind) {
	case OP_EXPRESSION_CONSTANT:
		if (node->constant.is_float)
			op_text_printf(text, "%g", node->constant.real);
		else
			op_text_printf(text, "%" PRId64, node->constant.integer);
		break;
	case OP_EXPRESSION_LOCAL:
		op_text_printf(text, "local%" PRIu32, node->index);
		break;
	case OP_EXPRESSION_OPERAND:
		op_text_printf(text, "stack%" PRIu32, node->index);
		break;
	case OP_EXPRESSION_GLOBAL:
		op_text_printf(text, "global%" PRIu32, node->index);
		break;
	case OP_EXPRESSION_TABLE:
		op_text_printf(text, "table%" PRIu32, node->index);
		dump_side(" ", node->first, text);
		dump_side(node->end_inclusive ? "..=" : "..", node->end, text);
		break;
	case OP_EXPRESSION_MEMORY:
		op_text_printf(text, "mem%" PRIu32 " %s", node->index, node->access->name);
		dump_side(" ", node->first, text);
		break;
	case OP_EXPRESSION_PC:
		op_text_append(text, "pc");
		break;
	case OP_EXPRESSION_FIELD:
		dump(node->base, text);
		if (node->name)
			op_text_printf(text, " .%s", node->name);
		else
			op_text_printf(text, " .%" PRIu32, node->index);
		break;
	case OP_EXPRESSION_ELEMENT:
		dump(node->base, text);
		dump_side(" at ", node->first, text);
		dump_side(node->end_inclusive ? "..=" : "..", node->end, text);
		break;
	case OP_EXPRESSION_OBJECT:
		dump_side("*", node->base, text);
		break;
	case OP_EXPRESSION_UNARY:
		op_text_printf(text, "%c", node->unary);
		dump(node->first, text);
		break;
	case OP_EXPRESSION_BINARY:
		dump(node->first, text);
		op_text_printf(text, " %s ", operators[node->binary]);
		dump(node->end, text);
		break;
	case OP_EXPRESSION_CONVERT:
		op_text_printf(text, "to %s ", node->access->name);
		dump(node->first, text);
		break;
	case OP_EXPRESSION_CHOICE:
		dump(node->base, text);
		dump_side(" ? ", node->first, text);
		dump_side(" : ", node->end, text);
		break;
	}
}

// (KIND SIDES):TYPE, with u in front of an unsigned one and ? for one that is not known.
static void dump(const struct op_expression_node *node, struct op_text *text)
{
	op_text_append(text, "(");
	dump_kind(node, text);
	op_text_printf(text, "):%s%s", node->type.is_unsigned ? "u" : "",
		       node->type.known ? op_value_type_name(node->type.type) : "?");
}

static const struct {
	const char *text, *tree;
} trees[] = {
	{"1 + 2 * 3", "((1):i32 + ((2):i32 * (3):i32):i32):i32"},
	{"1 - 2 - 3", "(((1):i32 - (2):i32):i32 - (3):i32):i32"},
	{"1 < 2 == 3 > 4", "(((1):i32 < (2):i32):i32 == ((3):i32 > (4):i32):i32):i32"},
	{"1 | 2 ^ 3 & 4 << 5",
	 "((1):i32 | ((2):i32 ^ ((3):i32 & ((4):i32 << (5):i32):i32):i32):i32):i32"},
	{"-n*~2u", "((-(local0):i32):i32 * (~(2):ui32):ui32):ui32"},
	{"!f", "(!(local2):f32):i32"},
	{"n + 1u", "((local0):i32 + (1):ui32):ui32"},
	{"long + 1u", "((local1):i64 + (1):ui32):i64"},
	{"1u << long", "((1):ui32 << (local1):i64):ui32"},
	{"f + n", "((local2):f32 + (local0):i32):f32"},
	{"f * d", "((local2):f32 * (local3):f64):f64"},
	{"f > 1 && odd", "(((local2):f32 > (1):i32):i32 && (local6):?):?"},
	{"odd + 1", "((local6):? + (1):i32):?"},
	{"(u8) n", "(to u8 (local0):i32):ui32"},
	{"(i64) (n)", "(to i64 (local0):i32):i64"},
	{"$local1 + $arg0", "((local1):i64 + (local0):i32):i64"},
	{"$n + $stack1", "((local0):i32 + (stack1):i64):i64"},
	{"$pc", "(pc):ui32"},
	{"$1", "(6):ui32"},
	{"$global.g", "(global1):i32"},
	{"$global.\"odd name\"", "(global1):i32"},
	{"$global0", "(global0):i32"},
	{"$mem[n]", "(mem0 i32 (local0):i32):i32"},
	{"$mem1[n + 4 : u16]", "(mem1 u16 ((local0):i32 + (4):i32):i32):ui32"},
	{"$mem[n ? 1 : 2:f64]", "(mem0 f64 ((local0):i32 ? (1):i32 : (2):i32):i32):f64"},
	{"$table.t[n]", "(table3 (local0):i32):?"},
	{"$table7[1..4]", "(table7 (1):i32..(4):i32):?"},
	// The longest name that there is; the rest are fields.
	{"s.x", "(local4):i32"},
	{"s.x.deep", "(local8):i32"},
	{"s.y", "((local5):anyref .y):?"},
	{"s.y.z[2].w", "((((local5):anyref .y.z):? at (2):i32):? .w):?"},
	{"s.field2.1.x", "((local5):anyref .field2.1.x):?"},
	{"s.2.x", "(((local5):anyref .2):? .x):?"},
	{"s[1..=n]", "((local5):anyref at (1):i32..=(local0):i32):?"},
	{"s[1..2]", "((local5):anyref at (1):i32..(2):i32):?"},
	{"*s", "(*(local5):anyref):anyref"},
	// As in C the sides of ?: come out in one type.
	{"n ? 1 : 2.5", "((local0):i32 ? (to f64 (1):i32):f64 : (2.5):f64):f64"},
	{"n ? 1u : -1", "((local0):i32 ? (1):ui32 : (to u32 (-(1):i32):i32):ui32):ui32"},
	{"n ? odd : 1", "((local0):i32 ? (local6):? : (1):i32):?"},
	{"n ? s : s", "((local0):i32 ? (local5):anyref : (local5):anyref):anyref"},
	{"n ? 1 : f ? 2 : 3",
	 "((local0):i32 ? (1):i32 : ((local2):f32 ? (2):i32 : (3):i32):i32):i32"},
	{"n ? f ? 1 : 2 : 3",
	 "((local0):i32 ? ((local2):f32 ? (1):i32 : (2):i32):i32 : (3):i32):i32"},
	{"1.5f", "(1.5):f32"},
	{"0xfu", "(15):ui32"},
	{"1e2", "(100):f64"},
};

START_TEST(tree)
{
	struct op_expression *expression;
	struct op_error *err = op_expression_parse(trees[_i].text, &place, &expression);
	ck_assert_msg(!err, "%s: %s", trees[_i].text, err ? err->message : "");
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	dump(expression->root, &text);
	ck_assert_str_eq(text.data, trees[_i].tree);
	ck_assert_str_eq(expression->text, trees[_i].text);
	op_expression_destroy(expression);
}
END_TEST

// Refusals ------------------------------------------------------------------------------------

static const struct {
	const struct op_expression_scope *scope;
	const char *text;
	enum op_error_code code;
	const char *message;
} refused[] = {
	{&place, "", OP_ERROR_SYNTAX, "\"\" ends where a value is expected"},
	{&place, "1 + )", OP_ERROR_SYNTAX, "\"1 + )\": a value is expected at \")\""},
	{&place, "1 2", OP_ERROR_SYNTAX, "\"1 2\": an operator is expected at \"2\""},
	{&place, "(1", OP_ERROR_SYNTAX, "\"(1\" ends where ) is expected"},
	{&place, "1 ? 2", OP_ERROR_SYNTAX, "\"1 ? 2\" ends where : is expected"},
	{&place, "$", OP_ERROR_NOT_FOUND, "\"$\": the value history has no such value"},
	{&place, "$mem", OP_ERROR_SYNTAX, "\"$mem\" ends where [ADDRESS:TYPE] is expected"},
	{&place, "$mem[0:i9]", OP_ERROR_SYNTAX,
	 "\"$mem[0:i9]\": a type (i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 v128) is expected at "
	 "\"i9]\""},
	{&place, "$mem[0", OP_ERROR_SYNTAX, "\"$mem[0\" ends where ] is expected"},
	{&place, "$table0", OP_ERROR_SYNTAX,
	 "\"$table0\" ends where [INDEX] or [FIRST..END] is expected"},
	{&place, "s[1", OP_ERROR_SYNTAX, "\"s[1\" ends where ] is expected"},
	{&place, "s[1].", OP_ERROR_SYNTAX, "\"s[1].\" ends where a field is expected"},
	{&place, "$global.\"g", OP_ERROR_SYNTAX, "\"$global.\"g\": the closing quote is missing"},
	{&place, "18446744073709551616", OP_ERROR_SYNTAX,
	 "\"18446744073709551616\": \"18446744073709551616\" is no number that fits 64 bits"},
	{&place, "1.5 % n", OP_ERROR_SYNTAX, "\"1.5 % n\": an operator in it needs integers"},
	{&place, "odd << f", OP_ERROR_SYNTAX, "\"odd << f\": an operator in it needs integers"},
	{&place, "~d", OP_ERROR_SYNTAX, "\"~d\": ~ needs an integer"},
	{&place, "none", OP_ERROR_NOT_FOUND, "work has no local named \"none\""},
	{&place, "$none.x", OP_ERROR_NOT_FOUND,
	 "work has no local named \"none.x\", and no value was kept under that name"},
	{&place, "$local9", OP_ERROR_NOT_FOUND, "work has no local 9 (it has 9)"},
	{&place, "$arg2", OP_ERROR_NOT_FOUND, "work has no parameter 2 (it has 2)"},
	{&place, "$stack2", OP_ERROR_NOT_FOUND,
	 "the operand stack has no value 2 (it has 2; $stack0 is the bottom)"},
	{&place, "$global2", OP_ERROR_NOT_FOUND, "there is no global 2"},
	{&place, "$global.none", OP_ERROR_NOT_FOUND, "the instance has no global named \"none\""},
	{&place, "$global.\"no ne\"", OP_ERROR_NOT_FOUND,
	 "the instance has no global named \"no ne\""},
	{&place, "$table.none[0]", OP_ERROR_NOT_FOUND, "the instance has no table named \"none\""},
	{&place, "$table4294967296[0]", OP_ERROR_NOT_FOUND, "there is no table 4294967296"},
	{&place, "$mem4294967296[0]", OP_ERROR_NOT_FOUND, "there is no memory 4294967296"},
	{&place, "$2", OP_ERROR_NOT_FOUND, "the value history has no $2"},
	{&place, "v + 1", OP_ERROR_UNSUPPORTED,
	 "\"v + 1\": one cannot calculate with a value of type v128"},
	{&place, "!s", OP_ERROR_UNSUPPORTED,
	 "\"!s\": one cannot calculate with a value of type anyref"},
	{&place, "(i32) s", OP_ERROR_UNSUPPORTED,
	 "\"(i32) s\": one cannot calculate with a value of type anyref"},
	{&place, "s ? 1 : 2", OP_ERROR_UNSUPPORTED,
	 "\"s ? 1 : 2\": one cannot calculate with a value of type anyref"},
	{&place, "n.x", OP_ERROR_UNSUPPORTED,
	 "\"n.x\": a value of type i32 has no fields and no elements"},
	{&place, "d[0]", OP_ERROR_UNSUPPORTED,
	 "\"d[0]\": a value of type f64 has no fields and no elements"},
	{&place, "*1", OP_ERROR_UNSUPPORTED,
	 "\"*1\": a value of type i32 has no fields and no elements"},
	{&no_frame, "n", OP_ERROR_STATE, "\"n\" needs a guest frame, and none is selected"},
	{&no_frame, "$local0", OP_ERROR_STATE,
	 "\"$local0\" needs a guest frame, and none is selected"},
	{&no_frame, "$arg0", OP_ERROR_STATE, "\"$arg0\" needs a guest frame, and none is selected"},
	{&no_frame, "$stack0", OP_ERROR_STATE,
	 "\"$stack0\" needs a guest frame, and none is selected"},
	{&no_frame, "$pc", OP_ERROR_STATE, "\"$pc\" needs a guest frame, and none is selected"},
	{&no_frame, "$1", OP_ERROR_NOT_FOUND, "the value history has no $1"},
};

START_TEST(refusal)
{
	struct op_expression *expression;
	struct op_error *err =
		op_expression_parse(refused[_i].text, refused[_i].scope, &expression);
	ck_assert_msg(err != NULL, "\"%s\" was taken", refused[_i].text);
	ck_assert_str_eq(err->message, refused[_i].message);
	ck_assert_int_eq(err->code, refused[_i].code);
	op_error_destroy(err);
}
END_TEST

// What repeats without an end is refused before a recursion over the tree is too deep.
START_TEST(size_limits)
{
	static const struct {
		const char *start, *again;
	} endless[] = {{"1", "+1"},  {"1", "||1"}, {"s", "[0]"}, {"s", ".a[0]"}, {"1", "?1:1"},
		       {"", "!"},    {"", "("},    {"", "(i8)"}, {"", "$mem["},  {"", "s["},
		       {"", "1?1?"}, {"", "*"},    {"", "1?"}};
	char text[40000];
	for (size_t i = 0; i < OP_ARRAY_SIZE(endless); i++) {
		size_t size = (size_t)snprintf(text, sizeof(text), "%s", endless[i].start);
		while (size + strlen(endless[i].again) < sizeof(text))
			size += (size_t)snprintf(text + size, sizeof(text) - size, "%s",
						 endless[i].again);
		struct op_expression *expression;
		struct op_error *err = op_expression_parse(text, &place, &expression);
		ck_assert_msg(err && err->code == OP_ERROR_LIMIT, "%s", endless[i].again);
		op_error_destroy(err);
	}
	// A long list of cases is none of that.
	size_t size = (size_t)snprintf(text, sizeof(text), "n == 0");
	for (int i = 1; i < 200; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, " || n == %d", i);
	struct op_expression *expression;
	ck_assert_ptr_null(op_expression_parse(text, &place, &expression));
	op_expression_destroy(expression);
}
END_TEST

// The interpreter -----------------------------------------------------------------------------

// What was read, in order.
static char reads[200];

static void note(const char *what, uint64_t number)
{
	size_t size = strlen(reads);
	snprintf(reads + size, sizeof(reads) - size, "%s%s%" PRIu64, size ? " " : "", what, number);
}

static struct op_error *read_local(void *context, uint32_t index, struct op_operand *ret)
{
	(void)context;
	note("local", index);
	if (locals[index].type == OP_VALUE_F32 || locals[index].type == OP_VALUE_F64)
		*ret = op_operand_real(locals[index].real, locals[index].type);
	else if (locals[index].type == OP_VALUE_ANYREF)
		*ret = op_operand_value(&(struct op_value){.type = OP_VALUE_ANYREF, .bytes = {2}});
	else
		*ret = op_operand_integer(locals[index].integer, locals[index].type, false);
	return NULL;
}

static struct op_error *read_operand(void *context, uint32_t index, struct op_operand *ret)
{
	(void)context;
	note("stack", index);
	*ret = op_operand_value(
		&(struct op_value){.type = OP_VALUE_I64, .state = OP_VALUE_IN_FLIGHT});
	return NULL;
}

static struct op_error *read_global(void *context, uint32_t index, struct op_operand *ret)
{
	(void)context;
	note("global", index);
	*ret = op_operand_integer(100 + index, OP_VALUE_I32, false);
	return NULL;
}

// The byte at an address is the address, and memory ends at 0x10000.
static struct op_error *read_memory(void *context, uint32_t index, uint64_t offset, void *buffer,
				    size_t size)
{
	(void)context;
	note("mem", index);
	note("@", offset);
	if (offset > 0x10000 - size)
		return op_error_create(OP_ERROR_UNREADABLE, "outside");
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buffer)[i] = (uint8_t)(offset + i);
	return NULL;
}

static struct op_error *read_pc(void *context, uint32_t *ret)
{
	(void)context;
	*ret = 0x80000001;
	return NULL;
}

static struct op_error *read_table(void *context, uint32_t index, uint64_t first, uint64_t end,
				   bool range, struct op_operand *ret)
{
	(void)context;
	note(range ? "tables" : "table", index);
	note("from", first);
	note("to", end);
	*ret = op_operand_value(&(struct op_value){.type = OP_VALUE_FUNCREF});
	return NULL;
}

static struct op_error *read_field(void *context, const char *text, const struct op_operand *base,
				   const char *name, uint32_t index, struct op_operand *ret)
{
	(void)context, (void)text;
	ck_assert_uint_eq(op_value_bits(&base->result.value), 2);
	note(name ? name : "field", index);
	*ret = op_operand_integer(77, OP_VALUE_I32, false);
	return NULL;
}

static struct op_error *read_element(void *context, const char *text, const struct op_operand *base,
				     uint64_t first, uint64_t end, bool range,
				     struct op_operand *ret)
{
	(void)context, (void)text;
	note(range ? "elements" : "element", first);
	note("to", end);
	*ret = *base;
	return NULL;
}

static struct op_error *read_object(void *context, const char *text, const struct op_operand *base,
				    struct op_operand *ret)
{
	(void)context, (void)text;
	note("object", op_value_bits(&base->result.value));
	*ret = *base;
	return NULL;
}

static const struct op_expression_source state = {
	.local = read_local,
	.operand = read_operand,
	.global = read_global,
	.memory = read_memory,
	.pc = read_pc,
	.table = read_table,
	.field = read_field,
	.element = read_element,
	.object = read_object,
};

static struct op_error *run(const char *text, const struct op_expression_source *source,
			    struct op_operand *ret)
{
	struct op_expression *expression;
	reads[0] = '\0';
	struct op_error *err = op_expression_parse(text, &place, &expression);
	ck_assert_msg(!err, "%s: %s", text, err ? err->message : "");
	err = op_expression_evaluate(expression, source, ret);
	// The type that was known before is the type that comes out.
	const struct op_expression_type *type = &expression->root->type;
	if (!err && type->known) {
		ck_assert_msg(ret->result.value.type == type->type, "%s", text);
		ck_assert_msg(ret->result.is_unsigned == type->is_unsigned, "%s", text);
	}
	op_expression_destroy(expression);
	return err;
}

static const struct {
	const char *text;
	int64_t integer;
	double real; /**< when it is not 0 */
	const char *reads;
} values[] = {
	{"n", -5, 0, "local0"},
	{"n * n + 1", 26, 0, "local0 local0"},
	{"n > 0 && long", 0, 0, "local0"},
	{"n < 0 || 1 / 0", 1, 0, "local0"},
	{"n < 0 && long", 1, 0, "local0 local1"},
	{"n > 0 || f", 1, 0, "local0 local2"},
	{"0 && 1 / 0", 0, 0, ""},
	{"1 || $stack0", 1, 0, ""},
	{"0 || (0 && n)", 0, 0, ""},
	{"n ? 7 : 1 / 0", 7, 0, "local0"},
	{"n + 5 ? 1 / 0 : long", 1LL << 40, 0, "local0 local1"},
	{"n ? 1 : 2.5", 0, 1, "local0"},
	{"n + 5 ? 1 : 2.5", 0, 2.5, "local0"},
	{"(n ? -1 : 1u) > 0", 1, 0, "local0"},
	{"n ? n : odd", -5, 0, "local0 local0"},
	{"f + d", 0, -0.75, "local2 local3"},
	{"(i64) d", -2, 0, "local3"},
	{"-0.0 ? 1 : 2", 2, 0, ""},
	{"0.0 / 0.0 == 0.0 / 0.0", 0, 0, ""},
	{"!(0.0 / 0.0)", 0, 0, ""},
	{"$pc > 0", 1, 0, ""},
	{"$1 - 7 > 0", 1, 0, ""},
	{"$mem[3:u8]", 3, 0, "mem0 @3"},
	{"$mem[0x80:i8]", -128, 0, "mem0 @128"},
	{"$mem[0xfe:i16]", (int16_t)0xfffe, 0, "mem0 @254"},
	{"$mem2[0xfe:u16]", 0xfffe, 0, "mem2 @254"},
	{"$mem[1]", 0x04030201, 0, "mem0 @1"},
	{"$mem[0xf0:u64] > 0", 1, 0, "mem0 @240"},
	{"$mem[$mem[2:u8] + 1:u8]", 3, 0, "mem0 @2 mem0 @3"},
	{"$global1 + $global.g", 202, 0, "global1 global1"},
	{"s.3", 77, 0, "local5 field3"},
	{"s.a.b", 77, 0, "local5 a.b0"},
	{"s[2].a", 77, 0, "local5 element2 to3 a0"},
	{"s[1..4].a", 77, 0, "local5 elements1 to4 a0"},
	{"s[1..=4].a", 77, 0, "local5 elements1 to5 a0"},
	{"(*s).a", 77, 0, "local5 object2 a0"},
};

START_TEST(value)
{
	struct op_operand operand;
	struct op_error *err = run(values[_i].text, &state, &operand);
	ck_assert_msg(!err, "%s: %s", values[_i].text, err ? err->message : "");
	ck_assert_msg(operand.is_float == (values[_i].real != 0), "%s", values[_i].text);
	if (operand.is_float)
		ck_assert_double_eq(operand.real, values[_i].real);
	else
		ck_assert_int_eq(operand.integer, values[_i].integer);
	ck_assert_msg(!strcmp(reads, values[_i].reads), "%s read %s", values[_i].text, reads);
}
END_TEST

static const struct {
	const char *text;
	enum op_error_code code;
	const char *message;
} failures[] = {
	{"1 / (n + 5)", OP_ERROR_SYNTAX, "\"1 / (n + 5)\": division by zero"},
	{"n % 0u", OP_ERROR_SYNTAX, "\"n % 0u\": division by zero"},
	{"(i32) (1 / 0.0)", OP_ERROR_SYNTAX,
	 "\"(i32) (1 / 0.0)\": the floating-point number does not fit an integer"},
	{"(v128) n", OP_ERROR_UNSUPPORTED, "\"(v128) n\": a number cannot be made a v128"},
	{"$stack0 + 1", OP_ERROR_NOT_FOUND, NULL},
	{"$stack0 && 1", OP_ERROR_NOT_FOUND, NULL},
	{"$mem[0xfffd]", OP_ERROR_UNREADABLE, "outside"},
	{"$mem[1.5]", OP_ERROR_SYNTAX, "\"$mem[1.5]\": an address must be an integer"},
	{"$table0[-1]", OP_ERROR_SYNTAX,
	 "\"$table0[-1]\": an index is an integer that is not negative"},
	{"s[1.0]", OP_ERROR_SYNTAX, "\"s[1.0]\": an index is an integer that is not negative"},
	{"s[4..2]", OP_ERROR_SYNTAX, "\"s[4..2]\": the range ends before it begins"},
	{"$table0[1] + 1", OP_ERROR_UNSUPPORTED,
	 "\"$table0[1] + 1\": one cannot calculate with a value of type funcref"},
};

START_TEST(failure)
{
	struct op_operand operand;
	struct op_error *err = run(failures[_i].text, &state, &operand);
	ck_assert_msg(err != NULL, "\"%s\" has a value", failures[_i].text);
	ck_assert_int_eq(err->code, failures[_i].code);
	if (failures[_i].message)
		ck_assert_str_eq(err->message, failures[_i].message);
	op_error_destroy(err);
}
END_TEST

START_TEST(nothing_to_read_from)
{
	static const char *const texts[] = {"n",       "$stack0", "$global0",
					    "$mem[0]", "$pc",     "$table0[0]"};
	static const struct op_expression_source nothing;
	for (size_t i = 0; i < OP_ARRAY_SIZE(texts); i++) {
		struct op_operand operand;
		struct op_error *err = run(texts[i], &nothing, &operand);
		ck_assert_msg(err && err->code == OP_ERROR_UNSUPPORTED, "%s", texts[i]);
		op_error_destroy(err);
	}
}
END_TEST

START_TEST(places)
{
	struct op_operand operand;
	ck_assert_ptr_null(run("$mem1[0x10:u16]", &state, &operand));
	ck_assert(operand.result.has_place);
	ck_assert_int_eq(operand.result.source, OP_SOURCE_MEMORY);
	ck_assert_uint_eq(operand.result.guest_memory, 1);
	ck_assert_uint_eq(operand.result.guest_offset, 0x10);
	ck_assert_uint_eq(operand.result.width, 2);
	// A negative i32 is an address above 2 GiB.
	struct op_error *err = run("$mem[-4]", &state, &operand);
	ck_assert_int_eq(err->code, OP_ERROR_UNREADABLE);
	op_error_destroy(err);
	ck_assert_str_eq(reads, "mem0 @4294967292");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expression_tree");
	TCase *tcase = tcase_create("expression_tree");
	tcase_add_loop_test(tcase, tree, 0, OP_ARRAY_SIZE(trees));
	tcase_add_loop_test(tcase, refusal, 0, OP_ARRAY_SIZE(refused));
	tcase_add_test(tcase, size_limits);
	tcase_add_loop_test(tcase, value, 0, OP_ARRAY_SIZE(values));
	tcase_add_loop_test(tcase, failure, 0, OP_ARRAY_SIZE(failures));
	tcase_add_test(tcase, nothing_to_read_from);
	tcase_add_test(tcase, places);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
