# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost stack: every guest stack of a process, without stopping it for longer than it takes to read them."""

import json
import unittest

from harness import GUESTS, VENV, Case, Guest, c, calls_sum, outpost, sleeping, spin_sum, wat


class Stack(Case):
    def stacks(self, guest, *options):
        outcome = outpost("stack", guest.pid, "--json", *options)
        self.assertEqual(outcome.status, 0, outcome)
        document, = (json.loads(line) for line in outcome.out.splitlines())
        self.assertEqual(document["pid"], guest.pid)
        return document

    def test_on_a_thread(self):
        guest = self.guest("spin")
        document = self.stacks(guest)
        running = [t for t in document["threads"] if any(f["kind"] == "wasm" for f in t["frames"])]
        self.assertEqual(len(running) + len(document["suspended"]), 1)
        frames = (running or document["suspended"])[0]["frames"]
        self.assertEqual(self.names(frames)[-1], "main")
        self.assertUndisturbed(guest, spin_sum)

    def test_suspended(self):
        guest = sleeping(self.guest("reader"))
        document = self.stacks(guest)
        suspended, = document["suspended"]
        self.assertEqual(self.names(suspended["frames"]), ["read_line"] + ["serve"] * 4 + ["main"])
        self.assertEqual(suspended["frames"][0]["function"], "fd_read")
        self.assertUndisturbed(guest, lambda rounds: ord("a"), "a\n")

    def test_text(self):
        guest = sleeping(self.guest("reader"))
        outcome = outpost("stack", guest.pid)
        self.assertEqual(outcome.status, 0, outcome)
        self.assertRegex(outcome.out, r"#0 +read_line .* at reader!0x[0-9a-f]+")
        self.assertRegex(outcome.out, r"#1 +serve \(depth=0.*\) at reader!0x[0-9a-f]+")
        self.assertRegex(outcome.out, r"#5 +main .* at reader!0x[0-9a-f]+")
        self.assertIn("[host: fd_read]", outcome.out)
        self.assertUndisturbed(guest, lambda rounds: 0, "")

    def test_no_locals(self):
        guest = sleeping(self.guest("reader"))
        suspended, = self.stacks(guest, "--no-locals")["suspended"]
        self.assertFalse(any(f.get("locals") for f in suspended["frames"]))
        self.assertUndisturbed(guest, lambda rounds: 0, "")

    def test_again_and_again_leaves_no_trace(self):
        guest = self.guest("calls")
        before = guest.code()
        for _ in range(20):
            self.stacks(guest)
        self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    def test_fifty_thousand_frames(self):
        guest = self.guest("deep", options=["-W", "max-wasm-stack=67108864", "-W", "async-stack-size=134217728"])
        document = self.stacks(guest)
        stack = [s for s in document["threads"] + document["suspended"] if any(f["kind"] == "wasm" for f in s["frames"])]
        frames = [f for f in stack[0]["frames"] if f.get("function") == "down"]
        self.assertEqual(len(frames), 50001)
        self.assertEqual([f["locals"][0]["value"] for f in frames], list(range(50001)))
        documents = self.attached(guest, "break tick", "continue", "backtrace")
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["tick", "bottom"] + ["down"] * 50001 + ["main"])
        self.assertUndisturbed(guest, lambda rounds: (7 + 50000 * 50001 // 2) & 0xffffffff)

    def test_some_of_many_frames(self):
        guest = self.guest("deep", options=["-W", "max-wasm-stack=67108864", "-W", "async-stack-size=134217728"])
        documents = self.attached(guest, "break tick", "continue", "backtrace 3", "backtrace -2", "frame 40000", "info locals",
                                  "up 2", "info locals", "down 1", "info locals")
        first, last = documents.all("backtrace")
        self.assertEqual(self.names(first["frames"]), ["tick", "bottom", "down"])
        self.assertEqual(self.names(last["frames"]), ["down", "main"])
        self.assertEqual([r["locals"][0]["value"] for r in documents.all("info locals")], [39998, 40000, 39999])
        self.assertUndisturbed(guest, lambda rounds: (7 + 50000 * 50001 // 2) & 0xffffffff)

    def test_lines_are_found_when_the_process_runs_again(self):
        """Of a module with much debug information, most of which nobody has asked for before."""
        for guest_debug in (True, False):
            with self.subTest(guest_debug=guest_debug):
                guest = Guest(c("progress", "-g", "-O0"), guest_debug=guest_debug, arguments=["100000"])
                self.addCleanup(guest.__exit__)
                guest.wait_line("turn 2")
                frames = next(t["frames"] for t in sleeping(guest) and self.stacks(guest)["threads"] if t["frames"])
                place = next(f for f in frames if f.get("function") == "main")
                self.assertTrue(place["file"].endswith("tests/guests/progress.c"), place)
                line = open(GUESTS / "progress.c").read().splitlines()[place["line"] - 1]
                self.assertIn("nanosleep", line)

    def test_a_host_program_that_embeds_wasmtime(self):
        """No guest-debug, another Wasmtime version, and the guest calls the host, which calls the guest again."""
        guest = Guest(None, command=[VENV / "python", GUESTS / "nested.py", wat("nested")])
        self.addCleanup(guest.__exit__)
        guest.ready()
        document = self.stacks(guest)
        stack, = [t for t in document["threads"] if any(f["kind"] == "wasm" for f in t["frames"])]
        names = self.names(stack["frames"])
        self.assertEqual(names[-3:], ["inner", "middle", "outer"])
        self.assertTrue(all("locals" not in f or isinstance(f["locals"], dict) or
                            all(v["value"]["reason"] == "not-recorded" for v in f["locals"])
                            for f in stack["frames"] if f["kind"] == "wasm"), "no value may be made up")
        self.assertUndisturbed(guest, lambda rounds: 5)


if __name__ == "__main__":
    unittest.main()
