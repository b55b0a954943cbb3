// SPDX-License-Identifier: GPL-3.0-or-later
// What a core's process ran: the program's file, by the entry point in the auxiliary vector, and
// the command line, which stands at the beginning of the first thread's stack.
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/reader.h"
#include "base/text.h"
#include "platform/linux/core.h"

enum {
	AUXV_MAX = 4096,
	// Arguments and environment may take 6 MiB (man 2 execve); what comes before them are
	// pointers.
	STACK_SEARCHED = 8 << 20,
	COMMAND_LINE_MAX = 1 << 20,
	ARGUMENTS_MAX = 65536,
};

struct auxiliary {
	uint8_t bytes[AUXV_MAX];
	size_t size;
};

static uint64_t auxiliary_value(const struct auxiliary *vector, uint64_t type)
{
	for (size_t at = 0; at + 16 <= vector->size; at += 16) {
		uint64_t found = op_load_u64_unchecked(vector->bytes + at);

		if (found == type)
			return op_load_u64_unchecked(vector->bytes + at + 8);
		if (found == AT_NULL)
			break;
	}
	return 0;
}

/** A disk's failure is no want of a command line. */
static void remark_unread(struct op_core *core, struct op_error *err)
{
	if (!err)
		return;
	op_error_destroy(op_core_remark(core, "what the process was started with is not known: %s",
					err->message));
	op_error_destroy(err);
}

/**
 * The stack at the program's start (System V ABI, AMD64 supplement, figure 3.9): argc, the
 * arguments, 0, the environment, 0, the auxiliary vector; above them, the strings. The vector is
 * looked for, since that is known from its note, in front of the name of the program (AT_EXECFN).
 */
static bool find_vector(struct op_core *core, const struct auxiliary *vector, uint8_t *stack,
			uint64_t start, size_t size, size_t *ret)
{
	size_t done;
	struct op_error *err =
		op_core_read_some(&core->base, op_host_addr(start), stack, size, &done);

	if (err || done < size) {
		remark_unread(core, err);
		return false;
	}
	// The stack pointer was aligned to 16 bytes, the vector is aligned to 8.
	for (size_t at = size & ~(size_t)7; at >= 8; at -= 8) {
		if (size - (at - 8) < vector->size ||
		    memcmp(stack + at - 8, vector->bytes, vector->size) != 0)
			continue;
		*ret = at - 8;
		return true;
	}
	return false;
}

/** Append the string at @p addr with its NUL. */
static bool append_string(struct op_core *core, uint64_t addr, struct op_text *text)
{
	while (text->size < COMMAND_LINE_MAX) {
		char bytes[256];
		size_t done;
		struct op_error *err = op_core_read_some(&core->base, op_host_addr(addr), bytes,
							 sizeof(bytes), &done);
		remark_unread(core, err);
		size_t length = strnlen(bytes, done);
		op_text_append_n(text, bytes, length);
		if (length < done)
			op_text_append_char(text, '\0');
		if (length < sizeof(bytes))
			return length < done;
		addr += length;
	}
	return false;
}

/** From the vector backwards: 0, the environment, 0, the arguments, their count. */
static bool read_arguments(struct op_core *core, const uint8_t *stack, size_t vector,
			   struct op_text *text)
{
	size_t at = vector;

	if (at < 8 || op_load_u64_unchecked(stack + (at -= 8)) != 0)
		return false;
	while (at >= 8 && op_load_u64_unchecked(stack + at - 8) != 0)
		at -= 8;
	if (at < 8)
		return false;
	at -= 8; // the 0 behind the arguments
	for (uint64_t count = 0; at >= 8 && count < ARGUMENTS_MAX; count++) {
		at -= 8;
		if (op_load_u64_unchecked(stack + at) != count)
			continue;
		for (uint64_t i = 0; i < count; i++)
			if (!append_string(core, op_load_u64_unchecked(stack + at + 8 + i * 8),
					   text))
				return false;
		return true;
	}
	return false;
}

static struct op_error *command_line_from_stack(struct op_core *core,
						const struct auxiliary *vector, bool *ret)
{
	uint64_t name = auxiliary_value(vector, AT_EXECFN);
	const struct op_core_piece *piece = op_core_find_piece(core, name);

	*ret = false;
	if (!piece || vector->size < 32)
		return NULL;
	uint64_t start =
		name - piece->start > STACK_SEARCHED ? name - STACK_SEARCHED : piece->start;
	start = (start + 7) & ~(uint64_t)7;
	if (start >= name)
		return NULL;
	size_t size = (size_t)(name - start), at;
	_cleanup_free_ uint8_t *stack = malloc(size);
	if (!stack)
		return op_error_no_memory();
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (!find_vector(core, vector, stack, start, size, &at) ||
	    !read_arguments(core, stack, at, &text) || text.failed || !text.size)
		return NULL;
	core->base.command_line_size = text.size;
	*ret = true;
	return op_text_steal(&text, &core->base.command_line);
}

/** What the kernel noted: at most 80 bytes, with blanks between the arguments. */
static struct op_error *command_line_from_note(struct op_core *core)
{
	size_t size = strlen(core->arguments);

	while (size && core->arguments[size - 1] == ' ')
		size--;
	core->base.command_line = strndup(core->arguments, size);
	if (!core->base.command_line)
		return op_error_no_memory();
	for (size_t i = 0; i < size; i++)
		if (core->base.command_line[i] == ' ')
			core->base.command_line[i] = '\0';
	core->base.command_line_size = size + 1;
	return NULL;
}

static void read_vector(struct op_core *core, struct auxiliary *ret)
{
	ret->size = core->auxv_size < AUXV_MAX ? (size_t)core->auxv_size : AUXV_MAX;
	if (op_core_read_file(core, core->auxv, ret->bytes, ret->size))
		return;
	ret->size = 0;
	remark_unread(core,
		      op_error_create(OP_ERROR_IO,
				      "the auxiliary vector, at byte %" PRIu64
				      " of the core file, cannot be read: %s",
				      core->auxv, errno ? strerror(errno) : "the file ends there"));
}

struct op_error *op_core_find_program(struct op_core *core)
{
	struct auxiliary vector;

	read_vector(core, &vector);
	const struct op_core_piece *piece =
		op_core_find_piece(core, auxiliary_value(&vector, AT_ENTRY));
	if (piece)
		core->program = piece->file;
	bool found;
	struct op_error *err = command_line_from_stack(core, &vector, &found);
	return err || found ? err : command_line_from_note(core);
}
