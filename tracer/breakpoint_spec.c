// SPDX-License-Identifier: GPL-3.0-or-later
// What a person types for a breakpoint: a place, a pattern, a condition. Knows no target.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/breakpoint_private.h"

static bool parse_u32(const char *text, char end, uint32_t *ret)
{
	char *rest;
	errno = 0;
	unsigned long long value = strtoull(text, &rest, 0);
	if (errno || rest == text || *rest != end || (end && rest[1]) || value > UINT32_MAX ||
	    text[0] == '-')
		return false;
	*ret = (uint32_t)value;
	return true;
}

// Names may hold colons themselves (C++, components): the first one that is no part of "::" and has
// something on both sides.
static const char *single_colon(const char *text)
{
	for (const char *colon = strchr(text, ':'); colon;) {
		size_t colons = strspn(colon, ":");
		if (colons == 1 && colon != text && colon[1])
			return colon;
		colon = strchr(colon + colons, ':');
	}
	return NULL;
}

// The part after an optional MODULE! or MODULE:.
static const char *split_module(const char *spec, size_t *ret_module_size)
{
	const char *end = strchr(spec, '!') ?: single_colon(spec);
	*ret_module_size = end ? (size_t)(end - spec) : 0;
	return end ? end + 1 : spec;
}

static void cut_trailing_space(char *text)
{
	for (size_t size = strlen(text); size && text[size - 1] == ' '; size--)
		text[size - 1] = '\0';
}

const char *op_breakpoint_spec_condition(const char *spec)
{
	for (const char *at = strstr(spec, "if"); at; at = strstr(at + 1, "if"))
		if ((at == spec || at[-1] == ' ') && (!at[2] || at[2] == ' ' || at[2] == '('))
			return at;
	return NULL;
}

// "PLACE if EXPRESSION": the expression moves to the entry's condition.
struct op_error *op_breakpoint_split_condition(struct op_breakpoint_entry *entry)
{
	const char *found = op_breakpoint_spec_condition(entry->spec);
	if (found) {
		const char *condition = found + strlen("if");
		condition += strspn(condition, " ");
		entry->condition.text = strdup(condition);
		if (!entry->condition.text)
			return op_error_no_memory();
		cut_trailing_space(entry->condition.text);
		if (!*entry->condition.text)
			return op_error_create(OP_ERROR_SYNTAX,
					       "an expression is expected behind \"if\"");
		struct op_error *err = op_condition_check(entry->condition.text);
		if (err)
			return err;
		entry->spec[found - entry->spec] = '\0';
	}
	cut_trailing_space(entry->spec);
	entry->info.condition = entry->condition.text;
	return NULL;
}

static struct op_error *take(const char *text, size_t size, char **ret)
{
	*ret = strndup(text, size);
	return *ret ? NULL : op_error_no_memory();
}

// A decimal number and nothing else.
static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

// LINE, FILE:LINE, +N, -N. *ret_taken false when it is none of these.
static struct op_error *parse_line(const char *place, struct op_breakpoint_entry *entry,
				   bool *ret_taken)
{
	const char *colon = strrchr(place, ':');
	bool relative = *place == '+' || *place == '-';
	const char *number = relative ? place + 1 : colon ? colon + 1 : place;
	*ret_taken =
		is_number(number) && (relative || !colon || (colon > place && colon[-1] != ':'));
	if (!*ret_taken)
		return NULL;
	entry->by_line = true;
	entry->line_sign = relative ? *place : 0;
	if (!parse_u32(number, '\0', &entry->number) || (!relative && !entry->number))
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is no line: lines count from 1",
				       place);
	return relative || !colon ? NULL : take(place, (size_t)(colon - place), &entry->file);
}

// *OFFSET, function[N], #N. *ret_taken false when it is none of these.
static struct op_error *parse_exact(const char *place, struct op_breakpoint_entry *entry,
				    bool *ret_taken)
{
	*ret_taken = true;
	if (*place == '*') {
		entry->by_offset = true;
		return parse_u32(place + 1, '\0', &entry->number)
			       ? NULL
			       : op_error_create(
					 OP_ERROR_SYNTAX,
					 "\"%s\" is no offset: say * and a number, as in *0x1a3",
					 place);
	}
	entry->by_index =
		(!strncmp(place, "function[", 9) && parse_u32(place + 9, ']', &entry->number)) ||
		(*place == '#' && parse_u32(place + 1, '\0', &entry->number));
	*ret_taken = entry->by_index;
	return NULL;
}

// What stands behind an optional MODULE!.
static struct op_error *parse_place(const char *place, struct op_breakpoint_entry *entry)
{
	bool taken;
	struct op_error *err = parse_exact(place, entry, &taken);
	if (!err && !taken)
		err = parse_line(place, entry, &taken);
	if (err || taken)
		return err;
	const char *colon = single_colon(place);
	if (colon && !entry->module) {
		err = parse_exact(colon + 1, entry, &taken);
		if (err || taken)
			return err ?: take(place, (size_t)(colon - place), &entry->module);
	}
	if (colon) {
		err = take(place, (size_t)(colon - place), &entry->qualifier);
		if (!err)
			err = take(colon + 1, strlen(colon + 1), &entry->qualified);
	}
	return err ?: take(place, strlen(place), &entry->function);
}

// As in gdb a place may stand in quotes.
static void cut_quotes(char *text)
{
	size_t size = strlen(text);
	bool quoted = size > 2 && (*text == '\'' || *text == '"') && text[size - 1] == *text &&
		      !memchr(text + 1, *text, size - 2);
	if (!quoted)
		return;
	memmove(text, text + 1, size - 2);
	text[size - 2] = '\0';
}

struct op_error *op_breakpoint_parse(const char *spec, struct op_breakpoint_entry *entry)
{
	while (*spec == ' ')
		spec++;
	entry->spec = strdup(spec);
	if (!entry->spec)
		return op_error_no_memory();
	struct op_error *err = op_breakpoint_split_condition(entry);
	if (err)
		return err;
	if (!*entry->spec)
		return op_error_create(OP_ERROR_SYNTAX,
				       "where? Say FILE:LINE, a line, a function's name, "
				       "function[N], *OFFSET, or MODULE! in front of one of them");
	cut_quotes(entry->spec);
	const char *place = entry->spec, *bang = strchr(place, '!');
	if (bang && bang != place) {
		err = take(place, (size_t)(bang - place), &entry->module);
		place = bang + 1;
	}
	if (!err && !*place)
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\" names a module but no place in it",
				      spec);
	return err ?: parse_place(place, entry);
}

// "[MODULE!]PATTERN" or nothing.
struct op_error *op_breakpoint_parse_pattern(const char *spec, struct op_breakpoint_entry *entry)
{
	entry->by_pattern = true;
	entry->spec = strdup(spec ?: "");
	if (!entry->spec)
		return op_error_no_memory();
	cut_trailing_space(entry->spec);
	size_t module_size;
	const char *pattern = split_module(entry->spec, &module_size);
	if (module_size && !(entry->module = strndup(entry->spec, module_size)))
		return op_error_no_memory();
	if (*pattern && !(entry->function = strdup(pattern)))
		return op_error_no_memory();
	return NULL;
}
