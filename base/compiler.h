// SPDX-License-Identifier: GPL-3.0-or-later
// Ownership by scope and the few compiler attributes the house uses. Knows nothing else.
#ifndef OP_BASE_COMPILER_H
#define OP_BASE_COMPILER_H

#include <stddef.h>
#include <stdlib.h>

/** Mark a function as part of liboutpost's public interface; everything else is hidden. */
#define OP_API __attribute__((visibility("default")))

#define _cleanup_(f)        __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _unused_            __attribute__((unused))

/** Hand the ownership of @p pointer to somebody else: its value, and NULL is left behind. */
#define op_take(pointer)                                                                           \
	({                                                                                         \
		__auto_type op_taken_ = (pointer);                                                 \
		(pointer) = NULL;                                                                  \
		op_taken_;                                                                         \
	})

#define OP_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static inline void op_freep(void *pointer)
{
	free(*(void **)pointer);
}
/** The variable's heap memory is freed when it goes out of scope. */
#define _cleanup_free_ _cleanup_(op_freep)

#endif
