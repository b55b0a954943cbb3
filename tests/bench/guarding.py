# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark of outpost guard: what `wasmtime serve` answers with and without it, one after the other and again."""

import contextlib
import http.client
import re
import subprocess
import threading
import time

import guests
from rows import Outcome, Row, ratio, repeat
from tools import Failed

CLIENTS = 2


class Guarding:
    """The part of Bench that needs self.tools, self.times and self.size()."""

    @contextlib.contextmanager
    def server(self):
        """A running `wasmtime serve`, and its address."""
        module = self.tools.wat("answers", guests.answers())
        process = subprocess.Popen([self.tools.path("wasmtime"), "serve", "--addr", "127.0.0.1:0", str(module)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            line = process.stderr.readline()
            said = re.search(r"http://([0-9.]+):([0-9]+)/", line)
            if not said:
                raise Failed(f"wasmtime serve says {line!r}")
            # It tells of each request: what nobody reads would stop it.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield process.pid, (said[1], int(said[2]))
        finally:
            process.kill()
            process.wait()

    @staticmethod
    def answers(address, seconds):
        """How many requests a second are answered."""
        end, counts = time.monotonic() + seconds, [0] * CLIENTS

        def ask(number):
            while time.monotonic() < end:
                connection = http.client.HTTPConnection(*address, timeout=60)
                connection.request("GET", "/")
                connection.getresponse().read()
                connection.close()
                counts[number] += 1

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / (time.monotonic() - start)

    def guarded(self, pid, address, seconds):
        guard = subprocess.Popen([self.tools.path("outpost"), "guard", "--keep", str(pid)], stdout=subprocess.PIPE, text=True,
                                 cwd=self.tools.scratch)
        try:
            if not guard.stdout.readline().startswith("Guarding"):
                raise Failed("outpost does not guard the server")
            rate = self.answers(address, seconds)
            if guard.poll() is not None:
                raise Failed("outpost has ended meanwhile")
            return rate
        finally:
            guard.terminate()
            guard.communicate()

    def guard(self):
        seconds = self.size(10, 3)
        with self.server() as (pid, address):
            self.answers(address, 1)
            plain = Row("without", lambda: self.answers(address, seconds))
            guarded = Row("outpost guard --keep", lambda: self.guarded(pid, address, seconds))
            repeat([plain, guarded], self.times)
        outcome = Outcome("guard", f"requests to wasmtime serve, {CLIENTS} clients, a store for each", "answers/s", [guarded, plain])
        outcome.claim("of those without", ratio(guarded, plain), "{:.3f}", ">= 0.95", lambda r: r >= 0.95)
        return outcome
