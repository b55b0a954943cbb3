# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of C, C++ and Rust at the checkpoints of large guests: each is exactly what the guest itself prints that it must be."""

import unittest

import source_guest
from conversation import Conversation
from harness import NEWEST, Case, Guest, why_no_newer_rust, why_no_rust

OLDEST = "44.0.1"

# How many values of each guest are compared at least, so that one that goes missing is seen.
LEAST = {"calculator": 185, "orders": 125, "interpreter": 130}


class Told(Conversation):
    """outpost, told what to do in a guest's checkpoints."""

    def shown(self, expression):
        """What print shows; or the error's sentence."""
        letter, _, rest = expression.partition(" ") if expression.startswith("/") else ("", "", expression)
        self.send(f"print{letter} {rest}")
        try:
            return self.told("print")["text"]
        except AssertionError as error:
            return f"error: {error.args[0].get('message') if isinstance(error.args[0], dict) else error}"

    def in_caller(self, rows):
        """The rows whose value differs, in the frame that called checkpoint()."""
        self.ask("frame 1")
        found = ((expression, value, self.shown(expression)) for expression, value in rows)
        return [row for row in found if row[1] != row[2]]


class Tables(Case):
    def compare(self, module, version=NEWEST):
        different, compared, checkpoints = [], 0, 0
        with Guest(module, version=version) as guest:
            guest.ready()
            with Told(guest.pid) as outpost:
                outpost.ask("break checkpoint")
                guest.send("\n")
                while outpost.resume("continue")["event"] == "stopped":
                    name, rows = source_guest.read_table(guest)
                    different += [(name, *row) for row in outpost.in_caller(rows)]
                    compared += len(rows)
                    checkpoints += 1
            rounds, _ = guest.finish("")
        self.assertEqual(different, [], "\n".join(f"{at}: {e}\n    guest:   {g}\n    outpost: {o}" for at, e, g, o in different))
        self.assertEqual(rounds, checkpoints)
        self.assertGreaterEqual(compared, LEAST[module.stem])

    def test_c_dwarf_5(self):
        self.compare(source_guest.calculator(5))

    def test_c_dwarf_4(self):
        self.compare(source_guest.calculator(4))

    def test_c_oldest(self):
        self.compare(source_guest.calculator(5), OLDEST)

    def test_cxx_dwarf_5(self):
        self.compare(source_guest.orders(5))

    def test_cxx_dwarf_4(self):
        self.compare(source_guest.orders(4))

    def test_cxx_oldest(self):
        self.compare(source_guest.orders(4), OLDEST)

    @unittest.skipIf(why_no_rust(), why_no_rust())
    def test_rust(self):
        self.compare(source_guest.interpreter())

    @unittest.skipIf(why_no_newer_rust(), why_no_newer_rust())
    def test_newer_rust(self):
        self.compare(source_guest.interpreter(newer=True))

    @unittest.skipIf(why_no_rust(), why_no_rust())
    def test_rust_oldest(self):
        self.compare(source_guest.interpreter(), OLDEST)


if __name__ == "__main__":
    unittest.main()
