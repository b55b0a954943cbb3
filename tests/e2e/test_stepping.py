# SPDX-License-Identifier: GPL-3.0-or-later
"""stepi, nexti, finish: where a step may end is known from the module's own bytes, told by an independent tool."""

import unittest

from harness import Case, calls_sum, instructions, sleeping, wat


class Stepping(Case):
    def setUp(self):
        self.code = instructions(wat("calls"))

    def pcs(self, function):
        return [offset for offset, _ in self.code[function]]

    def trace(self, where, *commands):
        """Stop once at a function's first instruction, then (function, pc) after each command."""
        guest = self.guest("calls")
        documents = self.attached(guest, f"tbreak {where}", "continue", *commands)
        stops = documents.stops()
        self.assertUndisturbed(guest, calls_sum)
        return [(s["frame"]["function"], s["frame"]["pc"]) for s in stops if s["reason"] == "step"]

    def test_stepi_goes_through_every_instruction(self):
        stepped = self.trace("square", "stepi", "stepi")
        self.assertEqual(stepped, [("square", pc) for pc in self.pcs("square")[1:]])

    def test_the_instruction_shown_is_the_independent_tools(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak fib", "continue", "stepi", "stepi", "stepi")
        shown = [(s["frame"]["pc"], s["instruction"].split()[0]) for s in documents.stops()
                 if s["reason"] in ("breakpoint", "step")]
        self.assertEqual(shown, [(pc, text.split()[0]) for pc, text in self.code["fib"][:4]])
        self.assertUndisturbed(guest, calls_sum)

    def test_stepi_with_a_count(self):
        stepped = self.trace("round", "stepi 2")
        # i32.const, then call: into fib.
        self.assertEqual(stepped, [("fib", self.pcs("fib")[0])])

    def test_stepi_goes_into_a_call_and_nexti_over_it(self):
        self.assertEqual(self.trace("round", "nexti", "stepi"),
                         [("round", self.pcs("round")[1]), ("fib", self.pcs("fib")[0])])
        self.assertEqual(self.trace("round", "nexti", "nexti"),
                         [("round", self.pcs("round")[1]), ("round", self.pcs("round")[2])])

    def test_nexti_over_a_recursion_stays_in_its_own_frame(self):
        guest = self.guest("calls")
        # The outermost fib: over its first recursive call it must be the same activation (n = 5), not an inner one.
        documents = self.attached(guest, "tbreak round", "continue", "tbreak fib", "continue", "nexti 9", "info locals",
                                  "backtrace")
        self.assertEqual(documents.one("info locals")["locals"][0]["value"], 5)
        names = self.names(documents.one("backtrace")["frames"])
        self.assertEqual(names, ["fib", "round", "main"])
        self.assertUndisturbed(guest, calls_sum)

    def test_stepi_into_call_indirect(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak apply", "continue", "info locals", "stepi 3")
        which = documents.one("info locals")["locals"][0]["value"]
        callee = ["double", "square", "negate"][which]
        stop = documents.stops("step")[-1]
        self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), (callee, self.pcs(callee)[0]))
        self.assertUndisturbed(guest, calls_sum)

    def test_nexti_over_call_indirect(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak apply", "continue", "nexti 3", "info stack")
        stop = documents.stops("step")[-1]
        self.assertEqual(stop["frame"]["function"], "apply")
        self.assertGreater(stop["frame"]["pc"], self.pcs("apply")[-1])
        self.assertUndisturbed(guest, calls_sum)

    def test_br_table_goes_where_the_operand_says(self):
        guest = self.guest("calls")
        constants = [pc for pc, text in self.code["choose"] if text.startswith("i32.const")]
        commands = []
        for _ in range(4):
            commands += ["tbreak choose", "continue", "info locals", "stepi 6"]
        documents = self.attached(guest, *commands)
        arms = [result["locals"][0]["value"] for result in documents.all("info locals")]
        self.assertEqual(sorted(arms), [0, 1, 2, 3])
        ends = [s["frame"]["pc"] for s in documents.stops("step")]
        # Outer blocks' ends have no slot of their own on the way: the branch lands behind the block's end.
        self.assertEqual(ends, [constants[arm] for arm in arms])
        self.assertUndisturbed(guest, calls_sum)

    def test_finish_shows_the_returned_value(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak choose", "continue", "info locals", "finish")
        which = documents.one("info locals")["locals"][0]["value"]
        stop = documents.stops("step")[-1]
        self.assertEqual(stop["frame"]["function"], "round")
        self.assertEqual(stop["results"], [{"type": "i32", "value": [10, 20, 30, 40][which]}])
        self.assertUndisturbed(guest, calls_sum)

    def test_finish_of_the_selected_frame(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak round", "continue", "tbreak fib", "continue", "stepi 9", "frame 1", "finish",
                                  "backtrace")
        self.assertEqual(self.names(documents.one("backtrace")["frames"])[0], "round")
        self.assertUndisturbed(guest, calls_sum)

    def test_finish_out_of_a_recursion_ends_in_the_caller_of_that_frame(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak round", "continue", "tbreak fib", "continue", "tbreak fib", "continue",
                                  "finish", "info locals", "backtrace")
        self.assertEqual(documents.one("info locals")["locals"][0]["value"], 5)
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["fib", "round", "main"])
        self.assertUndisturbed(guest, calls_sum)

    def test_nexti_over_a_host_call(self):
        guest = self.guest("calls")
        code = self.code["pause"]
        call = next(i for i, (_, text) in enumerate(code) if text == "call $poll_oneoff")
        documents = self.attached(guest, f"tbreak *{code[call][0]:#x}", "continue", "nexti")
        self.assertEqual(documents.stops("step")[-1]["frame"]["pc"], code[call + 1][0])
        self.assertUndisturbed(guest, calls_sum)

    def test_stepi_over_a_host_call_too(self):
        guest = self.guest("calls")
        code = self.code["pause"]
        call = next(i for i, (_, text) in enumerate(code) if text == "call $poll_oneoff")
        documents = self.attached(guest, f"tbreak *{code[call][0]:#x}", "continue", "stepi")
        self.assertEqual(documents.stops("step")[-1]["frame"]["pc"], code[call + 1][0])
        self.assertUndisturbed(guest, calls_sum)

    def test_a_breakpoint_during_a_step_is_a_breakpoint_stop(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak round", "continue", "break double", "break square", "break negate",
                                  "nexti 20")
        self.assertIn(documents.stops("breakpoint")[-1]["frame"]["function"], ("double", "square", "negate"))
        self.assertUndisturbed(guest, calls_sum)

    def test_a_step_out_of_the_guests_outermost_function(self):
        guest = sleeping(self.guest("sleeper"))
        documents = self.attached(guest, "break woken", "continue", "delete", "finish", "finish", "nexti 9",
                                  meanwhile=lambda: guest.send("\n"))
        last = documents.stops()[-1]
        self.assertEqual((last["reason"], last["frame"]), ("guest-returned", None))
        self.assertEqual(guest.finish(""), (1, 101))

    def test_finish_of_the_guests_outermost_function(self):
        guest = sleeping(self.guest("sleeper"))
        documents = self.attached(guest, "break woken", "continue", "delete", "finish", "finish", "finish",
                                  meanwhile=lambda: guest.send("\n"))
        # What was asked for, so it is the end of a step; there is no frame to return to.
        last = documents.stops()[-1]
        self.assertEqual((last["reason"], last["frame"]), ("step", None))
        self.assertEqual(guest.finish(""), (1, 101))

    def test_a_step_that_traps(self):
        for letter, function, message in (("u", "unreachable", "unreachable"), ("d", "divide", "divide by zero"),
                                          ("o", "outside", "out of bounds"), ("n", "null_call", ""),
                                          ("w", "wrong_type", "")):
            with self.subTest(function=function):
                guest = sleeping(self.guest("traps"))
                documents = self.attached(guest, f"break {function}", "continue", "nexti 9",
                                          meanwhile=lambda: guest.send(letter + "\n"))
                stop = documents.stops()[-1]
                self.assertEqual(stop["reason"], "trap")
                self.assertEqual(stop["frame"]["function"], function)
                status, said = guest.end()
                self.assertEqual(status, 134)
                self.assertIn(message, said)

    def test_without_a_debugger_in_the_way_a_trap_is_the_programs_own(self):
        guest = sleeping(self.guest("traps"))
        outcome = self.attached(guest, "break divide", "continue", "delete", meanwhile=lambda: guest.send("d\n"))
        self.assertEqual(len(outcome.stops("breakpoint")), 1)
        status, said = guest.end()
        self.assertEqual(status, 134)
        self.assertIn("integer divide by zero", said)


class WithoutGuestDebug(Case):
    def test_finish_of_an_outer_frame_of_a_recursion(self):
        """The frames of fib(4) and fib(5) return to the same address: the selected one is meant."""
        guest = self.guest("calls", guest_debug=False)
        documents = self.attached(guest, "break round", "continue", "break fib", "continue", "continue", "continue", "delete",
                                  "backtrace", "frame 2", "finish", "backtrace")
        before, after = (self.names(b["frames"]) for b in documents.all("backtrace"))
        self.assertEqual(before, ["fib", "fib", "fib", "round", "main"])
        self.assertEqual(after, ["round", "main"])
        self.assertUndisturbed(guest, calls_sum)


if __name__ == "__main__":
    unittest.main()
