# SPDX-License-Identifier: GPL-3.0-or-later
"""Wasmtime's own gdb-remote stub (wasmtime run -g) as an independent reader of the guest's state.

What it says is taken as it comes; what is known to be wrong or missing in it is the business of the tests. The protocol:
crates/gdbstub-component of Wasmtime 44 to 50. Must not know outpost.
"""

import re
import socket
import subprocess
import sys
import tempfile
import time

from harness import LIMIT, NEWEST, SOURCE, wasmtime, written

sys.path.insert(0, str(SOURCE / "tests" / "bench"))
from stub_client import MODULE, Stub  # noqa: E402

# An address of the stub's: 2 bits of kind, 30 bits of number, 32 bits of offset.
NUMBER = (1 << 30) - 1
OFFSET = (1 << 32) - 1


def free_port():
    """A port that nothing listens on: the stub neither chooses one nor says it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Exited(Exception):
    """The guest ended, with this status."""


class Reader(Stub):
    """A guest under the stub, stopped before its first instruction. Use with `with`."""

    def __init__(self, module, *, version=NEWEST, options=(), arguments=()):
        port = free_port()
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(part) for part in (wasmtime(version), "run", "-g", f"127.0.0.1:{port}", *options, module, *arguments)],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)
        try:
            self.connect(port)
        except BaseException:
            self.close()
            raise

    def connect(self, port):
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                super().__init__(port)
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the stub does not listen: {self.said()}") from None
                time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        if hasattr(self, "socket"):
            self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()

    def said(self):
        return written(self.output)

    def resume(self, packet):
        """c or s; the signal number of the stop."""
        reply = self.ask(packet)
        if reply[:1] == b"W":
            raise Exited(int(reply[1:3], 16))
        if reply[:1] != b"T":
            raise AssertionError(f"no stop after {packet}: {reply!r} {self.said()}")
        return int(reply[1:3], 16)

    def step(self):
        # A bare vCont;s makes 49.0.3 close the connection.
        return self.resume("s")

    def run(self):
        return self.resume("c")

    def break_at(self, pc, module=0):
        if self.ask(f"Z0,{MODULE + (module << 32) + pc:x},1") != b"OK":
            raise AssertionError(f"the stub set no breakpoint at {pc:#x}")

    def stack(self):
        """[(number of the module, pc)], innermost first; the pc of a caller is that of the next instruction."""
        body = bytes.fromhex(self.ask("qWasmCallStack:1").decode())
        words = [int.from_bytes(body[at : at + 8], "little") for at in range(0, len(body), 8)]
        return [(word >> 32 & NUMBER, word & OFFSET) for word in words]

    def _value(self, what, frame, index):
        """The bytes of a value; none when there is no such value or the stub cannot show it."""
        reply = self.ask(f"{what}:{frame};{index}")
        if reply[:1] == b"E":
            raise AssertionError(f"{what}:{frame};{index}: {reply!r}")
        return bytes.fromhex(reply.decode())

    def _values(self, what, frame):
        values = []
        while value := self._value(what, frame, len(values)):
            values.append(value)
        return values

    def locals(self, frame):
        return self._values("qWasmLocal", frame)

    def operands(self, frame):
        """The bottom of the operand stack first."""
        return self._values("qWasmStackValue", frame)

    def globals(self, frame, count):
        """All of an instance that has so many."""
        values = [self._value("qWasmGlobal", frame, index) for index in range(count + 1)]
        if values.pop():
            raise AssertionError(f"the stub knows more than {count} globals")
        return values

    def memories(self):
        """[(address in the stub's own space, size)] of every linear memory."""
        text = b""
        while True:
            reply = self.ask(f"qXfer:memory-map:read::{len(text):x},800")
            text += reply[1:]
            if reply[:1] != b"m":
                break
        found = re.findall(rb'type="ram" start="0x([0-9a-f]+)" length="0x([0-9a-f]+)"', text)
        return [(int(start, 16), int(size, 16)) for start, size in found]
