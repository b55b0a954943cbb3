// SPDX-License-Identifier: GPL-3.0-or-later
// Wasm core dumps, read. All that is pointed to is allocated in one list of blocks, each no larger
// than what the bytes left can fill.
#include "target-runtime/wasm_core_dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/compiler.h"

enum {
	SECTION_CUSTOM = 0,
	SECTION_MEMORY = 5,
	SECTION_GLOBAL = 6,
	SECTION_DATA = 11,
	LIMIT_MAXIMUM = 1,
	LIMIT_SHARED = 2,
	LIMIT_64 = 4,
	LIMIT_PAGE_SIZE = 8,
	VALUE_MISSING = 1,
	// Of modules, instances and memories, each of which takes pages of its own when the dump is
	// opened, and is looked for among its like. Wasmtime lets a store have 10,000 instances and
	// 10,000 memories if its host does not say other numbers.
	FEW_MAX = 32768,
};

struct segment {
	uint32_t memory;
	uint64_t offset;
	const uint8_t *data;
	size_t size;
};

struct op_wasm_core_dump {
	struct op_wasm_name name;
	bool has_core;
	struct OP_ARRAY(struct op_dumped_thread) threads;
	struct OP_ARRAY(struct op_wasm_name) modules;
	struct OP_ARRAY(struct op_dumped_instance) instances;
	struct OP_ARRAY(struct op_wasm_limits) memories;
	struct OP_ARRAY(struct op_dumped_global) globals;
	struct OP_ARRAY(struct segment) segments;
	struct OP_ARRAY(void *) blocks;
};

bool op_is_wasm_file(const void *bytes, size_t size)
{
	return size >= 8 && memcmp(bytes, "\0asm\1\0\0\0", 8) == 0;
}

/** Zeroed memory for @p count elements; NULL when it is short. */
static void *take(struct op_wasm_core_dump *dump, size_t count, size_t size)
{
	void *block = calloc(count ? count : 1, size);
	if (block && op_array_push(&dump->blocks, block))
		return block;
	free(block);
	return NULL;
}

/** A count of things that take at least @p least bytes each. */
static struct op_error *read_count(struct op_reader *r, size_t least, const char *what,
				   uint32_t *ret)
{
	struct op_error *err = op_reader_uleb32(r, ret);
	if (!err && *ret > op_reader_left(r) / least)
		err = op_reader_fail(r, "%" PRIu32 " %s do not fit the section", *ret, what);
	return err;
}

/** The same of things of which a dump holds FEW_MAX at most, @p before of them in other sections.
 */
static struct op_error *read_few(struct op_reader *r, size_t least, const char *what, size_t before,
				 uint32_t *ret)
{
	struct op_error *err = read_count(r, least, what, ret);
	if (!err && *ret > FEW_MAX - before)
		err = op_error_create(OP_ERROR_LIMIT, "%s: more than %d %s", r->what, FEW_MAX,
				      what);
	return err;
}

static struct op_error *read_name(struct op_reader *r, struct op_wasm_name *ret)
{
	uint32_t size;
	const uint8_t *data = NULL;
	struct op_error *err = read_count(r, 1, "bytes of a name", &size);
	if (!err)
		err = op_reader_bytes(r, size, &data);
	if (!err)
		*ret = (struct op_wasm_name){(const char *)data, size};
	return err;
}

static struct op_error *expect(struct op_reader *r, uint8_t wanted, const char *what)
{
	uint8_t byte;
	struct op_error *err = op_reader_u8(r, &byte);
	if (!err && byte != wanted)
		err = op_reader_fail(r, "%s begins with 0x%02x, not 0x%02x", what, byte, wanted);
	return err;
}

static uint64_t low_half(int32_t number)
{
	return (uint32_t)number;
}

static struct op_error *read_value(struct op_reader *r, struct op_dumped_value *ret)
{
	uint8_t type;
	int32_t word;
	int64_t wide;
	uint32_t single;
	struct op_error *err = op_reader_u8(r, &type);
	if (err)
		return err;
	switch (type) {
	case VALUE_MISSING:
		ret->missing = true;
		return NULL;
	case OP_WASM_TYPE_I32:
		ret->type = OP_VALUE_I32;
		err = op_reader_sleb32(r, &word);
		if (!err)
			ret->bits = low_half(word);
		return err;
	case OP_WASM_TYPE_I64:
		ret->type = OP_VALUE_I64;
		err = op_reader_sleb64(r, &wide);
		if (!err)
			ret->bits = (uint64_t)wide;
		return err;
	case OP_WASM_TYPE_F32:
		ret->type = OP_VALUE_F32;
		err = op_reader_u32(r, &single);
		if (!err)
			ret->bits = single;
		return err;
	case OP_WASM_TYPE_F64:
		ret->type = OP_VALUE_F64;
		return op_reader_u64(r, &ret->bits);
	default:
		return op_reader_fail(r, "a value has the unknown type 0x%02x", type);
	}
}

static struct op_error *read_values(struct op_wasm_core_dump *dump, struct op_reader *r,
				    const struct op_dumped_value **ret, uint32_t *ret_count)
{
	struct op_error *err = read_count(r, 1, "values", ret_count);
	if (err)
		return err;
	struct op_dumped_value *values = take(dump, *ret_count, sizeof(*values));
	if (!values)
		return op_error_no_memory();
	for (uint32_t i = 0; !err && i < *ret_count; i++)
		err = read_value(r, &values[i]);
	*ret = values;
	return err;
}

static struct op_error *read_frame(struct op_wasm_core_dump *dump, struct op_reader *r,
				   struct op_dumped_frame *ret)
{
	struct op_error *err = expect(r, 0, "a frame");
	if (!err)
		err = op_reader_uleb32(r, &ret->instance);
	if (!err)
		err = op_reader_uleb32(r, &ret->function);
	if (!err)
		err = op_reader_uleb32(r, &ret->offset);
	if (!err)
		err = read_values(dump, r, &ret->locals, &ret->local_count);
	if (!err)
		err = read_values(dump, r, &ret->operands, &ret->operand_count);
	return err;
}

static struct op_error *read_stack(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	struct op_dumped_thread thread = {0};
	struct op_error *err = expect(r, 0, "a thread");
	if (!err)
		err = read_name(r, &thread.name);
	if (!err)
		err = read_count(r, 6, "frames", &thread.frame_count);
	if (err)
		return err;
	struct op_dumped_frame *frames = take(dump, thread.frame_count, sizeof(*frames));
	if (!frames)
		return op_error_no_memory();
	thread.frames = frames;
	for (uint32_t i = 0; !err && i < thread.frame_count; i++)
		err = read_frame(dump, r, &frames[i]);
	if (!err && !op_array_push(&dump->threads, thread))
		err = op_error_no_memory();
	return err;
}

static struct op_error *read_modules(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	uint32_t count;
	struct op_error *err = read_few(r, 2, "modules", dump->modules.count, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		struct op_wasm_name name;
		err = expect(r, 0, "a module");
		if (!err)
			err = read_name(r, &name);
		if (!err && !op_array_push(&dump->modules, name))
			err = op_error_no_memory();
	}
	return err;
}

static struct op_error *read_indices(struct op_wasm_core_dump *dump, struct op_reader *r,
				     const uint32_t **ret, uint32_t *ret_count)
{
	struct op_error *err = read_count(r, 1, "indices", ret_count);
	if (err)
		return err;
	uint32_t *indices = take(dump, *ret_count, sizeof(*indices));
	if (!indices)
		return op_error_no_memory();
	for (uint32_t i = 0; !err && i < *ret_count; i++)
		err = op_reader_uleb32(r, &indices[i]);
	*ret = indices;
	return err;
}

static struct op_error *read_instances(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	uint32_t count;
	struct op_error *err = read_few(r, 4, "instances", dump->instances.count, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		struct op_dumped_instance instance = {0};
		err = expect(r, 0, "an instance");
		if (!err)
			err = op_reader_uleb32(r, &instance.module);
		if (!err)
			err = read_indices(dump, r, &instance.memories, &instance.memory_count);
		if (!err)
			err = read_indices(dump, r, &instance.globals, &instance.global_count);
		if (!err && !op_array_push(&dump->instances, instance))
			err = op_error_no_memory();
	}
	return err;
}

static struct op_error *read_limits(struct op_reader *r, struct op_wasm_limits *ret)
{
	uint8_t flags;
	uint32_t page_size_log2 = 16;
	struct op_error *err = op_reader_u8(r, &flags);
	if (!err && flags & ~(LIMIT_MAXIMUM | LIMIT_SHARED | LIMIT_64 | LIMIT_PAGE_SIZE))
		err = op_reader_fail(r, "a memory has unknown flags: 0x%02x", flags);
	if (err)
		return err;
	ret->has_maximum = flags & LIMIT_MAXIMUM;
	ret->shared = flags & LIMIT_SHARED;
	ret->is_64 = flags & LIMIT_64;
	err = op_reader_uleb64(r, &ret->minimum);
	if (!err && ret->has_maximum)
		err = op_reader_uleb64(r, &ret->maximum);
	if (!err && flags & LIMIT_PAGE_SIZE)
		err = op_reader_uleb32(r, &page_size_log2);
	if (!err && (page_size_log2 > 16 || ret->minimum > UINT64_MAX >> page_size_log2))
		err = op_reader_fail(r, "a memory of %" PRIu64 " pages of 2^%" PRIu32 " bytes",
				     ret->minimum, page_size_log2);
	ret->page_size_log2 = (uint8_t)page_size_log2;
	return err;
}

static struct op_error *read_memories(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	uint32_t count;
	struct op_error *err = read_few(r, 2, "memories", dump->memories.count, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		struct op_wasm_limits limits = {0};
		err = read_limits(r, &limits);
		if (!err && !op_array_push(&dump->memories, limits))
			err = op_error_no_memory();
	}
	return err;
}

static struct op_error *read_global_type(struct op_reader *r, struct op_wasm_type *ret)
{
	int64_t heap;
	struct op_error *err = op_reader_u8(r, &ret->code);
	if (err)
		return err;
	if (ret->code >= OP_WASM_TYPE_V128 && ret->code <= OP_WASM_TYPE_I32)
		return NULL;
	// Short forms of nullable references stand for their heap types (binary format, 5.3.5).
	if (ret->code >= 0x68 && ret->code <= 0x74) {
		*ret = (struct op_wasm_type){OP_WASM_TYPE_REF, true, (int32_t)ret->code - 0x80};
		return NULL;
	}
	if (ret->code != 0x63 && ret->code != 0x64)
		return op_reader_fail(r, "a global has the unknown type 0x%02x", ret->code);
	ret->nullable = ret->code == 0x63;
	ret->code = OP_WASM_TYPE_REF;
	err = op_reader_sleb33(r, &heap);
	if (!err && (heap < INT32_MIN || heap > INT32_MAX))
		err = op_reader_fail(r, "a heap type is out of range");
	if (!err)
		ret->heap_type = (int32_t)heap;
	return err;
}

/** The one constant instruction that gives a global its value, and the end behind it. */
static struct op_error *read_constant(struct op_reader *r, struct op_dumped_global *ret)
{
	enum {
		I32_CONST = 0x41,
		I64_CONST,
		F32_CONST,
		F64_CONST,
		REF_NULL = 0xd0,
		SIMD = 0xfd,
		V128_CONST = 0x0c,
		END = 0x0b
	};
	static const uint8_t types[] = {OP_WASM_TYPE_I32, OP_WASM_TYPE_I64, OP_WASM_TYPE_F32,
					OP_WASM_TYPE_F64};
	uint8_t opcode, type;
	int64_t number;
	int32_t word = 0;
	uint32_t sub;
	const uint8_t *bytes = NULL;
	size_t size = 0;
	struct op_error *err = op_reader_u8(r, &opcode);
	if (err)
		return err;
	switch (opcode) {
	case I32_CONST:
		err = op_reader_sleb32(r, &word);
		memcpy(ret->bytes, &word, sizeof(word));
		break;
	case I64_CONST:
		err = op_reader_sleb64(r, &number);
		if (!err)
			memcpy(ret->bytes, &number, sizeof(number));
		break;
	case F32_CONST:
	case F64_CONST:
		size = opcode == F32_CONST ? 4 : 8;
		break;
	case SIMD:
		err = op_reader_uleb32(r, &sub);
		if (!err && sub != V128_CONST)
			err = op_reader_fail(r, "a global is not initialised by a constant");
		size = 16;
		break;
	case REF_NULL:
		ret->is_null = true;
		err = op_reader_sleb33(r, &number);
		break;
	default:
		err = op_reader_fail(r, "a global is not initialised by a constant (0x%02x)",
				     opcode);
	}
	if (!err && size)
		err = op_reader_bytes(r, size, &bytes);
	if (err)
		return err;
	if (size)
		memcpy(ret->bytes, bytes, size);
	type = opcode == SIMD       ? OP_WASM_TYPE_V128
	       : opcode == REF_NULL ? OP_WASM_TYPE_REF
				    : types[opcode - I32_CONST];
	if (type != ret->type.code)
		return op_reader_fail(r, "a global's value is not of its type");
	return expect(r, END, "the end of a constant");
}

static struct op_error *read_globals(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	uint32_t count;
	struct op_error *err = read_count(r, 4, "globals", &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		struct op_dumped_global global = {0};
		uint8_t is_mutable = 0;
		err = read_global_type(r, &global.type);
		if (!err)
			err = op_reader_u8(r, &is_mutable);
		if (!err && is_mutable > 1)
			err = op_reader_fail(r, "a global has unknown flags: 0x%02x", is_mutable);
		global.is_mutable = is_mutable;
		if (!err)
			err = read_constant(r, &global);
		if (!err && !op_array_push(&dump->globals, global))
			err = op_error_no_memory();
	}
	return err;
}

/** The constant offset of a segment. */
static struct op_error *read_offset(struct op_reader *r, bool is_64, uint64_t *ret)
{
	struct op_dumped_global constant = {
		.type = {.code = is_64 ? OP_WASM_TYPE_I64 : OP_WASM_TYPE_I32}};
	struct op_error *err = read_constant(r, &constant);
	if (!err)
		*ret = op_load_u64_unchecked(constant.bytes);
	return err;
}

static struct op_error *read_segment(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	enum { ACTIVE = 0, ACTIVE_IN = 2 };
	struct segment segment = {0};
	uint32_t flags, size;
	struct op_error *err = op_reader_uleb32(r, &flags);
	if (!err && flags != ACTIVE && flags != ACTIVE_IN)
		err = op_reader_fail(r, "a data segment that is in no memory");
	if (!err && flags == ACTIVE_IN)
		err = op_reader_uleb32(r, &segment.memory);
	if (!err && segment.memory >= dump->memories.count)
		err = op_reader_fail(r, "a data segment in memory %" PRIu32 " of %zu",
				     segment.memory, dump->memories.count);
	if (!err)
		err = read_offset(r, dump->memories.data[segment.memory].is_64, &segment.offset);
	if (!err)
		err = read_count(r, 1, "bytes of data", &size);
	if (!err)
		err = op_reader_bytes(r, size, &segment.data);
	if (err)
		return err;
	segment.size = size;
	uint64_t room = op_wasm_core_dump_memory_size(dump, segment.memory);
	if (segment.offset > room || size > room - segment.offset)
		return op_reader_fail(
			r, "%" PRIu32 " bytes at 0x%" PRIx64 " lie outside of memory %" PRIu32,
			size, segment.offset, segment.memory);
	return op_array_push(&dump->segments, segment) ? NULL : op_error_no_memory();
}

static struct op_error *read_data(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	uint32_t count;
	struct op_error *err = read_count(r, 5, "data segments", &count);
	for (uint32_t i = 0; !err && i < count; i++)
		err = read_segment(dump, r);
	return err;
}

static struct op_error *read_core(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	dump->has_core = true;
	struct op_error *err = expect(r, 0, "the description of the process");
	return err ? err : read_name(r, &dump->name);
}

typedef struct op_error *(*read_fn)(struct op_wasm_core_dump *dump, struct op_reader *r);

static read_fn custom_reader(const struct op_wasm_name *name)
{
	static const struct {
		const char *name;
		read_fn read;
	} customs[] = {
		{"core", read_core},
		{"corestack", read_stack},
		{"coremodules", read_modules},
		{"coreinstances", read_instances},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(customs); i++)
		if (strlen(customs[i].name) == name->size &&
		    memcmp(customs[i].name, name->data, name->size) == 0)
			return customs[i].read;
	return NULL;
}

static struct op_error *read_section(struct op_wasm_core_dump *dump, struct op_reader *r)
{
	uint8_t id;
	uint32_t size;
	struct op_reader section;
	struct op_wasm_name name;
	read_fn read = NULL;
	struct op_error *err = op_reader_u8(r, &id);
	if (!err)
		err = read_count(r, 1, "bytes of a section", &size);
	if (!err)
		err = op_reader_sub(r, size, &section);
	if (!err && id == SECTION_CUSTOM)
		err = read_name(&section, &name);
	if (err)
		return err;
	if (id == SECTION_CUSTOM)
		read = custom_reader(&name);
	else if (id == SECTION_MEMORY)
		read = read_memories;
	else if (id == SECTION_GLOBAL)
		read = read_globals;
	else if (id == SECTION_DATA)
		read = read_data;
	// What else there is says nothing about the state.
	if (!read)
		return NULL;
	err = read(dump, &section);
	if (!err && op_reader_left(&section))
		err = op_reader_fail(&section, "%zu bytes too many in a section",
				     op_reader_left(&section));
	return err;
}

static bool all_below(const uint32_t *indices, uint32_t count, size_t limit)
{
	for (uint32_t i = 0; i < count; i++)
		if (indices[i] >= limit)
			return false;
	return true;
}

/** The sections may come in any order: that indices lead somewhere is seen at the end. */
static struct op_error *check(const struct op_wasm_core_dump *dump, const struct op_reader *r)
{
	if (!dump->has_core && !dump->threads.count)
		return op_reader_fail(r, "it is a module and no core dump: it has neither a "
					 "\"core\" nor a \"corestack\" section");
	for (size_t i = 0; i < dump->instances.count; i++) {
		const struct op_dumped_instance *one = &dump->instances.data[i];
		if (one->module >= dump->modules.count ||
		    !all_below(one->memories, one->memory_count, dump->memories.count) ||
		    !all_below(one->globals, one->global_count, dump->globals.count))
			return op_reader_fail(r, "instance %zu has something that is not there", i);
	}
	for (size_t i = 0; i < dump->threads.count; i++) {
		const struct op_dumped_thread *thread = &dump->threads.data[i];
		for (uint32_t j = 0; j < thread->frame_count; j++)
			if (thread->frames[j].instance >= dump->instances.count)
				return op_reader_fail(r,
						      "frame %" PRIu32 " of thread %zu is of "
						      "instance %" PRIu32 ", of %zu",
						      j, i, thread->frames[j].instance,
						      dump->instances.count);
	}
	return NULL;
}

struct op_error *op_wasm_core_dump_create(const struct op_bytes *bytes,
					  struct op_wasm_core_dump **ret)
{
	struct op_reader r = op_reader(bytes);
	if (!op_is_wasm_file(bytes->data, bytes->size))
		return op_reader_fail(&r, "it does not begin like a module");
	_cleanup_(op_wasm_core_dump_destroyp) struct op_wasm_core_dump *dump =
		calloc(1, sizeof(*dump));
	if (!dump)
		return op_error_no_memory();
	struct op_error *err = op_reader_skip(&r, 8);
	while (!err && op_reader_left(&r))
		err = read_section(dump, &r);
	if (!err)
		err = check(dump, &r);
	if (!err)
		*ret = op_take(dump);
	return err;
}

void op_wasm_core_dump_destroy(struct op_wasm_core_dump *dump)
{
	if (!dump)
		return;
	for (size_t i = 0; i < dump->blocks.count; i++)
		free(dump->blocks.data[i]);
	free(dump->blocks.data);
	free(dump->threads.data);
	free(dump->modules.data);
	free(dump->instances.data);
	free(dump->memories.data);
	free(dump->globals.data);
	free(dump->segments.data);
	free(dump);
}

struct op_wasm_name op_wasm_core_dump_name(const struct op_wasm_core_dump *dump)
{
	return dump->name;
}

const struct op_dumped_thread *op_wasm_core_dump_threads(const struct op_wasm_core_dump *dump,
							 size_t *ret_count)
{
	*ret_count = dump->threads.count;
	return dump->threads.data;
}

const struct op_wasm_name *op_wasm_core_dump_modules(const struct op_wasm_core_dump *dump,
						     size_t *ret_count)
{
	*ret_count = dump->modules.count;
	return dump->modules.data;
}

const struct op_dumped_instance *op_wasm_core_dump_instances(const struct op_wasm_core_dump *dump,
							     size_t *ret_count)
{
	*ret_count = dump->instances.count;
	return dump->instances.data;
}

const struct op_wasm_limits *op_wasm_core_dump_memories(const struct op_wasm_core_dump *dump,
							size_t *ret_count)
{
	*ret_count = dump->memories.count;
	return dump->memories.data;
}

const struct op_dumped_global *op_wasm_core_dump_globals(const struct op_wasm_core_dump *dump,
							 size_t *ret_count)
{
	*ret_count = dump->globals.count;
	return dump->globals.data;
}

uint64_t op_wasm_core_dump_memory_size(const struct op_wasm_core_dump *dump, uint32_t memory)
{
	const struct op_wasm_limits *limits = &dump->memories.data[memory];
	return limits->minimum << limits->page_size_log2;
}

struct op_error *op_wasm_core_dump_read(const struct op_wasm_core_dump *dump, uint32_t memory,
					uint64_t offset, void *buffer, size_t size)
{
	if (memory >= dump->memories.count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no memory %" PRIu32 ": the core dump has %zu",
				       memory, dump->memories.count);
	uint64_t room = op_wasm_core_dump_memory_size(dump, memory);
	if (offset > room || size > room - offset)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "%zu bytes at 0x%" PRIx64 " lie outside of memory %" PRIu32
				       ", which has %" PRIu64 " bytes",
				       size, offset, memory, room);
	memset(buffer, 0, size);
	for (size_t i = 0; i < dump->segments.count; i++) {
		const struct segment *one = &dump->segments.data[i];
		uint64_t start = one->offset > offset ? one->offset : offset;
		uint64_t end = one->offset + one->size < offset + size ? one->offset + one->size
								       : offset + size;
		if (one->memory == memory && start < end)
			memcpy((uint8_t *)buffer + (start - offset),
			       one->data + (start - one->offset), (size_t)(end - start));
	}
	return NULL;
}
