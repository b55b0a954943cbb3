// SPDX-License-Identifier: GPL-3.0-or-later
// The source-level information of a session's modules: where it is found, and which body of the
// guest's language a frame is.
#ifndef OP_TRACER_SOURCE_H
#define OP_TRACER_SOURCE_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/line_table.h"
#include "tracer/session.h"

/**
 * A module's information, opened at the first call: from its original bytes, from the separate file
 * that external_debug_info names, from FILE.debug.wasm beside the module's file, from
 * `set module-path`, from .wasmtime.dwarf, from debuginfod when that is on.
 * @param[out] ret NULL: there is none; op_source_missing() says why. Borrowed; stays with the
 * module.
 */
struct op_error *op_source_info(struct op_session *session, struct op_module_entry *module,
				struct op_debug_info **ret);
/** Why a module has no source-level information, a whole sentence. The module's; NULL when it has
 * some, or was not asked for it yet. */
const char *op_source_missing(const struct op_module_entry *module);
/** The module's own file, as the target writes it; NULL: not known. */
const char *op_source_own_file(const struct op_module_entry *module);
/** The file that the information was taken from; NULL: the image itself. */
const char *op_source_origin(const struct op_module_entry *module);
/** A source file of a module by debuginfod, when that is on. @param[out] ret path of a local copy,
 * free() it; NULL: there is none. */
struct op_error *op_source_find_by_debuginfod(struct op_session *session,
					      struct op_module_entry *module, const char *source,
					      char **ret);
/** A module's build id, a vector of bytes (tool-conventions, BuildId.md); false when it has none,
 * or
 * @p wasm is NULL. */
bool op_wasm_build_id(const struct op_wasm_module *wasm, struct op_bytes *ret);
/** Forget what was opened for a module; settings changed, or it goes. */
void op_source_close(struct op_module_entry *module);

/** A guest frame's body in the guest's language. All borrowed; holds as long as the frame. */
struct op_source_body {
	struct op_module_entry *module;
	struct op_debug_info *info;           /**< NULL: the module has none */
	const struct op_debug_function *body; /**< the one that the frame shows, inlined or not;
						NULL: not known */
	uint32_t pc;                          /**< where to look names and locations up */
};
struct op_error *op_source_body(struct op_session *session, const struct op_frame *frame,
				struct op_source_body *ret);

/** How many frames of the guest's language a Wasm frame is: bodies that were inlined into each
 * other at its pc, and the function; 1 where nothing is known. */
struct op_error *op_source_frame_count(struct op_session *session, const struct op_frame *frame,
				       uint32_t *ret);
/** Forget what was looked up for a module: its information goes, or paths are shown differently. */
void op_frame_positions_forget(struct op_module_entry *module);

#endif
