// SPDX-License-Identifier: GPL-3.0-or-later
// The breakpoints that numbers name; see breakpoint_numbers.h.
#include "tracer/repl/breakpoint_numbers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static const char last_set[] = "$bpnum";

static bool exists(const struct op_breakpoint *const *breakpoints, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (breakpoints[i]->number == number)
			return true;
	}
	return false;
}

struct op_error *op_breakpoint_words(struct op_repl *repl, const char *text, char **ret)
{
	struct op_text words _cleanup_text_ = OP_TEXT_INIT;
	const char *found;
	for (; (found = strstr(text, last_set)); text = found + strlen(last_set)) {
		if (!repl->last_set)
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "no breakpoint was set yet: %s means none",
					       last_set);
		op_text_append_n(&words, text, (size_t)(found - text));
		op_text_printf(&words, "%" PRIu32, repl->last_set);
	}
	op_text_append(&words, text);
	return op_text_steal(&words, ret);
}

struct op_error *op_breakpoint_number(struct op_repl *repl, const char *word, uint32_t *ret)
{
	char *text _cleanup_free_ = NULL;
	uint64_t number;
	struct op_error *err = op_breakpoint_words(repl, word, &text);
	if (!err)
		err = op_argument_number(text, "a breakpoint's number", &number);
	if (!err && number > UINT32_MAX)
		err = op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint %s", text);
	if (!err)
		*ret = (uint32_t)number;
	return err;
}

struct op_error *op_breakpoint_numbers(struct op_repl *repl, const char *text,
				       struct op_number_list *ret)
{
	char *words _cleanup_free_ = NULL;
	struct op_error *err = op_breakpoint_words(repl, text, &words);
	if (!err)
		err = op_argument_list(words, "a breakpoint's number", ret);
	if (err)
		return err;
	size_t count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(repl->session, &count);
	for (size_t i = 0; i < ret->count; i++) {
		if (!exists(breakpoints, count, ret->data[i]))
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "there is no breakpoint %" PRIu32, ret->data[i]);
	}
	for (size_t i = 0; !*text && i < count; i++) {
		if (!op_array_push(ret, breakpoints[i]->number))
			return op_error_no_memory();
	}
	return NULL;
}

void op_breakpoint_numbers_result(struct op_repl *repl, const struct op_number_list *numbers)
{
	if (!repl->out.json)
		return;
	op_json_begin_array(&repl->out.writer, "breakpoints");
	for (size_t i = 0; i < numbers->count; i++)
		op_json_uint(&repl->out.writer, NULL, numbers->data[i]);
	op_json_end_array(&repl->out.writer);
}
