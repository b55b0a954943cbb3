// SPDX-License-Identifier: GPL-3.0-or-later
// The threads of a process that another process traces. What was told of them is kept until an
// operation could have changed it. Lets nothing run.
#include "platform/apart/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/compiler.h"

static struct op_apart_question about(enum op_apart_operation operation, op_thread_id thread)
{
	return (struct op_apart_question){.operation = operation, .arguments = {(uint64_t)thread}};
}

static bool take_threads(struct op_apart_process *process, const struct op_apart_reply *reply,
			 const uint8_t *payload)
{
	size_t more = reply->size / sizeof(struct op_apart_thread);
	size_t count = process->thread_count + more;
	if (!op_array_reserve(&process->threads, &process->thread_capacity, count,
			      sizeof(*process->threads)) ||
	    !op_array_reserve(&process->pending, &process->pending_capacity, count,
			      sizeof(*process->pending)))
		return false;
	for (size_t i = 0; i < more; i++) {
		struct op_apart_thread packed;
		memcpy(&packed, payload + i * sizeof(packed), sizeof(packed));
		struct op_thread_info *info = &process->threads[process->thread_count];
		*info = (struct op_thread_info){
			.id = packed.id,
			.state = packed.state == OP_THREAD_STOPPED ? OP_THREAD_STOPPED
								   : OP_THREAD_RUNNING,
		};
		memcpy(info->name, packed.name, sizeof(info->name) - 1);
		process->pending[process->thread_count++] =
			packed.pending <= OP_STOP_PROCESS_EXIT ? (enum op_stop_kind)packed.pending
							       : OP_STOP_NONE;
	}
	return true;
}

const struct op_thread_info *op_apart_threads(struct op_process *base, size_t *ret_count)
{
	struct op_apart_process *process = op_apart_process(base);
	struct op_apart_reply reply = {.values = {1}};

	if (!process->threads_known)
		process->thread_count = 0;
	while (!process->threads_known && process->thread_count < reply.values[0]) {
		const uint8_t *payload;
		const struct op_apart_question question = {.operation = OP_APART_THREADS,
							   .arguments = {process->thread_count}};
		struct op_error *err = op_apart_ask_process(base, &question, &reply, &payload);
		bool good = !err && take_threads(process, &reply, payload);
		op_error_destroy(err);
		if (!good || !reply.size)
			break;
	}
	process->threads_known = true;
	*ret_count = process->thread_count;
	return process->threads;
}

struct op_error *op_apart_registers(struct op_process *base, op_thread_id thread,
				    struct op_registers *ret)
{
	struct op_apart_process *process = op_apart_process(base);
	const struct op_apart_question question = about(OP_APART_REGISTERS, thread);
	struct op_apart_reply reply;
	const uint8_t *payload;

	if (process->registers_of != thread) {
		struct op_error *err = op_apart_ask_process(base, &question, &reply, &payload);
		if (!err && reply.size != sizeof(process->registers))
			err = op_error_create(OP_ERROR_FORMAT,
					      "the tracing process told too few registers");
		if (err)
			return err;
		memcpy(&process->registers, payload, sizeof(process->registers));
		process->registers_of = thread;
	}
	// So that they come with the next stop, too.
	if (process->registers_came)
		op_error_destroy(op_apart_ask_process(
			base, &(struct op_apart_question){.operation = OP_APART_USED_REGISTERS},
			NULL, NULL));
	process->registers_came = false;
	*ret = process->registers;
	return NULL;
}

struct op_error *op_apart_pc(struct op_process *base, op_thread_id thread, struct op_host_addr *ret)
{
	struct op_apart_process *process = op_apart_process(base);
	const struct op_apart_question question = about(OP_APART_PC, thread);
	struct op_apart_reply reply;

	if (process->registers_of == thread) {
		*ret = op_host_addr(process->registers.value[base->arch->pc]);
		return NULL;
	}
	if (process->pc_of != thread) {
		struct op_error *err = op_apart_ask_process(base, &question, &reply, NULL);
		if (err)
			return err;
		process->pc = op_host_addr(reply.values[0]);
		process->pc_of = thread;
	}
	*ret = process->pc;
	return NULL;
}

struct op_error *op_apart_set_registers(struct op_process *process, op_thread_id thread,
					const struct op_registers *registers)
{
	struct op_apart_question question = about(OP_APART_SET_REGISTERS, thread);
	question.payload = registers;
	question.size = sizeof(*registers);
	return op_apart_ask_process(process, &question, NULL, NULL);
}

struct op_error *op_apart_vector_register(struct op_process *process, op_thread_id thread,
					  unsigned index, uint8_t ret[16])
{
	enum { VECTOR_SIZE = 16 };
	struct op_apart_question question = about(OP_APART_VECTOR_REGISTER, thread);
	struct op_apart_reply reply;
	const uint8_t *payload;
	question.arguments[1] = index;
	struct op_error *err = op_apart_ask_process(process, &question, &reply, &payload);
	if (!err && reply.size != VECTOR_SIZE)
		err = op_error_create(OP_ERROR_FORMAT,
				      "the tracing process told a part of a vector register");
	if (!err)
		memcpy(ret, payload, VECTOR_SIZE);
	return err;
}

struct op_error *op_apart_trap_reason(struct op_process *process, op_thread_id thread,
				      enum op_trap_reason *ret)
{
	const struct op_apart_question question = about(OP_APART_TRAP_REASON, thread);
	struct op_apart_reply reply;
	struct op_error *err = op_apart_ask_process(process, &question, &reply, NULL);
	if (!err && reply.values[0] > OP_TRAP_FOREIGN)
		err = op_error_create(OP_ERROR_FORMAT,
				      "the tracing process told no reason of a trap");
	if (!err)
		*ret = (enum op_trap_reason)reply.values[0];
	return err;
}

unsigned op_apart_watch_slot_count(const struct op_process *process)
{
	return ((const struct op_apart_process *)process)->watch_slot_count;
}

struct op_error *op_apart_set_watch_slot(struct op_process *process, unsigned slot,
					 const struct op_watch_slot *watch)
{
	struct op_apart_question question = {.operation = OP_APART_SET_WATCH_SLOT,
					     .arguments = {slot}};
	if (watch) {
		question.arguments[1] = true;
		question.arguments[2] = watch->addr.value;
		question.arguments[3] = watch->size;
		question.arguments[4] = watch->access;
		question.arguments[5] = watch->system_calls;
	}
	return op_apart_ask_process(process, &question, NULL, NULL);
}

struct op_error *op_apart_watch_hits(struct op_process *process, op_thread_id thread,
				     unsigned *ret_mask)
{
	const struct op_apart_question question = about(OP_APART_WATCH_HITS, thread);
	struct op_apart_reply reply;
	struct op_error *err = op_apart_ask_process(process, &question, &reply, NULL);
	if (!err)
		*ret_mask = (unsigned)reply.values[0];
	return err;
}

void op_apart_watch_mapper(struct op_process *process, op_thread_id thread)
{
	const struct op_apart_question question = about(OP_APART_WATCH_MAPPER, thread);
	op_error_destroy(op_apart_ask_process(process, &question, NULL, NULL));
}

/** A question for yes or no; no when it cannot be asked. */
static bool is_so(struct op_process *process, const struct op_apart_question *question)
{
	struct op_apart_reply reply;
	struct op_error *err = op_apart_ask_process(process, question, &reply, NULL);
	bool so = !err && reply.values[0];
	op_error_destroy(err);
	return so;
}

bool op_apart_mapper_is_busy(struct op_process *process, op_thread_id thread)
{
	const struct op_apart_question question = about(OP_APART_MAPPER_IS_BUSY, thread);
	return is_so(process, &question);
}

bool op_apart_is_dying(struct op_process *process)
{
	return is_so(process, &(struct op_apart_question){.operation = OP_APART_IS_DYING});
}

static int by_id(const void *key, const void *element)
{
	op_thread_id id = *(const op_thread_id *)key;
	const struct op_thread_info *info = element;
	return (id > info->id) - (id < info->id);
}

/** Nothing is pending, as was told with the threads. */
static bool has_no_stop(const struct op_apart_process *process, op_thread_id thread)
{
	if (!process->threads_known || !process->thread_count)
		return false;
	const struct op_thread_info *found = bsearch(
		&thread, process->threads, process->thread_count, sizeof(*process->threads), by_id);
	return found && process->pending[found - process->threads] == OP_STOP_NONE;
}

bool op_apart_pending_stop(struct op_process *process, op_thread_id thread, struct op_stop *ret)
{
	const struct op_apart_question question = about(OP_APART_PENDING_STOP, thread);
	struct op_apart_reply reply;
	const uint8_t *payload;
	if (has_no_stop(op_apart_process(process), thread))
		return false;
	struct op_error *err = op_apart_ask_process(process, &question, &reply, &payload);
	if (!err)
		err = op_apart_get_stop(&reply, payload, reply.size, ret);
	bool there = !err && ret->kind != OP_STOP_NONE;
	op_error_destroy(err);
	return there;
}

void op_apart_drop_pending(struct op_process *process, op_thread_id thread)
{
	const struct op_apart_question question = about(OP_APART_DROP_PENDING, thread);
	op_error_destroy(op_apart_ask_process(process, &question, NULL, NULL));
}

void op_apart_discard_signal(struct op_process *process, op_thread_id thread)
{
	const struct op_apart_question question = about(OP_APART_DISCARD_SIGNAL, thread);
	op_error_destroy(op_apart_ask_process(process, &question, NULL, NULL));
}
