// SPDX-License-Identifier: GPL-3.0-or-later
// Errors as objects. Knows nothing of what failed.
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
	struct op_error *err = calloc(1, sizeof(*err));
	if (!err)
		return op_error_no_memory();
	err->code = code;
	if (vasprintf(&err->message, format, args) < 0) {
		free(err);
		return op_error_no_memory();
	}
	return err;
}

struct op_error *op_error_create(enum op_error_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct op_error *err = op_error_createv(code, format, args);
	va_end(args);
	return err;
}

struct op_error *op_error_system(enum op_error_code code, int system_errno, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct op_error *err = op_error_createv(code, format, args);
	va_end(args);
	if (err == &no_memory)
		return err;
	err->system_errno = system_errno;
	char *whole;
	if (asprintf(&whole, "%s: %s", err->message,
		     strerrordesc_np(system_errno) ?: "unknown error") < 0) {
		op_error_destroy(err);
		return op_error_no_memory();
	}
	free(err->message);
	err->message = whole;
	return err;
}

struct op_error *op_error_at(struct op_error *err, const char *format, ...)
{
	if (!err || err == &no_memory)
		return err;
	_cleanup_free_ char *place = NULL;
	va_list args;
	va_start(args, format);
	int size = vasprintf(&place, format, args);
	va_end(args);
	char *whole;
	if (size < 0) {
		place = NULL;
		return err;
	}
	if (asprintf(&whole, "%s: %s", place, err->message) < 0)
		return err;
	free(err->message);
	err->message = whole;
	return err;
}

void op_error_destroy(struct op_error *err)
{
	if (!err || err == &no_memory)
		return;
	free(err->message);
	free(err);
}

bool op_error_is_of_data(const struct op_error *err)
{
	switch (err->code) {
	case OP_ERROR_FORMAT:
	case OP_ERROR_UNREADABLE:
	case OP_ERROR_NOT_FOUND:
	case OP_ERROR_UNSUPPORTED:
	case OP_ERROR_LIMIT:
		return true;
	default:
		return false;
	}
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
