// SPDX-License-Identifier: GPL-3.0-or-later
// The Linux side's own view of a process under ptrace, shared by the files of this folder and by
// nobody else.
#ifndef OP_PLATFORM_LINUX_PROCESS_H
#define OP_PLATFORM_LINUX_PROCESS_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

// Memory that is short must not end the program: the caller looks whether the element has a table.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "platform/linux/operations.h"
#include "platform/linux/waiter.h"
#include "platform/platform.h"

/** What the kernel lets us do with a thread. */
enum op_tracee_phase {
	OP_TRACEE_RUNNING,   /**< or dying: no ptrace request works until it reports something */
	OP_TRACEE_LISTENING, /**< stopped by job control and left so (PTRACE_LISTEN): no request but
				PTRACE_INTERRUPT */
	OP_TRACEE_STOPPED,   /**< in a ptrace-stop that was reported to us */
};

/** What kind of ptrace-stop (man 2 ptrace, "Stopped states") a stopped thread is in. */
enum op_tracee_stop {
	OP_TRACEE_QUIET,  /**< an event stop that means nothing to the user */
	OP_TRACEE_GROUP,  /**< job control */
	OP_TRACEE_SIGNAL, /**< signal-delivery-stop */
	OP_TRACEE_TRAP,   /**< signal-delivery-stop of SIGTRAP */
};

/** Of x86: DR0 to DR3. */
enum { OP_WATCH_SLOTS = 4 };

struct op_tracee {
	pid_t id;
	enum op_tracee_phase phase;
	enum op_tracee_stop stop;
	bool newborn;   /**< its first stop has not come yet */
	bool wants_run; /**< the user let it run: stops that mean nothing to the user do not keep it
			 */
	bool forced;    /**< the run request wants it to run although job control has stopped the
			   process */
	bool left_group; /**< and it did; it goes back when it runs without being forced */
	bool zombie; /**< seen dead, not yet reported: a leader stays so while other threads live */
	bool looked_for_trap; /**< in this stop: nothing of the thread's own is left pending */
	bool deep;    /**< in uninterruptible sleep with an interrupt pending: stops before its next
			 instruction */
	bool calling; /**< op_live_step_call(): until PTRACE_SYSCALL has reported the end of one
		       */
	int restart;  /**< the ptrace request that resumes it: PTRACE_CONT, PTRACE_SINGLESTEP,
			 PTRACE_SYSCALL */

	/** The signal of the signal-delivery-stop, not yet delivered; 0: none. */
	int signal;
	bool deliver_trap; /**< the SIGTRAP is not outpost's: it goes to the program */
	/** A signal that was taken out of its stop so that the thread could run without it first.
	 */
	siginfo_t held;
	bool holds;       /**< held is to be delivered */
	bool held_raised; /**< it was sent again, its stop is to come */

	/** The stop in process->queue; kind OP_STOP_NONE when it is not in there. */
	enum op_stop_kind queued;
	int exit_code; /**< wait status, when queued is an exit */
	int64_t child;
	bool child_shares_memory;
	uint64_t mapped_at; /**< when queued is OP_STOP_CODE_MAPPED */
	bool busy_mapper;   /**< op_process_watch_mapper() */
	struct op_tracee *prev, *next;

	unsigned watch_generation; /**< process->watch_generation that its debug registers are of */
	unsigned watch_hits;       /**< slots hit, not asked for yet */
	bool watch_stop; /**< its stop is for these: a system call, or a step that had another
			    purpose */

	bool registers_known, pc_known;
	bool pc_early; /**< pc is already that of the stop which is about to be reported */
	bool ending;   /**< it stands at PTRACE_EVENT_EXIT */
	bool rewound;  /**< the kernel has it in front of the trap that it is told to be behind of
			*/
	bool rewound_guess; /**< the trap may be one of a copy of the code */
	struct user_regs_struct registers;
	uint64_t pc;

	bool trap_unblocked; /**< its program has SIGTRAP blocked in it: trap_mask.c */

	char name[32];
	unsigned name_run; /**< process->runs at which the name was read */
	UT_hash_handle hh;
};

/** A forked child that is still under our hand. */
struct op_forked {
	pid_t id;
	bool shares_memory;
};

/** Dead copies of the process that outposts which were killed have left (frozen_left.c). */
struct op_left_copies {
	bool looked;
	pid_t *ids; /**< owned */
	size_t count, capacity;
};

/** A running process under ptrace. */
struct op_live {
	struct op_process base;
	pid_t pid;
	uint64_t start_time;
	int memory_fd;   /**< /proc/PID/mem, -1: not open */
	bool no_vm_read; /**< process_vm_readv() does not work here */

	bool attached;
	bool collecting;           /**< during attach: births and exits are no news */
	bool exited;               /**< its end was seen */
	bool killing;              /**< nothing may keep its threads any more */
	bool exit_told;            /**< OP_STOP_EXITING was queued */
	bool ends_wait;            /**< threads may stand at their ends */
	long options;              /**< of its tracees, besides op_ptrace_options */
	struct op_tracee *tracees; /**< uthash by id */
	struct op_tracee *queue;   /**< stops not handed out, in order of arrival (utlist) */
	struct op_tracee
		*last;    /**< whom the last event was from: the hot thread of a hot breakpoint */
	pid_t last_event; /**< id of that thread */
	unsigned events;
	bool sweep_found; /**< the last sweep found something: sweep again at once */
	unsigned runs;

	struct op_shield *shield;                         /**< shield.c; NULL: none */
	struct op_raw_trap *raw_traps;                    /**< rewind.c, uthash by address */
	struct op_raw_places *raw_places;                 /**< rewind.c; NULL: there was none */
	struct op_watch_slot watch_slots[OP_WATCH_SLOTS]; /**< size 0: free */
	unsigned watch_generation; /**< counts their changes; never that of a new tracee */
	bool wants_code_mapping;   /**< the run request's */
	bool mapper_done;          /**< OP_STOP_MAPPER_DONE is to be told */
	pid_t refused;             /**< a thread that the system does not let run; 0: none */
	int refused_why;           /**< errno */
	struct op_waiter *waiter;
	struct op_live *waiter_next;
	atomic_int interrupted;

	struct op_forked *forked;
	size_t forked_count, forked_capacity;
	struct op_left_copies left;
	struct op_thread_info *infos;
	size_t info_capacity;
};

static inline struct op_live *op_live(struct op_process *process)
{
	return (struct op_live *)process;
}

static inline const struct op_live *op_live_const(const struct op_process *process)
{
	return (const struct op_live *)process;
}

/** The options of every tracee: no stop is lost, syscall stops are told from SIGTRAP. */
extern const long op_ptrace_options;

/* process.c */
struct op_error *op_live_gone(const struct op_live *process, const char *doing);
/** Of no process yet; NULL when memory is short. op_process_destroy() is its end. */
struct op_live *op_live_create(void);
struct op_error *op_live_load(struct op_live *process);
/** Open /proc/PID/mem anew: at first, and after exec. */
struct op_error *op_live_open_memory(struct op_live *process);
struct op_error *op_live_require_attached(const struct op_live *process, const char *doing);
/** Do the process's and outpost's link of that name in /proc/PID lead to the same thing? Those of a
 * namespace are compared by what they are, too (man 7 namespaces). */
bool op_live_same_place(pid_t pid, const char *what);
/** A thread of the process that has not exited (the leader may be a zombie, and then has no
 * memory). */
pid_t op_live_any_thread(const struct op_live *process);

/* threads.c */
/** Does a thread stand in this stretch of code? All are stopped. */
bool op_live_someone_in(struct op_live *process, struct op_host_addr start, uint64_t size);
struct op_tracee *op_tracee_find(struct op_live *process, pid_t id);
struct op_tracee *op_tracee_add(struct op_live *process, pid_t id);
/** Take it out of the table; it is freed when no queued stop needs it. */
void op_tracee_remove(struct op_live *process, struct op_tracee *tracee);
void op_tracee_remove_all(struct op_live *process);
void op_tracee_enqueue(struct op_live *process, struct op_tracee *tracee, enum op_stop_kind kind);
void op_tracee_dequeue(struct op_live *process, struct op_tracee *tracee);
/** OP_ERROR_NOT_FOUND, OP_ERROR_STATE when it runs, OP_ERROR_PROCESS_GONE. */
struct op_error *op_tracee_stopped(struct op_live *process, op_thread_id id, const char *doing,
				   struct op_tracee **ret);
/** The error for a thread that refused a request although it had stopped: it is being killed. Marks
 * it so. */
struct op_error *op_tracee_dying(struct op_live *process, struct op_tracee *tracee,
				 const char *doing);

/* events.c */
/** Take in one wait status of a thread: queue it, or deal with it here. */
void op_live_take_event(struct op_live *process, pid_t id, int status);
/** The same for an event of any process that this thread traces. */
void op_waiter_route(struct op_live *process, pid_t id, int status);

/* shield.c */
/** Forget the shield without touching the target: it is gone, or runs another program. */
void op_live_drop_shield(struct op_live *process);

/** Before a forked child is let go: traps in it are its own affair. */
void op_live_unshield_child(struct op_live *process, int64_t child);
/** Tell the guardian whether threads may have debug registers set. */
void op_live_note_watches(struct op_live *process, bool any);
/** Memory is about to be mapped that begins with @p label; @p address 0: that is done. */
void op_live_note_map(struct op_live *process, uint64_t address, const struct op_map_label *label);

/* watch.c */
/** Set the debug registers of a stopped thread as the process's slots say. @return 0 or an errno.
 */
int op_tracee_set_watch(struct op_live *process, struct op_tracee *tracee);
bool op_live_has_watches(const struct op_live *process);
bool op_live_watches_system_calls(const struct op_live *process);
/** The process runs another program, or is let go: no slot is set any more. */
void op_live_forget_watches(struct op_live *process);
/** After a single step: keep the hits for op_process_watch_hits(). */
void op_tracee_note_step_hits(struct op_live *process, struct op_tracee *tracee);
/** A system call has ended: true when its buffer touches a slot. */
bool op_tracee_note_system_call(struct op_live *process, struct op_tracee *tracee, int64_t result);

/* pages.c */
/** Of enum op_protection, as mprotect() wants it. */
int op_native_protection(unsigned protection);

/* mapper.c */
/** A thread enters a system call. Does that end a mapper's work, it shall stop at the call's end.
 */
void op_tracee_note_call_entry(struct op_live *process, struct op_tracee *tracee, uint64_t number);

/* wait.c */
/** Like op_process_step(), over the system call that the thread is about to make, to the stop of an
 * interrupt behind it: no signal is under way to the thread in between, so that outpost may die. */
struct op_error *op_live_step_call(struct op_live *process, op_thread_id thread,
				   struct op_stop *ret);
/** Wait until no thread runs, at most @p timeout_ms. False when some did not stop (nor are in the
 * kernel's deepest sleep). */
bool op_live_collect_stops(struct op_live *process, int timeout_ms);
void op_live_ask_all_to_stop(struct op_live *process);
/** A thread that has stopped for a SIGTRAP of outpost's would still get it if outpost died, and the
 * program may have no handler for it any more: each such thread goes on to a stop for no signal,
 * without an instruction in between. All are stopped, and are again. */
void op_live_leave_trap_stops(struct op_live *process);
/** A thread that runs and could still be brought to a stop; NULL: none. */
struct op_tracee *op_live_first_unstopped(struct op_live *process);

/* run.c */
/** Resume a stopped thread as its fields say, delivering its signal. */
void op_tracee_resume(struct op_live *process, struct op_tracee *tracee);
/** The error of a thread that could not be resumed since the last call; NULL: none. */
struct op_error *op_live_refused(struct op_live *process);
/** The signal to hand over at a detach. */
int op_tracee_parting_signal(struct op_live *process, struct op_tracee *tracee);
/** The stop of a signal that was not handed out when the thread was stepped is in the queue again;
 * where another signal has come with the step, it comes as a stop of its own. */
void op_tracee_enqueue_held(struct op_live *process, struct op_tracee *tracee);

/* fork.c */
/** A fork event: collect the child's first stop and keep the child. False when it is dead already.
 */
bool op_forked_take(struct op_live *process, pid_t child);
bool op_forked_shares_memory(const struct op_live *process, pid_t child, bool vfork);
void op_forked_release_all(struct op_live *process);

/* memory.c */
void op_live_write_by_ptrace(pid_t thread, uint64_t addr, const uint8_t *data, size_t size,
			     size_t *ret_done);

#endif
