noinst_LTLIBRARIES += libtarget.la
libtarget_la_SOURCES =
include target-runtime/artifact.mk
include target-runtime/wasm/local.mk
include target-runtime/stack.mk
include target-runtime/state.mk
include target-runtime/dwarf/local.mk
