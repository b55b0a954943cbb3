# SPDX-License-Identifier: GPL-3.0-or-later
"""Core files of guests: by the kernel, where it writes them as files, and by gdb. Both are kept small.

Nothing of the machine's is changed: the limit on cores is the guest's own, and it runs in a folder of its own.
"""

import ctypes
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import LIMIT, NEWEST, WORK, Case, Documents, Guest, outpost, script, wasmtime

# gcore writes reservations of linear memories in full, as zeros.
SMALL = ("-O", "memory-reservation=1048576,memory-guard-size=65536,memory-reservation-for-growth=1048576")
LIMIT_OF_CORES = 1 << 31


def kernel_writes_files():
    """core_pattern (man 5 core): a plain name is a file in the process's folder."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    return pattern and pattern[0] not in "|/@"


needs_kernel_cores = unittest.skipUnless(kernel_writes_files(),
                                         "core_pattern does not put cores into the process's folder")
needs_gdb = unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")


class CoreCase(Case):
    """A test whose guests may end in a core file."""

    def setUp(self):
        WORK.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=WORK)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def with_core(self):
        """The words before a command that let it run in the test's folder and write a core there."""
        # Rust's and glibc's heaps reserve 64 MiB for each thread; gdb would write them all.
        return ["env", "-C", self.folder, "MALLOC_ARENA_MAX=1", "prlimit", f"--core={LIMIT_OF_CORES}", "--"]

    def started(self, module, *, version=NEWEST, guest_debug=True, options=(), arguments=(), command=None):
        """A guest in a folder of its own that may write a core there."""
        if command is None:
            debug = ["-D", "guest-debug=y"] if guest_debug else []
            command = [wasmtime(version), "run", *debug, *options, module, *arguments]
        guest = Guest(None, command=[*self.with_core(), *command])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def kernel_core(self, guest, number=signal.SIGABRT):
        """End the guest by a signal, of which its main thread dies; the core."""
        self.assertEqual(ctypes.CDLL(None).tgkill(guest.pid, guest.pid, int(number)), 0)
        # It may be stopped by job control.
        os.kill(guest.pid, signal.SIGCONT)
        guest.process.wait(LIMIT)
        return self.left_core()

    def left_core(self):
        core, = glob.glob(f"{self.folder}/core*")
        moved = f"{self.folder}/kept-{len(os.listdir(self.folder))}"
        os.rename(core, moved)
        return moved

    def gcore(self, guest):
        path = f"{self.folder}/gcore"
        commands = [f"attach {guest.pid}", f"generate-core-file {path}", "detach"]
        self.gdb(*commands)
        return path

    def gdb(self, *commands, arguments=()):
        # Symbols of libraries are of no use here, and take seconds.
        command = ["gdb", "-nx", "-batch", "-iex", "set auto-solib-add off", "-iex", "set pagination off",
                   "-iex", "set debuginfod enabled off",
                   *(part for one in commands for part in ("-ex", one)), *arguments]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=LIMIT,
                              stdin=subprocess.DEVNULL)
        return done.stdout + done.stderr

    def opened(self, core, *commands, options=(), status=0):
        """Open a core, run commands; the documents."""
        outcome = outpost("core", core, "--batch", "--json", *options, *script(*commands))
        self.assertEqual(outcome.status, status, outcome)
        return Documents(outcome)

    def opened_text(self, core, *commands, options=(), status=0):
        outcome = outpost("core", core, "--batch", "--color=never", *options, *script(*commands))
        self.assertEqual(outcome.status, status, outcome)
        return outcome.out

    def refused(self, core, *options, mode="core"):
        """The sentence with which a core is refused."""
        outcome = outpost(mode, core, *options, *(["--batch"] if mode == "core" else []))
        self.assertEqual(outcome.status, 1, outcome)
        return outcome.err
