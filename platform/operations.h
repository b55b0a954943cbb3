// SPDX-License-Identifier: GPL-3.0-or-later
// What an implementation of platform.h supplies: the head of its process object, and a table of
// functions behind it. Shared by process.c, which calls them, and the implementations. Knows none
// of them.
#ifndef OP_PLATFORM_OPERATIONS_H
#define OP_PLATFORM_OPERATIONS_H

#include "platform/platform.h"

/**
 * The functions of platform.h as one implementation does them: what is said there holds here. A
 * function that an implementation does not have is NULL: the call fails with OP_ERROR_UNSUPPORTED,
 * or does nothing where there is no error to return.
 */
struct op_process_operations {
	/** Begins the sentence when a function is missing: "a core file". */
	const char *what;
	/** Not NULL, as mappings, threads, read_some, unreadable and registers. */
	void (*destroy)(struct op_process *process);

	struct op_error *(*attach)(struct op_process *process,
				   const struct op_attach_options *options);
	struct op_error *(*detach)(struct op_process *process);
	struct op_error *(*kill)(struct op_process *process);
	struct op_error *(*resolve_path)(const struct op_process *process, const char *path,
					 char **ret);
	const struct op_core_info *(*core_info)(const struct op_process *process);

	const struct op_thread_info *(*threads)(struct op_process *process, size_t *ret_count);
	struct op_error *(*mappings)(struct op_process *process, struct op_mappings *ret);

	struct op_error *(*read_some)(struct op_process *process, struct op_host_addr addr,
				      void *buffer, size_t size, size_t *ret_done);
	/** The sentence for an address at which read_some() read nothing. Never returns NULL. */
	struct op_error *(*unreadable)(struct op_process *process, struct op_host_addr addr);
	/** NULL: one read_some() for each. */
	struct op_error *(*read_many)(struct op_process *process, struct op_read_request *requests,
				      size_t count);
	struct op_error *(*write)(struct op_process *process, struct op_host_addr addr,
				  const void *buffer, size_t size);

	struct op_error *(*shield)(struct op_process *process);
	struct op_error *(*unshield)(struct op_process *process);
	struct op_error *(*note_plant)(struct op_process *process, struct op_host_addr addr,
				       const void *bytes, size_t size, uint8_t harmless,
				       uint32_t *ret_entry);
	void (*forget_plant)(struct op_process *process, uint32_t entry);

	struct op_error *(*map)(struct op_process *process, struct op_host_addr near,
				uint64_t reach, uint64_t size, unsigned protection,
				const struct op_map_label *label, struct op_host_addr *ret);
	struct op_error *(*unmap)(struct op_process *process, struct op_host_addr addr,
				  uint64_t size);
	struct op_error *(*protect)(struct op_process *process, struct op_host_addr addr,
				    uint64_t size, unsigned protection);
	void (*watch_mapper)(struct op_process *process, op_thread_id thread);
	bool (*mapper_is_busy)(struct op_process *process, op_thread_id thread);

	unsigned (*watch_slot_count)(const struct op_process *process);
	struct op_error *(*set_watch_slot)(struct op_process *process, unsigned slot,
					   const struct op_watch_slot *watch);
	struct op_error *(*watch_hits)(struct op_process *process, op_thread_id thread,
				       unsigned *ret_mask);

	struct op_error *(*registers)(struct op_process *process, op_thread_id thread,
				      struct op_registers *ret);
	/** NULL: that of registers(). */
	struct op_error *(*pc)(struct op_process *process, op_thread_id thread,
			       struct op_host_addr *ret);
	struct op_error *(*set_registers)(struct op_process *process, op_thread_id thread,
					  const struct op_registers *registers);
	struct op_error *(*vector_register)(struct op_process *process, op_thread_id thread,
					    unsigned index, uint8_t ret[16]);
	struct op_error *(*trap_reason)(struct op_process *process, op_thread_id thread,
					enum op_trap_reason *ret);

	struct op_error *(*run)(struct op_process *process, const struct op_run_request *request);
	struct op_error *(*watch_exit)(struct op_process *process, bool enabled);
	struct op_error *(*let_live)(struct op_process *process);
	struct op_error *(*step)(struct op_process *process, op_thread_id thread,
				 struct op_stop *ret);
	struct op_error *(*wait)(struct op_process *process, int timeout_ms, struct op_stop *ret);
	/** NULL: no thread ever runs. */
	struct op_error *(*stop_all)(struct op_process *process);
	bool (*pending_stop)(struct op_process *process, op_thread_id thread, struct op_stop *ret);
	bool (*is_dying)(struct op_process *process);
	bool (*has_died)(const struct op_process *process);
	bool (*is_left_handler)(const uint8_t *bytes, size_t size);
	void (*drop_pending)(struct op_process *process, op_thread_id thread);
	void (*discard_signal)(struct op_process *process, op_thread_id thread);
	void (*interrupt)(struct op_process *process);
	void (*clear_interrupt)(struct op_process *process);

	struct op_error *(*write_child)(struct op_process *process, int64_t child,
					struct op_host_addr addr, const void *buffer, size_t size);
	struct op_error *(*protect_child)(struct op_process *process, int64_t child,
					  struct op_host_addr addr, uint64_t size,
					  unsigned protection);
	struct op_error *(*release_child)(struct op_process *process, int64_t child);

	/** NULL: it had better make a copy of itself. */
	struct op_error *(*copy_running)(struct op_process *process, const struct op_cancel *cancel,
					 struct op_copied **ret);
	struct op_error *(*freeze)(struct op_process *process,
				   const struct op_freeze_options *options, struct op_frozen **ret);
};

/** The head of every implementation's process object: its first member. */
struct op_process {
	const struct op_process_operations *operations;
	const struct op_arch *arch;
	int64_t id;
	char *command_line; /**< the implementation's; may change with exec; NULL: not known */
	size_t command_line_size;
};

#endif
