// SPDX-License-Identifier: GPL-3.0-or-later
// The images of one address space, kept up to date. Knows no process: regions and bytes are handed
// in.
#include "target-runtime/image_set.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "target-runtime/image_scan.h"

struct image_list OP_ARRAY(struct op_image *);

struct op_image_set {
	struct op_memory memory;
	struct image_list images; // ascending by base
	uint32_t next_id;
	uint8_t *buffer; // OP_SCAN_BUFFER_SIZE
	bool doubted;
};

static void image_destroy(struct op_image *image)
{
	if (!image)
		return;
	op_artifact_unref(image->artifact);
	free(image->path);
	free(image);
}

static void image_destroyp(struct op_image **image)
{
	image_destroy(*image);
}

struct op_error *op_image_set_create(const struct op_memory *memory, struct op_image_set **ret)
{
	struct op_image_set *set = calloc(1, sizeof(*set));
	if (!set)
		return op_error_no_memory();
	set->memory = *memory;
	set->next_id = 1;
	set->buffer = malloc(OP_SCAN_BUFFER_SIZE);
	if (!set->buffer) {
		free(set);
		return op_error_no_memory();
	}
	*ret = set;
	return NULL;
}

void op_image_set_destroy(struct op_image_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->images.count; i++)
		image_destroy(set->images.data[i]);
	free(set->images.data);
	free(set->buffer);
	free(set);
}

const struct op_image *const *op_image_set_images(const struct op_image_set *set, size_t *ret_count)
{
	*ret_count = set->images.count;
	return (const struct op_image *const *)set->images.data;
}

/** Index of the first image with a base above @p addr. */
static size_t images_above(const struct op_image_set *set, struct op_host_addr addr)
{
	size_t low = 0, high = set->images.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->images.data[middle]->base.value <= addr.value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct op_image *op_image_set_find(const struct op_image_set *set, struct op_host_addr addr)
{
	size_t above = images_above(set, addr);
	if (above == 0)
		return NULL;
	const struct op_image *image = set->images.data[above - 1];
	bool inside = addr.value >= image->text.value &&
		      addr.value - image->text.value < image->text_size;
	return inside ? image : NULL;
}

const struct op_image *op_image_set_by_id(const struct op_image_set *set, uint32_t id)
{
	for (size_t i = 0; i < set->images.count; i++) {
		if (set->images.data[i]->id == id)
			return set->images.data[i];
	}
	return NULL;
}

/** Does the image's code lie where code can be executed (Pulley's is only read)? */
static bool text_is_code(const struct op_region_list *regions, const struct op_artifact_info *info,
			 struct op_host_addr base)
{
	return info->text_size == 0 ||
	       op_region_covers(regions, op_host_addr_add(base, info->text_offset), info->text_size,
				!info->is_pulley);
}

// Images that vanish --------------------------------------------------------------------------

/** Is @p image still what it was: mapped as an image is, and with the same contents? */
static struct op_error *image_is_alive(const struct op_image_set *set,
				       const struct op_region_list *regions,
				       const struct op_image *image, bool *ret)
{
	*ret = false;
	const struct op_artifact_info *info = op_artifact_info(image->artifact);
	const struct op_region *region = op_region_find(regions, image->base);
	if (!region || !op_region_is_candidate(region) || region->anonymous == image->file_backed ||
	    !op_region_covers(regions, image->base, info->size, false) ||
	    !text_is_code(regions, info, image->base))
		return NULL;
	return op_artifact_is_still_at(image->artifact, &set->memory, image->base, ret);
}

/** Sections of @p artifact that are not loaded yet have to come from a copy that is still there. */
static void renew_source(const struct op_image_set *set, struct op_artifact *artifact)
{
	for (size_t i = 0; i < set->images.count; i++) {
		const struct op_image *image = set->images.data[i];
		if (image->artifact == artifact) {
			op_artifact_set_source(artifact, &set->memory, image->base);
			return;
		}
	}
	op_artifact_set_source(artifact, NULL, op_host_addr(0));
}

static void drop_image(struct op_image_set *set, size_t index)
{
	_cleanup_(image_destroyp) struct op_image *gone = set->images.data[index];
	set->images.count--;
	memmove(&set->images.data[index], &set->images.data[index + 1],
		(set->images.count - index) * sizeof(*set->images.data));
	renew_source(set, gone->artifact);
}

static struct op_error *drop_vanished(struct op_image_set *set,
				      const struct op_region_list *regions, bool *ret_changed)
{
	for (size_t i = 0; i < set->images.count;) {
		bool alive;
		struct op_error *err = image_is_alive(set, regions, set->images.data[i], &alive);
		if (err)
			return err;
		if (alive) {
			i++;
			continue;
		}
		drop_image(set, i);
		*ret_changed = true;
	}
	return NULL;
}

// Images that were read while their copies came and went ----------------------------------------

void op_image_set_doubt(struct op_image_set *set)
{
	set->doubted = true;
}

struct artifact_list OP_ARRAY(const struct op_artifact *);

static bool artifact_list_has(const struct artifact_list *list, const struct op_artifact *artifact)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->data[i] == artifact)
			return true;
	return false;
}

static struct op_error *list_artifacts(const struct op_image_set *set, struct artifact_list *ret)
{
	for (size_t i = 0; i < set->images.count; i++) {
		const struct op_artifact *artifact = set->images.data[i]->artifact;
		if (!artifact_list_has(ret, artifact) && !op_array_push(ret, artifact))
			return op_error_no_memory();
	}
	return NULL;
}

/** Has another one the same header? Then they may be one, of which a comparison met a copy that was
 * being written. */
static bool has_twin(const struct artifact_list *list, const struct op_artifact *artifact)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->data[i] != artifact && op_artifact_has_header_of(list->data[i], artifact))
			return true;
	return false;
}

/** The artifacts of which the scan is to make new ones. */
static struct op_error *find_misread(const struct artifact_list *list, struct artifact_list *ret)
{
	for (size_t i = 0; i < list->count; i++) {
		bool right = !has_twin(list, list->data[i]);
		struct op_error *err = right ? op_artifact_reads_same(list->data[i], &right) : NULL;
		if (err && err->code != OP_ERROR_UNREADABLE)
			return err;
		op_error_destroy(err);
		if (!right && !op_array_push(ret, list->data[i]))
			return op_error_no_memory();
	}
	return NULL;
}

static struct op_error *drop_misread(struct op_image_set *set, bool *ret_changed)
{
	struct artifact_list all = {0}, misread = {0};
	struct op_error *err = list_artifacts(set, &all);
	if (!err)
		err = find_misread(&all, &misread);
	for (size_t i = err ? 0 : set->images.count; i-- > 0;)
		if (artifact_list_has(&misread, set->images.data[i]->artifact)) {
			drop_image(set, i);
			*ret_changed = true;
		}
	set->doubted = err;
	free(all.data);
	free(misread.data);
	return err;
}

// Images that appear --------------------------------------------------------------------------

struct scan_state {
	struct op_image_set *set;
	const struct op_region_list *regions;
	bool changed;
};

/**
 * An artifact that is known already and has the same contents, else a new one. *ret is the caller's
 * reference.
 */
static struct op_error *share_artifact(const struct op_image_set *set, struct op_host_addr base,
				       uint64_t limit, struct op_artifact **ret)
{
	struct op_artifact *last = NULL;
	for (size_t i = 0; i < set->images.count; i++) {
		struct op_artifact *known = set->images.data[i]->artifact;
		if (known == last)
			continue;
		last = known;
		bool same;
		struct op_error *err = op_artifact_matches(known, &set->memory, base, &same);
		if (err)
			return err;
		if (same) {
			*ret = op_artifact_ref(known);
			return NULL;
		}
	}
	struct op_artifact *artifact;
	struct op_error *err = op_artifact_open(&set->memory, base, limit, &artifact);
	if (err)
		return err;
	// Compared with itself now, its contents are known later, when something else may lie here.
	bool same, sampled;
	err = op_artifact_matches(artifact, &set->memory, base, &same);
	if (!err && same)
		err = op_artifact_is_still_at(artifact, &set->memory, base, &sampled);
	if (!err && !same)
		err = op_error_create(OP_ERROR_FORMAT,
				      "the image is being changed while it is read");
	if (err) {
		op_artifact_unref(artifact);
		return err;
	}
	*ret = artifact;
	return NULL;
}

static struct op_error *insert_image(struct op_image_set *set, struct op_image *image)
{
	size_t at = images_above(set, image->base);
	if (!op_array_reserve(&set->images.data, &set->images.capacity, set->images.count + 1,
			      sizeof(*set->images.data)))
		return op_error_no_memory();
	memmove(&set->images.data[at + 1], &set->images.data[at],
		(set->images.count - at) * sizeof(*set->images.data));
	set->images.data[at] = image;
	set->images.count++;
	return NULL;
}

static struct op_error *add_image(struct scan_state *state, const struct op_region *region,
				  struct op_host_addr base, struct op_artifact *artifact)
{
	_cleanup_(image_destroyp) struct op_image *image = calloc(1, sizeof(*image));
	if (!image) {
		op_artifact_unref(artifact);
		return op_error_no_memory();
	}
	const struct op_artifact_info *info = op_artifact_info(artifact);
	image->artifact = artifact;
	image->id = state->set->next_id;
	image->base = base;
	image->text = op_host_addr_add(base, info->text_offset);
	image->text_size = info->text_size;
	image->file_backed = !region->anonymous;
	image->path = strdup(image->file_backed && region->path ? region->path : "");
	if (!image->path)
		return op_error_no_memory();
	struct op_error *err = insert_image(state->set, image);
	if (err)
		return err;
	image = NULL;
	state->set->next_id++;
	state->changed = true;
	return NULL;
}

static struct op_host_addr known_end(void *context, struct op_host_addr addr)
{
	const struct scan_state *state = context;
	size_t above = images_above(state->set, addr);
	if (above == 0)
		return addr;
	const struct op_image *below = state->set->images.data[above - 1];
	uint64_t size = op_artifact_info(below->artifact)->size;
	return addr.value - below->base.value < size ? op_host_addr_add(below->base, size) : addr;
}

static struct op_error *found_header(void *context, const struct op_region *region,
				     struct op_host_addr base)
{
	struct scan_state *state = context;
	struct op_artifact *artifact = NULL;
	uint64_t limit = op_region_readable_end(state->regions, region).value - base.value;
	struct op_error *err = share_artifact(state->set, base, limit, &artifact);
	// Not an image after all.
	if (err && (err->code == OP_ERROR_FORMAT || err->code == OP_ERROR_UNREADABLE)) {
		op_error_destroy(err);
		return NULL;
	}
	if (err)
		return err;
	if (!text_is_code(state->regions, op_artifact_info(artifact), base)) {
		op_artifact_unref(artifact);
		return NULL;
	}
	return add_image(state, region, base, artifact);
}

/**
 * Every candidate region, each time: while threads run, what stands in a region can change without
 * its bounds (an image is unmapped and another one mapped in its place between two looks).
 */
static struct op_error *scan_regions(struct scan_state *state)
{
	const struct op_image_set *set = state->set;
	uint64_t unread_left = OP_SCAN_UNREAD_MAX;
	const struct op_scan_client client = {.context = state,
					      .unread_left = &unread_left,
					      .known_end = known_end,
					      .found = found_header};
	for (size_t i = 0; i < state->regions->count; i++) {
		const struct op_region *region = &state->regions->data[i];
		if (!op_region_is_candidate(region))
			continue;
		struct op_error *err =
			op_region_scan(&set->memory, state->regions, region, set->buffer, &client);
		if (err)
			return err;
	}
	return NULL;
}

struct op_error *op_image_set_update(struct op_image_set *set, const struct op_region *regions,
				     size_t count, bool *ret_changed)
{
	const struct op_region_list list = {.data = regions, .count = count};
	struct scan_state state = {.set = set, .regions = &list};
	*ret_changed = false;
	struct op_error *err = drop_vanished(set, &list, &state.changed);
	if (!err && set->doubted)
		err = drop_misread(set, &state.changed);
	if (!err)
		err = scan_regions(&state);
	*ret_changed = state.changed;
	return err;
}
