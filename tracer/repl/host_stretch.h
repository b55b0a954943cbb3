// SPDX-License-Identifier: GPL-3.0-or-later
// A stretch of host frames, unfolded: what backtrace -host and outpost stack --host show.
#ifndef OP_TRACER_REPL_HOST_STRETCH_H
#define OP_TRACER_REPL_HOST_STRETCH_H

#include "tracer/repl/repl.h"

/** All borrowed. */
struct op_host_stretch_view {
	const struct op_host_return *places;
	size_t count;
	const char *incomplete; /**< NULL: it is whole */
};

/** The frames below a folded frame's line, named; @p json NULL: as text. */
struct op_error *op_repl_show_host_stretch(struct op_repl *repl, struct op_json *json,
					   const struct op_host_stretch_view *stretch);
/** The same under the line of its folded frame: @p name of the host call; NULL: the host outside
 * the guest. Nothing when there is nothing in it. */
struct op_error *op_repl_show_host_entry(struct op_repl *repl, struct op_json *json,
					 const char *name,
					 const struct op_host_stretch_view *stretch);

#endif
