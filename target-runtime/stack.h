// SPDX-License-Identifier: GPL-3.0-or-later
// Guest stacks: from a thread's registers, or a suspended fiber, to the machine frames of Wasm code
// and, from them, to virtual frames with places of values. Sources:
// crates/unwinder/src/stackwalk.rs, crates/wasmtime/src/runtime/vm/traphandlers/backtrace.rs,
// runtime/func.rs (EntryStoreContext); docs/wasmtime.md.
#ifndef OP_TARGET_RUNTIME_STACK_H
#define OP_TARGET_RUNTIME_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/addr.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/text.h"
#include "target-runtime/image_set.h"
#include "target-runtime/memory.h"
#include "target-runtime/value.h"

struct op_dump_stacks;
struct op_dumped_frame;

/** Everything a walk reads from; all borrowed. */
struct op_stack_context {
	const struct op_arch *arch;
	struct op_memory memory; /**< should be cached */
	const struct op_image_set *images;
	const struct op_region *regions; /**< the address space, ascending (to bound stacks) */
	size_t region_count;
	const struct op_cancel *cancel;    /**< may be NULL */
	const struct op_dump_stacks *dump; /**< the stacks are those of a Wasm core dump
					      (dump_stack.h); NULL: of machines */
};

struct op_wasm_module;
struct op_wasm_type;

enum op_machine_frame_kind {
	OP_MACHINE_FRAME_WASM,  /**< a function of the guest */
	OP_MACHINE_FRAME_EXIT,  /**< a trampoline out of the guest: host call or builtin;
				   function->name tells which */
	OP_MACHINE_FRAME_ENTRY, /**< the trampoline through which the host entered: the end of an
				   activation */
	OP_MACHINE_FRAME_HOST,  /**< a stretch of host frames, one entry for all of them */
};

struct op_machine_frame {
	enum op_machine_frame_kind kind;
	struct op_host_addr pc; /**< HOST: 0 unless it is the thread's own pc */
	struct op_host_addr fp;
	struct op_host_addr sp; /**< after the frame's call returned (= fp of the callee + 16); 0
				   when unknown */
	bool pc_is_return_address;
	enum op_frame_state state;            /**< innermost only; ESTABLISHED otherwise */
	uint32_t image;                       /**< id; meaningless for HOST */
	const struct op_function *function;   /**< NULL for HOST */
	uint32_t activation;                  /**< 0 is the newest */
	const struct op_dumped_frame *dumped; /**< of a Wasm core dump: it has no place in a
						 machine, and no function; borrowed; NULL */
};

/** One walked stack. */
struct op_walk {
	struct op_machine_frame *frames; /**< innermost first */
	size_t count;
	size_t capacity;
	struct op_error
		*problem; /**< why the walk ended early; NULL when it reached the outermost entry */
};
void op_walk_deinit(struct op_walk *walk);

/**
 * The guest stack of a stopped thread, through every nesting of activations. A thread that is not
 * in the guest at all gives count 0.
 * @param[in] limit most machine frames to return (then problem is an OP_ERROR_LIMIT).
 */
struct op_error *op_walk_thread(const struct op_stack_context *context,
				const struct op_registers *registers, size_t limit,
				struct op_walk *ret);

/** A guest that waits inside an async host call: on no thread. */
struct op_suspended {
	struct op_host_addr store;                  /**< VMStoreContext */
	struct op_host_addr stack_start, stack_end; /**< the fiber's stack */
	struct op_host_addr sp;                     /**< of the suspended fiber */
	struct op_host_addr entry_context;          /**< the saved EntryStoreContext's last word */
};
/**
 * Find all suspended guests: fiber stacks whose saved state holds a plausible EntryStoreContext.
 * @param[in] busy stack pointers of the threads: a stack that one of them is on is not suspended.
 * @param[out] ret heap array; free() it.
 */
struct op_error *op_suspended_find(const struct op_stack_context *context,
				   const struct op_host_addr *busy, size_t busy_count,
				   struct op_suspended **ret, size_t *ret_count);
struct op_error *op_walk_suspended(const struct op_stack_context *context,
				   const struct op_suspended *suspended, size_t limit,
				   struct op_walk *ret);

/**
 * What the guest calls through the EXIT frame at @p exit_frame_index: the import's field name
 * ("fd_read"), or the builtin's ("trap"). Escaped and appended; nothing is appended when it cannot
 * be told (a call through a table, no bytecode).
 */
struct op_error *op_walk_host_call_name(const struct op_stack_context *context,
					const struct op_walk *walk, size_t exit_frame_index,
					struct op_text *ret);

struct op_wasm_import;
/** The same as the caller's import, where the call is a direct one; else *ret is NULL. Borrowed
 * from the module. */
struct op_error *op_walk_host_call_import(const struct op_stack_context *context,
					  const struct op_walk *walk, size_t exit_frame_index,
					  const struct op_wasm_import **ret);

/** How well the Wasm pc and the operand stack of a virtual frame are known. */
enum op_frame_precision {
	OP_FRAME_EXACT, /**< at a program point: before the instruction at pc, its operand stack is
			   complete */
	OP_FRAME_IN_FLIGHT, /**< inside the instruction at pc: locals hold, the operand stack is
			       being changed */
	OP_FRAME_PROLOGUE,  /**< nothing was stored yet */
	OP_FRAME_NO_TABLE,  /**< not compiled for guest-debug: pc from the address map, no values */
};

/** A frame as the guest's author knows it; one machine frame gives several where functions were
 * inlined. */
struct op_virtual_frame {
	uint32_t image;
	struct op_artifact *artifact; /**< borrowed from the image */
	uint32_t function;            /**< full function index */
	bool has_pc;
	struct op_wasm_pc
		pc; /**< of the instruction being executed: for a caller, the call itself */
	struct op_wasm_pc
		next_pc; /**< for a caller: the instruction after the call; else equal to pc */
	bool inlined;    /**< it shares its machine frame with the next outer one */
	enum op_frame_precision precision;
	struct op_host_addr host_pc, fp;
	struct op_host_addr vmctx; /**< 0 when unknown */
	bool has_descriptor;
	uint32_t descriptor, shape;           /**< of the frame table */
	const struct op_dumped_frame *dumped; /**< its values are there; borrowed; NULL */
};
enum { OP_VIRTUAL_FRAMES_MAX = OP_POINT_FRAMES_MAX };

/**
 * The virtual frames of a Wasm machine frame, innermost first.
 * @param[in] registers of the thread when @p frame is its innermost, else NULL (gives the vmctx in
 * a prologue).
 * @param[out] ret room for OP_VIRTUAL_FRAMES_MAX.
 */
struct op_error *op_virtual_frames(const struct op_stack_context *context,
				   const struct op_machine_frame *frame,
				   const struct op_registers *registers,
				   struct op_virtual_frame *ret, size_t *ret_count);

/** Number of locals, parameters included; from the frame table, else from the bytecode, else
 * OP_ERROR_NOT_FOUND. */
struct op_error *op_frame_local_count(const struct op_virtual_frame *frame, uint32_t *ret);
/** Local @p index: a value or a reason. Errors only for an index out of range. */
struct op_error *op_frame_local(const struct op_stack_context *context,
				const struct op_virtual_frame *frame, uint32_t index,
				struct op_value *ret);
/**
 * The operand stack, bottom first, each a value or a reason.
 * @param[out] ret heap array, free() it; NULL with *ret_reason set when there is no knowing how
 * many there are.
 */
struct op_error *op_frame_operands(const struct op_stack_context *context,
				   const struct op_virtual_frame *frame, struct op_value **ret,
				   size_t *ret_count, enum op_value_state *ret_reason);

/** How Wasmtime keeps a value of a Wasm type in a frame. */
enum op_value_type op_value_type_of(const struct op_wasm_module *module,
				    const struct op_wasm_type *type);

#endif
