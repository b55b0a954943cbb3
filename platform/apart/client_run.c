// SPDX-License-Identifier: GPL-3.0-or-later
// Letting threads of a process run that another process traces, and hearing of their stops. A run
// is not answered: it goes out with the wait behind it, which tells of what failed.
#include "platform/apart/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compiler.h"

struct op_error *op_apart_run(struct op_process *process, const struct op_run_request *request)
{
	return op_apart_ask_process(
		process,
		&(struct op_apart_question){.operation = OP_APART_RUN,
					    .arguments = {(uint64_t)request->thread, request->mode,
							  op_apart_run_flags(request)}},
		NULL, NULL);
}

struct op_error *op_apart_watch_exit(struct op_process *process, bool enabled)
{
	return op_apart_ask_process(process,
				    &(struct op_apart_question){.operation = OP_APART_WATCH_EXIT,
								.arguments = {enabled}},
				    NULL, NULL);
}

struct op_error *op_apart_step(struct op_process *process, op_thread_id thread, struct op_stop *ret)
{
	struct op_apart_reply reply;
	const uint8_t *payload;
	struct op_error *err =
		op_apart_ask_process(process,
				     &(struct op_apart_question){.operation = OP_APART_STEP,
								 .arguments = {(uint64_t)thread}},
				     &reply, &payload);
	return err ? err : op_apart_get_stop(&reply, payload, reply.size, ret);
}

/** What came with a stop. */
static void keep_registers(struct op_apart_process *process, op_thread_id thread,
			   const struct op_apart_reply *reply, const uint8_t *payload)
{
	uint64_t has = reply->values[OP_APART_STOP_HAS];
	process->registers_came = has & OP_APART_HAS_REGISTERS;
	if (has & OP_APART_HAS_PC) {
		process->pc_of = thread;
		process->pc = op_host_addr(reply->values[OP_APART_STOP_PC]);
	}
	if (process->registers_came) {
		process->registers_of = thread;
		memcpy(&process->registers, payload, sizeof(process->registers));
	}
}

struct op_error *op_apart_wait(struct op_process *base, int timeout_ms, struct op_stop *ret)
{
	struct op_apart_process *process = op_apart_process(base);
	struct op_apart_reply reply;
	const uint8_t *payload;
	uint64_t limit = timeout_ms < 0           ? 0
			 : timeout_ms < INT32_MAX ? (uint64_t)timeout_ms + 1
						  : INT32_MAX;
	struct op_error *err = op_apart_ask_process(
		base, &(struct op_apart_question){.operation = OP_APART_WAIT, .arguments = {limit}},
		&reply, &payload);
	if (err)
		return err;
	uint64_t has = reply.values[OP_APART_STOP_HAS];
	uint32_t front = has & OP_APART_HAS_REGISTERS ? sizeof(process->registers) : 0;
	if (reply.size < front)
		return op_error_create(OP_ERROR_FORMAT,
				       "the tracing process told too few registers");
	err = op_apart_get_stop(&reply, payload + front, reply.size - front, ret);
	if (err)
		return err;
	keep_registers(process, ret->thread, &reply, payload);
	if (ret->kind != OP_STOP_EXEC)
		return NULL;
	op_apart_direct_leave(&process->direct);
	return op_apart_load(base);
}

struct op_error *op_apart_stop_all(struct op_process *process)
{
	return op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_STOP_ALL}, NULL, NULL);
}

void op_apart_interrupt(struct op_process *process)
{
	int saved = errno;
	// A full socket holds an interrupt already.
	(void)!send(op_apart_process(process)->connection->interrupts_fd, "", 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	errno = saved;
}

void op_apart_clear_interrupt(struct op_process *process)
{
	op_error_destroy(op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_CLEAR_INTERRUPT}, NULL,
		NULL));
}
