// SPDX-License-Identifier: GPL-3.0-or-later
// Applies element segments to a stretch of one table, as Wasmtime's compiler does
// (crates/environ/src/compile/module_environ.rs, try_func_table_init): segment by segment, until
// one is not a list of functions at a constant offset of a table of the module's own.
#include "target-runtime/wasm/elements.h"

#include <inttypes.h>

#include "target-runtime/wasm/immediates.h"
#include "target-runtime/wasm/module_private.h"
#include "target-runtime/wasm/types.h"

enum { SECTION_TABLE = 4, SECTION_ELEMENT = 9 };

// Bits of a segment's flags.
enum {
	SEGMENT_NOT_ACTIVE = 1,
	SEGMENT_EXPLICIT = 2,
	SEGMENT_EXPRESSIONS = 4,
	SEGMENT_FLAGS_MAX = 7
};

enum {
	OPCODE_END = 0x0b,
	OPCODE_I32_CONST = 0x41,
	OPCODE_I64_CONST = 0x42,
	OPCODE_REF_NULL = 0xd0,
	OPCODE_REF_FUNC = 0xd2
};

// try_func_table_init: MAX_FUNC_TABLE_SIZE.
enum { PRECOMPUTED_TABLE_MAX = 1 << 20 };

struct stretch {
	const struct op_wasm_module *module;
	uint32_t table;
	uint64_t first;
	size_t count;
	struct op_wasm_element *elements;
};

static struct op_error *section_find(const struct op_wasm_module *module, uint8_t wanted,
				     struct op_reader *ret, bool *ret_found)
{
	struct op_reader r = op_reader(op_wasm_module_bytes(module));
	struct op_error *err = op_reader_skip(&r, 8);
	*ret_found = false;
	while (!err && !*ret_found && op_reader_left(&r)) {
		uint8_t id;
		uint32_t size;
		err = op_reader_u8(&r, &id);
		if (!err)
			err = op_reader_uleb32(&r, &size);
		if (!err)
			err = op_reader_sub(&r, size, ret);
		*ret_found = !err && id == wanted;
		if (*ret_found)
			err = op_lazy_bytes_need(op_wasm_module_lazy(module), ret->pos,
						 op_reader_left(ret));
	}
	return err;
}

/**
 * A constant expression that is one number or one function. @param[out] ret_simple false: something
 * else, read past.
 */
static struct op_error *expression_read(struct op_reader *r, uint8_t *ret_opcode, uint64_t *ret,
					bool *ret_simple)
{
	struct op_reader start = *r;
	uint8_t end = 0;
	*ret_simple = false;
	struct op_error *err = op_reader_u8(r, ret_opcode);
	if (!err && *ret_opcode == OPCODE_I32_CONST) {
		int32_t value = 0;
		err = op_reader_sleb32(r, &value);
		*ret = (uint32_t)value;
	} else if (!err && *ret_opcode == OPCODE_I64_CONST) {
		int64_t value = 0;
		err = op_reader_sleb64(r, &value);
		*ret = (uint64_t)value;
	} else if (!err && *ret_opcode == OPCODE_REF_FUNC) {
		uint32_t value = 0;
		err = op_reader_uleb32(r, &value);
		*ret = value;
	} else if (!err && *ret_opcode == OPCODE_REF_NULL) {
		int32_t heap_type;
		err = op_wasm_heap_type_read(r, &heap_type);
	}
	if (!err)
		err = op_reader_u8(r, &end);
	bool is_known = *ret_opcode == OPCODE_I32_CONST || *ret_opcode == OPCODE_I64_CONST ||
			*ret_opcode == OPCODE_REF_FUNC || *ret_opcode == OPCODE_REF_NULL;
	if (!err && is_known && end == OPCODE_END) {
		*ret_simple = true;
		return NULL;
	}
	op_error_destroy(err);
	*r = start;
	return op_wasm_expression_skip(r);
}

/** A table may give all its elements one function: ref.func behind its type. */
static struct op_error *apply_table_initial(const struct stretch *stretch)
{
	struct op_reader r;
	bool found;
	struct op_error *err = section_find(stretch->module, SECTION_TABLE, &r, &found);
	if (err || !found)
		return err;
	uint32_t count, wanted = stretch->table -
				 op_wasm_module_imported(stretch->module, OP_WASM_EXTERNAL_TABLE);
	err = op_reader_uleb32(&r, &count);
	for (uint32_t i = 0; !err && i < count && i <= wanted; i++) {
		struct op_reader start = r;
		struct op_wasm_table table;
		uint8_t mark, opcode = 0;
		uint64_t value = 0;
		bool simple = false;
		err = op_reader_u8(&r, &mark);
		if (!err && mark == 0x40)
			err = op_reader_skip(&r, 1);
		else
			r = start;
		if (!err)
			err = op_wasm_table_type_read(&r, &table);
		if (!err && mark == 0x40)
			err = expression_read(&r, &opcode, &value, &simple);
		if (err || i < wanted || !simple || opcode != OPCODE_REF_FUNC ||
		    table.limits.minimum > PRECOMPUTED_TABLE_MAX)
			continue;
		for (size_t k = 0; k < stretch->count; k++) {
			if (stretch->first + k < table.limits.minimum)
				stretch->elements[k] = (struct op_wasm_element){
					.is_function = true, .function = (uint32_t)value};
		}
	}
	return err;
}

struct segment {
	bool active;
	uint32_t table;
	bool has_offset;
	uint64_t offset;
	bool expressions;
	uint32_t count;
};

static struct op_error *segment_head_read(struct op_reader *r, struct segment *ret)
{
	uint32_t flags;
	*ret = (struct segment){0};
	struct op_error *err = op_reader_uleb32(r, &flags);
	if (err)
		return err;
	if (flags > SEGMENT_FLAGS_MAX)
		return op_reader_fail(
			r, "0x%" PRIx32 " are not flags of an element segment that outpost knows",
			flags);
	ret->active = !(flags & SEGMENT_NOT_ACTIVE);
	ret->expressions = flags & SEGMENT_EXPRESSIONS;
	if (ret->active && (flags & SEGMENT_EXPLICIT))
		err = op_reader_uleb32(r, &ret->table);
	if (!err && ret->active) {
		uint8_t opcode;
		err = expression_read(r, &opcode, &ret->offset, &ret->has_offset);
		ret->has_offset = ret->has_offset &&
				  (opcode == OPCODE_I32_CONST || opcode == OPCODE_I64_CONST);
	}
	// Active segments of table 0 in the short form leave the kind of their elements out.
	if (!err && (flags & (SEGMENT_NOT_ACTIVE | SEGMENT_EXPLICIT))) {
		struct op_wasm_type type;
		err = ret->expressions ? op_wasm_type_read(r, &type) : op_reader_skip(r, 1);
	}
	if (!err)
		err = op_reader_uleb32(r, &ret->count);
	if (!err && ret->count > op_reader_left(r))
		return op_reader_fail(r, "%" PRIu32 " elements do not fit their section",
				      ret->count);
	return err;
}

static struct op_error *segment_items_read(struct op_reader *r, const struct segment *segment,
					   struct stretch *stretch, bool *ret_constant)
{
	struct op_error *err = NULL;
	bool ours = segment->active && segment->table == stretch->table && segment->has_offset;
	for (uint32_t i = 0; !err && i < segment->count; i++) {
		uint32_t function = 0;
		uint64_t value = 0;
		uint8_t opcode = OPCODE_REF_FUNC;
		bool simple = true;
		if (segment->expressions) {
			err = expression_read(r, &opcode, &value, &simple);
			function = (uint32_t)value;
		} else {
			err = op_reader_uleb32(r, &function);
		}
		// A list of expressions that all are functions or null is taken for a list of
		// functions.
		*ret_constant = *ret_constant && simple &&
				(opcode == OPCODE_REF_FUNC || opcode == OPCODE_REF_NULL);
		uint64_t at = segment->offset + i;
		if (ours && at >= stretch->first && at - stretch->first < stretch->count)
			stretch->elements[at - stretch->first] = (struct op_wasm_element){
				.is_function = opcode == OPCODE_REF_FUNC, .function = function};
	}
	return err;
}

/** Is this a segment that Wasmtime applies when it compiles, by all but its elements? */
static bool is_precomputed(const struct op_wasm_module *module, const struct segment *segment)
{
	uint32_t count;
	const struct op_wasm_table *tables = op_wasm_module_tables(module, &count);
	if (segment->table < op_wasm_module_imported(module, OP_WASM_EXTERNAL_TABLE) ||
	    segment->table >= count || !segment->has_offset)
		return false;
	uint64_t top = segment->offset + segment->count;
	return top >= segment->offset && top <= tables[segment->table].limits.minimum &&
	       top <= PRECOMPUTED_TABLE_MAX;
}

static struct op_error *apply_segments(struct stretch *stretch)
{
	struct op_reader r;
	bool found;
	uint32_t count;
	struct op_error *err = section_find(stretch->module, SECTION_ELEMENT, &r, &found);
	if (err || !found)
		return err;
	err = op_reader_uleb32(&r, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		struct segment segment;
		bool constant = true;
		err = segment_head_read(&r, &segment);
		if (!err && segment.active && !is_precomputed(stretch->module, &segment))
			return NULL;
		// One whose elements turn out not to be constant writes all of them later: then
		// they are never found uninitialised.
		if (!err)
			err = segment_items_read(&r, &segment, stretch, &constant);
		if (!err && segment.active && !constant)
			return NULL;
	}
	return err;
}

struct op_error *op_wasm_elements_initial(const struct op_wasm_module *module, uint32_t table,
					  uint64_t first, size_t count, struct op_wasm_element *ret)
{
	struct stretch stretch = {
		.module = module, .table = table, .first = first, .count = count, .elements = ret};
	for (size_t i = 0; i < count; i++)
		ret[i] = (struct op_wasm_element){0};
	struct op_error *err = apply_table_initial(&stretch);
	return err ? err : apply_segments(&stretch);
}
