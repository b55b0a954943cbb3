// SPDX-License-Identifier: GPL-3.0-or-later
// Code and data rooms in the target. Knows no stubs.
#include "tracer/agent/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "tracer/agent/agent.h"

enum {
	PAGE = 4096,
	// Close together: a counter on every instruction is a hundred thousand of each.
	CODE_ROUND = 4,
	DATA_ROUND = 8,
	CLASSES = 1024, // sizes up to so many of these are handed out again
	CODE_MIN = 64 << 10,
	DATA_MIN = 16 << 10,
	MOST_BYTES = 256 << 20, // of the target's memory
};
// A call reaches 2 GiB; the arena's own size is less than the rest.
static const uint64_t reach = 0x7f000000;

// At the beginning of the code. Then: sizes and place of both parts, as u64.
static const uint8_t mark[16] = "outpost stubs 1";
enum { HEADER = sizeof(mark) + 4 * sizeof(uint64_t) };

struct free_list OP_ARRAY(uint64_t);

struct room {
	uint64_t start, size, used;
	unsigned round;
	struct free_list lists[CLASSES + 1]; // by size
};

struct arena {
	struct room code, data;
};

struct op_arena_set {
	struct OP_ARRAY(struct arena *) arenas;
	uint64_t total;
};

static void arena_destroy(struct arena *arena)
{
	for (size_t i = 0; i <= CLASSES; i++) {
		free(arena->code.lists[i].data);
		free(arena->data.lists[i].data);
	}
	free(arena);
}

static void room_init(struct room *room, uint64_t start, uint64_t size, uint64_t used,
		      unsigned round)
{
	room->start = start;
	room->size = size;
	room->used = used;
	room->round = round;
}

struct op_error *op_arena_set_create(struct op_arena_set **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? NULL : op_error_no_memory();
}

void op_arena_set_clear(struct op_arena_set *set)
{
	for (size_t i = 0; i < set->arenas.count; i++)
		arena_destroy(set->arenas.data[i]);
	set->arenas.count = 0;
	set->total = 0;
}

void op_arena_set_destroy(struct op_arena_set *set)
{
	if (!set)
		return;
	op_arena_set_clear(set);
	free(set->arenas.data);
	free(set);
}

bool op_arena_set_is_empty(const struct op_arena_set *set)
{
	return !set->arenas.count;
}

static bool in_reach(const struct arena *arena, uint64_t near)
{
	uint64_t low =
		arena->code.start < arena->data.start ? arena->code.start : arena->data.start;
	uint64_t code_end = arena->code.start + arena->code.size,
		 data_end = arena->data.start + arena->data.size;
	uint64_t high = code_end > data_end ? code_end : data_end;
	return (low >= near || near - low <= reach) && (high <= near || high - near <= reach);
}

static uint64_t pages(size_t size)
{
	return ((uint64_t)size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static struct op_error *write_header(struct op_session *session, struct op_host_addr code,
				     uint64_t code_bytes, struct op_host_addr data,
				     uint64_t data_bytes)
{
	uint8_t header[HEADER];
	const uint64_t places[4] = {code.value, code_bytes, data.value, data_bytes};
	memcpy(header, mark, sizeof(mark));
	memcpy(header + sizeof(mark), places, sizeof(places));
	return op_process_write(session->process, code, header, sizeof(header));
}

static struct op_error *map_both(struct op_session *session, uint64_t near, uint64_t code_bytes,
				 uint64_t data_bytes, struct op_host_addr *ret_code,
				 struct op_host_addr *ret_data)
{
	struct op_error *err =
		op_process_map(session->process, op_host_addr(near), reach, code_bytes,
			       OP_PROTECTION_READ | OP_PROTECTION_EXECUTE, ret_code);
	if (err)
		return err;
	// At once: what has no mark is not found again when outpost dies.
	err = write_header(session, *ret_code, code_bytes, op_host_addr(0), 0);
	if (!err)
		err = op_process_map(session->process, op_host_addr(near), reach, data_bytes,
				     OP_PROTECTION_READ | OP_PROTECTION_WRITE, ret_data);
	if (!err)
		return write_header(session, *ret_code, code_bytes, *ret_data, data_bytes);
	op_error_destroy(op_process_unmap(session->process, *ret_code, code_bytes));
	return err;
}

static struct op_error *map_arena(struct op_session *session, uint64_t near, size_t code_size,
				  size_t data_size, struct arena **ret)
{
	struct op_arena_set *set = op_agent_arenas(session);
	uint64_t code_least = pages(code_size + HEADER), data_least = pages(data_size + 1);
	uint64_t code_bytes = code_least > CODE_MIN ? code_least : CODE_MIN;
	uint64_t data_bytes = data_least > DATA_MIN ? data_least : DATA_MIN;
	if (set->total + code_bytes + data_bytes > MOST_BYTES)
		return op_error_create(OP_ERROR_LIMIT,
				       "outpost takes at most %d MiB of the program's memory",
				       MOST_BYTES >> 20);
	struct op_host_addr code, data;
	struct op_error *err = map_both(session, near, code_bytes, data_bytes, &code, &data);
	if (err && err->code == OP_ERROR_UNSUPPORTED) {
		// Between the reservations of memories there may be room for little.
		op_error_destroy(err);
		code_bytes = code_least;
		data_bytes = data_least;
		err = map_both(session, near, code_bytes, data_bytes, &code, &data);
	}
	if (err) {
		// Not an expression's fault: nothing can be put there.
		if (err->code == OP_ERROR_UNSUPPORTED)
			err->code = OP_ERROR_LIMIT;
		return err;
	}
	struct arena *arena = calloc(1, sizeof(*arena));
	if (!arena || !op_array_push(&set->arenas, arena)) {
		free(arena);
		return op_error_no_memory();
	}
	room_init(&arena->code, code.value, code_bytes, HEADER, CODE_ROUND);
	room_init(&arena->data, data.value, data_bytes, 0, DATA_ROUND);
	set->total += code_bytes + data_bytes;
	*ret = arena;
	return NULL;
}

static size_t rounded(size_t size, unsigned round)
{
	return (size + round - 1) / round * round;
}

static bool take(struct room *room, size_t size, uint64_t *ret)
{
	size_t whole = rounded(size, room->round), class = whole / room->round;
	if (class <= CLASSES && room->lists[class].count) {
		*ret = room->lists[class].data[--room->lists[class].count];
		return true;
	}
	uint64_t start = rounded(room->used, room->round);
	if (start > room->size || room->size - start < whole)
		return false;
	*ret = room->start + start;
	room->used = start + whole;
	return true;
}

static bool take_anywhere(struct op_arena_set *set, uint64_t near, size_t size, bool code,
			  uint64_t *ret)
{
	for (size_t i = set->arenas.count; i > 0; i--) {
		struct arena *arena = set->arenas.data[i - 1];
		if (in_reach(arena, near) && take(code ? &arena->code : &arena->data, size, ret))
			return true;
	}
	return false;
}

struct op_error *op_arena_code(struct op_session *session, uint64_t near, size_t size,
			       uint64_t *ret)
{
	if (take_anywhere(op_agent_arenas(session), near, size, true, ret))
		return NULL;
	struct arena *arena;
	struct op_error *err = map_arena(session, near, size + CODE_ROUND, 0, &arena);
	if (!err)
		take(&arena->code, size, ret);
	return err;
}

struct op_error *op_arena_data(struct op_session *session, uint64_t near, size_t size,
			       uint64_t *ret)
{
	if (take_anywhere(op_agent_arenas(session), near, size, false, ret))
		return NULL;
	struct arena *arena;
	struct op_error *err = map_arena(session, near, 0, size + DATA_ROUND, &arena);
	if (!err)
		take(&arena->data, size, ret);
	return err;
}

struct op_error *op_arena_reserve(struct op_session *session, uint64_t near, size_t code,
				  size_t data)
{
	const struct op_arena_set *set = op_agent_arenas(session);
	for (size_t i = 0; i < set->arenas.count; i++) {
		const struct arena *arena = set->arenas.data[i];
		if (in_reach(arena, near) && arena->code.size - arena->code.used >= code &&
		    arena->data.size - arena->data.used >= data)
			return NULL;
	}
	struct arena *arena;
	return map_arena(session, near, code, data, &arena);
}

static void give_back(struct room *room, uint64_t address, size_t size)
{
	size_t class = rounded(size, room->round) / room->round;
	// Short of memory, or of an odd size: the room is lost until the arena goes.
	if (address - room->start < room->size && class <= CLASSES &&
	    !op_array_push(&room->lists[class], address))
		return;
}

void op_arena_free_code(struct op_arena_set *set, uint64_t address, size_t size)
{
	for (size_t i = 0; i < set->arenas.count; i++)
		give_back(&set->arenas.data[i]->code, address, size);
}

void op_arena_free_data(struct op_arena_set *set, uint64_t address, size_t size)
{
	for (size_t i = 0; i < set->arenas.count; i++)
		give_back(&set->arenas.data[i]->data, address, size);
}

bool op_arena_holds_code(const struct op_arena_set *set, uint64_t address)
{
	for (size_t i = 0; i < set->arenas.count; i++) {
		const struct room *code = &set->arenas.data[i]->code;
		if (address - code->start < code->size)
			return true;
	}
	return false;
}

struct op_error *op_arena_release(struct op_session *session)
{
	struct op_arena_set *set = op_agent_arenas(session);
	struct op_error *first = NULL;
	for (size_t i = 0; i < set->arenas.count; i++) {
		struct arena *arena = set->arenas.data[i];
		const struct room *rooms[] = {&arena->code, &arena->data};
		for (size_t k = 0; k < OP_ARRAY_SIZE(rooms); k++) {
			if (!rooms[k]->size)
				continue;
			struct op_error *err = op_process_unmap(
				session->process, op_host_addr(rooms[k]->start), rooms[k]->size);
			if (first)
				op_error_destroy(err);
			else
				first = err;
		}
	}
	op_arena_set_clear(set);
	return first;
}

// What was left behind -------------------------------------------------------------------------

static bool is_region(const struct op_session *session, uint64_t start, uint64_t size, bool code)
{
	for (size_t i = 0; i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		// The kernel joins neighbours of equal kind.
		if (region->start.value <= start && region->end.value > start)
			return region->anonymous && region->executable == code &&
			       region->writable != code && size &&
			       region->end.value - start >= size;
	}
	return false;
}

struct op_error *op_arena_find_left(struct op_session *session, struct op_left_arenas *ret)
{
	for (size_t i = 0; i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		if (!region->anonymous || !region->executable || region->writable)
			continue;
		for (uint64_t at = region->start.value; at < region->end.value;) {
			uint8_t header[HEADER];
			struct op_left_arena left;
			size_t done;
			struct op_error *err = op_process_read_some(
				session->process, op_host_addr(at), header, sizeof(header), &done);
			if (err)
				return err;
			if (done < sizeof(header) || memcmp(header, mark, sizeof(mark)))
				break;
			memcpy(&left, header + sizeof(mark), sizeof(left));
			if (left.code != at ||
			    !is_region(session, left.code, left.code_size, true) ||
			    (left.data_size &&
			     !is_region(session, left.data, left.data_size, false)))
				break;
			if (!op_array_push(ret, left))
				return op_error_no_memory();
			at += left.code_size;
		}
	}
	return NULL;
}

struct op_error *op_arena_adopt(struct op_session *session, const struct op_left_arena *left)
{
	struct op_arena_set *set = op_agent_arenas(session);
	struct arena *arena = calloc(1, sizeof(*arena));
	if (!arena || !op_array_push(&set->arenas, arena)) {
		free(arena);
		return op_error_no_memory();
	}
	// Full: nothing new is put into it.
	room_init(&arena->code, left->code, left->code_size, left->code_size, CODE_ROUND);
	room_init(&arena->data, left->data, left->data_size, left->data_size, DATA_ROUND);
	set->total += left->code_size + left->data_size;
	return NULL;
}
