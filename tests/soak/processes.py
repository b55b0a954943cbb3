# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that die, and what they leave: this process is the parent of whatever outpost's death makes an orphan.

Must not know what outpost does.
"""

import ctypes
import os
import signal
import subprocess
import time

from harness import LIMIT, environment, written

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """From now on what an ended child leaves behind is a child of this process (man 2 PR_SET_CHILD_SUBREAPER)."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def _children():
    found = []
    for task in os.listdir("/proc/self/task"):
        try:
            found += map(int, open(f"/proc/self/task/{task}/children").read().split())
        except FileNotFoundError:  # a thread that has ended
            continue
    return found


def await_orphans(known, what):
    """Wait until all children but the known ones have ended, and reap them."""
    deadline = time.monotonic() + LIMIT
    while left := [child for child in _children() if child not in known]:
        for child in left:
            os.waitpid(child, os.WNOHANG)
        if time.monotonic() > deadline:
            names = [(child, open(f"/proc/{child}/comm").read().strip()) for child in left]
            raise AssertionError(f"{what}: these do not end: {names}")
        time.sleep(0.002)


class Started:
    """A run of outpost, whose output goes to files: nobody has to read while it runs."""

    def __init__(self, command, folder, keep_output=False, stdin=subprocess.DEVNULL):
        self.errors = open(folder / "stderr", "w+")
        self.output = open(folder / "stdout", "w+") if keep_output else None
        self.process = subprocess.Popen(command, stdin=stdin, stdout=self.output or subprocess.DEVNULL, stderr=self.errors,
                                        cwd=folder, env=environment())
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()
        self.errors.close()
        if self.output:
            self.output.close()

    def ended(self):
        """Not reaped: what the kernel says of it can still be read."""
        return self.process.returncode is not None or os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)

    def kill(self):
        if not self.ended():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def said(self):
        """(standard output, standard error)"""
        return tuple(written(stream) if stream else "" for stream in (self.output, self.errors))

    def waited_for_cpu(self):
        """Seconds that it was ready to run and did not (schedstat, Documentation/scheduler/sched-stats.rst)."""
        return int(open(f"/proc/{self.pid}/schedstat").read().split()[1]) / 1e9

    def await_end(self, limit):
        """Wait until it has ended; False when it does not."""
        deadline = time.monotonic() + limit
        while not self.ended():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True
