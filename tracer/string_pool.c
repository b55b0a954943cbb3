// SPDX-License-Identifier: GPL-3.0-or-later
// Strings that are freed together; see string_pool.h. Knows no session.
#include "tracer/string_pool.h"

#include <stdlib.h>

void op_string_pool_clear(struct op_string_pool *pool)
{
	for (size_t i = 0; i < pool->strings.count; i++)
		free(pool->strings.data[i]);
	pool->strings.count = 0;
}

void op_string_pool_deinit(struct op_string_pool *pool)
{
	op_string_pool_clear(pool);
	free(pool->strings.data);
	*pool = (struct op_string_pool){0};
}

void *op_string_pool_room(struct op_string_pool *pool, size_t count, size_t size)
{
	void *room = calloc(count, size);
	if (room && op_array_push(&pool->strings, room))
		return room;
	free(room);
	return NULL;
}

struct op_error *op_string_pool_take(struct op_string_pool *pool, struct op_text *text,
				     const char **ret)
{
	char *string;
	struct op_error *err = op_text_steal(text, &string);
	if (err)
		return err;
	if (!op_array_push(&pool->strings, string)) {
		free(string);
		return op_error_no_memory();
	}
	*ret = string;
	return NULL;
}

struct op_error *op_string_pool_copy(struct op_string_pool *pool, const char *string,
				     const char **ret)
{
	*ret = NULL;
	if (!string)
		return NULL;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, string);
	return op_string_pool_take(pool, &text, ret);
}

struct op_error *op_string_pool_name(struct op_string_pool *pool, struct op_wasm_name name,
				     const char **ret)
{
	*ret = NULL;
	if (!name.data)
		return NULL;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, name.data, name.size);
	return op_string_pool_take(pool, &text, ret);
}
