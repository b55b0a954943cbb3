// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of values of the guest's language: members, elements, targets, and their bytes. Where a
// variable is, source_variable.c finds out; how a value is shown is source_render.c's.
#include "tracer/source_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source_bits.h"

enum {
	/** More than this is nobody's value: a size that the module made up. */
	VALUE_SIZE_MAX = 16 << 20,
};

void op_source_value_deinit(struct op_source_value *value)
{
	free(value->bytes);
	free(value->known);
	free(value->reason);
	*value = (struct op_source_value){0};
}

// What has no size need have no bytes.
static struct op_error *duplicate(const uint8_t *bytes, uint64_t offset, size_t size, uint8_t **ret)
{
	*ret = NULL;
	if (!bytes || !size)
		return NULL;
	*ret = malloc(size);
	if (!*ret)
		return op_error_no_memory();
	memcpy(*ret, bytes + offset, size);
	return NULL;
}

struct op_error *op_source_value_copy(const struct op_source_value *value,
				      struct op_source_value *ret)
{
	struct op_source_value copy = *value;
	copy.bytes = copy.known = NULL;
	copy.reason = NULL;
	struct op_error *err = duplicate(value->bytes, 0, value->size, &copy.bytes);
	if (!err)
		err = duplicate(value->known, 0, value->size, &copy.known);
	if (!err && value->reason && !(copy.reason = strdup(value->reason)))
		err = op_error_no_memory();
	if (err)
		op_source_value_deinit(&copy);
	else
		*ret = copy;
	return err;
}

struct op_error *op_source_value_set_missing(struct op_source_value *value, const char *format, ...)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	va_list args;
	va_start(args, format);
	op_text_vprintf(&text, format, args);
	va_end(args);
	char *reason;
	struct op_error *err = op_text_steal(&text, &reason);
	if (err)
		return err;
	free(value->bytes);
	free(value->known);
	free(value->reason);
	value->bytes = value->known = NULL;
	value->size = 0;
	value->reason = reason;
	value->place = OP_SOURCE_VALUE_MISSING;
	return NULL;
}

struct op_error *op_source_value_set_error(struct op_source_value *value, struct op_error *err)
{
	if (!err || op_source_is_fatal(err))
		return err;
	struct op_error *failed = op_source_value_set_missing(value, "%s", err->message);
	op_error_destroy(err);
	return failed;
}

bool op_source_is_fatal(const struct op_error *err)
{
	return err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY ||
	       err->code == OP_ERROR_INTERRUPTED;
}

// A value that is as missing as the one that it is a part of.
static struct op_error *missing_part(const struct op_source_value *whole,
				     struct op_source_value *ret)
{
	return op_source_value_set_missing(ret, "%s",
					   whole->reason ?: "what it is a part of is not known");
}

// Bytes ---------------------------------------------------------------------------------------

// The bytes that a bit-field reaches into.
static size_t bit_field_size(const struct op_source_value *value)
{
	return (size_t)((value->bit_offset + value->bit_size + 7) / 8);
}

// Bit-field bytes become those of a whole value of the type.
static struct op_error *extract_bits(struct op_source_value *value)
{
	const struct op_type *type = op_type_strip(value->type);
	uint64_t size = type && type->has_size ? type->size : 0;
	if (!value->bit_size || value->bit_size > 64 || !size || size > 16 ||
	    bit_field_size(value) > value->size)
		return op_source_value_set_missing(
			value, "a bit-field of %" PRIu32 " bits makes no sense here",
			value->bit_size);
	bool is_signed = !type->is_unsigned && type->kind != OP_TYPE_BOOL;
	uint8_t *bytes = calloc(1, (size_t)size);
	if (!bytes)
		return op_error_no_memory();
	bool known = true;
	for (size_t i = value->bit_offset / 8; value->known && i < bit_field_size(value); i++)
		known = known && value->known[i];
	uint64_t bits =
		op_bits_extract(value->bytes, value->bit_offset, value->bit_size, is_signed);
	bool negative = is_signed && bits >> 63;
	for (size_t i = 0; i < size; i++)
		bytes[i] = i < 8 ? (uint8_t)(bits >> 8 * i) : negative ? 0xff : 0;
	free(value->bytes);
	free(value->known);
	value->bytes = bytes;
	value->known = NULL;
	value->size = (size_t)size;
	value->is_bit_field = value->has_address = false;
	return known ? NULL : op_source_value_set_missing(value, "optimised out");
}

static struct op_error *read_bytes(struct op_session *session, const struct op_frame *frame,
				   struct op_source_value *value, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1);
	if (!bytes)
		return op_error_no_memory();
	struct op_error *err =
		op_session_read_memory(session, frame, value->memory, value->address, bytes, size);
	if (err) {
		free(bytes);
		return op_source_value_set_error(value, err);
	}
	free(value->bytes);
	value->bytes = bytes;
	value->size = size;
	value->place = OP_SOURCE_VALUE_BYTES;
	value->has_address = true;
	return NULL;
}

struct op_error *op_source_value_read(struct op_session *session, const struct op_frame *frame,
				      struct op_source_value *value)
{
	struct op_error *err = NULL;
	if (value->place == OP_SOURCE_VALUE_MEMORY) {
		err = op_source_value_measure(session, frame, value);
		if (err)
			return op_source_value_set_error(value, err);
		const struct op_type *type = op_type_strip(value->type);
		if (!type || !type->has_size)
			return op_source_value_set_missing(value,
							   "the size of its type is not known");
		uint64_t size = value->is_bit_field ? bit_field_size(value) : type->size;
		if (size > VALUE_SIZE_MAX)
			return op_source_value_set_missing(
				value, "its type has %" PRIu64 " bytes: too many to read at once",
				size);
		err = read_bytes(session, frame, value, (size_t)size);
	}
	if (!err && value->place == OP_SOURCE_VALUE_BYTES && value->is_bit_field)
		err = extract_bits(value);
	return err;
}

// Parts ---------------------------------------------------------------------------------------

// What a part has from the whole; its type and place are to be set.
static struct op_source_value part_of(const struct op_source_value *whole,
				      const struct op_type *type)
{
	return (struct op_source_value){.info = whole->info,
					.type = type,
					.memory = whole->memory,
					.recovered = whole->recovered,
					.native = whole->native};
}

// @p size bytes behind the first @p offset of the whole.
static struct op_error *slice(const struct op_source_value *whole, uint64_t offset, uint64_t size,
			      struct op_source_value *part)
{
	part->place = whole->place;
	part->address = whole->address + offset;
	part->has_address = whole->has_address;
	if (whole->place != OP_SOURCE_VALUE_BYTES)
		return NULL;
	if (offset > whole->size || size > whole->size - offset)
		return op_source_value_set_missing(
			part, "it is outside of the %zu bytes that it should be a part of",
			whole->size);
	part->size = (size_t)size;
	struct op_error *err = duplicate(whole->bytes, offset, part->size, &part->bytes);
	if (!err && whole->known)
		err = duplicate(whole->known, offset, part->size, &part->known);
	return err;
}

// A virtual base: the vtable holds, below the address that the object points to, how far from the
// object's start the base is (Itanium C++ ABI, 2.5.2).
static struct op_error *virtual_base(struct op_session *session, const struct op_frame *frame,
				     const struct op_source_value *value,
				     const struct op_type_member *member,
				     struct op_source_value *ret)
{
	if (value->place != OP_SOURCE_VALUE_MEMORY && !value->has_address)
		return op_source_value_set_missing(
			ret, "a virtual base can only be found in an object that is in memory");
	uint8_t word[4];
	struct op_error *err = op_session_read_memory(session, frame, value->memory, value->address,
						      word, sizeof(word));
	if (!err)
		err = op_session_read_memory(
			session, frame, value->memory,
			(uint32_t)(op_bits_load(word, sizeof(word)) - member->offset), word,
			sizeof(word));
	if (err)
		return op_source_value_set_error(ret, err);
	ret->place = OP_SOURCE_VALUE_MEMORY;
	ret->address = (uint32_t)(value->address + op_bits_load(word, sizeof(word)));
	return NULL;
}

static struct op_error *static_member(struct op_session *session, const struct op_frame *frame,
				      const struct op_source_value *value,
				      const struct op_type_member *member,
				      struct op_source_value *ret)
{
	struct op_debug_variable variable = {.kind = OP_DEBUG_GLOBAL,
					     .die = member->die,
					     .type = member->type ? member->type->die
								  : (struct op_die){0},
					     .name = member->name};
	return op_source_value_of(session, frame, value->info, &variable, ret);
}

static struct op_error *bit_field(const struct op_source_value *value,
				  const struct op_type_member *member, struct op_source_value *ret)
{
	uint64_t first = member->bit_offset / 8;
	ret->is_bit_field = true;
	ret->bit_offset = member->bit_offset % 8;
	ret->bit_size = member->bit_size;
	return slice(value, first, bit_field_size(ret), ret);
}

struct op_error *op_source_value_member(struct op_session *session, const struct op_frame *frame,
					const struct op_source_value *value,
					const struct op_type_member *member,
					struct op_source_value *ret)
{
	struct op_source_value part = part_of(value, member->type);
	struct op_error *err;
	if (member->is_static)
		err = static_member(session, frame, value, member, &part);
	else if (value->place == OP_SOURCE_VALUE_MISSING)
		err = missing_part(value, &part);
	else if (member->is_virtual_base)
		err = virtual_base(session, frame, value, member, &part);
	else if (member->is_bit_field)
		err = bit_field(value, member, &part);
	else {
		const struct op_type *type = op_type_strip(member->type);
		uint64_t size = type && type->has_size ? type->size : 0;
		err = slice(value, member->offset, size, &part);
	}
	if (err)
		op_source_value_deinit(&part);
	else
		*ret = part;
	return err;
}

// The address that a pointer or a reference holds. *ret_known false: *ret is MISSING.
static struct op_error *pointee(struct op_session *session, const struct op_frame *frame,
				const struct op_source_value *value, struct op_source_value *ret,
				bool *ret_known)
{
	_cleanup_source_value_ struct op_source_value pointer = {0};
	*ret_known = false;
	struct op_error *err = op_source_value_copy(value, &pointer);
	if (!err)
		err = op_source_value_read(session, frame, &pointer);
	if (err)
		return err;
	if (pointer.place != OP_SOURCE_VALUE_BYTES)
		return missing_part(&pointer, ret);
	if (!op_source_value_is_known(&pointer, 0, pointer.size))
		return op_source_value_set_missing(ret, "the pointer is optimised out");
	if (pointer.size != 4 && pointer.size != 8)
		return op_source_value_set_missing(ret, "a pointer of %zu bytes makes no sense",
						   pointer.size);
	uint64_t address = op_bits_load(pointer.bytes, pointer.size);
	if (!address)
		return op_source_value_set_missing(ret, "the pointer is null");
	*ret = part_of(value, ret->type);
	ret->place = OP_SOURCE_VALUE_MEMORY;
	ret->memory = op_type_strip(value->type)->memory;
	ret->address = address;
	*ret_known = true;
	return NULL;
}

static bool leads_to_memory(const struct op_type *type)
{
	return type && (type->kind == OP_TYPE_POINTER || type->kind == OP_TYPE_REFERENCE);
}

struct op_error *op_source_value_target(struct op_session *session, const struct op_frame *frame,
					const struct op_source_value *value,
					struct op_source_value *ret)
{
	const struct op_type *type = op_type_strip(value->type);
	if (!leads_to_memory(type))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "only a pointer or a reference leads to something");
	const struct op_type *target = op_type_strip(type->target);
	if (!target || target->kind == OP_TYPE_VOID)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "what a pointer to void leads to has no type: cast it");
	if (target->kind == OP_TYPE_FUNCTION)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "a function has no value: its pointer is an index into a "
				       "table, not an address in memory");
	struct op_source_value part = part_of(value, type->target);
	bool known;
	struct op_error *err = value->place == OP_SOURCE_VALUE_MISSING
				       ? missing_part(value, &part)
				       : pointee(session, frame, value, &part, &known);
	if (err)
		op_source_value_deinit(&part);
	else
		*ret = part;
	return err;
}

struct op_error *op_source_value_element(struct op_session *session, const struct op_frame *frame,
					 const struct op_source_value *value, uint64_t index,
					 struct op_source_value *ret)
{
	const struct op_type *type = op_type_strip(value->type);
	if (!type || (type->kind != OP_TYPE_ARRAY && type->kind != OP_TYPE_POINTER))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "only an array or a pointer has elements");
	const struct op_type *element = op_type_strip(type->target);
	if (!element || !element->has_size)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the size of its elements is not known");
	uint64_t offset;
	if (__builtin_mul_overflow(index, element->size, &offset))
		return op_error_create(OP_ERROR_UNREADABLE,
				       "element %" PRId64 " is outside of any memory",
				       (int64_t)index);
	_cleanup_source_value_ struct op_source_value part = part_of(value, type->target);
	struct op_error *err = NULL;
	if (value->place == OP_SOURCE_VALUE_MISSING) {
		err = missing_part(value, &part);
	} else if (type->kind == OP_TYPE_ARRAY) {
		err = slice(value, offset, element->size, &part);
	} else {
		bool known;
		err = pointee(session, frame, value, &part, &known);
		if (!err && known)
			part.address += offset;
	}
	if (err)
		return err;
	*ret = part;
	part = (struct op_source_value){0};
	return NULL;
}

bool op_source_value_is_known(const struct op_source_value *value, size_t offset, size_t size)
{
	if (value->place != OP_SOURCE_VALUE_BYTES || offset > value->size ||
	    size > value->size - offset)
		return false;
	for (size_t i = 0; value->known && i < size; i++) {
		if (!value->known[offset + i])
			return false;
	}
	return true;
}

// Numbers -------------------------------------------------------------------------------------

static struct op_operand number(const struct op_type *type, uint64_t bits, size_t size)
{
	bool is_unsigned = type->is_unsigned || type->kind == OP_TYPE_BOOL ||
			   type->kind == OP_TYPE_POINTER || type->kind == OP_TYPE_REFERENCE ||
			   type->kind == OP_TYPE_MEMBER_POINTER;
	enum op_value_type wasm = size > 4 ? OP_VALUE_I64 : OP_VALUE_I32;
	if (!is_unsigned)
		bits = op_bits_sign_extend(bits, (unsigned)size * 8);
	return op_operand_integer((int64_t)bits, wasm, is_unsigned);
}

static struct op_operand real(uint64_t bits, size_t size)
{
	struct op_value value = {.type = size == 4 ? OP_VALUE_F32 : OP_VALUE_F64};
	op_operand_store_bits(&value, bits);
	return op_operand_value(&value);
}

static bool is_number(const struct op_type *type)
{
	switch (type ? type->kind : OP_TYPE_VOID) {
	case OP_TYPE_BOOL:
	case OP_TYPE_CHAR:
	case OP_TYPE_INTEGER:
	case OP_TYPE_ENUM:
	case OP_TYPE_POINTER:
	case OP_TYPE_REFERENCE:
	case OP_TYPE_FLOAT:
	case OP_TYPE_MEMBER_POINTER:
		return true;
	default:
		return false;
	}
}

struct op_error *op_source_value_operand(struct op_session *session, const struct op_frame *frame,
					 const struct op_source_value *value,
					 struct op_operand *ret)
{
	const struct op_type *type = op_type_strip(value->type);
	if (!is_number(type))
		return op_error_create(OP_ERROR_UNSUPPORTED, "it is no number");
	_cleanup_source_value_ struct op_source_value copy = {0};
	struct op_error *err = op_source_value_copy(value, &copy);
	bool in_memory = value->place == OP_SOURCE_VALUE_MEMORY && !value->is_bit_field;
	if (!err)
		err = op_source_value_read(session, frame, &copy);
	if (err)
		return err;
	if (copy.place != OP_SOURCE_VALUE_BYTES)
		return op_error_create(OP_ERROR_UNREADABLE, "%s", copy.reason ?: "it is not known");
	if (!op_source_value_is_known(&copy, 0, copy.size))
		return op_error_create(OP_ERROR_UNREADABLE, "a part of it is optimised out");
	bool is_float = type->kind == OP_TYPE_FLOAT;
	if (!copy.size || copy.size > 8 || (is_float && copy.size != 4 && copy.size != 8))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "one cannot calculate with a number of %zu bytes",
				       copy.size);
	uint64_t bits = op_bits_load(copy.bytes, copy.size);
	*ret = is_float ? real(bits, copy.size) : number(type, bits, copy.size);
	ret->result.width = (unsigned)copy.size;
	if (in_memory) {
		ret->result.has_place = true;
		ret->result.guest_memory = value->memory;
		ret->result.guest_offset = value->address;
		ret->result.source = OP_SOURCE_MEMORY;
	}
	return NULL;
}
