// SPDX-License-Identifier: GPL-3.0-or-later
// One end of the socket pair between the two processes: heads and payloads, whole or not at all.
// What is queued goes out together, so that a run and the wait behind it are one message. Knows no
// operation.
#ifndef OP_PLATFORM_APART_CHANNEL_H
#define OP_PLATFORM_APART_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct op_apart_channel {
	int fd; /**< owned; -1: none */
	uint8_t *out, *in;
	size_t out_size;
	size_t in_begin, in_end;
	int received_fd; /**< that came with the last bytes; owned; -1: none */
};

/** Takes @p fd. @return false when memory is short; deinit in any case. */
bool op_apart_channel_init(struct op_apart_channel *channel, int fd);
void op_apart_channel_deinit(struct op_apart_channel *channel);

/** Queue a head and its payload (at most OP_APART_PAYLOAD_MAX bytes). @return false when the other
 * side is gone. */
bool op_apart_channel_put(struct op_apart_channel *channel, const void *head, size_t head_size,
			  const void *payload, size_t size);
/** Send what is queued. @param[in] fd goes with it; -1: none. */
bool op_apart_channel_flush(struct op_apart_channel *channel, int fd);
/**
 * Take the next @p size bytes, and wait for them.
 * @return borrowed until the next call; NULL: the other side is gone.
 */
const uint8_t *op_apart_channel_take(struct op_apart_channel *channel, size_t size);
/** The file that came with what was taken; -1: none. The caller's. */
int op_apart_channel_take_fd(struct op_apart_channel *channel);

#endif
