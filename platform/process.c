// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of platform.h on a process: each goes to the implementation that the process is of,
// or says that it has none. Knows no implementation.
#include "platform/platform.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "platform/operations.h"

/** The error for what an implementation cannot do: "a core file cannot run". */
static struct op_error *cannot(const struct op_process *process, const char *doing)
{
	return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot %s", process->operations->what,
			       doing);
}

void op_process_destroy(struct op_process *process)
{
	if (process)
		process->operations->destroy(process);
}

// What it is ----------------------------------------------------------------------------------

int64_t op_process_id(const struct op_process *process)
{
	return process->id;
}

const struct op_arch *op_process_arch(const struct op_process *process)
{
	return process->arch;
}

const char *op_process_command_line(const struct op_process *process, size_t *ret_size)
{
	*ret_size = process->command_line ? process->command_line_size : 0;
	return process->command_line ? process->command_line : "";
}

struct op_error *op_process_resolve_path(const struct op_process *process, const char *path,
					 char **ret)
{
	return process->operations->resolve_path
		       ? process->operations->resolve_path(process, path, ret)
		       : cannot(process, "say where a path leads");
}

const struct op_core_info *op_process_core_info(const struct op_process *process)
{
	return process->operations->core_info ? process->operations->core_info(process) : NULL;
}

// Taking hold and letting go ------------------------------------------------------------------

struct op_error *op_process_attach(struct op_process *process,
				   const struct op_attach_options *options)
{
	return process->operations->attach ? process->operations->attach(process, options)
					   : cannot(process, "be attached to");
}

struct op_error *op_process_detach(struct op_process *process)
{
	return process->operations->detach ? process->operations->detach(process)
					   : cannot(process, "be detached from");
}

struct op_error *op_process_kill(struct op_process *process)
{
	return process->operations->kill ? process->operations->kill(process)
					 : cannot(process, "be killed");
}

// Memory --------------------------------------------------------------------------------------

const struct op_thread_info *op_process_threads(struct op_process *process, size_t *ret_count)
{
	return process->operations->threads(process, ret_count);
}

struct op_error *
op_process_each_thread(struct op_process *process,
		       struct op_error *(*visit)(void *context, op_thread_id thread), void *context)
{
	size_t count;
	const struct op_thread_info *infos = op_process_threads(process, &count);
	_cleanup_free_ op_thread_id *threads = calloc(count + 1, sizeof(*threads));
	if (!threads)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++)
		threads[i] = infos[i].id;
	for (size_t i = 0; i < count; i++) {
		struct op_error *err = visit(context, threads[i]);
		if (err && (err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY))
			return err;
		op_error_destroy(err);
	}
	return NULL;
}

struct op_error *op_process_mappings(struct op_process *process, struct op_mappings *ret)
{
	return process->operations->mappings(process, ret);
}

struct op_error *op_process_read_some(struct op_process *process, struct op_host_addr addr,
				      void *buffer, size_t size, size_t *ret_done)
{
	return process->operations->read_some(process, addr, buffer, size, ret_done);
}

struct op_error *op_process_unreadable(struct op_process *process, struct op_host_addr addr)
{
	return process->operations->unreadable(process, addr);
}

struct op_error *op_process_read(struct op_process *process, struct op_host_addr addr, void *buffer,
				 size_t size)
{
	size_t done;
	struct op_error *err = process->operations->read_some(process, addr, buffer, size, &done);

	if (!err && done < size)
		err = process->operations->unreadable(process, op_host_addr_add(addr, done));
	return err;
}

struct op_error *op_process_read_many(struct op_process *process, struct op_read_request *requests,
				      size_t count)
{
	if (process->operations->read_many)
		return process->operations->read_many(process, requests, count);
	for (size_t i = 0; i < count; i++) {
		struct op_read_request *request = &requests[i];
		size_t done;
		struct op_error *err = process->operations->read_some(
			process, request->addr, request->buffer, request->size, &done);
		if (err)
			return err;
		request->done = done == request->size;
	}
	return NULL;
}

struct op_error *op_process_write(struct op_process *process, struct op_host_addr addr,
				  const void *buffer, size_t size)
{
	return process->operations->write ? process->operations->write(process, addr, buffer, size)
					  : cannot(process, "be written to");
}

struct op_error *op_process_map(struct op_process *process, struct op_host_addr near,
				uint64_t reach, uint64_t size, unsigned protection,
				const struct op_map_label *label, struct op_host_addr *ret)
{
	return process->operations->map ? process->operations->map(process, near, reach, size,
								   protection, label, ret)
					: cannot(process, "be given memory");
}

struct op_error *op_process_unmap(struct op_process *process, struct op_host_addr addr,
				  uint64_t size)
{
	return process->operations->unmap ? process->operations->unmap(process, addr, size)
					  : cannot(process, "give memory back");
}

struct op_error *op_process_protect(struct op_process *process, struct op_host_addr addr,
				    uint64_t size, unsigned protection)
{
	return process->operations->protect
		       ? process->operations->protect(process, addr, size, protection)
		       : cannot(process, "change the protection of its memory");
}

// Surviving outpost ---------------------------------------------------------------------------

struct op_error *op_process_shield(struct op_process *process)
{
	return process->operations->shield ? process->operations->shield(process)
					   : cannot(process, "be shielded");
}

struct op_error *op_process_unshield(struct op_process *process)
{
	return process->operations->unshield ? process->operations->unshield(process) : NULL;
}

struct op_error *op_process_note_plant(struct op_process *process, struct op_host_addr addr,
				       const void *bytes, size_t size, uint8_t harmless,
				       uint32_t *ret_entry)
{
	return process->operations->note_plant
		       ? process->operations->note_plant(process, addr, bytes, size, harmless,
							 ret_entry)
		       : cannot(process, "have breakpoints");
}

void op_process_forget_plant(struct op_process *process, uint32_t entry)
{
	if (process->operations->forget_plant)
		process->operations->forget_plant(process, entry);
}

// Watching ------------------------------------------------------------------------------------

void op_process_watch_mapper(struct op_process *process, op_thread_id thread)
{
	if (process->operations->watch_mapper)
		process->operations->watch_mapper(process, thread);
}

bool op_process_mapper_is_busy(struct op_process *process, op_thread_id thread)
{
	return process->operations->mapper_is_busy &&
	       process->operations->mapper_is_busy(process, thread);
}

unsigned op_process_watch_slot_count(const struct op_process *process)
{
	return process->operations->watch_slot_count
		       ? process->operations->watch_slot_count(process)
		       : 0;
}

struct op_error *op_process_set_watch_slot(struct op_process *process, unsigned slot,
					   const struct op_watch_slot *watch)
{
	return process->operations->set_watch_slot
		       ? process->operations->set_watch_slot(process, slot, watch)
		       : cannot(process, "have watchpoints");
}

struct op_error *op_process_watch_hits(struct op_process *process, op_thread_id thread,
				       unsigned *ret_mask)
{
	return process->operations->watch_hits
		       ? process->operations->watch_hits(process, thread, ret_mask)
		       : cannot(process, "have watchpoints");
}

// Threads -------------------------------------------------------------------------------------

struct op_error *op_process_registers(struct op_process *process, op_thread_id thread,
				      struct op_registers *ret)
{
	return process->operations->registers(process, thread, ret);
}

struct op_error *op_process_pc(struct op_process *process, op_thread_id thread,
			       struct op_host_addr *ret)
{
	if (process->operations->pc)
		return process->operations->pc(process, thread, ret);
	struct op_registers registers;
	struct op_error *err = process->operations->registers(process, thread, &registers);
	if (!err)
		*ret = op_host_addr(registers.value[process->arch->pc]);
	return err;
}

struct op_error *op_process_set_registers(struct op_process *process, op_thread_id thread,
					  const struct op_registers *registers)
{
	return process->operations->set_registers
		       ? process->operations->set_registers(process, thread, registers)
		       : cannot(process, "have its registers changed");
}

struct op_error *op_process_vector_register(struct op_process *process, op_thread_id thread,
					    unsigned index, uint8_t ret[16])
{
	return process->operations->vector_register
		       ? process->operations->vector_register(process, thread, index, ret)
		       : cannot(process, "tell its vector registers");
}

struct op_error *op_process_trap_reason(struct op_process *process, op_thread_id thread,
					enum op_trap_reason *ret)
{
	return process->operations->trap_reason
		       ? process->operations->trap_reason(process, thread, ret)
		       : cannot(process, "stop at a trap");
}

// Running -------------------------------------------------------------------------------------

struct op_error *op_process_run(struct op_process *process, const struct op_run_request *request)
{
	return process->operations->run ? process->operations->run(process, request)
					: cannot(process, "run");
}

struct op_error *op_process_watch_exit(struct op_process *process, bool enabled)
{
	return process->operations->watch_exit ? process->operations->watch_exit(process, enabled)
					       : cannot(process, "run");
}

struct op_error *op_process_let_live(struct op_process *process)
{
	return process->operations->let_live ? process->operations->let_live(process)
					     : cannot(process, "run");
}

struct op_error *op_process_step(struct op_process *process, op_thread_id thread,
				 struct op_stop *ret)
{
	return process->operations->step ? process->operations->step(process, thread, ret)
					 : cannot(process, "be stepped");
}

struct op_error *op_process_wait(struct op_process *process, int timeout_ms, struct op_stop *ret)
{
	return process->operations->wait ? process->operations->wait(process, timeout_ms, ret)
					 : cannot(process, "run");
}

struct op_error *op_process_stop_all(struct op_process *process)
{
	return process->operations->stop_all ? process->operations->stop_all(process) : NULL;
}

bool op_process_pending_stop(struct op_process *process, op_thread_id thread, struct op_stop *ret)
{
	return process->operations->pending_stop &&
	       process->operations->pending_stop(process, thread, ret);
}

bool op_process_is_left_handler(const struct op_process *process, const uint8_t *bytes, size_t size)
{
	return process->operations->is_left_handler &&
	       process->operations->is_left_handler(bytes, size);
}

bool op_process_has_died(const struct op_process *process)
{
	return process->operations->has_died && process->operations->has_died(process);
}

bool op_process_is_dying(struct op_process *process)
{
	return process->operations->is_dying && process->operations->is_dying(process);
}

void op_process_drop_pending(struct op_process *process, op_thread_id thread)
{
	if (process->operations->drop_pending)
		process->operations->drop_pending(process, thread);
}

void op_process_discard_signal(struct op_process *process, op_thread_id thread)
{
	if (process->operations->discard_signal)
		process->operations->discard_signal(process, thread);
}

void op_process_interrupt(struct op_process *process)
{
	if (process->operations->interrupt)
		process->operations->interrupt(process);
}

void op_process_clear_interrupt(struct op_process *process)
{
	if (process->operations->clear_interrupt)
		process->operations->clear_interrupt(process);
}

// Forked children -----------------------------------------------------------------------------

struct op_error *op_process_write_child(struct op_process *process, int64_t child,
					struct op_host_addr addr, const void *buffer, size_t size)
{
	return process->operations->write_child
		       ? process->operations->write_child(process, child, addr, buffer, size)
		       : cannot(process, "have children");
}

struct op_error *op_process_protect_child(struct op_process *process, int64_t child,
					  struct op_host_addr addr, uint64_t size,
					  unsigned protection)
{
	return process->operations->protect_child
		       ? process->operations->protect_child(process, child, addr, size, protection)
		       : cannot(process, "have children");
}

struct op_error *op_process_release_child(struct op_process *process, int64_t child)
{
	return process->operations->release_child
		       ? process->operations->release_child(process, child)
		       : cannot(process, "have children");
}

struct op_error *op_process_copy_running(struct op_process *process, const struct op_cancel *cancel,
					 struct op_copied **ret)
{
	*ret = NULL;
	return process->operations->copy_running
		       ? process->operations->copy_running(process, cancel, ret)
		       : NULL;
}

struct op_error *op_process_freeze(struct op_process *process,
				   const struct op_freeze_options *options, struct op_frozen **ret)
{
	return process->operations->freeze ? process->operations->freeze(process, options, ret)
					   : cannot(process, "be written as a core file anew");
}
