// SPDX-License-Identifier: GPL-3.0-or-later
// Software watches: what is computed, where it is found, and what a change means.
#include "tracer/software_watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/global.h"
#include "target-runtime/linkage.h"
#include "tracer/agent/agent.h"
#include "tracer/breakpoint_entry.h"
#include "tracer/expression_session.h"
#include "tracer/state.h"

// Indices of globals and memories that stand for places of one watch: this bit, the breakpoint's
// number, the place.
static const uint32_t renumbered = UINT32_C(1) << 31;
enum { PLACE_BITS = 3, NUMBER_MAX = 1 << 27 };
_Static_assert(1 << PLACE_BITS == OP_WATCH_PLACES_MAX, "a place fits its bits");

void op_software_watch_destroy(struct op_software_watch *watch)
{
	if (!watch)
		return;
	op_expression_destroy(watch->expression);
	free(watch);
}

static void destroyp(struct op_software_watch **watch)
{
	op_software_watch_destroy(*watch);
}

// Places ------------------------------------------------------------------------------------------

struct bind {
	struct op_session *session;
	const struct op_frame *frame;
	uint32_t number;
	struct op_software_watch *watch;
	bool varies; // something in it is no constant
	bool shared; // a memory in it is written by other stores too
	struct op_error *err;
};

static void find_local(void *context, struct op_expression_node *node)
{
	struct bind *bind = context;
	bind->watch->local |= node->kind == OP_EXPRESSION_LOCAL;
	bind->varies |= node->kind != OP_EXPRESSION_CONSTANT;
	if (node->kind == OP_EXPRESSION_OPERAND || node->kind == OP_EXPRESSION_PC) {
		op_error_destroy(bind->err);
		bind->err = op_error_create(OP_ERROR_UNSUPPORTED,
					    "the operand stack and the pc change with every "
					    "instruction and cannot be watched");
	}
}

static struct op_error *resolve(struct bind *bind, struct op_watched_place *place)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_error *err = op_state_module_scope(bind->session, bind->frame, &scope, &module);
	if (!err && place->is_memory) {
		struct op_memory_details details;
		err = op_instance_memory_details(scope.set, scope.instance, place->index, &details);
		place->address = err ? 0 : details.definition.value;
		bind->shared |= !err && details.shared;
	} else if (!err) {
		struct op_cell cell;
		err = op_instance_global(scope.set, scope.instance, place->index, &cell);
		place->address = err ? 0 : cell.value.address.value;
		place->type = err ? 0 : cell.value.type;
	}
	if (!err && !place->address)
		err = op_error_create(OP_ERROR_UNSUPPORTED, "a %s in it has no address",
				      place->is_memory ? "memory" : "global");
	return err;
}

static void renumber(void *context, struct op_expression_node *node)
{
	struct bind *bind = context;
	struct op_software_watch *watch = bind->watch;
	bool is_memory = node->kind == OP_EXPRESSION_MEMORY;
	if (bind->err || (!is_memory && node->kind != OP_EXPRESSION_GLOBAL))
		return;
	uint32_t place = 0;
	while (place < watch->place_count && (watch->places[place].is_memory != is_memory ||
					      watch->places[place].index != node->index))
		place++;
	if (place == OP_WATCH_PLACES_MAX) {
		bind->err = op_error_create(OP_ERROR_LIMIT,
					    "a watched expression has at most %d globals and "
					    "memories",
					    OP_WATCH_PLACES_MAX);
		return;
	}
	if (place == watch->place_count) {
		watch->places[place] =
			(struct op_watched_place){.is_memory = is_memory, .index = node->index};
		bind->err = resolve(bind, &watch->places[place]);
		watch->place_count++;
	}
	node->index = renumbered | bind->number << PLACE_BITS | place;
}

const struct op_watched_place *op_software_watch_find_place(struct op_session *session,
							    uint32_t index)
{
	if (!(index & renumbered))
		return NULL;
	const struct op_breakpoint_entry *entry =
		op_breakpoint_set_entry(session, (index & ~renumbered) >> PLACE_BITS);
	uint32_t place = index & (OP_WATCH_PLACES_MAX - 1);
	return entry && entry->watch && place < entry->watch->place_count
		       ? &entry->watch->places[place]
		       : NULL;
}

// Values ------------------------------------------------------------------------------------------

struct reader {
	struct op_session *session;
	const struct op_software_watch *watch;
};

static struct op_error *read_global(void *context, uint32_t index, struct op_operand *ret)
{
	const struct reader *reader = context;
	const struct op_watched_place *place =
		&reader->watch->places[index & (OP_WATCH_PLACES_MAX - 1)];
	struct op_value value = {.type = place->type};
	struct op_error *err =
		op_process_read(reader->session->process, op_host_addr(place->address), value.bytes,
				op_value_type_size(value.type));
	if (!err)
		*ret = op_operand_value(&value);
	return err;
}

static struct op_error *read_memory(void *context, uint32_t index, uint64_t offset, void *buffer,
				    size_t size)
{
	const struct reader *reader = context;
	const struct op_watched_place *place =
		&reader->watch->places[index & (OP_WATCH_PLACES_MAX - 1)];
	uint64_t definition[2];
	struct op_error *err =
		op_process_read(reader->session->process, op_host_addr(place->address), definition,
				sizeof(definition));
	if (!err && (offset > definition[1] || size > definition[1] - offset))
		err = op_error_create(OP_ERROR_UNREADABLE,
				      "address 0x%" PRIx64 " is out of the memory's bounds",
				      offset);
	return err
		       ?: op_process_read(reader->session->process,
					  op_host_addr(definition[0] + offset), buffer, size);
}

static struct op_error *evaluate(struct op_session *session, const struct op_software_watch *watch,
				 const struct op_frame *frame, uint64_t *ret)
{
	struct reader reader = {session, watch};
	struct op_session_source of_frame;
	struct op_expression_source of_places = {
		.context = &reader, .global = read_global, .memory = read_memory};
	if (watch->local)
		op_session_source_init(&of_frame, session, frame);
	struct op_operand operand;
	struct op_error *err = op_expression_evaluate(
		watch->expression, watch->local ? &of_frame.source : &of_places, &operand);
	if (!err)
		err = op_operand_need_number(watch->expression->text, &operand);
	if (!err)
		*ret = op_value_bits(&operand.result.value);
	return err;
}

static struct op_value shown(const struct op_software_watch *watch, uint64_t bits)
{
	struct op_value value = {.type = watch->type};
	memcpy(value.bytes, &bits, sizeof(bits));
	return value;
}

// Making ------------------------------------------------------------------------------------------

static struct op_error *bind_frame(struct op_session *session, const struct op_frame *frame,
				   struct op_software_watch *watch)
{
	if (frame->no_values)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "module %s was compiled without guest-debug: its locals are "
				       "not recorded",
				       frame->module);
	return op_watch_frame_find(session, frame, &watch->frame);
}

static void bind_copy(struct op_session *session, const struct op_frame *frame,
		      struct op_software_watch *watch)
{
	const struct op_image *image = op_image_set_find(session->images, frame->host_pc);
	watch->copy = image ? image->id : 0;
	watch->artifact = image ? image->artifact : NULL;
}

uint32_t op_software_watch_copy(const struct op_software_watch *watch,
				const struct op_artifact *artifact)
{
	return artifact == watch->artifact ? watch->copy : 0;
}

struct op_error *op_software_watch_create(struct op_session *session, const struct op_frame *frame,
					  const char *expression, uint32_t number,
					  struct op_software_watch **ret)
{
	_cleanup_(destroyp) struct op_software_watch *watch = calloc(1, sizeof(*watch));
	_cleanup_session_scope_ struct op_session_scope scope = {0};
	if (!watch)
		return op_error_no_memory();
	if (number >= NUMBER_MAX)
		return op_error_create(OP_ERROR_LIMIT, "there were too many breakpoints");
	struct op_error *err = op_expression_scope_of_frame(session, frame, &scope);
	if (!err)
		err = op_session_scope_parse(&scope, expression, &watch->expression);
	if (err)
		return err;
	const struct op_type *guest_type = watch->expression->term.type;
	if (op_type_is_aggregate(guest_type) || op_type_is(guest_type, OP_TYPE_ARRAY))
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"%s cannot be watched by code: it is no number; watch a part "
			"of it",
			expression);
	struct op_expression_type type = watch->expression->root->type;
	if (!type.known || type.type > OP_VALUE_F64)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s cannot be watched by code: it is no number, or its type "
				       "is only known when it is read",
				       expression);
	watch->type = type.type;
	watch->is_unsigned = type.is_unsigned;
	struct bind bind = {.session = session, .frame = frame, .number = number, .watch = watch};
	op_expression_each(watch->expression, find_local, &bind);
	if (!bind.varies)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s never changes", expression);
	if (!bind.err && watch->local)
		bind.err = bind_frame(session, frame, watch);
	else if (!bind.err)
		op_expression_each(watch->expression, renumber, &bind);
	if (!watch->local && !bind.shared)
		bind_copy(session, frame, watch);
	err = bind.err ?: evaluate(session, watch, frame, &watch->value);
	if (!err)
		*ret = op_take(watch);
	return err;
}

struct op_error *op_software_watch_cells(struct op_session *session, const struct op_patch *patch,
					 struct op_software_watch *watch)
{
	if (watch->cell)
		return NULL;
	const struct op_stub_watch seen = {.value = watch->value, .before = watch->before};
	uint64_t cell, frame_cell;
	struct op_error *err = op_arena_data(session, patch->address, sizeof(seen), &cell);
	if (!err)
		err = op_agent_cell(session, patch, &frame_cell);
	if (!err)
		err = op_process_write(session->process, op_host_addr(cell), &seen, sizeof(seen));
	if (!err)
		err = op_process_write(session->process, op_host_addr(frame_cell), &watch->frame.fp,
				       sizeof(watch->frame.fp));
	if (err)
		return err;
	watch->cell = cell;
	watch->frame_cell = frame_cell;
	return NULL;
}

// Arriving ----------------------------------------------------------------------------------------

static void fill_event(struct op_software_watch *watch, const char *text, bool left,
		       struct op_event *event)
{
	watch->event = (struct op_watch_event){
		.kind = OP_BREAKPOINT_WATCH,
		.software = true,
		.left = left,
		.expression = text,
		.changed = !left,
		.old_value = shown(watch, left ? watch->value : watch->before),
		.new_value = shown(watch, watch->value),
		.is_unsigned = watch->is_unsigned,
		.store = UINT32_MAX,
	};
	event->reason = OP_REASON_WATCHPOINT;
	event->watch = &watch->event;
}

// What stubs have seen is in the target.
static struct op_error *read_cell(struct op_session *session, struct op_software_watch *watch)
{
	struct op_stub_watch seen;
	if (!watch->cell)
		return NULL;
	struct op_error *err =
		op_process_read(session->process, op_host_addr(watch->cell), &seen, sizeof(seen));
	if (err)
		return err;
	watch->value = seen.value;
	watch->before = seen.before;
	return NULL;
}

static struct op_error *look_from_outside(struct op_session *session,
					  struct op_software_watch *watch,
					  const struct op_patch *patch, op_thread_id thread,
					  bool *ret_changed)
{
	const struct op_frame *frame = NULL;
	uint64_t now = 0;
	// What was read at earlier arrivals is not true any more.
	op_session_forget(session);
	enum op_session_state state = session->state;
	// For this thread the target stands still.
	session->state = OP_SESSION_STOPPED;
	struct op_error *err = watch->cell ? op_session_halt(session) : NULL;
	if (!err)
		err = read_cell(session, watch);
	if (!err && watch->local)
		err = op_stacks_arrived(session, thread, patch->address, &frame);
	bool meant = !watch->local || (!err && frame->fp.value == watch->frame.fp);
	if (!err && meant)
		err = evaluate(session, watch, frame, &now);
	session->state = state;
	op_session_forget(session);
	*ret_changed = !err && meant && now != watch->value;
	if (*ret_changed) {
		watch->before = watch->value;
		watch->value = now;
	}
	if (*ret_changed && watch->cell) {
		const struct op_stub_watch seen = {watch->value, watch->before};
		err = op_process_write(session->process, op_host_addr(watch->cell), &seen,
				       sizeof(seen));
	}
	// An address that is out of bounds now is no change.
	if (err && (err->code == OP_ERROR_UNREADABLE || err->code == OP_ERROR_NOT_FOUND)) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

struct op_error *op_software_watch_arrived(struct op_session *session,
					   struct op_software_watch *watch, uint32_t number,
					   const char *text, const struct op_patch *patch,
					   op_thread_id thread, bool decided,
					   struct op_event *event, bool *ret_stop)
{
	bool at_return = watch->local && patch->kind == OP_PATCH_RAW;
	struct op_error *err =
		at_return ? op_watch_frame_has_left(session, &watch->frame, thread, ret_stop)
		: decided ? read_cell(session, watch)
			  : look_from_outside(session, watch, patch, thread, ret_stop);
	if (!err && decided)
		*ret_stop = true;
	if (!err && *ret_stop)
		fill_event(watch, text, at_return, event);
	if (!err && *ret_stop && at_return) {
		watch->gone = true;
		op_breakpoint_set_find(session, number)->enabled = false;
		op_patch_set_remove_breakpoint(session, number);
	}
	return err;
}
