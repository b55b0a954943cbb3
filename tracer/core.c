// SPDX-License-Identifier: GPL-3.0-or-later
// A core file as a session's target: opened as a process that is stopped for good, and asked how it
// ended. What a command shows of it is the same code as for a live process.
#include <inttypes.h>
#include <string.h>

#include "tracer/catchpoint.h"
#include "tracer/dump_process.h"

bool op_session_is_core(const struct op_session *session)
{
	return session->process && op_process_core_info(session->process);
}

struct op_error *op_session_need_live(struct op_session *session, const char *what)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err || !op_session_is_core(session))
		return err;
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "%s: a core file cannot run; this needs a running process", what);
}

bool op_session_is_core_file(const char *path)
{
	return op_process_is_core_file(path) || op_is_dump_file(path);
}

struct op_error *op_session_core(struct op_session *session, struct op_core_report *ret)
{
	if (!op_session_is_core(session))
		return op_error_create(OP_ERROR_STATE, "no core file is open");
	const struct op_core_info *info = op_process_core_info(session->process);
	*ret = (struct op_core_report){
		.path = info->path,
		.program = session->core_program,
		.remarks = info->remarks,
		.remark_count = info->remark_count,
	};
	return NULL;
}

// A core of something else is told apart from one whose images it does not hold.
static struct op_error *need_images(struct op_session *session, const char *path)
{
	size_t count, size;
	op_image_set_images(session->images, &count);
	if (count)
		return NULL;
	if (op_process_core_info(session->process)->incomplete) {
		op_session_notice(session, OP_NOTICE_WARNING,
				  "no code compiled by Wasmtime is in what there is of the core "
				  "file");
		return NULL;
	}
	const char *command = op_process_command_line(session->process, &size);
	const struct op_core_info *info = op_process_core_info(session->process);
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_text_append_escaped(&name, command, size ? strnlen(command, size) : 0);
	return op_error_create(
		OP_ERROR_NOT_WASMTIME,
		"the core file %s (of process %" PRId64 ", %s) holds no code compiled by Wasmtime: "
		"%s",
		path, op_session_process_id(session), name.size ? name.data : "?",
		info->remark_count ? "some of the memory is missing"
				   : "it was not a Wasmtime process, had not loaded a module yet, "
				     "or ran an interpreter build");
}

static struct op_error *note_program(struct op_session *session)
{
	const char *program = op_process_core_info(session->process)->program;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (!program)
		return NULL;
	op_text_append_escaped(&text, program, strlen(program));
	return op_text_steal(&text, &session->core_program);
}

static struct op_error *note_end(struct op_session *session, struct op_event *event)
{
	const struct op_core_info *info = op_process_core_info(session->process);
	const struct op_stop *stop = &info->stop;
	event->kind = OP_EVENT_STOPPED;
	event->reason = OP_REASON_CORE;
	event->wasm_dump = op_dump_process_stacks(session->process) != NULL;
	if (!info->has_stop)
		return NULL;
	event->signal = stop->signal;
	memcpy(event->signal_name, stop->signal_name, sizeof(event->signal_name));
	event->has_fault_address = stop->signal_is_fault;
	event->fault_address = stop->fault_address;
	bool is_trap;
	return op_trap_of_fault(session, stop, &is_trap, event->trap, sizeof(event->trap));
}

// The thread that ended it, else one in the guest.
static struct op_error *select_thread(struct op_session *session)
{
	const struct op_core_info *info = op_process_core_info(session->process);
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	if (!count)
		return NULL;
	return op_stacks_select_after_stop(
		session, info->has_stop ? info->stop.thread : threads[0].id, !info->has_stop);
}

static void tell_remarks(struct op_session *session)
{
	const struct op_core_info *info = op_process_core_info(session->process);
	for (size_t i = 0; i < info->remark_count; i++)
		op_session_notice(session, OP_NOTICE_WARNING, "%s", info->remarks[i]);
}

/** The entry of a module of a Wasm core dump. */
static struct op_module_entry *
dumped_module(struct op_session *session, const struct op_stack_context *context, uint32_t module)
{
	const struct op_image *image = op_dump_image(context, module);
	return image ? op_module_by_artifact(session, image->artifact, 0) : NULL;
}

// Of a module whose bytes nobody has, the frames of a Wasm core dump show the functions.
static struct op_error *take_functions(struct op_session *session,
				       const struct op_stack_context *context)
{
	size_t count;
	const struct op_dumped_thread *threads =
		op_wasm_core_dump_threads(context->dump->dump, &count);
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++) {
		for (uint32_t k = 0; !err && k < threads[i].frame_count; k++) {
			const struct op_dumped_frame *frame = &threads[i].frames[k];
			struct op_module_entry *entry =
				dumped_module(session, context, op_dump_module_of(context, frame));
			if (entry)
				err = op_module_has_function(entry, frame->function);
		}
	}
	return err;
}

// No Wasmtime has compiled the modules of a dump: their images are outpost's own.
static struct op_error *take_dumped_modules(struct op_session *session)
{
	struct op_stack_context context = op_session_stack_context(session);
	size_t count;
	if (!context.dump)
		return NULL;
	op_wasm_core_dump_modules(context.dump->dump, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct op_module_entry *entry = dumped_module(session, &context, i);
		if (!entry)
			continue;
		((char *)entry->info.version)[0] = '\0';
		entry->info.made_up = !context.dump->known[i];
		entry->info.has_bytecode = !entry->info.made_up;
	}
	return take_functions(session, &context);
}

struct op_error *op_session_open_core(struct op_session *session, const char *path,
				      const struct op_core_open_options *options,
				      struct op_event *ret)
{
	struct op_core_open_options wanted = {0};
	if (options)
		memcpy(&wanted, options,
		       options->size < sizeof(wanted) ? options->size : sizeof(wanted));
	struct op_error *err = op_session_need_empty(session);
	if (err)
		return err;
	const struct op_core_options places = {
		.program = wanted.program, .sysroot = wanted.sysroot, .cancel = &session->cancel};
	struct op_process *process;
	err = op_is_dump_file(path)
		      ? op_dump_process_open(path, wanted.modules, wanted.module_count, &process)
		      : op_process_open_core(path, &places, &process);
	if (err)
		return err;
	err = op_session_adopt(session, process);
	if (!err)
		err = note_program(session);
	if (!err)
		err = op_session_refresh(session, NULL);
	if (!err && !wanted.allow_empty)
		err = need_images(session, path);
	session->state = OP_SESSION_STOPPED;
	if (!err)
		err = take_dumped_modules(session);
	if (!err)
		err = select_thread(session);
	*ret = (struct op_event){0};
	if (!err)
		err = note_end(session, ret);
	tell_remarks(session);
	if (err) {
		op_session_drop_target(session);
		return err;
	}
	ret->thread = op_session_selected_thread(session);
	session->shown_thread = ret->thread;
	return NULL;
}
