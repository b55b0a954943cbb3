# The fuzz harness of debug information; built and run like those in local.mk.
DWARF_FUZZ_TESTS = \
	tests/fuzz/fuzz_dwarf \
	tests/fuzz/fuzz_location
tests_fuzz_fuzz_dwarf_SOURCES = tests/fuzz/fuzz_dwarf.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_dwarf_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_location_SOURCES = tests/fuzz/fuzz_location.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_location_LDADD = $(FUZZ_LIBS)
check_PROGRAMS += $(DWARF_FUZZ_TESTS)
TESTS += $(DWARF_FUZZ_TESTS)
