// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of the code that Wasmtime is making at this very moment. A store that is created clones
// the engine's copy of an image, with the traps that are in it; a clone that was begun before the
// traps were withdrawn, and is not executable yet, is no image and holds them still
// (crates/wasmtime/src/runtime/code.rs, StoreCode; runtime/vm/mmap_vec.rs, deep_clone). Before
// outpost lets go they are looked for and cleaned: nobody would handle them afterwards.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "tracer/agent/agent.h"

struct copied_key {
	const struct op_artifact *artifact;
	uint64_t text_offset;
};
struct op_copied_patch {
	struct copied_key key;
	bool is_slot;
	uint8_t original[OP_SLOT_MAX];
	UT_hash_handle hh;
};

enum {
	PAGE = 4096,
	HEADER = 64,
	BATCH = 512,         // pages whose beginnings are read at once
	PAGES_MAX = 4 << 20, // 16 GiB of writable memory; more is not searched
};

static const struct op_copied_patch *find_copied(const struct op_session *session,
						 const struct op_image *image, uint64_t address)
{
	struct op_copied_patch *node = NULL;
	if (image) {
		struct copied_key key = {image->artifact, address - image->text.value};
		HASH_FIND(hh, session->copied, &key, sizeof(key), node);
	}
	return node;
}

struct op_error *op_patch_note_copied(struct op_session *session, const struct op_patch *patch)
{
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	// A slot that a step wants for a moment is known again by what stands in it. An instruction
	// is not, and a step wants the one at which guests trap, in every copy.
	bool lasting = patch->kind == OP_PATCH_RAW || patch->breakpoint_count ||
		       patch->purposes & (OP_PATCH_ENTRY | OP_PATCH_CALL_MASK);
	// Code that was not compiled for guest-debug is not cloned.
	if (!lasting || !image || image->file_backed ||
	    !op_artifact_info(image->artifact)->has_frames)
		return NULL;
	if (op_agent_may_call(session, image) || find_copied(session, image, patch->address))
		return NULL;
	struct op_copied_patch *node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	node->key = (struct copied_key){image->artifact, patch->address - image->text.value};
	node->is_slot = patch->kind == OP_PATCH_SLOT;
	memcpy(node->original, patch->original, sizeof(node->original));
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, session->copied, key, sizeof(node->key), node);
	if (!failed)
		return NULL;
	free(node);
	return op_error_no_memory();
}

void op_patch_forget_copied(struct op_session *session)
{
	struct op_copied_patch *node, *next;
	HASH_ITER(hh, session->copied, node, next)
	{
		HASH_DEL(session->copied, node);
		free(node);
	}
}

bool op_patch_original_of_copied(struct op_session *session, struct op_patch *patch)
{
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	const struct op_copied_patch *copied = find_copied(session, image, patch->address);
	if (!copied || copied->is_slot)
		return false;
	memcpy(patch->original, copied->original, sizeof(patch->original));
	return true;
}

struct op_error *op_patch_heal_copied(struct op_session *session, uint64_t address, bool *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	const struct op_image *image = op_image_set_find(session->images, op_host_addr(address));
	const struct op_copied_patch *copied = find_copied(session, image, address);
	*ret = copied && !copied->is_slot;
	return *ret ? op_process_write(session->process, op_host_addr(address), copied->original,
				       arch->trap_size)
		    : NULL;
}

struct op_error *op_patch_is_in_clone(struct op_session *session, const struct op_image *image,
				      bool *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_copied_patch *node, *next;
	*ret = false;
	HASH_ITER(hh, session->copied, node, next)
	{
		if (node->key.artifact != image->artifact)
			continue;
		uint8_t bytes[OP_SLOT_MAX];
		const uint8_t *trap = node->is_slot ? arch->slot_trap : arch->trap;
		unsigned size = node->is_slot ? arch->slot_size : arch->trap_size;
		struct op_error *err = op_process_read(
			session->process, op_host_addr_add(image->text, node->key.text_offset),
			bytes, size);
		if (err)
			return err;
		*ret = !memcmp(bytes, trap, size);
		if (*ret)
			break;
	}
	return NULL;
}

// Put the originals back into one clone.
static struct op_error *clean_clone(struct op_session *session, const struct op_artifact *artifact,
				    struct op_host_addr base)
{
	const struct op_arch *arch = op_process_arch(session->process);
	uint64_t text = op_artifact_info(artifact)->text_offset;
	struct op_copied_patch *node, *next;
	HASH_ITER(hh, session->copied, node, next)
	{
		if (node->key.artifact != artifact)
			continue;
		struct op_host_addr place = op_host_addr_add(base, text + node->key.text_offset);
		const uint8_t *trap = node->is_slot ? arch->slot_trap : arch->trap;
		unsigned size = node->is_slot ? arch->slot_size : arch->trap_size;
		uint8_t bytes[OP_SLOT_MAX];
		struct op_error *err = op_process_read(session->process, place, bytes, size);
		if (!err && !memcmp(bytes, trap, size))
			err = op_process_write(session->process, place, node->original, size);
		// What is only half there has not been copied so far.
		if (err && err->code != OP_ERROR_UNREADABLE)
			return err;
		op_error_destroy(err);
	}
	return NULL;
}

// The beginnings of some pages: is one of them the header of an image that was patched?
static struct op_error *look_at(struct op_session *session, struct op_host_addr start, size_t pages)
{
	uint8_t heads[BATCH][HEADER];
	struct op_read_request requests[BATCH];
	for (size_t i = 0; i < pages; i++)
		requests[i] = (struct op_read_request){.addr = op_host_addr_add(start, i * PAGE),
						       .buffer = heads[i],
						       .size = HEADER};
	struct op_error *err = op_process_read_many(session->process, requests, pages);
	for (size_t i = 0; !err && i < pages; i++) {
		if (!requests[i].done || memcmp(heads[i], "\177ELF", 4))
			continue;
		size_t count;
		const struct op_image *const *images = op_image_set_images(session->images, &count);
		for (size_t k = 0; !err && k < count; k++) {
			uint8_t header[HEADER];
			err = op_process_read(session->process, images[k]->base, header,
					      sizeof(header));
			if (!err && !memcmp(header, heads[i], sizeof(header)))
				err = clean_clone(session, images[k]->artifact, requests[i].addr);
		}
	}
	return err;
}

struct op_error *op_patch_sweep_copies(struct op_session *session)
{
	size_t looked = 0;
	for (size_t i = 0; session->copied && i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		// Writable while it is filled, then read-only for a moment, before its text becomes
		// executable (code_memory.rs, publish).
		if (region->executable || !region->readable || !region->anonymous)
			continue;
		size_t pages = (region->end.value - region->start.value) / PAGE;
		for (size_t at = 0; at < pages && looked < PAGES_MAX;
		     at += BATCH, looked += BATCH) {
			struct op_error *err =
				look_at(session, op_host_addr_add(region->start, at * PAGE),
					pages - at < BATCH ? pages - at : BATCH);
			if (err)
				return err;
		}
	}
	op_patch_forget_copied(session);
	return NULL;
}
