// SPDX-License-Identifier: GPL-3.0-or-later
// The commands on the guest's state as a person sees them, and values with what they lead to. The
// program is fake_session.h's.
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_session.h"
#include "tests/unit/suite.h"
#include "tests/unit/typed.h"
#include "tracer/report/node.h"

static void start(void)
{
	typed_start();
	run("attach 4242");
}

static const struct {
	const char *line, *text;
} exact[] = {
	{"info globals count", "count = 5  (0, mut i32)\n"},
	{"info globals", "count = 5  (0, mut i32)\n$global1 = anyref 0x21 node {key = 7, field1 = "
			 "node <0x21, shown around this>}  (1, anyref, imported)\n"},
	{"info tags", "0    fault                (i32)\n"},
	{"info tables", "0    dispatch             funcref 3 elements of at most 10\n"},
	{"info exports", "function 2    start = _start\n"},
	{"info imports", "function 0    wasi.fd_read -> host function at 0x1234\n"
			 "global   0    env.any -> global 4 of instance 0\n"},
	{"info memories", "0    memory               32-bit 65536 bytes of at most 131072 at host "
			  "address 0x7e0000000000, 0x100000000 reserved, shared\n"},
	{"info stores", "0    0x5000  2 instances\n"
			"    on thread 4242; suspended guest 0\n"
			"    fuel left -5\n"
			"    epoch 7, deadline 9\n"
			"    stack limit 0x7f00\n"
			"    GC heap of 65536 bytes at 0x60000, collector drc\n"},
	{"instance", "  1    store 0   id 1   0x2000  app\n"},
	{"instance 0", "* 0    store 0   id 0   0x1000  the host's own\n"},
};

START_TEST(test_exact)
{
	ck_assert_str_eq(run(exact[_i].line), exact[_i].text);
}
END_TEST

static const struct {
	const char *line, *text;
} searches[] = {
	{"find 0, +65536, \"needle\"", "0x400:\n0x40c:\n2 found.\n"},
	{"find/1 0, +65536, \"needle\"", "0x400:\n1 found, there may be more.\n"},
	{"find 0x401, 0xffff, \"needle\"", "0x40c:\n1 found.\n"},
	// The end is the last byte that is searched.
	{"find 0x401, 0x411, \"needle\"", "0x40c:\n1 found.\n"},
	{"find 0x401, 0x410, \"needle\"", "Not found.\n"},
	{"find/h 0, +65536, 0x656e", "0x400:\n0x40c:\n2 found.\n"},
	{"find 0, +65536, {6e 65 65 64}", "0x400:\n0x40c:\n2 found.\n"},
	{"find/b 0, +65536, 'n', 0x65, \"edle\"", "0x400:\n0x40c:\n2 found.\n"},
	{"find/g 0, +65536, -2", "0x500:\n1 found.\n"},
};

static void fill_memory(void)
{
	memcpy(fake.memory + 0x400, "needle\0\0\0\0\0\0needle", 18);
	memset(fake.memory + 0x500, 0xff, 8);
	fake.memory[0x500] = 0xfe;
}

START_TEST(test_find)
{
	fill_memory();
	ck_assert_str_eq(run(searches[_i].line), searches[_i].text);
}
END_TEST

static const char *const bad_lines[] = {
	"find 0, 10",
	"find 0, +65537, 1",
	"find 0, 10, {6}",
	"find 0, 10, \"a",
	"find/z 0, 10, 1",
	"find 0, 10, $big x",
	"find mem1:0, 10, 1",
	"restore /dev/null",
	"restore /no/such/file 0",
	"restore /dev/zero 0",
	"instance 7",
	"instance x",
	"stack x",
	"dump memory /tmp 0 65537",
};

START_TEST(test_refused)
{
	refuse(bad_lines[_i]);
	ck_assert_uint_gt(complaints_size, 0);
}
END_TEST

START_TEST(test_dump_and_restore)
{
	char path[] = "/tmp/outpost-test-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	char line[128];
	fill_memory();
	snprintf(line, sizeof(line), "dump memory %s 0x400 0x412", path);
	run(line);
	snprintf(line, sizeof(line), "restore %s 0x600", path);
	ck_assert_str_eq(run(line), "18 bytes written at 0x600.\n");
	ck_assert_mem_eq(fake.memory + 0x600, fake.memory + 0x400, 18);
	// Nothing is written when not everything fits.
	uint8_t before = fake.memory[FAKE_MEMORY - 1];
	snprintf(line, sizeof(line), "restore %s 65520", path);
	refuse(line);
	ck_assert_uint_eq(fake.memory[FAKE_MEMORY - 1], before);
	unlink(path);
}
END_TEST

static const struct {
	const char *line, *keys;
} documents[] = {
	{"info stores", "stores"},
	{"info instances", "instances"},
	{"info imports", "imports"},
	{"info exports", "exports"},
	{"info globals", "globals"},
	{"info tables", "tables"},
	{"info tags", "tags"},
	{"info memories", "memories"},
	{"info stacks", "threads suspended"},
	{"instance", "instance"},
	{"stack 0", "thread frame instruction"},
	{"find 0, +8, 0", "memory found more"},
};

START_TEST(test_json)
{
	repl.out.json = true;
	json_t *document = json_loads(run(documents[_i].line), 0, NULL);
	ck_assert_ptr_nonnull(document);
	json_t *result = json_object_get(document, "result");
	ck_assert(json_is_true(json_object_get(document, "ok")));
	char keys[256] = "";
	const char *key;
	json_t *value;
	json_object_foreach(result, key, value)
	{
		strcat(keys, *keys ? " " : "");
		strcat(keys, key);
	}
	ck_assert_str_eq(keys, documents[_i].keys);
	json_decref(document);
}
END_TEST

static struct op_value i32(uint8_t number)
{
	return (struct op_value){.type = OP_VALUE_I32, .bytes = {number}};
}

static const struct op_value reference = {.type = OP_VALUE_ANYREF, .bytes = {0x40}};

START_TEST(test_nodes)
{
	struct op_value_node numbers[] = {{.index = 2, .value = i32(12)},
					  {.index = 3, .value = i32(13)}};
	struct op_value_node null = {.kind = OP_NODE_NULL, .value = {.type = OP_VALUE_FUNCREF}};
	const struct {
		struct op_value_node node;
		const char *text, *json;
	} cases[] = {
		{{.value = i32(5)}, "5", ""},
		{{.kind = OP_NODE_NULL, .value = {.type = OP_VALUE_ANYREF}}, "anyref null", ""},
		{{.kind = OP_NODE_I31,
		  .value = {.type = OP_VALUE_ANYREF, .bytes = {0xf5, 0xff, 0xff, 0xff}},
		  .i31 = -6},
		 "anyref 0xfffffff5 i31 -6",
		 "{\"kind\":\"other\",\"i31\":-6}"},
		{{.kind = OP_NODE_ARRAY,
		  .value = reference,
		  .object_type = "numbers",
		  .length = 8,
		  .first = 2,
		  .children = numbers,
		  .child_count = 2},
		 "anyref 0x40 numbers[8] {[2] = 12, 13...}",
		 "{\"kind\":\"other\",\"type\":\"numbers\",\"length\":8,\"first\":2,\"elements\":[{"
		 "\"index\":2,\"value\":12},{\"index\":3,\"value\":13}]}"},
		{{.kind = OP_NODE_STRUCT,
		  .value = reference,
		  .object_type = "node",
		  .length = 2,
		  .cut = true},
		 "anyref 0x40 node {...}",
		 "{\"kind\":\"struct\",\"type\":\"node\",\"length\":2,\"cut\":true,\"fields\":[]}"},
		{{.kind = OP_NODE_EXCEPTION,
		  .value = reference,
		  .tag = "fault",
		  .length = 2,
		  .children = numbers,
		  .child_count = 2},
		 "anyref 0x40 exception fault (12, 13)",
		 "{\"kind\":\"other\",\"tag\":\"fault\",\"length\":2,\"payload\":[{\"index\":2,"
		 "\"value\":12},{\"index\":3,\"value\":13}]}"},
		{{.kind = OP_NODE_EXTERN, .value = reference, .host_id = 3},
		 "anyref 0x40 host value 3",
		 "{\"kind\":\"other\",\"host_id\":3}"},
		{{.kind = OP_NODE_FUNCTION,
		  .value = reference,
		  .function = "fib",
		  .function_index = 3,
		  .module = "app",
		  .instance = 1},
		 "anyref 0x40 fib (module app, instance 1)",
		 "{\"kind\":\"other\",\"function\":\"fib\",\"function_index\":3,\"module\":\"app\","
		 "\"instance\":1}"},
		{{.kind = OP_NODE_RANGE,
		  .length = 2,
		  .first = 0,
		  .children = &null,
		  .child_count = 1},
		 "{null...}",
		 "{\"kind\":\"other\",\"length\":2,\"first\":0,\"elements\":[{\"index\":0,"
		 "\"value\":null}]}"},
		{{.kind = OP_NODE_BAD, .value = reference, .problem = "no header"},
		 "anyref 0x40 <no header>",
		 "{\"kind\":\"other\",\"problem\":\"no header\"}"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		op_node_text(&text, &cases[i].node, &(struct op_value_format){0});
		ck_assert_str_eq(text.data, cases[i].text);
		_cleanup_text_ struct op_text document = OP_TEXT_INIT;
		struct op_json json;
		op_json_init(&json, &document);
		op_node_json(&json, NULL, &cases[i].node);
		ck_assert_str_eq(document.data ? document.data : "", cases[i].json);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repl state");
	TCase *tcase = tcase_create("commands");
	tcase_add_checked_fixture(tcase, start, typed_stop);
	tcase_add_loop_test(tcase, test_exact, 0, OP_ARRAY_SIZE(exact));
	tcase_add_loop_test(tcase, test_find, 0, OP_ARRAY_SIZE(searches));
	tcase_add_loop_test(tcase, test_refused, 0, OP_ARRAY_SIZE(bad_lines));
	tcase_add_loop_test(tcase, test_json, 0, OP_ARRAY_SIZE(documents));
	tcase_add_test(tcase, test_dump_and_restore);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("nodes");
	tcase_add_test(tcase, test_nodes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
