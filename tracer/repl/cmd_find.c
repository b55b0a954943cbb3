// SPDX-License-Identifier: GPL-3.0-or-later
// find: search a linear memory for numbers, strings and bytes.
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "tracer/report/dump.h"
#include "tracer/repl/repl.h"

enum { PARTS_MAX = 64 };

/** The parts of a list with commas; those in brackets and quotes do not part it. */
static size_t split(char *text, char **parts)
{
	size_t count = 0;
	unsigned depth = 0;
	char quote = 0;
	parts[count++] = text;
	for (char *pos = text; *pos && count < PARTS_MAX; pos++) {
		if (quote) {
			if (*pos == '\\' && pos[1])
				pos++;
			else if (*pos == quote)
				quote = 0;
		} else if (*pos == '"' || *pos == '\'') {
			quote = *pos;
		} else if (strchr("[({", *pos)) {
			depth++;
		} else if (strchr("])}", *pos) && depth) {
			depth--;
		} else if (*pos == ',' && !depth) {
			*pos = '\0';
			parts[count++] = pos + 1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		while (isspace((unsigned char)*parts[i]))
			parts[i]++;
		size_t size = strlen(parts[i]);
		while (size && isspace((unsigned char)parts[i][size - 1]))
			parts[i][--size] = '\0';
	}
	return count;
}

/** {de ad be ef} */
static struct op_error *append_bytes(struct op_text *pattern, const char *part)
{
	const char *pos = part + 1;
	for (;;) {
		while (isspace((unsigned char)*pos))
			pos++;
		if (*pos == '}' && !pos[1])
			return NULL;
		if (!isxdigit((unsigned char)pos[0]) || !isxdigit((unsigned char)pos[1]))
			return op_error_create(
				OP_ERROR_SYNTAX,
				"%s is not a list of bytes: two hexadecimal digits each, as in "
				"{de ad be ef}",
				part);
		char digits[] = {pos[0], pos[1], '\0'};
		op_text_append_char(pattern, (char)strtoul(digits, NULL, 16));
		pos += 2;
	}
}

static struct op_error *append_string(struct op_text *pattern, const char *part)
{
	const char *cursor = part;
	char *word _cleanup_free_ = NULL;
	struct op_error *err = op_argument_word(&cursor, &word);
	if (!err && *cursor)
		err = op_error_create(OP_ERROR_SYNTAX, "%s is not one string", part);
	if (!err)
		op_text_append(pattern, word);
	return err;
}

/** A number takes the bytes of its type, an integer those of the unit if there is one. */
static struct op_error *append_number(struct op_repl *repl, struct op_text *pattern,
				      const char *part, unsigned unit)
{
	struct op_result result;
	struct op_error *err = op_repl_evaluate_once(repl, part, &result);
	if (err)
		return err;
	const struct op_value *value = &result.value;
	if (value->state != OP_VALUE_PRESENT || value->type > OP_VALUE_V128)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is not a number to search for",
				       part);
	bool integer = value->type == OP_VALUE_I32 || value->type == OP_VALUE_I64;
	unsigned size = integer && unit ? unit : op_value_type_size(value->type);
	uint8_t bytes[16];
	memcpy(bytes, value->bytes, sizeof(bytes));
	if (integer) {
		uint64_t bits = op_value_bits(value);
		if (value->type == OP_VALUE_I32 && !result.is_unsigned)
			bits = (uint64_t)(int64_t)(int32_t)bits;
		for (unsigned i = 0; i < 8; i++)
			bytes[i] = (uint8_t)(bits >> (8 * i));
	}
	op_text_append_n(pattern, (const char *)bytes, size);
	return NULL;
}

static struct op_error *append_part(struct op_repl *repl, struct op_text *pattern, const char *part,
				    unsigned unit)
{
	if (*part == '{')
		return append_bytes(pattern, part);
	if (*part == '"' || *part == '\'')
		return append_string(pattern, part);
	return append_number(repl, pattern, part, unit);
}

struct search {
	uint32_t memory;
	uint64_t start, end; /**< end: one past the last byte */
	uint64_t most;
	struct op_text pattern;
};

static struct op_error *parse(struct op_repl *repl, const struct op_call *call, char *rest,
			      struct search *ret)
{
	char *parts[PARTS_MAX];
	size_t count = split(rest, parts);
	struct op_examine_format format;
	struct op_error *err = op_argument_format(call->format, "", &format);
	if (err)
		return err;
	if (count < 3 || !*parts[count - 1])
		return op_error_create(OP_ERROR_SYNTAX, "\"find\" is: find START, END, VALUE... or "
							"find START, +LENGTH, VALUE...");
	ret->most = format.count ? format.count : UINT64_MAX;
	const char *start = op_argument_memory(parts[0], &ret->memory);
	err = op_repl_address(repl, start, &ret->start);
	bool length = *parts[1] == '+';
	if (!err)
		err = op_repl_address(repl, parts[1] + length, &ret->end);
	if (!err && length && ret->end > UINT64_MAX - ret->start)
		err = op_error_create(OP_ERROR_SYNTAX, "%s is too long", parts[1]);
	// As in gdb the end is the last byte that is searched.
	if (!err && length)
		ret->end += ret->start;
	else if (!err && ret->end < UINT64_MAX)
		ret->end++;
	for (size_t i = 2; !err && i < count; i++)
		err = append_part(repl, &ret->pattern, parts[i], format.unit);
	if (!err && ret->pattern.failed)
		err = op_error_no_memory();
	return err;
}

static struct op_error *search(struct op_repl *repl, const struct search *wanted)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_json *json = &repl->out.writer;
	struct op_error *err = NULL;
	uint64_t found = 0;
	bool more = true;
	if (repl->out.json) {
		op_json_uint(json, "memory", wanted->memory);
		op_json_begin_array(json, "found");
	}
	for (uint64_t at = wanted->start; found < wanted->most;) {
		uint64_t place;
		err = op_repl_check_interrupt(repl);
		if (!err)
			err = op_session_find(repl->session, frame, wanted->memory, at, wanted->end,
					      wanted->pattern.data, wanted->pattern.size, &more,
					      &place);
		if (err || !more)
			break;
		found++;
		at = place + 1;
		if (repl->out.json) {
			op_json_uint(json, NULL, place);
		} else {
			op_dump_address(&repl->out, wanted->memory, place);
			op_output_printf(&repl->out, "\n");
		}
		op_output_drain(&repl->out);
	}
	if (err)
		return err;
	if (repl->out.json)
		op_json_end_array(json);
	else if (!found)
		op_output_printf(&repl->out, "Not found.\n");
	else
		op_output_printf(&repl->out, "%" PRIu64 " found%s.\n", found,
				 more ? ", there may be more" : "");
	if (repl->out.json)
		op_json_bool(json, "more", more);
	return NULL;
}

static void search_deinit(struct search *wanted)
{
	op_text_deinit(&wanted->pattern);
}

static struct op_error *find_run(struct op_repl *repl, const struct op_call *call)
{
	char *rest _cleanup_free_ = strdup(call->rest);
	if (!rest)
		return op_error_no_memory();
	struct search wanted _cleanup_(search_deinit) = {0};
	struct op_error *err = parse(repl, call, rest, &wanted);
	return err ? err : search(repl, &wanted);
}

const struct op_command op_cmd_find = {
	.name = "find",
	.group = OP_GROUP_DATA,
	.args = "[/NU] [memN:]START, END | +LENGTH, VALUE...",
	.help = "Search linear memory for values that stand one behind the other.\n"
		"A VALUE is an expression, a \"string\" (without a NUL at its end), or bytes as "
		"{de ad be ef}. U is the width of\n"
		"integers: b (1 byte), h (2), w (4), g (8); N the most places to show. END is the "
		"last address that is searched.",
	.flags = OP_COMMAND_NEEDS_STOPPED | OP_COMMAND_FORMAT,
	.complete = OP_COMPLETE_LOCALS,
	.run = find_run,
};
