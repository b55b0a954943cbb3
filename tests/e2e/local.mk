# End-to-end tests: outpost on real programs in real Wasmtimes. Each file is a theme; each of its cases counts.
E2E_TESTS = \
	tests/e2e/test_attach.py \
	tests/e2e/test_breakpoint_comfort.py \
	tests/e2e/test_breakpoints.py \
	tests/e2e/test_cache.py \
	tests/e2e/test_conditions.py \
	tests/e2e/test_configuration.py \
	tests/e2e/test_core.py \
	tests/e2e/test_core_write.py \
	tests/e2e/test_differential.py \
	tests/e2e/test_errors.py \
	tests/e2e/test_exact.py \
	tests/e2e/test_events.py \
	tests/e2e/test_guard.py \
	tests/e2e/test_guardian_calls.py \
	tests/e2e/test_guests.py \
	tests/e2e/test_harm.py \
	tests/e2e/test_harm_death.py \
	tests/e2e/test_harm_limits.py \
	tests/e2e/test_harm_refusals.py \
	tests/e2e/test_inject.py \
	tests/e2e/test_inside.py \
	tests/e2e/test_inside_leaving.py \
	tests/e2e/test_inside_watch.py \
	tests/e2e/test_json.py \
	tests/e2e/test_killed_at_calls.py \
	tests/e2e/test_matrix.py \
	tests/e2e/test_native_debug.py \
	tests/e2e/test_optimised.py \
	tests/e2e/test_prompt.py \
	tests/e2e/test_readme.py \
	tests/e2e/test_returned.py \
	tests/e2e/test_run.py \
	tests/e2e/test_sandbox.py \
	tests/e2e/test_scenarios.py \
	tests/e2e/test_scheduler.py \
	tests/e2e/test_signals.py \
	tests/e2e/test_source_expressions.py \
	tests/e2e/test_source_files.py \
	tests/e2e/test_source_map.py \
	tests/e2e/test_source_large.py \
	tests/e2e/test_source_library.py \
	tests/e2e/test_source_lldb.py \
	tests/e2e/test_source_session.py \
	tests/e2e/test_source_frames.py \
	tests/e2e/test_source_steps.py \
	tests/e2e/test_source_tables.py \
	tests/e2e/test_source_values.py \
	tests/e2e/test_host_frames.py \
	tests/e2e/test_hostile_names.py \
	tests/e2e/test_stack.py \
	tests/e2e/test_state.py \
	tests/e2e/test_stepping.py \
	tests/e2e/test_stepping_ways.py \
	tests/e2e/test_survival.py \
	tests/e2e/test_trace_calls.py \
	tests/e2e/test_values.py \
	tests/e2e/test_versions.py \
	tests/e2e/test_wasm_dump.py \
	tests/e2e/test_watch.py
# Those that also run with sanitizers: between them they go through all the code.
E2E_QUICK_TESTS = \
	tests/e2e/test_attach.py \
	tests/e2e/test_breakpoints.py \
	tests/e2e/test_conditions.py \
	tests/e2e/test_core.py \
	tests/e2e/test_core_write.py \
	tests/e2e/test_errors.py \
	tests/e2e/test_exact.py \
	tests/e2e/test_events.py \
	tests/e2e/test_run.py \
	tests/e2e/test_source_values.py \
	tests/e2e/test_state.py \
	tests/e2e/test_stepping.py \
	tests/e2e/test_values.py
TESTS += $(E2E_TESTS)
TEST_EXTENSIONS = .py
PY_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
# A failed case has its own line; the status of the whole would be counted as one more.
AM_PY_LOG_DRIVER_FLAGS = --ignore-exit
PY_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/e2e/python.sh
# Check's own limit of four seconds is too little on a busy machine.
AM_TESTS_ENVIRONMENT = \
	CK_DEFAULT_TIMEOUT="$${CK_DEFAULT_TIMEOUT-60}"; export CK_DEFAULT_TIMEOUT; \
	OUTPOST_SOURCE='$(abs_top_srcdir)'; export OUTPOST_SOURCE; \
	OUTPOST_PROGRAM='$(abs_top_builddir)/outpost'; export OUTPOST_PROGRAM; \
	OUTPOST_WORK='$(abs_top_builddir)/tests/e2e/work'; export OUTPOST_WORK; \
	OUTPOST_TOOLS="$${OUTPOST_TOOLS-$(abs_top_srcdir)/.outpost-tools}"; export OUTPOST_TOOLS;

EXTRA_DIST += \
	$(E2E_TESTS) \
	tests/e2e/README.md \
	tests/e2e/conversation.py \
	tests/e2e/cores.py \
	tests/e2e/exact_guests.py \
	tests/e2e/harness.py \
	tests/e2e/inject.py \
	tests/e2e/inject_places.py \
	tests/e2e/inject_series.py \
	tests/e2e/inject_sessions.py \
	tests/e2e/inject_verdict.py \
	tests/e2e/leftovers.py \
	tests/e2e/lldb_reader.py \
	tests/e2e/loaded_server.py \
	tests/e2e/modes.py \
	tests/e2e/python.sh \
	tests/e2e/rsp.py \
	tests/e2e/source_guest.py \
	tests/e2e/tap.py \
	tests/e2e/wasm_text.py \
	tests/e2e/without_ptrace.py \
	tests/guests/app.wat \
	tests/guests/assemblyscript/walk.ts \
	tests/guests/assemblyscript/walk.wasm \
	tests/guests/assemblyscript/walk.wasm.map \
	tests/guests/busy.wat \
	tests/guests/calculator.c \
	tests/guests/calls.wat \
	tests/guests/component.wat \
	tests/guests/conditions.wat \
	tests/guests/consumer.wat \
	tests/guests/crash.wat \
	tests/guests/crash_host.py \
	tests/guests/deadlock.wat \
	tests/guests/deep.wat \
	tests/guests/demo.sh \
	tests/guests/diff_c.c \
	tests/guests/diff_component.wat \
	tests/guests/diff_exceptions.wat \
	tests/guests/diff_gc.wat \
	tests/guests/diff_memories.wat \
	tests/guests/diff_simd.wat \
	tests/guests/diff_tail.wat \
	tests/guests/exact_counts.wat \
	tests/guests/exact_iteration.wat \
	tests/guests/exact_trap.wat \
	tests/guests/exact_watch.wat \
	tests/guests/exact_writer.wat \
	tests/guests/dumped.wat \
	tests/guests/early.wat \
	tests/guests/atomics.wat \
	tests/guests/events.wat \
	tests/guests/events_host.py \
	tests/guests/guard_host.py \
	tests/guests/guard_wait_host.py \
	tests/guests/harm.wat \
	tests/guests/harm_host.py \
	tests/guests/harm_names.wat \
	tests/guests/hostile.c \
	tests/guests/hot.wat \
	tests/guests/fib.py \
	tests/guests/idle.py \
	tests/guests/idle.wat \
	tests/guests/later.wat \
	tests/guests/interpreter.rs \
	tests/guests/lib.wat \
	tests/guests/memory.wat \
	tests/guests/micropython_host.wat \
	tests/guests/nested.py \
	tests/guests/native_values.c \
	tests/guests/nested.wat \
	tests/guests/newer_rust.sh \
	tests/guests/objects.wat \
	tests/guests/optimised.c \
	tests/guests/optimised_again.c \
	tests/guests/optimised_again.py \
	tests/guests/optimised_stores.py \
	tests/guests/orders.cpp \
	tests/guests/plugin.wat \
	tests/guests/plugins.py \
	tests/guests/preloads.wat \
	tests/guests/profiled.c \
	tests/guests/inlined.c \
	tests/guests/progress.c \
	tests/guests/provider.wat \
	tests/guests/reader.wat \
	tests/guests/rt.wat \
	tests/guests/rt_line.wat \
	tests/guests/rt_threads.wat \
	tests/guests/recursion.c \
	tests/guests/returned.c \
	tests/guests/returned.cc \
	tests/guests/returned.rs \
	tests/guests/reused_local.c \
	tests/guests/rust_today.rs \
	tests/guests/scenario_activations.wat \
	tests/guests/scenario_embedded.py \
	tests/guests/scenario_embedded.wat \
	tests/guests/scenario_frames.wat \
	tests/guests/scenario_host.wat \
	tests/guests/scenario_matrix.wat \
	tests/guests/scenario_private.wat \
	tests/guests/scenario_shared.wat \
	tests/guests/scenario_twins.wat \
	tests/guests/serve.wat \
	tests/guests/serve_calls.wat \
	tests/guests/serve_memory.wat \
	tests/guests/serve_wait.wat \
	tests/guests/serve_work.wat \
	tests/guests/nap.wat \
	tests/guests/sleeper.wat \
	tests/guests/source_c.c \
	tests/guests/source_cxx.cc \
	tests/guests/source_library.cc \
	tests/guests/source_lines.c \
	tests/guests/source_lines.h \
	tests/guests/source_rust.rs \
	tests/guests/sparse_maps.rs \
	tests/guests/spin.wat \
	tests/guests/state.wat \
	tests/guests/stepped.c \
	tests/guests/stepped.cc \
	tests/guests/stepped_plain.c \
	tests/guests/stepped_throws.cc \
	tests/guests/steady.wat \
	tests/guests/steps.wat \
	tests/guests/threads.wat \
	tests/guests/traps.wat \
	tests/guests/values.wat \
	tests/guests/watch.wat \
	tests/guests/watch_file.wat \
	tests/guests/watch_grow.wat \
	tests/guests/watch_objects.wat \
	tests/guests/watch_threads.wat

# Unit and recorded tests and a part of the end-to-end tests: for builds with sanitizers.
check-quick:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS="$(UNIT_TESTS) $(REPLAY_TESTS) $(E2E_QUICK_TESTS)"
# The distribution is whole, builds out of its tree, passes its unit tests, installs and uninstalls cleanly.
distcheck-quick:
	$(MAKE) $(AM_MAKEFLAGS) distcheck TESTS="$(UNIT_TESTS)"
# The matrix of Wasmtime versions, all of them; `check` runs the oldest, the newest and the LTS. test_scenarios.py has the
# library, 50, in a Python host. A version that is not in .outpost-tools is a failure.
OUTPOST_ALL_VERSIONS = 42.0.1 43.0.1 44.0.1 45.0.2 46.0.1 47.0.3 48.0.2 49.0.4 36.0.9
check-versions:
	OUTPOST_VERSIONS='$(OUTPOST_ALL_VERSIONS)' $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS="tests/e2e/test_matrix.py tests/e2e/test_versions.py tests/e2e/test_scenarios.py"
# System calls from every place of outpost's code fail in each way, in every session.
soak-inject:
	OUTPOST_INJECT=places OUTPOST_INJECT_LIMIT=600 OUTPOST_CASE_LIMIT=7200 $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS="tests/e2e/test_inject.py tests/e2e/test_guardian_calls.py"
soak: soak-inject
clean-local:
	rm -rf tests/e2e/work
.PHONY: check-quick check-versions distcheck-quick soak soak-inject
