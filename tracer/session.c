// SPDX-License-Identifier: GPL-3.0-or-later
// The session: one target, from attach to detach. Puts platform and target-runtime together; runs
// nothing (run.c) and shows nothing.
#include "tracer/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/agent/agent.h"
#include "tracer/breakpoint.h"
#include "tracer/count.h"
#include "tracer/dump_process.h"
#include "tracer/call_trace.h"
#include "tracer/catchpoint.h"
#include "tracer/expression_session.h"
#include "tracer/items.h"
#include "tracer/host_modules.h"
#include "tracer/log.h"
#include "tracer/objects.h"
#include "tracer/new_code.h"
#include "tracer/patch.h"
#include "tracer/process_info.h"
#include "tracer/run.h"
#include "tracer/source_names.h"
#include "tracer/source_show.h"
#include "tracer/source_text.h"
#include "tracer/state.h"
#include "tracer/state_arrived.h"
#include "tracer/step.h"
#include "tracer/trace.h"
#include "tracer/trampolines.h"
#include "tracer/watchpoint.h"

// A stop reads stacks and frame tables again and again: 8 MiB hold the live stack of a 50,000 frame
// recursion.
enum { MEMORY_CACHE_LIMIT = 8 << 20 };
enum { REFRESH_TRIES = 8 };

const char *op_version(void)
{
	return "0.1.0";
}

void op_session_notice(struct op_session *session, enum op_notice_kind kind, const char *format,
		       ...)
{
	if (!session->options.notice)
		return;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	va_list args;
	va_start(args, format);
	op_text_vprintf(&text, format, args);
	va_end(args);
	if (text.data)
		session->options.notice(session->options.notice_context, kind, text.data);
}

struct op_error *op_session_create(const struct op_session_options *options,
				   struct op_session **ret)
{
	struct op_session *session = calloc(1, sizeof(*session));
	if (!session)
		return op_error_no_memory();
	if (options) {
		size_t size = options->size < sizeof(session->options) ? options->size
								       : sizeof(session->options);
		memcpy(&session->options, options, size);
	}
	struct op_error *err = op_patch_set_create(&session->patches);
	if (!err)
		err = op_agent_create(&session->agent);
	if (!err)
		err = op_count_set_create(&session->counts);
	if (!err)
		err = op_log_sink_create(&session->log);
	if (!err)
		err = op_trace_set_create(&session->traces);
	if (!err)
		err = op_breakpoint_set_create(&session->breakpoints);
	if (!err)
		err = op_step_create(&session->step);
	if (err) {
		op_session_destroy(session);
		return err;
	}
	*ret = session;
	return NULL;
}

struct op_error *op_session_halt(struct op_session *session)
{
	session->halted = true;
	return op_process_stop_all(session->process);
}

void op_session_forget_patches(struct op_session *session)
{
	op_patch_set_clear(session);
	op_agent_forget(session->agent);
	op_log_sink_clear(session->log);
	op_trace_set_clear(session->traces);
	op_new_code_forget(session);
}

// Forget the process, and with it all but the modules; breakpoints stay as they were typed, for the
// next one.
static void drop_process(struct op_session *session)
{
	op_session_forget(session);
	op_arrived_state_destroy(session);
	op_step_reset(session->step);
	op_session_forget_patches(session);
	op_count_set_clear(session->counts);
	session->at_end = false;
	session->shown_thread = session->hidden_thread = 0;
	session->hidden_bodies = 0;
	op_breakpoint_set_unresolve(session->breakpoints);
	op_watch_set_lose(session);
	op_stacks_deinit(session);
	op_image_set_destroy(op_take(session->images));
	op_memory_cache_destroy(op_take(session->cache));
	op_process_destroy(op_take(session->process));
	free(op_take(session->reserve));
	op_process_info_destroy(op_take(session->process_info));
	op_mappings_deinit(&session->mappings);
	free(session->regions.data);
	session->regions.data = NULL;
	session->regions.count = session->regions.capacity = 0;
	op_patch_forget_copied(session);
	session->newest_image = 0;
	session->store_addresses.count = 0;
	op_call_trace_destroy(op_take(session->calls));
	op_catch_state_reset(session);
	op_trampolines_clear(session);
	free(op_take(session->core_program));
	session->launched = false;
	session->state = OP_SESSION_EMPTY;
}

void op_session_drop_target(struct op_session *session)
{
	op_modules_clear(session);
	drop_process(session);
	op_host_stack_destroy(session);
}

void op_session_destroy(struct op_session *session)
{
	if (!session)
		return;
	if (session->state == OP_SESSION_STOPPED || session->state == OP_SESSION_RUNNING)
		op_error_destroy(session->launched ? op_session_kill(session)
						   : op_session_detach(session));
	op_session_drop_target(session);
	op_state_destroy(session);
	op_item_lists_destroy(session);
	op_nodes_destroy(session);
	op_source_names_destroy(session);
	op_source_shown_destroy(session);
	op_step_destroy(session->step);
	op_breakpoint_set_destroy(session->breakpoints);
	op_watch_set_destroy(session->watches);
	op_patch_set_destroy(session->patches);
	op_agent_destroy(session->agent);
	op_count_set_destroy(session->counts);
	op_log_sink_destroy(session->log);
	op_trace_set_destroy(session->traces);
	op_disassembler_destroy(session->disassembler);
	op_variable_list_deinit(&session->locals);
	op_variable_list_deinit(&session->operands);
	for (size_t i = 0; i < session->function_types.count; i++)
		free(session->function_types.data[i]);
	for (size_t i = 0; i < session->line_texts.count; i++)
		free(session->line_texts.data[i]);
	for (size_t i = 0; i < session->memory_names.count; i++)
		free(session->memory_names.data[i]);
	free(session->function_types.data);
	free(session->functions.data);
	free(session->lines.data);
	free(session->line_texts.data);
	free(session->memories.data);
	free(session->memory_names.data);
	free(session->instruction_text);
	free(session->store_addresses.data);
	free(session->new_images.data);
	op_guest_values_destroy(session->guest_values);
	op_history_destroy(session);
	free(session->module_list.data);
	free(session->modules.data);
	free(session->results);
	free(session->results_missing);
	op_source_text_destroy(session->source_text);
	op_source_answers_deinit(&session->source_answers);
	op_source_settings_deinit(&session->source_settings);
	free(session);
}

enum op_session_state op_session_state(const struct op_session *session)
{
	return session->state;
}

int64_t op_session_process_id(const struct op_session *session)
{
	return session->process ? op_process_id(session->process) : 0;
}

static struct op_error *read_process(void *context, struct op_host_addr addr, void *buffer,
				     size_t size, size_t *ret_done)
{
	const struct op_session *session = context;
	return op_process_read_some(session->process, addr, buffer, size, ret_done);
}

static struct op_error *unreadable_in_process(void *context, struct op_host_addr addr)
{
	const struct op_session *session = context;
	return op_process_unreadable(session->process, addr);
}

struct op_memory op_session_memory(struct op_session *session)
{
	return op_memory_cache_memory(session->cache);
}

struct op_stack_context op_session_stack_context(struct op_session *session)
{
	return (struct op_stack_context){
		.arch = op_process_arch(session->process),
		.memory = op_session_memory(session),
		.images = session->images,
		.regions = session->regions.data,
		.region_count = session->regions.count,
		.cancel = &session->cancel,
		.dump = op_dump_process_stacks(session->process),
	};
}

void op_session_forget(struct op_session *session)
{
	if (session->cache)
		op_memory_cache_drop(session->cache);
	op_stacks_forget(session);
	op_state_forget(session, true);
}

struct op_error *op_session_need_stopped(struct op_session *session)
{
	switch (session->state) {
	case OP_SESSION_STOPPED:
		return NULL;
	case OP_SESSION_RUNNING:
		return op_error_create(OP_ERROR_STATE,
				       "the program is running; interrupt it first");
	case OP_SESSION_LOOKING:
		return op_error_create(
			OP_ERROR_STATE,
			"the process is only looked at, not stopped; attach to it first");
	case OP_SESSION_EXITED:
		return op_error_create(OP_ERROR_STATE, "the program has ended");
	case OP_SESSION_EMPTY:
		break;
	}
	return op_error_create(OP_ERROR_STATE,
			       "there is no process; use \"attach PID\" or \"run\" first");
}

// Translate the platform's mappings into what target-runtime reads. Paths are borrowed from
// session->mappings.
struct op_error *op_session_read_regions(struct op_session *session)
{
	struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(session->process, &mappings);
	if (err)
		return err;
	op_mappings_deinit(&session->mappings);
	session->mappings = mappings;
	session->regions.count = 0;
	for (size_t i = 0; i < mappings.count; i++) {
		const struct op_mapping *m = &mappings.data[i];
		struct op_region region = {
			.start = m->start,
			.end = m->end,
			.readable = m->protection & OP_PROTECTION_READ,
			.writable = m->protection & OP_PROTECTION_WRITE,
			.executable = m->protection & OP_PROTECTION_EXECUTE,
			.anonymous = m->anonymous,
			.device = m->device,
			.inode = m->inode,
			.file_offset = m->file_offset,
			.path = m->path,
		};
		if (!op_array_push(&session->regions, region))
			return op_error_no_memory();
	}
	return op_new_code_show_regions(session);
}

static struct op_error *refresh_once(struct op_session *session, bool *ret_changed)
{
	op_state_forget(session, false);
	struct op_error *err = op_session_read_regions(session);
	if (!err)
		err = op_image_set_update(session->images, session->regions.data,
					  session->regions.count, ret_changed);
	if (!err)
		err = op_new_code_note_images(session);
	if (err || (!*ret_changed && !session->modules_stale))
		return err;
	session->modules_stale = true;
	op_stacks_forget(session);
	err = op_modules_update(session);
	if (!err)
		err = op_breakpoint_set_resolve(session);
	if (!err)
		err = op_call_trace_place(session);
	if (err)
		return err;
	op_step_images_changed(session);
	session->store_addresses.count = 0;
	session->modules_stale = false;
	return NULL;
}

struct op_error *op_session_refresh(struct op_session *session, bool *ret_changed)
{
	bool any = false;
	struct op_error *err = NULL;
	// While threads run, an image that was just found may be unmapped before it is read; the
	// next look no longer finds it.
	for (int left = op_session_is_core(session) ? 0 : REFRESH_TRIES; left >= 0; left--) {
		bool changed = false;
		op_error_destroy(err);
		session->looks_again = left;
		err = refresh_once(session, &changed);
		any |= changed;
		if (!err || err->code != OP_ERROR_UNREADABLE)
			break;
		// Not once there are patches: these belong to the images that are known.
		if (session->state == OP_SESSION_EMPTY)
			op_image_set_doubt(session->images);
	}
	if (ret_changed)
		*ret_changed = any;
	return err;
}

// Take over an opened or launched process.
struct op_error *op_session_adopt(struct op_session *session, struct op_process *process)
{
	// Reads of the process's mappings, and what is made of them.
	enum { RESERVE = 2 << 20 };
	session->process = process;
	session->reserve = malloc(RESERVE);
	session->raw_memory = (struct op_memory){
		.context = session,
		.read_some = read_process,
		.unreadable = unreadable_in_process,
	};
	struct op_error *err =
		op_memory_cache_create(&session->raw_memory, MEMORY_CACHE_LIMIT, &session->cache);
	if (!err)
		err = op_image_set_create(&session->raw_memory, &session->images);
	return err;
}

struct op_error *op_session_need_empty(struct op_session *session)
{
	if (session->state == OP_SESSION_EMPTY || session->state == OP_SESSION_EXITED) {
		op_session_drop_target(session);
		return NULL;
	}
	// A Wasm core dump has no process.
	if (!op_session_process_id(session))
		return op_error_create(OP_ERROR_STATE,
				       "a core file is open already; detach from it first");
	return op_error_create(
		OP_ERROR_STATE,
		op_session_is_core(session)
			? "a core file of process %" PRId64 " is open already; detach from it first"
			: "process %" PRId64 " is being debugged already; detach from it first",
		op_session_process_id(session));
}

// The sentence for a process in which nothing of Wasmtime's was found.
static struct op_error *not_wasmtime(struct op_session *session)
{
	size_t size;
	const char *command = op_process_command_line(session->process, &size);
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_text_append_escaped(&name, command, size ? strnlen(command, size) : 0);
	return op_error_create(OP_ERROR_NOT_WASMTIME,
			       "process %" PRId64 " (%s) holds no code compiled by Wasmtime: it is "
			       "not a Wasmtime process, has not loaded a module "
			       "yet, or runs an interpreter build",
			       op_session_process_id(session), name.data ?: "?");
}

struct op_error *op_session_look(struct op_session *session, int64_t pid)
{
	struct op_error *err = op_session_need_empty(session);
	if (err)
		return err;
	struct op_process *process;
	err = op_process_open(pid, &process);
	if (err)
		return err;
	err = op_session_adopt(session, process);
	if (!err)
		err = op_session_refresh(session, NULL);
	if (err) {
		err = op_session_blame_death(session, err);
		op_session_drop_target(session);
		return err;
	}
	session->state = OP_SESSION_LOOKING;
	return NULL;
}

struct op_error *op_session_stop_looked(struct op_session *session)
{
	if (session->state != OP_SESSION_LOOKING)
		return op_error_create(OP_ERROR_STATE, "no process was opened for looking");
	struct op_error *err = op_process_attach(session->process, &(struct op_attach_options){0});
	if (err)
		return err;
	session->state = OP_SESSION_STOPPED;
	op_session_forget(session);
	// Images that came between the look and the stop are found here; the scan knows the others
	// already.
	op_image_set_doubt(session->images);
	err = op_session_refresh(session, NULL);
	return err ?: op_agent_recover(session);
}

struct op_error *op_session_attach(struct op_session *session, int64_t pid, bool allow_empty)
{
	struct op_error *err = op_session_look(session, pid);
	if (err)
		return err;
	err = op_session_stop_looked(session);
	size_t images = 0;
	if (!err) {
		op_image_set_images(session->images, &images);
		if (!images && !allow_empty)
			err = not_wasmtime(session);
	}
	if (!err)
		err = op_stacks_select_after_stop(session, pid, true);
	session->shown_thread = op_session_selected_thread(session);
	if (err) {
		err = op_session_blame_death(session, err);
		if (session->state == OP_SESSION_STOPPED)
			op_error_destroy(op_process_detach(session->process));
		op_session_drop_target(session);
	}
	return err;
}

struct op_error *op_session_open_artifact(struct op_session *session, const char *path)
{
	struct op_error *err = op_session_need_empty(session);
	if (err)
		return err;
	struct op_artifact *artifact;
	err = op_artifact_open_file(path, &artifact);
	if (err)
		return err;
	err = op_modules_add_artifact(session, artifact, path);
	op_artifact_unref(artifact);
	return err;
}

bool op_session_has_died(const struct op_session *session)
{
	return session->process && !session->at_end && op_process_has_died(session->process);
}

struct op_error *op_session_blame_death(const struct op_session *session, struct op_error *err)
{
	if (!err || err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_INTERRUPTED ||
	    !op_session_has_died(session))
		return err;
	err->code = OP_ERROR_PROCESS_GONE;
	return op_error_at(err, "the program has ended meanwhile");
}

bool op_session_is_dying(struct op_session *session)
{
	return session->state == OP_SESSION_STOPPED && op_process_is_dying(session->process);
}

static void let_go(struct op_session *session, bool keep_modules)
{
	if (!keep_modules) {
		op_session_drop_target(session);
		return;
	}
	op_modules_leave_memory(session);
	drop_process(session);
}

// The first of two errors; the other one is given back.
static struct op_error *first_of(struct op_error *first, struct op_error *second)
{
	if (!first)
		return second;
	op_error_destroy(second);
	return first;
}

// Everything of outpost's in the program, all threads stopped. What is independent of what has
// failed is done all the same; traps that are left after all the guardian makes harmless when it is
// told to go (op_guardian_stop()).
static struct op_error *take_all_out(struct op_session *session)
{
	// A visible stop has taken every patch out; what a failed run left behind goes now.
	struct op_error *err = op_patch_set_withdraw(session);
	if (err && err->code != OP_ERROR_PROCESS_GONE) {
		op_error_destroy(err);
		err = op_patch_set_withdraw(session);
	}
	if (!err)
		err = op_patch_sweep_copies(session);
	if (err && err->code == OP_ERROR_PROCESS_GONE)
		return err;
	// Slots that could not be written may still lead into stubs: then these stay.
	bool clean = !err;
	err = first_of(err, op_new_code_let_go(session));
	if (clean)
		err = first_of(err, op_agent_leave(session));
	err = first_of(err, op_watch_disarm(session));
	return first_of(err, op_process_unshield(session->process));
}

static struct op_error *detach(struct op_session *session, bool keep_modules)
{
	free(op_take(session->reserve));
	if (session->state == OP_SESSION_RUNNING) {
		struct op_error *err = op_run_bring_to_stop(session);
		if (err)
			return err;
	}
	if (session->state == OP_SESSION_LOOKING || session->state == OP_SESSION_EXITED) {
		op_session_drop_target(session);
		return NULL;
	}
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	if (op_session_is_core(session)) {
		let_go(session, keep_modules);
		return NULL;
	}
	err = op_session_blame_death(session, take_all_out(session));
	if (err && err->code == OP_ERROR_PROCESS_GONE) {
		// At its end, or dead: nothing of outpost's will ever be run in it again. Whether
		// there is something left to let go the detach says.
		op_error_destroy(err);
		err = NULL;
	}
	struct op_error *detach_err = op_process_detach(session->process);
	let_go(session, keep_modules);
	if (err) {
		op_error_destroy(detach_err);
		return err;
	}
	return detach_err;
}

struct op_error *op_session_detach(struct op_session *session)
{
	return detach(session, false);
}

struct op_error *op_session_detach_keep_modules(struct op_session *session)
{
	return detach(session, true);
}

struct op_error *op_session_kill(struct op_session *session)
{
	if (session->state != OP_SESSION_STOPPED && session->state != OP_SESSION_RUNNING)
		return op_session_need_stopped(session);
	if (op_session_is_core(session))
		return op_session_need_live(session, "the program has ended already");
	struct op_error *err = op_process_kill(session->process);
	op_session_drop_target(session);
	return err;
}

struct op_error *op_session_let_live(struct op_session *session)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err || !session->launched)
		return err;
	err = op_new_code_let_go(session);
	if (!err)
		err = op_process_let_live(session->process);
	session->launched = err != NULL;
	return err;
}

struct op_error *op_session_adopt_launched(struct op_session *session, const char *const *argv)
{
	struct op_error *err = op_session_need_empty(session);
	if (err)
		return err;
	struct op_process *process;
	err = op_process_launch(&(struct op_launch_options){.argv = argv}, &process);
	if (err)
		return err;
	session->launched = true;
	session->state = OP_SESSION_STOPPED;
	err = op_session_adopt(session, process);
	if (!err)
		err = op_session_refresh(session, NULL);
	if (err)
		op_error_destroy(op_session_kill(session));
	return err;
}
