// SPDX-License-Identifier: GPL-3.0-or-later
// The decoding process's side, shared by its files: the connection to the tracing process, and a
// process as an object that asks there. Holds nothing that the tracing process could not say anew.
#ifndef OP_PLATFORM_APART_CLIENT_H
#define OP_PLATFORM_APART_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "platform/apart/apart.h"
#include "platform/apart/channel.h"
#include "platform/apart/wire.h"
#include "platform/operations.h"

/** There is one for the life of the confined process (start.c). */
struct op_apart_connection {
	struct op_apart_channel channel;
	int interrupts_fd;   /**< owned */
	const uint8_t *area; /**< what the tracing process read of the target */
	pid_t tracer;        /**< the tracing process */
	const struct op_apart_plan *plan;
	bool broken; /**< the tracing process is gone, or talks nonsense */
};
/** NULL: this process is not confined. */
struct op_apart_connection *op_apart_connection(void);

/** Reads without the tracing process, where the program itself can read (client_direct.c). */
struct op_apart_direct {
	int memory_fd;               /**< /proc/PID/mem; -1: none yet */
	bool refused;                /**< there is none to be had */
	unsigned reads;              /**< since something changed, of those that asked */
	struct op_mappings mappings; /**< empty: not known */
	int64_t taken_ms;            /**< when they were */
};

/** A process that the tracing process has open. */
struct op_apart_process {
	struct op_process base;
	struct op_apart_connection *connection;
	unsigned watch_slot_count;

	/** What was told since the last operation that could have changed it. */
	bool threads_known;
	struct op_thread_info *threads;
	enum op_stop_kind *pending; /**< of each */
	size_t thread_count, thread_capacity, pending_capacity;
	op_thread_id pc_of; /**< 0: none */
	struct op_host_addr pc;
	op_thread_id registers_of; /**< 0: none */
	struct op_registers registers;
	bool registers_came; /**< with a stop, and nobody has asked for them yet */

	struct op_apart_direct direct;
};

static inline struct op_apart_process *op_apart_process(struct op_process *process)
{
	return (struct op_apart_process *)process;
}

/** A request and what comes back. */
struct op_apart_question {
	enum op_apart_operation operation;
	uint64_t arguments[OP_APART_ARGUMENTS];
	const void *payload;
	size_t size;
};
/**
 * Ask, and wait for the answer.
 * @param[out] ret checked; may be NULL. @param[out] ret_payload borrowed until the next question;
 * may be NULL.
 * @return the tracing process's error, or OP_ERROR_SYSTEM when it is gone.
 */
struct op_error *op_apart_ask(struct op_apart_connection *connection,
			      const struct op_apart_question *question, struct op_apart_reply *ret,
			      const uint8_t **ret_payload);
/** Of an open process: what was told of its threads is forgotten when the operation changes it. A
 * one-way question goes with the next one that is answered. */
struct op_error *op_apart_ask_process(struct op_process *process,
				      const struct op_apart_question *question,
				      struct op_apart_reply *ret, const uint8_t **ret_payload);

/* client.c */
/** The command line anew: at first, and after exec. */
struct op_error *op_apart_load(struct op_process *process);

/* client_direct.c */
void op_apart_direct_init(struct op_apart_direct *direct);
void op_apart_direct_deinit(struct op_apart_direct *direct);
/** Mappings may be others now. */
void op_apart_direct_forget(struct op_apart_direct *direct);
/** The program is another one now. */
void op_apart_direct_leave(struct op_apart_direct *direct);
/** As much as can be read in this way; 0: ask the tracing process. */
size_t op_apart_direct_read(struct op_process *process, struct op_host_addr addr, void *buffer,
			    size_t size);

/* client_memory.c */
struct op_error *op_apart_mappings(struct op_process *process, struct op_mappings *ret);
struct op_error *op_apart_read_some(struct op_process *process, struct op_host_addr addr,
				    void *buffer, size_t size, size_t *ret_done);
struct op_error *op_apart_unreadable(struct op_process *process, struct op_host_addr addr);
struct op_error *op_apart_read_many(struct op_process *process, struct op_read_request *requests,
				    size_t count);
struct op_error *op_apart_write(struct op_process *process, struct op_host_addr addr,
				const void *buffer, size_t size);
struct op_error *op_apart_shield(struct op_process *process);
struct op_error *op_apart_unshield(struct op_process *process);
struct op_error *op_apart_note_plant(struct op_process *process, struct op_host_addr addr,
				     const void *bytes, size_t size, uint8_t harmless,
				     uint32_t *ret_entry);
void op_apart_forget_plant(struct op_process *process, uint32_t entry);
struct op_error *op_apart_map(struct op_process *process, struct op_host_addr near, uint64_t reach,
			      uint64_t size, unsigned protection, const struct op_map_label *label,
			      struct op_host_addr *ret);
struct op_error *op_apart_unmap(struct op_process *process, struct op_host_addr addr,
				uint64_t size);
struct op_error *op_apart_protect(struct op_process *process, struct op_host_addr addr,
				  uint64_t size, unsigned protection);
struct op_error *op_apart_write_child(struct op_process *process, int64_t child,
				      struct op_host_addr addr, const void *buffer, size_t size);
struct op_error *op_apart_protect_child(struct op_process *process, int64_t child,
					struct op_host_addr addr, uint64_t size,
					unsigned protection);
struct op_error *op_apart_release_child(struct op_process *process, int64_t child);

/* client_threads.c */
const struct op_thread_info *op_apart_threads(struct op_process *process, size_t *ret_count);
struct op_error *op_apart_registers(struct op_process *process, op_thread_id thread,
				    struct op_registers *ret);
struct op_error *op_apart_pc(struct op_process *process, op_thread_id thread,
			     struct op_host_addr *ret);
struct op_error *op_apart_set_registers(struct op_process *process, op_thread_id thread,
					const struct op_registers *registers);
struct op_error *op_apart_vector_register(struct op_process *process, op_thread_id thread,
					  unsigned index, uint8_t ret[16]);
struct op_error *op_apart_trap_reason(struct op_process *process, op_thread_id thread,
				      enum op_trap_reason *ret);
unsigned op_apart_watch_slot_count(const struct op_process *process);
struct op_error *op_apart_set_watch_slot(struct op_process *process, unsigned slot,
					 const struct op_watch_slot *watch);
struct op_error *op_apart_watch_hits(struct op_process *process, op_thread_id thread,
				     unsigned *ret_mask);
void op_apart_watch_mapper(struct op_process *process, op_thread_id thread);
bool op_apart_is_dying(struct op_process *process);
bool op_apart_mapper_is_busy(struct op_process *process, op_thread_id thread);
bool op_apart_pending_stop(struct op_process *process, op_thread_id thread, struct op_stop *ret);
void op_apart_drop_pending(struct op_process *process, op_thread_id thread);
void op_apart_discard_signal(struct op_process *process, op_thread_id thread);

/* client_run.c */
struct op_error *op_apart_run(struct op_process *process, const struct op_run_request *request);
struct op_error *op_apart_watch_exit(struct op_process *process, bool enabled);
struct op_error *op_apart_step(struct op_process *process, op_thread_id thread,
			       struct op_stop *ret);
struct op_error *op_apart_wait(struct op_process *process, int timeout_ms, struct op_stop *ret);
struct op_error *op_apart_stop_all(struct op_process *process);
void op_apart_interrupt(struct op_process *process);
void op_apart_clear_interrupt(struct op_process *process);

#endif
