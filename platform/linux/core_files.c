// SPDX-License-Identifier: GPL-3.0-or-later
// The files that were mapped in a core's process: found on this machine, and compared with what the
// core holds of them before a byte is taken from them. Must not guess: a file that differs is not
// read.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/linux/core.h"

enum { PAGE = 4096 };

struct op_error *op_core_add_file(struct op_core *core, const char *path, size_t size,
				  uint32_t *ret)
{
	// The notes come in the order of addresses, so mappings of a file are neighbours as a rule.
	for (size_t i = core->files.count; i > 0; i--) {
		const char *known = core->files.data[i - 1].path;

		if (strlen(known) == size && memcmp(known, path, size) == 0) {
			*ret = (uint32_t)(i - 1);
			return NULL;
		}
		if (core->files.count - i >= 64)
			break;
	}
	struct op_core_file file = {.path = strndup(path, size), .fd = -1};
	if (!file.path || !op_array_push(&core->files, file)) {
		free(file.path);
		return op_error_no_memory();
	}
	*ret = (uint32_t)(core->files.count - 1);
	return NULL;
}

/** Is it a file that had no place in a file system when the core was written? The kernel's words
 * for it are those of /proc/PID/maps. */
static bool is_only_memory(const char *path)
{
	return path[0] != '/' || op_begins_with(path, "/memfd:") || op_begins_with(path, "/SYSV") ||
	       op_begins_with(path, "/dev/") || op_begins_with(path, "/anon_hugepage") ||
	       op_mapping_deleted_mark(path);
}

struct op_error *op_core_resolve_path(const struct op_process *process, const char *path,
				      char **ret)
{
	const struct op_core *core = (const struct op_core *)process;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;

	if (core->program_path && core->program != OP_CORE_NO_FILE &&
	    strcmp(path, core->files.data[core->program].path) == 0) {
		op_text_append(&text, core->program_path);
	} else {
		// A relative path was relative to a folder that a core does not tell.
		if (core->sysroot && path[0] == '/')
			op_text_append(&text, core->sysroot);
		op_text_append(&text, path);
	}
	return op_text_steal(&text, ret);
}

// Comparing -----------------------------------------------------------------------------------

/** The first page of a file, as far as the core holds it. 0: nothing of it. */
static size_t held_page(const struct op_core *core, uint32_t file, uint8_t page[PAGE])
{
	uint64_t start = core->files.data[file].first_page;
	const struct op_core_piece *piece = start ? op_core_find_piece(core, start) : NULL;

	if (!piece)
		return 0;
	size_t size = piece->held < PAGE ? (size_t)piece->held : PAGE;
	return op_core_read_file(core, piece->offset, page, size) ? size : 0;
}

/** The build ID in an ELF file's first page, as hexadecimal digits; "" when there is none. */
static void build_id(const uint8_t *page, size_t size, struct op_text *ret)
{
	Elf64_Ehdr header;
	Elf64_Phdr program;
	Elf64_Nhdr note;

	if (size < sizeof(header))
		return;
	memcpy(&header, page, sizeof(header));
	for (unsigned i = 0; i < header.e_phnum && header.e_phoff <= size &&
			     size - header.e_phoff >= (i + 1) * sizeof(program);
	     i++) {
		memcpy(&program, page + header.e_phoff + i * sizeof(program), sizeof(program));
		uint64_t at = program.p_offset, end = at + program.p_filesz;

		if (program.p_type != PT_NOTE || end < at || end > size)
			continue;
		while (end - at >= sizeof(note)) {
			memcpy(&note, page + at, sizeof(note));
			at += sizeof(note);
			uint64_t named = ((uint64_t)note.n_namesz + 3) & ~(uint64_t)3;
			uint64_t sized = ((uint64_t)note.n_descsz + 3) & ~(uint64_t)3;
			if (named > end - at || note.n_descsz > end - at - named)
				break;
			at += named;
			bool found = note.n_type == NT_GNU_BUILD_ID && named == 4 &&
				     memcmp(page + at - named, "GNU", 4) == 0;
			for (uint32_t k = 0; found && k < note.n_descsz; k++)
				op_text_printf(ret, "%02x", page[at + k]);
			if (found || sized > end - at)
				return;
			at += sized;
		}
	}
}

/** The sentence for a file that is another one than the process had mapped. */
static void say_different(struct op_text *text, const char *local, const uint8_t *theirs,
			  const uint8_t *ours, size_t size)
{
	_cleanup_text_ struct op_text was = OP_TEXT_INIT, is = OP_TEXT_INIT;

	build_id(theirs, size, &was);
	build_id(ours, size, &is);
	op_text_append_escaped(text, local, strlen(local));
	op_text_append(text, " is not the file that the process had mapped");
	if (was.size && is.size && strcmp(was.data, is.data) != 0)
		op_text_printf(text, " (its build ID is %s, that of the core's is %s)", is.data,
			       was.data);
}

/** One sentence for all files of which the core holds nothing to compare them with. */
static struct op_error *remark_unproven(struct op_core *core, const char *name)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	size_t place = core->unproven_remark;

	core->unproven++;
	if (core->unproven == 1)
		core->unproven_remark = core->remarks.count;
	op_text_printf(&text, "%s", name);
	if (core->unproven > 1)
		op_text_printf(&text, " and %zu other file%s are", core->unproven - 1,
			       core->unproven == 2 ? "" : "s");
	else
		op_text_append(&text, " is");
	op_text_append(&text, " read in place of memory that the core file does not hold; only "
			      "the size could be compared");
	if (core->unproven == 1)
		return op_core_remark(core, "%s", text.data ? text.data : name);
	char *sentence;
	struct op_error *err = op_text_steal(&text, &sentence);
	if (!err && place < core->remarks.count) {
		free(core->remarks.data[place]);
		core->remarks.data[place] = op_take(sentence);
	}
	if (!err)
		free(sentence);
	return err;
}

/** What is wrong with an open file, into @p problem. */
static struct op_error *compare(struct op_core *core, uint32_t index, const struct stat *status,
				struct op_text *problem)
{
	const struct op_core_file *file = &core->files.data[index];
	uint8_t theirs[PAGE], ours[PAGE];
	size_t size = held_page(core, index, theirs);
	uint64_t end = file->mapped_end;

	if (end > (uint64_t)status->st_size && end - (uint64_t)status->st_size >= PAGE) {
		op_text_append_escaped(problem, file->local, strlen(file->local));
		op_text_printf(problem,
			       " is not the file that the process had mapped: it has %" PRIu64
			       " bytes, and %" PRIu64 " were mapped",
			       (uint64_t)status->st_size, end);
		return NULL;
	}
	// A file shorter than a page is followed by zeros in memory.
	size_t compared = size < (size_t)status->st_size ? size : (size_t)status->st_size;
	if (compared && pread(file->fd, ours, compared, 0) != (ssize_t)compared) {
		op_text_printf(problem, "%s cannot be read", file->local);
		return NULL;
	}
	if (compared && memcmp(theirs, ours, compared) != 0) {
		say_different(problem, file->local, theirs, ours, compared);
		return NULL;
	}
	_cleanup_text_ struct op_text id = OP_TEXT_INIT;
	if (compared)
		build_id(ours, compared, &id);
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_text_append_escaped(&name, file->local, strlen(file->local));
	if (!compared)
		return remark_unproven(core, name.data ? name.data : "a file");
	if (!id.size && status->st_mtim.tv_sec > core->written.tv_sec)
		return op_core_remark(core,
				      "%s is read in place of memory that the core file does not "
				      "hold, but was written after it: what is shown of it may "
				      "not be what ran",
				      name.data ? name.data : "a file");
	return NULL;
}

static struct op_error *open_local(struct op_core *core, uint32_t index, struct op_text *problem)
{
	struct op_core_file *file = &core->files.data[index];
	struct stat status;

	// A FIFO or a device in that place must not stop outpost.
	file->fd = open(file->local, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0) {
		op_text_append_escaped(problem, file->local, strlen(file->local));
		op_text_printf(problem,
			       " cannot be opened (%s); --sysroot names a folder with the "
			       "machine's files, --exe the program",
			       strerror(errno));
		return NULL;
	}
	if (fstat(file->fd, &status) || !S_ISREG(status.st_mode)) {
		op_text_append_escaped(problem, file->local, strlen(file->local));
		op_text_append(problem, " is no regular file");
		return NULL;
	}
	return compare(core, index, &status, problem);
}

bool op_core_open_file(struct op_core *core, uint32_t index)
{
	struct op_core_file *file = &core->files.data[index];
	_cleanup_text_ struct op_text problem = OP_TEXT_INIT;
	struct op_error *err = NULL;

	if (file->problem)
		return false;
	if (file->fd >= 0)
		return true;
	bool given = core->program_path && core->program == index;
	if (is_only_memory(file->path) && !given)
		op_text_append(&problem, "that file was only in memory, or was deleted");
	else
		err = op_core_resolve_path(&core->base, file->path, &file->local);
	if (!err && !problem.size)
		err = open_local(core, index, &problem);
	if (err) {
		op_text_append(&problem, err->message);
		op_error_destroy(err);
	}
	if (!problem.size && !problem.failed)
		return true;
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->problem = strdup(problem.data ? problem.data : "memory is short");
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_text_append_escaped(&name, file->path, strlen(file->path));
	op_error_destroy(op_core_remark(core,
					"memory where %s was mapped is not in the core file: %s",
					name.data ? name.data : "a file",
					file->problem ? file->problem : "memory is short"));
	return false;
}
