# SPDX-License-Identifier: GPL-3.0-or-later
"""Debugging large guests by lines as a person does it: breakpoints, steps, inlined bodies, recursion; beside LLDB on `wasmtime run -g`.

Where a step must arrive is written here by the names that the guests' sources give to their lines, so no debugger is asked for it.
"""

import re
import tempfile
import unittest

import lldb_reader
import source_guest
from conversation import Conversation
from harness import NEWEST, TOOLS, Case, Guest, why_no_newer_rust, why_no_rust
from source_guest import Stub

OLDEST = "44.0.1"

# What is typed, and the function and the line that the program is in then. "NAME+1": the line after the one called NAME.
C_WALK = [
    ("next", "walk", "walk-loop"),
    ("next", "walk", "walk-leaf"),
    ("step", "leaf", "leaf-first"),
    ("next", "leaf", "leaf-last"),
    ("finish", "walk", "walk-leaf"),
    ("next", "walk", "walk-clamp"),
    ("step", "clamp", "clamp-first"),
    ("next", "clamp", "clamp-first+1"),
    ("step", "clamp", "clamp-low+1"),
    ("finish", "walk", "walk-clamp"),
    ("next", "walk", "walk-loop"),
    ("next", "walk", "walk-leaf"),
    ("next", "walk", "walk-clamp"),
    ("next", "walk", "walk-loop"),
    ("next", "walk", "walk-leaf"),
    ("next", "walk", "walk-clamp"),
    ("next", "walk", "walk-loop"),
    ("next", "walk", "walk-recurse"),
    ("step", "recurse", "recurse"),
    ("next", "recurse", "recurse-call"),
    ("next", "recurse", "recurse-return"),
    ("finish", "walk", "walk-recurse"),
    ("next", "walk", "walk-inline"),
    ("step", "inside_inline", "inline-first"),
    ("finish", "walk", "walk-inline"),
    ("next", "walk", "walk-sum"),
    ("next", "walk", "walk-last"),
    ("finish", "main", "main-walk"),
    ("next", "main", "main-done"),
]
CXX_WALK = [
    ("next", "walk", "walk-take"),
    ("next", "walk", "walk-again"),
    ("next", "walk", "walk-largest"),
    ("step", "book::largest", "largest"),
    ("finish", "walk", "walk-largest"),
    ("next", "walk", "walk-wide"),
    ("next", "walk", "walk-vector"),
    ("next", "walk", "walk-sort"),
    ("next", "walk", "walk-lowest"),
    ("next", "walk", "walk-product"),
    ("step", "book::Point<int>::product", "product"),
    ("finish", "walk", "walk-product"),
    ("next", "walk", "walk-last"),
    ("step", "factorial", "factorial"),
    ("next", "factorial", "factorial-call"),
    ("next", "factorial", "factorial-return"),
    ("finish", "walk", "walk-last"),
]
CXX_INLINED = [
    ("next", "walk", "walk-take"),
    ("step", "book::Order::take", "take-first"),
    ("next", "book::Order::take", "take-last"),
    ("finish", "walk", "walk-take"),
]
RUST_WALK = [
    ("next", "interpreter::walk", "walk-first+1"),
    ("next", "interpreter::walk", "walk-loop"),
    ("next", "interpreter::walk", "walk-leaf"),
    ("step", "interpreter::leaf", "leaf-first"),
    # A line of an expression alone has no code of its own.
    ("next", "interpreter::leaf", "leaf-last+1"),
    ("finish", "interpreter::walk", "walk-leaf"),
    ("next", "interpreter::walk", "walk-limited"),
    ("step", "interpreter::limited", "limited-first"),
    ("next", "interpreter::limited", "limited-last+1"),
    ("finish", "interpreter::walk", "walk-limited"),
    ("next", "interpreter::walk", "walk-next"),
    ("next", "interpreter::walk", "walk-loop"),
]


class Session:
    """One guest under outpost, and what its source's lines are called."""

    def __init__(self, case, module, version=NEWEST):
        self.source = next(source_guest.GUESTS.glob(module.stem + ".*")).name
        self.places = source_guest.places(self.source)
        self.guest = Guest(module, version=version)
        case.addCleanup(self.guest.__exit__)
        self.guest.ready()
        self.outpost = Conversation(self.guest.pid)
        case.addCleanup(self.outpost.__exit__, None)
        self.guest.send("\n")

    def line(self, place):
        name, _, more = place.partition("+")
        return self.places[name] + int(more or 0)

    def stop_at(self, place, condition=""):
        self.outpost.ask(f"tbreak {self.source}:{self.line(place)}{condition}")
        return self.where(self.outpost.resume("continue"))

    def where(self, stop):
        if stop["event"] != "stopped":
            raise AssertionError(stop)
        return without_template(stop["frame"]["function"]), stop["frame"]["line"]

    def frames(self):
        frames = self.outpost.ask("backtrace")["frames"]
        return [(frame["function"], frame.get("line"), frame["inlined"]) for frame in frames if frame["kind"] == "wasm"]

    def text(self, expression):
        return self.outpost.ask(f"print {expression}")["text"]


def without_template(function):
    """A function's name without the parameters and the template arguments at its end, as LLDB and outpost write them differently."""
    function = re.sub(r"\(.*", "", function)
    return re.sub(r"<[^<>]*>$", "", re.sub(r"^\w+ (?=\w)", "", function))


class Walk(Case):
    def walk(self, module, first, steps, version=NEWEST):
        session = Session(self, module, version)
        self.assertEqual(session.stop_at(first)[1], session.line(first))
        for number, (command, function, place) in enumerate(steps):
            with self.subTest(number=number, command=command):
                self.assertEqual(session.where(session.outpost.resume(command)), (function, session.line(place)))
        return session

    def test_c_dwarf_5(self):
        self.walk(source_guest.calculator(5), "walk-first", C_WALK)

    def test_c_dwarf_4(self):
        self.walk(source_guest.calculator(4), "walk-first", C_WALK)

    def test_c_oldest(self):
        self.walk(source_guest.calculator(5), "walk-first", C_WALK, OLDEST)

    def test_cxx(self):
        self.walk(source_guest.orders(5), "walk-order", CXX_WALK)

    def test_cxx_inlined(self):
        """A body whose code begins its line: there is nothing to run to come into it."""
        self.walk(source_guest.orders(5), "walk-order", CXX_INLINED)

    @unittest.skipIf(why_no_rust(), why_no_rust())
    def test_rust(self):
        self.walk(source_guest.interpreter(), "walk-first", RUST_WALK)

    @unittest.skipIf(why_no_newer_rust(), why_no_newer_rust())
    def test_newer_rust(self):
        # For this compiler the line has code.
        walk = [(command, function, place.replace("limited-last+1", "limited-last")) for command, function, place in RUST_WALK]
        self.walk(source_guest.interpreter(newer=True), "walk-first", walk)


class Places(Case):
    def test_inlined_frame(self):
        session = Session(self, source_guest.calculator())
        self.assertEqual(session.stop_at("inline-checkpoint"), ("inside_inline", session.line("inline-checkpoint")))
        self.assertEqual(session.frames()[:3], [("inside_inline", session.line("inline-checkpoint"), True),
                                                ("walk", session.line("walk-inline"), False),
                                                ("main", session.line("main-walk"), False)])
        self.assertEqual(session.text("twice - seed * 2"), "0")
        session.outpost.ask("up")
        self.assertEqual(session.text("sum + deep"), "18")

    def test_entering_a_body_moves_nothing(self):
        """A body whose code begins its line: what comes next is in it already, and a step only shows that."""
        session = Session(self, source_guest.orders())
        session.stop_at("walk-order")
        session.outpost.resume("next")
        outside = session.outpost.ask("backtrace")["frames"][0]
        self.assertEqual((session.where(session.outpost.resume("step"))), ("book::Order::take", session.line("take-first")))
        inside = session.outpost.ask("backtrace")["frames"][0]
        self.assertEqual((inside["pc"], inside["inlined"], outside["inlined"]), (outside["pc"], True, False))

    def test_entering_a_body_is_one_step(self):
        session = Session(self, source_guest.orders())
        session.stop_at("walk-order")
        session.outpost.resume("next")
        self.assertEqual(session.where(session.outpost.resume("step 2")), ("book::Order::take", session.line("take-last")))

    def test_recursion_with_a_condition(self):
        session = Session(self, source_guest.calculator())
        self.assertEqual(session.stop_at("recurse-call", " if depth == 2"), ("recurse", session.line("recurse-call")))
        frames = session.frames()
        self.assertEqual([name for name, _, _ in frames[:4]], ["recurse", "recurse", "recurse", "walk"])
        self.assertEqual(session.text("depth"), "2")
        # Over the call of itself: not into a deeper activation of the same lines.
        self.assertEqual(session.where(session.outpost.resume("next")), ("recurse", session.line("recurse-return")))
        self.assertEqual((session.text("depth"), session.text("below")), ("2", "3"))
        self.assertEqual(session.where(session.outpost.resume("finish")), ("recurse", session.line("recurse-call")))
        self.assertEqual(session.text("depth"), "3")

    def test_condition_in_the_guests_terms(self):
        session = Session(self, source_guest.calculator())
        self.assertEqual(session.stop_at("evaluate", " if node->kind == ADD && depth > 3"), ("evaluate", session.line("evaluate")))
        self.assertEqual(session.text("node->kind"), "ADD")
        self.assertGreater(int(session.text("depth")), 3)

    def locations(self, session, spec):
        found = session.outpost.ask(f"break {spec}")["breakpoint"]["locations"]
        return sorted((location["line"], without_template(location["function"])) for location in found)

    def test_all_instances(self):
        session = Session(self, source_guest.orders())
        take, largest = session.line("take-first"), session.line("largest")
        # An inlined member function: in Book::match and twice in walk.
        self.assertEqual([line for line, _ in self.locations(session, "book::Order::take")], [take] * 3)
        # A template: for int and for double.
        self.assertEqual([line for line, _ in self.locations(session, "book::largest")], [largest] * 2)
        self.assertEqual([line for line, _ in self.locations(session, f"{session.source}:{take}")], [take] * 3)

    def test_a_line_without_code(self):
        session = Session(self, source_guest.calculator())
        answer = session.outpost.ask(f"break {session.source}:{session.line('leaf-first') - 2}")["breakpoint"]
        self.assertIn(answer["locations"][0]["line"], (session.line("leaf-first") - 1, session.line("leaf-first")))

    def test_names_of_the_scope(self):
        """In a template's method: its parameters, and what its class declares."""
        session = Session(self, source_guest.orders())
        session.stop_at("ring-add")
        self.assertEqual([session.text(x) for x in ("Size", "sizeof(T)", "sizeof(Cursor)", "sizeof(T) * Size", "*(T *)values_")],
                         ["4", "4", "8", "16", "0"])
        session.outpost.ask(f"tbreak {session.source}:{session.line('ring-add')} if next_ == Size - 1 && sizeof(T) == 4")
        session.where(session.outpost.resume("continue"))
        self.assertEqual(session.text("next_"), "3")

    def test_signatures_in_the_backtrace(self):
        session = Session(self, source_guest.calculator())
        session.stop_at("leaf-last")
        frames = [frame for frame in session.outpost.ask("backtrace")["frames"] if frame["kind"] == "wasm"]
        arguments = [[(argument["name"], argument["text"]) for argument in frame.get("arguments", [])] for frame in frames[:3]]
        self.assertEqual(arguments, [[("value", "0")], [("rounds", "3")], []])

    def test_set_var(self):
        session = Session(self, source_guest.calculator())
        session.stop_at("leaf-last")
        session.outpost.ask("set var next = 77")
        self.assertEqual(session.text("next"), "77")
        session.outpost.resume("finish")
        self.assertEqual(session.where(session.outpost.resume("next"))[1], session.line("walk-clamp"))
        self.assertEqual(session.text("sum"), "77")

    def test_a_global_that_the_linker_dropped(self):
        session = Session(self, source_guest.calculator())
        session.stop_at("walk-first")
        self.assertIn("the linker has left it out", session.text("global_dropped"))


@unittest.skipIf(lldb_reader.why_no_lldb(TOOLS), lldb_reader.why_no_lldb(TOOLS))
class Yardstick(Case):
    """The same steps in LLDB."""

    def differences(self, module, first, steps):
        """[(number, command, (LLDB's function, lines that it is too far))] where LLDB is not where the program must be."""
        found = []
        source = next(source_guest.GUESTS.glob(module.stem + ".*")).name
        places = source_guest.places(source)
        with tempfile.TemporaryFile() as log, Stub(module) as stub, lldb_reader.Reader(TOOLS, stub.port, log) as lldb:
            self.assertGreaterEqual(lldb.break_line(source, places[first]), 1)
            stub.send("\n")
            lldb.resume()
            lldb.delete()
            for number, (command, function, place) in enumerate(steps):
                name, _, more = place.partition("+")
                frames = lldb.step(command)
                if not frames:
                    found.append((number, command, None))
                    break
                there = without_template(frames[0][0]), frames[0][2] - places[name] - int(more or 0)
                if there != (function, 0):
                    found.append((number, command, there))
        return found

    def test_c(self):
        # LLDB stops before a function has put its parameters where its debug information says: one line too early.
        self.assertEqual(self.differences(source_guest.calculator(5), "walk-first", C_WALK),
                         [(2, "step", ("leaf", -1)), (3, "next", ("leaf", -1)),
                          (18, "step", ("recurse", -1)), (19, "next", ("recurse", -2)), (20, "next", ("recurse", -1))])

    def test_cxx(self):
        self.assertEqual(self.differences(source_guest.orders(5), "walk-order", CXX_WALK),
                         [(3, "step", ("book::largest", -1)), (10, "step", ("book::Point<int>::product", -1)),
                          (13, "step", ("factorial", -1)), (14, "next", ("factorial", -2)), (15, "next", ("factorial", -1))])
        self.assertEqual(self.differences(source_guest.orders(5), "walk-order", CXX_INLINED), [])


if __name__ == "__main__":
    unittest.main()
