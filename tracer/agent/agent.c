// SPDX-License-Identifier: GPL-3.0-or-later
// Stubs of patch slots: made, found again at a trap, left by threads, taken away. What a stub does
// is site.c's, how it is compiled stub.c's.
#include "tracer/agent/agent.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "tracer/agent/site.h"
#include "tracer/code_write.h"

// Far more machine instructions than a stub has.
enum { STUB_STEPS_MAX = 4096 };
enum { JUMP_SIZE = 5, JUMP = 0xe9 };

struct op_patch_stub {
	uint64_t address;
	uint32_t size, entry;
	uint32_t guard; // op_process_note_plant()'s
	uint64_t epoch; // of the agent when it was compiled
	unsigned purposes;
	uint64_t step_frame;
	uint32_t users; // how many breakpoints the patch had then; where one goes the stub goes too
	uint32_t *traps; // offsets
	uint32_t trap_count;
};

struct trap_node {
	uint64_t address; // key
	uint64_t patch;
	uint32_t tag;
	uint32_t guard; // op_process_note_plant()'s
	UT_hash_handle hh;
};

struct image_node {
	uint32_t id;  // key
	bool refused; // nothing can be put near it
	UT_hash_handle hh;
};

// A thread that was about to trap in a stub and was taken back to the slot.
struct taken_back {
	op_thread_id thread;
	uint64_t slot;
	uint32_t tag; // of the trap
};

// Code that slots may still lead to, until they are written.
struct retired {
	uint64_t address;
	uint32_t size;
};

struct op_agent {
	struct op_arena_set *arenas;
	struct OP_ARRAY(struct retired) retired;
	struct OP_ARRAY(uint32_t) retired_guards;
	struct trap_node *traps;
	struct image_node *running;
	struct OP_ARRAY(struct taken_back) taken_back;
	struct op_stub stub; // the buffers of the compiler
	uint64_t epoch;
	uint64_t last_stub; // where one was put: the next will not be far
	bool told_refused;
	bool interrupted; // a handler may return to a stub: its signal came when the thread was in
			  // one
};

struct op_error *op_agent_create(struct op_agent **ret)
{
	struct op_agent *agent = calloc(1, sizeof(*agent));
	if (!agent)
		return op_error_no_memory();
	struct op_error *err = op_arena_set_create(&agent->arenas);
	if (err) {
		free(agent);
		return err;
	}
	agent->epoch = 1;
	*ret = agent;
	return NULL;
}

static void forget_tables(struct op_agent *agent)
{
	struct trap_node *trap, *next_trap;
	HASH_ITER(hh, agent->traps, trap, next_trap)
	{
		HASH_DEL(agent->traps, trap);
		free(trap);
	}
	struct image_node *image, *next_image;
	HASH_ITER(hh, agent->running, image, next_image)
	{
		HASH_DEL(agent->running, image);
		free(image);
	}
	agent->taken_back.count = 0;
	agent->retired.count = 0;
	agent->retired_guards.count = 0;
	agent->last_stub = 0;
	agent->told_refused = agent->interrupted = false;
}

void op_agent_forget(struct op_agent *agent)
{
	forget_tables(agent);
	op_arena_set_clear(agent->arenas);
}

void op_agent_destroy(struct op_agent *agent)
{
	if (!agent)
		return;
	forget_tables(agent);
	op_arena_set_destroy(agent->arenas);
	op_stub_deinit(&agent->stub);
	free(agent->taken_back.data);
	free(agent->retired.data);
	free(agent->retired_guards.data);
	free(agent);
}

struct op_arena_set *op_agent_arenas(struct op_session *session)
{
	return session->agent->arenas;
}

// Whose code --------------------------------------------------------------------------------------

static struct image_node *find_running(const struct op_session *session,
				       const struct op_image *image)
{
	struct image_node *node = NULL;
	if (image)
		HASH_FIND(hh, session->agent->running, &image->id, sizeof(image->id), node);
	return node;
}

bool op_agent_may_call(const struct op_session *session, const struct op_image *image)
{
	const struct image_node *node = find_running(session, image);
	return node && !node->refused && !session->outside;
}

bool op_agent_is_private(const struct op_session *session, const struct op_image *image)
{
	return find_running(session, image) != NULL;
}

bool op_agent_note_running(struct op_session *session, const struct op_image *image)
{
	if (session->outside || image->file_backed || find_running(session, image))
		return false;
	struct image_node *node = calloc(1, sizeof(*node));
	if (!node)
		return false;
	node->id = image->id;
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, session->agent->running, id, sizeof(node->id), node);
	if (failed)
		free(node);
	return !failed;
}

static void refuse(struct op_session *session, const struct op_image *image,
		   const struct op_error *why)
{
	struct image_node *node = find_running(session, image);
	if (node)
		node->refused = true;
	if (!session->agent->told_refused)
		op_session_notice(session, OP_NOTICE_WARNING,
				  "conditions, counters and log points stop the program each "
				  "time in a copy of its code, as nothing can be put near that: "
				  "%s",
				  why->message);
	session->agent->told_refused = true;
}

void op_agent_changed(struct op_session *session)
{
	session->agent->epoch++;
}

void op_session_set_inside(struct op_session *session, bool inside)
{
	if (session->outside == inside)
		op_agent_changed(session);
	session->outside = !inside;
}

// Making stubs ------------------------------------------------------------------------------------

// Without memory to remember it: at worst a byte that does nothing is written there later.
static void retire_guard(struct op_session *session, uint32_t guard)
{
	if (session->process && !op_array_push(&session->agent->retired_guards, guard))
		op_process_forget_plant(session->process, guard);
}

static void forget_traps(struct op_session *session, const struct op_patch_stub *stub)
{
	struct op_agent *agent = session->agent;
	for (uint32_t i = 0; i < stub->trap_count; i++) {
		uint64_t address = stub->address + stub->traps[i];
		struct trap_node *node;
		HASH_FIND(hh, agent->traps, &address, sizeof(address), node);
		if (!node)
			continue;
		retire_guard(session, node->guard);
		HASH_DEL(agent->traps, node);
		free(node);
	}
}

void op_agent_free_retired(struct op_session *session)
{
	struct op_agent *agent = session->agent;
	for (size_t i = 0; i < agent->retired_guards.count; i++)
		op_process_forget_plant(session->process, agent->retired_guards.data[i]);
	for (size_t i = 0; i < agent->retired.count && !agent->interrupted; i++)
		op_arena_free_code(agent->arenas, agent->retired.data[i].address,
				   agent->retired.data[i].size);
	agent->retired_guards.count = agent->retired.count = 0;
}

void op_agent_disarm(struct op_session *session, struct op_patch *patch)
{
	struct op_patch_stub *stub = op_take(patch->stub);
	if (!stub)
		return;
	const struct retired room = {stub->address, stub->size};
	forget_traps(session, stub);
	retire_guard(session, stub->guard);
	// Short of memory the room is lost until the arena goes.
	(void)!op_array_push(&session->agent->retired, room);
	free(stub->traps);
	free(stub);
}

static struct op_error *note_trap(struct op_session *session, struct op_patch_stub *stub,
				  const struct op_stub_trap *trap, uint64_t patch)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_agent *agent = session->agent;
	struct trap_node *node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	*node = (struct trap_node){.address = stub->address + trap->offset,
				   .patch = patch,
				   .tag = trap->tag,
				   .guard = UINT32_MAX};
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, agent->traps, address, sizeof(node->address), node);
	if (failed) {
		free(node);
		return op_error_no_memory();
	}
	stub->traps[stub->trap_count++] = trap->offset;
	// After outpost's death a thread waits at it until it is harmless.
	return op_process_note_plant(session->process, op_host_addr(node->address), arch->trap,
				     arch->trap_size, arch->slot_harmless, &node->guard);
}

// Compile to learn the size, then at the place where it will stand; what is in reach of the code
// decides about a few instructions.
static struct op_error *compile(struct op_session *session, const struct op_site *site,
				const struct op_patch *patch, uint64_t *ret_address)
{
	enum { TRIES = 3 };
	const struct op_stub_machine *machine =
		op_stub_machine_for(op_process_arch(session->process));
	struct op_stub *stub = &session->agent->stub;
	uint64_t slot_end = patch->address + patch->size;
	uint64_t address = session->agent->last_stub ?: patch->address;
	*ret_address = 0;
	for (int i = 0; i < TRIES; i++) {
		struct op_error *err = op_stub_compile(machine, site->groups, site->group_count,
						       &site->scope, address, slot_end, stub);
		if (err)
			return err;
		size_t size = stub->code.count;
		err = op_arena_code(session, patch->address, size, ret_address);
		address = *ret_address;
		if (!err)
			err = op_stub_compile(machine, site->groups, site->group_count,
					      &site->scope, address, slot_end, stub);
		if (err)
			return err;
		if (stub->code.count <= size) {
			session->agent->last_stub = address;
			return op_process_write(session->process, op_host_addr(address),
						stub->code.data, stub->code.count);
		}
		op_arena_free_code(session->agent->arenas, address, size);
	}
	return op_error_create(OP_ERROR_FORMAT, "a stub's size depends on its place");
}

static struct op_error *install(struct op_session *session, const struct op_site *site,
				struct op_patch *patch)
{
	struct op_agent *agent = session->agent;
	uint64_t address;
	struct op_error *err = compile(session, site, patch, &address);
	if (err)
		return err;
	struct op_patch_stub *stub = calloc(1, sizeof(*stub));
	uint32_t *traps =
		agent->stub.traps.count ? calloc(agent->stub.traps.count, sizeof(*traps)) : NULL;
	if (!stub || (agent->stub.traps.count && !traps)) {
		free(stub);
		free(traps);
		return op_error_no_memory();
	}
	*stub = (struct op_patch_stub){.address = address,
				       .size = (uint32_t)agent->stub.code.count,
				       .entry = agent->stub.entry,
				       .guard = UINT32_MAX,
				       .epoch = agent->epoch,
				       .purposes = patch->purposes,
				       .step_frame = patch->step_frame,
				       .users = patch->breakpoint_count,
				       .traps = traps};
	patch->stub = stub;
	for (size_t i = 0; !err && i < agent->stub.traps.count; i++)
		err = note_trap(session, stub, &agent->stub.traps.data[i], patch->address);
	if (!err)
		err = op_process_note_plant(session->process, op_host_addr(address + stub->entry),
					    agent->stub.code.data + stub->entry, 1,
					    agent->stub.entry_harmless, &stub->guard);
	if (err)
		op_agent_disarm(session, patch);
	return err;
}

// The users whose expressions have no compiled form, as bits.
static uint32_t find_uncompiled(struct op_session *session, const struct op_site *site,
				const struct op_patch *patch)
{
	uint32_t users = 0;
	for (size_t i = 0; i < site->group_count; i++) {
		struct op_error *err =
			op_stub_compile(op_stub_machine_for(op_process_arch(session->process)),
					&site->groups[i], 1, &site->scope, patch->address,
					patch->address + patch->size, &session->agent->stub);
		if (err && err->code == OP_ERROR_UNSUPPORTED &&
		    site->users[i] < OP_SITE_USERS_MAX) {
			op_site_tell_outside(session, patch, site->users[i], err);
			users |= (uint32_t)1 << site->users[i];
		}
		op_error_destroy(err);
	}
	return users;
}

static bool is_current(const struct op_session *session, const struct op_patch *patch)
{
	return patch->stub && patch->stub->epoch == session->agent->epoch &&
	       patch->stub->users == patch->breakpoint_count &&
	       !patch->stub->purposes == !patch->purposes &&
	       patch->stub->step_frame == patch->step_frame;
}

struct op_error *op_agent_arm(struct op_session *session, struct op_patch *patch)
{
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	bool possible = patch->kind == OP_PATCH_SLOT && op_agent_may_call(session, image) &&
			op_stub_machine_for(op_process_arch(session->process));
	if (is_current(session, patch))
		return NULL;
	op_agent_disarm(session, patch);
	if (patch->kind == OP_PATCH_RAW)
		op_site_tell_raw(session, patch);
	if (!possible)
		return NULL;
	// What has no compiled form is found one by one and left out.
	uint32_t outside = 0, before;
	struct op_error *err;
	do {
		_cleanup_(op_site_deinit) struct op_site site = {0};
		before = outside;
		err = op_site_plan(session, image, patch, outside, &site);
		if (!err && site.group_count)
			err = install(session, &site, patch);
		if (err && err->code == OP_ERROR_UNSUPPORTED)
			outside |= find_uncompiled(session, &site, patch);
		if (outside != before)
			op_error_destroy(op_take(err));
	} while (outside != before);
	if (err && (err->code == OP_ERROR_UNSUPPORTED || err->code == OP_ERROR_LIMIT)) {
		refuse(session, image, err);
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

struct op_error *op_agent_reserve(struct op_session *session, struct op_patch *const *patches,
				  size_t count)
{
	// A counter's stub and its cell.
	enum { MANY = 256, STUB_BYTES = 20, CELL_BYTES = 8 };
	size_t served = 0;
	uint64_t near = 0;
	for (size_t i = 0; count >= MANY && i < count; i++) {
		const struct op_image *image =
			op_image_set_by_id(session->images, patches[i]->image);
		if (!op_patch_wants_stub(patches[i]) || patches[i]->stub ||
		    !op_agent_may_call(session, image))
			continue;
		near = patches[i]->address;
		served++;
	}
	if (served < MANY)
		return NULL;
	struct op_error *err =
		op_arena_reserve(session, near, served * STUB_BYTES, served * CELL_BYTES);
	// The first stub says so.
	if (err && (err->code == OP_ERROR_UNSUPPORTED || err->code == OP_ERROR_LIMIT)) {
		op_error_destroy(err);
		return NULL;
	}
	return err;
}

struct op_error *op_agent_cell(struct op_session *session, const struct op_patch *patch,
			       uint64_t *ret)
{
	static const uint64_t zero;
	struct op_error *err = op_arena_data(session, patch->address, sizeof(zero), ret);
	return err ?: op_process_write(session->process, op_host_addr(*ret), &zero, sizeof(zero));
}

void op_agent_free_cell(struct op_session *session, uint64_t cell)
{
	if (cell)
		op_arena_free_data(session->agent->arenas, cell, sizeof(cell));
}

void op_agent_slot_bytes(const struct op_patch *patch, uint8_t ret[OP_SLOT_MAX])
{
	// Intel SDM volume 2: JMP rel32, relative to the next instruction.
	uint32_t distance = (uint32_t)(patch->stub->address + patch->stub->entry -
				       (patch->address + JUMP_SIZE));
	ret[0] = JUMP;
	memcpy(ret + 1, &distance, sizeof(distance));
}

// Traps -------------------------------------------------------------------------------------------

struct op_patch *op_agent_find_trap(struct op_session *session, uint64_t address, uint32_t *ret_tag)
{
	struct trap_node *node;
	HASH_FIND(hh, session->agent->traps, &address, sizeof(address), node);
	if (!node)
		return NULL;
	*ret_tag = node->tag;
	return op_patch_find(session->patches, node->patch);
}

struct op_error *op_agent_to_slot(struct op_session *session, op_thread_id thread,
				  const struct op_patch *patch)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	// Behind the slot: were outpost to die now, the thread would go on from there, and
	// elsewhere in the slot there is no instruction.
	registers.value[arch->pc] = patch->address + patch->size;
	return op_process_set_registers(session->process, thread, &registers);
}

// Threads in stubs --------------------------------------------------------------------------------

static struct op_error *take_back(struct op_session *session, op_thread_id thread, uint64_t trap)
{
	uint32_t tag;
	const struct op_patch *patch = op_agent_find_trap(session, trap, &tag);
	if (!patch)
		return NULL;
	struct op_error *err = op_agent_to_slot(session, thread, patch);
	struct op_registers registers;
	if (!err)
		err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	registers.value[op_process_arch(session->process)->pc] = patch->address;
	err = op_process_set_registers(session->process, thread, &registers);
	struct taken_back back = {thread, patch->address, tag};
	if (!err && !op_array_push(&session->agent->taken_back, back))
		err = op_error_no_memory();
	return err;
}

// To the stub's end. @param[out] ret_trap the thread is about to trap in it, or has: where. 0: it
// is in none any more, or cannot leave.
static struct op_error *walk_out(struct op_session *session, op_thread_id thread,
				 uint64_t *ret_trap)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_agent *agent = session->agent;
	*ret_trap = 0;
	for (int i = 0; i < STUB_STEPS_MAX; i++) {
		struct op_host_addr pc;
		struct op_stop stop;
		struct op_error *err = op_process_pc(session->process, thread, &pc);
		if (err)
			return err;
		bool pending = op_process_pending_stop(session->process, thread, &stop);
		uint64_t trap = pc.value;
		if (pending && stop.kind == OP_STOP_TRAP)
			trap -= arch->trap_pc_advance;
		if (!op_arena_holds_code(agent->arenas, trap)) {
			// Elsewhere than behind a slot a handler begins.
			agent->interrupted |=
				i && !op_patch_find(session->patches, pc.value - arch->slot_size);
			return NULL;
		}
		uint32_t tag;
		if (op_agent_find_trap(session, trap, &tag)) {
			*ret_trap = trap;
			return NULL;
		}
		// Signals wait: a handler would return to a stub that may be another one then.
		if (pending && stop.kind != OP_STOP_SIGNAL)
			return NULL;
		err = op_process_step(session->process, thread, &stop);
		// One signal waits, but not two.
		agent->interrupted |= !err && stop.kind == OP_STOP_SIGNAL;
		if (err || stop.kind != OP_STOP_TRAP)
			return err;
	}
	return NULL;
}

static struct op_error *leave_stub(void *context, op_thread_id thread)
{
	struct op_session *session = context;
	struct op_stop stop;
	uint64_t trap;
	struct op_error *err = walk_out(session, thread, &trap);
	if (err || !trap)
		return err;
	if (op_process_pending_stop(session->process, thread, &stop) && stop.kind == OP_STOP_TRAP)
		op_process_drop_pending(session->process, thread);
	return take_back(session, thread, trap);
}

struct op_error *op_agent_leave_before_signal(struct op_session *session, op_thread_id thread,
					      bool *ret_traps)
{
	uint64_t trap = 0;
	struct op_error *err = op_arena_set_is_empty(session->agent->arenas)
				       ? NULL
				       : walk_out(session, thread, &trap);
	*ret_traps = trap != 0;
	return err;
}

struct op_error *op_agent_leave_stubs(struct op_session *session)
{
	if (op_arena_set_is_empty(session->agent->arenas))
		return NULL;
	return op_process_each_thread(session->process, leave_stub, session);
}

// Where a thread goes on that a stub has served up to a trap: the stub may be another one by now,
// as a step may want to know of arrivals too. Where nobody wants the trap any more, behind the
// slot.
static uint64_t find_continuation(const struct op_agent *agent, const struct op_patch *patch,
				  uint32_t tag)
{
	uint64_t any = patch->address + patch->size;
	for (uint32_t i = 0; i < patch->stub->trap_count; i++) {
		uint64_t address = patch->stub->address + patch->stub->traps[i];
		const struct trap_node *node;
		HASH_FIND(hh, agent->traps, &address, sizeof(address), node);
		if (node && node->tag == tag)
			return address;
		if (node && node->tag == OP_SITE_TAG_ANY)
			any = address;
	}
	return any;
}

struct op_error *op_agent_return_threads(struct op_session *session)
{
	struct op_agent *agent = session->agent;
	const struct op_arch *arch = op_process_arch(session->process);
	for (size_t i = 0; i < agent->taken_back.count; i++) {
		const struct taken_back *back = &agent->taken_back.data[i];
		const struct op_patch *patch = op_patch_find(session->patches, back->slot);
		struct op_registers registers;
		if (!patch || !patch->inserted || !patch->called)
			continue;
		struct op_error *err =
			op_process_registers(session->process, back->thread, &registers);
		if (err || registers.value[arch->pc] != back->slot) {
			op_error_destroy(err);
			continue;
		}
		registers.value[arch->pc] = find_continuation(agent, patch, back->tag);
		err = op_process_set_registers(session->process, back->thread, &registers);
		if (err)
			return err;
	}
	agent->taken_back.count = 0;
	return NULL;
}

// Coming and going --------------------------------------------------------------------------------

static bool someone_is_inside(struct op_session *session)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_host_addr pc = {0};
		struct op_error *err = op_process_pc(session->process, threads[i].id, &pc);
		// Of one that is dying no more is to be feared; where another is nobody knows.
		bool inside = err ? err->code != OP_ERROR_PROCESS_GONE
				  : op_arena_holds_code(session->agent->arenas, pc.value);
		op_error_destroy(err);
		if (inside)
			return true;
	}
	return false;
}

struct op_error *op_agent_leave(struct op_session *session)
{
	if (op_arena_set_is_empty(session->agent->arenas))
		return NULL;
	struct op_error *err = op_agent_leave_stubs(session);
	if (err)
		return err;
	session->agent->taken_back.count = 0;
	op_agent_free_retired(session);
	// A thread that could not leave, or is in a handler of the program's that will return to a
	// stub, runs on through it; nobody calls it any more.
	bool stays = someone_is_inside(session);
	if (!stays && (op_arena_has_left(session->agent->arenas) || session->agent->interrupted))
		err = op_agent_someone_returns(session, &stays);
	return err || stays ? err : op_arena_release(session);
}
