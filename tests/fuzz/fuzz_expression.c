// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the parser of expressions and their interpreter, over a place where every kind of name
// means something and a state of its own. What comes out has the type that was known before.
//
// clang -fsanitize=fuzzer,address,undefined; corpus in tests/fuzz/corpus/expression/.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	COUNT = 12, // of locals, operands and globals: every type, known and not
	MEMORY_SIZE = 256,
};

// A local's name is its letter, with a dot and all behind it for some.
static bool by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	(void)context;
	*ret = (uint32_t)(name[0] - 'a');
	return name[0] >= 'a' && *ret < COUNT && (size == 1 || (size == 3 && name[1] == '.'));
}

static bool type_of(void *context, uint32_t index, struct op_expression_type *ret)
{
	(void)context;
	*ret = (struct op_expression_type){
		.known = index < OP_VALUE_TYPE_COUNT,
		.type = (enum op_value_type)(index % OP_VALUE_TYPE_COUNT),
	};
	return index < COUNT;
}

static bool history(void *context, uint64_t number, struct op_operand *ret)
{
	(void)context;
	*ret = op_operand_integer((int64_t)number, OP_VALUE_I64, true);
	return number < 10;
}

static struct op_error *leaf(void *context, uint32_t index, struct op_operand *ret)
{
	(void)context;
	struct op_value value = {.type = (enum op_value_type)(index % OP_VALUE_TYPE_COUNT)};
	memset(value.bytes, (int)(index * 37), op_value_type_size(value.type));
	*ret = op_operand_value(&value);
	return NULL;
}

static struct op_error *memory(void *context, uint32_t index, uint64_t offset, void *buffer,
			       size_t size)
{
	(void)context;
	if (index || offset > MEMORY_SIZE - size)
		return op_error_create(OP_ERROR_UNREADABLE, "outside");
	memset(buffer, (int)offset, size);
	return NULL;
}

static struct op_error *pc(void *context, uint32_t *ret)
{
	(void)context;
	*ret = 0x1234;
	return NULL;
}

static struct op_error *table(void *context, uint32_t index, uint64_t first, uint64_t end,
			      bool range, struct op_operand *ret)
{
	(void)range;
	assert(first <= end);
	return leaf(context, index, ret);
}

static struct op_error *field(void *context, const char *text, const struct op_operand *base,
			      const char *name, uint32_t index, struct op_operand *ret)
{
	(void)text;
	assert(!name || *name);
	return leaf(context, (uint32_t)base->result.value.type + index, ret);
}

static struct op_error *element(void *context, const char *text, const struct op_operand *base,
				uint64_t first, uint64_t end, bool range, struct op_operand *ret)
{
	(void)context, (void)text, (void)range;
	assert(first <= end);
	*ret = *base;
	return NULL;
}

static struct op_error *object(void *context, const char *text, const struct op_operand *base,
			       struct op_operand *ret)
{
	(void)context, (void)text;
	*ret = *base;
	return NULL;
}

static const struct op_expression_scope scope = {
	.local_by_name = by_name,
	.local_type = type_of,
	.operand_type = type_of,
	.global_by_name = by_name,
	.global_type = type_of,
	.table_by_name = by_name,
	.history = history,
	.function = "f",
	.counts_known = true,
	.local_count = COUNT,
	.param_count = COUNT / 2,
};
static const struct op_expression_source source = {
	.local = leaf,
	.operand = leaf,
	.global = leaf,
	.memory = memory,
	.pc = pc,
	.table = table,
	.field = field,
	.element = element,
	.object = object,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct op_expression *expression;
	struct op_operand operand;
	struct op_error *err = op_expression_parse(text, &scope, &expression);
	free(text);
	if (err) {
		op_error_destroy(err);
		return 0;
	}
	err = op_expression_evaluate(expression, &source, &operand);
	const struct op_expression_type *type = &expression->root->type;
	if (!err && type->known) {
		assert(operand.result.value.type == type->type);
		assert(operand.result.is_unsigned == type->is_unsigned);
		assert(operand.is_float ==
		       (type->type == OP_VALUE_F32 || type->type == OP_VALUE_F64));
	}
	op_error_destroy(err);
	op_expression_destroy(expression);
	return 0;
}
