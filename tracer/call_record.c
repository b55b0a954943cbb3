// SPDX-License-Identifier: GPL-3.0-or-later
// What is called: from the registers at a trampoline and the caller's imports; see call_record.h.
#include "tracer/call_record.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/reader.h"
#include "target-runtime/vmctx.h"
#include "tracer/step.h"

// Of a module that imports more, calls have no names.
enum { IMPORTS_MAX = 10000, NAME_MAX_SIZE = 256 };

void op_call_record_clear(struct op_call_record *record)
{
	for (size_t i = 0; i < record->texts.count; i++)
		free(record->texts.data[i]);
	free(record->texts.data);
	free(record->arguments.data);
	op_artifact_unref(record->artifact);
	*record = (struct op_call_record){0};
}

void op_call_record_destroy(struct op_call_record *record)
{
	if (!record)
		return;
	op_call_record_clear(record);
	free(record);
}

static struct op_error *keep_name(struct op_call_record *record, const char *data, size_t size,
				  const char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, data, size < NAME_MAX_SIZE ? size : NAME_MAX_SIZE);
	char *copy;
	struct op_error *err = op_text_steal(&text, &copy);
	if (err)
		return err;
	if (!op_array_push(&record->texts, copy)) {
		free(copy);
		return op_error_no_memory();
	}
	*ret = copy;
	return NULL;
}

// The caller's import that is bound to this function: its code is the trampoline's entry, its
// context the callee's. That holds for calls through tables and references too.
static struct op_error *find_import(struct op_session *session, struct op_call_record *record,
				    uint64_t code, uint64_t callee)
{
	uint32_t imported = op_wasm_module_imported(record->wasm, OP_WASM_EXTERNAL_FUNC);
	size_t size = record->layout->function_import_size;
	bool is_short = size == OP_VM_SHORT_FUNCTION_IMPORT_SIZE;
	size_t code_at = is_short ? 0 : OP_VM_FUNC_REF_WASM_CALL;
	size_t vmctx_at = is_short ? OP_VM_SHORT_FUNCTION_IMPORT_VMCTX : OP_VM_FUNC_REF_VMCTX;
	if (!imported || imported > IMPORTS_MAX)
		return NULL;
	_cleanup_free_ uint8_t *bytes = malloc(imported * size);
	if (!bytes)
		return op_error_no_memory();
	struct op_vmctx_offsets offsets = op_vmctx_offsets(record->layout, record->wasm);
	struct op_error *err = op_process_read(
		session->process, op_host_addr_add(record->vmctx, offsets.imported_functions),
		bytes, imported * size);
	uint32_t found = 0;
	for (; !err && found < imported; found++) {
		const uint8_t *import = bytes + found * size;
		if (op_load_u64_unchecked(import + vmctx_at) == callee &&
		    op_load_u64_unchecked(import + code_at) == code)
			break;
	}
	if (err || found == imported) {
		// Then the call has no name.
		op_error_destroy(err);
		return NULL;
	}
	record->type = op_wasm_module_function_type(record->wasm, found);
	uint32_t count;
	const struct op_wasm_import *imports = op_wasm_module_imports(record->wasm, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (imports[i].kind != OP_WASM_EXTERNAL_FUNC || imports[i].index != found)
			continue;
		err = keep_name(record, imports[i].module.data, imports[i].module.size,
				&record->call.module);
		return err
			       ?: keep_name(record, imports[i].name.data, imports[i].name.size,
					    &record->call.name);
	}
	return NULL;
}

// A component's trampoline is told by its symbol: "component-trampolines[3]-wasm-call-NAME".
static struct op_error *name_by_symbol(struct op_call_record *record, const char *symbol)
{
	static const char mark[] = "-wasm-call-";
	const char *name = symbol ? strstr(symbol, mark) : NULL;
	if (!name)
		return NULL;
	name += strlen(mark);
	return keep_name(record, name, strlen(name), &record->call.name);
}

// WASI's only when the module's idea of the function's type is WASI's too.
static void recognise_wasi(struct op_call_record *record)
{
	static const char preview1[] = "wasi_snapshot_preview1";
	if (!record->type || !record->call.module || strcmp(record->call.module, preview1) != 0)
		return;
	const struct op_wasi_function *wasi = op_wasi_function(record->call.name);
	uint32_t width = 0;
	for (size_t i = 0; wasi && i < OP_WASI_PARAMETERS_MAX; i++)
		width += op_wasi_width(wasi->parameters[i].kind);
	if (wasi && width == record->type->param_count)
		record->wasi = wasi;
}

static struct op_error *read_values(struct op_session *session, op_thread_id thread,
				    const struct op_registers *registers,
				    struct op_call_record *record)
{
	uint32_t count = record->type ? record->type->param_count : 0;
	if (count > OP_CALL_VALUES_MAX)
		count = OP_CALL_VALUES_MAX;
	record->value_count = count;
	for (uint32_t i = 0; i < count; i++)
		record->values[i].type = op_value_type_of(record->wasm, &record->type->params[i]);
	return op_arguments_of_call(session, thread, registers, record->values, count);
}

struct op_error *op_call_record_read(struct op_session *session, op_thread_id thread,
				     const struct op_function *trampoline, uint64_t address,
				     struct op_call_record *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	uint64_t sp = registers.value[arch->sp];
	uint8_t word[sizeof(uint64_t)];
	err = op_process_read(session->process, op_host_addr(sp), word, sizeof(word));
	if (err)
		return err;
	uint64_t back = arch->strip_return_address(op_load_u64_unchecked(word));
	// The frame that the trampoline is about to make: its frame pointer.
	ret->frame = sp - sizeof(uint64_t);
	ret->vmctx = op_host_addr(registers.value[arch->caller_vmctx_argument]);
	const struct op_image *image = op_image_set_find(session->images, op_host_addr(back));
	const struct op_function *caller = NULL;
	if (image)
		err = op_artifact_function_at(image->artifact, back - 1 - image->text.value,
					      &caller);
	if (!err && caller && caller->kind == OP_FUNCTION_WASM) {
		ret->artifact = op_artifact_ref(image->artifact);
		ret->layout = op_artifact_info(image->artifact)->layout;
		err = op_artifact_module(image->artifact, caller->module, &ret->wasm);
	}
	if (!err && ret->wasm && ret->layout)
		err = find_import(session, ret, address, registers.value[arch->vmctx_argument]);
	if (!err && !ret->call.name)
		err = name_by_symbol(ret, trampoline->name);
	if (err)
		return err;
	recognise_wasi(ret);
	clock_gettime(CLOCK_MONOTONIC, &ret->begun);
	return read_values(session, thread, &registers, ret);
}

struct op_error *op_call_record_read_failing(struct op_session *session, op_thread_id thread,
					     const struct op_function *trampoline,
					     struct op_call_record *ret)
{
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	op_memory_cache_drop(session->cache);
	struct op_stack_context context = op_session_stack_context(session);
	struct op_walk walk = {0};
	const struct op_wasm_import *import = NULL;
	err = op_walk_thread(&context, &registers, 2, &walk);
	if (!err)
		err = op_walk_host_call_import(&context, &walk, 0, &import);
	op_walk_deinit(&walk);
	if (!err && import)
		err = keep_name(ret, import->module.data, import->module.size, &ret->call.module);
	if (!err && import)
		err = keep_name(ret, import->name.data, import->name.size, &ret->call.name);
	if (!err && !import)
		err = name_by_symbol(ret, trampoline->name);
	ret->call.failed = ret->call.is_error = true;
	ret->call.text = ret->call.name ?: "?";
	return err;
}

bool op_call_record_matches(const struct op_call_record *record, const char *const *patterns,
			    size_t count)
{
	const struct op_host_call *call = &record->call;
	_cleanup_text_ struct op_text whole = OP_TEXT_INIT;
	if (!count)
		return true;
	if (!call->name)
		return false;
	op_text_printf(&whole, "%s.%s", call->module ?: "", call->name);
	for (size_t i = 0; i < count; i++)
		if (!fnmatch(patterns[i], call->name, 0) ||
		    (whole.data && !fnmatch(patterns[i], whole.data, 0)))
			return true;
	return false;
}

bool op_call_record_is_exit(const struct op_call_record *record)
{
	static const struct {
		const char *module, *name;
	} exits[] = {
		{"wasi_snapshot_preview1", "proc_exit"},
		{"wasi_unstable", "proc_exit"},
		{"wasi:cli/exit", "exit"},
	};
	const struct op_host_call *call = &record->call;
	for (size_t i = 0; call->module && i < OP_ARRAY_SIZE(exits); i++)
		// A component's import carries a version: wasi:cli/exit@0.2.0.
		if (!strncmp(call->module, exits[i].module, strlen(exits[i].module)) &&
		    !strncmp(call->name, exits[i].name, strlen(exits[i].name)))
			return true;
	return false;
}

struct op_error *op_call_record_arguments(struct op_session *session, struct op_call_record *record)
{
	return op_call_render_arguments(session, record, false, 0);
}

static uint64_t nanoseconds_since(const struct timespec *begun)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)(now.tv_sec - begun->tv_sec) * 1000000000U + (uint64_t)now.tv_nsec -
	       (uint64_t)begun->tv_nsec;
}

struct op_error *op_call_record_returned(struct op_session *session, op_thread_id thread,
					 struct op_call_record *record)
{
	record->call.nanoseconds = nanoseconds_since(&record->begun);
	record->call.returned = true;
	if (!record->type || !record->type->result_count)
		return NULL;
	struct op_value value = {.type = op_value_type_of(record->wasm, &record->type->results[0])};
	struct op_error *err = op_step_register_result(session, thread, &value);
	if (err)
		return err;
	record->call.is_error = record->wasi && (uint32_t)op_value_bits(&value) != 0;
	uint64_t filled;
	err = op_call_filled(session, record, &filled);
	if (!err)
		err = op_call_render_arguments(session, record, true, filled);
	return err ?: op_call_render_result(session, record, &value);
}

void op_call_record_failed(struct op_call_record *record)
{
	record->call.nanoseconds = nanoseconds_since(&record->begun);
	record->call.failed = true;
	record->call.is_error = !op_call_record_is_exit(record);
}
