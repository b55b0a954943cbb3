// SPDX-License-Identifier: GPL-3.0-or-later
// From a machine frame's pc to what the frame table and the address map say about it: which
// (inlined) bodies are active there, at which Wasm position, and how exactly that is known. Works
// in the frame table's numbering of positions. Reads no stack.
#ifndef OP_TARGET_RUNTIME_FRAME_SITE_H
#define OP_TARGET_RUNTIME_FRAME_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target-runtime/stack.h"
#include "target-runtime/wasm/module.h"

/** A place in the code of one guest function. */
struct op_frame_site {
	const struct op_image *image;
	const struct op_artifact_info *info;
	const struct op_function *function;
	const struct op_frame_table *table; /**< NULL: not compiled for guest-debug */
	const struct op_address_map *map;   /**< may be NULL */
	bool has_bias;
	uint32_t bias; /**< address map position - module pc */
	bool pcs_are_component_relative;
	bool call_point_is_next;
	uint32_t offset; /**< of the pc in the text */
	bool is_return;
	bool dismantled; /**< the frame is not set up, or taken down already */
};

enum op_site_state {
	OP_SITE_EXACT,    /**< frames as before the innermost instruction */
	OP_SITE_INSIDE,   /**< inside the innermost instruction */
	OP_SITE_PROLOGUE, /**< nothing is stored for the innermost body */
	OP_SITE_EPILOGUE, /**< the machine frame is gone */
};

/** What is known about a site. */
struct op_site_frames {
	enum op_site_state state;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX]; /**< outermost first */
	size_t count;    /**< 0: no program point tells the descriptor */
	bool outer_hold; /**< the outer frames' shapes are those of their calls */
	bool has_pc;
	uint32_t pc; /**< innermost: the instruction being executed, in the table's numbering */
	bool has_next;
	uint32_t next_pc; /**< innermost: after the call; where the table says it */
};

struct op_error *op_frame_site_init(struct op_frame_site *site,
				    const struct op_stack_context *context,
				    const struct op_machine_frame *frame);
/** From the table's numbering to a pc of the module; false when the module's place in its component
 * is not known. */
bool op_frame_site_module_pc(const struct op_frame_site *site, uint32_t table_pc, uint32_t *ret);
/** The body of defined or imported function @p full_index, when the bytecode is known. */
bool op_frame_site_body(const struct op_frame_site *site, uint32_t module, uint32_t full_index,
			struct op_wasm_body *ret);
/** Full index of defined function @p defined of @p module; false when the number of imports is not
 * known. */
bool op_frame_site_full_index(const struct op_frame_site *site,
			      const struct op_point_frame *outermost, uint32_t module,
			      uint32_t defined, uint32_t *ret);
struct op_error *op_frame_site_resolve(const struct op_frame_site *site,
				       struct op_site_frames *ret);

#endif
