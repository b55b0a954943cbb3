// SPDX-License-Identifier: GPL-3.0-or-later
// Opens a Wasm core dump, and answers what a process is asked.
#include "tracer/dump_process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/operations.h"
#include "tracer/dump_contexts.h"
#include "tracer/local_file.h"

// A dump of more than this was not written by Wasmtime, whose sections have 4 GiB at most.
static const size_t file_size_max = (size_t)8 << 30;

struct dump_process {
	struct op_process base; // first
	struct op_bytes bytes;
	char *path;
	char *program;
	char *files; // the modules' files, as a command line
	struct op_wasm_core_dump *dump;
	struct op_dump_space space;
	uint64_t *images, *contexts;
	bool *known; // by module
	struct op_dump_stacks stacks;
	struct op_thread_info *threads;
	size_t thread_count;
	struct OP_ARRAY(char *) remarks;
	struct op_core_info info;
};

static struct dump_process *dump_of(struct op_process *process)
{
	return (struct dump_process *)process;
}

static void dump_destroy(struct op_process *process)
{
	struct dump_process *dump = dump_of(process);
	op_dump_space_deinit(&dump->space);
	op_wasm_core_dump_destroy(dump->dump);
	op_local_file_free(&dump->bytes);
	for (size_t i = 0; i < dump->remarks.count; i++)
		free(dump->remarks.data[i]);
	free(dump->remarks.data);
	free(dump->path);
	free(dump->program);
	free(dump->files);
	free(dump->images);
	free(dump->contexts);
	free(dump->known);
	free(dump->threads);
	free(dump);
}

static void dump_destroyp(struct dump_process **dump)
{
	if (*dump)
		dump_destroy(&(*dump)->base);
}

static struct op_error *dump_resolve_path(const struct op_process *process, const char *path,
					  char **ret)
{
	(void)process;
	*ret = strdup(path);
	return *ret ? NULL : op_error_no_memory();
}

static const struct op_core_info *dump_info(const struct op_process *process)
{
	return &((const struct dump_process *)process)->info;
}

static const struct op_thread_info *dump_threads(struct op_process *process, size_t *ret_count)
{
	*ret_count = dump_of(process)->thread_count;
	return dump_of(process)->threads;
}

static struct op_error *dump_mappings(struct op_process *process, struct op_mappings *ret)
{
	return op_dump_space_mappings(&dump_of(process)->space, ret);
}

static struct op_error *dump_read_some(struct op_process *process, struct op_host_addr addr,
				       void *buffer, size_t size, size_t *ret_done)
{
	*ret_done = op_dump_space_read(&dump_of(process)->space, addr.value, buffer, size);
	return NULL;
}

static struct op_error *dump_unreadable(struct op_process *process, struct op_host_addr addr)
{
	return op_dump_space_unreadable(&dump_of(process)->space, addr.value);
}

// A walk tells its thread by the stack pointer (dump_stack.h). There is nothing else in them.
static struct op_error *dump_registers(struct op_process *process, op_thread_id thread,
				       struct op_registers *ret)
{
	if (thread < 1 || (uint64_t)thread > dump_of(process)->thread_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the Wasm core dump has no thread %" PRId64, thread);
	*ret = (struct op_registers){0};
	ret->value[process->arch->sp] = (uint64_t)thread;
	return NULL;
}

static const struct op_process_operations operations = {
	.what = "a Wasm core dump",
	.destroy = dump_destroy,
	.resolve_path = dump_resolve_path,
	.core_info = dump_info,
	.threads = dump_threads,
	.mappings = dump_mappings,
	.read_some = dump_read_some,
	.unreadable = dump_unreadable,
	.registers = dump_registers,
};

const struct op_dump_stacks *op_dump_process_stacks(const struct op_process *process)
{
	return process && process->operations == &operations
		       ? &((const struct dump_process *)process)->stacks
		       : NULL;
}

bool op_is_dump_file(const char *path)
{
	char start[8];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool is = read(fd, start, sizeof(start)) == sizeof(start) &&
		  op_is_wasm_file(start, sizeof(start));
	close(fd);
	return is;
}

// Opening -------------------------------------------------------------------------------------

static struct op_error *take_name(const struct op_wasm_name *name, char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_n(&text, (const char *)name->data, name->size);
	return op_text_steal(&text, ret);
}

static struct op_error *take_threads(struct dump_process *dump)
{
	size_t count;
	const struct op_dumped_thread *threads = op_wasm_core_dump_threads(dump->dump, &count);
	dump->threads = calloc(count + 1, sizeof(*dump->threads));
	if (!dump->threads)
		return op_error_no_memory();
	dump->thread_count = count;
	for (size_t i = 0; i < count; i++) {
		struct op_thread_info *info = &dump->threads[i];
		const struct op_wasm_name *name = &threads[i].name;
		size_t size = name->size < sizeof(info->name) ? name->size : sizeof(info->name) - 1;
		info->id = (op_thread_id)i + 1;
		if (size)
			memcpy(info->name, name->data, size);
	}
	return NULL;
}

static struct op_error *remark(struct dump_process *dump, const char *text)
{
	char *copy = strdup(text);
	if (copy && op_array_push(&dump->remarks, copy)) {
		dump->info.remarks = (const char *const *)dump->remarks.data;
		dump->info.remark_count = dump->remarks.count;
		return NULL;
	}
	free(copy);
	return op_error_no_memory();
}

static struct op_error *note_modules(struct dump_process *dump,
				     const struct op_dump_modules *modules)
{
	size_t missing = 0;
	dump->known = calloc(modules->count + 1, sizeof(*dump->known));
	if (!dump->known)
		return op_error_no_memory();
	for (size_t i = 0; i < modules->count; i++) {
		dump->known[i] = modules->data[i].file;
		missing += !dump->known[i];
	}
	return missing ? remark(dump,
				"the module's own file is not known: functions have no names, "
				"code and sources cannot be shown (--module FILE gives it)")
		       : NULL;
}

/** The files as a command line, in which modules' files are looked for. */
static struct op_error *take_files(struct dump_process *dump, const char *const *files,
				   size_t count)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	for (size_t i = 0; i < count; i++)
		op_text_append_n(&text, files[i], strlen(files[i]) + 1);
	if (!count)
		return NULL;
	dump->base.command_line_size = text.size;
	struct op_error *err = op_text_steal(&text, &dump->files);
	dump->base.command_line = dump->files;
	return err;
}

static bool has_values(const struct op_wasm_core_dump *dump)
{
	size_t count;
	const struct op_dumped_thread *threads = op_wasm_core_dump_threads(dump, &count);
	for (size_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < threads[i].frame_count; k++)
			if (threads[i].frames[k].local_count || threads[i].frames[k].operand_count)
				return true;
	return false;
}

static struct op_error *fill_space(struct dump_process *dump, const char *const *files,
				   size_t file_count)
{
	_cleanup_(op_dump_modules_deinit) struct op_dump_modules modules = {0};
	struct op_error *err = op_dump_modules_find(dump->dump, files, file_count, &modules);
	dump->space.dump = dump->dump;
	if (!err)
		err = op_dump_put_images(&dump->space, &modules, &dump->images);
	if (!err)
		err = op_dump_put_contexts(&dump->space, &modules, &dump->contexts);
	if (!err)
		err = note_modules(dump, &modules);
	op_dump_space_finish(&dump->space);
	dump->stacks = (struct op_dump_stacks){dump->dump, dump->images, dump->contexts,
					       dump->known, has_values(dump->dump)};
	return err;
}

struct op_error *op_dump_process_open(const char *path, const char *const *files, size_t file_count,
				      struct op_process **ret)
{
	_cleanup_(dump_destroyp) struct dump_process *dump = calloc(1, sizeof(*dump));
	if (!dump)
		return op_error_no_memory();
	dump->base = (struct op_process){.operations = &operations, .arch = &op_arch_x86_64};
	dump->path = strdup(path);
	if (!dump->path)
		return op_error_no_memory();
	struct op_error *err = op_local_file_read(path, file_size_max, &dump->bytes);
	dump->bytes.what = dump->path;
	if (!err)
		err = op_wasm_core_dump_create(&dump->bytes, &dump->dump);
	if (err)
		return err;
	struct op_wasm_name name = op_wasm_core_dump_name(dump->dump);
	err = take_name(&name, &dump->program);
	if (!err)
		err = take_threads(dump);
	if (!err)
		err = take_files(dump, files, file_count);
	if (!err)
		err = fill_space(dump, files, file_count);
	if (err)
		return err;
	dump->info.path = dump->path;
	dump->info.program = dump->program[0] ? dump->program : NULL;
	*ret = &op_take(dump)->base;
	return NULL;
}
