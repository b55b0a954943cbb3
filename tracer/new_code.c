// SPDX-License-Identifier: GPL-3.0-or-later
// When new code may be written to. Wasmtime makes a module's code executable and then copies that
// very memory into its cache on disk (crates/wasmtime/src/compile/runtime.rs, compile_cached():
// `code.mmap().to_vec()` after publish_mmap()): a trap in it would be there in every later run of
// the module. Knows nothing of what patches are for.
//
// In a program that outpost has started, and that dies with it, new code is made not executable. It
// can be read and copied; the first thread that executes it faults, the fault comes to outpost and
// to nobody else, and by then the module is compiled and cached. Another program would be killed by
// that fault if outpost died, so its code is left alone. It may be written to when the thread that
// mapped it makes a system call that is not about memory (the first one after the copy opens the
// cache's file: crates/cache/src/lib.rs, fs_write_atomic()), when a store has made its clone of it,
// or when a thread is seen to be in it. Until then its guest runs without breakpoints.
#include "tracer/new_code.h"

#include <string.h>

#include "tracer/patch.h"

enum {
	PAGE = 4096,
	// Looks at the threads, in milliseconds: soon, then less and less often.
	FIRST_LOOK_MS = 2,
	LAST_LOOK_MS = 250,
	WALK_LIMIT = 64,
};

static bool lies_in(const struct op_new_image *fresh, struct op_host_addr addr)
{
	return addr.value >= fresh->text.value && addr.value - fresh->text.value < fresh->size;
}

static struct op_new_image *find(const struct op_session *session, struct op_host_addr addr)
{
	for (size_t i = 0; i < session->new_images.count; i++)
		if (lies_in(&session->new_images.data[i], addr))
			return &session->new_images.data[i];
	return NULL;
}

bool op_new_code_holds(const struct op_session *session, struct op_host_addr addr)
{
	const struct op_new_image *fresh = find(session, addr);
	return fresh && !fresh->ready;
}

struct op_error *op_new_code_note_images(struct op_session *session)
{
	size_t kept = 0, count;
	for (size_t i = 0; i < session->new_images.count; i++)
		if (op_image_set_by_id(session->images, session->new_images.data[i].image))
			session->new_images.data[kept++] = session->new_images.data[i];
	session->new_images.count = kept;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	uint32_t newest = session->newest_image;
	// What is found otherwise was mapped some time ago.
	bool mapped_now = session->watching && session->state == OP_SESSION_RUNNING;
	for (size_t i = 0; i < count; i++) {
		const struct op_image *image = images[i];
		if (image->id <= session->newest_image)
			continue;
		newest = image->id > newest ? image->id : newest;
		// What comes from a .cwasm is not cached, and a write stays in this process.
		if (!mapped_now || image->file_backed || !image->text_size)
			continue;
		const struct op_new_image fresh = {
			.image = image->id,
			.artifact = image->artifact,
			.text = image->text,
			.size = (image->text_size + PAGE - 1) & ~(uint64_t)(PAGE - 1),
			.has_frames = op_artifact_info(image->artifact)->has_frames,
		};
		if (!op_array_push(&session->new_images, fresh))
			return op_error_no_memory();
		session->new_code_interval = FIRST_LOOK_MS;
	}
	session->newest_image = newest;
	return NULL;
}

// Regions as the kernel merges them; the piece that begins at @p addr, if any does not yet.
static struct op_error *split_regions(struct op_session *session, struct op_host_addr addr)
{
	for (size_t i = 0; i < session->regions.count; i++) {
		struct op_region *region = &session->regions.data[i];
		if (addr.value <= region->start.value || addr.value >= region->end.value)
			continue;
		struct op_region rest = *region;
		rest.start = addr;
		rest.file_offset += addr.value - region->start.value;
		region->end = addr;
		if (!op_array_push(&session->regions, rest))
			return op_error_no_memory();
		region = &session->regions.data[i];
		memmove(region + 2, region + 1, (session->regions.count - i - 2) * sizeof(*region));
		region[1] = rest;
		return NULL;
	}
	return NULL;
}

struct op_error *op_new_code_show_regions(struct op_session *session)
{
	for (size_t i = 0; i < session->new_images.count; i++) {
		struct op_new_image *fresh = &session->new_images.data[i];
		if (!fresh->held)
			continue;
		struct op_error *err = split_regions(session, fresh->text);
		if (!err)
			err = split_regions(session, op_host_addr_add(fresh->text, fresh->size));
		if (err)
			return err;
		for (size_t k = 0; k < session->regions.count; k++) {
			struct op_region *region = &session->regions.data[k];
			if (!lies_in(fresh, region->start))
				continue;
			// Wasmtime has made it executable once more.
			fresh->held &= !region->executable;
			region->executable = !region->writable;
		}
	}
	return NULL;
}

// Give the permission to execute back, and write what is wanted there before anybody can execute
// it.
static struct op_error *settle(struct op_session *session)
{
	bool any = false;
	for (size_t i = 0; i < session->new_images.count; i++)
		any |= session->new_images.data[i].ready;
	if (!any)
		return NULL;
	struct op_error *err =
		session->state == OP_SESSION_RUNNING ? op_patch_set_insert(session) : NULL;
	size_t kept = 0;
	for (size_t i = 0; i < session->new_images.count; i++) {
		struct op_new_image fresh = session->new_images.data[i];
		struct op_error *protect_err = NULL;
		if (fresh.ready && fresh.held)
			protect_err =
				op_process_protect(session->process, fresh.text, fresh.size,
						   OP_PROTECTION_READ | OP_PROTECTION_EXECUTE);
		if (!fresh.ready || protect_err)
			session->new_images.data[kept++] = fresh;
		if (err)
			op_error_destroy(protect_err);
		else
			err = protect_err;
	}
	session->new_images.count = kept;
	return err;
}

// A store has cloned it, so it is compiled and cached: the thread that mapped it has mapped a clone
// without a system call in between that says anything else, or a clone holds our traps.
static struct op_error *mark_cloned(struct op_session *session, struct op_new_image *clone)
{
	for (size_t i = 0; i < session->new_images.count; i++) {
		struct op_new_image *other = &session->new_images.data[i];
		if (other != clone && other->artifact == clone->artifact &&
		    other->mapper == clone->mapper)
			other->ready = clone->ready = true;
	}
	const struct op_image *image = op_image_set_by_id(session->images, clone->image);
	bool is_clone = false;
	struct op_error *err =
		clone->ready || !image ? NULL : op_patch_is_in_clone(session, image, &is_clone);
	clone->ready |= is_clone;
	return err;
}

// The target may refuse: then it is treated like one that outpost has not started.
static struct op_error *hold(struct op_session *session, struct op_new_image *fresh)
{
	struct op_error *err =
		op_process_protect(session->process, fresh->text, fresh->size, OP_PROTECTION_READ);
	fresh->held = !err;
	if (err && err->code != OP_ERROR_UNSUPPORTED)
		return err;
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_new_code_mapped(struct op_session *session, const struct op_stop *stop)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < session->new_images.count; i++) {
		struct op_new_image *fresh = &session->new_images.data[i];
		bool here = lies_in(fresh, stop->mapped_address);
		if (here) {
			fresh->mapper = stop->thread;
			op_process_watch_mapper(session->process, stop->thread);
		}
		if (session->launched && !fresh->held)
			err = hold(session, fresh);
		if (!err && here && !fresh->held && fresh->has_frames)
			err = mark_cloned(session, fresh);
	}
	return err ?: settle(session);
}

static struct op_error *is_execution_fault(struct op_session *session, const struct op_stop *stop,
					   bool *ret)
{
	struct op_host_addr pc;
	*ret = false;
	if (!session->launched || stop->kind != OP_STOP_SIGNAL || !stop->signal_is_fault ||
	    strcmp(stop->signal_name, "SIGSEGV") != 0 ||
	    !op_image_set_find(session->images, stop->fault_address))
		return NULL;
	struct op_error *err = op_process_pc(session->process, stop->thread, &pc);
	*ret = !err && pc.value == stop->fault_address.value;
	return err;
}

// Code that can be executed does not fault for being executed: another thread was faster.
static struct op_error *is_late_fault(struct op_session *session, const struct op_stop *stop,
				      bool *ret)
{
	struct op_error *err = op_session_read_regions(session);
	*ret = false;
	for (size_t i = 0; !err && i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		*ret |= region->executable && stop->fault_address.value >= region->start.value &&
			stop->fault_address.value < region->end.value;
	}
	return err;
}

struct op_error *op_new_code_executed(struct op_session *session, const struct op_stop *stop,
				      bool *ret)
{
	struct op_error *err = is_execution_fault(session, stop, ret);
	if (err || !*ret)
		return err;
	struct op_new_image *executed = find(session, stop->fault_address);
	if (!executed || !executed->held) {
		err = is_late_fault(session, stop, ret);
		if (!err && *ret)
			op_process_discard_signal(session->process, stop->thread);
		return err;
	}
	op_process_discard_signal(session->process, stop->thread);
	executed->ready = true;
	// The engine's copy, when what runs is a clone: unless somebody else has just compiled the
	// same once more.
	for (size_t i = 0; i < session->new_images.count; i++) {
		struct op_new_image *other = &session->new_images.data[i];
		if (other->artifact == executed->artifact && other->mapper &&
		    (other->mapper == stop->thread ||
		     !op_process_mapper_is_busy(session->process, other->mapper)))
			other->ready = true;
	}
	return settle(session);
}

int op_new_code_interval(const struct op_session *session)
{
	for (size_t i = 0; i < session->new_images.count; i++)
		if (!session->new_images.data[i].held)
			return session->new_code_interval;
	return -1;
}

// Another copy is in use already.
static bool copy_is_settled(const struct op_session *session, const struct op_new_image *fresh)
{
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; i < count; i++)
		if (images[i]->artifact == fresh->artifact && !find(session, images[i]->text))
			return true;
	return false;
}

// What has frames on a stack is executed.
static struct op_error *mark_walked(struct op_session *session, op_thread_id thread)
{
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err && err->code == OP_ERROR_PROCESS_GONE)
		return err;
	if (err) {
		// On its way out, or in the kernel's deepest sleep.
		op_error_destroy(err);
		return NULL;
	}
	_cleanup_(op_walk_deinit) struct op_walk walk = {0};
	struct op_stack_context context = op_session_stack_context(session);
	err = op_walk_thread(&context, &registers, WALK_LIMIT, &walk);
	for (size_t i = 0; !err && i < walk.count; i++) {
		if (walk.frames[i].kind == OP_MACHINE_FRAME_HOST)
			continue;
		for (size_t k = 0; k < session->new_images.count; k++)
			session->new_images.data[k].ready |=
				session->new_images.data[k].image == walk.frames[i].image;
	}
	return err;
}

struct op_error *op_new_code_look(struct op_session *session)
{
	session->new_code_interval *= 2;
	if (session->new_code_interval > LAST_LOOK_MS)
		session->new_code_interval = LAST_LOOK_MS;
	struct op_error *err = op_process_stop_all(session->process);
	if (err)
		return err;
	op_session_forget(session);
	for (size_t i = 0; i < session->new_images.count; i++) {
		struct op_new_image *fresh = &session->new_images.data[i];
		if (fresh->mapper && !op_process_mapper_is_busy(session->process, fresh->mapper))
			fresh->ready = !fresh->held || copy_is_settled(session, fresh);
	}
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	bool wanted = op_new_code_interval(session) >= 0;
	for (size_t i = 0; wanted && !err && i < count; i++)
		err = mark_walked(session, threads[i].id);
	op_session_forget(session);
	return err ?: settle(session);
}

struct op_error *op_new_code_clean_child(struct op_session *session, int64_t child)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < session->new_images.count; i++) {
		const struct op_new_image *fresh = &session->new_images.data[i];
		if (fresh->held)
			err = op_process_protect_child(session->process, child, fresh->text,
						       fresh->size,
						       OP_PROTECTION_READ | OP_PROTECTION_EXECUTE);
	}
	return err;
}

struct op_error *op_new_code_let_go(struct op_session *session)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_stop stop;
		bool is_ours;
		if (!op_process_pending_stop(session->process, threads[i].id, &stop))
			continue;
		struct op_error *err = is_execution_fault(session, &stop, &is_ours);
		if (err)
			return err;
		if (is_ours)
			op_process_discard_signal(session->process, threads[i].id);
	}
	for (size_t i = 0; i < session->new_images.count; i++)
		session->new_images.data[i].ready = true;
	return settle(session);
}

void op_new_code_forget(struct op_session *session)
{
	session->new_images.count = 0;
}
