// SPDX-License-Identifier: GPL-3.0-or-later
// Location lists: DWARF 5, 2.6.2 and 7.7.3; DWARF 4, 2.6.2. Knows no expressions.
#include "target-runtime/dwarf/location_list.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 1 << 16 };

void op_location_found_deinit(struct op_location_found *found)
{
	free(found->ranges.data);
	*found = (struct op_location_found){0};
}

struct op_error *op_location_unit_of(struct op_debug_info *info, Dwarf_Die *die,
				     struct op_location_unit *ret)
{
	Dwarf_Die root;
	Dwarf_Half version = 0;
	Dwarf_Attribute attribute;
	Dwarf_Word word;
	Dwarf_Addr low;
	uint8_t size = 4, offset_size = 4;
	*ret = (struct op_location_unit){.info = info};
	if (!dwarf_diecu(die, &root, &size, &offset_size) ||
	    dwarf_cu_info(die->cu, &version, NULL, NULL, NULL, NULL, NULL, NULL) != 0)
		return op_error_create(OP_ERROR_FORMAT, "its unit cannot be read");
	ret->start = op_die_of(&root).offset - dwarf_cuoffset(&root);
	ret->version = version;
	ret->address_size = size == 8 ? 8 : 4;
	if (dwarf_lowpc(&root, &low) == 0)
		ret->base = low;
	ret->offset_size = offset_size == 8 ? 8 : 4;
	// Behind the headers of the sections' first parts, when nothing says otherwise.
	ret->addresses = 8;
	ret->lists = ret->offset_size == 8 ? 20 : 12;
	if (dwarf_attr(&root, DW_AT_loclists_base, &attribute) &&
	    dwarf_formudata(&attribute, &word) == 0)
		ret->lists = word;
	if ((dwarf_attr(&root, DW_AT_addr_base, &attribute) ||
	     dwarf_attr(&root, DW_AT_GNU_addr_base, &attribute)) &&
	    dwarf_formudata(&attribute, &word) == 0)
		ret->addresses = word;
	return NULL;
}

static struct op_error *read_address(struct op_reader *r, unsigned size, uint64_t *ret)
{
	uint32_t small = 0;
	if (size == 8)
		return op_reader_u64(r, ret);
	struct op_error *err = op_reader_u32(r, &small);
	*ret = small;
	return err;
}

struct op_error *op_location_address(const struct op_location_unit *unit, uint64_t index,
				     uint64_t *ret)
{
	const struct op_bytes *section = &unit->info->source.sections[OP_DEBUG_ADDR];
	uint64_t offset;
	*ret = 0;
	if (__builtin_mul_overflow(index, unit->address_size, &offset) ||
	    __builtin_add_overflow(offset, unit->addresses, &offset) || offset > section->size)
		return op_error_create(OP_ERROR_FORMAT, "address %" PRIu64 " is not in .debug_addr",
				       index);
	struct op_reader r = op_reader(section);
	struct op_error *err = op_reader_seek(&r, (size_t)offset);
	return err ?: read_address(&r, unit->address_size, ret);
}

struct op_error *op_location_list_offset(const struct op_location_unit *unit, uint64_t index,
					 uint64_t *ret)
{
	const struct op_bytes *section = &unit->info->source.sections[OP_DEBUG_LOCLISTS];
	uint64_t at;
	*ret = 0;
	if (__builtin_mul_overflow(index, unit->offset_size, &at) ||
	    __builtin_add_overflow(at, unit->lists, &at) || at > section->size)
		return op_error_create(OP_ERROR_FORMAT,
				       "location list %" PRIu64 " is not in .debug_loclists",
				       index);
	struct op_reader r = op_reader(section);
	uint64_t offset = 0;
	struct op_error *err = op_debug_need(&unit->info->source, OP_DEBUG_LOCLISTS, 0, UINT64_MAX);
	if (!err)
		err = op_reader_seek(&r, (size_t)at);
	if (!err)
		err = read_address(&r, unit->offset_size, &offset);
	if (!err && __builtin_add_overflow(offset, unit->lists, ret))
		err = op_reader_fail(&r, "the offset of a location list is too large");
	return err;
}

// One entry as all versions have them.
struct entry {
	enum {
		ENTRY_END,
		ENTRY_BASE,    // base becomes low
		ENTRY_PAIR,    // low and high count from the base
		ENTRY_RANGE,   // low and high are addresses
		ENTRY_DEFAULT, // where no other entry says anything
		ENTRY_NOTHING, // says nothing of locations
	} kind;
	uint64_t low, high;
	struct op_bytes expression;
};

static struct op_error *read_expression(struct op_reader *r, uint64_t size, struct entry *ret)
{
	ret->expression = (struct op_bytes){.what = "expression"};
	if (size > op_reader_left(r))
		return op_reader_fail(r, "an expression of %" PRIu64 " bytes does not fit", size);
	ret->expression.size = (size_t)size;
	return op_reader_bytes(r, (size_t)size, &ret->expression.data);
}

// DWARF 2 to 4: two addresses, and a size of two bytes.
static struct op_error *read_old(const struct op_location_unit *unit, struct op_reader *r,
				 struct entry *ret)
{
	uint64_t highest = unit->address_size == 8 ? UINT64_MAX : UINT32_MAX;
	uint16_t size;
	struct op_error *err = read_address(r, unit->address_size, &ret->low);
	if (!err)
		err = read_address(r, unit->address_size, &ret->high);
	if (err)
		return err;
	if (ret->low == highest) {
		ret->kind = ENTRY_BASE;
		ret->low = ret->high;
		return NULL;
	}
	ret->kind = ret->low || ret->high ? ENTRY_PAIR : ENTRY_END;
	if (ret->kind == ENTRY_END)
		return NULL;
	err = op_reader_u16(r, &size);
	return err ?: read_expression(r, size, ret);
}

// The operands of an entry of DWARF 5.
enum operand {
	OPERAND_NONE,
	OPERAND_INDEX, // of an address
	OPERAND_ADDRESS,
	OPERAND_NUMBER,
	OPERAND_LENGTH, // behind the first
};
enum { LLE_GNU_VIEW_PAIR = 9 };
static const struct {
	int kind;
	enum operand low, high;
	bool has_expression;
} new_entries[] = {
	[DW_LLE_end_of_list] = {ENTRY_END, OPERAND_NONE, OPERAND_NONE, false},
	[DW_LLE_base_addressx] = {ENTRY_BASE, OPERAND_INDEX, OPERAND_NONE, false},
	[DW_LLE_startx_endx] = {ENTRY_RANGE, OPERAND_INDEX, OPERAND_INDEX, true},
	[DW_LLE_startx_length] = {ENTRY_RANGE, OPERAND_INDEX, OPERAND_LENGTH, true},
	[DW_LLE_offset_pair] = {ENTRY_PAIR, OPERAND_NUMBER, OPERAND_NUMBER, true},
	[DW_LLE_default_location] = {ENTRY_DEFAULT, OPERAND_NONE, OPERAND_NONE, true},
	[DW_LLE_base_address] = {ENTRY_BASE, OPERAND_ADDRESS, OPERAND_NONE, false},
	[DW_LLE_start_end] = {ENTRY_RANGE, OPERAND_ADDRESS, OPERAND_ADDRESS, true},
	[DW_LLE_start_length] = {ENTRY_RANGE, OPERAND_ADDRESS, OPERAND_LENGTH, true},
	[LLE_GNU_VIEW_PAIR] = {ENTRY_NOTHING, OPERAND_NUMBER, OPERAND_NUMBER, false},
};

static struct op_error *read_operand(const struct op_location_unit *unit, struct op_reader *r,
				     enum operand operand, uint64_t low, uint64_t *ret)
{
	struct op_error *err = NULL;
	switch (operand) {
	case OPERAND_NONE:
		return NULL;
	case OPERAND_ADDRESS:
		return read_address(r, unit->address_size, ret);
	case OPERAND_INDEX:
		err = op_reader_uleb64(r, ret);
		return err ?: op_location_address(unit, *ret, ret);
	case OPERAND_NUMBER:
		return op_reader_uleb64(r, ret);
	case OPERAND_LENGTH:
		err = op_reader_uleb64(r, ret);
		if (!err && __builtin_add_overflow(*ret, low, ret))
			return op_reader_fail(r, "a range goes beyond all addresses");
		return err;
	}
	return err;
}

static struct op_error *read_new(const struct op_location_unit *unit, struct op_reader *r,
				 struct entry *ret)
{
	uint8_t kind;
	uint64_t size;
	struct op_error *err = op_reader_u8(r, &kind);
	if (!err && kind >= OP_ARRAY_SIZE(new_entries))
		return op_reader_fail(r, "entries of kind %" PRIu8 " are not known", kind);
	if (err)
		return err;
	ret->kind = new_entries[kind].kind;
	err = read_operand(unit, r, new_entries[kind].low, 0, &ret->low);
	if (!err)
		err = read_operand(unit, r, new_entries[kind].high, ret->low, &ret->high);
	if (err || !new_entries[kind].has_expression)
		return err;
	err = op_reader_uleb64(r, &size);
	return err ?: read_expression(r, size, ret);
}

static struct op_error *take(const struct op_location_unit *unit, const struct entry *entry,
			     uint32_t pc, struct op_location_found *ret)
{
	struct op_location_range range;
	// Dead code's lists are kept; it has the addresses 0 or -1.
	if (entry->low >= entry->high || !op_debug_pc(unit->info, entry->low, &range.low_pc) ||
	    !op_debug_pc(unit->info, entry->high, &range.high_pc))
		return NULL;
	if (pc >= range.low_pc && pc < range.high_pc) {
		ret->found = true;
		ret->expression = entry->expression;
		ret->here = range;
		return NULL;
	}
	// No expression: it is said to be optimised out there.
	if (!entry->expression.size)
		return NULL;
	return op_array_push(&ret->ranges, range) ? NULL : op_error_no_memory();
}

struct op_error *op_location_list_find(const struct op_location_unit *unit, uint64_t offset,
				       uint32_t pc, struct op_location_found *ret)
{
	bool is_new = unit->version >= 5;
	enum op_debug_section lists = is_new ? OP_DEBUG_LOCLISTS : OP_DEBUG_LOC;
	const struct op_bytes *section = &unit->info->source.sections[lists];
	uint64_t base = unit->base;
	struct entry fallback = {.kind = ENTRY_NOTHING};
	*ret = (struct op_location_found){0};
	if (offset > section->size)
		return op_error_create(OP_ERROR_FORMAT,
				       "its location list is at 0x%" PRIx64 ", outside of %s",
				       offset, is_new ? ".debug_loclists" : ".debug_loc");
	struct op_reader r = op_reader(section);
	struct op_error *err = op_debug_need(&unit->info->source, lists, 0, UINT64_MAX);
	if (!err)
		err = op_reader_seek(&r, (size_t)offset);
	for (unsigned count = 0; !err && !ret->found; count++) {
		struct entry entry = {.kind = ENTRY_END};
		if (count == ENTRIES_MAX)
			return op_reader_fail(&r, "a location list has too many entries");
		err = is_new ? read_new(unit, &r, &entry) : read_old(unit, &r, &entry);
		if (err || entry.kind == ENTRY_END)
			break;
		if (entry.kind == ENTRY_BASE)
			base = entry.low;
		if (entry.kind == ENTRY_DEFAULT)
			fallback = entry;
		if (entry.kind == ENTRY_PAIR) {
			// Sums wrap as addresses do: what is dead stays outside of the code.
			entry.low += base;
			entry.high += base;
		}
		if (entry.kind == ENTRY_PAIR || entry.kind == ENTRY_RANGE)
			err = take(unit, &entry, pc, ret);
	}
	if (!err && !ret->found && fallback.kind == ENTRY_DEFAULT) {
		ret->found = true;
		ret->expression = fallback.expression;
	}
	return err;
}
