// SPDX-License-Identifier: GPL-3.0-or-later
// What the tracing process does with the target's memory. What it reads goes into the shared area
// as it is.
#include "platform/apart/server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

enum { PAGE = 4096 };

static struct op_error *do_mappings(struct op_apart_server *server,
				    const struct op_apart_request *request, const uint8_t *payload,
				    struct op_apart_answer *answer)
{
	uint64_t index = request->arguments[0];
	if (index == 0) {
		op_mappings_deinit(&server->mappings);
		struct op_error *err = op_process_mappings(server->process, &server->mappings);
		if (err)
			return err;
	}
	answer->values[0] = server->mappings.count;
	while (index < server->mappings.count &&
	       op_apart_put_mapping(&server->mappings.data[index], answer->payload, &answer->size))
		index++;
	answer->values[1] = index;
	if (index >= server->mappings.count)
		op_mappings_deinit(&server->mappings);
	return NULL;
}

/** The open file stays with the memory that the process has now: the right to read it is checked
 * here (mem_open(), fs/proc/base.c) and not at each read. */
static struct op_error *do_memory(struct op_apart_server *server,
				  const struct op_apart_request *request, const uint8_t *payload,
				  struct op_apart_answer *answer)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%" PRId64 "/mem", op_process_id(server->process));
	answer->fd = open(path, O_RDONLY | O_CLOEXEC);
	return answer->fd < 0 ? op_error_system(OP_ERROR_SYSTEM, errno, "cannot open %s", path)
			      : NULL;
}

static struct op_error *do_read(struct op_apart_server *server,
				const struct op_apart_request *request, const uint8_t *payload,
				struct op_apart_answer *answer)
{
	size_t done;
	struct op_error *err =
		op_process_read_some(server->process, op_host_addr(request->arguments[0]),
				     server->area, request->arguments[1], &done);
	answer->values[0] = err ? 0 : done;
	return err;
}

static struct op_error *do_read_many(struct op_apart_server *server,
				     const struct op_apart_request *request, const uint8_t *payload,
				     struct op_apart_answer *answer)
{
	struct op_read_request reads[OP_APART_READS_MAX];
	size_t count = request->size / sizeof(struct op_apart_read), at = 0;
	for (size_t i = 0; i < count; i++) {
		struct op_apart_read read;
		memcpy(&read, payload + i * sizeof(read), sizeof(read));
		if (read.size > OP_APART_AREA_SIZE - at)
			return op_error_create(OP_ERROR_FORMAT,
					       "the decoding process asked for more of the "
					       "target's memory than there is room for");
		reads[i] = (struct op_read_request){.addr = op_host_addr(read.address),
						    .buffer = server->area + at,
						    .size = read.size};
		at += read.size;
	}
	struct op_error *err = op_process_read_many(server->process, reads, count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		answer->payload[i] = reads[i].done;
	answer->size = (uint32_t)count;
	return NULL;
}

static struct op_error *do_unreadable(struct op_apart_server *server,
				      const struct op_apart_request *request,
				      const uint8_t *payload, struct op_apart_answer *answer)
{
	return op_process_unreadable(server->process, op_host_addr(request->arguments[0]));
}

static struct op_error *do_write(struct op_apart_server *server,
				 const struct op_apart_request *request, const uint8_t *payload,
				 struct op_apart_answer *answer)
{
	return op_process_write(server->process, op_host_addr(request->arguments[0]), payload,
				request->size);
}

static struct op_error *do_shield(struct op_apart_server *server,
				  const struct op_apart_request *request, const uint8_t *payload,
				  struct op_apart_answer *answer)
{
	return op_process_shield(server->process);
}

static struct op_error *do_unshield(struct op_apart_server *server,
				    const struct op_apart_request *request, const uint8_t *payload,
				    struct op_apart_answer *answer)
{
	return op_process_unshield(server->process);
}

static struct op_error *do_note_plant(struct op_apart_server *server,
				      const struct op_apart_request *request,
				      const uint8_t *payload, struct op_apart_answer *answer)
{
	uint32_t entry = UINT32_MAX;
	struct op_error *err =
		op_process_note_plant(server->process, op_host_addr(request->arguments[0]), payload,
				      request->size, (uint8_t)request->arguments[1], &entry);
	answer->values[0] = entry;
	return err;
}

static struct op_error *do_forget_plant(struct op_apart_server *server,
					const struct op_apart_request *request,
					const uint8_t *payload, struct op_apart_answer *answer)
{
	op_process_forget_plant(server->process, (uint32_t)request->arguments[0]);
	return NULL;
}

static struct op_error *check_pages(uint64_t size)
{
	return size && size % PAGE == 0
		       ? NULL
		       : op_error_create(OP_ERROR_FORMAT,
					 "the decoding process asked for a part of a page");
}

static struct op_error *do_map(struct op_apart_server *server,
			       const struct op_apart_request *request, const uint8_t *payload,
			       struct op_apart_answer *answer)
{
	struct op_host_addr address = op_host_addr(0);
	const struct op_map_label label = {payload, request->size};
	struct op_error *err = check_pages(request->arguments[2]);
	if (!err)
		err = op_process_map(server->process, op_host_addr(request->arguments[0]),
				     request->arguments[1], request->arguments[2],
				     (unsigned)request->arguments[3], &label, &address);
	answer->values[0] = address.value;
	return err;
}

static struct op_error *do_unmap(struct op_apart_server *server,
				 const struct op_apart_request *request, const uint8_t *payload,
				 struct op_apart_answer *answer)
{
	struct op_error *err = check_pages(request->arguments[1]);
	return err ? err
		   : op_process_unmap(server->process, op_host_addr(request->arguments[0]),
				      request->arguments[1]);
}

static struct op_error *do_protect(struct op_apart_server *server,
				   const struct op_apart_request *request, const uint8_t *payload,
				   struct op_apart_answer *answer)
{
	return op_process_protect(server->process, op_host_addr(request->arguments[0]),
				  request->arguments[1], (unsigned)request->arguments[2]);
}

static struct op_error *do_write_child(struct op_apart_server *server,
				       const struct op_apart_request *request,
				       const uint8_t *payload, struct op_apart_answer *answer)
{
	return op_process_write_child(server->process, (int64_t)request->arguments[0],
				      op_host_addr(request->arguments[1]), payload, request->size);
}

static struct op_error *do_protect_child(struct op_apart_server *server,
					 const struct op_apart_request *request,
					 const uint8_t *payload, struct op_apart_answer *answer)
{
	return op_process_protect_child(server->process, (int64_t)request->arguments[0],
					op_host_addr(request->arguments[1]), request->arguments[2],
					(unsigned)request->arguments[3]);
}

static struct op_error *do_release_child(struct op_apart_server *server,
					 const struct op_apart_request *request,
					 const uint8_t *payload, struct op_apart_answer *answer)
{
	return op_process_release_child(server->process, (int64_t)request->arguments[0]);
}

const op_apart_handler op_apart_memory_handlers[OP_APART_OPERATIONS] = {
	[OP_APART_MAPPINGS] = do_mappings,
	[OP_APART_MEMORY] = do_memory,
	[OP_APART_READ] = do_read,
	[OP_APART_READ_MANY] = do_read_many,
	[OP_APART_UNREADABLE] = do_unreadable,
	[OP_APART_WRITE] = do_write,
	[OP_APART_SHIELD] = do_shield,
	[OP_APART_UNSHIELD] = do_unshield,
	[OP_APART_NOTE_PLANT] = do_note_plant,
	[OP_APART_FORGET_PLANT] = do_forget_plant,
	[OP_APART_MAP] = do_map,
	[OP_APART_UNMAP] = do_unmap,
	[OP_APART_PROTECT] = do_protect,
	[OP_APART_WRITE_CHILD] = do_write_child,
	[OP_APART_PROTECT_CHILD] = do_protect_child,
	[OP_APART_RELEASE_CHILD] = do_release_child,
};
