// SPDX-License-Identifier: GPL-3.0-or-later
// VMContexts for the instances of a dump, in the layout of one version: what a dump does not have
// is a hole in them, which tells why.
#include "tracer/dump_contexts.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "target-runtime/vmctx.h"

// That of the images (dump_images.c).
enum { LAYOUT_VERSION = 50 };
// In front of a vmctx are the fields of the Instance; all are 0.
enum { BEFORE = 0x100, BEHIND = 64 };
// Rust's pointer to an empty array: no type of the store's has a number.
enum { NO_TYPES = 4 };
enum { READ_WRITE = OP_PROTECTION_READ | OP_PROTECTION_WRITE };

static const char no_tables[] = "a Wasm core dump has no tables and no functions";
static const char no_tags[] = "a Wasm core dump has no tags";
static const char no_references[] = "a Wasm core dump has no references: each is written as null";

/** What all instances share. */
struct shared {
	uint64_t store, builtins;
	uint64_t *definitions; /**< address of each memory's VMMemoryDefinition; 0: nobody has it */
	uint64_t *cells;       /**< address of each global, for who imports it */
};

static void put_word(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

/** The store has no more than an address; the builtins are where constant data of a host is. */
static struct op_error *put_host(struct op_dump_space *space, struct shared *shared)
{
	enum { SOME = 4096 };
	uint8_t *store, *builtins, *code;
	uint64_t code_start = 0;
	struct op_error *err = op_dump_space_add(space, SOME, READ_WRITE, &store, &shared->store);
	if (!err)
		err = op_dump_space_add(space, SOME, OP_PROTECTION_READ | OP_PROTECTION_EXECUTE,
					&code, &code_start);
	if (!err)
		err = op_dump_space_add(space, SOME, OP_PROTECTION_READ, &builtins,
					&shared->builtins);
	if (!err)
		put_word(builtins, code_start);
	return err;
}

static struct op_error *put_memory(struct op_dump_space *space, struct shared *shared,
				   uint32_t memory)
{
	uint8_t *definition;
	uint64_t base;
	if (shared->definitions[memory])
		return NULL;
	struct op_error *err = op_dump_space_add_memory(space, memory, &base);
	if (!err)
		err = op_dump_space_add(space, OP_VM_DEFINITION_SIZE, READ_WRITE, &definition,
					&shared->definitions[memory]);
	if (err)
		return err;
	put_word(definition, base);
	put_word(definition + OP_VM_DEFINITION_LENGTH,
		 op_wasm_core_dump_memory_size(space->dump, memory));
	return NULL;
}

static struct op_error *put_cells(struct op_dump_space *space, struct shared *shared)
{
	size_t count;
	const struct op_dumped_global *globals = op_wasm_core_dump_globals(space->dump, &count);
	uint8_t *data;
	uint64_t start = 0;
	struct op_error *err = op_dump_space_add(space, (uint64_t)count * OP_VM_GLOBAL_SIZE,
						 READ_WRITE, &data, &start);
	for (size_t i = 0; !err && i < count; i++) {
		uint64_t offset = (uint64_t)i * OP_VM_GLOBAL_SIZE;
		shared->cells[i] = start + offset;
		memcpy(data + offset, globals[i].bytes, sizeof(globals[i].bytes));
		if (globals[i].type.code == OP_WASM_TYPE_REF)
			err = op_dump_space_add_hole(space, start + offset,
						     start + offset + OP_VM_GLOBAL_SIZE,
						     no_references);
	}
	return err;
}

/** One instance in the making. */
struct context {
	struct op_dump_space *space;
	const struct shared *shared;
	const struct op_dumped_instance *instance;
	const struct op_wasm_module *wasm;
	struct op_vmctx_offsets offsets;
	uint64_t vmctx;
	uint8_t *data; /**< from the vmctx on */
};

static void put_memories(const struct context *context)
{
	uint32_t count, imported = op_wasm_module_imported(context->wasm, OP_WASM_EXTERNAL_MEMORY);
	op_wasm_module_memories(context->wasm, &count);
	for (uint32_t i = 0; i < count && i < context->instance->memory_count; i++) {
		uint64_t at = i < imported ? context->offsets.imported_memories +
						     (uint64_t)i * OP_VM_IMPORT_SIZE
					   : context->offsets.memories +
						     (uint64_t)(i - imported) * OP_VM_POINTER_SIZE;
		put_word(context->data + at,
			 context->shared->definitions[context->instance->memories[i]]);
	}
}

static struct op_error *put_globals(const struct context *context)
{
	uint32_t count, imported = op_wasm_module_imported(context->wasm, OP_WASM_EXTERNAL_GLOBAL);
	size_t all;
	const struct op_dumped_global *globals =
		op_wasm_core_dump_globals(context->space->dump, &all);
	op_wasm_module_globals(context->wasm, &count);
	struct op_error *err = NULL;
	for (uint32_t i = 0; !err && i < count && i < context->instance->global_count; i++) {
		uint32_t number = context->instance->globals[i];
		const struct op_dumped_global *global = &globals[number];
		uint64_t at =
			context->offsets.globals + (uint64_t)(i - imported) * OP_VM_GLOBAL_SIZE;
		if (i < imported)
			put_word(context->data + context->offsets.imported_globals +
					 (uint64_t)i * OP_VM_IMPORT_SIZE,
				 context->shared->cells[number]);
		else if (global->type.code == OP_WASM_TYPE_REF)
			err = op_dump_space_add_hole(context->space, context->vmctx + at,
						     context->vmctx + at + OP_VM_GLOBAL_SIZE,
						     no_references);
		else
			memcpy(context->data + at, global->bytes, OP_VM_GLOBAL_SIZE);
	}
	return err;
}

/** Nothing of these is in a dump. */
static struct op_error *leave_out(const struct context *context)
{
	const struct op_vmctx_offsets *offsets = &context->offsets;
	const struct {
		uint64_t start, end;
		const char *reason;
	} parts[] = {
		{offsets->imported_functions, offsets->imported_globals, no_tables},
		{offsets->imported_tags, offsets->tables, no_tags},
		{offsets->tables, offsets->globals, no_tables},
		{offsets->tags, offsets->func_refs, no_tags},
		{offsets->func_refs, offsets->func_refs + BEHIND, no_tables},
	};
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(parts); i++)
		err = op_dump_space_add_hole(context->space, context->vmctx + parts[i].start,
					     context->vmctx + parts[i].end, parts[i].reason);
	return err;
}

static struct op_error *put_context(struct context *context)
{
	uint8_t *data;
	uint64_t start;
	struct op_error *err =
		op_dump_space_add(context->space, BEFORE + context->offsets.func_refs + BEHIND,
				  READ_WRITE, &data, &start);
	if (err)
		return err;
	uint32_t magic = OP_VMCTX_MAGIC_CORE;
	context->vmctx = start + BEFORE;
	context->data = data + BEFORE;
	put_word(context->data + OP_VMCTX_SELF, context->vmctx);
	memcpy(context->data, &magic, sizeof(magic));
	put_word(context->data + OP_VMCTX_STORE, context->shared->store);
	put_word(context->data + OP_VMCTX_BUILTINS, context->shared->builtins);
	put_word(context->data + OP_VMCTX_EPOCH, context->shared->builtins);
	put_word(context->data + OP_VMCTX_TYPE_IDS, NO_TYPES);
	put_memories(context);
	err = put_globals(context);
	return err ? err : leave_out(context);
}

static struct op_error *put_instances(struct op_dump_space *space,
				      const struct op_dump_modules *modules, struct shared *shared,
				      uint64_t *contexts)
{
	bool known;
	const struct op_layout *layout = op_layout_find(LAYOUT_VERSION, &known);
	size_t count;
	const struct op_dumped_instance *instances =
		op_wasm_core_dump_instances(space->dump, &count);
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++) {
		struct context context = {
			.space = space,
			.shared = shared,
			.instance = &instances[i],
			.wasm = modules->data[instances[i].module].wasm,
			.offsets =
				op_vmctx_offsets(layout, modules->data[instances[i].module].wasm),
		};
		for (uint32_t k = 0; !err && k < instances[i].memory_count; k++)
			err = put_memory(space, shared, instances[i].memories[k]);
		if (!err)
			err = put_context(&context);
		contexts[i] = context.vmctx;
	}
	return err;
}

struct op_error *op_dump_put_contexts(struct op_dump_space *space,
				      const struct op_dump_modules *modules,
				      uint64_t **ret_contexts)
{
	size_t memories, globals, instances;
	op_wasm_core_dump_memories(space->dump, &memories);
	op_wasm_core_dump_globals(space->dump, &globals);
	op_wasm_core_dump_instances(space->dump, &instances);
	_cleanup_free_ uint64_t *definitions = calloc(memories + 1, sizeof(*definitions));
	_cleanup_free_ uint64_t *cells = calloc(globals + 1, sizeof(*cells));
	*ret_contexts = calloc(instances + 1, sizeof(**ret_contexts));
	if (!definitions || !cells || !*ret_contexts)
		return op_error_no_memory();
	struct shared shared = {.definitions = definitions, .cells = cells};
	struct op_error *err = put_host(space, &shared);
	if (!err)
		err = put_cells(space, &shared);
	return err ? err : put_instances(space, modules, &shared, *ret_contexts);
}
