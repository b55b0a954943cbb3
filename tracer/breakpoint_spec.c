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

// The part after an optional MODULE! or MODULE:. Names may hold colons themselves (C++,
// components), so a single colon counts only when the part before it is no part of "::".
static const char *split_module(const char *spec, size_t *ret_module_size)
{
	*ret_module_size = 0;
	const char *bang = strchr(spec, '!');
	if (bang) {
		*ret_module_size = (size_t)(bang - spec);
		return bang + 1;
	}
	const char *colon = strchr(spec, ':');
	if (colon && colon != spec && colon[1] && colon[1] != ':') {
		*ret_module_size = (size_t)(colon - spec);
		return colon + 1;
	}
	return spec;
}

static void cut_trailing_space(char *text)
{
	for (size_t size = strlen(text); size && text[size - 1] == ' '; size--)
		text[size - 1] = '\0';
}

// "PLACE if EXPRESSION": the expression moves to the entry's condition.
struct op_error *op_breakpoint_split_condition(struct op_breakpoint_entry *entry)
{
	static const char keyword[] = " if ";
	bool no_place = !strncmp(entry->spec, keyword + 1, strlen(keyword) - 1);
	char *found = no_place ? entry->spec : strstr(entry->spec, keyword);
	if (found) {
		const char *condition = found + strlen(keyword) - no_place;
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
		*found = '\0';
	}
	cut_trailing_space(entry->spec);
	entry->info.condition = entry->condition.text;
	return NULL;
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
				       "where? Say a function's name, function[N], *OFFSET, or "
				       "MODULE! in front of one of them");
	size_t module_size;
	const char *place = split_module(entry->spec, &module_size);
	if (module_size && !(entry->module = strndup(entry->spec, module_size)))
		return op_error_no_memory();
	if (*place == '*') {
		entry->by_offset = true;
		if (!parse_u32(place + 1, '\0', &entry->number))
			return op_error_create(
				OP_ERROR_SYNTAX,
				"\"%s\" is no offset: say * and a number, as in *0x1a3", place);
	} else if (!strncmp(place, "function[", 9) && parse_u32(place + 9, ']', &entry->number)) {
		entry->by_index = true;
	} else if (*place == '#' && parse_u32(place + 1, '\0', &entry->number)) {
		entry->by_index = true;
	} else {
		if (!*place)
			return op_error_create(OP_ERROR_SYNTAX,
					       "\"%s\" names a module but no place in it", spec);
		entry->function = strdup(place);
		if (!entry->function)
			return op_error_no_memory();
	}
	return NULL;
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
