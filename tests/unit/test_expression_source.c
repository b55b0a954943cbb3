// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions of the guest's language: what the C compiler makes of them, what the interpreter
// makes of them, and what compiled code does. The seed is printed; OP_STUB_SEED sets it.
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/guest_fixture.h"
#include "tests/unit/stub_harness.h"
#include "tests/unit/suite.h"

enum { STATES = 200, COMBINATIONS = 3000, COMBINED_STATES = 4 };

// Both are computed: by this file's compiler, and from their text. No result is undefined in C, nor
// does one depend on the size of a pointer.
#define EXPRESSIONS(X)                                                                             \
	X(guest_depth)                                                                             \
	X(guest_depth + 1)                                                                         \
	X(-guest_depth)                                                                            \
	X(!guest_depth)                                                                            \
	X(~guest_depth)                                                                            \
	X(guest_wide)                                                                              \
	X(guest_wide / 3)                                                                          \
	X(guest_wide % 7)                                                                          \
	X(guest_wide >> 5)                                                                         \
	X(guest_upper)                                                                             \
	X(guest_upper + guest_depth / 2)                                                           \
	X(guest_upper < 0)                                                                         \
	X(guest_ratio)                                                                             \
	X(guest_ratio * 2.5f)                                                                      \
	X(guest_weight)                                                                            \
	X(guest_weight / 3)                                                                        \
	X(guest_ratio < guest_weight)                                                              \
	X(guest_total)                                                                             \
	X(guest_total + 1)                                                                         \
	X(guest_total >> 3)                                                                        \
	X(guest_total > guest_depth)                                                               \
	X(guest_node->value)                                                                       \
	X(guest_node->kind)                                                                        \
	X(guest_node->kind == ADD)                                                                 \
	X(guest_node->kind == ADD && guest_depth > 3)                                              \
	X(guest_node->kind == NUM || guest_node->value < 0)                                        \
	X(guest_node->kind + 1)                                                                    \
	X(guest_node->kind - 2 < 0)                                                                \
	X(guest_node->flag)                                                                        \
	X(guest_node->flag + 1)                                                                    \
	X(guest_node->flag - 7 < 0)                                                                \
	X(guest_node->other)                                                                       \
	X(guest_node->other * 3)                                                                   \
	X(guest_node->small)                                                                       \
	X(guest_node->small < guest_node->byte)                                                    \
	X(guest_node->byte << 4)                                                                   \
	X(guest_node->byte - 300)                                                                  \
	X(~guest_node->byte)                                                                       \
	X(guest_node->big)                                                                         \
	X(guest_node->big == guest_wide)                                                           \
	X(guest_node->big - 1)                                                                     \
	X(guest_node->weight * guest_node->ratio)                                                  \
	X(guest_node->name[1])                                                                     \
	X(guest_node->name[guest_depth & 7])                                                       \
	X(guest_node->left ? guest_node->left->value : -1)                                         \
	X(guest_node->left && guest_node->left->left == guest_node)                                \
	X(guest_node == &guest_pool[1])                                                            \
	X(guest_node - guest_pool)                                                                 \
	X((guest_node < guest_node + 1) + (guest_pool < guest_pool + 2))                           \
	X((*guest_node).value)                                                                     \
	X((&guest_pool[2])->value)                                                                 \
	X((guest_pool + 1)->value)                                                                 \
	X(*&guest_pool[0].value)                                                                   \
	X(guest_pool[0].value)                                                                     \
	X(guest_pool[guest_depth & 1].value)                                                       \
	X(guest_pool[1].grid[1][2])                                                                \
	X(guest_pool[2].grid[guest_depth & 1][guest_node->flag % 3])                               \
	X(*guest_pool[1].grid[1])                                                                  \
	X(*(*guest_pool[1].grid + 2))                                                              \
	X((char)guest_depth)                                                                       \
	X((unsigned char)guest_depth)                                                              \
	X((short)guest_wide)                                                                       \
	X((unsigned)guest_depth)                                                                   \
	X((unsigned)guest_depth > 5)                                                               \
	X((unsigned long long)guest_depth)                                                         \
	X((long long)guest_node->flag << 40)                                                       \
	X((int)guest_ratio)                                                                        \
	X((float)guest_depth)                                                                      \
	X((double)guest_total)                                                                     \
	X((enum kind)guest_node->flag == MUL)                                                      \
	X((const unsigned int)guest_node->value % 10u)                                             \
	X((unsigned)guest_depth * 2654435761u)                                                     \
	X((unsigned)guest_node->value - (unsigned)guest_depth)                                     \
	X(guest_depth % 7 == -1 ? guest_node->small : guest_node->byte)                            \
	X(guest_depth ? guest_ratio : guest_depth)                                                 \
	X(guest_depth < -1 ? guest_wide : 4u)                                                      \
	X('a' + guest_node->name[0])                                                               \
	X(sizeof(int) + sizeof(guest_node->name) + sizeof(guest_depth))                            \
	X(sizeof guest_node->grid / sizeof(int))                                                   \
	X(guest_node->value ^ guest_depth | 5)                                                     \
	X(guest_node->value >= -100 & guest_depth <= 100)                                          \
	X(5 - 3 - guest_depth * 2 + 7 % 4)                                                         \
	X(0x80000000 > guest_depth)                                                                \
	X(0xffffffffu + guest_node->byte)

// What C says -----------------------------------------------------------------------------------

/** A number, as wide as any. */
struct number {
	bool is_real;
	double real;
	int64_t integer;
};

static struct number of_integer(int64_t integer)
{
	return (struct number){.integer = integer};
}

static struct number of_real(double real)
{
	return (struct number){.is_real = true, .real = real};
}

#define NUMBER_OF(value)                                                                           \
	_Generic((value), float : of_real, double : of_real, default : of_integer)(value)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wtype-limits"
#define COMPUTE(expression) ret[i++] = NUMBER_OF(expression);
static void compute_all(struct number *ret)
{
	size_t i = 0;
	EXPRESSIONS(COMPUTE)
}
#pragma GCC diagnostic pop

#define TEXT(expression) #expression,
static const char *const texts[] = {EXPRESSIONS(TEXT)};
enum { TEXT_COUNT = sizeof(texts) / sizeof(texts[0]) };

// Chance ----------------------------------------------------------------------------------------

static uint64_t random_state;

static uint32_t below(uint32_t bound)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(random_state >> 33) % bound;
}

static int number(void)
{
	return (int)below(2001) - 1000;
}

static void random_node(struct node *node)
{
	*node = (struct node){.kind = (enum kind)below(3),
			      .value = number(),
			      .left = below(3) ? &guest_pool[below(GUEST_POOL)] : NULL,
			      .flag = below(8),
			      .other = (int)below(32) - 16,
			      .weight = number() / 8.0,
			      .small = (short)number(),
			      .byte = (unsigned char)below(256),
			      .big = (long long)((unsigned long long)number() << below(40)),
			      .ratio = (float)number() / 4};
	for (size_t i = 0; i < sizeof(node->name); i++)
		node->name[i] = (char)(below(128));
	for (size_t i = 0; i < 6; i++)
		node->grid[i / 3][i % 3] = number();
}

static void random_guest(void)
{
	for (size_t i = 0; i < GUEST_POOL; i++)
		random_node(&guest_pool[i]);
	guest_node = &guest_pool[below(GUEST_POOL)];
	guest_total = below(2) ? below(20) : (unsigned long long)-1 - below(9);
	guest_depth = below(2) ? (int)below(8) : number() * (int)(below(2) ? 1 : 90000);
	guest_wide = (long long)number() * (below(2) ? 1 : INT64_C(1) << 33);
	guest_ratio = (float)number() / 4;
	guest_weight = number() / 8.0;
	guest_store();
}

static void seed(void)
{
	const char *text = getenv("OP_STUB_SEED");
	uint64_t value =
		text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) << 16 ^ (uint64_t)getpid();
	printf("OP_STUB_SEED=%" PRIu64 "\n", value);
	fflush(stdout);
	random_state = value;
}

// Compiled ----------------------------------------------------------------------------------------

static struct {
	struct op_log_ring ring;
	struct op_log_record records[2];
} * cells;
static struct op_stub stub;

static struct op_expression *parse(const char *text, enum op_debug_language language)
{
	struct op_expression_scope scope;
	struct op_expression_guest guest;
	struct op_expression *expression = NULL;
	guest_scope_init(&scope, &guest, language);
	struct op_error *err = op_expression_parse(text, &scope, &expression);
	ck_assert_msg(!err, "%s: %s", text, err ? err->message : "");
	return expression;
}

static void load(const struct op_expression *const *expression)
{
	const struct op_stub_step log = {.kind = OP_STUB_LOG,
					 .cell = (uintptr_t)&cells->ring,
					 .size_log2 = 1,
					 .values = expression,
					 .value_count = 1};
	const struct op_stub_group group = {&log, 1};
	struct op_error *err = machine_load(&group, 1, 0, &stub);
	ck_assert_msg(!err, "%s: %s", (*expression)->text, err ? err->message : "");
}

static void interpret(const struct op_expression *expression, struct op_operand *ret,
		      bool *ret_failed)
{
	struct op_error *err = op_expression_evaluate(expression, &state_source, ret);
	*ret_failed = err;
	op_error_destroy(err);
}

static bool is_nan_of(const struct op_operand *operand)
{
	return operand->is_float && isnan(operand->real);
}

// Run the code that was loaded; compare with the interpreter.
static void check_compiled(const struct op_expression *expression)
{
	struct op_operand operand = {0};
	bool failed;
	interpret(expression, &operand, &failed);
	uint64_t position = cells->ring.head;
	cells->ring.tail = position;
	machine_run(0);
	const struct op_log_record *record = &cells->records[position % 2];
	uint64_t bits = failed ? 0 : op_value_bits(&operand.result.value);
	ck_assert_msg(record->failed == failed, "%s: error %d, compiled %d", expression->text,
		      failed, (int)record->failed);
	ck_assert_msg(failed || is_nan_of(&operand) || record->values[0] == bits,
		      "%s: %" PRIx64 ", compiled %" PRIx64, expression->text, bits,
		      record->values[0]);
}

static void check_interpreted(const struct op_expression *expression, const struct number *wanted)
{
	struct op_operand operand = {0};
	bool failed;
	interpret(expression, &operand, &failed);
	ck_assert_msg(!failed, "%s: failed", expression->text);
	if (wanted->is_real)
		ck_assert_msg(operand.is_float && operand.real == wanted->real, "%s: %g, C says %g",
			      expression->text, operand.real, wanted->real);
	else
		ck_assert_msg(!operand.is_float && operand.integer == wanted->integer,
			      "%s: %" PRId64 ", C says %" PRId64, expression->text, operand.integer,
			      wanted->integer);
}

// Tests -------------------------------------------------------------------------------------------

START_TEST(as_c_computes_it)
{
	static struct number wanted[STATES][TEXT_COUNT];
	seed();
	machine_init();
	cells = (void *)state->cells;
	uint64_t start = random_state;
	for (size_t i = 0; i < STATES; i++) {
		random_guest();
		compute_all(wanted[i]);
	}
	for (size_t k = 0; k < TEXT_COUNT; k++) {
		struct op_expression *expression = parse(texts[k], OP_LANGUAGE_C);
		load((const struct op_expression *const *)&expression);
		random_state = start;
		for (size_t i = 0; i < STATES; i++) {
			random_guest();
			check_interpreted(expression, &wanted[i][k]);
			check_compiled(expression);
		}
		op_expression_destroy(expression);
	}
	op_stub_deinit(&stub);
}
END_TEST

// Any two of them with an operator between: no C any more, so some have no result; but compiled
// code has the same one, or none, too. Memory is cut short at times.
START_TEST(compiled_is_interpreted)
{
	static const char *const operators[] = {"+",  "-",  "*",  "/", "%", "==", "!=", "<",
						">=", "&&", "||", "&", "|", "^",  "<<", ">>"};
	static const enum op_debug_language languages[] = {OP_LANGUAGE_C, OP_LANGUAGE_CPLUSPLUS,
							   OP_LANGUAGE_RUST};
	size_t computed = 0;
	seed();
	machine_init();
	cells = (void *)state->cells;
	for (size_t k = 0; k < COMBINATIONS; k++) {
		char text[400];
		struct op_expression_scope scope;
		struct op_expression_guest guest;
		struct op_expression *expression;
		snprintf(text, sizeof(text), "(%s) %s (%s) ? (%s) : (%s)", texts[below(TEXT_COUNT)],
			 operators[below(OP_ARRAY_SIZE(operators))], texts[below(TEXT_COUNT)],
			 texts[below(TEXT_COUNT)], texts[below(TEXT_COUNT)]);
		guest_scope_init(&scope, &guest, languages[below(3)]);
		struct op_error *err = op_expression_parse(text, &scope, &expression);
		// Operators of integers on reals.
		if (err) {
			ck_assert_msg(err->code == OP_ERROR_SYNTAX ||
					      err->code == OP_ERROR_UNSUPPORTED,
				      "%s: %s", text, err->message);
			op_error_destroy(err);
			continue;
		}
		computed++;
		load((const struct op_expression *const *)&expression);
		for (size_t i = 0; i < COMBINED_STATES; i++) {
			random_guest();
			state->memories[0].length = below(4) ? STATE_MEMORY_SIZE : below(256);
			check_compiled(expression);
		}
		op_expression_destroy(expression);
	}
	op_stub_deinit(&stub);
	ck_assert_uint_gt(computed, COMBINATIONS / 2);
}
END_TEST

static void expect(const char *text, enum op_debug_language language, int64_t wanted)
{
	const struct number value = of_integer(wanted);
	struct op_expression *expression = parse(text, language);
	check_interpreted(expression, &value);
	load((const struct op_expression *const *)&expression);
	check_compiled(expression);
	op_expression_destroy(expression);
}

static void refuse(const char *text, enum op_error_code code, const char *part)
{
	struct op_expression_scope scope;
	struct op_expression_guest guest;
	struct op_expression *expression = NULL;
	guest_scope_init(&scope, &guest, OP_LANGUAGE_C);
	struct op_error *err = op_expression_parse(text, &scope, &expression);
	ck_assert_msg(err != NULL, "%s is fine", text);
	ck_assert_msg(err->code == code && strstr(err->message, part), "%s: %s", text,
		      err->message);
	op_error_destroy(err);
}

static void fixed_guest(void)
{
	machine_init();
	cells = (void *)state->cells;
	random_state = 1;
	random_guest();
	guest_depth = 5;
	guest_node = &guest_pool[1];
	memcpy(guest_pool[1].name, "n17\0\0\0\0", 8);
	memcpy(guest_pool[2].name, "full-up!", 8);
	guest_pool[1].value = 17;
	guest_pool[1].left = &guest_pool[2];
	guest_store();
}

START_TEST(texts_are_compared)
{
	fixed_guest();
	expect("guest_node->name == \"n17\"", OP_LANGUAGE_C, 1);
	expect("guest_node->name != \"n17\"", OP_LANGUAGE_C, 0);
	expect("guest_node->name == \"n1\"", OP_LANGUAGE_C, 0);
	expect("guest_node->name == \"n177\"", OP_LANGUAGE_C, 0);
	expect("\"n17\" == guest_node->name && guest_depth == 5", OP_LANGUAGE_C, 1);
	// An array that is full has no NUL at its end.
	expect("guest_pool[2].name == \"full-up!\"", OP_LANGUAGE_C, 1);
	expect("guest_pool[2].name == \"full-up\"", OP_LANGUAGE_C, 0);
	expect("&guest_node->name[1] == \"17\"", OP_LANGUAGE_C, 1);
	expect("guest_node->name == \"\"", OP_LANGUAGE_C, 0);
	expect("guest_node->name[0] == '\\x6e'", OP_LANGUAGE_C, 1);
	op_stub_deinit(&stub);
}
END_TEST

START_TEST(other_languages)
{
	fixed_guest();
	// '.' follows a pointer, as in Rust; "as" converts.
	expect("guest_node.left.kind as int + 0 * guest_depth", OP_LANGUAGE_RUST,
	       guest_pool[2].kind);
	expect("(*guest_node).value as unsigned char", OP_LANGUAGE_RUST, 17);
	expect("static_cast<short>(guest_depth + 65536)", OP_LANGUAGE_CPLUSPLUS, 5);
	expect("guest_node != nullptr && true", OP_LANGUAGE_CPLUSPLUS, 1);
	op_stub_deinit(&stub);
}
END_TEST

START_TEST(wasm_names)
{
	fixed_guest();
	// A variable's name comes before a local's; '$' means the local.
	expect("guest_total", OP_LANGUAGE_C, (int64_t)guest_total);
	uint64_t local = 0;
	memcpy(&local, state_place(OP_EXPRESSION_LOCAL, 1), sizeof(local));
	expect("$guest_total == $local1", OP_LANGUAGE_C, 1);
	expect("$guest_total", OP_LANGUAGE_C, (int64_t)local);
	expect("base", OP_LANGUAGE_C, 4);
	expect("$mem[base + 4:i32] == (int) guest_node", OP_LANGUAGE_C, 1);
	expect("(u8) guest_depth + $local4", OP_LANGUAGE_C, 10);
	op_stub_deinit(&stub);
}
END_TEST

START_TEST(refused)
{
	refuse("guest_node->nosuch", OP_ERROR_NOT_FOUND, "has no member named \"nosuch\"");
	refuse("guest_depth->value", OP_ERROR_UNSUPPORTED, "has no members");
	refuse("(struct tangled *)guest_node", OP_ERROR_LIMIT, "too many bases");
	refuse("((struct tangled *)64)->nosuch", OP_ERROR_LIMIT, "too many members");
	refuse("*guest_depth", OP_ERROR_UNSUPPORTED, "is no pointer");
	refuse("guest_pool[0]", OP_ERROR_UNSUPPORTED, "is no number");
	refuse("guest_pool[0] + 1", OP_ERROR_UNSUPPORTED, "is no number");
	refuse("guest_node * 2", OP_ERROR_UNSUPPORTED, "is a pointer");
	refuse("guest_node + guest_node", OP_ERROR_UNSUPPORTED, "is a pointer");
	refuse("guest_pool[1.5]", OP_ERROR_SYNTAX, "integer");
	refuse("&guest_depth", OP_ERROR_UNSUPPORTED, "not in linear memory");
	refuse("&guest_node->flag", OP_ERROR_UNSUPPORTED, "bit-field");
	refuse("sizeof(guest_node->flag)", OP_ERROR_UNSUPPORTED, "bit-field");
	refuse("gone + 1", OP_ERROR_UNREADABLE, "optimised out");
	refuse("nosuch", OP_ERROR_NOT_FOUND, "nosuch");
	refuse("guest_depth(1)", OP_ERROR_UNSUPPORTED, "call functions");
	refuse("\"text\"", OP_ERROR_UNSUPPORTED, "compared");
	refuse("guest_depth == \"text\"", OP_ERROR_UNSUPPORTED, "is no text");
	refuse("guest_node->", OP_ERROR_SYNTAX, "member");
	refuse("(struct node *)", OP_ERROR_SYNTAX, "value");
	refuse("(struct nosuch *) 4", OP_ERROR_NOT_FOUND, "struct");
	refuse("guest_pool[1].grid[", OP_ERROR_SYNTAX, "value");
}
END_TEST

START_TEST(types_of_results)
{
	static const struct {
		const char *text, *type;
	} rows[] = {
		{"guest_node->value", "int"},
		{"guest_node->byte + 1", "int"},
		{"guest_node->flag", "unsigned int"},
		{"guest_depth + 1u", "unsigned int"},
		{"guest_total + guest_depth", "unsigned long long"},
		{"guest_ratio * 2", "float"},
		{"guest_ratio * guest_weight", "double"},
		{"guest_depth == 3", "int"},
		{"guest_node->kind", "kind"},
		{"*guest_node", "node"},
		{"(short) 3", "short"},
		{"sizeof(int)", "unsigned int"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(rows); i++) {
		struct op_expression_scope scope;
		struct op_expression_guest guest;
		struct op_expression *expression = NULL;
		guest_scope_init(&scope, &guest, OP_LANGUAGE_C);
		struct op_error *err =
			op_expression_parse_term(rows[i].text, &scope, false, &expression);
		ck_assert_msg(!err, "%s: %s", rows[i].text, err ? err->message : "");
		const struct op_type *type = expression->term.type;
		ck_assert_msg(type && !strcmp(op_type_strip(type)->name, rows[i].type),
			      "%s is of type %s", rows[i].text,
			      type ? op_type_strip(type)->name : "(none)");
		op_expression_destroy(expression);
	}
}
END_TEST

START_TEST(checked_without_names)
{
	static const char *const fine[] = {"a->b == C && d > 3",
					   "((struct node *) p)->x",
					   "ns::T<int>::v",
					   "(unsigned char) *p",
					   "name == \"te\\\"xt (\"",
					   "x as u32 + 1",
					   "*p@10",
					   "$mem[4:i32] == 'a'",
					   "!a[b[1]].c || -d",
					   "sizeof (struct x)",
					   "a ? b : c",
					   "p[2..5]",
					   "v.size() == 3 && !v.empty( )"};
	static const char *const wrong[] = {"a ->",   "(a",    "a)",    "a[1", "a +",    "* / b",
					    "\"open", "a == ", "a ; b", "()",  "1 + ()", "a b]"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(fine); i++) {
		struct op_error *err = op_expression_check(fine[i]);
		ck_assert_msg(!err, "%s: %s", fine[i], err ? err->message : "");
	}
	for (size_t i = 0; i < OP_ARRAY_SIZE(wrong); i++) {
		struct op_error *err = op_expression_check(wrong[i]);
		ck_assert_msg(err && err->code == OP_ERROR_SYNTAX, "%s", wrong[i]);
		op_error_destroy(err);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expression_source");
	TCase *tcase = tcase_create("expression_source");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, as_c_computes_it);
	tcase_add_test(tcase, compiled_is_interpreted);
	tcase_add_test(tcase, texts_are_compared);
	tcase_add_test(tcase, other_languages);
	tcase_add_test(tcase, wasm_names);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, types_of_results);
	tcase_add_test(tcase, checked_without_names);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
