// SPDX-License-Identifier: GPL-3.0-or-later
// A frozen process as an implementation of platform.h: one that is stopped for good, though the
// process that it was runs on. Asks the kernel for nothing but the copy's memory, so that any
// process of outpost's may have it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/linux/frozen.h"
#include "platform/linux/native.h"
#include "platform/operations.h"

struct frozen_process {
	struct op_process base; // first
	const struct op_frozen *frozen;
	struct op_thread_info *threads;
	char *command_line;
	char *path; // of what a core file would be
	struct op_core_info info;
};

static struct frozen_process *frozen_of(struct op_process *process)
{
	return (struct frozen_process *)process;
}

static void frozen_destroy(struct op_process *process)
{
	struct frozen_process *self = frozen_of(process);

	free(self->threads);
	free(self->command_line);
	free(self->path);
	free(self);
}

static struct op_error *frozen_resolve_path(const struct op_process *process, const char *path,
					    char **ret)
{
	const struct op_frozen *frozen = ((const struct frozen_process *)process)->frozen;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;

	// The copy has the same root and folder as the process, which may have ended.
	op_text_printf(&text, "/proc/%d/%s%s", frozen->copy ? frozen->copy : frozen->pid,
		       path[0] == '/' ? "root" : "cwd/", path);
	return op_text_steal(&text, ret);
}

static const struct op_core_info *frozen_info(const struct op_process *process)
{
	return &((const struct frozen_process *)process)->info;
}

static const struct op_thread_info *frozen_threads(struct op_process *process, size_t *ret_count)
{
	*ret_count = frozen_of(process)->frozen->threads.count;
	return frozen_of(process)->threads;
}

static struct op_error *frozen_mappings(struct op_process *process, struct op_mappings *ret)
{
	const struct op_mappings *all = &frozen_of(process)->frozen->mappings;
	struct op_mappings mappings = {0};

	for (size_t i = 0; i < all->count; i++) {
		struct op_mapping mapping = all->data[i];
		mapping.path = strdup(mapping.path);
		if (!mapping.path || !op_array_push(&mappings, mapping)) {
			free(mapping.path);
			op_mappings_deinit(&mappings);
			return op_error_no_memory();
		}
	}
	*ret = mappings;
	return NULL;
}

/** Memory that others write to was copied when the process was frozen. */
static const struct op_frozen_run *find_run(const struct op_frozen *frozen, uint64_t addr,
					    uint64_t *ret_next)
{
	*ret_next = UINT64_MAX;
	for (size_t i = 0; i < frozen->runs.count; i++) {
		const struct op_frozen_run *run = &frozen->runs.data[i];
		if (addr >= run->start && addr - run->start < run->size)
			return run;
		if (run->start > addr) {
			*ret_next = run->start;
			break;
		}
	}
	return NULL;
}

static struct op_error *frozen_read_some(struct op_process *process, struct op_host_addr addr,
					 void *buffer, size_t size, size_t *ret_done)
{
	const struct op_frozen *frozen = frozen_of(process)->frozen;

	*ret_done = 0;
	while (*ret_done < size) {
		uint64_t at = addr.value + *ret_done, next;
		size_t left = size - *ret_done, got;
		// /proc/PID/mem gives also what the program itself cannot read.
		const struct op_mapping *mapping =
			op_mappings_find(&frozen->mappings, op_host_addr(at));
		if (!mapping || !(mapping->protection & OP_PROTECTION_READ))
			break;
		if (left > mapping->end.value - at)
			left = (size_t)(mapping->end.value - at);
		const struct op_frozen_run *run = find_run(frozen, at, &next);
		if (run && left > run->size - (at - run->start))
			left = (size_t)(run->size - (at - run->start));
		if (!run && left > next - at)
			left = (size_t)(next - at);
		got = left;
		if (run)
			memcpy((uint8_t *)buffer + *ret_done, run->data + (at - run->start), left);
		else
			got = op_frozen_read(frozen, at, (uint8_t *)buffer + *ret_done, left);
		*ret_done += got;
		if (got < left)
			break;
	}
	return NULL;
}

static struct op_error *frozen_unreadable(struct op_process *process, struct op_host_addr addr)
{
	return op_error_create(OP_ERROR_UNREADABLE,
			       "process %" PRId64 " had nothing readable at 0x%" PRIx64,
			       process->id, addr.value);
}

static const struct op_frozen_thread *find_thread(struct op_process *process, op_thread_id id)
{
	const struct op_frozen *frozen = frozen_of(process)->frozen;

	for (size_t i = 0; i < frozen->threads.count; i++)
		if (frozen->threads.data[i].id == id)
			return &frozen->threads.data[i];
	return NULL;
}

static struct op_error *no_thread(struct op_process *process, op_thread_id id)
{
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "process %" PRId64 " had no thread %" PRId64
			       " that could be asked for its registers",
			       process->id, id);
}

static struct op_error *frozen_registers(struct op_process *process, op_thread_id id,
					 struct op_registers *ret)
{
	const struct op_frozen_thread *thread = find_thread(process, id);

	if (!thread)
		return no_thread(process, id);
	op_native_registers(&thread->registers, ret);
	return NULL;
}

static struct op_error *frozen_vector_register(struct op_process *process, op_thread_id id,
					       unsigned index, uint8_t ret[16])
{
	const struct op_frozen_thread *thread = find_thread(process, id);

	if (!thread || !thread->has_vectors)
		return no_thread(process, id);
	if (index >= sizeof(thread->vectors.xmm_space) / 16)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no vector register %u", index);
	memcpy(ret, (const uint8_t *)thread->vectors.xmm_space + (size_t)index * 16, 16);
	return NULL;
}

static const struct op_process_operations operations = {
	.what = "a copy of a process",
	.destroy = frozen_destroy,
	.resolve_path = frozen_resolve_path,
	.core_info = frozen_info,
	.threads = frozen_threads,
	.mappings = frozen_mappings,
	.read_some = frozen_read_some,
	.unreadable = frozen_unreadable,
	.registers = frozen_registers,
	.vector_register = frozen_vector_register,
};

static int by_id(const void *left, const void *right)
{
	const struct op_thread_info *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static void list_threads(struct frozen_process *self)
{
	const struct op_frozen *frozen = self->frozen;

	for (size_t i = 0; i < frozen->threads.count; i++) {
		self->threads[i] = (struct op_thread_info){.id = frozen->threads.data[i].id,
							   .state = OP_THREAD_STOPPED};
		memcpy(self->threads[i].name, frozen->threads.data[i].name,
		       sizeof(self->threads[i].name));
	}
	qsort(self->threads, frozen->threads.count, sizeof(*self->threads), by_id);
}

struct op_error *op_frozen_open(const struct op_frozen *frozen, const struct op_process *of,
				struct op_process **ret)
{
	struct frozen_process *self = calloc(1, sizeof(*self));

	if (!self)
		return op_error_no_memory();
	self->base = (struct op_process){.operations = &operations, .arch = of->arch, .id = of->id};
	self->frozen = frozen;
	self->threads = calloc(frozen->threads.count + 1, sizeof(*self->threads));
	self->command_line = malloc(frozen->command_line_size + 1);
	if (!self->threads || !self->command_line ||
	    asprintf(&self->path, "process %d", frozen->pid) < 0) {
		self->path = NULL;
		frozen_destroy(&self->base);
		return op_error_no_memory();
	}
	if (frozen->command_line_size)
		memcpy(self->command_line, frozen->command_line, frozen->command_line_size);
	self->command_line[frozen->command_line_size] = '\0';
	self->base.command_line = self->command_line;
	self->base.command_line_size = frozen->command_line_size;
	self->info.path = self->path;
	list_threads(self);
	*ret = &self->base;
	return NULL;
}
