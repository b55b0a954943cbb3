# Unit tests, one Check program a file; each area adds its own in tests/unit/*.mk.
UNIT_TESTS =
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
UNIT_LIBS = libtarget.la libplatform.la libarch.la libbase.la $(CHECK_LIBS)
include tests/unit/base.mk
include tests/unit/artifact.mk
include tests/unit/wasm.mk
include tests/unit/dwarf.mk
include tests/unit/platform.mk
include tests/unit/stack.mk
include tests/unit/state.mk
include tests/unit/tracer.mk
include tests/unit/stub.mk
include tests/unit/repl.mk
include tests/fuzz/local.mk
if HAVE_CHECK
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
