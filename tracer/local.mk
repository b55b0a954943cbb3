# The debugger, the library and the program.
noinst_LTLIBRARIES += libtracer.la
libtracer_la_SOURCES = \
	tracer/agent/agent.c tracer/agent/agent.h \
	tracer/agent/arena.c tracer/agent/arena.h \
	tracer/agent/left.c \
	tracer/agent/returning.c \
	tracer/agent/site.c tracer/agent/site.h \
	tracer/arguments.c \
	tracer/atomic_trap.c tracer/atomic_trap.h \
	tracer/breakpoint.c tracer/breakpoint.h \
	tracer/breakpoint_entry.h tracer/breakpoint_private.h \
	tracer/breakpoint_hit.c \
	tracer/breakpoint_place.c \
	tracer/breakpoint_resolve.c \
	tracer/breakpoint_source.c tracer/breakpoint_source.h \
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
	tracer/core.c \
	tracer/core_write.c \
	tracer/count.c tracer/count.h \
	tracer/debuginfod.c tracer/debuginfod.h \
	tracer/dump_contexts.c tracer/dump_contexts.h \
	tracer/dump_images.c \
	tracer/dump_modules.c tracer/dump_modules.h \
	tracer/dump_process.c tracer/dump_process.h \
	tracer/dump_space.c tracer/dump_space.h \
	tracer/disassembly.c \
	tracer/expand.c \
	tracer/expression.c \
	tracer/expression_check.c \
	tracer/expression_containers.c \
	tracer/expression_debug.c \
	tracer/expression_elements.c \
	tracer/expression_evaluate.c \
	tracer/expression_guest.h \
	tracer/expression_history.c \
	tracer/expression_members.c \
	tracer/expression_methods.c \
	tracer/expression_names.c \
	tracer/expression_nodes.c tracer/expression_nodes.h \
	tracer/expression_operators.c \
	tracer/expression_parse.c tracer/expression_parser.h \
	tracer/expression_result.c \
	tracer/expression_scope.c \
	tracer/expression_session.h \
	tracer/expression_source.c \
	tracer/expression_strings.c \
	tracer/expression_terms.c \
	tracer/expression_tree.h \
	tracer/expression_types.c \
	tracer/expression_variables.c \
	tracer/expression_variants.c \
	tracer/frame_registers.c tracer/frame_registers.h \
	tracer/globals.c \
	tracer/host_file.c tracer/host_file.h \
	tracer/host_modules.c tracer/host_modules.h \
	tracer/host_stack.c \
	tracer/items.c tracer/items.h \
	tracer/local_file.c tracer/local_file.h \
	tracer/log.c tracer/log.h \
	tracer/log_format.c tracer/log_format.h \
	tracer/launch.c \
	tracer/line_function.c \
	tracer/line_plan.c tracer/line_plan.h tracer/line_private.h \
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
	tracer/process_info.c tracer/process_info.h \
	tracer/returned.c tracer/returned.h \
	tracer/run.c tracer/run.h tracer/run_private.h \
	tracer/run_trap.c \
	tracer/session.c tracer/session.h \
	tracer/sandbox.c \
	tracer/search.c \
	tracer/shadow_code.c tracer/shadow_code.h \
	tracer/shadow_frames.c tracer/shadow_frames.h \
	tracer/shadow_outer.c \
	tracer/shadow_private.h \
	tracer/source.h \
	tracer/source_age.c \
	tracer/source_answers.h \
	tracer/source_complete.c \
	tracer/source_file.c \
	tracer/source_frame.c \
	tracer/source_info.c \
	tracer/source_bits.h \
	tracer/source_dynamic.c tracer/source_dynamic.h \
	tracer/source_function_pointer.c \
	tracer/source_locate.c tracer/source_locate.h \
	tracer/source_location.c tracer/source_location.h \
	tracer/source_names.c tracer/source_names.h \
	tracer/source_native.c tracer/source_native.h \
	tracer/source_pretty.c tracer/source_pretty.h \
	tracer/source_pretty_cxx.c tracer/source_pretty_cxx.h \
	tracer/source_pretty_cxx_bits.c \
	tracer/source_pretty_cxx_deque.c \
	tracer/source_pretty_cxx_erased.c \
	tracer/source_pretty_cxx_rows.c \
	tracer/source_pretty_cxx_wrappers.c \
	tracer/source_pretty_nodes.c \
	tracer/source_pretty_rust.c tracer/source_pretty_rust.h \
	tracer/source_pretty_rust_nodes.c \
	tracer/source_pretty_rust_pointers.c \
	tracer/source_pretty_rust_text.c \
	tracer/source_render.c tracer/source_render.h \
	tracer/source_render_aggregate.c \
	tracer/source_render_text.c \
	tracer/source_scalar.c tracer/source_scalar.h \
	tracer/source_show.c tracer/source_show.h \
	tracer/source_steps.c tracer/source_steps.h \
	tracer/source_string.c tracer/source_string.h \
	tracer/source_text.c tracer/source_text.h \
	tracer/source_trait_object.c tracer/source_trait_object.h \
	tracer/source_value.c tracer/source_value.h \
	tracer/source_variable.c \
	tracer/source_position.c \
	tracer/source_query.c \
	tracer/source_scope.c \
	tracer/source_settings.c tracer/source_settings.h \
	tracer/stacks.c \
	tracer/state.c tracer/state.h \
	tracer/state_arrived.c tracer/state_arrived.h \
	tracer/software_watch.c tracer/software_watch.h \
	tracer/step.c tracer/step.h \
	tracer/step_line.c \
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
	tracer/wasm_core.c \
	tracer/watch_frame.c tracer/watch_frame.h \
	tracer/watch_hit.c tracer/watch_private.h \
	tracer/watch_place.c tracer/watch_place.h \
	tracer/watch_store.c \
	tracer/watchpoint.c tracer/watchpoint.h
libtracer_la_CPPFLAGS = $(AM_CPPFLAGS) $(NETTLE_CFLAGS)
libtracer_la_LIBADD = $(NETTLE_LIBS)

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
