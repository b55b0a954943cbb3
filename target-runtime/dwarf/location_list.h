// SPDX-License-Identifier: GPL-3.0-or-later
// Location lists (.debug_loc of DWARF 2 to 4, .debug_loclists of DWARF 5): which expression holds
// at a pc. Inside of this folder.
#ifndef OP_TARGET_RUNTIME_DWARF_LOCATION_LIST_H
#define OP_TARGET_RUNTIME_DWARF_LOCATION_LIST_H

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/location.h"

/** What a list is read with: facts of its unit. */
struct op_location_unit {
	struct op_debug_info *info;
	uint64_t start; /**< of its header: what references in expressions count from */
	unsigned version;
	unsigned address_size; /**< 4 or 8 */
	uint64_t base;         /**< DW_AT_low_pc: what addresses of lists count from */
	uint64_t addresses;    /**< DW_AT_addr_base: where its part of .debug_addr begins */
	uint64_t lists;        /**< DW_AT_loclists_base: where offsets of its lists begin */
	unsigned offset_size;  /**< 4 or 8 */
};
struct op_error *op_location_unit_of(struct op_debug_info *info, Dwarf_Die *die,
				     struct op_location_unit *ret);
/** Entry @p index of the unit's part of .debug_addr. */
struct op_error *op_location_address(const struct op_location_unit *unit, uint64_t index,
				     uint64_t *ret);

/** Where list number @p index of the unit begins (DW_FORM_loclistx). */
struct op_error *op_location_list_offset(const struct op_location_unit *unit, uint64_t index,
					 uint64_t *ret);

/** The answer: the expression at a pc, or where there is one. */
struct op_location_found {
	bool found;
	struct op_bytes expression;    /**< borrowed from the information */
	struct op_location_range here; /**< that it holds for; low_pc 0: it is no list's */
	struct OP_ARRAY(struct op_location_range) ranges;
};
void op_location_found_deinit(struct op_location_found *found);
/**
 * @param[in] offset of the list in the section that the unit's version has.
 * @param[out] ret deinit it, also after an error. The ranges are complete when nothing was found.
 */
struct op_error *op_location_list_find(const struct op_location_unit *unit, uint64_t offset,
				       uint32_t pc, struct op_location_found *ret);

#endif
