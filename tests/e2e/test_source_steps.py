# SPDX-License-Identifier: GPL-3.0-or-later
"""Breakpoints by lines and names of the source, and steps by its lines.

The lines of tests/guests/stepped.c and stepped.cc end in a comment that names them; a stop shows its line, so the name of
each stop is known without asking outpost for a number.
"""

import re
import unittest
from pathlib import Path

from conversation import Conversation
from harness import (GUESTS, NEWEST, Case, Documents, Guest, c, c_object, calls_sum, instructions, outpost, script, wasmtime, wat)

FLAGS = ("-g", "-fno-sanitize=undefined")


def stepped(level, *options):
    return c("stepped", *FLAGS, level, *options, objects=[c_object("stepped_plain", "-g0", "-O1")])


def mark(text):
    return text.rpartition("// ")[2] if text and "// " in text else None


class Sources(Case):
    source = GUESTS / "stepped.c"
    total = 45
    status = 0

    def line(self, name):
        """The number of the line that a comment names."""
        found = [n for n, text in enumerate(self.source.read_text().splitlines(), 1) if mark(text) == name]
        self.assertEqual(len(found), 1, name)
        return found[0]

    def place(self, name):
        return f"{self.source.name}:{self.line(name)}"

    def run_under(self, *commands, module, version=NEWEST, options=(), arguments=(), ends=True, status=0):
        """From the guest's first instruction; the documents. At the end the guest must be undisturbed."""
        if ends:
            commands = (*commands, "delete", "continue")
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(version), "run", "-D", "guest-debug=y",
                          *options, module, *arguments)
        self.assertEqual(outcome.status, status, outcome)
        lines = outcome.out.splitlines()
        outcome.out = "\n".join(line for line in lines if line.startswith("{"))
        if ends:
            self.assertIn(f"done rounds=1 sum={self.total}", lines, outcome)
        return Documents(outcome)

    def walk(self, where, *commands, module=None, **options):
        """Stop once at a place; the names of the lines that each command then leads to."""
        documents = self.run_under(f"tbreak {where}", "continue", *commands, module=module or stepped("-O0"), **options)
        stops = documents.stops()
        first = next(i for i, stop in enumerate(stops) if stop["reason"] == "breakpoint")
        return [mark(stop.get("source")) for stop in stops[first:] if stop["reason"] in ("breakpoint", "step")]


class Places(Sources):
    def locations(self, spec, module=None, *more):
        documents = self.run_under(*more, f"break {spec}", module=module or stepped("-O0"))
        return documents.one("break")["breakpoint"]

    def lines(self, breakpoint):
        return [(location["function"], location["line"]) for location in breakpoint["locations"]]

    def test_file_and_line(self):
        breakpoint = self.locations(self.place("loop: then"))
        self.assertEqual(self.lines(breakpoint), [("loop", self.line("loop: then"))])
        self.assertTrue(breakpoint["locations"][0]["file"].endswith("tests/guests/stepped.c"))

    def test_stops_there(self):
        for level in ("-O0", "-O2"):
            for version in (NEWEST, "44.0.1"):
                with self.subTest(level=level, version=version):
                    self.assertEqual(self.walk(self.place("loop: else"), module=stepped(level), version=version),
                                     ["loop: else"])

    def test_a_longer_end_of_the_path(self):
        self.assertEqual(self.walk("guests/" + self.place("loop: then")), ["loop: then"])
        documents = self.run_under("set breakpoint pending off", "break other/" + self.place("loop: then"),
                                   module=stepped("-O0"), ends=False, status=1)
        self.assertIn("other/stepped.c", documents.errors()[0]["message"])

    def test_a_line_without_code_moves_and_says_so(self):
        breakpoint = self.locations(f"stepped.c:{self.line('loop: last') - 1}")
        self.assertEqual(self.lines(breakpoint), [("loop", self.line("loop: last"))])
        self.assertEqual(breakpoint["moved_from_line"], self.line("loop: last") - 1)

    def test_a_line_alone_is_of_the_frames_file(self):
        self.assertEqual(self.walk("loop", f"tbreak {self.line('loop: else')}", "continue", "tbreak +2", "continue"),
                         ["loop: first", "loop: else", "loop: last"])

    def test_a_function_is_stopped_in_behind_its_prologue(self):
        self.assertEqual(self.walk("loop", "info locals"), ["loop: first"])

    def test_a_function_of_a_file(self):
        self.assertEqual(self.walk("stepped.c:loop"), ["loop: first"])

    def test_a_function_by_index(self):
        documents = self.run_under("tbreak loop", "continue", module=stepped("-O0"))
        index = documents.one("tbreak")["breakpoint"]["locations"][0]["function_index"]
        self.assertEqual(self.walk(f"function[{index}]"), ["loop: first"])

    def test_every_inlined_body_is_a_location(self):
        for level in ("-O0", "-O2"):
            with self.subTest(level=level):
                breakpoint = self.locations("twice", stepped(level))
                self.assertEqual([name for name, _ in self.lines(breakpoint)], ["twice", "twice"])
                marks = self.walk("main", "break twice", "continue", "continue", module=stepped(level))
                self.assertEqual([m.split(":")[0] for m in marks], ["main", "twice", "twice"])

    def test_a_line_of_an_inlined_body_is_a_place_in_each(self):
        breakpoint = self.locations(self.place("twice: second"))
        self.assertEqual(self.lines(breakpoint), [("twice", self.line("twice: second"))] * 2)

    def test_what_is_nowhere_waits(self):
        documents = self.run_under("break nosuch.c:1", module=stepped("-O0"))
        self.assertTrue(documents.one("break")["breakpoint"]["pending"])

    def test_again_in_the_next_run(self):
        """What was resolved in a program that is gone waits, and means the same in the next one."""
        documents = self.run_under("break " + self.place("loop: then"), "break twice", "kill", "info breakpoints", "run", "continue",
                                   module=stepped("-O0"))
        self.assertEqual([b["pending"] for b in documents.one("info breakpoints")["breakpoints"]], [True, True])
        stop = documents.stops("breakpoint")[-1]
        self.assertEqual((stop["breakpoint"], mark(stop["source"])), (1, "loop: then"))

    def test_advance_and_until_a_line(self):
        self.assertEqual(self.walk("loop", f"advance {self.place('loop: else')}", f"until {self.line('loop: last')}"),
                         ["loop: first", "loop: else", "loop: last"])

    def test_clear(self):
        documents = self.run_under("break leaf", f"break {self.place('loop: then')}", "break loop", "clear leaf",
                                   "clear " + self.place("loop: then"), "continue", "clear", "info breakpoints",
                                   module=stepped("-O0"))
        self.assertEqual([r["breakpoints"] for r in documents.all("clear")], [[1], [2], [3]])
        self.assertEqual(documents.one("info breakpoints")["breakpoints"], [])

    def test_rbreak_in_a_file(self):
        documents = self.run_under("rbreak stepped.c:^l", module=stepped("-O0"))
        names = [b["locations"][0]["function"] for b in documents.one("rbreak")["breakpoints"]]
        self.assertEqual(sorted(names), ["leaf", "loop"])


class Steps(Sources):
    def test_next_goes_over_calls(self):
        self.assertEqual(self.walk("main", "next", "next", "next"),
                         ["main: leaf", "main: recursive", "main: several", "main: loop"])

    def test_step_goes_into_calls_behind_the_prologue(self):
        self.assertEqual(self.walk("main", "step", "step", "step"), ["main: leaf", "leaf: first", "leaf: last", "main: recursive"])

    def test_older_wasmtimes(self):
        """42 does not keep the module's bytes: they are read from its file."""
        for version in ("44.0.1", "42.0.1"):
            with self.subTest(version=version):
                self.assertEqual(self.walk("main", "step", "step", "step", "next", "next", version=version),
                                 ["main: leaf", "leaf: first", "leaf: last", "main: recursive", "main: several", "main: loop"])

    def test_a_step_never_ends_inside_a_statement(self):
        """leaf returns into the middle of the statement that called it: the step goes on to its end, or to the next part of
        it that is a line of its own."""
        self.assertEqual(self.walk("several", "step", "next 2", "next", "next", "next"),
                         ["several: statement", "leaf: first", "several: second call", "several: statement", None,
                          "several: second call"])
        self.assertEqual(self.walk("leaf", "next", "next"), ["leaf: first", "leaf: last", "main: recursive"])

    def test_a_count(self):
        self.assertEqual(self.walk("main", "next 3", "step 2"), ["main: leaf", "main: loop", "loop: head"])

    def test_next_in_a_loop(self):
        turn = ["loop: test", "loop: else", "loop: head"]
        first = ["loop: first", "loop: head", "loop: test", "loop: then", "loop: head"]
        self.assertEqual(self.walk("loop", *["next"] * 10), first + turn + turn)

    def test_dwarf_5(self):
        module = stepped("-O0", "-gdwarf-5")
        self.assertEqual(self.walk("loop", *["next"] * 4, module=module),
                         ["loop: first", "loop: head", "loop: test", "loop: then", "loop: head"])
        self.assertEqual(self.walk("inlined", *["step"] * 3, module=module),
                         ["inlined: first", "inlined: call", "fourfold: first", "twice: first"])

    def test_a_module_without_debug_information_is_stepped_by_instructions(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak round", "continue", "next", "step", "next 2", "until")
        code = instructions(wat("calls"))
        pcs = [pc for pc, _ in code["fib"]]
        self.assertEqual([(s["frame"]["function"], s["frame"]["pc"]) for s in documents.stops("step")],
                         [("round", code["round"][1][0])] + [("fib", pc) for pc in (pcs[0], pcs[2], pcs[3])])
        self.assertUndisturbed(guest, calls_sum)

    def test_next_over_a_recursion_stays_in_its_frame(self):
        documents = self.run_under("tbreak recursive", "continue", "next", "next", "backtrace", module=stepped("-O0"))
        self.assertEqual([mark(s["source"]) for s in documents.stops("step")], ["recursive: call", "recursive: last"])
        self.assertEqual(self.names(documents.one("backtrace")["frames"]).count("recursive"), 1)

    def test_step_goes_down_a_recursion(self):
        documents = self.run_under("tbreak recursive", "continue", "step", "step", "step", "step", "backtrace",
                                   module=stepped("-O0"))
        self.assertEqual([mark(s["source"]) for s in documents.stops("step")], ["recursive: call", "recursive: first"] * 2)
        self.assertEqual(self.names(documents.one("backtrace")["frames"]).count("recursive"), 3)

    def test_step_through_a_table(self):
        for level in ("-O0", "-O2"):
            with self.subTest(level=level):
                self.assertEqual(self.walk("pointers", "step", "step", "step", module=stepped(level)),
                                 ["pointers: call", "leaf: first", "leaf: last", "pointers: last"])

    def test_until_leaves_a_loop(self):
        self.assertEqual(self.walk(self.place("loop: else"), "next", "until", "until"),
                         ["loop: else", "loop: head", "loop: last", "main: inlined"])

    def test_a_function_on_one_line(self):
        self.assertEqual(self.walk("oneline", "next"), ["oneline", "main: through"])

    def test_over_a_function_without_lines(self):
        self.assertEqual(self.walk("through", "step", "step"), ["through: call", "through: last", "main: printf"])

    def test_from_a_function_without_lines_to_its_end(self):
        documents = self.run_under("tbreak without_lines", "continue", "step", "step", module=stepped("-O0"))
        self.assertEqual([mark(s.get("source")) for s in documents.stops("step")], ["through: last", "main: printf"])

    def test_step_mode_goes_into_functions_without_lines(self):
        documents = self.run_under("tbreak through", "continue", "set step-mode on", "step", "step", module=stepped("-O0"))
        stops = documents.stops("step")
        self.assertEqual([s["frame"]["function"] for s in stops], ["without_lines", "without_lines"])
        self.assertLess(stops[0]["frame"]["pc"], stops[1]["frame"]["pc"])

    def test_a_breakpoint_on_the_way(self):
        documents = self.run_under("tbreak loop", "continue", "next 3", "break leaf", "next 4", module=stepped("-O0"))
        last = documents.stops()[-1]
        self.assertEqual((last["reason"], mark(last["source"])), ("breakpoint", "leaf: first"))

    def test_a_trap_on_the_way(self):
        documents = self.run_under("tbreak traps", "continue", "next", "next", module=stepped("-O0"), arguments=["x"], ends=False)
        last = documents.stops()[-1]
        self.assertEqual((last["reason"], mark(last["source"])), ("trap", "traps: here"))


class Inlined(Sources):
    def bodies(self, documents):
        return [len(self.names(d["frames"])) for d in documents.all("backtrace")]

    def test_next_goes_over_inlined_calls(self):
        self.assertEqual(self.walk("inlined", "next", "next", "next"),
                         ["inlined: first", "inlined: call", "inlined: behind", "inlined: last"])

    def test_step_goes_into_them_one_by_one(self):
        self.assertEqual(self.walk("inlined", *["step"] * 11),
                         ["inlined: first", "inlined: call", "fourfold: first", "twice: first", "twice: second", "twice: last",
                          "fourfold: between", "fourfold: last", "twice: first", "twice: second", "twice: last",
                          "inlined: behind"])

    def test_a_body_that_is_not_entered_is_no_frame(self):
        documents = self.run_under("tbreak inlined", "continue", "next", "backtrace", "step", "backtrace", "step", "backtrace",
                                   module=stepped("-O0"))
        outer, once, both = self.bodies(documents)
        self.assertEqual((once - outer, both - outer), (1, 2))

    def test_next_inside_one_stays_there(self):
        self.assertEqual(self.walk("fourfold", "next", "next", "next"),
                         ["fourfold: first", "fourfold: between", "fourfold: last", "inlined: behind"])

    def test_finish_of_one(self):
        documents = self.run_under("tbreak " + self.place("twice: second"), "continue", "backtrace", "finish", "backtrace",
                                   module=stepped("-O0"))
        before, after = self.bodies(documents)
        self.assertEqual(after, before - 1)

    def test_optimised(self):
        marks = self.walk("inlined", *["next"] * 6, module=stepped("-O2"))
        self.assertFalse([m for m in marks[1:] if m and m.startswith("twice") and marks[0].startswith("inlined")], marks)
        marks = self.walk("inlined", *["step"] * 8, module=stepped("-O2"))
        self.assertIn("fourfold: between", marks)
        self.assertTrue(any(m and m.startswith("twice") for m in marks), marks)


class Cpp(Sources):
    source = GUESTS / "stepped.cc"
    total = 69

    def module(self, level="-O0"):
        return c("stepped", *FLAGS, "-fno-exceptions", level, suffix=".cc")

    def found(self, spec, level="-O0"):
        documents = self.run_under(f"break {spec}", module=self.module(level))
        names = {n: text for n, text in enumerate(self.source.read_text().splitlines(), 1)}
        return sorted(mark(names[location["line"]]) for location in documents.one("break")["breakpoint"]["locations"])

    def test_names(self):
        for spec, lines in (
                ("f", ["f(int)", "ns::f(double)", "ns::f(int)"]),
                ("ns::f", ["ns::f(double)", "ns::f(int)"]),
                ("::f", ["f(int)"]),
                ("ns::f(double)", ["ns::f(double)"]),
                ("largest", ["largest: first"] * 2),
                ("inner::largest", ["largest: first"] * 2),
                ("largest<int>", ["largest: first"]),
                ("ns::inner::largest<double>", ["largest: first"]),
                ("area", ["Half::area", "Shape::area"]),
                ("Shape::area", ["Shape::area"]),
                ("Shape::Shape", ["Shape::Shape"]),
                ("stepped.cc:measure", ["measure: call"])):
            with self.subTest(spec=spec):
                self.assertEqual(self.found(spec), lines)

    def test_a_line_of_a_template_is_a_place_in_each_instance(self):
        for level in ("-O0", "-O1"):
            with self.subTest(level=level):
                self.assertEqual(self.found(self.place("largest: test"), level), ["largest: test"] * 2)

    def test_steps_through_virtual_calls(self):
        self.assertEqual(self.walk("measure", *["step"] * 4, module=self.module()),
                         ["measure: call", "Half::area", "Shape::area", "measure: last", "main: lambda"][:4] + [None])

    def test_methods_whose_this_is_checked(self):
        """zig's own flags: clang marks the end of the prologue in front of it, where it checks `this`."""
        module = c("stepped", "-g", "-fno-exceptions", "-O0", suffix=".cc")
        documents = self.run_under("break Half::area", "break Shape::Shape", "continue", "print side", "continue",
                                   "print this->side_", "step", module=module)
        self.assertEqual([mark(stop["source"]) for stop in documents.stops("breakpoint")], ["Shape::Shape", "Half::area"])
        self.assertEqual([document["text"] for document in documents.all("print")], ["6", "6"])
        self.assertEqual(mark(documents.stops("step")[0]["source"]), "Shape::area")

    def test_next_from_main_on(self):
        self.assertEqual(self.walk(self.place("main: ns::f"), *["next"] * 5, module=self.module()),
                         ["main: ns::f", "main: double", "main: f", "main: largest int", "main: largest double", "main: half"])


class Throws(Sources):
    source = GUESTS / "stepped_throws.cc"
    total = 13
    OPTIONS = ("-W", "exceptions=y")
    FLAGS = (*FLAGS, "-O0", "-fwasm-exceptions", "-mllvm", "-wasm-use-legacy-eh=false",
             "-mcpu=generic+exception_handling+tail_call+multivalue+reference_types")

    def walk(self, where, *commands, **options):
        return super().walk(where, *commands, module=c("stepped_throws", *self.FLAGS, suffix=".cc"), options=self.OPTIONS)

    def test_step_follows_a_tail_call(self):
        self.assertEqual(self.walk("tail", *["step"] * 4),
                         ["tail: first", "tail: call", "tail_end: first", "tail_end: last", "main: passes"])

    def test_next_over_a_tail_call_returns_to_the_caller(self):
        self.assertEqual(self.walk("tail", "next", "next"), ["tail: first", "tail: call", "main: passes"])

    def test_next_over_a_call_that_throws_ends_in_the_handler(self):
        self.assertEqual(self.walk(self.place("main: catches"), "step", "next", "next", "next", "next"),
                         ["main: catches", "catches: first", "catches: call", "catches: caught", "catches: handler", None])

    def test_next_over_a_throw_ends_in_the_handler_of_another_frame(self):
        self.assertEqual(self.walk(self.place("throws: throw"), "next", "next"),
                         ["throws: throw", "catches: caught", "catches: handler"])

    def test_a_call_that_does_not_throw_after_all(self):
        self.assertEqual(self.walk("catches", "next", "next", "next"),
                         ["catches: first", "catches: call", "catches: passed", "catches: last"])


class Recursion(Case):
    """Steps over a call that comes to the same lines thousands of times: the program is not stopped each time."""
    source = GUESTS / "recursion.c"
    calls = 8361  # of fib(18)
    result = 2584

    def line(self, name):
        return next(n for n, text in enumerate(self.source.read_text().splitlines(), 1) if mark(text) == name)

    def switches(self, guest):
        """How often threads of the guest's have waited, for outpost too."""
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", path.read_text(), re.M)[1])
                   for path in Path(f"/proc/{guest.pid}/task").glob("*/status"))

    def cheap(self, guest, conversation, command, where, **values):
        before = self.switches(guest)
        stop = conversation.resume(command)
        self.assertEqual(mark(stop["source"]), where, command)
        self.assertLess(self.switches(guest) - before, self.calls / 4, command)
        for name, value in values.items():
            self.assertEqual(conversation.read(name), value, command)

    def go(self, conversation, where):
        conversation.ask(f"tbreak recursion.c:{where}")
        conversation.resume("continue")

    def check(self, version):
        with Guest(c("recursion", *FLAGS, "-O0"), version=version) as guest:
            guest.ready()
            with Conversation(guest.pid) as conversation:
                self.go(conversation, self.line("round"))
                self.cheap(guest, conversation, "next", "behind")
                # In frames on the way, the second of which has the first one's code behind it.
                self.go(conversation, f"{self.line('first')} if n == 17")
                self.cheap(guest, conversation, "next", "second", first=987)
                self.cheap(guest, conversation, "until", "sum", first=987, second=610)
                self.go(conversation, f"{self.line('first')} if n == 17")
                self.cheap(guest, conversation, "finish", "first", n=18)
                # A breakpoint inside the call stops there, and the next step is as good as the first.
                self.go(conversation, self.line("round"))
                conversation.ask(f"tbreak recursion.c:{self.line('sum')} if n == 4")
                self.assertEqual(mark(conversation.resume("next")["source"]), "sum")
                self.assertEqual(conversation.read("n"), 4)
                self.cheap(guest, conversation, "finish", "first", n=5)
            self.assertUndisturbed(guest, lambda rounds: rounds * self.result)

    def test_version_44(self):
        self.check("44.0.1")

    def test_version_49(self):
        self.check(NEWEST)


if __name__ == "__main__":
    unittest.main()
