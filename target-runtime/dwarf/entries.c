// SPDX-License-Identifier: GPL-3.0-or-later
// Abbreviations and the walk over a unit's entries (DWARF 5, 7.5). Every byte goes through the
// bounded reader; a unit's entries end where its header says.
#include "target-runtime/dwarf/entries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/dwarf_private.h"

enum {
	ASK_CANCEL_EVERY = 1 << 16,
};

void op_abbreviations_deinit(struct op_abbreviations *abbreviations)
{
	free(abbreviations->items.data);
	free(abbreviations->forms.data);
	*abbreviations = (struct op_abbreviations){0};
}

static bool is_wanted(unsigned tag)
{
	switch (tag) {
	case DW_TAG_compile_unit:
	case DW_TAG_partial_unit:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_enumerator:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
	case DW_TAG_template_alias:
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_variable:
	case DW_TAG_member:
		return true;
	default:
		return false;
	}
}

// Bytes of a form that is always as long; UINT32_MAX: it is not.
static uint32_t fixed_size(unsigned form, unsigned version, unsigned address_size)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
	case DW_FORM_strp_sup:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return address_size;
	case DW_FORM_ref_addr:
		return version == 2 ? address_size : 4;
	default:
		return UINT32_MAX;
	}
}

// One declaration; *ret_end at the code 0 that ends them.
static struct op_error *read_abbreviation(struct op_abbreviations *table, struct op_reader *r,
					  bool *ret_end)
{
	struct op_abbreviation item = {.first = (uint32_t)table->forms.count};
	struct op_error *err = op_reader_uleb32(r, &item.code);
	*ret_end = !err && !item.code;
	if (err || *ret_end)
		return err;
	uint32_t tag;
	uint8_t children;
	err = op_reader_uleb32(r, &tag);
	if (!err)
		err = op_reader_u8(r, &children);
	while (!err) {
		uint32_t attribute, form;
		int64_t implicit;
		err = op_reader_uleb32(r, &attribute);
		if (!err)
			err = op_reader_uleb32(r, &form);
		if (!err && form == DW_FORM_implicit_const)
			err = op_reader_sleb64(r, &implicit);
		if (err || (!attribute && !form))
			break;
		if (attribute > UINT16_MAX || form > UINT16_MAX)
			return op_reader_fail(
				r, "an abbreviation has attribute 0x%" PRIx32 " of form 0x%" PRIx32,
				attribute, form);
		table->foreign |= form == DW_FORM_ref_addr || form == DW_FORM_ref_sig8 ||
				  form == DW_FORM_indirect;
		uint32_t size = fixed_size(form, table->version, table->address_size);
		item.fixed_size = size == UINT32_MAX || item.fixed_size == UINT32_MAX
					  ? UINT32_MAX
					  : item.fixed_size + size;
		struct op_abbreviation_form pair = {(uint16_t)attribute, (uint16_t)form};
		if (!op_array_push(&table->forms, pair))
			return op_error_no_memory();
		if (tag == DW_TAG_inlined_subroutine && attribute == DW_AT_abstract_origin &&
		    form == DW_FORM_ref_addr)
			table->foreign_inlined = true;
	}
	if (err)
		return err;
	item.tag = tag > UINT16_MAX ? 0 : (uint16_t)tag;
	item.wanted = is_wanted(item.tag);
	item.has_children = children;
	item.count = (uint32_t)table->forms.count - item.first;
	return op_array_push(&table->items, item) ? NULL : op_error_no_memory();
}

static int compare_codes(const void *a, const void *b)
{
	const struct op_abbreviation *x = a, *y = b;
	return x->code < y->code ? -1 : x->code > y->code;
}

static struct op_error *read_abbreviations(struct op_abbreviations *table,
					   const struct op_bytes *section, uint32_t offset,
					   unsigned version, unsigned address_size)
{
	if (table->known && table->offset == offset && table->version == version &&
	    table->address_size == address_size)
		return NULL;
	table->known = table->foreign_inlined = table->foreign = false;
	table->items.count = table->forms.count = 0;
	table->offset = offset;
	table->version = version;
	table->address_size = address_size;
	struct op_reader r = op_reader(section);
	struct op_error *err = op_reader_seek(&r, offset);
	for (bool end = false; !err && !end;)
		err = read_abbreviation(table, &r, &end);
	if (err)
		return err;
	// Compilers number them from 1 in order; only others need sorting.
	bool sorted = true;
	for (size_t i = 1; i < table->items.count; i++)
		sorted &= table->items.data[i - 1].code < table->items.data[i].code;
	if (!sorted)
		qsort(table->items.data, table->items.count, sizeof(*table->items.data),
		      compare_codes);
	table->known = true;
	return NULL;
}

static const struct op_abbreviation *find_abbreviation(const struct op_abbreviations *table,
						       uint32_t code)
{
	size_t count = table->items.count;
	if (code - 1 < count && table->items.data[code - 1].code == code)
		return &table->items.data[code - 1];
	struct op_abbreviation wanted = {.code = code};
	return count ? bsearch(&wanted, table->items.data, count, sizeof(wanted), compare_codes)
		     : NULL;
}

struct op_error *op_entries_open(struct op_debug_info *info, size_t unit,
				 struct op_abbreviations *abbreviations, struct op_entries *ret)
{
	const struct op_debug_unit *header = &info->units.data[unit];
	*ret = (struct op_entries){.info = info, .abbreviations = abbreviations};
	ret->version = header->version;
	// The entry behind the header, whose size the version gives: only compilation units are
	// listed.
	ret->start = (uint32_t)header->die.offset - (ret->version >= 5 ? 12 : 11);
	struct op_reader r = op_reader(&info->source.sections[OP_DEBUG_INFO]);
	uint32_t length, offset = 0;
	uint8_t type, address_size = 4;
	struct op_error *err =
		op_debug_need(&info->source, OP_DEBUG_INFO, ret->start, header->end - ret->start);
	if (!err)
		err = op_reader_seek(&r, ret->start);
	if (!err)
		err = op_reader_u32(&r, &length);
	// What the references count from is the header, so the reader keeps the section's offsets.
	if (!err)
		err = op_reader_sub(&r, length, &ret->reader);
	if (!err)
		err = op_reader_skip(&ret->reader, 2);
	if (!err && ret->version >= 5)
		err = op_reader_u8(&ret->reader, &type);
	if (!err && ret->version >= 5)
		err = op_reader_u8(&ret->reader, &address_size);
	if (!err)
		err = op_reader_u32(&ret->reader, &offset);
	if (!err && ret->version < 5)
		err = op_reader_u8(&ret->reader, &address_size);
	if (err)
		return err;
	ret->address_size = address_size;
	ret->strings_base = 8;
	return read_abbreviations(abbreviations, &info->source.sections[OP_DEBUG_ABBREV], offset,
				  ret->version, address_size);
}

// Attributes ---------------------------------------------------------------------------------

// The number in a form that has one, or the offset of its bytes; the reader moves past it.
static struct op_error *read_form(struct op_entries *entries, unsigned form, uint64_t *ret)
{
	struct op_reader *r = &entries->reader;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32 = 0;
	int64_t signed_value;
	struct op_error *err;
	*ret = 0;
	if (form == DW_FORM_indirect) {
		err = op_reader_uleb32(r, &form);
		// One more of these, or a constant that stands in the abbreviation, means nothing.
		if (err || form == DW_FORM_indirect || form == DW_FORM_implicit_const)
			return err ? err : op_reader_fail(r, "an indirect form is indirect again");
	}
	uint32_t size = fixed_size(form, entries->version, entries->address_size);
	switch (size) {
	case 0:
		return NULL;
	case 1:
		err = op_reader_u8(r, &u8);
		*ret = err ? 0 : u8;
		return err;
	case 2:
		err = op_reader_u16(r, &u16);
		*ret = err ? 0 : u16;
		return err;
	case 3:
		err = op_reader_u16(r, &u16);
		if (!err)
			err = op_reader_u8(r, &u8);
		*ret = err ? 0 : (uint32_t)u8 << 16 | u16;
		return err;
	case 4:
		err = op_reader_u32(r, &u32);
		*ret = u32;
		return err;
	case 8:
		return op_reader_u64(r, ret);
	case 16:
		return op_reader_skip(r, size);
	default:
		break;
	}
	switch (form) {
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
		return op_reader_uleb64(r, ret);
	case DW_FORM_sdata:
		return op_reader_sleb64(r, &signed_value);
	case DW_FORM_string: {
		*ret = op_reader_offset(r);
		const uint8_t *end = memchr(r->pos, 0, op_reader_left(r));
		if (!end)
			return op_reader_fail(r, "a string does not end in its unit");
		return op_reader_skip(r, (size_t)(end - r->pos) + 1);
	}
	case DW_FORM_block:
	case DW_FORM_exprloc:
		err = op_reader_uleb32(r, &u32);
		break;
	case DW_FORM_block1:
		err = op_reader_u8(r, &u8);
		u32 = err ? 0 : u8;
		break;
	case DW_FORM_block2:
		err = op_reader_u16(r, &u16);
		u32 = err ? 0 : u16;
		break;
	case DW_FORM_block4:
		err = op_reader_u32(r, &u32);
		break;
	default:
		return op_reader_fail(r, "form 0x%x is not known", form);
	}
	return err ? err : op_reader_skip(r, u32);
}

static const char *string_of(const struct op_entries *entries, unsigned form, uint64_t value)
{
	const struct op_debug_source *source = &entries->info->source;
	switch (form) {
	case DW_FORM_string:
		return op_debug_text(source, OP_DEBUG_INFO, value, OP_DWARF_TEXT_MAX);
	case DW_FORM_strp:
		return op_debug_text(source, OP_DEBUG_STR, value, OP_DWARF_TEXT_MAX);
	case DW_FORM_line_strp:
		return op_debug_text(source, OP_DEBUG_LINE_STR, value, OP_DWARF_TEXT_MAX);
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4: {
		const struct op_bytes *offsets = &source->sections[OP_DEBUG_STR_OFFSETS];
		if (value > UINT32_MAX || entries->strings_base > offsets->size ||
		    offsets->size - entries->strings_base < 4 * (value + 1))
			return NULL;
		return op_debug_text(
			source, OP_DEBUG_STR,
			op_load_u32_unchecked(offsets->data + entries->strings_base + 4 * value),
			OP_DWARF_TEXT_MAX);
	}
	default:
		return NULL;
	}
}

// The offset in the section that a reference means; 0: none that is in it.
static uint32_t reference(const struct op_entries *entries, unsigned form, uint64_t value)
{
	switch (form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		value = value > UINT32_MAX ? 0 : value + entries->start;
		break;
	case DW_FORM_ref_addr:
		break;
	default:
		return 0;
	}
	return value < entries->info->source.sections[OP_DEBUG_INFO].size ? (uint32_t)value : 0;
}

static void set_flag(struct op_entry *entry, unsigned form, uint64_t value, unsigned flag)
{
	if (form == DW_FORM_flag_present || value)
		entry->flags |= flag;
}

static void take_attribute(const struct op_entries *entries, struct op_entry *entry,
			   const struct op_abbreviation_form *pair, uint64_t value)
{
	switch (pair->attribute) {
	case DW_AT_name:
		entry->name = string_of(entries, pair->form, value);
		break;
	case DW_AT_specification:
	case DW_AT_abstract_origin:
		entry->origin = reference(entries, pair->form, value);
		break;
	case DW_AT_low_pc:
	case DW_AT_ranges:
		entry->flags |= OP_ENTRY_HAS_CODE;
		break;
	case DW_AT_location:
	case DW_AT_const_value:
		entry->flags |= OP_ENTRY_HAS_VALUE;
		break;
	case DW_AT_declaration:
		set_flag(entry, pair->form, value, OP_ENTRY_DECLARATION);
		break;
	case DW_AT_external:
		set_flag(entry, pair->form, value, OP_ENTRY_EXTERNAL);
		break;
	case DW_AT_enum_class:
		set_flag(entry, pair->form, value, OP_ENTRY_SCOPED);
		break;
	case DW_AT_export_symbols:
		set_flag(entry, pair->form, value, OP_ENTRY_TRANSPARENT);
		break;
	case DW_AT_inline:
		// A constant that stands in the abbreviation is DW_INL_inlined or more.
		if (pair->form == DW_FORM_implicit_const || value == DW_INL_inlined ||
		    value == DW_INL_declared_inlined)
			entry->flags |= OP_ENTRY_INLINE;
		break;
	default:
		break;
	}
}

static struct op_error *read_attributes(struct op_entries *entries,
					const struct op_abbreviation *item, struct op_entry *entry)
{
	uint64_t name = 0;
	unsigned name_form = 0;
	for (uint32_t i = 0; i < item->count; i++) {
		// Where no abbreviation has an attribute there are none.
		const struct op_abbreviation_form *form =
			&entries->abbreviations->forms.data[item->first + i];
		uint64_t value;
		struct op_error *err = read_form(entries, form->form, &value);
		if (err)
			return err;
		if (entry->depth == 0 && form->attribute == DW_AT_str_offsets_base)
			entries->strings_base = value;
		if (form->attribute == DW_AT_name) {
			name = value;
			name_form = form->form;
			continue;
		}
		take_attribute(entries, entry, form, value);
	}
	// The base of a unit's own name may stand behind it.
	if (name_form)
		entry->name = string_of(entries, name_form, name);
	return NULL;
}

static struct op_error *skip_attributes(struct op_entries *entries,
					const struct op_abbreviation *item)
{
	if (item->fixed_size != UINT32_MAX)
		return op_reader_skip(&entries->reader, item->fixed_size);
	const struct op_abbreviation_form *forms = entries->abbreviations->forms.data + item->first;
	struct op_error *err = NULL;
	for (uint32_t i = 0; !err && i < item->count; i++) {
		uint64_t value;
		err = read_form(entries, forms[i].form, &value);
	}
	return err;
}

struct op_error *op_entries_next(struct op_entries *entries, bool *ret_more, struct op_entry *ret)
{
	struct op_reader *r = &entries->reader;
	unsigned lowest = entries->depth;
	*ret_more = false;
	while (op_reader_left(r)) {
		if (++entries->read % ASK_CANCEL_EVERY == 0 && op_cancelled(entries->info->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		if (entries->read > OP_DWARF_ENTRIES_MAX)
			return op_error_create(OP_ERROR_LIMIT, "it has more than %d entries",
					       OP_DWARF_ENTRIES_MAX);
		uint32_t offset = (uint32_t)op_reader_offset(r), code;
		struct op_error *err = op_reader_uleb32(r, &code);
		if (err)
			return err;
		if (!code) {
			// Behind the unit's own entry there may be padding.
			if (entries->depth)
				entries->depth--;
			lowest = entries->depth < lowest ? entries->depth : lowest;
			continue;
		}
		const struct op_abbreviation *item =
			find_abbreviation(entries->abbreviations, code);
		if (!item)
			return op_reader_fail(r, "there is no abbreviation %" PRIu32, code);
		*ret = (struct op_entry){.offset = offset,
					 .tag = item->tag,
					 .depth = entries->depth,
					 .lowest = lowest};
		err = item->wanted ? read_attributes(entries, item, ret)
				   : skip_attributes(entries, item);
		if (err)
			return err;
		entries->depth += item->has_children;
		if (item->wanted) {
			*ret_more = true;
			return NULL;
		}
	}
	return NULL;
}
