// SPDX-License-Identifier: GPL-3.0-or-later
// Linear memory and the values of frames, for the public interface.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/instance.h"
#include "tracer/session.h"
#include "tracer/state.h"
#include "tracer/watchpoint.h"

// Values of frames ----------------------------------------------------------------------------

static void list_clear(struct op_variable_list *list)
{
	for (size_t i = 0; i < list->names.count; i++)
		free(list->names.data[i]);
	list->names.count = 0;
	list->items.count = 0;
}

void op_variable_list_deinit(struct op_variable_list *list)
{
	list_clear(list);
	free(list->names.data);
	free(list->items.data);
}

static struct op_error *need_guest_frame(struct op_session *session, const struct op_frame *frame)
{
	struct op_error *err = op_session_need_stopped(session);
	if (!err && (frame->kind != OP_FRAME_WASM || !frame->internal))
		err = op_error_create(OP_ERROR_STATE,
				      "this is a host frame: it has no Wasm values");
	return err;
}

static struct op_error *keep_name(struct op_variable_list *list, struct op_wasm_name name,
				  const char **ret)
{
	*ret = NULL;
	if (!name.size)
		return NULL;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, name.data, name.size);
	char *string;
	struct op_error *err = op_text_steal(&text, &string);
	if (err)
		return err;
	if (!op_array_push(&list->names, string)) {
		free(string);
		return op_error_no_memory();
	}
	*ret = string;
	return NULL;
}

struct op_error *op_session_locals(struct op_session *session, const struct op_frame *frame,
				   const struct op_variable **ret, size_t *ret_count)
{
	struct op_error *err = need_guest_frame(session, frame);
	if (err)
		return err;
	struct op_variable_list *list = &session->locals;
	list_clear(list);
	const struct op_virtual_frame *virtual_frame = op_frame_virtual(frame);
	struct op_stack_context context = op_session_stack_context(session);
	struct op_module_entry *module = op_module_by_id(session, frame->module_id);
	for (uint32_t i = 0; i < frame->local_count; i++) {
		struct op_variable variable = {.index = i};
		err = op_frame_local(&context, virtual_frame, i, &variable.value);
		if (!err && module && module->wasm)
			err = keep_name(
				list,
				op_wasm_module_local_name(module->wasm, frame->function_index, i),
				&variable.name);
		if (err)
			return err;
		if (!op_array_push(&list->items, variable))
			return op_error_no_memory();
	}
	if (frame->no_values) {
		err = op_arguments_read(session, frame, list->items.data, list->items.count);
		if (err)
			return err;
	}
	*ret = list->items.data;
	*ret_count = list->items.count;
	return NULL;
}

struct op_error *op_session_local(struct op_session *session, const struct op_frame *frame,
				  uint32_t index, struct op_value *ret)
{
	struct op_error *err = need_guest_frame(session, frame);
	if (err)
		return err;
	if (!frame->no_values) {
		struct op_stack_context context = op_session_stack_context(session);
		return op_frame_local(&context, op_frame_virtual(frame), index, ret);
	}
	// The list knows the arguments of code that records nothing.
	const struct op_variable *locals;
	size_t count;
	err = op_session_locals(session, frame, &locals, &count);
	if (!err && index >= count)
		err = op_error_create(OP_ERROR_NOT_FOUND,
				      "%s has no local %" PRIu32 " (it has %zu)", frame->function,
				      index, count);
	if (!err)
		*ret = locals[index].value;
	return err;
}

struct op_error *op_session_operands(struct op_session *session, const struct op_frame *frame,
				     const struct op_variable **ret, size_t *ret_count,
				     enum op_value_state *ret_reason)
{
	struct op_error *err = need_guest_frame(session, frame);
	if (err)
		return err;
	struct op_variable_list *list = &session->operands;
	list_clear(list);
	struct op_stack_context context = op_session_stack_context(session);
	_cleanup_free_ struct op_value *values = NULL;
	size_t count;
	*ret_reason = OP_VALUE_PRESENT;
	err = op_frame_operands(&context, op_frame_virtual(frame), &values, &count, ret_reason);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		if (!op_array_push(&list->items, ((struct op_variable){.index = (uint32_t)i,
								       .value = values[i]})))
			return op_error_no_memory();
	*ret = list->items.data;
	*ret_count = list->items.count;
	return NULL;
}

// Linear memory -------------------------------------------------------------------------------

// The instance whose memories are meant.
struct memory_home {
	const struct op_wasm_module *wasm;
	const struct op_layout *layout;
	struct op_host_addr vmctx;
	const char *module; // its name, for sentences
};

static struct op_error *frame_home(struct op_session *session, const struct op_frame *frame,
				   struct memory_home *ret)
{
	struct op_error *err = need_guest_frame(session, frame);
	if (err)
		return err;
	struct op_module_entry *module = op_module_by_id(session, frame->module_id);
	if (!module || !module->wasm)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"the linear memories of module %s cannot be found: its original bytes are "
			"not recorded (no guest-debug, or Wasmtime "
			"before 43)",
			frame->module);
	*ret = (struct memory_home){module->wasm, op_artifact_info(module->artifact)->layout,
				    frame->vmctx, frame->module};
	if (!ret->vmctx.value || !ret->layout)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the instance that frame %" PRIu32 " runs in is not known",
				       frame->level);
	return NULL;
}

// A frame tells its instance without a search; all others have to be found.
static struct op_error *memory_home(struct op_session *session, const struct op_frame *frame,
				    struct memory_home *ret)
{
	if (frame && frame->kind == OP_FRAME_WASM && frame->vmctx.value &&
	    !op_state_has_selection(session))
		return frame_home(session, frame, ret);
	struct op_scope scope;
	struct op_error *err = op_state_module_scope(session, frame, &scope, &ret->wasm);
	if (err)
		return err;
	ret->layout = scope.instance->layout;
	ret->vmctx = scope.instance->vmctx;
	ret->module = op_state_module_name(session, scope.instance);
	return ret->layout ? NULL
			   : op_error_create(OP_ERROR_UNSUPPORTED,
					     "instance %" PRIu32
					     " belongs to a Wasmtime that outpost does not know",
					     scope.number);
}

struct op_error *op_session_memory_state(struct op_session *session, const struct op_frame *frame,
					 uint32_t index, struct op_memory_state *ret)
{
	struct memory_home home;
	struct op_error *err = memory_home(session, frame, &home);
	if (err)
		return err;
	uint32_t count;
	op_wasm_module_memories(home.wasm, &count);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       count ? "module %s has no memory %" PRIu32
					       " (it has %" PRIu32 ")"
					     : "module %s has no memory",
				       home.module, index, count);
	struct op_memory memory = op_session_memory(session);
	return op_instance_memory(&memory, home.layout, home.wasm, home.vmctx, index, ret);
}

struct op_error *op_session_memories(struct op_session *session, const struct op_frame *frame,
				     const struct op_memory_info **ret, size_t *ret_count)
{
	struct memory_home home;
	struct op_error *err = memory_home(session, frame, &home);
	if (err)
		return err;
	for (size_t i = 0; i < session->memory_names.count; i++)
		free(session->memory_names.data[i]);
	session->memory_names.count = 0;
	session->memories.count = 0;
	uint32_t count;
	op_wasm_module_memories(home.wasm, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct op_memory_state state;
		err = op_session_memory_state(session, frame, i, &state);
		if (err)
			return err;
		struct op_memory_info info = {.index = i,
					      .base = state.base,
					      .size = state.size,
					      .imported = state.imported};
		struct op_wasm_name name = op_wasm_module_memory_name(home.wasm, i);
		if (name.size) {
			_cleanup_text_ struct op_text text = OP_TEXT_INIT;
			op_text_append_escaped(&text, name.data, name.size);
			char *string;
			err = op_text_steal(&text, &string);
			if (err)
				return err;
			if (!op_array_push(&session->memory_names, string)) {
				free(string);
				return op_error_no_memory();
			}
			info.name = string;
		}
		if (!op_array_push(&session->memories, info))
			return op_error_no_memory();
	}
	*ret = session->memories.data;
	*ret_count = session->memories.count;
	return NULL;
}

// Where a range of guest memory is in the target; out of bounds is said in the guest's own numbers.
static struct op_error *guest_range(struct op_session *session, const struct op_frame *frame,
				    uint32_t index, uint64_t offset, size_t size,
				    struct op_host_addr *ret)
{
	struct op_memory_state state;
	struct op_error *err = op_session_memory_state(session, frame, index, &state);
	if (err)
		return err;
	if (offset > state.size || size > state.size - offset)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "address 0x%" PRIx64
				       " (%zu bytes) is outside memory %" PRIu32
				       ", which has 0x%" PRIx64 " bytes",
				       offset, size, index, state.size);
	*ret = op_host_addr_add(state.base, offset);
	return NULL;
}

struct op_error *op_session_read_memory(struct op_session *session, const struct op_frame *frame,
					uint32_t memory, uint64_t offset, void *buffer, size_t size)
{
	struct op_host_addr addr;
	struct op_error *err = guest_range(session, frame, memory, offset, size, &addr);
	return err ?: op_process_read(session->process, addr, buffer, size);
}

struct op_error *op_session_write_memory(struct op_session *session, const struct op_frame *frame,
					 uint32_t memory, uint64_t offset, const void *buffer,
					 size_t size)
{
	struct op_host_addr addr;
	struct op_error *err = guest_range(session, frame, memory, offset, size, &addr);
	if (!err)
		err = op_process_write(session->process, addr, buffer, size);
	if (!err) {
		op_memory_cache_drop(session->cache);
		op_watch_reread(session);
	}
	return err;
}
