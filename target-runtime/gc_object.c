// SPDX-License-Identifier: GPL-3.0-or-later
// Follows references into a store's GC heap. What the header says is checked against the heap, and
// what the type says against the header: a guest can write nothing there, but a collection may be
// under way, and a reference may be an old one.
// Sources: crates/environ/src/gc.rs, gc/{drc,null,copying}.rs,
// crates/wasmtime/src/runtime/vm/gc/enabled/{drc,null,copying}.rs.
#include "target-runtime/gc_object.h"

#include <inttypes.h>

#include "base/reader.h"
#include "target-runtime/store_set_private.h"
#include "target-runtime/type_numbers.h"

enum {
	I31_BIT = 1,
	HEADER_KIND = 0,
	HEADER_TYPE = 4,
	HEADER_KIND_MASK = (int)0xfc000000,
	COPYING_COPIED_BIT = 1,
	HEADER_MAX = 24,
	// Two u32 before an exception's fields: the instance's id and the tag.
	EXCEPTION_TAG_SIZE = 8,
	ARRAY_LENGTH_SIZE = 4,
	// Instances of other modules that are asked for a type.
	MODULES_ASKED_MAX = 64,
};

/** What differs between the collectors. */
struct heap_layout {
	unsigned header_size, alignment;
	unsigned size_offset; // of the u32 object size; 0: in the reserved bits of the first word
	unsigned host_id;     // of an externref's number
};

static const struct heap_layout heap_layouts[] = {
	[OP_COLLECTOR_DRC] = {.header_size = 24, .alignment = 8, .size_offset = 20, .host_id = 24},
	[OP_COLLECTOR_NULL] = {.header_size = 8, .alignment = 8, .size_offset = 0, .host_id = 8},
	// The forwarding reference takes the place of what follows the header; an externref's
	// number must outlive it.
	[OP_COLLECTOR_COPYING] = {.header_size = 16,
				  .alignment = 16,
				  .size_offset = 8,
				  .host_id = 24},
};

unsigned op_gc_header_size(enum op_collector collector)
{
	return (unsigned)collector < OP_ARRAY_SIZE(heap_layouts)
		       ? heap_layouts[collector].header_size
		       : 0;
}

// VMGcKind.
static const struct {
	uint32_t word;
	enum op_gc_kind kind;
} kinds[] = {
	{0x40000000, OP_GC_EXTERN},
	{0xa8000000, OP_GC_ARRAY},
	{0xb0000000, OP_GC_STRUCT},
	{0x04000000, OP_GC_EXCEPTION},
};

const char *op_gc_kind_name(enum op_gc_kind kind)
{
	static const char *const names[] = {
		[OP_GC_NULL] = "null",
		[OP_GC_I31] = "i31",
		[OP_GC_STRUCT] = "struct",
		[OP_GC_ARRAY] = "array",
		[OP_GC_EXCEPTION] = "exception",
		[OP_GC_EXTERN] = "extern",
		[OP_GC_BAD] = "bad",
	};
	return (unsigned)kind < OP_ARRAY_SIZE(names) ? names[kind] : "unknown";
}

static struct op_error *bad(struct op_gc_object *object, const char *problem)
{
	object->kind = OP_GC_BAD;
	object->problem = problem;
	object->type = NULL;
	object->instance = NULL;
	object->field_count = 0;
	return NULL;
}

static uint64_t align(uint64_t offset, uint64_t to)
{
	return (offset + to - 1) / to * to;
}

/** Bytes of a field in the heap; 0: a type that is not known. */
static unsigned field_size(const struct op_gc_object *object, const struct op_wasm_type *type)
{
	struct op_cell cell;
	return op_cell_init(object->instance->wasm, type, OP_CELL_HEAP, &cell) ? cell.size : 0;
}

bool op_gc_object_field_type(const struct op_gc_object *object, uint32_t index,
			     struct op_wasm_type *ret, bool *ret_mutable)
{
	if (!object->type || index >= object->field_count)
		return false;
	if (object->kind == OP_GC_EXCEPTION) {
		*ret = object->type->params[index];
		*ret_mutable = false;
		return true;
	}
	const struct op_wasm_field *field =
		&object->type->fields[object->kind == OP_GC_ARRAY ? 0 : index];
	*ret = field->type;
	*ret_mutable = field->is_mutable;
	return true;
}

/**
 * Where field @p index of a struct or an exception is; for index field_count, where the last one
 * ends. False: a type that is not known.
 */
static bool field_offset(const struct op_gc_object *object, uint32_t index, uint64_t *ret)
{
	uint64_t offset =
		object->header_size + (object->kind == OP_GC_EXCEPTION ? EXCEPTION_TAG_SIZE : 0);
	for (uint32_t i = 0; i < object->field_count && i <= index; i++) {
		struct op_wasm_type type;
		bool is_mutable;
		unsigned size = op_gc_object_field_type(object, i, &type, &is_mutable)
					? field_size(object, &type)
					: 0;
		if (size == 0)
			return false;
		offset = align(offset, size);
		if (i == index)
			break;
		offset += size;
	}
	*ret = offset;
	return true;
}

// Types ---------------------------------------------------------------------------------------

/** @param[out] ret_done the instance's module has the type. */
static struct op_error *ask_instance(const struct op_store_set *set,
				     const struct op_instance *instance,
				     struct op_gc_object *object, bool *ret_done)
{
	uint32_t index, count;
	struct op_error *err = op_type_numbers_find(set->types, &op_store_set_context(set)->memory,
						    instance, object->type_id, &index, ret_done);
	if (err || !*ret_done)
		return err;
	object->type = &op_wasm_module_types(instance->wasm, &count)[index];
	object->type_index = index;
	object->instance = instance;
	return NULL;
}

/** The instance where the reference was found, then the others of the store. */
static struct op_error *find_type(const struct op_store_set *set, const struct op_instance *first,
				  struct op_gc_object *object)
{
	uint64_t asked[MODULES_ASKED_MAX];
	size_t asked_count = 0;
	bool done = false;
	struct op_error *err = NULL;
	if (first && first->wasm) {
		asked[asked_count++] = first->type_ids.value;
		err = ask_instance(set, first, object, &done);
	}
	const struct op_store *store = &set->stores[object->store];
	for (size_t i = 0;
	     !err && !done && i < store->instance_count && asked_count < MODULES_ASKED_MAX; i++) {
		const struct op_instance *instance = &set->instances[store->first_instance + i];
		bool is_new = instance->wasm;
		for (size_t k = 0; is_new && k < asked_count; k++)
			is_new = asked[k] != instance->type_ids.value;
		if (!is_new)
			continue;
		asked[asked_count++] = instance->type_ids.value;
		err = ask_instance(set, instance, object, &done);
	}
	return err;
}

static struct op_error *read_struct(const struct op_store_set *set,
				    const struct op_instance *instance, struct op_gc_object *object)
{
	struct op_error *err = find_type(set, instance, object);
	if (err)
		return err;
	if (!object->type) {
		object->problem = "its type is in no known module";
		return NULL;
	}
	if (object->type->composite != OP_WASM_STRUCT)
		return bad(object, "its header and its type disagree");
	object->field_count = object->type->field_count;
	uint64_t end;
	if (!field_offset(object, object->field_count, &end))
		return bad(object, "it has a field of a type that outpost does not know");
	if (end > object->limit)
		return bad(object, "it is too small for its type");
	return NULL;
}

static struct op_error *read_array(const struct op_store_set *set,
				   const struct op_instance *instance, struct op_gc_object *object)
{
	uint8_t bytes[ARRAY_LENGTH_SIZE];
	size_t done;
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	struct op_error *err = memory->read_some(
		memory->context, op_host_addr_add(object->address, object->header_size), bytes,
		sizeof(bytes), &done);
	if (!err)
		err = find_type(set, instance, object);
	if (err)
		return err;
	if (done < sizeof(bytes))
		return bad(object, "it cannot be read");
	object->field_count = op_load_u32_unchecked(bytes);
	if (!object->type) {
		if (object->field_count > object->limit)
			return bad(object, "it is too small for its length");
		object->problem = "its type is in no known module";
		return NULL;
	}
	if (object->type->composite != OP_WASM_ARRAY)
		return bad(object, "its header and its type disagree");
	unsigned size = field_size(object, &object->type->fields[0].type);
	if (size == 0)
		return bad(object, "it has elements of a type that outpost does not know");
	object->first_element = align(object->header_size + ARRAY_LENGTH_SIZE, size);
	if (object->first_element > object->limit ||
	    object->field_count > (object->limit - object->first_element) / size)
		return bad(object, "it is too small for its length");
	return NULL;
}

static struct op_error *read_exception(const struct op_store_set *set, struct op_gc_object *object)
{
	uint8_t bytes[EXCEPTION_TAG_SIZE];
	size_t done;
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	struct op_error *err = memory->read_some(
		memory->context, op_host_addr_add(object->address, object->header_size), bytes,
		sizeof(bytes), &done);
	if (err)
		return err;
	if (done < sizeof(bytes) || object->limit < object->header_size + EXCEPTION_TAG_SIZE)
		return bad(object, "it cannot be read");
	uint32_t defined = op_load_u32_unchecked(bytes + 4), tags, types;
	const struct op_instance *instance =
		op_store_set_find_id(set, object->store, op_load_u32_unchecked(bytes));
	if (!instance || !instance->wasm) {
		object->problem = instance ? "the module of its tag is not known"
					   : "the instance of its tag is not known";
		return NULL;
	}
	uint32_t imported = op_wasm_module_imported(instance->wasm, OP_WASM_EXTERNAL_TAG);
	const uint32_t *list = op_wasm_module_tags(instance->wasm, &tags);
	const struct op_wasm_type_def *defs = op_wasm_module_types(instance->wasm, &types);
	if (defined >= tags - imported || list[imported + defined] >= types ||
	    defs[list[imported + defined]].composite != OP_WASM_FUNC)
		return bad(object, "its tag does not exist");
	object->instance = instance;
	object->has_tag = true;
	object->tag = imported + defined;
	object->type_index = list[object->tag];
	object->type = &defs[object->type_index];
	object->field_count = object->type->param_count;
	uint64_t end;
	if (!field_offset(object, object->field_count, &end))
		return bad(object, "it has a value of a type that outpost does not know");
	if (end > object->limit)
		return bad(object, "it is too small for its tag");
	return NULL;
}

static struct op_error *read_extern(const struct op_store_set *set,
				    const struct heap_layout *layout, struct op_gc_object *object)
{
	uint8_t bytes[4];
	size_t done;
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	struct op_error *err = memory->read_some(memory->context,
						 op_host_addr_add(object->address, layout->host_id),
						 bytes, sizeof(bytes), &done);
	if (err)
		return err;
	if (done < sizeof(bytes) || object->limit < layout->host_id + sizeof(bytes))
		return bad(object, "it cannot be read");
	object->host_id = op_load_u32_unchecked(bytes);
	return NULL;
}

// Headers -------------------------------------------------------------------------------------

static enum op_gc_kind kind_of(uint32_t word)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(kinds); i++) {
		if ((word & (uint32_t)HEADER_KIND_MASK) == kinds[i].word)
			return kinds[i].kind;
	}
	return OP_GC_BAD;
}

static struct op_error *read_object(const struct op_store_set *set,
				    const struct op_instance *instance,
				    const struct op_store *store, struct op_gc_object *object)
{
	const struct heap_layout *layout = &heap_layouts[store->collector];
	uint8_t header[HEADER_MAX];
	size_t done;
	if (store->gc_size == 0)
		return bad(object, "the store has no GC heap");
	if (store->collector == OP_COLLECTOR_UNKNOWN)
		return bad(object, "which garbage collector the store uses is not known");
	if (object->ref % layout->alignment != 0 || object->ref >= store->gc_size ||
	    store->gc_size - object->ref < layout->header_size)
		return bad(object, "the reference is not a place in the GC heap");
	const struct op_memory *memory = &op_store_set_context(set)->memory;
	object->address = op_host_addr_add(store->gc_base, object->ref);
	struct op_error *err = memory->read_some(memory->context, object->address, header,
						 layout->header_size, &done);
	if (err)
		return err;
	if (done < layout->header_size)
		return bad(object, "its header cannot be read");
	uint32_t word = op_load_u32_unchecked(header + HEADER_KIND);
	object->header_size = layout->header_size;
	object->type_id = op_load_u32_unchecked(header + HEADER_TYPE);
	object->limit = layout->size_offset ? op_load_u32_unchecked(header + layout->size_offset)
					    : word & ~(uint32_t)HEADER_KIND_MASK;
	object->kind = kind_of(word);
	if (object->kind == OP_GC_BAD)
		return bad(object, "there is no object's header at the reference");
	if (store->collector == OP_COLLECTOR_COPYING && (word & COPYING_COPIED_BIT))
		return bad(object, "the garbage collector is moving it");
	if (object->limit < layout->header_size || object->limit > store->gc_size - object->ref)
		return bad(object, "its size does not fit the GC heap");
	switch (object->kind) {
	case OP_GC_STRUCT:
		return read_struct(set, instance, object);
	case OP_GC_ARRAY:
		return read_array(set, instance, object);
	case OP_GC_EXCEPTION:
		return read_exception(set, object);
	default:
		return read_extern(set, layout, object);
	}
}

static struct op_error *read_ref(const struct op_store_set *set, const struct op_instance *instance,
				 uint32_t store, uint32_t ref, struct op_gc_object *ret)
{
	*ret = (struct op_gc_object){.kind = OP_GC_NULL, .ref = ref, .store = store};
	if (ref == 0)
		return NULL;
	if (ref & I31_BIT) {
		ret->kind = OP_GC_I31;
		ret->i31 = (int32_t)ref >> 1;
		return NULL;
	}
	if (store >= set->store_count)
		return bad(ret, "its store is not known");
	return read_object(set, instance, &set->stores[store], ret);
}

struct op_error *op_gc_object_read(const struct op_store_set *set,
				   const struct op_instance *instance, uint32_t ref,
				   struct op_gc_object *ret)
{
	return read_ref(set, instance, instance->store, ref, ret);
}

struct op_error *op_gc_object_read_in(const struct op_store_set *set, uint32_t store, uint32_t ref,
				      struct op_gc_object *ret)
{
	return read_ref(set, NULL, store, ref, ret);
}

struct op_error *op_gc_object_field(const struct op_store_set *set,
				    const struct op_gc_object *object, uint32_t index,
				    struct op_cell *ret)
{
	struct op_wasm_type type;
	bool is_mutable;
	uint64_t offset;
	if (!op_gc_object_field_type(object, index, &type, &is_mutable))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "%s has no %s %" PRIu32 ": there are %" PRIu32,
				       object->kind == OP_GC_ARRAY ? "the array" : "the object",
				       object->kind == OP_GC_ARRAY ? "element" : "field", index,
				       object->type ? object->field_count : 0);
	if (object->kind == OP_GC_ARRAY)
		offset = object->first_element + (uint64_t)index * field_size(object, &type);
	else if (!field_offset(object, index, &offset))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "field %" PRIu32 " has a type that outpost does not know",
				       index);
	return op_cell_read(&op_store_set_context(set)->memory, object->instance->wasm,
			    op_host_addr_add(object->address, offset), &type, OP_CELL_HEAP,
			    is_mutable, ret);
}
