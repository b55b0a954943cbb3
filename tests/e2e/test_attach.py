# SPDX-License-Identifier: GPL-3.0-or-later
"""Attaching to a program that runs already, wherever it is, and leaving it as if nobody had been there."""

import os
import signal
import unittest

from harness import WORK, Case, calls_sum, outpost, script, sleeping, spin_sum, wait_until


class Attach(Case):
    def test_in_guest_code(self):
        guest = self.guest("spin")
        frames = self.attached(guest, "backtrace").one("backtrace")["frames"]
        self.assertEqual(self.names(frames)[-1], "main")
        self.assertIn(self.names(frames)[0], ("mix", "main", "pause"))
        self.assertUndisturbed(guest, spin_sum)

    def test_in_poll_oneoff(self):
        guest = sleeping(self.guest("sleeper"))
        report = self.attached(guest, "backtrace").one("backtrace")
        self.assertEqual(self.names(report["frames"]), ["pause", "nap", "main"])
        self.assertUndisturbed(guest, lambda rounds: 101)

    def test_in_fd_read_on_a_pipe(self):
        guest = sleeping(self.guest("reader"))
        frames = self.attached(guest, "backtrace -full").one("backtrace")["frames"]
        self.assertEqual(self.names(frames), ["read_line", "serve", "serve", "serve", "serve", "main"])
        self.assertEqual(frames[0]["kind"], "host")
        self.assertEqual(frames[0]["function"], "fd_read")
        locals_of = [f["locals"] for f in frames if f.get("function") == "serve"]
        self.assertEqual([v[0]["value"] for v in locals_of], [0, 1, 2, 3], frames)
        self.assertUndisturbed(guest, lambda rounds: ord("x"), "x\n")

    def test_breakpoint_set_while_suspended_is_hit_on_waking(self):
        guest = sleeping(self.guest("reader"))
        guest.send("a\n")
        guest.wait_line("handled 97")
        sleeping(guest)
        documents = self.attached(guest, "break handle", "continue", "info locals", meanwhile=lambda: guest.send("b\n"))
        stop, = documents.stops("breakpoint")
        self.assertEqual(stop["frame"]["function"], "handle")
        self.assertEqual(documents.one("info locals")["locals"][0]["value"], ord("b"))
        self.assertUndisturbed(guest, lambda rounds: ord("a") + ord("b"), "")

    def test_ten_times_in_a_row_under_load(self):
        load = [self.guest("spin"), self.guest("spin")]
        guest = self.guest("calls")
        before = guest.code()
        for turn in range(10):
            with self.subTest(turn=turn):
                documents = self.attached(guest, "break fib", "continue", "continue", "backtrace")
                self.assertEqual(len(documents.stops("breakpoint")), 2)
                self.assertEqual(self.names(documents.one("backtrace")["frames"])[0], "fib")
                self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)
        for other in load:
            self.assertUndisturbed(other, spin_sum)

    def test_code_is_byte_for_byte_what_it_was(self):
        guest = self.guest("calls")
        before = guest.code()
        self.assertEqual(len(before[0]), 2, "the engine's copy and the store's")
        self.attached(guest, "break fib", "break choose", "break apply", "tbreak double", "continue", "stepi 20", "finish",
                      "continue")
        after = guest.code()
        self.assertEqual(after[0], before[0])
        self.assertEqual(after[1], before[1], "executable mappings")
        self.assertEqual(after[2], before[2], "caught signals")
        self.assertEqual(guest.status("TracerPid"), "0")
        self.assertUndisturbed(guest, calls_sum)

    def test_code_at_a_stop_is_what_wasmtime_wrote(self):
        guest = self.guest("calls")
        before = guest.images()
        copy = WORK / f"slot-{guest.pid}"
        # The shell command runs while the program stands at the breakpoint, and copies the text from its memory.
        base = min(before)
        size = len(before[base])
        self.attached(guest, "break fib", "continue",
                      f"! dd if=/proc/{guest.pid}/mem of={copy} bs=4096 skip={base // 4096} count={size // 4096 + 1} "
                      "2>/dev/null")
        self.assertEqual(copy.read_bytes()[:size], before[base])
        self.assertUndisturbed(guest, calls_sum)

    def test_stopped_stays_stopped(self):
        guest = self.guest("calls")
        os.kill(guest.pid, signal.SIGSTOP)
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "the process is stopped")
        self.attached(guest, "backtrace")
        wait_until(lambda: guest.status("TracerPid") == "0", "nobody traces it")
        # A thread that was brought to the next instruction goes back to its stop by way of the scheduler.
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "the process is stopped again")
        os.kill(guest.pid, signal.SIGCONT)
        self.assertUndisturbed(guest, calls_sum)

    def test_running_goes_on_running(self):
        guest = self.guest("calls")
        self.attached(guest, "break fib", "continue")
        self.assertNotIn("T", guest.thread_states().values())
        self.assertNotIn("t", guest.thread_states().values())
        self.assertUndisturbed(guest, calls_sum)

    def test_detach_command_and_again_from_the_same_run(self):
        guest = self.guest("calls")
        outcome = outpost("attach", guest.pid, "--batch", *script(
            "break fib", "continue", "detach", f"attach {guest.pid}", "break choose", "continue", "backtrace"))
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn("choose", outcome.out)
        self.assertUndisturbed(guest, calls_sum)

    def test_a_signal_of_the_program_arrives(self):
        guest = sleeping(self.guest("reader"))
        self.attached(guest, "break handle", "continue", meanwhile=lambda: os.kill(guest.pid, signal.SIGTERM))
        self.assertEqual(guest.end()[0], -signal.SIGTERM)

    def test_the_end_of_the_program_is_reported(self):
        guest = sleeping(self.guest("reader"))
        documents = self.attached(guest, "break handle", "continue",
                                  meanwhile=lambda: os.kill(guest.pid, signal.SIGKILL))
        ended, = [d for d in documents if d.get("event") == "exited"]
        self.assertEqual(ended["signal"], "SIGKILL")
        self.assertEqual(guest.end()[0], -signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
