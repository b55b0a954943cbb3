// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a step, shared by step*.c and by nobody else.
#ifndef OP_TRACER_STEP_PRIVATE_H
#define OP_TRACER_STEP_PRIVATE_H

#include "tracer/line_plan.h"
#include "tracer/returned.h"
#include "tracer/step.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/** What is known of a slot's instruction, in op_patch.plan. */
enum {
	PLAN_DONE = 1,
	PLAN_LEAVES = 2,  /**< control may leave the function: the caller's next instruction depends
			     on the stack */
	PLAN_NATIVE = 4,  /**< the callee is only known at run time */
	PLAN_UNWINDS = 8, /**< an exception may go to a handler of any frame */
};

struct flow_key {
	const struct op_artifact *artifact;
	uint32_t module, function;
};
struct flow_node {
	struct flow_key key;
	struct op_wasm_flow *flow;
	UT_hash_handle hh;
};
struct return_node {
	uint64_t address;
	UT_hash_handle hh;
};

/** How a run of kind OP_RUN_UNTIL ends, but for the return of its frame (step_until.c). */
struct op_until {
	bool to_place;   /**< at a patch of OP_PATCH_TARGET; else at an instruction behind pc */
	bool same_frame; /**< ... in the frame itself, not in a deeper one */
	const struct op_artifact *artifact; /**< of the frame's function, as the next two */
	uint32_t module, function;
	uint32_t pc; /**< where the frame was */
};

/** An instruction of one copy of the code. */
struct place {
	const struct op_image *image;
	uint32_t module, function, pc;
};

/** A step by lines (step_line.c). */
struct op_line_run {
	struct op_line_cache *cache;
	struct place place;              /**< of the frame that is stepped, where it was planned */
	const struct op_line_plan *plan; /**< NULL: its function has no lines */
	struct op_line_function *function;
	bool entering; /**< begun in a prologue: the frame is there at the first arrival */
	bool begun_without_lines;
	bool follows;         /**< a call is followed whose callee was not known */
	uint64_t handlers_of; /**< frame that handlers were armed for, with those around it; 0 */
	unsigned false_arrivals;
};

struct op_step {
	bool active;
	enum op_run_kind kind;
	uint64_t left;
	uint64_t stack_start, stack_end; /**< of the stack that is stepped */
	/** OVER, UNTIL: the frame; FINISH: the frame that is returned to */
	uint64_t frame_fp;
	struct op_until until;
	uint64_t entry_fp; /**< of the entry trampoline under the activation; 0 when unknown */
	op_thread_id native_thread; /**< follows an indirect call; 0: none */
	uint64_t native_function;   /**< where that call was made */
	uint64_t native_sp;
	unsigned native_steps;
	struct flow_node *flows;     /**< control flow of functions that were stepped through */
	struct return_node *returns; /**< return addresses whose continuation is patched already */
	const struct op_wasm_module *wasm; /**< finish: the function's module, NULL when unknown */
	const struct op_wasm_type_def *type; /**< finish: what is returned */
	uint64_t entry_return; /**< where the outermost frame returns to, in the entry trampoline;
				  0: not armed */
	bool unwound;          /**< finish: it was an exception that left the frame */
	bool in_registers; /**< finish: results are where the calling convention puts them, not on
			      an operand stack */
	struct op_return_note note; /**< finish: what is returned, as the guest's language has it */
	op_thread_id done_thread;
	struct op_line_run line;
	bool by_line; /**< the kind is one of the line steps, or a finish of an inlined body */
};

// step.c: what every kind of step begins with.
/** Forget the step before; @p count steps. */
void op_step_clear(struct op_step *step, enum op_run_kind kind, uint64_t count);
/** A guest frame of the selected stack, by level; the stack reaches a few frames further. */
struct op_error *op_step_find_frame(struct op_session *session, uint32_t level,
				    const struct op_stack **ret_stack, const struct op_frame **ret);
/** Which stack is stepped, and the ways out of the guest that each step has. */
struct op_error *op_step_arm_ways_out(struct op_session *session, const struct op_frame *frame);
/** What runs after a frame has returned, of the bodies around it those that it was inlined into. */
struct op_error *op_step_arm_frame_return(struct op_session *session, const struct op_stack *stack,
					  const struct op_frame *frame);
/** The same for code without slots; @p ret_caller_fp gets the frame that it returns to. */
struct op_error *op_step_arm_native_return(struct op_session *session, const struct op_frame *frame,
					   uint64_t *ret_caller_fp);

/** The instruction that a guest frame is at. */
struct place op_step_place_of_frame(struct op_session *session, const struct op_frame *frame);

// step_line.c
/** Forget the step before. */
void op_step_line_clear(struct op_session *session);
/** Plan a step by lines, or a finish of an inlined body. @param[in] hidden of the bodies around
 * @p frame that are not entered; FINISH: that are left with the one around them. */
struct op_error *op_step_start_line(struct op_session *session, const struct op_stack *stack,
				    const struct op_frame *frame, uint32_t hidden);
/** A thread of the stepped stack reached a patch. */
struct op_error *op_step_line_reached(struct op_session *session, op_thread_id thread,
				      struct op_patch *patch, uint64_t fp, uint64_t sp,
				      enum op_step_verdict *ret);

// step_results.c
/** Why the returned values are not known; kept for the event. */
struct op_error *op_step_results_missing(struct op_session *session, struct op_event *event,
					 const char *why);

// step_until.c
struct op_error *op_step_start_until(struct op_session *session);
/** A thread of the stepped stack reached a patch of such a run. */
struct op_error *op_step_until_reached(struct op_session *session, const struct op_patch *patch,
				       uint64_t fp, uint64_t sp, enum op_step_verdict *ret);

// step_plan.c: everything here wants patches; op_patch_set_insert() writes them.
void op_step_forget_flows(struct op_step *step);
void op_step_forget_returns(struct op_step *step);
struct op_error *op_step_arm_raw(struct op_session *session, uint64_t address, unsigned purpose);
struct op_error *op_step_arm_function_start(struct op_session *session,
					    const struct op_image *image, uint32_t module,
					    uint32_t function);
/** Where a step by lines ends: every slot of one instruction in one copy of the code. */
struct op_error *op_step_arm_line(struct op_session *session, const struct op_image *image,
				  uint32_t module, uint32_t pc);
/** The instructions that the host can enter the guest at: whatever has an entry trampoline. */
struct op_error *op_step_arm_entries(struct op_session *session);
/** A trap on the way ends the step with the guest's stack intact. */
struct op_error *op_step_arm_traps(struct op_session *session);
/** Where an exception or a host's error that nobody in the guest handles lands: the entry
 * trampoline's handler. */
struct op_error *op_step_arm_handler(struct op_session *session, const struct op_image *image,
				     struct op_host_addr vmctx);
/** Where the instruction of a slot is: the body that it belongs to, which may be inlined. */
struct op_error *op_step_place_of(struct op_session *session, const struct op_patch *patch,
				  struct place *ret);
/** Every instruction of a function that stands behind a place. */
struct op_error *op_step_arm_behind(struct op_session *session, const struct place *place);
/** What follows the instruction at a place within its function; @p ret_plan gets what else there is
 * to do. */
struct op_error *op_step_arm_successors(struct op_session *session, const struct place *place,
					uint8_t *ret_plan);
/** What runs after the frame at @p fp has returned. */
struct op_error *op_step_arm_return(struct op_session *session, uint64_t fp);
/** What runs after the body that a slot is in has returned: the body it was inlined into, or the
 * caller of the machine frame. */
struct op_error *op_step_arm_slot_return(struct op_session *session, const struct op_image *image,
					 const struct op_patch *patch, uint64_t fp);
/** Every handler on the stack of @p thread: an exception may go to any of them. */
struct op_error *op_step_arm_catches(struct op_session *session, op_thread_id thread);
/** What can follow the slot that the stepped stack is at. */
struct op_error *op_step_plan_slot(struct op_session *session, op_thread_id thread,
				   struct op_patch *patch, uint64_t fp, uint64_t sp,
				   enum op_step_verdict *ret);

#endif
