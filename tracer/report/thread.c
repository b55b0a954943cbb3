// SPDX-License-Identifier: GPL-3.0-or-later
// Threads and whole stacks; see thread.h. Knows no session.
#include "tracer/report/thread.h"

#include <inttypes.h>

// Core files of the kernel have none but the process's.
static void append_name(struct op_output *out, const char *name)
{
	if (name[0])
		op_output_printf(out, " \"%s\"", name);
}

void op_thread_row(struct op_output *out, const struct op_thread_summary *thread,
		   const struct op_frame_source *source)
{
	op_output_printf(out, "%c %-8" PRId64, thread->selected ? '*' : ' ', thread->id);
	append_name(out, thread->name);
	op_output_printf(out, "  ");
	if (thread->in_guest) {
		struct op_frame_view view = {.frame = &thread->frame, .source = *source};
		op_frame_line(out, &view);
		if (thread->host_call)
			op_output_styled(out, OP_STYLE_DIM, " (in a host call)");
	} else {
		op_output_styled(out, OP_STYLE_DIM, "no guest code");
	}
	op_output_printf(out, "\n");
}

void op_thread_members(struct op_json *json, const struct op_thread_summary *thread,
		       const struct op_frame_source *source)
{
	op_json_int(json, "tid", thread->id);
	op_json_string(json, "name", thread->name);
	op_json_bool(json, "selected", thread->selected);
	op_json_bool(json, "in_guest", thread->in_guest);
	op_json_bool(json, "host_call", thread->in_guest && thread->host_call);
	if (thread->in_guest) {
		struct op_frame_view view = {.frame = &thread->frame, .source = *source};
		op_frame_json(json, "frame", &view);
	} else {
		op_json_null(json, "frame");
	}
}

void op_stack_headline(struct op_output *out, const struct op_stack *stack, size_t suspended_index)
{
	op_output_style(out, OP_STYLE_EVENT);
	if (stack->thread) {
		op_output_printf(out, "Thread %" PRId64, stack->thread);
		append_name(out, stack->thread_name);
	} else {
		op_output_printf(out, "Suspended guest %zu (store 0x%" PRIx64 ")", suspended_index,
				 stack->store.value);
	}
	op_output_printf(out, ":");
	op_output_style_end(out);
	op_output_printf(out, "\n");
}
