# SPDX-License-Identifier: GPL-3.0-or-later
"""What outpost put into the target goes away again: at a detach, after outpost's death, and with the stores of a server."""

import http.client
import os
import random
import signal
import subprocess
import threading
import time
import unittest

from conversation import Conversation
from harness import (NEWEST, PROGRAM, Case, Guest, calls_sum, environment, script, wait_until, wasmtime, wat)
from leftovers import differences, pages

KILLS = int(os.environ.get("OUTPOST_KILLS", "12"))
# Of tests/guests/exact_counts.wat in each of eight threads: some seconds of work.
ROUNDS = 60_000_000
# Everything at once, on code that is as hot as can be.
ALL = ("count -all", 'log leaf if cells == 0 "%d" cells', "break odd if cells == 12345", "break even", "ignore 4 1000000000",
       "trace -all", "break down if n == 9", "continue")


def counts(threads, rounds):
    """The last line of tests/guests/exact_counts.wat: the sum of its cells."""
    total = 0
    for worker in range(threads):
        odd = sum(1 for i in range(2) if (i + worker) % 2) * (rounds // 2)
        even = rounds - odd
        fives = rounds // 5
        total += 1 + rounds + even + odd + fives + (rounds - fives) + fives * (worker + 1) + even + 2 * odd
    return total


class Leaving(Case):
    def assertSame(self, guest, before):
        """Images, executable mappings and signal handlers, and no page of outpost's stubs."""
        images, executable, caught = guest.code()
        self.assertEqual([hex(base) for base in before[0] if images.get(base) != before[0][base]], [])
        self.assertEqual((executable, caught), before[1:])

    def assertNothingLeft(self, guest, before):
        """As after a death: an empty page that was mapped in that very moment has no mark yet by which it could be found. A
        thread that has ended took its copy of the code with it."""
        now = guest.images()
        self.assertEqual([(hex(base), differences(before[0][base], now[base])) for base in before[0]
                          if now.get(base, before[0][base]) != before[0][base]], [])
        self.assertEqual(pages(guest), [])
        self.assertEqual(guest.status("SigCgt"), before[2])

    def mapped(self, guest):
        return sorted(m[:3] for m in guest.mappings())

    def settled(self, guest):
        """The mappings once all the runtime's own threads have begun, each of which maps stacks and an arena."""
        seen, since = None, 0.0

        def same_for_a_while():
            nonlocal seen, since
            now = self.mapped(guest)
            if now != seen:
                seen, since = now, time.monotonic()
            return time.monotonic() - since > 0.5

        wait_until(same_for_a_while, "the guest's mappings stay the same")
        return seen

    def test_detached_in_the_middle(self):
        """Each kind alone and all together; the mappings are those of before, the code is byte for byte what it was."""
        kinds = (["count -all"], ["count -functions"], ['log fib "%d" n'], ["break fib if n == 77"], ["break fib", "ignore 1 100000"],
                 ["trace -all"], ["break round", "continue", "delete", "watch -software $mem[0x400:i32]"])
        for version in ("44.0.1", NEWEST):
            guest = self.guest("calls", version=version)
            before, mappings = guest.code(), self.settled(guest)
            for commands in (*kinds, [command for kind in kinds[:6] for command in kind]):
                with self.subTest(version=version, commands=commands):
                    # A place that comes when stubs have run for a while, and a stop that is left by detaching.
                    self.attached(guest, *commands, "tbreak choose", "continue", "tbreak apply", "continue", "stepi 3", "detach")
                    self.assertSame(guest, before)
                    self.assertEqual(guest.status("TracerPid"), "0")
                    self.assertEqual(self.mapped(guest), mappings)
            self.assertUndisturbed(guest, calls_sum)

    def test_detached_while_eight_threads_are_in_stubs(self):
        guest = self.exact("counts", 8, ROUNDS, version="44.0.1")
        before = guest.code()
        self.attached(guest, ALL[0], 'log work "%d" worker', *ALL[2:-1], "tbreak down if n == 8", "continue", "tbreak down if n == 7",
                      "continue", "detach", meanwhile=lambda: guest.send("\n"))
        self.assertSame(guest, before)
        self.assertEnds(guest)

    # Death

    def assertEnds(self, guest):
        self.assertEqual(guest.end(), (0, ""))
        self.assertEqual(guest.lines[-1], f"done rounds={ROUNDS} sum={counts(8, ROUNDS)}")

    def kill_while(self, guest, clean, *commands, begin=lambda: None):
        """outpost is killed at a random moment after it has patched the code, on which nothing must depend."""
        process = subprocess.Popen([PROGRAM, "attach", str(guest.pid), "--batch", *script(*commands)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
        self.addCleanup(process.stderr.close)
        wait_until(lambda: process.poll() is not None or guest.images() != clean, "outpost has patched the code")
        self.assertIsNone(process.poll(), process.poll() is not None and process.stderr.read())
        begin()
        guardians = [int(child) for child in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()]
        time.sleep(random.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: guest.status("TracerPid") == "0", "the kernel has let go of the guest")
        wait_until(lambda: not any(os.path.exists(f"/proc/{guardian}") for guardian in guardians), "the guardian has ended")

    def test_killed_with_everything_in_eight_threads(self):
        for first in range(0, KILLS, 6):
            guest = self.exact("counts", 8, ROUNDS, version="44.0.1")
            before = guest.code()
            begin = lambda: guest.send("\n")
            for turn in range(first, min(first + 6, KILLS)):
                with self.subTest(turn=turn):
                    self.kill_while(guest, before[0], *ALL, begin=begin)
                    begin = lambda: None
            # Then once in peace, which finds and cleans what was left.
            documents = self.attached(guest, "count leaf", "tbreak leaf", "continue", "tbreak leaf", "continue", "info counts", "detach")
            self.assertEqual(len(documents.stops("breakpoint")), 2)
            self.assertNothingLeft(guest, before)
            self.assertEnds(guest)

    def test_killed_and_debugged_again(self):
        for version in ("44.0.1", NEWEST):
            guest = self.guest("calls", version=version)
            before = guest.code()
            for turn in range(KILLS):
                with self.subTest(version=version, turn=turn):
                    self.kill_while(guest, before[0], "count -all", 'log fib "%d" n', "break choose if which == 77", "trace -all",
                                    "watch -software $mem[0x400:i32]", "continue")
            documents = self.attached(guest, "break round", "continue", "count fib", "continue", "info counts")
            self.assertEqual([row["count"] for row in documents.one("info counts")["counts"]], [15])
            self.assertNothingLeft(guest, before)
            self.assertUndisturbed(guest, calls_sum)


class Server(Case):
    """wasmtime serve: each request is a store, with a copy of the code of its own."""

    def server(self, version):
        server = Guest(None, command=[wasmtime(version), "serve", "-D", "guest-debug=y", "--addr", "127.0.0.1:0", wat("serve")])
        self.addCleanup(server.__exit__)
        self.address = server.serving_address()
        self.answers = []
        return server

    def ask(self, count, clients=4):
        def some():
            for _ in range(count // clients):
                connection = http.client.HTTPConnection(*self.address, timeout=60)
                connection.request("GET", "/")
                self.answers.append(connection.getresponse().status)
                connection.close()
        threads = [threading.Thread(target=some) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_hits_are_requests(self):
        for version in ("44.0.1", NEWEST):
            with self.subTest(version=version):
                server = self.server(version)
                clean = server.images()
                with Conversation(server.pid) as outpost:
                    outpost.ask("count handle")
                    outpost.ask("count -all")
                    outpost.ask('log count "%d" n')
                    outpost.send("continue")
                    wait_until(lambda: server.images() != clean, "counters are in the code")
                    self.ask(100)
                    first = sum(pages(server))
                    self.ask(300)
                    second = sum(pages(server))
                    os.kill(outpost.process.pid, signal.SIGINT)
                    outpost.told("continue")
                    logged = [d["text"] for d in outpost.events if d.get("event") == "log"]
                    handled = outpost.ask("info counts 1")["counts"]
                    everything = outpost.ask("info counts 2 -instructions")["counts"]
                    outpost.ask("detach")
                self.assertEqual(set(self.answers), {500})
                self.assertEqual(len(self.answers), 400)
                self.assertEqual([row["count"] for row in handled], [400])
                self.assertEqual(logged, ["1000"] * 400)
                loop = [row["count"] for row in everything if row["function"] == "count"]
                self.assertEqual(max(loop), 400 * 1000)
                self.assertGreater(first, 0)
                # As many stores as there are clients are alive at once; their number may have grown a little.
                self.assertLessEqual(second, 2 * first)
                self.assertEqual(sum(pages(server)), 0)


if __name__ == "__main__":
    unittest.main()
