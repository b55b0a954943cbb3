// SPDX-License-Identifier: GPL-3.0-or-later
// See suggest.h.
#include "tracer/repl/suggest.h"

#include <string.h>

#include "base/compiler.h"

enum { WORD_MAX = 32 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

// How many letters have to be put in, left out, replaced or swapped with the next one.
static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	unsigned rows[WORD_MAX + 1][WORD_MAX + 1];
	for (size_t i = 0; i <= a_size; i++) {
		for (size_t k = 0; k <= b_size; k++) {
			if (!i || !k) {
				rows[i][k] = (unsigned)(i + k);
				continue;
			}
			unsigned changed = rows[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
			rows[i][k] = least(changed, 1 + least(rows[i - 1][k], rows[i][k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				rows[i][k] = least(rows[i][k], rows[i - 2][k - 2] + 1);
		}
	}
	return rows[a_size][b_size];
}

void op_suggest(struct op_suggestion *suggestion, const char *word, size_t size, const char *name)
{
	size_t name_size = strlen(name);
	if (size > WORD_MAX || name_size > WORD_MAX)
		return;
	unsigned slips = distance(word, size, name, name_size);
	// With more than every third letter wrong it is another word.
	if (slips > size / 3 || (suggestion->name && suggestion->distance <= slips))
		return;
	*suggestion = (struct op_suggestion){.name = name, .distance = slips};
}

static const struct {
	const char *name, *instead;
} elsewhere[] = {
	{"add-symbol-file", "\"set module-path FILE\" names a file with debug information"},
	{"apropos", "\"help GROUP\" lists the commands of a group"},
	{"call", "functions of the guest are not called; \"print\" shows values"},
	{"define", "a file of commands is run by \"source FILE\""},
	{"file", "\"set module-path FILE\" names a file with debug information"},
	{"handle", "signals go to the program as they are; \"catch signal NAME\" stops at one"},
	{"hbreak", "\"break\" stops there"},
	{"info address", "\"print &NAME\" shows where a variable is, \"info line FUNCTION\" code"},
	{"info all-registers", "Wasm has no registers: \"info locals -wasm\" shows its locals, "
			       "\"info stack\" its operands"},
	{"info files", "\"info modules\" lists what is loaded"},
	{"info proc", "\"info modules\", \"info threads\" and \"info stores\" show the process"},
	{"info registers", "Wasm has no registers: \"info locals -wasm\" shows its locals, "
			   "\"info stack\" its operands"},
	{"info sharedlibrary", "\"info modules\" lists what is loaded"},
	{"info signals", "signals go to the program as they are; \"catch signal NAME\" stops at "
			 "one"},
	{"info symbol", "\"info line *OFFSET\" tells what is at an offset of a module"},
	{"jump", "compiled code cannot be made to go on elsewhere"},
	{"layout", "\"list\" shows the source, \"display\" values at every stop"},
	{"printf", "\"echo\" writes text, \"output\" a value, \"log\" a line at each arrival"},
	{"python", "a file of commands is run by \"source FILE\"; --json is for programs"},
	{"record", "a program cannot run backwards; \"trace\" notes the last instructions"},
	{"return", "compiled code cannot be made to return; \"finish\" runs until it has"},
	{"reverse-continue", "a program cannot run backwards; \"trace\" notes the last "
			     "instructions"},
	{"reverse-next", "a program cannot run backwards; \"trace\" notes the last instructions"},
	{"reverse-step", "a program cannot run backwards; \"trace\" notes the last instructions"},
	{"show version", "\"outpost --version\" prints it"},
	{"start", "\"run\" stops at the guest's first instruction, \"tbreak main\" at main"},
	{"starti", "\"run\" stops at the guest's first instruction"},
	{"symbol-file", "\"set module-path FILE\" names a file with debug information"},
	{"target", "\"attach PID\" and \"core FILE\" open what is debugged"},
	{"tui", "\"list\" shows the source, \"display\" values at every stop"},
};

const char *op_suggest_instead(const char *name)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(elsewhere); i++)
		if (!strcmp(elsewhere[i].name, name))
			return elsewhere[i].instead;
	return NULL;
}
