// SPDX-License-Identifier: GPL-3.0-or-later
// Whole messages over a stream socket.
#include "platform/apart/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/apart/wire.h"

// Two of the largest messages: one that is taken, and one behind it.
enum {
	HEAD_MAX = sizeof(struct op_apart_reply) > sizeof(struct op_apart_request)
			   ? sizeof(struct op_apart_reply)
			   : sizeof(struct op_apart_request),
	BUFFER_SIZE = 2 * (OP_APART_PAYLOAD_MAX + HEAD_MAX),
};

union ancillary {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

bool op_apart_channel_init(struct op_apart_channel *channel, int fd)
{
	*channel = (struct op_apart_channel){
		.fd = fd,
		.out = malloc(BUFFER_SIZE),
		.in = malloc(BUFFER_SIZE),
		.received_fd = -1,
	};
	return channel->out && channel->in;
}

void op_apart_channel_deinit(struct op_apart_channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	if (channel->received_fd >= 0)
		close(channel->received_fd);
	free(channel->out);
	free(channel->in);
	*channel = (struct op_apart_channel){.fd = -1, .received_fd = -1};
}

bool op_apart_channel_flush(struct op_apart_channel *channel, int fd)
{
	union ancillary ancillary = {0};
	size_t done = 0;

	while (done < channel->out_size) {
		struct iovec part = {channel->out + done, channel->out_size - done};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
		if (fd >= 0 && !done) {
			message.msg_control = &ancillary;
			message.msg_controllen = sizeof(ancillary);
			struct cmsghdr *item = CMSG_FIRSTHDR(&message);
			item->cmsg_level = SOL_SOCKET;
			item->cmsg_type = SCM_RIGHTS;
			item->cmsg_len = CMSG_LEN(sizeof(fd));
			memcpy(CMSG_DATA(item), &fd, sizeof(fd));
		}
		ssize_t sent = sendmsg(channel->fd, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		done += (size_t)sent;
	}
	channel->out_size = 0;
	return true;
}

bool op_apart_channel_put(struct op_apart_channel *channel, const void *head, size_t head_size,
			  const void *payload, size_t size)
{
	if (BUFFER_SIZE - channel->out_size < head_size + size &&
	    !op_apart_channel_flush(channel, -1))
		return false;
	memcpy(channel->out + channel->out_size, head, head_size);
	channel->out_size += head_size;
	if (size)
		memcpy(channel->out + channel->out_size, payload, size);
	channel->out_size += size;
	return true;
}

static void keep_fd(struct op_apart_channel *channel, struct msghdr *message)
{
	for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item;
	     item = CMSG_NXTHDR(message, item)) {
		if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
			continue;
		int fd;
		memcpy(&fd, CMSG_DATA(item), sizeof(fd));
		if (channel->received_fd >= 0)
			close(channel->received_fd);
		channel->received_fd = fd;
	}
}

static bool fill(struct op_apart_channel *channel)
{
	union ancillary ancillary;
	struct iovec part = {channel->in + channel->in_end, BUFFER_SIZE - channel->in_end};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary),
	};
	ssize_t got;

	do {
		got = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	keep_fd(channel, &message);
	channel->in_end += (size_t)got;
	return true;
}

const uint8_t *op_apart_channel_take(struct op_apart_channel *channel, size_t size)
{
	if (channel->in_begin == channel->in_end)
		channel->in_begin = channel->in_end = 0;
	if (BUFFER_SIZE - channel->in_begin < size) {
		channel->in_end -= channel->in_begin;
		memmove(channel->in, channel->in + channel->in_begin, channel->in_end);
		channel->in_begin = 0;
	}
	while (channel->in_end - channel->in_begin < size) {
		if (!fill(channel))
			return NULL;
	}
	const uint8_t *taken = channel->in + channel->in_begin;
	channel->in_begin += size;
	return taken;
}

int op_apart_channel_take_fd(struct op_apart_channel *channel)
{
	int fd = channel->received_fd;
	channel->received_fd = -1;
	return fd;
}
