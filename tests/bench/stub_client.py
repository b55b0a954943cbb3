# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare client of the gdb-remote stub inside Wasmtime (wasmtime run -g): what that stub can do when no debugger slows it down.

    stub_client.py PORT stops FUNCTION COUNT     vCont;c and a stop reply, so many times
    stub_client.py PORT steps FUNCTION COUNT     run to the function, then s and a stop reply, so many times
    stub_client.py PORT frames FUNCTION          run to the function, then one qWasmCallStack; the count is of frames
    stub_client.py PORT memory FUNCTION SIZE     run to the function, then read from address 0 in the largest packets; bytes

Prints "COUNT SECONDS". FUNCTION is an export. The protocol: crates/gdbstub-component of Wasmtime 44 to 50.
"""

import re
import socket
import sys
import time

MODULE = 0x4000000000000000  # bits 63 and 62: 1 is a module's own bytes; its id is 0
PACKET = 0x1000


class Stub:
    """One connection. Acknowledgements are switched off at once; replies are decoded, run-length encoding included."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        if self.ask("QStartNoAckMode") != b"OK":
            raise RuntimeError("the stub keeps its acknowledgements")
        self.socket.sendall(b"+")

    def ask(self, packet):
        body = packet.encode()
        self.socket.sendall(b"$%s#%02x" % (body, sum(body) & 0xFF))
        return self.receive()

    def receive(self):
        while True:
            end = self.buffer.find(b"#")
            if end >= 0 and len(self.buffer) >= end + 3:
                break
            data = self.socket.recv(1 << 20)
            if not data:
                raise RuntimeError("the stub closed the connection")
            self.buffer += data
        body = self.buffer[self.buffer.index(b"$") + 1 : end]
        self.buffer = self.buffer[end + 3 :]
        return expand(body) if b"*" in body else body

    def read(self, address, size):
        data = bytearray()
        while len(data) < size:
            reply = self.ask(f"m{address + len(data):x},{min(size - len(data), PACKET // 2 - 16):x}")
            if not reply or reply[:1] == b"E":
                raise RuntimeError(f"cannot read 0x{address + len(data):x}: {reply.decode()}")
            data += bytes.fromhex(reply.decode())
        return data


def expand(body):
    """Undo run-length encoding: c*n is c and then n - 29 times c more."""
    return re.sub(rb"(.)\*(.)", lambda run: run[1] * (run[2][0] - 28), body, flags=re.DOTALL)


def leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def first_instruction(module, export):
    """Offset in the module of the first instruction of an exported function."""
    sections = {}
    at = 8
    while at < len(module):
        kind = module[at]
        size, at = leb(module, at + 1)
        sections[kind] = at
        at += size

    imported = 0
    if 2 in sections:
        count, at = leb(module, sections[2])
        for _ in range(count):
            for _ in range(2):
                length, at = leb(module, at)
                at += length
            if module[at] != 0:
                raise RuntimeError("only functions are imported by the guests of these benchmarks")
            _, at = leb(module, at + 1)
            imported += 1

    count, at = leb(module, sections[7])
    for _ in range(count):
        length, at = leb(module, at)
        name = module[at : at + length].decode()
        kind = module[at + length]
        index, at = leb(module, at + length + 1)
        if name == export and kind == 0:
            break
    else:
        raise RuntimeError(f"the module exports no function {export}")

    _, at = leb(module, sections[10])
    for _ in range(index - imported):
        size, at = leb(module, at)
        at += size
    _, at = leb(module, at)
    groups, at = leb(module, at)
    for _ in range(groups):
        _, at = leb(module, at)
        at += 1
    return at


def expect_stop(reply):
    if reply[:3] != b"T05":
        raise RuntimeError(f"not a stop: {reply[:80].decode()}")


def module_bytes(stub):
    """The first module of the guest, whose length only the memory map tells."""
    text = b""
    while True:
        reply = stub.ask(f"qXfer:memory-map:read::{len(text):x},800")
        text += reply[1:]
        if reply[:1] != b"m":
            break
    where = f'start="0x{MODULE:x}" length="'.encode()
    if where not in text:
        raise RuntimeError(f"no module in the stub's memory map: {text[:200].decode()}")
    start = text.index(where) + len(where)
    return stub.read(MODULE, int(text[start : text.index(b'"', start)], 16))


def main(argv):
    if len(argv) < 4:
        sys.exit(__doc__)
    stub = Stub(int(argv[1]))
    mode, function = argv[2], argv[3]
    count = int(argv[4]) if len(argv) > 4 else 0
    breakpoint_at = MODULE + first_instruction(module_bytes(stub), function)

    if stub.ask(f"Z0,{breakpoint_at:x},1") != b"OK":
        raise RuntimeError("the stub set no breakpoint")
    expect_stop(stub.ask("vCont;c"))

    start = time.monotonic()
    if mode == "stops":
        for _ in range(count):
            expect_stop(stub.ask("vCont;c"))
    elif mode == "steps":
        stub.ask(f"z0,{breakpoint_at:x},1")
        start = time.monotonic()
        for _ in range(count):
            expect_stop(stub.ask("s"))
    elif mode == "frames":
        count = len(stub.ask("qWasmCallStack:1")) // 16
    elif mode == "memory":
        stub.read(0, count)
    else:
        sys.exit(__doc__)
    print(count, f"{time.monotonic() - start:.9f}")


if __name__ == "__main__":
    main(sys.argv)
