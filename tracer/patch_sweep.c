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
	struct op_artifact *artifact; // one reference: nobody else gets its address
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
	// Also what a run wants for a moment: a clone that is begun in it may be finished long
	// after. Code that was not compiled for guest-debug is not cloned, nor is a clone.
	if (!image || image->file_backed || !op_artifact_info(image->artifact)->has_frames ||
	    op_agent_is_private(session, image) || find_copied(session, image, patch->address))
		return NULL;
	struct op_copied_patch *node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	node->key = (struct copied_key){image->artifact, patch->address - image->text.value};
	node->artifact = op_artifact_ref(image->artifact);
	node->is_slot = patch->kind == OP_PATCH_SLOT;
	memcpy(node->original, patch->original, sizeof(node->original));
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, session->copied, key, sizeof(node->key), node);
	if (!failed)
		return NULL;
	op_artifact_unref(node->artifact);
	free(node);
	return op_error_no_memory();
}

static void forget(struct op_session *session, struct op_copied_patch *node)
{
	HASH_DEL(session->copied, node);
	op_artifact_unref(node->artifact);
	free(node);
}

void op_patch_forget_copied(struct op_session *session)
{
	struct op_copied_patch *node, *next;
	HASH_ITER(hh, session->copied, node, next)
	forget(session, node);
}

static const struct op_image *find_image(const struct op_session *session,
					 const struct op_artifact *artifact)
{
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; i < count; i++)
		if (images[i]->artifact == artifact)
			return images[i];
	return NULL;
}

void op_patch_prune_copied(struct op_session *session)
{
	const struct op_artifact *last = NULL;
	bool is_there = false;
	struct op_copied_patch *node, *next;
	HASH_ITER(hh, session->copied, node, next)
	{
		// They lie together, in the order in which they were noted.
		if (node->artifact != last)
			is_there = find_image(session, last = node->artifact) != NULL;
		if (!is_there)
			forget(session, node);
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

// Call @p visit for each of the noted traps that stands in a copy of the code, whose text begins at
// @p text, until it fails or says that it has seen enough.
typedef struct op_error *trap_visit(struct op_session *session, const struct op_copied_patch *node,
				    struct op_host_addr place, bool *ret_enough);

static struct op_error *visit_batch(struct op_session *session,
				    const struct op_copied_patch *const *nodes, size_t count,
				    struct op_host_addr text, trap_visit *visit, bool *ret_enough)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_read_request requests[BATCH];
	uint8_t bytes[BATCH][OP_SLOT_MAX];
	for (size_t i = 0; i < count; i++)
		requests[i] = (struct op_read_request){
			.addr = op_host_addr_add(text, nodes[i]->key.text_offset),
			.buffer = bytes[i],
			.size = nodes[i]->is_slot ? arch->slot_size : arch->trap_size};
	struct op_error *err = op_process_read_many(session->process, requests, count);
	for (size_t i = 0; !err && !*ret_enough && i < count; i++) {
		const uint8_t *trap = nodes[i]->is_slot ? arch->slot_trap : arch->trap;
		// What is only half there has not been copied so far.
		if (requests[i].done && !memcmp(bytes[i], trap, requests[i].size))
			err = visit(session, nodes[i], requests[i].addr, ret_enough);
	}
	return err;
}

static struct op_error *visit_traps(struct op_session *session, const struct op_artifact *artifact,
				    struct op_host_addr text, trap_visit *visit, bool *ret_enough)
{
	const struct op_copied_patch *nodes[BATCH];
	size_t count = 0;
	struct op_error *err = NULL;
	*ret_enough = false;
	for (struct op_copied_patch *node = session->copied; node && !err && !*ret_enough;
	     node = node->hh.next) {
		if (node->key.artifact == artifact)
			nodes[count++] = node;
		if (count < BATCH)
			continue;
		err = visit_batch(session, nodes, count, text, visit, ret_enough);
		count = 0;
	}
	return err || *ret_enough || !count
		       ? err
		       : visit_batch(session, nodes, count, text, visit, ret_enough);
}

static struct op_error *one_is_enough(struct op_session *session,
				      const struct op_copied_patch *node, struct op_host_addr place,
				      bool *ret_enough)
{
	*ret_enough = true;
	return NULL;
}

struct op_error *op_patch_is_in_clone(struct op_session *session, const struct op_image *image,
				      bool *ret)
{
	return visit_traps(session, image->artifact, image->text, one_is_enough, ret);
}

// A thread that has hit a trap which is taken out now, and whose hit nobody has looked at, goes
// back in front of it: behind it stands the middle of an instruction.
static struct op_error *move_back(struct op_session *session, struct op_host_addr trap)
{
	const struct op_arch *arch = op_process_arch(session->process);
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_stop stop;
		struct op_registers registers;
		if (!op_process_pending_stop(session->process, threads[i].id, &stop) ||
		    stop.kind != OP_STOP_TRAP)
			continue;
		struct op_error *err =
			op_process_registers(session->process, threads[i].id, &registers);
		// On its way out.
		if (err && err->code != OP_ERROR_PROCESS_GONE) {
			op_error_destroy(err);
			continue;
		}
		if (!err && registers.value[arch->pc] == trap.value + arch->trap_pc_advance) {
			op_process_drop_pending(session->process, threads[i].id);
			registers.value[arch->pc] = trap.value;
			err = op_process_set_registers(session->process, threads[i].id, &registers);
		}
		if (err)
			return err;
	}
	return NULL;
}

static struct op_error *take_out(struct op_session *session, const struct op_copied_patch *node,
				 struct op_host_addr place, bool *ret_enough)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_error *err = move_back(session, place);
	return err
		       ?: op_process_write(session->process, place, node->original,
					   node->is_slot ? arch->slot_size : arch->trap_size);
}

/** Code that was patched, and what its copies begin with. */
struct patched_code {
	const struct op_artifact *artifact;
	uint8_t header[HEADER];
};
struct patched_codes {
	struct patched_code *data;
	size_t count, capacity;
};

static bool is_known(const struct patched_codes *codes, const struct op_artifact *artifact)
{
	// Traps in the same code were noted one after the other, mostly.
	for (size_t i = codes->count; i--;)
		if (codes->data[i].artifact == artifact)
			return true;
	return false;
}

// Each artifact once, however many stores have a copy of it.
static struct op_error *find_patched(struct op_session *session, struct patched_codes *ret)
{
	for (const struct op_copied_patch *node = session->copied; node; node = node->hh.next) {
		struct patched_code code = {.artifact = node->artifact};
		if (is_known(ret, code.artifact))
			continue;
		const struct op_image *image = find_image(session, code.artifact);
		if (!image)
			continue;
		struct op_error *err = op_process_read(session->process, image->base, code.header,
						       sizeof(code.header));
		if (err)
			return err;
		if (!op_array_push(ret, code))
			return op_error_no_memory();
	}
	return NULL;
}

// The beginnings of some pages: is one of them the header of an image that was patched?
static struct op_error *look_at(struct op_session *session, const struct patched_codes *codes,
				struct op_host_addr start, size_t pages)
{
	uint8_t heads[BATCH][HEADER];
	struct op_read_request requests[BATCH];
	for (size_t i = 0; i < pages; i++)
		requests[i] = (struct op_read_request){.addr = op_host_addr_add(start, i * PAGE),
						       .buffer = heads[i],
						       .size = HEADER};
	struct op_error *err = op_process_read_many(session->process, requests, pages);
	for (size_t i = 0; !err && i < pages; i++) {
		for (size_t k = 0; requests[i].done && !err && k < codes->count; k++) {
			const struct patched_code *code = &codes->data[k];
			bool enough;
			if (memcmp(code->header, heads[i], HEADER))
				continue;
			uint64_t text = op_artifact_info(code->artifact)->text_offset;
			err = visit_traps(session, code->artifact,
					  op_host_addr_add(requests[i].addr, text), take_out,
					  &enough);
		}
	}
	return err;
}

static struct op_error *look_at_all(struct op_session *session, const struct patched_codes *codes)
{
	size_t looked = 0;
	for (size_t i = 0; i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		// Writable while it is filled, then read-only for a moment, before its text becomes
		// executable (code_memory.rs, publish).
		if (region->executable || !region->readable || !region->anonymous)
			continue;
		size_t pages = (region->end.value - region->start.value) / PAGE;
		for (size_t at = 0; at < pages && looked < PAGES_MAX;
		     at += BATCH, looked += BATCH) {
			struct op_error *err =
				look_at(session, codes, op_host_addr_add(region->start, at * PAGE),
					pages - at < BATCH ? pages - at : BATCH);
			if (err)
				return err;
		}
	}
	return NULL;
}

struct op_error *op_patch_sweep_copies(struct op_session *session)
{
	struct patched_codes codes = {0};
	struct op_error *err = session->copied ? find_patched(session, &codes) : NULL;
	if (!err && codes.count)
		err = look_at_all(session, &codes);
	free(codes.data);
	if (!err)
		op_patch_forget_copied(session);
	return err;
}
