// SPDX-License-Identifier: GPL-3.0-or-later
// The tracing process: does with the target what the decoding process asks for, and takes each
// request for one of somebody who has taken that process over. It never looks at what it reads of
// the target. Knows no Wasm.
#ifndef OP_PLATFORM_APART_SERVER_H
#define OP_PLATFORM_APART_SERVER_H

#include <stdint.h>

#include "platform/apart/apart.h"
#include "platform/apart/channel.h"
#include "platform/apart/wire.h"

struct op_apart_server {
	struct op_apart_channel channel;
	int interrupts_fd; /**< a byte here ends a wait; owned */
	uint8_t *area; /**< OP_APART_AREA_SIZE bytes, written only: the other side can as well */
	const struct op_apart_plan *plan;
	struct op_process *process;            /**< NULL: none is open */
	struct op_mappings mappings;           /**< the list that is being handed out */
	struct op_error *failed;               /**< of a one-way operation, not told yet */
	bool asks_registers;                   /**< after the last stop they were asked for */
	uint8_t payload[OP_APART_PAYLOAD_MAX]; /**< of the reply */
};

/** Where a handler puts its answer. */
struct op_apart_answer {
	uint64_t *values; /**< OP_APART_VALUES of them, 0 */
	uint8_t *payload; /**< room for OP_APART_PAYLOAD_MAX bytes */
	uint32_t size;    /**< of what is in there; 0 */
	int fd;           /**< goes with it, and is closed then; -1 */
	struct op_apart_reply *reply;
};

/** What is done for an operation: the request is checked against the table, its payload whole. */
typedef struct op_error *(*op_apart_handler)(struct op_apart_server *server,
					     const struct op_apart_request *request,
					     const uint8_t *payload,
					     struct op_apart_answer *answer);
/** NULL: there is none, as for an operation that does not exist. */
op_apart_handler op_apart_handler_of(uint32_t operation);
extern const op_apart_handler op_apart_memory_handlers[OP_APART_OPERATIONS];
extern const op_apart_handler op_apart_thread_handlers[OP_APART_OPERATIONS];

/** Of the whole process: what the terminal sends is ignored, and interrupts_fd interrupts. */
void op_apart_prepare_signals(const struct op_apart_server *server);
/**
 * Serve until the other side is gone or asks for what it must not. A target that is still attached
 * then is left to the caller's death, which it survives (op_process_shield()): the bytes of
 * breakpoints are in its code, and only the other side knew which.
 */
void op_apart_serve(struct op_apart_server *server);

#endif
