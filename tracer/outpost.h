// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * @file outpost.h
 * The public interface of liboutpost: an out-of-process debugger for WebAssembly that runs in
 * Wasmtime. Every front end is built on it.
 *
 * One thread uses a session (the operating systems tie a debugger to a thread);
 * op_session_interrupt() is the only call that a signal handler or another thread may make.
 * Functions that can fail return a struct op_error (owned by the caller), NULL for success.
 * Pointers in structs are borrowed from the session and hold until the target runs again, unless
 * said otherwise. Strings that come from the target are escaped already: they are safe on a
 * terminal.
 */
#ifndef OUTPOST_H
#define OUTPOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "target-runtime/value.h"

#ifdef __cplusplus
extern "C" {
#endif

struct op_session;

/** What the session tells on its own: one line, no newline at its end. */
enum op_notice_kind { OP_NOTICE_INFO, OP_NOTICE_WARNING };
typedef void (*op_notice_fn)(void *context, enum op_notice_kind kind, const char *text);

/** A line of a log point (op_session_log()), as its format says; it may end in a newline or not. */
typedef void (*op_log_fn)(void *context, uint32_t number, const char *text);

/** Zero-initialise; size is for growth. */
struct op_session_options {
	size_t size; /**< sizeof(struct op_session_options) */
	op_notice_fn notice;
	void *notice_context;
	op_log_fn log;
	void *log_context;
};

/** "0.1.0" */
OP_API const char *op_version(void);

/**
 * What a sandboxed program may have to do with. Zero-initialise; size is for growth. The strings
 * are borrowed until op_sandbox_leave().
 */
struct op_sandbox_options {
	size_t size;             /**< sizeof(struct op_sandbox_options) */
	int64_t pid;             /**< the process that may be opened; 0: none */
	const char *const *argv; /**< the program that may be started; NULL: none */
	const char *file;        /**< what is looked at is in this file; NULL: in none */
};
/**
 * Split the calling program in two for the rest of its life, before it has made a session: a child
 * traces the target, and the caller, which decodes what the target holds, gives up its rights. It
 * runs as the target's user then (when it was root), without capabilities, opens files for reading
 * only, and starts, signals and connects to nothing. Sessions work as before. What they cannot do
 * fails with OP_ERROR_UNSUPPORTED.
 */
OP_API struct op_error *op_sandbox_enter(const struct op_sandbox_options *options);
/** Before the program ends: wait for the child's end. Fine without a sandbox. */
OP_API void op_sandbox_leave(void);
/** NULL, or in a sandbox the OP_ERROR_UNSUPPORTED that @p what ("start other programs") cannot be
 * done there. */
OP_API struct op_error *op_sandbox_refuse(const char *what);

OP_API struct op_error *op_session_create(const struct op_session_options *options,
					  struct op_session **ret);
/** Detaches (or kills a program that it launched and that was never detached). NULL is fine. */
OP_API void op_session_destroy(struct op_session *session);

enum op_session_state {
	OP_SESSION_EMPTY,   /**< no target */
	OP_SESSION_STOPPED, /**< every thread of the target is stopped */
	OP_SESSION_RUNNING,
	OP_SESSION_LOOKING, /**< opened for looking only (op_session_look): never stopped */
	OP_SESSION_EXITED,
};
OP_API enum op_session_state op_session_state(const struct op_session *session);
/** 0 when there is none. */
OP_API int64_t op_session_process_id(const struct op_session *session);

/** Attach to a running process; it is stopped afterwards. Refuses a process in which no Wasmtime
 * image is found unless @p allow_empty. */
OP_API struct op_error *op_session_attach(struct op_session *session, int64_t pid,
					  bool allow_empty);
/** Open a process for looking at its images without stopping it. */
OP_API struct op_error *op_session_look(struct op_session *session, int64_t pid);
/** Stop a process that was opened by op_session_look(): images are known already, so the pause is
 * short. */
OP_API struct op_error *op_session_stop_looked(struct op_session *session);
/** Open a .cwasm file: modules, functions and disassembly only. */
OP_API struct op_error *op_session_open_artifact(struct op_session *session, const char *path);
/** How to open a core file. Zero-initialise; size is for growth. */
struct op_core_open_options {
	size_t size;         /**< sizeof(struct op_core_open_options) */
	const char *program; /**< the executable, instead of the one that the core names; NULL */
	const char *sysroot; /**< a folder with the files of the machine where it ran; NULL: none */
	bool allow_empty;    /**< also when no Wasmtime image is found */
	/** Of a Wasm core dump: the files of its modules, where they are known. */
	const char *const *modules;
	size_t module_count;
};
struct op_event;
/**
 * Open a core file (ELF: the kernel's, gcore's, systemd-coredump's, compressed or not; or a Wasm
 * core dump) as a process that is stopped for good: OP_SESSION_STOPPED. What needs a process that
 * can run fails with OP_ERROR_UNSUPPORTED; op_session_detach() closes it. What is missing is told
 * as warnings.
 * @param[out] ret how it ended: OP_REASON_CORE.
 * @return OP_ERROR_IO, OP_ERROR_FORMAT, OP_ERROR_UNSUPPORTED (another machine's),
 * OP_ERROR_NOT_FOUND (a program that does not fit), OP_ERROR_NOT_WASMTIME.
 */
OP_API struct op_error *op_session_open_core(struct op_session *session, const char *path,
					     const struct op_core_open_options *options,
					     struct op_event *ret);
/** Whether a file begins like a core file, or like a compressed one. */
OP_API bool op_session_is_core_file(const char *path);
/** Whether a stopped program has come to its end meanwhile: somebody has killed it. A run tells
 * how; nothing else can be done with it. */
OP_API bool op_session_is_dying(struct op_session *session);
/** Whether the target has come to its end or is about to, whatever it was opened for: what fails
 * then fails for that. */
OP_API bool op_session_has_died(const struct op_session *session);
/** An error (taken) of the target's says so when it has died meanwhile: OP_ERROR_PROCESS_GONE. NULL
 * for NULL. */
OP_API struct op_error *op_session_blame_death(const struct op_session *session,
					       struct op_error *err);
/** Whether the target is a core file. */
OP_API bool op_session_is_core(const struct op_session *session);
/** What is known of an open core file. Borrowed until it is closed. */
struct op_core_report {
	const char *path;           /**< as it was given */
	const char *program;        /**< as the core file names it; NULL: not known */
	const char *const *remarks; /**< what is missing from it: sentences */
	size_t remark_count;
};
/** OP_ERROR_STATE: the target is none. */
OP_API struct op_error *op_session_core(struct op_session *session, struct op_core_report *ret);

/** Zero-initialise, size is sizeof. */
struct op_write_core_options {
	size_t size;
	bool no_copy; /**< keep the process stopped while its memory is written, and nothing else */
};
/** What was written. */
struct op_written_core {
	uint64_t size;         /**< of the file */
	uint64_t stored;       /**< bytes of it that take room; the others are holes */
	size_t threads;        /**< with their registers */
	size_t missing;        /**< threads that were dying */
	uint64_t unread;       /**< bytes that should be in it and could not be read: zeros */
	uint64_t omitted;      /**< bytes of shared memory that were too many to copy: left out */
	bool from_copy;        /**< the process ran on while it was written */
	bool while_running;    /**< of a copy that outpost made before, while it ran; else it made
				  one of itself */
	char no_copy_why[256]; /**< why not, when not */
	uint64_t stop_ns;      /**< how long the process had to stand still for it */
};
/**
 * Write an ELF core file of the stopped target: it appears at @p path whole or not at all, readable
 * by its owner only, in place of a file that was there. The code is in it as Wasmtime wrote it.
 * @return OP_ERROR_IO, OP_ERROR_UNSUPPORTED (of a core file), OP_ERROR_INTERRUPTED.
 */
OP_API struct op_error *op_session_write_core(struct op_session *session, const char *path,
					      const struct op_write_core_options *options,
					      struct op_written_core *ret);
/** The stopped target as it is at this moment, for a core file that is written while it runs on. */
struct op_frozen_core;
/**
 * Freeze the stopped target. Each one ends with op_session_thaw_core().
 * @return OP_ERROR_UNSUPPORTED of a core file, and where the target makes no copy of itself: it
 * would have to stand until all is written, which is op_session_write_core().
 */
OP_API struct op_error *op_session_freeze_core(struct op_session *session,
					       struct op_frozen_core **ret);
/** Write it, as op_session_write_core() does, and let go of the memory that it holds: once. Any
 * thread may do it, whatever the session does meanwhile. */
OP_API struct op_error *op_session_write_frozen_core(struct op_frozen_core *core, const char *path,
						     struct op_written_core *ret);
/**
 * Only in a child of the process that outpost is (fork(2)), and there only once, before it ends
 * with _exit(): what is frozen is the session's target from here on, with everything that the
 * session knows of it and has selected, while the parent lets the process itself run on. It is as a
 * core file is: what needs a process that runs fails with OP_ERROR_UNSUPPORTED.
 */
OP_API struct op_error *op_session_use_frozen_core(struct op_session *session,
						   struct op_frozen_core *core);
/** Free it (taken), written or not. The target is stopped, or gone; nobody writes it any more. When
 * it was detached from it is stopped once more, for a moment. */
OP_API struct op_error *op_session_thaw_core(struct op_session *session,
					     struct op_frozen_core *core);
/**
 * The same of a process that is not the session's: it is stopped for as short as possible, and runs
 * on while its core is written. The session has no target.
 */
OP_API struct op_error *op_session_write_core_of(struct op_session *session, int64_t pid,
						 const char *path,
						 const struct op_write_core_options *options,
						 struct op_written_core *ret);
/** What op_session_write_wasm_core() wrote. */
struct op_written_wasm_core {
	uint64_t size, stored; /**< of the file; bytes of linear memory in it */
	size_t threads, frames, modules, instances, memories, globals;
	size_t unknown_offsets;   /**< frames whose place in their function is not known: 0 */
	size_t unknown_values;    /**< locals and operands that are missing */
	size_t null_references;   /**< globals whose reference the format cannot hold: null */
	size_t unknown_instances; /**< whose memories and globals are not known: without any */
};
/**
 * Write the guest of the stopped target, a core file's too, as a Wasm core dump
 * (WebAssembly/tool-conventions, Coredump.md, with Wasmtime's additions). The file appears as that
 * of op_session_write_core() does.
 * @return OP_ERROR_IO, OP_ERROR_STATE, OP_ERROR_INTERRUPTED.
 */
OP_API struct op_error *op_session_write_wasm_core(struct op_session *session, const char *path,
						   struct op_written_wasm_core *ret);
/** Start a program and run it to the first instruction of its guest, through programs that it
 * becomes on the way. Ends OP_SESSION_EXITED with the event when it never gets there. */
OP_API struct op_error *op_session_launch(struct op_session *session, const char *const *argv,
					  struct op_event *ret);
/** Leave the target running, byte for byte as it was. The session is empty afterwards. */
OP_API struct op_error *op_session_detach(struct op_session *session);
/** The same, but what was read of the modules stays until there is another target: of frames that
 * were copied, op_session_frame_source() and op_session_source_frames() still tell. */
OP_API struct op_error *op_session_detach_keep_modules(struct op_session *session);
OP_API struct op_error *op_session_kill(struct op_session *session);

// Threads and stacks --------------------------------------------------------------------------

enum op_frame_kind {
	OP_FRAME_WASM,
	OP_FRAME_HOST, /**< a stretch of host frames, folded */
};

/** One frame of a guest stack. */
struct op_frame {
	uint32_t level; /**< WASM: counts guest frames, 0 innermost; HOST: that of the guest frame
			   that made the call */
	enum op_frame_kind kind;
	const char *function;    /**< WASM: name or "function[3]"; HOST: name of the host call
				    ("fd_read") or "host" */
	uint32_t function_index; /**< full index */
	const char *module;      /**< module's name as shown */
	uint32_t module_id;      /**< see op_session_modules; UINT32_MAX for HOST */
	bool has_pc;
	uint32_t pc; /**< offset in the module's original bytes; a caller's frame: the call */
	uint32_t function_offset; /**< without pc, of a Wasm core dump: from the function body's
				     first byte; 0: not known */
	struct op_host_addr host_pc, fp;
	struct op_host_addr host_sp; /**< HOST: where the stretch begins */
	struct op_host_addr vmctx;   /**< 0: unknown */
	bool inlined;
	bool in_flight;     /**< inside the instruction at pc: its operand stack is being changed */
	bool dumped;        /**< of a Wasm core dump: it has no place in a host */
	bool no_values;     /**< compiled without guest-debug; or the dump has none */
	bool has_arguments; /**< ... but at its first machine instruction, where the parameters are
			       known by the calling convention */
	uint32_t local_count; /**< 0 when unknown */
	uint32_t param_count; /**< the first of the locals; 0 when unknown */
	uint32_t activation;  /**< 0 is the newest entry of the host into the guest */
	/**
	 * WASM, by the module's debug information, which is only read for frames that are asked for
	 * one by one or shown: see op_session_frame_source(). A body that the guest's compiler
	 * inlined is a frame of its own.
	 */
	bool source_inlined;
	uint32_t source_depth; /**< 0: the innermost body at its pc */
	const void *internal;  /**< the session's own */
};

/** One stack: a thread's, or a suspended guest's. */
struct op_stack {
	int64_t thread;            /**< 0: suspended, on no thread */
	char thread_name[64];      /**< escaped */
	struct op_host_addr store; /**< suspended: its store */
	const struct op_frame *frames;
	size_t count;
	const char *incomplete; /**< why the walk ended early; NULL when it is whole */
};

/** A frame of the host: of the runtime, the embedder or a library. */
struct op_host_frame {
	struct op_host_addr pc; /**< of a caller: where its call returns to */
	const char *function;   /**< demangled, escaped; NULL: no symbol is known there */
	uint64_t offset;        /**< of pc from the function's start */
	const char *object;     /**< name of the file that the code is from; "": none */
	uint64_t file_offset;   /**< of pc from where that file is mapped */
	const char *file;       /**< of the source; NULL: unknown */
	uint32_t line;
	bool inlined; /**< a body within the next one */
};
/** An address of the host's code on a stack, innermost first. */
struct op_host_return {
	struct op_host_addr pc, sp;
	bool is_return_address; /**< the instruction that is executed ends there */
};
/**
 * Unwind a stretch of host frames of the stack that was asked for last.
 * @param[in] at index of a HOST frame in stack->frames: the frames between it and the guest's
 * caller; stack->count: those outside the guest's outermost frame, or all of a thread that is not
 * in the guest.
 * @param[out] ret owned by the session until the next call. @param[out] ret_incomplete why it ends
 * early; NULL when it is whole; as long.
 */
OP_API struct op_error *op_session_host_stretch(struct op_session *session,
						const struct op_stack *stack, size_t at,
						const struct op_host_return **ret,
						size_t *ret_count, const char **ret_incomplete);
/**
 * What is at one of these addresses: bodies that were inlined there, innermost first, then the
 * function. Works when the program runs again as well. Owned by the session until the next call.
 */
OP_API struct op_error *op_session_host_frames(struct op_session *session,
					       const struct op_host_return *place,
					       const struct op_host_frame **ret, size_t *ret_count);

/** Number of threads, and stacks of suspended guests. Walks the innermost frames only. */
struct op_thread_summary {
	int64_t id;
	char name[64];
	bool in_guest;         /**< frame is valid */
	bool host_call;        /**< ... and the guest is inside a host call */
	struct op_frame frame; /**< innermost guest frame */
	bool selected;
};
OP_API struct op_error *op_session_threads(struct op_session *session,
					   const struct op_thread_summary **ret, size_t *ret_count);
/** Guests that wait in an async host call and are on no thread: how many there are. */
OP_API struct op_error *op_session_suspended_count(struct op_session *session, size_t *ret);

/** The whole stack of a thread (at most @p limit frames, 0: a million). Owned by the session until
 * it runs or until the stack is asked again. */
OP_API struct op_error *op_session_thread_stack(struct op_session *session, int64_t thread,
						size_t limit, const struct op_stack **ret);
OP_API struct op_error *op_session_suspended_stack(struct op_session *session, size_t index,
						   size_t limit, const struct op_stack **ret);

/** The thread and frame that commands without a thread refer to: after a stop the one that stopped,
 * in frame 0. */
OP_API int64_t op_session_selected_thread(const struct op_session *session);
/** OP_ERROR_NOT_FOUND: no such thread. 0 with a suspended index selects a suspended guest. */
OP_API struct op_error *op_session_select_thread(struct op_session *session, int64_t thread);
OP_API struct op_error *op_session_select_suspended(struct op_session *session, size_t index);
/** The selected stack (thread's or suspended). OP_ERROR_STATE when the thread has no guest frames.
 */
OP_API struct op_error *op_session_selected_stack(struct op_session *session, size_t limit,
						  const struct op_stack **ret);
OP_API uint32_t op_session_selected_level(const struct op_session *session);
OP_API struct op_error *op_session_select_level(struct op_session *session, uint32_t level);
/** The selected frame. */
OP_API struct op_error *op_session_selected_frame(struct op_session *session,
						  const struct op_frame **ret);

struct op_variable {
	uint32_t index;
	const char *name; /**< NULL when the module gives none */
	struct op_value value;
};
/** The locals, parameters first. Owned by the session until the next call. Not compiled for
 * guest-debug: values carry the reason; names and types from the bytecode if there is any. */
OP_API struct op_error *op_session_locals(struct op_session *session, const struct op_frame *frame,
					  const struct op_variable **ret, size_t *ret_count);
/**
 * The operand stack, bottom first; variables' index counts from the bottom. Owned by the session
 * until the next call.
 * @param[out] ret_reason OP_VALUE_PRESENT, or why there is no knowing (then *ret_count is 0).
 */
OP_API struct op_error *op_session_operands(struct op_session *session,
					    const struct op_frame *frame,
					    const struct op_variable **ret, size_t *ret_count,
					    enum op_value_state *ret_reason);

// Source level --------------------------------------------------------------------------------

/** What the guest's debug information says of a frame's place. Strings are escaped. */
struct op_frame_source {
	const char *function;   /**< "ns::Shape::area"; NULL: not known */
	const char *language;   /**< "c", "c++", "rust", ...; NULL: not known */
	const char *file;       /**< as DWARF has it, after substitute-path; NULL: not known */
	const char *short_file; /**< without the folder that it was compiled in */
	uint32_t line;          /**< 0: made by the compiler */
	uint32_t column;        /**< 0: not known */
	bool exact;             /**< its pc is where the line's code begins (is_stmt) */
	uint64_t body; /**< of its module: the same for all frames of one body; 0: not known */
	const char *missing; /**< why nothing is known; NULL otherwise */
};
/** Owned by the session until the target runs. Errors only when the target is gone. */
OP_API struct op_error *op_session_frame_source(struct op_session *session,
						const struct op_frame *frame,
						struct op_frame_source *ret);
/**
 * How many frames of the guest's language one Wasm frame is: the bodies that were inlined into each
 * other at its pc, and the function; 1 where nothing is known. For stacks without such frames (see
 * op_session_set_inlined_frames()), to be told apart by source_depth and source_inlined.
 */
OP_API struct op_error *op_session_source_frames(struct op_session *session,
						 const struct op_frame *frame, uint32_t *ret);
/** Whether bodies that the guest's compiler inlined are frames of their own (as at first). */
OP_API void op_session_set_inlined_frames(struct op_session *session, bool shown);

/** A line of a source file. */
struct op_source_line {
	uint32_t number;
	const char *text; /**< escaped, tabs kept */
	bool has_code;    /**< some instruction belongs to it */
};
/**
 * Lines [first, first + count) of a source file, as far as it reaches; of a file that is named as
 * for a breakpoint, or by a frame. Files are looked for by the path in the debug information (after
 * substitute-path), beside the module's file, in the folders of the search path.
 * Owned by the session until the next call. @return OP_ERROR_NOT_FOUND with the places where it was
 * looked for.
 */
OP_API struct op_error *op_session_source_lines(struct op_session *session, const char *file,
						uint32_t first, uint32_t count,
						const char **ret_path,
						const struct op_source_line **ret,
						size_t *ret_count);
/** Folders to look for source files in, and rules for paths that moved: a path that begins with
 * @p from (at a '/') begins with @p to instead; also for breakpoints. NULL: forget all. */
OP_API struct op_error *op_session_add_source_folder(struct op_session *session,
						     const char *folder);
OP_API struct op_error *op_session_substitute_path(struct op_session *session, const char *from,
						   const char *to);
/** Whether debuginfod servers (DEBUGINFOD_URLS) are asked for what is not found here; at first they
 * are not. */
OP_API void op_session_set_debuginfod(struct op_session *session, bool enabled);
/** The search path's folders. Borrowed until it changes. */
OP_API const char *const *op_session_source_folders(const struct op_session *session,
						    size_t *ret_count);
/** A rule for paths that moved, by number, the newest first; false behind the last. Borrowed until
 * they change. */
OP_API bool op_session_path_rule(const struct op_session *session, size_t index,
				 const char **ret_from, const char **ret_to);
/** NULL: none is set. */
OP_API const char *op_session_module_path(const struct op_session *session);
/** Where modules' files (with debug information) are looked for: a file or a folder; NULL: nowhere
 * else than as always. */
OP_API struct op_error *op_session_set_module_path(struct op_session *session, const char *path);

/** A stretch of code that belongs to one place of a source file. Strings are escaped. */
struct op_source_range {
	uint32_t module_id;
	const char *module;
	const char *function; /**< the innermost body's name, else the Wasm function's */
	uint32_t pc, end_pc;
	const char *file; /**< after substitute-path */
	uint32_t line;
	uint32_t column;   /**< 0: not known */
	bool is_statement; /**< a place for breakpoints */
};
/** What a person names: a place in a source file, and the code where it was named by code. */
struct op_source_position {
	uint32_t module_id;
	const char *module;
	const char *file; /**< after substitute-path */
	uint32_t line;
	bool has_pc; /**< it was a function or an address: pc */
	uint32_t pc;
};
/**
 * SPEC: FILE:LINE | LINE (of @p default_file) | FUNCTION | *OFFSET, each with MODULE! in front if
 * wanted. Owned by the session until the next call.
 * @param[in] frame its module is preferred; may be NULL.
 * @param[in] default_file NULL: there is none.
 * @return OP_ERROR_NOT_FOUND: nothing is called so. OP_ERROR_UNSUPPORTED: the module has no debug
 * information (for this code), with the sentence that says why.
 */
OP_API struct op_error *op_session_source_position(struct op_session *session,
						   const struct op_frame *frame, const char *spec,
						   const char *default_file,
						   struct op_source_position *ret);
/** All code of a line, over all modules; none: *ret_count is 0. @param[in] file as for a
 * breakpoint. Owned by the session until the next call. */
OP_API struct op_error *op_session_source_ranges(struct op_session *session, const char *file,
						 uint32_t line, const struct op_source_range **ret,
						 size_t *ret_count);
/** The code around @p pc that belongs to one place of a source file; *ret_found false: to none. */
OP_API struct op_error *op_session_source_range_at(struct op_session *session, uint32_t module_id,
						   uint32_t pc, bool *ret_found,
						   struct op_source_range *ret);
struct op_source_file {
	uint32_t module_id;
	const char *module;
	const char *file; /**< after substitute-path, escaped */
};
/** The source files of all modules whose path matches a shell pattern (NULL: all), by module. Owned
 * by the session until the next call. */
OP_API struct op_error *op_session_source_files(struct op_session *session, const char *pattern,
						const struct op_source_file **ret,
						size_t *ret_count);
/** What is known of a place in the code and where from. Strings are escaped. */
struct op_source_summary {
	uint32_t module_id;
	const char *module;
	const char *missing; /**< why the module has no debug information; then nothing below */
	const char *origin;  /**< the file that it was taken from; NULL: the image itself */
	const char *file;    /**< of the place's line; NULL: not known */
	const char *path;    /**< where that file is here; NULL: nowhere */
	const char *unit;    /**< DW_AT_name of the compilation unit; NULL: no unit has the place */
	const char *directory; /**< the compiler's; "" when it is not recorded */
	const char *producer;  /**< "" when it is not recorded */
	const char *language;
	unsigned version; /**< of DWARF */
};
/** Of the place that a frame is at; or of a module alone, when it has no pc. Owned by the session
 * until the next call. */
OP_API struct op_error *op_session_source_summary(struct op_session *session, uint32_t module_id,
						  bool has_pc, uint32_t pc,
						  struct op_source_summary *ret);

/**
 * Have all that a module says of its source in the process's memory, which is read as it is needed
 * otherwise: before op_session_detach_keep_modules().
 */
OP_API struct op_error *op_session_source_fetch(struct op_session *session, uint32_t module_id);

/**
 * What a name of a function of the guest's language that begins with @p prefix may go on with, over
 * all modules, each once: "ns::f" for "ns::", and for "f" too. Owned by the session until the next
 * call.
 */
OP_API struct op_error *op_session_complete_function(struct op_session *session, const char *prefix,
						     const char *const **ret, size_t *ret_count);
/** A variable that can be seen at a place in the code. Strings are escaped. */
struct op_scope_variable {
	const char *name;
	const char *declaration; /**< "struct node *list" */
	const char *kind;        /**< "parameter", "local", "static", "constant" */
	const char *function;    /**< whose it is: one of the bodies around the place */
	const char *file;        /**< of its declaration, after substitute-path; NULL: not known */
	uint32_t line;
	unsigned depth; /**< of blocks: 0 is the function's own */
	bool shadowed;  /**< a variable of an inner block has its name */
};
/**
 * The variables at @p pc: those of the innermost body first, then of the bodies that it is inlined
 * into. Owned by the session until the next call.
 * @return OP_ERROR_UNSUPPORTED: the module has no debug information (for this code), with the
 * sentence that says why.
 */
OP_API struct op_error *op_session_source_scope(struct op_session *session, uint32_t module_id,
						uint32_t pc, const struct op_scope_variable **ret,
						size_t *ret_count);

enum op_source_node_kind {
	OP_SOURCE_NODE_SCALAR,  /**< number, character, boolean, enumerator: text */
	OP_SOURCE_NODE_POINTER, /**< text; children are not followed */
	OP_SOURCE_NODE_STRING, /**< text in quotes, of a pointer to characters behind its address */
	OP_SOURCE_NODE_STRUCT, /**< members, variants' fields, bases; a summary where a type is
				  known to outpost ("std::vector of length 3") */
	OP_SOURCE_NODE_ARRAY,  /**< elements; of vectors, slices, lists too */
	OP_SOURCE_NODE_MAP,    /**< children are key, value, key, value; length counts pairs */
	OP_SOURCE_NODE_MISSING, /**< problem */
};
/** "scalar", "pointer", ... Static. */
OP_API const char *op_source_node_kind_name(enum op_source_node_kind kind);
/** A value of the guest's language, as it is shown. Strings are escaped. */
struct op_source_node {
	enum op_source_node_kind kind;
	const char *name;    /**< of a variable or member; NULL: an element, or a result */
	bool is_base;        /**< name is that of the base class */
	bool is_static;      /**< a member of the class rather than of the object */
	bool is_reference;   /**< all that follows is of what it refers to */
	bool is_tuple;       /**< STRUCT, ARRAY: written in parentheses, without names */
	bool is_rust;        /**< written as Rust does: name: value, [element] */
	uint64_t repeats;    /**< an element that stands for so many equal ones in a row; 0: one */
	const char *type;    /**< "struct node *"; NULL: not known */
	const char *text;    /**< SCALAR, POINTER, STRING: "42", "97 'a'", "ADD", "0x1234 <main>" */
	const char *summary; /**< variant ("Some"), container; NULL: none */
	const char *problem; /**< why it, or a part of it, is not known; NULL otherwise */
	bool has_place;
	uint32_t memory;
	uint64_t address, size; /**< bytes in linear memory, when it has a place */
	bool recovered;         /**< read through the shadow stack of code without guest-debug */
	bool native;            /**< by the image's native debug information (-D debug-info) */
	bool shadowed;          /**< a variable of an inner block has its name */
	uint64_t length;        /**< children in all */
	const struct op_source_node *children;
	size_t child_count;
	bool cut; /**< too deep, or too long, to show all children */
};
struct op_source_limits {
	unsigned depth;  /**< levels of aggregates; 0: 20 */
	size_t elements; /**< of arrays and containers, characters of strings; 0: 200 */
	size_t repeats;  /**< more equal elements in a row than this are one; 0: 10 */
	char format;     /**< of numbers, as print/x: 'x', 'd', 'u', 'o', 't', 'c', 'f', 'a', 's';
			    0: natural */
	bool plain;      /**< containers and strings as the structs that they are */
	bool object; /**< a base class of C++ that a pointer or reference leads to is shown as the
			object that it is a part of */
};
enum op_source_variables { OP_SOURCE_ARGUMENTS, OP_SOURCE_LOCALS };
/**
 * The variables of a frame's body, arguments in order, locals from the inside out.
 * Owned by the session until the next call.
 * @param[out] ret_missing why there are none to be known (no debug information, ...); NULL
 * otherwise.
 */
OP_API struct op_error *op_session_source_variables(struct op_session *session,
						    const struct op_frame *frame,
						    enum op_source_variables which,
						    const struct op_source_limits *limits,
						    const struct op_source_node **ret,
						    size_t *ret_count, const char **ret_missing);
/** A result of op_session_evaluate() whose type is the guest's (op_result.guest_value is set), as
 * it is shown. Owned by the session until the next call. */
struct op_result;
OP_API struct op_error *op_session_source_node(struct op_session *session,
					       const struct op_frame *frame,
					       const struct op_result *result,
					       const struct op_source_limits *limits,
					       const struct op_source_node **ret);
/** What stands above the columns of a layout. */
#define OP_SOURCE_TYPE_LAYOUT_HEAD "/* offset      |    size */  "
enum op_source_type_form {
	OP_SOURCE_TYPE_NAME,       /**< as whatis */
	OP_SOURCE_TYPE_DEFINITION, /**< with members, as ptype */
	OP_SOURCE_TYPE_LAYOUT, /**< and where they are, as ptype/o; all lines but the first have two
				  columns in front */
};
/** The type of an expression or a type's name ("struct node", "u32"), without evaluating.
 * Owned by the session until the next call. */
OP_API struct op_error *op_session_source_type(struct op_session *session,
					       const struct op_frame *frame, const char *expression,
					       enum op_source_type_form form, const char **ret);
enum op_source_listing { OP_SOURCE_TYPES, OP_SOURCE_GLOBALS };
/** A type or a variable outside of functions, as debug information names it. Strings are escaped.
 */
struct op_source_name {
	uint32_t module_id;
	const char *module;
	const char *name; /**< qualified: "ns::Shape" */
	const char
		*declaration; /**< "struct ns::Shape", "typedef unsigned int u32", "int counter" */
	const char *file;     /**< as DWARF has it, after substitute-path; NULL: not known */
	uint32_t line;        /**< 0: not known */
};
/**
 * What the debug information of all modules names, by module, file, and line.
 * @param[in] pattern a shell pattern of qualified names; NULL: all.
 * Owned by the session until the next call.
 * @return OP_ERROR_UNSUPPORTED when no module has debug information, with the reason.
 */
OP_API struct op_error *op_session_source_names(struct op_session *session,
						enum op_source_listing which, const char *pattern,
						const struct op_source_name **ret,
						size_t *ret_count);

// Modules and functions -----------------------------------------------------------------------

/** A core module of the guest (a component has several). */
struct op_module {
	uint32_t id;         /**< of the session; stays while the module's artifact is loaded */
	const char *name;    /**< as shown and as typed in MODULE!... */
	uint32_t index;      /**< static module index in its artifact */
	bool is_component;   /**< part of a component */
	const char *version; /**< Wasmtime's version string in the image; "": of a Wasm core dump */
	bool layout_known;   /**< false: newer than outpost knows */
	bool has_guest_debug, has_slots, has_bytecode, has_address_map, has_symbols,
		has_dwarf;       /**< recorded in its artifact */
	bool has_file_bytes;     /**< the original bytes were found in the file that the process was
				    started with, and fit the code */
	bool made_up;            /**< of a Wasm core dump, and nobody has its bytes: it has what the
				    dump tells, no functions' code, no names, types, tables, exports */
	uint32_t function_count; /**< imported and defined; 0 when unknown */
	uint32_t imported_functions;
	uint64_t text_size;                /**< native code bytes of its artifact */
	const char *path;                  /**< of the .cwasm, or "" when compiled in memory */
	const struct op_host_addr *copies; /**< base address of every copy in memory */
	size_t copy_count;
};
OP_API struct op_error *op_session_modules(struct op_session *session, const struct op_module **ret,
					   size_t *ret_count);

struct op_function_info {
	uint32_t module_id;
	uint32_t index;   /**< full function index */
	const char *name; /**< escaped; "function[N]" when there is none */
	const char *type; /**< "(i32) -> (i32)"; "" when unknown */
	bool imported;
	uint32_t pc, end_pc;  /**< body in the original bytes; both 0 when unknown */
	uint32_t native_size; /**< 0: imported or unknown */
};
/** All functions of a module whose name matches the shell pattern (NULL: all). Owned by the session
 * until the next call. */
OP_API struct op_error *op_session_functions(struct op_session *session, uint32_t module_id,
					     const char *pattern,
					     const struct op_function_info **ret,
					     size_t *ret_count);

/** A line of a disassembly. */
struct op_disassembly_line {
	bool native;                 /**< a machine instruction, else a Wasm one */
	uint32_t pc;                 /**< Wasm */
	struct op_host_addr host_pc; /**< native */
	uint32_t size;
	const char *text;
	bool current;    /**< the frame's pc */
	bool breakpoint; /**< an enabled breakpoint is here */
};
enum op_disassembly_flavour { OP_DISASSEMBLE_WASM, OP_DISASSEMBLE_NATIVE, OP_DISASSEMBLE_MIXED };
/** Disassemble a function. @param[in] frame marks its pc as current; may be NULL. Owned by the
 * session until the next call. */
OP_API struct op_error *
op_session_disassemble(struct op_session *session, uint32_t module_id, uint32_t function,
		       enum op_disassembly_flavour flavour, const struct op_frame *frame,
		       const struct op_disassembly_line **ret, size_t *ret_count);
/** The text of the Wasm instruction at @p pc, and its size. Owned by the session until the next
 * call. */
OP_API struct op_error *op_session_instruction(struct op_session *session, uint32_t module_id,
					       uint32_t pc, const char **ret_text,
					       uint32_t *ret_size);

// Memory and expressions ----------------------------------------------------------------------

struct op_memory_info {
	uint32_t index;
	const char *name; /**< NULL when it has none */
	struct op_host_addr base;
	uint64_t size; /**< bytes */
	bool imported;
};
/** The linear memories of a frame's instance. Owned by the session until the next call. */
OP_API struct op_error *op_session_memories(struct op_session *session,
					    const struct op_frame *frame,
					    const struct op_memory_info **ret, size_t *ret_count);
/** Read from a linear memory. Out of its bounds: OP_ERROR_UNREADABLE, said in guest terms. */
OP_API struct op_error *op_session_read_memory(struct op_session *session,
					       const struct op_frame *frame, uint32_t memory,
					       uint64_t offset, void *buffer, size_t size);
OP_API struct op_error *op_session_write_memory(struct op_session *session,
						const struct op_frame *frame, uint32_t memory,
						uint64_t offset, const void *buffer, size_t size);

enum op_source_kind {
	OP_SOURCE_NONE,
	OP_SOURCE_MEMORY,
	OP_SOURCE_GLOBAL,
	OP_SOURCE_TABLE,
	OP_SOURCE_FIELD
};
enum op_range_kind {
	OP_RANGE_NONE,
	OP_RANGE_ARRAY, /**< elements of the array that value refers to */
	OP_RANGE_TABLE,
	OP_RANGE_TABLE_ELEMENT, /**< one that Wasmtime has not written yet, or cannot be had as a
				   value */
};

/**
 * Evaluate an expression in a frame: $local0, $NAME, NAME (a local's name), $arg0 (a parameter),
 * $stack0 (0 is the bottom), $pc, $N (history value), integers in C syntax and floats, unary and
 * binary operators of C and ?:, casts to the types of $mem; and $mem[ADDR:TYPE] with TYPE one of i8
 * u8 i16 u16 i32 u32 i64 u64 f32 f64 v128 ($mem1[...] for another memory); $global.NAME and
 * $globalN; $table.NAME[3] and $tableN[3]; of references to GC objects .fieldN, .N, .NAME, [3] and
 * the range [2..5], which is the elements 2, 3 and 4; *REFERENCE is the object itself.
 */
struct op_result {
	struct op_value value;
	bool is_unsigned; /**< of an integer: show it as such */
	bool has_place;   /**< it can be assigned: guest_memory, guest_offset, width */
	uint32_t guest_memory;
	uint64_t guest_offset;
	unsigned width;   /**< bytes */
	uint32_t history; /**< number of this value in the value history: $N means it later; 0 when
			     it was not kept */
	enum op_source_kind source;        /**< what of the guest it was read from */
	struct op_host_addr place_address; /**< of a global or a field that can be assigned; 0: it
					      cannot, or it is in guest memory */
	struct op_host_addr store; /**< of a reference: the VMStoreContext that it belongs to; 0:
				      that of the scope */
	uint64_t stop; /**< of a reference: the stop at which it was read; a garbage collector may
			  have moved the object since */
	/** Of a type of the guest's language: see op_session_source_node(). The session's; kept as
	 * long as the history. value is set too where it is a number. NULL: it is not. */
	const void *guest_value;
	const char *guest_type; /**< its type's name; NULL */
	/** Part of an array, or of a table (then value says nothing). */
	enum op_range_kind range;
	uint64_t range_first, range_count;
	uint32_t table;
};
/** The bytes of a floating-point number that a value of the guest's language, an array or a
 * pointer, leads to; 0: it leads to none. */
OP_API unsigned op_session_result_float_size(const struct op_result *result);
OP_API struct op_error *op_session_evaluate(struct op_session *session,
					    const struct op_frame *frame, const char *expression,
					    struct op_result *ret);
/** The same; the value is not kept in the history. */
OP_API struct op_error *op_session_evaluate_once(struct op_session *session,
						 const struct op_frame *frame,
						 const char *expression, struct op_result *ret);
/** PLACE = EXPRESSION; OP_ERROR_UNSUPPORTED with the reason for a local or a stack slot (compiled
 * code keeps them in registers). */
OP_API struct op_error *op_session_assign(struct op_session *session, const struct op_frame *frame,
					  const char *place, const char *expression);

// Breakpoints ---------------------------------------------------------------------------------

struct op_location {
	uint32_t module_id;
	const char *module;
	uint32_t function_index;
	const char *function; /**< the guest's own name for the body there, where it is known */
	uint32_t pc;
	size_t places;          /**< patched slots, over all copies */
	const char *file;       /**< of the source line; NULL: not known */
	const char *short_file; /**< without the folder that it was compiled in */
	uint32_t line;
};
/** What is done where a breakpoint is. */
enum op_breakpoint_action {
	OP_ACTION_STOP,
	OP_ACTION_COUNT, /**< a counter: see op_session_count() */
	OP_ACTION_LOG,   /**< a log point: see op_session_log() */
	OP_ACTION_TRACE, /**< a trace: see op_session_trace() */
	OP_ACTION_WATCH, /**< a watchpoint that code checks: see op_session_watch_software() */
};
/** "stop", "count", ... as JSON shows it. Static. */
OP_API const char *op_breakpoint_action_name(enum op_breakpoint_action action);

/** What a catchpoint waits for. */
enum op_catch_kind {
	OP_CATCH_NONE, /**< it is a breakpoint */
	OP_CATCH_TRAP,
	OP_CATCH_THROW,
	OP_CATCH_UNCAUGHT, /**< a throw that nothing in its activation catches */
	OP_CATCH_HOST,
	OP_CATCH_HOST_ERROR,
	OP_CATCH_EPOCH,
	OP_CATCH_MEMORY_GROW,
	OP_CATCH_LOAD,
	OP_CATCH_INSTANTIATE,
	OP_CATCH_SIGNAL,
	OP_CATCH_FORK,
	OP_CATCH_EXEC,
	OP_CATCH_THREAD,
	OP_CATCH_EXIT,
	OP_CATCH_COUNT,
};
/** "trap", "memory.grow", ... as it is typed. Static; NULL for OP_CATCH_NONE. */
OP_API const char *op_catch_kind_name(enum op_catch_kind kind);
/** The words for kinds of traps, as typed ("divide-by-zero"): the first for @p index 0, NULL behind
 * the last. Static. */
OP_API const char *op_trap_kind_word(size_t index);

/** What a breakpoint stops at. */
enum op_breakpoint_kind {
	OP_BREAKPOINT_PLACE,  /**< an instruction; has locations */
	OP_BREAKPOINT_WATCH,  /**< the value of spec, an expression, has changed */
	OP_BREAKPOINT_READ,   /**< it was read */
	OP_BREAKPOINT_ACCESS, /**< it was read or written */
};
/** "breakpoint", "watchpoint", "read-watchpoint", "access-watchpoint". Static. */
OP_API const char *op_breakpoint_kind_name(enum op_breakpoint_kind kind);
/** Where a condition, a count, a log point or a watched expression is evaluated. */
enum op_breakpoint_evaluation {
	OP_EVALUATION_NONE, /**< nowhere: there is nothing to evaluate, or nothing has run since */
	OP_EVALUATION_INSIDE,  /**< by code in the target: it stops where that says so */
	OP_EVALUATION_OUTSIDE, /**< by outpost, for which the target stops at each arrival */
};
/** "none", "inside", "outside". Static. */
OP_API const char *op_breakpoint_evaluation_name(enum op_breakpoint_evaluation evaluation);
struct op_breakpoint {
	enum op_breakpoint_kind kind;
	uint32_t number;
	enum op_breakpoint_action action;
	enum op_catch_kind caught; /**< else NONE, and it has locations */
	const char *spec;          /**< as typed */
	const char *condition;     /**< it stops only where this is true; NULL: always */
	const char *format;        /**< LOG: format and values as typed */
	const char *pattern;       /**< WATCH: of the functions that it looks at; "": all */
	enum op_breakpoint_evaluation evaluation;
	bool enabled, temporary;
	bool pending; /**< matches nothing yet; resolves by itself when a module comes */
	uint64_t hits;
	uint64_t ignore_left;
	uint32_t requested_pc; /**< for *OFFSET; differs from the location's pc when it was moved to
				  the next instruction */
	bool moved;
	uint32_t requested_line; /**< FILE:LINE without code: locations are at the next line that
				    has some; else 0 */
	const struct op_location *locations;
	size_t location_count;
	uint64_t stops_left;         /**< after so many more stops it is disabled; 0: it never is */
	const char *const *commands; /**< what a front end does when it has shown the stop */
	size_t command_count;
};
/** Where "if EXPRESSION" or "if(EXPRESSION)", a word of its own, begins in what was typed for a
 * breakpoint or a watchpoint; NULL: nowhere. Borrowed. */
OP_API const char *op_breakpoint_spec_condition(const char *spec);
/**
 * Set a breakpoint. SPEC: FILE:LINE | LINE, +N, -N (in the selected frame's file; counted from its
 * line) | NAME | FILE:NAME | FUNCTION-INDEX as function[N] or #N | *OFFSET; MODULE! in front of all
 * of them, MODULE: in front of NAME and the last two. A file matches the end of a path. A name may
 * leave out namespaces, types and template arguments ("f", "ns::f", "Type::method"); every instance
 * and every inlined body is a location. A function's breakpoint is behind its prologue where the
 * module has debug information, else at its first instruction. A line without code means the next
 * one that has. What matches nothing stays pending when @p allow_pending, else OP_ERROR_NOT_FOUND
 * with near names. "SPEC if EXPRESSION" stops only where the expression (as for
 * op_session_evaluate(), in the frame that arrives there) is true; it is evaluated by outpost at
 * each arrival, and arrivals where it is false are not counted as hits. What is no expression is
 * refused; where its names or types mean nothing at a place, that place is left out with a notice,
 * and the error is returned when there is no other.
 * @return OP_ERROR_UNSUPPORTED for a module without code that a breakpoint could be in.
 */
OP_API struct op_error *op_session_break(struct op_session *session, const char *spec,
					 bool temporary, bool allow_pending,
					 const struct op_breakpoint **ret);
/**
 * Set a catchpoint: it stops at an event rather than at a place, and has a number among the
 * breakpoints. SPEC: one of "trap [KIND]", "throw", "uncaught", "host [PATTERN...]",
 * "host-error [PATTERN...]", "epoch", "memory.grow", "load", "instantiate", "signal [NAME...]",
 * "fork", "exec", "thread", "exit", each may be followed by "if EXPRESSION", which is evaluated in
 * the innermost frame of the guest. A trap's kind is a word of op_trap_kind_word(), or what
 * Wasmtime calls it ("integer divide by zero").
 */
OP_API struct op_error *op_session_catch(struct op_session *session, const char *spec,
					 bool temporary, const struct op_breakpoint **ret);
/**
 * Watch a place in hardware. SPEC: "EXPRESSION" or "EXPRESSION if CONDITION"; the expression is
 * evaluated once, in @p frame, and has to be a place: linear memory, a global, a field of an
 * object. The condition is evaluated at each hit, in the frame that made the access.
 * @return OP_ERROR_UNSUPPORTED when it is no such place, OP_ERROR_LIMIT when the hardware has no
 * room for it.
 */
OP_API struct op_error *op_session_watch(struct op_session *session, const struct op_frame *frame,
					 const char *spec, enum op_breakpoint_kind kind,
					 const struct op_breakpoint **ret);
/**
 * Watch an expression by code: any number that can be computed from locals, globals and linear
 * memory. It is checked before each instruction (in the target where the code has patch slots) of
 * the frame's function when it has locals in it, and then for as long as @p frame lasts; else of
 * all functions that match the shell pattern (NULL or "": all). SPEC: "EXPRESSION" or "EXPRESSION
 * if CONDITION".
 */
OP_API struct op_error *op_session_watch_software(struct op_session *session,
						  const struct op_frame *frame, const char *spec,
						  const char *pattern,
						  const struct op_breakpoint **ret);
OP_API struct op_error *op_session_breakpoint_delete(struct op_session *session, uint32_t number);
/** The numbers of the breakpoints that stop at a place (as for op_session_break(), without a
 * condition), or at its line. Owned by the session until the next call. */
OP_API struct op_error *op_session_breakpoints_at(struct op_session *session, const char *spec,
						  const uint32_t **ret, size_t *ret_count);
OP_API struct op_error *op_session_breakpoint_enable(struct op_session *session, uint32_t number,
						     bool enabled);
/** Let the next @p count hits pass. */
OP_API struct op_error *op_session_breakpoint_ignore(struct op_session *session, uint32_t number,
						     uint64_t count);
/**
 * Set a log point: a line for each arrival, shown through op_session_options.log while the target
 * runs on. SPEC: a place as for op_session_break(), "if EXPRESSION" included, then the format in
 * double quotes and its values (expressions, commas between them). The format is printf's; %s shows
 * text, enumerators and pointers. Where the code has patch slots the target notes the values
 * itself, without stopping; lines that outpost is too slow for are counted and told as a notice.
 */
OP_API struct op_error *op_session_log(struct op_session *session, const char *spec,
				       const struct op_breakpoint **ret);

/**
 * A line as a log point shows it, at once: @p text is a format in double quotes and its values,
 * evaluated in a frame (NULL: none). Owned by the session until the next call.
 * @return OP_ERROR_SYNTAX also when format and values do not fit; the evaluation's own errors.
 */
OP_API struct op_error *op_session_format(struct op_session *session, const struct op_frame *frame,
					  const char *text, const char **ret);

/**
 * Note the last @p length instructions (at least; 0: 256) that each copy of the code executes, in
 * the target, without stopping it. @param[in] pattern shell pattern of functions' names, MODULE! in
 * front of it; NULL or "": all.
 * @return OP_ERROR_UNSUPPORTED for code without patch slots.
 */
OP_API struct op_error *op_session_trace(struct op_session *session, const char *pattern,
					 uint64_t length, const struct op_breakpoint **ret);
/** An instruction that was executed. */
struct op_trace_entry {
	uint32_t module_id;
	const char *module;
	uint32_t function_index;
	const char *function;
	uint32_t pc;
};
/**
 * What the copy of the code that the selected frame runs in executed last, oldest first: at most
 * @p limit instructions, 0: all. Owned by the session until the next call.
 */
OP_API struct op_error *op_session_trace_entries(struct op_session *session, size_t limit,
						 const struct op_trace_entry **ret,
						 size_t *ret_count);

/** What a counter counts. */
enum op_count_scope {
	OP_COUNT_PLACE,        /**< SPEC as for op_session_break() */
	OP_COUNT_FUNCTIONS,    /**< the first instruction of each function */
	OP_COUNT_INSTRUCTIONS, /**< every instruction */
};
/**
 * Count how often places are executed. The counting is done in the target itself where the code
 * has patch slots, without stopping it; elsewhere each arrival stops it for a moment.
 * @param[in] spec PLACE: as for op_session_break(), "if EXPRESSION" included. FUNCTIONS,
 * INSTRUCTIONS: a shell pattern of functions' names, MODULE! in front of it; NULL or "": all.
 */
OP_API struct op_error *op_session_count(struct op_session *session, enum op_count_scope scope,
					 const char *spec, const struct op_breakpoint **ret);
/** What was counted at one instruction, or in one function. */
struct op_count {
	uint32_t number; /**< of the counter */
	uint32_t module_id;
	const char *module;
	uint32_t function_index;
	const char *function;
	uint32_t pc;    /**< of the instruction; of a function: of its first counted one */
	uint64_t count; /**< of the instruction; of a function: of that first one, i.e. its calls */
	uint64_t instructions;     /**< of a function: sum over its instructions */
	uint32_t covered, counted; /**< of a function: instructions that were executed, of those
				      that are counted */
};
/**
 * The counts, highest first. @param[in] number of a counter, 0: all. @param[in] by_instruction else
 * by function. @param[in] pattern of functions' names, NULL: all.
 * Owned by the session until the next call.
 */
OP_API struct op_error *op_session_counts(struct op_session *session, uint32_t number,
					  bool by_instruction, const char *pattern,
					  const struct op_count **ret, size_t *ret_count);
/** Stop only where @p condition is true; NULL: always. Copied. */
OP_API struct op_error *op_session_breakpoint_condition(struct op_session *session, uint32_t number,
							const char *condition);
/** Enable it for the next @p stops stops, and disable it then. */
OP_API struct op_error *op_session_breakpoint_enable_for(struct op_session *session,
							 uint32_t number, uint64_t stops);
/** Enable it, and delete it when it has stopped the target once. */
OP_API struct op_error *op_session_breakpoint_make_temporary(struct op_session *session,
							     uint32_t number);
/** Keep lines with a breakpoint, in place of those there were. Copied. The session does nothing
 * with them. */
OP_API struct op_error *op_session_breakpoint_commands(struct op_session *session, uint32_t number,
						       const char *const *lines, size_t count);
/** All, ascending by number. Borrowed until a breakpoint changes. */
OP_API const struct op_breakpoint *const *op_session_breakpoints(struct op_session *session,
								 size_t *ret_count);

// Calls of the host ---------------------------------------------------------------------------

struct op_host_argument {
	const char *name; /**< "fd"; NULL: not known */
	const char *text; /**< as it is shown: 1, "a\\n", [{"hello\\n", 6}] */
};
/** A call of the guest's to the host. Strings are safe on a terminal. */
struct op_host_call {
	const char *module; /**< of the import; NULL: it cannot be told */
	const char *name;   /**< "fd_write"; NULL: it cannot be told */
	const char *text;   /**< "fd_write(1, [{"hello\\n", 6}])" */
	const struct op_host_argument *arguments;
	size_t argument_count;
	bool returned;        /**< false: it begins, or has failed */
	const char *result;   /**< "0 (6 bytes)", "8 badf"; NULL: it returns nothing */
	bool failed;          /**< it ended with an error of the host's and unwinds the guest */
	bool is_error;        /**< it returned a WASI error number, or failed */
	uint64_t nanoseconds; /**< that it took */
};
/**
 * Report every call of the host whose name matches one of @p patterns (shell patterns; none: all)
 * when it has ended, as OP_EVENT_HOST_CALL, from the next run on, until this is called with
 * @p enabled false or the target is let go.
 */
OP_API struct op_error *op_session_trace_calls(struct op_session *session, bool enabled,
					       const char *const *patterns, size_t count);

// Running -------------------------------------------------------------------------------------

enum op_event_kind {
	OP_EVENT_NONE, /**< the time limit passed */
	OP_EVENT_STOPPED,
	OP_EVENT_EXITED,    /**< the process ended */
	OP_EVENT_MODULES,   /**< modules came or went; the target runs on */
	OP_EVENT_FORKED,    /**< a child was let go; the target runs on */
	OP_EVENT_HOST_CALL, /**< a traced call has ended; the target runs on */
};
enum op_stop_reason {
	OP_REASON_BREAKPOINT,
	OP_REASON_STEP,        /**< a step or finish ended as asked */
	OP_REASON_INTERRUPTED, /**< op_session_interrupt() */
	OP_REASON_SIGNAL, /**< a signal that the program did not ask for (see docs: only those that
			     stop by default) */
	OP_REASON_TRAP,   /**< the guest trapped or threw out during a step */
	OP_REASON_GUEST_RETURNED, /**< a step went back to the host */
	OP_REASON_EXEC,
	OP_REASON_ENTRY, /**< op_session_launch(): first instruction of the guest */
	OP_REASON_ATTACHED,
	OP_REASON_THREAD_ENDED, /**< the only thread that scheduler-locking let run has ended */
	OP_REASON_CATCH,        /**< a catchpoint whose event none of the others says */
	OP_REASON_WATCHPOINT,
	OP_REASON_CORE, /**< op_session_open_core(): signal is what ended it, 0: nothing did */
};
/** OP_REASON_WATCHPOINT: what happened to the watched place. */
struct op_watch_event {
	enum op_breakpoint_kind kind;
	bool software; /**< found changed before the instruction that the frame is at */
	bool left;     /**< its frame has returned, and it is disabled */
	const char *expression;
	bool changed; /**< old_value and new_value differ */
	struct op_value old_value, new_value;
	bool is_unsigned;
	/** The same with its type of the guest's language, as op_result.guest_value; NULL: none.
	 * Until the next wait. */
	const void *old_guest, *new_guest;
	bool by_host;          /**< a host call of the guest, or the host on its own, did it */
	const char *host_call; /**< "fd_read", "host" when it has no name; NULL: on its own, or not
				  by the host */
	uint32_t store;     /**< number of the store that the place is in; UINT32_MAX: not known */
	size_t store_count; /**< in all */
};
struct op_event {
	enum op_event_kind kind;
	enum op_stop_reason reason;
	int64_t thread;
	uint32_t breakpoint;         /**< number; 0 when none */
	const uint32_t *breakpoints; /**< BREAKPOINT: all that wanted this stop, breakpoint first */
	size_t breakpoint_count;
	int signal;
	char signal_name[16];
	/** CORE, TRAP, SIGNAL: the signal was for an access, or an instruction, there */
	bool has_fault_address;
	struct op_host_addr fault_address;
	bool wasm_dump; /**< CORE: it is a Wasm core dump, which has no process */
	bool killed;    /**< EXITED by a signal */
	int exit_status;
	int64_t child; /**< FORKED */
	char trap[64]; /**< TRAP, CORE: "integer divide by zero", "" when it is not known */
	const char *trap_unknown; /**< TRAP: why it is not known; NULL: no more is known. Static */
	const struct op_value *results; /**< finish: the returned values, by type */
	size_t result_count;
	const char *results_missing; /**< finish: why they are not known; NULL otherwise */
	/** finish: the one value that was returned, as it is in the history: of the guest's
	 * language where debug information tells its type, also one in linear memory that is no
	 * result of Wasm's. NULL: none, several, or not known. Until the next wait. */
	const struct op_result *returned;
	const struct op_frame *returned_frame; /**< for op_session_source_node() of it; or NULL */
	const struct op_watch_event *watch;    /**< WATCHPOINT; NULL otherwise */

	enum op_catch_kind caught; /**< STOPPED by a catchpoint (its number is breakpoint) */
	/** HOST, HOST_ERROR; OP_EVENT_HOST_CALL. Until the next wait */
	const struct op_host_call *call;
	struct op_value exception; /**< THROW, UNCAUGHT: the exnref */
	struct op_host_addr store; /**< THROW, UNCAUGHT: VMStoreContext */
	struct op_host_addr vmctx; /**< INSTANTIATE, MEMORY_GROW, THROW: of the instance */
	uint64_t pages, delta;     /**< MEMORY_GROW: it has so many, and wants so many more */
	uint32_t memory;           /**< MEMORY_GROW: its index */
	const char *module;        /**< LOAD, INSTANTIATE: its name; NULL: not known */
};
/** "breakpoint", "step", ... as JSON shows it. Static. */
OP_API const char *op_stop_reason_name(enum op_stop_reason reason);

enum op_run_kind {
	OP_RUN_GO,         /**< continue */
	OP_RUN_STEP_INTO,  /**< stepi: one Wasm instruction, into calls */
	OP_RUN_STEP_OVER,  /**< nexti: calls are one instruction */
	OP_RUN_FINISH,     /**< until the selected frame has returned */
	OP_RUN_UNTIL,      /**< like STEP_OVER, but never back: until an instruction behind the
			      current one in the innermost frame, or until that has returned */
	OP_RUN_STEP_LINE,  /**< step: to the beginning of another line, into functions that have
			      lines */
	OP_RUN_NEXT_LINE,  /**< next: ... of the selected frame or one that it returned to */
	OP_RUN_UNTIL_LINE, /**< NEXT_LINE, but never back */
};
/** Let the target run. Returns at once. Steps are of the selected thread; @p count steps (0: 1). */
OP_API struct op_error *op_session_run(struct op_session *session, enum op_run_kind kind,
				       uint64_t count);
/**
 * Let the target run until the selected stack comes to a place (as for op_session_break(), without
 * a condition; OP_ERROR_NOT_FOUND when it matches nothing), or until the selected frame has
 * returned. Returns at once.
 * @param[in] any_frame false: in the selected frame's own function, deeper frames of a recursion do
 * not count.
 */
OP_API struct op_error *op_session_run_to(struct op_session *session, const char *place,
					  bool any_frame);
/**
 * Whether conditions, ignore counts, counters, log points and software watches are left to code in
 * the target where that can be (as at first), or each arrival stops it for outpost to decide.
 */
OP_API void op_session_set_inside(struct op_session *session, bool inside);
/** Whether steps by lines stop in functions that have none (by instructions then), rather than run
 * out of them; at first they do not. */
OP_API void op_session_set_step_mode(struct op_session *session, bool stop);
/** Which threads run when the selected one does. */
enum op_scheduler_locking {
	OP_LOCKING_OFF,  /**< all */
	OP_LOCKING_ON,   /**< only the selected one; new threads wait as well */
	OP_LOCKING_STEP, /**< only the selected one while it steps (STEP_INTO, STEP_OVER) */
};
/** For the runs to come. */
OP_API void op_session_set_scheduler_locking(struct op_session *session,
					     enum op_scheduler_locking locking);
/**
 * Wait for the next event and act on it: internal stops (ignored breakpoints, steps on their way)
 * never come out.
 * @param[in] timeout_ms -1: no limit.
 */
OP_API struct op_error *op_session_wait(struct op_session *session, int timeout_ms,
					struct op_event *ret);
/** Stop the target, or the long command that is running. Async-signal-safe; may come from any
 * thread. */
OP_API void op_session_interrupt(struct op_session *session);
/** True once after op_session_interrupt() when no wait consumed it: long loops of a front end ask
 * this. Clears it. */
OP_API bool op_session_take_interrupt(struct op_session *session);
/**
 * Bring the selected thread from inside an instruction to the next one, so that operand stacks
 * hold. Bounded in time. *ret_carried false: it could not be.
 */
OP_API struct op_error *op_session_carry(struct op_session *session, bool *ret_carried);

// The state of the guest: stores, instances and what they hold --------------------------------

/**
 * Everything below is found in the memory of the stopped target, without a thread in the guest and
 * without symbols. Numbers of stores and instances are those of one stop. "The scope" is the
 * instance that is meant: the one selected by op_session_select_instance(), else the frame's, else
 * the only instance of the guest; OP_ERROR_STATE when none of these is there. A frame may be NULL
 * everywhere below, and in op_session_evaluate(), op_session_assign(), op_session_memories(),
 * op_session_read_memory() and op_session_write_memory(), which work in the scope too.
 */
struct op_store_info {
	uint32_t number;
	struct op_host_addr address; /**< VMStoreContext */
	bool layout_known;           /**< false: nothing from here to gc_size is known */
	bool uses_fuel;              /**< compiled with fuel; else the number means nothing */
	int64_t fuel; /**< left until the host is asked for more; negative: overrun */
	bool uses_epochs;
	uint64_t epoch_deadline;
	bool has_epoch;
	uint64_t epoch;       /**< the engine's counter now */
	bool has_stack_limit; /**< false outside any activation */
	struct op_host_addr stack_limit;
	struct op_host_addr gc_base; /**< 0: there is no GC heap */
	uint64_t gc_size;            /**< bytes */
	const char *collector;       /**< "drc", "null", "copying", "unknown" */
	bool in_activation;          /**< entered by a thread that has not left it */
	uint32_t instance_count;     /**< core instances, Wasmtime's own included */
	uint32_t component_count;
	const int64_t *threads; /**< on whose stacks it has frames */
	size_t thread_count;
	const uint32_t *suspended; /**< numbers of the suspended guests that are in it */
	size_t suspended_count;
};
/** All stores. Owned by the session until the target runs. */
OP_API struct op_error *op_session_stores(struct op_session *session,
					  const struct op_store_info **ret, size_t *ret_count);

/**
 * The store that a guest frame runs in, where there is something to tell apart.
 * @param[out] ret_several false: there is one store only, or it is not known which one it is.
 * @param[out] ret its number.
 */
OP_API struct op_error *op_session_frame_store(struct op_session *session,
					       const struct op_frame *frame, bool *ret_several,
					       uint32_t *ret);

enum op_instance_origin {
	OP_ORIGIN_GUEST, /**< an instance of a module of the guest */
	OP_ORIGIN_HOST,  /**< Wasmtime's own, or it holds something that the host made */
	OP_ORIGIN_UNKNOWN,
};
struct op_instance_info {
	uint32_t number;
	struct op_host_addr vmctx;
	uint32_t store; /**< number */
	bool has_id;
	uint32_t id; /**< Wasmtime's: order of creation in the store */
	enum op_instance_origin origin;
	uint32_t module_id; /**< UINT32_MAX: not known */
	const char *module; /**< NULL: not known */
	const char *reason; /**< why its module, or the module's original bytes, are not known; NULL
			       when they are. Static */
	bool selected;
};
OP_API struct op_error *op_session_instances(struct op_session *session,
					     const struct op_instance_info **ret,
					     size_t *ret_count);
/** Until the target runs, or a thread, stack or frame is selected. OP_ERROR_NOT_FOUND: no such
 * number. */
OP_API struct op_error *op_session_select_instance(struct op_session *session, uint32_t number);
/** True when a suspended guest's stack is selected. @param[out] ret its number. */
OP_API bool op_session_selected_suspended(const struct op_session *session, size_t *ret);
/** The scope. Owned by the session until the target runs. */
OP_API struct op_error *op_session_scope(struct op_session *session, const struct op_frame *frame,
					 const struct op_instance_info **ret);

/** All that follows: of the scope; owned by the session until the next call of the same function.
 * OP_ERROR_UNSUPPORTED when the module's bytes are not known. */
struct op_global_info {
	uint32_t index;
	const char *name; /**< of the name section, else the import's or an export's; NULL when
			     there is none */
	const char *type; /**< "i32", "(ref null 3)" */
	bool is_mutable, imported;
	struct op_value value;
	struct op_host_addr
		store; /**< VMStoreContext, for op_result.store when a reference is followed */
};
/** @param[in] pattern shell pattern of names, NULL: all. */
OP_API struct op_error *op_session_globals(struct op_session *session, const struct op_frame *frame,
					   const char *pattern, const struct op_global_info **ret,
					   size_t *ret_count);

struct op_table_info {
	uint32_t index;
	const char *name;
	const char *type;
	uint64_t size, minimum, maximum; /**< elements */
	bool has_maximum, is_64, imported;
	const char *problem; /**< why its size is not known; NULL when it is */
};
OP_API struct op_error *op_session_tables(struct op_session *session, const struct op_frame *frame,
					  const struct op_table_info **ret, size_t *ret_count);

struct op_memory_report {
	uint32_t index;
	const char *name;
	struct op_host_addr base;
	uint64_t size;      /**< bytes */
	uint64_t page_size; /**< bytes */
	bool has_maximum;
	uint64_t maximum; /**< bytes; UINT64_MAX when it is 2^64 */
	bool has_reservation;
	uint64_t reservation; /**< bytes that the process keeps for it: it grows in place up to
				 there */
	bool is_64, shared, imported;
	const char *problem; /**< why nothing from base to reservation is known; NULL when it is */
};
/** Like op_session_memories(), with all that is known. */
OP_API struct op_error *op_session_memory_reports(struct op_session *session,
						  const struct op_frame *frame,
						  const struct op_memory_report **ret,
						  size_t *ret_count);

struct op_tag_info {
	uint32_t index;
	const char *name;
	const char *type; /**< "(i32, i64)" */
	bool imported;
};
OP_API struct op_error *op_session_tags(struct op_session *session, const struct op_frame *frame,
					const struct op_tag_info **ret, size_t *ret_count);

enum op_item_kind { OP_ITEM_FUNCTION, OP_ITEM_TABLE, OP_ITEM_MEMORY, OP_ITEM_GLOBAL, OP_ITEM_TAG };
/** "function", "table", ... Static. */
OP_API const char *op_item_kind_name(enum op_item_kind kind);

struct op_import_info {
	enum op_item_kind kind;
	uint32_t index; /**< in the index space of its kind */
	const char *module, *name;
	bool bound_to_host;   /**< the host made it */
	const char *function; /**< FUNCTION: "fib", "host function at 0x..." */
	uint32_t instance; /**< number of the instance that has it; UINT32_MAX: the host's, or not
			      known */
	bool has_index;
	uint32_t instance_index;     /**< in that instance's index space */
	struct op_host_addr address; /**< the definition, or the code */
	const char *problem;         /**< why it cannot be told; NULL when it can */
};
OP_API struct op_error *op_session_imports(struct op_session *session, const struct op_frame *frame,
					   const struct op_import_info **ret, size_t *ret_count);

struct op_export_info {
	enum op_item_kind kind;
	uint32_t index;
	const char *name;
	const char *item; /**< the name that the item has in the module; NULL when it has none */
};
OP_API struct op_error *op_session_exports(struct op_session *session, const struct op_frame *frame,
					   const struct op_export_info **ret, size_t *ret_count);

// Values in full ------------------------------------------------------------------------------

enum op_node_kind {
	OP_NODE_PLAIN, /**< value says it all: a number, a reason */
	OP_NODE_NULL,
	OP_NODE_I31,
	OP_NODE_STRUCT,
	OP_NODE_ARRAY,
	OP_NODE_EXCEPTION,
	OP_NODE_EXTERN,        /**< a value of the host's */
	OP_NODE_FUNCTION,      /**< of the guest */
	OP_NODE_HOST_FUNCTION, /**< of the host, or made by Wasmtime for a component */
	OP_NODE_RANGE,         /**< elements of a table */
	OP_NODE_BAD,           /**< see problem */
};
/** "plain", "null", "i31", ... Static. */
OP_API const char *op_node_kind_name(enum op_node_kind kind);

/** A value with what it leads to. */
struct op_value_node {
	enum op_node_kind kind;
	uint32_t index;   /**< in its parent */
	const char *name; /**< of the field; NULL when it has none */
	const char *type; /**< as the parent declares it ("i8", "(ref null 3)"); NULL at the top */
	struct op_value value;
	unsigned width; /**< bytes of a packed integer (1, 2); 0: as many as its type has */
	const char *object_type; /**< name of the object's type, else "type[3]"; NULL when it is not
				    known */
	const char *problem;     /**< BAD; or why fields are missing; NULL otherwise */
	int32_t i31;
	uint32_t host_id;        /**< EXTERN: the host's number for it */
	const char *function;    /**< FUNCTION, HOST_FUNCTION */
	uint32_t function_index; /**< FUNCTION */
	const char *module;      /**< FUNCTION; NULL: not known */
	uint32_t instance;       /**< FUNCTION: number; UINT32_MAX: not known */
	bool lazy; /**< FUNCTION, NULL: not in the table yet, Wasmtime puts it there when it is
		      first used */
	const char *tag; /**< EXCEPTION: the tag's name, else "tag[0]"; NULL when it is not known */
	uint64_t length; /**< fields, elements or payload values in all */
	uint64_t first;  /**< index of the first child */
	const struct op_value_node *children;
	size_t child_count;
	bool cut;   /**< too deep to show the children */
	bool cycle; /**< one of the objects around it: not shown again */
};
struct op_expand_limits {
	unsigned depth;  /**< levels of objects: 1 shows fields but not what they lead to */
	size_t elements; /**< of an array or a table; fields are always whole */
};
/**
 * Follow the references in a result, at most 100,000 nodes in all.
 * Owned by the session until the next call. Errors only when the target is gone, interrupted, or
 * memory is short: what is wrong with an object is a problem in its node.
 */
OP_API struct op_error *op_session_expand(struct op_session *session, const struct op_frame *frame,
					  const struct op_result *result,
					  const struct op_expand_limits *limits,
					  const struct op_value_node **ret);

// Searching memory ----------------------------------------------------------------------------

/**
 * The first place at or after @p start where @p pattern stands, whole and before @p end, in a
 * linear memory of the scope.
 * @return OP_ERROR_UNREADABLE when the range is not inside the memory; *ret_found false when there
 * is none.
 */
OP_API struct op_error *op_session_find(struct op_session *session, const struct op_frame *frame,
					uint32_t memory, uint64_t start, uint64_t end,
					const void *pattern, size_t size, bool *ret_found,
					uint64_t *ret);

// The process around the guest ----------------------------------------------------------------

/** The words of the command line, escaped. Owned by the session until the next call. */
OP_API struct op_error *op_session_command_line(struct op_session *session, const char *const **ret,
						size_t *ret_count);
struct op_register_info {
	const char *name; /**< static */
	uint64_t value;
};
/** The general registers of a thread of the stopped target. Owned by the session until the next
 * call. */
OP_API struct op_error *op_session_registers(struct op_session *session, int64_t thread,
					     const struct op_register_info **ret,
					     size_t *ret_count);
/** Read memory of the process, whosever it is; as many bytes as there are without a gap, which may
 * be none. */
OP_API struct op_error *op_session_read_host(struct op_session *session,
					     struct op_host_addr address, void *buffer, size_t size,
					     size_t *ret_done);
/** At most @p limit machine instructions from an address on, the guest's or not; the first is the
 * current one. Owned by the session until the next call. */
OP_API struct op_error *op_session_host_code(struct op_session *session,
					     struct op_host_addr address, size_t limit,
					     const struct op_disassembly_line **ret,
					     size_t *ret_count);
/** A file whose code the process has mapped. Strings are escaped. */
struct op_host_file {
	const char *path;
	struct op_host_addr start; /**< where its beginning is mapped */
	const char *build_id;      /**< hexadecimal; NULL: it has none */
};
/** As of the last stop. Owned by the session until the next call. */
OP_API struct op_error *op_session_host_files(struct op_session *session,
					      const struct op_host_file **ret, size_t *ret_count);
/** What a module's build_id section says, hexadecimal; NULL: it has none, or the original bytes are
 * not known. Owned by the session until the next call. */
OP_API struct op_error *op_session_module_build_id(struct op_session *session, uint32_t module_id,
						   const char **ret);
/** Whether code was mapped or unmapped since the last call (false at the first), which an
 * interrupted target would show. Stops nothing. */
OP_API struct op_error *op_session_code_changed(struct op_session *session, bool *ret);
/** Treat a program that op_session_launch() has started, and that is stopped, like one that was
 * attached to: it outlives the session, and an interrupt from the terminal is its own. */
OP_API struct op_error *op_session_let_live(struct op_session *session);

#ifdef __cplusplus
}
#endif

#endif
