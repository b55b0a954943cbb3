# Stores, instances and what they hold, in recorded processes (tests/replay).
STATE_FIXTURE = tests/unit/state_fixture.c tests/unit/state_fixture.h tests/replay/image_file.c tests/replay/image_file.h
STATE_TESTS = \
	tests/unit/test_gc_object \
	tests/unit/test_global \
	tests/unit/test_store_set \
	tests/unit/test_table \
	tests/unit/test_tunables \
	tests/unit/test_wasm_core_dump
UNIT_TESTS += $(STATE_TESTS)
tests_unit_test_gc_object_SOURCES = tests/unit/test_gc_object.c $(STATE_FIXTURE)
tests_unit_test_gc_object_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_gc_object_LDADD = $(UNIT_LIBS)
tests_unit_test_global_SOURCES = tests/unit/test_global.c $(STATE_FIXTURE)
tests_unit_test_global_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_global_LDADD = $(UNIT_LIBS)
tests_unit_test_store_set_SOURCES = tests/unit/test_store_set.c $(STATE_FIXTURE)
tests_unit_test_store_set_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_set_LDADD = $(UNIT_LIBS)
tests_unit_test_table_SOURCES = tests/unit/test_table.c $(STATE_FIXTURE)
tests_unit_test_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_table_LDADD = $(UNIT_LIBS)
tests_unit_test_tunables_SOURCES = tests/unit/test_tunables.c
tests_unit_test_tunables_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_tunables_LDADD = $(UNIT_LIBS)
tests_unit_test_wasm_core_dump_SOURCES = tests/unit/test_wasm_core_dump.c $(IMAGE_FIXTURE)
tests_unit_test_wasm_core_dump_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wasm_core_dump_LDADD = $(UNIT_LIBS)

# Makes the images anew; not a test.
check_PROGRAMS += tests/replay/record_state
tests_replay_record_state_SOURCES = tests/replay/record_state.c tests/replay/image_file.c tests/replay/image_file.h
tests_replay_record_state_LDADD = libtarget.la libplatform.la libarch.la libbase.la

EXTRA_DIST += \
	tests/guests/wasm/hosted.wasm \
	tests/guests/wasm/parts.wasm \
	tests/replay/record_state.sh \
	tests/replay/guests/app.wat \
	tests/replay/guests/hosted.py \
	tests/replay/guests/hosted.wat \
	tests/replay/guests/library.wat \
	tests/replay/guests/parts.wat \
	tests/replay/images/hosted-50.img \
	tests/replay/images/parts-36.img \
	tests/replay/images/parts-42.img \
	tests/replay/images/parts-46.img \
	tests/replay/images/parts-49.img \
	tests/replay/images/state-44.img \
	tests/replay/images/state-49-null.img \
	tests/replay/images/state-49.img
