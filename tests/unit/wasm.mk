# The core-module reader.
WASM_FIXTURE = tests/unit/wasm_fixture.c tests/unit/wasm_fixture.h

UNIT_TESTS += tests/unit/test_wasm_module
tests_unit_test_wasm_module_SOURCES = tests/unit/test_wasm_module.c $(WASM_FIXTURE)
tests_unit_test_wasm_module_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wasm_module_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_wasm_text
tests_unit_test_wasm_text_SOURCES = tests/unit/test_wasm_text.c $(WASM_FIXTURE)
tests_unit_test_wasm_text_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wasm_text_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_wasm_flow
tests_unit_test_wasm_flow_SOURCES = tests/unit/test_wasm_flow.c $(WASM_FIXTURE)
tests_unit_test_wasm_flow_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wasm_flow_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_shadow_stack
tests_unit_test_shadow_stack_SOURCES = tests/unit/test_shadow_stack.c $(WASM_FIXTURE)
tests_unit_test_shadow_stack_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_shadow_stack_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_wasm_type_names
tests_unit_test_wasm_type_names_SOURCES = tests/unit/test_wasm_type_names.c $(WASM_FIXTURE)
tests_unit_test_wasm_type_names_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wasm_type_names_LDADD = $(UNIT_LIBS)

# Prints modules for tests/e2e/check_wasm_text.py and check_wasm_flow.py.
check_PROGRAMS += tests/unit/wasm_dump
tests_unit_wasm_dump_SOURCES = tests/unit/wasm_dump.c
tests_unit_wasm_dump_LDADD = libtarget.la libarch.la libbase.la

EXTRA_DIST += \
	tests/e2e/check_wasm_flow.py \
	tests/e2e/check_wasm_text.py \
	tests/guests/wasm/flow.wasm \
	tests/guests/wasm/flow.wat \
	tests/guests/wasm/opcodes.expected \
	tests/guests/wasm/opcodes.wasm \
	tests/guests/wasm/opcodes.wat \
	tests/guests/wasm/shadow.wasm \
	tests/guests/wasm/shadow.wat
