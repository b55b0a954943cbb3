// SPDX-License-Identifier: GPL-3.0-or-later
// Stores and instances as they are shown, and which instance a command means. What is in an
// instance is in globals.c, linkage.c and objects.c.
#include "tracer/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dump_stack.h"
#include "target-runtime/instance.h"
#include "tracer/source_native.h"
#include "tracer/state_arrived.h"

// The frames nearest to the top prove instances and stores; a recursion of 50,000 frames proves no
// more.
enum { FRAMES_LOOKED_AT = 64 };

// A stack with frames of a store, which is known itself or through an instance.
struct occupant {
	struct op_host_addr store, vmctx;
	int64_t thread; // 0: suspended
	uint32_t suspended;
};

struct store_lists {
	struct OP_ARRAY(int64_t) threads;
	struct OP_ARRAY(uint32_t) suspended;
};

struct op_guest_state {
	struct op_store_set *set; // NULL: not searched since the target ran
	uint64_t stop;
	struct op_host_addr selected; // vmctx; 0: none
	struct OP_ARRAY(struct op_known_instance) known;
	struct OP_ARRAY(struct occupant) occupants;
	struct OP_ARRAY(struct op_store_info) stores;
	struct OP_ARRAY(struct store_lists) lists; // one for each store
	struct OP_ARRAY(struct op_instance_info) instances;
};

static struct op_guest_state *state_of(struct op_session *session)
{
	if (!session->guest) {
		session->guest = calloc(1, sizeof(*session->guest));
		if (session->guest)
			session->guest->stop = 1;
	}
	return session->guest;
}

static void lists_clear(struct op_guest_state *state)
{
	for (size_t i = 0; i < state->lists.count; i++) {
		free(state->lists.data[i].threads.data);
		free(state->lists.data[i].suspended.data);
	}
	state->lists.count = 0;
	state->stores.count = 0;
	state->instances.count = 0;
	state->known.count = 0;
	state->occupants.count = 0;
}

void op_state_forget(struct op_session *session, bool ran)
{
	struct op_guest_state *state = session->guest;
	op_arrived_state_forget(session);
	if (!state)
		return;
	lists_clear(state);
	op_store_set_destroy(op_take(state->set));
	if (ran) {
		state->stop++;
		state->selected = op_host_addr(0);
	}
}

void op_state_destroy(struct op_session *session)
{
	struct op_guest_state *state = session->guest;
	op_arrived_state_destroy(session);
	if (!state)
		return;
	op_state_forget(session, true);
	free(state->known.data);
	free(state->occupants.data);
	free(state->stores.data);
	free(state->lists.data);
	free(state->instances.data);
	free(state);
	session->guest = NULL;
}

void op_state_unselect(struct op_session *session)
{
	if (session->guest)
		session->guest->selected = op_host_addr(0);
}

bool op_state_has_selection(const struct op_session *session)
{
	return session->guest && session->guest->selected.value;
}

uint64_t op_state_stop(const struct op_session *session)
{
	return session->guest ? session->guest->stop : 1;
}

// Finding them --------------------------------------------------------------------------------

static struct op_error *note_frames(struct op_session *session, const struct op_walk *walk,
				    const struct op_registers *registers, int64_t thread,
				    uint32_t suspended)
{
	struct op_guest_state *state = session->guest;
	struct op_stack_context context = op_session_stack_context(session);
	struct op_host_addr last = {0};
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->frames[i].kind != OP_MACHINE_FRAME_WASM)
			continue;
		struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
		size_t count;
		struct op_error *err = op_virtual_frames(&context, &walk->frames[i],
							 i == 0 ? registers : NULL, frames, &count);
		if (err)
			return err;
		// A body that was inlined has an instance of its own, in a component perhaps of
		// another module.
		for (size_t k = 0; k < count; k++) {
			if (!frames[k].vmctx.value || frames[k].vmctx.value == last.value)
				continue;
			last = frames[k].vmctx;
			struct op_known_instance known = {.vmctx = last,
							  .image = frames[k].image,
							  .module = frames[k].pc.module};
			struct occupant occupant = {
				.vmctx = last, .thread = thread, .suspended = suspended};
			if (!op_array_push(&state->known, known) ||
			    !op_array_push(&state->occupants, occupant))
				return op_error_no_memory();
		}
	}
	return NULL;
}

// A Wasm core dump lists its instances.
static struct op_error *note_dumped(struct op_session *session,
				    const struct op_stack_context *context)
{
	size_t count = 0;
	const struct op_dumped_instance *instances =
		context->dump ? op_wasm_core_dump_instances(context->dump->dump, &count) : NULL;
	for (size_t i = 0; i < count; i++) {
		const struct op_image *image = op_dump_image(context, instances[i].module);
		struct op_known_instance known = {
			.vmctx = op_host_addr(context->dump->contexts[i]),
			.image = image ? image->id : 0,
		};
		if (image && !op_array_push(&session->guest->known, known))
			return op_error_no_memory();
	}
	return NULL;
}

// What the stacks of all threads and suspended guests show. The session's own walked stack stays as
// it is: callers hold its frames.
static struct op_error *note_stacks(struct op_session *session)
{
	size_t suspended;
	struct op_error *err = op_session_suspended_count(session, &suspended);
	if (err)
		return err;
	struct op_stack_context context = op_session_stack_context(session);
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_registers registers;
		err = op_process_registers(session->process, threads[i].id, &registers);
		if (err && err->code != OP_ERROR_PROCESS_GONE) {
			// A thread that is just ending has no registers.
			op_error_destroy(err);
			continue;
		}
		struct op_walk walk = {0};
		if (!err)
			err = op_walk_thread(&context, &registers, FRAMES_LOOKED_AT, &walk);
		if (!err)
			err = note_frames(session, &walk, &registers, threads[i].id, 0);
		op_walk_deinit(&walk);
		if (err)
			return err;
	}
	for (size_t i = 0; i < suspended; i++) {
		struct op_walk walk = {0};
		err = op_walk_suspended(&context, &session->suspended[i], FRAMES_LOOKED_AT, &walk);
		if (!err && !op_array_push(&session->guest->occupants,
					   ((struct occupant){.store = session->suspended[i].store,
							      .suspended = (uint32_t)i})))
			err = op_error_no_memory();
		if (!err)
			err = note_frames(session, &walk, NULL, 0, (uint32_t)i);
		op_walk_deinit(&walk);
		if (err)
			return err;
	}
	err = note_dumped(session, &context);
	if (err)
		return err;
	// A frame far down that somebody selected.
	for (size_t i = 0; session->stack.valid && i < session->stack.frames.count; i++) {
		const struct op_virtual_frame *frame =
			op_frame_virtual(&session->stack.frames.data[i]);
		if (!frame || !frame->vmctx.value ||
		    (i && frame->vmctx.value == session->stack.frames.data[i - 1].vmctx.value))
			continue;
		struct op_known_instance known = {
			.vmctx = frame->vmctx, .image = frame->image, .module = frame->pc.module};
		if (!op_array_push(&session->guest->known, known))
			return op_error_no_memory();
	}
	return NULL;
}

struct op_error *op_state_set(struct op_session *session, const struct op_store_set **ret)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	struct op_guest_state *state = state_of(session);
	if (!state)
		return op_error_no_memory();
	if (!state->set) {
		lists_clear(state);
		// The memory in which instances are may be younger than the last look at the
		// mappings.
		err = op_session_read_regions(session);
		if (!err)
			err = note_stacks(session);
		if (err)
			return err;
		struct op_stack_context context = op_session_stack_context(session);
		err = op_store_set_create(&context, state->known.data, state->known.count,
					  &state->set);
		if (err)
			return err;
	}
	*ret = state->set;
	return NULL;
}

uint32_t op_state_number(const struct op_store_set *set, const struct op_instance *instance)
{
	size_t count;
	const struct op_instance *instances = op_store_set_instances(set, &count);
	return instance && instance >= instances && instance < instances + count
		       ? (uint32_t)(instance - instances)
		       : UINT32_MAX;
}

uint32_t op_state_store_number(const struct op_store_set *set, struct op_host_addr store)
{
	size_t count;
	const struct op_store *stores = op_store_set_stores(set, &count);
	for (size_t i = 0; i < count; i++)
		if (stores[i].address.value == store.value)
			return (uint32_t)i;
	return UINT32_MAX;
}

// Stores --------------------------------------------------------------------------------------

static bool push_once(struct store_lists *lists, const struct occupant *occupant)
{
	if (occupant->thread) {
		for (size_t i = 0; i < lists->threads.count; i++)
			if (lists->threads.data[i] == occupant->thread)
				return true;
		return op_array_push(&lists->threads, occupant->thread);
	}
	for (size_t i = 0; i < lists->suspended.count; i++)
		if (lists->suspended.data[i] == occupant->suspended)
			return true;
	return op_array_push(&lists->suspended, occupant->suspended);
}

static uint32_t occupied_store(const struct op_store_set *set, const struct occupant *occupant)
{
	if (occupant->store.value)
		return op_state_store_number(set, occupant->store);
	const struct op_instance *instance = op_store_set_find(set, occupant->vmctx);
	return instance ? instance->store : UINT32_MAX;
}

static struct op_store_info describe_store(const struct op_store *store, uint32_t number,
					   const struct store_lists *lists)
{
	return (struct op_store_info){
		.number = number,
		.address = store->address,
		.layout_known = store->layout,
		.uses_fuel = store->uses_fuel,
		.fuel = store->fuel,
		.uses_epochs = store->uses_epochs,
		.epoch_deadline = store->epoch_deadline,
		.has_epoch = store->has_epoch,
		.epoch = store->epoch,
		.has_stack_limit = store->stack_limit.value != UINT64_MAX,
		.stack_limit = store->stack_limit,
		.gc_base = store->gc_base,
		.gc_size = store->gc_size,
		.collector = op_collector_name(store->collector),
		.in_activation = store->in_activation,
		.instance_count = (uint32_t)store->instance_count,
		.component_count = (uint32_t)store->component_count,
		.threads = lists->threads.data,
		.thread_count = lists->threads.count,
		.suspended = lists->suspended.data,
		.suspended_count = lists->suspended.count,
	};
}

struct op_error *op_session_stores(struct op_session *session, const struct op_store_info **ret,
				   size_t *ret_count)
{
	const struct op_store_set *set;
	if (op_session_stack_context(session).dump)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "a Wasm core dump tells nothing of stores");
	struct op_error *err = op_state_set(session, &set);
	if (err)
		return err;
	struct op_guest_state *state = session->guest;
	size_t count;
	const struct op_store *stores = op_store_set_stores(set, &count);
	if (!state->stores.count) {
		for (size_t i = state->lists.count; i < count; i++)
			if (!op_array_push(&state->lists, (struct store_lists){0}))
				return op_error_no_memory();
		for (size_t i = 0; i < state->occupants.count; i++) {
			uint32_t number = occupied_store(set, &state->occupants.data[i]);
			if (number != UINT32_MAX &&
			    !push_once(&state->lists.data[number], &state->occupants.data[i]))
				return op_error_no_memory();
		}
		for (size_t i = 0; i < count; i++)
			if (!op_array_push(&state->stores, describe_store(&stores[i], (uint32_t)i,
									  &state->lists.data[i])))
				return op_error_no_memory();
	}
	*ret = state->stores.data;
	*ret_count = state->stores.count;
	return NULL;
}

// Instances -----------------------------------------------------------------------------------

static struct op_module_entry *entry_of(struct op_session *session,
					const struct op_instance *instance)
{
	return instance->artifact
		       ? op_module_by_artifact(session, instance->artifact, instance->module)
		       : NULL;
}

const char *op_state_module_name(struct op_session *session, const struct op_instance *instance)
{
	const struct op_module_entry *entry = entry_of(session, instance);
	return entry ? entry->name : "?";
}

static struct op_instance_info
describe_instance(struct op_session *session, const struct op_instance *instance, uint32_t number)
{
	static const enum op_instance_origin origins[] = {
		[OP_INSTANCE_MODULE] = OP_ORIGIN_GUEST,
		[OP_INSTANCE_HOST] = OP_ORIGIN_HOST,
		[OP_INSTANCE_UNKNOWN] = OP_ORIGIN_UNKNOWN,
	};
	const struct op_module_entry *entry = entry_of(session, instance);
	return (struct op_instance_info){
		.number = number,
		.vmctx = instance->vmctx,
		.store = instance->store,
		.has_id = instance->has_id,
		.id = instance->id,
		.origin = origins[instance->kind],
		.module_id = entry ? entry->info.id : UINT32_MAX,
		.module = entry ? entry->name : NULL,
		.reason = instance->reason == OP_MODULE_KNOWN
				  ? NULL
				  : op_module_reason_message(instance->reason),
		.selected = session->guest->selected.value == instance->vmctx.value,
	};
}

struct op_error *op_session_instances(struct op_session *session,
				      const struct op_instance_info **ret, size_t *ret_count)
{
	const struct op_store_set *set;
	struct op_error *err = op_state_set(session, &set);
	if (err)
		return err;
	struct op_guest_state *state = session->guest;
	size_t count;
	const struct op_instance *instances = op_store_set_instances(set, &count);
	state->instances.count = 0;
	for (size_t i = 0; i < count; i++)
		if (!op_array_push(&state->instances,
				   describe_instance(session, &instances[i], (uint32_t)i)))
			return op_error_no_memory();
	*ret = state->instances.data;
	*ret_count = count;
	return NULL;
}

struct op_error *op_session_select_instance(struct op_session *session, uint32_t number)
{
	const struct op_store_set *set;
	struct op_error *err = op_state_set(session, &set);
	if (err)
		return err;
	size_t count;
	const struct op_instance *instances = op_store_set_instances(set, &count);
	if (number >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no instance %" PRIu32
				       " (%zu in all; \"info instances\" lists them)",
				       number, count);
	session->guest->selected = instances[number].vmctx;
	return NULL;
}

// The scope -----------------------------------------------------------------------------------

// The only instance of a module among some, and of no module that is not known; NULL: there are
// several, or none.
static const struct op_instance *only_among(const struct op_instance *instances, size_t count,
					    const struct op_module_entry *entry)
{
	const struct op_instance *found = NULL;
	for (size_t i = 0; i < count; i++) {
		bool same = instances[i].artifact == entry->artifact &&
			    instances[i].module == entry->info.index;
		if ((same && found) ||
		    (instances[i].kind != OP_INSTANCE_HOST && !instances[i].artifact))
			return NULL;
		if (same)
			found = &instances[i];
	}
	return found;
}

// Where the newest activation of the frame's stack was entered, as the stack was walked; of a
// thread that has just arrived nobody has walked it. 0: not known.
static struct op_error *entry_of_stack(struct op_session *session, const struct op_frame *frame,
				       uint64_t *ret)
{
	const struct op_stack_store *stack = &session->stack;
	*ret = 0;
	if (stack->arriving)
		return op_arrived_entry(session, frame, ret);
	for (size_t i = 0; i < stack->walk.count && !*ret; i++)
		if (stack->walk.frames[i].kind == OP_MACHINE_FRAME_ENTRY)
			*ret = stack->walk.frames[i].fp.value;
	return NULL;
}

// The store that the newest activation of the frame's stack is in: that which has noted where it
// was entered. 0: not known.
static struct op_error *store_of_stack(struct op_session *session, const struct op_store_set *set,
				       const struct op_frame *frame, struct op_host_addr *ret)
{
	const struct op_stack_store *stack = &session->stack;
	uint64_t entry;
	size_t count;
	const struct op_store *stores = op_store_set_stores(set, &count);
	struct op_memory memory = op_session_memory(session);
	*ret = op_host_addr(0);
	if (!stack->thread) {
		if (stack->suspended < session->suspended_count)
			*ret = session->suspended[stack->suspended].store;
		return NULL;
	}
	struct op_error *err = entry_of_stack(session, frame, &entry);
	for (size_t i = 0; !err && entry && !ret->value && i < count; i++) {
		struct op_store_state state;
		if (!stores[i].layout || !stores[i].in_activation)
			continue;
		struct op_error *unread =
			op_store_read(&memory, stores[i].layout, stores[i].address, &state);
		if (!unread && state.entry_fp.value == entry)
			*ret = stores[i].address;
		op_error_destroy(unread);
	}
	return err;
}

// The instance that a frame without a recorded context runs in: certain when its module has one
// instance and every instance's module is known, in the process or in the frame's store.
static struct op_error *instance_of_frame(struct op_session *session,
					  const struct op_store_set *set,
					  const struct op_frame *frame,
					  const struct op_instance **ret)
{
	const struct op_module_entry *entry = op_module_by_id(session, frame->module_id);
	size_t count, store_count;
	const struct op_instance *instances = op_store_set_instances(set, &count);
	const struct op_store *stores = op_store_set_stores(set, &store_count);
	const struct op_instance *found = entry ? only_among(instances, count, entry) : NULL;
	*ret = found;
	if (found || !entry || frame->activation)
		return NULL;
	struct op_host_addr store;
	struct op_error *err = store_of_stack(session, set, frame, &store);
	for (size_t i = 0; !err && store.value && i < store_count; i++)
		if (stores[i].address.value == store.value)
			*ret = only_among(instances + stores[i].first_instance,
					  stores[i].instance_count, entry);
	return err;
}

// By the context that native debug information tells of; *ret NULL: it does not.
static struct op_error *instance_by_debug_info(struct op_session *session,
					       const struct op_store_set *set,
					       const struct op_frame *frame,
					       const struct op_instance **ret)
{
	const struct op_module_entry *entry = op_module_by_id(session, frame->module_id);
	struct op_host_addr vmctx;
	*ret = NULL;
	struct op_error *err = op_source_native_context(session, frame, &vmctx);
	const struct op_instance *found =
		err || !entry || !vmctx.value ? NULL : op_store_set_find(set, vmctx);
	if (found && found->artifact == entry->artifact && found->module == entry->info.index)
		*ret = found;
	return err;
}

struct op_error *op_state_frame_instance(struct op_session *session, const struct op_frame *frame,
					 struct op_scope *ret)
{
	bool found = false, arriving = session->stack.arriving;
	bool searched = session->guest && session->guest->set;
	struct op_error *err =
		arriving && !searched ? op_arrived_instance(session, frame, &found, ret) : NULL;
	if (err || found)
		return err;
	err = op_state_set(session, &ret->set);
	if (!err)
		err = instance_of_frame(session, ret->set, frame, &ret->instance);
	if (!err && !ret->instance && !arriving)
		err = instance_by_debug_info(session, ret->set, frame, &ret->instance);
	if (err)
		return err;
	ret->number = op_state_number(ret->set, ret->instance);
	if (ret->instance)
		return arriving ? op_arrived_learn(session, ret) : NULL;
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "the instance that frame %" PRIu32
			       " runs in is not known; \"info instances\" lists those there are, "
			       "\"instance N\" selects one",
			       frame->level);
}

static const struct op_instance *only_guest_instance(const struct op_store_set *set,
						     size_t *ret_guests)
{
	size_t count;
	const struct op_instance *instances = op_store_set_instances(set, &count), *found = NULL;
	*ret_guests = 0;
	for (size_t i = 0; i < count; i++) {
		if (instances[i].kind != OP_INSTANCE_MODULE)
			continue;
		found = &instances[i];
		++*ret_guests;
	}
	return *ret_guests == 1 ? found : NULL;
}

struct op_error *op_state_scope(struct op_session *session, const struct op_frame *frame,
				struct op_scope *ret)
{
	bool by_frame = !op_state_has_selection(session) && frame && frame->kind == OP_FRAME_WASM;
	if (by_frame && !frame->vmctx.value)
		return op_state_frame_instance(session, frame, ret);
	struct op_error *err = op_state_set(session, &ret->set);
	if (err)
		return err;
	struct op_host_addr wanted = by_frame ? frame->vmctx : session->guest->selected;
	size_t guests = 0;
	ret->instance = wanted.value ? op_store_set_find(ret->set, wanted)
				     : only_guest_instance(ret->set, &guests);
	ret->number = op_state_number(ret->set, ret->instance);
	if (ret->instance)
		return NULL;
	if (by_frame)
		return op_error_create(OP_ERROR_FORMAT,
				       "the instance at host address 0x%" PRIx64
				       " that frame %" PRIu32
				       " runs in is not as Wasmtime keeps instances",
				       wanted.value, frame->level);
	if (wanted.value)
		return op_error_create(OP_ERROR_NOT_FOUND, "the selected instance is gone");
	if (!guests)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "no instance of a guest's module was found in the process");
	return op_error_create(OP_ERROR_STATE,
			       "there are %zu instances and no guest frame is selected: choose one "
			       "of \"info instances\" with \"instance N\"",
			       guests);
}

struct op_error *op_state_module_scope(struct op_session *session, const struct op_frame *frame,
				       struct op_scope *ret,
				       const struct op_wasm_module **ret_module)
{
	struct op_error *err = op_state_scope(session, frame, ret);
	return err ?: op_instance_module(ret->instance, ret_module);
}

struct op_error *op_session_scope(struct op_session *session, const struct op_frame *frame,
				  const struct op_instance_info **ret)
{
	struct op_scope scope;
	struct op_error *err = op_state_scope(session, frame, &scope);
	const struct op_instance_info *instances;
	size_t count;
	if (!err)
		err = op_session_instances(session, &instances, &count);
	if (!err)
		*ret = &instances[scope.number];
	return err;
}
