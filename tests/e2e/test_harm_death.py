# SPDX-License-Identifier: GPL-3.0-or-later
"""After outpost's death its code in the target does nothing any more (scenarios 1 and 2 of README.md)."""

import os
import signal
import struct
import subprocess
import tempfile
import unittest

from harness import LIMIT, calls_sum, wait_until
from leftovers import STUBS, pages
from test_survival import FEATURES, Killing, busy_sum

# Each arrival at fib is counted and noted, and then traps, in its stub: the text is for outpost to read. Nobody sees a stop, so
# the code is patched all the time.
AT_WORK = ("count fib", "trace fib", 'log fib "%s" n', "continue")


def data_of_stubs(guest):
    """What the stubs work on: the pages behind the marks that name them."""
    found = []
    with open(f"/proc/{guest.pid}/mem", "rb", buffering=0) as memory:
        for start, _, access, path in guest.mappings():
            if access != "r-xp" or path:
                continue
            memory.seek(start)
            header = memory.read(32)
            if header.startswith(STUBS):
                code, data = struct.unpack_from("<2Q", header, 16)
                memory.seek(start + code)
                found.append(memory.read(data))
    return b"".join(found)


def computed(guest):
    """Ticks of the clock (a hundredth of a second) that its threads have run."""
    return sum(map(int, open(f"/proc/{guest.pid}/stat").read().rpartition(")")[2].split()[11:13]))


class Death(Killing):
    def goes_on(self, guest, ticks=20):
        before = computed(guest)
        wait_until(lambda: computed(guest) > before + ticks, "the guest computes")

    def trap_signals(self, guest):
        """How many SIGTRAP strace sees the guest get while it computes."""
        with tempfile.NamedTemporaryFile("r") as seen:
            with subprocess.Popen(["strace", "-qq", "-f", "-e", "trace=none", "-e", "signal=SIGTRAP", "-o", seen.name,
                                   "-p", str(guest.pid)]) as strace:
                try:
                    wait_until(lambda: guest.status("TracerPid") == str(strace.pid), "strace traces it")
                    self.goes_on(guest, ticks=5)
                finally:
                    strace.terminate()
            return seen.read().count("--- SIGTRAP")

    def at_work(self, guest, *commands):
        """outpost when its stubs are in use; itself and its guardian."""
        process = self.busy(guest, *commands)
        wait_until(lambda: process.poll() is not None or pages(guest), "outpost has mapped its pages")
        before = data_of_stubs(guest)
        wait_until(lambda: process.poll() is not None or data_of_stubs(guest) != before, "the stubs are at work")
        guardian, = self.children(process)
        return process, guardian

    def assertDebuggedAgain(self, guest, check):
        documents = self.attached(guest, "count fib", "tbreak round", "continue", "tbreak round", "continue", "info counts")
        self.assertGreater(documents.one("info counts")["counts"][0]["count"], 0)
        self.assertEqual(pages(guest), [])
        self.assertUndisturbed(guest, check)

    def test_02_stubs_do_nothing_any_more(self):
        """The counters stand still while the guest goes on, and conditions that hold do not trap."""
        for turn in range(2):
            with self.subTest(turn=turn):
                guest = self.guest("busy", options=FEATURES)
                process, _ = self.at_work(guest, *AT_WORK)
                self.kill_now(guest, process)
                # Threads that were in stubs have left them.
                self.goes_on(guest, ticks=2)
                before = data_of_stubs(guest)
                self.assertTrue(before)
                self.goes_on(guest)
                self.assertEqual(data_of_stubs(guest), before)
                self.assertEqual(self.trap_signals(guest), 0)
                self.assertDebuggedAgain(guest, busy_sum)

    def test_02_the_guardian_is_killed_as_well(self):
        """Nobody takes anything out: the stubs go on, a condition that holds is a signal that does nothing."""
        guest = self.guest("busy", options=FEATURES)
        process, guardian = self.at_work(guest, *AT_WORK)
        os.kill(guardian, signal.SIGKILL)
        self.kill_now(guest, process)
        before = data_of_stubs(guest)
        wait_until(lambda: data_of_stubs(guest) != before, "the stubs go on counting")
        self.assertGreater(self.trap_signals(guest), 0)
        self.assertDebuggedAgain(guest, busy_sum)

    def test_02_the_guardian_is_killed_first(self):
        """A breakpoint in a slot, and outpost ends well all the same."""
        guest = self.guest("calls")
        before = guest.code()
        process = self.busy(guest, "break fib", "ignore 1 1000", "continue")
        wait_until(lambda: process.poll() is not None or guest.images() != before[0], "outpost has patched the code")
        for guardian in self.children(process):
            os.kill(guardian, signal.SIGKILL)
        self.assertEqual(process.wait(LIMIT), 0, process.stderr.read())
        self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)


if __name__ == "__main__":
    unittest.main()
