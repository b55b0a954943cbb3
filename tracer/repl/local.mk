# The prompt, the commands, the reports, and the program that is made of them. It reads Wasm core dumps by itself: they
# are no business of the library's.
noinst_LTLIBRARIES += librepl.la
librepl_la_SOURCES = \
	target-runtime/wasm_core_dump.c \
	tracer/report/breakpoint.c tracer/report/breakpoint.h \
	tracer/report/count.c tracer/report/count.h \
	tracer/report/catch.c tracer/report/catch.h \
	tracer/report/disassembly.c tracer/report/disassembly.h \
	tracer/report/written_core.c tracer/report/written_core.h \
	tracer/report/dump.c tracer/report/dump.h \
	tracer/report/event.c tracer/report/event.h \
	tracer/report/frame.c tracer/report/frame.h \
	tracer/report/host.c tracer/report/host.h \
	tracer/report/json.c tracer/report/json.h \
	tracer/report/module.c tracer/report/module.h \
	tracer/report/node.c tracer/report/node.h \
	tracer/report/number.c tracer/report/number.h \
	tracer/report/output.c tracer/report/output.h \
	tracer/report/source.c tracer/report/source.h \
	tracer/report/source_value.c tracer/report/source_value.h \
	tracer/report/state.c tracer/report/state.h \
	tracer/report/thread.c tracer/report/thread.h \
	tracer/report/value.c tracer/report/value.h \
	tracer/repl/arguments.c tracer/repl/arguments.h \
	tracer/repl/breakpoint_commands.c tracer/repl/breakpoint_commands.h \
	tracer/repl/breakpoint_numbers.c tracer/repl/breakpoint_numbers.h \
	tracer/repl/cmd_attach.c \
	tracer/repl/cmd_backtrace.c \
	tracer/repl/cmd_break.c \
	tracer/repl/cmd_commands.c \
	tracer/repl/cmd_condition.c \
	tracer/repl/cmd_catch.c \
	tracer/repl/cmd_continue.c \
	tracer/repl/cmd_core.c \
	tracer/repl/cmd_count.c \
	tracer/repl/cmd_delete.c \
	tracer/repl/cmd_detach.c \
	tracer/repl/cmd_directory.c \
	tracer/repl/cmd_disassemble.c \
	tracer/repl/cmd_display.c tracer/repl/displays.h \
	tracer/repl/cmd_dump.c \
	tracer/repl/cmd_echo.c \
	tracer/repl/cmd_enable.c \
	tracer/repl/cmd_find.c \
	tracer/repl/cmd_finish.c \
	tracer/repl/cmd_frame.c \
	tracer/repl/cmd_help.c \
	tracer/repl/cmd_generate_core.c \
	tracer/repl/cmd_history.c \
	tracer/repl/cmd_ignore.c \
	tracer/repl/cmd_info.c \
	tracer/repl/cmd_instance.c \
	tracer/repl/cmd_kill.c \
	tracer/repl/cmd_list.c \
	tracer/repl/cmd_log.c \
	tracer/repl/cmd_print.c \
	tracer/repl/cmd_printf.c \
	tracer/repl/cmd_ptype.c \
	tracer/repl/cmd_quit.c \
	tracer/repl/cmd_rbreak.c \
	tracer/repl/cmd_restore.c \
	tracer/repl/cmd_run.c \
	tracer/repl/cmd_save.c \
	tracer/repl/cmd_set.c \
	tracer/repl/cmd_shell.c \
	tracer/repl/cmd_source.c \
	tracer/repl/cmd_stack.c \
	tracer/repl/cmd_step.c \
	tracer/repl/cmd_thread.c \
	tracer/repl/cmd_trace.c \
	tracer/repl/cmd_until.c \
	tracer/repl/cmd_watch.c \
	tracer/repl/cmd_x.c \
	tracer/repl/command.h tracer/repl/commands.c \
	tracer/repl/completion.c tracer/repl/completion.h \
	tracer/repl/dump_commands.c \
	tracer/repl/fatal.h \
	tracer/repl/fetch.c \
	tracer/repl/fetch_source.c \
	tracer/repl/guard_files.c tracer/repl/guard_files.h \
	tracer/repl/guard_limit.c tracer/repl/guard_limit.h \
	tracer/repl/guard_options.c tracer/repl/guard_options.h \
	tracer/repl/guard_report.c tracer/repl/guard_report.h \
	tracer/repl/guard_sections.c tracer/repl/guard_sections.h \
	tracer/repl/guard_writers.c tracer/repl/guard_writers.h \
	tracer/repl/info_breakpoints.c \
	tracer/repl/host_stretch.c tracer/repl/host_stretch.h \
	tracer/repl/info_frame.c \
	tracer/repl/info_globals.c \
	tracer/repl/info_instructions.c \
	tracer/repl/info_locals.c \
	tracer/repl/info_memories.c \
	tracer/repl/info_modules.c \
	tracer/repl/info_scope.c \
	tracer/repl/info_source.c \
	tracer/repl/info_state.c \
	tracer/repl/info_threads.c \
	tracer/repl/info_types.c \
	tracer/repl/init_files.c tracer/repl/init_files.h \
	tracer/repl/interrupt.c tracer/repl/interrupt.h \
	tracer/repl/listing.c tracer/repl/listing.h \
	tracer/repl/lookup.c \
	tracer/repl/mode.c tracer/repl/mode.h \
	tracer/repl/mode_allow.c \
	tracer/repl/mode_gcore.c \
	tracer/repl/wasm_core.c tracer/repl/wasm_core.h \
	tracer/repl/mode_guard.c tracer/repl/mode_guard.h \
	tracer/repl/mode_inspect.c \
	tracer/repl/mode_prompt.c \
	tracer/repl/mode_sandbox.c \
	tracer/repl/mode_stack.c \
	tracer/repl/mode_trace_calls.c \
	tracer/repl/options.c tracer/repl/options.h \
	tracer/repl/printed.c tracer/repl/printed.h \
	tracer/repl/path_settings.c tracer/repl/path_settings.h \
	tracer/repl/private_file.c tracer/repl/private_file.h \
	tracer/repl/private_folder.c tracer/repl/private_folder.h \
	tracer/repl/prompt.c tracer/repl/prompt.h \
	tracer/repl/repl.c tracer/repl/repl.h \
	tracer/repl/run_control.c \
	tracer/repl/settings.c tracer/repl/settings.h \
	tracer/repl/snapshot.c tracer/repl/snapshot.h \
	tracer/repl/suggest.c tracer/repl/suggest.h \
	tracer/repl/terminal.c tracer/repl/terminal.h \
	tracer/repl/trusted_file.c tracer/repl/trusted_file.h
librepl_la_CPPFLAGS = $(AM_CPPFLAGS) $(NETTLE_CFLAGS) $(READLINE_CFLAGS)
librepl_la_LIBADD = $(NETTLE_LIBS) $(READLINE_LIBS)

bin_PROGRAMS += outpost
outpost_SOURCES = tracer/main.c
outpost_LDADD = librepl.la liboutpost.la libbase.la
