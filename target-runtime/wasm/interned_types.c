// SPDX-License-Identifier: GPL-3.0-or-later
// Writes each recursion group in a form that is equal for equal groups (references inside a group
// count from its start, those to other groups are their numbers) and numbers the groups as they
// first appear.
#include "target-runtime/wasm/interned_types.h"

#include <stdlib.h>
#include <string.h>

// Out of memory while adding to a table must not exit: uthash leaves hh.tbl NULL in the element
// then.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "target-runtime/wasm/types.h"

enum {
	SECTION_TYPE = 1,
	TYPE_REC = 0x4e,
	TYPE_SUB_FINAL = 0x4f,
	TYPE_SUB = 0x50,
	TYPE_CONT = 0x5d,
	TYPE_ARRAY = 0x5e,
	TYPE_STRUCT = 0x5f,
	TYPE_FUNC = 0x60,
};

/**
 * A canonical form and the number that it has: of a group's first type, or of a trampoline's
 * function type.
 */
struct form {
	uint32_t number;
	size_t size;
	UT_hash_handle hh;
	char bytes[];
};

struct interner {
	const struct op_wasm_type_def *types;
	uint32_t type_count;
	uint32_t *numbers;  // by index in the type section
	uint32_t next_type; // of the type section
	uint32_t group_start;
	uint32_t next_number;
	struct form *groups, *trampolines;
	struct op_text text; // being written
};

static void forms_destroy(struct form *forms)
{
	struct form *form, *next;
	HASH_ITER(hh, forms, form, next)
	{
		HASH_DEL(forms, form);
		free(form);
	}
}

static void interner_deinit(struct interner *self)
{
	free(self->numbers);
	forms_destroy(self->groups);
	forms_destroy(self->trampolines);
	op_text_deinit(&self->text);
}

/** The form in self->text: its number if it is known, else @p number from now on. */
static struct op_error *intern(struct interner *self, struct form **forms, uint32_t number,
			       uint32_t *ret, bool *ret_is_new)
{
	struct form *found = NULL;
	if (self->text.failed)
		return op_error_no_memory();
	HASH_FIND(hh, *forms, self->text.data, self->text.size, found);
	*ret_is_new = !found;
	if (!found) {
		found = malloc(sizeof(*found) + self->text.size);
		if (!found)
			return op_error_no_memory();
		found->number = number;
		found->size = self->text.size;
		memcpy(found->bytes, self->text.data, self->text.size);
		HASH_ADD(hh, *forms, bytes[0], found->size, found);
		if (!found->hh.tbl) {
			free(found);
			return op_error_no_memory();
		}
	}
	*ret = found->number;
	return NULL;
}

// Writing a group -----------------------------------------------------------------------------

static void write_index(struct interner *self, uint32_t index)
{
	bool inside = index >= self->group_start;
	uint32_t number = inside ? index - self->group_start : self->numbers[index];
	op_text_append_char(&self->text, inside ? 'r' : 'n');
	op_text_append_n(&self->text, (const char *)&number, sizeof(number));
}

static void write_type(struct interner *self, const struct op_wasm_type *type)
{
	op_text_append_char(&self->text, (char)type->code);
	if (type->code != OP_WASM_TYPE_REF)
		return;
	op_text_append_char(&self->text, (char)type->nullable);
	if (type->heap_type >= 0)
		write_index(self, (uint32_t)type->heap_type);
	else
		op_text_append_char(&self->text, (char)type->heap_type);
}

static void write_types(struct interner *self, const struct op_wasm_type *types, uint32_t count)
{
	op_text_append_n(&self->text, (const char *)&count, sizeof(count));
	for (uint32_t i = 0; i < count; i++)
		write_type(self, &types[i]);
}

static void write_composite(struct interner *self, const struct op_wasm_type_def *type)
{
	op_text_append_char(&self->text, (char)type->composite);
	write_types(self, type->params, type->param_count);
	write_types(self, type->results, type->result_count);
	op_text_append_n(&self->text, (const char *)&type->field_count, sizeof(type->field_count));
	for (uint32_t i = 0; i < type->field_count; i++) {
		op_text_append_char(&self->text, (char)type->fields[i].is_mutable);
		write_type(self, &type->fields[i].type);
	}
	if (type->composite == OP_WASM_CONT)
		write_index(self, type->cont_type);
}

// Trampolines ---------------------------------------------------------------------------------

// Heap types by their signed LEB number, and what WasmHeapType::top() makes of them.
static const struct {
	int8_t heap_type, top;
} tops[] = {
	{-0x0b, -0x18}, {-0x0c, -0x17}, {-0x0d, -0x10}, {-0x0e, -0x11}, {-0x0f, -0x12},
	{-0x10, -0x10}, {-0x11, -0x11}, {-0x12, -0x12}, {-0x13, -0x12}, {-0x14, -0x12},
	{-0x15, -0x12}, {-0x16, -0x12}, {-0x17, -0x17}, {-0x18, -0x18},
};

static const int8_t concrete_tops[] = {[OP_WASM_FUNC] = -0x10,
				       [OP_WASM_STRUCT] = -0x12,
				       [OP_WASM_ARRAY] = -0x12,
				       [OP_WASM_CONT] = -0x18};

static int32_t top_of(const struct interner *self, int32_t heap_type)
{
	if (heap_type >= 0)
		return concrete_tops[self->types[heap_type].composite];
	for (size_t i = 0; i < OP_ARRAY_SIZE(tops); i++) {
		if (tops[i].heap_type == heap_type)
			return tops[i].top;
	}
	return heap_type;
}

/** @return whether all types are their own. */
static bool write_tops(struct interner *self, const struct op_wasm_type *types, uint32_t count)
{
	bool same = true;
	op_text_append_n(&self->text, (const char *)&count, sizeof(count));
	for (uint32_t i = 0; i < count; i++) {
		struct op_wasm_type top = types[i];
		if (top.code == OP_WASM_TYPE_REF) {
			top.nullable = true;
			top.heap_type = top_of(self, types[i].heap_type);
			same = same && types[i].nullable && types[i].heap_type == top.heap_type;
		}
		write_type(self, &top);
	}
	return same;
}

/**
 * A function type whose references are not the most general ones has another type for its
 * trampolines, which takes a number of its own.
 */
static struct op_error *add_trampoline(struct interner *self, uint32_t index)
{
	const struct op_wasm_type_def *type = &self->types[index];
	uint32_t number;
	bool is_new;
	op_text_clear(&self->text);
	bool same = write_tops(self, type->params, type->param_count);
	same = write_tops(self, type->results, type->result_count) && same;
	struct op_error *err =
		intern(self, &self->trampolines, same ? self->numbers[index] : self->next_number,
		       &number, &is_new);
	if (!err && is_new && !same)
		self->next_number++;
	return err;
}

// Reading the section -------------------------------------------------------------------------

static struct op_error *skip_types(struct op_reader *r)
{
	uint32_t count;
	struct op_error *err = op_reader_uleb32(r, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		struct op_wasm_type type;
		err = op_wasm_type_read(r, &type);
	}
	return err;
}

static struct op_error *skip_fields(struct op_reader *r, uint32_t count)
{
	struct op_error *err = NULL;
	for (uint32_t i = 0; !err && i < count; i++) {
		struct op_wasm_type type;
		err = op_wasm_storage_type_read(r, &type);
		if (!err)
			err = op_reader_skip(r, 1);
	}
	return err;
}

static struct op_error *skip_composite(struct op_reader *r, uint8_t byte)
{
	uint32_t count;
	int32_t index;
	struct op_error *err;
	switch (byte) {
	case TYPE_FUNC:
		err = skip_types(r);
		return err ? err : skip_types(r);
	case TYPE_STRUCT:
		err = op_reader_uleb32(r, &count);
		return err ? err : skip_fields(r, count);
	case TYPE_ARRAY:
		return skip_fields(r, 1);
	case TYPE_CONT:
		return op_wasm_heap_type_read(r, &index);
	default:
		return op_reader_fail(r, "0x%02x does not start a type that outpost knows", byte);
	}
}

/**
 * What the parsed module does not keep, finality and supertypes, is read; the rest is taken from
 * it.
 */
static struct op_error *sub_type_read(struct interner *self, struct op_reader *r)
{
	uint8_t byte;
	uint32_t supertypes = 0;
	struct op_error *err = op_reader_u8(r, &byte);
	if (err)
		return err;
	if (self->next_type >= self->type_count)
		return op_reader_fail(r, "there are more types than were read before");
	bool is_final = byte != TYPE_SUB;
	op_text_append_char(&self->text, (char)is_final);
	if (byte == TYPE_SUB || byte == TYPE_SUB_FINAL) {
		err = op_reader_uleb32(r, &supertypes);
		for (uint32_t i = 0; !err && i < supertypes; i++) {
			uint32_t index;
			err = op_reader_uleb32(r, &index);
			if (!err && index >= self->next_type)
				return op_reader_fail(
					r, "a supertype is not defined before its subtype");
			if (!err)
				write_index(self, index);
		}
		if (!err)
			err = op_reader_u8(r, &byte);
	}
	op_text_append_char(&self->text, '|');
	if (!err)
		err = skip_composite(r, byte);
	if (!err)
		write_composite(self, &self->types[self->next_type++]);
	return err;
}

/** References to types that are not there yet are only right inside the group. */
static struct op_error *check_type(const struct interner *self, const struct op_reader *r,
				   const struct op_wasm_type *type, uint32_t end)
{
	if (type->code == OP_WASM_TYPE_REF && type->heap_type >= 0 &&
	    (uint32_t)type->heap_type >= end)
		return op_reader_fail(r, "a type refers to one that is defined later");
	return NULL;
}

static struct op_error *check_group(const struct interner *self, const struct op_reader *r,
				    uint32_t start, uint32_t end)
{
	struct op_error *err = NULL;
	for (uint32_t i = start; !err && i < end; i++) {
		const struct op_wasm_type_def *type = &self->types[i];
		for (uint32_t k = 0; !err && k < type->param_count; k++)
			err = check_type(self, r, &type->params[k], end);
		for (uint32_t k = 0; !err && k < type->result_count; k++)
			err = check_type(self, r, &type->results[k], end);
		for (uint32_t k = 0; !err && k < type->field_count; k++)
			err = check_type(self, r, &type->fields[k].type, end);
		if (!err && type->composite == OP_WASM_CONT && type->cont_type >= end)
			return op_reader_fail(
				r, "a continuation refers to a type that is defined later");
	}
	return err;
}

static struct op_error *group_read(struct interner *self, struct op_reader *r)
{
	struct op_reader start = *r;
	uint8_t byte;
	uint32_t count = 1;
	struct op_error *err = op_reader_u8(r, &byte);
	if (err)
		return err;
	if (byte == TYPE_REC)
		err = op_reader_uleb32(r, &count);
	else
		*r = start;
	if (err || count == 0)
		return err;
	if (count > self->type_count - self->next_type)
		return op_reader_fail(r, "a recursion group has more types than there are");
	self->group_start = self->next_type;
	err = check_group(self, r, self->group_start, self->group_start + count);
	op_text_clear(&self->text);
	for (uint32_t i = 0; !err && i < count; i++)
		err = sub_type_read(self, r);
	uint32_t number;
	bool is_new;
	if (!err)
		err = intern(self, &self->groups, self->next_number, &number, &is_new);
	if (err)
		return err;
	for (uint32_t i = 0; i < count; i++)
		self->numbers[self->group_start + i] = number + i;
	if (!is_new)
		return NULL;
	self->next_number += count;
	for (uint32_t i = self->group_start; !err && i < self->group_start + count; i++) {
		if (self->types[i].composite == OP_WASM_FUNC)
			err = add_trampoline(self, i);
	}
	return err;
}

static struct op_error *section_read(struct interner *self, const struct op_wasm_module *module)
{
	struct op_reader r = op_reader(op_wasm_module_bytes(module)), section;
	struct op_error *err = op_reader_skip(&r, 8);
	while (!err && op_reader_left(&r)) {
		uint8_t id;
		uint32_t size, groups;
		err = op_reader_u8(&r, &id);
		if (!err)
			err = op_reader_uleb32(&r, &size);
		if (!err)
			err = op_reader_sub(&r, size, &section);
		if (err || id != SECTION_TYPE)
			continue;
		err = op_reader_uleb32(&section, &groups);
		for (uint32_t i = 0; !err && i < groups; i++)
			err = group_read(self, &section);
		return err;
	}
	return err;
}

struct op_error *op_wasm_interned_types(const struct op_wasm_module *module, uint32_t **ret,
					uint32_t *ret_total)
{
	_cleanup_(interner_deinit) struct interner self = {0};
	*ret = NULL;
	*ret_total = 0;
	self.types = op_wasm_module_types(module, &self.type_count);
	if (self.type_count == 0)
		return NULL;
	self.numbers = calloc(self.type_count, sizeof(*self.numbers));
	if (!self.numbers)
		return op_error_no_memory();
	struct op_error *err = section_read(&self, module);
	if (err)
		return err;
	*ret_total = self.next_number;
	*ret = op_take(self.numbers);
	return NULL;
}
