// SPDX-License-Identifier: GPL-3.0-or-later
// Stacks as they are shown: the machine frames of target-runtime turned into guest frames, host
// stretches folded, and what is selected.
#include "tracer/frame_registers.h"
#include "tracer/session.h"
#include "tracer/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dump_stack.h"
#include "tracer/place.h"
#include "tracer/source.h"

enum { FRAMES_MAX = 1000000, ARRIVED_FRAMES_MAX = 16 };

const struct op_virtual_frame *op_frame_virtual(const struct op_frame *frame)
{
	return frame ? frame->internal : NULL;
}

static void store_clear(struct op_stack_store *store)
{
	op_walk_deinit(&store->walk);
	store->walk = (struct op_walk){0};
	free(store->incomplete);
	store->incomplete = NULL;
	for (size_t i = 0; i < store->frames.count; i++)
		if (store->frames.data[i].kind == OP_FRAME_HOST)
			free((char *)store->frames.data[i].function);
	store->frames.count = 0;
	store->valid = false;
}

void op_stacks_forget(struct op_session *session)
{
	store_clear(&session->stack);
	op_frame_chain_destroy(op_take(session->frame_chain));
	session->summaries.count = 0;
	free(session->suspended);
	session->suspended = NULL;
	session->suspended_count = 0;
	session->suspended_known = false;
}

void op_stacks_deinit(struct op_session *session)
{
	op_stacks_forget(session);
	free(session->stack.frames.data);
	free(session->stack.virtual_frames);
	session->stack = (struct op_stack_store){0};
	free(session->summaries.data);
	free(session->summary_frames.data);
	memset(&session->summaries, 0, sizeof(session->summaries));
	memset(&session->summary_frames, 0, sizeof(session->summary_frames));
	session->suspended_selected = false;
	session->selected_level = 0;
	session->selected_thread = 0;
}

static uint32_t parameter_count(const struct op_module_entry *module, uint32_t function)
{
	const struct op_wasm_type_def *type =
		module->wasm ? op_wasm_module_function_type(module->wasm, function) : NULL;
	return type ? type->param_count : 0;
}

// The registers that a thread is shown with. Hardware stops behind the instruction that made an
// access; the frame is that instruction's.
static struct op_error *shown_registers(struct op_session *session, int64_t thread,
					struct op_registers *ret)
{
	struct op_error *err = op_process_registers(session->process, thread, ret);
	if (!err && thread == session->behind_thread)
		ret->value[op_process_arch(session->process)->pc]--;
	return err;
}

// A guest frame for the public interface. @p internal must stay where it is.
static struct op_frame guest_frame(struct op_session *session,
				   const struct op_virtual_frame *internal, uint32_t level,
				   uint32_t activation)
{
	struct op_module_entry *module =
		op_module_by_artifact(session, internal->artifact, internal->pc.module);
	struct op_frame frame = {
		.level = level,
		.kind = OP_FRAME_WASM,
		.function = module ? op_module_function_name(module, internal->function)
				   : "function[?]",
		.function_index = internal->function,
		.module = module ? module->name : "?",
		.module_id = module ? module->info.id : UINT32_MAX,
		.has_pc = internal->has_pc,
		.pc = internal->pc.offset,
		.host_pc = internal->host_pc,
		.fp = internal->fp,
		.vmctx = internal->vmctx,
		.inlined = internal->inlined,
		.in_flight = internal->precision == OP_FRAME_IN_FLIGHT,
		.dumped = internal->dumped,
		.no_values = internal->precision == OP_FRAME_NO_TABLE,
		.activation = activation,
		.internal = internal,
	};
	if (internal->dumped && !internal->has_pc)
		frame.function_offset = internal->dumped->offset;
	uint32_t locals;
	struct op_error *err = op_frame_local_count(internal, &locals);
	if (!err) {
		frame.local_count = locals;
		uint32_t params = module ? parameter_count(module, internal->function) : 0;
		frame.param_count = params < locals ? params : locals;
	}
	op_error_destroy(err);
	frame.has_arguments =
		level == 0 && activation == 0 && op_arguments_known(session, internal);
	// The address map has no position for the code in front of the first instruction.
	struct op_place place;
	bool known = false;
	if (frame.has_arguments && module)
		op_error_destroy(
			op_place_function_start(module, internal->function, &place, &known));
	if (known) {
		frame.has_pc = true;
		frame.pc = place.pc;
	}
	return frame;
}

// A folded stretch of host frames: "fd_read" when the guest's call is known.
static struct op_error *push_host(struct op_session *session, struct op_stack_store *store,
				  const struct op_stack_context *context, size_t exit_index,
				  const struct op_machine_frame *host, uint32_t level)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (exit_index < store->walk.count) {
		struct op_error *err =
			op_walk_host_call_name(context, &store->walk, exit_index, &text);
		if (err)
			return err;
	}
	if (!text.size)
		op_text_append(&text, "host");
	char *name;
	struct op_error *err = op_text_steal(&text, &name);
	if (err)
		return err;
	struct op_frame frame = {
		.level = level,
		.kind = OP_FRAME_HOST,
		.function = name,
		.module = "",
		.module_id = UINT32_MAX,
		.host_pc = host->pc,
		.fp = host->fp,
		.host_sp = host->sp,
		.activation = host->activation,
	};
	if (!op_array_push(&store->frames, frame)) {
		free(name);
		return op_error_no_memory();
	}
	return NULL;
}

static struct op_error *reserve_virtual(struct op_stack_store *store, size_t count)
{
	return op_array_reserve(&store->virtual_frames, &store->virtual_capacity, count,
				sizeof(*store->virtual_frames))
		       ? NULL
		       : op_error_no_memory();
}

void op_session_set_inlined_frames(struct op_session *session, bool shown)
{
	session->hide_inlined = !shown;
	op_stacks_forget(session);
}

// Bodies at the innermost frame that a step by lines has not entered yet.
static uint32_t hidden_bodies(const struct op_session *session, const struct op_stack_store *store)
{
	bool stepped = !store->arriving && store->thread == session->hidden_thread;
	return stepped ? session->hidden_bodies : 0;
}

// One frame of Wasm: as many of the guest's language as bodies were inlined at its place, and one.
static struct op_error *push_guest(struct op_session *session, struct op_stack_store *store,
				   const struct op_virtual_frame *internal, uint32_t activation,
				   size_t limit, uint32_t *level)
{
	struct op_frame frame = guest_frame(session, internal, *level, activation);
	uint32_t count = 1;
	struct op_error *err = session->hide_inlined || store->arriving
				       ? NULL
				       : op_source_frame_count(session, &frame, &count);
	uint32_t hidden = *level || session->hide_inlined ? 0 : hidden_bodies(session, store);
	for (uint32_t i = hidden < count ? hidden : 0;
	     !err && i < count && store->frames.count < limit; i++) {
		err = reserve_virtual(store, store->frames.count + 1);
		if (err)
			return err;
		store->virtual_frames[store->frames.count] = *internal;
		frame.level = (*level)++;
		frame.source_depth = i;
		frame.source_inlined = i + 1 < count;
		if (!op_array_push(&store->frames, frame))
			return op_error_no_memory();
	}
	return err;
}

// Expand the walk. Virtual frames may move while the array grows, so frames learn their places at
// the end.
static struct op_error *expand(struct op_session *session, struct op_stack_store *store,
			       const struct op_registers *registers, size_t limit)
{
	struct op_stack_context context = op_session_stack_context(session);
	uint32_t level = 0;
	for (size_t i = 0; i < store->walk.count && store->frames.count < limit; i++) {
		const struct op_machine_frame *machine = &store->walk.frames[i];
		if (op_cancelled(&session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		struct op_error *err;
		if (machine->kind == OP_MACHINE_FRAME_HOST ||
		    machine->kind == OP_MACHINE_FRAME_EXIT) {
			// The stretch, and the trampoline under it, are one line.
			size_t exit_index = i;
			if (machine->kind == OP_MACHINE_FRAME_HOST && i + 1 < store->walk.count &&
			    store->walk.frames[i + 1].kind == OP_MACHINE_FRAME_EXIT)
				exit_index = ++i;
			else if (machine->kind == OP_MACHINE_FRAME_HOST)
				exit_index = SIZE_MAX;
			err = push_host(session, store, &context, exit_index, machine, level);
			if (err)
				return err;
			continue;
		}
		if (machine->kind != OP_MACHINE_FRAME_WASM)
			continue;
		struct op_virtual_frame virtuals[OP_VIRTUAL_FRAMES_MAX];
		size_t count;
		err = op_virtual_frames(&context, machine, i == 0 ? registers : NULL, virtuals,
					&count);
		if (err)
			return err;
		for (size_t k = 0; !err && k < count && store->frames.count < limit; k++)
			err = push_guest(session, store, &virtuals[k], machine->activation, limit,
					 &level);
		if (err)
			return err;
	}
	for (size_t i = 0; i < store->frames.count; i++)
		store->frames.data[i].internal = store->frames.data[i].kind == OP_FRAME_WASM
							 ? &store->virtual_frames[i]
							 : NULL;
	return NULL;
}

static struct op_error *find_suspended(struct op_session *session)
{
	if (session->suspended_known)
		return NULL;
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	struct OP_ARRAY(struct op_host_addr) busy = {0};
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_error *err = NULL;
	for (size_t i = 0; i < count && !err; i++) {
		struct op_registers registers;
		err = op_process_registers(session->process, threads[i].id, &registers);
		if (err && err->code != OP_ERROR_PROCESS_GONE) {
			op_error_destroy(err);
			err = NULL;
			continue;
		}
		if (!err && !op_array_push(&busy, op_host_addr(registers.value[arch->sp])))
			err = op_error_no_memory();
	}
	struct op_stack_context context = op_session_stack_context(session);
	if (!err)
		err = op_suspended_find(&context, busy.data, busy.count, &session->suspended,
					&session->suspended_count);
	free(busy.data);
	session->suspended_known = !err;
	return err;
}

// The sentence why a walk ended early.
static struct op_error *note_problem(struct op_stack_store *store)
{
	if (!store->walk.problem)
		return NULL;
	store->incomplete = strdup(store->walk.problem->message);
	return store->incomplete ? NULL : op_error_no_memory();
}

static struct op_error *load_stack(struct op_session *session, int64_t thread, size_t suspended,
				   size_t limit, const struct op_stack **ret)
{
	struct op_stack_store *store = &session->stack;
	if (!limit || limit > FRAMES_MAX)
		limit = FRAMES_MAX;
	if (store->interrupted && !op_cancelled(&session->cancel))
		store->valid = false;
	if (store->valid && store->thread == thread && (thread || store->suspended == suspended) &&
	    (store->limit >= limit || store->frames.count < store->limit)) {
		*ret = &store->stack;
		return NULL;
	}
	store_clear(store);
	store->arriving = false;
	store->thread = thread;
	struct op_stack_context context = op_session_stack_context(session);
	struct op_registers registers;
	struct op_error *err = NULL;
	if (thread) {
		err = shown_registers(session, thread, &registers);
		if (!err)
			err = op_walk_thread(&context, &registers, limit + 4, &store->walk);
	} else {
		err = op_walk_suspended(&context, &session->suspended[suspended], limit + 4,
					&store->walk);
	}
	if (!err)
		err = expand(session, store, thread ? &registers : NULL, limit);
	// The search for the first frame ends without a word.
	store->interrupted = op_cancelled(&session->cancel);
	if (!err && store->interrupted && !store->walk.count)
		err = op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
	if (!err)
		err = note_problem(store);
	if (err) {
		store_clear(store);
		return err;
	}
	store->thread = thread;
	store->suspended = suspended;
	store->limit = limit;
	store->valid = true;
	store->stack = (struct op_stack){
		.thread = thread,
		.store = thread ? op_host_addr(0) : session->suspended[suspended].store,
		.frames = store->frames.data,
		.count = store->frames.count,
		.incomplete = store->incomplete,
	};
	if (thread) {
		size_t count;
		const struct op_thread_info *threads = op_process_threads(session->process, &count);
		for (size_t i = 0; i < count; i++) {
			if (threads[i].id != thread)
				continue;
			_cleanup_text_ struct op_text name = OP_TEXT_INIT;
			op_text_append_escaped(&name, threads[i].name, strlen(threads[i].name));
			strncpy(store->stack.thread_name, name.data ?: "",
				sizeof(store->stack.thread_name) - 1);
		}
	}
	*ret = &store->stack;
	return NULL;
}

struct op_error *op_stacks_arrived(struct op_session *session, int64_t thread, uint64_t address,
				   const struct op_frame **ret)
{
	struct op_stack_store *store = &session->stack;
	store_clear(store);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	// What looks at it wants the innermost body; the others would be read for nothing,
	// thousands of times a second.
	store->arriving = true;
	registers.value[op_process_arch(session->process)->pc] = address;
	struct op_stack_context context = op_session_stack_context(session);
	size_t found = 0;
	// At a breakpoint it is the first; at an event the host, or a trampoline, is in front of
	// it.
	for (size_t limit = 1; !err && limit <= ARRIVED_FRAMES_MAX && !found; limit *= 4) {
		store_clear(store);
		err = op_walk_thread(&context, &registers, limit, &store->walk);
		if (!err)
			err = expand(session, store, &registers, limit);
		for (size_t i = store->frames.count; !err && i > 0; i--)
			if (store->frames.data[i - 1].kind == OP_FRAME_WASM)
				found = i;
	}
	if (!err && !found)
		err = op_error_create(OP_ERROR_NOT_FOUND,
				      "the thread has no frame of the guest at 0x%" PRIx64,
				      address);
	if (err)
		return err;
	store->thread = store->stack.thread = thread;
	*ret = &store->frames.data[found - 1];
	return NULL;
}

static bool thread_exists(struct op_session *session, int64_t thread)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; i < count; i++)
		if (threads[i].id == thread)
			return true;
	return false;
}

struct op_error *op_session_thread_stack(struct op_session *session, int64_t thread, size_t limit,
					 const struct op_stack **ret)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	if (!thread_exists(session, thread))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "process %" PRId64 " has no thread %" PRId64,
				       op_session_process_id(session), thread);
	return load_stack(session, thread, 0, limit, ret);
}

struct op_error *op_session_suspended_count(struct op_session *session, size_t *ret)
{
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = find_suspended(session);
	if (!err)
		*ret = session->suspended_count;
	return err;
}

static struct op_error *check_suspended(struct op_session *session, size_t index)
{
	size_t count;
	struct op_error *err = op_session_suspended_count(session, &count);
	if (err || index < count)
		return err;
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "there is no suspended guest number %zu (%zu in all)", index, count);
}

struct op_error *op_session_suspended_stack(struct op_session *session, size_t index, size_t limit,
					    const struct op_stack **ret)
{
	struct op_error *err = check_suspended(session, index);
	return err ? err : load_stack(session, 0, index, limit, ret);
}

// The innermost guest frame of a walk, expanded.
static struct op_error *top_frame(struct op_session *session, const struct op_walk *walk,
				  const struct op_registers *registers,
				  struct op_virtual_frame *ret, bool *ret_found,
				  bool *ret_host_call)
{
	*ret_found = false;
	*ret_host_call = false;
	struct op_stack_context context = op_session_stack_context(session);
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->frames[i].kind == OP_MACHINE_FRAME_HOST ||
		    walk->frames[i].kind == OP_MACHINE_FRAME_EXIT)
			*ret_host_call = true;
		if (walk->frames[i].kind != OP_MACHINE_FRAME_WASM)
			continue;
		struct op_virtual_frame virtuals[OP_VIRTUAL_FRAMES_MAX];
		size_t count;
		struct op_error *err = op_virtual_frames(
			&context, &walk->frames[i], i == 0 ? registers : NULL, virtuals, &count);
		if (err)
			return err;
		if (count) {
			*ret = virtuals[0];
			*ret_found = true;
		}
		return NULL;
	}
	return NULL;
}

static struct op_error *summarise(struct op_session *session, const struct op_thread_info *thread,
				  size_t index)
{
	struct op_thread_summary *summary = &session->summaries.data[index];
	*summary = (struct op_thread_summary){.id = thread->id};
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_text_append_escaped(&name, thread->name, strlen(thread->name));
	strncpy(summary->name, name.data ?: "", sizeof(summary->name) - 1);
	summary->selected = !session->suspended_selected && thread->id == session->selected_thread;
	struct op_registers registers;
	struct op_error *err = shown_registers(session, thread->id, &registers);
	if (err && err->code != OP_ERROR_PROCESS_GONE) {
		// A thread that is just ending has no registers and no stack.
		op_error_destroy(err);
		return NULL;
	}
	struct op_stack_context context = op_session_stack_context(session);
	struct op_walk walk = {0};
	if (!err)
		err = op_walk_thread(&context, &registers, 8, &walk);
	struct op_virtual_frame *frame = &session->summary_frames.data[index];
	bool host_call;
	if (!err)
		err = top_frame(session, &walk, &registers, frame, &summary->in_guest, &host_call);
	if (!err && summary->in_guest) {
		summary->host_call = host_call;
		summary->frame = guest_frame(session, frame, 0, 0);
	}
	op_walk_deinit(&walk);
	return err;
}

struct op_error *op_session_threads(struct op_session *session,
				    const struct op_thread_summary **ret, size_t *ret_count)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	if (!op_array_reserve(&session->summaries.data, &session->summaries.capacity, count,
			      sizeof(*session->summaries.data)) ||
	    !op_array_reserve(&session->summary_frames.data, &session->summary_frames.capacity,
			      count, sizeof(*session->summary_frames.data)))
		return op_error_no_memory();
	session->summaries.count = count;
	for (size_t i = 0; i < count; i++) {
		err = summarise(session, &threads[i], i);
		if (err)
			return err;
	}
	*ret = session->summaries.data;
	*ret_count = count;
	return NULL;
}

// Selection -----------------------------------------------------------------------------------

int64_t op_session_selected_thread(const struct op_session *session)
{
	return session->suspended_selected ? 0 : session->selected_thread;
}

bool op_session_selected_suspended(const struct op_session *session, size_t *ret)
{
	*ret = session->selected_suspended;
	return session->suspended_selected;
}

uint32_t op_session_selected_level(const struct op_session *session)
{
	return session->selected_level;
}

struct op_error *op_session_select_thread(struct op_session *session, int64_t thread)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	if (!thread_exists(session, thread))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "process %" PRId64 " has no thread %" PRId64
				       "; \"info threads\" lists them by their ids",
				       op_session_process_id(session), thread);
	op_state_unselect(session);
	session->selected_thread = thread;
	session->suspended_selected = false;
	session->selected_level = 0;
	bool carried;
	return op_session_carry(session, &carried);
}

struct op_error *op_session_select_suspended(struct op_session *session, size_t index)
{
	struct op_error *err = check_suspended(session, index);
	if (err)
		return err;
	op_state_unselect(session);
	session->suspended_selected = true;
	session->selected_suspended = index;
	session->selected_level = 0;
	return NULL;
}

struct op_error *op_session_selected_stack(struct op_session *session, size_t limit,
					   const struct op_stack **ret)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	const struct op_stack *stack;
	if (!session->suspended_selected && !session->selected_thread)
		return op_error_create(OP_ERROR_STATE, "no thread is known");
	if (session->suspended_selected)
		err = op_session_suspended_stack(session, session->selected_suspended, limit,
						 &stack);
	else
		err = op_session_thread_stack(session, session->selected_thread, limit, &stack);
	if (err)
		return err;
	for (size_t i = 0; i < stack->count; i++) {
		if (stack->frames[i].kind == OP_FRAME_WASM) {
			*ret = stack;
			return NULL;
		}
	}
	if (session->suspended_selected)
		return op_error_create(OP_ERROR_STATE, "the suspended guest has no frames%s%s",
				       stack->incomplete ? ": " : "", stack->incomplete ?: "");
	return op_error_create(OP_ERROR_STATE, "thread %" PRId64 " is not in the guest%s%s",
			       session->selected_thread, stack->incomplete ? ": " : "",
			       stack->incomplete ?: " (\"info stacks\" lists the stacks that are)");
}

static const struct op_frame *frame_at(const struct op_stack *stack, uint32_t level)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].kind == OP_FRAME_WASM && stack->frames[i].level == level)
			return &stack->frames[i];
	return NULL;
}

// Walk only as far as the level asks for: a deep recursion must not be walked whole to show its
// innermost frame.
static struct op_error *load_level(struct op_session *session, uint32_t level,
				   const struct op_frame **ret)
{
	const struct op_stack *stack;
	struct op_error *err = op_session_selected_stack(session, (size_t)level + 16, &stack);
	if (err)
		return err;
	*ret = frame_at(stack, level);
	if (!*ret && !stack->incomplete)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no frame %" PRIu32, level);
	if (!*ret) {
		err = op_session_selected_stack(session, 0, &stack);
		if (err)
			return err;
		*ret = frame_at(stack, level);
	}
	return *ret ? NULL
		    : op_error_create(OP_ERROR_NOT_FOUND, "there is no frame %" PRIu32, level);
}

struct op_error *op_session_select_level(struct op_session *session, uint32_t level)
{
	const struct op_frame *frame;
	struct op_error *err = load_level(session, level, &frame);
	if (err)
		return err;
	op_state_unselect(session);
	session->selected_level = level;
	return NULL;
}

struct op_error *op_session_selected_frame(struct op_session *session, const struct op_frame **ret)
{
	return load_level(session, session->selected_level, ret);
}

struct op_error *op_stacks_select_after_stop(struct op_session *session, int64_t thread,
					     bool prefer_guest)
{
	session->suspended_selected = false;
	session->selected_level = 0;
	session->selected_thread = thread;
	size_t count;
	const struct op_thread_info *infos = op_process_threads(session->process, &count);
	if (count && !thread_exists(session, thread))
		session->selected_thread = infos[0].id;
	if (!prefer_guest)
		return NULL;
	// What a person wants to see: a thread in the guest's own code, else one in a host call of
	// it, else a guest that waits on no thread.
	const struct op_thread_summary *threads;
	struct op_error *err = op_session_threads(session, &threads, &count);
	if (err)
		return err;
	int best = 0;
	for (size_t i = 0; i < count; i++) {
		int rank = !threads[i].in_guest ? 0 : threads[i].host_call ? 1 : 2;
		if (rank > best) {
			best = rank;
			session->selected_thread = threads[i].id;
		}
	}
	bool carried;
	if (best)
		return op_session_carry(session, &carried);
	size_t suspended;
	err = op_session_suspended_count(session, &suspended);
	if (!err && suspended)
		err = op_session_select_suspended(session, 0);
	return err;
}
