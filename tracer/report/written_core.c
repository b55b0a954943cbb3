// SPDX-License-Identifier: GPL-3.0-or-later
// What is told of a core file that was written.
#include "tracer/report/written_core.h"

#include <inttypes.h>

static double milliseconds(uint64_t nanoseconds)
{
	return (double)nanoseconds / 1e6;
}

void op_written_core_text(struct op_output *out, const char *path,
			  const struct op_written_core *core)
{
	op_output_printf(
		out,
		"Saved core file %s: %zu thread%s, %.1f MiB on the disk (%.1f MiB with its "
		"holes).\n",
		path, core->threads, core->threads == 1 ? "" : "s", (double)core->stored / 1048576,
		(double)core->size / 1048576);
	if (core->while_running)
		op_output_printf(out,
				 "The process stood still for %.1f ms; its memory was copied while "
				 "it ran.\n",
				 milliseconds(core->stop_ns));
	else if (core->from_copy)
		op_output_printf(out,
				 "The process stood still for %.1f ms, and was written from a copy "
				 "that it made of itself.\n",
				 milliseconds(core->stop_ns));
	else
		op_output_printf(
			out, "The process stood still for %.1f ms, until all was written: %s.\n",
			milliseconds(core->stop_ns), core->no_copy_why);
	if (core->missing)
		op_output_printf(out, "%zu dying thread%s not in it.\n", core->missing,
				 core->missing == 1 ? " is" : "s are");
	if (core->unread)
		op_output_printf(out,
				 "%" PRIu64 " bytes of memory could not be read and are zero in "
				 "it.\n",
				 core->unread);
	if (core->omitted)
		op_output_printf(out,
				 "%" PRIu64 " bytes of shared memory are not in it: more than a "
				 "GiB is not copied.\n",
				 core->omitted);
}

void op_written_core_json(struct op_json *json, const char *path,
			  const struct op_written_core *core)
{
	op_json_string(json, "path", path);
	op_json_uint(json, "size", core->size);
	op_json_uint(json, "stored", core->stored);
	op_json_uint(json, "threads", core->threads);
	op_json_uint(json, "missing_threads", core->missing);
	op_json_uint(json, "unread", core->unread);
	op_json_uint(json, "omitted", core->omitted);
	op_json_bool(json, "from_copy", core->from_copy);
	op_json_bool(json, "while_running", core->while_running);
	if (!core->from_copy)
		op_json_string(json, "no_copy_reason", core->no_copy_why);
	op_json_uint(json, "stop_microseconds", core->stop_ns / 1000);
}
