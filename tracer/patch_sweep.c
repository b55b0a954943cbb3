// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of the code that Wasmtime is making at this very moment. A store that is created clones
// the engine's copy of an image, with the traps that are in it; a clone that was begun before the
// traps were withdrawn, and is not executable yet, is no image and holds them still
// (crates/wasmtime/src/runtime/code.rs, StoreCode; runtime/vm/mmap_vec.rs, deep_clone). Before
// outpost lets go they are looked for and cleaned: nobody would handle them afterwards.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/patch.h"

enum {
	PAGE = 4096,
	HEADER = 64,
	BATCH = 512,         // pages whose beginnings are read at once
	PAGES_MAX = 4 << 20, // 16 GiB of writable memory; more is not searched
};

struct op_error *op_patch_note_copied(struct op_session *session, const struct op_patch *patch)
{
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	bool lasting = patch->breakpoint_count || patch->purposes & OP_PATCH_ENTRY;
	if (patch->kind != OP_PATCH_SLOT || !lasting || !image || image->file_backed)
		return NULL;
	for (size_t i = 0; i < session->copied.count; i++)
		if (session->copied.data[i].artifact == image->artifact &&
		    session->copied.data[i].text_offset == patch->text_offset)
			return NULL;
	struct op_copied_patch copied = {image->artifact, patch->text_offset};
	return op_array_push(&session->copied, copied) ? NULL : op_error_no_memory();
}

// Put the NOPs back into one clone.
static struct op_error *clean_clone(struct op_session *session, const struct op_artifact *artifact,
				    struct op_host_addr base)
{
	const struct op_arch *arch = op_process_arch(session->process);
	uint64_t text = op_artifact_info(artifact)->text_offset;
	for (size_t i = 0; i < session->copied.count; i++) {
		if (session->copied.data[i].artifact != artifact)
			continue;
		struct op_host_addr slot =
			op_host_addr_add(base, text + session->copied.data[i].text_offset);
		uint8_t bytes[OP_SLOT_MAX];
		struct op_error *err =
			op_process_read(session->process, slot, bytes, arch->slot_size);
		if (!err && !memcmp(bytes, arch->slot_trap, arch->slot_size))
			err = op_process_write(session->process, slot, arch->slot_disabled,
					       arch->slot_size);
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
	for (size_t i = 0; session->copied.count && i < session->regions.count; i++) {
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
	session->copied.count = 0;
	return NULL;
}
