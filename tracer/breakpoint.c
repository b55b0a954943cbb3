// SPDX-License-Identifier: GPL-3.0-or-later
// The set of breakpoints, catchpoints, counters and the like: made, changed, listed, deleted.
#include "tracer/breakpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/agent/agent.h"
#include "tracer/breakpoint_private.h"
#include "tracer/catchpoint.h"
#include "tracer/count.h"
#include "tracer/trace.h"
#include "tracer/watchpoint.h"

const char *op_breakpoint_action_name(enum op_breakpoint_action action)
{
	static const char *const names[] = {[OP_ACTION_STOP] = "stop",
					    [OP_ACTION_COUNT] = "count",
					    [OP_ACTION_LOG] = "log",
					    [OP_ACTION_TRACE] = "trace",
					    [OP_ACTION_WATCH] = "watch"};
	return action < OP_ARRAY_SIZE(names) ? names[action] : "unknown";
}

struct op_error *op_breakpoint_set_create(struct op_breakpoint_set **ret)
{
	struct op_breakpoint_set *set = calloc(1, sizeof(*set));
	if (!set)
		return op_error_no_memory();
	set->next_number = 1;
	*ret = set;
	return NULL;
}

// A watchpoint whose slots watchpoint.c looks after: it has no places in code.
bool op_breakpoint_is_hardware(const struct op_breakpoint_entry *entry)
{
	return entry->info.kind != OP_BREAKPOINT_PLACE && entry->info.action != OP_ACTION_WATCH;
}

static void drop_commands(struct op_breakpoint_entry *entry)
{
	for (size_t i = 0; i < entry->commands.count; i++)
		free(entry->commands.data[i]);
	entry->commands.count = 0;
}

void op_breakpoint_entry_destroy(struct op_breakpoint_entry *entry)
{
	if (!entry)
		return;
	drop_commands(entry);
	free(entry->commands.data);
	op_catchpoint_destroy(entry->catchpoint);
	op_software_watch_destroy(entry->watch);
	free(entry->frame);
	free(entry->spec);
	op_condition_deinit(&entry->condition);
	op_log_deinit(&entry->log);
	free(entry->format);
	free(entry->pattern);
	op_error_destroy(entry->problem);
	op_error_destroy(entry->missing);
	free(entry->module);
	free(entry->function);
	free(entry->qualifier);
	free(entry->qualified);
	free(entry->file);
	op_string_pool_deinit(&entry->strings);
	free(entry->locations.data);
	free(entry);
}

const char *op_breakpoint_kind_name(enum op_breakpoint_kind kind)
{
	static const char *const names[] = {
		[OP_BREAKPOINT_PLACE] = "breakpoint",
		[OP_BREAKPOINT_WATCH] = "watchpoint",
		[OP_BREAKPOINT_READ] = "read-watchpoint",
		[OP_BREAKPOINT_ACCESS] = "access-watchpoint",
	};
	return names[kind];
}

void op_breakpoint_set_destroy(struct op_breakpoint_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->entries.count; i++)
		op_breakpoint_entry_destroy(set->entries.data[i]);
	free(set->entries.data);
	free(set->list.data);
	free(set->stopping.data);
	free(set->found.data);
	free(set);
}

bool op_breakpoint_set_notes(struct op_session *session)
{
	for (size_t i = 0; i < session->breakpoints->entries.count; i++) {
		const struct op_breakpoint_entry *entry = session->breakpoints->entries.data[i];
		if (entry->info.enabled &&
		    (entry->info.action != OP_ACTION_STOP || entry->info.ignore_left))
			return true;
	}
	return false;
}

// The public side -----------------------------------------------------------------------------

// Take a parsed entry into the set, with the next number.
static struct op_error *add_entry(struct op_session *session, struct op_breakpoint_entry **entry,
				  bool allow_pending, const struct op_breakpoint **ret)
{
	struct op_breakpoint_set *set = session->breakpoints;
	struct op_breakpoint_entry *fresh = *entry;
	struct op_error *err = NULL;
	if (op_session_is_core(session))
		return op_session_need_live(session, "cannot set a breakpoint");
	fresh->info.number = set->next_number;
	fresh->info.spec = fresh->spec;
	fresh->info.enabled = true;
	fresh->info.pending = !fresh->catchpoint;
	fresh->info.requested_pc = fresh->by_offset ? fresh->number : 0;
	if (session->state == OP_SESSION_STOPPED) {
		err = op_breakpoint_resolve(session, fresh);
		if (!err && fresh->info.pending)
			err = op_take(fresh->problem);
		if (!err && fresh->info.pending && !allow_pending)
			err = op_breakpoint_no_match(session, fresh);
	} else if ((session->state != OP_SESSION_EMPTY && session->state != OP_SESSION_EXITED) ||
		   !allow_pending) {
		err = op_session_need_stopped(session);
	}
	if (!err && !op_array_push(&set->entries, fresh))
		err = op_error_no_memory();
	if (err) {
		op_patch_set_remove_breakpoint(session, fresh->info.number);
		return err;
	}
	op_breakpoint_tell_problem(session, fresh);
	set->next_number++;
	*ret = &fresh->info;
	*entry = NULL;
	return NULL;
}

struct op_error *op_session_break(struct op_session *session, const char *spec, bool temporary,
				  bool allow_pending, const struct op_breakpoint **ret)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	struct op_error *err = op_breakpoint_parse_place(session, spec, entry);
	entry->info.temporary = temporary;
	return err ?: add_entry(session, &entry, allow_pending, ret);
}

// PLACE [if EXPRESSION] "FORMAT" VALUES: the place's part is cut off for op_breakpoint_parse().
struct op_error *op_session_log(struct op_session *session, const char *spec,
				const struct op_breakpoint **ret)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	const char *quote = spec;
	// $global."NAME" has a quote too.
	while (*quote && (*quote != '"' || quote == spec || !strchr(" ,", quote[-1])))
		quote++;
	if (!*quote)
		return op_error_create(OP_ERROR_SYNTAX,
				       "a log point needs a place and a format in quotes, as in: "
				       "log fib \"n=%%d\" n");
	_cleanup_free_ char *place = strndup(spec, (size_t)(quote - spec));
	if (!entry || !place || !(entry->format = strdup(quote)))
		return op_error_no_memory();
	for (size_t size = strlen(place); size && strchr(" ,", place[size - 1]); size--)
		place[size - 1] = '\0';
	entry->info.action = OP_ACTION_LOG;
	entry->info.format = entry->format;
	struct op_error *err = op_log_parse(entry->format, &entry->log);
	if (!err)
		err = op_breakpoint_parse_place(session, place, entry);
	return err ?: add_entry(session, &entry, false, ret);
}

struct op_error *op_session_count(struct op_session *session, enum op_count_scope scope,
				  const char *spec, const struct op_breakpoint **ret)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	entry->info.action = OP_ACTION_COUNT;
	entry->scope = scope;
	struct op_error *err = scope == OP_COUNT_PLACE
				       ? op_breakpoint_parse_place(session, spec, entry)
				       : op_breakpoint_parse_pattern(spec, entry);
	return err ?: add_entry(session, &entry, false, ret);
}

struct op_error *op_session_watch_software(struct op_session *session, const struct op_frame *frame,
					   const char *spec, const char *pattern,
					   const struct op_breakpoint **ret)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	if (!entry)
		return op_error_no_memory();
	err = op_breakpoint_parse_pattern(pattern, entry);
	entry->pattern = entry->spec;
	entry->spec = strdup(spec + strspn(spec, " "));
	if (!err && !entry->spec)
		err = op_error_no_memory();
	if (!err)
		err = op_breakpoint_split_condition(entry);
	if (!err && !*entry->spec)
		err = op_error_create(OP_ERROR_SYNTAX, "what? Say an expression");
	if (!err)
		err = op_software_watch_create(session, frame, entry->spec,
					       session->breakpoints->next_number, &entry->watch);
	if (err)
		return err;
	entry->info.action = OP_ACTION_WATCH;
	entry->info.pattern = entry->pattern;
	entry->info.kind = OP_BREAKPOINT_WATCH;
	entry->scope = OP_COUNT_INSTRUCTIONS;
	return add_entry(session, &entry, false, ret);
}

struct op_error *op_session_trace(struct op_session *session, const char *pattern, uint64_t length,
				  const struct op_breakpoint **ret)
{
	enum { LENGTH_DEFAULT = 256, LENGTH_MAX = 1 << 20 };
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	if (length > LENGTH_MAX)
		return op_error_create(OP_ERROR_LIMIT, "a trace holds at most %d instructions",
				       LENGTH_MAX);
	entry->info.action = OP_ACTION_TRACE;
	entry->scope = OP_COUNT_INSTRUCTIONS;
	entry->trace_length = length ? length : LENGTH_DEFAULT;
	struct op_error *err = op_breakpoint_parse_pattern(pattern, entry);
	return err ?: add_entry(session, &entry, false, ret);
}

struct op_breakpoint_entry *op_breakpoint_set_entry(struct op_session *session, uint32_t number)
{
	struct op_breakpoint_set *set = session->breakpoints;
	for (size_t i = 0; i < set->entries.count; i++)
		if (set->entries.data[i]->info.number == number)
			return set->entries.data[i];
	return NULL;
}

struct op_error *op_session_catch(struct op_session *session, const char *spec, bool temporary,
				  const struct op_breakpoint **ret)
{
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	entry->spec = strdup(spec + strspn(spec, " "));
	struct op_error *err =
		entry->spec ? op_breakpoint_split_condition(entry) : op_error_no_memory();
	if (!err)
		err = op_catchpoint_create(entry->spec, &entry->catchpoint);
	if (err)
		return err;
	entry->info.caught = op_catchpoint_kind(entry->catchpoint);
	entry->info.temporary = temporary;
	return add_entry(session, &entry, true, ret);
}

struct op_error *op_breakpoint_set_add_watch(struct op_session *session, const char *expression,
					     const char *condition, enum op_breakpoint_kind kind,
					     const struct op_watch_frame *frame,
					     struct op_breakpoint **ret)
{
	struct op_breakpoint_set *set = session->breakpoints;
	_cleanup_breakpoint_entry_ struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	entry->spec = strdup(expression);
	entry->condition.text = condition ? strdup(condition) : NULL;
	entry->frame = frame ? calloc(1, sizeof(*frame)) : NULL;
	if (!entry->spec || (condition && !entry->condition.text) || (frame && !entry->frame))
		return op_error_no_memory();
	entry->info = (struct op_breakpoint){
		.kind = kind,
		.number = set->next_number,
		.spec = entry->spec,
		.condition = entry->condition.text,
		.enabled = true,
	};
	if (frame)
		*entry->frame = *frame;
	struct op_error *err = op_breakpoint_resolve(session, entry);
	if (!err && !op_array_push(&set->entries, entry))
		err = op_error_no_memory();
	if (err) {
		op_patch_set_remove_breakpoint(session, entry->info.number);
		return err;
	}
	set->next_number++;
	*ret = &entry->info;
	entry = NULL;
	return NULL;
}

struct op_breakpoint *op_breakpoint_set_find(struct op_session *session, uint32_t number)
{
	struct op_breakpoint_entry *entry = op_breakpoint_set_entry(session, number);
	return entry ? &entry->info : NULL;
}

static struct op_error *find_entry(struct op_session *session, uint32_t number, size_t *ret)
{
	for (size_t i = 0; i < session->breakpoints->entries.count; i++) {
		if (session->breakpoints->entries.data[i]->info.number == number) {
			*ret = i;
			return NULL;
		}
	}
	return op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint %" PRIu32, number);
}

static void delete_entry(struct op_session *session, size_t index)
{
	struct op_breakpoint_set *set = session->breakpoints;
	op_watch_remove(session, set->entries.data[index]->info.number);
	op_patch_set_remove_breakpoint(session, set->entries.data[index]->info.number);
	op_count_forget(session, set->entries.data[index]->info.number);
	op_trace_forget(session, set->entries.data[index]->info.number);
	op_breakpoint_entry_destroy(set->entries.data[index]);
	set->entries.count--;
	memmove(&set->entries.data[index], &set->entries.data[index + 1],
		(set->entries.count - index) * sizeof(*set->entries.data));
}

struct op_error *op_session_breakpoint_delete(struct op_session *session, uint32_t number)
{
	size_t index = 0;
	struct op_error *err = find_entry(session, number, &index);
	if (!err)
		delete_entry(session, index);
	return err;
}

struct op_error *op_session_breakpoint_enable(struct op_session *session, uint32_t number,
					      bool enabled)
{
	size_t index = 0;
	struct op_error *err = find_entry(session, number, &index);
	if (err)
		return err;
	struct op_breakpoint_entry *entry = session->breakpoints->entries.data[index];
	if (op_breakpoint_is_hardware(entry))
		return op_watch_enable(session, number, enabled);
	if (enabled && entry->watch && entry->watch->gone)
		return op_error_create(OP_ERROR_STATE,
				       "watchpoint %" PRIu32
				       " cannot be enabled: what it watched is gone",
				       number);
	entry->info.enabled = enabled;
	entry->info.stops_left = 0;
	if (!enabled) {
		op_patch_set_remove_breakpoint(session, number);
		return entry->catchpoint ? op_breakpoint_resolve(session, entry) : NULL;
	}
	if (session->state != OP_SESSION_STOPPED)
		return NULL;
	err = op_breakpoint_resolve(session, entry);
	op_breakpoint_tell_problem(session, entry);
	return err;
}

// What it is to do at its places has changed.
static struct op_error *place_again(struct op_session *session, struct op_breakpoint_entry *entry)
{
	op_agent_changed(session);
	if (!entry->info.enabled || session->state != OP_SESSION_STOPPED)
		return NULL;
	op_patch_set_remove_breakpoint(session, entry->info.number);
	struct op_error *err = op_breakpoint_resolve(session, entry);
	if (!err && entry->info.pending)
		err = op_take(entry->problem);
	op_breakpoint_tell_problem(session, entry);
	return err;
}

struct op_error *op_session_breakpoint_ignore(struct op_session *session, uint32_t number,
					      uint64_t count)
{
	size_t index = 0;
	struct op_error *err = find_entry(session, number, &index);
	if (err)
		return err;
	struct op_breakpoint_entry *entry = session->breakpoints->entries.data[index];
	entry->info.ignore_left = count;
	err = op_breakpoint_write_ignore(session, entry);
	return err ?: place_again(session, entry);
}

struct op_error *op_session_breakpoint_condition(struct op_session *session, uint32_t number,
						 const char *condition)
{
	size_t index = 0;
	struct op_error *err = find_entry(session, number, &index);
	if (!err && condition)
		err = op_condition_check(condition);
	if (err)
		return err;
	char *copy = condition ? strdup(condition) : NULL;
	if (condition && !copy)
		return op_error_no_memory();
	struct op_breakpoint_entry *entry = session->breakpoints->entries.data[index];
	char *before = entry->condition.text;
	entry->info.condition = entry->condition.text = copy;
	entry->told_outside = false;
	err = place_again(session, entry);
	if (err) {
		// It keeps the one it had.
		entry->info.condition = entry->condition.text = before;
		op_error_destroy(place_again(session, entry));
		before = copy;
	}
	free(before);
	return err;
}

struct op_error *op_session_breakpoint_enable_for(struct op_session *session, uint32_t number,
						  uint64_t stops)
{
	size_t index = 0;
	struct op_error *err = op_session_breakpoint_enable(session, number, true);
	if (!err)
		err = find_entry(session, number, &index);
	if (!err)
		session->breakpoints->entries.data[index]->info.stops_left = stops;
	return err;
}

struct op_error *op_session_breakpoint_make_temporary(struct op_session *session, uint32_t number)
{
	size_t index = 0;
	struct op_error *err = op_session_breakpoint_enable(session, number, true);
	if (!err)
		err = find_entry(session, number, &index);
	if (!err)
		session->breakpoints->entries.data[index]->info.temporary = true;
	return err;
}

struct op_error *op_session_breakpoint_commands(struct op_session *session, uint32_t number,
						const char *const *lines, size_t count)
{
	size_t index = 0;
	struct op_error *err = find_entry(session, number, &index);
	if (err)
		return err;
	struct op_breakpoint_entry *entry = session->breakpoints->entries.data[index];
	drop_commands(entry);
	for (size_t i = 0; !err && i < count; i++) {
		char *line = strdup(lines[i]);
		if (line && op_array_push(&entry->commands, line))
			continue;
		free(line);
		drop_commands(entry);
		err = op_error_no_memory();
	}
	entry->info.commands = (const char *const *)entry->commands.data;
	entry->info.command_count = entry->commands.count;
	return err;
}

// A counter's hits are what it has counted; while the target runs they are those of the last stop.
static void refresh_hits(struct op_session *session, struct op_breakpoint_entry *entry)
{
	bool readable = session->state == OP_SESSION_STOPPED || session->state == OP_SESSION_EXITED;
	uint64_t total;
	if (entry->info.action != OP_ACTION_COUNT || !readable)
		return;
	struct op_error *err = op_count_total(session, entry->info.number, &total);
	if (!err)
		entry->info.hits = total;
	op_error_destroy(err);
}

static struct op_error *note_inside(void *context, struct op_patch *patch, uint32_t index)
{
	bool *inside = context;
	*inside |= patch->inside >> index & 1;
	return NULL;
}

static void refresh_evaluation(struct op_session *session, struct op_breakpoint_entry *entry)
{
	bool inside = false;
	op_error_destroy(op_patch_set_each(session, entry->info.number, note_inside, &inside));
	bool evaluates = entry->condition.text || entry->info.ignore_left ||
			 entry->info.action != OP_ACTION_STOP;
	// One place that outpost has to look at is enough to slow the program down.
	entry->info.evaluation = !evaluates || entry->catchpoint           ? OP_EVALUATION_NONE
				 : entry->told_outside || session->outside ? OP_EVALUATION_OUTSIDE
				 : inside                                  ? OP_EVALUATION_INSIDE
									   : OP_EVALUATION_NONE;
}

const char *op_breakpoint_evaluation_name(enum op_breakpoint_evaluation evaluation)
{
	static const char *const names[] = {[OP_EVALUATION_NONE] = "none",
					    [OP_EVALUATION_INSIDE] = "inside",
					    [OP_EVALUATION_OUTSIDE] = "outside"};
	return names[evaluation];
}

const struct op_breakpoint *const *op_session_breakpoints(struct op_session *session,
							  size_t *ret_count)
{
	struct op_breakpoint_set *set = session->breakpoints;
	set->list.count = 0;
	for (size_t i = 0; i < set->entries.count; i++) {
		refresh_hits(session, set->entries.data[i]);
		refresh_evaluation(session, set->entries.data[i]);
		// Short of memory the list ends early; an empty list is still a list.
		if (!op_array_push(&set->list, &set->entries.data[i]->info))
			break;
	}
	*ret_count = set->list.count;
	return set->list.data;
}

void op_breakpoint_set_drop_spent(struct op_session *session)
{
	for (size_t i = session->breakpoints->entries.count; i > 0; i--)
		if (session->breakpoints->entries.data[i - 1]->spent)
			delete_entry(session, i - 1);
}

bool op_breakpoint_set_wants_mappings(struct op_session *session)
{
	for (size_t i = 0; i < session->breakpoints->entries.count; i++) {
		const struct op_breakpoint_entry *entry = session->breakpoints->entries.data[i];
		if (entry->info.enabled && (entry->info.pending || entry->file_backed))
			return true;
	}
	return false;
}
