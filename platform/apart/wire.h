// SPDX-License-Identifier: GPL-3.0-or-later
// The messages between the process that decodes and the process that traces: one definition for
// both. Each operation is a row of one table, which says what its numbers may be and how long its
// bytes; nothing is looked at before op_apart_check_request() has held it against that. Both
// processes are one program (a fork), so numbers need no byte order. Knows neither side.
#ifndef OP_PLATFORM_APART_WIRE_H
#define OP_PLATFORM_APART_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "platform/platform.h"

/** What the decoding side can ask for: the functions of platform.h. */
enum op_apart_operation {
	OP_APART_OPEN = 1,
	OP_APART_LAUNCH,
	OP_APART_ATTACH,
	OP_APART_DETACH,
	OP_APART_KILL,
	OP_APART_LET_LIVE,
	OP_APART_DESTROY,
	OP_APART_COMMAND_LINE,
	OP_APART_RESOLVE_PATH,
	OP_APART_THREADS,
	OP_APART_MAPPINGS,
	OP_APART_MEMORY,
	OP_APART_READ,
	OP_APART_READ_MANY,
	OP_APART_UNREADABLE,
	OP_APART_WRITE,
	OP_APART_SHIELD,
	OP_APART_UNSHIELD,
	OP_APART_NOTE_PLANT,
	OP_APART_FORGET_PLANT,
	OP_APART_MAP,
	OP_APART_UNMAP,
	OP_APART_PROTECT,
	OP_APART_WATCH_MAPPER,
	OP_APART_MAPPER_IS_BUSY,
	OP_APART_SET_WATCH_SLOT,
	OP_APART_WATCH_HITS,
	OP_APART_REGISTERS,
	OP_APART_USED_REGISTERS,
	OP_APART_PC,
	OP_APART_SET_REGISTERS,
	OP_APART_VECTOR_REGISTER,
	OP_APART_TRAP_REASON,
	OP_APART_RUN,
	OP_APART_WATCH_EXIT,
	OP_APART_STEP,
	OP_APART_WAIT,
	OP_APART_STOP_ALL,
	OP_APART_PENDING_STOP,
	OP_APART_IS_DYING,
	OP_APART_DROP_PENDING,
	OP_APART_DISCARD_SIGNAL,
	OP_APART_CLEAR_INTERRUPT,
	OP_APART_WRITE_CHILD,
	OP_APART_PROTECT_CHILD,
	OP_APART_RELEASE_CHILD,
	OP_APART_OPERATIONS, /**< how many, and one */
};

enum {
	OP_APART_ARGUMENTS = 6,
	OP_APART_VALUES = 12,
	OP_APART_PAYLOAD_MAX = 64 * 1024,
	OP_APART_AREA_SIZE = 1 << 20, /**< memory that both share: what was read of the target */
	OP_APART_READS_MAX = 1024,    /**< in one OP_APART_READ_MANY */
};

/** A request; its payload follows. */
struct op_apart_request {
	uint32_t operation; /**< of enum op_apart_operation */
	uint32_t size;      /**< of the payload */
	uint64_t arguments[OP_APART_ARGUMENTS];
};

/** The answer to a request that is not one-way; its payload follows. */
struct op_apart_reply {
	uint32_t operation; /**< of the request */
	uint32_t error;     /**< 0: none; else an enum op_error_code and one. The sentence is the
			       payload */
	int32_t system_errno;
	uint32_t size; /**< of the payload */
	uint64_t values[OP_APART_VALUES];
};

/** What a row of the table says of an operation. */
struct op_apart_form {
	const char *name;
	uint64_t most[OP_APART_ARGUMENTS]; /**< the largest that each argument may be */
	uint32_t request_min, request_max; /**< bytes of the request's payload */
	uint32_t reply_max;                /**< bytes of the reply's payload */
	unsigned unit;        /**< the request's payload is a multiple of it; 0: any size */
	bool one_way;         /**< no reply; what fails is told by the next one */
	bool without_process; /**< it needs no open process */
	bool changes_nothing; /**< of threads, their stops and registers */
};
/** NULL: there is no such operation. */
const struct op_apart_form *op_apart_form(uint32_t operation);

/**
 * Hold a request's head against the table, before its payload is read.
 * @return OP_ERROR_FORMAT.
 */
struct op_error *op_apart_check_request(const struct op_apart_request *request);
/** The same for a reply to @p operation. */
struct op_error *op_apart_check_reply(const struct op_apart_reply *reply,
				      enum op_apart_operation operation);

/** The flags of OP_APART_RUN: the bools of struct op_run_request. */
uint64_t op_apart_run_flags(const struct op_run_request *request);
/** Of checked arguments. */
void op_apart_run_request(const struct op_apart_request *request, struct op_run_request *ret);

/** The values of a stop, and its payload (the signal's name; at most sizeof(stop->signal_name)). */
enum { OP_APART_STOP_PC = 10, OP_APART_STOP_HAS };
/** What OP_APART_WAIT tells of a stopped thread besides, in the value OP_APART_STOP_HAS: its
 * registers come in front of the signal's name. */
enum { OP_APART_HAS_PC = 1, OP_APART_HAS_REGISTERS = 2 };
uint32_t op_apart_put_stop(const struct op_stop *stop, struct op_apart_reply *reply,
			   uint8_t *payload);
/** @param[in] size of the payload. @return OP_ERROR_FORMAT. */
struct op_error *op_apart_get_stop(const struct op_apart_reply *reply, const uint8_t *payload,
				   uint32_t size, struct op_stop *ret);

/** A thread in the payload of OP_APART_THREADS. */
struct op_apart_thread {
	int64_t id;
	uint32_t state;   /**< enum op_thread_state */
	uint32_t pending; /**< enum op_stop_kind of its stop that was not handed out */
	char name[32];
};

/** A mapping in the payload of OP_APART_MAPPINGS; its path follows. */
struct op_apart_mapping {
	uint64_t start, end, file_offset, device, inode;
	uint32_t protection, shared, anonymous, path_size;
};
/** Append @p mapping to a payload of at most OP_APART_PAYLOAD_MAX bytes, *size of which are taken.
 * A path that no payload holds is cut. @return false when it does not fit any more. */
bool op_apart_put_mapping(const struct op_mapping *mapping, uint8_t *payload, uint32_t *size);
/** Take one from a payload at *@p at on, and append it. */
struct op_error *op_apart_get_mapping(const uint8_t *payload, uint32_t size, uint32_t *at,
				      struct op_mappings *ret);

/** One of the reads of OP_APART_READ_MANY. The payload of the reply has a byte for each: 1 when it
 * was read whole. What was read stands in the shared area, one behind the other. */
struct op_apart_read {
	uint64_t address, size;
};

#endif
