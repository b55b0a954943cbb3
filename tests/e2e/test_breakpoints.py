# SPDX-License-Identifier: GPL-3.0-or-later
"""Breakpoints: every way to name a place, and everything that can be done with one afterwards."""

import http.client
import threading
import unittest

from harness import LIMIT, Case, Guest, calls_sum, instructions, wasmtime, wat


class Breakpoints(Case):
    def setUp(self):
        self.code = instructions(wat("calls"))

    def first(self, function):
        return self.code[function][0][0]

    def hit(self, *commands):
        """Where the program stops after these commands and continue."""
        guest = self.guest("calls")
        documents = self.attached(guest, *commands, "continue")
        stop = documents.stops("breakpoint")[-1]
        self.assertUndisturbed(guest, calls_sum)
        return stop

    def test_by_name(self):
        stop = self.hit("break choose")
        self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), ("choose", self.first("choose")))
        self.assertEqual(stop["breakpoint"], 1)

    def test_by_function_index(self):
        # 3 imported functions come first, then the 7 of the shared part, then double, square, negate, fib.
        stop = self.hit("break function[13]")
        self.assertEqual((stop["frame"]["function"], stop["frame"]["function_index"]), ("fib", 13))

    def test_by_offset(self):
        offset, text = self.code["apply"][2]
        self.assertTrue(text.startswith("call_indirect"))
        stop = self.hit(f"break *{offset:#x}")
        self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), ("apply", offset))

    def test_offset_inside_an_instruction_snaps_to_the_next(self):
        (offset, _), (following, _) = self.code["apply"][0:2]
        self.assertGreater(following, offset + 1)
        stop = self.hit(f"break *{offset + 1}")
        self.assertEqual(stop["frame"]["pc"], following)

    def test_snapping_is_said(self):
        guest = self.guest("calls")
        offset = self.code["apply"][0][0] + 1
        self.assertIn(f"{self.code['apply'][1][0]:#x}", self.attached_text(guest, f"break *{offset:#x}"))
        self.assertUndisturbed(guest, calls_sum)

    def test_by_module(self):
        for spec, module in (("lib!step", "lib"), ("app!step", "app")):
            with self.subTest(spec=spec):
                guest = self.guest("app", options=["--preload", f"lib={wat('lib')}"])
                documents = self.attached(guest, f"break {spec}", "continue", "backtrace")
                stop, = documents.stops("breakpoint")
                self.assertEqual((stop["frame"]["function"], stop["frame"]["module"]), ("step", module))
                self.assertUndisturbed(guest, app_value)

    def test_module_and_offset(self):
        offset = instructions(wat("lib"))["twist"][2][0]
        guest = self.guest("app", options=["--preload", f"lib={wat('lib')}"])
        stop, = self.attached(guest, f"break lib!*{offset:#x}", "continue").stops("breakpoint")
        self.assertEqual((stop["frame"]["function"], stop["frame"]["module"], stop["frame"]["pc"]),
                         ("twist", "lib", offset))
        self.assertUndisturbed(guest, app_value)

    def test_a_name_in_two_modules_is_both(self):
        guest = self.guest("app", options=["--preload", f"lib={wat('lib')}"])
        documents = self.attached(guest, "break step", "continue", "continue")
        self.assertEqual([s["frame"]["module"] for s in documents.stops("breakpoint")].count("lib"), 1)
        self.assertEqual([s["frame"]["module"] for s in documents.stops("breakpoint")].count("app"), 1)
        self.assertUndisturbed(guest, app_value)

    def test_temporary_breakpoint_stops_once(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak fib", "break choose", "continue", "continue", "info breakpoints")
        self.assertEqual([s["frame"]["function"] for s in documents.stops("breakpoint")], ["fib", "choose"])
        self.assertEqual([b["number"] for b in documents.one("info breakpoints")["breakpoints"]], [2])
        self.assertUndisturbed(guest, calls_sum)

    def test_delete_disable_enable(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib", "break choose", "break double", "delete 3", "disable 1", "continue",
                                  "enable 1", "disable 2", "continue", "info breakpoints")
        self.assertEqual([s["frame"]["function"] for s in documents.stops("breakpoint")], ["choose", "fib"])
        listed = documents.one("info breakpoints")["breakpoints"]
        self.assertEqual([(b["number"], b["enabled"]) for b in listed], [(1, True), (2, False)])
        self.assertUndisturbed(guest, calls_sum)

    def test_delete_all(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib", "break choose", "delete", "info breakpoints")
        self.assertEqual(documents.one("info breakpoints")["breakpoints"], [])
        self.assertUndisturbed(guest, calls_sum)

    def test_ignore_lets_exactly_so_many_pass(self):
        # fib(5) makes 15 calls of fib: with n = 5 4 3 2 1 0 1 2 1 0 3 2 1 0 1.
        guest = self.guest("calls")
        documents = self.attached(guest, "break round", "continue", "delete", "break fib", "ignore 2 13", "continue",
                                  "info locals", "info breakpoints")
        self.assertEqual(documents.one("info locals")["locals"][0]["value"], 0)
        self.assertEqual(documents.one("info breakpoints")["breakpoints"][0]["hits"], 14)
        self.assertUndisturbed(guest, calls_sum)

    def test_continue_with_an_ignore_count(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break round", "continue", "info locals", "continue 5", "info locals")
        first, second = (result["locals"][0]["value"] for result in documents.all("info locals"))
        self.assertEqual(second - first, 5)
        self.assertUndisturbed(guest, calls_sum)

    def test_pending(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break no_such_function", "info breakpoints", "break fib", "continue")
        listed = documents.one("info breakpoints")["breakpoints"]
        self.assertEqual([(b["number"], b["pending"]) for b in listed], [(1, True)])
        self.assertEqual(documents.stops("breakpoint")[0]["breakpoint"], 2)
        self.assertUndisturbed(guest, calls_sum)

    def test_conditions(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib if n == 3", "continue", "info locals", "backtrace", "continue", "info locals",
                                  "info breakpoints", "delete", "break choose if which > 1 && which < 3", "continue",
                                  "info locals", "continue", "info locals")
        self.assertEqual([v["locals"][0]["value"] for v in documents.all("info locals")], [3, 3, 2, 2])
        listed, = documents.one("info breakpoints")["breakpoints"]
        self.assertEqual((listed["condition"], listed["hits"]), ("n == 3", 2))
        self.assertUndisturbed(guest, calls_sum)

    def test_a_condition_that_never_holds(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib if n > 100", "break choose", "ignore 2 200", "continue", "info breakpoints")
        stop, = documents.stops("breakpoint")
        self.assertEqual(stop["breakpoint"], 2)
        hits = {b["number"]: b["hits"] for b in documents.one("info breakpoints")["breakpoints"]}
        self.assertEqual(hits, {1: 0, 2: 201})
        self.assertUndisturbed(guest, calls_sum)

    def test_a_breakpoint_in_stores_to_come(self):
        """wasmtime serve makes a store, and a copy of the code, for each request."""
        server = Guest(None, command=[wasmtime(), "serve", "-D", "guest-debug=y", "--addr", "127.0.0.1:0", wat("serve")])
        self.addCleanup(server.__exit__)
        address = server.serving_address()
        answers = []

        def ask():
            connection = http.client.HTTPConnection(*address, timeout=LIMIT)
            connection.request("GET", "/")
            answers.append(connection.getresponse().status)

        asking = threading.Thread(target=ask, daemon=True)
        self.assertEqual(len(server.images()), 1, "no request, no store")
        documents = self.attached(server, "break count", "continue", "backtrace", meanwhile=asking.start)
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["count", "handle"])
        asking.join(LIMIT)
        ask()
        self.assertEqual(answers, [500, 500])

    def test_unknown_number(self):
        guest = self.guest("calls")
        for command in ("delete 9", "disable 9", "enable 9", "ignore 9 1"):
            with self.subTest(command=command):
                documents = self.attached(guest, command, status=1)
                self.assertEqual(documents.errors()[0]["code"], "not-found")
        self.assertUndisturbed(guest, calls_sum)


def app_value(rounds):
    """What tests/guests/app.wat ends with."""
    x = 0
    for _ in range(rounds):
        x = (((x * 3) & 0xffffffff ^ 0x5a5a) + 1) & 0xffffffff
    return x


if __name__ == "__main__":
    unittest.main()
