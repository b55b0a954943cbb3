// SPDX-License-Identifier: GPL-3.0-or-later
// Reads value types, heap types, block types and the types of tables, memories and globals. Knows
// no sections.
//
// Source: WebAssembly core specification 3.0, binary format, "Types"; the proposals threads
// (shared), custom-page-sizes and stack-switching (cont).
#include "target-runtime/wasm/types.h"

#include <inttypes.h>

// Abstract heap types are one byte 0x68 ... 0x75, which as a signed LEB128 number is the byte -
// 0x80.
enum { HEAP_TYPE_FIRST = 0x68, HEAP_TYPE_LAST = 0x75, REF_NULLABLE = 0x63, MEMORY_PAGE_LOG2 = 16 };

static bool is_abstract_heap_type(int64_t value)
{
	return value >= HEAP_TYPE_FIRST - 0x80 && value <= HEAP_TYPE_LAST - 0x80;
}

struct op_error *op_wasm_heap_type_read(struct op_reader *r, int32_t *ret)
{
	struct op_reader start = *r;
	int64_t value;
	struct op_error *error = op_reader_sleb33(r, &value);
	if (error)
		return error;
	if (value > INT32_MAX || (value < 0 && !is_abstract_heap_type(value)))
		return op_reader_fail(&start, "%" PRId64 " is not a heap type that outpost knows",
				      value);
	*ret = (int32_t)value;
	return NULL;
}

static struct op_error *type_read(struct op_reader *r, bool storage, struct op_wasm_type *ret)
{
	struct op_reader start = *r;
	uint8_t byte;
	struct op_error *error = op_reader_u8(r, &byte);
	if (error)
		return error;
	if ((byte >= OP_WASM_TYPE_V128 && byte <= OP_WASM_TYPE_I32) ||
	    (storage && (byte == OP_WASM_TYPE_I8 || byte == OP_WASM_TYPE_I16))) {
		*ret = (struct op_wasm_type){.code = byte};
		return NULL;
	}
	if (byte >= HEAP_TYPE_FIRST && byte <= HEAP_TYPE_LAST) {
		*ret = (struct op_wasm_type){
			.code = OP_WASM_TYPE_REF, .nullable = true, .heap_type = byte - 0x80};
		return NULL;
	}
	if (byte == OP_WASM_TYPE_REF || byte == REF_NULLABLE) {
		*ret = (struct op_wasm_type){.code = OP_WASM_TYPE_REF,
					     .nullable = byte == REF_NULLABLE};
		return op_wasm_heap_type_read(r, &ret->heap_type);
	}
	return op_reader_fail(&start, "0x%02x is not a type that outpost knows", byte);
}

struct op_error *op_wasm_type_read(struct op_reader *r, struct op_wasm_type *ret)
{
	return type_read(r, false, ret);
}

struct op_error *op_wasm_storage_type_read(struct op_reader *r, struct op_wasm_type *ret)
{
	return type_read(r, true, ret);
}

struct op_error *op_wasm_block_type_read(struct op_reader *r, struct op_wasm_block_type *ret)
{
	struct op_reader start = *r;
	uint8_t byte;
	struct op_error *error = op_reader_u8(r, &byte);
	if (error)
		return error;
	*ret = (struct op_wasm_block_type){.kind = OP_BLOCK_TYPE_EMPTY};
	if (byte == 0x40)
		return NULL;
	*r = start;
	// A single byte with the sign bit set is a value type; everything else is a type index as
	// s33.
	if ((byte & 0xc0) == 0x40) {
		ret->kind = OP_BLOCK_TYPE_RESULT;
		return op_wasm_type_read(r, &ret->result);
	}
	int64_t index;
	error = op_reader_sleb33(r, &index);
	if (error)
		return error;
	if (index < 0)
		return op_reader_fail(&start, "%" PRId64 " is not a block type", index);
	ret->kind = OP_BLOCK_TYPE_FUNCTION;
	ret->function = (uint32_t)index;
	return NULL;
}

enum { LIMITS_MAXIMUM = 1, LIMITS_SHARED = 2, LIMITS_64 = 4, LIMITS_PAGE_SIZE = 8 };

static struct op_error *limits_read(struct op_reader *r, uint8_t allowed,
				    struct op_wasm_limits *ret)
{
	struct op_reader start = *r;
	uint8_t flags;
	struct op_error *error = op_reader_u8(r, &flags);
	if (error)
		return error;
	if (flags & ~allowed)
		return op_reader_fail(&start, "0x%02x are not flags of limits that outpost knows",
				      flags);
	*ret = (struct op_wasm_limits){
		.is_64 = flags & LIMITS_64,
		.shared = flags & LIMITS_SHARED,
		.has_maximum = flags & LIMITS_MAXIMUM,
		.page_size_log2 = MEMORY_PAGE_LOG2,
	};
	error = op_reader_uleb64(r, &ret->minimum);
	if (!error && ret->has_maximum)
		error = op_reader_uleb64(r, &ret->maximum);
	if (error || !(flags & LIMITS_PAGE_SIZE))
		return error;
	uint32_t log2;
	error = op_reader_uleb32(r, &log2);
	if (error)
		return error;
	if (log2 >= 64)
		return op_reader_fail(
			r, "a page size of 2 to the power of %" PRIu32 " is not possible", log2);
	ret->page_size_log2 = (uint8_t)log2;
	return NULL;
}

struct op_error *op_wasm_table_type_read(struct op_reader *r, struct op_wasm_table *ret)
{
	struct op_error *error = op_wasm_type_read(r, &ret->type);
	if (error)
		return error;
	if (ret->type.code != OP_WASM_TYPE_REF)
		return op_reader_fail(r, "the elements of a table are not references");
	return limits_read(r, LIMITS_MAXIMUM | LIMITS_SHARED | LIMITS_64, &ret->limits);
}

struct op_error *op_wasm_memory_type_read(struct op_reader *r, struct op_wasm_limits *ret)
{
	return limits_read(r, LIMITS_MAXIMUM | LIMITS_SHARED | LIMITS_64 | LIMITS_PAGE_SIZE, ret);
}

struct op_error *op_wasm_global_type_read(struct op_reader *r, struct op_wasm_global *ret)
{
	struct op_error *error = op_wasm_type_read(r, &ret->type);
	if (error)
		return error;
	struct op_reader start = *r;
	uint8_t flags;
	error = op_reader_u8(r, &flags);
	if (error)
		return error;
	if (flags > 1)
		return op_reader_fail(&start, "0x%02x are not flags of a global that outpost knows",
				      flags);
	ret->is_mutable = flags;
	return NULL;
}
