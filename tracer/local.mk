# The debugger, the library and the program.
noinst_LTLIBRARIES += libtracer.la
libtracer_la_SOURCES = \
	tracer/agent/agent.c tracer/agent/agent.h \
	tracer/agent/arena.c tracer/agent/arena.h \
	tracer/agent/site.c tracer/agent/site.h \
	tracer/arguments.c \
	tracer/breakpoint.c tracer/breakpoint.h \
	tracer/breakpoint_entry.h tracer/breakpoint_private.h \
	tracer/breakpoint_hit.c \
	tracer/breakpoint_resolve.c \
	tracer/breakpoint_spec.c \
	tracer/code_write.c tracer/code_write.h \
	tracer/call_record.c tracer/call_record.h \
	tracer/call_render.c \
	tracer/call_trace.c tracer/call_trace.h \
	tracer/catch_state.c tracer/catch_state.h \
	tracer/catch_stop.c \
	tracer/catch_throw.c \
	tracer/catchpoint.c tracer/catchpoint.h \
	tracer/condition.c tracer/condition.h \
	tracer/count.c tracer/count.h \
	tracer/disassembly.c \
	tracer/expand.c \
	tracer/expression.c \
	tracer/expression_evaluate.c \
	tracer/expression_names.c \
	tracer/expression_parse.c tracer/expression_parser.h \
	tracer/expression_scope.c \
	tracer/expression_session.h \
	tracer/expression_source.c \
	tracer/expression_tree.h \
	tracer/globals.c \
	tracer/items.c tracer/items.h \
	tracer/log.c tracer/log.h \
	tracer/log_format.c tracer/log_format.h \
	tracer/launch.c \
	tracer/memory_access.c \
	tracer/module_file.c \
	tracer/modules.c \
	tracer/objects.c tracer/objects.h \
	tracer/new_code.c tracer/new_code.h \
	tracer/operand.c tracer/operand.h \
	tracer/outpost.h \
	tracer/patch.c tracer/patch.h \
	tracer/patch_sweep.c \
	tracer/place.c tracer/place.h \
	tracer/run.c tracer/run.h tracer/run_private.h \
	tracer/run_trap.c \
	tracer/session.c tracer/session.h \
	tracer/search.c \
	tracer/stacks.c \
	tracer/state.c tracer/state.h \
	tracer/software_watch.c tracer/software_watch.h \
	tracer/step.c tracer/step.h \
	tracer/step_plan.c tracer/step_private.h \
	tracer/step_results.c \
	tracer/step_until.c \
	tracer/store_name.c \
	tracer/string_pool.c tracer/string_pool.h \
	tracer/trace.c tracer/trace.h \
	tracer/trampoline_table.h \
	tracer/trampolines.c tracer/trampolines.h \
	tracer/trap_kinds.c tracer/trap_kinds.h \
	tracer/wasi_preview1.c tracer/wasi_preview1.h \
	tracer/watch_hit.c tracer/watch_private.h \
	tracer/watch_place.c tracer/watch_place.h \
	tracer/watch_store.c \
	tracer/watchpoint.c tracer/watchpoint.h

include tracer/agent/stub.mk

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
