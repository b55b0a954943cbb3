// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a session, shared by the files of tracer/ and by nobody else.
#ifndef OP_TRACER_SESSION_H
#define OP_TRACER_SESSION_H

#include "base/array.h"
#include "base/cancel.h"
#include "base/text.h"
#include "platform/platform.h"
#include "target-runtime/artifact.h"
#include "target-runtime/image_set.h"
#include "target-runtime/memory.h"
#include "target-runtime/stack.h"
#include "target-runtime/wasm/module.h"
#include "tracer/outpost.h"
#include "tracer/source_answers.h"
#include "tracer/source_settings.h"
#include "tracer/trampoline_table.h"

struct op_patch_set;
struct op_agent;
struct op_breakpoint_set;
struct op_count_set;
struct op_log_sink;
struct op_trace_set;
struct op_step;
struct op_watch_set;
struct op_guest_state;
struct op_convenience;
struct op_guest_values;
struct op_item_lists;
struct op_call_trace;
struct op_catch_state;
struct op_node_arena;
struct op_new_image;
struct op_frame_position;
struct op_source_names;
struct op_source_shown;
struct op_source_state;
struct op_source_text;
struct op_shadow_functions;
struct op_frame_chain;
struct op_native_info;
struct op_host_modules;
struct op_process_info;
struct op_host_stretch;

/** A core module of an artifact, with the names that are shown. */
struct op_module_entry {
	struct op_module info;
	struct op_artifact *artifact;      /**< one reference */
	const struct op_wasm_module *wasm; /**< NULL without bytecode; borrowed from the artifact */
	char *name;
	char *file;  /**< on the command line, when it was found there; as the target writes it */
	char *unfit; /**< a file on the command line whose code is not this module's; as file */
	const char *
		*function_names; /**< by full index, filled when first asked for; owned strings */
	char **demangled_names;  /**< by full index; NULL: not asked for; "": it is not mangled */
	struct op_frame_position *frame_positions; /**< source_frame.c */
	struct OP_ARRAY(struct op_host_addr) copies;
	struct op_shadow_functions *shadow; /**< shadow_frames.c */
	struct op_native_info *native;      /**< NULL: not asked for yet (native_info.h) */
	struct op_source_state *source;     /**< NULL: not asked for yet (source.h) */
};

/** A walked stack with everything that its frames point to. */
struct op_stack_store {
	struct op_stack stack;
	struct OP_ARRAY(struct op_frame) frames;
	struct op_virtual_frame *virtual_frames; /**< by position; HOST frames leave theirs zero */
	size_t virtual_capacity;
	struct op_walk walk;
	char *incomplete;
	bool valid;
	bool interrupted; /**< somebody stopped the walk: good for that command only */
	bool arriving;    /**< of op_stacks_arrived(): a Wasm frame is one frame */
	int64_t thread;   /**< 0: suspended */
	size_t suspended;
	size_t limit;
};

/** Up to which frame of a stack the shadow stack was followed (shadow_frames.c). */
struct op_shadow_chain {
	uint64_t stop; /**< 0: nothing is known */
	int64_t thread;
	size_t suspended;
	uint32_t module;
	size_t count; /**< of frames that were passed; fp is the next one's */
	struct op_host_addr fp;
	uint64_t taken; /**< by them */
};

struct op_variable_list {
	struct OP_ARRAY(struct op_variable) items;
	struct OP_ARRAY(char *) names;
};

/** Breakpoints' traps that were in code which Wasmtime clones for new stores (patch_sweep.c). */
struct op_copied_patch;

struct op_session {
	struct op_session_options options;
	enum op_session_state state;
	struct op_cancel cancel;

	struct op_process *process; /**< NULL: none, or a file */
	void *reserve;              /**< what a detach needs where no memory is left; or NULL */
	char *core_program;         /**< escaped; of a core file; NULL: not known */
	bool launched;
	bool reaching_entry; /**< a launched program is on its way to its guest's first instruction
			      */
	bool watching;       /**< the run asks for OP_STOP_CODE_MAPPED */
	bool at_end; /**< stands at the program's end, where a person may still look at it */
	int64_t shown_thread; /**< whose stop a person saw last: it leaves its slot silently */
	enum op_scheduler_locking locking;
	bool step_mode; /**< steps by lines stop in functions without lines */
	/** A step has come to the line of a call that was inlined: so many of the bodies around
	 * the innermost frame's pc are not entered yet, and are no frames. */
	uint32_t hidden_bodies;
	int64_t hidden_thread;
	bool run_is_over;    /**< no thread needed to move for it: the wait tells at once */
	int64_t only_thread; /**< the one that this run lets run; 0: all */
	struct OP_ARRAY(struct op_host_addr) store_addresses; /**< by number; empty: look again */
	struct op_mappings mappings;
	struct OP_ARRAY(struct op_region) regions;
	struct op_memory raw_memory;
	struct op_memory_cache *cache;
	struct op_image_set *images;

	struct OP_ARRAY(struct op_module_entry *) modules;
	uint32_t next_module_id;
	bool modules_stale; /**< images changed and the modules could not follow yet */
	bool looks_again;   /**< op_session_refresh(): what cannot be read may be gone; ask again */
	struct OP_ARRAY(struct op_module) module_list;
	bool told_unknown_layout;
	bool hide_inlined; /**< op_session_set_inlined_frames() */

	int64_t selected_thread;
	bool suspended_selected;
	size_t selected_suspended;
	uint32_t selected_level;

	struct op_stack_store stack;
	struct op_shadow_chain shadow_chain;
	struct op_frame_chain *frame_chain; /**< of the stack (frame_registers.c); NULL: none */
	struct OP_ARRAY(struct op_thread_summary) summaries;
	struct OP_ARRAY(struct op_virtual_frame) summary_frames;
	struct op_suspended *suspended;
	size_t suspended_count;
	bool suspended_known;

	struct op_variable_list locals, operands;
	struct OP_ARRAY(struct op_function_info) functions;
	struct OP_ARRAY(char *) function_types;
	struct OP_ARRAY(struct op_disassembly_line) lines;
	struct OP_ARRAY(char *) line_texts;
	char *instruction_text;
	struct OP_ARRAY(struct op_memory_info) memories;
	struct OP_ARRAY(char *) memory_names;
	struct op_disassembler *disassembler;
	struct OP_ARRAY(struct op_result) history;           /**< $1 is the first */
	struct OP_ARRAY(struct op_convenience) conveniences; /**< expression_history.c */
	struct op_guest_values *guest_values;                /**< of results; NULL: none yet */

	struct op_guest_state *guest; /**< NULL until it is asked for, as the next three */
	struct op_arrived_state *arrived;
	struct op_item_lists *items;
	struct op_node_arena *nodes;
	struct op_source_shown *source_shown;
	struct op_source_names *source_names; /**< source_names.c */

	struct op_source_settings source_settings;
	struct op_host_modules *host_modules; /**< NULL: not asked for yet (host_modules.h) */
	struct op_host_stretch *host_stretch; /**< the same (host_stack.c) */
	struct op_process_info *process_info; /**< the same (process_info.c) */
	struct op_source_answers source_answers;
	struct op_source_text *source_text; /**< the file that was shown last; NULL: none */

	/** Images that may not be written to yet (new_code.c). */
	struct OP_ARRAY(struct op_new_image) new_images;
	uint32_t newest_image; /**< id */
	int new_code_interval; /**< until the next look at threads, in milliseconds */

	struct op_patch_set *patches;
	struct op_agent *agent;
	bool halted;  /**< all threads were stopped for an arrival; they go on with it */
	bool outside; /**< nothing is to be put into the target: op_session_set_inside() */
	struct op_count_set *counts;
	struct op_log_sink *log;
	struct op_trace_set *traces;
	struct op_copied_patch *copied;
	struct op_breakpoint_set *breakpoints;
	struct OP_ARRAY(struct op_trampoline_table) trampolines;
	struct op_call_trace *calls;    /**< NULL: trace-calls is off */
	struct op_catch_state *catches; /**< NULL until there is a catchpoint */
	struct op_step *step;
	struct op_watch_set *watches; /**< NULL: there never was one */
	int64_t behind_thread; /**< stands behind the instruction that it is shown at; 0: none */
	char *results_missing;
	struct op_value *results;
	struct op_result returned; /**< a finish's (returned.h) */
};

// session.c
/** Tell the front end something on the session's own account. */
void op_session_notice(struct op_session *session, enum op_notice_kind kind, const char *format,
		       ...) _printf_(3, 4);
/** Take over an opened, launched or otherwise made process; it is the session's also on an error.
 */
struct op_error *op_session_adopt(struct op_session *session, struct op_process *process);
/** Forget a target that has ended; OP_ERROR_STATE when there is another one. */
struct op_error *op_session_need_empty(struct op_session *session);
/** Forget the target; breakpoints stay as they were typed, for the next one. */
void op_session_drop_target(struct op_session *session);
/** What target-runtime needs to walk stacks, as of now. */
struct op_stack_context op_session_stack_context(struct op_session *session);
/** The cached view of the target's memory. */
struct op_memory op_session_memory(struct op_session *session);
/** Read mappings again: session->regions. */
struct op_error *op_session_read_regions(struct op_session *session);
/** Read mappings again, find images that came or went, follow with modules and breakpoints. */
struct op_error *op_session_refresh(struct op_session *session, bool *ret_changed);
/** Forget everything that was read: the target runs, or was written to. */
void op_session_forget(struct op_session *session);
/** While the target runs: stop all threads until the arrival that is being looked at has been dealt
 * with, so that what stubs write holds still. */
struct op_error *op_session_halt(struct op_session *session);
/** Forget patches, stubs and what they wrote without touching the target: it is gone. */
void op_session_forget_patches(struct op_session *session);
/** OP_ERROR_STATE with a fitting sentence unless the target is stopped. */
struct op_error *op_session_need_stopped(struct op_session *session);

// run.c
/** session->hidden_bodies, when the selected thread is the one that it is of; else 0. */
uint32_t op_session_hidden_bodies(const struct op_session *session);
// core.c
/** The same, and OP_ERROR_UNSUPPORTED for a core file: "WHAT: a core file cannot run; ...". */
struct op_error *op_session_need_live(struct op_session *session, const char *what);

// modules.c
struct op_error *op_modules_update(struct op_session *session);
void op_modules_clear(struct op_session *session);
/** The modules stay, but the process that they were read from goes. */
void op_modules_leave_memory(struct op_session *session);
struct op_error *op_modules_add_artifact(struct op_session *session, struct op_artifact *artifact,
					 const char *path);
struct op_module_entry *op_module_by_id(struct op_session *session, uint32_t id);
struct op_module_entry *op_module_by_artifact(struct op_session *session,
					      const struct op_artifact *artifact, uint32_t index);
/** The name of a function as shown: escaped, "function[N]" when it has none. Lives as long as the
 * module. */
const char *op_module_function_name(struct op_module_entry *module, uint32_t index);
/** Give a module its original bytes, which were found later. They belong to it. Copied. */
struct op_error *op_module_take_bytes(struct op_module_entry *module, const struct op_bytes *bytes);
/** A function that something else than the module's bytes shows: there are at least as many. */
struct op_error *op_module_has_function(struct op_module_entry *module, uint32_t index);
/** The module that a user named; NULL when none has that name. */
struct op_module_entry *op_module_by_name(struct op_session *session, const char *name,
					  size_t size);

// expression_result.c
/** The values of the guest's language that results of expressions point to. */
void op_guest_values_destroy(struct op_guest_values *values);
struct op_debug_info;
/** Forget values whose debug information goes; NULL: all. */
void op_guest_values_forget(struct op_session *session, const struct op_debug_info *info);

// module_file.c
/**
 * Find the file on the target's command line that a module was compiled from, into module->file;
 * where the image does not carry the original bytes and the file fits the compiled code, they are
 * taken from the file.
 */
struct op_error *op_module_find_file(struct op_session *session, struct op_module_entry *module);
/** Of a module whose original bytes are not known: what its unfit file adds to that. */
void op_module_unfit_text(const struct op_module_entry *module, struct op_text *text);

/** Whether compiled code and a parsed module belong together: the same functions, and each
 * function's positions inside its body. */
struct op_error *op_module_code_fits(struct op_module_entry *module,
				     const struct op_wasm_module *wasm, bool *ret);

// stacks.c
void op_stacks_forget(struct op_session *session);
void op_stacks_deinit(struct op_session *session);
/** Choose what commands refer to after a stop: @p thread, or when that is not in the guest
 * something that is. */
struct op_error *op_stacks_select_after_stop(struct op_session *session, int64_t thread,
					     bool prefer_guest);
/**
 * The innermost frame of a thread that has just reached the patch at @p address, while the others
 * may run. It holds until op_session_forget(), which must come before the thread runs on.
 */
struct op_error *op_stacks_arrived(struct op_session *session, int64_t thread, uint64_t address,
				   const struct op_frame **ret);
/** The virtual frame behind a public one; NULL for NULL. */
const struct op_virtual_frame *op_frame_virtual(const struct op_frame *frame);

// arguments.c
/** Whether an innermost frame of code that records no values is at its function's first machine
 * instruction. */
bool op_arguments_known(struct op_session *session, const struct op_virtual_frame *frame);
/**
 * The arguments of a function whose first machine instruction comes next, where its caller put
 * them: for code that records no values.
 * @param[in,out] values one for each local; those of parameters are filled in. Left alone when the
 * frame is not at such a place.
 */
struct op_error *op_arguments_read(struct op_session *session, const struct op_frame *frame,
				   struct op_variable *values, size_t count);

/**
 * Those of a function, or of a trampoline out of the guest, that @p thread stands at the first
 * machine instruction of. @param[in,out] values their types are set.
 */
struct op_error *op_arguments_of_call(struct op_session *session, int64_t thread,
				      const struct op_registers *registers, struct op_value *values,
				      size_t count);

// memory_access.c
/** One local; what op_session_locals() says of it. */
struct op_error *op_session_local(struct op_session *session, const struct op_frame *frame,
				  uint32_t index, struct op_value *ret);
/** Where a linear memory is: of the frame's instance, or of the one that commands mean. */
struct op_memory_state;
struct op_error *op_session_memory_state(struct op_session *session, const struct op_frame *frame,
					 uint32_t index, struct op_memory_state *ret);
void op_variable_list_deinit(struct op_variable_list *list);

#endif
