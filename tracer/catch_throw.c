// SPDX-License-Identifier: GPL-3.0-or-later
// Will somebody catch it? Answers, at the throw, what Wasmtime is about to find out: goes through
// the handlers that stand around the calls of the newest activation and compares tags by what they
// are, not by their index. Source: crates/wasmtime/src/runtime/vm/throw.rs.
#include "target-runtime/exception_table.h"
#include "target-runtime/gc_object.h"
#include "target-runtime/instance.h"
#include "target-runtime/tunables.h"
#include "target-runtime/vmctx.h"
#include "tracer/catchpoint.h"

enum { FRAMES_MAX = 100000 };

/** A tag, as Wasmtime tells tags apart. */
struct tag {
	uint32_t instance_id, defined_index;
};

// From the exception's object, without looking for instances and modules.
static struct op_error *tag_of_exception(struct op_session *session, const struct op_image *image,
					 struct op_host_addr vmctx, uint32_t exception,
					 struct tag *ret)
{
	struct op_memory memory = op_session_memory(session);
	const struct op_layout *layout = op_artifact_info(image->artifact)->layout;
	struct op_bytes engine;
	struct op_tunables tunables;
	struct op_host_addr store, heap;
	struct op_error *err = op_artifact_section(image->artifact, ".wasmtime.engine", &engine);
	if (!err)
		err = op_tunables_parse(&engine, layout, &tunables);
	if (!err)
		err = op_instance_store(&memory, vmctx, &store);
	if (!err)
		err = op_memory_read_u64(
			&memory, op_host_addr_add(store, layout->store_gc_heap_base), &heap.value);
	if (err)
		return err;
	unsigned header = op_gc_header_size(tunables.collector);
	if (!header)
		return op_error_create(OP_ERROR_UNSUPPORTED, "the store's collector is not known");
	struct op_host_addr words = op_host_addr_add(heap, (uint64_t)exception + header);
	err = op_memory_read_u32(&memory, words, &ret->instance_id);
	return err
		       ?: op_memory_read_u32(&memory, op_host_addr_add(words, sizeof(uint32_t)),
					     &ret->defined_index);
}

static struct op_error *tag_of_handler(struct op_session *session, const struct op_image *image,
				       const struct op_function *function,
				       struct op_host_addr vmctx, uint32_t index, struct tag *ret)
{
	struct op_memory memory = op_session_memory(session);
	const struct op_layout *layout = op_artifact_info(image->artifact)->layout;
	const struct op_wasm_module *wasm;
	struct op_error *err = op_artifact_module(image->artifact, function->module, &wasm);
	if (err)
		return err;
	if (!wasm || !layout)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the handler's tag cannot be told: the module's original "
				       "bytes are not known");
	uint32_t imported = op_wasm_module_imported(wasm, OP_WASM_EXTERNAL_TAG);
	ret->defined_index = index - imported;
	if (index < imported) {
		uint64_t import = vmctx.value + op_vmctx_offsets(layout, wasm).imported_tags +
				  (uint64_t)index * OP_VM_IMPORT_SIZE;
		err = op_memory_read_u64(&memory, op_host_addr(import + OP_VM_IMPORT_VMCTX),
					 &vmctx.value);
		if (!err)
			err = op_memory_read_u32(&memory, op_host_addr(import + OP_VM_IMPORT_INDEX),
						 &ret->defined_index);
	}
	return err
		       ?: op_memory_read_u32(&memory,
					     op_host_addr(vmctx.value - layout->instance_id),
					     &ret->instance_id);
}

static struct op_error *
handler_matches(struct op_session *session, const struct op_machine_frame *frame,
		const struct op_image *image, const struct op_exception_callsite *callsite,
		const struct op_exception_handler *handler, const struct tag *thrown, bool *ret)
{
	*ret = handler->catches_all;
	if (handler->catches_all || !handler->has_context)
		return NULL;
	struct op_memory memory = op_session_memory(session);
	struct op_host_addr vmctx;
	struct tag tag;
	struct op_error *err = op_memory_read_u64(
		&memory,
		op_host_addr(frame->fp.value - callsite->frame_offset + handler->context_offset),
		&vmctx.value);
	if (!err)
		err = tag_of_handler(session, image, frame->function, vmctx, handler->tag, &tag);
	*ret = !err && tag.instance_id == thrown->instance_id &&
	       tag.defined_index == thrown->defined_index;
	return err;
}

static struct op_error *frame_catches(struct op_session *session,
				      const struct op_machine_frame *frame,
				      const struct tag *thrown, bool *ret)
{
	const struct op_image *image = op_image_set_by_id(session->images, frame->image);
	struct op_bytes section;
	struct op_exception_table table;
	struct op_exception_callsite callsite;
	struct op_error *err =
		image ? op_artifact_section(image->artifact, ".wasmtime.exceptions", &section)
		      : NULL;
	if (!image || err)
		return err;
	err = op_exception_table_init(&table, &section);
	if (err || !op_exception_table_find(&table, (uint32_t)(frame->pc.value - image->text.value),
					    &callsite))
		return err;
	for (uint32_t i = callsite.first; !err && !*ret && i < callsite.end; i++) {
		struct op_exception_handler handler = op_exception_table_handler(&table, i);
		err = handler_matches(session, frame, image, &callsite, &handler, thrown, ret);
	}
	return err;
}

struct op_error *op_catch_is_caught(struct op_session *session, op_thread_id thread,
				    uint32_t exception, const struct op_image *image, bool *ret)
{
	*ret = false;
	op_memory_cache_drop(session->cache);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_host_addr vmctx = op_host_addr(registers.value[arch->host_vmctx_argument]);
	struct tag thrown;
	err = tag_of_exception(session, image, vmctx, exception, &thrown);
	if (err)
		return err;
	struct op_stack_context context = op_session_stack_context(session);
	struct op_walk walk = {0};
	err = op_walk_thread(&context, &registers, FRAMES_MAX, &walk);
	for (size_t i = 0; !err && !*ret && i < walk.count; i++) {
		// Exceptions do not pass the host: it gets them as errors.
		if (walk.frames[i].kind == OP_MACHINE_FRAME_ENTRY)
			break;
		if (walk.frames[i].kind == OP_MACHINE_FRAME_WASM)
			err = frame_catches(session, &walk.frames[i], &thrown, ret);
	}
	op_walk_deinit(&walk);
	return err;
}
