// SPDX-License-Identifier: GPL-3.0-or-later
// What one unit only declares and another defines: clang writes a class where its constructor is,
// C programs hide structs behind pointers.
#include <string.h>

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/type_private.h"

// The whole name from the outside in: another type whose name ends like it is another type.
static void definition_name(const struct op_type *type, struct op_text *text)
{
	bool is_enum = type->kind == OP_TYPE_ENUM;
	op_text_printf(text, "%s ::%s", is_enum ? "enum" : type->keyword ?: "struct", type->name);
}

static struct op_error *find_definition(struct op_type_record *record)
{
	const struct op_type *type = &record->type, *definition;
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	struct op_die die;
	bool found;
	record->definition_searched = true;
	if (!type->name)
		return NULL;
	definition_name(type, &name);
	if (name.failed)
		return op_error_no_memory();
	struct op_error *err =
		op_debug_type_named(record->info, NULL, 0, name.data, name.size, &found, &die);
	if (err || !found)
		return err;
	err = op_debug_type(record->info, die, &definition);
	// Only declarations everywhere, or a name that means something else there.
	if (!err && !definition->is_declaration && definition->kind == type->kind)
		record->definition = definition;
	return err;
}

static void take_definition(struct op_type_record *record)
{
	struct op_type *type = &record->type;
	const struct op_type *definition = record->definition;
	type->is_declaration = false;
	type->keyword = definition->keyword;
	type->scope_size = definition->scope_size;
	type->size = definition->size;
	type->has_size = definition->has_size;
	type->is_unsigned = definition->is_unsigned;
	type->is_tuple = definition->is_tuple;
	if (definition->kind == OP_TYPE_ENUM)
		type->target = definition->target;
}

struct op_error *op_type_settle(const struct op_type *type)
{
	struct op_type_record *outer[OP_DWARF_DEPTH_MAX];
	size_t count = 0;
	while (type && (type->kind == OP_TYPE_TYPEDEF || type->kind == OP_TYPE_QUALIFIED ||
			type->kind == OP_TYPE_ARRAY)) {
		if (count == OP_DWARF_DEPTH_MAX)
			return NULL;
		outer[count++] = op_type_record(type);
		type = type->target;
	}
	struct op_type_record *record = type ? op_type_record(type) : NULL;
	if (!record || (!type->is_declaration && !record->definition))
		return NULL;
	struct op_error *err = record->definition_searched ? NULL : find_definition(record);
	if (err || !record->definition)
		return err;
	take_definition(record);
	while (count)
		op_type_size_again(outer[--count]);
	return NULL;
}
