// SPDX-License-Identifier: GPL-3.0-or-later
// Errors as objects: a code, a sentence for a person, the place, and errno. Public (installed with
// outpost.h).
#ifndef OP_BASE_ERROR_H
#define OP_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/compiler.h"

/** What went wrong, for programs. The names in JSON are those of op_error_code_name(). */
enum op_error_code {
	OP_ERROR_NO_MEMORY,
	OP_ERROR_SYSTEM, /**< a system call failed in a way nobody foresaw; see system_errno */
	OP_ERROR_NO_SUCH_PROCESS,
	OP_ERROR_PERMISSION,
	OP_ERROR_ALREADY_TRACED,
	OP_ERROR_NOT_WASMTIME,
	OP_ERROR_PROCESS_GONE, /**< the target died while outpost was at work on it */
	OP_ERROR_FORMAT, /**< bytes from the target or a file do not have the form they should */
	OP_ERROR_UNREADABLE, /**< memory of the target cannot be read or written */
	OP_ERROR_NOT_FOUND,  /**< no such function, breakpoint, thread, memory, ... */
	OP_ERROR_SYNTAX,     /**< what the user typed does not parse */
	OP_ERROR_UNSUPPORTED,
	OP_ERROR_STATE, /**< right command, wrong moment: nothing attached, thread not in the guest,
			   ... */
	OP_ERROR_INTERRUPTED,
	OP_ERROR_LIMIT, /**< a limit on depth, count or time was reached */
	OP_ERROR_IO,    /**< a file of the user's */
};

/** One failure. Functions that can fail return a pointer to one, NULL for success. Owned by whoever
 * receives it. */
struct op_error {
	enum op_error_code code;
	int system_errno; /**< 0 when no system call is to blame */
	char *message; /**< the sentence: what was tried, on what, why it failed, what to do about
			  it */
};

/** Create an error. Never returns NULL: when memory is short, a static error of code
 * OP_ERROR_NO_MEMORY. */
OP_API struct op_error *op_error_create(enum op_error_code code, const char *format, ...)
	_printf_(2, 3);
OP_API struct op_error *op_error_createv(enum op_error_code code, const char *format, va_list args)
	_printf_(2, 0);
/** The same with errno's number @p system_errno; ": strerror" is appended to the sentence. */
OP_API struct op_error *op_error_system(enum op_error_code code, int system_errno,
					const char *format, ...) _printf_(3, 4);
OP_API struct op_error *op_error_no_memory(void);
/** Put the place in front: "PLACE: old sentence". Takes @p err (may be NULL: returns NULL) and
 * returns it. */
OP_API struct op_error *op_error_at(struct op_error *err, const char *format, ...) _printf_(2, 3);
/** NULL is fine. */
OP_API void op_error_destroy(struct op_error *err);
/**
 * Whether it says something of the data: they are not there, or not what they should be. Otherwise
 * they could not be looked at, which must not be taken for that.
 */
OP_API bool op_error_is_of_data(const struct op_error *err);
/** "no-such-process" and so on: the code as JSON shows it. Static. */
OP_API const char *op_error_code_name(enum op_error_code code);

static inline void op_error_destroyp(struct op_error **err)
{
	op_error_destroy(*err);
}
#define _cleanup_error_ _cleanup_(op_error_destroyp)

#endif
