# The platform and the instruction sets. tests/unit/victim is the program that the platform tests debug.
if HAVE_CHECK
check_PROGRAMS += tests/unit/victim
endif
tests_unit_victim_SOURCES = tests/unit/victim.c
# No sanitizers: LeakSanitizer refuses to work in a traced program.
tests_unit_victim_CFLAGS = $(OP_CFLAGS)
tests_unit_victim_LDFLAGS = -pthread

PLATFORM_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) -DOP_VICTIM='"$(abs_top_builddir)/tests/unit/victim"'
PLATFORM_TEST_CONTROL = tests/unit/victim_control.c tests/unit/victim_control.h

UNIT_TESTS += tests/unit/test_arch_store
tests_unit_test_arch_store_SOURCES = tests/unit/test_arch_store.c
tests_unit_test_arch_store_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_arch_store_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_arch
tests_unit_test_arch_SOURCES = tests/unit/test_arch.c
tests_unit_test_arch_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_arch_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_attach
tests_unit_test_platform_attach_SOURCES = tests/unit/test_platform_attach.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_attach_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_attach_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_guardian
tests_unit_test_platform_guardian_SOURCES = tests/unit/test_platform_guardian.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_guardian_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_guardian_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_many
tests_unit_test_platform_many_SOURCES = tests/unit/test_platform_many.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_many_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_many_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_code
tests_unit_test_platform_code_SOURCES = tests/unit/test_platform_code.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_code_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_code_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_shield
tests_unit_test_platform_shield_SOURCES = tests/unit/test_platform_shield.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_shield_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_shield_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_watch
tests_unit_test_platform_watch_SOURCES = tests/unit/test_platform_watch.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_watch_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_watch_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_wait
tests_unit_test_platform_wait_SOURCES = tests/unit/test_platform_wait.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_wait_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_wait_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_core
tests_unit_test_core_SOURCES = tests/unit/test_core.c tests/unit/core_draft.c tests/unit/core_draft.h $(PLATFORM_TEST_CONTROL)
tests_unit_test_core_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_core_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_platform_freeze
tests_unit_test_platform_freeze_SOURCES = tests/unit/test_platform_freeze.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_platform_freeze_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_platform_freeze_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_apart
tests_unit_test_apart_SOURCES = tests/unit/test_apart.c $(PLATFORM_TEST_CONTROL)
tests_unit_test_apart_CPPFLAGS = $(PLATFORM_TEST_CPPFLAGS)
tests_unit_test_apart_LDADD = $(UNIT_LIBS)
