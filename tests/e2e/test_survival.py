# SPDX-License-Identifier: GPL-3.0-or-later
"""The target survives whatever happens to outpost: its own result is the witness."""

import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from conversation import Conversation
from harness import PROGRAM, THREADS, WORK, Case, busy_sum, calls_sum, environment, outpost, script, spin_sum, wait_until
from leftovers import traps, traps_in_copies
from loaded_server import LoadedServer

ROUNDS = int(os.environ.get("OUTPOST_KILLS", "12"))
# Exceptions are objects, and the copying collector of Wasmtime 49 fails in its first collection by itself.
FEATURES = ["-W", "exceptions=y,gc=y,function-references=y", "-C", "collector=drc"]


class Killing(Case):
    def busy(self, guest, *commands, **options):
        """outpost at work on a guest until it is killed."""
        return self.started("attach", guest.pid, "--batch", *script(*commands), **options)

    def started(self, *arguments, stdout=subprocess.DEVNULL):
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=stdout,
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
        self.kill_now(guest, process)
        wait_until(lambda: not traps(guest, clean), "the guardian has taken every trap out")

    def kill_now(self, guest, process):
        self.assertIsNone(process.poll(), process.poll() is not None and process.stderr.read())
        # A random moment, of which the test's outcome must not depend.
        time.sleep(random.uniform(0, 0.02))
        guardians = self.children(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        wait_until(lambda: all(self.has_ended(guardian) for guardian in guardians), "the guardian has ended")
        self.assertEqual(guest.status("TracerPid"), "0")

    def has_ended(self, pid):
        try:
            return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    def children(self, process):
        return [int(child) for child in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()]


class Survival(Killing):
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
        clean = guest.images()
        process = self.busy(guest, "break fib", "ignore 1 100000000", "continue")
        wait_until(lambda: guest.images() != clean or process.poll() is not None, "outpost has patched the code")
        guardians = self.children(process)
        self.assertEqual(len(guardians), 1)
        wait_until(lambda: open(f"/proc/{guardians[0]}/comm").read() == "outpost-guard\n", "the guardian has begun its work")
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: self.has_ended(guardians[0]), "the guardian has ended")
        self.assertUndisturbed(guest, calls_sum)

    def test_a_signal_handler_of_its_own_is_put_back(self):
        guest = self.guest("calls")
        before = guest.code()
        self.attached(guest, "break fib", "continue", "stepi 5")
        self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    def test_killed_at_the_prompt(self):
        """A guest that was met in the middle of an instruction was carried to the next one."""
        guest = self.guest("spin")
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                process = subprocess.Popen([PROGRAM, "attach", str(guest.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, env=environment())
                while said := process.stdout.readline():
                    if said.startswith(b"=>"):
                        break
                self.assertTrue(said, said or process.stderr.read())
                self.kill_now(guest, process)
                process.stdin.close()
                process.stdout.close()
        self.assertUndisturbed(guest, spin_sum)

    def test_killed_over_instructions(self):
        """Traps that stand over machine instructions: each must be executed once, also by a thread that has just hit one."""
        busy = {
            "trace-calls": self.kill_tracing,
            "break": lambda guest: self.kill_while(guest, "break fib", "ignore 1 100000000", "continue"),
            "throw": lambda guest: self.kill_while(guest, "catch throw", "ignore 1 100000000", "continue"),
            "host": lambda guest: self.kill_while(guest, "catch host", "ignore 1 100000000", "continue"),
        }
        for guest_debug in (True, False):
            guest = self.guest("busy", guest_debug=guest_debug, options=FEATURES)
            for turn in range(ROUNDS):
                for what, kill in busy.items():
                    with self.subTest(guest_debug=guest_debug, what=what, turn=turn):
                        kill(guest)
            self.assertUndisturbed(guest, busy_sum)

    def test_killed_in_stubs(self):
        """A condition that holds now and then: the traps are in the stubs."""
        guest = self.guest("busy", options=FEATURES)
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                self.kill_while(guest, "break fib if n == 3", "ignore 1 100000000", "continue")
        self.assertUndisturbed(guest, busy_sum)

    def threads(self, guest_debug):
        """Three threads that count in memory and for themselves: in the end both must be the same."""
        return self.guest("threads", version="44.0.1", guest_debug=guest_debug, options=THREADS, arguments=[3])

    def assertCountedOnce(self, guest):
        self.assertEqual(guest.status("TracerPid"), "0")
        in_memory, by_threads = guest.finish()
        self.assertEqual(in_memory, by_threads)

    def test_killed_with_several_threads_at_a_breakpoint(self):
        for guest_debug in (True, False):
            guest = self.threads(guest_debug)
            for turn in range(ROUNDS):
                with self.subTest(guest_debug=guest_debug, turn=turn):
                    self.kill_while(guest, "break tick", "ignore 1 100000000", "continue")
            self.assertCountedOnce(guest)

    def test_killed_with_a_hot_watchpoint(self):
        """Debug registers raise SIGTRAP as well, and nothing is to be executed again for them."""
        for guest_debug in (True, False):
            guest = self.threads(guest_debug)
            for turn in range(ROUNDS):
                with self.subTest(guest_debug=guest_debug, turn=turn):
                    process = self.busy(guest, "instance 2", "watch $mem[0x1000:i64]", "ignore 1 100000000", "continue",
                                        stdout=subprocess.PIPE)
                    # Nothing can be seen of it from outside. After this it goes on, and hits come at once.
                    while said := process.stdout.readline():
                        if said.endswith(b"are ignored.\n"):
                            break
                    self.assertTrue(said, said or process.stderr.read())
                    self.kill_now(guest, process)
                    process.stdout.close()
            self.assertCountedOnce(guest)

    def test_nothing_is_left_after_the_next_detach(self):
        """What a killed outpost has left is known again and taken away: its handler is not taken for the program's."""
        for guest_debug in (True, False):
            with self.subTest(guest_debug=guest_debug):
                guest = self.guest("busy", guest_debug=guest_debug, options=FEATURES)
                _, executable, caught = guest.code()
                for _ in range(3):
                    self.kill_while(guest, "break fib", "ignore 1 100000000", "continue")
                self.assertNotEqual(guest.code()[1:], (executable, caught))
                self.attached(guest, "break fib", "continue", "delete")
                self.assertEqual(guest.code()[1:], (executable, caught))
                self.assertUndisturbed(guest, busy_sum)


class Ended(Case):
    """A program that stands at a stop is killed: outpost says so, by itself or with the next command."""

    def test_killed_at_an_idle_prompt(self):
        for name in ("calls", "spin"):
            guest = self.guest(name)
            with Conversation(guest.pid) as prompt:
                os.kill(guest.pid, signal.SIGKILL)
                self.assertEqual(prompt.document(), {"event": "exited", "pid": guest.pid, "signal": "SIGKILL"})

    def test_killed_while_it_counts(self):
        """Counters are read before the program ends, so its threads stand at their ends: they have to be let on."""
        guest = self.guest("calls")
        with Conversation(guest.pid) as prompt:
            prompt.ask("count -all")
            prompt.ask("tbreak round")
            prompt.resume("continue")
            os.kill(guest.pid, signal.SIGKILL)
            self.assertEqual(prompt.document(), {"event": "exited", "pid": guest.pid, "signal": "SIGKILL"})

    def kill(self, guest):
        """A command after which all its threads are dead."""
        states = f"cat /proc/{guest.pid}/task/*/status | grep State:"
        return f"shell kill -9 {guest.pid}; while {states} | grep -qv Z; do sleep 0.1; done"

    def test_killed_between_two_commands(self):
        for command in ("backtrace", "continue", "stepi", "watch $mem[0:i32]"):
            with self.subTest(command=command):
                guest = self.guest("calls")
                result = outpost("attach", guest.pid, "--batch", *script(self.kill(guest), command))
                self.assertEqual(result.status, 1, result)
                self.assertEqual(result.out.splitlines()[-1], f"Process {guest.pid} was killed by signal SIGKILL.")
                self.assertEqual(result.err, 'error: the program has ended; "attach PID" or "run COMMAND" gives another one\n')

    def test_killed_before_the_detach(self):
        guest = self.guest("calls")
        result = outpost("attach", guest.pid, "--batch", *script(self.kill(guest)))
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.out.splitlines()[-1], f"Process {guest.pid} was killed by signal SIGKILL.")


class Servers(Killing):
    def server(self, name, *options):
        server = LoadedServer(name, *options)
        self.addCleanup(server.__exit__)
        return server

    def test_detached_while_a_server_copies_its_code(self):
        """Each request clones the engine's code: some clones are begun while a breakpoint is in it."""
        server = self.server("serve", "-D", "guest-debug=y")
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                documents = self.attached(server, "break count", f"ignore 1 {10 * turn}", "continue")
                self.assertEqual(len(documents.stops("breakpoint")), 1)
        server.answers_on()

    def test_steps_while_a_server_copies_its_code(self):
        """A step puts a trap where guests trap, into every copy; requests that begin meanwhile run in clones of these."""
        server = self.server("serve", "-D", "guest-debug=y")
        for turn in range(4):
            with self.subTest(turn=turn):
                documents = self.attached(server, *("tbreak count", "continue", "stepi 3") * 5)
                self.assertEqual(len(documents.stops("breakpoint")), 5)
                self.assertEqual(documents.errors(), [])
        server.answers_on()

    def kill_serving(self, server, *arguments):
        """Its images come and go with the requests: traps are looked for, in those that were there before."""
        clean = server.images()
        process = self.started(*arguments)
        wait_until(lambda: process.poll() is not None or traps(server, clean), "outpost has patched the code")
        self.kill_now(server, process)
        wait_until(lambda: not traps_in_copies(server, max(clean.values(), key=len)), "no copy of the code has a trap")
        server.answers_on(10)

    def test_killed_tracing_the_calls_of_a_server(self):
        for options in (["-D", "guest-debug=y"], []):
            server = self.server("serve_calls", *options)
            for turn in range(ROUNDS):
                with self.subTest(options=options, turn=turn):
                    self.kill_serving(server, "trace-calls", "-o", "/dev/null", server.pid)

    def test_killed_over_instructions_of_a_server(self):
        """Copies that requests have made of such a trap are known to nobody but the guardian, which looks for them."""
        folder = tempfile.TemporaryDirectory(dir=WORK)
        self.addCleanup(folder.cleanup)
        work = {
            "catch host": ("attach", "--batch", *script("catch host", "ignore 1 100000000", "continue")),
            "catch trap": ("attach", "--batch", *script("catch trap", "ignore 1 100000000", "continue")),
            "guard": ("guard", "--keep", "--limit=1", f"--report={folder.name}/report"),
            "stepi": ("attach", "--batch", *script(*("tbreak later", "continue", "stepi 300") * 100)),
        }
        # Traps of optimised code are signals, for which nothing is written into it.
        for options, names in ((["-D", "guest-debug=y"], work), ([], ["catch host"])):
            server = self.server("serve_calls", *options)
            for turn in range(ROUNDS // 4):
                for what in names:
                    with self.subTest(options=options, what=what, turn=turn):
                        self.kill_serving(server, *work[what], server.pid)

    def test_killed_with_a_breakpoint_in_every_request(self):
        server = self.server("serve", "-D", "guest-debug=y")
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                self.kill_serving(server, "attach", server.pid, "--batch",
                                  *script("break count", "ignore 1 100000000", "continue"))


if __name__ == "__main__":
    unittest.main()
