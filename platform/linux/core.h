// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a core file as a process, shared by the core*.c files of this folder and by nobody
// else. Where the rules about cores come from: fs/coredump.c and fs/binfmt_elf.c of Linux,
// gdb/linux-tdep.c and gdb/gcore.c of gdb 13; tests/e2e/test_core.py holds outpost to them.
#ifndef OP_PLATFORM_LINUX_CORE_H
#define OP_PLATFORM_LINUX_CORE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/array.h"
#include "base/cancel.h"
#include "platform/operations.h"

/** No file is mapped there. */
#define OP_CORE_NO_FILE UINT32_MAX

/** A run of memory: a PT_LOAD, or a mapping that the core only names (NT_FILE). */
struct op_core_piece {
	uint64_t start, end; /**< in the process's memory */
	uint64_t held;       /**< bytes from start that are in the core */
	uint64_t offset;     /**< ... there */
	unsigned protection; /**< of enum op_protection */
	uint32_t file;       /**< index into files; OP_CORE_NO_FILE */
	uint64_t file_offset;
};

/** A mapped file as NT_FILE names it; opened when something is read from it. */
struct op_core_file {
	char *path;          /**< in the process's view; owned */
	char *local;         /**< where it was looked for; owned; NULL: not looked yet */
	char *problem;       /**< why nothing can be read from it; owned; NULL: none known */
	uint64_t mapped_end; /**< of its mappings, in the file */
	uint64_t first_page; /**< address of a mapping of its beginning that the core holds and
				that was never writable; 0: none */
	int fd;              /**< -1: not open */
};

/** The note in which outpost's own cores name a thread, behind its NT_PRSTATUS: a text of at most
 * 31 bytes. The kernel and gdb have nothing for it. */
#define OP_CORE_NOTE_OWNER "OUTPOST"
enum { OP_CORE_NOTE_THREAD_NAME = 1 };

/** Where a thread's registers are in the core file. */
struct op_core_thread {
	op_thread_id id;
	int signal;           /**< pr_cursig */
	uint64_t registers;   /**< offset of a struct user_regs_struct */
	uint64_t vectors;     /**< offset of a struct user_fpregs_struct; 0: none */
	uint64_t signal_info; /**< offset of a siginfo_t; 0: none */
	char name[32];        /**< "": not known */
};

/** The first byte of the core file that could not be read, and why. */
struct op_core_failure {
	int problem; /**< errno; 0: none */
	uint64_t at;
};

/** A core file. */
struct op_core {
	struct op_process base;
	char *path;
	int fd;
	uint64_t size; /**< of the file, unpacked */
	struct timespec written;
	bool by_gdb;         /**< it writes memory that the process itself could not access */
	bool private_memory; /**< memory without a file is in the core as a rule */
	uint64_t missing;    /**< bytes of memory that lie behind the file's end */
	struct op_core_failure *failure; /**< owned */

	struct OP_ARRAY(struct op_core_piece) pieces; /**< ascending, without overlaps */
	size_t header_pieces;                         /**< the first ones, of the program headers */
	struct OP_ARRAY(struct op_core_file) files;
	struct OP_ARRAY(
		struct op_core_thread) threads; /**< ascending by id once the core is open */
	struct op_thread_info *infos;           /**< ascending by id */
	uint64_t auxv, auxv_size;               /**< offset in the core; size 0: none */
	char name[16];                          /**< of the process: pr_fname */
	char arguments[81];                     /**< pr_psargs */
	uint32_t program;                       /**< index into files; OP_CORE_NO_FILE */
	char *program_path;                     /**< --exe; owned; NULL: as the core says */
	char *sysroot;                          /**< owned; NULL: none */

	struct OP_ARRAY(char *) remarks;
	size_t unproven;        /**< files that could not be compared */
	size_t unproven_remark; /**< index of the remark about them */
	struct op_core_info info;
};

static inline struct op_core *op_core(struct op_process *process)
{
	return (struct op_core *)process;
}

/* core.c */
extern const struct op_process_operations op_core_operations;
/** Note a sentence about what is missing. */
struct op_error *op_core_remark(struct op_core *core, const char *format, ...) _printf_(2, 3);
/** Read exactly @p size bytes of the core file. @return false when they are not there, or cannot be
 * read, which core->failure notes. */
bool op_core_read_file(const struct op_core *core, uint64_t offset, void *buffer, size_t size);

/* core_unpack.c */
/**
 * Replace the descriptor of a compressed core by one of an unpacked temporary file, which has no
 * name and is sparse. A core that is not compressed is left alone.
 * @param[in] cancel ends it; NULL: nothing does.
 * @param[out] ret_problem a core that ends early is unpacked so far: why; owned; NULL: all of it.
 */
struct op_error *op_core_unpack(const char *path, const struct op_cancel *cancel, int *fd,
				char **ret_problem);

/* core_elf.c */
/**
 * Read the headers: pieces without their files.
 * @param[out] ret_notes where the notes are, as pieces of the file (held, offset); free data.
 */
struct op_core_range {
	uint64_t offset, size;
};
struct op_core_ranges OP_ARRAY(struct op_core_range);
struct op_error *op_core_read_headers(struct op_core *core, struct op_core_ranges *ret_notes);

/* core_notes.c */
/** Read the notes: threads, files, and what is known of the process. */
struct op_error *op_core_read_notes(struct op_core *core, const struct op_core_ranges *notes);

/* core_pieces.c */
/** Put pieces in order; those that overlap an earlier one are left out. */
struct op_error *op_core_sort_pieces(struct op_core *core);
/** A file was mapped at [start, end): give it to the pieces there, and make some where there are
 * none. The pieces are in order only after op_core_sort_pieces(). */
struct op_error *op_core_place_file(struct op_core *core, uint64_t start, uint64_t end,
				    uint64_t file_offset, uint32_t file);
/** After all that: what is missing, and what was not accessible. */
void op_core_finish_pieces(struct op_core *core);
/** The piece that holds @p addr, or NULL. */
const struct op_core_piece *op_core_find_piece(const struct op_core *core, uint64_t addr);

/* core_memory.c */
struct op_error *op_core_read_some(struct op_process *process, struct op_host_addr addr,
				   void *buffer, size_t size, size_t *ret_done);
struct op_error *op_core_unreadable(struct op_process *process, struct op_host_addr addr);

/* core_files.c */
/** The file of that path, made when it is new. */
struct op_error *op_core_add_file(struct op_core *core, const char *path, size_t size,
				  uint32_t *ret);
/** Look for the file and compare it with what the core holds of it. @return false with a problem in
 * it when nothing can be read from it. */
bool op_core_open_file(struct op_core *core, uint32_t file);
/** The place of a path of the process's on this machine. Caller frees. */
struct op_error *op_core_resolve_path(const struct op_process *process, const char *path,
				      char **ret);

/* core_program.c */
/** Find out which file the program is, and its command line, in the auxiliary vector and on the
 * first thread's stack. */
struct op_error *op_core_find_program(struct op_core *core);

#endif
