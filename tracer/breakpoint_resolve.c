// SPDX-License-Identifier: GPL-3.0-or-later
// From what was asked for to places in the modules that there are now: wants patches, parses
// expressions for each place. Writes nothing into the target (patch.c does).
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/agent/agent.h"
#include "tracer/breakpoint_private.h"
#include "tracer/breakpoint_source.h"
#include "tracer/place.h"

static enum op_patch_use use_of(const struct op_breakpoint_entry *entry)
{
	if (entry->info.action == OP_ACTION_COUNT)
		return OP_USE_COUNT;
	return entry->info.action != OP_ACTION_STOP || entry->condition.text ||
			       entry->info.ignore_left
		       ? OP_USE_STUB
		       : OP_USE_STOP;
}

// What is wrong with a condition at one place is no obstacle elsewhere.
static struct op_error *add_expressions(struct op_session *session,
					struct op_breakpoint_entry *entry,
					struct op_module_entry *module,
					const struct op_location *location, bool *ret_valid)
{
	*ret_valid = true;
	struct op_error *err = NULL;
	if (entry->condition.text)
		err = op_condition_add_place(session, &entry->condition, module,
					     location->function_index, location->pc);
	if (!err)
		err = op_log_add_place(session, &entry->log, module, location->function_index,
				       location->pc);
	if (!err || err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY)
		return err;
	*ret_valid = false;
	if (entry->problem) {
		op_error_destroy(err);
		return NULL;
	}
	entry->problem = err;
	entry->problem_function = location->function;
	entry->problem_module = location->module;
	return NULL;
}

void op_breakpoint_tell_problem(struct op_session *session, struct op_breakpoint_entry *entry)
{
	if (entry->problem && !entry->problem_told) {
		op_session_notice(session, OP_NOTICE_WARNING,
				  "breakpoint %" PRIu32
				  " is not set in %s of module %s, because of its expressions: %s",
				  entry->info.number, entry->problem_function,
				  entry->problem_module, entry->problem->message);
		entry->problem_told = true;
	}
	op_error_destroy(op_take(entry->problem));
}

// The source line and the body of a place, where the module tells them.
static struct op_error *note_source(struct op_session *session, struct op_breakpoint_entry *entry,
				    struct op_module_entry *module, struct op_location *location)
{
	struct op_frame_source source;
	struct op_frame frame = {.kind = OP_FRAME_WASM,
				 .module_id = module->info.id,
				 .function_index = location->function_index,
				 .function = location->function,
				 .has_pc = true,
				 .pc = location->pc};
	struct op_error *err = op_session_frame_source(session, &frame, &source);
	if (!err && source.function)
		err = op_string_pool_copy(&entry->strings, source.function, &location->function);
	if (err || !source.file || !source.line)
		return err;
	location->line = source.line;
	if (entry->by_line && source.line != entry->number)
		entry->info.requested_line = entry->number;
	err = op_string_pool_copy(&entry->strings, source.file, &location->file);
	return err
		       ?: op_string_pool_copy(&entry->strings, source.short_file,
					      &location->short_file);
}

// A place of the breakpoint: one instruction, patched in every copy of the code.
static struct op_error *place_at(struct op_session *session, struct op_breakpoint_entry *entry,
				 struct op_module_entry *module, const struct op_place *place)
{
	struct op_placement placement;
	uint32_t number = entry->info.enabled ? entry->info.number : 0;
	bool conditional = entry->condition.text || entry->log.value_count;
	// Expressions are looked at first: where they mean nothing there is nothing to do.
	struct op_error *err = op_place_patches(session, module, place, conditional ? 0 : number,
						use_of(entry), &placement);
	if (err || !placement.count)
		return err;
	// Without the module's bytes only the code tells which function an offset is in.
	uint32_t function = module->wasm ? place->function : placement.function;
	struct op_location location = {
		.module_id = module->info.id,
		.module = module->name,
		.function_index = function,
		.function = op_module_function_name(module, function),
		.pc = placement.pc,
		.places = placement.count,
	};
	bool valid;
	err = add_expressions(session, entry, module, &location, &valid);
	if (err || !valid)
		return err;
	if (conditional)
		err = op_place_patches(session, module, place, number, use_of(entry), &placement);
	if (err)
		return err;
	if (entry->by_offset && placement.pc != entry->number)
		entry->info.moved = true;
	entry->file_backed |= placement.file_backed;
	err = entry->by_pattern ? NULL : note_source(session, entry, module, &location);
	if (err)
		return err;
	return op_array_push(&entry->locations, location) ? NULL : op_error_no_memory();
}

static struct op_error *place_function(struct op_session *session,
				       struct op_breakpoint_entry *entry,
				       struct op_module_entry *module, uint32_t function)
{
	struct op_place place;
	bool known;
	struct op_error *err = op_place_function_start(module, function, &place, &known);
	return err || !known ? err : place_at(session, entry, module, &place);
}

static struct op_error *place_every(struct op_session *session, struct op_breakpoint_entry *entry,
				    struct op_module_entry *module, uint32_t function)
{
	struct op_placement placement = {
		.copy = entry->watch ? op_software_watch_copy(entry->watch, module->artifact) : 0};
	struct op_error *err = op_place_every(session, module, function,
					      entry->info.enabled ? entry->info.number : 0,
					      use_of(entry), &placement);
	if (err || !placement.count)
		return err;
	entry->file_backed |= placement.file_backed;
	struct op_location location = {.module_id = module->info.id,
				       .module = module->name,
				       .function_index = function,
				       .function = op_module_function_name(module, function),
				       .places = placement.count};
	return op_array_push(&entry->locations, location) ? NULL : op_error_no_memory();
}

static struct op_error *resolve_pattern(struct op_session *session,
					struct op_breakpoint_entry *entry,
					struct op_module_entry *module)
{
	struct op_error *err = NULL;
	for (uint32_t i = module->info.imported_functions; !err && i < module->info.function_count;
	     i++) {
		if (entry->function &&
		    fnmatch(entry->function, op_module_function_name(module, i), 0))
			continue;
		err = entry->scope == OP_COUNT_INSTRUCTIONS
			      ? place_every(session, entry, module, i)
			      : place_function(session, entry, module, i);
	}
	return err;
}

/** Functions by full index. */
struct op_index_list OP_ARRAY(uint32_t);

static struct op_error *place_list(struct op_session *session, struct op_breakpoint_entry *entry,
				   struct op_module_entry *module,
				   const struct op_code_place_list *list)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < list->count; i++) {
		struct op_place place = {.function = list->data[i].function,
					 .pc = list->data[i].pc,
					 .end = list->data[i].end};
		err = place_at(session, entry, module, &place);
	}
	return err;
}

// The file as it was typed, or as the debug information calls it by the rules for paths that moved.
static struct op_error *places_of_line(struct op_session *session,
				       const struct op_breakpoint_entry *entry,
				       struct op_module_entry *module, struct op_debug_info *info,
				       struct op_code_place_list *list)
{
	_cleanup_text_ struct op_text moved = OP_TEXT_INIT;
	uint32_t line;
	struct op_error *err =
		op_code_places_of_line(module, info, entry->file, entry->number, &line, list);
	if (!err || err->code != OP_ERROR_NOT_FOUND ||
	    !op_source_path_unsubstitute(&session->source_settings, entry->file, &moved))
		return err;
	op_error_destroy(err);
	return moved.failed ? op_error_no_memory()
			    : op_code_places_of_line(module, info, moved.data, entry->number, &line,
						     list);
}

static struct op_error *resolve_line(struct op_session *session, struct op_breakpoint_entry *entry,
				     struct op_module_entry *module)
{
	_cleanup_code_places_ struct op_code_place_list list = {0};
	struct op_debug_info *info;
	struct op_error *err = op_source_info(session, module, &info);
	if (err || !info)
		return err;
	err = places_of_line(session, entry, module, info, &list);
	if (!err)
		return place_list(session, entry, module, &list);
	if (err->code != OP_ERROR_NOT_FOUND)
		return err;
	// Another module may have the file; the sentence stands only when none has.
	op_error_destroy(entry->missing);
	entry->missing = err;
	return NULL;
}

static bool has_place_in(const struct op_code_place_list *list, uint32_t function)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->data[i].function == function)
			return true;
	return false;
}

// Functions that the debug information names are there already, unless they were inlined into one
// that it does not.
static struct op_error *add_functions_named(struct op_module_entry *module,
					    struct op_debug_info *info, const char *name,
					    struct op_code_place_list *list,
					    struct op_index_list *ret_exact)
{
	struct op_error *err = NULL;
	for (uint32_t i = 0; !err && i < module->info.function_count; i++) {
		if (has_place_in(list, i) || !op_source_function_is_named(module, i, name))
			continue;
		size_t count = list->count;
		if (info)
			err = op_code_place_of_function(module, info, i, list);
		if (!err && list->count == count && !op_array_push(ret_exact, i))
			err = op_error_no_memory();
	}
	return err;
}

static struct op_error *place_name(struct op_session *session, struct op_breakpoint_entry *entry,
				   struct op_module_entry *module, const char *file,
				   const char *name)
{
	_cleanup_code_places_ struct op_code_place_list list = {0};
	struct op_index_list exact = {0};
	struct op_debug_info *info = NULL;
	struct op_error *err = op_source_info(session, module, &info);
	if (!err && info)
		err = op_code_places_of_name(module, info, file, name, &list);
	if (!err && !file)
		err = add_functions_named(module, info, name, &list, &exact);
	if (!err)
		err = place_list(session, entry, module, &list);
	for (size_t i = 0; !err && i < exact.count; i++)
		err = place_function(session, entry, module, exact.data[i]);
	free(exact.data);
	return err;
}

static struct op_error *resolve_name(struct op_session *session, struct op_breakpoint_entry *entry,
				     struct op_module_entry *module)
{
	size_t before = entry->locations.count;
	struct op_error *err = place_name(session, entry, module, NULL, entry->function);
	if (err || !entry->qualifier || entry->locations.count != before)
		return err;
	bool is_module = !strcmp(module->name, entry->qualifier);
	return place_name(session, entry, module, is_module ? NULL : entry->qualifier,
			  entry->qualified);
}

// Behind its prologue, where that is known.
static struct op_error *resolve_index(struct op_session *session, struct op_breakpoint_entry *entry,
				      struct op_module_entry *module)
{
	_cleanup_code_places_ struct op_code_place_list list = {0};
	struct op_debug_info *info;
	struct op_error *err = op_source_info(session, module, &info);
	if (!err && info)
		err = op_code_place_of_function(module, info, entry->number, &list);
	if (err)
		return err;
	return list.count ? place_list(session, entry, module, &list)
			  : place_function(session, entry, module, entry->number);
}

static struct op_error *resolve_in_module(struct op_session *session,
					  struct op_breakpoint_entry *entry,
					  struct op_module_entry *module)
{
	if (entry->watch && entry->watch->local)
		return module->info.id == entry->watch->frame.module_id
			       ? place_every(session, entry, module, entry->watch->frame.function)
			       : NULL;
	if (entry->by_pattern)
		return resolve_pattern(session, entry, module);
	if (entry->by_line)
		return resolve_line(session, entry, module);
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
			       ? resolve_index(session, entry, module)
			       : NULL;
	return resolve_name(session, entry, module);
}

struct op_error *op_breakpoint_resolve(struct op_session *session,
				       struct op_breakpoint_entry *entry)
{
	if (op_breakpoint_is_hardware(entry))
		return entry->frame && entry->info.enabled
			       ? op_watch_frame_place_return(session, entry->info.number,
							     entry->frame)
			       : NULL;
	entry->locations.count = 0;
	op_condition_clear_places(&entry->condition);
	op_log_clear_places(&entry->log);
	op_error_destroy(op_take(entry->problem));
	op_error_destroy(op_take(entry->missing));
	op_string_pool_clear(&entry->strings);
	entry->info.moved = false;
	entry->info.requested_line = 0;
	entry->file_backed = false;
	if (entry->catchpoint) {
		entry->info.pending = false;
		return op_catchpoint_place(session, entry->catchpoint,
					   entry->info.enabled ? entry->info.number : 0,
					   &entry->file_backed);
	}
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
	if (!refusal && entry->watch && entry->watch->local && entry->info.enabled)
		refusal = op_watch_frame_place_return(session, entry->info.number,
						      &entry->watch->frame);
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
		struct op_breakpoint_entry *entry = set->entries.data[i];
		bool was_pending = entry->info.pending;
		struct op_error *err = op_breakpoint_resolve(session, entry);
		if (err && err->code == OP_ERROR_UNSUPPORTED) {
			// A module that came later and has no slots: the breakpoint waits on.
			op_error_destroy(err);
			err = NULL;
		}
		if (err)
			return err;
		op_breakpoint_tell_problem(session, entry);
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
		struct op_breakpoint_entry *entry = set->entries.data[i];
		entry->locations.count = 0;
		op_string_pool_clear(&entry->strings);
		op_condition_clear_places(&entry->condition);
		op_log_clear_places(&entry->log);
		entry->ignore_cell = 0;
		free(op_take(entry->frame));
		if (entry->watch) {
			entry->watch->gone = true;
			entry->info.enabled = false;
		}
		entry->info.location_count = 0;
		entry->info.pending = !entry->catchpoint && !op_breakpoint_is_hardware(entry);
		entry->file_backed = false;
	}
}

// Names of functions that look like what was typed, for the sentence of a refusal.
static void append_near_names(struct op_session *session, const struct op_breakpoint_entry *entry,
			      struct op_text *text)
{
	enum { MOST = 5, SIZE_MAX_SHOWN = 120 };
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
			// Names of templates' instances can be as long as a page.
			if (near && strlen(name) <= SIZE_MAX_SHOWN)
				op_text_printf(text, "%s %s", found++ ? "," : "; did you mean",
					       name);
		}
	}
}

// Why there is no such line: the module that has the file says it best.
static void line_missing(struct op_session *session, const struct op_breakpoint_entry *entry,
			 struct op_text *text)
{
	const char *why = entry->missing ? entry->missing->message : NULL;
	for (size_t i = 0; i < session->modules.count && !why; i++)
		if (!entry->module || !strcmp(session->modules.data[i]->name, entry->module))
			why = op_source_missing(session->modules.data[i]);
	if (entry->missing)
		op_text_append(text, why);
	else
		op_text_printf(text, "no module that is loaded has line %" PRIu32 " of %s%s%s",
			       entry->number, entry->file, why ? ": " : "", why ?: "");
}

struct op_error *op_breakpoint_no_match(struct op_session *session,
					const struct op_breakpoint_entry *entry)
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
	else if (entry->by_line)
		line_missing(session, entry, &text);
	else if (entry->qualifier &&
		 !op_module_by_name(session, entry->qualifier, strlen(entry->qualifier)))
		op_text_printf(
			&text,
			"no function is named \"%s\", and no module and no source file named "
			"\"%s\" has one named \"%s\"",
			entry->function, entry->qualifier, entry->qualified);
	else
		op_text_printf(&text, "no function is named \"%s\"",
			       entry->qualified ?: entry->function);
	if (entry->function)
		append_near_names(session, entry, &text);
	return text.failed ? op_error_no_memory()
			   : op_error_create(OP_ERROR_NOT_FOUND, "%s", text.data);
}
