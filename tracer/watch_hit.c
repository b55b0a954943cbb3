// SPDX-License-Identifier: GPL-3.0-or-later
// What a hit of a watch slot means: which watchpoint, what changed, who did it; see watchpoint.h.
#include <inttypes.h>
#include <string.h>

#include "tracer/breakpoint.h"
#include "tracer/condition.h"
#include "tracer/patch.h"
#include "target-runtime/instance.h"
#include "tracer/state.h"
#include "tracer/watch_private.h"

// Frames of a stack that are looked at for the access: host stretches are folded to one.
enum { FRAMES_LOOKED_AT = 16 };

// One access of a thread that was just made; the other threads may run.
struct access {
	struct op_session *session;
	int64_t thread;
	enum op_session_state state; // the session's own, meanwhile
	const struct op_stack *stack;
};

void op_watch_show_access(struct op_session *session, int64_t thread)
{
	struct op_host_addr pc;
	session->behind_thread = 0;
	struct op_error *err = op_process_pc(session->process, thread, &pc);
	if (!err && op_image_set_find(session->images, pc))
		session->behind_thread = thread;
	op_error_destroy(err);
	op_stacks_forget(session);
}

// For this thread the target stands still: what needs that may be asked (as in condition.c).
static struct op_error *begin(struct op_session *session, int64_t thread, struct access *ret)
{
	*ret = (struct access){.session = session, .thread = thread, .state = session->state};
	op_session_forget(session);
	op_watch_show_access(session, thread);
	session->state = OP_SESSION_STOPPED;
	return op_session_thread_stack(session, thread, FRAMES_LOOKED_AT, &ret->stack);
}

static void end(struct access *access)
{
	access->session->state = access->state;
	access->session->behind_thread = 0;
	op_session_forget(access->session);
}

static const struct op_frame *innermost_guest_frame(const struct op_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].kind == OP_FRAME_WASM)
			return &stack->frames[i];
	return NULL;
}

// The trampoline through which the guest left for what the thread is doing; NULL: it did not.
static const struct op_function *exit_of(const struct op_session *session)
{
	const struct op_walk *walk = &session->stack.walk;
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->frames[i].kind == OP_MACHINE_FRAME_EXIT)
			return walk->frames[i].function;
		if (walk->frames[i].kind != OP_MACHINE_FRAME_HOST)
			return NULL;
	}
	return NULL;
}

static bool is_builtin(const struct op_function *function)
{
	return function && function->kind == OP_FUNCTION_BUILTIN;
}

// While a memory moves the runtime copies all of it: that is no access of the guest's.
static bool is_growing(const struct op_function *exit)
{
	return is_builtin(exit) && exit->name && strstr(exit->name, "memory_grow");
}

// "i32.store offset=4" and the like only write; what else an instruction does is not told by its
// name. Compiled code may fold a load into what follows, so only the names of stores are believed.
static bool only_writes(struct op_session *session, const struct op_frame *frame)
{
	static const char *const marks[] = {".store",      "global.set",  "struct.set", "array.set",
					    "memory.fill", "memory.init", "array.fill"};
	const char *text;
	uint32_t size;
	if (!frame || !frame->has_pc)
		return false;
	struct op_error *err =
		op_session_instruction(session, frame->module_id, frame->pc, &text, &size);
	bool found = false;
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(marks); i++)
		found |= strstr(text, marks[i]) != NULL;
	op_error_destroy(err);
	return found;
}

// Whether the watchpoint means this access. A condition that cannot be evaluated is worth a stop.
static struct op_error *is_meant(struct access *access, const struct op_breakpoint *info,
				 bool changed, bool *ret)
{
	const struct op_frame *frame = innermost_guest_frame(access->stack);
	*ret = true;
	if (!changed && is_growing(exit_of(access->session)))
		*ret = false;
	else if (info->kind == OP_BREAKPOINT_READ && only_writes(access->session, frame))
		*ret = false;
	if (!*ret || !info->condition)
		return NULL;
	struct op_error *err = op_condition_is_true(access->session, frame, info->condition, ret);
	if (!err || err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY)
		return err;
	op_session_notice(access->session, OP_NOTICE_WARNING,
			  "the condition of watchpoint %" PRIu32 " cannot be evaluated: %s",
			  info->number, err->message);
	op_error_destroy(err);
	*ret = true;
	return NULL;
}

static struct op_error *examine(struct op_session *session, int64_t thread,
				const struct op_breakpoint *info, bool changed, bool *ret)
{
	struct access access;
	// A hot place that is written often and never changes: nothing needs to be walked.
	if (!info->condition && changed && info->kind != OP_BREAKPOINT_READ) {
		*ret = true;
		return NULL;
	}
	struct op_error *err = begin(session, thread, &access);
	if (!err)
		err = is_meant(&access, info, changed, ret);
	end(&access);
	return err;
}

// As the guest's language has them; the numbers above stay where that fails.
static struct op_error *show_values(struct op_session *session, const struct watch *watch,
				    const uint8_t before[16], const uint8_t now[16])
{
	struct op_watch_set *set = session->watches;
	op_source_value_deinit(&set->old_value);
	op_source_value_deinit(&set->new_value);
	struct op_error *err = op_watch_place_guest_value(&watch->place, before, &set->old_value);
	if (!err)
		err = op_watch_place_guest_value(&watch->place, now, &set->new_value);
	if (!err && set->new_value.type) {
		set->event.old_guest = &set->old_value;
		set->event.new_guest = &set->new_value;
	}
	return err;
}

struct op_error *op_watch_frame_returned(struct op_session *session, uint32_t number,
					 const struct op_watch_frame *frame, int64_t thread,
					 struct op_event *event, bool *ret_stop)
{
	struct watch *watch = op_watch_find(session, number);
	const struct op_breakpoint *info = op_breakpoint_set_find(session, number);
	*ret_stop = false;
	if (!watch || watch->gone)
		return NULL;
	struct op_error *err = op_watch_frame_has_left(session, frame, thread, ret_stop);
	if (err || !*ret_stop)
		return err;
	const struct op_value value = op_watch_place_value(&watch->place, watch->bytes);
	session->watches->event = (struct op_watch_event){.kind = info->kind,
							  .left = true,
							  .expression = info->spec,
							  .old_value = value,
							  .new_value = value,
							  .store = UINT32_MAX};
	event->reason = OP_REASON_WATCHPOINT;
	event->watch = &session->watches->event;
	op_watch_lose(session, watch);
	op_patch_set_remove_breakpoint(session, number);
	return NULL;
}

static struct op_error *hit(struct op_session *session, int64_t thread, struct watch *watch,
			    struct op_event *event, bool *ret_stop)
{
	struct op_breakpoint *info = op_breakpoint_set_find(session, watch->number);
	uint8_t before[16], now[16];
	bool read = false, known = false, meant = false;
	if (!info || !info->enabled)
		return NULL;
	struct op_error *err = NULL;
	// Another thread may have written since; its own hit is still to come.
	if (watch->place.shared)
		err = op_watch_stored(session, thread, watch, now, &known);
	if (!err && !known)
		err = op_watch_read(session, watch, now, &read);
	if (err || (!known && !read))
		return err;
	memcpy(before, watch->bytes, sizeof(before));
	bool changed = !op_watch_place_is_same(&watch->place, before, now);
	memcpy(watch->bytes, now, sizeof(now));
	// As in gdb: a write of the same value is none, and what changed the value was no read.
	if ((info->kind == OP_BREAKPOINT_WATCH && !changed) ||
	    (info->kind == OP_BREAKPOINT_READ && changed))
		return NULL;
	// What was freed and is another instance's now is not meant.
	err = op_watch_follow(session, watch);
	if (!err && !watch->gone)
		err = examine(session, thread, info, changed, &meant);
	if (err || watch->gone || !meant)
		return err;
	info->hits++;
	if (info->ignore_left) {
		info->ignore_left--;
		return NULL;
	}
	if (*ret_stop)
		return NULL;
	*ret_stop = true;
	session->watches->event = (struct op_watch_event){
		.kind = info->kind,
		.expression = info->spec,
		.changed = changed,
		.old_value = op_watch_place_value(&watch->place, before),
		.new_value = op_watch_place_value(&watch->place, now),
		.is_unsigned = watch->place.is_unsigned,
		.store = UINT32_MAX,
	};
	event->breakpoint = watch->number;
	event->watch = &session->watches->event;
	return show_values(session, watch, before, now);
}

// A base was written: the memories that it is of may be elsewhere now. Their bytes are the same.
static struct op_error *moved(struct op_session *session)
{
	struct op_error *err = op_process_stop_all(session->process);
	if (!err)
		err = op_watch_follow_all(session);
	return err ?: op_watch_set_slots(session);
}

// Whether the mappings as they were last read say that code at @p pc is a file's, and so the
// host's.
static bool is_host_code(const struct op_session *session, struct op_host_addr pc)
{
	for (size_t i = 0; i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		if (pc.value >= region->start.value && pc.value < region->end.value)
			return region->executable && !region->anonymous;
	}
	return false;
}

// A store that was made since has a copy of the code of its own, which outpost may not know yet.
static struct op_error *know_code(struct op_session *session, int64_t thread)
{
	struct op_host_addr pc;
	bool changed;
	struct op_error *err = op_process_pc(session->process, thread, &pc);
	if (err || op_image_set_find(session->images, pc) || is_host_code(session, pc))
		return err;
	err = op_session_refresh(session, &changed);
	return err || !changed ? err : op_patch_set_insert(session);
}

struct op_error *op_watch_reached(struct op_session *session, int64_t thread,
				  struct op_event *event, bool *ret_stop)
{
	struct op_watch_set *set = session->watches;
	unsigned mask = 0;
	bool base = false;
	*ret_stop = false;
	struct op_error *err = op_process_watch_hits(session->process, thread, &mask);
	if (!err && mask)
		err = know_code(session, thread);
	// A watch that several slots stand for is asked once.
	uint32_t last = 0;
	for (unsigned i = 0; !err && set && i < set->armed.count; i++) {
		uint32_t number = set->armed.uses[i].number;
		if (!(mask & 1u << i))
			continue;
		base |= !number;
		struct watch *watch =
			number && number != last ? op_watch_find(session, number) : NULL;
		last = number;
		if (watch && !watch->gone) {
			err = hit(session, thread, watch, event, ret_stop);
			base |= watch->gone;
		}
	}
	if (!err && base)
		err = moved(session);
	return err;
}

// The store of the access: the frame's, or that of a place that no other store can get at.
static struct op_error *find_store(struct op_session *session, const struct op_stack *stack,
				   const struct watch *watch, struct op_watch_event *ret)
{
	const struct op_frame *frame = innermost_guest_frame(stack);
	struct op_memory memory = op_session_memory(session);
	struct op_host_addr store = {0};
	const struct op_store_set *stores;
	struct op_error *err = NULL;
	if (watch && !watch->place.shared)
		store = watch->place.store;
	else if (frame && frame->vmctx.value)
		err = op_instance_store(&memory, frame->vmctx, &store);
	if (!err)
		err = op_state_set(session, &stores);
	if (!err && store.value)
		ret->store = op_state_store_number(stores, store);
	if (!err)
		op_store_set_stores(stores, &ret->store_count);
	if (!err || err->code == OP_ERROR_PROCESS_GONE)
		return err;
	// The stop is worth more than the number of its store.
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_watch_describe(struct op_session *session, struct op_event *event)
{
	struct op_watch_event *watch = &session->watches->event;
	const struct op_stack *stack;
	struct op_error *err =
		op_session_thread_stack(session, event->thread, FRAMES_LOOKED_AT, &stack);
	if (err)
		return err;
	bool in_host = !innermost_guest_frame(stack) ||
		       (stack->count && stack->frames[0].kind == OP_FRAME_HOST);
	// memory.copy and the like are made by the runtime on the instruction's behalf.
	watch->by_host = in_host && !is_builtin(exit_of(session));
	watch->host_call = NULL;
	if (watch->by_host && innermost_guest_frame(stack)) {
		// The stack is walked anew when it is shown.
		char *name = session->watches->host_call;
		strncpy(name, stack->frames[0].function, sizeof(session->watches->host_call) - 1);
		watch->host_call = name;
	}
	return find_store(session, stack, op_watch_find(session, event->breakpoint), watch);
}
