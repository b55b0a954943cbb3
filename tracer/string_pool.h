// SPDX-License-Identifier: GPL-3.0-or-later
// Strings that a list of the public interface points to: made one by one, freed together. Knows no
// session.
#ifndef OP_TRACER_STRING_POOL_H
#define OP_TRACER_STRING_POOL_H

#include "base/array.h"
#include "base/text.h"
#include "target-runtime/wasm/module.h"

/** Zero-initialise. */
struct op_string_pool {
	struct OP_ARRAY(char *) strings;
};

void op_string_pool_clear(struct op_string_pool *pool);
void op_string_pool_deinit(struct op_string_pool *pool);
/**
 * Zeroed memory for @p count things of @p size bytes that belong to the strings.
 * @return NULL when memory is short. Borrowed until the pool is cleared.
 */
void *op_string_pool_room(struct op_string_pool *pool, size_t count, size_t size);
/** Keep what stands in @p text, which is empty afterwards. */
struct op_error *op_string_pool_take(struct op_string_pool *pool, struct op_text *text,
				     const char **ret);
/** Keep a copy; NULL stays NULL. */
struct op_error *op_string_pool_copy(struct op_string_pool *pool, const char *string,
				     const char **ret);
/** Keep a name of a module's, escaped; NULL when there is none. */
struct op_error *op_string_pool_name(struct op_string_pool *pool, struct op_wasm_name name,
				     const char **ret);

#endif
