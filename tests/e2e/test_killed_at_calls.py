# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost is killed as it makes a certain system call, one after the other: nothing is left that the next one does not find."""

import os
import subprocess
import unittest

from harness import PROGRAM, Case, calls_sum, environment, script, wait_until

# Of the about two hundred calls that reach into the target, every so manieth is a moment.
STRIDE = int(os.environ.get("OUTPOST_CALL_STRIDE", "9"))
WORK = ("break fib", "count -functions", "tbreak choose", "continue", "detach")


class Calls(Case):
    def killed_at(self, guest, number):
        """outpost's exit status when it is killed at the call of that number."""
        calls = "ptrace,pwrite64"
        return subprocess.run(
            ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={number}", PROGRAM,
             "attach", str(guest.pid), "--batch", *script(*WORK)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=environment()).returncode

    def test_nothing_is_left_whenever_it_dies(self):
        guest = self.guest("calls")
        before = guest.code()
        moments = 0
        for number in range(1, 100000, STRIDE):
            with self.subTest(call=number):
                status = self.killed_at(guest, number)
                wait_until(lambda: guest.status("TracerPid") == "0", "the kernel has let go of the guest")
                self.attached(guest, "break fib", "continue", "detach")
                self.assertTrue(guest.code() == before)
                if status == 0:  # it makes fewer calls
                    break
                self.assertEqual(status, -9)
                moments += 1
        self.assertGreater(moments, 100 // STRIDE)
        self.assertUndisturbed(guest, calls_sum)


if __name__ == "__main__":
    unittest.main()
