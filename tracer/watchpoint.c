// SPDX-License-Identifier: GPL-3.0-or-later
// What is watched, and which debug registers stand for it; see watchpoint.h. Knows no stops.
#include "tracer/watchpoint.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/breakpoint.h"
#include "tracer/patch.h"
#include "tracer/watch_private.h"

void op_watch_set_destroy(struct op_watch_set *set)
{
	if (!set)
		return;
	op_source_value_deinit(&set->old_value);
	op_source_value_deinit(&set->new_value);
	free(set->watches.data);
	free(set);
}

struct watch *op_watch_find(struct op_session *session, uint32_t number)
{
	struct op_watch_set *set = session->watches;
	for (size_t i = 0; set && i < set->watches.count; i++)
		if (set->watches.data[i].number == number)
			return &set->watches.data[i];
	return NULL;
}

void op_watch_remove(struct op_session *session, uint32_t number)
{
	struct op_watch_set *set = session->watches;
	struct watch *watch = op_watch_find(session, number);
	if (!watch)
		return;
	size_t index = (size_t)(watch - set->watches.data);
	set->watches.count--;
	memmove(watch, watch + 1, (set->watches.count - index) * sizeof(*watch));
}

static bool is_on(struct op_session *session, const struct watch *watch)
{
	const struct op_breakpoint *info = op_breakpoint_set_find(session, watch->number);
	return info && info->enabled && !watch->gone;
}

void op_watch_lose(struct op_session *session, struct watch *watch)
{
	struct op_breakpoint *info = op_breakpoint_set_find(session, watch->number);
	watch->gone = true;
	if (info)
		info->enabled = false;
}

void op_watch_set_lose(struct op_session *session)
{
	struct op_watch_set *set = session->watches;
	session->behind_thread = 0;
	for (size_t i = 0; set && i < set->watches.count; i++)
		op_watch_lose(session, &set->watches.data[i]);
	if (set)
		set->armed.count = 0;
}

void op_watch_forget_types(struct op_session *session, const struct op_debug_info *info)
{
	struct op_watch_set *set = session->watches;
	for (size_t i = 0; set && i < set->watches.count; i++) {
		struct op_source_value *shape = &set->watches.data[i].place.shape;
		if (!info || shape->info == info)
			*shape = (struct op_source_value){0};
	}
	if (!set)
		return;
	op_source_value_deinit(&set->old_value);
	op_source_value_deinit(&set->new_value);
	set->event.old_guest = set->event.new_guest = NULL;
}

// Slots ---------------------------------------------------------------------------------------

static void plan_slot(struct slot_plan *plan, const struct op_watch_slot *slot, uint32_t number)
{
	if (plan->count < SLOT_USES_MAX)
		plan->uses[plan->count++] = (struct slot_use){.slot = *slot, .number = number};
}

static void plan_base(struct slot_plan *plan, const struct watch *watch)
{
	struct op_watch_slot slot = {
		.addr = watch->place.base_word, .size = 8, .access = OP_WATCH_WRITE};
	for (unsigned i = 0; i < plan->count; i++)
		if (!plan->uses[i].number && plan->uses[i].slot.addr.value == slot.addr.value)
			return;
	plan_slot(plan, &slot, 0);
}

// A write beside the place changes no value and is passed over; a read beside it could not be told
// from one of the place, so reads need the exact range.
static void plan_watch(struct slot_plan *plan, const struct watch *watch)
{
	struct op_watch_slot slots[OP_WATCH_COVER_MAX];
	bool loose = watch->kind == OP_BREAKPOINT_WATCH;
	unsigned count = op_watch_cover(watch->place.addr, watch->place.size, loose, slots);
	for (unsigned i = 0; i < count; i++) {
		slots[i].access = loose ? OP_WATCH_WRITE : OP_WATCH_READ_WRITE;
		slots[i].system_calls = watch->place.system_calls;
		plan_slot(plan, &slots[i], watch->number);
	}
	if (watch->place.base_word.value)
		plan_base(plan, watch);
}

static void plan_all(struct op_session *session, struct slot_plan *plan)
{
	struct op_watch_set *set = session->watches;
	plan->count = 0;
	for (size_t i = 0; i < set->watches.count; i++)
		if (is_on(session, &set->watches.data[i]))
			plan_watch(plan, &set->watches.data[i]);
}

// Whether one more fits beside those that are enabled.
static struct op_error *check_room(struct op_session *session, const char *expression,
				   const struct watch *watch)
{
	struct slot_plan plan;
	plan_all(session, &plan);
	unsigned used = plan.count, all = op_process_watch_slot_count(session->process);
	plan_watch(&plan, watch);
	unsigned needed = plan.count - used;
	if (plan.count <= all)
		return NULL;
	return op_error_create(
		OP_ERROR_LIMIT,
		"%s cannot be watched in hardware: it needs %u of the %u debug registers%s, and %u "
		"%s in use; delete or disable another watchpoint",
		expression, needed, all,
		watch->place.base_word.value ? " (one of them follows the memory when it moves)"
					     : "",
		used, used == 1 ? "is" : "are");
}

struct op_error *op_watch_set_slots(struct op_session *session)
{
	struct op_watch_set *set = session->watches;
	struct slot_plan plan;
	plan_all(session, &plan);
	unsigned all = op_process_watch_slot_count(session->process);
	unsigned most = plan.count > set->armed.count ? plan.count : set->armed.count;
	if (plan.count > all)
		return op_error_create(OP_ERROR_LIMIT,
				       "the %u debug registers are not enough for the watchpoints",
				       all);
	for (unsigned i = 0; i < most && i < all; i++) {
		bool had = i < set->armed.count, has = i < plan.count;
		const struct op_watch_slot *now = &plan.uses[i].slot,
					   *before = &set->armed.uses[i].slot;
		bool same = had && has && now->addr.value == before->addr.value &&
			    now->size == before->size && now->access == before->access &&
			    plan.uses[i].number == set->armed.uses[i].number;
		if (same || (!had && !has))
			continue;
		struct op_error *err =
			op_process_set_watch_slot(session->process, i, has ? now : NULL);
		if (err)
			return err;
	}
	set->armed = plan;
	return NULL;
}

// Following -----------------------------------------------------------------------------------

struct op_error *op_watch_read(struct op_session *session, const struct watch *watch,
			       uint8_t ret[16], bool *ret_read)
{
	memset(ret, 0, 16);
	struct op_error *err =
		op_process_read(session->process, watch->place.addr, ret, watch->place.size);
	*ret_read = !err;
	if (!err || err->code == OP_ERROR_PROCESS_GONE)
		return err;
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_watch_follow(struct op_session *session, struct watch *watch)
{
	bool there;
	uint8_t bytes[16];
	struct op_error *err = op_watch_place_follow(session, &watch->place, &there);
	if (!err && there)
		err = op_watch_read(session, watch, bytes, &there);
	if (err || there)
		return err;
	const struct op_breakpoint *info = op_breakpoint_set_find(session, watch->number);
	op_watch_lose(session, watch);
	op_session_notice(session, OP_NOTICE_INFO,
			  "Watchpoint %" PRIu32
			  " (%s) is disabled: the instance that it was in is gone.",
			  watch->number, info ? info->spec : "");
	return NULL;
}

struct op_error *op_watch_follow_all(struct op_session *session)
{
	struct op_watch_set *set = session->watches;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < set->watches.count; i++)
		if (is_on(session, &set->watches.data[i]))
			err = op_watch_follow(session, &set->watches.data[i]);
	return err;
}

void op_watch_reread(struct op_session *session)
{
	struct op_watch_set *set = session->watches;
	for (size_t i = 0; set && i < set->watches.count; i++) {
		struct watch *watch = &set->watches.data[i];
		bool read;
		if (is_on(session, watch))
			op_error_destroy(op_watch_read(session, watch, watch->bytes, &read));
	}
}

struct op_error *op_watch_arm(struct op_session *session)
{
	struct op_watch_set *set = session->watches;
	if (!set)
		return NULL;
	struct op_error *err = op_watch_follow_all(session);
	struct slot_plan plan;
	plan_all(session, &plan);
	if (!err && plan.count)
		err = op_patch_set_shield(session);
	return err ?: op_watch_set_slots(session);
}

struct op_error *op_watch_disarm(struct op_session *session)
{
	struct op_watch_set *set = session->watches;
	struct op_error *err = NULL;
	for (unsigned i = 0; set && !err && i < set->armed.count; i++)
		err = op_process_set_watch_slot(session->process, i, NULL);
	if (set && !err)
		set->armed.count = 0;
	return err;
}

// The public side -----------------------------------------------------------------------------

// "EXPRESSION if CONDITION", cut in two; *ret_condition is NULL when there is none.
static struct op_error *split(char *text, char **ret_condition)
{
	const char *found = op_breakpoint_spec_condition(text);
	char *condition = found ? text + (found - text) : NULL;
	if (condition) {
		*condition = '\0';
		condition += strlen("if");
		condition += strspn(condition, " ");
		if (!*condition)
			return op_error_create(OP_ERROR_SYNTAX,
					       "an expression is expected behind \"if\"");
	}
	*ret_condition = condition;
	for (size_t size = strlen(text); size && isspace((unsigned char)text[size - 1]); size--)
		text[size - 1] = '\0';
	if (!*text)
		return op_error_create(OP_ERROR_SYNTAX,
				       "what? Say a variable, $mem[ADDRESS:TYPE], $global.NAME, or "
				       "a field of an object");
	return NULL;
}

struct op_error *op_session_watch(struct op_session *session, const struct op_frame *frame,
				  const char *spec, enum op_breakpoint_kind kind,
				  const struct op_breakpoint **ret)
{
	struct op_error *err = op_session_need_live(session, "cannot set a watchpoint");
	if (err)
		return err;
	if (!session->watches && !(session->watches = calloc(1, sizeof(*session->watches))))
		return op_error_no_memory();
	struct op_watch_set *set = session->watches;
	_cleanup_free_ char *text = strdup(spec);
	if (!text)
		return op_error_no_memory();
	char *condition = NULL;
	struct watch watch = {.kind = kind};
	struct op_watch_frame of_frame;
	bool read = false;
	err = split(text, &condition);
	if (!err)
		err = op_watch_place_find(session, frame, text, &watch.place);
	if (!err)
		err = op_watch_read(session, &watch, watch.bytes, &read);
	if (!err && !read)
		err = op_error_create(OP_ERROR_UNREADABLE, "%s cannot be read at 0x%" PRIx64, text,
				      watch.place.addr.value);
	if (!err)
		err = check_room(session, text, &watch);
	if (!err && watch.place.in_frame)
		err = op_watch_frame_find(session, frame, &of_frame);
	if (err)
		return err;
	// Room first: the number is given away only when nothing can fail any more.
	if (!op_array_reserve(&set->watches.data, &set->watches.capacity, set->watches.count + 1,
			      sizeof(watch)))
		return op_error_no_memory();
	struct op_breakpoint *info;
	err = op_breakpoint_set_add_watch(session, text, condition, kind,
					  watch.place.in_frame ? &of_frame : NULL, &info);
	if (err)
		return err;
	watch.number = info->number;
	set->watches.data[set->watches.count++] = watch;
	*ret = info;
	return NULL;
}

struct op_error *op_watch_enable(struct op_session *session, uint32_t number, bool enabled)
{
	struct op_breakpoint *info = op_breakpoint_set_find(session, number);
	struct watch *watch = op_watch_find(session, number);
	if (!info || !watch)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no watchpoint %" PRIu32,
				       number);
	if (enabled && watch->gone)
		return op_error_create(
			OP_ERROR_STATE,
			"watchpoint %" PRIu32
			" cannot be enabled: the instance or the frame that it was in is gone",
			number);
	struct op_error *err = NULL;
	bool read;
	if (enabled && !info->enabled) {
		err = op_watch_follow(session, watch);
		if (!err && !watch->gone)
			err = op_watch_read(session, watch, watch->bytes, &read);
		if (!err)
			err = check_room(session, info->spec, watch);
	}
	if (!err)
		info->enabled = enabled && !watch->gone;
	return err;
}
