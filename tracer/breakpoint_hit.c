// SPDX-License-Identifier: GPL-3.0-or-later
// Arrivals at breakpoints, and events that catchpoints wait for: conditions, counts, and who stops.
#include <inttypes.h>
#include <string.h>

#include "tracer/agent/site.h"
#include "tracer/breakpoint_private.h"
#include "tracer/watchpoint.h"
#include "tracer/count.h"

// Whether a breakpoint means this arrival. A condition that cannot be evaluated is worth a stop:
// its author wants to know.
static struct op_error *is_meant(struct op_session *session,
				 const struct op_breakpoint_entry *entry, uint64_t address,
				 op_thread_id thread, bool *ret)
{
	*ret = true;
	if (!entry->condition.text)
		return NULL;
	struct op_error *err = op_condition_holds(session, &entry->condition, address, thread, ret);
	if (!err || err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY)
		return err;
	op_session_notice(session, OP_NOTICE_WARNING,
			  "the condition of breakpoint %" PRIu32 " cannot be evaluated: %s",
			  entry->info.number, err->message);
	op_error_destroy(err);
	return NULL;
}

// How many arrivals are still to be ignored is in the target while a stub counts them.
struct op_error *op_breakpoint_write_ignore(struct op_session *session,
					    const struct op_breakpoint_entry *entry)
{
	if (!entry->ignore_cell)
		return NULL;
	return op_process_write(session->process, op_host_addr(entry->ignore_cell),
				&entry->info.ignore_left, sizeof(entry->info.ignore_left));
}

static struct op_error *read_ignore(struct op_session *session, struct op_breakpoint_entry *entry)
{
	uint64_t left;
	if (!entry->ignore_cell)
		return NULL;
	struct op_error *err = op_process_read(session->process, op_host_addr(entry->ignore_cell),
					       &left, sizeof(left));
	if (err || left > entry->info.ignore_left)
		return err;
	// What a stub has ignored was a hit.
	entry->info.hits += entry->info.ignore_left - left;
	entry->info.ignore_left = left;
	return NULL;
}

struct op_error *op_breakpoint_set_read_ignored(struct op_session *session)
{
	struct op_breakpoint_set *set = session->breakpoints;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < set->entries.count; i++)
		err = read_ignore(session, set->entries.data[i]);
	return err;
}

// One more hit; *ret_stops true when it stops. @p decided: a stub has looked at the ignore count.
static struct op_error *count_hit(struct op_session *session, struct op_breakpoint_entry *entry,
				  bool decided, bool *ret_stops)
{
	struct op_breakpoint *info = &entry->info;
	struct op_error *err = NULL;
	// Other threads' stubs count in the same cell.
	if (!decided && entry->ignore_cell)
		err = op_session_halt(session);
	if (!err && !decided)
		err = read_ignore(session, entry);
	if (err)
		return err;
	info->hits++;
	*ret_stops = decided || !info->ignore_left;
	if (*ret_stops)
		return NULL;
	info->ignore_left--;
	return op_breakpoint_write_ignore(session, entry);
}

struct op_error *op_breakpoint_set_event(struct op_session *session, enum op_catch_kind kind,
					 op_thread_id thread, struct op_event *event, uint32_t *ret)
{
	struct op_breakpoint_set *set = session->breakpoints;
	*ret = 0;
	set->stopping.count = 0;
	for (size_t i = 0; i < set->entries.count; i++) {
		struct op_breakpoint_entry *entry = set->entries.data[i];
		if (!entry->catchpoint || !entry->info.enabled ||
		    !op_catchpoint_wants(entry->catchpoint, kind, event))
			continue;
		struct op_host_addr pc = {0};
		bool meant = false, stops = false;
		struct op_error *err = op_process_pc(session->process, thread, &pc);
		if (!err)
			err = is_meant(session, entry, pc.value, thread, &meant);
		if (!err && meant)
			err = count_hit(session, entry, false, &stops);
		if (!err && stops && !op_array_push(&set->stopping, entry->info.number))
			err = op_error_no_memory();
		if (err)
			return err;
		if (stops && !*ret) {
			*ret = entry->info.number;
			event->caught = kind;
			event->breakpoint = entry->info.number;
		}
	}
	return NULL;
}

bool op_breakpoint_set_waits_for(struct op_session *session, enum op_catch_kind kind)
{
	for (size_t i = 0; i < session->breakpoints->entries.count; i++) {
		const struct op_breakpoint *info = &session->breakpoints->entries.data[i]->info;
		if (info->enabled && info->caught == kind)
			return true;
	}
	return false;
}

// Whether the patch's stub has dealt with breakpoint @p index of it before it trapped.
static bool is_dealt_with(const struct op_patch *patch, uint32_t index,
			  enum op_breakpoint_action action, uint32_t tag)
{
	if (tag == OP_SITE_TAG_NONE || index >= OP_SITE_USERS_MAX || !(patch->inside >> index & 1))
		return false;
	if (!op_site_stops(action))
		return true;
	// Among those that stop, groups are in the order of the list; those behind its trap have
	// not run.
	for (uint32_t i = 0; tag != OP_SITE_TAG_ANY && i < index; i++)
		if (patch->breakpoints[i] == tag)
			return false;
	return patch->breakpoints[index] != tag;
}

// What is done at a place without stopping there, by outpost itself.
static struct op_error *act(struct op_session *session, struct op_breakpoint_entry *entry,
			    const struct op_patch *patch, op_thread_id thread)
{
	switch (entry->info.action) {
	case OP_ACTION_COUNT:
		return op_count_arrived(session, patch, entry->info.number);
	case OP_ACTION_LOG:
		entry->info.hits++;
		return op_log_arrived(session, entry->info.number, &entry->log, patch, thread);
	case OP_ACTION_STOP:
	case OP_ACTION_WATCH:
	case OP_ACTION_TRACE: // what was executed before the first stub is not in the ring
		break;
	}
	return NULL;
}

struct op_error *op_breakpoint_set_hit(struct op_session *session, const struct op_patch *patch,
				       op_thread_id thread, uint32_t tag, struct op_event *event,
				       uint32_t *ret)
{
	struct op_breakpoint_set *set = session->breakpoints;
	*ret = 0;
	set->stopping.count = 0;
	for (uint32_t i = 0; i < patch->breakpoint_count; i++) {
		struct op_breakpoint_entry *entry =
			op_breakpoint_set_entry(session, patch->breakpoints[i]);
		if (!entry || !entry->info.enabled ||
		    is_dealt_with(patch, i, entry->info.action, tag))
			continue;
		struct op_event caught;
		bool tells = entry->catchpoint || entry->watch || entry->frame;
		struct op_error *err = NULL;
		bool meant = true, decided = entry->info.number == tag, stops = false;
		if (tells)
			caught = *event;
		if (entry->catchpoint)
			err = op_catchpoint_reached(session, entry->catchpoint, patch, thread,
						    &caught, &meant);
		if (entry->watch)
			err = op_software_watch_arrived(session, entry->watch, entry->info.number,
							entry->spec, patch, thread, decided,
							&caught, &meant);
		if (entry->frame)
			err = op_watch_frame_returned(session, entry->info.number, entry->frame,
						      thread, &caught, &meant);
		else if (!err && meant)
			err = is_meant(session, entry, patch->address, thread, &meant);
		if (!err && (meant || (decided && !entry->watch)))
			err = op_site_stops(entry->info.action)
				      ? count_hit(session, entry, decided, &stops)
				      : act(session, entry, patch, thread);
		if (!err && stops && !op_array_push(&set->stopping, entry->info.number))
			err = op_error_no_memory();
		if (err)
			return err;
		if (stops && !*ret) {
			*ret = entry->info.number;
			if (tells)
				*event = caught;
		}
	}
	if (set->stopping.count)
		*ret = set->stopping.data[0];
	return NULL;
}

// As many stops as were asked for: it stays, but stops no more.
static void count_stop(struct op_session *session, struct op_breakpoint *info)
{
	if (!info->stops_left || --info->stops_left)
		return;
	info->enabled = false;
	op_patch_set_remove_breakpoint(session, info->number);
}

void op_breakpoint_set_shown(struct op_session *session, struct op_event *event)
{
	struct op_breakpoint_set *set = session->breakpoints;
	for (size_t i = 0; i < set->stopping.count; i++) {
		struct op_breakpoint_entry *entry =
			op_breakpoint_set_entry(session, set->stopping.data[i]);
		if (!entry)
			continue;
		entry->spent = entry->info.temporary;
		count_stop(session, &entry->info);
	}
	event->breakpoints = set->stopping.data;
	event->breakpoint_count = set->stopping.count;
}
