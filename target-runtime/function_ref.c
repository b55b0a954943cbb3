// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a VMFuncRef and finds out whose function it is. VMFuncRefs in a VMContext are filled in
// when they are first taken and hold anything before that, so nothing is believed that the known
// code and instances do not confirm.
#include "target-runtime/function_ref.h"

#include <inttypes.h>
#include <string.h>

#include "base/reader.h"
#include "target-runtime/image_scan.h"
#include "target-runtime/vmctx.h"

static struct op_error *bad(struct op_function_ref *ret, const char *problem)
{
	ret->kind = OP_FUNCTION_REF_BAD;
	ret->problem = problem;
	return NULL;
}

static bool is_executable(const struct op_store_set *set, uint64_t address)
{
	const struct op_stack_context *context = op_store_set_context(set);
	struct op_region_list regions = {.data = context->regions, .count = context->region_count};
	const struct op_region *region = op_region_find(&regions, op_host_addr(address));
	return region && region->executable;
}

/** A core instance's function: its code must be a function of the guest. */
static struct op_error *resolve_guest(const struct op_store_set *set, struct op_function_ref *ret)
{
	const struct op_image *image =
		op_image_set_find(op_store_set_context(set)->images, ret->code);
	const struct op_function *function;
	if (!image)
		return bad(ret, "its code is in no known image");
	struct op_error *err = op_artifact_function_at(
		image->artifact, ret->code.value - image->text.value, &function);
	if (err)
		return err;
	if (!function || function->kind != OP_FUNCTION_WASM ||
	    function->text_offset != ret->code.value - image->text.value)
		return bad(ret, "its code is not the start of a function of the guest");
	ret->instance = op_store_set_find(set, ret->vmctx);
	if (ret->instance && ret->instance->artifact &&
	    (ret->instance->artifact != image->artifact ||
	     ret->instance->module != function->module))
		return bad(ret, "its code and its instance belong to different modules");
	ret->kind = OP_FUNCTION_REF_GUEST;
	ret->image = image->id;
	ret->artifact = image->artifact;
	ret->module = function->module;
	ret->function = function->index;
	return NULL;
}

// VMArrayCallHostFuncContext: {magic, func_ref}; the guest calls a trampoline, which calls
// array_call.
static struct op_error *resolve_host(const struct op_store_set *set, uint64_t array_call,
				     struct op_function_ref *ret)
{
	if (!is_executable(set, array_call))
		return bad(ret, "it leads to no code of the host");
	ret->kind = OP_FUNCTION_REF_HOST;
	ret->code = op_host_addr(array_call);
	return NULL;
}

static struct op_error *resolve(const struct op_store_set *set, uint64_t array_call,
				struct op_function_ref *ret)
{
	uint8_t bytes[4];
	size_t done;
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	struct op_error *err =
		memory->read_some(memory->context, ret->vmctx, bytes, sizeof(bytes), &done);
	if (err)
		return err;
	if (done < sizeof(bytes) || ret->vmctx.value % 8 != 0)
		return bad(ret, "its context cannot be read");
	switch (op_load_u32_unchecked(bytes)) {
	case OP_VMCTX_MAGIC_CORE:
		return resolve_guest(set, ret);
	case OP_VMCTX_MAGIC_HOST:
		return resolve_host(set, array_call, ret);
	case OP_VMCTX_MAGIC_COMPONENT:
		if (!is_executable(set, ret->code.value))
			return bad(ret, "it leads to no code");
		ret->kind = OP_FUNCTION_REF_COMPONENT;
		return NULL;
	default:
		return bad(ret,
			   "its context is neither an instance, nor a component, nor the host's");
	}
}

static struct op_error *parse(const struct op_store_set *set, const uint8_t *bytes,
			      struct op_function_ref *ret)
{
	ret->code = op_host_addr(op_load_u64_unchecked(bytes + OP_VM_FUNC_REF_WASM_CALL));
	ret->vmctx = op_host_addr(op_load_u64_unchecked(bytes + OP_VM_FUNC_REF_VMCTX));
	return resolve(set, op_load_u64_unchecked(bytes + OP_VM_FUNC_REF_ARRAY_CALL), ret);
}

struct op_error *op_function_ref_read(const struct op_store_set *set, struct op_host_addr pointer,
				      struct op_function_ref *ret)
{
	uint8_t bytes[OP_VM_FUNC_REF_SIZE];
	size_t done;
	*ret = (struct op_function_ref){.kind = OP_FUNCTION_REF_NULL, .address = pointer};
	if (pointer.value == 0)
		return NULL;
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	struct op_error *err =
		memory->read_some(memory->context, pointer, bytes, sizeof(bytes), &done);
	if (err)
		return err;
	if (done < sizeof(bytes) || pointer.value % 4 != 0)
		return bad(ret, "it cannot be read");
	return parse(set, bytes, ret);
}

struct op_error *op_function_import_read(const struct op_store_set *set,
					 const struct op_instance *instance, uint32_t index,
					 struct op_function_ref *ret)
{
	const struct op_wasm_module *module;
	*ret = (struct op_function_ref){0};
	struct op_error *err = op_instance_module(instance, &module);
	if (err)
		return err;
	uint32_t count = op_wasm_module_imported(module, OP_WASM_EXTERNAL_FUNC);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no imported function %" PRIu32
				       ": the module imports %" PRIu32,
				       index, count);
	uint32_t size = instance->layout->function_import_size;
	struct op_vmctx_offsets offsets = op_vmctx_offsets(instance->layout, module);
	struct op_host_addr place = op_host_addr_add(
		instance->vmctx, offsets.imported_functions + (uint64_t)index * size);
	uint8_t bytes[OP_VM_FUNC_REF_SIZE];
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	ret->address = place;
	// It is a part of the context: where that is not there the source knows why.
	err = op_memory_read(memory, place, bytes, size);
	if (err)
		return err;
	if (size == OP_VM_FUNC_REF_SIZE)
		return parse(set, bytes, ret);
	ret->code = op_host_addr(op_load_u64_unchecked(bytes));
	ret->vmctx = op_host_addr(op_load_u64_unchecked(bytes + OP_VM_SHORT_FUNCTION_IMPORT_VMCTX));
	return resolve(set, op_load_u64_unchecked(bytes + OP_VM_POINTER_SIZE), ret);
}

static struct op_error *guest_text(const struct op_function_ref *ref, struct op_text *text)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_artifact_module(ref->artifact, ref->module, &module);
	struct op_wasm_name name = {0};
	if (!err && module)
		name = op_wasm_module_function_name(module, ref->function);
	// Bytes that make no module give no names; the symbol's is left.
	op_error_destroy(err);
	const struct op_function *function = NULL;
	if (!name.data) {
		err = op_artifact_find_function(ref->artifact, ref->module, ref->function,
						&function);
		if (err)
			return err;
	}
	if (name.data)
		op_text_append_escaped(text, name.data, name.size);
	else if (function && function->name)
		op_text_append_escaped(text, function->name, strlen(function->name));
	else
		op_text_printf(text, "function %" PRIu32, ref->function);
	return NULL;
}

struct op_error *op_function_ref_text(const struct op_function_ref *ref, struct op_text *text)
{
	switch (ref->kind) {
	case OP_FUNCTION_REF_NULL:
		op_text_append(text, "null");
		return NULL;
	case OP_FUNCTION_REF_GUEST:
		return guest_text(ref, text);
	case OP_FUNCTION_REF_HOST:
		op_text_printf(text, "host function at 0x%" PRIx64, ref->code.value);
		return NULL;
	case OP_FUNCTION_REF_COMPONENT:
		op_text_printf(text, "component function at 0x%" PRIx64, ref->code.value);
		return NULL;
	case OP_FUNCTION_REF_BAD:
		op_text_printf(text, "no function: %s", ref->problem);
		return NULL;
	}
	return NULL;
}
