// SPDX-License-Identifier: GPL-3.0-or-later
// What an outpost that was killed has left in the target, taken out at the next attach: jumps to
// stubs, the stubs' memory, slots that the guardian has made harmless, the handler for traps. The
// pages are known by the marks at their beginnings; what of outpost's the code holds is looked for
// only where there is such a page. Must not know how any of it came there.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/agent/agent.h"
#include "tracer/code_write.h"

/** What is there, and what of it can be taken out now. */
struct left {
	struct op_left_arenas arenas;
	struct op_host_addr handler; /**< 0: none */
	bool traps; /**< slots with traps, or what was made of them, may be written */
};

static bool is_left_jump(struct op_session *session, uint64_t slot, const uint8_t *bytes)
{
	enum { JUMP = 0xe9, JUMP_SIZE = 5 };
	uint32_t distance;
	if (bytes[0] != JUMP)
		return false;
	memcpy(&distance, bytes + 1, sizeof(distance));
	return op_arena_holds_code(op_agent_arenas(session),
				   slot + JUMP_SIZE + (uint64_t)(int64_t)(int32_t)distance);
}

static bool is_left_trap(const struct op_arch *arch, const uint8_t *bytes)
{
	return (bytes[0] == arch->slot_harmless || bytes[0] == arch->slot_trap[0]) &&
	       !memcmp(bytes + 1, arch->slot_trap + 1, arch->slot_size - 1u);
}

static struct op_error *clean_image(struct op_session *session, const struct op_image *image,
				    const struct left *left)
{
	enum { CHUNK = 64 << 10 };
	const struct op_arch *arch = op_process_arch(session->process);
	const struct op_frame_table *table;
	_cleanup_free_ uint8_t *code = malloc(CHUNK + OP_SLOT_MAX);
	struct op_code_writes writes = {0};
	struct op_error *err = op_artifact_frame_table(image->artifact, &table);
	if (err || !table)
		return err;
	if (!code)
		return op_error_no_memory();
	size_t count = op_frame_table_slot_count(table), done = 0;
	uint32_t start = 0;
	for (size_t i = 0; !err && i < count; i++) {
		uint32_t offset = op_frame_table_text_slot(table, i).text_offset;
		if (offset - start + arch->slot_size > done || offset < start) {
			start = offset;
			err = op_process_read_some(session->process,
						   op_host_addr(image->text.value + start), code,
						   CHUNK + OP_SLOT_MAX, &done);
		}
		const uint8_t *bytes = code + (offset - start);
		struct op_code_write write = {.address = image->text.value + offset,
					      .size = arch->slot_size};
		if (err || done < arch->slot_size)
			break;
		if (!is_left_jump(session, write.address, bytes) &&
		    !(left->traps && is_left_trap(arch, bytes)))
			continue;
		memcpy(write.bytes, arch->slot_disabled, arch->slot_size);
		if (!op_array_push(&writes, write))
			err = op_error_no_memory();
	}
	if (!err)
		err = op_code_write(session->process, &writes, false);
	free(writes.data);
	return err;
}

// A thread that has just hit a trap, or is behind what was one, would find other bytes under its pc
// when the slot is written: a hit that nobody has looked at did nothing, and goes on behind it too.
static struct op_error *move_thread(struct op_session *session, op_thread_id thread)
{
	const struct op_arch *arch = op_process_arch(session->process);
	uint8_t bytes[OP_SLOT_MAX];
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	struct op_host_addr slot = {registers.value[arch->pc] - arch->trap_pc_advance};
	const struct op_image *image = op_image_set_find(session->images, slot);
	size_t done = 0;
	if (image)
		err = op_process_read_some(session->process, slot, bytes, arch->slot_size, &done);
	if (err || done < arch->slot_size || !is_left_trap(arch, bytes))
		return err;
	struct op_stop stop;
	if (op_process_pending_stop(session->process, thread, &stop) && stop.kind == OP_STOP_TRAP)
		op_process_drop_pending(session->process, thread);
	registers.value[arch->pc] = slot.value + arch->slot_size;
	return op_process_set_registers(session->process, thread, &registers);
}

/** Threads that stand in slots are moved. */
struct moving {
	struct op_session *session;
	struct op_host_addr handler;
	bool clear; /**< none is in the handler: it goes back to its slot, where nothing may change
		     */
};

static struct op_error *move_or_note(void *context, op_thread_id thread)
{
	enum { PAGE = 4096 };
	struct moving *moving = context;
	struct op_host_addr pc;
	struct op_error *err = op_process_pc(moving->session->process, thread, &pc);
	if (err || pc.value - moving->handler.value >= PAGE)
		return err ?: move_thread(moving->session, thread);
	moving->clear = false;
	return NULL;
}

// The handler is taken over, so that the detach takes it away.
static struct op_error *take_handler(struct op_session *session, struct left *left)
{
	struct moving moving = {session, left->handler, true};
	struct op_error *err = op_process_each_thread(session->process, move_or_note, &moving);
	left->traps = moving.clear;
	return err ?: op_patch_set_shield(session);
}

static struct op_error *take_out(struct op_session *session, struct left *left)
{
	struct op_error *err = left->handler.value ? take_handler(session, left) : NULL;
	for (size_t i = 0; !err && i < left->arenas.count; i++)
		err = op_arena_adopt(session, &left->arenas.data[i]);
	if (!left->arenas.count && !left->traps)
		return err;
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = clean_image(session, images[i], left);
	return err;
}

struct op_error *op_agent_recover(struct op_session *session)
{
	struct left left = {0};
	struct op_error *err = op_arena_find_left(session, &left.arenas, &left.handler);
	if (!err)
		err = take_out(session, &left);
	free(left.arenas.data);
	return err ?: op_agent_leave(session);
}
