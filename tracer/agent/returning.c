// SPDX-License-Identifier: GPL-3.0-or-later
// Signals that came while nobody traced the program: their handlers return to where the thread was,
// and that may have been a stub of an outpost that was killed. The kernel's frame for a signal has
// that address, on the stack that the handler runs on or on the alternative one. What is left of
// the frame of a handler that has returned looks the same. Must not know what a handler does.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/image_scan.h"
#include "tracer/agent/agent.h"
#include "tracer/agent/arena.h"

// So much of its stack a handler may have used.
enum { LOOK = 128 << 10 };
// From rip in a signal's frame, in words: cs (struct sigcontext, <asm/sigcontext.h>).
enum { CS = 2, USER_CS = 0x33 };

struct looking {
	struct op_session *session;
	uint64_t *words; // LOOK bytes
	bool found;
};

// Behind a trap in a stub: handlers of those were left at the attach, and frames of theirs that
// have not been written over yet are on many stacks.
static bool is_behind_trap(struct op_session *session, uint64_t address)
{
	const struct op_arch *arch = op_process_arch(session->process);
	uint8_t bytes[OP_SLOT_MAX];
	size_t size = arch->slot_size - 1u, done = 0;
	struct op_error *err =
		op_process_read_some(session->process, op_host_addr(address), bytes, size, &done);
	op_error_destroy(err);
	return done == size && !memcmp(bytes, arch->slot_trap + 1, size);
}

static bool leads_to_stub(struct op_session *session, const uint64_t *word)
{
	return op_arena_holds_code(op_agent_arenas(session), *word) &&
	       (uint16_t)word[CS] == USER_CS && !is_behind_trap(session, *word);
}

static uint64_t stack_left(const struct op_session *session, uint64_t sp)
{
	struct op_region_list regions = {.data = session->regions.data,
					 .count = session->regions.count};
	const struct op_region *region = op_region_find(&regions, op_host_addr(sp));
	uint64_t size = region ? region->end.value - sp : 0;
	return size < LOOK ? size : LOOK;
}

static struct op_error *look(void *context, op_thread_id thread)
{
	struct looking *looking = context;
	struct op_session *session = looking->session;
	struct op_registers registers;
	size_t done = 0;
	if (looking->found)
		return NULL;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err) {
		// Of one that is dying no more is to be feared.
		looking->found = err->code != OP_ERROR_PROCESS_GONE;
		return err;
	}
	uint64_t sp = (registers.value[op_process_arch(session->process)->sp] + 7) & ~(uint64_t)7;
	err = op_process_read_some(session->process, op_host_addr(sp), looking->words,
				   stack_left(session, sp), &done);
	for (size_t i = 0; !err && i + CS < done / sizeof(*looking->words); i++)
		looking->found |= leads_to_stub(session, &looking->words[i]);
	return err;
}

struct op_error *op_agent_someone_returns(struct op_session *session, bool *ret)
{
	_cleanup_free_ uint64_t *words = malloc(LOOK);
	struct looking looking = {session, words, false};
	*ret = true;
	if (!words)
		return op_error_no_memory();
	struct op_error *err = op_process_each_thread(session->process, look, &looking);
	*ret = err || looking.found;
	return err;
}
