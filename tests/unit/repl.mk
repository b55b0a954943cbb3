REPL_TEST_LIBS = librepl.la libtarget.la libarch.la libbase.la $(CHECK_LIBS) $(JANSSON_LIBS)
# A session of made-up answers, and what is typed at its prompt.
REPL_TEST_FAKES = \
	tests/unit/fake_control.c \
	tests/unit/fake_core.c \
	tests/unit/fake_host.c \
	tests/unit/fake_process.c \
	tests/unit/fake_session.c \
	tests/unit/fake_session.h \
	tests/unit/fake_source.c \
	tests/unit/fake_state.c \
	tests/unit/typed.c \
	tests/unit/typed.h
REPL_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)

UNIT_TESTS += tests/unit/test_output
tests_unit_test_output_SOURCES = tests/unit/test_output.c $(REPL_TEST_FAKES)
tests_unit_test_output_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_output_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_repl_arguments
tests_unit_test_repl_arguments_SOURCES = tests/unit/test_repl_arguments.c $(REPL_TEST_FAKES)
tests_unit_test_repl_arguments_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_repl_arguments_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_source_value
tests_unit_test_source_value_SOURCES = tests/unit/test_source_value.c $(REPL_TEST_FAKES)
tests_unit_test_source_value_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_source_value_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_repl_values
tests_unit_test_repl_values_SOURCES = tests/unit/test_repl_values.c
tests_unit_test_repl_values_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_repl_values_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_repl_text
tests_unit_test_repl_text_SOURCES = tests/unit/test_repl_text.c $(REPL_TEST_FAKES)
tests_unit_test_repl_text_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_repl_text_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_repl_json
tests_unit_test_repl_json_SOURCES = tests/unit/test_repl_json.c $(REPL_TEST_FAKES)
tests_unit_test_repl_json_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_repl_json_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_repl_state
tests_unit_test_repl_state_SOURCES = tests/unit/test_repl_state.c $(REPL_TEST_FAKES)
tests_unit_test_repl_state_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_repl_state_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_repl_frames
tests_unit_test_repl_frames_SOURCES = tests/unit/test_repl_frames.c $(REPL_TEST_FAKES)
tests_unit_test_repl_frames_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_repl_frames_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_repl_source
tests_unit_test_repl_source_SOURCES = tests/unit/test_repl_source.c $(REPL_TEST_FAKES)
tests_unit_test_repl_source_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_repl_source_LDADD = $(REPL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_guard_files
tests_unit_test_guard_files_SOURCES = tests/unit/test_guard_files.c $(REPL_TEST_FAKES)
tests_unit_test_guard_files_CPPFLAGS = $(REPL_TEST_CPPFLAGS)
tests_unit_test_guard_files_LDADD = $(REPL_TEST_LIBS)
