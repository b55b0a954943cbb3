// SPDX-License-Identifier: GPL-3.0-or-later
// Lines typed at a prompt, and what was written to them.
#include "tests/unit/typed.h"

#include <check.h>
#include <stdlib.h>

struct op_repl repl;
char *written, *complaints;
size_t written_size, complaints_size;

void typed_start(void)
{
	FILE *out = open_memstream(&written, &written_size);
	FILE *errors = open_memstream(&complaints, &complaints_size);
	ck_assert_ptr_null(op_repl_init(&repl, out, errors));
}

void typed_stop(void)
{
	FILE *out = repl.out.stream, *errors = repl.out.errors;
	op_repl_deinit(&repl);
	fclose(out);
	fclose(errors);
	free(written);
	free(complaints);
}

static bool type(const char *line)
{
	rewind(repl.out.stream);
	rewind(repl.out.errors);
	bool good = op_repl_execute(&repl, line);
	fflush(repl.out.stream);
	fflush(repl.out.errors);
	written[written_size] = '\0';
	complaints[complaints_size] = '\0';
	return good;
}

const char *run(const char *line)
{
	ck_assert_msg(type(line), "%s: %s", line, complaints);
	return written;
}

const char *refuse(const char *line)
{
	ck_assert_msg(!type(line), "%s succeeded: %s", line, written);
	return complaints;
}
