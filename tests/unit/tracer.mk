UNIT_TESTS += tests/unit/test_expression
tests_unit_test_expression_SOURCES = tests/unit/test_expression.c
tests_unit_test_expression_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_expression_LDADD = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_expression_tree
tests_unit_test_expression_tree_SOURCES = tests/unit/test_expression_tree.c
tests_unit_test_expression_tree_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_expression_tree_LDADD = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_source_pretty
tests_unit_test_source_pretty_SOURCES = tests/unit/test_source_pretty.c
tests_unit_test_source_pretty_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_source_pretty_LDADD = librepl.la libtracer.la $(UNIT_LIBS) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test_source_scalar
tests_unit_test_source_scalar_SOURCES = tests/unit/test_source_scalar.c
tests_unit_test_source_scalar_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_source_scalar_LDADD = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_source_tangled
tests_unit_test_source_tangled_SOURCES = tests/unit/test_source_tangled.c
tests_unit_test_source_tangled_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_source_tangled_LDADD = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_wasi_preview1
tests_unit_test_wasi_preview1_SOURCES = tests/unit/test_wasi_preview1.c
tests_unit_test_wasi_preview1_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wasi_preview1_LDADD = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_log_format
tests_unit_test_log_format_SOURCES = tests/unit/test_log_format.c
tests_unit_test_log_format_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_log_format_LDADD = libtracer.la $(UNIT_LIBS)

# These have the target's part of the platform themselves.
UNIT_TESTS += tests/unit/test_code_write
tests_unit_test_code_write_SOURCES = tests/unit/test_code_write.c tracer/code_write.c
tests_unit_test_code_write_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_code_write_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_arena
tests_unit_test_arena_SOURCES = tests/unit/test_arena.c tracer/agent/arena.c
tests_unit_test_arena_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_arena_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_patch_sweep
tests_unit_test_patch_sweep_SOURCES = tests/unit/test_patch_sweep.c tracer/patch_sweep.c
tests_unit_test_patch_sweep_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_patch_sweep_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_session_refresh
tests_unit_test_session_refresh_SOURCES = tests/unit/test_session_refresh.c $(IMAGE_FIXTURE)
tests_unit_test_session_refresh_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_session_refresh_LDADD = libtracer.la $(UNIT_LIBS)
