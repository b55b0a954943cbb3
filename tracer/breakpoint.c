// SPDX-License-Identifier: GPL-3.0-or-later
// Breakpoints as people set them: specification, places, counts. Writes nothing into the target
// itself (patch.c does).
#include "tracer/breakpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/condition.h"
#include "tracer/place.h"

struct entry {
	struct op_breakpoint info; // first: what the public interface hands out
	char *spec;
	char *condition; // NULL: none
	// The specification, parsed.
	char *module;   // NULL: any
	char *function; // name; NULL for the other forms
	bool by_index, by_offset;
	uint32_t number; // function index or offset
	struct OP_ARRAY(struct op_location) locations;
	bool file_backed; // a place lies in code that is mapped from a file
	bool spent;       // temporary and shown: goes at the next run
};

struct op_breakpoint_set {
	struct OP_ARRAY(struct entry *) entries;
	uint32_t next_number;
	struct OP_ARRAY(const struct op_breakpoint *) list;
};

struct op_error *op_breakpoint_set_create(struct op_breakpoint_set **ret)
{
	struct op_breakpoint_set *set = calloc(1, sizeof(*set));
	if (!set)
		return op_error_no_memory();
	set->next_number = 1;
	*ret = set;
	return NULL;
}

static void entry_destroy(struct entry *entry)
{
	if (!entry)
		return;
	free(entry->spec);
	free(entry->condition);
	free(entry->module);
	free(entry->function);
	free(entry->locations.data);
	free(entry);
}

static void entry_destroyp(struct entry **entry)
{
	entry_destroy(*entry);
}

void op_breakpoint_set_destroy(struct op_breakpoint_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->entries.count; i++)
		entry_destroy(set->entries.data[i]);
	free(set->entries.data);
	free(set->list.data);
	free(set);
}

// Parsing -------------------------------------------------------------------------------------

static bool parse_u32(const char *text, char end, uint32_t *ret)
{
	char *rest;
	errno = 0;
	unsigned long long value = strtoull(text, &rest, 0);
	if (errno || rest == text || *rest != end || (end && rest[1]) || value > UINT32_MAX ||
	    text[0] == '-')
		return false;
	*ret = (uint32_t)value;
	return true;
}

// The part after an optional MODULE! or MODULE:. Names may hold colons themselves (C++,
// components), so a single colon counts only when the part before it is no part of "::".
static const char *split_module(const char *spec, size_t *ret_module_size)
{
	*ret_module_size = 0;
	const char *bang = strchr(spec, '!');
	if (bang) {
		*ret_module_size = (size_t)(bang - spec);
		return bang + 1;
	}
	const char *colon = strchr(spec, ':');
	if (colon && colon != spec && colon[1] && colon[1] != ':') {
		*ret_module_size = (size_t)(colon - spec);
		return colon + 1;
	}
	return spec;
}

static void cut_trailing_space(char *text)
{
	for (size_t size = strlen(text); size && text[size - 1] == ' '; size--)
		text[size - 1] = '\0';
}

// "PLACE if EXPRESSION": the expression moves to the entry's condition.
static struct op_error *split_condition(struct entry *entry)
{
	static const char keyword[] = " if ";
	bool no_place = !strncmp(entry->spec, keyword + 1, strlen(keyword) - 1);
	char *found = no_place ? entry->spec : strstr(entry->spec, keyword);
	if (found) {
		const char *condition = found + strlen(keyword) - no_place;
		condition += strspn(condition, " ");
		entry->condition = strdup(condition);
		if (!entry->condition)
			return op_error_no_memory();
		cut_trailing_space(entry->condition);
		if (!*entry->condition)
			return op_error_create(OP_ERROR_SYNTAX,
					       "an expression is expected behind \"if\"");
		*found = '\0';
	}
	cut_trailing_space(entry->spec);
	entry->info.condition = entry->condition;
	return NULL;
}

static struct op_error *parse(const char *spec, struct entry *entry)
{
	while (*spec == ' ')
		spec++;
	entry->spec = strdup(spec);
	if (!entry->spec)
		return op_error_no_memory();
	struct op_error *err = split_condition(entry);
	if (err)
		return err;
	if (!*entry->spec)
		return op_error_create(OP_ERROR_SYNTAX,
				       "where? Say a function's name, function[N], *OFFSET, or "
				       "MODULE! in front of one of them");
	size_t module_size;
	const char *place = split_module(entry->spec, &module_size);
	if (module_size && !(entry->module = strndup(entry->spec, module_size)))
		return op_error_no_memory();
	if (*place == '*') {
		entry->by_offset = true;
		if (!parse_u32(place + 1, '\0', &entry->number))
			return op_error_create(
				OP_ERROR_SYNTAX,
				"\"%s\" is no offset: say * and a number, as in *0x1a3", place);
	} else if (!strncmp(place, "function[", 9) && parse_u32(place + 9, ']', &entry->number)) {
		entry->by_index = true;
	} else if (*place == '#' && parse_u32(place + 1, '\0', &entry->number)) {
		entry->by_index = true;
	} else {
		if (!*place)
			return op_error_create(OP_ERROR_SYNTAX,
					       "\"%s\" names a module but no place in it", spec);
		entry->function = strdup(place);
		if (!entry->function)
			return op_error_no_memory();
	}
	return NULL;
}

// Resolving -----------------------------------------------------------------------------------

// A place of the breakpoint: one instruction, patched in every copy of the code.
static struct op_error *place_at(struct op_session *session, struct entry *entry,
				 struct op_module_entry *module, const struct op_place *place)
{
	struct op_placement placement;
	struct op_error *err = op_place_patches(
		session, module, place, entry->info.enabled ? entry->info.number : 0, &placement);
	if (err || !placement.count)
		return err;
	if (entry->by_offset && placement.pc != entry->number)
		entry->info.moved = true;
	entry->file_backed |= placement.file_backed;
	struct op_location location = {
		.module_id = module->info.id,
		.module = module->name,
		.function_index = place->function,
		.function = op_module_function_name(module, place->function),
		.pc = placement.pc,
		.places = placement.count,
	};
	return op_array_push(&entry->locations, location) ? NULL : op_error_no_memory();
}

static struct op_error *place_function(struct op_session *session, struct entry *entry,
				       struct op_module_entry *module, uint32_t function)
{
	struct op_place place;
	bool known;
	struct op_error *err = op_place_function_start(module, function, &place, &known);
	return err || !known ? err : place_at(session, entry, module, &place);
}

static struct op_error *resolve_in_module(struct op_session *session, struct entry *entry,
					  struct op_module_entry *module)
{
	if (entry->by_offset) {
		uint32_t function = 0;
		if (module->wasm &&
		    !op_wasm_module_function_at(module->wasm, entry->number, &function))
			return NULL;
		struct op_place place = {
			.function = function, .pc = entry->number, .end = UINT32_MAX};
		struct op_wasm_body body;
		// The next instruction of the same function, never another function's.
		if (module->wasm && op_wasm_module_function_body(module->wasm, function, &body))
			place.end = body.end;
		return place_at(session, entry, module, &place);
	}
	if (entry->by_index)
		return entry->number < module->info.function_count
			       ? place_function(session, entry, module, entry->number)
			       : NULL;
	for (uint32_t i = 0; i < module->info.function_count; i++) {
		if (strcmp(op_module_function_name(module, i), entry->function))
			continue;
		struct op_error *err = place_function(session, entry, module, i);
		if (err)
			return err;
	}
	return NULL;
}

static struct op_error *resolve_entry(struct op_session *session, struct entry *entry)
{
	entry->locations.count = 0;
	entry->info.moved = false;
	entry->file_backed = false;
	struct op_error *refusal = NULL;
	for (size_t i = 0; i < session->modules.count; i++) {
		struct op_module_entry *module = session->modules.data[i];
		if (entry->module && strcmp(module->name, entry->module))
			continue;
		struct op_error *err = resolve_in_module(session, entry, module);
		if (!err)
			continue;
		if (err->code != OP_ERROR_UNSUPPORTED) {
			op_error_destroy(refusal);
			return err;
		}
		// Another module may have the place; the refusal stands only when none has.
		op_error_destroy(refusal);
		refusal = err;
	}
	entry->info.locations = entry->locations.data;
	entry->info.location_count = entry->locations.count;
	entry->info.pending = !entry->locations.count;
	if (entry->locations.count) {
		op_error_destroy(refusal);
		return NULL;
	}
	return refusal;
}

struct op_error *op_breakpoint_set_resolve(struct op_session *session)
{
	struct op_breakpoint_set *set = session->breakpoints;
	op_patch_set_prune(session);
	for (size_t i = 0; i < set->entries.count; i++) {
		struct entry *entry = set->entries.data[i];
		bool was_pending = entry->info.pending;
		struct op_error *err = resolve_entry(session, entry);
		if (err && err->code == OP_ERROR_UNSUPPORTED) {
			// A module that came later and has no slots: the breakpoint waits on.
			op_error_destroy(err);
			err = NULL;
		}
		if (err)
			return err;
		if (was_pending && !entry->info.pending)
			op_session_notice(
				session, OP_NOTICE_INFO,
				"Breakpoint %" PRIu32 " (%s) is resolved: %s at %s!0x%" PRIx32,
				entry->info.number, entry->spec, entry->locations.data[0].function,
				entry->locations.data[0].module, entry->locations.data[0].pc);
	}
	return NULL;
}

void op_breakpoint_set_unresolve(struct op_breakpoint_set *set)
{
	for (size_t i = 0; i < set->entries.count; i++) {
		struct entry *entry = set->entries.data[i];
		entry->locations.count = 0;
		entry->info.location_count = 0;
		entry->info.pending = true;
		entry->file_backed = false;
	}
}

// The public side -----------------------------------------------------------------------------

// Names of functions that look like what was typed, for the sentence of a refusal.
static void append_near_names(struct op_session *session, const struct entry *entry,
			      struct op_text *text)
{
	enum { MOST = 5 };
	int found = 0;
	size_t typed = strlen(entry->function);
	for (size_t m = 0; m < session->modules.count && found < MOST; m++) {
		struct op_module_entry *module = session->modules.data[m];
		if (entry->module && strcmp(module->name, entry->module))
			continue;
		for (uint32_t i = module->info.imported_functions;
		     i < module->info.function_count && found < MOST; i++) {
			const char *name = op_module_function_name(module, i);
			bool near = strcasestr(name, entry->function) ||
				    (typed >= 3 && !strncasecmp(name, entry->function, typed - 1));
			if (near)
				op_text_printf(text, "%s %s", found++ ? "," : "; did you mean",
					       name);
		}
	}
}

static struct op_error *no_match(struct op_session *session, const struct entry *entry)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (entry->module && !op_module_by_name(session, entry->module, strlen(entry->module)))
		op_text_printf(&text, "no module named \"%s\" is loaded", entry->module);
	else if (entry->by_offset)
		op_text_printf(&text, "offset 0x%" PRIx32 " lies in no function's code",
			       entry->number);
	else if (entry->by_index)
		op_text_printf(&text, "there is no function with code that has index %" PRIu32,
			       entry->number);
	else
		op_text_printf(&text, "no function is named \"%s\"", entry->function);
	if (entry->function)
		append_near_names(session, entry, &text);
	return text.failed ? op_error_no_memory()
			   : op_error_create(OP_ERROR_NOT_FOUND, "%s", text.data);
}

struct op_error *op_session_break(struct op_session *session, const char *spec, bool temporary,
				  bool allow_pending, const struct op_breakpoint **ret)
{
	struct op_breakpoint_set *set = session->breakpoints;
	_cleanup_(entry_destroyp) struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	struct op_error *err = parse(spec, entry);
	if (err)
		return err;
	entry->info.number = set->next_number;
	entry->info.spec = entry->spec;
	entry->info.enabled = true;
	entry->info.temporary = temporary;
	entry->info.pending = true;
	entry->info.requested_pc = entry->by_offset ? entry->number : 0;
	if (session->state == OP_SESSION_STOPPED) {
		err = resolve_entry(session, entry);
		if (!err && entry->info.pending && !allow_pending)
			err = no_match(session, entry);
	} else {
		err = session->state == OP_SESSION_EMPTY && allow_pending
			      ? NULL
			      : op_session_need_stopped(session);
	}
	if (err) {
		op_patch_set_remove_breakpoint(session->patches, entry->info.number);
		return err;
	}
	if (!op_array_push(&set->entries, entry))
		return op_error_no_memory();
	set->next_number++;
	*ret = &entry->info;
	entry = NULL;
	return NULL;
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
	op_patch_set_remove_breakpoint(session->patches, set->entries.data[index]->info.number);
	entry_destroy(set->entries.data[index]);
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
	struct entry *entry = session->breakpoints->entries.data[index];
	entry->info.enabled = enabled;
	if (!enabled) {
		op_patch_set_remove_breakpoint(session->patches, number);
		return NULL;
	}
	return session->state == OP_SESSION_STOPPED ? resolve_entry(session, entry) : NULL;
}

struct op_error *op_session_breakpoint_ignore(struct op_session *session, uint32_t number,
					      uint64_t count)
{
	size_t index = 0;
	struct op_error *err = find_entry(session, number, &index);
	if (!err)
		session->breakpoints->entries.data[index]->info.ignore_left = count;
	return err;
}

const struct op_breakpoint *const *op_session_breakpoints(struct op_session *session,
							  size_t *ret_count)
{
	struct op_breakpoint_set *set = session->breakpoints;
	set->list.count = 0;
	for (size_t i = 0; i < set->entries.count; i++) {
		// Short of memory the list ends early; an empty list is still a list.
		if (!op_array_push(&set->list, &set->entries.data[i]->info))
			break;
	}
	*ret_count = set->list.count;
	return set->list.data;
}

// Whether a breakpoint means this arrival. A condition that cannot be evaluated is worth a stop:
// its author wants to know.
static struct op_error *is_meant(struct op_session *session, const struct op_breakpoint *info,
				 const struct op_patch *patch, op_thread_id thread, bool *ret)
{
	*ret = true;
	if (!info->condition)
		return NULL;
	struct op_error *err =
		op_condition_holds(session, info->condition, patch->address, thread, ret);
	if (!err || err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY)
		return err;
	op_session_notice(session, OP_NOTICE_WARNING,
			  "the condition of breakpoint %" PRIu32 " cannot be evaluated: %s",
			  info->number, err->message);
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_breakpoint_set_hit(struct op_session *session, const struct op_patch *patch,
				       op_thread_id thread, uint32_t *ret)
{
	*ret = 0;
	for (uint32_t i = 0; i < patch->breakpoint_count; i++) {
		size_t index = 0;
		struct op_error *err = find_entry(session, patch->breakpoints[i], &index);
		if (err) {
			op_error_destroy(err);
			continue;
		}
		struct op_breakpoint *info = &session->breakpoints->entries.data[index]->info;
		bool meant = info->enabled;
		if (meant)
			err = is_meant(session, info, patch, thread, &meant);
		if (err)
			return err;
		if (!meant)
			continue;
		info->hits++;
		if (info->ignore_left)
			info->ignore_left--;
		else if (!*ret)
			*ret = info->number;
	}
	return NULL;
}

void op_breakpoint_set_shown(struct op_session *session, uint32_t number)
{
	size_t index = 0;
	struct op_error *err = find_entry(session, number, &index);
	if (!err)
		session->breakpoints->entries.data[index]->spent =
			session->breakpoints->entries.data[index]->info.temporary;
	op_error_destroy(err);
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
		const struct entry *entry = session->breakpoints->entries.data[i];
		if (entry->info.enabled && (entry->info.pending || entry->file_backed))
			return true;
	}
	return false;
}
