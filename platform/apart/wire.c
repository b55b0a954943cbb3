// SPDX-License-Identifier: GPL-3.0-or-later
// The table of messages, and what is packed into them. Must not send any.
#include "platform/apart/wire.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/compiler.h"

enum {
	THREAD_MOST = INT32_MAX,
	PROTECTION_MOST = OP_PROTECTION_READ | OP_PROTECTION_WRITE | OP_PROTECTION_EXECUTE,
	RUN_FLAGS_MOST = 31,
	WATCH_SIZE_MOST = 8,
	SLOT_MOST = 63,
	SENTENCE_MOST = 16 * 1024,
	NAME_SIZE = sizeof(((struct op_stop *)NULL)->signal_name),
};
// Larger mappings than that are nobody's agent.
#define MAP_MOST (UINT64_C(1) << 32)

#define ANY UINT64_MAX

static const struct op_apart_form forms[OP_APART_OPERATIONS] = {
	[OP_APART_OPEN] = {.name = "open", .most = {THREAD_MOST}, .without_process = true},
	[OP_APART_LAUNCH] = {.name = "launch", .most = {true}, .without_process = true},
	[OP_APART_ATTACH] = {.name = "attach", .most = {UINT32_MAX}},
	[OP_APART_DETACH] = {.name = "detach"},
	[OP_APART_KILL] = {.name = "kill"},
	[OP_APART_LET_LIVE] = {.name = "let live"},
	[OP_APART_DESTROY] = {.name = "destroy"},
	[OP_APART_COMMAND_LINE] = {.name = "command line",
				   .most = {UINT32_MAX},
				   .reply_max = OP_APART_PAYLOAD_MAX,
				   .changes_nothing = true},
	[OP_APART_RESOLVE_PATH] = {.name = "resolve path",
				   .request_min = 1,
				   .request_max = PATH_MAX,
				   .reply_max = 2 * PATH_MAX,
				   .changes_nothing = true},
	[OP_APART_THREADS] = {.name = "threads",
			      .most = {UINT32_MAX},
			      .reply_max = OP_APART_PAYLOAD_MAX,
			      .changes_nothing = true},
	[OP_APART_MAPPINGS] = {.name = "mappings",
			       .most = {UINT32_MAX},
			       .reply_max = OP_APART_PAYLOAD_MAX,
			       .changes_nothing = true},
	// With the reply comes an open file.
	[OP_APART_MEMORY] = {.name = "memory", .changes_nothing = true},
	[OP_APART_READ] = {.name = "read",
			   .most = {ANY, OP_APART_AREA_SIZE},
			   .changes_nothing = true},
	[OP_APART_READ_MANY] = {.name = "read many",
				.request_min = sizeof(struct op_apart_read),
				.request_max = OP_APART_READS_MAX * sizeof(struct op_apart_read),
				.unit = sizeof(struct op_apart_read),
				.reply_max = OP_APART_READS_MAX,
				.changes_nothing = true},
	[OP_APART_UNREADABLE] = {.name = "unreadable", .most = {ANY}, .changes_nothing = true},
	[OP_APART_WRITE] = {.name = "write",
			    .most = {ANY},
			    .request_max = OP_APART_PAYLOAD_MAX,
			    .changes_nothing = true},
	[OP_APART_SHIELD] = {.name = "shield"},
	[OP_APART_UNSHIELD] = {.name = "unshield"},
	[OP_APART_NOTE_PLANT] = {.name = "note plant",
				 .most = {ANY, UINT8_MAX},
				 .request_min = 1,
				 .request_max = OP_SLOT_MAX,
				 .changes_nothing = true},
	[OP_APART_FORGET_PLANT] = {.name = "forget plant",
				   .most = {UINT32_MAX},
				   .one_way = true,
				   .changes_nothing = true},
	[OP_APART_MAP] = {.name = "map",
			  .most = {ANY, ANY, MAP_MOST, PROTECTION_MOST},
			  .request_min = 1,
			  .request_max = OP_MAP_LABEL_MAX},
	[OP_APART_UNMAP] = {.name = "unmap", .most = {ANY, MAP_MOST}},
	[OP_APART_PROTECT] = {.name = "protect", .most = {ANY, ANY, PROTECTION_MOST}},
	[OP_APART_WATCH_MAPPER] = {.name = "watch mapper", .most = {THREAD_MOST}, .one_way = true},
	[OP_APART_MAPPER_IS_BUSY] = {.name = "mapper is busy",
				     .most = {THREAD_MOST},
				     .changes_nothing = true},
	[OP_APART_SET_WATCH_SLOT] = {.name = "set watch slot",
				     .most = {SLOT_MOST, true, ANY, WATCH_SIZE_MOST,
					      OP_WATCH_READ_WRITE, true}},
	[OP_APART_WATCH_HITS] = {.name = "watch hits",
				 .most = {THREAD_MOST},
				 .changes_nothing = true},
	[OP_APART_REGISTERS] = {.name = "registers",
				.most = {THREAD_MOST},
				.reply_max = sizeof(struct op_registers),
				.changes_nothing = true},
	[OP_APART_USED_REGISTERS] = {.name = "used registers",
				     .one_way = true,
				     .changes_nothing = true},
	[OP_APART_PC] = {.name = "pc", .most = {THREAD_MOST}, .changes_nothing = true},
	[OP_APART_SET_REGISTERS] = {.name = "set registers",
				    .most = {THREAD_MOST},
				    .request_min = sizeof(struct op_registers),
				    .request_max = sizeof(struct op_registers)},
	[OP_APART_VECTOR_REGISTER] = {.name = "vector register",
				      .most = {THREAD_MOST, OP_VECTOR_REGISTERS_MAX - 1},
				      .reply_max = 16,
				      .changes_nothing = true},
	[OP_APART_TRAP_REASON] = {.name = "trap reason",
				  .most = {THREAD_MOST},
				  .changes_nothing = true},
	[OP_APART_RUN] = {.name = "run",
			  .most = {THREAD_MOST, OP_RUN_STEP, RUN_FLAGS_MOST},
			  .one_way = true},
	[OP_APART_WATCH_EXIT] = {.name = "watch exit", .most = {true}},
	[OP_APART_STEP] = {.name = "step", .most = {THREAD_MOST}, .reply_max = NAME_SIZE},
	// The argument is the time limit and one: 0 is none.
	[OP_APART_WAIT] = {.name = "wait",
			   .most = {INT32_MAX},
			   .reply_max = NAME_SIZE + sizeof(struct op_registers)},
	[OP_APART_STOP_ALL] = {.name = "stop all"},
	[OP_APART_PENDING_STOP] = {.name = "pending stop",
				   .most = {THREAD_MOST},
				   .reply_max = NAME_SIZE,
				   .changes_nothing = true},
	[OP_APART_IS_DYING] = {.name = "is dying"},
	[OP_APART_DROP_PENDING] = {.name = "drop pending", .most = {THREAD_MOST}, .one_way = true},
	[OP_APART_DISCARD_SIGNAL] = {.name = "discard signal",
				     .most = {THREAD_MOST},
				     .one_way = true},
	[OP_APART_CLEAR_INTERRUPT] = {.name = "clear interrupt",
				      .one_way = true,
				      .changes_nothing = true},
	[OP_APART_WRITE_CHILD] = {.name = "write child",
				  .most = {THREAD_MOST, ANY},
				  .request_max = OP_APART_PAYLOAD_MAX},
	[OP_APART_PROTECT_CHILD] = {.name = "protect child",
				    .most = {THREAD_MOST, ANY, ANY, PROTECTION_MOST}},
	[OP_APART_RELEASE_CHILD] = {.name = "release child", .most = {THREAD_MOST}},
};

const struct op_apart_form *op_apart_form(uint32_t operation)
{
	return operation < OP_APART_OPERATIONS && forms[operation].name ? &forms[operation] : NULL;
}

struct op_error *op_apart_check_request(const struct op_apart_request *request)
{
	const struct op_apart_form *form = op_apart_form(request->operation);
	if (!form)
		return op_error_create(OP_ERROR_FORMAT,
				       "the decoding process asked for operation %" PRIu32
				       ", which does not exist",
				       request->operation);
	for (unsigned i = 0; i < OP_APART_ARGUMENTS; i++) {
		if (request->arguments[i] > form->most[i])
			return op_error_create(OP_ERROR_FORMAT,
					       "argument %u of \"%s\" is %" PRIu64
					       ", at most %" PRIu64 " is allowed",
					       i, form->name, request->arguments[i], form->most[i]);
	}
	if (request->size < form->request_min || request->size > form->request_max ||
	    (form->unit && request->size % form->unit))
		return op_error_create(
			OP_ERROR_FORMAT,
			"\"%s\" comes with %" PRIu32 " bytes, it needs %" PRIu32 " to %" PRIu32,
			form->name, request->size, form->request_min, form->request_max);
	return NULL;
}

struct op_error *op_apart_check_reply(const struct op_apart_reply *reply,
				      enum op_apart_operation operation)
{
	const struct op_apart_form *form = op_apart_form(operation);
	uint32_t most = reply->error ? SENTENCE_MOST : form ? form->reply_max : 0;
	if (form && !form->one_way && reply->operation == (uint32_t)operation &&
	    reply->error <= OP_ERROR_IO + 1 && reply->size <= most)
		return NULL;
	return op_error_create(OP_ERROR_FORMAT,
			       "the tracing process's answer to \"%s\" makes no sense",
			       form ? form->name : "?");
}

// Runs ----------------------------------------------------------------------------------------

static const size_t run_flags[] = {
	offsetof(struct op_run_request, watch_code_mapping),
	offsetof(struct op_run_request, discard_trap),
	offsetof(struct op_run_request, deliver_trap),
	offsetof(struct op_run_request, hold_signal),
	offsetof(struct op_run_request, despite_job_stop),
};
_Static_assert(RUN_FLAGS_MOST == (1 << OP_ARRAY_SIZE(run_flags)) - 1, "one bit for each");

uint64_t op_apart_run_flags(const struct op_run_request *request)
{
	uint64_t flags = 0;
	for (unsigned i = 0; i < OP_ARRAY_SIZE(run_flags); i++)
		flags |= (uint64_t) * (const bool *)((const char *)request + run_flags[i]) << i;
	return flags;
}

void op_apart_run_request(const struct op_apart_request *request, struct op_run_request *ret)
{
	*ret = (struct op_run_request){
		.thread = (op_thread_id)request->arguments[0],
		.mode = (enum op_run_mode)request->arguments[1],
	};
	for (unsigned i = 0; i < OP_ARRAY_SIZE(run_flags); i++)
		*(bool *)((char *)ret + run_flags[i]) = request->arguments[2] >> i & 1;
}

// Stops ---------------------------------------------------------------------------------------

uint32_t op_apart_put_stop(const struct op_stop *stop, struct op_apart_reply *reply,
			   uint8_t *payload)
{
	const uint64_t values[] = {
		stop->kind,
		(uint64_t)stop->thread,
		(uint64_t)stop->signal,
		stop->signal_is_fault,
		stop->fault_address.value,
		stop->mapped_address.value,
		(uint64_t)stop->child,
		stop->child_shares_memory,
		stop->killed,
		(uint64_t)(int64_t)stop->exit_status,
	};
	_Static_assert(OP_ARRAY_SIZE(values) == OP_APART_STOP_PC, "the pc comes behind");
	memcpy(reply->values, values, sizeof(values));
	uint32_t size = (uint32_t)strnlen(stop->signal_name, sizeof(stop->signal_name) - 1);
	memcpy(payload, stop->signal_name, size);
	return size;
}

struct op_error *op_apart_get_stop(const struct op_apart_reply *reply, const uint8_t *payload,
				   uint32_t size, struct op_stop *ret)
{
	const uint64_t *values = reply->values;
	if (values[0] > OP_STOP_PROCESS_EXIT || values[2] > INT32_MAX ||
	    size >= sizeof(ret->signal_name))
		return op_error_create(OP_ERROR_FORMAT,
				       "the tracing process told of a stop that makes no sense");
	*ret = (struct op_stop){
		.kind = (enum op_stop_kind)values[0],
		.thread = (op_thread_id)values[1],
		.signal = (int)values[2],
		.signal_is_fault = values[3] != 0,
		.fault_address = op_host_addr(values[4]),
		.mapped_address = op_host_addr(values[5]),
		.child = (int64_t)values[6],
		.child_shares_memory = values[7] != 0,
		.killed = values[8] != 0,
		.exit_status = (int)(int64_t)values[9],
	};
	memcpy(ret->signal_name, payload, size);
	return NULL;
}

// Mappings ------------------------------------------------------------------------------------

bool op_apart_put_mapping(const struct op_mapping *mapping, uint8_t *payload, uint32_t *size)
{
	enum { PATH_MOST = 2 * PATH_MAX };
	size_t path_size = strnlen(mapping->path, PATH_MOST);
	if (OP_APART_PAYLOAD_MAX - *size < sizeof(struct op_apart_mapping) + path_size)
		return false;
	const struct op_apart_mapping packed = {
		.start = mapping->start.value,
		.end = mapping->end.value,
		.file_offset = mapping->file_offset,
		.device = mapping->device,
		.inode = mapping->inode,
		.protection = mapping->protection,
		.shared = mapping->shared,
		.anonymous = mapping->anonymous,
		.path_size = (uint32_t)path_size,
	};
	memcpy(payload + *size, &packed, sizeof(packed));
	memcpy(payload + *size + sizeof(packed), mapping->path, path_size);
	*size += (uint32_t)(sizeof(packed) + path_size);
	return true;
}

struct op_error *op_apart_get_mapping(const uint8_t *payload, uint32_t size, uint32_t *at,
				      struct op_mappings *ret)
{
	struct op_apart_mapping packed = {0};
	bool whole = size >= *at && size - *at >= sizeof(packed);
	if (whole) {
		memcpy(&packed, payload + *at, sizeof(packed));
		whole = packed.path_size <= size - *at - sizeof(packed) &&
			packed.start <= packed.end && packed.protection <= PROTECTION_MOST;
	}
	if (!whole)
		return op_error_create(OP_ERROR_FORMAT,
				       "the tracing process told of a mapping that makes no sense");
	if (!op_array_reserve(&ret->data, &ret->capacity, ret->count + 1, sizeof(*ret->data)))
		return op_error_no_memory();
	char *path = strndup((const char *)payload + *at + sizeof(packed), packed.path_size);
	if (!path)
		return op_error_no_memory();
	ret->data[ret->count++] = (struct op_mapping){
		.start = op_host_addr(packed.start),
		.end = op_host_addr(packed.end),
		.protection = packed.protection,
		.shared = packed.shared != 0,
		.anonymous = packed.anonymous != 0,
		.file_offset = packed.file_offset,
		.device = packed.device,
		.inode = packed.inode,
		.path = path,
	};
	*at += (uint32_t)sizeof(packed) + packed.path_size;
	return NULL;
}
