// SPDX-License-Identifier: GPL-3.0-or-later
// The immediates of instructions: one function for each form, which reads them and, when asked,
// writes their text.
//
// Binary form: WebAssembly core specification 3.0, "Instructions". Text form: the same, "Text
// format"; where the text format leaves a choice (an index of 0 that may be left out, for example),
// as wasm-tools prints it. The floats are the exception: the shortest decimal number that reads
// back to the same bits.
#include "target-runtime/wasm/immediates.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "target-runtime/wasm/types.h"

static void __attribute__((format(printf, 2, 3)))
emit(struct op_wasm_immediates *walk, const char *format, ...)
{
	if (!walk->text)
		return;
	va_list args;
	va_start(args, format);
	op_text_vprintf(walk->text, format, args);
	va_end(args);
}

static void emit_name(struct op_wasm_immediates *walk, struct op_wasm_name name)
{
	if (!name.data)
		return;
	op_text_append(walk->text, " <");
	op_text_append_escaped(walk->text, name.data, name.size);
	op_text_append_char(walk->text, '>');
}

static struct op_error *read_none(struct op_reader *r, const struct op_wasm_opcode *opcode,
				  struct op_wasm_immediates *walk)
{
	return NULL;
}

static struct op_error *read_index(struct op_reader *r, const struct op_wasm_opcode *opcode,
				   struct op_wasm_immediates *walk)
{
	struct op_error *error = op_reader_uleb32(r, &walk->first);
	if (!error)
		emit(walk, " %" PRIu32, walk->first);
	return error;
}

static struct op_error *read_two(struct op_reader *r, uint32_t *first, uint32_t *second)
{
	struct op_error *error = op_reader_uleb32(r, first);
	return error ?: op_reader_uleb32(r, second);
}

static struct op_error *read_index_pair(struct op_reader *r, const struct op_wasm_opcode *opcode,
					struct op_wasm_immediates *walk)
{
	uint32_t second;
	struct op_error *error = read_two(r, &walk->first, &second);
	if (!error)
		emit(walk, " %" PRIu32 " %" PRIu32, walk->first, second);
	return error;
}

static struct op_error *read_function(struct op_reader *r, const struct op_wasm_opcode *opcode,
				      struct op_wasm_immediates *walk)
{
	struct op_error *error = read_index(r, opcode, walk);
	if (!error && walk->text && walk->module)
		emit_name(walk, op_wasm_module_function_name(walk->module, walk->first));
	return error;
}

static struct op_error *read_local(struct op_reader *r, const struct op_wasm_opcode *opcode,
				   struct op_wasm_immediates *walk)
{
	struct op_error *error = read_index(r, opcode, walk);
	if (!error && walk->text && walk->module && walk->function != UINT32_MAX)
		emit_name(walk,
			  op_wasm_module_local_name(walk->module, walk->function, walk->first));
	return error;
}

static struct op_error *read_global(struct op_reader *r, const struct op_wasm_opcode *opcode,
				    struct op_wasm_immediates *walk)
{
	struct op_error *error = read_index(r, opcode, walk);
	if (!error && walk->text && walk->module)
		emit_name(walk, op_wasm_module_global_name(walk->module, walk->first));
	return error;
}

static struct op_error *read_optional(struct op_reader *r, const struct op_wasm_opcode *opcode,
				      struct op_wasm_immediates *walk)
{
	struct op_error *error = op_reader_uleb32(r, &walk->first);
	if (!error && walk->first)
		emit(walk, " %" PRIu32, walk->first);
	return error;
}

static struct op_error *read_segment(struct op_reader *r, const struct op_wasm_opcode *opcode,
				     struct op_wasm_immediates *walk)
{
	uint32_t object;
	struct op_error *error = read_two(r, &walk->first, &object);
	if (error)
		return error;
	if (object)
		emit(walk, " %" PRIu32, object);
	emit(walk, " %" PRIu32, walk->first);
	return NULL;
}

static struct op_error *read_copy(struct op_reader *r, const struct op_wasm_opcode *opcode,
				  struct op_wasm_immediates *walk)
{
	uint32_t source;
	struct op_error *error = read_two(r, &walk->first, &source);
	if (!error && (walk->first || source))
		emit(walk, " %" PRIu32 " %" PRIu32, walk->first, source);
	return error;
}

static struct op_error *read_indirect(struct op_reader *r, const struct op_wasm_opcode *opcode,
				      struct op_wasm_immediates *walk)
{
	uint32_t table;
	struct op_error *error = read_two(r, &walk->first, &table);
	if (error)
		return error;
	if (table)
		emit(walk, " %" PRIu32, table);
	emit(walk, " (type %" PRIu32 ")", walk->first);
	return NULL;
}

static struct op_error *label(struct op_reader *r, struct op_wasm_immediates *walk, uint32_t *ret)
{
	struct op_error *error = op_reader_uleb32(r, ret);
	if (error)
		return error;
	if (walk->labels && !op_array_push(walk->labels, *ret))
		return op_error_no_memory();
	emit(walk, " %" PRIu32, *ret);
	return NULL;
}

static struct op_error *read_label(struct op_reader *r, const struct op_wasm_opcode *opcode,
				   struct op_wasm_immediates *walk)
{
	return label(r, walk, &walk->first);
}

// A count of elements that take at least one byte each.
static struct op_error *count_read(struct op_reader *r, const char *what, uint32_t *ret)
{
	struct op_reader start = *r;
	struct op_error *error = op_reader_uleb32(r, ret);
	if (!error && *ret > op_reader_left(r))
		return op_reader_fail(&start, "%" PRIu32 " %s do not fit the module", *ret, what);
	return error;
}

static struct op_error *read_br_table(struct op_reader *r, const struct op_wasm_opcode *opcode,
				      struct op_wasm_immediates *walk)
{
	uint32_t count, depth;
	struct op_error *error = count_read(r, "branch targets", &count);
	for (uint64_t i = 0; !error && i <= count; i++)
		error = label(r, walk, &depth);
	if (!error)
		walk->first = depth;
	return error;
}

static struct op_error *read_block(struct op_reader *r, const struct op_wasm_opcode *opcode,
				   struct op_wasm_immediates *walk)
{
	walk->first = (uint32_t)op_reader_offset(r);
	struct op_wasm_block_type type;
	struct op_error *error = op_wasm_block_type_read(r, &type);
	if (error || !walk->text || type.kind == OP_BLOCK_TYPE_EMPTY)
		return error;
	if (type.kind == OP_BLOCK_TYPE_RESULT) {
		op_text_append(walk->text, " (result ");
		op_wasm_type_text(&type.result, walk->text);
		op_text_append_char(walk->text, ')');
		return NULL;
	}
	emit(walk, " (type %" PRIu32 ")", type.function);
	uint32_t count = 0;
	const struct op_wasm_type_def *types =
		walk->module ? op_wasm_module_types(walk->module, &count) : NULL;
	if (type.function < count && types[type.function].composite == OP_WASM_FUNC)
		op_wasm_function_type_clauses(&types[type.function], walk->text);
	return NULL;
}

static struct op_error *read_br_cast(struct op_reader *r, const struct op_wasm_opcode *opcode,
				     struct op_wasm_immediates *walk)
{
	struct op_reader start = *r;
	uint8_t flags;
	struct op_error *error = op_reader_u8(r, &flags);
	if (error)
		return error;
	if (flags > 3)
		return op_reader_fail(&start, "0x%02x are not flags of a cast", flags);
	error = label(r, walk, &walk->first);
	for (unsigned i = 0; !error && i < 2; i++) {
		struct op_wasm_type type = {.code = OP_WASM_TYPE_REF, .nullable = flags >> i & 1};
		error = op_wasm_heap_type_read(r, &type.heap_type);
		if (!error && walk->text) {
			op_text_append_char(walk->text, ' ');
			op_wasm_type_text(&type, walk->text);
		}
	}
	return error;
}

// Catch clauses of try_table and handlers of resume: the byte that says which, and what follows it.
struct clause {
	const char *name;
	bool has_tag, has_label;
	const char *suffix;
};

static const struct clause catches[] = {
	{"catch", true, true, ""},
	{"catch_ref", true, true, ""},
	{"catch_all", false, true, ""},
	{"catch_all_ref", false, true, ""},
};

static const struct clause handlers[] = {
	{"on", true, true, ""},
	{"on", true, false, " switch"},
};

static struct op_error *clauses_read(struct op_reader *r, struct op_wasm_immediates *walk,
				     const struct clause *kinds, size_t kind_count)
{
	uint32_t count, index;
	struct op_error *error = count_read(r, "clauses", &count);
	for (uint32_t i = 0; !error && i < count; i++) {
		struct op_reader start = *r;
		uint8_t kind;
		error = op_reader_u8(r, &kind);
		if (error)
			break;
		if (kind >= kind_count)
			return op_reader_fail(
				&start, "0x%02x is not a kind of clause that outpost knows", kind);
		emit(walk, " (%s", kinds[kind].name);
		if (kinds[kind].has_tag) {
			error = op_reader_uleb32(r, &index);
			if (error)
				break;
			emit(walk, " %" PRIu32, index);
		}
		if (kinds[kind].has_label)
			error = label(r, walk, &index);
		emit(walk, "%s)", kinds[kind].suffix);
	}
	return error;
}

static struct op_error *read_try_table(struct op_reader *r, const struct op_wasm_opcode *opcode,
				       struct op_wasm_immediates *walk)
{
	struct op_error *error = read_block(r, opcode, walk);
	return error ?: clauses_read(r, walk, catches, OP_ARRAY_SIZE(catches));
}

static struct op_error *read_resume(struct op_reader *r, const struct op_wasm_opcode *opcode,
				    struct op_wasm_immediates *walk)
{
	struct op_error *error = read_index(r, opcode, walk);
	return error ?: clauses_read(r, walk, handlers, OP_ARRAY_SIZE(handlers));
}

static struct op_error *read_resume_throw(struct op_reader *r, const struct op_wasm_opcode *opcode,
					  struct op_wasm_immediates *walk)
{
	struct op_error *error = read_index_pair(r, opcode, walk);
	return error ?: clauses_read(r, walk, handlers, OP_ARRAY_SIZE(handlers));
}

static struct op_error *read_memory(struct op_reader *r, const struct op_wasm_opcode *opcode,
				    struct op_wasm_immediates *walk)
{
	// Bit 6 of the alignment says that a memory index follows it (multi-memory).
	enum { HAS_MEMORY = 0x40 };
	struct op_reader start = *r;
	uint32_t align;
	struct op_error *error = op_reader_uleb32(r, &align);
	if (error)
		return error;
	walk->first = 0;
	if (align & HAS_MEMORY) {
		align ^= HAS_MEMORY;
		error = op_reader_uleb32(r, &walk->first);
	}
	if (!error && align >= HAS_MEMORY)
		return op_reader_fail(
			&start, "an alignment of 2 to the power of %" PRIu32 " is not possible",
			align);
	if (!error)
		error = op_reader_uleb64(r, &walk->offset);
	if (error)
		return error;
	if (walk->first)
		emit(walk, " %" PRIu32, walk->first);
	if (walk->offset)
		emit(walk, " offset=%" PRIu64, walk->offset);
	if (align != opcode->align)
		emit(walk, " align=%" PRIu64, UINT64_C(1) << align);
	return NULL;
}

static struct op_error *lanes_read(struct op_reader *r, struct op_wasm_immediates *walk,
				   unsigned count)
{
	const uint8_t *lanes;
	struct op_error *error = op_reader_bytes(r, count, &lanes);
	for (unsigned i = 0; !error && i < count; i++)
		emit(walk, " %u", lanes[i]);
	return error;
}

static struct op_error *read_lane(struct op_reader *r, const struct op_wasm_opcode *opcode,
				  struct op_wasm_immediates *walk)
{
	return lanes_read(r, walk, 1);
}

static struct op_error *read_lanes(struct op_reader *r, const struct op_wasm_opcode *opcode,
				   struct op_wasm_immediates *walk)
{
	return lanes_read(r, walk, 16);
}

static struct op_error *read_memory_lane(struct op_reader *r, const struct op_wasm_opcode *opcode,
					 struct op_wasm_immediates *walk)
{
	struct op_error *error = read_memory(r, opcode, walk);
	return error ?: lanes_read(r, walk, 1);
}

static struct op_error *read_i32(struct op_reader *r, const struct op_wasm_opcode *opcode,
				 struct op_wasm_immediates *walk)
{
	int32_t value;
	struct op_error *error = op_reader_sleb32(r, &value);
	if (!error)
		emit(walk, " %" PRId32, value);
	return error;
}

static struct op_error *read_i64(struct op_reader *r, const struct op_wasm_opcode *opcode,
				 struct op_wasm_immediates *walk)
{
	int64_t value;
	struct op_error *error = op_reader_sleb64(r, &value);
	if (!error)
		emit(walk, " %" PRId64, value);
	return error;
}

// printf writes the locale's decimal point, which the program that uses the library may have set.
static void emit_decimal(struct op_wasm_immediates *walk, const char *number)
{
	const char *point = strstr(number, localeconv()->decimal_point);
	if (point)
		emit(walk, " %.*s.%s", (int)(point - number), number,
		     point + strlen(localeconv()->decimal_point));
	else
		emit(walk, " %s", number);
}

// NaN payloads and infinities, which decimal numbers cannot say. The canonical NaN has only the top
// bit of the fraction set.
static bool emit_special(struct op_wasm_immediates *walk, double value, uint64_t fraction,
			 uint64_t canonical, bool negative)
{
	const char *sign = negative ? "-" : "";
	if (isinf(value))
		emit(walk, " %sinf", sign);
	else if (isnan(value) && fraction == canonical)
		emit(walk, " %snan", sign);
	else if (isnan(value))
		emit(walk, " %snan:0x%" PRIx64, sign, fraction);
	else
		return false;
	return true;
}

static struct op_error *read_f32(struct op_reader *r, const struct op_wasm_opcode *opcode,
				 struct op_wasm_immediates *walk)
{
	uint32_t bits;
	struct op_error *error = op_reader_u32(r, &bits);
	if (error || !walk->text)
		return error;
	float value;
	memcpy(&value, &bits, sizeof(value));
	if (emit_special(walk, value, bits & 0x7fffff, 0x400000, bits >> 31))
		return NULL;
	char number[32];
	snprintf(number, sizeof(number), "%.*g", op_float_digits((double)value, sizeof(value)),
		 (double)value);
	emit_decimal(walk, number);
	return NULL;
}

static struct op_error *read_f64(struct op_reader *r, const struct op_wasm_opcode *opcode,
				 struct op_wasm_immediates *walk)
{
	uint64_t bits;
	struct op_error *error = op_reader_u64(r, &bits);
	if (error || !walk->text)
		return error;
	double value;
	memcpy(&value, &bits, sizeof(value));
	if (emit_special(walk, value, bits & 0xfffffffffffff, 0x8000000000000, bits >> 63))
		return NULL;
	char number[40];
	snprintf(number, sizeof(number), "%.*g", op_float_digits(value, sizeof(value)), value);
	emit_decimal(walk, number);
	return NULL;
}

static struct op_error *read_v128(struct op_reader *r, const struct op_wasm_opcode *opcode,
				  struct op_wasm_immediates *walk)
{
	const uint8_t *bytes;
	struct op_error *error = op_reader_bytes(r, 16, &bytes);
	if (error)
		return error;
	emit(walk, " i32x4");
	for (unsigned i = 0; i < 16; i += 4)
		emit(walk, " 0x%08" PRIx32, op_load_u32_unchecked(bytes + i));
	return NULL;
}

static struct op_error *read_select_types(struct op_reader *r, const struct op_wasm_opcode *opcode,
					  struct op_wasm_immediates *walk)
{
	uint32_t count;
	struct op_error *error = count_read(r, "types", &count);
	emit(walk, " (result");
	for (uint32_t i = 0; !error && i < count; i++) {
		struct op_wasm_type type;
		error = op_wasm_type_read(r, &type);
		if (!error && walk->text) {
			op_text_append_char(walk->text, ' ');
			op_wasm_type_text(&type, walk->text);
		}
	}
	emit(walk, ")");
	return error;
}

static struct op_error *read_heap_type(struct op_reader *r, const struct op_wasm_opcode *opcode,
				       struct op_wasm_immediates *walk)
{
	int32_t heap_type;
	struct op_error *error = op_wasm_heap_type_read(r, &heap_type);
	if (!error && walk->text) {
		op_text_append_char(walk->text, ' ');
		op_wasm_heap_type_text(heap_type, walk->text);
	}
	return error;
}

static struct op_error *read_ref(struct op_reader *r, const struct op_wasm_opcode *opcode,
				 struct op_wasm_immediates *walk)
{
	struct op_wasm_type type = {.code = OP_WASM_TYPE_REF,
				    .nullable = opcode->immediate == OP_IMMEDIATE_REF_NULL};
	struct op_error *error = op_wasm_heap_type_read(r, &type.heap_type);
	if (!error && walk->text) {
		op_text_append_char(walk->text, ' ');
		op_wasm_type_text(&type, walk->text);
	}
	return error;
}

static struct op_error *read_fence(struct op_reader *r, const struct op_wasm_opcode *opcode,
				   struct op_wasm_immediates *walk)
{
	struct op_reader start = *r;
	uint8_t zero;
	struct op_error *error = op_reader_u8(r, &zero);
	if (!error && zero)
		return op_reader_fail(&start, "the byte after %s is not 0", opcode->name);
	return error;
}

static struct op_error *(*const readers[OP_IMMEDIATE_COUNT])(struct op_reader *,
							     const struct op_wasm_opcode *,
							     struct op_wasm_immediates *) = {
	[OP_IMMEDIATE_NONE] = read_none,
	[OP_IMMEDIATE_BLOCK] = read_block,
	[OP_IMMEDIATE_LABEL] = read_label,
	[OP_IMMEDIATE_INDEX] = read_index,
	[OP_IMMEDIATE_INDEX_PAIR] = read_index_pair,
	[OP_IMMEDIATE_FUNCTION] = read_function,
	[OP_IMMEDIATE_LOCAL] = read_local,
	[OP_IMMEDIATE_GLOBAL] = read_global,
	[OP_IMMEDIATE_OPTIONAL] = read_optional,
	[OP_IMMEDIATE_SEGMENT] = read_segment,
	[OP_IMMEDIATE_COPY] = read_copy,
	[OP_IMMEDIATE_INDIRECT] = read_indirect,
	[OP_IMMEDIATE_BR_TABLE] = read_br_table,
	[OP_IMMEDIATE_BR_CAST] = read_br_cast,
	[OP_IMMEDIATE_TRY_TABLE] = read_try_table,
	[OP_IMMEDIATE_RESUME] = read_resume,
	[OP_IMMEDIATE_RESUME_THROW] = read_resume_throw,
	[OP_IMMEDIATE_MEMORY] = read_memory,
	[OP_IMMEDIATE_MEMORY_LANE] = read_memory_lane,
	[OP_IMMEDIATE_LANE] = read_lane,
	[OP_IMMEDIATE_LANES] = read_lanes,
	[OP_IMMEDIATE_I32] = read_i32,
	[OP_IMMEDIATE_I64] = read_i64,
	[OP_IMMEDIATE_F32] = read_f32,
	[OP_IMMEDIATE_F64] = read_f64,
	[OP_IMMEDIATE_V128] = read_v128,
	[OP_IMMEDIATE_SELECT_TYPES] = read_select_types,
	[OP_IMMEDIATE_HEAP_TYPE] = read_heap_type,
	[OP_IMMEDIATE_REF] = read_ref,
	[OP_IMMEDIATE_REF_NULL] = read_ref,
	[OP_IMMEDIATE_FENCE] = read_fence,
};

struct op_error *op_wasm_immediates_read(struct op_reader *r, const struct op_wasm_opcode *opcode,
					 struct op_wasm_immediates *walk)
{
	walk->first = 0;
	walk->offset = 0;
	return readers[opcode->immediate](r, opcode, walk);
}
