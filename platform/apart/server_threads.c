// SPDX-License-Identifier: GPL-3.0-or-later
// What the tracing process does with the target's threads: registers, runs and stops.
#include "platform/apart/server.h"

#include <signal.h>
#include <string.h>

#include "base/compiler.h"

static op_thread_id thread_of(const struct op_apart_request *request)
{
	return (op_thread_id)request->arguments[0];
}

static struct op_error *do_threads(struct op_apart_server *server,
				   const struct op_apart_request *request, const uint8_t *payload,
				   struct op_apart_answer *answer)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(server->process, &count);
	answer->values[0] = count;
	for (size_t i = request->arguments[0];
	     i < count && answer->size <= OP_APART_PAYLOAD_MAX - sizeof(struct op_apart_thread);
	     i++) {
		struct op_stop stop = {0};
		struct op_apart_thread packed = {.id = threads[i].id, .state = threads[i].state};
		// So that nobody has to ask for each.
		if (op_process_pending_stop(server->process, threads[i].id, &stop))
			packed.pending = stop.kind;
		memcpy(packed.name, threads[i].name, sizeof(packed.name));
		memcpy(answer->payload + answer->size, &packed, sizeof(packed));
		answer->size += (uint32_t)sizeof(packed);
	}
	return NULL;
}

static struct op_error *do_registers(struct op_apart_server *server,
				     const struct op_apart_request *request, const uint8_t *payload,
				     struct op_apart_answer *answer)
{
	struct op_registers registers;
	struct op_error *err =
		op_process_registers(server->process, thread_of(request), &registers);
	if (err)
		return err;
	memcpy(answer->payload, &registers, sizeof(registers));
	answer->size = sizeof(registers);
	server->asks_registers = true;
	return NULL;
}

static struct op_error *do_pc(struct op_apart_server *server,
			      const struct op_apart_request *request, const uint8_t *payload,
			      struct op_apart_answer *answer)
{
	struct op_host_addr pc = op_host_addr(0);
	struct op_error *err = op_process_pc(server->process, thread_of(request), &pc);
	answer->values[0] = pc.value;
	return err;
}

static struct op_error *do_set_registers(struct op_apart_server *server,
					 const struct op_apart_request *request,
					 const uint8_t *payload, struct op_apart_answer *answer)
{
	struct op_registers registers;
	memcpy(&registers, payload, sizeof(registers));
	return op_process_set_registers(server->process, thread_of(request), &registers);
}

static struct op_error *do_vector_register(struct op_apart_server *server,
					   const struct op_apart_request *request,
					   const uint8_t *payload, struct op_apart_answer *answer)
{
	enum { VECTOR_SIZE = 16 };
	struct op_error *err =
		op_process_vector_register(server->process, thread_of(request),
					   (unsigned)request->arguments[1], answer->payload);
	answer->size = VECTOR_SIZE;
	return err;
}

static struct op_error *do_trap_reason(struct op_apart_server *server,
				       const struct op_apart_request *request,
				       const uint8_t *payload, struct op_apart_answer *answer)
{
	enum op_trap_reason reason = 0;
	struct op_error *err = op_process_trap_reason(server->process, thread_of(request), &reason);
	answer->values[0] = reason;
	return err;
}

static struct op_error *do_set_watch_slot(struct op_apart_server *server,
					  const struct op_apart_request *request,
					  const uint8_t *payload, struct op_apart_answer *answer)
{
	const uint64_t *arguments = request->arguments;
	uint64_t size = arguments[3];
	const struct op_watch_slot watch = {
		.addr = op_host_addr(arguments[2]),
		.size = (unsigned)size,
		.access = (enum op_watch_access)arguments[4],
		.system_calls = arguments[5] != 0,
	};
	bool fits =
		arguments[0] < op_process_watch_slot_count(server->process) &&
		(!arguments[1] || (size && (size & (size - 1)) == 0 && arguments[2] % size == 0));
	if (!fits)
		return op_error_create(OP_ERROR_FORMAT,
				       "the decoding process asked for a watch slot that there "
				       "cannot be");
	return op_process_set_watch_slot(server->process, (unsigned)arguments[0],
					 arguments[1] ? &watch : NULL);
}

static struct op_error *do_watch_hits(struct op_apart_server *server,
				      const struct op_apart_request *request,
				      const uint8_t *payload, struct op_apart_answer *answer)
{
	unsigned mask = 0;
	struct op_error *err = op_process_watch_hits(server->process, thread_of(request), &mask);
	answer->values[0] = mask;
	return err;
}

static struct op_error *do_watch_mapper(struct op_apart_server *server,
					const struct op_apart_request *request,
					const uint8_t *payload, struct op_apart_answer *answer)
{
	op_process_watch_mapper(server->process, thread_of(request));
	return NULL;
}

static struct op_error *do_mapper_is_busy(struct op_apart_server *server,
					  const struct op_apart_request *request,
					  const uint8_t *payload, struct op_apart_answer *answer)
{
	answer->values[0] = op_process_mapper_is_busy(server->process, thread_of(request));
	return NULL;
}

static struct op_error *do_run(struct op_apart_server *server,
			       const struct op_apart_request *request, const uint8_t *payload,
			       struct op_apart_answer *answer)
{
	struct op_run_request wanted;
	op_apart_run_request(request, &wanted);
	return op_process_run(server->process, &wanted);
}

/** Behind what stands in the payload already. */
static struct op_error *tell_stop(const struct op_stop *stop, struct op_apart_answer *answer)
{
	answer->size += op_apart_put_stop(stop, answer->reply, answer->payload + answer->size);
	return NULL;
}

static struct op_error *do_step(struct op_apart_server *server,
				const struct op_apart_request *request, const uint8_t *payload,
				struct op_apart_answer *answer)
{
	struct op_stop stop;
	struct op_error *err = op_process_step(server->process, thread_of(request), &stop);
	return err ? err : tell_stop(&stop, answer);
}

/**
 * Whoever hears of a trap asks for the pc at once, and who asked for the registers last time will
 * do so again.
 * @return of enum OP_APART_HAS_PC and so on.
 */
static uint64_t add_registers(struct op_apart_server *server, const struct op_stop *stop,
			      struct op_apart_answer *answer, struct op_host_addr *ret_pc)
{
	struct op_registers registers;
	uint64_t has = 0;
	bool asks = server->asks_registers;
	server->asks_registers = false;
	if (stop->kind != OP_STOP_TRAP)
		return 0;
	struct op_error *err = op_process_pc(server->process, stop->thread, ret_pc);
	if (!err)
		has = OP_APART_HAS_PC;
	if (!err && asks)
		err = op_process_registers(server->process, stop->thread, &registers);
	if (!err && asks) {
		memcpy(answer->payload, &registers, sizeof(registers));
		answer->size = sizeof(registers);
		has |= OP_APART_HAS_REGISTERS;
	}
	op_error_destroy(err);
	return has;
}

static struct op_error *do_wait(struct op_apart_server *server,
				const struct op_apart_request *request, const uint8_t *payload,
				struct op_apart_answer *answer)
{
	struct op_stop stop;
	struct op_host_addr pc = op_host_addr(0);
	struct op_error *err =
		op_process_wait(server->process, (int)((int64_t)request->arguments[0] - 1), &stop);
	if (err)
		return err;
	uint64_t has = add_registers(server, &stop, answer, &pc);
	tell_stop(&stop, answer);
	answer->values[OP_APART_STOP_PC] = pc.value;
	answer->values[OP_APART_STOP_HAS] = has;
	return NULL;
}

/** They came with a stop and were used: they are wanted at the next as well. */
static struct op_error *do_used_registers(struct op_apart_server *server,
					  const struct op_apart_request *request,
					  const uint8_t *payload, struct op_apart_answer *answer)
{
	server->asks_registers = true;
	return NULL;
}

static struct op_error *do_stop_all(struct op_apart_server *server,
				    const struct op_apart_request *request, const uint8_t *payload,
				    struct op_apart_answer *answer)
{
	return op_process_stop_all(server->process);
}

static struct op_error *do_pending_stop(struct op_apart_server *server,
					const struct op_apart_request *request,
					const uint8_t *payload, struct op_apart_answer *answer)
{
	struct op_stop stop = {0};
	bool there = op_process_pending_stop(server->process, thread_of(request), &stop);
	return there ? tell_stop(&stop, answer) : NULL;
}

static struct op_error *do_is_dying(struct op_apart_server *server,
				    const struct op_apart_request *request, const uint8_t *payload,
				    struct op_apart_answer *answer)
{
	answer->values[0] = op_process_is_dying(server->process);
	return NULL;
}

static struct op_error *do_drop_pending(struct op_apart_server *server,
					const struct op_apart_request *request,
					const uint8_t *payload, struct op_apart_answer *answer)
{
	op_process_drop_pending(server->process, thread_of(request));
	return NULL;
}

static struct op_error *do_discard_signal(struct op_apart_server *server,
					  const struct op_apart_request *request,
					  const uint8_t *payload, struct op_apart_answer *answer)
{
	op_process_discard_signal(server->process, thread_of(request));
	return NULL;
}

const op_apart_handler op_apart_thread_handlers[OP_APART_OPERATIONS] = {
	[OP_APART_THREADS] = do_threads,
	[OP_APART_REGISTERS] = do_registers,
	[OP_APART_USED_REGISTERS] = do_used_registers,
	[OP_APART_PC] = do_pc,
	[OP_APART_SET_REGISTERS] = do_set_registers,
	[OP_APART_VECTOR_REGISTER] = do_vector_register,
	[OP_APART_TRAP_REASON] = do_trap_reason,
	[OP_APART_SET_WATCH_SLOT] = do_set_watch_slot,
	[OP_APART_WATCH_HITS] = do_watch_hits,
	[OP_APART_WATCH_MAPPER] = do_watch_mapper,
	[OP_APART_MAPPER_IS_BUSY] = do_mapper_is_busy,
	[OP_APART_RUN] = do_run,
	[OP_APART_STEP] = do_step,
	[OP_APART_WAIT] = do_wait,
	[OP_APART_STOP_ALL] = do_stop_all,
	[OP_APART_PENDING_STOP] = do_pending_stop,
	[OP_APART_IS_DYING] = do_is_dying,
	[OP_APART_DROP_PENDING] = do_drop_pending,
	[OP_APART_DISCARD_SIGNAL] = do_discard_signal,
};
