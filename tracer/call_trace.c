// SPDX-License-Identifier: GPL-3.0-or-later
// The calls that are on their way, and what is told of each; see call_trace.h.
#include "tracer/call_trace.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "tracer/call_record.h"
#include "tracer/trampolines.h"

// Calls that never ended (their guest was unwound from outside) must not pile up.
enum { PENDING_MAX = 100000 };

/** A call that has begun, by the frame of its trampoline: a fiber may change threads meanwhile. */
struct pending {
	uint64_t frame;
	struct op_call_record record;
	UT_hash_handle hh;
};

struct op_call_trace {
	char **patterns;
	size_t pattern_count;
	struct pending *calls;
	struct pending *last; /**< the one that was told last: its event's pointers are into it */
	bool file_backed;     /**< a place lies in code that is mapped from a file and cloned */
	bool placed;
};

static void pending_destroy(struct pending *call)
{
	if (!call)
		return;
	op_call_record_clear(&call->record);
	free(call);
}

static void forget_calls(struct op_call_trace *trace)
{
	struct pending *call, *next;
	HASH_ITER(hh, trace->calls, call, next)
	{
		HASH_DEL(trace->calls, call);
		pending_destroy(call);
	}
}

void op_call_trace_destroy(struct op_call_trace *trace)
{
	if (!trace)
		return;
	forget_calls(trace);
	pending_destroy(trace->last);
	for (size_t i = 0; i < trace->pattern_count; i++)
		free(trace->patterns[i]);
	free(trace->patterns);
	free(trace);
}

static void trace_destroyp(struct op_call_trace **trace)
{
	op_call_trace_destroy(*trace);
}

static struct op_error *place_in(struct op_session *session, const struct op_image *image)
{
	static const struct {
		enum op_trampoline_place place;
		unsigned purpose;
	} places[] = {
		{OP_TRAMPOLINE_ENTRY, OP_PATCH_CALL},
		{OP_TRAMPOLINE_RETURN, OP_PATCH_CALL_RETURN},
		{OP_TRAMPOLINE_FAILURE, OP_PATCH_CALL_FAILURE},
	};
	const struct op_trampoline_table *table;
	struct op_error *err = op_trampolines_of(session, image, &table);
	for (size_t i = 0; !err && i < table->items.count; i++) {
		const struct op_trampoline *trampoline = &table->items.data[i];
		if (trampoline->function->kind != OP_FUNCTION_EXIT_TRAMPOLINE)
			continue;
		for (size_t k = 0; !err && k < OP_ARRAY_SIZE(places); k++) {
			struct op_patch *patch;
			err = op_trampoline_patch(session, image, trampoline, places[k].place,
						  &patch);
			if (!err && patch)
				err = op_patch_add_purpose(session->patches, patch,
							   places[k].purpose);
			session->calls->placed |= !err && patch;
		}
	}
	session->calls->file_backed |=
		image->file_backed && op_artifact_info(image->artifact)->has_frames;
	return err;
}

struct op_error *op_call_trace_place(struct op_session *session)
{
	if (!session->calls)
		return NULL;
	session->calls->placed = session->calls->file_backed = false;
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++)
		err = place_in(session, images[i]);
	return err;
}

bool op_call_trace_wants_mappings(struct op_session *session)
{
	return session->calls && (!session->calls->placed || session->calls->file_backed);
}

struct op_error *op_session_trace_calls(struct op_session *session, bool enabled,
					const char *const *patterns, size_t count)
{
	struct op_error *err = op_session_need_live(session, "cannot trace calls");
	if (err)
		return err;
	op_patch_set_remove_purposes(session->patches, OP_PATCH_CALL_MASK);
	op_call_trace_destroy(session->calls);
	session->calls = NULL;
	if (!enabled)
		return NULL;
	_cleanup_(trace_destroyp) struct op_call_trace *trace = calloc(1, sizeof(*trace));
	if (!trace)
		return op_error_no_memory();
	trace->patterns = calloc(count + 1, sizeof(*trace->patterns));
	if (!trace->patterns)
		return op_error_no_memory();
	for (; trace->pattern_count < count; trace->pattern_count++) {
		char *copy = strdup(patterns[trace->pattern_count]);
		if (!copy)
			return op_error_no_memory();
		trace->patterns[trace->pattern_count] = copy;
	}
	session->calls = op_take(trace);
	return op_call_trace_place(session);
}

static struct op_error *begins(struct op_session *session, op_thread_id thread,
			       const struct op_patch *patch)
{
	struct op_call_trace *trace = session->calls;
	const struct op_trampoline *trampoline;
	enum op_trampoline_place place;
	struct op_error *err = op_trampoline_at(session, patch, &trampoline, &place);
	if (err || !trampoline)
		return err;
	struct pending *call = calloc(1, sizeof(*call));
	if (!call)
		return op_error_no_memory();
	err = op_call_record_read(session, thread, trampoline->function, patch->address,
				  &call->record);
	bool wanted =
		!err && op_call_record_matches(&call->record, (const char *const *)trace->patterns,
					       trace->pattern_count);
	if (wanted)
		err = op_call_record_arguments(session, &call->record);
	if (err || !wanted) {
		pending_destroy(call);
		return err;
	}
	if (HASH_COUNT(trace->calls) >= PENDING_MAX)
		forget_calls(trace);
	call->frame = call->record.frame;
	struct pending *stale;
	HASH_FIND(hh, trace->calls, &call->frame, sizeof(call->frame), stale);
	if (stale) {
		HASH_DEL(trace->calls, stale);
		pending_destroy(stale);
	}
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, trace->calls, frame, sizeof(call->frame), call);
	if (failed)
		pending_destroy(call);
	return failed ? op_error_no_memory() : NULL;
}

struct op_error *op_call_trace_reached(struct op_session *session, op_thread_id thread,
				       const struct op_patch *patch, struct op_event *event)
{
	struct op_call_trace *trace = session->calls;
	if (!trace)
		return NULL;
	if (patch->purposes & OP_PATCH_CALL)
		return begins(session, thread, patch);
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	uint64_t frame = registers.value[arch->fp];
	struct pending *call;
	HASH_FIND(hh, trace->calls, &frame, sizeof(frame), call);
	// It began before the trace did, or its name was not wanted.
	if (!call)
		return NULL;
	HASH_DEL(trace->calls, call);
	pending_destroy(trace->last);
	trace->last = call;
	if (patch->purposes & OP_PATCH_CALL_FAILURE)
		op_call_record_failed(&call->record);
	else
		err = op_call_record_returned(session, thread, &call->record);
	event->kind = OP_EVENT_HOST_CALL;
	event->thread = thread;
	event->call = &call->record.call;
	return err;
}
