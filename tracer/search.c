// SPDX-License-Identifier: GPL-3.0-or-later
// Searching a linear memory for bytes.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/session.h"

// Large enough that one system call is nothing beside the search, small enough to answer an
// interrupt at once.
enum { CHUNK = 1 << 20 };

struct op_error *op_session_find(struct op_session *session, const struct op_frame *frame,
				 uint32_t memory, uint64_t start, uint64_t end, const void *pattern,
				 size_t size, bool *ret_found, uint64_t *ret)
{
	*ret_found = false;
	if (!size || size > CHUNK)
		return op_error_create(OP_ERROR_SYNTAX, "a pattern has 1 to %d bytes, not %zu",
				       (int)CHUNK, size);
	if (end < start)
		return op_error_create(OP_ERROR_SYNTAX,
				       "the end 0x%" PRIx64 " lies before the start 0x%" PRIx64,
				       end, start);
	// The whole range is refused at once, not when the search comes to its end.
	uint8_t last;
	struct op_error *err =
		end > start ? op_session_read_memory(session, frame, memory, end - 1, &last, 1)
			    : NULL;
	if (err)
		return err;
	_cleanup_free_ uint8_t *buffer = malloc(2 * (size_t)CHUNK);
	if (!buffer)
		return op_error_no_memory();
	// A match may lie across two chunks: each begins where one could still begin in the last.
	for (uint64_t at = start; end - at >= size;) {
		if (op_cancelled(&session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		size_t part =
			end - at < 2 * (uint64_t)CHUNK ? (size_t)(end - at) : 2 * (size_t)CHUNK;
		err = op_session_read_memory(session, frame, memory, at, buffer, part);
		if (err)
			return err;
		const uint8_t *found = memmem(buffer, part, pattern, size);
		if (found) {
			*ret_found = true;
			*ret = at + (uint64_t)(found - buffer);
			return NULL;
		}
		at += part - size + 1;
	}
	return NULL;
}
