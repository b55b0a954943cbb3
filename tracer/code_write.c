// SPDX-License-Identifier: GPL-3.0-or-later
// Many small writes into code as few large ones: a counter on every instruction is a hundred
// thousand of them.
#include "tracer/code_write.h"

#include <inttypes.h>
#include <string.h>

#include "base/compiler.h"

enum { CHUNK = 64 << 10, GAP = 1 << 10, FEW = 8 };

static int by_address(const void *a, const void *b)
{
	const struct op_code_write *x = a, *y = b;
	return x->address < y->address ? -1 : x->address > y->address;
}

static struct op_error *write_one(struct op_process *process, const struct op_code_write *write)
{
	struct op_error *err =
		op_process_write(process, op_host_addr(write->address), write->bytes, write->size);
	return err ? op_error_at(err, "patching the code at 0x%" PRIx64, write->address) : NULL;
}

// Intel SDM volume 3, 9.1.3 (cross-modifying code): a thread sees the old instruction or the trap,
// and comes past the trap only when all of it is there.
static struct op_error *write_while_running(struct op_process *process, struct op_code_write *write)
{
	struct op_code_write first = *write, rest = *write;
	first.size = 1;
	rest.address++;
	rest.size--;
	memmove(rest.bytes, rest.bytes + 1, rest.size);
	struct op_error *err = write_one(process, &first);
	if (!err && rest.size)
		err = write_one(process, &rest);
	write->gone = err && err->code == OP_ERROR_UNREADABLE;
	if (write->gone)
		op_error_destroy(op_take(err));
	return err;
}

// The writes that follow @p first closely enough to be one.
static size_t run_length(const struct op_code_writes *writes, size_t first)
{
	const struct op_code_write *w = writes->data;
	size_t count = 1;
	while (first + count < writes->count) {
		uint64_t end = w[first + count - 1].address + w[first + count - 1].size;
		const struct op_code_write *next = &w[first + count];
		if (next->address > end + GAP ||
		    next->address + next->size - w[first].address > CHUNK)
			break;
		count++;
	}
	return count;
}

static struct op_error *write_run(struct op_process *process, const struct op_code_write *writes,
				  size_t count, uint8_t *buffer)
{
	uint64_t start = writes[0].address;
	size_t size = (size_t)(writes[count - 1].address + writes[count - 1].size - start);
	struct op_error *err = op_process_read(process, op_host_addr(start), buffer, size);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		memcpy(buffer + (writes[i].address - start), writes[i].bytes, writes[i].size);
	return op_process_write(process, op_host_addr(start), buffer, size);
}

static void keep_first(struct op_error **first, struct op_error *err)
{
	if (*first)
		op_error_destroy(err);
	else
		*first = err;
}

struct op_error *op_code_write(struct op_process *process, struct op_code_writes *writes,
			       bool running)
{
	struct op_error *first = NULL;
	if (running || writes->count <= FEW) {
		for (size_t i = 0; i < writes->count; i++)
			keep_first(&first, running ? write_while_running(process, &writes->data[i])
						   : write_one(process, &writes->data[i]));
		return first;
	}
	_cleanup_free_ uint8_t *buffer = malloc(CHUNK + OP_SLOT_MAX);
	if (!buffer)
		return op_error_no_memory();
	qsort(writes->data, writes->count, sizeof(*writes->data), by_address);
	for (size_t i = 0, count; i < writes->count; i += count) {
		count = run_length(writes, i);
		struct op_error *err = write_run(process, &writes->data[i], count, buffer);
		// A part of it may be gone: what is there is written all the same.
		for (size_t k = 0; err && k < count; k++)
			keep_first(&first, write_one(process, &writes->data[i + k]));
		op_error_destroy(err);
	}
	return first;
}
