// SPDX-License-Identifier: GPL-3.0-or-later
// The text form of types, as in the specification's text format. Knows no sections and no
// instructions.
#include <inttypes.h>

#include "base/compiler.h"
#include "target-runtime/wasm/types.h"

enum { HEAP_TYPE_LOWEST = -24 };

// By heap type - HEAP_TYPE_LOWEST: the heap type, and the short form of the nullable reference to
// it where there is one. (The stack-switching proposal's contref and nullcontref are left out: no
// tool prints them.)
static const struct {
	const char *name, *reference;
} heap_types[] = {
	{"cont", NULL},
	{"exn", "exnref"},
	{"array", "arrayref"},
	{"struct", "structref"},
	{"i31", "i31ref"},
	{"eq", "eqref"},
	{"any", "anyref"},
	{"extern", "externref"},
	{"func", "funcref"},
	{"none", "nullref"},
	{"noextern", "nullexternref"},
	{"nofunc", "nullfuncref"},
	{"noexn", "nullexnref"},
	{"nocont", NULL},
};

static const struct {
	uint8_t code;
	const char *name;
} plain_types[] = {
	{OP_WASM_TYPE_I32, "i32"}, {OP_WASM_TYPE_I64, "i64"},   {OP_WASM_TYPE_F32, "f32"},
	{OP_WASM_TYPE_F64, "f64"}, {OP_WASM_TYPE_V128, "v128"}, {OP_WASM_TYPE_I8, "i8"},
	{OP_WASM_TYPE_I16, "i16"},
};

static size_t heap_type_row(int32_t heap_type)
{
	int64_t row = (int64_t)heap_type - HEAP_TYPE_LOWEST;
	return heap_type < 0 && row >= 0 && (size_t)row < OP_ARRAY_SIZE(heap_types) ? (size_t)row
										    : SIZE_MAX;
}

void op_wasm_heap_type_text(int32_t heap_type, struct op_text *text)
{
	size_t row = heap_type_row(heap_type);
	if (row != SIZE_MAX)
		op_text_append(text, heap_types[row].name);
	else
		op_text_printf(text, "%" PRId32, heap_type);
}

void op_wasm_type_text(const struct op_wasm_type *type, struct op_text *text)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(plain_types); i++) {
		if (plain_types[i].code == type->code) {
			op_text_append(text, plain_types[i].name);
			return;
		}
	}
	size_t row = heap_type_row(type->heap_type);
	if (type->nullable && row != SIZE_MAX && heap_types[row].reference) {
		op_text_append(text, heap_types[row].reference);
		return;
	}
	op_text_append(text, type->nullable ? "(ref null " : "(ref ");
	op_wasm_heap_type_text(type->heap_type, text);
	op_text_append_char(text, ')');
}

static void types_text(const struct op_wasm_type *types, uint32_t count, const char *separator,
		       struct op_text *text)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			op_text_append(text, separator);
		op_wasm_type_text(&types[i], text);
	}
}

void op_wasm_function_type_text(const struct op_wasm_type_def *type, struct op_text *text)
{
	op_text_append_char(text, '(');
	types_text(type->params, type->param_count, ", ", text);
	op_text_append(text, ") -> (");
	types_text(type->results, type->result_count, ", ", text);
	op_text_append_char(text, ')');
}

static void clause_text(const char *name, const struct op_wasm_type *types, uint32_t count,
			struct op_text *text)
{
	if (!count)
		return;
	op_text_printf(text, " (%s ", name);
	types_text(types, count, " ", text);
	op_text_append_char(text, ')');
}

void op_wasm_function_type_clauses(const struct op_wasm_type_def *type, struct op_text *text)
{
	clause_text("param", type->params, type->param_count, text);
	clause_text("result", type->results, type->result_count, text);
}
