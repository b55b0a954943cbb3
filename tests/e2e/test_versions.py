# SPDX-License-Identifier: GPL-3.0-or-later
"""Other Wasmtime versions, and modules that were not compiled for debugging."""

import unittest

from harness import Case, Guest, calls_sum, compiled, instructions, sleeping, wat


class Versions(Case):
    def everything(self, version):
        guest = self.guest("calls", version=version)
        before = guest.code()
        documents = self.attached(guest, "tbreak round", "continue", "break fib", "continue", "info locals", "backtrace",
                                  "stepi", "stepi", "nexti", "delete", "finish")
        code = instructions(wat("calls"))
        stop = documents.stops("breakpoint")[-1]
        self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), ("fib", code["fib"][0][0]))
        self.assertEqual(documents.one("info locals")["locals"][0]["value"], 5)
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["fib", "round", "main"])
        steps = [s["frame"]["pc"] for s in documents.stops("step")]
        self.assertEqual(steps[:3], [pc for pc, _ in code["fib"][1:4]])
        self.assertEqual(documents.stops()[-1]["frame"]["function"], "round")
        self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    def test_49(self):
        self.everything("49.0.4")

    def test_44(self):
        self.everything("44.0.1")

    def test_42_without_bytecode(self):
        """42 records no bytecode: breakpoints and values work, what needs the bytecode says so."""
        guest = self.guest("calls", version="42.0.1")
        before = guest.code()
        documents = self.attached(guest, "tbreak round", "continue", "break fib", "continue", "info locals", "backtrace")
        self.assertEqual(documents.stops("breakpoint")[-1]["frame"]["pc"], instructions(wat("calls"))["fib"][0][0])
        self.assertEqual(documents.one("info locals")["locals"][0]["value"], 5)
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["fib", "round", "main"])
        self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    def test_suspended_in_44_and_42(self):
        for version in ("44.0.1", "42.0.1"):
            with self.subTest(version=version):
                guest = sleeping(self.guest("reader", version=version))
                frames = self.attached(guest, "backtrace").one("backtrace")["frames"]
                self.assertEqual(self.names(frames), ["read_line"] + ["serve"] * 4 + ["main"])
                self.assertUndisturbed(guest, lambda rounds: 0, "")

    def test_memory(self):
        """42 does not keep the module's bytes, which say where its memories are: the file on the command line has them."""
        for version in ("44.0.1", "42.0.1"):
            with self.subTest(version=version):
                guest = sleeping(self.guest("memory", version=version))
                documents = self.attached(guest, "print $mem[1024:i32]", "set $mem[1024:i32] = 99")
                self.assertEqual(documents.one("print")["value"], 42)
                self.assertUndisturbed(guest, lambda rounds: 99)

    def test_memory_of_a_module_whose_bytes_are_nowhere(self):
        """The command line names a .cwasm, and the artifact has no bytecode."""
        artifact = compiled(wat("memory"), "42.0.1", "-D", "guest-debug=y")
        guest = Guest(artifact, version="42.0.1", options=["--allow-precompiled"])
        self.addCleanup(guest.__exit__)
        sleeping(guest.ready())
        error, = self.attached(guest, "print $mem[1024:i32]", status=1).errors()
        self.assertEqual(error["code"], "unsupported")
        self.assertUndisturbed(guest, lambda rounds: 42)

    def test_without_guest_debug(self):
        for version in ("49.0.4", "44.0.1", "42.0.1", "36.0.9"):
            with self.subTest(version=version):
                guest = self.guest("spin", version=version, guest_debug=False)
                documents = self.attached(guest, "backtrace", "info locals", "info functions")
                names = self.names(documents.one("backtrace")["frames"])
                self.assertEqual(names[-1], "main")
                shown = documents.one("info locals")["locals"]
                if isinstance(shown, dict):
                    self.assertEqual(shown["reason"], "not-recorded")
                else:
                    self.assertTrue(all(v["value"]["reason"] == "not-recorded" for v in shown))
                self.assertEqual(guest.status("TracerPid"), "0")
                self.assertTrue(guest.finish()[0])

    def test_breakpoints_in_code_without_slots(self):
        """Trap bytes over instructions of the only copy: hit in the recursion again and again, taken out without a trace."""
        for version in ("49.0.4", "42.0.1", "36.0.9"):
            with self.subTest(version=version):
                guest = self.guest("calls", version=version, guest_debug=False)
                before = guest.code()
                documents = self.attached(guest, "break fib", "tbreak round", *["continue"] * 20, "backtrace")
                self.assertEqual({s["frame"]["function"] for s in documents.stops("breakpoint")}, {"fib", "round"})
                self.assertEqual(len(documents.stops("breakpoint")), 20)
                names = self.names(documents.one("backtrace")["frames"])
                self.assertEqual((names[0], names[-2:]), ("fib", ["round", "main"]))
                self.assertEqual(guest.code(), before)
                self.assertUndisturbed(guest, calls_sum)

    def test_a_step_without_slots_is_refused_with_the_reason(self):
        guest = self.guest("calls", guest_debug=False)
        error, = self.attached(guest, "break fib", "continue", "stepi", status=1).errors()
        self.assertEqual(error["code"], "unsupported")
        self.assertIn("guest-debug", error["message"])
        self.assertUndisturbed(guest, calls_sum)


if __name__ == "__main__":
    unittest.main()
