# The fuzz harness of core files, and the program that makes its corpus.
tests_fuzz_fuzz_core_SOURCES = tests/fuzz/fuzz_core.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_core_LDADD = libplatform.la libarch.la libbase.la
tests_fuzz_make_core_corpus_SOURCES = tests/fuzz/make_core_corpus.c tests/unit/core_draft.c tests/unit/core_draft.h
check_PROGRAMS += tests/fuzz/fuzz_core tests/fuzz/make_core_corpus
TESTS += tests/fuzz/fuzz_core
