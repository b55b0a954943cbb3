# Stubs, run in the test's own process: for the machine that the test runs on.
STUB_HARNESS = tests/unit/stub_harness.c tests/unit/stub_harness.h
STUB_LIBS = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_stub
tests_unit_test_stub_SOURCES = tests/unit/test_stub.c $(STUB_HARNESS)
tests_unit_test_stub_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_stub_LDADD = $(STUB_LIBS)
UNIT_TESTS += tests/unit/test_stub_property
tests_unit_test_stub_property_SOURCES = tests/unit/test_stub_property.c $(STUB_HARNESS)
tests_unit_test_stub_property_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_stub_property_LDADD = $(STUB_LIBS)
UNIT_TESTS += tests/unit/test_expression_source
tests_unit_test_expression_source_SOURCES = tests/unit/test_expression_source.c tests/unit/guest_fixture.c \
	tests/unit/guest_fixture.h $(STUB_HARNESS)
tests_unit_test_expression_source_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_expression_source_LDADD = $(STUB_LIBS)

UNIT_TESTS += tests/unit/test_slot_scope
tests_unit_test_slot_scope_SOURCES = tests/unit/test_slot_scope.c tests/replay/check_walk.c tests/replay/check_walk.h \
	tests/unit/state_fixture.c tests/unit/state_fixture.h tests/replay/image_file.c tests/replay/image_file.h
tests_unit_test_slot_scope_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_slot_scope_LDADD = $(STUB_LIBS)
