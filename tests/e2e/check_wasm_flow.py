#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare op_wasm_flow_successors() with what a real Wasmtime does, one instruction after the other.

usage: check_wasm_flow.py --dump WASM_DUMP [--wasmtime PROGRAM] [--steps N] FILE.wasm ...

Each guest runs under Wasmtime's own gdbstub (wasmtime run -g), single-stepped; after each step the call stack is asked for.
With depths before and after, each pair (pc -> next pc) has to be one of:

 - same depth, or deeper and back: the next pc is a successor;
 - a call: the next pc is the first instruction of a function;
 - a return: "leaves" is set, and the next pc is a successor of the call in the caller;
 - an exception: the next pc is a catch target of the throw or, in a caller, of its call.

Also counted: successors that no step used, which shows whether a listed set is larger than it has to be.

Exit status: 0 all pairs explained, 1 one was not, 77 wasmtime is not there or has no -g.
"""
import argparse
import re
import shutil
import socket
import subprocess
import sys
import time

FEATURES = "gc=y,exceptions=y,function-references=y,tail-call=y"
OFFSET_MASK = 0xFFFFFFFF
CALLS = ("call", "call_indirect", "return_call", "return_call_indirect")


class Stub:
    """The least of a gdb-remote client."""

    def __init__(self, port, process):
        deadline = time.monotonic() + 30
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
                break
            except ConnectionRefusedError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.acknowledge = True
        self.ask("qSupported:multiprocess+;swbreak+")
        self.ask("QStartNoAckMode")
        self.acknowledge = False

    def read(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the gdbstub closed the connection")
        self.buffer += data

    def ask(self, packet):
        body = packet.encode()
        self.socket.sendall(b"$" + body + b"#%02x" % (sum(body) & 0xFF))
        while True:
            match = re.search(rb"\$([^#]*)#..", self.buffer, re.S)
            if match:
                self.buffer = self.buffer[match.end():]
                if self.acknowledge:
                    self.socket.sendall(b"+")
                # Run-length encoding: a character, '*', and how often it follows, plus 29.
                return re.sub(rb"(.)\*(.)", lambda m: m[1] * (m[2][0] - 28), match[1], flags=re.S).decode("latin-1")
            self.read()

    def stack(self):
        """Offsets of the frames in their modules, innermost first."""
        data = bytes.fromhex(self.ask("qWasmCallStack:p01.01"))
        return [int.from_bytes(data[i:i + 8], "little") & OFFSET_MASK for i in range(0, len(data), 8)]


def flow_read(dump, path):
    """{offset: (control, leaves, successors, catch targets)}, and the first instruction of each function."""
    out = subprocess.run([dump, "-f", path], check=True, capture_output=True, text=True).stdout
    flow, entries, at_start = {}, set(), True
    for line in out.splitlines():
        head, rest = line.split(" next", 1)
        following, catches = rest.split(" catch", 1)
        words = head.split()
        offset = int(words[0], 16)
        if at_start:
            entries.add(offset)
        successors = {int(word, 16) for word in following.split()}
        flow[offset] = (words[1], "leaves" in words, successors, {int(word, 16) for word in catches.split()})
        # Only a function's last instruction is an `end` that goes nowhere.
        at_start = words[1] == "end" and not successors
    return flow, entries


def explain(flow, entries, before, after):
    """Why this step is one that the flow allows; None when it is not."""
    control, leaves, successors, catches = flow[before[0]]
    pc = after[0]
    if len(after) == len(before):
        if pc in successors:
            return "next"
        if pc in catches:
            return "caught"
        if control.startswith("return_call") and pc in entries:
            return "tail call"
    if control in CALLS and not leaves and len(after) == len(before) + 1 and pc in entries:
        return "call"
    if len(after) < len(before):
        # The pc of a caller is that of the instruction after the call, or, for a call inside a try_table, of the call (49.0).
        caller = before[len(before) - len(after)]
        calls = [o for o, f in flow.items() if f[0] in ("call", "call_indirect") and (o == caller or caller in f[2])]
        if leaves and len(after) == len(before) - 1 and any(pc in flow[o][2] for o in calls):
            return "return"
        if any(pc in flow[o][3] for o in calls):
            return "caught by a caller"
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(arguments, path):
    flow, entries = flow_read(arguments.dump, path)
    port = free_port()
    command = [arguments.wasmtime, "run", "-W", FEATURES, "-g", f"127.0.0.1:{port}", path]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    reasons, pairs, steps, failures = {}, set(), 0, 0
    try:
        stub = Stub(port, process)
        before = []
        while steps < arguments.steps:
            if not stub.ask("s").startswith("T05"):
                break
            after = stub.stack()
            if before and after and before[0] in flow and after[0] in flow:
                pair = (before[0], after[0])
                reason = explain(flow, entries, before, after)
                if not reason:
                    failures += 1
                    print(f"{path}: {flow[before[0]][0]} at {before[0]:#x} -> {after[0]:#x}, depth {len(before)} -> {len(after)}")
                reasons[reason] = reasons.get(reason, 0) + 1
                pairs.add(pair)
            before = after
            steps += 1
    finally:
        process.kill()
        process.wait()
    reached = {offset for pair in pairs for offset in pair}
    branches = [o for o in reached if len(flow[o][2]) > 1]
    listed = {(o, s) for o in reached for s in flow[o][2] if flow[o][0] not in CALLS}
    unused = listed - pairs
    print(f"{path}: {steps} steps, {len(pairs)} different pairs, {len(reached)} instructions of which {len(branches)} branch; "
          f"{', '.join(f'{count} {reason}' for reason, count in sorted(reasons.items(), key=str))}; "
          f"{len(unused)} of {len(listed)} listed successors never seen")
    if arguments.verbose:
        for offset, successor in sorted(unused):
            print(f"  never seen: {flow[offset][0]} at {offset:#x} -> {successor:#x}")
    return not failures and steps > 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", required=True)
    parser.add_argument("--wasmtime", default="wasmtime")
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    if not shutil.which(arguments.wasmtime):
        print(f"skipped: {arguments.wasmtime} is not installed")
        return 77
    usage = subprocess.run([arguments.wasmtime, "run", "--help"], capture_output=True, text=True).stdout
    if "--gdbstub" not in usage:
        print("skipped: this wasmtime has no gdbstub (-g came with version 44)")
        return 77
    results = [run(arguments, path) for path in arguments.files]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
