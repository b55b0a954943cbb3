// SPDX-License-Identifier: GPL-3.0-or-later
// The name of what the guest calls through an exit trampoline: an import's, a builtin's, a
// component import's. Works on a finished walk; finds no frames itself.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/stack.h"
#include "target-runtime/wasm/module.h"

// The import that the innermost instruction of a guest frame calls directly; a call through a table
// or a reference tells no name.
static struct op_error *import_name(const struct op_virtual_frame *frame, struct op_text *ret)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_artifact_module(frame->artifact, frame->pc.module, &module);
	if (err || !module || !frame->has_pc)
		return err;
	struct op_wasm_instruction call;
	// An opcode that outpost does not know is no direct call.
	_cleanup_error_ struct op_error *unknown =
		op_wasm_instruction_decode(module, frame->pc.offset, &call);
	if (unknown || (call.control != OP_WASM_CALL && call.control != OP_WASM_RETURN_CALL))
		return NULL;
	uint32_t count;
	const struct op_wasm_import *imports = op_wasm_module_imports(module, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (imports[i].kind == OP_WASM_EXTERNAL_FUNC &&
		    imports[i].index == call.immediate) {
			op_text_append_escaped(ret, imports[i].name.data, imports[i].name.size);
			break;
		}
	}
	return NULL;
}

// "component-trampolines[3]-wasm-call-NAME" is told by its symbol.
static void component_name(const struct op_function *function, struct op_text *ret)
{
	static const char mark[] = "-wasm-call-", lowered[] = "component-lower-import";
	const char *name = function->name ? strstr(function->name, mark) : NULL;
	if (!name)
		return;
	name += sizeof(mark) - 1;
	// That it is some import of the component's says nothing about which.
	if (!strncmp(name, lowered, sizeof(lowered) - 1))
		return;
	op_text_append_escaped(ret, name, strlen(name));
}

struct op_error *op_walk_host_call_name(const struct op_stack_context *context,
					const struct op_walk *walk, size_t exit_frame_index,
					struct op_text *ret)
{
	if (exit_frame_index >= walk->count)
		return op_error_create(OP_ERROR_NOT_FOUND, "the walk has no frame %zu",
				       exit_frame_index);
	const struct op_machine_frame *frame = &walk->frames[exit_frame_index];
	if (frame->kind != OP_MACHINE_FRAME_EXIT)
		return NULL;
	if (frame->function->kind == OP_FUNCTION_BUILTIN ||
	    frame->function->kind == OP_FUNCTION_BREAKPOINT) {
		if (frame->function->name)
			op_text_append_escaped(ret, frame->function->name,
					       strlen(frame->function->name));
		return NULL;
	}
	if (exit_frame_index + 1 >= walk->count)
		return NULL;
	struct op_virtual_frame *frames = calloc(OP_VIRTUAL_FRAMES_MAX, sizeof(*frames));
	if (!frames)
		return op_error_no_memory();
	size_t count;
	struct op_error *err = op_virtual_frames(context, &walk->frames[exit_frame_index + 1], NULL,
						 frames, &count);
	size_t before = ret->size;
	if (!err && count > 0)
		err = import_name(&frames[0], ret);
	if (!err && ret->size == before)
		component_name(frame->function, ret);
	free(frames);
	return err;
}
