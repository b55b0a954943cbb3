// SPDX-License-Identifier: GPL-3.0-or-later
// The modules of the guest as a person knows them: names, functions, where their copies are.
#include "tracer/shadow_frames.h"
#include "tracer/source.h"
#include "tracer/source_native.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void forget_function_names(struct op_module_entry *entry)
{
	if (!entry->function_names)
		return;
	for (uint32_t i = 0; i < entry->info.function_count; i++)
		free((char *)entry->function_names[i]);
	free(entry->function_names);
	entry->function_names = NULL;
}

static void entry_destroy(struct op_module_entry *entry)
{
	if (!entry)
		return;
	op_source_close(entry);
	op_native_info_destroy(entry->native);
	for (uint32_t i = 0; entry->demangled_names && i < entry->info.function_count; i++)
		free(entry->demangled_names[i]);
	free(entry->demangled_names);
	forget_function_names(entry);
	free((char *)entry->info.version);
	free((char *)entry->info.path);
	op_shadow_functions_destroy(entry->shadow);
	free(entry->name);
	free(entry->file);
	free(entry->unfit);
	free(entry->copies.data);
	op_artifact_unref(entry->artifact);
	free(entry);
}

static void entry_destroyp(struct op_module_entry **entry)
{
	entry_destroy(*entry);
}

void op_modules_clear(struct op_session *session)
{
	for (size_t i = 0; i < session->modules.count; i++)
		entry_destroy(session->modules.data[i]);
	session->modules.count = 0;
}

void op_modules_leave_memory(struct op_session *session)
{
	for (size_t i = 0; i < session->modules.count; i++) {
		struct op_module_entry *entry = session->modules.data[i];
		op_artifact_set_source(entry->artifact, NULL, op_host_addr(0));
		entry->copies.count = 0;
	}
}

struct op_module_entry *op_module_by_id(struct op_session *session, uint32_t id)
{
	for (size_t i = 0; i < session->modules.count; i++)
		if (session->modules.data[i]->info.id == id)
			return session->modules.data[i];
	return NULL;
}

struct op_module_entry *op_module_by_artifact(struct op_session *session,
					      const struct op_artifact *artifact, uint32_t index)
{
	for (size_t i = 0; i < session->modules.count; i++)
		if (session->modules.data[i]->artifact == artifact &&
		    session->modules.data[i]->info.index == index)
			return session->modules.data[i];
	return NULL;
}

struct op_module_entry *op_module_by_name(struct op_session *session, const char *name, size_t size)
{
	for (size_t i = 0; i < session->modules.count; i++)
		if (strlen(session->modules.data[i]->name) == size &&
		    !memcmp(session->modules.data[i]->name, name, size))
			return session->modules.data[i];
	return NULL;
}

static struct op_error *module_by_id(struct op_session *session, uint32_t id,
				     struct op_module_entry **ret)
{
	*ret = op_module_by_id(session, id);
	return *ret ? NULL
		    : op_error_create(OP_ERROR_NOT_FOUND,
				      "there is no module number %" PRIu32 " any more", id);
}

// Names ---------------------------------------------------------------------------------------

const char *op_module_function_name(struct op_module_entry *module, uint32_t index)
{
	if (index >= module->info.function_count)
		return "function[?]";
	if (!module->function_names) {
		module->function_names =
			calloc(module->info.function_count, sizeof(*module->function_names));
		if (!module->function_names)
			return "function[?]";
	}
	if (module->function_names[index])
		return module->function_names[index];
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_wasm_name name = {0};
	if (module->wasm)
		name = op_wasm_module_function_name(module->wasm, index);
	if (name.data) {
		op_text_append_escaped(&text, name.data, name.size);
	} else {
		const struct op_function *native = NULL;
		op_error_destroy(op_artifact_find_function(module->artifact, module->info.index,
							   index, &native));
		if (native && native->name)
			op_text_append_escaped(&text, native->name, strlen(native->name));
	}
	if (!text.size)
		op_text_printf(&text, "function[%" PRIu32 "]", index);
	char *string;
	struct op_error *err = op_text_steal(&text, &string);
	if (err) {
		op_error_destroy(err);
		return "function[?]";
	}
	module->function_names[index] = string;
	return string;
}

// "dir/app.wasm" -> "app".
static void append_stem(struct op_text *text, const char *path)
{
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	const char *dot = strrchr(base, '.');
	op_text_append_escaped(text, base,
			       dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

static struct op_error *choose_name(struct op_session *session, struct op_module_entry *entry,
				    const char *file)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_wasm_name name = {0};
	if (entry->wasm)
		name = op_wasm_module_name(entry->wasm);
	const char *path = *file ? file : entry->file;
	if (name.size)
		op_text_append_escaped(&text, name.data, name.size);
	else if (path)
		append_stem(&text, path);
	if (!name.size && text.size && entry->info.is_component)
		op_text_printf(&text, "[%" PRIu32 "]", entry->info.index);
	if (!text.size)
		op_text_printf(&text, "module%" PRIu32, entry->info.id);
	// Two modules of one name are told apart by a number.
	if (!text.failed && op_module_by_name(session, text.data, text.size))
		op_text_printf(&text, "#%" PRIu32, entry->info.id);
	return op_text_steal(&text, &entry->name);
}

// The list ------------------------------------------------------------------------------------

// Functions known without bytecode: one more than the highest index that the symbols name.
static struct op_error *count_by_symbols(struct op_module_entry *entry)
{
	const struct op_function *functions;
	size_t count;
	struct op_error *err = op_artifact_functions(entry->artifact, &functions, &count);
	if (err)
		return err;
	uint32_t lowest = UINT32_MAX, highest = 0;
	for (size_t i = 0; i < count; i++) {
		if (functions[i].kind != OP_FUNCTION_WASM ||
		    functions[i].module != entry->info.index)
			continue;
		lowest = functions[i].index < lowest ? functions[i].index : lowest;
		highest = functions[i].index >= highest ? functions[i].index + 1 : highest;
	}
	entry->info.function_count = highest;
	entry->info.imported_functions = lowest == UINT32_MAX ? 0 : lowest;
	return NULL;
}

static void count_by_module(struct op_module_entry *entry)
{
	entry->info.function_count = op_wasm_module_function_count(entry->wasm);
	entry->info.imported_functions =
		op_wasm_module_imported(entry->wasm, OP_WASM_EXTERNAL_FUNC);
}

// A list of names that is there already gets as long as the index space.
static bool lengthen_list(void *list, size_t count, size_t more)
{
	void **names = list;
	size_t capacity = count;
	if (!*names || more <= count)
		return true;
	if (!op_array_reserve(names, &capacity, more, sizeof(char *)))
		return false;
	memset((char **)*names + count, 0, (more - count) * sizeof(char *));
	return true;
}

struct op_error *op_module_take_bytes(struct op_module_entry *module, const struct op_bytes *bytes)
{
	struct op_error *err =
		op_artifact_set_bytecode(module->artifact, module->info.index, bytes);
	if (!err)
		err = op_artifact_module(module->artifact, module->info.index, &module->wasm);
	if (err)
		return err;
	// Names that were handed out stay as they are; the list gets as long as the index space.
	uint32_t count = module->info.function_count;
	uint32_t more = op_wasm_module_function_count(module->wasm);
	if (!lengthen_list(&module->function_names, count, more) ||
	    !lengthen_list(&module->demangled_names, count, more))
		return op_error_no_memory();
	count_by_module(module);
	module->info.function_count = more > count ? more : count;
	module->info.has_file_bytes = true;
	return NULL;
}

struct op_error *op_module_has_function(struct op_module_entry *module, uint32_t index)
{
	// Engines allow so many functions in a module.
	static const uint32_t functions_max = 1000000;
	uint32_t count = module->info.function_count;
	if (index < count || index >= functions_max)
		return NULL;
	if (!lengthen_list(&module->function_names, count, index + 1) ||
	    !lengthen_list(&module->demangled_names, count, index + 1))
		return op_error_no_memory();
	module->info.function_count = index + 1;
	return NULL;
}

// Whether an error comes of a copy that went, or of another one that is written in its place.
static bool was_misread(const struct op_artifact *artifact, const struct op_error *err)
{
	if (err->code == OP_ERROR_UNREADABLE)
		return true;
	bool same;
	op_error_destroy(op_artifact_reads_same(artifact, &same));
	return !same;
}

static struct op_error *fill_entry(struct op_session *session, struct op_module_entry *entry,
				   const char *file)
{
	const struct op_artifact_info *info = op_artifact_info(entry->artifact);
	entry->info.is_component = info->is_component;
	entry->info.version = strdup(info->version_string);
	entry->info.path = strdup(file);
	if (!entry->info.version || !entry->info.path)
		return op_error_no_memory();
	entry->info.layout_known = info->layout_known;
	entry->info.has_guest_debug = info->has_frames;
	entry->info.has_slots = info->has_slots;
	entry->info.has_address_map = info->has_address_map;
	entry->info.has_symbols = info->has_symbols;
	entry->info.has_dwarf = info->has_dwarf;
	entry->info.text_size = info->text_size;
	struct op_error *err = session->process ? op_module_find_file(session, entry) : NULL;
	if (err)
		return err;
	err = op_artifact_module(entry->artifact, entry->info.index, &entry->wasm);
	if (err && session->looks_again && was_misread(entry->artifact, err))
		return err;
	if (err) {
		// Bytecode that does not parse takes nothing else away.
		op_session_notice(session, OP_NOTICE_WARNING,
				  "the original bytes of a module cannot be used: %s",
				  err->message);
		op_error_destroy(err);
		entry->wasm = NULL;
	}
	entry->info.has_bytecode = info->has_bytecode;
	entry->info.has_file_bytes = entry->wasm && !info->has_bytecode;
	if (entry->wasm) {
		count_by_module(entry);
	} else {
		err = count_by_symbols(entry);
		if (err)
			return err;
	}
	if (!info->layout_known && info->version && !session->told_unknown_layout) {
		session->told_unknown_layout = true;
		op_session_notice(session, OP_NOTICE_WARNING,
				  info->layout ? "Wasmtime %s is newer than this outpost knows; "
						 "its newest layouts are tried, and checked"
					       : "Wasmtime %s is older than this outpost knows; "
						 "only names and native code are shown",
				  info->version_string);
	}
	return choose_name(session, entry, file);
}

static struct op_error *add_module(struct op_session *session, struct op_artifact *artifact,
				   uint32_t index, const char *file)
{
	_cleanup_(entry_destroyp) struct op_module_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return op_error_no_memory();
	entry->artifact = op_artifact_ref(artifact);
	entry->info.index = index;
	entry->info.id = session->next_module_id;
	struct op_error *err = fill_entry(session, entry, file);
	if (err)
		return err;
	entry->info.name = entry->name;
	if (!op_array_push(&session->modules, entry))
		return op_error_no_memory();
	session->next_module_id++;
	entry = NULL;
	return NULL;
}

// All of an artifact's, or none: who looks again finds it new.
static struct op_error *add_modules(struct op_session *session, struct op_artifact *artifact,
				    const char *file)
{
	uint32_t count;
	size_t before = session->modules.count;
	struct op_error *err = op_artifact_module_count(artifact, &count);
	for (uint32_t i = 0; !err && i < count; i++)
		err = add_module(session, artifact, i, file);
	while (err && session->modules.count > before)
		entry_destroy(session->modules.data[--session->modules.count]);
	if (err && session->looks_again && was_misread(artifact, err)) {
		op_error_destroy(err);
		return op_error_create(OP_ERROR_UNREADABLE,
				       "the image is being changed while it is read");
	}
	return err;
}

struct op_error *op_modules_add_artifact(struct op_session *session, struct op_artifact *artifact,
					 const char *path)
{
	return add_modules(session, artifact, path);
}

// Set the copies of the modules that are known.
static struct op_error *place_copies(struct op_session *session)
{
	size_t image_count;
	const struct op_image *const *images = op_image_set_images(session->images, &image_count);
	for (size_t i = 0; i < session->modules.count; i++) {
		struct op_module_entry *entry = session->modules.data[i];
		entry->copies.count = 0;
		for (size_t k = 0; k < image_count; k++)
			if (entry->artifact == images[k]->artifact &&
			    !op_array_push(&entry->copies, images[k]->base))
				return op_error_no_memory();
	}
	return NULL;
}

static void drop_without_copies(struct op_session *session)
{
	size_t kept = 0;
	for (size_t i = 0; i < session->modules.count; i++) {
		struct op_module_entry *entry = session->modules.data[i];
		if (entry->copies.count)
			session->modules.data[kept++] = entry;
		else
			entry_destroy(entry);
	}
	session->modules.count = kept;
}

struct op_error *op_modules_update(struct op_session *session)
{
	struct op_error *err = place_copies(session);
	if (err)
		return err;
	// First: a new one may have the name of one that went.
	drop_without_copies(session);
	size_t image_count;
	const struct op_image *const *images = op_image_set_images(session->images, &image_count);
	for (size_t i = 0; i < image_count; i++) {
		if (op_module_by_artifact(session, images[i]->artifact, 0))
			continue;
		err = add_modules(session, images[i]->artifact, images[i]->path);
		if (err)
			return op_error_at(err, "image at 0x%" PRIx64, images[i]->base.value);
	}
	return place_copies(session);
}

struct op_error *op_session_modules(struct op_session *session, const struct op_module **ret,
				    size_t *ret_count)
{
	session->module_list.count = 0;
	for (size_t i = 0; i < session->modules.count; i++) {
		struct op_module_entry *entry = session->modules.data[i];
		entry->info.copies = entry->copies.data;
		entry->info.copy_count = entry->copies.count;
		if (!op_array_push(&session->module_list, entry->info))
			return op_error_no_memory();
	}
	*ret = session->module_list.data;
	*ret_count = session->module_list.count;
	return NULL;
}

struct op_error *op_session_functions(struct op_session *session, uint32_t module_id,
				      const char *pattern, const struct op_function_info **ret,
				      size_t *ret_count)
{
	for (size_t i = 0; i < session->function_types.count; i++)
		free(session->function_types.data[i]);
	session->function_types.count = 0;
	session->functions.count = 0;
	struct op_module_entry *module;
	struct op_error *err = module_by_id(session, module_id, &module);
	if (err)
		return err;
	for (uint32_t i = 0; i < module->info.function_count; i++) {
		if (op_cancelled(&session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		const char *name = op_module_function_name(module, i);
		if (pattern && fnmatch(pattern, name, 0))
			continue;
		struct op_function_info info = {
			.module_id = module_id,
			.index = i,
			.name = name,
			.type = "",
			.imported = i < module->info.imported_functions,
		};
		struct op_wasm_body body;
		if (module->wasm && op_wasm_module_function_body(module->wasm, i, &body)) {
			info.pc = body.code_start;
			info.end_pc = body.end;
		}
		const struct op_wasm_type_def *type =
			module->wasm ? op_wasm_module_function_type(module->wasm, i) : NULL;
		if (type) {
			_cleanup_text_ struct op_text text = OP_TEXT_INIT;
			op_wasm_function_type_text(type, &text);
			char *string;
			err = op_text_steal(&text, &string);
			if (err)
				return err;
			if (!op_array_push(&session->function_types, string)) {
				free(string);
				return op_error_no_memory();
			}
			info.type = string;
		}
		const struct op_function *native;
		err = op_artifact_find_function(module->artifact, module->info.index, i, &native);
		if (err)
			return err;
		if (native)
			info.native_size = native->size;
		if (!op_array_push(&session->functions, info))
			return op_error_no_memory();
	}
	*ret = session->functions.data;
	*ret_count = session->functions.count;
	return NULL;
}
