// SPDX-License-Identifier: GPL-3.0-or-later
// Ties instances to modules. Four kinds of evidence, each from something that Wasmtime itself
// relies on:
//  - the module object that the instance holds leads to the memory of its code
//    (crates/wasmtime/src/runtime/module.rs, code.rs, code_memory.rs);
//  - a VMFuncRef or VMFunctionImport pairs code with the instance that it runs in;
//  - instances of one module hold the same module object, those of one image the same array of
//    types;
//  - where that leaves several modules, all but one contradict what is in the VMContext.
// Evidence that disagrees is no evidence.
#include "target-runtime/instance_module.h"

#include <stdlib.h>

#include "base/reader.h"
#include "target-runtime/image_scan.h"
#include "target-runtime/instance_shape.h"
#include "target-runtime/vmctx.h"

enum {
	// ModuleInner -> (EngineCode ->) CodeMemory -> its mapping: where in each the pointer may
	// be. Measured on 36 and 42 to 50: 0x58 to 0xa0, 0xb8 to 0x100, 0x28.
	MODULE_OBJECT_SIZE = 0xb0,
	CODE_OBJECT_SIZE = 0x140,
	CODE_MEMORY_SIZE = 0x60,
	// As much of a VMContext as is searched for functions.
	VMCTX_PART_SIZE = 8 << 10,
	DANGLING_MAX = 4096,
	// Modules of all images that are compared with an instance one by one.
	ELIMINATION_MODULES_MAX = 256,
};

struct evidence {
	const struct op_image *image;
	bool from_code; // image is the copy that runs
	bool has_module;
	uint32_t module;
	bool conflict;
};

struct identifier {
	const struct op_stack_context *context;
	struct op_region_list regions;
	const struct op_candidates *candidates;
	struct evidence *evidence;
	const struct op_image *const *images; /**< ascending by base */
	size_t image_count;
	const struct op_image **different; /**< one of each artifact, as far as they are compared */
	size_t different_count;
	uint64_t text_low, text_high;
};

static void merge(struct evidence *into, const struct op_image *image, bool from_code,
		  bool has_module, uint32_t module)
{
	if (into->image && into->image->artifact != image->artifact) {
		into->conflict = true;
		return;
	}
	if (!into->image || (from_code && !into->from_code)) {
		into->image = image;
		into->from_code = from_code;
	}
	if (!has_module)
		return;
	into->conflict = into->conflict || (into->has_module && into->module != module);
	into->has_module = true;
	into->module = module;
}

// The module object ---------------------------------------------------------------------------

/** The words of [address, address + size) that can be read; *ret_count of them. */
static struct op_error *read_words(const struct identifier *self, uint64_t address, uint64_t *ret,
				   size_t size, size_t *ret_count)
{
	const struct op_region *region = op_region_find(&self->regions, op_host_addr(address));
	*ret_count = 0;
	if (address % OP_VM_POINTER_SIZE != 0 || !region || !region->readable || !region->writable)
		return NULL;
	size_t done;
	const struct op_memory *memory = &self->context->memory;
	struct op_error *err =
		memory->read_some(memory->context, op_host_addr(address), ret, size, &done);
	*ret_count = err ? 0 : done / OP_VM_POINTER_SIZE;
	return err;
}

static const struct op_image *image_at(const struct identifier *self, uint64_t base)
{
	size_t low = 0, high = self->image_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (self->images[middle]->base.value < base)
			low = middle + 1;
		else
			high = middle;
	}
	return low < self->image_count && self->images[low]->base.value == base ? self->images[low]
										: NULL;
}

/** Remembers the images that are met; two of different contents are too many. */
static void note(struct evidence *found, const struct op_image *image)
{
	if (image)
		merge(found, image, false, false, 0);
}

static struct op_error *image_of_module_object(const struct identifier *self, uint64_t object,
					       struct evidence *found)
{
	static const size_t sizes[] = {MODULE_OBJECT_SIZE, CODE_OBJECT_SIZE, CODE_MEMORY_SIZE};
	uint64_t outer[MODULE_OBJECT_SIZE / OP_VM_POINTER_SIZE],
		middle[CODE_OBJECT_SIZE / OP_VM_POINTER_SIZE],
		inner[CODE_MEMORY_SIZE / OP_VM_POINTER_SIZE];
	size_t outer_count, middle_count, inner_count;
	struct op_error *err = read_words(self, object, outer, sizes[0], &outer_count);
	for (size_t i = 0; !err && i < outer_count; i++) {
		err = read_words(self, outer[i], middle, sizes[1], &middle_count);
		for (size_t k = 0; !err && k < middle_count; k++) {
			note(found, image_at(self, middle[k]));
			err = read_words(self, middle[k], inner, sizes[2], &inner_count);
			for (size_t l = 0; !err && l < inner_count; l++)
				note(found, image_at(self, inner[l]));
		}
	}
	return err;
}

static int by_runtime_info(const void *a, const void *b, void *context)
{
	const struct op_candidate *candidates = context;
	uint64_t left = candidates[*(const size_t *)a].runtime_info,
		 right = candidates[*(const size_t *)b].runtime_info;
	return (left > right) - (left < right);
}

static int by_type_ids(const void *a, const void *b, void *context)
{
	const struct op_candidate *candidates = context;
	uint64_t left = candidates[*(const size_t *)a].type_ids,
		 right = candidates[*(const size_t *)b].type_ids;
	return (left > right) - (left < right);
}

static bool has_module_object(const struct op_candidate *candidate)
{
	return candidate->layout && !candidate->bare;
}

/**
 * What all instances with the same module object share, once for each object. @param[in] order by
 * it.
 */
static struct op_error *evidence_of_module_objects(struct identifier *self, const size_t *order)
{
	const struct op_candidate *candidates = self->candidates->data;
	struct evidence found = {0};
	for (size_t i = 0; i < self->candidates->count; i++) {
		const struct op_candidate *candidate = &candidates[order[i]];
		if (!has_module_object(candidate))
			continue;
		if (i == 0 || candidates[order[i - 1]].runtime_info != candidate->runtime_info ||
		    !has_module_object(&candidates[order[i - 1]])) {
			found = (struct evidence){0};
			if (op_cancelled(self->context->cancel))
				return op_error_create(OP_ERROR_INTERRUPTED,
						       "the search for instances was interrupted");
			struct op_error *err =
				image_of_module_object(self, candidate->runtime_info, &found);
			if (err)
				return err;
		}
		if (found.image && !found.conflict)
			merge(&self->evidence[order[i]], found.image, false, false, 0);
	}
	return NULL;
}

// Code and the instance that it runs in -------------------------------------------------------

/** Code at @p code runs in the instance @p vmctx: when both are known, that is evidence. */
static struct op_error *note_pair(struct identifier *self, uint64_t code, uint64_t vmctx)
{
	if (code < self->text_low || code >= self->text_high)
		return NULL;
	const struct op_candidate *candidate = op_candidates_find(self->candidates, vmctx);
	const struct op_image *image =
		candidate ? op_image_set_find(self->context->images, op_host_addr(code)) : NULL;
	const struct op_function *function;
	if (!image)
		return NULL;
	struct op_error *err =
		op_artifact_function_at(image->artifact, code - image->text.value, &function);
	if (err || !function ||
	    (function->kind != OP_FUNCTION_WASM && function->kind != OP_FUNCTION_MODULE_START))
		return err;
	// The module object is what the instance holds now; a reference that disagrees with it was
	// left by an instance before this one.
	struct evidence *evidence = &self->evidence[candidate - self->candidates->data];
	if (!evidence->image || evidence->image->artifact == image->artifact)
		merge(evidence, image, true, true, function->module);
	return NULL;
}

/**
 * VMFuncRef and both forms of VMFunctionImport have wasm_call two words before vmctx. What was
 * never filled in may be anything.
 */
static struct op_error *evidence_of_code(struct identifier *self,
					 const struct op_candidate *candidate, uint8_t *buffer)
{
	size_t done;
	const struct op_memory *memory = &self->context->memory;
	struct op_error *err = memory->read_some(memory->context,
						 op_host_addr(candidate->vmctx + OP_VMCTX_VARIABLE),
						 buffer, VMCTX_PART_SIZE, &done);
	// To v48 function references are only aligned to 4.
	size_t step = candidate->layout && candidate->layout->align_func_refs ? 8 : 4;
	for (size_t at = 16; !err && at + 8 <= done; at += step)
		err = note_pair(self, op_load_u64_unchecked(buffer + at - 16),
				op_load_u64_unchecked(buffer + at));
	return err;
}

// Instances that belong together --------------------------------------------------------------

/**
 * Whatever one instance of a group shows holds for all. @param[in] same_module else only the image
 * is the same.
 */
static void share(struct identifier *self, const size_t *order, size_t first, size_t end,
		  bool same_module)
{
	struct evidence all = {0};
	for (size_t i = first; i < end; i++) {
		const struct evidence *one = &self->evidence[order[i]];
		if (one->image && !one->conflict)
			merge(&all, one->image, one->from_code, same_module && one->has_module,
			      one->module);
	}
	if (!all.image || all.conflict)
		return;
	for (size_t i = first; i < end; i++)
		merge(&self->evidence[order[i]], all.image, false, all.has_module, all.module);
}

static void share_in_groups(struct identifier *self, const size_t *order,
			    uint64_t (*key)(const struct op_candidate *), bool same_module)
{
	const struct op_candidate *candidates = self->candidates->data;
	size_t first = 0;
	for (size_t i = 1; i <= self->candidates->count; i++) {
		uint64_t group = key(&candidates[order[first]]);
		if (i < self->candidates->count && key(&candidates[order[i]]) == group)
			continue;
		if (group)
			share(self, order, first, i, same_module);
		first = i;
	}
}

static uint64_t module_object_key(const struct op_candidate *candidate)
{
	return has_module_object(candidate) ? candidate->runtime_info : 0;
}

static uint64_t type_ids_key(const struct op_candidate *candidate)
{
	return candidate->type_ids >= DANGLING_MAX ? candidate->type_ids : 0;
}

// What contradicts ----------------------------------------------------------------------------

/** @param[out] ret_wasm NULL when the original bytes are not known or make no module. */
static struct op_error *find_wasm(struct op_artifact *artifact, uint32_t module,
				  const struct op_wasm_module **ret_wasm)
{
	*ret_wasm = NULL;
	struct op_error *err = op_artifact_module(artifact, module, ret_wasm);
	if (err && err->code != OP_ERROR_NO_MEMORY) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

struct elimination {
	const struct op_image *image;
	uint32_t module;
	unsigned fitting, unknown, looked_at;
};

/** Which modules of one image do not contradict? */
static struct op_error *eliminate(const struct identifier *self,
				  const struct op_candidate *candidate,
				  const struct op_image *image, struct elimination *ret)
{
	uint32_t count;
	const struct op_layout *layout = op_artifact_info(image->artifact)->layout;
	struct op_error *err = op_artifact_module_count(image->artifact, &count);
	for (uint32_t module = 0;
	     !err && module < count && ret->looked_at < ELIMINATION_MODULES_MAX;
	     module++, ret->looked_at++) {
		const struct op_wasm_module *wasm;
		bool fits = true;
		err = find_wasm(image->artifact, module, &wasm);
		if (!err && wasm && layout)
			err = op_instance_shape_fits(self->context, layout, wasm,
						     op_host_addr(candidate->vmctx), &fits);
		if (err || !fits)
			continue;
		ret->unknown += !wasm || !layout;
		ret->fitting++;
		ret->image = image;
		ret->module = module;
	}
	return err;
}

static struct op_error *eliminate_all(const struct identifier *self,
				      const struct op_candidate *candidate, struct elimination *ret)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < self->different_count; i++)
		err = eliminate(self, candidate, self->different[i], ret);
	// Not all were compared, then.
	if (self->different_count == ELIMINATION_MODULES_MAX)
		ret->looked_at = ELIMINATION_MODULES_MAX;
	return err;
}

/** Copies of one image are one. */
static void find_different(struct identifier *self)
{
	for (size_t i = 0; i < self->image_count; i++) {
		bool is_new = self->different_count < ELIMINATION_MODULES_MAX;
		for (size_t k = 0; is_new && k < self->different_count; k++)
			is_new = self->different[k]->artifact != self->images[i]->artifact;
		if (is_new)
			self->different[self->different_count++] = self->images[i];
	}
}

/** The decision about one candidate. */
static struct op_error *decide(const struct identifier *self, const struct op_candidate *candidate,
			       const struct evidence *evidence, struct op_identity *ret)
{
	*ret = (struct op_identity){.kind = OP_INSTANCE_UNKNOWN, .reason = OP_MODULE_NO_EVIDENCE};
	if (candidate->layout && candidate->bare && !candidate->proved) {
		*ret = (struct op_identity){.kind = OP_INSTANCE_HOST, .reason = OP_MODULE_HOST};
		return NULL;
	}
	if (candidate->layout || evidence->image)
		ret->kind = OP_INSTANCE_MODULE;
	struct elimination rest = {0};
	struct op_error *err = NULL;
	bool image_is_known = evidence->image && !evidence->conflict;
	if (image_is_known && evidence->has_module)
		rest = (struct elimination){
			.image = evidence->image, .module = evidence->module, .fitting = 1};
	else if (image_is_known)
		err = eliminate(self, candidate, evidence->image, &rest);
	else
		err = eliminate_all(self, candidate, &rest);
	if (err)
		return err;
	// A single module that nothing is known of remains only where the image has no other.
	if (rest.fitting != 1 || (rest.unknown && !image_is_known) ||
	    rest.looked_at == ELIMINATION_MODULES_MAX) {
		ret->reason = rest.fitting > 1 || evidence->conflict ? OP_MODULE_AMBIGUOUS
								     : OP_MODULE_NO_EVIDENCE;
		return NULL;
	}
	const struct op_layout *layout = op_artifact_info(rest.image->artifact)->layout;
	const struct op_wasm_module *wasm;
	bool fits = true;
	err = find_wasm(rest.image->artifact, rest.module, &wasm);
	if (!err && wasm && layout && !candidate->proved)
		err = op_instance_shape_fits(self->context, layout, wasm,
					     op_host_addr(candidate->vmctx), &fits);
	if (err || !fits) {
		ret->reason = OP_MODULE_AMBIGUOUS;
		return err;
	}
	*ret = (struct op_identity){
		.kind = OP_INSTANCE_MODULE,
		.reason = wasm ? OP_MODULE_KNOWN : OP_MODULE_NO_BYTES,
		.image = rest.image,
		.module = rest.module,
		.wasm = wasm,
	};
	return NULL;
}

static struct op_error *collect(struct identifier *self, uint8_t *buffer, size_t *order)
{
	size_t count = self->candidates->count;
	struct op_candidate *candidates = self->candidates->data;
	struct op_error *err = NULL;
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = 0; i < self->image_count; i++) {
		uint64_t text = self->images[i]->text.value;
		self->text_low = self->text_low && self->text_low < text ? self->text_low : text;
		if (text + self->images[i]->text_size > self->text_high)
			self->text_high = text + self->images[i]->text_size;
	}
	qsort_r(order, count, sizeof(*order), by_runtime_info, candidates);
	err = evidence_of_module_objects(self, order);
	for (size_t i = 0; !err && i < count; i++)
		err = evidence_of_code(self, &candidates[i], buffer);
	if (err)
		return err;
	// A frame is worth more than all of these.
	for (size_t i = 0; i < count; i++) {
		if (candidates[i].proved)
			self->evidence[i] = (struct evidence){
				.image = op_image_set_by_id(self->context->images,
							    candidates[i].image),
				.from_code = true,
				.has_module = true,
				.module = candidates[i].module,
			};
	}
	share_in_groups(self, order, module_object_key, true);
	qsort_r(order, count, sizeof(*order), by_type_ids, candidates);
	share_in_groups(self, order, type_ids_key, false);
	return NULL;
}

struct op_error *op_candidates_identify(const struct op_stack_context *context,
					const struct op_candidates *candidates,
					struct op_identity **ret)
{
	struct identifier self = {
		.context = context,
		.regions = {.data = context->regions, .count = context->region_count},
		.candidates = candidates,
	};
	size_t count = candidates->count;
	_cleanup_free_ struct op_identity *identities = calloc(count + 1, sizeof(*identities));
	_cleanup_free_ struct evidence *evidence = calloc(count + 1, sizeof(*evidence));
	_cleanup_free_ size_t *order = calloc(count + 1, sizeof(*order));
	_cleanup_free_ uint8_t *buffer = malloc(VMCTX_PART_SIZE);
	_cleanup_free_ const struct op_image **different =
		calloc(ELIMINATION_MODULES_MAX, sizeof(*different));
	if (!identities || !evidence || !order || !buffer || !different)
		return op_error_no_memory();
	self.evidence = evidence;
	self.different = different;
	self.images = op_image_set_images(context->images, &self.image_count);
	find_different(&self);
	struct op_error *err = count ? collect(&self, buffer, order) : NULL;
	for (size_t i = 0; !err && i < count; i++) {
		if (op_cancelled(context->cancel))
			err = op_error_create(OP_ERROR_INTERRUPTED,
					      "the search for instances was interrupted");
		else
			err = decide(&self, &candidates->data[i], &evidence[i], &identities[i]);
	}
	if (!err)
		*ret = op_take(identities);
	return err;
}
