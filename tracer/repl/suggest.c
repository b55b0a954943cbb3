// SPDX-License-Identifier: GPL-3.0-or-later
// See suggest.h.
#include "tracer/repl/suggest.h"

#include <string.h>

#include "base/compiler.h"
#include "base/text.h"

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

static const char debug_file[] = "\"set module-path FILE\" names a file with debug information";
static const char as_they_are[] =
	"signals go to the program as they are; \"catch signal NAME\" stops at one";
static const char no_registers[] = "Wasm has no registers: \"info locals -wasm\" shows its locals, "
				   "\"info stack\" its operands";
static const char loaded[] = "\"info modules\" lists what is loaded";
static const char locals[] = "\"info locals\" and \"info args\" show the frame's variables";
static const char no_windows[] = "\"list\" shows the source, \"display\" values at every stop";
static const char one_program[] =
	"there is one program at a time: \"attach PID\", \"run COMMAND\" or \"core FILE\"";
static const char pages[] = "\"set pagination off\" shows long output without a stop";
static const char not_backwards[] =
	"a program cannot run backwards; \"trace\" notes the last instructions";

static const struct {
	const char *name, *instead;
} elsewhere[] = {
	{"add-symbol-file", debug_file},
	{"alias", "a command may be shortened as long as it stays unique"},
	{"apropos", "\"help GROUP\" lists the commands of a group"},
	{"args", "\"info args\" shows them"},
	{"breakpoint", "\"break\" sets one, \"info breakpoints\" lists them"},
	{"call", "functions of the guest are not called; \"print\" shows values"},
	{"cd", "\"directory\" names folders of sources"},
	{"define", "a file of commands is run by \"source FILE\""},
	{"end", "it ends the lines of \"commands N\", which come first"},
	{"expr", "\"print\" shows values"},
	{"expression", "\"print\" shows values"},
	{"file", debug_file},
	{"focus", no_windows},
	{"frame variable", locals},
	{"handle", as_they_are},
	{"hbreak", "\"break\" stops there"},
	{"image", loaded},
	{"inferior", one_program},
	{"info address", "\"print &NAME\" shows where a variable is, \"info line FUNCTION\" code"},
	{"info all-registers", no_registers},
	{"info files", loaded},
	{"info inferiors", one_program},
	{"info proc", "\"info modules\", \"info threads\" and \"info stores\" show the process"},
	{"info program", "\"info threads\" and \"info frame\" show where it stands"},
	{"info registers", no_registers},
	{"info sharedlibrary", loaded},
	{"info signals", as_they_are},
	{"info symbol", "\"info line *OFFSET\" tells what is at an offset of a module"},
	{"info target", loaded},
	{"jump", "compiled code cannot be made to go on elsewhere"},
	{"layout", no_windows},
	{"locals", locals},
	{"memory", "\"x\" shows memory, \"find\" searches it"},
	{"po", "\"print\" shows values"},
	{"process", "\"continue\", \"detach\" and \"kill\" are commands of their own"},
	{"python", "a file of commands is run by \"source FILE\"; --json is for programs"},
	{"record", not_backwards},
	{"register", no_registers},
	{"restart", "\"run\" starts the program again"},
	{"return", "compiled code cannot be made to return; \"finish\" runs until it has"},
	{"reverse-continue", not_backwards},
	{"reverse-next", not_backwards},
	{"reverse-step", not_backwards},
	{"show height", pages},
	{"show listsize", "\"list FIRST,LAST\" shows so many lines"},
	{"show logging", "\"outpost ... | tee FILE\" keeps what is shown"},
	{"show version", "\"outpost --version\" prints it"},
	{"show width", pages},
	{"signal", as_they_are},
	{"silent", "it is the first line behind \"commands N\""},
	{"skip", "\"step\" goes over functions without lines, \"finish\" leaves others"},
	{"start", "\"run\" stops at the guest's first instruction, \"tbreak main\" at main"},
	{"starti", "\"run\" stops at the guest's first instruction"},
	{"stepout", "\"finish\" runs until the frame has returned"},
	{"symbol-file", debug_file},
	{"target", "\"attach PID\" and \"core FILE\" open what is debugged"},
	{"thbreak", "\"tbreak\" stops there once"},
	{"thread backtrace", "\"backtrace\" shows the selected thread's stack"},
	{"thread list", "\"info threads\" lists them"},
	{"tui", no_windows},
	{"v", locals},
	{"vars", "\"info variables\" lists those of the program"},
};

const char *op_suggest_instead(const char *name)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(elsewhere); i++)
		if (!strcmp(elsewhere[i].name, name))
			return elsewhere[i].instead;
	return NULL;
}

const char *op_suggest_for_beginning(const char *beginning)
{
	const char *found = NULL;
	for (size_t i = 0; i < OP_ARRAY_SIZE(elsewhere); i++) {
		if (!op_begins_with(elsewhere[i].name, beginning))
			continue;
		if (found && found != elsewhere[i].instead)
			return NULL;
		found = elsewhere[i].instead;
	}
	return found;
}

struct op_error *op_suggest_for_argument(const char *command, const char *rest)
{
	struct op_text typed _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&typed, "%s %.*s", command, (int)strcspn(rest, " \t"), rest);
	const char *instead = typed.data ? op_suggest_instead(typed.data) : NULL;
	return instead ? op_error_create(OP_ERROR_SYNTAX, "\"%s\" is not a command here: %s",
					 typed.data, instead)
		       : NULL;
}
