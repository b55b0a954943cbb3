// SPDX-License-Identifier: GPL-3.0-or-later
// See source_dynamic.h. Itanium C++ ABI, 2.5.2 and 2.9: in front of what a vtable pointer points to
// are the class's std::type_info and the distance to the object's start; a type_info is its own
// vtable pointer and the mangled name. All of it is the guest's memory, and believed only where
// the class that comes of it has the static type as a base at just that place.
#include "tracer/source_dynamic.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/demangle.h"
#include "tracer/expression_guest.h"
#include "tracer/source_bits.h"

enum {
	DEPTH_MAX = 32,   // levels of bases
	BASES_MAX = 4096, // bases of one class, and of its bases
	/** Bytes of the pointer to a vtable that has virtual bases, as source_value.c reads it. */
	VIRTUAL_WORD = 4,
	NAME_MAX_SIZE = 1024,
	NAME_PART = 64,
};

struct reading {
	struct op_session *session;
	const struct op_frame *frame;
	const struct op_source_value *value;
	unsigned pointer_size;
};

static struct op_error *complete(const struct op_source_value *value, const struct op_type *type)
{
	return type->completed ? NULL : op_type_complete(value->info, type);
}

/** Where a vtable pointer is in a class. */
struct table_pointer {
	uint64_t offset;
	uint64_t size; // 0: there is none
	unsigned left; // bases that are still looked at
};

// The class's first vtable pointer. One with a virtual base has it at its start, and where the base
// shares it no member of its own says so.
static struct op_error *find_pointer(const struct op_source_value *value,
				     const struct op_type *type, uint64_t offset, unsigned depth,
				     struct table_pointer *ret)
{
	struct op_error *err = complete(value, type);
	for (size_t i = 0; !err && !ret->size && i < type->member_count; i++) {
		const struct op_type_member *member = &type->members[i];
		const struct op_type *base = member->is_base ? op_type_strip(member->type) : NULL;
		const struct op_type *word = op_type_strip(member->type);
		if (member->is_virtual_base)
			*ret = (struct table_pointer){.offset = offset, .size = VIRTUAL_WORD};
		else if (member->is_artificial && word && member->name &&
			 !strncmp(member->name, "_vptr", 5))
			*ret = (struct table_pointer){.offset = offset + member->offset,
						      .size = word->size};
		if (ret->size || !base || base->kind != OP_TYPE_STRUCT || !depth || !ret->left)
			continue;
		ret->left--;
		err = find_pointer(value, base, offset + member->offset, depth - 1, ret);
	}
	return err;
}

static struct op_error *read_word(const struct reading *reading, uint64_t address, uint64_t *ret)
{
	uint8_t bytes[8] = {0};
	struct op_error *err =
		op_session_read_memory(reading->session, reading->frame, reading->value->memory,
				       address, bytes, reading->pointer_size);
	*ret = op_bits_load(bytes, reading->pointer_size);
	return err;
}

// Up to its NUL, which may be the last byte of memory.
static struct op_error *read_name(const struct reading *reading, uint64_t address, char *ret)
{
	size_t part = NAME_PART;
	for (size_t at = 0; at + part < NAME_MAX_SIZE;) {
		struct op_error *err = op_session_read_memory(reading->session, reading->frame,
							      reading->value->memory, address + at,
							      ret + at, part);
		if (err && part > 1 && !op_source_is_fatal(err)) {
			op_error_destroy(err);
			part = 1;
			continue;
		}
		if (err || memchr(ret + at, 0, part))
			return err;
		at += part;
	}
	return op_error_create(OP_ERROR_LIMIT, "the name of a class is too long");
}

/** The name of the object's class, and how far its start is below the vtable pointer. */
static struct op_error *read_class(const struct reading *reading, uint64_t at, char **ret_name,
				   int64_t *ret_distance)
{
	static const char says[] = "typeinfo name for ";
	uint64_t table = 0, info = 0, distance = 0, name = 0;
	unsigned size = reading->pointer_size;
	char mangled[4 + NAME_MAX_SIZE] = "_ZTS";
	struct op_error *err = read_word(reading, at, &table);
	if (!err)
		err = read_word(reading, table - size, &info);
	if (!err)
		err = read_word(reading, table - 2 * size, &distance);
	if (!err)
		err = read_word(reading, info + size, &name);
	if (!err)
		err = read_name(reading, name, mangled + 4);
	if (err)
		return err;
	*ret_distance = (int64_t)op_bits_sign_extend(distance, size * 8);
	_cleanup_free_ char *plain = op_demangle(mangled, true);
	if (!plain || strncmp(plain, says, sizeof(says) - 1))
		return op_error_create(OP_ERROR_FORMAT,
				       "what should be the name of a class is none");
	*ret_name = strdup(plain + sizeof(says) - 1);
	return *ret_name ? NULL : op_error_no_memory();
}

/** A search for a part of an object at an address. */
struct part {
	const struct op_type *type;
	uint64_t address;
	unsigned left; // bases that are still looked at
};

// Whether an object is that part, or has it as a base. Where a virtual base is its vtable says.
static struct op_error *has_part(const struct reading *reading,
				 const struct op_source_value *object, struct part *part,
				 unsigned depth, bool *ret)
{
	const struct op_type *type = op_type_strip(object->type);
	*ret = object->address == part->address && op_type_same(type, part->type);
	if (*ret || !type || type->kind != OP_TYPE_STRUCT || !depth)
		return NULL;
	struct op_error *err = complete(object, type);
	for (size_t i = 0; !err && !*ret && i < type->member_count && part->left; i++) {
		if (!type->members[i].is_base)
			continue;
		part->left--;
		_cleanup_source_value_ struct op_source_value base = {0};
		err = op_source_value_member(reading->session, reading->frame, object,
					     &type->members[i], &base);
		if (!err && base.place == OP_SOURCE_VALUE_MEMORY)
			err = has_part(reading, &base, part, depth - 1, ret);
	}
	return err;
}

// The class of that name; *ret NULL: there is none.
static struct op_error *class_named(const struct op_source_value *value, const char *name,
				    const struct op_type **ret)
{
	struct op_die die;
	bool found = false;
	const struct op_type *type = NULL;
	*ret = NULL;
	struct op_error *err =
		op_debug_type_named(value->info, NULL, 0, name, strlen(name), &found, &die);
	if (!err && found)
		err = op_debug_type(value->info, die, &type);
	// "Circle" would find one in any namespace.
	if (!err && type && type->kind == OP_TYPE_STRUCT && type->has_size && type->name &&
	    !strcmp(type->name, name))
		*ret = type;
	return err;
}

static struct op_error *find_whole(struct reading *reading, const struct op_type *part,
				   const struct op_type **ret, uint64_t *ret_address)
{
	const struct op_source_value *value = reading->value;
	struct table_pointer pointer = {.left = BASES_MAX};
	_cleanup_free_ char *name = NULL;
	int64_t distance = 0;
	bool fits = false;
	*ret = NULL;
	struct op_error *err = find_pointer(value, part, 0, DEPTH_MAX, &pointer);
	if (err || (pointer.size != 4 && pointer.size != 8))
		return err;
	reading->pointer_size = (unsigned)pointer.size;
	err = read_class(reading, value->address + pointer.offset, &name, &distance);
	const struct op_type *whole = NULL;
	if (!err)
		err = class_named(value, name, &whole);
	*ret_address = value->address + pointer.offset + (uint64_t)distance;
	struct op_source_value object = {.info = value->info,
					 .type = whole,
					 .place = OP_SOURCE_VALUE_MEMORY,
					 .memory = value->memory,
					 .address = *ret_address};
	struct part wanted = {part, value->address, BASES_MAX};
	if (!err && whole && *ret_address <= value->address)
		err = has_part(reading, &object, &wanted, DEPTH_MAX, &fits);
	if (!err && fits)
		*ret = whole;
	return err;
}

struct op_error *op_source_value_dynamic(struct op_session *session, const struct op_frame *frame,
					 struct op_source_value *value)
{
	const struct op_type *type = op_type_strip(value->type), *whole;
	bool is_class =
		type && type->kind == OP_TYPE_STRUCT && type->language == OP_LANGUAGE_CPLUSPLUS;
	uint64_t address;
	bool has_address = value->place == OP_SOURCE_VALUE_MEMORY ||
			   (value->place == OP_SOURCE_VALUE_BYTES && value->has_address);
	if (!is_class || !value->info || !has_address || value->is_bit_field)
		return NULL;
	struct reading reading = {.session = session, .frame = frame, .value = value};
	struct op_error *err = find_whole(&reading, type, &whole, &address);
	if (err && op_source_is_fatal(err))
		return err;
	op_error_destroy(err);
	if (err || !whole || op_type_same(whole, type))
		return NULL;
	free(op_take(value->bytes));
	free(op_take(value->known));
	value->place = OP_SOURCE_VALUE_MEMORY;
	value->type = whole;
	value->address = address;
	return NULL;
}
