// SPDX-License-Identifier: GPL-3.0-or-later
// Rooms in the target: handed out without overlap, within reach, used again, limited, given back,
// and found by a later outpost. The target's mappings are the test's own list.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/agent/agent.h"

enum { MAPPINGS_MAX = 64, PAGE = 4096 };
static const uint64_t near = 0x7f0000000000;

struct mapping {
	uint64_t start, size;
	bool code;
	uint8_t head[128];
};
static struct mapping mappings[MAPPINGS_MAX];
static size_t mapping_count;
// The largest that the target maps.
static uint64_t largest;
static struct op_session session;
static struct op_arena_set *arenas;

struct op_arena_set *op_agent_arenas(struct op_session *of)
{
	ck_assert_ptr_eq(of, &session);
	return arenas;
}

static struct mapping *find(uint64_t address)
{
	for (size_t i = 0; i < mapping_count; i++)
		if (address - mappings[i].start < mappings[i].size)
			return &mappings[i];
	return NULL;
}

struct op_error *op_process_map(struct op_process *process, struct op_host_addr near_to,
				uint64_t reach, uint64_t size, unsigned protection,
				const struct op_map_label *label, struct op_host_addr *ret)
{
	(void)process;
	ck_assert_uint_eq(size % PAGE, 0);
	ck_assert_uint_lt(mapping_count, MAPPINGS_MAX);
	if (size > largest)
		return op_error_create(OP_ERROR_UNSUPPORTED, "no room");
	uint64_t start = near_to.value + PAGE;
	for (size_t i = 0; i < mapping_count; i++)
		if (start < mappings[i].start + mappings[i].size && mappings[i].size)
			start = mappings[i].start + mappings[i].size;
	ck_assert_uint_lt(start - near_to.value, reach);
	mappings[mapping_count++] = (struct mapping){
		.start = start, .size = size, .code = protection & OP_PROTECTION_EXECUTE};
	ck_assert_uint_le(label->size, OP_MAP_LABEL_MAX);
	memcpy(mappings[mapping_count - 1].head, label->bytes, label->size);
	*ret = op_host_addr(start);
	return NULL;
}

// The end of a mapping becomes one of its own.
struct op_error *op_process_protect(struct op_process *process, struct op_host_addr addr,
				    uint64_t size, unsigned protection)
{
	(void)process;
	struct mapping *mapping = find(addr.value);
	ck_assert_ptr_nonnull(mapping);
	ck_assert_uint_eq(addr.value + size, mapping->start + mapping->size);
	ck_assert_uint_lt(mapping_count, MAPPINGS_MAX);
	mapping->size -= size;
	mappings[mapping_count++] = (struct mapping){
		.start = addr.value, .size = size, .code = protection & OP_PROTECTION_EXECUTE};
	return NULL;
}

struct op_error *op_process_unmap(struct op_process *process, struct op_host_addr address,
				  uint64_t size)
{
	(void)process;
	uint64_t unmapped = 0;
	for (size_t i = 0; i < mapping_count;) {
		if (mappings[i].start - address.value >= size) {
			i++;
			continue;
		}
		unmapped += mappings[i].size;
		mappings[i] = mappings[--mapping_count];
	}
	ck_assert_uint_eq(unmapped, size);
	return NULL;
}

struct op_error *op_process_read_some(struct op_process *process, struct op_host_addr addr,
				      void *buffer, size_t size, size_t *ret_done)
{
	(void)process;
	const struct mapping *mapping = find(addr.value);
	*ret_done = 0;
	if (mapping && addr.value == mapping->start && size <= sizeof(mapping->head)) {
		memcpy(buffer, mapping->head, size);
		*ret_done = size;
	}
	return NULL;
}

static const uint8_t handler_head[] = "a handler";

bool op_process_is_left_handler(const struct op_process *process, const uint8_t *bytes, size_t size)
{
	(void)process;
	return size >= sizeof(handler_head) && !memcmp(bytes, handler_head, sizeof(handler_head));
}

static void begin(void)
{
	mapping_count = 0;
	largest = UINT64_MAX;
	ck_assert_ptr_null(op_arena_set_create(&arenas));
}

static void end(void)
{
	op_arena_set_destroy(arenas);
}

static void must(struct op_error *err)
{
	ck_assert_msg(!err, "%s", err ? err->message : "");
}

START_TEST(rooms_do_not_overlap)
{
	enum { COUNT = 3000 };
	static struct {
		uint64_t start, end;
	} rooms[COUNT];
	begin();
	for (size_t i = 0; i < COUNT; i++) {
		bool code = i % 2;
		size_t size = 1 + i * 31 % 200;
		must((code ? op_arena_code : op_arena_data)(&session, near, size, &rooms[i].start));
		rooms[i].end = rooms[i].start + size;
		const struct mapping *mapping = find(rooms[i].start);
		ck_assert_ptr_nonnull(mapping);
		ck_assert(mapping->code == code);
		ck_assert_uint_le(rooms[i].end, mapping->start + mapping->size);
		ck_assert(op_arena_holds_code(arenas, rooms[i].start) == code);
		ck_assert_uint_eq(rooms[i].start % (code ? 4 : 8), 0);
		bool apart = true;
		for (size_t k = 0; k < i; k++)
			apart &= rooms[i].start >= rooms[k].end || rooms[k].start >= rooms[i].end;
		ck_assert(apart);
	}
	must(op_arena_release(&session));
	ck_assert_uint_eq(mapping_count, 0);
	ck_assert(op_arena_set_is_empty(arenas));
	end();
}
END_TEST

START_TEST(rooms_are_used_again)
{
	uint64_t first, other, again;
	begin();
	must(op_arena_code(&session, near, 40, &first));
	must(op_arena_code(&session, near, 40, &other));
	op_arena_free_code(arenas, first, 40);
	must(op_arena_code(&session, near, 48, &again));
	ck_assert_uint_ne(again, first);
	must(op_arena_code(&session, near, 39, &again));
	ck_assert_uint_eq(again, first);
	// A store after the other: no more memory than for the first.
	size_t before = mapping_count;
	for (int i = 0; i < 100000; i++) {
		uint64_t cell, code;
		must(op_arena_data(&session, near, 8, &cell));
		must(op_arena_code(&session, near, 100, &code));
		op_arena_free_data(arenas, cell, 8);
		op_arena_free_code(arenas, code, 100);
	}
	ck_assert_uint_eq(mapping_count, before);
	end();
}
END_TEST

START_TEST(one_out_of_reach_is_not_used)
{
	uint64_t here, there;
	begin();
	must(op_arena_code(&session, near, 16, &here));
	must(op_arena_code(&session, near + (UINT64_C(1) << 36), 16, &there));
	ck_assert_uint_eq(mapping_count, 4);
	ck_assert_uint_gt(there, near + (UINT64_C(1) << 36));
	end();
}
END_TEST

START_TEST(little_room_and_none)
{
	uint64_t address;
	begin();
	// Less than it takes at once where there is enough.
	largest = 2 * PAGE;
	must(op_arena_code(&session, near, 64, &address));
	ck_assert_uint_eq(find(address)->size, PAGE);
	largest = 0;
	struct op_error *err = op_arena_code(&session, near, PAGE, &address);
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(err->code, OP_ERROR_LIMIT);
	op_error_destroy(err);
	// What is there is still handed out.
	must(op_arena_code(&session, near, 64, &address));
	end();
}
END_TEST

START_TEST(there_is_a_limit)
{
	uint64_t address;
	struct op_error *err = NULL;
	begin();
	for (int i = 0; !err && i < 40; i++)
		err = op_arena_data(&session, near, 16 << 20, &address);
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(err->code, OP_ERROR_LIMIT);
	op_error_destroy(err);
	uint64_t total = 0;
	for (size_t i = 0; i < mapping_count; i++)
		total += mappings[i].size;
	ck_assert_uint_le(total, 256 << 20);
	end();
}
END_TEST

static void show_regions(void)
{
	session.regions.count = 0;
	for (size_t i = 0; i < mapping_count; i++) {
		struct op_region region = {
			.start = op_host_addr(mappings[i].start),
			.end = op_host_addr(mappings[i].start + mappings[i].size),
			.readable = true,
			.writable = !mappings[i].code,
			.executable = mappings[i].code,
			.anonymous = true};
		ck_assert(op_array_push(&session.regions, region));
	}
}

START_TEST(another_outpost_finds_them)
{
	uint64_t address;
	begin();
	must(op_arena_code(&session, near, 16, &address));
	must(op_arena_data(&session, near, 1 << 20, &address));
	size_t left_mappings = mapping_count;
	// It has died.
	op_arena_set_clear(arenas);
	// One that died before it made its data writable.
	const uint64_t sizes[2] = {PAGE, 2 * PAGE};
	mappings[mapping_count++] =
		(struct mapping){.start = near + (64 << 20), .size = 3 * PAGE, .code = true};
	memcpy(mappings[mapping_count - 1].head, mappings[0].head, 16);
	memcpy(mappings[mapping_count - 1].head + 16, sizes, sizeof(sizes));
	// One that only looks so: it is smaller than it says.
	mappings[mapping_count++] =
		(struct mapping){.start = near + (128 << 20), .size = PAGE, .code = true};
	memcpy(mappings[mapping_count - 1].head, mappings[0].head, 64);
	// The handler for traps, which is none of the arenas.
	mappings[mapping_count++] =
		(struct mapping){.start = near + (192 << 20), .size = PAGE, .code = true};
	memcpy(mappings[mapping_count - 1].head, handler_head, sizeof(handler_head));
	show_regions();
	struct op_left_arenas left = {0};
	struct op_host_addr handler = {0};
	must(op_arena_find_left(&session, &left, &handler));
	ck_assert_uint_eq(handler.value, near + (192 << 20));
	ck_assert_uint_eq(left.count, left_mappings / 2 + 1);
	for (size_t i = 0; i < left.count; i++)
		must(op_arena_adopt(&session, &left.data[i]));
	ck_assert(op_arena_holds_code(arenas, left.data[0].code));
	// Nothing new is put there.
	must(op_arena_code(&session, near, 16, &address));
	for (size_t i = 0; i < left.count; i++)
		ck_assert(address - left.data[i].code >= left.data[i].code_size);
	must(op_arena_release(&session));
	ck_assert_uint_eq(mapping_count, 2);
	free(left.data);
	free(session.regions.data);
	session.regions.data = NULL;
	session.regions.count = session.regions.capacity = 0;
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arena");
	TCase *cases = tcase_create("arena");
	tcase_add_test(cases, rooms_do_not_overlap);
	tcase_add_test(cases, rooms_are_used_again);
	tcase_add_test(cases, one_out_of_reach_is_not_used);
	tcase_add_test(cases, little_room_and_none);
	tcase_add_test(cases, there_is_a_limit);
	tcase_add_test(cases, another_outpost_finds_them);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
