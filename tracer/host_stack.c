// SPDX-License-Identifier: GPL-3.0-or-later
// The host's frames of a stack that was walked: where each stretch of them begins and where the
// guest's code ends it.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/host_modules.h"
#include "tracer/state.h"

/** What op_session_host_stretch() has handed out. */
struct op_host_stretch {
	struct OP_ARRAY(struct op_host_return) places;
	char *incomplete;
};

void op_host_stack_destroy(struct op_session *session)
{
	op_host_modules_destroy(op_take(session->host_modules));
	struct op_host_stretch *stretch = op_take(session->host_stretch);
	if (!stretch)
		return;
	free(stretch->places.data);
	free(stretch->incomplete);
	free(stretch);
}

/** A stretch while it is unwound. */
struct collecting {
	struct op_session *session;
	struct op_host_stretch *stretch;
	bool wants_guest; /**< it lies within guest code and ends there */
	bool reached;     /**< that was found */
	bool failed;      /**< memory is short */
};

static bool collect(void *context, const struct op_host_return *place)
{
	struct collecting *collecting = context;
	if (op_image_set_find(collecting->session->images, place->pc)) {
		collecting->reached = true;
		return false;
	}
	collecting->failed = !op_array_push(&collecting->stretch->places, *place);
	return !collecting->failed;
}

// Where the host called the guest: behind an entry trampoline's frame.
static struct op_error *start_behind(struct op_session *session,
				     const struct op_machine_frame *entry,
				     struct op_host_start *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_memory memory = op_session_memory(session);
	uint64_t record[2];
	struct op_error *err = op_memory_read(&memory, entry->fp, record, sizeof(record));
	if (err)
		return err;
	*ret = (struct op_host_start){
		.pc = arch->strip_return_address(record[1]),
		.sp = entry->fp.value + sizeof(record),
		.fp = record[0],
		.pc_is_return_address = true,
	};
	return NULL;
}

// A fiber that waits has pushed what a call keeps, its frame pointer last but one
// (crates/fiber/src/stackswitch/x86_64.rs).
static struct op_error *start_of_fiber(struct op_session *session, uint64_t sp,
				       struct op_host_start *ret)
{
	enum { FP = 5, PC = 6, WORDS };
	struct op_memory memory = op_session_memory(session);
	uint64_t words[WORDS];
	struct op_error *err = op_memory_read(&memory, op_host_addr(sp), words, sizeof(words));
	if (err)
		return err;
	*ret = (struct op_host_start){
		.pc = words[PC],
		.sp = sp + sizeof(words),
		.fp = words[FP],
		.pc_is_return_address = true,
	};
	return NULL;
}

// The machine frame that a folded host frame was made of: its own, or the trampoline alone.
static size_t machine_index(const struct op_walk *walk, const struct op_frame *frame)
{
	for (size_t i = 0; i < walk->count; i++)
		if (walk->frames[i].kind == OP_MACHINE_FRAME_HOST &&
		    walk->frames[i].sp.value == frame->host_sp.value &&
		    walk->frames[i].activation == frame->activation)
			return i;
	return SIZE_MAX;
}

// The stretch that begins at a machine frame, or behind all of them.
static struct op_error *find_start(struct op_session *session, int64_t thread, size_t index,
				   struct op_registers *registers, struct op_host_start *ret,
				   bool *ret_any)
{
	const struct op_arch *arch = op_process_arch(session->process);
	const struct op_walk *walk = &session->stack.walk;
	*ret_any = index <= walk->count;
	if (!*ret_any)
		return NULL;
	if (index) {
		const struct op_machine_frame *inner = &walk->frames[index - 1];
		*ret_any = inner->kind == OP_MACHINE_FRAME_ENTRY;
		return *ret_any ? start_behind(session, inner, ret) : NULL;
	}
	if (!thread)
		return start_of_fiber(session, walk->frames[0].sp.value, ret);
	struct op_error *err = op_process_registers(session->process, thread, registers);
	*ret = (struct op_host_start){
		.pc = registers->value[arch->pc],
		.sp = registers->value[arch->sp],
		.fp = registers->value[arch->fp],
		.registers = registers,
	};
	return err;
}

static struct op_error *unwind(struct op_session *session, const struct op_host_start *start,
			       bool wants_guest)
{
	struct op_host_stretch *stretch = session->host_stretch;
	struct op_host_modules *modules;
	struct op_error *err = op_host_modules_get(session, &modules);
	if (err)
		return err;
	struct collecting collecting = {.session = session, .stretch = stretch};
	char *problem;
	err = op_host_unwind(modules, start, collect, &collecting, NULL, &problem);
	if (!err && collecting.failed)
		err = op_error_no_memory();
	// What calls main() is often compiled without a word on how to leave it.
	const struct op_host_return *last =
		stretch->places.count ? &stretch->places.data[stretch->places.count - 1] : NULL;
	if (problem && !wants_guest && last && op_host_is_outermost(modules, last))
		free(op_take(problem));
	if (!err && (problem || (wants_guest && !collecting.reached)) &&
	    asprintf(&stretch->incomplete,
		     "the frames beyond 0x%" PRIx64 " could not be unwound%s%s",
		     last ? last->pc.value : start->pc, problem ? ": " : "", problem ?: "") < 0) {
		stretch->incomplete = NULL;
		err = op_error_no_memory();
	}
	free(problem);
	return err;
}

struct op_error *op_session_host_stretch(struct op_session *session, const struct op_stack *stack,
					 size_t at, const struct op_host_return **ret,
					 size_t *ret_count, const char **ret_incomplete)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	if (!session->host_stretch)
		session->host_stretch = calloc(1, sizeof(*session->host_stretch));
	struct op_host_stretch *stretch = session->host_stretch;
	if (!stretch)
		return op_error_no_memory();
	stretch->places.count = 0;
	free(op_take(stretch->incomplete));
	struct op_registers registers;
	struct op_host_start start;
	bool any;
	const struct op_walk *walk = &session->stack.walk;
	size_t index = at < stack->count ? machine_index(walk, &stack->frames[at]) : walk->count;
	err = find_start(session, stack->thread, index, &registers, &start, &any);
	if (!err && any)
		err = unwind(session, &start, at < stack->count);
	*ret = stretch->places.data;
	*ret_count = err ? 0 : stretch->places.count;
	*ret_incomplete = err ? NULL : stretch->incomplete;
	return err;
}

struct reaching {
	const struct op_session *session;
	bool reached;
};

static bool reach_guest(void *context, const struct op_host_return *place)
{
	struct reaching *reaching = context;
	reaching->reached = op_image_set_find(reaching->session->images, place->pc) != NULL;
	return !reaching->reached;
}

struct op_error *op_host_stack_registers(struct op_session *session, size_t index,
					 struct op_known_registers *ret)
{
	struct op_registers registers;
	struct op_host_start start;
	struct op_host_modules *modules;
	bool any;
	ret->known = 0;
	struct op_error *err =
		find_start(session, session->stack.thread, index, &registers, &start, &any);
	if (!err && any)
		err = op_host_modules_get(session, &modules);
	if (err || !any)
		return err;
	struct reaching reaching = {.session = session};
	char *problem _cleanup_free_ = NULL;
	err = op_host_unwind(modules, &start, reach_guest, &reaching, ret, &problem);
	if (!reaching.reached)
		ret->known = 0;
	return err;
}

struct op_error *op_session_host_frames(struct op_session *session,
					const struct op_host_return *place,
					const struct op_host_frame **ret, size_t *ret_count)
{
	struct op_host_modules *modules;
	struct op_error *err = op_host_modules_get(session, &modules);
	return err ?: op_host_describe(modules, place, ret, ret_count);
}
