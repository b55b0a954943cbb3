// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of the code that were begun while traps were in it, on a memory, threads and images of the
// test's own in the target's place: which traps are known in them at a detach, and what becomes of
// a thread that has hit one.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/agent/agent.h"

enum {
	PAGE = 4096,
	BASE = 0x100000,
	PAGES = 64,
	TEXT = PAGE,               // of an image: its first page is the header
	ENGINE = BASE,             // the engine's copy
	PRIVATE = BASE + 4 * PAGE, // a store's copy, in which guests were seen to run
	CLONE = BASE + 8 * PAGE,   // one that is no image yet
	FRESH = BASE + 12 * PAGE,  // one that is executable already
	OTHER = BASE + 16 * PAGE,  // another module's
	SLOT = 0x20,
	RAW = 0x123,
};

struct op_artifact {
	struct op_artifact_info info;
	unsigned references;
};

static uint8_t memory[PAGES * PAGE];
static uint64_t unreadable; // a page; 0: none
static struct op_artifact artifact, other;
static struct op_image images[3];
static const struct op_image *image_list[3];
static size_t image_count;
static struct thread {
	struct op_thread_info info;
	struct op_registers registers;
	bool pending;
} threads[3];
static struct op_session session;

static const struct op_arch *const arch = &op_arch_x86_64;

const struct op_arch *op_process_arch(const struct op_process *process)
{
	(void)process;
	return arch;
}

static bool holds(struct op_host_addr addr, size_t size)
{
	uint64_t page = addr.value & -(uint64_t)PAGE,
		 last = (addr.value + size - 1) & -(uint64_t)PAGE;
	return addr.value >= BASE && addr.value - BASE + size <= sizeof(memory) &&
	       (!unreadable || (page != unreadable && last != unreadable));
}

struct op_error *op_process_read_many(struct op_process *process, struct op_read_request *requests,
				      size_t count)
{
	(void)process;
	for (size_t i = 0; i < count; i++) {
		requests[i].done = holds(requests[i].addr, requests[i].size);
		if (requests[i].done)
			memcpy(requests[i].buffer, memory + (requests[i].addr.value - BASE),
			       requests[i].size);
	}
	return NULL;
}

struct op_error *op_process_read(struct op_process *process, struct op_host_addr addr, void *buffer,
				 size_t size)
{
	struct op_read_request request = {.addr = addr, .buffer = buffer, .size = size};
	struct op_error *err = op_process_read_many(process, &request, 1);
	return err || request.done ? err : op_error_create(OP_ERROR_UNREADABLE, "not there");
}

struct op_error *op_process_write(struct op_process *process, struct op_host_addr addr,
				  const void *bytes, size_t size)
{
	(void)process;
	ck_assert(holds(addr, size));
	memcpy(memory + (addr.value - BASE), bytes, size);
	return NULL;
}

const struct op_thread_info *op_process_threads(struct op_process *process, size_t *ret_count)
{
	static struct op_thread_info infos[OP_ARRAY_SIZE(threads)];
	(void)process;
	for (size_t i = 0; i < OP_ARRAY_SIZE(threads); i++)
		infos[i] = threads[i].info;
	*ret_count = OP_ARRAY_SIZE(threads);
	return infos;
}

static struct thread *thread_of(op_thread_id id)
{
	ck_assert_int_ge(id, 1);
	ck_assert_int_le(id, (int)OP_ARRAY_SIZE(threads));
	return &threads[id - 1];
}

bool op_process_pending_stop(struct op_process *process, op_thread_id id, struct op_stop *ret)
{
	(void)process;
	*ret = (struct op_stop){.kind = OP_STOP_TRAP, .thread = id};
	return thread_of(id)->pending;
}

void op_process_drop_pending(struct op_process *process, op_thread_id id)
{
	(void)process;
	thread_of(id)->pending = false;
}

struct op_error *op_process_registers(struct op_process *process, op_thread_id id,
				      struct op_registers *ret)
{
	(void)process;
	*ret = thread_of(id)->registers;
	return NULL;
}

struct op_error *op_process_set_registers(struct op_process *process, op_thread_id id,
					  const struct op_registers *registers)
{
	(void)process;
	thread_of(id)->registers = *registers;
	return NULL;
}

const struct op_artifact_info *op_artifact_info(const struct op_artifact *of)
{
	return &of->info;
}

struct op_artifact *op_artifact_ref(struct op_artifact *of)
{
	of->references++;
	return of;
}

void op_artifact_unref(struct op_artifact *of)
{
	ck_assert_uint_gt(of->references, 0);
	of->references--;
}

const struct op_image *const *op_image_set_images(const struct op_image_set *set, size_t *ret_count)
{
	(void)set;
	*ret_count = image_count;
	return image_list;
}

const struct op_image *op_image_set_by_id(const struct op_image_set *set, uint32_t id)
{
	(void)set;
	for (size_t i = 0; i < image_count; i++)
		if (images[i].id == id)
			return &images[i];
	return NULL;
}

const struct op_image *op_image_set_find(const struct op_image_set *set, struct op_host_addr addr)
{
	(void)set;
	for (size_t i = 0; i < image_count; i++)
		if (addr.value - images[i].text.value < images[i].text_size)
			return &images[i];
	return NULL;
}

bool op_agent_is_private(const struct op_session *of, const struct op_image *image)
{
	(void)of;
	return image->base.value == PRIVATE;
}

static uint8_t *at(uint64_t address)
{
	return memory + (address - BASE);
}

static void add_image(uint64_t base, struct op_artifact *of)
{
	struct op_image *image = &images[image_count];
	*image = (struct op_image){.id = (uint32_t)image_count + 1,
				   .base = op_host_addr(base),
				   .text = op_host_addr(base + TEXT),
				   .text_size = PAGE,
				   .artifact = of};
	image_list[image_count++] = image;
}

static void add_region(uint64_t base, bool writable)
{
	// The header, then the text: executable where it is no longer writable.
	const struct op_region header = {.start = op_host_addr(base),
					 .end = op_host_addr(base + TEXT),
					 .readable = true,
					 .writable = writable,
					 .anonymous = true};
	struct op_region text = header;
	text.start = header.end;
	text.end = op_host_addr(base + TEXT + PAGE);
	text.executable = !writable;
	ck_assert(op_array_push(&session.regions, header));
	ck_assert(op_array_push(&session.regions, text));
}

static void write_code(uint64_t base, uint8_t build)
{
	memcpy(at(base), "\177ELF", 4);
	*at(base + 40) = build;
	memset(at(base + TEXT), 0x55, PAGE);
	memcpy(at(base + TEXT + SLOT), arch->slot_disabled, arch->slot_size);
}

static void prepare(void)
{
	memset(memory, 0, sizeof(memory));
	memset(threads, 0, sizeof(threads));
	for (size_t i = 0; i < OP_ARRAY_SIZE(threads); i++)
		threads[i].info.id = (op_thread_id)i + 1;
	unreadable = image_count = 0;
	artifact = other = (struct op_artifact){.info = {.has_frames = true, .text_offset = TEXT}};
	free(session.regions.data);
	session = (struct op_session){0};
	write_code(ENGINE, 1);
	write_code(PRIVATE, 1);
	write_code(OTHER, 2);
	add_image(ENGINE, &artifact);
	add_image(PRIVATE, &artifact);
	add_image(OTHER, &other);
	add_region(ENGINE, false);
	add_region(PRIVATE, false);
	add_region(CLONE, true);
	add_region(FRESH, false);
	add_region(OTHER, false);
}

/** Write a trap into an image, as patch.c does. */
static struct op_patch plant(uint64_t base, uint64_t offset, enum op_patch_kind kind,
			     unsigned purposes)
{
	struct op_patch patch = {.address = base + TEXT + offset,
				 .kind = kind,
				 .image = base == ENGINE    ? 1
					  : base == PRIVATE ? 2
							    : 3,
				 .purposes = purposes,
				 .size = kind == OP_PATCH_SLOT ? arch->slot_size : arch->trap_size};
	memcpy(patch.original, at(patch.address), patch.size);
	memcpy(at(patch.address), kind == OP_PATCH_SLOT ? arch->slot_trap : arch->trap, patch.size);
	ck_assert_ptr_null(op_patch_note_copied(&session, &patch));
	return patch;
}

static void withdraw(const struct op_patch *patch)
{
	memcpy(at(patch->address), patch->original, patch->size);
}

static void clone_to(uint64_t base, size_t size)
{
	memcpy(at(base), at(ENGINE), size);
}

static void sweep(void)
{
	ck_assert_ptr_null(op_patch_sweep_copies(&session));
	ck_assert_ptr_null(session.copied);
	ck_assert_uint_eq(artifact.references, 0);
	ck_assert_uint_eq(other.references, 0);
}

static void check_clean(uint64_t base)
{
	ck_assert_mem_eq(at(base + TEXT), at(ENGINE + TEXT), PAGE);
}

// What a run wanted for a moment, and a clone holds that is finished only when the run is long over
// and another one wanted something else: a run to a place, a step's trap over an instruction.
START_TEST(what_runs_have_withdrawn)
{
	static const unsigned purposes[] = {OP_PATCH_TARGET, OP_PATCH_STEP, OP_PATCH_LINE,
					    OP_PATCH_CATCH, 0};
	for (size_t i = 0; i < OP_ARRAY_SIZE(purposes); i++) {
		prepare();
		struct op_patch slot = plant(ENGINE, SLOT, OP_PATCH_SLOT, purposes[i]);
		clone_to(CLONE, TEXT + PAGE);
		withdraw(&slot);
		struct op_patch raw = plant(ENGINE, RAW, OP_PATCH_RAW, OP_PATCH_TRAP);
		clone_to(FRESH, TEXT + PAGE);
		withdraw(&raw);
		raw = plant(ENGINE, RAW, OP_PATCH_RAW, OP_PATCH_TRAP);
		withdraw(&raw);
		sweep();
		check_clean(CLONE);
		check_clean(FRESH);
	}
}
END_TEST

START_TEST(more_than_are_read_at_once)
{
	enum { MANY = 600, STRIDE = 5 };
	struct op_patch patches[MANY];
	prepare();
	for (size_t i = 0; i < MANY; i++)
		patches[i] = plant(ENGINE, STRIDE * i + 0x100, OP_PATCH_RAW, OP_PATCH_STEP);
	clone_to(CLONE, TEXT + PAGE);
	for (size_t i = 0; i < MANY; i++)
		withdraw(&patches[i]);
	sweep();
	check_clean(CLONE);
}
END_TEST

// Of a clone that has only begun what is there is cleaned.
START_TEST(half_a_clone)
{
	prepare();
	struct op_patch slot = plant(ENGINE, SLOT, OP_PATCH_SLOT, 0);
	struct op_patch raw = plant(ENGINE, RAW, OP_PATCH_RAW, OP_PATCH_TRAP);
	clone_to(CLONE, TEXT + SLOT + arch->slot_size);
	clone_to(FRESH, TEXT);
	unreadable = FRESH + TEXT;
	withdraw(&slot);
	withdraw(&raw);
	sweep();
	unreadable = 0;
	ck_assert_mem_eq(at(CLONE + TEXT), at(ENGINE + TEXT), SLOT + arch->slot_size);
	ck_assert_uint_eq(*at(CLONE + TEXT + RAW), 0);
	ck_assert_uint_eq(*at(FRESH + TEXT + SLOT), 0);
}
END_TEST

// The guest's own int3 is its own; what was in a private copy was never cloned.
START_TEST(traps_of_others_stay)
{
	prepare();
	struct op_patch raw = plant(PRIVATE, RAW, OP_PATCH_RAW, OP_PATCH_STEP);
	ck_assert_ptr_null(session.copied);
	withdraw(&raw);
	struct op_patch slot = plant(ENGINE, SLOT, OP_PATCH_SLOT, 0);
	clone_to(CLONE, TEXT + PAGE);
	withdraw(&slot);
	*at(CLONE + TEXT + RAW) = arch->trap[0];
	memcpy(at(OTHER + TEXT + SLOT), arch->slot_trap, arch->slot_size);
	sweep();
	ck_assert_mem_eq(at(CLONE + TEXT + SLOT), arch->slot_disabled, arch->slot_size);
	ck_assert_uint_eq(*at(CLONE + TEXT + RAW), arch->trap[0]);
	ck_assert_mem_eq(at(OTHER + TEXT + SLOT), arch->slot_trap, arch->slot_size);
}
END_TEST

// Its hit waits behind another thread's stop: let go where it stands it would run into the middle
// of the instruction that is put back.
START_TEST(a_thread_behind_such_a_trap)
{
	prepare();
	struct op_patch slot = plant(ENGINE, SLOT, OP_PATCH_SLOT, OP_PATCH_TARGET);
	struct op_patch raw = plant(ENGINE, RAW, OP_PATCH_RAW, OP_PATCH_TRAP);
	clone_to(CLONE, TEXT + PAGE);
	clone_to(FRESH, TEXT + PAGE);
	withdraw(&slot);
	withdraw(&raw);
	const uint64_t pcs[] = {FRESH + TEXT + RAW + 1, CLONE + TEXT + SLOT + 1,
				FRESH + TEXT + RAW + 2};
	for (size_t i = 0; i < OP_ARRAY_SIZE(threads); i++) {
		threads[i].registers.value[arch->pc] = pcs[i];
		threads[i].pending = true;
	}
	sweep();
	ck_assert_uint_eq(threads[0].registers.value[arch->pc], FRESH + TEXT + RAW);
	ck_assert(!threads[0].pending);
	ck_assert_uint_eq(threads[1].registers.value[arch->pc], CLONE + TEXT + SLOT);
	ck_assert(!threads[1].pending);
	ck_assert_uint_eq(threads[2].registers.value[arch->pc], pcs[2]);
	ck_assert(threads[2].pending);
}
END_TEST

// One whose stop was handed out stands where it was put.
START_TEST(a_thread_that_was_looked_at)
{
	prepare();
	struct op_patch raw = plant(ENGINE, RAW, OP_PATCH_RAW, OP_PATCH_TRAP);
	clone_to(FRESH, TEXT + PAGE);
	withdraw(&raw);
	threads[1].registers.value[arch->pc] = FRESH + TEXT + RAW + 1;
	sweep();
	ck_assert_uint_eq(threads[1].registers.value[arch->pc], FRESH + TEXT + RAW + 1);
}
END_TEST

START_TEST(code_that_is_gone)
{
	prepare();
	struct op_patch slot = plant(ENGINE, SLOT, OP_PATCH_SLOT, 0);
	struct op_patch others = plant(OTHER, RAW, OP_PATCH_RAW, OP_PATCH_TRAP);
	image_count = 2;
	op_patch_prune_copied(&session);
	ck_assert_uint_eq(artifact.references, 1);
	ck_assert_uint_eq(other.references, 0);
	// What stands there now is somebody else's.
	memcpy(at(CLONE), at(OTHER), TEXT + PAGE);
	withdraw(&slot);
	withdraw(&others);
	sweep();
	ck_assert_uint_eq(*at(CLONE + TEXT + RAW), arch->trap[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("patch_sweep");
	TCase *cases = tcase_create("patch_sweep");
	tcase_add_test(cases, what_runs_have_withdrawn);
	tcase_add_test(cases, more_than_are_read_at_once);
	tcase_add_test(cases, half_a_clone);
	tcase_add_test(cases, traps_of_others_stay);
	tcase_add_test(cases, a_thread_behind_such_a_trap);
	tcase_add_test(cases, a_thread_that_was_looked_at);
	tcase_add_test(cases, code_that_is_gone);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
