// SPDX-License-Identifier: GPL-3.0-or-later
// What of a frozen process's memory goes into a core file. As the kernel chooses (vma_dump_size(),
// fs/coredump.c), with two differences: of a mapped file the pages that were written to are written
// alone, and a file without a name, which nobody can open later, is written whole.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "platform/linux/frozen.h"
#include "platform/linux/proc.h"

// Pages of a file that lie between two that were written to: so many are not worth another header.
enum { GAP_PAGES = 16 };

/** What /proc/PID/smaps says of a mapping (man 5 proc). */
struct details {
	uint64_t start;
	bool resident;  /**< it has pages, in memory or swapped out */
	bool has_own;   /**< ... that are of no file */
	bool forbidden; /**< a device's, or the program wants it in no core file or no copy */
};
struct details_list OP_ARRAY(struct details);

void op_core_layout_deinit(struct op_core_layout *layout)
{
	free(layout->segments.data);
	*layout = (struct op_core_layout){0};
}

static bool begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool ends(const char *text, const char *end)
{
	size_t size = strlen(text);

	return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

// Nobody finds it under its name any more, if it ever had one.
static bool is_nameless(const struct op_mapping *mapping)
{
	return begins(mapping->path, "/memfd:") || begins(mapping->path, "/SYSV") ||
	       begins(mapping->path, "/dev/zero") || ends(mapping->path, " (deleted)");
}

bool op_core_is_shared_memory(const struct op_mapping *mapping)
{
	return mapping->shared && mapping->protection & OP_PROTECTION_READ &&
	       (is_nameless(mapping) || begins(mapping->path, "/dev/shm/"));
}

static bool is_device(const struct op_mapping *mapping)
{
	return begins(mapping->path, "/dev/") && !is_nameless(mapping) &&
	       !begins(mapping->path, "/dev/shm/");
}

// "dd": MADV_DONTDUMP; "io", "pf": devices; "wf": a copy has zeros there (MADV_WIPEONFORK).
static void take_flags(struct details *details, const char *flags, bool is_copy)
{
	details->forbidden = strstr(flags, " dd") || strstr(flags, " io") || strstr(flags, " pf") ||
			     (is_copy && strstr(flags, " wf"));
}

static void take_line(struct details *details, const char *line, bool is_copy)
{
	bool is_resident = begins(line, "Rss:"), is_swap = begins(line, "Swap:"),
	     is_own = begins(line, "Anonymous:");

	if (begins(line, "VmFlags:"))
		take_flags(details, line, is_copy);
	if ((is_resident || is_swap || is_own) && strtoull(strchr(line, ':') + 1, NULL, 10)) {
		details->resident |= is_resident || is_swap;
		details->has_own |= is_own || is_swap;
	}
}

static struct op_error *read_details(const struct op_frozen *frozen, struct details_list *ret)
{
	pid_t id = frozen->copy ? frozen->copy : frozen->threads.data[0].id;
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
			if (!op_array_push(ret, ((struct details){.start = start})))
				return op_error_no_memory();
		} else if (ret->count) {
			take_line(&ret->data[ret->count - 1], line, frozen->copy != 0);
		}
	}
	return NULL;
}

/** Both lists ascend. NULL: a copy does not have it (MADV_DONTFORK). */
static const struct details *details_of(const struct details_list *list, size_t *next,
					const struct op_mapping *mapping)
{
	while (*next < list->count && list->data[*next].start < mapping->start.value)
		++*next;
	return *next < list->count && list->data[*next].start == mapping->start.value
		       ? &list->data[*next]
		       : NULL;
}

/** Segments of one mapping, from where they end on. */
struct filling {
	struct op_core_layout *layout;
	const struct op_mapping *mapping;
	uint64_t at;
};

static struct op_error *add(struct filling *filling, uint64_t end, enum op_core_source source,
			    size_t run)
{
	struct op_core_segment segment = {
		.start = filling->at,
		.end = end,
		.protection = filling->mapping->protection,
		.source = source,
		.run = run,
	};

	if (end <= filling->at)
		return NULL;
	filling->at = end;
	return op_array_push(&filling->layout->segments, segment) ? NULL : op_error_no_memory();
}

static struct op_error *add_own_run(void *context, uint64_t start, uint64_t end)
{
	struct filling *filling = context;
	struct op_error *err = add(filling, start, OP_CORE_NOTHING, 0);

	return err ? err : add(filling, end, OP_CORE_ALL, 0);
}

// Its first page tells which file it is (an ELF file's build id lies there).
static struct op_error *add_file(struct op_frozen *frozen, struct filling *filling,
				 const struct details *details)
{
	const struct op_mapping *mapping = filling->mapping;
	uint64_t start = mapping->start.value;
	char magic[4];
	struct op_error *err = NULL;

	if (!mapping->file_offset && op_frozen_read(frozen, start, magic, 4) == 4 &&
	    memcmp(magic, "\177ELF", 4) == 0)
		err = add(filling, start + OP_FROZEN_PAGE, OP_CORE_ALL, 0);
	if (!err && details->has_own)
		err = op_frozen_each_run(frozen, filling->at, mapping->end.value, true, GAP_PAGES,
					 add_own_run, filling);
	return err;
}

static struct op_error *add_shared(const struct op_frozen *frozen, struct filling *filling)
{
	struct op_error *err = NULL;

	for (size_t i = 0; !err && i < frozen->runs.count; i++) {
		const struct op_frozen_run *run = &frozen->runs.data[i];
		if (run->start < filling->at || run->start >= filling->mapping->end.value)
			continue;
		err = add(filling, run->start, OP_CORE_NOTHING, 0);
		if (!err)
			err = add(filling, run->start + run->size, OP_CORE_RUN, i);
	}
	return err;
}

static struct op_error *add_mapping(struct op_frozen *frozen, struct filling *filling,
				    const struct details *details)
{
	const struct op_mapping *mapping = filling->mapping;
	struct op_error *err = NULL;

	// What the program itself cannot read is a guard, or a reservation.
	bool wanted = mapping->protection & OP_PROTECTION_READ && !is_device(mapping) &&
		      !begins(mapping->path, "[vvar");
	if (wanted && op_core_is_shared_memory(mapping))
		err = add_shared(frozen, filling);
	else if (!wanted || mapping->shared || !details || details->forbidden)
		err = NULL;
	else if (is_nameless(mapping) || strcmp(mapping->path, "[vdso]") == 0)
		err = add(filling, mapping->end.value, OP_CORE_ALL, 0);
	else if (mapping->path[0] == '/')
		err = add_file(frozen, filling, details);
	else if (details->resident)
		err = add(filling, mapping->end.value, OP_CORE_RESIDENT, 0);
	return err ? err : add(filling, mapping->end.value, OP_CORE_NOTHING, 0);
}

struct op_error *op_core_layout_make(struct op_frozen *frozen, struct op_core_layout *ret)
{
	struct details_list list = {0};
	struct op_error *err = read_details(frozen, &list);
	size_t next = 0;

	for (size_t i = 0; !err && i < frozen->mappings.count; i++) {
		const struct op_mapping *mapping = &frozen->mappings.data[i];
		struct filling filling = {ret, mapping, mapping->start.value};
		// It is not of the process, and lies beyond what it can address.
		if (strcmp(mapping->path, "[vsyscall]") == 0)
			continue;
		err = add_mapping(frozen, &filling, details_of(&list, &next, mapping));
	}
	free(list.data);
	return err;
}
