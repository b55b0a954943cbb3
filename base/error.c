// SPDX-License-Identifier: GPL-3.0-or-later
// Errors as objects. Knows nothing of what failed.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Handed out when there is no memory for a real one; never freed.
static struct op_error no_memory = {
	.code = OP_ERROR_NO_MEMORY,
	.message = (char[]){"outpost ran out of memory"},
};

struct op_error *op_error_no_memory(void)
{
	return &no_memory;
}

struct op_error *op_error_createv(enum op_error_code code, const char *format, va_list args)
{
	struct op_error *error = calloc(1, sizeof(*error));
	if (!error)
		return op_error_no_memory();
	error->code = code;
	if (vasprintf(&error->message, format, args) < 0) {
		free(error);
		return op_error_no_memory();
	}
	return error;
}

struct op_error *op_error_create(enum op_error_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct op_error *error = op_error_createv(code, format, args);
	va_end(args);
	return error;
}

struct op_error *op_error_system(enum op_error_code code, int system_errno, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct op_error *error = op_error_createv(code, format, args);
	va_end(args);
	if (error == &no_memory)
		return error;
	error->system_errno = system_errno;
	char *whole;
	if (asprintf(&whole, "%s: %s", error->message, strerrordesc_np(system_errno) ?: "unknown error") < 0) {
		op_error_destroy(error);
		return op_error_no_memory();
	}
	free(error->message);
	error->message = whole;
	return error;
}

struct op_error *op_error_at(struct op_error *error, const char *format, ...)
{
	if (!error || error == &no_memory)
		return error;
	_cleanup_free_ char *place = NULL;
	va_list args;
	va_start(args, format);
	int size = vasprintf(&place, format, args);
	va_end(args);
	char *whole;
	if (size < 0) {
		place = NULL;
		return error;
	}
	if (asprintf(&whole, "%s: %s", place, error->message) < 0)
		return error;
	free(error->message);
	error->message = whole;
	return error;
}

void op_error_destroy(struct op_error *error)
{
	if (!error || error == &no_memory)
		return;
	free(error->message);
	free(error);
}

const char *op_error_code_name(enum op_error_code code)
{
	static const char *const names[] = {
		[OP_ERROR_NO_MEMORY] = "no-memory",
		[OP_ERROR_SYSTEM] = "system",
		[OP_ERROR_NO_SUCH_PROCESS] = "no-such-process",
		[OP_ERROR_PERMISSION] = "permission-denied",
		[OP_ERROR_ALREADY_TRACED] = "already-traced",
		[OP_ERROR_NOT_WASMTIME] = "not-wasmtime",
		[OP_ERROR_PROCESS_GONE] = "process-gone",
		[OP_ERROR_FORMAT] = "bad-format",
		[OP_ERROR_UNREADABLE] = "unreadable",
		[OP_ERROR_NOT_FOUND] = "not-found",
		[OP_ERROR_SYNTAX] = "syntax",
		[OP_ERROR_UNSUPPORTED] = "unsupported",
		[OP_ERROR_STATE] = "wrong-state",
		[OP_ERROR_INTERRUPTED] = "interrupted",
		[OP_ERROR_LIMIT] = "limit",
		[OP_ERROR_IO] = "io",
	};
	return code < OP_ARRAY_SIZE(names) && names[code] ? names[code] : "unknown";
}
