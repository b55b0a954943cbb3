# The debugger, the library and the program.
noinst_LTLIBRARIES += libtracer.la
libtracer_la_SOURCES = \
	tracer/arguments.c \
	tracer/breakpoint.c tracer/breakpoint.h \
	tracer/condition.c tracer/condition.h \
	tracer/disassembly.c \
	tracer/expand.c \
	tracer/expression.c tracer/expression.h \
	tracer/expression_places.c \
	tracer/globals.c \
	tracer/items.c tracer/items.h \
	tracer/launch.c \
	tracer/memory_access.c \
	tracer/module_file.c \
	tracer/modules.c \
	tracer/objects.c tracer/objects.h \
	tracer/operand.c tracer/operand.h \
	tracer/outpost.h \
	tracer/patch.c tracer/patch.h \
	tracer/patch_sweep.c \
	tracer/place.c tracer/place.h \
	tracer/run.c tracer/run.h \
	tracer/session.c tracer/session.h \
	tracer/search.c \
	tracer/stacks.c \
	tracer/state.c tracer/state.h \
	tracer/step.c tracer/step.h \
	tracer/step_plan.c tracer/step_private.h \
	tracer/step_results.c \
	tracer/string_pool.c tracer/string_pool.h

lib_LTLIBRARIES += liboutpost.la
liboutpost_la_SOURCES =
liboutpost_la_LIBADD = libtracer.la libtarget.la libplatform.la libarch.la libbase.la
liboutpost_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined -Wl,--version-script=$(srcdir)/tracer/liboutpost.map
EXTRA_liboutpost_la_DEPENDENCIES = tracer/liboutpost.map
EXTRA_DIST += tracer/liboutpost.map

outpostincludedir = $(includedir)/outpost
nobase_outpostinclude_HEADERS = \
	base/addr.h \
	base/compiler.h \
	base/error.h \
	target-runtime/value.h \
	tracer/outpost.h

include tracer/repl/local.mk
