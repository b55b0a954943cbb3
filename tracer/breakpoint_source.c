// SPDX-License-Identifier: GPL-3.0-or-later
// From lines of source files and names of the guest's language to instructions of a module. Places
// nothing (breakpoint_resolve.c does).
#include "tracer/breakpoint_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/demangle.h"
#include "target-runtime/dwarf/source_path.h"
#include "tracer/place.h"

// That stand at the beginning of a statement: a `switch` has one for each case.
enum { STRUCTURES_MAX = 1024 };

void op_code_place_list_deinit(struct op_code_place_list *list)
{
	free(list->data);
}

// What only opens or closes a structure is passed once, however often its contents run: a branch to
// a loop comes to the instruction behind the `loop`.
static bool is_structure(enum op_wasm_control control)
{
	return control == OP_WASM_BLOCK || control == OP_WASM_LOOP || control == OP_WASM_ELSE ||
	       control == OP_WASM_END || control == OP_WASM_TRY_TABLE;
}

uint32_t op_code_first(const struct op_wasm_module *wasm, uint32_t pc, uint32_t end)
{
	uint32_t at = pc;
	for (unsigned i = 0; wasm && at < end && i < STRUCTURES_MAX; i++) {
		struct op_wasm_instruction instruction;
		struct op_error *err = op_wasm_instruction_decode(wasm, at, &instruction);
		bool stop = err || !instruction.size || !is_structure(instruction.control);
		op_error_destroy(err);
		if (stop)
			return err ? pc : at;
		at += instruction.size;
	}
	return pc;
}

static struct op_error *push_once(const struct op_code_place *place,
				  struct op_code_place_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->data[i].pc == place->pc)
			return NULL;
	return op_array_push(list, *place) ? NULL : op_error_no_memory();
}

// Without the original bytes the debug information says where the function ends, and the address
// map which one it is.
static struct op_error *add_place_without_bytes(struct op_module_entry *module,
						struct op_debug_info *info, uint32_t pc,
						struct op_code_place_list *list)
{
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	bool found = false;
	struct op_code_place place = {.pc = pc};
	struct op_error *err = op_debug_functions_at(info, pc, &bodies, &count);
	if (err || !count)
		return err;
	place.end = bodies[count - 1].high_pc;
	err = op_place_function_of(module, pc, place.end, &found, &place.function);
	return err || !found ? err : push_once(&place, list);
}

// The instruction that a person means with a row's beginning, and what is known of it.
static struct op_error *add_place(struct op_module_entry *module, struct op_debug_info *info,
				  uint32_t pc, struct op_code_place_list *list)
{
	struct op_code_place place = {.pc = pc};
	struct op_wasm_body body;
	struct op_debug_line row;
	bool has_row;
	if (!module->wasm)
		return add_place_without_bytes(module, info, pc, list);
	if (!op_wasm_module_function_at(module->wasm, pc, &place.function) ||
	    !op_wasm_module_function_body(module->wasm, place.function, &body))
		return NULL;
	struct op_error *err = op_debug_line_at(info, pc, &has_row, &row);
	if (err)
		return err;
	uint32_t end = has_row && row.end_pc < body.end ? row.end_pc : body.end;
	place.pc = op_code_first(module->wasm, pc, end);
	place.end = body.end;
	return push_once(&place, list);
}

struct op_error *op_code_places_of_line(struct op_module_entry *module, struct op_debug_info *info,
					const char *file, uint32_t line, uint32_t *ret_line,
					struct op_code_place_list *list)
{
	_cleanup_free_ struct op_debug_line *rows = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_line_places(info, file, line, ret_line, &rows, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = add_place(module, info, rows[i].pc, list);
	return err;
}

// Names --------------------------------------------------------------------------------------

static struct op_error *add_body(struct op_module_entry *module, struct op_debug_info *info,
				 const struct op_debug_function *body,
				 struct op_code_place_list *list)
{
	uint32_t pc;
	struct op_error *err = op_debug_function_body(info, body, &pc);
	return err ?: add_place(module, info, pc, list);
}

struct op_error *op_code_places_of_name(struct op_module_entry *module, struct op_debug_info *info,
					const char *file, const char *name,
					struct op_code_place_list *list)
{
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_functions_named(info, name, false, &bodies, &count);
	for (size_t i = 0; !err && i < count; i++)
		if (!file || (bodies[i].file && op_source_path_ends_in(bodies[i].file, file)))
			err = add_body(module, info, &bodies[i], list);
	return err;
}

struct op_error *op_code_place_of_function(struct op_module_entry *module,
					   struct op_debug_info *info, uint32_t function,
					   struct op_code_place_list *list)
{
	struct op_wasm_body code;
	if (!module->wasm || !op_wasm_module_function_body(module->wasm, function, &code))
		return NULL;
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_functions_at(info, code.code_start, &bodies, &count);
	return err || !count ? err : add_body(module, info, &bodies[count - 1], list);
}

// "f" is f in any namespace, "::f" only the global one, "ns::f" what ends in it.
static bool name_fits(const char *whole, const char *typed)
{
	if (!strncmp(typed, "::", 2))
		return !strcmp(whole, typed + 2);
	size_t size = strlen(whole), wanted = strlen(typed);
	if (size < wanted || strcmp(whole + size - wanted, typed) != 0)
		return false;
	return size == wanted ||
	       (size >= wanted + 2 && !strncmp(whole + size - wanted - 2, "::", 2));
}

// Demangling all names of a large module would take long: the last part of a name stands in what it
// was mangled to.
static bool may_be_mangled(struct op_wasm_name name, const char *typed)
{
	if (name.size < 3 || name.data[0] != '_')
		return false;
	const char *last = typed;
	for (const char *at = strstr(typed, "::"); at; at = strstr(last, "::"))
		last = at + 2;
	size_t size =
		strspn(last, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	return !size || memmem(name.data, name.size, last, size);
}

static bool demangled_fits(struct op_wasm_name name, const char *typed)
{
	bool with_parameters = strchr(typed, '(');
	// Linkers write names that are demangled already.
	bool plain_already = with_parameters && name.size && memchr(name.data, '(', name.size);
	if (!plain_already && !may_be_mangled(name, typed))
		return false;
	_cleanup_free_ char *raw = strndup(name.data, name.size);
	if (plain_already)
		return raw && op_signature_fits(raw, typed);
	_cleanup_free_ char *plain = raw ? op_demangle(raw, false) : NULL;
	if (plain && name_fits(plain, typed))
		return true;
	_cleanup_free_ char *whole = plain && with_parameters ? op_demangle(raw, true) : NULL;
	return whole && op_signature_fits(whole, typed);
}

bool op_source_function_is_named(struct op_module_entry *module, uint32_t function,
				 const char *name)
{
	if (!strcmp(op_module_function_name(module, function), name))
		return true;
	return module->wasm &&
	       demangled_fits(op_wasm_module_function_name(module->wasm, function), name);
}

// Lines of the selected frame ------------------------------------------------------------------

// Where the selected frame is, as the debug information has it; *ret_file NULL: not known. An outer
// frame of an inlined body is where that body was called.
static struct op_error *frame_line(struct op_session *session, const char **ret_file,
				   uint32_t *ret_line)
{
	const struct op_frame *frame;
	struct op_source_body body;
	*ret_file = NULL;
	struct op_error *err = op_session_selected_frame(session, &frame);
	if (!err)
		err = op_source_body(session, frame, &body);
	if (err || !body.info)
		return err;
	if (frame->source_depth) {
		_cleanup_free_ struct op_debug_function *bodies = NULL;
		size_t count = 0;
		err = op_debug_functions_at(body.info, body.pc, &bodies, &count);
		if (err || frame->source_depth > count)
			return err;
		*ret_file = bodies[frame->source_depth - 1].call_file;
		*ret_line = bodies[frame->source_depth - 1].call_line;
		return NULL;
	}
	struct op_debug_line row;
	bool found;
	err = op_debug_line_at(body.info, body.pc, &found, &row);
	if (err || !found || !row.line)
		return err;
	*ret_file = row.file;
	*ret_line = row.line;
	return NULL;
}

static struct op_error *no_file(const struct op_breakpoint_entry *entry)
{
	return op_error_create(
		OP_ERROR_STATE,
		"\"%s\" is a line of the selected frame's source file, and the frame "
		"has none that is known; say FILE:LINE",
		entry->spec);
}

// What is kept, and saved into files, must mean the same later.
static struct op_error *rewrite_spec(struct op_breakpoint_entry *entry)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (entry->module)
		op_text_printf(&text, "%s!", entry->module);
	op_text_append_escaped(&text, entry->file, strlen(entry->file));
	op_text_printf(&text, ":%" PRIu32, entry->number);
	free(op_take(entry->spec));
	return op_text_steal(&text, &entry->spec);
}

struct op_error *op_breakpoint_localise(struct op_session *session,
					struct op_breakpoint_entry *entry)
{
	if (!entry->by_line || entry->file)
		return NULL;
	const char *file;
	uint32_t line = 0;
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = frame_line(session, &file, &line);
	if (err)
		return op_error_at(err, "line \"%s\" without a file", entry->spec);
	if (!file)
		return no_file(entry);
	int64_t number = entry->number;
	if (entry->line_sign)
		number = entry->line_sign == '+' ? line + number : line - number;
	if (number < 1 || number > UINT32_MAX)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\" from line %" PRIu32
				       " is no line: lines count from 1",
				       entry->spec, line);
	entry->number = (uint32_t)number;
	entry->file = strdup(file);
	return entry->file ? rewrite_spec(entry) : op_error_no_memory();
}
