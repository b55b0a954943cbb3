# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that the matrices debug: what of them can be broken in, how they show that they go on, what their result must be.

Each is a Guest with these names more: KIND says what it is, HOT is a function that is entered all the time (None where no
breakpoint can be set in it), RARE a condition there that holds now and then, NEVER one that never does, WORD and OTHER are words
in memory that change all the time (None where there is no one memory), goes_on() waits until it has done some work, ends_right()
lets it end and looks at its result.
"""

import struct

from harness import THREADS, Guest, busy_sum, compiled, wait_until, wat
from loaded_server import LoadedServer

WORKERS = 8
THREADED = "44.0.1"  # of those that have wasi-threads


class Threads(Guest):
    """tests/guests/soak.wat: eight threads of hot code. Each of them must go on."""

    HOT, RARE, NEVER, LOGGED = "fib", "n == 3", "n == 77", "n"
    WORD, OTHER = "$mem[0x1000:i64]", "$mem[0x1040:i64]"
    CATCH = ("host",)
    goes_on_for_ever = True
    # What tests/guests/soak.wat writes: its memory is known by it.
    KNOWN_BY, KNOWN_AT = b"done rounds=", 0xf010

    def __init__(self, guest_debug):
        self.KIND = "8 threads, guest-debug" if guest_debug else "8 threads, optimised"
        self.guest_debug = guest_debug
        flags = ["-D", "guest-debug=y"] if guest_debug else []
        # What was compiled before begins at once; without guest-debug it lacks the module that outpost reads.
        module, options = wat("soak"), ()
        if guest_debug:
            module = compiled(module, THREADED, *flags, "-W", "threads=y", "-W", "shared-memory=y")
            options = ("--allow-precompiled",)
        super().__init__(module, version=THREADED, guest_debug=guest_debug, options=(*options, *THREADS), arguments=[WORKERS])
        self.ready()
        self.base = self._memory()
        wait_until(lambda: len(self.workers()) == WORKERS and all(self.counters()), "all threads work")

    def _memory(self):
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            for start, _, access, path in self.mappings():
                if access.startswith("rw-") and not path:
                    memory.seek(start + self.KNOWN_AT)
                    try:
                        if memory.read(len(self.KNOWN_BY)) == self.KNOWN_BY:
                            return start
                    except OSError:
                        continue
        raise AssertionError("the guest's memory was not found")

    def counters(self):
        """The rounds that each worker has done."""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            memory.seek(self.base + 0x1000)
            return [struct.unpack_from("<Q", block)[0] for block in struct.iter_unpack("64s", memory.read(64 * WORKERS))
                    for block in block]

    def workers(self):
        """The threads that work, in the order of their birth."""
        return [t for t in self.threads() if open(f"/proc/{self.pid}/task/{t}/comm").read().startswith("wasi-thread")]

    def goes_on(self):
        before = self.counters()

        def went_on():
            if self.process.poll() is not None:
                raise AssertionError(f"it has ended with {self.process.returncode}: {self.stderr()!r}")
            return all(a < b for a, b in zip(before, self.counters()))

        wait_until(went_on, f"all threads go on (they stand at {before})")

    def ends_right(self):
        rounds, total = self.finish()
        if total * 8 != rounds * 69:
            raise AssertionError(f"{rounds} rounds make {total}")


class Exceptions(Guest):
    """tests/guests/busy.wat: one thread that calls, throws and asks its host."""

    KIND = "exceptions, guest-debug"
    HOT, RARE, NEVER, LOGGED = "fib", "n == 3", "n == 77", "n"
    WORD, OTHER = "$mem[0x500:i32]", "$mem[0x600:i32]"
    CATCH = ("host", "throw")
    OPTIONS = ("-W", "exceptions=y,gc=y,function-references=y", "-C", "collector=drc")
    guest_debug = goes_on_for_ever = True

    def __init__(self):
        super().__init__(wat("busy"), options=self.OPTIONS)
        self.ready()

    def time(self):
        """Ticks that it has computed."""
        fields = open(f"/proc/{self.pid}/stat").read().rpartition(")")[2].split()
        return int(fields[11])

    def goes_on(self):
        before = self.time()
        wait_until(lambda: self.process.poll() is None and self.time() > before, "it computes")

    def ends_right(self):
        rounds, total = self.finish()
        if total != busy_sum(rounds):
            raise AssertionError(f"{rounds} rounds make {total}")


class Server(LoadedServer):
    """`wasmtime serve` under load: each request is a store of its own, which comes and goes."""

    HOT, RARE, NEVER, LOGGED = "count", "n == 3", "n == 77777", "n"
    WORD = OTHER = None
    CATCH = ("trap",)
    KIND, MODULE, OPTIONS, guest_debug = "server, guest-debug", "serve", ("-D", "guest-debug=y"), True
    goes_on_for_ever = False

    def __init__(self):
        super().__init__(self.MODULE, *self.OPTIONS)
        self.answers_on(1)

    def goes_on(self):
        self.answers_on(4)

    def ends_right(self):
        self.answers_on()


class OptimisedServer(Server):
    """Where its module lies in its component is not recorded, so there are no breakpoints; its traps are signals."""

    HOT = None
    CATCH = ("host",)
    KIND, MODULE, OPTIONS, guest_debug = "server, optimised", "serve_calls", (), False


KINDS = {
    "threads": (lambda: Threads(True), 60),
    "optimised": (lambda: Threads(False), 15),
    "exceptions": (Exceptions, 10),
    "server": (Server, 15),
    "optimised-server": (OptimisedServer, 5),
}
