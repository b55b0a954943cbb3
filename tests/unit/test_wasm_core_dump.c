// SPDX-License-Identifier: GPL-3.0-or-later
// Wasm core dumps: one that Wasmtime 49 wrote (wasmtime run -D coredump=FILE of a division by zero
// in the inner one of two functions), the pieces that outpost writes read back, and what is broken.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "target-runtime/wasm_core_dump.h"
#include "target-runtime/wasm_core_encode.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

static const uint8_t by_wasmtime[] = {
	0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x04, 0x63, 0x6f, 0x72, 0x65,
	0x00, 0x08, 0x74, 0x72, 0x61, 0x70, 0x2e, 0x77, 0x61, 0x74, 0x05, 0x03, 0x01, 0x00, 0x01,
	0x06, 0x0b, 0x02, 0x7f, 0x01, 0x41, 0x07, 0x0b, 0x7e, 0x00, 0x42, 0x7b, 0x0b, 0x0b, 0x64,
	0x01, 0x00, 0x41, 0x08, 0x0b, 0x5e, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x34, 0x12, 0x00, 0x16, 0x0b, 0x63, 0x6f,
	0x72, 0x65, 0x6d, 0x6f, 0x64, 0x75, 0x6c, 0x65, 0x73, 0x01, 0x00, 0x07, 0x74, 0x72, 0x61,
	0x70, 0x70, 0x65, 0x72, 0x00, 0x16, 0x0d, 0x63, 0x6f, 0x72, 0x65, 0x69, 0x6e, 0x73, 0x74,
	0x61, 0x6e, 0x63, 0x65, 0x73, 0x01, 0x00, 0x00, 0x01, 0x00, 0x02, 0x00, 0x01, 0x00, 0x1d,
	0x09, 0x63, 0x6f, 0x72, 0x65, 0x73, 0x74, 0x61, 0x63, 0x6b, 0x00, 0x04, 0x6d, 0x61, 0x69,
	0x6e, 0x02, 0x00, 0x00, 0x00, 0x1d, 0x00, 0x00, 0x00, 0x00, 0x01, 0x06, 0x00, 0x00,
};

static struct op_wasm_core_dump *must_read(const void *data, size_t size)
{
	const struct op_bytes bytes = {data, size, "a core dump"};
	struct op_wasm_core_dump *dump = NULL;
	must_succeed(op_wasm_core_dump_create(&bytes, &dump));
	return dump;
}

START_TEST(that_of_wasmtime)
{
	_cleanup_(op_wasm_core_dump_destroyp) struct op_wasm_core_dump *dump =
		must_read(by_wasmtime, sizeof(by_wasmtime));
	size_t count;
	struct op_wasm_name name = op_wasm_core_dump_name(dump);
	ck_assert_mem_eq(name.data, "trap.wat", name.size);
	const struct op_dumped_thread *threads = op_wasm_core_dump_threads(dump, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_mem_eq(threads[0].name.data, "main", threads[0].name.size);
	ck_assert_uint_eq(threads[0].frame_count, 2);
	ck_assert_uint_eq(threads[0].frames[0].function, 0);
	ck_assert_uint_eq(threads[0].frames[0].offset, 0x1d);
	ck_assert_uint_eq(threads[0].frames[1].function, 1);
	ck_assert_uint_eq(threads[0].frames[1].offset, 6);
	const struct op_wasm_name *modules = op_wasm_core_dump_modules(dump, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_mem_eq(modules[0].data, "trapper", modules[0].size);
	const struct op_dumped_instance *instances = op_wasm_core_dump_instances(dump, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(instances[0].memory_count, 1);
	ck_assert_uint_eq(instances[0].global_count, 2);
	const struct op_dumped_global *globals = op_wasm_core_dump_globals(dump, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert(globals[0].is_mutable && !globals[1].is_mutable);
	ck_assert_int_eq((int32_t)op_load_u32_unchecked(globals[0].bytes), 7);
	ck_assert_int_eq((int64_t)op_load_u64_unchecked(globals[1].bytes), -5);
}
END_TEST

START_TEST(memory)
{
	_cleanup_(op_wasm_core_dump_destroyp) struct op_wasm_core_dump *dump =
		must_read(by_wasmtime, sizeof(by_wasmtime));
	uint8_t bytes[8];
	ck_assert_uint_eq(op_wasm_core_dump_memory_size(dump, 0), 65536);
	must_succeed(op_wasm_core_dump_read(dump, 0, 6, bytes, sizeof(bytes)));
	ck_assert_mem_eq(bytes, "\0\0hello\0", 8);
	must_succeed(op_wasm_core_dump_read(dump, 0, 100, bytes, 4));
	ck_assert_mem_eq(bytes, "\x34\x12\0\0", 4);
	must_succeed(op_wasm_core_dump_read(dump, 0, 65528, bytes, 8));
	must_fail(op_wasm_core_dump_read(dump, 0, 65529, bytes, 8), OP_ERROR_UNREADABLE);
	must_fail(op_wasm_core_dump_read(dump, 0, UINT64_MAX, bytes, 8), OP_ERROR_UNREADABLE);
	must_fail(op_wasm_core_dump_read(dump, 1, 0, bytes, 8), OP_ERROR_NOT_FOUND);
}
END_TEST

/** A dump with one stack of one frame that has @p values as locals. */
static void put_dump(struct op_text *out, const struct op_value *values, size_t count)
{
	_cleanup_text_ struct op_text modules = OP_TEXT_INIT, instances = OP_TEXT_INIT,
				      memories = OP_TEXT_INIT, globals = OP_TEXT_INIT,
				      data = OP_TEXT_INIT, stack = OP_TEXT_INIT;
	const struct op_wasm_limits limits = {.minimum = 3,
					      .maximum = 9,
					      .has_maximum = true,
					      .is_64 = true,
					      .page_size_log2 = 0};
	op_text_append_n(out, "\0asm\1\0\0", 8);
	op_wasm_put_unsigned(&memories, 1);
	op_wasm_put_memory(&memories, &limits);
	op_wasm_put_section(out, 5, NULL, &memories);
	op_wasm_put_unsigned(&globals, count);
	for (size_t i = 0; i < count; i++)
		op_wasm_put_global(&globals, &values[i], i & 1);
	op_wasm_put_section(out, 6, NULL, &globals);
	op_wasm_put_unsigned(&data, 1);
	op_wasm_put_segment(&data, 0, true, 1, 2);
	op_text_append(&data, "ab");
	op_wasm_put_section(out, 11, NULL, &data);
	op_wasm_put_unsigned(&modules, 1);
	op_wasm_put_byte(&modules, 0);
	op_wasm_put_name(&modules, "m");
	op_wasm_put_section(out, 0, "coremodules", &modules);
	op_text_append_n(&instances, "\1\0\0\1\0\0", 6);
	op_wasm_put_section(out, 0, "coreinstances", &instances);
	op_wasm_put_byte(&stack, 0);
	op_wasm_put_name(&stack, "t");
	op_text_append_n(&stack, "\1\0\0\5\7", 5);
	op_wasm_put_unsigned(&stack, count);
	for (size_t i = 0; i < count; i++)
		op_wasm_put_value(&stack, &values[i]);
	op_wasm_put_unsigned(&stack, 0);
	op_wasm_put_section(out, 0, "corestack", &stack);
	ck_assert(!out->failed);
}

static struct op_value number(enum op_value_type type, uint64_t bits)
{
	struct op_value value = {.type = type};
	memcpy(value.bytes, &bits, sizeof(bits));
	return value;
}

static const uint64_t edges[] = {0,
				 1,
				 63,
				 64,
				 127,
				 128,
				 8191,
				 0x7fffffff,
				 0x80000000,
				 0xffffffff,
				 0xffffffc0,
				 0x3fffffffffffffff,
				 INT64_MAX,
				 (uint64_t)INT64_MIN,
				 UINT64_MAX,
				 (uint64_t)-64,
				 (uint64_t)-65};

START_TEST(what_is_written_is_read)
{
	static const enum op_value_type types[] = {OP_VALUE_I32, OP_VALUE_I64, OP_VALUE_F32,
						   OP_VALUE_F64};
	for (size_t i = 0; i < OP_ARRAY_SIZE(edges); i++) {
		struct op_value values[6];
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		size_t count;
		for (size_t j = 0; j < 4; j++)
			values[j] = number(types[j], edges[i]);
		values[4] = number(OP_VALUE_V128, edges[i]);
		values[5] = number(OP_VALUE_EXTERNREF, 1);
		put_dump(&text, values, 6);
		_cleanup_(op_wasm_core_dump_destroyp) struct op_wasm_core_dump *dump =
			must_read(text.data, text.size);
		const struct op_dumped_thread *threads = op_wasm_core_dump_threads(dump, &count);
		const struct op_dumped_frame *frame = &threads[0].frames[0];
		const struct op_dumped_global *globals = op_wasm_core_dump_globals(dump, &count);
		ck_assert_uint_eq(frame->local_count, 6);
		ck_assert_uint_eq(frame->function, 5);
		ck_assert_uint_eq(frame->offset, 7);
		for (size_t j = 0; j < 4; j++) {
			uint64_t mask = j % 2 ? UINT64_MAX : UINT32_MAX;
			ck_assert(!frame->locals[j].missing && frame->locals[j].type == types[j]);
			ck_assert_uint_eq(frame->locals[j].bits, edges[i] & mask);
			ck_assert_uint_eq(op_load_u64_unchecked(globals[j].bytes), edges[i] & mask);
		}
		ck_assert(frame->locals[4].missing && frame->locals[5].missing);
		ck_assert_uint_eq(op_load_u64_unchecked(globals[4].bytes), edges[i]);
		ck_assert(globals[5].is_null && globals[5].is_mutable && !globals[4].is_mutable);
		ck_assert_uint_eq(op_wasm_core_dump_memory_size(dump, 0), 3);
		char bytes[3];
		must_succeed(op_wasm_core_dump_read(dump, 0, 0, bytes, 3));
		ck_assert_mem_eq(bytes, "\0ab", 3);
	}
}
END_TEST

/** Nothing that is cut off or changed in one byte does harm; what is read has indices in range. */
START_TEST(broken)
{
	uint8_t copy[sizeof(by_wasmtime)];
	for (size_t i = 0; i < sizeof(copy); i++) {
		for (unsigned change = 0; change < 4; change++) {
			static const uint8_t bits[] = {0x01, 0x80, 0x7f, 0xff};
			struct op_wasm_core_dump *dump = NULL;
			size_t size = change ? sizeof(copy) : i;
			memcpy(copy, by_wasmtime, sizeof(copy));
			copy[i] ^= bits[change];
			const struct op_bytes bytes = {copy, size, "a core dump"};
			struct op_error *err = op_wasm_core_dump_create(&bytes, &dump);
			ck_assert(!err == (dump != NULL));
			ck_assert(!err || err->code == OP_ERROR_FORMAT);
			op_error_destroy(err);
			op_wasm_core_dump_destroy(dump);
		}
	}
}
END_TEST

START_TEST(counts_that_lie)
{
	// A stack of four thousand million frames in ten bytes.
	static const uint8_t many[] = {0,   'a', 's', 'm', 1,    0,    0,    0,    0,
				       17,  9,   'c', 'o', 'r',  'e',  's',  't',  'a',
				       'c', 'k', 0,   0,   0xff, 0xff, 0xff, 0xff, 0x0f};
	static const uint8_t plain[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
	struct op_wasm_core_dump *dump;
	struct op_bytes bytes = {many, sizeof(many), "a core dump"};
	must_fail(op_wasm_core_dump_create(&bytes, &dump), OP_ERROR_FORMAT);
	bytes = (struct op_bytes){plain, sizeof(plain), "a core dump"};
	must_fail(op_wasm_core_dump_create(&bytes, &dump), OP_ERROR_FORMAT);
}
END_TEST

/** Each module, instance and memory costs far more than the bytes that say that it is there. */
START_TEST(more_than_anybody_has)
{
	enum { FEW = 32768 };
	static const struct {
		uint8_t id;
		const char *name, *item;
		size_t size;
	} sections[] = {{0, "coremodules", "\0\0", 2},
			{0, "coreinstances", "\0\0\0\0", 4},
			{5, NULL, "\0\0", 2}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(sections); i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT, content = OP_TEXT_INIT;
		op_text_append_n(&text, "\0asm\1\0\0", 8);
		op_wasm_put_unsigned(&content, FEW);
		for (size_t k = 0; k < FEW; k++)
			op_text_append_n(&content, sections[i].item, sections[i].size);
		// Once is not too many; a second section of the same kind makes it that.
		for (unsigned k = 0; k < 2; k++)
			op_wasm_put_section(&text, sections[i].id, sections[i].name, &content);
		const struct op_bytes bytes = {(const uint8_t *)text.data, text.size, "a dump"};
		struct op_wasm_core_dump *dump;
		must_fail(op_wasm_core_dump_create(&bytes, &dump), OP_ERROR_LIMIT);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wasm_core_dump");
	TCase *tests = tcase_create("wasm_core_dump");
	tcase_add_test(tests, that_of_wasmtime);
	tcase_add_test(tests, memory);
	tcase_add_test(tests, what_is_written_is_read);
	tcase_add_test(tests, broken);
	tcase_add_test(tests, counts_that_lie);
	tcase_add_test(tests, more_than_anybody_has);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
