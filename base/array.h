// SPDX-License-Identifier: GPL-3.0-or-later
// Growing arrays: a typed pointer, a count and a capacity side by side in the owner's struct, grown
// by one function.
#ifndef OP_BASE_ARRAY_H
#define OP_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Make room for @p count elements of @p size bytes in *@p data (a pointer to the typed pointer).
 * @return false when memory is short or the product overflows; the array is as before.
 */
bool op_array_reserve(void *data, size_t *capacity, size_t count, size_t size);

/** A typed array: struct OP_ARRAY(struct op_frame) frames = {0}; */
#define OP_ARRAY(type)                                                                             \
	{                                                                                          \
		type *data;                                                                        \
		size_t count;                                                                      \
		size_t capacity;                                                                   \
	}
/** Append @p value; false when memory is short. */
#define op_array_push(array, value)                                                                \
	(op_array_reserve(&(array)->data, &(array)->capacity, (array)->count + 1,                  \
			  sizeof(*(array)->data)) &&                                               \
	 ((array)->data[(array)->count++] = (value), true))

#endif
