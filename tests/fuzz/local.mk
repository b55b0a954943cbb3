# Fuzz harnesses, one per decoder. Each is built with a driver that replays its corpus in `make check`; with libFuzzer: see CONTRIBUTING.md.
FUZZ_TESTS = \
	tests/fuzz/fuzz_address_map \
	tests/fuzz/fuzz_artifact \
	tests/fuzz/fuzz_exception_table \
	tests/fuzz/fuzz_expression \
	tests/fuzz/fuzz_frame_table \
	tests/fuzz/fuzz_shadow_stack \
	tests/fuzz/fuzz_source_map \
	tests/fuzz/fuzz_stack \
	tests/fuzz/fuzz_trap_table \
	tests/fuzz/fuzz_wasm_core \
	tests/fuzz/fuzz_wasm_module
tests_fuzz_fuzz_address_map_SOURCES = tests/fuzz/fuzz_address_map.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_address_map_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_artifact_SOURCES = tests/fuzz/fuzz_artifact.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_artifact_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_expression_SOURCES = tests/fuzz/fuzz_expression.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_expression_LDADD = libtracer.la libtarget.la libplatform.la libarch.la libbase.la
tests_fuzz_fuzz_frame_table_SOURCES = tests/fuzz/fuzz_frame_table.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_frame_table_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_stack_SOURCES = tests/fuzz/fuzz_stack.c tests/fuzz/replay_corpus.c tests/replay/image_file.c
tests_fuzz_fuzz_stack_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_shadow_stack_SOURCES = tests/fuzz/fuzz_shadow_stack.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_shadow_stack_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_source_map_SOURCES = tests/fuzz/fuzz_source_map.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_source_map_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_exception_table_SOURCES = tests/fuzz/fuzz_exception_table.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_exception_table_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_trap_table_SOURCES = tests/fuzz/fuzz_trap_table.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_trap_table_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_wasm_core_SOURCES = tests/fuzz/fuzz_wasm_core.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_wasm_core_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_wasm_module_SOURCES = tests/fuzz/fuzz_wasm_module.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_wasm_module_LDADD = $(FUZZ_LIBS)
FUZZ_LIBS = libtarget.la libarch.la libbase.la
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
EXTRA_DIST += tests/fuzz/corpus
