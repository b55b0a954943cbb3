// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a frozen process, shared by the files of this folder that freeze one and write it
// as a core file, and by nobody else.
#ifndef OP_PLATFORM_LINUX_FROZEN_H
#define OP_PLATFORM_LINUX_FROZEN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "base/array.h"
#include "base/new_file.h"
#include "platform/linux/copied.h"
#include "platform/platform.h"

enum { OP_FROZEN_PAGE = 4096 };
/** Room for the largest register state that there is (AMX tiles included). */
enum { OP_FROZEN_STATE_MAX = 16384 };

struct op_frozen_thread {
	pid_t id;
	char name[32];
	struct user_regs_struct registers;
	bool has_vectors, has_signal;
	struct user_fpregs_struct vectors;
	siginfo_t signal; /**< about to be delivered */
	uint8_t *state;   /**< NT_X86_XSTATE; owned */
	size_t state_size;
};

/** Shared memory that was copied while the process stood: a copy of the process would see what is
 * written there later. */
struct op_frozen_run {
	uint64_t start, size;
	uint8_t *data; /**< owned */
};

struct op_frozen {
	pid_t pid;
	pid_t copy;               /**< 0: none */
	struct op_copied *copied; /**< what outpost copied; NULL: nothing; owned */
	char *why;                /**< it has no copy; owned */
	unsigned machine;
	int memory_fd, pages_fd; /**< /proc/PID/mem and pagemap of the copy, else of the process */
	struct op_mappings mappings;
	struct OP_ARRAY(struct op_frozen_thread) threads; /**< the one it is about comes first */
	size_t missing_threads;
	struct OP_ARRAY(struct op_frozen_run) runs; /**< ascending */
	uint64_t shared, omitted;                   /**< bytes of shared memory: copied, not */
	char *command_line;
	size_t command_line_size;
	char *status; /**< /proc/PID/stat */
	uid_t user;
	gid_t group;
	char *auxiliary;
	size_t auxiliary_size;
};

/** How a stretch of memory gets into a core file. */
enum op_core_source {
	OP_CORE_NOTHING,  /**< its address only */
	OP_CORE_RESIDENT, /**< the pages that there are; the others are zeros */
	OP_CORE_ALL,      /**< all pages: those that are not there come from a nameless file */
	OP_CORE_RUN,      /**< copied before: run */
};
struct op_core_segment {
	uint64_t start, end;
	unsigned protection;
	enum op_core_source source;
	size_t run;
};
struct op_core_layout {
	struct OP_ARRAY(struct op_core_segment) segments; /**< ascending */
};
void op_core_layout_deinit(struct op_core_layout *layout);

/** What /proc/PID/pagemap says of a page. */
enum {
	OP_PAGE_THERE = 1,   /**< in memory or swapped out */
	OP_PAGE_OF_FILE = 2, /**< not written to since it was mapped, or shared */
};

/* frozen_memory.c */
struct op_error *op_frozen_open_memory(struct op_frozen *frozen, pid_t id);
/** Of @p count pages (at most OP_FROZEN_PAGES_MAX) from @p addr on. */
enum { OP_FROZEN_PAGES_MAX = 4096 };
struct op_error *op_frozen_pages(struct op_frozen *frozen, uint64_t addr, size_t count,
				 uint8_t *ret);
/** As much as can be read without a gap. */
size_t op_frozen_read(const struct op_frozen *frozen, uint64_t addr, void *buffer, size_t size);
/**
 * Call @p visit for each run of pages of [start, end) that are there; those of a private file
 * (@p own_only) only when they were written to. Runs with at most @p gap pages between them are
 * one. It ends when @p visit fails.
 */
struct op_error *op_frozen_each_run(
	struct op_frozen *frozen, uint64_t start, uint64_t end, bool own_only, size_t gap,
	struct op_error *(*visit)(void *context, uint64_t start, uint64_t end), void *context);

/* frozen_copy.c */
struct op_live;
/** Why a call that it does not expect might end it; NULL: it will not. */
const char *op_frozen_why_confined(pid_t pid);
/**
 * Let the process make a copy of itself. What stands in the way goes to frozen->why; that is no
 * error.
 */
struct op_error *op_frozen_make_copy(struct op_live *process, struct op_frozen *frozen);
/** End the copy, and let the process forget that it had a child. @param[in] process NULL: it is
 * gone. */
struct op_error *op_frozen_end_copy(struct op_live *process, struct op_frozen *frozen);
/** Have the process wait for a dead copy of its own. */
struct op_error *op_frozen_reap_copy(struct op_live *process, pid_t copy);

/* frozen_left.c */
/** Find the dead copies that outposts which were killed have left among the process's children. It
 * may run. */
void op_frozen_find_left(struct op_live *process);
/** Take them away; they are looked for now if that was not done since the last time. */
struct op_error *op_frozen_reap_left(struct op_live *process);

/* core_layout.c */
/** What of a mapping is wanted, if anything. */
enum op_core_kind {
	OP_CORE_UNWANTED,
	OP_CORE_SHARED, /**< memory that several processes share and no file keeps */
	OP_CORE_WHOLE,  /**< a nameless file, with what the program wrote over it */
	OP_CORE_FILE,   /**< a named one: what tells which it is, and what the program wrote over it
			 */
	OP_CORE_OWN,    /**< memory of no file */
};
enum op_core_kind op_core_kind_of(const struct op_mapping *mapping);
/** Pages of a file that lie between two that were written to: so many are not worth another header.
 */
enum { OP_CORE_GAP_PAGES = 16 };
/** Choose what of the memory is written, and how. */
struct op_error *op_core_layout_make(struct op_frozen *frozen, struct op_core_layout *ret);

/* core_write_notes.c */
/** The PT_NOTE segment. Caller frees. */
struct op_error *op_core_write_notes(const struct op_frozen *frozen, uint8_t **ret,
				     size_t *ret_size);

#endif
