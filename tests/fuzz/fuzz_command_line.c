// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz lines as they are typed: the command, its words, numbers, lists and formats. Lines come from
// files too.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/repl/arguments.h"
#include "tracer/repl/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NUMBERS_MAX = 100000 };

static void take_apart(const char *text)
{
	struct op_number_list list = {0};
	struct op_examine_format format = {0};
	char **words = NULL;
	uint64_t number;
	uint32_t memory = 0;
	op_error_destroy(op_argument_words(text, &words));
	op_argument_words_free(words);
	op_error_destroy(op_argument_list(text, "a number", &list));
	if (list.count > NUMBERS_MAX)
		abort();
	op_number_list_deinit(&list);
	op_error_destroy(op_argument_format(text, "xduotzcfsai", &format));
	op_error_destroy(op_argument_number(text, "a number", &number));
	op_argument_memory(text, &memory);
	const char *behind = op_argument_option(text, "-full");
	if (behind && (behind < text || behind > text + strlen(text)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct op_line line = {0};
	struct op_error *err = op_line_parse(text, &line);
	if (!err && line.command && (!line.rest || !line.format || !line.name))
		abort();
	if (line.rest)
		take_apart(line.rest);
	op_error_destroy(err);
	op_line_deinit(&line);
	free(text);
	return 0;
}
