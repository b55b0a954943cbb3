// SPDX-License-Identifier: GPL-3.0-or-later
// Commands as a person sees them: what each writes, and what it asks of the session. The program is
// fake_session.h's.
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_session.h"
#include "tests/unit/suite.h"
#include "tests/unit/typed.h"

static const struct {
	const char *line, *text;
} exact[] = {
	{"bt", "#0  fib (n=7) at app!0x1a3\n#1  fib (n=8) at app!0x1ac\n    [host: fd_read]\n#2  "
	       "_start () at app!0x1b6\n"},
	{"bt -host",
	 "#0  fib (n=7) at app!0x1a3\n#1  fib (n=8) at app!0x1ac\n    [host: fd_read]\n"
	 "        0x00007f0000001234 in wait at poll.c:29 (inlined)\n"
	 "        0x00007f0000001234 in poll+79 (libc.so.6)\n#2  _start () at app!0x1b6\n"
	 "    [host]\n        0x0000550000000042 in ?? (program+0x42)\n"
	 "        (the frames beyond 0x550000000042 could not be unwound)\n"},
	{"bt 1", "#0  fib (n=7) at app!0x1a3\n(More stack frames follow...)\n"},
	{"bt -1", "#2  _start () at app!0x1b6\n"},
	{"bt -full 1",
	 "#0  fib (n=7) at app!0x1a3\n        n = 7\n        $local1 = <unreadable: the memory "
	 "that holds it cannot be read (host address 0x7ffe0010)>\n"
	 "(More stack frames follow...)\n"},
	{"info stack", "$stack0 = (i32) 42\n"},
	{"frame 1", "#1  fib (n=8) at app!0x1ac\n=> 0x1ac: call 1 <fib>\n"},
	{"frame level 1", "#1  fib (n=8) at app!0x1ac\n=> 0x1ac: call 1 <fib>\n"},
	{"frame function _start", "#2  _start () at app!0x1b6\n"},
	{"f function fib", "#0  fib (n=7) at app!0x1a3\n=> 0x1a3: local.get 0\n"},
	{"up", "#1  fib (n=8) at app!0x1ac\n=> 0x1ac: call 1 <fib>\n"},
	{"up 99", "#2  _start () at app!0x1b6\n"},
	{"p n", "$1 = 7\n"},
	{"p/x 255", "$1 = 0xff\n"},
	{"p $half", "$1 = 0.5\n"},
	{"output n", "7"},
	{"p/xb $big", "$1 = i8x16 0x01 0x02 0x03 0x04 0x05 0x06 0x07 0x08 0x09 0x0a 0x0b 0x0c 0x0d "
		      "0x0e 0x0f 0x10\n"},
	{"x/2xw 0x400", "0x400:\t0x6c6c6568\t0x6f77006f\n"},
	{"x/2s 0x400", "0x400:\t\"hello\"\n0x406:\t\"world\"\n"},
	{"x/1fw 0x40e", "0x40e:\t2.278e-41\n"},
	{"x/2i 0x1a3", "=> 0x1a3: local.get 0\n   0x1a5: i32.const 2\n"},
	{"b fib", "Breakpoint 1: fib at app!0x1a3\n"},
	{"tbreak fib", "Temporary breakpoint 1: fib at app!0x1a3\n"},
	{"info b", "No breakpoints.\n"},
	{"watch $mem[16:i32]", "Hardware watchpoint 1: $mem[16:i32]\n"},
	{"rwatch $global0", "Hardware read watchpoint 1: $global0\n"},
	{"awatch $global0", "Hardware access (read/write) watchpoint 1: $global0\n"},
	{"info watchpoints", "No watchpoints.\n"},
	{"thread", "[Thread 4242]\n#0  fib (n=7) at app!0x1a3\n=> 0x1a3: local.get 0\n"},
	{"thread 4243", "[Thread 4243]\nIt has no guest frame.\n"},
	{"thread apply all bt 1",
	 "Thread 4242:\n#0  fib (n=7) at app!0x1a3\n(More stack frames follow...)\n"},
	{"t a a bt 1", "Thread 4242:\n#0  fib (n=7) at app!0x1a3\n(More stack frames follow...)\n"},
	{"info functions nothing",
	 "No function has a name like that: \"*nothing*\" matches anywhere in names.\n"},
	{"info functions ^fi",
	 "No function has a name like that: patterns are those of the shell, where \"*\" stands "
	 "for anything.\n"},
	{"info functions nothing*", "No function has a name like that.\n"},
	{"info functions *i*",
	 "app:\n     1  0x000001a3-0x000001b0  fib (i32) -> (i32), 64 native bytes\n"
	 "     3  0x000001c4-0x000001d0  app::main () -> (), 32 native bytes\n"},
	{"si", "=> 0x1a3: local.get 0\n"},
	{"echo a\\tb\\n", "a\tb\n"},
	{"printf \"n is %d\", n", "n is 7"},
	{"gcore copied.core",
	 "Saved core file copied.core: 2 threads, 1.0 MiB on the disk (4.0 MiB with its holes).\n"
	 "The process stood still for 1.5 ms, and was written from a copy that it made of "
	 "itself.\n"},
	{"generate-core-file",
	 "Saved core file core.4242: 2 threads, 1.0 MiB on the disk (4.0 MiB with its holes).\n"
	 "The process stood still for 1.5 ms, until all was written: it does not fork.\n"},
	{"generate-wasm-core a.wasm",
	 "Saved Wasm core dump a.wasm: threads 1, frames 2, instances 0, memories 1 (5 bytes that "
	 "are not zero), globals 0.\n"
	 "3 globals are references, which the format cannot hold: null.\n"},
	{"detach", "Detached from process 4242; it runs on.\n"},
	{"kill", "Killed process 4242.\n"},
	{"history", ""},
};

static void attach(void)
{
	run("attach 4242");
}

START_TEST(test_exact)
{
	typed_start();
	attach();
	ck_assert_str_eq(run(exact[_i].line), exact[_i].text);
	typed_stop();
}
END_TEST

static const struct {
	const char *line, *part;
} failures[] = {
	{"frame 9", "there is no frame 9"},
	{"frame x", "is not a frame's number"},
	{"frame variable", "\"info locals\" and \"info args\" show"},
	{"frame level x", "is not a frame's number"},
	{"frame function", "is not a frame's number"},
	{"frame function main", "no frame of this stack is one of \"main\""},
	{"set height 0", "\"set pagination off\" shows"},
	{"up x", "is not a number of frames"},
	{"down", "this is the innermost frame"},
	{"delete 3", "there is no breakpoint 3"},
	{"ignore 1", "needs a breakpoint's number and a count"},
	{"ignore $bpnum 1", "no breakpoint was set yet"},
	{"condition", "needs a breakpoint's number"},
	{"condition 7 n", "there is no breakpoint 7"},
	{"commands", "no breakpoint was set yet"},
	{"enable once", "needs the numbers of breakpoints"},
	{"enable count 0 1", "0 is not a number of stops"},
	{"enable count x 1", "is not a number of stops"},
	{"rbreak (", "is no regular expression"},
	{"rbreak ^nothing$", "no function with code has a name that matches"},
	{"rbreak -limit 1 .", "functions match, more than 1: no breakpoint was set"},
	{"save breakpoints", "save breakpoints FILE"},
	{"save breakpoints /dev/null", "there is no breakpoint to save"},
	{"advance", "needs a place"},
	{"set scheduler-locking", "\"scheduler-locking\" can be off, on, step"},
	{"continue 3", "not at a breakpoint"},
	{"stepi 0", "0 is not a number of steps"},
	{"x", "needs an address"},
	{"x/2q 0", "'q' is neither a format"},
	{"x/4xw 0xfffe", "outside of memory 0"},
	{"x/4xw mem1:0", "outside of memory 1"},
	{"x/4xw $half", "an address is an integer"},
	{"print", "needs an expression"},
	{"print/3x n", "takes no count"},
	{"print/i n", "'i' is neither a format"},
	{"print ?", "is no expression"},
	{"set", "PLACE = EXPRESSION"},
	{"display/i $pc", "\"stepi\" and \"nexti\" show the next one"},
	{"set nothing on", "there is no setting"},
	{"set var x", "PLACE = EXPRESSION"},
	{"disassemble/q", "/n for native code or /m"},
	{"disassemble nothing", "there is no function \"nothing\""},
	{"thread 1", "there is no thread 1"},
	{"thread backtrace", "\"backtrace\" shows the selected thread's stack"},
	{"thread apply all", "needs threads and a command"},
	{"source /no/such/file", "/no/such/file: No such file"},
	{"attach 1", "debugged already"},
	{"run", "needs a command"},
	{"dump memory", "dump memory FILE START END"},
	{"dump memory /dev/null 8 4", "lies before the start"},
	{"info locals x", "takes no arguments"},
};

START_TEST(test_failure)
{
	typed_start();
	attach();
	const char *complaint = refuse(failures[_i].line);
	ck_assert_msg(strncmp(complaint, "error: ", 7) == 0 && strstr(complaint, failures[_i].part),
		      "%s", complaint);
	typed_stop();
}
END_TEST

/** Without a program, what needs one says so. */
START_TEST(test_needs)
{
	static const char *const lines[] = {"bt",           "info locals",     "continue",
					    "info threads", "disassemble fib", "rbreak fib",
					    "x 0",          "detach"};
	typed_start();
	for (size_t i = 0; i < OP_ARRAY_SIZE(lines); i++)
		ck_assert_ptr_nonnull(strstr(refuse(lines[i]), "there is no program"));
	attach();
	fake.next_event = (struct op_event){.kind = OP_EVENT_EXITED, .exit_status = 3};
	ck_assert_str_eq(run("c"), "Process 4242 exited with status 3.\n");
	for (size_t i = 0; i < OP_ARRAY_SIZE(lines); i++)
		ck_assert_str_eq(refuse(lines[i]),
				 "error: the program has ended; \"attach PID\" or \"run COMMAND\" "
				 "gives another one\n");
	typed_stop();
}
END_TEST

START_TEST(test_events)
{
	static const struct op_watch_event left = {
		.kind = OP_BREAKPOINT_WATCH, .expression = "n", .left = true, .store = UINT32_MAX};
	static const struct {
		struct op_event event;
		const char *text;
	} events[] = {
		{{.reason = OP_REASON_WATCHPOINT, .breakpoint = 2, .watch = &left},
		 "Hardware watchpoint 2: n\nIt is disabled: the frame that it was of has "
		 "returned.\n#0  fib (n=7) at app!0x1a3\n=> 0x1a3: local.get 0\n"},
		{{.reason = OP_REASON_BREAKPOINT, .breakpoint = 1},
		 "Breakpoint 1, fib (n=7) at app!0x1a3\n=> 0x1a3: local.get 0\n"},
		{{.reason = OP_REASON_BREAKPOINT, .breakpoint = 9},
		 "Temporary breakpoint 9, fib (n=7) at app!0x1a3\n=> 0x1a3: local.get 0\n"},
		{{.reason = OP_REASON_INTERRUPTED},
		 "Program stopped: interrupted.\n#0  fib (n=7) at app!0x1a3\n=> 0x1a3: local.get "
		 "0\n"},
		{{.reason = OP_REASON_SIGNAL, .signal_name = "SIGSEGV"},
		 "Program received signal SIGSEGV.\n#0  fib (n=7) at app!0x1a3\n=> 0x1a3: "
		 "local.get 0\n"},
		{{.reason = OP_REASON_TRAP, .trap = "integer divide by zero"},
		 "Program trapped: integer divide by zero.\n#0  fib (n=7) at app!0x1a3\n=> 0x1a3: "
		 "local.get 0\n"},
	};
	typed_start();
	attach();
	run("b fib");
	for (size_t i = 0; i < OP_ARRAY_SIZE(events); i++) {
		fake.next_event = events[i].event;
		fake.next_event.kind = OP_EVENT_STOPPED;
		fake.next_event.thread = FAKE_PID;
		ck_assert_str_eq(run("c"), events[i].text);
	}
	struct op_value result = {.type = OP_VALUE_I32, .bytes = {13}};
	fake.next_event = (struct op_event){.kind = OP_EVENT_STOPPED,
					    .reason = OP_REASON_STEP,
					    .thread = FAKE_PID,
					    .results = &result,
					    .result_count = 1};
	ck_assert_str_eq(run("fin"), "Run till exit from #0  fib (n=7) at app!0x1a3\n#0  fib (n=7) "
				     "at app!0x1a3\nReturned value: (i32) 13\n"
				     "=> 0x1a3: local.get 0\n");
	typed_stop();
}
END_TEST

START_TEST(test_run_requests)
{
	static const struct {
		const char *line;
		enum op_run_kind kind;
		uint64_t count;
	} requests[] = {
		{"c", OP_RUN_GO, 1},
		{"si", OP_RUN_STEP_INTO, 1},
		{"stepi 100000", OP_RUN_STEP_INTO, 100000},
		{"ni 3", OP_RUN_STEP_OVER, 3},
		{"fin", OP_RUN_FINISH, 1},
	};
	typed_start();
	attach();
	for (size_t i = 0; i < OP_ARRAY_SIZE(requests); i++) {
		run(requests[i].line);
		ck_assert_uint_eq(fake.run_calls, i + 1);
		ck_assert_int_eq(fake.last_run, requests[i].kind);
		ck_assert_uint_eq(fake.last_count, requests[i].count);
	}
	typed_stop();
}
END_TEST

START_TEST(test_breakpoints)
{
	typed_start();
	attach();
	run("b fib");
	ck_assert_str_eq(
		run("b later"),
		"Breakpoint 2 (later) pending: it is set when a module that matches is loaded.\n");
	ck_assert_ptr_nonnull(
		strstr(complaints, "warning: there is no function \"later\"; near: fib"));
	run("set breakpoint pending off");
	ck_assert_ptr_nonnull(strstr(refuse("b never"), "near: fib"));
	run("b");
	run("disable 1");
	ck_assert_str_eq(run("ignore 1 5"), "The next 5 hits of breakpoint 1 are ignored.\n");
	ck_assert_str_eq(run("info b"),
			 "Num     Disp Enb Hits    Where\n"
			 "1       keep n   0       fib at app!0x1a3, next 5 hits ignored\n"
			 "2       keep y   0       <pending> later\n"
			 "3       keep y   0       fib at app!0x1a3\n");
	fake.next_event = (struct op_event){.kind = OP_EVENT_STOPPED,
					    .reason = OP_REASON_BREAKPOINT,
					    .breakpoint = 3,
					    .thread = FAKE_PID};
	run("c");
	ck_assert_ptr_nonnull(
		strstr(run("c 10"), "The next 9 hits of breakpoint 3 are ignored.\n"));
	run("delete 1-2");
	run("delete");
	ck_assert_str_eq(run("info b"), "No breakpoints.\n");
	typed_stop();
}
END_TEST

START_TEST(test_repeats)
{
	typed_start();
	attach();
	ck_assert_str_eq(run("x/2xb 0x400"), "0x400:\t0x68\t0x65\n");
	ck_assert_str_eq(run("x"), "0x402:\t0x6c\n");
	repl.repeating = true;
	ck_assert_str_eq(run("x/2xb 0x400"), "0x403:\t0x6c\t0x6f\n");
	ck_assert_ptr_nonnull(strstr(run("list"), "=>  0x1a3 <+0>: local.get 0\n"));
	ck_assert_ptr_nonnull(strstr(refuse("list"), "the function ends here"));
	typed_stop();
}
END_TEST

START_TEST(test_assignments)
{
	static const struct {
		const char *line, *assigned;
	} assignments[] = {
		{"set $mem[0x400:i32] = 7", "$mem[0x400:i32]=7"},
		{"set mem[0x400:i32]=n == 7", "$mem[0x400:i32]=n == 7"},
		{"set var $mem1[n+1:f64] = 0.5", "$mem1[n+1:f64]=0.5"},
		{"set $mem[(n==7):i32] = 1", "$mem[(n==7):i32]=1"},
	};
	typed_start();
	attach();
	for (size_t i = 0; i < OP_ARRAY_SIZE(assignments); i++) {
		run(assignments[i].line);
		ck_assert_str_eq(fake.assigned, assignments[i].assigned);
	}
	typed_stop();
}
END_TEST

START_TEST(test_missing_values)
{
	typed_start();
	attach();
	fake.no_values = true;
	ck_assert_str_eq(run("bt 1"), "#0  fib (...) at app!0x1a3 [no values: compiled without "
				      "guest-debug]\n(More stack frames follow...)\n");
	ck_assert_str_eq(run("info locals"), "<not recorded: compiled without guest-debug>\n");
	fake.no_values = false;
	fake.in_flight = true;
	ck_assert_ptr_nonnull(
		strstr(run("bt 1"), "[inside this instruction: its operands are being changed]"));
	// The thread is carried to the next instruction before its operands are shown.
	ck_assert_str_eq(run("info stack"), "$stack0 = (i32) 42\n");
	ck_assert(!fake.in_flight);
	typed_stop();
}
END_TEST

START_TEST(test_interrupt)
{
	typed_start();
	attach();
	fake.depth = 50000;
	ck_assert_uint_gt(strlen(run("bt")), 1000000);
	typed_stop();
}
END_TEST

/** A script ends at its first failure, which names the line. */
START_TEST(test_source)
{
	char path[] = "outpost-test-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	FILE *script = fdopen(fd, "w");
	fputs("# a script\necho one\\n\n\nfly\necho two\\n\n", script);
	fclose(script);
	typed_start();
	struct op_text line _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&line, "source %s", path);
	rewind(repl.out.stream);
	ck_assert_ptr_nonnull(strstr(refuse(line.data), ":4: \"fly\" is not a command"));
	fflush(repl.out.stream);
	ck_assert_int_eq(strncmp(written, "one\n", 4), 0);
	// A script that runs itself ends.
	script = fopen(path, "w");
	fputs(line.data, script);
	fclose(script);
	ck_assert_ptr_nonnull(strstr(refuse(line.data), "nested more than"));
	unlink(path);
	typed_stop();
}
END_TEST

START_TEST(test_leaving)
{
	typed_start();
	attach();
	ck_assert_ptr_null(op_repl_leave(&repl));
	ck_assert_uint_eq(fake.detached, 1);
	run("run -- wasmtime run 'a b.wasm'");
	ck_assert_str_eq(repl.argv[2], "a b.wasm");
	ck_assert_ptr_null(op_repl_leave(&repl));
	ck_assert_uint_eq(fake.killed, 1);
	typed_stop();
}
END_TEST

START_TEST(test_dump)
{
	char path[] = "outpost-test-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	typed_start();
	attach();
	struct op_text line _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&line, "dump memory %s 0x400 0x40b", path);
	run(line.data);
	char bytes[16];
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), 11);
	ck_assert_mem_eq(bytes, "hello\0world", 11);
	close(fd);
	unlink(path);
	typed_stop();
}
END_TEST

START_TEST(test_core)
{
	typed_start();
	ck_assert_str_eq(run("core died.core"),
			 "Core file of process 4242, ended by signal SIGSEGV in thread 4242 (at "
			 "0x1000).\nThe instruction is a trap of the guest's: out of bounds memory "
			 "access.\n#0  fib (n=7) at app!0x1a3\n=> 0x1a3: local.get 0\n");
	ck_assert_str_eq(run("detach"), "Closed the core file of process 4242.\n");
	ck_assert_str_eq(refuse("core"), "error: which core file?\n");
	ck_assert_str_eq(refuse("core a b"), "error: one core file at a time: b\n");
	ck_assert_str_eq(refuse("core died.core --exe"), "error: a path is missing behind --exe\n");
	ck_assert_str_eq(refuse("core other"), "error: other is no core file\n");
	typed_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repl_text");
	TCase *tests = tcase_create("text");
	tcase_add_loop_test(tests, test_exact, 0, OP_ARRAY_SIZE(exact));
	tcase_add_loop_test(tests, test_failure, 0, OP_ARRAY_SIZE(failures));
	tcase_add_test(tests, test_needs);
	tcase_add_test(tests, test_events);
	tcase_add_test(tests, test_run_requests);
	tcase_add_test(tests, test_breakpoints);
	tcase_add_test(tests, test_repeats);
	tcase_add_test(tests, test_assignments);
	tcase_add_test(tests, test_missing_values);
	tcase_add_test(tests, test_interrupt);
	tcase_add_test(tests, test_source);
	tcase_add_test(tests, test_leaving);
	tcase_add_test(tests, test_dump);
	tcase_add_test(tests, test_core);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
