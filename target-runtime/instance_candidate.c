// SPDX-License-Identifier: GPL-3.0-or-later
// Checks what stands in and around a VMContext against what Wasmtime keeps true. Knows no modules.
// Sources: crates/environ/src/vmoffsets.rs, crates/wasmtime/src/runtime/vm/instance.rs (Instance),
// vm.rs (ModuleRuntimeInfo).
#include "target-runtime/instance_candidate.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/reader.h"
#include "target-runtime/image_scan.h"
#include "target-runtime/vmctx.h"

enum {
	HEAD_BEFORE = 0xc0, // every layout's fields below the vmctx are within it
	HEAD_SIZE = HEAD_BEFORE + OP_VMCTX_VARIABLE,
	LAYOUTS_MAX = 8,
	DANGLING_MAX = 4096, // Rust's pointer to an empty array is its alignment
	// A VMStoreContext lies inside the store that it belongs to.
	STORE_SIZE_MAX = 1 << 16,
};

struct checker {
	const struct op_stack_context *context;
	struct op_region_list regions;
	const struct op_layout *layouts[LAYOUTS_MAX]; // of the images in the process
	size_t layout_count;
};

static bool in_region(const struct checker *checker, uint64_t address, bool writable)
{
	const struct op_region *region = op_region_find(&checker->regions, op_host_addr(address));
	return address % OP_VM_POINTER_SIZE == 0 && region && region->readable &&
	       (region->writable || !writable);
}

static struct op_error *read_word(const struct checker *checker, uint64_t address, uint64_t *ret)
{
	uint8_t bytes[OP_VM_POINTER_SIZE] = {0};
	size_t done;
	const struct op_memory *memory = &checker->context->memory;
	struct op_error *err = memory->read_some(memory->context, op_host_addr(address), bytes,
						 sizeof(bytes), &done);
	*ret = !err && done == sizeof(bytes) ? op_load_u64_unchecked(bytes) : 0;
	return err;
}

/**
 * The builtins array is constant data of the host program and holds its functions: no memory of a
 * guest's is that.
 */
static struct op_error *is_builtins(const struct checker *checker, uint64_t address, bool *ret)
{
	*ret = false;
	const struct op_region *region = op_region_find(&checker->regions, op_host_addr(address));
	if (!in_region(checker, address, false) || (region->writable && region->anonymous))
		return NULL;
	uint64_t first;
	struct op_error *err = read_word(checker, address, &first);
	const struct op_region *code = op_region_find(&checker->regions, op_host_addr(first));
	*ret = !err && code && code->executable;
	return err;
}

/**
 * Does Arc's allocation at @p address count one strong and one weak reference at least, and not
 * more than there can be?
 */
static struct op_error *is_counted(const struct checker *checker, uint64_t address, bool *ret)
{
	uint64_t strong, weak;
	*ret = false;
	if (!in_region(checker, address, true))
		return NULL;
	struct op_error *err = read_word(checker, address, &strong);
	if (!err)
		err = read_word(checker, address + OP_VM_POINTER_SIZE, &weak);
	*ret = !err && strong >= 1 && strong <= UINT32_MAX && weak >= 1 && weak <= UINT32_MAX;
	return err;
}

/**
 * Is what stands below the vmctx an Instance of this layout? Freeing one overwrites its first 16
 * bytes in glibc's allocator (the list pointer and a key, or two list pointers): id and runtime
 * info are there.
 */
static struct op_error *instance_fits(const struct checker *checker, const struct op_layout *layout,
				      const uint8_t *head, struct op_candidate *candidate,
				      bool *ret)
{
	const uint8_t *vmctx = head + HEAD_BEFORE;
	uint64_t kind = op_load_u64_unchecked(vmctx - layout->instance_runtime_info);
	uint64_t info =
		op_load_u64_unchecked(vmctx - layout->instance_runtime_info + OP_VM_POINTER_SIZE);
	uint64_t store = op_load_u64_unchecked(vmctx - layout->instance_store);
	*ret = false;
	if (kind > 1 || !in_region(checker, store, true) || candidate->store < store ||
	    candidate->store - store >= STORE_SIZE_MAX)
		return NULL;
	// To v41 what describes a bare module is not counted.
	struct op_error *err = NULL;
	*ret = kind == 1 && in_region(checker, info, true);
	if (kind == 0)
		err = is_counted(checker, info, ret);
	if (!err && *ret && layout->store_data != OP_LAYOUT_ABSENT) {
		uint64_t data;
		err = read_word(checker, candidate->store + layout->store_data, &data);
		*ret = !err && data == store;
	}
	if (err || !*ret)
		return err;
	candidate->layout = layout;
	candidate->bare = kind == 1;
	candidate->runtime_info = info;
	candidate->id = op_load_u32_unchecked(vmctx - layout->instance_id);
	return NULL;
}

/** @param[out] ret false: this is no VMContext. */
static struct op_error *check_head(const struct checker *checker, struct op_candidate *candidate,
				   bool *ret)
{
	uint8_t head[HEAD_SIZE];
	size_t done;
	const struct op_memory *memory = &checker->context->memory;
	*ret = false;
	if (candidate->vmctx < HEAD_BEFORE || candidate->vmctx % OP_VMCTX_ALIGN != 0)
		return NULL;
	struct op_error *err =
		memory->read_some(memory->context, op_host_addr(candidate->vmctx - HEAD_BEFORE),
				  head, sizeof(head), &done);
	// At the very start of a region there is nothing to read before it.
	if (!err && done < sizeof(head)) {
		memset(head, 0, sizeof(head));
		err = memory->read_some(memory->context,
					op_host_addr(candidate->vmctx + OP_VMCTX_SELF),
					head + HEAD_BEFORE + OP_VMCTX_SELF,
					OP_VMCTX_VARIABLE - OP_VMCTX_SELF, &done);
		if (!err && done < OP_VMCTX_VARIABLE - OP_VMCTX_SELF)
			return NULL;
	}
	if (err)
		return err;
	const uint8_t *vmctx = head + HEAD_BEFORE;
	if (op_load_u32_unchecked(vmctx) != OP_VMCTX_MAGIC_CORE ||
	    op_load_u64_unchecked(vmctx + OP_VMCTX_SELF) != candidate->vmctx)
		return NULL;
	candidate->store = op_load_u64_unchecked(vmctx + OP_VMCTX_STORE);
	candidate->epoch = op_load_u64_unchecked(vmctx + OP_VMCTX_EPOCH);
	candidate->type_ids = op_load_u64_unchecked(vmctx + OP_VMCTX_TYPE_IDS);
	const struct op_region *types =
		op_region_find(&checker->regions, op_host_addr(candidate->type_ids));
	bool has_types = candidate->type_ids % 4 == 0 &&
			 ((candidate->type_ids > 0 && candidate->type_ids < DANGLING_MAX) ||
			  (types && types->readable));
	if (!in_region(checker, candidate->store, true) ||
	    !in_region(checker, candidate->epoch, false) || !has_types)
		return NULL;
	err = is_builtins(checker, op_load_u64_unchecked(vmctx + OP_VMCTX_BUILTINS), ret);
	bool fits = false;
	for (size_t i = 0; !err && *ret && !fits && i < checker->layout_count; i++)
		err = instance_fits(checker, checker->layouts[i], head, candidate, &fits);
	return err;
}

static void collect_layouts(struct checker *checker)
{
	size_t count;
	const struct op_image *const *images =
		op_image_set_images(checker->context->images, &count);
	for (size_t i = 0; i < count && checker->layout_count < LAYOUTS_MAX; i++) {
		const struct op_layout *layout = op_artifact_info(images[i]->artifact)->layout;
		bool is_new = layout;
		for (size_t k = 0; k < checker->layout_count; k++)
			is_new = is_new && checker->layouts[k] != layout;
		if (is_new)
			checker->layouts[checker->layout_count++] = layout;
	}
}

static struct op_error *add(const struct checker *checker, const struct op_candidate *wanted,
			    struct op_candidates *ret)
{
	struct op_candidate candidate = *wanted;
	bool good;
	struct op_error *err = check_head(checker, &candidate, &good);
	if (!err && good && !op_array_push(ret, candidate))
		err = op_error_no_memory();
	return err;
}

static int by_vmctx(const void *a, const void *b)
{
	const struct op_candidate *left = a, *right = b;
	if (left->vmctx != right->vmctx)
		return left->vmctx < right->vmctx ? -1 : 1;
	return right->proved - left->proved; // the proved one stays
}

static void drop_repeats(struct op_candidates *candidates)
{
	size_t kept = 0;
	qsort(candidates->data, candidates->count, sizeof(*candidates->data), by_vmctx);
	for (size_t i = 0; i < candidates->count; i++) {
		if (kept == 0 || candidates->data[kept - 1].vmctx != candidates->data[i].vmctx)
			candidates->data[kept++] = candidates->data[i];
	}
	candidates->count = kept;
}

/**
 * Every live store has at least its dummy instance, so where the layout of Instance is right
 * something fits it, and what does not fit was freed. Where nothing fits, this build of Wasmtime
 * has another layout, and nothing follows.
 */
static void drop_freed(struct op_candidates *candidates)
{
	size_t kept = 0;
	bool any = false;
	for (size_t i = 0; i < candidates->count; i++)
		any = any || candidates->data[i].layout;
	for (size_t i = 0; i < candidates->count; i++) {
		if (!any || candidates->data[i].layout || candidates->data[i].proved)
			candidates->data[kept++] = candidates->data[i];
	}
	candidates->count = kept;
}

struct op_error *op_candidates_check(const struct op_stack_context *context,
				     const struct op_found_contexts *found,
				     const struct op_known_instance *known, size_t known_count,
				     struct op_candidates *ret)
{
	struct checker checker = {
		.context = context,
		.regions = {.data = context->regions, .count = context->region_count}};
	struct op_error *err = NULL;
	collect_layouts(&checker);
	for (size_t i = 0; !err && i < known_count; i++) {
		if (op_image_set_by_id(context->images, known[i].image))
			err = add(&checker,
				  &(struct op_candidate){.vmctx = known[i].vmctx.value,
							 .proved = true,
							 .image = known[i].image,
							 .module = known[i].module},
				  ret);
	}
	for (size_t i = 0; !err && i < found->count; i++) {
		if (found->data[i].magic == OP_VMCTX_MAGIC_CORE)
			err = add(&checker,
				  &(struct op_candidate){.vmctx = found->data[i].address.value},
				  ret);
	}
	if (err)
		return err;
	if (ret->count > 0) {
		drop_repeats(ret);
		drop_freed(ret);
	}
	return NULL;
}

struct op_candidate *op_candidates_find(const struct op_candidates *candidates, uint64_t vmctx)
{
	size_t low = 0, high = candidates->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (candidates->data[middle].vmctx < vmctx)
			low = middle + 1;
		else
			high = middle;
	}
	return low < candidates->count && candidates->data[low].vmctx == vmctx
		       ? &candidates->data[low]
		       : NULL;
}
