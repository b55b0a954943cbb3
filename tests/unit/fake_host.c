// SPDX-License-Identifier: GPL-3.0-or-later
// The double of the host's frames behind tracer/outpost.h; part of fake_session.h's program: each
// stretch is a body inlined in poll, and poll; outside the guest there is main, and then no more
// can be unwound.
#include "tests/unit/fake_session.h"

static const struct op_host_return in_poll = {.pc = {0x7f0000001234}, .is_return_address = true};
static const struct op_host_return in_main = {.pc = {0x550000000042}, .is_return_address = true};

struct op_error *op_session_host_stretch(struct op_session *session, const struct op_stack *stack,
					 size_t at, const struct op_host_return **ret,
					 size_t *ret_count, const char **ret_incomplete)
{
	bool outside = at == stack->count;
	*ret = outside ? &in_main : &in_poll;
	*ret_count = 1;
	*ret_incomplete = outside ? "the frames beyond 0x550000000042 could not be unwound" : NULL;
	return NULL;
}

struct op_error *op_session_host_frames(struct op_session *session,
					const struct op_host_return *place,
					const struct op_host_frame **ret, size_t *ret_count)
{
	static const struct op_host_frame poll[] = {
		{.pc = {0x7f0000001234},
		 .function = "wait",
		 .object = "libc.so.6",
		 .file_offset = 0x1234,
		 .file = "poll.c",
		 .line = 29,
		 .inlined = true},
		{.pc = {0x7f0000001234},
		 .function = "poll",
		 .offset = 79,
		 .object = "libc.so.6",
		 .file_offset = 0x1234},
	};
	static const struct op_host_frame unknown = {
		.pc = {0x550000000042}, .object = "program", .file_offset = 0x42};
	bool outside = place->pc.value == in_main.pc.value;
	*ret = outside ? &unknown : poll;
	*ret_count = outside ? 1 : 2;
	return NULL;
}
