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

// At the beginning of the code; the data follows on the code.
static const uint8_t mark[16] = "outpost stubs 2";
struct header {
	uint8_t mark[sizeof(mark)];
	uint64_t code_size, data_size;
};
enum { HEADER = sizeof(struct header) };

struct free_list OP_ARRAY(uint64_t);

struct room {
	uint64_t start, size, used;
	unsigned round;
	struct free_list lists[CLASSES + 1]; // by size
};

struct arena {
	struct room code, data;
	bool is_left; // by an outpost that was killed
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

// In one piece, which has its mark from its first moment on: what has none is not found again when
// outpost dies.
static struct op_error *map_both(struct op_session *session, uint64_t near, uint64_t code_bytes,
				 uint64_t data_bytes, struct op_host_addr *ret_code,
				 struct op_host_addr *ret_data)
{
	struct header header = {.code_size = code_bytes, .data_size = data_bytes};
	memcpy(header.mark, mark, sizeof(mark));
	const struct op_map_label label = {&header, sizeof(header)};
	uint64_t size = code_bytes + data_bytes;
	struct op_error *err =
		op_process_map(session->process, op_host_addr(near), reach, size,
			       OP_PROTECTION_READ | OP_PROTECTION_EXECUTE, &label, ret_code);
	if (err)
		return err;
	*ret_data = op_host_addr_add(*ret_code, code_bytes);
	err = op_process_protect(session->process, *ret_data, data_bytes,
				 OP_PROTECTION_READ | OP_PROTECTION_WRITE);
	if (err)
		op_error_destroy(op_process_unmap(session->process, *ret_code, size));
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

bool op_arena_has_left(const struct op_arena_set *set)
{
	for (size_t i = 0; i < set->arenas.count; i++)
		if (set->arenas.data[i]->is_left)
			return true;
	return false;
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
		struct op_error *err =
			op_process_unmap(session->process, op_host_addr(arena->code.start),
					 arena->code.size + arena->data.size);
		if (first)
			op_error_destroy(err);
		else
			first = err;
	}
	op_arena_set_clear(set);
	return first;
}

// What was left behind -------------------------------------------------------------------------

// The pages of one kind that begin at @p start: up to @p size bytes, in however many regions.
static uint64_t extent(const struct op_session *session, uint64_t start, uint64_t size,
		       bool writable)
{
	uint64_t at = start;
	for (size_t i = 0; i < session->regions.count && at - start < size; i++) {
		const struct op_region *region = &session->regions.data[i];
		if (region->start.value <= at && region->end.value > at && region->anonymous &&
		    region->executable != writable && region->writable == writable)
			at = region->end.value;
	}
	return at - start < size ? at - start : size;
}

static bool is_left(const struct op_session *session, const struct op_left_arena *left)
{
	if (!left->code_size || !left->data_size || (left->code_size | left->data_size) % PAGE ||
	    left->code_size > MOST_BYTES || left->data_size > MOST_BYTES ||
	    extent(session, left->code, left->code_size, false) < left->code_size)
		return false;
	// It may have died before it made them writable.
	return extent(session, left->data, left->data_size, true) == left->data_size ||
	       extent(session, left->data, left->data_size, false) == left->data_size;
}

struct op_error *op_arena_find_left(struct op_session *session, struct op_left_arenas *ret,
				    struct op_host_addr *ret_handler)
{
	for (size_t i = 0; i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		if (!region->anonymous || !region->executable || region->writable)
			continue;
		// The kernel joins neighbours of equal kind.
		for (uint64_t at = region->start.value; at < region->end.value;) {
			struct header header;
			size_t done;
			struct op_error *err = op_process_read_some(
				session->process, op_host_addr(at), &header, sizeof(header), &done);
			if (err)
				return err;
			if (op_process_is_left_handler(session->process, header.mark, done))
				*ret_handler = op_host_addr(at);
			if (done < sizeof(header) || memcmp(header.mark, mark, sizeof(mark)))
				break;
			struct op_left_arena left = {.code = at,
						     .code_size = header.code_size,
						     .data = at + header.code_size,
						     .data_size = header.data_size};
			if (!is_left(session, &left))
				break;
			if (!op_array_push(ret, left))
				return op_error_no_memory();
			at += left.code_size + left.data_size;
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
	arena->is_left = true;
	// Full: nothing new is put into it.
	room_init(&arena->code, left->code, left->code_size, left->code_size, CODE_ROUND);
	room_init(&arena->data, left->data, left->data_size, left->data_size, DATA_ROUND);
	set->total += left->code_size + left->data_size;
	return NULL;
}
