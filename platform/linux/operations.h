// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of the table for processes under ptrace (platform/operations.h), each in the file
// that its name suggests. Shared by the files of this folder.
#ifndef OP_PLATFORM_LINUX_OPERATIONS_H
#define OP_PLATFORM_LINUX_OPERATIONS_H

#include "platform/operations.h"

extern const struct op_process_operations op_live_operations;

struct op_error *op_live_attach(struct op_process *process,
				const struct op_attach_options *options);
struct op_error *op_live_detach(struct op_process *process);
struct op_error *op_live_kill(struct op_process *process);
struct op_error *op_live_protect_child(struct op_process *process, int64_t child,
				       struct op_host_addr addr, uint64_t size,
				       unsigned protection);
struct op_error *op_live_copy_running(struct op_process *process, const struct op_cancel *cancel,
				      struct op_copied **ret);
struct op_error *op_live_freeze(struct op_process *process, const struct op_freeze_options *options,
				struct op_frozen **ret);
struct op_error *op_live_release_child(struct op_process *process, int64_t child);
struct op_error *op_live_write_child(struct op_process *process, int64_t child,
				     struct op_host_addr addr, const void *buffer, size_t size);
bool op_live_mapper_is_busy(struct op_process *process, op_thread_id thread);
void op_live_watch_mapper(struct op_process *process, op_thread_id thread);
struct op_error *op_live_mappings(struct op_process *process, struct op_mappings *ret);
struct op_error *op_live_read_many(struct op_process *process, struct op_read_request *requests,
				   size_t count);
struct op_error *op_live_read_some(struct op_process *process, struct op_host_addr addr,
				   void *buffer, size_t size, size_t *ret_done);
struct op_error *op_live_write(struct op_process *process, struct op_host_addr addr,
			       const void *buffer, size_t size);
struct op_error *op_live_map(struct op_process *process, struct op_host_addr near, uint64_t reach,
			     uint64_t size, unsigned protection, const struct op_map_label *label,
			     struct op_host_addr *ret);
struct op_error *op_live_protect(struct op_process *process, struct op_host_addr addr,
				 uint64_t size, unsigned protection);
struct op_error *op_live_unmap(struct op_process *process, struct op_host_addr addr, uint64_t size);
void op_live_destroy(struct op_process *process);
struct op_error *op_live_resolve_path(const struct op_process *process, const char *path,
				      char **ret);
struct op_error *op_live_pc(struct op_process *process, op_thread_id thread,
			    struct op_host_addr *ret);
struct op_error *op_live_registers(struct op_process *process, op_thread_id thread,
				   struct op_registers *ret);
struct op_error *op_live_set_registers(struct op_process *process, op_thread_id thread,
				       const struct op_registers *registers);
struct op_error *op_live_trap_reason(struct op_process *process, op_thread_id thread,
				     enum op_trap_reason *ret);
struct op_error *op_live_vector_register(struct op_process *process, op_thread_id thread,
					 unsigned index, uint8_t ret[16]);
struct op_error *op_live_run(struct op_process *process, const struct op_run_request *request);
struct op_error *op_live_watch_exit(struct op_process *process, bool enabled);
struct op_error *op_live_let_live(struct op_process *process);
void op_live_forget_plant(struct op_process *process, uint32_t entry);
struct op_error *op_live_note_plant(struct op_process *process, struct op_host_addr addr,
				    const void *bytes, size_t size, uint8_t harmless,
				    uint32_t *ret_entry);
struct op_error *op_live_shield(struct op_process *process);
struct op_error *op_live_unshield(struct op_process *process);
const struct op_thread_info *op_live_threads(struct op_process *process, size_t *ret_count);
void op_live_clear_interrupt(struct op_process *process);
void op_live_discard_signal(struct op_process *process, op_thread_id thread);
void op_live_drop_pending(struct op_process *process, op_thread_id thread);
void op_live_interrupt(struct op_process *process);
bool op_live_pending_stop(struct op_process *process, op_thread_id thread, struct op_stop *ret);
bool op_live_is_dying(struct op_process *process);
bool op_live_has_died(const struct op_process *process);
bool op_handler_has_mark(const uint8_t *bytes, size_t size);
struct op_error *op_live_step(struct op_process *process, op_thread_id thread, struct op_stop *ret);
struct op_error *op_live_stop_all(struct op_process *process);
struct op_error *op_live_wait(struct op_process *process, int timeout_ms, struct op_stop *ret);
struct op_error *op_live_set_watch_slot(struct op_process *process, unsigned slot,
					const struct op_watch_slot *watch);
struct op_error *op_live_watch_hits(struct op_process *process, op_thread_id thread,
				    unsigned *ret_mask);
unsigned op_live_watch_slot_count(const struct op_process *process);
struct op_error *op_live_unreadable(struct op_process *process, struct op_host_addr addr);

#endif
