// SPDX-License-Identifier: GPL-3.0-or-later
// Growing arrays. Knows nothing of their elements.
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool op_array_reserve(void *data, size_t *capacity, size_t count, size_t size)
{
	if (count <= *capacity)
		return true;
	size_t want = *capacity < 8 ? 8 : *capacity;
	while (want < count) {
		if (want > SIZE_MAX / 2)
			return false;
		want *= 2;
	}
	size_t bytes;
	if (__builtin_mul_overflow(want, size, &bytes))
		return false;
	// The typed pointer is copied bytewise: it may have any pointer type.
	void *old;
	memcpy(&old, data, sizeof(old));
	void *grown = realloc(old, bytes);
	if (!grown)
		return false;
	memcpy(data, &grown, sizeof(grown));
	*capacity = want;
	return true;
}
