// SPDX-License-Identifier: GPL-3.0-or-later
// outpost stack: every guest stack of a running process, which waits only while they are copied; or
// of a core file.
#include <inttypes.h>

#include "tracer/report/thread.h"
#include "tracer/repl/fatal.h"
#include "tracer/repl/host_stretch.h"
#include "tracer/repl/mode.h"
#include "tracer/repl/snapshot.h"

static struct op_variables_view view_of(const struct op_saved_variables *variables, bool wanted)
{
	return (struct op_variables_view){.wanted = wanted,
					  .data = variables->data,
					  .count = variables->count,
					  .reason = variables->reason,
					  .message = variables->message};
}

static struct op_frame_view frame_view(const struct op_saved_frame *frame, bool values)
{
	bool wanted = values && frame->frame.kind == OP_FRAME_WASM;
	return (struct op_frame_view){.frame = &frame->frame,
				      .locals = view_of(&frame->locals, wanted),
				      .operands = view_of(&frame->operands, wanted)};
}

/** @p json NULL: as text. */
static void show_frame(struct op_output *out, struct op_json *json,
		       const struct op_frame_view *view)
{
	if (json) {
		op_frame_json(json, NULL, view);
		return;
	}
	op_frame_text(out, view);
	op_output_drain(out);
}

/** One frame that was copied: in the guest's language it may be several. @p level is the next's. */
static struct op_error *show_saved(struct op_repl *repl, struct op_json *json,
				   const struct op_saved_frame *saved,
				   const struct op_options *options, uint32_t *level)
{
	struct op_frame_view view = frame_view(saved, !options->no_locals);
	if (saved->frame.kind != OP_FRAME_WASM && options->host) {
		struct op_host_stretch_view stretch = {saved->host_places, saved->host_count,
						       saved->host_incomplete};
		return op_repl_show_host_entry(repl, json, saved->frame.function, &stretch);
	}
	if (saved->frame.kind != OP_FRAME_WASM) {
		show_frame(&repl->out, json, &view);
		return NULL;
	}
	uint32_t count;
	struct op_error *err = op_session_source_frames(repl->session, &saved->frame, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		struct op_frame frame = saved->frame;
		frame.level = (*level)++;
		frame.source_depth = i;
		frame.source_inlined = i + 1 < count;
		view.frame = &frame;
		err = op_repl_fetch_source(repl, &frame, &view);
		if (!err)
			show_frame(&repl->out, json, &view);
	}
	return err;
}

static struct op_error *show_frames(struct op_repl *repl, struct op_json *json,
				    const struct op_saved_stack *stack,
				    const struct op_options *options)
{
	uint32_t level = 0;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < stack->count; i++)
		err = show_saved(repl, json, &stack->frames[i], options, &level);
	return err;
}

static struct op_error *stack_text(struct op_repl *repl, const struct op_saved_stack *stack,
				   size_t suspended_index, const struct op_options *options)
{
	struct op_output *out = &repl->out;
	op_stack_headline(out, &stack->stack, suspended_index);
	if (stack->failure)
		op_incomplete_text(out, stack->failure);
	else if (!stack->count)
		op_output_printf(out, "    no guest code\n");
	struct op_error *err = show_frames(repl, NULL, stack, options);
	if (stack->stack.incomplete)
		op_incomplete_text(out, stack->stack.incomplete);
	op_output_printf(out, "\n");
	return err;
}

static struct op_error *stack_json(struct op_repl *repl, struct op_json *json,
				   const struct op_saved_stack *stack,
				   const struct op_options *options)
{
	op_json_begin_object(json, NULL);
	if (stack->stack.thread) {
		op_json_int(json, "tid", stack->stack.thread);
		op_json_string(json, "name", stack->stack.thread_name);
	} else {
		op_json_hex(json, "store", stack->stack.store.value);
	}
	op_json_begin_array(json, "frames");
	struct op_error *err = show_frames(repl, json, stack, options);
	op_json_end_array(json);
	if (stack->failure || stack->stack.incomplete)
		op_json_string(json, "incomplete",
			       stack->failure ? stack->failure : stack->stack.incomplete);
	op_json_end_object(json);
	return err;
}

/** Stacks [first, end) as an array. Into a text of its own: what reading debug information has to
 * say is a line of its own, before. */
static struct op_error *stacks_json(struct op_repl *repl, const struct op_snapshot *snapshot,
				    size_t first, size_t end, const struct op_options *options,
				    struct op_text *ret)
{
	struct op_json json;
	struct op_error *err = NULL;
	op_json_init(&json, ret);
	op_json_begin_array(&json, NULL);
	for (size_t i = first; !err && i < end; i++)
		err = stack_json(repl, &json, &snapshot->stacks[i], options);
	op_json_end_array(&json);
	return err ? err : ret->failed ? op_error_no_memory() : NULL;
}

static struct op_error *show_json(struct op_repl *repl, int64_t pid,
				  const struct op_snapshot *snapshot,
				  const struct op_options *options)
{
	struct op_text threads _cleanup_text_ = OP_TEXT_INIT;
	struct op_text suspended _cleanup_text_ = OP_TEXT_INIT;
	size_t middle = snapshot->thread_count;
	struct op_error *err = stacks_json(repl, snapshot, 0, middle, options, &threads);
	if (!err)
		err = stacks_json(repl, snapshot, middle, snapshot->count, options, &suspended);
	if (err)
		return err;
	struct op_json *json = op_output_begin_line(&repl->out);
	op_json_int(json, "pid", pid);
	op_json_raw(json, "threads", threads.data);
	op_json_raw(json, "suspended", suspended.data);
	op_output_end_line(&repl->out);
	return NULL;
}

static struct op_error *show_text(struct op_repl *repl, int64_t pid,
				  const struct op_snapshot *snapshot,
				  const struct op_options *options)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < snapshot->count; i++)
		err = stack_text(repl, &snapshot->stacks[i], i - snapshot->thread_count, options);
	if (!snapshot->count)
		op_output_printf(&repl->out,
				 "No thread of process %" PRId64
				 " is in guest code, and no guest is suspended.\n",
				 pid);
	return err;
}

/**
 * Fetch the modules' debug information while the process still runs: what stands in its memory
 * cannot be had later. Why there is none is no matter here.
 */
static struct op_error *open_sources(struct op_session *session)
{
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(session, &modules, &count);
	for (size_t i = 0; !err && i < count; i++) {
		err = op_session_source_fetch(session, modules[i].id);
		if (err && !op_error_is_fatal(err)) {
			op_error_destroy(err);
			err = NULL;
		}
	}
	return err;
}

/** Images are found and indexed while the process still runs. */
static struct op_error *open_target(struct op_repl *repl, const struct op_options *options)
{
	const char *target = options->arguments[0];
	if (op_session_is_core_file(target)) {
		struct op_core_open_options places = {
			.size = sizeof(places),
			.program = options->program,
			.sysroot = options->sysroot,
			.modules = options->modules,
			.module_count = options->module_count,
		};
		struct op_event event;
		return op_session_open_core(repl->session, target, &places, &event);
	}
	int64_t pid = op_mode_pid(target);
	if (!pid)
		return op_error_create(OP_ERROR_FORMAT,
				       "%s is neither the id of a process nor a core file", target);
	struct op_error *err = op_session_look(repl->session, pid);
	return err ? err : op_mode_need_modules(repl, pid);
}

static struct op_error *copy_stacks(struct op_session *session, const struct op_options *options,
				    struct op_snapshot *snapshot)
{
	struct op_snapshot_options wanted = {
		.values = !options->no_locals, .all_threads = options->all, .host = options->host};
	// Which lines they are at is found out when the process runs again.
	op_session_set_inlined_frames(session, false);
	struct op_error *err = op_session_is_core(session) ? NULL : op_session_stop_looked(session);
	if (!err)
		err = op_snapshot_take(session, &wanted, snapshot);
	if (op_session_state(session) != OP_SESSION_STOPPED || op_session_is_core(session))
		return err;
	struct op_error *detach = op_session_detach_keep_modules(session);
	if (!err)
		return detach;
	op_error_destroy(detach);
	return err;
}

static int stack_mode(const struct op_options *options)
{
	struct op_repl repl;
	struct op_snapshot snapshot _cleanup_(op_snapshot_deinit) = {0};
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		struct op_error *err = open_target(&repl, options);
		int64_t pid = op_session_process_id(repl.session);
		if (!err)
			err = open_sources(repl.session);
		if (!err)
			err = copy_stacks(repl.session, options, &snapshot);
		if (!err)
			err = options->json ? show_json(&repl, pid, &snapshot, options)
					    : show_text(&repl, pid, &snapshot, options);
		status = err ? op_mode_fail(&repl, "stack", err) : OP_EXIT_DONE;
	}
	return op_mode_close(&repl, status);
}

const struct op_mode op_mode_stack = {
	.name = "stack",
	.args = "PID|CORE",
	.help = "show every guest stack of a running process, which runs on; or of a core file",
	.arguments_min = 1,
	.arguments_max = 1,
	.takes_pid = true,
	.takes_core = true,
	.only_looks = true,
	.run = stack_mode,
};
