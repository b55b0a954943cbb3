// SPDX-License-Identifier: GPL-3.0-or-later
// What expressions call $N, $, $$ and $NAME: earlier results and convenience variables. Their
// values were read when they were made, and are not read again.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_session.h"

/** A convenience variable. */
struct op_convenience {
	char *name;
	struct op_result result;
};

enum { CONVENIENCE_MAX = 1000 };

const struct op_result *op_history_result(const struct op_session *session, uint64_t number)
{
	uint64_t own = number - OP_HISTORY_CONVENIENCE;
	if (number >= OP_HISTORY_CONVENIENCE)
		return own < session->conveniences.count ? &session->conveniences.data[own].result
							 : NULL;
	return number && number <= session->history.count ? &session->history.data[number - 1]
							  : NULL;
}

bool op_history_find(const struct op_session *session, const char *name, size_t size, uint64_t *ret)
{
	for (size_t i = 0; i < session->conveniences.count; i++) {
		const char *own = session->conveniences.data[i].name;
		*ret = OP_HISTORY_CONVENIENCE + i;
		if (strlen(own) == size && !memcmp(own, name, size))
			return true;
	}
	return false;
}

bool op_history_is_name(const char *place)
{
	size_t size = 1;
	if (place[0] != '$' || (!isalpha((unsigned char)place[1]) && place[1] != '_'))
		return false;
	while (isalnum((unsigned char)place[size]) || place[size] == '_')
		size++;
	return !place[size];
}

struct op_error *op_history_set(struct op_session *session, const char *name,
				const struct op_result *result)
{
	uint64_t number;
	if (op_history_find(session, name, strlen(name), &number)) {
		session->conveniences.data[number - OP_HISTORY_CONVENIENCE].result = *result;
		return NULL;
	}
	if (session->conveniences.count == CONVENIENCE_MAX)
		return op_error_create(
			OP_ERROR_LIMIT,
			"$%s is not made: there are %d convenience variables already", name,
			CONVENIENCE_MAX);
	struct op_convenience fresh = {.name = strdup(name), .result = *result};
	if (fresh.name && op_array_push(&session->conveniences, fresh))
		return NULL;
	free(fresh.name);
	return op_error_no_memory();
}

void op_history_forget_value(struct op_session *session, const void *guest_value)
{
	for (size_t i = 0; i < session->history.count + session->conveniences.count; i++) {
		struct op_result *result =
			i < session->history.count
				? &session->history.data[i]
				: &session->conveniences.data[i - session->history.count].result;
		if (result->guest_value != guest_value)
			continue;
		result->guest_value = NULL;
		result->guest_type = NULL;
	}
}

void op_history_destroy(struct op_session *session)
{
	for (size_t i = 0; i < session->conveniences.count; i++)
		free(session->conveniences.data[i].name);
	free(session->conveniences.data);
	free(session->history.data);
}
