// SPDX-License-Identifier: GPL-3.0-or-later
// The name of what the guest calls through an exit trampoline: an import's, a builtin's, a
// component import's. Works on a finished walk; finds no frames itself.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/stack.h"
#include "target-runtime/wasm/module.h"

// The import that the innermost instruction of a guest frame calls directly; a call through a table
// or a reference tells none.
static struct op_error *called_import(const struct op_virtual_frame *frame,
				      const struct op_wasm_import **ret)
{
	*ret = NULL;
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
			*ret = &imports[i];
			break;
		}
	}
	return NULL;
}

struct op_error *op_walk_host_call_import(const struct op_stack_context *context,
					  const struct op_walk *walk, size_t exit_frame_index,
					  const struct op_wasm_import **ret)
{
	*ret = NULL;
	if (exit_frame_index + 1 >= walk->count ||
	    walk->frames[exit_frame_index].kind != OP_MACHINE_FRAME_EXIT)
		return NULL;
	struct op_virtual_frame *frames = calloc(OP_VIRTUAL_FRAMES_MAX, sizeof(*frames));
	if (!frames)
		return op_error_no_memory();
	size_t count;
	struct op_error *err = op_virtual_frames(context, &walk->frames[exit_frame_index + 1], NULL,
						 frames, &count);
	if (!err && count > 0)
		err = called_import(&frames[0], ret);
	free(frames);
	return err;
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
	const struct op_wasm_import *import;
	struct op_error *err = op_walk_host_call_import(context, walk, exit_frame_index, &import);
	if (err)
		return err;
	if (import)
		op_text_append_escaped(ret, import->name.data, import->name.size);
	else
		component_name(frame->function, ret);
	return NULL;
}
