// SPDX-License-Identifier: GPL-3.0-or-later
// Where a module's debug information is: the places of source.h, one after the other, each checked
// to belong to the module's code. Knows nothing of what is in it.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/lazy_bytes.h"
#include "target-runtime/dwarf/kept_dwarf.h"
#include "target-runtime/dwarf/source_map.h"
#include "target-runtime/dwarf/source_path.h"
#include "tracer/debuginfod.h"
#include "tracer/local_file.h"
#include "tracer/source.h"
#include "tracer/step.h"
#include "tracer/source_text.h"

enum {
	FILE_SIZE_MAX = 2047 << 20, // of a module with its debug information
	WARNINGS_MAX = 10,          // that are told of one module
};

/** A module's information, or why there is none. */
struct op_source_state {
	struct op_session *session;
	const char *module; // its name
	struct op_debug_info *info;
	void *made;                 // bytes that the information was made of, when no file has them
	struct op_local_file *file; // that it is read from, part by part
	char *origin;
	char *missing;
	struct op_text reasons; // of the places that had none
	unsigned warnings;
};

void op_source_close(struct op_module_entry *module)
{
	struct op_source_state *state = op_take(module->source);
	op_frame_positions_forget(module);
	if (!state)
		return;
	op_source_text_forget(state->session);
	if (state->info)
		op_guest_values_forget(state->session, state->info);
	op_step_forget_module(state->session, module);
	op_debug_info_destroy(state->info);
	op_local_file_close(state->file);
	free(state->made);
	free(state->origin);
	free(state->missing);
	op_text_deinit(&state->reasons);
	free(state);
}

const char *op_source_missing(const struct op_module_entry *module)
{
	if (!module->source || module->source->info)
		return NULL;
	return module->source->missing ?: "memory is short";
}

const char *op_source_origin(const struct op_module_entry *module)
{
	return module->source ? module->source->origin : NULL;
}

static void warn(void *context, const char *text)
{
	struct op_source_state *state = context;
	if (state->warnings++ < WARNINGS_MAX)
		op_session_notice(state->session, OP_NOTICE_WARNING, "module %s: %s", state->module,
				  text);
	else if (state->warnings == WARNINGS_MAX + 1)
		op_session_notice(state->session, OP_NOTICE_WARNING,
				  "module %s: more units of its debug information cannot be read",
				  state->module);
}

static void add_reason(struct op_source_state *state, const char *format, ...) _printf_(2, 3);
static void add_reason(struct op_source_state *state, const char *format, ...)
{
	if (state->reasons.size)
		op_text_append(&state->reasons, "; ");
	va_list args;
	va_start(args, format);
	op_text_vprintf(&state->reasons, format, args);
	va_end(args);
}

// What only says that this place has nothing becomes a reason.
static struct op_error *as_reason(struct op_source_state *state, struct op_error *err)
{
	if (!err || err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_INTERRUPTED ||
	    err->code == OP_ERROR_PROCESS_GONE)
		return err;
	add_reason(state, "%s", err->message);
	op_error_destroy(err);
	return NULL;
}

static struct op_error *take(struct op_source_state *state, const struct op_debug_source *source)
{
	struct op_error *err =
		op_debug_info_create(source, warn, state, &state->session->cancel, &state->info);
	// That is what the caller says in his own words.
	if (err && err->code == OP_ERROR_NOT_FOUND) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

// Files ---------------------------------------------------------------------------------------

enum named_by { NAMED_BY_MODULE, NAMED_BY_PERSON, NAMED_BY_PLACE };

/** @param[out] ret NULL: there is none. */
static struct op_error *find_custom(const struct op_wasm_module *wasm, const char *name,
				    const struct op_wasm_custom **ret)
{
	uint32_t count;
	const struct op_wasm_custom *customs = op_wasm_module_customs(wasm, &count);
	*ret = NULL;
	for (uint32_t i = 0; i < count && !*ret; i++)
		if (customs[i].name.size == strlen(name) &&
		    !memcmp(customs[i].name.data, name, customs[i].name.size))
			*ret = &customs[i];
	return *ret ? op_wasm_module_need(wasm, &(*ret)->bytes) : NULL;
}

bool op_wasm_build_id(const struct op_wasm_module *wasm, struct op_bytes *ret)
{
	const struct op_wasm_custom *custom = NULL;
	uint32_t size = 0;
	struct op_error *err = wasm ? find_custom(wasm, "build_id", &custom) : NULL;
	if (err || !custom) {
		op_error_destroy(err);
		return false;
	}
	struct op_reader r = op_reader(&custom->bytes);
	*ret = (struct op_bytes){.what = "build_id"};
	err = op_reader_uleb32(&r, &size);
	if (!err)
		err = op_reader_bytes(&r, size, &ret->data);
	ret->size = size;
	bool good = !err && size;
	op_error_destroy(err);
	return good;
}

static bool same_build_id(const struct op_wasm_module *a, const struct op_wasm_module *b)
{
	struct op_bytes x, y;
	return op_wasm_build_id(a, &x) && op_wasm_build_id(b, &y) && x.size == y.size &&
	       !memcmp(x.data, y.data, x.size);
}

static struct op_bytes code_of(const struct op_wasm_module *wasm)
{
	uint32_t start, end;
	op_wasm_module_code_section(wasm, &start, &end);
	return (struct op_bytes){.data = op_wasm_module_bytes(wasm)->data + start,
				 .size = end - start};
}

/** Whether a file is of the module: the same code; a file without code (only debug sections) by its
 * build id, or because the module itself names it. */
static struct op_error *belongs(struct op_module_entry *module, const struct op_wasm_module *wasm,
				enum named_by named, bool *ret)
{
	if (!module->wasm)
		return op_module_code_fits(module, wasm, ret);
	struct op_bytes code = code_of(wasm), own = code_of(module->wasm);
	*ret = code.size ? code.size == own.size && !memcmp(code.data, own.data, own.size)
			 : named == NAMED_BY_MODULE || same_build_id(module->wasm, wasm);
	return NULL;
}

static bool is_local_constant(void *context, uint32_t pc, uint32_t local)
{
	return op_wasm_module_local_is_constant(context, pc, local);
}

// What entry values of parameters are, the code that runs tells.
static void use_code(const struct op_module_entry *module, struct op_debug_source *source)
{
	if (!module->wasm)
		return;
	source->is_local_constant = is_local_constant;
	source->context = (void *)module->wasm;
}

// The module's own bytes were not known: these are they, all of them.
static struct op_error *take_bytes(struct op_module_entry *module,
				   const struct op_wasm_module *wasm)
{
	const struct op_bytes *bytes = op_wasm_module_bytes(wasm);
	struct op_error *err =
		op_lazy_bytes_need(op_wasm_module_lazy(wasm), bytes->data, bytes->size);
	return err ?: op_module_take_bytes(module, bytes);
}

static struct op_error *take_module(struct op_module_entry *module,
				    const struct op_wasm_module *wasm, const char *path,
				    enum named_by named)
{
	struct op_source_state *state = module->source;
	struct op_debug_source source;
	bool fits = false;
	struct op_error *err = belongs(module, wasm, named, &fits);
	if (err)
		return err;
	if (!fits) {
		add_reason(state, "%s is of another module: its code differs", path);
		return NULL;
	}
	op_debug_source_of_module(wasm, &source);
	// Places in the code are counted in the module that runs.
	if (module->wasm)
		op_wasm_module_code_section(module->wasm, &source.code_start, &source.code_end);
	else
		err = take_bytes(module, wasm);
	use_code(module, &source);
	if (!err)
		err = take(state, &source);
	if (err)
		return err;
	if (!state->info)
		add_reason(state, "%s has none", path);
	else
		state->origin = strdup(path);
	return state->info && !state->origin ? op_error_no_memory() : NULL;
}

/** Try a file, as it can be opened from here. */
static struct op_error *try_file(struct op_module_entry *module, const char *path,
				 enum named_by named)
{
	struct op_source_state *state = module->source;
	_cleanup_(op_local_file_closep) struct op_local_file *file = NULL;
	struct op_wasm_module *wasm = NULL;
	struct op_error *err = op_local_file_open(path, FILE_SIZE_MAX, &file);
	if (err && err->system_errno == ENOENT && named == NAMED_BY_PLACE) {
		op_error_destroy(err);
		return NULL;
	}
	if (!err)
		err = op_wasm_module_create_lazy(op_lazy_bytes_all(op_local_file_bytes(file)),
						 op_local_file_bytes(file), &wasm);
	if (!err)
		err = take_module(module, wasm, path, named);
	op_wasm_module_destroy(wasm);
	if (state->info)
		state->file = op_take(file);
	return as_reason(state, err);
}

/** The same for a path as the target writes it. */
static struct op_error *try_target_file(struct op_session *session, struct op_module_entry *module,
					const char *path, enum named_by named)
{
	_cleanup_free_ char *resolved = NULL;
	if (!session->process)
		return try_file(module, path, named);
	struct op_error *err = op_process_resolve_path(session->process, path, &resolved);
	return err ? as_reason(module->source, err) : try_file(module, resolved, named);
}

// Places --------------------------------------------------------------------------------------

const char *op_source_own_file(const struct op_module_entry *module)
{
	return module->file ?: *module->info.path ? module->info.path : NULL;
}

static struct op_error *try_own_bytes(struct op_session *session, struct op_module_entry *module)
{
	struct op_debug_source source;
	struct op_source_state *state = module->source;
	if (!module->wasm) {
		add_reason(state, "its original bytes are not known");
		op_module_unfit_text(module, &state->reasons);
		return NULL;
	}
	op_debug_source_of_module(module->wasm, &source);
	use_code(module, &source);
	struct op_error *err = as_reason(state, take(state, &source));
	if (err)
		return err;
	if (!state->info) {
		add_reason(state, "its own bytes have none");
	} else if (module->info.has_file_bytes && module->file) {
		state->origin = strdup(module->file);
		return state->origin ? NULL : op_error_no_memory();
	}
	return NULL;
}

/** A file that the module names in a custom section: a path, or a file: URL, relative to the
 * module's own file. @param[out] ret free() it; NULL: the module names none, or none that can be
 * opened. */
static struct op_error *named_file(struct op_module_entry *module, const char *section, char **ret)
{
	struct op_source_state *state = module->source;
	const struct op_wasm_custom *custom = NULL;
	uint32_t size = 0;
	const uint8_t *bytes = NULL;
	*ret = NULL;
	struct op_error *err = module->wasm ? find_custom(module->wasm, section, &custom) : NULL;
	if (err || !custom)
		return as_reason(state, err);
	struct op_reader r = op_reader(&custom->bytes);
	err = op_reader_uleb32(&r, &size);
	if (!err)
		err = op_reader_bytes(&r, size, &bytes);
	if (err)
		return as_reason(state, op_error_at(err, "%s", section));
	_cleanup_free_ char *name = strndup((const char *)bytes, size);
	_cleanup_text_ struct op_text path = OP_TEXT_INIT, escaped = OP_TEXT_INIT;
	if (!name)
		return op_error_no_memory();
	const char *local = strncmp(name, "file://", 7) ? name : name + 7;
	op_text_append_escaped(&escaped, name, strlen(name));
	if (strstr(local, "://") || !strncmp(local, "data:", 5)) {
		add_reason(state,
			   "it names %.200s, which outpost does not fetch: save it as a file",
			   escaped.data ?: "");
		return NULL;
	}
	const char *own = op_source_own_file(module);
	if (own && *local != '/')
		op_text_append_n(&path, own, (size_t)(op_source_path_base(own) - own));
	op_text_append(&path, local);
	return op_text_steal(&path, ret);
}

static struct op_error *try_external(struct op_session *session, struct op_module_entry *module)
{
	_cleanup_free_ char *path = NULL;
	struct op_error *err = named_file(module, "external_debug_info", &path);
	return err || !path ? err : try_target_file(session, module, path, NAMED_BY_MODULE);
}

// A source map has lines; it belongs to the module that names it.
static struct op_error *try_source_map(struct op_session *session, struct op_module_entry *module)
{
	struct op_source_state *state = module->source;
	_cleanup_free_ char *path = NULL, *resolved = NULL;
	_cleanup_file_ struct op_bytes bytes = {0};
	_cleanup_source_map_ struct op_source_map map = {0};
	struct op_debug_source source;
	struct op_error *err = named_file(module, "sourceMappingURL", &path);
	if (err || !path)
		return err;
	if (session->process)
		err = op_process_resolve_path(session->process, path, &resolved);
	if (!err)
		err = op_local_file_read(resolved ?: path, FILE_SIZE_MAX, &bytes);
	if (!err)
		err = op_source_map_parse(&bytes, &map);
	if (!err)
		err = op_source_map_sections(&map, module->wasm, &source, &state->made);
	if (!err)
		err = take(state, &source);
	if (!err && state->info && !(state->origin = strdup(path)))
		err = op_error_no_memory();
	return as_reason(state, err);
}

/** "app.wasm" -> "app". */
static size_t stem_size(const char *base)
{
	const char *dot = strrchr(base, '.');
	return dot && dot != base ? (size_t)(dot - base) : strlen(base);
}

/** Files in a folder that may be the module's, by its file's name. */
static struct op_error *try_folder(struct op_session *session, struct op_module_entry *module,
				   const char *folder, size_t folder_size, const char *base,
				   bool is_target)
{
	// emcc -gseparate-dwarf names the second.
	static const char *const endings[] = {".debug.wasm", ".wasm.debug.wasm", ".wasm"};
	struct op_error *err = NULL;
	for (size_t i = 0; !err && !module->source->info && i < OP_ARRAY_SIZE(endings); i++) {
		_cleanup_text_ struct op_text path = OP_TEXT_INIT;
		op_text_append_n(&path, folder, folder_size);
		op_text_append_n(&path, base, stem_size(base));
		op_text_append(&path, endings[i]);
		if (path.failed)
			return op_error_no_memory();
		// It has been looked at already.
		if (module->file && !strcmp(path.data, module->file))
			continue;
		err = is_target ? try_target_file(session, module, path.data, NAMED_BY_PLACE)
				: try_file(module, path.data, NAMED_BY_PLACE);
	}
	return err;
}

static struct op_error *try_beside(struct op_session *session, struct op_module_entry *module)
{
	const char *own = op_source_own_file(module);
	if (!own)
		return NULL;
	const char *base = op_source_path_base(own);
	return try_folder(session, module, own, (size_t)(base - own), base, true);
}

static struct op_error *try_kept(struct op_session *session, struct op_module_entry *module)
{
	struct op_source_state *state = module->source;
	struct op_bytes info, dwarf;
	struct op_debug_source source;
	struct op_lazy_bytes *lazy;
	struct op_error *err =
		op_artifact_section_lazy(module->artifact, ".wasmtime.dwarf", &dwarf, &lazy);
	if (!err)
		err = op_artifact_section(module->artifact, ".wasmtime.info", &info);
	if (err || !dwarf.size)
		return as_reason(state, err);
	if (module->info.is_component) {
		add_reason(state, "which module .wasmtime.dwarf belongs to cannot be told in a "
				  "component");
		return NULL;
	}
	err = op_kept_dwarf_find(&info, &dwarf, &source);
	source.lazy = lazy;
	if (!err && module->wasm)
		op_wasm_module_code_section(module->wasm, &source.code_start, &source.code_end);
	return as_reason(state, err ? err : take(state, &source));
}

static struct op_error *try_module_path(struct op_session *session, struct op_module_entry *module)
{
	const char *path = session->source_settings.module_path;
	struct stat st;
	if (!path)
		return NULL;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return try_file(module, path, NAMED_BY_PERSON);
	_cleanup_text_ struct op_text folder = OP_TEXT_INIT;
	op_text_printf(&folder, "%s/", path);
	if (folder.failed)
		return op_error_no_memory();
	const char *own = op_source_own_file(module);
	struct op_error *err = NULL;
	if (own)
		err = try_folder(session, module, folder.data, folder.size,
				 op_source_path_base(own), false);
	// The name is shown escaped: no '/' of a folder stands in it that is not a file's own.
	if (!err && !module->source->info && !strchr(module->name, '/'))
		err = try_folder(session, module, folder.data, folder.size, module->name, false);
	if (!err && !module->source->info)
		add_reason(module->source, "there is no file of it in %s", path);
	return err;
}

static struct op_error *try_debuginfod(struct op_session *session, struct op_module_entry *module)
{
	struct op_source_state *state = module->source;
	struct op_bytes build_id;
	_cleanup_free_ char *path = NULL;
	if (!session->source_settings.debuginfod)
		return NULL;
	if (!op_wasm_build_id(module->wasm, &build_id)) {
		add_reason(state, "it has no build id to ask debuginfod for");
		return NULL;
	}
	struct op_error *err =
		op_debuginfod_find(build_id.data, build_id.size, NULL, &session->cancel, &path);
	return err ? as_reason(state, err) : try_file(module, path, NAMED_BY_PERSON);
}

struct op_error *op_source_find_by_debuginfod(struct op_session *session,
					      struct op_module_entry *module, const char *source,
					      char **ret)
{
	struct op_bytes build_id;
	*ret = NULL;
	if (!session->source_settings.debuginfod || !op_wasm_build_id(module->wasm, &build_id))
		return NULL;
	struct op_error *err =
		op_debuginfod_find(build_id.data, build_id.size, source, &session->cancel, ret);
	if (err && err->code != OP_ERROR_NO_MEMORY && err->code != OP_ERROR_INTERRUPTED) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

// All of them ---------------------------------------------------------------------------------

static struct op_error *say_missing(struct op_source_state *state)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_printf(
		&text,
		"module %s has no debug information (%s); compile it with -g, or say where a "
		"file with it is: set module-path FILE",
		state->module, state->reasons.data ?: "");
	return op_text_steal(&text, &state->missing);
}

struct op_error *op_source_info(struct op_session *session, struct op_module_entry *module,
				struct op_debug_info **ret)
{
	static struct op_error *(*const places[])(struct op_session *, struct op_module_entry *) = {
		try_own_bytes,  try_external, try_beside,     try_module_path,
		try_source_map, try_kept,     try_debuginfod,
	};
	struct op_error *err = NULL;
	if (!module->source) {
		module->source = calloc(1, sizeof(*module->source));
		if (!module->source)
			return op_error_no_memory();
		module->source->session = session;
		module->source->module = module->name;
		for (size_t i = 0; !err && !module->source->info && i < OP_ARRAY_SIZE(places); i++)
			err = places[i](session, module);
		if (!err && !module->source->info)
			err = say_missing(module->source);
		// What was broken off is tried again.
		if (err)
			op_source_close(module);
	}
	*ret = err ? NULL : module->source->info;
	return err;
}

static struct op_error *fetch_all(struct op_lazy_bytes *lazy)
{
	if (!lazy)
		return NULL;
	const struct op_bytes *all = op_lazy_bytes_all(lazy);
	return op_lazy_bytes_need(lazy, all->data, all->size);
}

struct op_error *op_session_source_fetch(struct op_session *session, uint32_t module_id)
{
	struct op_module_entry *module = op_module_by_id(session, module_id);
	if (!module)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no such module");
	struct op_debug_info *info;
	struct op_error *err = op_source_info(session, module, &info);
	if (err || !info)
		return err;
	if (module->wasm)
		err = fetch_all(op_wasm_module_lazy(module->wasm));
	struct op_bytes dwarf;
	struct op_lazy_bytes *lazy;
	if (!err)
		err = op_artifact_section_lazy(module->artifact, ".wasmtime.dwarf", &dwarf, &lazy);
	return err ?: fetch_all(lazy);
}
