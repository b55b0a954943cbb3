// SPDX-License-Identifier: GPL-3.0-or-later
// The patches in the target's code. Knows addresses and bytes; what a stop at one means is run.c's
// and step.c's.
#include "tracer/agent/agent.h"
#include "tracer/code_write.h"
#include "tracer/count.h"
#include "tracer/new_code.h"
#include "tracer/patch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct node {
	struct op_patch patch; // first: a node is found through its patch's address
	UT_hash_handle hh;
};

struct op_patch_set {
	struct node *nodes;
	struct node *last; // the one that was found last: hot breakpoints hit again and again
	struct OP_ARRAY(struct op_patch *) fresh; // got a purpose, not in the code yet
	struct OP_ARRAY(uint64_t) purposeful;     // addresses of patches that may have purposes
	bool told_foreign_bytes, told_unshielded;
};

struct op_error *op_patch_set_create(struct op_patch_set **ret)
{
	struct op_patch_set *set = calloc(1, sizeof(*set));
	if (!set)
		return op_error_no_memory();
	*ret = set;
	return NULL;
}

// What cannot be read any more (the target is gone) was not counted.
static void drop_cell(struct op_session *session, struct op_patch *patch, uint32_t index)
{
	if (!patch->cells || !patch->cells[index])
		return;
	if (session->process)
		op_error_destroy(op_count_retire(session, patch, index));
	op_agent_free_cell(session, patch->cells[index]);
	patch->cells[index] = 0;
}

static void remove_node(struct op_session *session, struct node *node)
{
	struct op_patch_set *set = session->patches;
	if (set->last == node)
		set->last = NULL;
	set->fresh.count = 0;
	op_agent_disarm(session, &node->patch);
	for (uint32_t i = 0; i < node->patch.breakpoint_count; i++)
		drop_cell(session, &node->patch, i);
	HASH_DEL(set->nodes, node);
	free(node->patch.breakpoints);
	free(node->patch.cells);
	free(node);
}

void op_patch_set_clear(struct op_session *session)
{
	struct op_patch_set *set = session->patches;
	struct node *node, *next;
	HASH_ITER(hh, set->nodes, node, next)
	{
		// The target is gone, and what was counted in it.
		free(op_take(node->patch.cells));
		remove_node(session, node);
	}
	set->purposeful.count = 0;
	set->told_foreign_bytes = set->told_unshielded = false;
}

void op_patch_set_destroy(struct op_patch_set *set)
{
	if (!set)
		return;
	free(set->fresh.data);
	free(set->purposeful.data);
	free(set);
}

struct op_patch *op_patch_find(struct op_patch_set *set, uint64_t address)
{
	if (set->last && set->last->patch.address == address)
		return &set->last->patch;
	struct node *node;
	HASH_FIND(hh, set->nodes, &address, sizeof(address), node);
	if (!node)
		return NULL;
	set->last = node;
	return &node->patch;
}

struct op_error *op_patch_want(struct op_session *session, uint64_t address,
			       enum op_patch_kind kind, struct op_patch **ret)
{
	struct op_patch_set *set = session->patches;
	struct op_patch *found = op_patch_find(set, address);
	if (found) {
		*ret = found;
		return NULL;
	}
	const struct op_arch *arch = op_process_arch(session->process);
	struct node *node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	node->patch.address = address;
	node->patch.kind = kind;
	node->patch.size = (uint8_t)(kind == OP_PATCH_SLOT ? arch->slot_size : arch->trap_size);
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, set->nodes, patch.address, sizeof(node->patch.address), node);
	if (failed) {
		free(node);
		return op_error_no_memory();
	}
	*ret = &node->patch;
	return NULL;
}

struct op_error *op_patch_want_slot(struct op_session *session, const struct op_image *image,
				    const struct op_slot *slot, struct op_patch **ret)
{
	struct op_error *err =
		op_patch_want(session, image->text.value + slot->text_offset, OP_PATCH_SLOT, ret);
	if (err)
		return err;
	(*ret)->image = image->id;
	(*ret)->artifact = image->artifact;
	(*ret)->text_offset = slot->text_offset;
	(*ret)->pc = slot->pc;
	return NULL;
}

struct op_error *op_patch_add_breakpoint(struct op_patch *patch, uint32_t number,
					 enum op_patch_use use)
{
	for (uint32_t i = 0; i < patch->breakpoint_count; i++)
		if (patch->breakpoints[i] == number)
			return NULL;
	uint32_t count = patch->breakpoint_count;
	uint32_t *grown = reallocarray(patch->breakpoints, count + 1, sizeof(*grown));
	if (!grown)
		return op_error_no_memory();
	patch->breakpoints = grown;
	if (use == OP_USE_COUNT || patch->cells) {
		uint64_t *cells = reallocarray(patch->cells, count + 1, sizeof(*cells));
		if (!cells)
			return op_error_no_memory();
		if (!patch->cells)
			memset(cells, 0, count * sizeof(*cells));
		cells[count] = 0;
		patch->cells = cells;
	}
	patch->wants_stub |= use != OP_USE_STOP;
	grown[count] = number;
	patch->breakpoint_count = count + 1;
	return NULL;
}

void op_patch_set_remove_breakpoint(struct op_session *session, uint32_t number)
{
	struct node *node, *next;
	HASH_ITER(hh, session->patches->nodes, node, next)
	{
		struct op_patch *patch = &node->patch;
		uint32_t kept = 0, before = patch->breakpoint_count;
		for (uint32_t i = 0; i < before; i++) {
			if (patch->breakpoints[i] == number) {
				drop_cell(session, patch, i);
				continue;
			}
			if (patch->cells)
				patch->cells[kept] = patch->cells[i];
			patch->breakpoints[kept++] = patch->breakpoints[i];
		}
		patch->breakpoint_count = kept;
		patch->wants_stub &= kept != 0;
		if (kept != before)
			op_agent_disarm(session, patch);
	}
}

void op_patch_set_retire_counts(struct op_session *session)
{
	struct node *node, *next;
	HASH_ITER(hh, session->patches->nodes, node, next)
	for (uint32_t i = 0; i < node->patch.breakpoint_count; i++)
		drop_cell(session, &node->patch, i);
}

struct op_error *op_patch_set_each(struct op_session *session, uint32_t number,
				   struct op_error *(*visit)(void *context, struct op_patch *patch,
							     uint32_t index),
				   void *context)
{
	struct node *node, *next;
	HASH_ITER(hh, session->patches->nodes, node, next)
	{
		for (uint32_t i = 0; i < node->patch.breakpoint_count; i++) {
			if (node->patch.breakpoints[i] != number)
				continue;
			struct op_error *err = visit(context, &node->patch, i);
			if (err)
				return err;
		}
	}
	return NULL;
}

// A call of a stub that does not trap must become one that does.
static bool is_written(const struct op_patch *patch)
{
	return patch->inserted && !(patch->called && patch->purposes);
}

struct op_error *op_patch_add_purpose(struct op_patch_set *set, struct op_patch *patch,
				      unsigned purposes)
{
	if (!patch->purposes && !op_array_push(&set->purposeful, patch->address))
		return op_error_no_memory();
	patch->purposes |= purposes;
	return is_written(patch) || op_array_push(&set->fresh, patch) ? NULL : op_error_no_memory();
}

struct op_error *op_patch_drop_purpose(struct op_session *session, struct op_patch *patch,
				       unsigned purpose)
{
	patch->purposes &= ~purpose;
	if (patch->purposes || patch->breakpoint_count || !patch->inserted)
		return NULL;
	struct op_code_writes writes = {0};
	struct op_code_write write = {.address = patch->address, .size = patch->size};
	memcpy(write.bytes, patch->original, patch->size);
	struct op_error *err = op_array_push(&writes, write) ? NULL : op_error_no_memory();
	if (!err)
		err = op_code_write(session->process, &writes, false);
	free(writes.data);
	if (err)
		return err;
	op_process_forget_plant(session->process, patch->journal_entry);
	patch->inserted = patch->called = false;
	return NULL;
}

void op_patch_set_remove_purposes(struct op_patch_set *set, unsigned purposes)
{
	size_t kept = 0;
	for (size_t i = 0; i < set->purposeful.count; i++) {
		struct op_patch *patch = op_patch_find(set, set->purposeful.data[i]);
		if (!patch)
			continue;
		patch->purposes &= ~purposes;
		if (!(patch->purposes & OP_PATCH_STEP))
			patch->plan = 0;
		if (!(patch->purposes & OP_PATCH_RUN_MASK)) {
			patch->step_frame = 0;
			patch->inner_arrivals = 0;
		}
		if (patch->purposes)
			set->purposeful.data[kept++] = patch->address;
	}
	set->purposeful.count = kept;
}

struct op_error *op_patch_set_turn_breakpoint(struct op_session *session, uint32_t number,
					      unsigned purpose)
{
	struct op_patch_set *set = session->patches;
	struct op_error *err = NULL;
	struct node *node, *next;
	HASH_ITER(hh, set->nodes, node, next)
	for (uint32_t i = 0; !err && i < node->patch.breakpoint_count; i++)
		if (node->patch.breakpoints[i] == number)
			err = op_patch_add_purpose(set, &node->patch, purpose);
	op_patch_set_remove_breakpoint(session, number);
	return err;
}

static bool wanted(const struct op_patch *patch)
{
	return patch->purposes || patch->breakpoint_count;
}

void op_patch_set_prune(struct op_session *session)
{
	struct op_patch_set *set = session->patches;
	struct node *node, *next;
	HASH_ITER(hh, set->nodes, node, next)
	{
		const struct op_patch *patch = &node->patch;
		bool gone = patch->image && !op_image_set_by_id(session->images, patch->image);
		if (gone && patch->inserted)
			op_process_forget_plant(session->process, patch->journal_entry);
		if (gone || (!patch->inserted && !wanted(patch)))
			remove_node(session, node);
	}
	op_patch_prune_copied(session);
}

static const uint8_t *trap_bytes(const struct op_arch *arch, const struct op_patch *patch)
{
	return patch->kind == OP_PATCH_SLOT ? arch->slot_trap : arch->trap;
}

// Take what stands at the patch as its original; false when it is not what Wasmtime wrote there.
static bool accept_original(struct op_session *session, struct op_patch *patch)
{
	const struct op_arch *arch = op_process_arch(session->process);
	if (patch->kind == OP_PATCH_RAW)
		return memcmp(patch->original, arch->trap, arch->trap_size) != 0 ||
		       op_patch_original_of_copied(session, patch);
	if (!memcmp(patch->original, arch->slot_disabled, arch->slot_size))
		return true;
	// A copy of the code that Wasmtime made while a breakpoint was in the engine's copy, or one
	// that an outpost left behind when it was killed (its guardian puts the harmless byte in
	// front).
	bool rest = !memcmp(patch->original + 1, arch->slot_trap + 1, arch->slot_size - 1u);
	if (rest && (patch->original[0] == arch->slot_trap[0] ||
		     patch->original[0] == arch->slot_harmless)) {
		memcpy(patch->original, arch->slot_disabled, arch->slot_size);
		return true;
	}
	return false;
}

static void tell_foreign_bytes(struct op_session *session, const struct op_patch *patch)
{
	if (!session->patches->told_foreign_bytes)
		op_session_notice(session, OP_NOTICE_WARNING,
				  "the code at 0x%" PRIx64
				  " is not as Wasmtime wrote it (another debugger?); no "
				  "breakpoint there",
				  patch->address);
	session->patches->told_foreign_bytes = true;
}

// What is to stand at a patch: a jump to its stub, or a trap. What the guardian knows of it stays
// until that is written (@p ret_old).
static struct op_error *compose(struct op_session *session, struct op_patch *patch,
				struct op_code_write *ret, uint32_t *ret_old)
{
	const struct op_arch *arch = op_process_arch(session->process);
	*ret = (struct op_code_write){.address = patch->address, .size = patch->size};
	*ret_old = patch->inserted ? patch->journal_entry : UINT32_MAX;
	struct op_error *err =
		op_patch_wants_stub(patch) || patch->stub ? op_agent_arm(session, patch) : NULL;
	if (err)
		return err;
	patch->called = patch->stub != NULL;
	patch->journal_entry = UINT32_MAX;
	if (patch->called) {
		op_agent_slot_bytes(patch, ret->bytes);
	} else {
		memcpy(ret->bytes, trap_bytes(arch, patch), patch->size);
		err = op_process_note_plant(
			session->process, op_host_addr(patch->address), ret->bytes, patch->size,
			patch->kind == OP_PATCH_SLOT ? arch->slot_harmless : patch->original[0],
			&patch->journal_entry);
	}
	return err;
}

// What was to be written into memory that is not there any more is not in the code.
static void take_back_gone(struct op_session *session, const struct op_code_writes *writes)
{
	for (size_t i = 0; i < writes->count; i++) {
		struct op_patch *patch =
			writes->data[i].gone
				? op_patch_find(session->patches, writes->data[i].address)
				: NULL;
		if (!patch)
			continue;
		op_process_forget_plant(session->process, patch->journal_entry);
		patch->inserted = patch->called = false;
	}
}

// Read what stands at each of the patches that are not in the code, then write what is wanted
// there.
static struct op_error *insert(struct op_session *session, struct op_patch *const *patches,
			       size_t count, bool running)
{
	_cleanup_free_ struct op_read_request *reads = calloc(count, sizeof(*reads));
	_cleanup_free_ uint32_t *old_entries = calloc(count, sizeof(*old_entries));
	struct op_code_writes writes = {0};
	size_t composed = 0;
	if (!reads || !old_entries)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++)
		reads[i] = (struct op_read_request){
			.addr = op_host_addr(patches[i]->address),
			.buffer = patches[i]->original,
			.size = patches[i]->inserted ? 0 : patches[i]->size};
	struct op_error *err = op_process_read_many(session->process, reads, count);
	if (!err)
		err = op_agent_reserve(session, patches, count);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_patch *patch = patches[i];
		struct op_code_write write;
		if (!patch->inserted && op_new_code_holds(session, op_host_addr(patch->address)))
			continue;
		// A store that has ended while the others run took its copy of the code with it.
		if (!patch->inserted && !reads[i].done && running)
			continue;
		if (!patch->inserted && (!reads[i].done || !accept_original(session, patch))) {
			tell_foreign_bytes(session, patch);
			continue;
		}
		err = compose(session, patch, &write, &old_entries[composed++]);
		if (!err && !op_array_push(&writes, write))
			err = op_error_no_memory();
		if (err)
			break;
		patch->inserted = true;
		err = op_patch_note_copied(session, patch);
	}
	if (!err)
		err = op_code_write(session->process, &writes, running);
	take_back_gone(session, &writes);
	free(writes.data);
	for (size_t i = 0; i < composed; i++)
		op_process_forget_plant(session->process, old_entries[i]);
	op_agent_free_retired(session);
	return err;
}

struct op_error *op_patch_set_shield(struct op_session *session)
{
	struct op_error *err = op_process_shield(session->process);
	if (!err || err->code == OP_ERROR_PROCESS_GONE)
		return err;
	if (!session->patches->told_unshielded)
		op_session_notice(session, OP_NOTICE_WARNING,
				  "the program is not protected against outpost's death while "
				  "breakpoints are set: %s",
				  err->message);
	session->patches->told_unshielded = true;
	op_error_destroy(err);
	return NULL;
}

// What is wanted and not in the code yet, each once.
static struct op_error *insert_fresh(struct op_session *session, bool running)
{
	struct op_patch_set *set = session->patches;
	size_t count = 0;
	for (size_t i = 0; i < set->fresh.count; i++) {
		bool again = is_written(set->fresh.data[i]);
		// One that got two purposes stands in the list twice.
		for (size_t k = 0; k < count && !again && count < 16; k++)
			again = set->fresh.data[k] == set->fresh.data[i];
		if (!again)
			set->fresh.data[count++] = set->fresh.data[i];
	}
	set->fresh.count = 0;
	struct op_error *err = count ? op_patch_set_shield(session) : NULL;
	return err || !count ? err : insert(session, set->fresh.data, count, running);
}

struct op_error *op_patch_set_insert(struct op_session *session)
{
	struct op_patch_set *set = session->patches;
	set->fresh.count = 0;
	struct node *node, *next;
	HASH_ITER(hh, set->nodes, node, next)
	if (wanted(&node->patch) && !node->patch.inserted &&
	    !op_array_push(&set->fresh, &node->patch))
		return op_error_no_memory();
	return insert_fresh(session, session->state == OP_SESSION_RUNNING);
}

struct op_error *op_patch_set_insert_new(struct op_session *session)
{
	// In the copy of the stack that is stepped: the one thread that executes it is stopped.
	return insert_fresh(session, false);
}

struct op_error *op_patch_set_promote(struct op_session *session, const struct op_image *image)
{
	struct op_patch_set *set = session->patches;
	struct OP_ARRAY(struct op_patch *) served = {0};
	struct node *node, *next;
	struct op_error *err = NULL;
	HASH_ITER(hh, set->nodes, node, next)
	if (node->patch.image == image->id && op_patch_wants_stub(&node->patch) &&
	    node->patch.inserted && !node->patch.called && !err &&
	    !op_array_push(&served, &node->patch))
		err = op_error_no_memory();
	if (!err && served.count)
		err = insert(session, served.data, served.count, false);
	free(served.data);
	return err;
}

struct op_error *op_patch_set_renew(struct op_session *session, const struct op_image *image)
{
	struct op_patch_set *set = session->patches;
	struct OP_ARRAY(struct op_patch *) all = {0};
	struct node *node, *next;
	struct op_error *err = NULL;
	HASH_ITER(hh, set->nodes, node, next)
	{
		if (err || node->patch.image != image->id || !wanted(&node->patch))
			continue;
		if (node->patch.inserted)
			op_process_forget_plant(session->process, node->patch.journal_entry);
		node->patch.inserted = node->patch.called = false;
		if (!op_array_push(&all, &node->patch))
			err = op_error_no_memory();
	}
	if (!err && all.count)
		err = insert(session, all.data, all.count, false);
	free(all.data);
	return err;
}

// A thread that stands inside a patch must not find other bytes under its pc: one whose hit nobody
// has looked at goes back in front of it (it will hit again), one whose hit was counted goes on
// behind it.
static struct op_error *move_threads(struct op_session *session)
{
	const struct op_arch *arch = op_process_arch(session->process);
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_host_addr pc;
		struct op_error *err = op_process_pc(session->process, threads[i].id, &pc);
		if (err && err->code == OP_ERROR_PROCESS_GONE)
			return err;
		if (err) {
			// The thread is on its way out.
			op_error_destroy(err);
			continue;
		}
		struct op_patch *patch =
			op_patch_find(session->patches, pc.value - arch->trap_pc_advance);
		if (!patch || !patch->inserted)
			continue;
		struct op_stop stop;
		bool pending = op_process_pending_stop(session->process, threads[i].id, &stop) &&
			       stop.kind == OP_STOP_TRAP;
		if (!pending && (patch->kind == OP_PATCH_RAW || !arch->trap_pc_advance))
			continue;
		struct op_registers registers;
		err = op_process_registers(session->process, threads[i].id, &registers);
		if (err)
			return err;
		if (pending)
			op_process_drop_pending(session->process, threads[i].id);
		registers.value[arch->pc] = pending ? patch->address : patch->address + patch->size;
		err = op_process_set_registers(session->process, threads[i].id, &registers);
		if (err)
			return err;
	}
	return NULL;
}

struct op_error *op_patch_set_withdraw(struct op_session *session)
{
	struct op_patch_set *set = session->patches;
	struct node *node, *next;
	bool any = false;
	HASH_ITER(hh, set->nodes, node, next)
	any |= node->patch.inserted;
	if (!any)
		return NULL;
	struct op_error *err = move_threads(session);
	struct op_code_writes writes = {0};
	HASH_ITER(hh, set->nodes, node, next)
	{
		struct op_patch *patch = &node->patch;
		bool gone = patch->image && !op_image_set_by_id(session->images, patch->image);
		if (!patch->inserted || gone)
			continue;
		struct op_code_write write = {.address = patch->address, .size = patch->size};
		memcpy(write.bytes, patch->original, patch->size);
		if (!op_array_push(&writes, write) && !err)
			err = op_error_no_memory();
	}
	struct op_error *write_err = op_code_write(session->process, &writes, false);
	free(writes.data);
	HASH_ITER(hh, set->nodes, node, next)
	{
		if (node->patch.inserted)
			op_process_forget_plant(session->process, node->patch.journal_entry);
		node->patch.inserted = node->patch.called = false;
	}
	op_memory_cache_drop(session->cache);
	if (!err)
		return write_err;
	op_error_destroy(write_err);
	return err;
}

struct op_error *op_patch_set_clean_child(struct op_session *session, int64_t child)
{
	struct node *node, *next;
	struct op_error *err = NULL;
	HASH_ITER(hh, session->patches->nodes, node, next)
	{
		if (err || !node->patch.inserted)
			continue;
		err = op_process_write_child(session->process, child,
					     op_host_addr(node->patch.address),
					     node->patch.original, node->patch.size);
	}
	return err;
}

struct op_error *op_patch_emulate(struct op_session *session, op_thread_id thread,
				  const struct op_patch *patch, bool *ret_done)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	*ret_done = false;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	registers.value[arch->pc] = patch->address;
	struct op_emulated_access access = {0};
	if (!arch->emulate(patch->original, patch->size, &registers, &access))
		return NULL;
	uint8_t bytes[sizeof(access.value)];
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(access.value >> (8 * i));
	if (access.size && access.is_load) {
		err = op_process_read(session->process, access.addr, bytes, access.size);
		if (!err)
			registers.value[access.load_register] = op_load_u64_unchecked(bytes);
	} else if (access.size) {
		err = op_process_write(session->process, access.addr, bytes, access.size);
	}
	if (err && err->code == OP_ERROR_UNREADABLE) {
		// The stack ends here: the instruction itself must fault.
		op_error_destroy(err);
		return NULL;
	}
	if (!err)
		err = op_process_set_registers(session->process, thread, &registers);
	*ret_done = !err;
	return err;
}

struct op_error *op_patch_step_over(struct op_session *session, op_thread_id thread,
				    struct op_patch *patch)
{
	struct op_process *process = session->process;
	struct op_error *err = op_process_stop_all(process);
	if (!err)
		err = op_process_write(process, op_host_addr(patch->address), patch->original,
				       patch->size);
	if (err)
		return err;
	struct op_stop stop;
	err = op_process_step(process, thread, &stop);
	struct op_error *write_err = NULL;
	if (stop.kind != OP_STOP_PROCESS_EXIT)
		write_err =
			op_process_write(process, op_host_addr(patch->address),
					 trap_bytes(op_process_arch(process), patch), patch->size);
	if (err) {
		op_error_destroy(write_err);
		return err;
	}
	return write_err;
}
