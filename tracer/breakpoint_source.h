// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of source files and names of the guest's language as instructions of a module.
#ifndef OP_TRACER_BREAKPOINT_SOURCE_H
#define OP_TRACER_BREAKPOINT_SOURCE_H

#include "tracer/breakpoint_entry.h"
#include "tracer/source.h"

/** An instruction that a person means. */
struct op_code_place {
	uint32_t function; /**< full index */
	uint32_t pc;
	uint32_t end; /**< of the function's body */
};
struct op_code_place_list {
	struct op_code_place *data;
	size_t count, capacity;
};
void op_code_place_list_deinit(struct op_code_place_list *list);
#define _cleanup_code_places_ _cleanup_(op_code_place_list_deinit)

/** All that follow append to @p list, each instruction once, and need the module's bytes. */
/** FILE:LINE. @param[out] ret_line the line that was taken, which may be a later one.
 * @return OP_ERROR_NOT_FOUND with a sentence. */
struct op_error *op_code_places_of_line(struct op_module_entry *module, struct op_debug_info *info,
					const char *file, uint32_t line, uint32_t *ret_line,
					struct op_code_place_list *list);
/** Every body of the functions of a name, behind its prologue. @param[in] file that declares them;
 * NULL: any. */
struct op_error *op_code_places_of_name(struct op_module_entry *module, struct op_debug_info *info,
					const char *file, const char *name,
					struct op_code_place_list *list);
/** A function of the module behind its prologue; nothing when the information does not know it. */
struct op_error *op_code_place_of_function(struct op_module_entry *module,
					   struct op_debug_info *info, uint32_t function,
					   struct op_code_place_list *list);
/** Whether a function has a name in the module itself: as shown, or demangled (with the namespaces
 * left out or not). */
bool op_source_function_is_named(struct op_module_entry *module, uint32_t function,
				 const char *name);
/** The first instruction at or behind @p pc, and before @p end, that runs whenever what stands
 * there runs: what only opens or closes a structure does not. @p pc when there is none. */
uint32_t op_code_first(const struct op_wasm_module *wasm, uint32_t pc, uint32_t end);

/** LINE, +N and -N are of the selected frame's file: its entry becomes FILE:LINE. */
struct op_error *op_breakpoint_localise(struct op_session *session,
					struct op_breakpoint_entry *entry);

#endif
