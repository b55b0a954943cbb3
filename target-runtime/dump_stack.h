// SPDX-License-Identifier: GPL-3.0-or-later
// The stacks of a Wasm core dump as walks give them: each of its frames is a machine frame that has
// no machine. Knows how frames and values are described, not where the rest of a dump is kept.
#ifndef OP_TARGET_RUNTIME_DUMP_STACK_H
#define OP_TARGET_RUNTIME_DUMP_STACK_H

#include "target-runtime/stack.h"
#include "target-runtime/wasm_core_dump.h"

/** A dump, and where its modules and instances stand in the address space that was made for it. */
struct op_dump_stacks {
	const struct op_wasm_core_dump *dump;
	const uint64_t *images;   /**< base, by module of the dump */
	const uint64_t *contexts; /**< vmctx, by instance of the dump */
	const bool *known;        /**< by module: somebody has its bytes, else it is made up */
	bool has_values;          /**< some frame has: an engine that knows none writes none */
};

/** The image of a module of the dump, or NULL. */
const struct op_image *op_dump_image(const struct op_stack_context *context, uint32_t module);
/** The module of the dump that a frame is of. */
uint32_t op_dump_module_of(const struct op_stack_context *context,
			   const struct op_dumped_frame *frame);
/** As op_walk_thread(). @param[in] registers their sp is the thread's number, from 1 on. */
struct op_error *op_dump_walk(const struct op_stack_context *context,
			      const struct op_registers *registers, size_t limit,
			      struct op_walk *ret);
/** As op_virtual_frames(): always one. */
struct op_error *op_dump_virtual_frame(const struct op_stack_context *context,
				       const struct op_machine_frame *frame,
				       struct op_virtual_frame *ret);
/** A local or an operand of a frame that is of a dump. @param[in] index in range. */
struct op_value op_dump_local(const struct op_virtual_frame *frame, uint32_t index);
struct op_value op_dump_operand(const struct op_virtual_frame *frame, uint32_t index);

#endif
