// SPDX-License-Identifier: GPL-3.0-or-later
// Puts the instances that were found into their stores, in order, and reads what each store says of
// itself.
#include "target-runtime/store_set.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/reader.h"
#include "target-runtime/guest_memory_ranges.h"
#include "target-runtime/instance_module.h"
#include "target-runtime/store_set_private.h"
#include "target-runtime/type_numbers.h"
#include "target-runtime/vmctx.h"

const char *op_module_reason_message(enum op_module_reason reason)
{
	static const char *const messages[] = {
		[OP_MODULE_KNOWN] = "known",
		[OP_MODULE_HOST] = "Wasmtime made this instance for itself: it has no module",
		[OP_MODULE_NO_EVIDENCE] =
			"nothing in memory tells which module the instance belongs to",
		[OP_MODULE_AMBIGUOUS] = "what is in memory fits several modules, or contradicts "
					"itself: which one the instance belongs to is not certain",
		[OP_MODULE_NO_BYTES] =
			("the module's original bytes are not in the image (it was compiled "
			 "without guest-debug, or before Wasmtime 43), "
			 "so it is not known how many globals, memories and tables it has"),
	};
	return (unsigned)reason < OP_ARRAY_SIZE(messages) ? messages[reason] : "unknown";
}

void op_store_set_destroy(struct op_store_set *set)
{
	if (!set)
		return;
	free(set->stores);
	free(set->instances);
	free(set->components);
	free(set->by_vmctx);
	free(set->settings);
	op_type_numbers_destroy(set->types);
	free(set);
}

static void store_set_destroyp(struct op_store_set **set)
{
	op_store_set_destroy(*set);
}

// Order ---------------------------------------------------------------------------------------

static int by_store(const void *a, const void *b)
{
	const struct op_candidate *left = a, *right = b;
	if (left->store != right->store)
		return left->store < right->store ? -1 : 1;
	if (left->id != right->id && left->layout && right->layout)
		return left->id < right->id ? -1 : 1;
	return (left->vmctx > right->vmctx) - (left->vmctx < right->vmctx);
}

static int by_vmctx(const void *a, const void *b, void *context)
{
	const struct op_instance *instances = context;
	uint64_t left = instances[*(const uint32_t *)a].vmctx.value,
		 right = instances[*(const uint32_t *)b].vmctx.value;
	return (left > right) - (left < right);
}

/** Do the ids of a store's instances, which are sorted by them, all differ? */
static bool ids_differ(const struct op_candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!candidates[i].layout || (i > 0 && candidates[i].id == candidates[i - 1].id))
			return false;
	}
	return true;
}

// Stores --------------------------------------------------------------------------------------

/** A word of the store; 0 where the version has none. What cannot be read stays 0. */
static struct op_error *store_word(const struct op_memory *memory, uint64_t store, uint32_t offset,
				   uint64_t *ret)
{
	uint8_t bytes[OP_VM_POINTER_SIZE];
	size_t done;
	*ret = 0;
	if (offset == OP_LAYOUT_ABSENT)
		return NULL;
	struct op_error *err = memory->read_some(memory->context, op_host_addr(store + offset),
						 bytes, sizeof(bytes), &done);
	if (!err && done == sizeof(bytes))
		*ret = op_load_u64_unchecked(bytes);
	return err;
}

static struct op_error *read_store(const struct op_memory *memory, uint64_t epoch,
				   struct op_store *store)
{
	const struct op_layout *layout = store->layout;
	uint64_t fuel, entry_fp;
	if (!layout)
		return NULL;
	const struct {
		uint32_t offset;
		uint64_t *field;
	} fields[] = {
		{layout->store_fuel, &fuel},
		{layout->store_epoch_deadline, &store->epoch_deadline},
		{layout->store_stack_limit, &store->stack_limit.value},
		{layout->store_gc_heap_base, &store->gc_base.value},
		{layout->store_gc_heap_length, &store->gc_size},
		{layout->store_entry_fp, &entry_fp},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(fields); i++) {
		struct op_error *err =
			store_word(memory, store->address.value, fields[i].offset, fields[i].field);
		if (err)
			return err;
	}
	// VMStoreContext counts upwards to 0.
	store->fuel = (int64_t)(0 - fuel);
	store->in_activation = entry_fp != 0;
	// An empty heap may have a base that is no address.
	if (store->gc_size == 0)
		store->gc_base = op_host_addr(0);
	store->has_epoch = epoch != 0;
	return store_word(memory, epoch, 0, &store->epoch);
}

/** The only layout that the images of the process have, or NULL. */
static const struct op_layout *common_layout(const struct op_image_set *images)
{
	size_t count;
	const struct op_image *const *list = op_image_set_images(images, &count);
	for (size_t i = 1; i < count; i++) {
		if (op_artifact_info(list[i]->artifact)->layout !=
		    op_artifact_info(list[0]->artifact)->layout)
			return NULL;
	}
	return count ? op_artifact_info(list[0]->artifact)->layout : NULL;
}

static struct op_error *read_settings(struct op_artifact *artifact, struct op_store_settings *ret)
{
	struct op_bytes section;
	const struct op_artifact_info *info = op_artifact_info(artifact);
	if (ret->known || !info->layout)
		return NULL;
	struct op_error *err = op_artifact_section(artifact, ".wasmtime.engine", &section);
	if (!err)
		err = op_tunables_parse(&section, info->layout, &ret->tunables);
	ret->known = !err;
	// An engine section that is not understood tells nothing; that is not a reason to see no
	// stores.
	if (err && op_error_is_of_data(err)) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

static struct op_error *fill_store(struct op_store_set *set, const struct op_candidate *candidates,
				   size_t number)
{
	struct op_store *store = &set->stores[number];
	struct op_store_settings *settings = &set->settings[number];
	struct op_instance *instances = set->instances + store->first_instance;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < store->instance_count; i++) {
		if (instances[i].artifact) {
			store->layout = store->layout
						? store->layout
						: op_artifact_info(instances[i].artifact)->layout;
			err = read_settings(instances[i].artifact, settings);
		}
	}
	for (size_t i = 0; !store->layout && i < store->instance_count; i++)
		store->layout = candidates[i].layout;
	if (!store->layout)
		store->layout = common_layout(set->context.images);
	if (!err)
		err = read_store(&set->context.memory, candidates[0].epoch, store);
	if (err)
		return err;
	store->uses_fuel = settings->known && settings->tunables.consume_fuel;
	store->uses_epochs = settings->known && settings->tunables.epoch_interruption;
	store->collector = settings->known ? settings->tunables.collector : OP_COLLECTOR_UNKNOWN;
	bool has_ids = ids_differ(candidates, store->instance_count);
	for (size_t i = 0; i < store->instance_count; i++) {
		instances[i].has_id = has_ids;
		instances[i].id = has_ids ? candidates[i].id : 0;
		if (!instances[i].layout)
			instances[i].layout = store->layout;
	}
	return NULL;
}

static void fill_instance(const struct op_candidate *candidate, const struct op_identity *identity,
			  uint32_t store, struct op_instance *ret)
{
	*ret = (struct op_instance){
		.vmctx = op_host_addr(candidate->vmctx),
		.store = store,
		.kind = identity->kind,
		.reason = identity->reason,
		.wasm = identity->wasm,
		.type_ids = op_host_addr(candidate->type_ids),
		.module = identity->module,
	};
	if (identity->image) {
		ret->image = identity->image->id;
		ret->artifact = identity->image->artifact;
		ret->layout = op_artifact_info(ret->artifact)->layout;
	}
}

/** One candidate that is an instance, with what was found out about it. */
struct member {
	struct op_candidate candidate; // first: sorted as candidates are
	struct op_identity identity;
};

static struct op_error *fill_stores(struct op_store_set *set, struct member *members, size_t count)
{
	_cleanup_free_ struct op_candidate *candidates = calloc(count + 1, sizeof(*candidates));
	set->stores = calloc(count + 1, sizeof(*set->stores));
	set->settings = calloc(count + 1, sizeof(*set->settings));
	set->instances = calloc(count + 1, sizeof(*set->instances));
	set->by_vmctx = calloc(count + 1, sizeof(*set->by_vmctx));
	if (!candidates || !set->stores || !set->settings || !set->instances || !set->by_vmctx)
		return op_error_no_memory();
	qsort(members, count, sizeof(*members), by_store);
	for (size_t i = 0; i < count; i++) {
		candidates[i] = members[i].candidate;
		if (i == 0 || candidates[i].store != candidates[i - 1].store)
			set->stores[set->store_count++] = (struct op_store){
				.address = op_host_addr(candidates[i].store), .first_instance = i};
		set->stores[set->store_count - 1].instance_count++;
		fill_instance(&candidates[i], &members[i].identity,
			      (uint32_t)(set->store_count - 1), &set->instances[i]);
		set->by_vmctx[i] = (uint32_t)i;
	}
	set->instance_count = count;
	qsort_r(set->by_vmctx, count, sizeof(*set->by_vmctx), by_vmctx, set->instances);
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < set->store_count; i++)
		err = fill_store(set, candidates + set->stores[i].first_instance, i);
	return err;
}

// Components ----------------------------------------------------------------------------------

static int by_component_store(const void *a, const void *b)
{
	const struct op_component *left = a, *right = b;
	if (left->store != right->store)
		return left->store < right->store ? -1 : 1;
	return (left->vmctx.value > right->vmctx.value) - (left->vmctx.value < right->vmctx.value);
}

/** A VMComponentContext counts when it belongs to a store that is there. */
static struct op_error *fill_components(struct op_store_set *set,
					const struct op_found_contexts *found)
{
	set->components = calloc(found->count + 1, sizeof(*set->components));
	if (!set->components)
		return op_error_no_memory();
	for (size_t i = 0; i < found->count; i++) {
		uint64_t store;
		if (found->data[i].magic != OP_VMCTX_MAGIC_COMPONENT)
			continue;
		struct op_error *err =
			store_word(&set->context.memory, found->data[i].address.value,
				   OP_VMCTX_COMPONENT_STORE, &store);
		if (err)
			return err;
		for (size_t k = 0; k < set->store_count; k++) {
			if (set->stores[k].address.value == store)
				set->components[set->component_count++] = (struct op_component){
					.vmctx = found->data[i].address, .store = (uint32_t)k};
		}
	}
	qsort(set->components, set->component_count, sizeof(*set->components), by_component_store);
	for (size_t i = set->component_count; i > 0; i--) {
		struct op_store *store = &set->stores[set->components[i - 1].store];
		store->first_component = i - 1;
		store->component_count++;
	}
	return NULL;
}

// All together --------------------------------------------------------------------------------

/** Candidates that lie in no guest's memory. */
static struct op_error *choose_members(const struct op_store_set *set,
				       const struct op_candidates *candidates,
				       const struct op_identity *identities, struct member **ret,
				       size_t *ret_count)
{
	struct op_guest_ranges ranges = {0};
	struct op_error *err =
		op_guest_ranges_collect(&set->context, candidates, identities, &ranges);
	struct member *members = calloc(candidates->count + 1, sizeof(*members));
	if (!err && !members)
		err = op_error_no_memory();
	size_t count = 0;
	for (size_t i = 0; !err && i < candidates->count; i++) {
		if (candidates->data[i].proved ||
		    !op_guest_ranges_hold(&ranges, candidates->data[i].vmctx))
			members[count++] = (struct member){.candidate = candidates->data[i],
							   .identity = identities[i]};
	}
	op_guest_ranges_deinit(&ranges);
	if (err)
		free(members);
	else
		*ret = members;
	*ret_count = count;
	return err;
}

/** What frames have shown first: the memories of those instances need not be searched. */
static struct op_error *search(const struct op_store_set *set,
			       const struct op_known_instance *known, size_t known_count,
			       struct op_found_contexts *found)
{
	struct op_candidates proved = {0};
	_cleanup_free_ struct op_identity *identities = NULL;
	struct op_guest_ranges ranges = {0};
	struct op_error *err =
		op_candidates_check(&set->context, found, known, known_count, &proved);
	if (!err)
		err = op_candidates_identify(&set->context, &proved, &identities);
	if (!err)
		err = op_guest_ranges_collect(&set->context, &proved, identities, &ranges);
	if (!err)
		err = op_context_scan(&set->context, ranges.data, ranges.count, found);
	op_guest_ranges_deinit(&ranges);
	free(proved.data);
	return err;
}

static struct op_error *fill(struct op_store_set *set, const struct op_known_instance *known,
			     size_t known_count, struct op_found_contexts *found,
			     struct op_candidates *candidates)
{
	_cleanup_free_ struct op_identity *identities = NULL;
	_cleanup_free_ struct member *members = NULL;
	size_t count;
	struct op_error *err =
		op_candidates_check(&set->context, found, known, known_count, candidates);
	if (!err)
		err = op_candidates_identify(&set->context, candidates, &identities);
	if (!err)
		err = choose_members(set, candidates, identities, &members, &count);
	if (!err)
		err = fill_stores(set, members, count);
	return err ? err : fill_components(set, found);
}

static struct op_error *set_open(const struct op_stack_context *context, struct op_store_set **ret)
{
	_cleanup_(store_set_destroyp) struct op_store_set *set = calloc(1, sizeof(*set));
	if (!set)
		return op_error_no_memory();
	set->context = *context;
	set->types = op_type_numbers_create();
	if (!set->types)
		return op_error_no_memory();
	*ret = op_take(set);
	return NULL;
}

struct op_error *op_store_set_create(const struct op_stack_context *context,
				     const struct op_known_instance *known, size_t known_count,
				     struct op_store_set **ret)
{
	_cleanup_(store_set_destroyp) struct op_store_set *set = NULL;
	struct op_found_contexts found = {0};
	struct op_candidates candidates = {0};
	struct op_error *err = set_open(context, &set);
	if (!err)
		err = search(set, known, known_count, &found);
	if (!err)
		err = fill(set, known, known_count, &found, &candidates);
	free(found.data);
	free(candidates.data);
	if (!err)
		*ret = op_take(set);
	return err;
}

struct op_error *op_store_set_create_of(const struct op_stack_context *context,
					const struct op_host_addr *vmctxs, size_t count,
					struct op_store_set **ret)
{
	_cleanup_(store_set_destroyp) struct op_store_set *set = NULL;
	struct op_found_contexts found = {0};
	struct op_candidates candidates = {0};
	struct op_error *err = set_open(context, &set);
	for (size_t i = 0; !err && i < count; i++)
		if (!op_array_push(&found,
				   ((struct op_found_context){vmctxs[i], OP_VMCTX_MAGIC_CORE})))
			err = op_error_no_memory();
	if (!err)
		err = fill(set, NULL, 0, &found, &candidates);
	free(found.data);
	free(candidates.data);
	if (!err)
		*ret = op_take(set);
	return err;
}

const struct op_store *op_store_set_stores(const struct op_store_set *set, size_t *ret_count)
{
	*ret_count = set->store_count;
	return set->stores;
}

const struct op_instance *op_store_set_instances(const struct op_store_set *set, size_t *ret_count)
{
	*ret_count = set->instance_count;
	return set->instances;
}

const struct op_component *op_store_set_components(const struct op_store_set *set,
						   size_t *ret_count)
{
	*ret_count = set->component_count;
	return set->components;
}

const struct op_instance *op_store_set_find(const struct op_store_set *set,
					    struct op_host_addr vmctx)
{
	size_t low = 0, high = set->instance_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->instances[set->by_vmctx[middle]].vmctx.value < vmctx.value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == set->instance_count ||
	    set->instances[set->by_vmctx[low]].vmctx.value != vmctx.value)
		return NULL;
	return &set->instances[set->by_vmctx[low]];
}

const struct op_instance *op_store_set_find_id(const struct op_store_set *set, uint32_t store,
					       uint32_t id)
{
	if (store >= set->store_count)
		return NULL;
	const struct op_instance *instances = set->instances + set->stores[store].first_instance;
	for (size_t i = 0; i < set->stores[store].instance_count; i++) {
		if (instances[i].has_id && instances[i].id == id)
			return &instances[i];
	}
	return NULL;
}

const struct op_stack_context *op_store_set_context(const struct op_store_set *set)
{
	return &set->context;
}

struct op_error *op_instance_module(const struct op_instance *instance,
				    const struct op_wasm_module **ret)
{
	if (!instance->wasm || !instance->layout)
		return op_error_create(
			OP_ERROR_UNSUPPORTED, "instance 0x%" PRIx64 ": %s", instance->vmctx.value,
			instance->wasm ? "outpost does not know the layout of this Wasmtime version"
				       : op_module_reason_message(instance->reason));
	*ret = instance->wasm;
	return NULL;
}
