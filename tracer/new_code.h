// SPDX-License-Identifier: GPL-3.0-or-later
// Code that was mapped a moment ago and may still be copied, byte for byte, to where it will be run
// from again: it must not be written to yet.
#ifndef OP_TRACER_NEW_CODE_H
#define OP_TRACER_NEW_CODE_H

#include "tracer/session.h"

/** One image that may not be written to yet. */
struct op_new_image {
	uint32_t image;                     /**< id */
	const struct op_artifact *artifact; /**< for comparing only */
	struct op_host_addr text;
	uint64_t size;       /**< of the text, whole pages */
	op_thread_id mapper; /**< who made it executable; 0: that was not heard yet */
	bool has_frames;     /**< stores have clones of their own */
	bool held;           /**< outpost has taken the permission to execute it */
	bool ready;          /**< it may be written to from now on */
};

/** Images have appeared or vanished. */
struct op_error *op_new_code_note_images(struct op_session *session);
/** Regions were read: show code that outpost has made not executable as what it is. */
struct op_error *op_new_code_show_regions(struct op_session *session);
/** Whether nothing may be written to @p addr yet. */
bool op_new_code_holds(const struct op_session *session, struct op_host_addr addr);
/** OP_STOP_CODE_MAPPED, after the images were looked for. */
struct op_error *op_new_code_mapped(struct op_session *session, const struct op_stop *stop);
/**
 * Is the stop that of a thread which executes new code for the first time? Then the code can be
 * executed, has its patches, and the thread may run on.
 */
struct op_error *op_new_code_executed(struct op_session *session, const struct op_stop *stop,
				      bool *ret);
/** Milliseconds until the next op_new_code_look(); -1: none is needed. */
int op_new_code_interval(const struct op_session *session);
/** Stop all threads and patch what may be written to by now. The caller lets them run again. */
struct op_error *op_new_code_look(struct op_session *session);
/** Make code executable again in a forked child. */
struct op_error *op_new_code_clean_child(struct op_session *session, int64_t child);
/** Before a detach, all threads stopped: give every permission back. */
struct op_error *op_new_code_let_go(struct op_session *session);
/** The target is gone, or runs another program. */
void op_new_code_forget(struct op_session *session);

#endif
