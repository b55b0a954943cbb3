// SPDX-License-Identifier: GPL-3.0-or-later
// The guest stack of a thread or of a suspended fiber, as a list of machine frames through all
// nested activations. Decides where a walk starts and how it goes on; how records are found and
// checked is activation.c. Knows no values.
#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "target-runtime/activation.h"
#include "target-runtime/dump_stack.h"

// A function's code is read from its start, because the rules of prologues count from there.
enum { FUNCTION_BYTES_MAX = 16 * 1024 * 1024, BYTES_AFTER_PC = 16, CANCEL_EVERY = 1024 };

void op_walk_deinit(struct op_walk *walk)
{
	free(walk->frames);
	op_error_destroy(walk->problem);
	*walk = (struct op_walk){0};
}

/** A walk in progress. */
struct walker {
	struct op_unwinder *unwinder;
	struct op_walk *walk;
	size_t limit;
	uint32_t activation;
};

static void set_problem(struct op_walk *walk, struct op_error *problem)
{
	if (walk->problem)
		op_error_destroy(problem);
	else
		walk->problem = problem;
}

static bool append(struct walker *walker, const struct op_machine_frame *frame)
{
	struct op_walk *walk = walker->walk;
	if (walk->count >= walker->limit) {
		set_problem(walk, op_error_create(OP_ERROR_LIMIT,
						  "only the innermost %zu frames were walked",
						  walker->limit));
		return false;
	}
	if (walk->count % CANCEL_EVERY == 0 && op_cancelled(walker->unwinder->context->cancel)) {
		set_problem(walk, op_error_create(OP_ERROR_INTERRUPTED,
						  "the walk was interrupted after %zu frames",
						  walk->count));
		return false;
	}
	if (!op_array_reserve(&walk->frames, &walk->capacity, walk->count + 1,
			      sizeof(*walk->frames))) {
		set_problem(walk, op_error_no_memory());
		return false;
	}
	walk->frames[walk->count++] = *frame;
	return true;
}

static bool append_host(struct walker *walker, uint64_t pc, uint64_t sp)
{
	struct op_machine_frame frame = {
		.kind = OP_MACHINE_FRAME_HOST,
		.pc = op_host_addr(pc),
		.sp = op_host_addr(sp),
		.state = OP_FRAME_ESTABLISHED,
		.activation = walker->activation,
	};
	return append(walker, &frame);
}

static bool append_code(void *context, const struct op_chain_frame *chain)
{
	static const enum op_machine_frame_kind kinds[] = {
		[OP_CODE_GUEST] = OP_MACHINE_FRAME_WASM,
		[OP_CODE_EXIT] = OP_MACHINE_FRAME_EXIT,
		[OP_CODE_ENTRY] = OP_MACHINE_FRAME_ENTRY,
	};
	struct walker *walker = context;
	// Instantiation code is neither the guest's nor a border.
	if (chain->place.role == OP_CODE_STARTUP)
		return true;
	// Where fp is not this frame's own yet, or no more, it is known where it will be, or was.
	uint64_t fp = chain->fp;
	if (chain->state == OP_FRAME_PUSHED_NO_FP)
		fp = chain->sp;
	else if (chain->state == OP_FRAME_NOT_PUSHED)
		fp = chain->sp - walker->unwinder->context->arch->return_offset;
	struct op_machine_frame frame = {
		.kind = kinds[chain->place.role],
		.pc = op_host_addr(chain->pc),
		.fp = op_host_addr(fp),
		.sp = op_host_addr(chain->sp),
		.pc_is_return_address = chain->is_return,
		.state = chain->state,
		.image = chain->place.image->id,
		.function = chain->place.function,
		.activation = walker->activation,
	};
	return append(walker, &frame);
}

// Follow one activation from its innermost known frame. False: the walk is over. *ret_above: where
// the host's frames begin.
static bool walk_activation(struct walker *walker, const struct op_chain_frame *first, bool newest,
			    uint64_t *ret_above)
{
	struct op_chain_end end;
	enum op_chain_result result =
		op_chain_follow(walker->unwinder, first, append_code, walker, &end);
	if (result == OP_CHAIN_STOPPED)
		return false;
	if (result == OP_CHAIN_BROKEN) {
		set_problem(walker->walk,
			    op_error_create(OP_ERROR_FORMAT,
					    "the frame chain breaks off after %zu frames: the "
					    "caller of the frame at 0x%" PRIx64
					    " would be at 0x%" PRIx64
					    ", which is not code of the guest",
					    walker->walk->count, end.last.fp, end.broken_pc));
		return false;
	}
	bool established = end.last.state == OP_FRAME_ESTABLISHED;
	if (newest && established)
		op_unwinder_learn_store(walker->unwinder, &end);
	*ret_above = established ? end.last.fp + 2 * sizeof(uint64_t) : end.last.sp;
	walker->activation++;
	return true;
}

// The activation behind an exit record: the host's stretch, the trampoline, the guest's frames.
static bool walk_record(struct walker *walker, const struct op_exit_record *record,
			uint64_t host_pc, uint64_t host_sp, uint64_t *ret_above)
{
	if (!append_host(walker, host_pc, host_sp))
		return false;
	struct op_chain_frame trampoline;
	if (op_exit_frame_find(walker->unwinder, host_sp, record, &trampoline) &&
	    !append_code(walker, &trampoline))
		return false;
	struct op_chain_frame first = {
		.pc = record->pc,
		.fp = record->fp,
		.sp = record->address + 2 * sizeof(uint64_t),
		.is_return = true,
		.state = OP_FRAME_ESTABLISHED,
	};
	return walk_activation(walker, &first, false, ret_above);
}

static struct op_error *finish(struct op_unwinder *unwinder, struct op_walk *walk)
{
	struct op_error *failure = op_unwinder_take_failure(unwinder);
	op_unwinder_deinit(unwinder);
	if (failure)
		op_walk_deinit(walk);
	return failure;
}

// A patch slot comes after a body's prologue and before its epilogue.
static bool is_in_slot(const struct op_code_place *place, uint64_t pc)
{
	const struct op_frame_table *table = NULL;
	_cleanup_error_ struct op_error *err =
		op_artifact_frame_table(place->image->artifact, &table);
	if (err || !table)
		return false;
	uint64_t offset = pc - place->image->text.value;
	size_t after = op_frame_table_text_slot_lower_bound(table, (uint32_t)offset + 1);
	if (!after)
		return false;
	struct op_slot slot = op_frame_table_text_slot(table, after - 1);
	return offset - slot.text_offset < slot.size;
}

// What the code around the thread's pc has done to the frame chain so far.
static struct op_error *innermost_state(const struct op_stack_context *context,
					const struct op_code_place *place, uint64_t pc,
					enum op_frame_state *ret)
{
	if (is_in_slot(place, pc)) {
		*ret = OP_FRAME_ESTABLISHED;
		return NULL;
	}
	uint64_t start = place->image->text.value + place->function->text_offset;
	size_t size = pc - start + BYTES_AFTER_PC;
	if (size > place->function->size)
		size = place->function->size;
	// In the depth of an enormous function the frame stands; only its last instruction could
	// say otherwise.
	if (size > FUNCTION_BYTES_MAX) {
		*ret = OP_FRAME_ESTABLISHED;
		return NULL;
	}
	_cleanup_free_ uint8_t *code = malloc(size);
	if (!code)
		return op_error_no_memory();
	struct op_error *err = op_memory_read(&context->memory, op_host_addr(start), code, size);
	if (err)
		return err;
	*ret = context->arch->frame_state(code, size, pc - start);
	return NULL;
}

struct op_error *op_walk_thread(const struct op_stack_context *context,
				const struct op_registers *registers, size_t limit,
				struct op_walk *ret)
{
	const struct op_arch *arch = context->arch;
	uint64_t pc = registers->value[arch->pc], sp = registers->value[arch->sp];
	struct op_unwinder unwinder;
	*ret = (struct op_walk){0};
	if (context->dump)
		return op_dump_walk(context, registers, limit, ret);
	struct walker walker = {.unwinder = &unwinder, .walk = ret, .limit = limit};
	if (!op_unwinder_init(&unwinder, context, sp))
		return NULL;
	uint64_t above = sp;
	struct op_code_place place = op_code_places_find(&unwinder.places, pc, false);
	bool more = true;
	if (place.role != OP_CODE_NONE) {
		struct op_chain_frame first = {
			.pc = pc, .fp = registers->value[arch->fp], .sp = sp};
		struct op_error *err = innermost_state(context, &place, pc, &first.state);
		if (err) {
			op_unwinder_deinit(&unwinder);
			return err;
		}
		more = walk_activation(&walker, &first, true, &above);
		pc = 0;
	}
	struct op_exit_record record;
	while (more && op_activation_find(&unwinder, above, false, &record)) {
		more = walk_record(&walker, &record, pc, above, &above);
		pc = 0;
	}
	return finish(&unwinder, ret);
}

struct op_error *op_walk_suspended(const struct op_stack_context *context,
				   const struct op_suspended *suspended, size_t limit,
				   struct op_walk *ret)
{
	struct op_unwinder unwinder;
	*ret = (struct op_walk){0};
	struct walker walker = {.unwinder = &unwinder, .walk = ret, .limit = limit};
	op_unwinder_init_range(&unwinder, context, suspended->stack_start.value,
			       suspended->stack_end.value);
	uint64_t from = suspended->sp.value, above;
	struct op_exit_record record;
	while (op_activation_find(&unwinder, from, true, &record) &&
	       walk_record(&walker, &record, 0, from, &above)) {
		// The state that was saved for this activation stands above its entry; the next
		// outer one's stands higher.
		from = record.state.context + sizeof(uint64_t);
	}
	return finish(&unwinder, ret);
}
