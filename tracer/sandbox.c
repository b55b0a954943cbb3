// SPDX-License-Identifier: GPL-3.0-or-later
// The sandbox as the public interface has it. How it is done is the platform's affair.
#include <string.h>

#include "platform/apart/apart.h"
#include "tracer/outpost.h"

// The tracing process's copy is of the moment when it was made, the caller's must stay.
static struct op_apart_plan plan;

struct op_error *op_sandbox_enter(const struct op_sandbox_options *options)
{
	struct op_sandbox_options wanted = {0};
	memcpy(&wanted, options, options->size < sizeof(wanted) ? options->size : sizeof(wanted));
	if (op_apart_is_confined())
		return op_error_create(OP_ERROR_STATE, "this program is in a sandbox already");
	plan = (struct op_apart_plan){.pid = wanted.pid, .argv = wanted.argv, .file = wanted.file};
	return op_apart_start(&plan);
}

void op_sandbox_leave(void)
{
	op_apart_end();
}

struct op_error *op_sandbox_refuse(const char *what)
{
	return op_apart_refuse(what);
}
