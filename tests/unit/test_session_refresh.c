// SPDX-License-Identifier: GPL-3.0-or-later
// A look at a program that runs: a server's clone of the code is found, and unmapped before its
// bytes are read, or another clone takes its place. The bytes of the other copy are the module's.
#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/array.h"
#include "platform/operations.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"
#include "tracer/session.h"

struct process {
	struct op_process base;
	struct space space;
	uint64_t module;  // where the first image has a module
	unsigned reads;   // of that byte, until the image goes; 0: it stays
	unsigned misread; // of all reads, until the one that finds another copy half written
	bool fails;       // it finds nothing at all
	unsigned notices; // to the person
};

static struct process process;

static struct op_error *mappings(struct op_process *base, struct op_mappings *ret)
{
	*ret = (struct op_mappings){0};
	for (size_t i = 0; i < process.space.region_count; i++) {
		const struct op_region *region = &process.space.regions[i];
		struct op_mapping mapping = {
			.start = region->start,
			.end = region->end,
			.protection = (region->readable ? OP_PROTECTION_READ : 0U) |
				      (region->executable ? OP_PROTECTION_EXECUTE : 0U),
			.anonymous = true,
			.path = strdup(""),
		};
		if (region->readable)
			ck_assert(op_array_push(ret, mapping));
		else
			free(mapping.path);
	}
	return NULL;
}

static struct op_error *read_some(struct op_process *base, struct op_host_addr addr, void *buffer,
				  size_t size, size_t *ret_done)
{
	struct op_memory memory = space_memory(&process.space);
	bool covers = addr.value <= process.module && process.module - addr.value < size;
	if (covers && process.reads && !--process.reads)
		for (size_t i = 0; i < 3; i++)
			process.space.regions[i].readable = false;
	struct op_error *err = memory.read_some(memory.context, addr, buffer, size, ret_done);
	if (process.misread && !--process.misread) {
		if (process.fails)
			*ret_done = 0;
		memset((char *)buffer + *ret_done / 4, 0, *ret_done - *ret_done / 4);
	}
	return err;
}

static struct op_error *unreadable(struct op_process *base, struct op_host_addr addr)
{
	return op_error_create(OP_ERROR_UNREADABLE, "it is gone");
}

static const struct op_thread_info *threads(struct op_process *base, size_t *ret_count)
{
	*ret_count = 0;
	return NULL;
}

static void destroy(struct op_process *base)
{
}

static const struct op_process_operations operations = {
	.what = "a made-up process",
	.destroy = destroy,
	.threads = threads,
	.mappings = mappings,
	.read_some = read_some,
	.unreadable = unreadable,
};

static void notice(void *context, enum op_notice_kind kind, const char *text)
{
	process.notices++;
}

static const struct image {
	const char *name;
	size_t modules;
} images[] = {{"calls-49.cwasm", 1}, {"pair-49.cwasm", 2}};

/** Two copies of an image; @p module is the one whose bytes' reads are counted. */
static void place(const struct image *image, size_t module)
{
	static const uint8_t magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
	process = (struct process){.base = {.operations = &operations, .arch = op_arch_native()}};
	space_init(&process.space);
	uint8_t *bytes = process.space.bytes;
	uint64_t end = space_image(&process.space, image->name, 0, "");
	space_image(&process.space, image->name, end, "");
	const uint8_t *found = memmem(bytes, end, magic, sizeof(magic));
	for (size_t i = 0; found && i < module; i++)
		found = memmem(found + 1, end - (size_t)(found + 1 - bytes), magic, sizeof(magic));
	ck_assert_ptr_nonnull(found);
	process.module = space_base + (uint64_t)(found - bytes);
}

// As op_session_stop_looked() has it.
static void stop(struct op_session *session)
{
	op_image_set_doubt(session->images);
	must_succeed(op_session_refresh(session, NULL));
}

static struct op_session *session_of_process(void)
{
	const struct op_session_options options = {.size = sizeof(options), .notice = notice};
	struct op_session *session;
	must_succeed(op_session_create(&options, &session));
	must_succeed(op_session_adopt(session, &process.base));
	return session;
}

// @param[in] reads as in struct process. @return whether the image has gone.
static bool look(const struct image *image, unsigned reads)
{
	const struct op_module *modules;
	const struct op_function_info *functions;
	size_t count, found;
	struct op_session *session = session_of_process();
	process.reads = reads;
	must_succeed(op_session_refresh(session, NULL));
	bool gone = !process.reads;
	process.reads = 0;
	// The next look, at the latest, finds one copy.
	stop(session);
	must_succeed(op_session_modules(session, &modules, &count));
	ck_assert_uint_eq(count, image->modules);
	ck_assert_uint_eq(modules[count - 1].copy_count, gone ? 1 : 2);
	must_succeed(
		op_session_functions(session, modules[count - 1].id, NULL, &functions, &found));
	ck_assert_uint_gt(found, 0);
	ck_assert_uint_gt(functions[found - 1].pc, 0);
	ck_assert_uint_eq(process.notices, 0);
	op_session_destroy(session);
	return gone;
}

// Whenever it does.
START_TEST(the_copy_that_is_read_goes)
{
	const struct image *image = &images[_i];
	for (size_t module = 0; module < image->modules; module++) {
		bool gone = true;
		for (unsigned reads = 1; gone; reads++) {
			place(image, module);
			gone = look(image, reads);
			space_deinit(&process.space);
			ck_assert(gone || reads > 1);
		}
	}
}
END_TEST

// What a person sees of all modules; free() it.
static char *names(struct op_session *session)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	const struct op_module *modules;
	size_t count;
	must_succeed(op_session_modules(session, &modules, &count));
	for (size_t i = 0; i < count; i++) {
		const struct op_function_info *functions;
		size_t found;
		must_succeed(
			op_session_functions(session, modules[i].id, NULL, &functions, &found));
		// One without a name is called by its number.
		bool named = strncmp(modules[i].name, "module", strlen("module")) != 0;
		op_text_printf(&text, "%s*%zu:", named ? modules[i].name : "",
			       modules[i].copy_count);
		for (size_t k = 0; k < found; k++)
			op_text_printf(&text, " %s", functions[k].name);
	}
	char *ret;
	must_succeed(op_text_steal(&text, &ret));
	return ret;
}

// One read, whichever, finds other bytes than were there before and are there after it.
START_TEST(a_read_meets_a_copy_that_is_being_written)
{
	const struct image *image = &images[_i / 2];
	place(image, 0);
	struct op_session *session = session_of_process();
	process.misread = UINT_MAX;
	must_succeed(op_session_refresh(session, NULL));
	unsigned reads = UINT_MAX - process.misread;
	ck_assert_uint_gt(reads, 10);
	_cleanup_free_ char *right = names(session);
	op_session_destroy(session);
	space_deinit(&process.space);
	for (unsigned at = 1; at <= reads; at++) {
		place(image, 0);
		process.fails = _i % 2;
		session = session_of_process();
		process.misread = at;
		must_succeed(op_session_refresh(session, NULL));
		ck_assert_uint_eq(process.misread, 0);
		stop(session);
		_cleanup_free_ char *seen = names(session);
		ck_assert_msg(!strcmp(seen, right), "read %u of %u: %s, not %s", at, reads, seen,
			      right);
		ck_assert_uint_eq(process.notices, 0);
		op_session_destroy(session);
		space_deinit(&process.space);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session_refresh");
	TCase *looks = tcase_create("looks");
	tcase_add_loop_test(looks, the_copy_that_is_read_goes, 0, OP_ARRAY_SIZE(images));
	tcase_add_loop_test(looks, a_read_meets_a_copy_that_is_being_written, 0,
			    2 * OP_ARRAY_SIZE(images));
	suite_add_tcase(suite, looks);
	return run_suite(suite);
}
