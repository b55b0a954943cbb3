// SPDX-License-Identifier: GPL-3.0-or-later
// /proc/PID/smaps: it walks all page tables, so it takes its time and is read while nobody waits.
#include "platform/linux/core_details.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/linux/proc.h"

// "dd": MADV_DONTDUMP; "io", "pf": devices; "wf": a copy has zeros there (MADV_WIPEONFORK).
static void take_flags(struct op_core_details *details, const char *flags, bool is_copy)
{
	details->forbidden = strstr(flags, " dd") || strstr(flags, " io") || strstr(flags, " pf") ||
			     (is_copy && strstr(flags, " wf"));
}

static void take_line(struct op_core_details *details, const char *line, bool is_copy)
{
	bool is_resident = op_begins_with(line, "Rss:"), is_swap = op_begins_with(line, "Swap:"),
	     is_own = op_begins_with(line, "Anonymous:");
	uint64_t kilobytes;

	if (op_begins_with(line, "VmFlags:"))
		take_flags(details, line, is_copy);
	if (!is_resident && !is_swap && !is_own)
		return;
	kilobytes = strtoull(strchr(line, ':') + 1, NULL, 10);
	if (is_resident)
		details->present = kilobytes * 1024;
	details->resident |= kilobytes && (is_resident || is_swap);
	details->has_own |= kilobytes && (is_own || is_swap);
}

struct op_error *op_core_details_read(pid_t id, bool is_copy, struct op_core_details_list *ret)
{
	_cleanup_free_ char *text = NULL;
	char path[64];
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/smaps", id);
	int problem = op_proc_read_file(path, &text, &size);
	if (problem)
		return op_error_system(OP_ERROR_PROCESS_GONE, problem, "cannot read %s", path);
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char *end;
		uint64_t start = strtoull(line, &end, 16);
		if (end != line && *end == '-') {
			uint64_t past = strtoull(end + 1, NULL, 16);
			if (!op_array_push(ret,
					   ((struct op_core_details){.start = start, .end = past})))
				return op_error_no_memory();
		} else if (ret->count) {
			take_line(&ret->data[ret->count - 1], line, is_copy);
		}
	}
	return NULL;
}

const struct op_core_details *op_core_details_at(const struct op_core_details_list *list,
						 size_t *next, uint64_t start)
{
	while (*next < list->count && list->data[*next].start < start)
		++*next;
	return *next < list->count && list->data[*next].start == start ? &list->data[*next] : NULL;
}
