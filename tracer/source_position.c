// SPDX-License-Identifier: GPL-3.0-or-later
// What a person calls a place of a source file, and the code that belongs to it. Breakpoints have
// rules of their own (breakpoint_resolve.c): here a line need have no code.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source.h"
#include "tracer/source_text.h"

enum { CANDIDATES_SHOWN = 5 };

/** A specification taken apart; text points into it. */
struct position_spec {
	struct op_module_entry *module; // NULL: any
	const char *text;               // without the module
	char *file;                     // of FILE:LINE; owned
	bool has_line, has_offset;
	uint32_t number; // the line, or the offset
};

static bool parse_number(const char *text, uint32_t *ret)
{
	char *rest;
	errno = 0;
	unsigned long long value = strtoull(text, &rest, 0);
	if (errno || rest == text || *rest || value > UINT32_MAX || strchr(text, '-'))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static struct op_error *parse_module(struct op_session *session, const char *spec,
				     struct position_spec *ret)
{
	const char *bang = strchr(spec, '!');
	ret->text = bang ? bang + 1 : spec;
	if (!bang)
		return NULL;
	ret->module = op_module_by_name(session, spec, (size_t)(bang - spec));
	return ret->module ? NULL
			   : op_error_create(OP_ERROR_NOT_FOUND,
					     "there is no module \"%.*s\"; \"info modules\" lists "
					     "them",
					     (int)(bang - spec), spec);
}

static struct op_error *parse(struct op_session *session, const char *spec,
			      struct position_spec *ret)
{
	struct op_error *err = parse_module(session, spec, ret);
	if (err)
		return err;
	if (*ret->text == '*') {
		ret->has_offset = parse_number(ret->text + 1, &ret->number);
		return ret->has_offset ? NULL
				       : op_error_create(OP_ERROR_SYNTAX,
							 "\"%s\" is no offset: say * and a number, "
							 "as in *0x1a3",
							 ret->text);
	}
	// Names of the guest's language hold "::".
	const char *colon = strrchr(ret->text, ':');
	bool is_line = !colon || (colon > ret->text && colon[-1] != ':');
	ret->has_line = is_line && parse_number(colon ? colon + 1 : ret->text, &ret->number);
	if (ret->has_line && !ret->number)
		return op_error_create(OP_ERROR_SYNTAX, "lines count from 1");
	if (ret->has_line && colon) {
		ret->file = strndup(ret->text, (size_t)(colon - ret->text));
		if (!ret->file)
			return op_error_no_memory();
	}
	return NULL;
}

// Places by code ------------------------------------------------------------------------------

static struct op_error *fill(struct op_session *session, struct op_module_entry *module,
			     const char *path, uint32_t line, struct op_source_position *ret)
{
	*ret = (struct op_source_position){
		.module_id = module->info.id, .module = module->name, .line = line};
	return op_source_keep_path(&session->source_settings, &session->source_answers.position,
				   path, &ret->file);
}

static struct op_error *say_missing(const struct op_module_entry *module)
{
	return op_error_create(OP_ERROR_UNSUPPORTED, "%s", op_source_missing(module));
}

/** The line of an instruction; @p what is how the person calls it. */
static struct op_error *at_pc(struct op_session *session, struct op_module_entry *module,
			      uint32_t pc, const char *what, struct op_source_position *ret)
{
	struct op_debug_info *info;
	struct op_debug_line line;
	bool found = false;
	struct op_error *err = op_source_info(session, module, &info);
	if (err)
		return err;
	if (!info)
		return say_missing(module);
	err = op_debug_line_at(info, pc, &found, &line);
	if (!err && (!found || !line.line))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the debug information of module %s says of no line that "
				       "%s belongs to it",
				       module->name, what);
	if (!err)
		err = fill(session, module, line.file, line.line, ret);
	if (!err) {
		ret->has_pc = true;
		ret->pc = pc;
	}
	return err;
}

static struct op_error *by_offset(struct op_session *session, const struct op_frame *frame,
				  const struct position_spec *spec, struct op_source_position *ret)
{
	struct op_module_entry *module = spec->module;
	if (!module && frame && frame->kind == OP_FRAME_WASM)
		module = op_module_by_id(session, frame->module_id);
	if (!module && session->modules.count == 1)
		module = session->modules.data[0];
	return module ? at_pc(session, module, spec->number, spec->text + 1, ret)
		      : op_error_create(OP_ERROR_SYNTAX,
					"\"%s\" is an offset in a module; say which, as MODULE!%s",
					spec->text, spec->text);
}

// Functions -----------------------------------------------------------------------------------

/** Where functions of a name begin. */
struct candidates {
	struct {
		struct op_module_entry *module;
		const char *file; // raw; of the information
		uint32_t line;
		bool has_pc;
		uint32_t pc;
	} first;
	size_t count; // different places
	struct op_text names;
};

static void add_candidate(struct candidates *candidates, struct op_module_entry *module,
			  const char *name, const struct op_debug_line *line, bool has_pc)
{
	if (candidates->count && candidates->first.line == line->line &&
	    !strcmp(candidates->first.file, line->file))
		return;
	if (candidates->count < CANDIDATES_SHOWN) {
		op_text_append(&candidates->names, candidates->count ? ", " : "");
		op_text_append_escaped(&candidates->names, name, strlen(name));
		op_text_append(&candidates->names, " at ");
		op_text_append_escaped(&candidates->names, line->file, strlen(line->file));
		op_text_printf(&candidates->names, ":%" PRIu32, line->line);
	} else if (candidates->count == CANDIDATES_SHOWN) {
		op_text_append(&candidates->names, ", ...");
	}
	if (!candidates->count++) {
		candidates->first.module = module;
		candidates->first.file = line->file;
		candidates->first.line = line->line;
		candidates->first.has_pc = has_pc;
		candidates->first.pc = line->pc;
	}
}

// Functions as the guest's language names them. A body's first row is the line that it begins in;
// of one that is only inlined, its declaration's.
static struct op_error *add_functions(struct op_module_entry *module, struct op_debug_info *info,
				      const char *name, struct candidates *candidates)
{
	_cleanup_free_ struct op_debug_function *functions = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_functions_named(info, name, false, &functions, &count);
	for (int inlined = 0; inlined < 2 && !candidates->count; inlined++)
		for (size_t i = 0; !err && i < count; i++) {
			const struct op_debug_function *function = &functions[i];
			struct op_debug_line line = {0};
			bool found = false;
			if (function->inlined != (bool)inlined)
				continue;
			if (!inlined)
				err = op_debug_line_at(info, function->low_pc, &found, &line);
			bool has_pc = found && line.line;
			if (!has_pc)
				line = (struct op_debug_line){.file = function->file,
							      .line = function->line};
			if (!err && line.file && line.line)
				add_candidate(candidates, module, function->name, &line, has_pc);
		}
	return err;
}

// Functions as the module itself names them. @param[out] ret_pc of the first instruction.
static bool find_wasm_function(struct op_module_entry *module, const char *name, uint32_t *ret_pc)
{
	struct op_wasm_body body;
	for (uint32_t i = 0; module->wasm && i < module->info.function_count; i++) {
		if (strcmp(op_module_function_name(module, i), name) != 0 ||
		    !op_wasm_module_function_body(module->wasm, i, &body))
			continue;
		*ret_pc = body.code_start;
		return true;
	}
	return false;
}

static struct op_error *say_candidates(struct op_session *session,
				       const struct candidates *candidates, const char *name,
				       struct op_source_position *ret)
{
	if (candidates->names.failed)
		return op_error_no_memory();
	if (candidates->count > 1)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\" names several functions: %s; say FILE:LINE", name,
				       candidates->names.data);
	struct op_error *err = fill(session, candidates->first.module, candidates->first.file,
				    candidates->first.line, ret);
	ret->has_pc = candidates->first.has_pc;
	ret->pc = candidates->first.pc;
	return err;
}

/** Whether a module is one of those that are searched in this round. */
static bool in_round(const struct op_module_entry *module, const struct position_spec *spec,
		     const struct op_frame *frame, unsigned round)
{
	if (spec->module)
		return round == 0 && module == spec->module;
	bool preferred =
		frame && frame->kind == OP_FRAME_WASM && frame->module_id == module->info.id;
	return round == 0 ? preferred : !preferred;
}

// The frame's module first; then the others.
static struct op_error *by_function(struct op_session *session, const struct op_frame *frame,
				    const struct position_spec *spec,
				    struct op_source_position *ret)
{
	struct candidates candidates = {.names = OP_TEXT_INIT};
	struct op_error *err = NULL;
	struct op_module_entry *other = NULL;
	uint32_t pc = 0;
	for (unsigned round = 0; round < 2 && !err && !candidates.count && !other; round++)
		for (size_t i = 0; !err && i < session->modules.count; i++) {
			struct op_module_entry *module = session->modules.data[i];
			struct op_debug_info *info;
			size_t before = candidates.count;
			if (!in_round(module, spec, frame, round))
				continue;
			err = op_source_info(session, module, &info);
			if (!err && info)
				err = add_functions(module, info, spec->text, &candidates);
			if (!err && !other && candidates.count == before &&
			    find_wasm_function(module, spec->text, &pc))
				other = module;
		}
	if (!err && candidates.count)
		err = say_candidates(session, &candidates, spec->text, ret);
	else if (!err && other)
		err = at_pc(session, other, pc, spec->text, ret);
	else if (!err)
		err = op_error_create(
			OP_ERROR_NOT_FOUND,
			"nothing is called \"%s\"; \"info functions\" lists functions, "
			"\"info sources\" source files",
			spec->text);
	op_text_deinit(&candidates.names);
	return err;
}

struct op_error *op_session_source_position(struct op_session *session,
					    const struct op_frame *frame, const char *text,
					    const char *default_file,
					    struct op_source_position *ret)
{
	struct position_spec spec = {0};
	struct op_source_file_ref file;
	struct op_error *err = parse(session, text, &spec);
	op_string_pool_clear(&session->source_answers.position);
	if (!err && spec.has_offset) {
		err = by_offset(session, frame, &spec, ret);
	} else if (!err && spec.has_line && !spec.file && !default_file) {
		err = op_error_create(OP_ERROR_SYNTAX,
				      "line %" PRIu32 " of which file? Say FILE:%" PRIu32,
				      spec.number, spec.number);
	} else if (!err && spec.has_line) {
		err = op_source_file_find(session, spec.module, spec.file ?: default_file, &file);
		if (!err)
			err = fill(session, file.module, file.path, spec.number, ret);
	} else if (!err) {
		err = by_function(session, frame, &spec, ret);
	}
	free(spec.file);
	return err;
}

// Code of a line ------------------------------------------------------------------------------

/** The innermost body's name, else the Wasm function's. */
static struct op_error *name_function(struct op_module_entry *module, struct op_debug_info *info,
				      uint32_t pc, struct op_string_pool *pool, const char **ret)
{
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	uint32_t index;
	struct op_error *err = op_debug_functions_at(info, pc, &bodies, &count);
	if (err)
		return err;
	if (count && *bodies[0].name)
		return op_source_keep(pool, bodies[0].name, ret);
	*ret = module->wasm && op_wasm_module_function_at(module->wasm, pc, &index)
		       ? op_module_function_name(module, index)
		       : "?";
	return NULL;
}

static struct op_error *make_range(struct op_session *session, struct op_module_entry *module,
				   struct op_debug_info *info, const struct op_debug_line *line,
				   struct op_string_pool *pool, struct op_source_range *ret)
{
	*ret = (struct op_source_range){
		.module_id = module->info.id,
		.module = module->name,
		.pc = line->pc,
		.end_pc = line->end_pc,
		.line = line->line,
		.column = line->column,
		.is_statement = line->is_statement,
	};
	struct op_error *err =
		op_source_keep_path(&session->source_settings, pool, line->file, &ret->file);
	return err ? err : name_function(module, info, line->pc, pool, &ret->function);
}

static struct op_error *add_ranges(struct op_session *session, struct op_module_entry *module,
				   const char *path, uint32_t line)
{
	struct op_source_answers *answers = &session->source_answers;
	_cleanup_free_ struct op_debug_line *rows = NULL;
	struct op_debug_info *info;
	size_t count = 0;
	struct op_error *err = op_source_info(session, module, &info);
	if (!err && info)
		err = op_debug_line_rows(info, path, line, &rows, &count);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_source_range range;
		// Columns apart, what follows each other is one.
		while (i + 1 < count && rows[i].end_pc == rows[i + 1].pc &&
		       rows[i].file == rows[i + 1].file) {
			rows[i + 1].pc = rows[i].pc;
			rows[i + 1].is_statement |= rows[i].is_statement;
			rows[i + 1].column = rows[i].column;
			i++;
		}
		if (strcmp(rows[i].file, path) != 0)
			continue;
		err = make_range(session, module, info, &rows[i], &answers->range_texts, &range);
		if (!err && !op_array_push(&answers->ranges, range))
			err = op_error_no_memory();
	}
	return err;
}

struct op_error *op_session_source_ranges(struct op_session *session, const char *name,
					  uint32_t line, const struct op_source_range **ret,
					  size_t *ret_count)
{
	struct op_source_answers *answers = &session->source_answers;
	struct op_source_file_ref file;
	struct op_error *err = op_source_file_find(session, NULL, name, &file);
	op_string_pool_clear(&answers->range_texts);
	answers->ranges.count = 0;
	for (size_t i = 0; !err && i < session->modules.count; i++)
		err = add_ranges(session, session->modules.data[i], file.path, line);
	*ret = answers->ranges.data;
	*ret_count = answers->ranges.count;
	return err;
}

struct op_error *op_session_source_range_at(struct op_session *session, uint32_t module_id,
					    uint32_t pc, bool *ret_found,
					    struct op_source_range *ret)
{
	struct op_string_pool *pool = &session->source_answers.range_at;
	struct op_module_entry *module = op_module_by_id(session, module_id);
	struct op_debug_info *info;
	struct op_debug_line line;
	*ret_found = false;
	if (!module)
		return op_error_create(OP_ERROR_NOT_FOUND, "the module is not loaded any more");
	op_string_pool_clear(pool);
	struct op_error *err = op_source_info(session, module, &info);
	if (!err && info)
		err = op_debug_line_at(info, pc, ret_found, &line);
	*ret_found = !err && *ret_found && line.line;
	return *ret_found ? make_range(session, module, info, &line, pool, ret) : err;
}
