// SPDX-License-Identifier: GPL-3.0-or-later
// Watches that code checks instead of hardware: an expression is computed before each instruction
// of some functions, in the target where that is possible, and a change stops.
#ifndef OP_TRACER_SOFTWARE_WATCH_H
#define OP_TRACER_SOFTWARE_WATCH_H

#include "tracer/agent/stub.h"
#include "tracer/patch.h"
#include "tracer/session.h"
#include "tracer/watch_frame.h"

enum { OP_WATCH_PLACES_MAX = 8 };

/** A global's cell, or a memory's definition, of the instance that was meant. */
struct op_watched_place {
	bool is_memory;
	uint32_t index; /**< as in the expression */
	enum op_value_type type;
	uint64_t address;
};

struct op_software_watch {
	struct op_expression *expression; /**< not local: globals and memories are renumbered, see
					     op_software_watch_find_place() */
	enum op_value_type type;
	bool is_unsigned;
	bool gone;  /**< its frame, or its instance: it never hits again */
	bool local; /**< of one frame, which is: */
	struct op_watch_frame frame;
	/** Only what one store owns: the copy of the code, of this artifact, that it runs. Other
	    stores run copies of their own and cannot be the writer. 0: all copies. */
	uint32_t copy;
	const struct op_artifact *artifact;
	struct op_watched_place places[OP_WATCH_PLACES_MAX];
	uint32_t place_count;
	uint64_t value, before; /**< bits, as last seen and before that */
	uint64_t cell;          /**< of the target: an op_stub_watch; 0: none */
	uint64_t frame_cell;    /**< the same: holds fp */
	struct op_watch_event event;
};

/**
 * @param[in] frame its names and values. @return OP_ERROR_UNSUPPORTED for an expression that is no
 * number or that code cannot compute; the parser's and the evaluation's own errors.
 */
struct op_error *op_software_watch_create(struct op_session *session, const struct op_frame *frame,
					  const char *expression, uint32_t number,
					  struct op_software_watch **ret);
void op_software_watch_destroy(struct op_software_watch *watch);

/** The place that a renumbered index stands for; NULL: it is none. */
const struct op_watched_place *op_software_watch_find_place(struct op_session *session,
							    uint32_t index);
/** Id of the only image of @p artifact whose instructions are to look; 0: all. */
uint32_t op_software_watch_copy(const struct op_software_watch *watch,
				const struct op_artifact *artifact);
/** Cells in the target, made when they are first asked for. */
struct op_error *op_software_watch_cells(struct op_session *session, const struct op_patch *patch,
					 struct op_software_watch *watch);
/**
 * A thread arrived at a patch of the watch's.
 * @param[in] decided its stub has seen a change.
 * @param[out] ret_stop a change, or the end of its frame: into @p event.
 */
struct op_error *op_software_watch_arrived(struct op_session *session,
					   struct op_software_watch *watch, uint32_t number,
					   const char *text, const struct op_patch *patch,
					   op_thread_id thread, bool decided,
					   struct op_event *event, bool *ret_stop);

#endif
