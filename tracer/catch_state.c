// SPDX-License-Identifier: GPL-3.0-or-later
// See catch_state.h, and catchpoint.h for what others may ask of it.
#include "tracer/catch_state.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/breakpoint.h"
#include "tracer/call_record.h"
#include "tracer/catchpoint.h"

// A server that makes an instance for each request must not make this grow for ever.
enum { INSTANCES_MAX = 65536 };

struct op_catch_state {
	struct op_call_record *record;       /**< owned; of the last stop at a host call */
	struct OP_ARRAY(uint64_t) instances; /**< contexts that were seen */
	bool instances_noted;
	uint32_t next_module_id; /**< modules from here on are new */
	bool modules_noted;
};

static struct op_error *state_of(struct op_session *session, struct op_catch_state **ret)
{
	if (!session->catches)
		session->catches = calloc(1, sizeof(*session->catches));
	*ret = session->catches;
	return *ret ? NULL : op_error_no_memory();
}

void op_catch_state_destroy(struct op_catch_state *state)
{
	if (!state)
		return;
	op_call_record_destroy(state->record);
	free(state->instances.data);
	free(state);
}

void op_catch_state_reset(struct op_session *session)
{
	op_catch_state_destroy(op_take(session->catches));
}

struct op_error *op_catch_new_record(struct op_session *session, struct op_call_record **ret)
{
	struct op_catch_state *state;
	struct op_error *err = state_of(session, &state);
	if (err)
		return err;
	op_call_record_destroy(state->record);
	state->record = calloc(1, sizeof(*state->record));
	*ret = state->record;
	return *ret ? NULL : op_error_no_memory();
}

// Instances -----------------------------------------------------------------------------------

struct op_error *op_catch_see_instance(struct op_session *session, struct op_host_addr vmctx,
				       bool *ret)
{
	struct op_catch_state *state;
	struct op_error *err = state_of(session, &state);
	*ret = false;
	if (err)
		return err;
	for (size_t i = state->instances.count; i > 0; i--)
		if (state->instances.data[i - 1] == vmctx.value)
			return NULL;
	*ret = true;
	if (state->instances.count >= INSTANCES_MAX) {
		// The oldest half: their stores are gone, most likely.
		state->instances.count /= 2;
		memmove(state->instances.data, state->instances.data + state->instances.count,
			state->instances.count * sizeof(*state->instances.data));
	}
	return op_array_push(&state->instances, vmctx.value) ? NULL : op_error_no_memory();
}

struct op_error *op_catch_note_instances(struct op_session *session)
{
	struct op_catch_state *state;
	struct op_error *err = state_of(session, &state);
	if (err || state->instances_noted || session->state != OP_SESSION_STOPPED)
		return err;
	const struct op_instance_info *instances;
	size_t count;
	err = op_session_instances(session, &instances, &count);
	bool is_new;
	for (size_t i = 0; !err && i < count; i++)
		err = op_catch_see_instance(session, instances[i].vmctx, &is_new);
	state->instances_noted = !err;
	return err;
}

void op_catch_forget_instances(struct op_session *session)
{
	if (session->catches)
		session->catches->instances_noted = false;
}

// Modules -------------------------------------------------------------------------------------

struct op_error *op_catch_note_modules(struct op_session *session)
{
	struct op_catch_state *state;
	struct op_error *err = state_of(session, &state);
	// While the target runs, what is new is told first.
	if (err || (state->modules_noted && session->state == OP_SESSION_RUNNING))
		return err;
	state->next_module_id = session->next_module_id;
	state->modules_noted = true;
	return NULL;
}

struct op_error *op_catch_new_module(struct op_session *session, op_thread_id thread,
				     struct op_event *event, uint32_t *ret)
{
	struct op_catch_state *state = session->catches;
	*ret = 0;
	if (!state || !state->modules_noted || session->next_module_id <= state->next_module_id)
		return NULL;
	for (size_t i = session->modules.count; i > 0; i--) {
		const struct op_module_entry *module = session->modules.data[i - 1];
		if (module->info.id == state->next_module_id)
			event->module = module->name;
	}
	state->next_module_id = session->next_module_id;
	return op_breakpoint_set_event(session, OP_CATCH_LOAD, thread, event, ret);
}
