# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with outpost while its system calls fail: sessions whose output is the same each time.

A session knows its guest, outpost's arguments, and what in its documents is not the same each time. It knows no failure.
"""

import json
import re
import shutil
import tempfile
from pathlib import Path

from harness import NEWEST, WORK, Guest, compiled, outpost, script, sleeping, wasmtime, wat
from source_guest import calculator

# Numbers of processes and threads, addresses and times; and how gcore did it.
CHANGING = {"pid", "thread", "tid", "host_pc", "address", "base", "time", "seconds", "milliseconds", "stop_microseconds", "nanoseconds", "size",
            "stored", "path", "store", "from_copy"}


def steady(value):
    """A document without what is another number each time."""
    if isinstance(value, dict):
        # A thread's name is empty where it cannot be read (op_proc_name()).
        if "tid" in value:
            value = dict(value, name=None)
        return {key: None if key in CHANGING and not isinstance(part, (dict, list)) else steady(part)
                for key, part in value.items()}
    if isinstance(value, list):
        return [steady(part) for part in value]
    if isinstance(value, str):
        value = re.sub(r"/tmp\w+/", "/TMP/", value)
        return re.sub(r"\b\d{3,}\b", "N", re.sub(r"0x[0-9a-f]{5,}", "0xN", value))
    return value


class Session:
    """outpost attach PID with some commands on a guest that runs through all of them."""

    single = False  # a guest for each run
    dear = 1  # a run takes so many times what others take
    led = False  # what outpost says tells the guest to go on: heard()
    cleaning = ("break leaf", "continue", "delete")  # what the next outpost does, so that what was left goes
    child = None  # whose calls fail, where they are not outpost's own: inject.traced()

    def __init__(self, name, *commands, guest_debug=True):
        self.name, self.commands, self.guest_debug = name, commands, guest_debug

    def start(self):
        """A guest, or None where the session has none of its own."""
        return Guest(wat("steady"), guest_debug=self.guest_debug).ready()

    def arguments(self, guest):
        return ["attach", guest.pid, "--batch", "--json", *script(*self.commands)]

    def begin(self, guest):
        """What the first system call of the session's is known by."""
        return rf"/proc/{guest.pid}/"

    def heard(self, guest):
        """Called with each line of output."""
        return lambda line: None

    def documents(self, text):
        """The documents of a run, comparable; a last one that was cut off is left out."""
        found = []
        for line in text.splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                document = json.loads(line)
                # Where it happened to be.
                if document.get("event") == "stopped" and document["reason"] == "attached":
                    document = {"event": "stopped", "reason": "attached"}
                found.append(steady(document))
        return found

    def check(self, guest, outcome, case):
        """What else a run that says that all went well must have done."""

    def finish(self, guest):
        """Let the guest end; an error when it did not end as it should."""
        rounds, total = guest.finish()
        if total != 40 * rounds:
            raise AssertionError(f"the guest's sum is {total} after {rounds} rounds")


class Sleeping(Session):
    """A guest that waits for a line."""

    cleaning = ("backtrace",)

    def start(self):
        return sleeping(Guest(wat("reader")).ready())

    def finish(self, guest):
        if guest.finish("x\n") != (1, ord("x")):
            raise AssertionError(f"the guest said {guest.lines[-1:]}")


class Stack(Sleeping):
    """What looks at the guest is a process without rights, and is set up before."""

    def begin(self, guest):
        return rf"socketpair|{super().begin(guest)}"

    def arguments(self, guest):
        return ["stack", guest.pid, "--json"]


class Sandboxed(Session):
    """The calls of the process that traces."""

    child = r'PR_SET_NAME, "outpost-tracer"'

    def arguments(self, guest):
        return ["--sandbox", *super().arguments(guest)]


class Gcore(Sleeping):
    """The core must be whole when outpost says that it was written."""

    LOOK = ("backtrace -full", "info memories", "x/4xw 0xf000")

    def start(self):
        self.folder = Path(tempfile.mkdtemp(dir=WORK))
        guest = super().start()
        self.file = self.folder / "core"
        self.looked = self.look(guest, outpost("gcore", guest.pid, self.file))
        return guest

    def look(self, guest, written):
        outcome = outpost("core", self.file, "--batch", "--json", *script(*self.LOOK))
        self.file.unlink(missing_ok=True)
        if outcome.status:
            raise AssertionError(f"a core file that cannot be used: {outcome} {written}")
        return self.documents(outcome.out)

    def arguments(self, guest):
        return ["gcore", guest.pid, self.file, "--json"]

    def check(self, guest, outcome, case):
        case.assertEqual(self.look(guest, outcome), self.looked, outcome)

    def finish(self, guest):
        super().finish(guest)
        left = [path.name for path in self.folder.iterdir() if path.name != "core"]
        shutil.rmtree(self.folder)
        if left:
            raise AssertionError(f"left behind: {left}")


class Core(Session):
    """A core file; no process."""

    def start(self):
        guest = Guest(wat("steady")).ready()
        self.file = WORK / f"inject-{guest.pid}.core"
        outpost("attach", guest.pid, "--batch", *script("break leaf", "continue", f"gcore {self.file}"))
        return guest

    def begin(self, guest):
        return re.escape(self.file.name)

    def arguments(self, guest):
        return ["core", self.file, "--batch", "--json", *script(*self.commands)]

    def finish(self, guest):
        super().finish(guest)
        self.file.unlink()


class Source(Session):
    """A C program, stopped where it shows its variables."""

    single = True
    led = True

    def start(self):
        self.fed = False
        return sleeping(Guest(calculator()).ready())

    def feed(self, guest):
        if not self.fed:
            guest.send("\n")
        self.fed = True

    def heard(self, guest):
        return lambda line: self.feed(guest) if '"tbreak"' in line else None

    def finish(self, guest):
        self.feed(guest)
        while guest.line():
            pass
        if guest.process.wait():
            raise AssertionError(f"the guest ended with {guest.process.returncode}: {guest.stderr()}")


class TraceCalls(Session):
    def __init__(self, name):
        super().__init__(name)

    def arguments(self, guest):
        return ["trace-calls", guest.pid, "--count=20", "--json"]


class Guard(Session):
    """A guest that traps as soon as it is guarded; the report tells what outpost attach would have shown."""

    single = True
    dear = 3
    led = True

    def start(self):
        self.folder, self.fed = Path(tempfile.mkdtemp(dir=WORK)), False
        return sleeping(Guest(wat("traps"), guest_debug=self.guest_debug).ready())

    def arguments(self, guest):
        return ["guard", guest.pid, "--json", f"--report={self.folder}/report", f"--wasm-core={self.folder}/core"]

    def feed(self, guest):
        guest.send("d\n")
        self.fed = True

    def heard(self, guest):
        return lambda line: self.feed(guest) if '"guarding"' in line else None

    def check(self, guest, outcome, case):
        report = (self.folder / "report").read_text()
        case.assertIn("divide (", report, outcome)
        case.assertIn("integer divide by zero", report, outcome)
        case.assertIn(b"\0asm\1\0\0\0\0", (self.folder / "core").read_bytes())

    def finish(self, guest):
        if not self.fed:
            self.feed(guest)
        status, errors = guest.end()
        left = [path.name for path in self.folder.iterdir() if path.name not in ("report", "report.json", "core")]
        shutil.rmtree(self.folder)
        if status != 134 or "integer divide by zero" not in errors:
            raise AssertionError(f"the guest ended with {status}: {errors}")
        if left:
            raise AssertionError(f"left behind: {left}")


class Launched(Session):
    """A program that outpost starts, and that must not outlive it when the session fails. Its standard input is empty: one round."""

    single = True

    def start(self):
        self.module = compiled(wat("steady"), NEWEST, "-D", "guest-debug=y")

    def begin(self, guest):
        return "pipe2"

    def arguments(self, guest):
        return ["run", "--batch", "--json", *script(*self.commands), "--", wasmtime(), "run", "-D", "guest-debug=y",
                "--allow-precompiled", self.module]

    def finish(self, guest):
        pass


STOP = ("break leaf", "continue")
ALL = (
    Sleeping("look", "backtrace -full", "info threads", "info instances", "info memories"),
    Session("break", *STOP, "backtrace -full", "print $large", "continue", "delete"),
    Session("condition", "break leaf if $x == 3", "continue", "print $x", "delete"),
    Session("count", "count middle", "break work", "continue", "delete 2", "tbreak work", "continue", "info counts"),
    Session("log", "log leaf if $x > 2 \"x %d\" $x", "tbreak work", "continue", "tbreak work", "continue"),
    Session("watch", "tbreak work", "continue", "watch $mem[0x1000:i32]", "continue", "continue", "delete"),
    Session("software watch", "tbreak work", "continue", "watch -software $sum", "continue", "continue", "delete"),
    Session("step", *STOP, "stepi", "stepi 3", "finish", "nexti", "delete", "finish"),
    Session("optimised", *STOP, "backtrace", "delete", "finish", guest_debug=False),
    Session("host", "catch host poll_oneoff", "continue", "continue"),
    Source("source", "tbreak checkpoint", "continue", "backtrace", "up", "info locals", "info source", "list"),
    Stack("stack"),
    Sandboxed("sandbox", *STOP, "backtrace -full", "print $large", "stepi", "continue", "delete"),
    Gcore("gcore"),
    Core("core", "backtrace -full", "print $large", "info memories", "x/4xw 0x1000"),
    TraceCalls("trace-calls"),
    Guard("guard"),
    Launched("run", *STOP, "backtrace -full", "delete", "continue"),
)
