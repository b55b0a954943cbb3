# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of breakpoints: on every kind of value, refused where they mean nothing, parsed for each place."""

import unittest

from harness import Case, instructions, outpost, script, wat


def conditions_sum(rounds):
    """What tests/guests/conditions.wat must add up to."""
    return sum((turn * 3 & 0xffffffff) ^ 0x5a5a for turn in range(rounds))


class Conditions(Case):
    def running(self, **options):
        return self.guest("conditions", options=["--preload", f"lib={wat('lib')}"], **options)

    def assertEveryTenth(self, guest, place, condition):
        """Two stops in a row, each at a turn that ends in 7: none was missed and none was too many."""
        documents = self.attached(guest, f"break {place} if {condition}", "continue", "print turn", "continue", "print turn")
        stops = documents.stops("breakpoint")
        self.assertEqual([(stop["frame"]["function"], stop["frame"]["module"]) for stop in stops],
                         [("step", "conditions")] * 2)
        first, second = (result["value"] for result in documents.all("print"))
        self.assertEqual((first % 10, second - first), (7, 10))

    def test_every_kind_of_value(self):
        nop = next(pc for pc, text in instructions(wat("conditions"))["step"] if text == "nop")
        for version in ("42.0.1", "44.0.1", "49.0.4"):
            guest = self.running(version=version)
            by_pc = f"conditions!*{nop:#x}"
            cases = [("conditions!step", condition) for condition in (
                "$local0 % 10 == 7", "$arg0 % 10 == 7", "$arg1 % 10 == 7", "(i64) $arg0 % 10 == 7 && $pc > 0")]
            cases += [(by_pc, condition) for condition in (
                "$stack0 % 10 == 7", "$local2 * 2 == $stack0 && $stack0 % 10 == 7",
                "$arg1 >= 0 ? $arg1 % 10 == 7 : 1 / 0")]
            cases += [("conditions!step", condition) for condition in (
                "turn % 10 == 7", "large % 10 == 7", "$turn % 10 == 7 || 0",
                "$global.total == turn * (turn - 1) / 2 && turn % 10 == 7",
                "$mem[1024:u32] % 10 == 6 && $mem[1024] + 1 == turn",
                "turn % 10 == 7 && 7 / (turn % 10)")]
            cases += [(by_pc, condition) for condition in (
                "half * 2 == turn && (i32) (half * 2) % 10 == 7",
                "turn % 10 < 10 ? half - (i32) half == 0.5 && turn % 10 == 7 : 1 / 0")]
            for place, condition in cases:
                with self.subTest(version=version, condition=condition):
                    self.assertEveryTenth(guest, place, condition)
            self.assertUndisturbed(guest, conditions_sum)

    def test_in_optimised_code(self):
        for version in ("36.0.9", "44.0.1", "49.0.4"):
            with self.subTest(version=version):
                guest = self.running(version=version, guest_debug=False)
                for condition in ("turn % 10 == 7", "large % 10 == 7 && $arg0 == $arg1",
                                  "$mem[1024] + 1 == turn && turn % 10 == 7"):
                    with self.subTest(condition=condition):
                        self.assertEveryTenth(guest, "conditions!step", condition)
                self.assertUndisturbed(guest, conditions_sum)

    def test_the_ways_to_write_it(self):
        """As with gdb: a parenthesis needs no blank, and without a place it is the selected frame's."""
        guest = self.running()
        documents = self.attached(guest, "tbreak conditions!step if(turn % 10 == 7)", "continue", "print turn",
                                  "break if turn % 10 == 3", "continue", "print turn", "info breakpoints")
        first, second = (result["value"] for result in documents.all("print"))
        self.assertEqual((first % 10, second - first), (7, 6))
        listed, = documents.one("info breakpoints")["breakpoints"]
        self.assertEqual(listed["condition"], "turn % 10 == 3")
        self.assertUndisturbed(guest, conditions_sum)

    def test_what_is_refused_at_once(self):
        guest = self.running()
        cases = [("no_such_local", "not-found", "no local named"), ("$local9 == 1", "not-found", "no local 9 (it has 3)"),
                 ("$arg2 == 1", "not-found", "no parameter 2 (it has 2)"),
                 ("$stack0 == 1", "not-found", "no value 0 (it has 0"),
                 ("$global.none", "not-found", "no global named \"none\""), ("$global99", "not-found", "no global 99"),
                 ("turn ==", "syntax", "a value is expected"), ("turn == 1 turn", "syntax", "an operator is expected"),
                 ("~half", "syntax", "~ needs an integer"), ("half & 1", "syntax", "needs integers"),
                 ("turn.field0", "unsupported", "no fields"), ("turn ? 1", "syntax", ": is expected"),
                 ("$mem[0:v128]", "unsupported", "v128 is neither true nor false"),
                 ("$mem[0:v128] == 1", "unsupported", "cannot calculate")]
        commands = [f"break conditions!step if {condition}" for condition, _, _ in cases]
        # What is no expression can be no expression anywhere.
        cases.append(("n ==", "syntax", "a value is expected"))
        commands.append("break not_there_yet if n ==")
        for (condition, code, says), command in zip(cases, commands):
            with self.subTest(condition=condition):
                documents = self.attached(guest, command, status=1)
                error, = documents.errors()
                self.assertEqual(error["code"], code, error)
                self.assertIn(says, error["message"])
        self.assertUndisturbed(guest, conditions_sum)

    def test_a_place_where_it_means_nothing(self):
        """lib has a function of that name too, and no local $turn in it."""
        guest = self.running()
        outcome = outpost("attach", guest.pid, "--batch", "--color=never",
                          *script("break step if turn % 10 == 7", "info breakpoints", "continue", "print turn % 10"))
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn("breakpoint 1 is not set in step of module lib", outcome.err)
        self.assertIn("no local named \"turn\"", outcome.err)
        self.assertIn("$1 = 7", outcome.out)
        self.assertUndisturbed(guest, conditions_sum)

    def test_pending(self):
        """Its names are looked up when the module comes; where they mean nothing it waits on, and says so once."""
        other, guest = self.guest("calls"), self.running()
        outcome = outpost("attach", other.pid, "--batch", "--color=never", *script(
            "break conditions!step if turn % 10 == 7", "break lib!step if turn", "detach", f"attach {guest.pid}",
            "info breakpoints", "continue", "print turn % 10"))
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn("$1 = 7", outcome.out)
        self.assertEqual(outcome.err.count("breakpoint 2 is not set in step of module lib"), 1, outcome.err)
        self.assertUndisturbed(guest, conditions_sum)

    def test_after_another_attach(self):
        guest = self.running()
        documents = self.attached(guest, "break conditions!step if turn % 10 == 7", "detach", f"attach {guest.pid}", "continue",
                                  "print turn % 10", "continue", "print turn % 10")
        self.assertEqual([result["value"] for result in documents.all("print")], [7, 7])
        self.assertUndisturbed(guest, conditions_sum)

    def test_when_its_value_cannot_be_had(self):
        """It stops, and says why, rather than never stopping."""
        guest = self.running()
        outcome = outpost("attach", guest.pid, "--batch", "--color=never",
                          *script("break conditions!step if $mem[0xfffffffc] == turn", "continue"))
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn("Breakpoint 1, step", outcome.out)
        self.assertIn("outside memory 0", outcome.err)
        self.assertUndisturbed(guest, conditions_sum)


if __name__ == "__main__":
    unittest.main()
