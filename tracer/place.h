// SPDX-License-Identifier: GPL-3.0-or-later
// From an instruction of the guest to the addresses where it runs: patch slots where the code has
// them, else machine instructions by the address map.
#ifndef OP_TRACER_PLACE_H
#define OP_TRACER_PLACE_H

#include "tracer/patch.h"
#include "tracer/session.h"

/** Where a breakpoint is wanted. */
struct op_place {
	uint32_t function; /**< full index */
	uint32_t pc;       /**< this instruction, or the next one of the function that has code */
	uint32_t end;      /**< of the function's body */
	bool entry; /**< the function's very first machine instruction, where its arguments are
		       still where the caller put them */
};

/** What came of it. */
struct op_placement {
	uint32_t copy;     /**< given: id of the only image that is meant; 0: all */
	uint32_t pc;       /**< of the instruction that was chosen */
	uint32_t function; /**< in whose code the first patch is */
	size_t count;      /**< patches, over all copies; 0: there is no such code */
	bool file_backed;  /**< a copy is mapped from a file */
};

/**
 * Want patches for a place in every copy of the module's code.
 * @param[in] breakpoint number to put on the patches; 0: none, only count.
 */
struct op_error *op_place_patches(struct op_session *session, struct op_module_entry *module,
				  const struct op_place *place, uint32_t breakpoint,
				  enum op_patch_use use, struct op_placement *ret);
/**
 * The same for every instruction of a function that has a slot. Adds to *ret, whose copy is obeyed.
 * @return OP_ERROR_UNSUPPORTED when the code has none.
 */
struct op_error *op_place_every(struct op_session *session, struct op_module_entry *module,
				uint32_t function, uint32_t breakpoint, enum op_patch_use use,
				struct op_placement *ret);
/** The place of a function's first instruction; *ret_known false when the function has no code
 * here. */
struct op_error *op_place_function_start(struct op_module_entry *module, uint32_t function,
					 struct op_place *ret, bool *ret_known);
/** What must be added to a module's pc to get the pc of its frame table. */
struct op_error *op_place_table_bias(const struct op_module_entry *module, uint32_t *ret);

/** The function that was compiled from the first instruction in [pc, end) that has code, by the
 * address map. */
struct op_error *op_place_function_of(struct op_module_entry *module, uint32_t pc, uint32_t end,
				      bool *ret_found, uint32_t *ret);

#endif
