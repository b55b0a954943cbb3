// SPDX-License-Identifier: GPL-3.0-or-later
// Stops that no patch of outpost's caused, and the events that they are: signals, traps of code
// that was not compiled for guest-debug, children, programs, threads, the end.
#include <string.h>

#include "tracer/breakpoint.h"
#include "tracer/catchpoint.h"

// The process may have loaded a module since it was looked at last. Faults of other runtimes that
// live in it (a JVM's) must not make outpost look again and again: a mapping that is known already
// holds nothing new.
static struct op_error *find_image(struct op_session *session, struct op_host_addr pc,
				   const struct op_image **ret)
{
	*ret = op_image_set_find(session->images, pc);
	for (size_t i = 0; !*ret && i < session->regions.count; i++)
		if (session->regions.data[i].executable &&
		    session->regions.data[i].start.value <= pc.value &&
		    pc.value < session->regions.data[i].end.value)
			return NULL;
	if (*ret)
		return NULL;
	bool changed;
	struct op_error *err = op_session_refresh(session, &changed);
	if (!err)
		*ret = op_image_set_find(session->images, pc);
	return err;
}

// A fault is the guest's trap only when the instruction is one of its own that is recorded to trap;
// everything else is the host's affair. Wasmtime's handler decides likewise
// (crates/wasmtime/src/runtime/vm/traphandlers.rs, test_if_trap;
// test_events.py, test_the_hosts_own_fault_is_no_trap).
struct op_error *op_trap_of_fault(struct op_session *session, const struct op_stop *stop, bool *ret,
				  char *name, size_t size)
{
	struct op_host_addr pc;
	const struct op_image *image;
	*ret = false;
	if (!stop->signal_is_fault)
		return NULL;
	struct op_error *err = op_process_pc(session->process, stop->thread, &pc);
	if (!err)
		err = find_image(session, pc, &image);
	if (err || !image)
		return err;
	uint64_t offset = pc.value - image->text.value;
	const struct op_function *function;
	const struct op_trap_table *table;
	uint8_t code;
	err = op_artifact_function_at(image->artifact, offset, &function);
	if (!err)
		err = op_artifact_trap_table(image->artifact, &table);
	// Without symbols functions are of the kind OTHER.
	if (err || !table || !function ||
	    (function->kind != OP_FUNCTION_WASM && function->kind != OP_FUNCTION_OTHER) ||
	    !op_trap_table_lookup(table, (uint32_t)offset, &code))
		return err;
	const struct op_layout *layout = op_artifact_info(image->artifact)->layout;
	const char *said = layout ? op_layout_trap_name(layout, code) : NULL;
	strncpy(name, said ?: "", size - 1);
	*ret = true;
	return NULL;
}

static struct op_error *catch_signal(struct op_session *session, const struct op_stop *stop,
				     struct op_event *event, uint32_t *ret)
{
	if (!op_breakpoint_set_waits_for(session, OP_CATCH_TRAP) &&
	    !op_breakpoint_set_waits_for(session, OP_CATCH_SIGNAL))
		return NULL;
	bool is_trap;
	struct op_error *err =
		op_trap_of_fault(session, stop, &is_trap, event->trap, sizeof(event->trap));
	if (err)
		return err;
	event->signal = stop->signal;
	memcpy(event->signal_name, stop->signal_name, sizeof(event->signal_name));
	event->has_fault_address = stop->signal_is_fault;
	event->fault_address = stop->fault_address;
	event->reason = is_trap ? OP_REASON_TRAP : OP_REASON_SIGNAL;
	return op_breakpoint_set_event(session, is_trap ? OP_CATCH_TRAP : OP_CATCH_SIGNAL,
				       stop->thread, event, ret);
}

struct op_error *op_catch_stop(struct op_session *session, const struct op_stop *stop,
			       struct op_event *event, uint32_t *ret)
{
	static const struct {
		enum op_catch_kind kind;
		enum op_stop_reason reason;
	} kinds[] = {
		[OP_STOP_FORK] = {OP_CATCH_FORK, OP_REASON_CATCH},
		[OP_STOP_EXEC] = {OP_CATCH_EXEC, OP_REASON_EXEC},
		[OP_STOP_THREAD_BORN] = {OP_CATCH_THREAD, OP_REASON_CATCH},
		[OP_STOP_EXITING] = {OP_CATCH_EXIT, OP_REASON_CATCH},
	};
	*ret = 0;
	if (stop->kind == OP_STOP_SIGNAL)
		return catch_signal(session, stop, event, ret);
	if (stop->kind >= OP_ARRAY_SIZE(kinds) || !kinds[stop->kind].kind)
		return NULL;
	event->reason = kinds[stop->kind].reason;
	event->child = stop->child;
	if (stop->kind == OP_STOP_EXITING) {
		event->killed = stop->killed;
		event->exit_status = stop->exit_status;
		event->signal = stop->signal;
		memcpy(event->signal_name, stop->signal_name, sizeof(event->signal_name));
	}
	return op_breakpoint_set_event(session, kinds[stop->kind].kind, stop->thread, event, ret);
}
