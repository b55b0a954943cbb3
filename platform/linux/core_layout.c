// SPDX-License-Identifier: GPL-3.0-or-later
// What of a frozen process's memory goes into a core file. As the kernel chooses (vma_dump_size(),
// fs/coredump.c), with two differences: of a mapped file the pages that were written to are written
// alone, and a file without a name, which nobody can open later, is written whole.
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/linux/core_details.h"
#include "platform/linux/frozen.h"

void op_core_layout_deinit(struct op_core_layout *layout)
{
	free(layout->segments.data);
	*layout = (struct op_core_layout){0};
}

// Nobody finds it under its name any more, if it ever had one.
static bool is_nameless(const struct op_mapping *mapping)
{
	return op_begins_with(mapping->path, "/memfd:") || op_begins_with(mapping->path, "/SYSV") ||
	       op_begins_with(mapping->path, "/dev/zero") || op_mapping_deleted_mark(mapping->path);
}

static bool is_device(const struct op_mapping *mapping)
{
	return op_begins_with(mapping->path, "/dev/") && !is_nameless(mapping) &&
	       !op_begins_with(mapping->path, "/dev/shm/");
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
				 const struct op_core_details *details)
{
	const struct op_mapping *mapping = filling->mapping;
	uint64_t start = mapping->start.value;
	char magic[4];
	struct op_error *err = NULL;

	if (!mapping->file_offset && op_frozen_read(frozen, start, magic, 4) == 4 &&
	    memcmp(magic, "\177ELF", 4) == 0)
		err = add(filling, start + OP_FROZEN_PAGE, OP_CORE_ALL, 0);
	if (!err && details->has_own)
		err = op_frozen_each_run(frozen, filling->at, mapping->end.value, true,
					 OP_CORE_GAP_PAGES, add_own_run, filling);
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

enum op_core_kind op_core_kind_of(const struct op_mapping *mapping)
{
	// What the program itself cannot read is a guard, or a reservation.
	if (!(mapping->protection & OP_PROTECTION_READ) || is_device(mapping) ||
	    op_begins_with(mapping->path, "[vvar") || strcmp(mapping->path, "[vsyscall]") == 0)
		return OP_CORE_UNWANTED;
	if (mapping->shared)
		return is_nameless(mapping) || op_begins_with(mapping->path, "/dev/shm/")
			       ? OP_CORE_SHARED
			       : OP_CORE_UNWANTED;
	if (is_nameless(mapping) || strcmp(mapping->path, "[vdso]") == 0)
		return OP_CORE_WHOLE;
	return mapping->path[0] == '/' ? OP_CORE_FILE : OP_CORE_OWN;
}

static struct op_error *add_mapping(struct op_frozen *frozen, struct filling *filling,
				    const struct op_core_details *details)
{
	const struct op_mapping *mapping = filling->mapping;
	enum op_core_kind kind = op_core_kind_of(mapping);
	struct op_error *err = NULL;

	if (kind == OP_CORE_SHARED)
		err = add_shared(frozen, filling);
	else if (kind == OP_CORE_UNWANTED || !details || details->forbidden)
		err = NULL;
	else if (kind == OP_CORE_WHOLE)
		err = add(filling, mapping->end.value, OP_CORE_ALL, 0);
	else if (kind == OP_CORE_FILE)
		err = add_file(frozen, filling, details);
	else if (details->resident)
		err = add(filling, mapping->end.value, OP_CORE_RESIDENT, 0);
	return err ? err : add(filling, mapping->end.value, OP_CORE_NOTHING, 0);
}

/** Of what outpost copied: it is there, whatever became of it since. */
static struct op_core_details details_copied(const struct op_copied *copied,
					     const struct op_mapping *mapping)
{
	uint64_t start = mapping->start.value, end = mapping->end.value;
	bool has = op_copied_has(copied, start, end);

	return (struct op_core_details){.resident = has,
					.has_own = has,
					.forbidden = op_copied_forbids(copied, start, end)};
}

struct op_error *op_core_layout_make(struct op_frozen *frozen, struct op_core_layout *ret)
{
	struct op_core_details_list list = {0};
	pid_t id = frozen->copy ? frozen->copy : frozen->threads.data[0].id;
	struct op_error *err =
		frozen->copied ? NULL : op_core_details_read(id, frozen->copy != 0, &list);
	size_t next = 0;

	for (size_t i = 0; !err && i < frozen->mappings.count; i++) {
		const struct op_mapping *mapping = &frozen->mappings.data[i];
		struct filling filling = {ret, mapping, mapping->start.value};
		struct op_core_details copied;
		// It is not of the process, and lies beyond what it can address.
		if (strcmp(mapping->path, "[vsyscall]") == 0)
			continue;
		if (frozen->copied)
			copied = details_copied(frozen->copied, mapping);
		// NULL: a copy does not have it (MADV_DONTFORK).
		err = add_mapping(frozen, &filling,
				  frozen->copied
					  ? &copied
					  : op_core_details_at(&list, &next, mapping->start.value));
	}
	free(list.data);
	return err;
}
