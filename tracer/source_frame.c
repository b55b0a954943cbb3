// SPDX-License-Identifier: GPL-3.0-or-later
// Frames in the guest's language: which bodies are around a frame's pc, and which line it is at.
// Each pc of a module is looked up once: a recursion comes to the same few again and again.
#include "tracer/source.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/demangle.h"
#include "tracer/breakpoint_source.h"

// Out of memory while adding to a table must not exit: uthash leaves hh.tbl NULL in the element
// that could not be added.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/** What a frame shows; strings are owned, escaped. */
struct shown_frame {
	char *function, *file, *short_file;
	uint32_t line, column;
	bool exact;
};
struct op_frame_position {
	uint32_t pc;
	const char *language; // of the unit that has its line; NULL: none
	size_t count;         // bodies, innermost first
	const struct op_debug_function **bodies;
	struct shown_frame *shown; // as many, one where there is no body
	UT_hash_handle hh;
};

static void position_destroy(struct op_frame_position *position)
{
	for (size_t i = 0; position->shown && i < (position->count ? position->count : 1); i++) {
		free(position->shown[i].function);
		free(position->shown[i].file);
		free(position->shown[i].short_file);
	}
	free(position->shown);
	free(position->bodies);
	free(position);
}

static void position_destroyp(struct op_frame_position **position)
{
	if (*position)
		position_destroy(*position);
}

void op_frame_positions_forget(struct op_module_entry *module)
{
	struct op_frame_position *position, *next;
	HASH_ITER(hh, module->frame_positions, position, next)
	{
		HASH_DEL(module->frame_positions, position);
		position_destroy(position);
	}
}

static bool is_fatal(const struct op_error *err)
{
	return err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_INTERRUPTED ||
	       err->code == OP_ERROR_PROCESS_GONE;
}

// Looking a pc up -----------------------------------------------------------------------------

static struct op_error *escape(const char *text, char **ret)
{
	_cleanup_text_ struct op_text escaped = OP_TEXT_INIT;
	op_text_append_escaped(&escaped, text, strlen(text));
	return op_text_steal(&escaped, ret);
}

// What is left of a path without the compilation directory of its unit.
static const char *without_directory(const char *file, const char *directory)
{
	size_t size = strlen(directory);
	if (!size || strncmp(file, directory, size) || file[size] != '/' || !file[size + 1])
		return file;
	return file + size + 1;
}

static struct op_error *show_place(struct op_session *session, const char *directory,
				   const char *file, uint32_t line, uint32_t column,
				   struct shown_frame *ret)
{
	const struct op_source_settings *settings = &session->source_settings;
	_cleanup_text_ struct op_text path = OP_TEXT_INIT, folder = OP_TEXT_INIT;
	ret->line = line;
	ret->column = column;
	if (!file || !*file)
		return NULL;
	op_source_path_substitute(settings, file, &path);
	op_source_path_substitute(settings, directory, &folder);
	if (path.failed || folder.failed)
		return op_error_no_memory();
	struct op_error *err = escape(path.data, &ret->file);
	return err ? err
		   : escape(without_directory(path.data, folder.data ?: ""), &ret->short_file);
}

static struct op_error *find_bodies(struct op_debug_info *info, struct op_frame_position *position)
{
	_cleanup_free_ struct op_debug_function *found = NULL;
	struct op_error *err = op_debug_functions_at(info, position->pc, &found, &position->count);
	if (err)
		return err;
	position->bodies = calloc(position->count ? position->count : 1, sizeof(*position->bodies));
	position->shown = calloc(position->count ? position->count : 1, sizeof(*position->shown));
	if (!position->bodies || !position->shown)
		return op_error_no_memory();
	for (size_t i = 0; !err && i < position->count; i++) {
		err = op_debug_function(info, found[i].die, &position->bodies[i]);
		if (!err)
			err = escape(found[i].name, &position->shown[i].function);
	}
	return err;
}

static struct op_error *fill_position(struct op_session *session,
				      const struct op_module_entry *module,
				      struct op_debug_info *info,
				      struct op_frame_position *position)
{
	const struct op_debug_unit *unit;
	struct op_debug_line line;
	bool found = false;
	struct op_error *err = find_bodies(info, position);
	if (!err)
		err = op_debug_unit_at(info, position->pc, &unit);
	if (!err)
		err = op_debug_line_at(info, position->pc, &found, &line);
	const char *directory = !err && unit ? unit->directory : "";
	if (!err && unit && found)
		position->language = op_debug_language_name(unit->language);
	if (!err && found) {
		err = show_place(session, directory, line.file, line.line, line.column,
				 &position->shown[0]);
		position->shown[0].exact =
			line.is_statement &&
			op_code_first(module->wasm, line.pc, line.end_pc) == position->pc;
	}
	// A body that another is inlined into stands at the call.
	for (size_t i = 1; !err && i < position->count; i++) {
		const struct op_debug_function *inner = position->bodies[i - 1];
		err = show_place(session, directory, inner->call_file, inner->call_line,
				 inner->call_column, &position->shown[i]);
	}
	return err;
}

// *ret NULL: nothing is known of the frame's place.
static struct op_error *position_of(struct op_session *session, const struct op_frame *frame,
				    struct op_module_entry **ret_module,
				    struct op_debug_info **ret_info,
				    const struct op_frame_position **ret)
{
	*ret = NULL;
	*ret_info = NULL;
	*ret_module =
		frame->kind == OP_FRAME_WASM ? op_module_by_id(session, frame->module_id) : NULL;
	struct op_module_entry *module = *ret_module;
	if (!module)
		return NULL;
	struct op_error *err = op_source_info(session, module, ret_info);
	if (err || !*ret_info || !frame->has_pc)
		return err;
	struct op_frame_position *known;
	HASH_FIND(hh, module->frame_positions, &frame->pc, sizeof(frame->pc), known);
	*ret = known;
	if (known)
		return NULL;
	_cleanup_(position_destroyp) struct op_frame_position *position =
		calloc(1, sizeof(*position));
	if (!position)
		return op_error_no_memory();
	position->pc = frame->pc;
	err = fill_position(session, module, *ret_info, position);
	if (err)
		return err;
	HASH_ADD(hh, module->frame_positions, pc, sizeof(position->pc), position);
	if (!position->hh.tbl)
		return op_error_no_memory();
	*ret = op_take(position);
	return NULL;
}

// Problems of debug information are no problems of the stack.
static struct op_error *forgive(struct op_error *err)
{
	if (!err || is_fatal(err))
		return err;
	op_error_destroy(err);
	return NULL;
}

// What others ask -----------------------------------------------------------------------------

struct op_error *op_source_body(struct op_session *session, const struct op_frame *frame,
				struct op_source_body *ret)
{
	const struct op_frame_position *position;
	*ret = (struct op_source_body){.pc = frame->pc};
	struct op_error *err = position_of(session, frame, &ret->module, &ret->info, &position);
	if (!err && position && frame->source_depth < position->count)
		ret->body = position->bodies[frame->source_depth];
	return err;
}

struct op_error *op_source_frame_count(struct op_session *session, const struct op_frame *frame,
				       uint32_t *ret)
{
	const struct op_frame_position *position;
	struct op_module_entry *module;
	struct op_debug_info *info;
	struct op_error *err = forgive(position_of(session, frame, &module, &info, &position));
	*ret = !err && position && position->count ? (uint32_t)position->count : 1;
	return err;
}

struct op_error *op_session_source_frames(struct op_session *session, const struct op_frame *frame,
					  uint32_t *ret)
{
	return op_source_frame_count(session, frame, ret);
}

// The name section may have a mangled name where there is nothing else.
static struct op_error *demangled_name(struct op_module_entry *module, const struct op_frame *frame,
				       const char **ret)
{
	if (!module->demangled_names) {
		module->demangled_names =
			calloc(module->info.function_count + 1, sizeof(*module->demangled_names));
		if (!module->demangled_names)
			return op_error_no_memory();
	}
	uint32_t index = frame->function_index;
	if (index >= module->info.function_count)
		return NULL;
	if (!module->demangled_names[index]) {
		_cleanup_free_ char *name = op_demangle(frame->function, false);
		struct op_error *err = escape(name ?: "", &module->demangled_names[index]);
		if (err)
			return err;
	}
	*ret = *module->demangled_names[index] ? module->demangled_names[index] : NULL;
	return NULL;
}

struct op_error *op_session_frame_source(struct op_session *session, const struct op_frame *frame,
					 struct op_frame_source *ret)
{
	const struct op_frame_position *position;
	struct op_module_entry *module;
	struct op_debug_info *info;
	*ret = (struct op_frame_source){.missing = NULL};
	if (frame->kind != OP_FRAME_WASM) {
		ret->missing = "it is the host's";
		return NULL;
	}
	struct op_error *err = position_of(session, frame, &module, &info, &position);
	if (err && is_fatal(err))
		return err;
	if (err || !position) {
		ret->missing = !module ? "its module is not known"
			       : err   ? "its debug information cannot be read"
			       : info  ? "its place in the module is not known"
				       : op_source_missing(module);
		op_error_destroy(err);
		return module ? demangled_name(module, frame, &ret->function) : NULL;
	}
	uint32_t depth = frame->source_depth;
	if (depth < position->count) {
		ret->function = position->shown[depth].function;
		ret->language = op_debug_language_name(position->bodies[depth]->language);
		ret->body = position->bodies[depth]->die.offset;
	}
	if (depth < position->count || depth == 0) {
		ret->file = position->shown[depth].file;
		ret->short_file = position->shown[depth].short_file;
		ret->line = position->shown[depth].line;
		ret->column = position->shown[depth].column;
		ret->exact = position->shown[depth].exact;
		// Of lines alone, where a source map is all there is.
		ret->language = ret->language ?: position->language;
	}
	if (!ret->function && !ret->file)
		ret->missing = "the debug information says nothing of this code";
	return NULL;
}
