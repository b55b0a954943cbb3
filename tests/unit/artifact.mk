# Images and their tables.
IMAGE_TESTS = \
	tests/unit/test_address_map \
	tests/unit/test_artifact \
	tests/unit/test_frame_table \
	tests/unit/test_image_set \
	tests/unit/test_layout \
	tests/unit/test_memory \
	tests/unit/test_exception_table \
	tests/unit/test_trap_table
UNIT_TESTS += $(IMAGE_TESTS)
IMAGE_FIXTURE = tests/unit/image_fixture.c tests/unit/image_fixture.h
tests_unit_test_address_map_SOURCES = tests/unit/test_address_map.c $(IMAGE_FIXTURE)
tests_unit_test_address_map_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_address_map_LDADD = $(UNIT_LIBS)
tests_unit_test_artifact_SOURCES = tests/unit/test_artifact.c $(IMAGE_FIXTURE)
tests_unit_test_artifact_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_artifact_LDADD = $(UNIT_LIBS)
tests_unit_test_frame_table_SOURCES = tests/unit/test_frame_table.c $(IMAGE_FIXTURE)
tests_unit_test_frame_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_frame_table_LDADD = $(UNIT_LIBS)
tests_unit_test_image_set_SOURCES = tests/unit/test_image_set.c $(IMAGE_FIXTURE)
tests_unit_test_image_set_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_image_set_LDADD = $(UNIT_LIBS)
tests_unit_test_memory_SOURCES = tests/unit/test_memory.c $(IMAGE_FIXTURE)
tests_unit_test_memory_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_memory_LDADD = $(UNIT_LIBS)
tests_unit_test_trap_table_SOURCES = tests/unit/test_trap_table.c $(IMAGE_FIXTURE)
tests_unit_test_trap_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trap_table_LDADD = $(UNIT_LIBS)
tests_unit_test_layout_SOURCES = tests/unit/test_layout.c
tests_unit_test_layout_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_layout_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/guests/images/README \
	tests/guests/images/calls.wat \
	tests/guests/images/pair.wat \
	tests/guests/images/calls-42.cwasm \
	tests/guests/images/calls-49.cwasm \
	tests/guests/images/inlined-49.cwasm \
	tests/guests/images/pair-43.cwasm \
	tests/guests/images/pair-49.cwasm \
	tests/guests/images/plain-36.cwasm \
	tests/guests/images/plain-49.cwasm
tests_unit_test_exception_table_SOURCES = tests/unit/test_exception_table.c $(IMAGE_FIXTURE)
tests_unit_test_exception_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_exception_table_LDADD = $(UNIT_LIBS)
