// SPDX-License-Identifier: GPL-3.0-or-later
// Types that expressions make of others: pointers to them, arrays of them, the same unchangeable.
#include "target-runtime/dwarf/type_private.h"

struct op_error *op_type_pointer_to(struct op_debug_info *info, const struct op_type *target,
				    const struct op_type **ret)
{
	struct op_type_record *record;
	bool is_new;
	if (target && target->kind == OP_TYPE_VOID && !target->internal)
		target = NULL;
	struct op_error *err = op_type_derived(info, OP_TYPE_POINTER, target, 0, &record, &is_new);
	if (err)
		return err;
	if (is_new) {
		Dwarf_Die die;
		bool known = target && op_debug_die(info, target->die, &die);
		if (!known)
			known = info->units.count && op_debug_unit_die(info, 0, &die);
		record->type.size = known ? op_type_address_size(&die) : 4;
		record->type.has_size = true;
		record->type.is_unsigned = true;
		record->type.completed = true;
	}
	*ret = &record->type;
	return NULL;
}

struct op_error *op_type_const_of(struct op_debug_info *info, const struct op_type *target,
				  const struct op_type **ret)
{
	struct op_type_record *record;
	bool is_new;
	struct op_error *err =
		op_type_derived(info, OP_TYPE_QUALIFIED, target, 0, &record, &is_new);
	if (err)
		return err;
	if (is_new) {
		record->type.keyword = "const";
		op_type_size_again(record);
	}
	*ret = &record->type;
	return NULL;
}

struct op_error *op_type_array_of(struct op_debug_info *info, const struct op_type *element,
				  uint64_t count, const struct op_type **ret)
{
	struct op_type_record *record;
	bool is_new;
	struct op_error *err =
		op_type_derived(info, OP_TYPE_ARRAY, element, count, &record, &is_new);
	if (err)
		return err;
	if (is_new) {
		record->type.has_count = true;
		op_type_size_again(record);
	}
	*ret = &record->type;
	return NULL;
}
