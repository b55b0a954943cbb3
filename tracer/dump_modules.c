// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a file is a module of a dump is judged by what the dump shows of it: memories and globals
// of its instances, functions, places and locals of its frames.
#include "tracer/dump_modules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "target-runtime/stack.h"
#include "target-runtime/wasm_core_encode.h"
#include "tracer/local_file.h"

// A module of more than this is no module that Wasmtime compiles.
enum { FILE_SIZE_MAX = 1 << 30 };
enum { SECTION_CUSTOM = 0, SECTION_MEMORY = 5, SECTION_GLOBAL = 6 };

void op_dump_modules_deinit(struct op_dump_modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		op_wasm_module_destroy(modules->data[i].wasm);
		free((void *)modules->data[i].bytes.data);
	}
	free(modules->data);
	*modules = (struct op_dump_modules){0};
}

// Does a file fit? ----------------------------------------------------------------------------

/** What is being judged. Each check returns false with the reason. */
struct fit {
	const struct op_wasm_core_dump *dump;
	const struct op_wasm_module *wasm;
	struct op_text *why;
};

static bool memory_fits(const struct fit *fit, uint32_t index, const struct op_wasm_limits *wanted)
{
	uint32_t count;
	const struct op_wasm_limits *has = &op_wasm_module_memories(fit->wasm, &count)[index];
	if (has->is_64 == wanted->is_64 && has->shared == wanted->shared &&
	    has->page_size_log2 == wanted->page_size_log2 && has->minimum <= wanted->minimum)
		return true;
	op_text_printf(fit->why, "memory %" PRIu32 " is of another kind, or larger", index);
	return false;
}

static bool instance_fits(const struct fit *fit, const struct op_dumped_instance *instance)
{
	uint32_t memories, globals;
	size_t count;
	op_wasm_module_memories(fit->wasm, &memories);
	const struct op_wasm_global *has = op_wasm_module_globals(fit->wasm, &globals);
	if (memories != instance->memory_count || globals != instance->global_count) {
		op_text_printf(fit->why,
			       "it has %" PRIu32 " memories and %" PRIu32
			       " globals, the instance in the dump has %" PRIu32 " and %" PRIu32,
			       memories, globals, instance->memory_count, instance->global_count);
		return false;
	}
	const struct op_wasm_limits *limits = op_wasm_core_dump_memories(fit->dump, &count);
	for (uint32_t i = 0; i < memories; i++)
		if (!memory_fits(fit, i, &limits[instance->memories[i]]))
			return false;
	const struct op_dumped_global *dumped = op_wasm_core_dump_globals(fit->dump, &count);
	for (uint32_t i = 0; i < globals; i++) {
		const struct op_dumped_global *one = &dumped[instance->globals[i]];
		if (one->type.code == has[i].type.code && one->is_mutable == has[i].is_mutable)
			continue;
		op_text_printf(fit->why, "global %" PRIu32 " has another type", i);
		return false;
	}
	return true;
}

static bool locals_fit(const struct fit *fit, const struct op_dumped_frame *frame)
{
	uint32_t count;
	struct op_error *err = op_wasm_module_local_count(fit->wasm, frame->function, &count);
	bool fits = !err && (!frame->local_count || frame->local_count == count);
	for (uint32_t i = 0; !err && fits && i < frame->local_count; i++) {
		struct op_wasm_type type;
		err = op_wasm_module_local_type(fit->wasm, frame->function, i, &type);
		fits = !err && (frame->locals[i].missing ||
				op_value_type_of(fit->wasm, &type) == frame->locals[i].type);
	}
	op_error_destroy(err);
	return fits;
}

static bool frame_fits(const struct fit *fit, const struct op_dumped_frame *frame)
{
	struct op_wasm_body body;
	if (!op_wasm_module_function_body(fit->wasm, frame->function, &body))
		op_text_printf(fit->why, "it defines no function %" PRIu32, frame->function);
	else if (frame->offset >= body.end - body.start)
		op_text_printf(fit->why,
			       "function %" PRIu32
			       " is too short: a frame is at its offset 0x%" PRIx32,
			       frame->function, frame->offset);
	else if (!locals_fit(fit, frame))
		op_text_printf(fit->why, "function %" PRIu32 " has other locals", frame->function);
	else
		return true;
	return false;
}

static bool module_fits(const struct fit *fit, uint32_t module)
{
	size_t instance_count, thread_count;
	const struct op_dumped_instance *instances =
		op_wasm_core_dump_instances(fit->dump, &instance_count);
	const struct op_dumped_thread *threads =
		op_wasm_core_dump_threads(fit->dump, &thread_count);
	bool used = false;
	for (size_t i = 0; i < instance_count; i++) {
		if (instances[i].module != module)
			continue;
		used = true;
		if (!instance_fits(fit, &instances[i]))
			return false;
	}
	for (size_t i = 0; i < thread_count; i++)
		for (uint32_t k = 0; k < threads[i].frame_count; k++)
			if (instances[threads[i].frames[k].instance].module == module &&
			    !frame_fits(fit, &threads[i].frames[k]))
				return false;
	if (!used)
		op_text_append(fit->why, "the dump has no instance of it");
	return used;
}

static bool same_name(const struct op_wasm_core_dump *dump, uint32_t module,
		      const struct op_wasm_module *wasm)
{
	size_t count;
	const struct op_wasm_name *dumped = &op_wasm_core_dump_modules(dump, &count)[module];
	struct op_wasm_name name = op_wasm_module_name(wasm);
	return name.size && name.size == dumped->size &&
	       !memcmp(name.data, dumped->data, name.size);
}

/** The module that a file fits: one of its name, else the first. @return false: none. */
static bool choose_module(const struct op_wasm_core_dump *dump, const struct op_wasm_module *wasm,
			  const struct op_dump_modules *modules, struct op_text *why, uint32_t *ret)
{
	bool found = false;
	for (uint32_t i = 0; i < modules->count; i++) {
		_cleanup_text_ struct op_text reason = OP_TEXT_INIT;
		struct fit fit = {dump, wasm, &reason};
		bool named = same_name(dump, i, wasm);
		bool fits = !modules->data[i].file && (!found || named) && module_fits(&fit, i);
		if (fits)
			*ret = i;
		found |= fits;
		if (fits && named)
			return true;
		if (!fits && reason.size && !why->size)
			op_text_append_n(why, reason.data, reason.size);
	}
	return found;
}

static struct op_error *take_file(const struct op_wasm_core_dump *dump, const char *path,
				  struct op_dump_modules *modules)
{
	_cleanup_file_ struct op_bytes bytes = {0};
	struct op_wasm_module *wasm = NULL;
	struct op_error *err = op_local_file_read(path, FILE_SIZE_MAX, &bytes);
	if (!err)
		err = op_wasm_module_create(&bytes, &wasm);
	if (err)
		return err;
	_cleanup_text_ struct op_text why = OP_TEXT_INIT;
	uint32_t module = 0;
	if (!choose_module(dump, wasm, modules, &why, &module)) {
		op_wasm_module_destroy(wasm);
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "%s is no module of the Wasm core dump: %s", path,
				       why.data ? why.data : "each of them has its file already");
	}
	modules->data[module] = (struct op_dump_module){bytes, wasm, path};
	bytes.data = NULL;
	return NULL;
}

// Made up -------------------------------------------------------------------------------------

static void put_section(struct op_text *out, uint8_t id, uint32_t count,
			const struct op_text *items)
{
	_cleanup_text_ struct op_text content = OP_TEXT_INIT;
	op_wasm_put_unsigned(&content, count);
	if (items->size)
		op_text_append_n(&content, items->data, items->size);
	content.failed |= items->failed;
	op_wasm_put_section(out, id, NULL, &content);
}

static void put_globals(struct op_text *out, const struct op_wasm_core_dump *dump,
			const struct op_dumped_instance *instance)
{
	_cleanup_text_ struct op_text items = OP_TEXT_INIT;
	size_t count;
	const struct op_dumped_global *globals = op_wasm_core_dump_globals(dump, &count);
	for (uint32_t i = 0; i < instance->global_count; i++) {
		const struct op_dumped_global *global = &globals[instance->globals[i]];
		struct op_value value = {.state = OP_VALUE_PRESENT};
		// A type of the module's own is not known any more: it is some object.
		value.type = global->type.code == OP_WASM_TYPE_REF && global->type.heap_type >= 0
				     ? OP_VALUE_ANYREF
				     : op_value_type_of(NULL, &global->type);
		op_wasm_put_global(&items, &value, global->is_mutable);
	}
	put_section(out, SECTION_GLOBAL, instance->global_count, &items);
}

static void put_memories(struct op_text *out, const struct op_wasm_core_dump *dump,
			 const struct op_dumped_instance *instance)
{
	_cleanup_text_ struct op_text items = OP_TEXT_INIT;
	size_t count;
	const struct op_wasm_limits *limits = op_wasm_core_dump_memories(dump, &count);
	for (uint32_t i = 0; i < instance->memory_count; i++)
		op_wasm_put_memory(&items, &limits[instance->memories[i]]);
	put_section(out, SECTION_MEMORY, instance->memory_count, &items);
}

static void put_name(struct op_text *out, const struct op_wasm_name *name)
{
	_cleanup_text_ struct op_text inner = OP_TEXT_INIT, content = OP_TEXT_INIT;
	if (!name->size)
		return;
	op_wasm_put_unsigned(&inner, name->size);
	op_text_append_n(&inner, (const char *)name->data, name->size);
	op_wasm_put_byte(&content, 0); // the module's
	op_wasm_put_unsigned(&content, inner.size);
	op_text_append_n(&content, inner.data ? inner.data : "", inner.size);
	content.failed |= inner.failed;
	op_wasm_put_section(out, SECTION_CUSTOM, "name", &content);
}

static struct op_error *make_up(const struct op_wasm_core_dump *dump, uint32_t module,
				struct op_dump_module *ret)
{
	static const char head[] = "\0asm\1\0\0";
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	size_t count, name_count;
	const struct op_dumped_instance *instances = op_wasm_core_dump_instances(dump, &count);
	const struct op_wasm_name *names = op_wasm_core_dump_modules(dump, &name_count);
	op_text_append_n(&text, head, sizeof(head));
	for (size_t i = 0; i < count; i++) {
		if (instances[i].module != module)
			continue;
		put_memories(&text, dump, &instances[i]);
		put_globals(&text, dump, &instances[i]);
		break;
	}
	put_name(&text, &names[module]);
	size_t size = text.size;
	char *data;
	struct op_error *err = op_text_steal(&text, &data);
	if (err)
		return err;
	ret->bytes = (struct op_bytes){(uint8_t *)data, size, "module"};
	return op_wasm_module_create(&ret->bytes, &ret->wasm);
}

struct op_error *op_dump_modules_find(const struct op_wasm_core_dump *dump,
				      const char *const *files, size_t file_count,
				      struct op_dump_modules *ret)
{
	size_t count;
	op_wasm_core_dump_modules(dump, &count);
	ret->data = calloc(count + 1, sizeof(*ret->data));
	if (!ret->data)
		return op_error_no_memory();
	ret->count = count;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < file_count; i++)
		err = take_file(dump, files[i], ret);
	for (uint32_t i = 0; !err && i < count; i++)
		if (!ret->data[i].file)
			err = make_up(dump, i, &ret->data[i]);
	return err;
}
