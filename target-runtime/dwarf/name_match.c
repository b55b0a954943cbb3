// SPDX-License-Identifier: GPL-3.0-or-later
// Names that a person types against names that a compiler wrote: components, template arguments
// that may be left out, spaces that do not count, C's many ways to write an integer type.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/names.h"

bool op_name_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

// "operator<", "operator()": what follows the word is no bracket.
static bool is_operator(const char *name, size_t size)
{
	static const char word[] = "operator";
	return size > sizeof(word) - 1 && !memcmp(name, word, sizeof(word) - 1) &&
	       !op_name_is_word(name[sizeof(word) - 1]) && name[sizeof(word) - 1] != ' ';
}

size_t op_name_stem(const char *name, size_t size)
{
	if (is_operator(name, size))
		return size;
	// Names of Rust's types may begin with one: "<impl ...>".
	for (size_t i = 1; i < size; i++)
		if (name[i] == '<')
			return i;
	return size;
}

// Where a component ends: at a "::" that no bracket is open around.
static size_t component_end(const char *text, size_t size)
{
	if (is_operator(text, size))
		return size;
	size_t open = 0;
	for (size_t i = 0; i < size; i++) {
		if (strchr("<([{", text[i]) && text[i])
			open++;
		else if (strchr(">)]}", text[i]) && text[i] && open &&
			 !(text[i] == '>' && i && text[i - 1] == '-'))
			open--;
		else if (!open && text[i] == ':' && i + 1 < size && text[i + 1] == ':')
			return i;
	}
	return size;
}

bool op_typed_name_parse(const char *text, size_t size, struct op_typed_name *ret)
{
	*ret = (struct op_typed_name){.count = 0};
	if (size >= 2 && text[0] == ':' && text[1] == ':') {
		ret->absolute = true;
		text += 2;
		size -= 2;
	}
	for (;;) {
		size_t end = component_end(text, size);
		if (!end || ret->count == OP_NAME_PARTS_MAX)
			return false;
		ret->parts[ret->count++] =
			(struct op_name_part){text, end, op_name_stem(text, end) < end};
		if (end == size)
			return true;
		text += end + 2;
		size -= end + 2;
	}
}

// Equal but for spaces.
static bool same_text(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t i = 0, k = 0;
	for (;;) {
		while (i < a_size && a[i] == ' ')
			i++;
		while (k < b_size && b[k] == ' ')
			k++;
		if (i == a_size || k == b_size)
			return i == a_size && k == b_size;
		if (a[i++] != b[k++])
			return false;
	}
}

bool op_name_part_fits(const struct op_name_part *part, const char *name)
{
	size_t size = strlen(name);
	const char *integer = op_c_integer_name(part->data, part->size);
	if (integer) {
		const char *other = op_c_integer_name(name, size);
		if (other)
			return integer == other;
	}
	return same_text(part->data, part->size, name,
			 part->has_arguments ? size : op_name_stem(name, size));
}

const char *op_c_integer_name(const char *name, size_t size)
{
	// By signedness (none said, signed, unsigned) and width (short, int, long, long long).
	static const char *const names[3][4] = {
		{"short", "int", "long", "long long"},
		{"short", "int", "long", "long long"},
		{"unsigned short", "unsigned int", "unsigned long", "unsigned long long"},
	};
	static const char *const chars[3] = {"char", "signed char", "unsigned char"};
	static const char *const words[] = {"signed", "unsigned", "short", "int", "long", "char"};
	unsigned seen[OP_ARRAY_SIZE(words)] = {0};
	for (size_t i = 0; i < size;) {
		if (name[i] == ' ') {
			i++;
			continue;
		}
		size_t end = i, word = 0;
		while (end < size && name[end] != ' ')
			end++;
		while (word < OP_ARRAY_SIZE(words) &&
		       (strlen(words[word]) != end - i || memcmp(words[word], name + i, end - i)))
			word++;
		if (word == OP_ARRAY_SIZE(words) || seen[word]++ > (word == 4))
			return NULL;
		i = end;
	}
	unsigned sign = seen[1] ? 2 : seen[0] ? 1 : 0, total = 0;
	for (size_t i = 0; i < OP_ARRAY_SIZE(seen); i++)
		total += seen[i];
	if (!total || (seen[0] && seen[1]) || (seen[2] && seen[4]))
		return NULL;
	if (seen[5])
		return seen[2] || seen[3] || seen[4] ? NULL : chars[sign];
	return names[sign][seen[2] ? 0 : seen[4] ? 1 + seen[4] : 1];
}
