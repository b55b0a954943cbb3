# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost is killed as it makes a certain system call, one after the other: nothing is left that the next one does not find."""

import contextlib
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import PROGRAM, Case, calls_sum, environment, outpost, script, wait_until
from loaded_server import LoadedServer

# Of the about two hundred calls that reach into the target, every so manieth is a moment.
STRIDE = int(os.environ.get("OUTPOST_CALL_STRIDE", "9"))
WORK = ("break fib", "count -functions", "tbreak choose", "continue", "detach")


class Calls(Case):
    def killed_at(self, number, calls, *arguments):
        """outpost's exit status when it is killed at the call of that number."""
        return subprocess.run(
            ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={number}", PROGRAM,
             *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment()).returncode

    def each_moment(self, guest, calls, *arguments):
        """Kill outpost at one call after the other, until it makes fewer; what it has left behind is looked at in between."""
        moments = 0
        for number in range(1, 100000, STRIDE):
            with self.subTest(call=number):
                status = self.killed_at(number, calls, *arguments)
                wait_until(lambda: guest.status("TracerPid") == "0", "the kernel has let go of the guest")
                yield
                if status == 0:
                    break
                self.assertEqual(status, -9)
                moments += 1
        self.assertGreater(moments, 50 // STRIDE)

    def test_nothing_is_left_whenever_it_dies(self):
        guest = self.guest("calls")
        before = guest.code()
        for _ in self.each_moment(guest, "ptrace,pwrite64", "attach", guest.pid, "--batch", *script(*WORK)):
            self.attached(guest, "break fib", "continue", "detach")
            self.assertTrue(guest.code() == before)
        self.assertUndisturbed(guest, calls_sum)

    def children(self, guest):
        """Dead ones that nobody has waited for included."""
        return [child for thread in guest.threads()
                for child in Path(f"/proc/{guest.pid}/task/{thread}/children").read_text().split()]

    def test_a_server_whose_core_is_written(self):
        """Small, it makes a copy of itself; with much memory it is copied while it runs."""
        for name in ("serve", "serve_memory"):
            server = LoadedServer(name, "-D", "guest-debug=y", clients=2)
            self.addCleanup(server.__exit__)
            with tempfile.TemporaryDirectory() as folder:
                core = Path(folder) / "core"
                for _ in self.each_moment(server, "ptrace", "gcore", server.pid, core):
                    server.answers_on(4)
                    # A copy is taken away by the next one.
                    self.assertLessEqual(len(self.children(server)), 1)
                # The descriptor is looked for when there is much memory, which only a request has.
                wait_until(lambda: self.writes_core(server, core) and "anon_inode:[userfaultfd]" not in self.open_files(server),
                           "the server has no descriptor of outpost's")
            self.assertEqual(self.children(server), [])
            server.answers_on()

    def writes_core(self, guest, core):
        outcome = outpost("gcore", guest.pid, core)
        self.assertEqual(outcome.status, 0, outcome)
        return core.exists()

    def open_files(self, guest):
        found = []
        for file in Path(f"/proc/{guest.pid}/fd").iterdir():
            # It may be closed meanwhile.
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(file))
        return found


if __name__ == "__main__":
    unittest.main()
