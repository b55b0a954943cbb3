# The compiler of stubs; built and run like those in local.mk.
tests_fuzz_fuzz_stub_SOURCES = tests/fuzz/fuzz_stub.c tests/fuzz/replay_corpus.c
tests_fuzz_fuzz_stub_LDADD = libtracer.la $(FUZZ_LIBS)
check_PROGRAMS += tests/fuzz/fuzz_stub
TESTS += tests/fuzz/fuzz_stub
