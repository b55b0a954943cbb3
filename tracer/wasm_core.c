// SPDX-License-Identifier: GPL-3.0-or-later
// The guest as a Wasm core dump: what the session knows of stacks, instances, memories and globals,
// in the order in which Wasmtime writes them (crates/wasmtime/src/runtime/coredump.rs).
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/new_file.h"
#include "target-runtime/wasm_core_encode.h"
#include "tracer/session.h"

enum { SECTION_CUSTOM = 0, SECTION_MEMORY = 5, SECTION_GLOBAL = 6, SECTION_DATA = 11 };
// Engines allow so many data segments in a module, and bytes in a section.
static const uint64_t segments_max = 50000, section_max = UINT32_MAX - (1 << 20);
enum { CHUNK_MIN = 4096 };

/** A memory, once for all instances that have it. */
struct dumped_memory {
	uint64_t base;
	uint64_t size;
	uint32_t instance, index; /**< one that has it, and as which */
	struct op_wasm_limits limits;
};

struct wasm_core {
	struct op_session *session;
	struct op_new_file file;
	uint64_t at;                       /**< in the file */
	struct OP_ARRAY(uint32_t) modules; /**< ids, by index in the dump */
	struct OP_ARRAY(struct op_instance_info) instances;
	struct OP_ARRAY(struct dumped_memory) memories;
	struct OP_ARRAY(uint64_t) globals; /**< addresses */
	struct op_text module_list, instance_list, global_list;
	struct op_written_wasm_core *report;
};

static void wasm_core_deinit(struct wasm_core *core)
{
	op_new_file_deinit(&core->file);
	free(core->modules.data);
	free(core->instances.data);
	free(core->memories.data);
	free(core->globals.data);
	op_text_deinit(&core->module_list);
	op_text_deinit(&core->instance_list);
	op_text_deinit(&core->global_list);
}

/** Append to the file. */
static struct op_error *emit(struct wasm_core *core, const struct op_text *text)
{
	if (text->failed)
		return op_error_no_memory();
	struct op_error *err = op_new_file_write(&core->file, core->at, text->data, text->size);
	core->at += text->size;
	return err;
}

static struct op_error *emit_section(struct wasm_core *core, uint8_t id, const char *custom,
				     const struct op_text *content)
{
	_cleanup_text_ struct op_text section = OP_TEXT_INIT;
	op_wasm_put_section(&section, id, custom, content);
	return emit(core, &section);
}

/** A list with its count in front. */
static struct op_error *emit_list(struct wasm_core *core, uint8_t id, const char *custom,
				  size_t count, const struct op_text *items)
{
	_cleanup_text_ struct op_text content = OP_TEXT_INIT;
	op_wasm_put_unsigned(&content, count);
	if (items->size)
		op_text_append_n(&content, items->data, items->size);
	content.failed |= items->failed;
	return emit_section(core, id, custom, &content);
}

// Modules and instances -----------------------------------------------------------------------

static struct op_error *gather_modules(struct wasm_core *core)
{
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(core->session, &modules, &count);
	for (size_t i = 0; !err && i < count; i++) {
		op_wasm_put_byte(&core->module_list, 0);
		op_wasm_put_name(&core->module_list, modules[i].name);
		if (!op_array_push(&core->modules, modules[i].id))
			err = op_error_no_memory();
	}
	core->report->modules = core->modules.count;
	return err;
}

static bool module_index(const struct wasm_core *core, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < core->modules.count; i++) {
		*ret = (uint32_t)i;
		if (core->modules.data[i] == id)
			return true;
	}
	return false;
}

static struct op_error *take_memory(struct wasm_core *core, uint32_t instance,
				    const struct op_memory_report *memory, uint32_t *ret)
{
	for (size_t i = 0; i < core->memories.count; i++) {
		*ret = (uint32_t)i;
		if (!memory->problem && core->memories.data[i].base == memory->base.value)
			return NULL;
	}
	uint64_t page = memory->page_size ? memory->page_size : 65536;
	struct dumped_memory dumped = {
		.base = memory->base.value,
		.size = memory->problem ? 0 : memory->size,
		.instance = instance,
		.index = memory->index,
		.limits = {.is_64 = memory->is_64,
			   .shared = memory->shared,
			   .has_maximum = memory->has_maximum,
			   .minimum = memory->problem ? 0 : memory->size / page,
			   .maximum = memory->maximum / page,
			   .page_size_log2 = (uint8_t)__builtin_ctzll(page)},
	};
	*ret = (uint32_t)core->memories.count;
	return op_array_push(&core->memories, dumped) ? NULL : op_error_no_memory();
}

static struct op_error *take_memories(struct wasm_core *core, uint32_t instance)
{
	const struct op_memory_report *memories;
	size_t count;
	struct op_error *err = op_session_memory_reports(core->session, NULL, &memories, &count);
	if (err)
		return err;
	op_wasm_put_unsigned(&core->instance_list, count);
	for (size_t i = 0; !err && i < count; i++) {
		uint32_t index = 0;
		err = take_memory(core, instance, &memories[i], &index);
		op_wasm_put_unsigned(&core->instance_list, index);
	}
	return err;
}

static struct op_error *take_global(struct wasm_core *core, const struct op_global_info *global,
				    uint32_t *ret)
{
	uint64_t address = global->value.address.value;
	for (size_t i = 0; i < core->globals.count; i++) {
		*ret = (uint32_t)i;
		if (address && core->globals.data[i] == address)
			return NULL;
	}
	if (global->value.state != OP_VALUE_PRESENT && global->value.type <= OP_VALUE_V128)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "no Wasm core dump was written: the value of global %u is "
				       "not known (%s), and the format has no way to say so",
				       global->index, op_value_state_message(global->value.state));
	if (global->value.type > OP_VALUE_V128)
		core->report->null_references++;
	op_wasm_put_global(&core->global_list, &global->value, global->is_mutable);
	*ret = (uint32_t)core->globals.count;
	return op_array_push(&core->globals, address) ? NULL : op_error_no_memory();
}

static struct op_error *take_globals(struct wasm_core *core)
{
	const struct op_global_info *globals;
	size_t count;
	struct op_error *err = op_session_globals(core->session, NULL, NULL, &globals, &count);
	if (err)
		return err;
	op_wasm_put_unsigned(&core->instance_list, count);
	for (size_t i = 0; !err && i < count; i++) {
		uint32_t index = 0;
		err = take_global(core, &globals[i], &index);
		op_wasm_put_unsigned(&core->instance_list, index);
	}
	return err;
}

/** Without the module's bytes nobody knows what an instance has. */
static struct op_error *take_instance(struct wasm_core *core, const struct op_instance_info *info,
				      uint32_t module)
{
	struct op_module_entry *entry = op_module_by_id(core->session, info->module_id);
	if (!op_array_push(&core->instances, *info))
		return op_error_no_memory();
	op_wasm_put_byte(&core->instance_list, 0);
	op_wasm_put_unsigned(&core->instance_list, module);
	if (!entry || !entry->wasm) {
		core->report->unknown_instances++;
		op_wasm_put_unsigned(&core->instance_list, 0);
		op_wasm_put_unsigned(&core->instance_list, 0);
		return NULL;
	}
	struct op_error *err = op_session_select_instance(core->session, info->number);
	if (!err)
		err = take_memories(core, info->number);
	return err ? err : take_globals(core);
}

static struct op_error *gather_instances(struct wasm_core *core)
{
	const struct op_instance_info *infos;
	size_t count;
	struct op_error *err = op_session_instances(core->session, &infos, &count);
	// Selecting one keeps the list: it holds until the target runs.
	for (size_t i = 0; !err && i < count; i++) {
		uint32_t module;
		if (module_index(core, infos[i].module_id, &module))
			err = take_instance(core, &infos[i], module);
	}
	core->report->instances = core->instances.count;
	core->report->memories = core->memories.count;
	core->report->globals = core->globals.count;
	return err;
}

// Memory --------------------------------------------------------------------------------------

static struct op_error *emit_memories(struct wasm_core *core)
{
	_cleanup_text_ struct op_text items = OP_TEXT_INIT;
	for (size_t i = 0; i < core->memories.count; i++)
		op_wasm_put_memory(&items, &core->memories.data[i].limits);
	return emit_list(core, SECTION_MEMORY, NULL, core->memories.count, &items);
}

/** Trim zeros. @return false: there is nothing else. */
static bool trim(const uint8_t *data, size_t *start, size_t *end)
{
	while (*start < *end && !data[*start])
		++*start;
	while (*end > *start && !data[*end - 1])
		--*end;
	return *start < *end;
}

/** The data of one memory, a segment for each chunk that holds something. */
static struct op_error *emit_data_of(struct wasm_core *core, uint32_t index, size_t chunk_size,
				     uint8_t *chunk, uint64_t *count)
{
	const struct dumped_memory *memory = &core->memories.data[index];
	struct op_error *err =
		memory->size ? op_session_select_instance(core->session, memory->instance) : NULL;
	for (uint64_t at = 0; !err && at < memory->size; at += chunk_size) {
		size_t start = 0, end = chunk_size;
		if (op_cancelled(&core->session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED,
					       "no Wasm core dump was written");
		if (memory->size - at < chunk_size)
			end = (size_t)(memory->size - at);
		err = op_session_read_memory(core->session, NULL, memory->index, at, chunk, end);
		if (err || !trim(chunk, &start, &end))
			continue;
		_cleanup_text_ struct op_text head = OP_TEXT_INIT;
		op_wasm_put_segment(&head, index, memory->limits.is_64, at + start, end - start);
		err = emit(core, &head);
		if (!err)
			err = op_new_file_write(&core->file, core->at, chunk + start, end - start);
		core->at += end - start;
		core->report->stored += end - start;
		++*count;
	}
	return err;
}

/** As LEB128 in five bytes whatever it is: room that is filled in later. */
static void put_padded(struct op_text *out, uint64_t number)
{
	for (int i = 0; i < 4; i++)
		op_wasm_put_byte(out, (uint8_t)(number >> 7 * i | 0x80));
	op_wasm_put_byte(out, (uint8_t)(number >> 28));
}

/** Written as it is read: neither the section's size nor the count is known before. */
static struct op_error *emit_data(struct wasm_core *core)
{
	enum { HEAD = 11, SIZE = 5 };
	uint64_t total = 0, count = 0, start = core->at;
	for (size_t i = 0; i < core->memories.count; i++)
		total += core->memories.data[i].size;
	size_t chunk_size = CHUNK_MIN;
	while (total / chunk_size > segments_max)
		chunk_size *= 2;
	_cleanup_free_ uint8_t *chunk = malloc(chunk_size);
	if (!chunk)
		return op_error_no_memory();
	struct op_error *err = NULL;
	core->at += HEAD;
	for (uint32_t i = 0; !err && i < core->memories.count; i++)
		err = emit_data_of(core, i, chunk_size, chunk, &count);
	if (!err && core->at - start > section_max)
		err = op_error_create(OP_ERROR_LIMIT,
				      "no Wasm core dump was written: the memories hold more than "
				      "the 4 GiB that fit the format; write a core file");
	if (err)
		return err;
	_cleanup_text_ struct op_text head = OP_TEXT_INIT;
	op_wasm_put_byte(&head, SECTION_DATA);
	put_padded(&head, core->at - start - HEAD + SIZE);
	put_padded(&head, count);
	return head.failed ? op_error_no_memory()
			   : op_new_file_write(&core->file, start, head.data, head.size);
}

// Stacks --------------------------------------------------------------------------------------

/** Bytes from the function's first to the frame's place; 0 when that is not known. */
static uint32_t offset_in_function(struct wasm_core *core, const struct op_frame *frame)
{
	struct op_module_entry *entry = op_module_by_id(core->session, frame->module_id);
	struct op_wasm_body body;
	if (frame->function_offset)
		return frame->function_offset;
	if (frame->has_pc && entry && entry->wasm &&
	    op_wasm_module_function_body(entry->wasm, frame->function_index, &body) &&
	    frame->pc >= body.start && frame->pc < body.end)
		return frame->pc - body.start;
	core->report->unknown_offsets++;
	return 0;
}

/** The instance that a frame runs in; without a vmctx the last of its module, as Wasmtime does. */
static bool instance_of(const struct wasm_core *core, const struct op_frame *frame, uint32_t *ret)
{
	bool found = false;
	for (size_t i = 0; i < core->instances.count; i++) {
		const struct op_instance_info *one = &core->instances.data[i];
		if (frame->vmctx.value ? one->vmctx.value != frame->vmctx.value
				       : one->module_id != frame->module_id)
			continue;
		*ret = (uint32_t)i;
		found = true;
	}
	return found;
}

static void put_values(struct wasm_core *core, struct op_text *out, const struct op_variable *data,
		       size_t count)
{
	op_wasm_put_unsigned(out, count);
	for (size_t i = 0; i < count; i++) {
		core->report->unknown_values += data[i].value.state != OP_VALUE_PRESENT;
		op_wasm_put_value(out, &data[i].value);
	}
}

static struct op_error *put_frame(struct wasm_core *core, struct op_text *out,
				  const struct op_frame *frame)
{
	const struct op_variable *data;
	size_t count = 0;
	enum op_value_state reason;
	uint32_t instance;
	if (!instance_of(core, frame, &instance))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "no Wasm core dump was written: the instance of frame %u "
				       "(%s) was not found, and the format wants one",
				       frame->level, frame->function);
	op_wasm_put_byte(out, 0);
	op_wasm_put_unsigned(out, instance);
	op_wasm_put_unsigned(out, frame->function_index);
	op_wasm_put_unsigned(out, offset_in_function(core, frame));
	struct op_error *err = op_session_locals(core->session, frame, &data, &count);
	// Without any record there is not even a count of them.
	if (err && err->code != OP_ERROR_UNSUPPORTED)
		return err;
	op_error_destroy(err);
	put_values(core, out, data, err ? 0 : count);
	count = 0;
	err = op_session_operands(core->session, frame, &data, &count, &reason);
	if (err && err->code != OP_ERROR_UNSUPPORTED)
		return err;
	op_error_destroy(err);
	put_values(core, out, data, err ? 0 : count);
	core->report->frames++;
	return NULL;
}

static struct op_error *emit_stack(struct wasm_core *core, const char *name,
				   const struct op_stack *stack)
{
	_cleanup_text_ struct op_text frames = OP_TEXT_INIT, content = OP_TEXT_INIT;
	size_t count = 0;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < stack->count; i++) {
		if (stack->frames[i].kind != OP_FRAME_WASM)
			continue;
		err = put_frame(core, &frames, &stack->frames[i]);
		count++;
	}
	if (err || !count)
		return err;
	op_wasm_put_byte(&content, 0);
	op_wasm_put_name(&content, name);
	op_wasm_put_unsigned(&content, count);
	op_text_append_n(&content, frames.data, frames.size);
	content.failed |= frames.failed;
	core->report->threads++;
	return emit_section(core, SECTION_CUSTOM, "corestack", &content);
}

static struct op_error *emit_thread(struct wasm_core *core, int64_t id)
{
	const struct op_stack *stack;
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	struct op_error *err = op_session_thread_stack(core->session, id, 0, &stack);
	if (err)
		return err;
	op_text_printf(&name, "%s (%lld)", stack->thread_name, (long long)id);
	return name.failed ? op_error_no_memory() : emit_stack(core, name.data, stack);
}

/** The selected thread first: the dump is about it. */
static struct op_error *emit_threads(struct wasm_core *core)
{
	const struct op_thread_summary *threads;
	struct OP_ARRAY(int64_t) ids = {0};
	size_t count;
	struct op_error *err = op_session_threads(core->session, &threads, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (!threads[i].in_guest)
			continue;
		if (!op_array_push(&ids, threads[i].id))
			err = op_error_no_memory();
		else if (threads[i].selected) {
			ids.data[ids.count - 1] = ids.data[0];
			ids.data[0] = threads[i].id;
		}
	}
	for (size_t i = 0; !err && i < ids.count; i++)
		err = emit_thread(core, ids.data[i]);
	free(ids.data);
	return err;
}

static struct op_error *emit_suspended(struct wasm_core *core)
{
	size_t count;
	struct op_error *err = op_session_suspended_count(core->session, &count);
	for (size_t i = 0; !err && i < count; i++) {
		const struct op_stack *stack;
		_cleanup_text_ struct op_text name = OP_TEXT_INIT;
		op_text_printf(&name, "suspended %zu", i);
		err = op_session_suspended_stack(core->session, i, 0, &stack);
		if (!err)
			err = name.failed ? op_error_no_memory()
					  : emit_stack(core, name.data, stack);
	}
	return err;
}

// The whole -----------------------------------------------------------------------------------

static struct op_error *emit_head(struct wasm_core *core)
{
	_cleanup_text_ struct op_text head = OP_TEXT_INIT, content = OP_TEXT_INIT;
	const char *name = "";
	for (size_t i = 0; i < core->session->modules.count && !*name; i++)
		if (core->session->modules.data[i]->file)
			name = core->session->modules.data[i]->file;
	size_t size;
	if (!*name)
		name = op_process_command_line(core->session->process, &size);
	op_text_append_n(&head, "\0asm\1\0\0", 8);
	op_wasm_put_byte(&content, 0);
	op_wasm_put_name(&content, name);
	op_wasm_put_section(&head, SECTION_CUSTOM, "core", &content);
	return emit(core, &head);
}

static struct op_error *emit_all(struct wasm_core *core)
{
	struct op_error *err = emit_head(core);
	if (!err)
		err = gather_modules(core);
	if (!err)
		err = gather_instances(core);
	if (!err)
		err = emit_memories(core);
	if (!err)
		err = emit_list(core, SECTION_GLOBAL, NULL, core->globals.count,
				&core->global_list);
	if (!err)
		err = emit_data(core);
	if (!err)
		err = emit_list(core, SECTION_CUSTOM, "coremodules", core->modules.count,
				&core->module_list);
	if (!err)
		err = emit_list(core, SECTION_CUSTOM, "coreinstances", core->instances.count,
				&core->instance_list);
	if (!err)
		err = emit_threads(core);
	return err ? err : emit_suspended(core);
}

/** What a person has selected, as it was before. */
struct selection {
	bool has_instance;
	uint32_t instance;
	int64_t thread;
	bool suspended;
	size_t suspended_index;
	uint32_t level;
};

static struct op_error *keep_selection(struct op_session *session, struct selection *ret)
{
	const struct op_instance_info *infos;
	size_t count;
	*ret = (struct selection){
		.thread = session->selected_thread,
		.suspended = session->suspended_selected,
		.suspended_index = session->selected_suspended,
		.level = session->selected_level,
	};
	struct op_error *err = op_session_instances(session, &infos, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (!infos[i].selected)
			continue;
		ret->has_instance = true;
		ret->instance = infos[i].number;
	}
	return err;
}

static struct op_error *restore_selection(struct op_session *session,
					  const struct selection *selection)
{
	struct op_error *err =
		selection->suspended
			? op_session_select_suspended(session, selection->suspended_index)
			: op_session_select_thread(session, selection->thread);
	if (!err && selection->level)
		err = op_session_select_level(session, selection->level);
	if (!err && selection->has_instance)
		err = op_session_select_instance(session, selection->instance);
	return err;
}

struct op_error *op_session_write_wasm_core(struct op_session *session, const char *path,
					    struct op_written_wasm_core *ret)
{
	*ret = (struct op_written_wasm_core){0};
	_cleanup_(wasm_core_deinit) struct wasm_core core = {
		.session = session, .file = {.fd = -1}, .report = ret};
	struct selection selection;
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = keep_selection(session, &selection);
	if (err)
		return err;
	err = op_new_file_begin(&core.file, path);
	if (!err)
		err = emit_all(&core);
	struct op_error *restore_err = restore_selection(session, &selection);
	if (!err)
		err = restore_err;
	else
		op_error_destroy(restore_err);
	ret->size = core.at;
	return err ? err : op_new_file_finish(&core.file, core.at);
}
