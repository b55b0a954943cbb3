// SPDX-License-Identifier: GPL-3.0-or-later
// Names of types, fields and tags, from name sections written by hand, and from ones that break
// off.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/wasm/type_names.h"
#include "tests/unit/suite.h"
#include "tests/unit/wasm_fixture.h"

// Types 0 and 2 are named, of type 2 the fields 0 and 1, tag 1.
static const uint8_t module_bytes[] = "\0asm\1\0\0\0"
				      "\0\57\4name"
				      "\4\13\2\0\4node\2\2no"
				      "\12\22\2\0\0\2\2\0\3key\1\6next.a"
				      "\13\7\1\1\4oops";
enum { MODULE_SIZE = sizeof(module_bytes) - 1, SUBSECTIONS = 8 + 2 + 5 };

static struct op_wasm_module *module_of(const uint8_t *bytes)
{
	return op_fixture_module(&(struct op_bytes){bytes, MODULE_SIZE, "module"});
}

static void expect(struct op_wasm_name name, const char *text)
{
	ck_assert_uint_eq(name.size, strlen(text));
	ck_assert(name.data && memcmp(name.data, text, name.size) == 0);
}

START_TEST(test_names)
{
	struct op_wasm_module *module = module_of(module_bytes);
	expect(op_wasm_module_type_name(module, 0), "node");
	expect(op_wasm_module_type_name(module, 2), "no");
	ck_assert_ptr_null(op_wasm_module_type_name(module, 1).data);
	expect(op_wasm_module_field_name(module, 2, 0), "key");
	expect(op_wasm_module_field_name(module, 2, 1), "next.a");
	ck_assert_ptr_null(op_wasm_module_field_name(module, 2, 2).data);
	ck_assert_ptr_null(op_wasm_module_field_name(module, 0, 0).data);
	ck_assert_ptr_null(op_wasm_module_field_name(module, 9, 0).data);
	expect(op_wasm_module_tag_name(module, 1), "oops");
	ck_assert_ptr_null(op_wasm_module_tag_name(module, 0).data);
	op_wasm_module_destroy(module);
}
END_TEST

/** Any byte of the name section may be wrong: names may be missing, nothing is read beyond the
 * section. */
START_TEST(test_damaged)
{
	for (size_t place = SUBSECTIONS; place < MODULE_SIZE; place++) {
		uint8_t *bytes = malloc(MODULE_SIZE);
		ck_assert_ptr_nonnull(bytes);
		memcpy(bytes, module_bytes, MODULE_SIZE);
		bytes[place] = 0xff;
		struct op_wasm_module *module = module_of(bytes);
		for (uint32_t i = 0; i < 4; i++) {
			struct op_wasm_name names[] = {op_wasm_module_type_name(module, i),
						       op_wasm_module_tag_name(module, i),
						       op_wasm_module_field_name(module, 2, i)};
			for (size_t k = 0; k < OP_ARRAY_SIZE(names); k++)
				ck_assert(!names[k].data || (names[k].data >= (char *)bytes &&
							     names[k].data + names[k].size <=
								     (char *)bytes + MODULE_SIZE));
		}
		op_wasm_module_destroy(module);
		free(bytes);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wasm type names");
	TCase *tcase = tcase_create("type names");
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_damaged);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
