// SPDX-License-Identifier: GPL-3.0-or-later
// A system call of a thread that is in the middle of something: how it finds back by itself if
// nobody puts it back.
#ifndef OP_PLATFORM_LINUX_DETOUR_H
#define OP_PLATFORM_LINUX_DETOUR_H

#include "platform/platform.h"

struct op_live;

enum {
	/** A copy of the thread that a call makes (man 2 clone), with this as its stack, ends at
	 * once should it ever run. Nothing is mapped there. */
	OP_DETOUR_NO_STACK = 16,
	OP_DETOUR_COPY_STATUS = 157, /**< with this */
};

/** A place for the detour's code, where its `syscall` will be; 0: there is none. */
struct op_error *op_detour_find(struct op_live *process, uint64_t *ret);
/**
 * Before the thread's registers are set, all threads stopped: write the code, and what it needs.
 * @param[in] saved the thread's. @param[in,out] call what it is to be run with.
 */
struct op_error *op_detour_begin(struct op_live *process, uint64_t place,
				 const struct op_registers *saved, struct op_registers *call);
/**
 * At an attach, all threads stopped: threads that an outpost was killed with in a detour come out
 * of it. What they were to do is done before anything else, and where they stand can be seen.
 */
struct op_error *op_detour_leave(struct op_live *process);
/** After the thread's registers are back. */
struct op_error *op_detour_end(struct op_live *process, uint64_t place);

#endif
