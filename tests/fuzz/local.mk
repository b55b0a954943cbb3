# Fuzz harnesses, one per decoder, each in the file of its name. In `make check` a driver replays the corpus; where configure was told
# --enable-fuzzing they are programs of libFuzzer, which `make fuzz` builds and runs (docs/fuzzing.md).
FUZZ_TESTS = \
	tests/fuzz/fuzz_address_map \
	tests/fuzz/fuzz_apart \
	tests/fuzz/fuzz_artifact \
	tests/fuzz/fuzz_command_line \
	tests/fuzz/fuzz_core \
	tests/fuzz/fuzz_demangle \
	tests/fuzz/fuzz_dwarf \
	tests/fuzz/fuzz_engine \
	tests/fuzz/fuzz_exception_table \
	tests/fuzz/fuzz_expression \
	tests/fuzz/fuzz_frame_table \
	tests/fuzz/fuzz_gc_object \
	tests/fuzz/fuzz_location \
	tests/fuzz/fuzz_log_format \
	tests/fuzz/fuzz_native \
	tests/fuzz/fuzz_place \
	tests/fuzz/fuzz_session \
	tests/fuzz/fuzz_session_cxx \
	tests/fuzz/fuzz_session_dump \
	tests/fuzz/fuzz_session_rust \
	tests/fuzz/fuzz_shadow_stack \
	tests/fuzz/fuzz_source_map \
	tests/fuzz/fuzz_stack \
	tests/fuzz/fuzz_state \
	tests/fuzz/fuzz_stub \
	tests/fuzz/fuzz_trap_table \
	tests/fuzz/fuzz_wasi \
	tests/fuzz/fuzz_wasm_core \
	tests/fuzz/fuzz_wasm_module \
	tests/fuzz/fuzz_wasm_tables

if FUZZING
FUZZ_DRIVER = $(FUZZ_ENGINE)
else
check_LTLIBRARIES += libreplaycorpus.la
libreplaycorpus_la_SOURCES = tests/fuzz/replay_corpus.c
FUZZ_DRIVER = libreplaycorpus.la
endif
FUZZ_LIBS = $(FUZZ_DRIVER) libtracer.la libtarget.la libplatform.la libarch.la libbase.la

tests_fuzz_fuzz_address_map_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_apart_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_artifact_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_command_line_LDADD = librepl.la $(FUZZ_LIBS)
tests_fuzz_fuzz_core_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_demangle_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_dwarf_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_engine_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_exception_table_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_expression_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_frame_table_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_gc_object_SOURCES = tests/fuzz/fuzz_gc_object.c tests/fuzz/recorded.c tests/fuzz/recorded.h tests/replay/image_file.c
tests_fuzz_fuzz_gc_object_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_location_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_log_format_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_native_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_place_LDADD = $(FUZZ_LIBS)
FUZZ_SESSION_SOURCES = tests/fuzz/recorded_session.c tests/fuzz/recorded_session.h
FUZZ_SESSION_LIBS = librepl.la $(FUZZ_LIBS) $(JANSSON_LIBS) $(ZSTD_LIBS)
tests_fuzz_fuzz_session_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZSTD_CFLAGS)
tests_fuzz_fuzz_session_SOURCES = tests/fuzz/fuzz_session.c $(FUZZ_SESSION_SOURCES)
tests_fuzz_fuzz_session_LDADD = $(FUZZ_SESSION_LIBS)
tests_fuzz_fuzz_session_cxx_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZSTD_CFLAGS)
tests_fuzz_fuzz_session_cxx_SOURCES = tests/fuzz/fuzz_session_cxx.c $(FUZZ_SESSION_SOURCES)
tests_fuzz_fuzz_session_cxx_LDADD = $(FUZZ_SESSION_LIBS)
tests_fuzz_fuzz_session_dump_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZSTD_CFLAGS)
tests_fuzz_fuzz_session_dump_SOURCES = tests/fuzz/fuzz_session_dump.c $(FUZZ_SESSION_SOURCES)
tests_fuzz_fuzz_session_dump_LDADD = $(FUZZ_SESSION_LIBS)
tests_fuzz_fuzz_session_rust_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZSTD_CFLAGS)
tests_fuzz_fuzz_session_rust_SOURCES = tests/fuzz/fuzz_session_rust.c $(FUZZ_SESSION_SOURCES)
tests_fuzz_fuzz_session_rust_LDADD = $(FUZZ_SESSION_LIBS)
tests_fuzz_fuzz_shadow_stack_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_source_map_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_stack_SOURCES = tests/fuzz/fuzz_stack.c tests/fuzz/recorded.c tests/fuzz/recorded.h tests/replay/image_file.c
tests_fuzz_fuzz_stack_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c tests/fuzz/recorded.c tests/fuzz/recorded.h tests/replay/image_file.c
tests_fuzz_fuzz_state_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_stub_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_trap_table_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_wasi_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_wasm_core_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_wasm_module_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_wasm_tables_LDADD = $(FUZZ_LIBS)
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
EXTRA_DIST += \
	tests/fuzz/corpus \
	tests/fuzz/fuzz.sh \
	tests/fuzz/guest_library.h \
	tests/fuzz/pack_image.py \
	tests/fuzz/record_session.sh \
	tests/fuzz/reduce_core.py \
	tests/fuzz/session \
	tests/fuzz/session_cxx \
	tests/fuzz/session_dump \
	tests/fuzz/session_rust

FUZZ_NAMES = $(FUZZ_TESTS:tests/fuzz/fuzz_%=%)
FUZZ_RUN = '$(abs_top_srcdir)/tests/fuzz/fuzz.sh'
fuzz-programs: $(FUZZ_TESTS)
# A build of its own, in which each harness is a program of libFuzzer: FUZZ_SECONDS of each, one line of each; it fails if there are
# findings. FUZZ_NAMES='dwarf core' runs only these.
fuzz-build:
	$(MKDIR_P) fuzzing
	test -e fuzzing/Makefile || (cd fuzzing && '$(abs_top_srcdir)/configure' --quiet CC=clang CFLAGS='-g -O1' \
		--enable-fuzzing --with-sanitizers=address,undefined)
	$(MAKE) -C fuzzing fuzz-programs
fuzz: fuzz-build
	cd fuzzing && $(FUZZ_RUN) run '$(abs_top_srcdir)' $(FUZZ_NAMES)
# The corpora gain those of the inputs found since that reach more, up to FUZZ_KEEP_SIZE bytes long (65536).
fuzz-merge: fuzz-build
	cd fuzzing && $(FUZZ_RUN) merge '$(abs_top_srcdir)' $(FUZZ_NAMES)
# Which lines the corpora reach, by gcov.
fuzz-coverage:
	$(MKDIR_P) coverage
	test -e coverage/Makefile || (cd coverage && '$(abs_top_srcdir)/configure' --quiet CFLAGS='-g -O0 --coverage')
	$(MAKE) -C coverage fuzz-programs
	cd coverage && $(FUZZ_RUN) coverage '$(abs_top_srcdir)' $(FUZZ_NAMES)
.PHONY: fuzz fuzz-build fuzz-coverage fuzz-merge fuzz-programs

# Makes seeds of fuzz_core.
check_PROGRAMS += tests/fuzz/make_core_corpus
tests_fuzz_make_core_corpus_SOURCES = tests/fuzz/make_core_corpus.c tests/unit/core_draft.c tests/unit/core_draft.h
