# SPDX-License-Identifier: GPL-3.0-or-later
"""What outpost refuses to attach to, each with its own sentence, and leaves alone: scenarios 11 and 12 of README.md."""

import contextlib
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import NOBODY, PROGRAM, Case, Documents, as_nobody, calls_sum, outpost, wait_until

WITHOUT_PTRACE = [sys.executable, Path(__file__).with_name("without_ptrace.py")]
IS_ROOT = unittest.skipUnless(os.geteuid() == 0, "needs root for other users and namespaces")
KERNEL_THREAD = 0x00200000  # PF_KTHREAD, <linux/sched.h>


def yama(scope):
    """Runs a command where /proc/sys/kernel/yama/ptrace_scope says so; this kernel may have no Yama."""
    return ["unshare", "-m", "sh", "-c",
            f"mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama && "
            f"echo {scope} > /proc/sys/kernel/yama/ptrace_scope && exec \"$@\"", "sh"]


def stat_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def elf32():
    """A program of 32 bits that waits: mov eax, SYS_pause; int 0x80; jmp back."""
    code, base = bytes.fromhex("b81d000000cd80ebf7"), 0x10000
    size = 52 + 32 + len(code)
    head = b"\x7fELF\x01\x01\x01" + bytes(9)
    head += struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base + 84, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return head + struct.pack("<IIIIIIII", 1, 0, base, base, size, size, 5, 4096) + code


class Refusals(Case):
    @contextlib.contextmanager
    def sleeper(self, *command):
        with subprocess.Popen([str(part) for part in command or ["sleep", "600"]]) as process:
            try:
                wait_until(lambda: stat_of(process.pid)[0] == "S", "it sleeps")
                yield process
                # Refused, and nothing of it left.
                wait_until(lambda: stat_of(process.pid)[0] == "S", "it sleeps again")
                self.assertIn("TracerPid:\t0", Path(f"/proc/{process.pid}/status").read_text())
            finally:
                process.kill()

    def assertRefused(self, outcome, code, *says):
        self.assertEqual(outcome.status, 1, outcome)
        error, = Documents(outcome).errors()
        self.assertEqual(error["code"], code, outcome)
        for part in says:
            self.assertIn(part, error["message"])

    @IS_ROOT
    def test_11_yama(self):
        """The kernel's refusal is a filter's here; what is said of it depends on the scope alone."""
        for scope, way in ((1, "ancestors"), (2, "administrator")):
            with self.subTest(scope=scope), self.sleeper(*NOBODY, "sleep", "600") as process:
                outcome = as_nobody("attach", process.pid, "--batch", "--json", prefix=[*yama(scope), *WITHOUT_PTRACE])
                self.assertRefused(outcome, "permission-denied", f"ptrace_scope is {scope}", way)
        with self.sleeper() as process:
            outcome = outpost("attach", process.pid, "--batch", "--json", prefix=[*yama(3), *WITHOUT_PTRACE])
            self.assertRefused(outcome, "permission-denied", "ptrace_scope is 3", "nobody")

    @IS_ROOT
    def test_11_a_filter_forbids_it(self):
        guest = self.guest("calls")
        outcome = outpost("attach", guest.pid, "--batch", "--json", prefix=WITHOUT_PTRACE)
        self.assertRefused(outcome, "permission-denied", "seccomp", "container")
        self.assertUndisturbed(guest, calls_sum)

    @IS_ROOT
    def test_11_root_without_the_capability(self):
        with self.sleeper(*NOBODY, "sleep", "600") as process:
            outcome = outpost("attach", process.pid, "--batch", "--json", prefix=["setpriv", "--bounding-set=-sys_ptrace"])
            self.assertRefused(outcome, "permission-denied", "CAP_SYS_PTRACE", "--cap-add=SYS_PTRACE")

    def test_12_itself(self):
        outcome = outpost("-c", 'exec "$0" attach $$ --batch --json', PROGRAM, program="/bin/sh")
        self.assertRefused(outcome, "unsupported", "outpost itself")

    @IS_ROOT
    def test_12_process_1_which_is_its_parent(self):
        """Of a namespace of its own, and it waits for outpost: it gets to hear of outpost's end."""
        outcome = outpost("-pf", "--mount-proc", "sh", "-c", '"$0" attach 1 --batch --json; echo "{\\"left\\": $?, \\"pid\\": $$}"',
                          PROGRAM, program="unshare")
        self.assertEqual(outcome.status, 0, outcome)
        documents = Documents(outcome)
        self.assertEqual(documents[-1], {"left": 1, "pid": 1})
        self.assertEqual([error["code"] for error in documents.errors()], ["not-wasmtime"])

    def test_12_a_thread_of_the_kernel(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if int(stat_of(pid)[6]) & KERNEL_THREAD:
                    self.assertRefused(outpost("attach", pid, "--batch", "--json"), "unsupported", "thread of the kernel")
                    return
        self.skipTest("a container shows no threads of the kernel")

    def test_12_a_program_of_32_bits(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "program"
            program.write_bytes(elf32())
            program.chmod(0o755)
            try:
                with self.sleeper(program) as process:
                    self.assertRefused(outpost("attach", process.pid, "--batch", "--json"), "unsupported", "32-bit")
            except OSError as error:
                self.skipTest(f"this kernel runs no programs of 32 bits: {error}")

    def test_12_no_wasmtime(self):
        with self.sleeper() as process:
            self.assertRefused(outpost("attach", process.pid, "--batch", "--json"), "not-wasmtime")


if __name__ == "__main__":
    unittest.main()
