// SPDX-License-Identifier: GPL-3.0-or-later
// The frame table of one image (.wasmtime.frames): what every program point's frames look like, and
// where the patch slots are. Owns its index, borrows the section's bytes. Layout:
// crates/environ/src/frame_table.rs, Wasmtime 39 to 50.
#ifndef OP_TARGET_RUNTIME_FRAME_TABLE_H
#define OP_TARGET_RUNTIME_FRAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lazy_bytes.h"
#include "base/reader.h"
#include "target-runtime/layout/layout.h"
#include "target-runtime/value.h"

struct op_frame_table;

/**
 * Read the header and check every count and pool against the section's size; descriptors are
 * checked when they are asked for.
 * @param[in] section must outlive the table.
 */
struct op_error *op_frame_table_create(const struct op_bytes *section,
				       const struct op_layout *layout, struct op_frame_table **ret);
/**
 * The same for a section that is fetched when it is needed: keys and slots at once, what one point
 * or one function keeps when it is asked for.
 * @param[in] lazy has @p section; must outlive the table. NULL: all of it is there.
 */
struct op_error *op_frame_table_create_lazy(const struct op_bytes *section,
					    struct op_lazy_bytes *lazy,
					    const struct op_layout *layout,
					    struct op_frame_table **ret);
void op_frame_table_destroy(struct op_frame_table *table);

enum op_point_position {
	OP_POINT_POST = 0, /**< the instruction that ends at the text offset (a call's return
			      address, a slot's end) */
	OP_POINT_PRE = 1,  /**< the instruction that begins there */
};

/** One virtual frame at a program point. */
struct op_point_frame {
	uint32_t pc; /**< Wasm pc; see op_layout.call_point_is_next and .pcs_are_component_relative
		      */
	uint32_t descriptor; /**< index for op_frame_table_descriptor() */
	uint32_t shape;      /**< operand stack's top, UINT32_MAX when empty */
};

/** A program point: key, and a cursor for its frames. */
struct op_point {
	uint32_t text_offset;
	enum op_point_position position;
	uint32_t index; /**< in the table, ascending by (text_offset, position) */
};

size_t op_frame_table_point_count(const struct op_frame_table *table);
struct op_point op_frame_table_point(const struct op_frame_table *table, size_t index);
/** The point with exactly this key. */
bool op_frame_table_find_exact(const struct op_frame_table *table, uint32_t text_offset,
			       enum op_point_position position, struct op_point *ret);
/** The last point with a key not above this one. The caller checks that it lies in the same
 * function. */
bool op_frame_table_find_before(const struct op_frame_table *table, uint32_t text_offset,
				enum op_point_position position, struct op_point *ret);
/**
 * The frames of a point, outermost first, the one that executes last; more than one only where
 * functions were inlined.
 * @param[out] ret room for @p capacity frames.
 * @param[out] ret_count how many there are; OP_ERROR_LIMIT when more than capacity.
 */
struct op_error *op_frame_table_point_frames(const struct op_frame_table *table,
					     const struct op_point *point,
					     struct op_point_frame *ret, size_t capacity,
					     size_t *ret_count);
enum { OP_POINT_FRAMES_MAX = 64 };

/** What one (possibly inlined) function body keeps in the machine frame. Cheap view into the
 * section. */
struct op_frame_descriptor {
	uint32_t module;      /**< static module index */
	uint32_t function;    /**< *defined* function index (without imports) */
	uint32_t slot_to_fp;  /**< slot base = FP - this; the vmctx pointer lies there */
	uint32_t local_count; /**< parameters included */
	uint32_t shape_count;
	const uint8_t *local_offsets; /**< local_count unaligned u32, relative to the slot base */
	const uint8_t *local_types;   /**< local_count bytes of enum op_value_type */
	const uint8_t *shape_parents, *shape_offsets, *shape_types;
};
size_t op_frame_table_descriptor_count(const struct op_frame_table *table);
struct op_error *op_frame_table_descriptor(const struct op_frame_table *table, uint32_t index,
					   struct op_frame_descriptor *ret);
/** A place in the machine frame. */
struct op_frame_place {
	uint32_t offset; /**< from the slot base */
	enum op_value_type type;
};
/** Local @p index; OP_ERROR_FORMAT when the table lies about its type. */
struct op_error *op_frame_descriptor_local(const struct op_frame_descriptor *descriptor,
					   uint32_t index, struct op_frame_place *ret);
/**
 * The operand stack of a shape, bottom first. Cycles and wild parents are refused.
 * @param[out] ret heap array of *ret_count places; free() it.
 */
struct op_error *op_frame_descriptor_stack(const struct op_frame_descriptor *descriptor,
					   uint32_t shape, struct op_frame_place **ret,
					   size_t *ret_count);

/** A patch slot: the place in the text where a breakpoint before a Wasm instruction goes. */
struct op_slot {
	uint32_t pc;          /**< Wasm pc (several modules of a component mix here) */
	uint32_t text_offset; /**< first byte of the slot */
	uint32_t size;
};
/** Number of slots; slots are ascending by pc. 0 before v41. */
size_t op_frame_table_slot_count(const struct op_frame_table *table);
struct op_slot op_frame_table_slot(const struct op_frame_table *table, size_t index);
/** Index of the first slot whose pc is not below @p pc (== slot_count when there is none). */
size_t op_frame_table_slot_lower_bound(const struct op_frame_table *table, uint32_t pc);
/**
 * Slots ascending by text offset (an index built at first use, so the table is not const).
 * @return index into that order of the first slot with text offset not below @p text_offset.
 */
struct op_error *op_frame_table_slots_by_text(struct op_frame_table *table);
size_t op_frame_table_text_slot_lower_bound(const struct op_frame_table *table,
					    uint32_t text_offset);
struct op_slot op_frame_table_text_slot(const struct op_frame_table *table, size_t index);

#endif
