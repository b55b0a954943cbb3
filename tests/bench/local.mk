# Benchmarks: `make bench`, never a part of `make check`. BENCH_FLAGS: see tests/bench/bench.py --help.
BENCH_HELPERS = tests/bench/bare_fork tests/bench/bare_loop tests/bench/bare_readv tests/bench/line_loop tests/bench/native_loop tests/bench/read_memory
EXTRA_PROGRAMS += $(BENCH_HELPERS)
CLEANFILES += $(BENCH_HELPERS)
tests_bench_bare_loop_SOURCES = tests/bench/bare_loop.c
tests_bench_bare_fork_SOURCES = tests/bench/bare_fork.c
tests_bench_bare_readv_SOURCES = tests/bench/bare_readv.c
# Steps by lines: natively for gdb; for the others zig makes a module of it.
tests_bench_line_loop_SOURCES = tests/bench/line_loop.c
tests_bench_line_loop_CFLAGS = -g -O0
# What gdb debugs as its own kind of program: with names, and with n in its place at each call.
tests_bench_native_loop_SOURCES = tests/bench/native_loop.c
tests_bench_native_loop_CFLAGS = -g -O0
tests_bench_read_memory_SOURCES = tests/bench/read_memory.c
tests_bench_read_memory_LDADD = liboutpost.la
# Static, so that the driver starts a program and not libtool's script.
tests_bench_read_memory_LDFLAGS = $(AM_LDFLAGS) -static
EXTRA_DIST += \
	tests/bench/bench.py \
	tests/bench/cores.py \
	tests/bench/gdb_driver.py \
	tests/bench/guarding.py \
	tests/bench/guests.py \
	tests/bench/host.py \
	tests/bench/inside.py \
	tests/bench/large_guest.py \
	tests/bench/lldb_driver.py \
	tests/bench/recursion.c \
	tests/bench/rows.py \
	tests/bench/sandbox.py \
	tests/bench/source.py \
	tests/bench/stub_client.py \
	tests/bench/tools.py

# libtool's execute mode puts the program in the place of the script that it makes for a program which is not installed.
bench: outpost$(EXEEXT) $(BENCH_HELPERS)
	PYTHONDONTWRITEBYTECODE=1 $(LIBTOOL) --mode=execute -dlopen liboutpost.la \
		python3 $(srcdir)/tests/bench/bench.py --programs tests/bench --outpost ./outpost$(EXEEXT) $(BENCH_FLAGS)
.PHONY: bench
