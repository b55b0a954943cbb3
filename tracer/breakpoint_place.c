// SPDX-License-Identifier: GPL-3.0-or-later
// Places that a person types while the program is stopped, and those that get no breakpoint of
// their own: where a run goes to, and where breakpoints are looked for.
#include "tracer/breakpoint.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/breakpoint_private.h"
#include "tracer/breakpoint_source.h"

struct op_error *op_breakpoint_parse_place(struct op_session *session, const char *spec,
					   struct op_breakpoint_entry *entry)
{
	struct op_error *err = op_breakpoint_parse(spec, entry);
	return err ?: op_breakpoint_localise(session, entry);
}

static struct op_error *parse_place(struct op_session *session, const char *spec,
				    struct op_breakpoint_entry **ret)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	struct op_error *err = op_breakpoint_parse_place(session, spec, entry);
	if (!err && entry->condition.text)
		err = op_error_create(
			OP_ERROR_SYNTAX,
			"a place to run to has no condition: set a breakpoint (tbreak "
			"%s if ...) and continue",
			entry->spec);
	if (!err)
		*ret = op_take(entry);
	return err;
}

static bool is_at(const struct op_breakpoint *breakpoint, const struct op_location *place)
{
	for (size_t i = 0; i < breakpoint->location_count; i++) {
		const struct op_location *location = &breakpoint->locations[i];
		bool same_line = place->line && location->line == place->line && place->file &&
				 location->file && !strcmp(place->file, location->file);
		if (location->module_id == place->module_id &&
		    (location->pc == place->pc || same_line))
			return true;
	}
	return false;
}

struct op_error *op_session_breakpoints_at(struct op_session *session, const char *spec,
					   const uint32_t **ret, size_t *ret_count)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = NULL;
	struct op_breakpoint_set *set = session->breakpoints;
	set->found.count = 0;
	*ret_count = 0;
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = parse_place(session, spec, &entry);
	// Not enabled: it is looked for and nothing is placed.
	if (!err)
		err = op_breakpoint_resolve(session, entry);
	if (!err && entry->info.pending)
		err = op_breakpoint_no_match(session, entry);
	for (size_t i = 0; !err && i < set->entries.count; i++) {
		const struct op_breakpoint *breakpoint = &set->entries.data[i]->info;
		bool found = false;
		for (size_t k = 0; k < entry->locations.count && !found; k++)
			found = is_at(breakpoint, &entry->locations.data[k]);
		if (found && breakpoint->action == OP_ACTION_STOP &&
		    !op_array_push(&set->found, breakpoint->number))
			err = op_error_no_memory();
	}
	*ret = set->found.data;
	*ret_count = err ? 0 : set->found.count;
	return err;
}

struct op_error *op_breakpoint_place_once(struct op_session *session, const char *spec,
					  unsigned purpose, struct op_location *ret)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = NULL;
	struct op_error *err = parse_place(session, spec, &entry);
	if (err)
		return err;
	// No breakpoint ever gets this number; what is placed under it is the run's in the end.
	entry->info.number = UINT32_MAX;
	entry->info.enabled = true;
	err = op_breakpoint_resolve(session, entry);
	if (!err && entry->info.pending)
		err = op_breakpoint_no_match(session, entry);
	struct op_error *turn_err = op_patch_set_turn_breakpoint(session, UINT32_MAX, purpose);
	if (err || turn_err) {
		if (err)
			op_error_destroy(turn_err);
		return err ?: turn_err;
	}
	*ret = entry->locations.data[0];
	return NULL;
}
