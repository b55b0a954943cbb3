# SPDX-License-Identifier: GPL-3.0-or-later
"""The target survives whatever happens to outpost: its own result is the witness."""

import http.client
import os
import random
import signal
import subprocess
import threading
import time
import unittest

from harness import (LIMIT, PROGRAM, THREADS, Case, Guest, calls_sum, environment, script, spin_sum, wait_until, wasmtime, wat)

ROUNDS = int(os.environ.get("OUTPOST_KILLS", "12"))
FEATURES = ["-W", "exceptions=y,gc=y,function-references=y"]


def busy_sum(rounds):
    """What tests/guests/busy.wat must add up to."""
    return 11 * rounds + sum(turn >> 4 & 255 for turn in range(0, rounds, 16))


class Survival(Case):
    def busy(self, guest, *commands):
        """outpost at work on a guest until it is killed."""
        return self.started("attach", guest.pid, "--batch", *script(*commands))

    def started(self, *arguments):
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, env=environment())
        self.addCleanup(process.stderr.close)
        return process

    def kill_while(self, guest, *commands):
        clean = guest.images()
        self.kill(guest, self.busy(guest, *commands), clean)

    def kill_tracing(self, guest):
        clean = guest.images()
        self.kill(guest, self.started("trace-calls", "-o", "/dev/null", guest.pid), clean)

    def kill(self, guest, process, clean):
        # Not before it has patched the code: until then there is nothing to survive.
        wait_until(lambda: process.poll() is not None or guest.images() != clean, "outpost has patched the code")
        self.assertIsNone(process.poll(), process.poll() is not None and process.stderr.read())
        # A random moment, of which the test's outcome must not depend.
        time.sleep(random.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        wait_until(lambda: guest.status("TracerPid") == "0", "the kernel has let go of the guest")
        wait_until(lambda: not self.traps(guest, clean), "the guardian has taken every trap out")

    def traps(self, guest, clean):
        """How many int3 there are now where there was something else."""
        count = 0
        for base, now in guest.images().items():
            before = clean.get(base, now)
            if now != before:
                count += sum(1 for a, b in zip(now, before) if a == 0xCC and b != 0xCC)
        return count

    def test_killed_with_a_hot_breakpoint(self):
        guest = self.guest("calls")
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                self.kill_while(guest, "break fib", "ignore 1 100000000", "continue")
        self.assertUndisturbed(guest, calls_sum)

    def test_killed_while_stepping(self):
        guest = self.guest("calls")
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                self.kill_while(guest, "stepi 100000000")
        self.assertUndisturbed(guest, calls_sum)

    def test_killed_in_a_loop_without_calls(self):
        guest = self.guest("spin")
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                self.kill_while(guest, "stepi 100000000")
        self.assertUndisturbed(guest, spin_sum)

    def test_debugged_again_after_a_kill(self):
        guest = self.guest("calls")
        self.kill_while(guest, "break fib", "ignore 1 100000000", "continue")
        documents = self.attached(guest, "break fib", "continue", "continue", "delete", "stepi 20", "finish", "backtrace")
        self.assertEqual(len(documents.stops("breakpoint")), 2)
        self.assertEqual(documents.errors(), [])
        self.assertEqual(self.names(documents.one("backtrace")["frames"])[-1], "main")
        self.assertUndisturbed(guest, calls_sum)

    def test_no_guardian_outlives_its_work(self):
        guest = self.guest("calls")
        process = self.busy(guest, "break fib", "ignore 1 100000000", "continue")
        clean = guest.images()
        wait_until(lambda: guest.images() != clean or process.poll() is not None, "outpost has patched the code")
        children = [int(c) for c in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()]
        names = {c: open(f"/proc/{c}/comm").read().strip() for c in children}
        guardians = [c for c, name in names.items() if name == "outpost-guard"]
        self.assertEqual(len(guardians), 1, names)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not os.path.exists(f"/proc/{guardians[0]}") or self.is_zombie(guardians[0]), "the guardian has ended")
        self.assertUndisturbed(guest, calls_sum)

    def is_zombie(self, pid):
        try:
            return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    def test_a_signal_handler_of_its_own_is_put_back(self):
        guest = self.guest("calls")
        before = guest.code()
        self.attached(guest, "break fib", "continue", "stepi 5")
        self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    def test_detached_while_a_server_copies_its_code(self):
        """Each request clones the engine's code: some clones are begun while a breakpoint is in it."""
        server = Guest(None, command=[wasmtime(), "serve", "-D", "guest-debug=y", "--addr", "127.0.0.1:0", wat("serve")])
        self.addCleanup(server.__exit__)
        host, port = server.serving_address()
        stop, answers = threading.Event(), []

        def ask():
            while not stop.is_set():
                try:
                    connection = http.client.HTTPConnection(host, port, timeout=30)
                    connection.request("GET", "/")
                    answers.append(connection.getresponse().status)
                    connection.close()
                except OSError as error:
                    answers.append(error)

        clients = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                documents = self.attached(server, "break count", f"ignore 1 {10 * turn}", "continue")
                self.assertEqual(len(documents.stops("breakpoint")), 1)
        before = len(answers)
        wait_until(lambda: len(answers) > before + 50, "the server answers on")
        stop.set()
        for client in clients:
            client.join()
        # The handler ends in a trap, which the server says with 500; anything else is outpost's doing.
        self.assertEqual(set(answers), {500})
        self.assertNotEqual(server.state(), "gone")


if __name__ == "__main__":
    unittest.main()
