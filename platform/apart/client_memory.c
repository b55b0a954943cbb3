// SPDX-License-Identifier: GPL-3.0-or-later
// The memory of a process that another process traces. What that one reads comes through memory
// that both share; what can be read without it is in client_direct.c.
#include "platform/apart/client.h"

#include <string.h>

#include "base/compiler.h"

struct op_error *op_apart_mappings(struct op_process *process, struct op_mappings *ret)
{
	_cleanup_(op_mappings_deinit) struct op_mappings found = {0};
	struct op_apart_reply reply = {0};

	do {
		const uint8_t *payload;
		struct op_error *err = op_apart_ask_process(
			process,
			&(struct op_apart_question){.operation = OP_APART_MAPPINGS,
						    .arguments = {found.count}},
			&reply, &payload);
		for (uint32_t at = 0; !err && at < reply.size;)
			err = op_apart_get_mapping(payload, reply.size, &at, &found);
		if (err)
			return err;
	} while (reply.size && found.count < reply.values[0]);
	*ret = found;
	found = (struct op_mappings){0};
	return NULL;
}

struct op_error *op_apart_read_some(struct op_process *process, struct op_host_addr addr,
				    void *buffer, size_t size, size_t *ret_done)
{
	*ret_done = op_apart_direct_read(process, addr, buffer, size);
	while (*ret_done < size) {
		size_t left = size - *ret_done;
		size_t now = left < OP_APART_AREA_SIZE ? left : OP_APART_AREA_SIZE;
		struct op_apart_reply reply;
		struct op_error *err = op_apart_ask_process(
			process,
			&(struct op_apart_question){.operation = OP_APART_READ,
						    .arguments = {addr.value + *ret_done, now}},
			&reply, NULL);
		if (err)
			return err;
		size_t got = reply.values[0] < now ? reply.values[0] : now;
		memcpy((uint8_t *)buffer + *ret_done, op_apart_process(process)->connection->area,
		       got);
		*ret_done += got;
		if (got < now)
			break;
	}
	return NULL;
}

struct op_error *op_apart_unreadable(struct op_process *process, struct op_host_addr addr)
{
	struct op_error *err =
		op_apart_ask_process(process,
				     &(struct op_apart_question){.operation = OP_APART_UNREADABLE,
								 .arguments = {addr.value}},
				     NULL, NULL);
	return err ? err
		   : op_error_create(OP_ERROR_UNREADABLE,
				     "the tracing process did not say why memory cannot be read");
}

/** How many of the requests, from the first on, have room in one message and the shared area. 0:
 * the first is too large. */
static size_t fitting(const struct op_read_request *requests, size_t count)
{
	size_t fits = 0, room = OP_APART_AREA_SIZE;
	while (fits < count && fits < OP_APART_READS_MAX && requests[fits].size <= room)
		room -= requests[fits++].size;
	return fits;
}

static struct op_error *read_batch(struct op_process *process, struct op_read_request *requests,
				   size_t count)
{
	struct op_apart_read reads[OP_APART_READS_MAX];
	const uint8_t *area = op_apart_process(process)->connection->area, *done;
	struct op_apart_reply reply;
	for (size_t i = 0; i < count; i++)
		reads[i] = (struct op_apart_read){requests[i].addr.value, requests[i].size};
	struct op_error *err =
		op_apart_ask_process(process,
				     &(struct op_apart_question){.operation = OP_APART_READ_MANY,
								 .payload = reads,
								 .size = count * sizeof(reads[0])},
				     &reply, &done);
	for (size_t i = 0; !err && i < count; i++) {
		requests[i].done = i < reply.size && done[i];
		if (requests[i].done)
			memcpy(requests[i].buffer, area, requests[i].size);
		area += requests[i].size;
	}
	return err;
}

struct op_error *op_apart_read_many(struct op_process *process, struct op_read_request *requests,
				    size_t count)
{
	struct op_error *err = NULL;
	for (size_t i = 0; i < count; i++)
		requests[i].done = false;
	while (!err && count) {
		size_t now = fitting(requests, count);
		if (requests->size == op_apart_direct_read(process, requests->addr,
							   requests->buffer, requests->size)) {
			requests->done = true;
			now = 1;
		} else if (now) {
			err = read_batch(process, requests, now);
		} else {
			size_t got;
			now = 1;
			err = op_apart_read_some(process, requests->addr, requests->buffer,
						 requests->size, &got);
			requests->done = !err && got == requests->size;
		}
		requests += now;
		count -= now;
	}
	return err;
}

/** In pieces that a message holds. */
static struct op_error *write_pieces(struct op_process *process,
				     const struct op_apart_question *question, unsigned address,
				     const void *buffer, size_t size)
{
	struct op_error *err = NULL;
	size_t done = 0;
	do {
		struct op_apart_question piece = *question;
		piece.size =
			size - done < OP_APART_PAYLOAD_MAX ? size - done : OP_APART_PAYLOAD_MAX;
		piece.payload = (const uint8_t *)buffer + done;
		piece.arguments[address] += done;
		err = op_apart_ask_process(process, &piece, NULL, NULL);
		done += piece.size;
	} while (!err && done < size);
	return err;
}

struct op_error *op_apart_write(struct op_process *process, struct op_host_addr addr,
				const void *buffer, size_t size)
{
	return write_pieces(
		process,
		&(struct op_apart_question){.operation = OP_APART_WRITE, .arguments = {addr.value}},
		0, buffer, size);
}

struct op_error *op_apart_shield(struct op_process *process)
{
	return op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_SHIELD}, NULL, NULL);
}

struct op_error *op_apart_unshield(struct op_process *process)
{
	return op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_UNSHIELD}, NULL, NULL);
}

struct op_error *op_apart_note_plant(struct op_process *process, struct op_host_addr addr,
				     const void *bytes, size_t size, uint8_t harmless,
				     uint32_t *ret_entry)
{
	struct op_apart_reply reply;
	struct op_error *err = op_apart_ask_process(
		process,
		&(struct op_apart_question){.operation = OP_APART_NOTE_PLANT,
					    .arguments = {addr.value, harmless},
					    .payload = bytes,
					    .size = size},
		&reply, NULL);
	if (!err)
		*ret_entry = (uint32_t)reply.values[0];
	return err;
}

void op_apart_forget_plant(struct op_process *process, uint32_t entry)
{
	op_error_destroy(
		op_apart_ask_process(process,
				     &(struct op_apart_question){.operation = OP_APART_FORGET_PLANT,
								 .arguments = {entry}},
				     NULL, NULL));
}

struct op_error *op_apart_map(struct op_process *process, struct op_host_addr near, uint64_t reach,
			      uint64_t size, unsigned protection, const struct op_map_label *label,
			      struct op_host_addr *ret)
{
	struct op_apart_reply reply;
	struct op_error *err = op_apart_ask_process(
		process,
		&(struct op_apart_question){.operation = OP_APART_MAP,
					    .arguments = {near.value, reach, size, protection},
					    .payload = label->bytes,
					    .size = label->size},
		&reply, NULL);
	if (!err)
		*ret = op_host_addr(reply.values[0]);
	return err;
}

struct op_error *op_apart_unmap(struct op_process *process, struct op_host_addr addr, uint64_t size)
{
	return op_apart_ask_process(process,
				    &(struct op_apart_question){.operation = OP_APART_UNMAP,
								.arguments = {addr.value, size}},
				    NULL, NULL);
}

struct op_error *op_apart_protect(struct op_process *process, struct op_host_addr addr,
				  uint64_t size, unsigned protection)
{
	return op_apart_ask_process(
		process,
		&(struct op_apart_question){.operation = OP_APART_PROTECT,
					    .arguments = {addr.value, size, protection}},
		NULL, NULL);
}

struct op_error *op_apart_write_child(struct op_process *process, int64_t child,
				      struct op_host_addr addr, const void *buffer, size_t size)
{
	return write_pieces(process,
			    &(struct op_apart_question){.operation = OP_APART_WRITE_CHILD,
							.arguments = {(uint64_t)child, addr.value}},
			    1, buffer, size);
}

struct op_error *op_apart_protect_child(struct op_process *process, int64_t child,
					struct op_host_addr addr, uint64_t size,
					unsigned protection)
{
	return op_apart_ask_process(
		process,
		&(struct op_apart_question){
			.operation = OP_APART_PROTECT_CHILD,
			.arguments = {(uint64_t)child, addr.value, size, protection}},
		NULL, NULL);
}

struct op_error *op_apart_release_child(struct op_process *process, int64_t child)
{
	return op_apart_ask_process(process,
				    &(struct op_apart_question){.operation = OP_APART_RELEASE_CHILD,
								.arguments = {(uint64_t)child}},
				    NULL, NULL);
}
