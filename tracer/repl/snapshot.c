// SPDX-License-Identifier: GPL-3.0-or-later
// A copy of stacks; see snapshot.h. All memory comes from an arena and names are copied once: the
// target waits meanwhile.
#include "tracer/repl/snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/repl/fatal.h"

enum { BLOCK = 256 * 1024 };

struct op_arena_block {
	struct op_arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char data[];
};

void op_snapshot_deinit(struct op_snapshot *snapshot)
{
	while (snapshot->blocks) {
		struct op_arena_block *next = snapshot->blocks->next;
		free(snapshot->blocks);
		snapshot->blocks = next;
	}
	free(snapshot->stacks);
	free(snapshot->interned);
	*snapshot = (struct op_snapshot){0};
}

/** Memory that lives as long as the snapshot; NULL when there is none. */
static void *take(struct op_snapshot *snapshot, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	struct op_arena_block *block = snapshot->blocks;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK ? size : BLOCK;
		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct op_arena_block){.next = snapshot->blocks, .size = room};
		snapshot->blocks = block;
	}
	void *memory = block->data + block->used;
	block->used += size;
	return memory;
}

static char *copy_string(struct op_snapshot *snapshot, const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = take(snapshot, size);
	return copy ? memcpy(copy, string, size) : NULL;
}

static size_t slot_of(const struct op_snapshot *snapshot, const char *pointer)
{
	// Fibonacci hashing: pointers differ in their middle bits.
	uint64_t hash = (uint64_t)(uintptr_t)pointer * UINT64_C(0x9e3779b97f4a7c15);
	size_t slot = (size_t)(hash >> 32) & (snapshot->interned_capacity - 1);
	while (snapshot->interned[2 * slot] && snapshot->interned[2 * slot] != pointer)
		slot = (slot + 1) & (snapshot->interned_capacity - 1);
	return slot;
}

static bool grow_table(struct op_snapshot *snapshot)
{
	struct op_snapshot bigger = {.interned_capacity = snapshot->interned_capacity
								  ? snapshot->interned_capacity * 2
								  : 256};
	bigger.interned = calloc(bigger.interned_capacity, 2 * sizeof(*bigger.interned));
	if (!bigger.interned)
		return false;
	for (size_t i = 0; i < snapshot->interned_capacity; i++) {
		if (!snapshot->interned[2 * i])
			continue;
		size_t slot = slot_of(&bigger, snapshot->interned[2 * i]);
		bigger.interned[2 * slot] = snapshot->interned[2 * i];
		bigger.interned[2 * slot + 1] = snapshot->interned[2 * i + 1];
	}
	free(snapshot->interned);
	snapshot->interned = bigger.interned;
	snapshot->interned_capacity = bigger.interned_capacity;
	return true;
}

/**
 * A copy of a name. Names of functions and modules recur in thousands of frames: by pointer, as
 * the session keeps them while the target is stopped.
 */
static bool intern(struct op_snapshot *snapshot, const char **name)
{
	if (!*name)
		return true;
	if (snapshot->interned_count * 2 >= snapshot->interned_capacity && !grow_table(snapshot))
		return false;
	size_t slot = slot_of(snapshot, *name);
	if (!snapshot->interned[2 * slot]) {
		char *copy = copy_string(snapshot, *name);
		if (!copy)
			return false;
		snapshot->interned[2 * slot] = *name;
		snapshot->interned[2 * slot + 1] = copy;
		snapshot->interned_count++;
	}
	*name = snapshot->interned[2 * slot + 1];
	return true;
}

/**
 * The names of variables belong to the session only until its next call: they are copied each
 * time.
 */
static struct op_error *save_variables(struct op_snapshot *snapshot, const struct op_variable *data,
				       size_t count, struct op_saved_variables *ret)
{
	if (!count)
		return NULL;
	ret->data = take(snapshot, count * sizeof(*data));
	if (!ret->data)
		return op_error_no_memory();
	memcpy(ret->data, data, count * sizeof(*data));
	ret->count = count;
	for (size_t i = 0; i < count; i++) {
		if (!data[i].name)
			continue;
		ret->data[i].name = copy_string(snapshot, data[i].name);
		if (!ret->data[i].name)
			return op_error_no_memory();
	}
	return NULL;
}

/** Keep @p error (taken) as the reason, unless it ends everything. */
static struct op_error *save_reason(struct op_snapshot *snapshot, struct op_error *error,
				    struct op_saved_variables *ret)
{
	if (op_error_is_fatal(error))
		return error;
	ret->reason = op_error_code_name(error->code);
	ret->message = copy_string(snapshot, error->message);
	op_error_destroy(error);
	return ret->message ? NULL : op_error_no_memory();
}

static void save_state(enum op_value_state state, struct op_saved_variables *ret)
{
	ret->reason = op_value_state_name(state);
	ret->message = op_value_state_message(state);
}

static struct op_error *save_values(struct op_snapshot *snapshot, struct op_session *session,
				    const struct op_frame *frame, struct op_saved_frame *ret)
{
	const struct op_variable *variables;
	size_t count;
	enum op_value_state state = OP_VALUE_PRESENT;
	struct op_error *err = op_session_locals(session, frame, &variables, &count);
	if (err)
		err = save_reason(snapshot, err, &ret->locals);
	else if (frame->no_values && !count)
		save_state(OP_VALUE_NOT_RECORDED, &ret->locals);
	else
		err = save_variables(snapshot, variables, count, &ret->locals);
	if (err)
		return err;
	err = op_session_operands(session, frame, &variables, &count, &state);
	if (err)
		return save_reason(snapshot, err, &ret->operands);
	if (state != OP_VALUE_PRESENT)
		save_state(state, &ret->operands);
	else
		err = save_variables(snapshot, variables, count, &ret->operands);
	return err;
}

static struct op_error *save_host(struct op_snapshot *snapshot, struct op_session *session,
				  const struct op_stack *stack, size_t at,
				  struct op_saved_frame *ret)
{
	const struct op_host_return *places;
	struct op_error *err = op_session_host_stretch(session, stack, at, &places,
						       &ret->host_count, &ret->host_incomplete);
	if (err && op_error_is_fatal(err))
		return err;
	if (err) {
		ret->host_incomplete = copy_string(snapshot, err->message);
		op_error_destroy(err);
		return ret->host_incomplete ? NULL : op_error_no_memory();
	}
	// Not a name that the session keeps: the next stretch's may stand at the same address.
	if (ret->host_incomplete) {
		ret->host_incomplete = copy_string(snapshot, ret->host_incomplete);
		if (!ret->host_incomplete)
			return op_error_no_memory();
	}
	struct op_host_return *copy = take(snapshot, ret->host_count * sizeof(*copy) + 1);
	if (!copy)
		return op_error_no_memory();
	memcpy(copy, places, ret->host_count * sizeof(*copy));
	ret->host_places = copy;
	return NULL;
}

static struct op_error *save_frames(struct op_snapshot *snapshot, struct op_session *session,
				    const struct op_stack *stack,
				    const struct op_snapshot_options *options,
				    struct op_saved_stack *ret)
{
	ret->frames = take(snapshot, (stack->count + 1) * sizeof(*ret->frames));
	if (!ret->frames)
		return op_error_no_memory();
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < stack->count; i++) {
		struct op_saved_frame *saved = &ret->frames[i];
		*saved = (struct op_saved_frame){.frame = stack->frames[i]};
		if (!intern(snapshot, &saved->frame.function) ||
		    !intern(snapshot, &saved->frame.module))
			return op_error_no_memory();
		if (options->values && saved->frame.kind == OP_FRAME_WASM)
			err = save_values(snapshot, session, &stack->frames[i], saved);
		if (options->host && saved->frame.kind == OP_FRAME_HOST)
			err = save_host(snapshot, session, stack, i, saved);
		ret->count = i + 1;
		ret->in_guest = ret->in_guest || saved->frame.kind == OP_FRAME_WASM;
	}
	if (err || !options->host || stack->incomplete)
		return err;
	struct op_saved_frame *outside = &ret->frames[stack->count];
	*outside = (struct op_saved_frame){.frame = {.kind = OP_FRAME_HOST, .function = NULL}};
	err = save_host(snapshot, session, stack, stack->count, outside);
	ret->count += outside->host_count || outside->host_incomplete;
	return err;
}

/** Add a stack; @p error (taken) is why it could not be walked. */
static struct op_error *save_stack(struct op_snapshot *snapshot, struct op_session *session,
				   const struct op_stack *stack, struct op_error *error,
				   const struct op_thread_summary *thread,
				   const struct op_snapshot_options *options)
{
	struct op_saved_stack saved = {.in_guest = thread && thread->in_guest};
	if (error) {
		if (op_error_is_fatal(error))
			return error;
		saved.failure = copy_string(snapshot, error->message);
		op_error_destroy(error);
		if (!saved.failure)
			return op_error_no_memory();
	} else if (stack) {
		saved.stack = *stack;
		saved.stack.frames = NULL;
		// As with save_host(): the next stack's may stand at the same address.
		if (stack->incomplete) {
			saved.stack.incomplete = copy_string(snapshot, stack->incomplete);
			if (!saved.stack.incomplete)
				return op_error_no_memory();
		}
		error = save_frames(snapshot, session, stack, options, &saved);
	}
	if (thread) {
		saved.stack.thread = thread->id;
		memcpy(saved.stack.thread_name, thread->name, sizeof(saved.stack.thread_name));
	}
	if (error)
		return error;
	if (!op_array_reserve(&snapshot->stacks, &snapshot->capacity, snapshot->count + 1,
			      sizeof(saved)))
		return op_error_no_memory();
	snapshot->stacks[snapshot->count++] = saved;
	return NULL;
}

static struct op_error *save_threads(struct op_snapshot *snapshot, struct op_session *session,
				     const struct op_snapshot_options *options)
{
	const struct op_thread_summary *threads;
	size_t count;
	struct op_error *err = op_session_threads(session, &threads, &count);
	if (err)
		return err;
	// The summaries belong to the session; walking stacks may move them.
	struct op_thread_summary *copies _cleanup_free_ =
		calloc(count ? count : 1, sizeof(*copies));
	if (!copies)
		return op_error_no_memory();
	memcpy(copies, threads, count * sizeof(*copies));
	for (size_t i = 0; !err && i < count; i++) {
		const struct op_stack *stack = NULL;
		if (!copies[i].in_guest && !options->all_threads)
			continue;
		struct op_error *walk =
			copies[i].in_guest || options->host
				? op_session_thread_stack(session, copies[i].id, 0, &stack)
				: NULL;
		err = save_stack(snapshot, session, stack, walk, &copies[i], options);
	}
	snapshot->thread_count = snapshot->count;
	return err;
}

struct op_error *op_snapshot_take(struct op_session *session,
				  const struct op_snapshot_options *options,
				  struct op_snapshot *ret)
{
	*ret = (struct op_snapshot){0};
	size_t suspended = 0;
	struct op_error *err = save_threads(ret, session, options);
	if (!err)
		err = op_session_suspended_count(session, &suspended);
	for (size_t i = 0; !err && i < suspended; i++) {
		const struct op_stack *stack = NULL;
		struct op_error *walk = op_session_suspended_stack(session, i, 0, &stack);
		err = save_stack(ret, session, stack, walk, NULL, options);
	}
	if (err)
		op_snapshot_deinit(ret);
	return err;
}
