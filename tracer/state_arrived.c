// SPDX-License-Identifier: GPL-3.0-or-later
// See state_arrived.h. A search for instances reads all writable memory: some ten milliseconds. It
// is made once for a store; from then on the store that a thread is in tells of its instances
// itself (target-runtime/store_list.h). What was read before is never taken for what is: the list,
// and each instance in it, are read and checked at every arrival, and the search comes back where
// anything is not as it was.
#include "tracer/state_arrived.h"

#include <stdlib.h>

#include "target-runtime/instance.h"
#include "target-runtime/store_list.h"

// Frames between an arrival and the entry of its activation; deeper ones are left to the search.
enum { FRAMES_MAX = 512, LISTS_MAX = 64 };

struct op_arrived_state {
	// Of the stores that threads have arrived in: those of a server's requests go and come, and
	// the oldest makes room.
	struct op_store_list lists[LISTS_MAX];
	size_t count, oldest;
	struct op_store_set *set; // of this arrival; NULL: not read yet
};

void op_arrived_state_forget(struct op_session *session)
{
	if (session->arrived)
		op_store_set_destroy(op_take(session->arrived->set));
}

void op_arrived_state_destroy(struct op_session *session)
{
	op_arrived_state_forget(session);
	free(op_take(session->arrived));
}

struct op_error *op_arrived_entry(struct op_session *session, const struct op_frame *frame,
				  uint64_t *ret)
{
	struct op_stack_context context = op_session_stack_context(session);
	struct op_registers registers;
	struct op_walk walk = {0};
	*ret = 0;
	struct op_error *err =
		op_process_registers(session->process, session->stack.thread, &registers);
	if (err)
		return err;
	registers.value[op_process_arch(session->process)->pc] = frame->host_pc.value;
	err = op_walk_thread(&context, &registers, FRAMES_MAX, &walk);
	for (size_t i = 0; !err && !*ret && i < walk.count; i++)
		if (walk.frames[i].kind == OP_MACHINE_FRAME_ENTRY)
			*ret = walk.frames[i].fp.value;
	op_walk_deinit(&walk);
	return err;
}

// Whether the store is the one that this activation was entered in. It has noted where, and takes
// the note back when the activation ends.
static struct op_error *is_entered(struct op_session *session, const struct op_module_entry *module,
				   struct op_host_addr store, uint64_t entry, bool *ret)
{
	const struct op_layout *layout = op_artifact_info(module->artifact)->layout;
	struct op_memory memory = op_session_memory(session);
	struct op_store_state state;
	*ret = false;
	if (!entry || !layout)
		return NULL;
	struct op_error *err = op_store_read(&memory, layout, store, &state);
	if (err && err->code == OP_ERROR_UNREADABLE) {
		op_error_destroy(err);
		return NULL;
	}
	*ret = !err && state.entry_fp.value == entry;
	return err;
}

// The only instance of the module in the store, where the module of every one is known.
static const struct op_instance *only_instance(const struct op_store_set *set,
					       const struct op_module_entry *module)
{
	const struct op_instance *found = NULL;
	size_t count;
	const struct op_instance *instances = op_store_set_instances(set, &count);
	for (size_t i = 0; i < count; i++) {
		if (instances[i].kind != OP_INSTANCE_HOST && !instances[i].artifact)
			return NULL;
		if (instances[i].artifact != module->artifact ||
		    instances[i].module != module->info.index)
			continue;
		if (found)
			return NULL;
		found = &instances[i];
	}
	return found;
}

// The list of the store that the thread is in; NULL: none that is known.
static struct op_error *list_of_arrival(struct op_session *session, const struct op_frame *frame,
					const struct op_module_entry *module,
					const struct op_store_list **ret)
{
	const struct op_arrived_state *state = session->arrived;
	uint64_t entry;
	struct op_error *err = op_arrived_entry(session, frame, &entry);
	*ret = NULL;
	for (size_t i = 0; !err && !*ret && i < state->count; i++) {
		bool entered;
		err = is_entered(session, module, state->lists[i].store, entry, &entered);
		if (!err && entered)
			*ret = &state->lists[i];
	}
	return err;
}

static struct op_error *read_list(struct op_session *session, const struct op_frame *frame,
				  const struct op_module_entry *module)
{
	const struct op_store_list *list;
	struct op_error *err = list_of_arrival(session, frame, module, &list);
	if (err || !list)
		return err;
	// The memory in which instances are may be younger than the last look at the mappings.
	err = op_session_read_regions(session);
	if (err)
		return err;
	struct op_stack_context context = op_session_stack_context(session);
	return op_store_list_read(&context, list, &session->arrived->set);
}

struct op_error *op_arrived_instance(struct op_session *session, const struct op_frame *frame,
				     bool *ret_found, struct op_scope *ret)
{
	struct op_arrived_state *state = session->arrived;
	const struct op_module_entry *module = op_module_by_id(session, frame->module_id);
	*ret_found = false;
	if (!state || !state->count || !module || frame->activation)
		return NULL;
	struct op_error *err = state->set ? NULL : read_list(session, frame, module);
	if (err || !state->set)
		return err;
	const struct op_instance *found = only_instance(state->set, module);
	*ret = (struct op_scope){
		.set = state->set, .instance = found, .number = op_state_number(state->set, found)};
	*ret_found = found;
	return NULL;
}

static struct op_store_list *place_for(struct op_arrived_state *state, struct op_host_addr store)
{
	for (size_t i = 0; i < state->count; i++)
		if (state->lists[i].store.value == store.value)
			return &state->lists[i];
	if (state->count < LISTS_MAX)
		return &state->lists[state->count++];
	return &state->lists[state->oldest++ % LISTS_MAX];
}

struct op_error *op_arrived_learn(struct op_session *session, const struct op_scope *scope)
{
	size_t count;
	const struct op_store *store =
		&op_store_set_stores(scope->set, &count)[scope->instance->store];
	if (!session->arrived)
		session->arrived = calloc(1, sizeof(*session->arrived));
	if (!session->arrived)
		return op_error_no_memory();
	struct op_store_list list;
	struct op_error *err = op_store_list_find(scope->set, store, &list);
	if (!err && list.store.value)
		*place_for(session->arrived, list.store) = list;
	return err;
}
