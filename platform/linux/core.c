// SPDX-License-Identifier: GPL-3.0-or-later
// A core file as an implementation of platform.h: opening, threads and registers. What is in the
// file is found out by the other core*.c files.
#include "platform/linux/core.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "base/input_file.h"
#include "base/read_at.h"
#include "base/text.h"
#include "platform/linux/native.h"
#include "platform/linux/signals.h"

enum { REMARKS_MAX = 1000 };

bool op_core_read_file(const struct op_core *core, uint64_t offset, void *buffer, size_t size)
{
	size_t done = op_read_at(core->fd, offset, buffer, size);

	if (done < size && errno && !core->failure->problem)
		*core->failure = (struct op_core_failure){errno, offset + done};
	return done == size;
}

struct op_error *op_core_remark(struct op_core *core, const char *format, ...)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	va_list args;
	char *remark;

	if (core->remarks.count >= REMARKS_MAX)
		return NULL;
	va_start(args, format);
	op_text_vprintf(&text, format, args);
	va_end(args);
	struct op_error *err = op_text_steal(&text, &remark);
	if (err)
		return err;
	if (!op_array_push(&core->remarks, remark)) {
		free(remark);
		return op_error_no_memory();
	}
	core->info.remarks = (const char *const *)core->remarks.data;
	core->info.remark_count = core->remarks.count;
	return NULL;
}

// Threads -------------------------------------------------------------------------------------

static int compare_threads(const void *left, const void *right)
{
	const struct op_core_thread *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static struct op_error *find_thread(const struct op_core *core, op_thread_id id,
				    const struct op_core_thread **ret)
{
	const struct op_core_thread wanted = {.id = id};

	*ret = core->threads.count ? bsearch(&wanted, core->threads.data, core->threads.count,
					     sizeof(*core->threads.data), compare_threads)
				   : NULL;
	return *ret ? NULL
		    : op_error_create(OP_ERROR_NOT_FOUND, "the core file has no thread %" PRId64,
				      id);
}

static const struct op_thread_info *core_threads(struct op_process *process, size_t *ret_count)
{
	const struct op_core *core = op_core(process);

	*ret_count = core->threads.count;
	return core->infos;
}

static struct op_error *core_registers(struct op_process *process, op_thread_id id,
				       struct op_registers *ret)
{
	const struct op_core *core = op_core(process);
	const struct op_core_thread *thread = NULL;
	struct user_regs_struct registers;
	struct op_error *err = find_thread(core, id, &thread);

	if (err)
		return err;
	if (!op_core_read_file(core, thread->registers, &registers, sizeof(registers)))
		return op_error_create(OP_ERROR_UNREADABLE,
				       "the registers of thread %" PRId64
				       " cannot be read from the core file",
				       id);
	op_native_registers(&registers, ret);
	return NULL;
}

static struct op_error *core_vector_register(struct op_process *process, op_thread_id id,
					     unsigned index, uint8_t ret[16])
{
	const struct op_core *core = op_core(process);
	const struct op_core_thread *thread = NULL;
	struct user_fpregs_struct vectors;
	struct op_error *err = find_thread(core, id, &thread);

	if (err)
		return err;
	if (index >= sizeof(vectors.xmm_space) / 16)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no vector register %u", index);
	if (!thread->vectors ||
	    !op_core_read_file(core, thread->vectors, &vectors, sizeof(vectors)))
		return op_error_create(OP_ERROR_UNREADABLE,
				       "the core file does not hold the vector registers of "
				       "thread %" PRId64,
				       id);
	memcpy(ret, (const uint8_t *)vectors.xmm_space + (size_t)index * 16, 16);
	return NULL;
}

static struct op_error *list_threads(struct op_core *core)
{
	if (!core->threads.count)
		return core->info.incomplete
			       ? op_core_remark(core, "the core file holds no threads")
			       : op_error_create(OP_ERROR_FORMAT,
						 "the core file %s has no notes that tell of "
						 "threads and their registers: it is damaged, or "
						 "was not written by Linux or gdb",
						 core->path);
	core->infos = calloc(core->threads.count, sizeof(*core->infos));
	if (!core->infos)
		return op_error_no_memory();
	qsort(core->threads.data, core->threads.count, sizeof(*core->threads.data),
	      compare_threads);
	for (size_t i = 0; i < core->threads.count; i++) {
		struct op_thread_info *info = &core->infos[i];

		*info = (struct op_thread_info){.id = core->threads.data[i].id,
						.state = OP_THREAD_STOPPED};
		// The kernel tells the name of the process only, which is its first thread's.
		memcpy(info->name, core->threads.data[i].name, sizeof(info->name));
		if (!info->name[0] && info->id == core->base.id)
			memcpy(info->name, core->name, sizeof(core->name));
	}
	return NULL;
}

/** How the process ended: the first thread of a core is the one whose signal it was. */
static void find_stop(struct op_core *core)
{
	const struct op_core_thread *thread = core->threads.data;
	siginfo_t info = {0};

	// gdb's gcore of a process that was running has none, or the one it stopped it with.
	if (!core->threads.count || !thread->signal ||
	    (core->by_gdb && (thread->signal == SIGSTOP || thread->signal == SIGTRAP)))
		return;
	core->info.has_stop = true;
	struct op_stop *stop = &core->info.stop;
	stop->kind = OP_STOP_SIGNAL;
	stop->thread = thread->id;
	stop->signal = thread->signal;
	op_signal_name(thread->signal, stop->signal_name, sizeof(stop->signal_name));
	if (thread->signal_info &&
	    op_core_read_file(core, thread->signal_info, &info, sizeof(info)) &&
	    info.si_signo == thread->signal && op_signal_is_fault(&info)) {
		stop->signal_is_fault = true;
		stop->fault_address = op_host_addr((uint64_t)(uintptr_t)info.si_addr);
	}
}

// Mappings ------------------------------------------------------------------------------------

static struct op_error *core_mappings(struct op_process *process, struct op_mappings *ret)
{
	const struct op_core *core = op_core(process);
	struct op_mappings mappings = {0};

	for (size_t i = 0; i < core->pieces.count; i++) {
		const struct op_core_piece *piece = &core->pieces.data[i];
		const char *path =
			piece->file == OP_CORE_NO_FILE ? "" : core->files.data[piece->file].path;
		bool anonymous = !*path || strncmp(path, "/memfd:", 7) == 0;
		struct op_mapping mapping = {
			.start = op_host_addr(piece->start),
			.end = op_host_addr(piece->end),
			.protection = piece->protection,
			.anonymous = anonymous,
			.file_offset = piece->file_offset,
			// Files are told apart by their paths: a core has no other identity.
			.inode = anonymous ? 0 : (uint64_t)piece->file + 1,
			.path = strdup(path),
		};
		if (!mapping.path || !op_array_push(&mappings, mapping)) {
			free(mapping.path);
			op_mappings_deinit(&mappings);
			return op_error_no_memory();
		}
	}
	*ret = mappings;
	return NULL;
}

// Opening -------------------------------------------------------------------------------------

static void core_destroy(struct op_process *process)
{
	struct op_core *core = op_core(process);

	for (size_t i = 0; i < core->files.count; i++) {
		struct op_core_file *file = &core->files.data[i];

		if (file->fd >= 0)
			close(file->fd);
		free(file->path);
		free(file->local);
		free(file->problem);
	}
	for (size_t i = 0; i < core->remarks.count; i++)
		free(core->remarks.data[i]);
	if (core->fd >= 0)
		close(core->fd);
	free(core->files.data);
	free(core->remarks.data);
	free(core->pieces.data);
	free(core->threads.data);
	free(core->infos);
	free(core->base.command_line);
	free(core->failure);
	free(core->program_path);
	free(core->sysroot);
	free(core->path);
	free(core);
}

static void core_destroyp(struct op_core **core)
{
	if (*core)
		core_destroy(&(*core)->base);
}

static const struct op_core_info *core_info(const struct op_process *process)
{
	return &((const struct op_core *)process)->info;
}

static struct op_error *unpack(struct op_core *core, const struct op_cancel *cancel)
{
	char *problem _cleanup_free_ = NULL;
	struct stat status;
	struct op_error *err = op_core_unpack(core->path, cancel, &core->fd, &problem);

	if (err)
		return err;
	if (fstat(core->fd, &status))
		return op_error_system(OP_ERROR_IO, errno, "cannot read %s", core->path);
	core->size = (uint64_t)status.st_size;
	core->info.incomplete = problem != NULL;
	return problem ? op_core_remark(core,
					"the compressed core file could be unpacked only up to "
					"%" PRIu64 " bytes: %s",
					core->size, problem)
		       : NULL;
}

static struct op_error *open_file(struct op_core *core, const struct op_cancel *cancel)
{
	struct stat status;

	core->fd = op_input_file_open(core->path);
	if (core->fd < 0 || fstat(core->fd, &status))
		return op_error_system(OP_ERROR_IO, errno, "cannot open the core file %s",
				       core->path);
	if (!S_ISREG(status.st_mode))
		return op_error_create(OP_ERROR_IO, "%s is no regular file, so it is no core file",
				       core->path);
	core->written = status.st_mtim;
	return unpack(core, cancel);
}

/** A program that was named and is not the one that ran is a mistake to tell at once. */
static struct op_error *check_program(struct op_core *core)
{
	if (core->program != OP_CORE_NO_FILE)
		core->info.program = core->files.data[core->program].path;
	if (!core->program_path)
		return NULL;
	if (core->program == OP_CORE_NO_FILE)
		return op_core_remark(core,
				      "--exe is of no use: the core file does not tell where its "
				      "program was mapped");
	if (op_core_open_file(core, core->program))
		return NULL;
	return op_error_create(OP_ERROR_NOT_FOUND, "--exe does not fit the core file %s: %s",
			       core->path, core->files.data[core->program].problem);
}

static struct op_error *tell_what_is_missing(struct op_core *core)
{
	if (core->failure->problem) {
		struct op_error *err =
			op_core_remark(core, "the core file cannot be read at byte %" PRIu64 ": %s",
				       core->failure->at, strerror(core->failure->problem));
		if (err)
			return err;
	}
	if (!core->missing)
		return NULL;
	core->info.incomplete = true;
	return op_core_remark(core,
			      "the core file is cut off: %" PRIu64
			      " KiB of the process's memory are missing (a full disk, "
			      "\"ulimit -c\", or a limit of what collects cores)",
			      (core->missing + 1023) / 1024);
}

static struct op_error *read_core(struct op_core *core)
{
	struct op_core_ranges notes = {0};
	struct op_error *err = op_core_read_headers(core, &notes);

	if (!err)
		err = op_core_sort_pieces(core);
	core->header_pieces = core->pieces.count;
	if (!err)
		err = op_core_read_notes(core, &notes);
	free(notes.data);
	if (!err)
		err = op_core_sort_pieces(core);
	if (err)
		return err;
	op_core_finish_pieces(core);
	if (!core->base.id && core->threads.count)
		core->base.id = core->threads.data[0].id;
	find_stop(core);
	err = tell_what_is_missing(core);
	if (!err)
		err = list_threads(core);
	if (!err)
		err = op_core_find_program(core);
	if (!err)
		err = check_program(core);
	return err;
}

struct op_error *op_process_open_core(const char *path, const struct op_core_options *options,
				      struct op_process **ret)
{
	_cleanup_(core_destroyp) struct op_core *core = calloc(1, sizeof(*core));
	if (!core)
		return op_error_no_memory();
	core->base.operations = &op_core_operations;
	core->base.arch = op_arch_native();
	core->fd = -1;
	core->program = OP_CORE_NO_FILE;
	core->failure = calloc(1, sizeof(*core->failure));
	core->path = strdup(path);
	core->info.path = core->path;
	core->program_path = options->program ? strdup(options->program) : NULL;
	core->sysroot = options->sysroot ? strdup(options->sysroot) : NULL;
	if (!core->failure || !core->path || (options->program && !core->program_path) ||
	    (options->sysroot && !core->sysroot))
		return op_error_no_memory();
	struct op_error *err = open_file(core, options->cancel);
	if (!err)
		err = read_core(core);
	if (err)
		return err;
	*ret = &op_take(core)->base;
	return NULL;
}

const struct op_process_operations op_core_operations = {
	.what = "a core file",
	.destroy = core_destroy,
	.resolve_path = op_core_resolve_path,
	.core_info = core_info,
	.threads = core_threads,
	.mappings = core_mappings,
	.read_some = op_core_read_some,
	.unreadable = op_core_unreadable,
	.registers = core_registers,
	.vector_register = core_vector_register,
};
