# SPDX-License-Identifier: GPL-3.0-or-later
"""The prompt, as a person at a terminal has it."""

import os
import signal
import stat
import termios
import unittest
from pathlib import Path

import pexpect

from harness import (LIMIT, PROGRAM, Case, c, calls_sum, environment, have_rust, instructions, rust, sleeping, spin_sum, wait_until,
                     wasmtime, wat, why_no_rust)

PROMPT = r"\(outpost\) $"


class Prompt(Case):
    def terminal(self, *arguments):
        child = pexpect.spawn(PROGRAM, [str(a) for a in arguments], env=environment(), encoding="utf-8", timeout=LIMIT,
                              dimensions=(50, 160))
        child.delaybeforesend = None
        self.addCleanup(child.close, force=True)
        child.expect(PROMPT)
        return child

    def ask(self, child, command):
        child.sendline(command)
        child.expect(PROMPT)
        return child.before

    def leave(self, child, guest, check):
        child.sendline("quit")
        child.expect(pexpect.EOF)
        child.close()
        self.assertEqual(child.exitstatus, 0)
        self.assertUndisturbed(guest, check)

    def test_a_session(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        self.assertRegex(self.ask(child, "b fib"), r"Breakpoint 1: fib at calls!0x[0-9a-f]+")
        self.assertIn("Breakpoint 1, fib (n=", self.ask(child, "c"))
        self.assertIn("=> 0x", self.ask(child, "si"))
        self.assertIn("#0 ", self.ask(child, "bt"))
        self.assertIn("n = ", self.ask(child, "i lo"))
        self.leave(child, guest, calls_sum)

    def test_control_c_stops_the_running_program(self):
        guest = self.guest("spin")
        child = self.terminal("attach", guest.pid)
        for _ in range(5):
            child.sendline("continue")
            wait_until(lambda: "t" not in guest.thread_states().values(), "it runs")
            child.sendintr()
            child.expect(PROMPT)
            self.assertIn("interrupted", child.before)
        self.leave(child, guest, spin_sum)

    def test_control_c_while_a_condition_is_evaluated(self):
        """It is neither the condition's failure nor lost."""
        guest = self.guest("spin")
        place = next(pc for pc, text in instructions(wat("spin"))["mix"] if text == "i32.mul")
        child = self.terminal("attach", guest.pid)
        self.ask(child, f"break *{place:#x} if turn == -1")
        for _ in range(60):
            child.sendline("continue")
            wait_until(lambda: "t" not in guest.thread_states().values(), "it runs")
            child.sendintr()
            child.expect(PROMPT)
            self.assertIn("interrupted", child.before)
            self.assertNotIn("cannot be evaluated", child.before)
        self.assertRegex(self.ask(child, "info breakpoints"), r"1 +keep y +0 ")
        self.leave(child, guest, spin_sum)

    def test_control_c_stops_a_suspended_program(self):
        guest = sleeping(self.guest("sleeper"))
        child = self.terminal("attach", guest.pid)
        child.sendline("continue")
        wait_until(lambda: "t" not in guest.thread_states().values(), "it runs")
        child.sendintr()
        child.expect(PROMPT)
        self.leave(child, guest, lambda rounds: 101)

    def test_control_c_at_the_prompt_drops_the_line(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        child.send("kill")
        child.sendintr()
        child.expect(PROMPT)
        self.assertIn("#0 ", self.ask(child, "bt 1"))
        self.leave(child, guest, calls_sum)

    def test_control_d_detaches(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        child.sendeof()
        child.expect(pexpect.EOF)
        child.close()
        self.assertEqual(child.exitstatus, 0)
        self.assertUndisturbed(guest, calls_sum)

    def test_history_file_is_private(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        self.ask(child, "echo remembered\\n")
        self.leave(child, guest, calls_sum)
        path = Path(environment()["XDG_STATE_HOME"]) / "outpost" / "history"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
        self.assertIn("echo remembered", path.read_text())

    def test_completion(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        child.send("tbr\t")
        child.expect("tbreak ")
        child.send("cho\t")
        child.expect("choose")
        child.sendline("")
        child.expect(PROMPT)
        self.assertIn("choose", child.before)
        child.send("info br\t")
        child.expect("breakpoints")
        child.sendline("")
        child.expect(PROMPT)
        self.leave(child, guest, calls_sum)

    def test_variables_and_members_are_completed(self):
        self.check_completed(c("source_tree", "-g", "-O0", "-fno-sanitize=undefined"), ["tbreak show", "continue"], [
            ("print by_el", "by_elements"), ("print pool[1].we", "pool[1].weight"), ("print node->la", "node->label"),
            ("print node.na", "node.name")])

    @unittest.skipUnless(have_rust(), why_no_rust())
    def test_fields_of_variants_are_completed(self):
        self.check_completed(rust("source_rust", "-g"), ["tbreak stop", "continue", "tbreak stop", "continue", "up"], [
            ("print some.", "some.0"), ("print rect.wi", "rect.width"), ("print list.next.0.ke", "list.next.0.key")])

    def check_completed(self, module, before, rows):
        child = self.terminal("run", "-n", "--", wasmtime(), "run", "-D", "guest-debug=y", module)
        for command in before:
            self.ask(child, command)
        for typed, completed in rows:
            with self.subTest(typed=typed):
                child.send(typed + "\t")
                child.expect_exact(completed)
                self.assertNotIn("error", self.ask(child, ""))
        child.sendline("quit")
        child.expect(pexpect.EOF)

    def test_an_empty_line_repeats_a_step(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        self.ask(child, "tbreak choose")
        self.ask(child, "continue")
        first = self.ask(child, "stepi")
        second = self.ask(child, "")
        self.assertIn("=> 0x", second)
        self.assertNotEqual(first.splitlines()[-1], second.splitlines()[-1])
        self.leave(child, guest, calls_sum)

    def test_help_knows_every_command(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        self.assertIn("breakpoint", self.ask(child, "help break"))
        self.assertIn("error", self.ask(child, "help nosuchthing").lower())
        self.leave(child, guest, calls_sum)

    def test_a_killed_debugger_leaves_a_terminal_that_echoes(self):
        guest = self.guest("calls")
        child = self.terminal("attach", guest.pid)
        os.kill(child.pid, signal.SIGTERM)
        child.expect(pexpect.EOF)
        wait_until(lambda: guest.status("TracerPid") == "0", "nobody traces it")
        self.assertUndisturbed(guest, calls_sum)

    def test_the_terminal_is_as_it_was_after_a_crash(self):
        """Scenario 19 of README.md: line editing has changed its modes, and outpost dies in the middle of a line."""
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT):
            with self.subTest(signal=number.name):
                guest = self.guest("calls")
                child = pexpect.spawn("/bin/sh", ["-c", f'ulimit -c 0; echo begun; read line; "{PROGRAM}" attach {guest.pid}; '
                                                        'echo "left with $?"; read line'],
                                      env=environment(), encoding="utf-8", timeout=LIMIT)
                self.addCleanup(child.close, force=True)
                child.expect("begun")
                before = termios.tcgetattr(child.child_fd)
                child.sendline("")
                child.expect(PROMPT)
                wait_until(lambda: termios.tcgetattr(child.child_fd)[3] != before[3], "lines are edited")
                child.send("info br")
                outposts = [int(pid) for pid in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()]
                os.kill(outposts[0], number)
                child.expect("left with")
                self.assertEqual(termios.tcgetattr(child.child_fd), before)
                wait_until(lambda: guest.status("TracerPid") == "0", "nobody traces it")
                self.assertUndisturbed(guest, calls_sum)

    def test_the_program_ends_while_it_is_debugged(self):
        guest = sleeping(self.guest("sleeper"))
        child = self.terminal("attach", guest.pid)
        child.sendline("continue")
        wait_until(lambda: "t" not in guest.thread_states().values(), "it runs")
        self.assertEqual(guest.finish(), (1, 101))
        child.expect(PROMPT)
        self.assertIn("exited with status 0", child.before)
        child.sendline("quit")
        child.expect(pexpect.EOF)


if __name__ == "__main__":
    unittest.main()
