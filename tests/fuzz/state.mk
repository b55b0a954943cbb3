# Fuzz harnesses of stores, instances and GC objects; built and run like those in local.mk.
STATE_FUZZ_TESTS = \
	tests/fuzz/fuzz_gc_object \
	tests/fuzz/fuzz_state \
	tests/fuzz/fuzz_wasm_tables
tests_fuzz_fuzz_gc_object_SOURCES = tests/fuzz/fuzz_gc_object.c tests/fuzz/replay_corpus.c tests/replay/image_file.c
tests_fuzz_fuzz_gc_object_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c tests/fuzz/replay_corpus.c tests/replay/image_file.c
tests_fuzz_fuzz_state_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_wasm_tables_SOURCES = tests/fuzz/fuzz_wasm_tables.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_wasm_tables_LDADD = $(FUZZ_LIBS)
check_PROGRAMS += $(STATE_FUZZ_TESTS)
TESTS += $(STATE_FUZZ_TESTS)
