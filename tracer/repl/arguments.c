// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments of commands; see arguments.h. Knows no session.
#include "tracer/repl/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

enum { LIST_MAX = 100000 };

static const char *skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

struct op_error *op_argument_word(const char **cursor, char **ret)
{
	*ret = NULL;
	const char *pos = skip_blanks(*cursor);
	if (!*pos) {
		*cursor = pos;
		return NULL;
	}
	struct op_text word _cleanup_text_ = OP_TEXT_INIT;
	char quote = 0;
	for (; *pos && (quote || !isspace((unsigned char)*pos)); pos++) {
		if (quote && *pos == quote) {
			quote = 0;
		} else if (!quote && (*pos == '\'' || *pos == '"')) {
			quote = *pos;
		} else if (*pos == '\\' && quote != '\'' && pos[1]) {
			pos++;
			op_text_append_char(&word, *pos);
		} else {
			op_text_append_char(&word, *pos);
		}
	}
	if (quote)
		return op_error_create(OP_ERROR_SYNTAX, "the closing %c is missing", quote);
	*cursor = pos;
	return op_text_steal(&word, ret);
}

void op_argument_words_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

struct op_error *op_argument_words(const char *text, char ***ret)
{
	struct OP_ARRAY(char *) words = {0};
	struct op_error *err = NULL;
	char *word;
	do {
		word = NULL;
		err = op_argument_word(&text, &word);
		if (!err && !op_array_push(&words, word)) {
			free(word);
			err = op_error_no_memory();
		}
	} while (!err && word);
	if (err) {
		for (size_t i = 0; i < words.count; i++)
			free(words.data[i]);
		free(words.data);
		return err;
	}
	*ret = words.data;
	return NULL;
}

struct op_error *op_argument_number(const char *text, const char *what, uint64_t *ret)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end = NULL;
	errno = 0;
	unsigned long long value =
		isdigit((unsigned char)text[0]) ? strtoull(text, &end, hexadecimal ? 16 : 10) : 0;
	if (!end || end == text || *end)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is not %s", text, what);
	if (errno == ERANGE)
		return op_error_create(OP_ERROR_SYNTAX, "%s is too large for %s", text, what);
	*ret = value;
	return NULL;
}

struct op_error *op_argument_number_or(const char *text, const char *what, uint64_t otherwise,
				       uint64_t *ret)
{
	*ret = otherwise;
	return *text ? op_argument_number(text, what, ret) : NULL;
}

struct op_error *op_argument_none(const char *text, const char *command)
{
	if (*text)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" takes no arguments", command);
	return NULL;
}

void op_number_list_deinit(struct op_number_list *list)
{
	free(list->data);
	*list = (struct op_number_list){0};
}

/** "7" or "3-5" */
static struct op_error *add_range(struct op_number_list *list, const char *word, const char *what)
{
	const char *dash = strchr(word, '-');
	char *first_text _cleanup_free_ =
		strndup(word, dash ? (size_t)(dash - word) : strlen(word));
	if (!first_text)
		return op_error_no_memory();
	uint64_t first, last;
	struct op_error *err = op_argument_number(first_text, what, &first);
	if (err)
		return err;
	last = first;
	if (dash)
		err = op_argument_number(dash + 1, what, &last);
	if (err)
		return err;
	if (last < first || last > UINT32_MAX)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is not a range of numbers", word);
	if (last - first >= LIST_MAX - list->count)
		return op_error_create(OP_ERROR_LIMIT, "\"%s\": more than %d numbers", word,
				       LIST_MAX);
	for (uint64_t number = first; number <= last; number++) {
		if (!op_array_push(list, (uint32_t)number))
			return op_error_no_memory();
	}
	return NULL;
}

struct op_error *op_argument_list(const char *text, const char *what, struct op_number_list *ret)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(text, &words);
	for (char **word = words; !err && *word; word++)
		err = add_range(ret, *word, what);
	return err;
}

const char *op_argument_option(const char *text, const char *option)
{
	size_t size = strlen(option);
	if (strncmp(text, option, size) || (text[size] && text[size] != ' '))
		return NULL;
	return text + size + strspn(text + size, " ");
}

const char *op_argument_memory(const char *text, uint32_t *ret)
{
	int end = 0;
	uint32_t index;
	if (sscanf(text, "mem%" SCNu32 ":%n", &index, &end) == 1 && end) {
		*ret = index;
		return text + end;
	}
	return text;
}

struct op_error *op_argument_format(const char *text, const char *letters,
				    struct op_examine_format *ret)
{
	static const struct {
		char letter;
		unsigned size;
	} units[] = {{'b', 1}, {'h', 2}, {'w', 4}, {'g', 8}};
	*ret = (struct op_examine_format){0};
	if (isdigit((unsigned char)*text)) {
		char *end;
		errno = 0;
		unsigned long long count = strtoull(text, &end, 10);
		if (errno || count == 0 || count > UINT32_MAX)
			return op_error_create(OP_ERROR_SYNTAX,
					       "\"/%s\": the count must be 1 to 4294967295", text);
		ret->count = count;
		text = end;
	}
	for (; *text; text++) {
		bool known = strchr(letters, *text) != NULL;
		if (known && *text == 'r')
			ret->raw = true;
		else if (known)
			ret->letter = *text;
		for (size_t i = 0; i < OP_ARRAY_SIZE(units) && !known; i++) {
			known = units[i].letter == *text;
			if (known)
				ret->unit = units[i].size;
		}
		if (!known)
			return op_error_create(OP_ERROR_SYNTAX,
					       "'%c' is neither a format (%s) nor a unit (b h w g)",
					       *text, letters);
	}
	return NULL;
}
