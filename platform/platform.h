// SPDX-License-Identifier: GPL-3.0-or-later
// The whole contract with the operating system: processes, threads, stops, memory, registers, run
// requests. The same for ptrace, Mach and Win32; a core file is one more implementation
// (operations.h is what one supplies). No wait
// status, no /proc and no signal numbers with a meaning of their own cross this border. Knows no
// Wasm.
//
// All calls on one op_process come from the thread that attached (ptrace and Win32 tie the debugger
// to a thread), except op_process_interrupt(), which a signal handler may call.
#ifndef OP_PLATFORM_PLATFORM_H
#define OP_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/addr.h"
#include "base/cancel.h"
#include "base/error.h"

/** A process that is being debugged. Owned by whoever attached. */
struct op_process;

/** The operating system's number of a thread (Linux: the tid). */
typedef int64_t op_thread_id;

enum op_protection {
	OP_PROTECTION_READ = 1,
	OP_PROTECTION_WRITE = 2,
	OP_PROTECTION_EXECUTE = 4,
};

/** One run of pages with equal attributes. */
struct op_mapping {
	struct op_host_addr start;
	struct op_host_addr end;
	unsigned protection; /**< of enum op_protection */
	bool shared;
	bool anonymous; /**< no file behind it (memfd counts as anonymous) */
	uint64_t file_offset;
	uint64_t device, inode; /**< of the file; 0 when anonymous */
	char *path; /**< owned; "" when there is none; "[stack]", "[heap]" as the system names them
		     */
};

struct op_mappings {
	struct op_mapping *data; /**< ascending by address */
	size_t count;
	size_t capacity;
};
void op_mappings_deinit(struct op_mappings *mappings);
/** The mapping that holds @p addr, or NULL. Borrowed. */
const struct op_mapping *op_mappings_find(const struct op_mappings *mappings,
					  struct op_host_addr addr);
/** The size of what the system adds to a mapping's path whose file has no place in a folder any
 * more; 0 when it added nothing. */
size_t op_mapping_deleted_mark(const char *path);
/** Is it the process's alone, of no file, with exactly this protection (of enum op_protection)? */
bool op_mapping_is_own(const struct op_mapping *mapping, unsigned protection);

enum op_thread_state {
	OP_THREAD_RUNNING,
	OP_THREAD_STOPPED,
};

struct op_thread_info {
	op_thread_id id;
	enum op_thread_state state;
	char name[32]; /**< "" when it has none; unescaped bytes from the target */
};

enum op_stop_kind {
	OP_STOP_NONE,        /**< the time limit passed and nothing happened */
	OP_STOP_INTERRUPTED, /**< stopped because outpost asked it to (op_process_stop_all,
				op_process_interrupt) */
	OP_STOP_TRAP, /**< a trap instruction, a finished single step, or a hardware watch slot; see
			 op_process_trap_reason */
	OP_STOP_SIGNAL, /**< a fault or another asynchronous signal is about to be delivered; passed
			   on at the next run */
	OP_STOP_THREAD_BORN, /**< the new thread is stopped before its first instruction */
	OP_STOP_THREAD_EXIT, /**< the thread is gone */
	OP_STOP_FORK, /**< a child with a copy of this memory exists, see child; it is stopped under
			 outpost's hand */
	OP_STOP_EXEC, /**< the process runs another program now; all other threads are gone */
	OP_STOP_CODE_MAPPED, /**< executable memory was mapped or made executable (only when the run
				request asked) */
	OP_STOP_MAPPER_DONE, /**< a thread given to op_process_watch_mapper() has gone on to
				something else; it stops, or has stopped, at the end of that
				system call, and stands there until it is run */
	OP_STOP_EXITING,     /**< the process is about to end, as killed, signal and exit_status
				say; its memory is still there (only after op_process_watch_exit) */
	OP_STOP_PROCESS_EXIT, /**< the process has ended; only op_process_destroy() remains */
};

enum op_trap_reason {
	OP_TRAP_BREAKPOINT, /**< a trap instruction; pc is trap_pc_advance past it */
	OP_TRAP_STEP,       /**< the single step of the run request ended */
	OP_TRAP_HARDWARE,   /**< a hardware breakpoint or watch slot */
	OP_TRAP_FOREIGN, /**< a trap signal that someone sent (kill -TRAP): passed on to the program
			  */
};

struct op_stop {
	enum op_stop_kind kind;
	op_thread_id thread;
	/** OP_STOP_SIGNAL */
	int signal;           /**< the system's number, for showing and for passing on only */
	char signal_name[16]; /**< "SIGSEGV" */
	bool signal_is_fault; /**< caused by the instruction at pc (bad access, illegal instruction,
				 division) */
	struct op_host_addr fault_address;
	/** OP_STOP_CODE_MAPPED: where it is */
	struct op_host_addr mapped_address;
	/** OP_STOP_FORK */
	int64_t child;
	bool child_shares_memory; /**< vfork: the child runs in this very memory,
				     op_process_write_child() leaves it alone */
	/** OP_STOP_PROCESS_EXIT, OP_STOP_EXITING */
	bool killed;     /**< by a signal: signal and signal_name say which */
	int exit_status; /**< otherwise */
};

/** How attach should behave; zero-initialise. */
struct op_attach_options {
	unsigned timeout_ms; /**< give up when a thread does not stop; 0: 5,000 */
};

/**
 * Look at a process without touching it: command line, mappings and memory can be read, nothing is
 * stopped. Every refusal that an attach would meet is found here where the system tells it.
 * @return OP_ERROR_NO_SUCH_PROCESS, OP_ERROR_PERMISSION, OP_ERROR_ALREADY_TRACED,
 * OP_ERROR_UNSUPPORTED, each with its own sentence and the way out.
 */
struct op_error *op_process_open(int64_t pid, struct op_process **ret);

/**
 * Take hold of an opened process: every thread is stopped when this returns, and was not disturbed
 * otherwise. A process that was stopped before (job control) stays so after op_process_detach(). On
 * an error nothing is left attached; the errors of op_process_open().
 */
struct op_error *op_process_attach(struct op_process *process,
				   const struct op_attach_options *options);

/** Where a core file's other files are. Zero-initialise. */
struct op_core_options {
	const char *program; /**< the executable, instead of the one that the core names; NULL */
	const char *sysroot; /**< put in front of the paths of mapped files; NULL: none */
	const struct op_cancel *cancel; /**< ends the unpacking of a compressed one; NULL */
};
/**
 * Open a core file as a process whose threads are all stopped for good. Nothing of the memory is
 * read before it is asked for. What a core file cannot do fails with OP_ERROR_UNSUPPORTED.
 * @return OP_ERROR_IO, OP_ERROR_FORMAT, OP_ERROR_UNSUPPORTED, each with its own sentence.
 */
struct op_error *op_process_open_core(const char *path, const struct op_core_options *options,
				      struct op_process **ret);

/** Whether a file begins like a core file, or like a compressed one. */
bool op_process_is_core_file(const char *path);

/** A program to start under the debugger. */
struct op_launch_options {
	const char *const *argv; /**< NULL-terminated; argv[0] is looked up in PATH */
	bool disable_aslr;
};
/** Start a program; it is stopped after exec, before its first instruction. It dies with outpost
 * until it is detached. */
struct op_error *op_process_launch(const struct op_launch_options *options,
				   struct op_process **ret);

/** Let a stopped program that was launched outlive outpost from now on, without a detach. */
struct op_error *op_process_let_live(struct op_process *process);
/** Let go: all threads run on (or stay stopped if they were so before). The process object stays
 * until destroyed. */
struct op_error *op_process_detach(struct op_process *process);
/** End the process and reap it when it is a child. */
struct op_error *op_process_kill(struct op_process *process);
/** Detaches first when that has not happened. NULL is fine. */
void op_process_destroy(struct op_process *process);

int64_t op_process_id(const struct op_process *process);
const struct op_arch *op_process_arch(const struct op_process *process);
/** The command line, NUL-separated and NUL-terminated, borrowed until the process is destroyed.
 * *ret_size may be 0. */
const char *op_process_command_line(const struct op_process *process, size_t *ret_size);
/** A path of the target's, as it can be opened from here (other root or mount namespace; relative
 * to its directory). Caller frees. */
struct op_error *op_process_resolve_path(const struct op_process *process, const char *path,
					 char **ret);

/** What a core file tells beyond a process. */
struct op_core_info {
	const char *path;    /**< of the core file, as it was given */
	const char *program; /**< the executable's path as the core or --exe names it; NULL: not
				known */
	bool incomplete;     /**< it is cut off: something that was written is missing */
	bool has_stop;       /**< stop is how the process ended: OP_STOP_SIGNAL with its thread */
	struct op_stop stop;
	/** What is missing from the core, or from the files that belong to it: sentences. */
	const char *const *remarks;
	size_t remark_count;
};
/** Borrowed until the process is destroyed. NULL: it is no core file. */
const struct op_core_info *op_process_core_info(const struct op_process *process);

/** The known threads, ascending by id. Borrowed until the next call that waits, attaches or
 * detaches. */
const struct op_thread_info *op_process_threads(struct op_process *process, size_t *ret_count);
/**
 * Do something with each thread that is there now; it may change the list. What fails for one is
 * passed over, as it may be on its way out; a process that is gone, and no memory, end it.
 */
struct op_error *op_process_each_thread(struct op_process *process,
					struct op_error *(*visit)(void *context,
								  op_thread_id thread),
					void *context);
/** All mappings as they are now. Deinit them. */
struct op_error *op_process_mappings(struct op_process *process, struct op_mappings *ret);

/** Read exactly @p size bytes; OP_ERROR_UNREADABLE names the first address that cannot be read. */
struct op_error *op_process_read(struct op_process *process, struct op_host_addr addr, void *buffer,
				 size_t size);
/** OP_ERROR_UNREADABLE with the reason why nothing can be read at @p addr. Never NULL. */
struct op_error *op_process_unreadable(struct op_process *process, struct op_host_addr addr);
/** Read as many bytes as can be read from @p addr on without a gap; *ret_done may be 0. Fails only
 * when the process is gone. */
struct op_error *op_process_read_some(struct op_process *process, struct op_host_addr addr,
				      void *buffer, size_t size, size_t *ret_done);
/** Many small reads at once. done[i] says whether request i was read whole. */
struct op_read_request {
	struct op_host_addr addr;
	void *buffer;
	size_t size;
	bool done;
};
struct op_error *op_process_read_many(struct op_process *process, struct op_read_request *requests,
				      size_t count);
/** Write through any protection (code too; the instruction caches are taken care of). All or an
 * error. */
struct op_error *op_process_write(struct op_process *process, struct op_host_addr addr,
				  const void *buffer, size_t size);

/**
 * Before the first trap is written, all threads stopped: make the target survive outpost's death. A
 * trap that nobody handles any more then does nothing, and a guardian process takes the traps out.
 * Once is enough until op_process_unshield().
 * @return OP_ERROR_UNSUPPORTED when the target does not allow it; traps can be planted all the
 * same, without that protection.
 */
struct op_error *op_process_shield(struct op_process *process);
/** After the last trap is gone, all threads stopped: take the protection away again. */
struct op_error *op_process_unshield(struct op_process *process);
/**
 * Before bytes are written into code: should outpost die while they are there, the first of them
 * becomes @p harmless. Without a shield nothing is noted.
 * @param[in] bytes as they will stand there; @p size at most OP_SLOT_MAX.
 * @param[out] ret_entry for op_process_forget_plant().
 */
struct op_error *op_process_note_plant(struct op_process *process, struct op_host_addr addr,
				       const void *bytes, size_t size, uint8_t harmless,
				       uint32_t *ret_entry);
/** The bytes are gone, or the memory that they were in. */
void op_process_forget_plant(struct op_process *process, uint32_t entry);

/** What a mapping begins with, by which a later outpost finds it again. */
struct op_map_label {
	const void *bytes;
	size_t size; /**< at most OP_MAP_LABEL_MAX */
};
enum { OP_MAP_LABEL_MAX = 64 };
/**
 * Map fresh pages into the target, all threads stopped: private, zeroed, readable. Above or below
 * @p near, so that all of the new mapping is within @p reach bytes of it.
 * @param[in] size whole pages. @param[in] protection of enum op_protection; op_process_write() can
 * write in any case.
 * @param[in] label stands at the beginning, also when outpost dies right after the pages were
 * mapped (with op_process_shield(), and when they are not writable).
 * @return OP_ERROR_UNSUPPORTED when the target does not allow it or there is no room.
 */
struct op_error *op_process_map(struct op_process *process, struct op_host_addr near,
				uint64_t reach, uint64_t size, unsigned protection,
				const struct op_map_label *label, struct op_host_addr *ret);
/** Give pages of op_process_map() back, all threads stopped. */
struct op_error *op_process_unmap(struct op_process *process, struct op_host_addr addr,
				  uint64_t size);
/**
 * Change the protection of pages of the target's own, with a stopped thread whose stop was handed
 * out; the others may run.
 * @return OP_ERROR_UNSUPPORTED when the target does not allow it.
 */
struct op_error *op_process_protect(struct op_process *process, struct op_host_addr addr,
				    uint64_t size, unsigned protection);
/**
 * A thread has mapped code, and may still be working on it: report OP_STOP_MAPPER_DONE at its next
 * system call that is not about memory, locks or signals. Seen while watch_code_mapping is on.
 */
void op_process_watch_mapper(struct op_process *process, op_thread_id thread);
/** Whether that has not happened yet; false also for a thread that is gone. */
bool op_process_mapper_is_busy(struct op_process *process, op_thread_id thread);
/** What a hardware watch slot stops at. */
enum op_watch_access { OP_WATCH_WRITE, OP_WATCH_READ_WRITE };
struct op_watch_slot {
	struct op_host_addr addr; /**< a multiple of size */
	unsigned size;            /**< 1, 2, 4 or 8 */
	enum op_watch_access access;
	bool system_calls; /**< what the system itself writes there or reads from there on the
			      program's behalf counts too (a read() into it); costs two stops at
			      every system call */
};
/** How many hardware watch slots each thread has; 0: none. */
unsigned op_process_watch_slot_count(const struct op_process *process);
/**
 * Set a slot on every thread, also on those that are born later; NULL clears it. All threads are
 * stopped. Every slot is cleared by op_process_detach(), and should outpost die (with
 * op_process_shield()).
 * @return OP_ERROR_UNSUPPORTED when the system refuses the address.
 */
struct op_error *op_process_set_watch_slot(struct op_process *process, unsigned slot,
					   const struct op_watch_slot *watch);
/**
 * Which slots a thread in OP_STOP_TRAP for OP_TRAP_HARDWARE has hit: bit i for slot i; told once.
 * The access is done: pc is behind the instruction, or behind the system call. 0 when the slots
 * were set anew since. Hits during op_process_step() come as a stop of their own afterwards.
 */
struct op_error *op_process_watch_hits(struct op_process *process, op_thread_id thread,
				       unsigned *ret_mask);

/** Registers of a stopped thread, cached until it runs. */
struct op_error *op_process_registers(struct op_process *process, op_thread_id thread,
				      struct op_registers *ret);
/** The pc alone: the cheapest question there is (one system call, none when cached). */
struct op_error *op_process_pc(struct op_process *process, op_thread_id thread,
			       struct op_host_addr *ret);
struct op_error *op_process_set_registers(struct op_process *process, op_thread_id thread,
					  const struct op_registers *registers);
/** Vector register @p index (x86: xmm) of a stopped thread. */
struct op_error *op_process_vector_register(struct op_process *process, op_thread_id thread,
					    unsigned index, uint8_t ret[16]);
/**
 * Why a thread in OP_STOP_TRAP stopped (asked of the system only here, so that a hot breakpoint
 * need not pay for it). A trap whose reason is never asked is taken for outpost's own and not
 * delivered to the program.
 */
struct op_error *op_process_trap_reason(struct op_process *process, op_thread_id thread,
					enum op_trap_reason *ret);

enum op_run_mode {
	OP_RUN_CONTINUE,
	OP_RUN_STEP, /**< one native instruction */
};

struct op_run_request {
	op_thread_id thread;     /**< 0: all stopped threads; otherwise this one only */
	enum op_run_mode mode;   /**< OP_RUN_STEP needs a thread */
	bool watch_code_mapping; /**< report OP_STOP_CODE_MAPPED; costs two stops at every system
				    call */
	bool discard_trap;       /**< of the thread: do not deliver a pending foreign trap signal */
	bool deliver_trap; /**< of the thread: its trap is the program's own (a trap instruction of
			      its own), hand it to the program */
	bool hold_signal;  /**< of the thread: run without its pending signal first (an injected
			      call); a later run without this delivers it */
	bool despite_job_stop; /**< of the thread: run even though job control has stopped the
				  process; otherwise it stays stopped like the others */
};
/** Let threads run. Pending signals of theirs are delivered unchanged. A thread that is running
 * already is left alone. */
struct op_error *op_process_run(struct op_process *process, const struct op_run_request *request);

/** Whether the end of the process is to be reported while its memory is still there. All threads
 * are stopped. */
struct op_error *op_process_watch_exit(struct op_process *process, bool enabled);

/**
 * One machine instruction of a stopped thread, and its stop: nothing else runs, signals of the
 * thread wait, and stops of other threads are kept for op_process_wait(). A thread whose own stop
 * was not handed out yet is not moved, but for that of a signal, which is handed out afterwards.
 * @param[out] ret OP_STOP_TRAP as a rule; OP_STOP_SIGNAL: the instruction faults, or a signal came
 * in front of it while one of another number, or a real-time one, waits already; OP_STOP_NONE: it
 * did not end in time, or was not begun; OP_STOP_THREAD_EXIT, OP_STOP_PROCESS_EXIT: it is gone, as
 * a later op_process_wait() will say as well.
 */
struct op_error *op_process_step(struct op_process *process, op_thread_id thread,
				 struct op_stop *ret);

/**
 * The next stop. Only that thread is stopped; others run on. Stops that are already pending are
 * handed out one by one, fairly, before the system is asked again.
 * @param[in] timeout_ms -1: no limit.
 * @param[out] ret kind OP_STOP_NONE after the time limit; OP_STOP_INTERRUPTED with thread 0 after
 * op_process_interrupt().
 */
struct op_error *op_process_wait(struct op_process *process, int timeout_ms, struct op_stop *ret);
/** Whether executable memory that begins so holds the handler which op_process_shield() puts into a
 * process: of an outpost that was killed, when this one has not. */
bool op_process_is_left_handler(const struct op_process *process, const uint8_t *bytes,
				size_t size);
/**
 * Bring every thread to a stop. A thread in the kernel's uninterruptible sleep (a vfork parent)
 * stays OP_THREAD_RUNNING: it cannot execute an instruction of the program before it stops, and it
 * does not run on then unless it is told to. Stops of their own that happen meanwhile are kept and
 * handed out by later op_process_wait() calls, also after threads have been run again;
 * op_process_pending_stop() tells of them.
 */
struct op_error *op_process_stop_all(struct op_process *process);
/**
 * The stop of @p thread that was collected but not yet handed out; false when there is none. A
 * pending OP_STOP_TRAP whose trap is being taken out of the code must be withdrawn with
 * op_process_drop_pending().
 */
bool op_process_pending_stop(struct op_process *process, op_thread_id thread, struct op_stop *ret);
/** Whether the system has told that a stopped process came to its end, or is told so now: somebody
 * has killed it. The next op_process_wait() calls say how. Never waits. */
bool op_process_is_dying(struct op_process *process);
/** Whether every thread of the process has ended or is about to, as the system lists them; where
 * all but one have, that one gets a moment. For a process that nobody stopped as well. */
bool op_process_has_died(const struct op_process *process);
void op_process_drop_pending(struct op_process *process, op_thread_id thread);
/** Take away the signal that a thread stopped for: it is not delivered. A stop for it that was not
 * handed out yet is withdrawn as well. */
void op_process_discard_signal(struct op_process *process, op_thread_id thread);
/** Make a current or the next op_process_wait() return OP_STOP_INTERRUPTED. Async-signal-safe. */
void op_process_interrupt(struct op_process *process);
/** Forget an op_process_interrupt() that no wait has answered yet. */
void op_process_clear_interrupt(struct op_process *process);
/**
 * A child that OP_STOP_FORK reported: write into its memory (nothing is done when it shares the
 * parent's), then let it go untraced. A vfork parent runs on only after that. op_process_detach()
 * releases those that are left.
 */
struct op_error *op_process_write_child(struct op_process *process, int64_t child,
					struct op_host_addr addr, const void *buffer, size_t size);
/** The same child: op_process_protect(), when it has a memory of its own. */
struct op_error *op_process_protect_child(struct op_process *process, int64_t child,
					  struct op_host_addr addr, uint64_t size,
					  unsigned protection);
struct op_error *op_process_release_child(struct op_process *process, int64_t child);

/** A process as it is at one moment, to be written as a core file. Owned by whoever froze it. */
struct op_frozen;
/** The memory of a process, copied while it ran. */
struct op_copied;
struct op_freeze_options {
	bool no_fork;             /**< do not make a copy of the process */
	op_thread_id first;       /**< the thread that a core is about; 0: the leader */
	struct op_copied *copied; /**< by op_process_copy_running(); taken, whatever comes; NULL */
};
/**
 * Copy the memory of a process, which runs (it is not attached) and goes on to: what it writes
 * meanwhile is copied again, so that little is left for op_process_freeze(). It is stopped for a
 * moment, in which one of its threads asks the kernel to note what is written (userfaultfd(2)).
 * @param[out] ret NULL where the process had better make a copy of itself: it is small, this
 * machine's memory is, the kernel does not note writes or would not note all of them.
 */
struct op_error *op_process_copy_running(struct op_process *process, const struct op_cancel *cancel,
					 struct op_copied **ret);
/** How long it was stopped for that. @param[in] copied NULL: 0. */
uint64_t op_copied_stop_ns(const struct op_copied *copied);
void op_copied_destroy(struct op_copied *copied);
/**
 * Freeze a process, all threads stopped. Where it can be, the process itself makes a copy of its
 * memory (fork, without a signal when the copy ends, with the same open files, stopped for good):
 * then it may run on, and be detached from, while the copy is written. Else it must stay stopped
 * until that is done: op_frozen_is_copy() tells. Undo with op_process_thaw().
 */
struct op_error *op_process_freeze(struct op_process *process,
				   const struct op_freeze_options *options, struct op_frozen **ret);
/** Whether the process may run on. @param[out] ret_why why not; borrowed; may be NULL. */
bool op_frozen_is_copy(const struct op_frozen *frozen, const char **ret_why);
/** Whether that is a child of the process, which it has to be stopped for again at the end. */
bool op_frozen_is_child(const struct op_frozen *frozen);
/**
 * The frozen process as one that is stopped for good (with a core info): readable by whoever has
 * the memory of the caller, by a child of outpost too, whatever becomes of the process.
 * @param[in] frozen borrowed until @p ret is destroyed. @param[in] of what it was frozen of.
 */
struct op_error *op_frozen_open(const struct op_frozen *frozen, const struct op_process *of,
				struct op_process **ret);
/** What was written. */
struct op_core_written {
	uint64_t size;    /**< of the file */
	uint64_t stored;  /**< bytes that were written; the others are holes */
	size_t threads;   /**< with registers */
	size_t missing;   /**< threads that could not be asked for theirs */
	uint64_t unread;  /**< bytes of memory that should be in it and could not be read */
	uint64_t omitted; /**< shared memory that was too large to copy */
};
/**
 * Write an ELF core file. Touches nothing but the frozen process's memory: any thread may do it,
 * one at a time.
 * @return OP_ERROR_IO, OP_ERROR_PROCESS_GONE, OP_ERROR_INTERRUPTED; nothing is left at @p path then
 * that was not there before.
 */
struct op_error *op_frozen_write_core(struct op_frozen *frozen, const char *path,
				      const struct op_cancel *cancel, struct op_core_written *ret);
/** Nothing is written of it any more: a copy gives its memory back at once. It still has to be
 * thawed. Any thread may do it. */
void op_frozen_release(struct op_frozen *frozen);
/**
 * Free it (taken), and end the copy. A copy is a child of the process; so that no trace of it stays
 * in there, all threads of @p process are stopped. @param[in] process NULL: it is gone.
 */
struct op_error *op_process_thaw(struct op_process *process, struct op_frozen *frozen);

#endif
