# SPDX-License-Identifier: GPL-3.0-or-later
"""What an independent tool (wasm-tools) says of a module's code, and the core modules in a component. Must not know outpost."""

import re
import subprocess

from harness import LIMIT, VENV, WORK

INSTRUCTION = re.compile(r"\s*\(;@([0-9a-f]+)\s*;\)\s*([a-z].*)")
FUNCTION = re.compile(r"\s*\(;@[0-9a-f]+\s*;\)\s*\(func ")


def leb(data, at):
    """An unsigned LEB128 number and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def sections(data):
    """(kind, start, end) of each section of a module or component."""
    at = 8
    while at < len(data):
        kind = data[at]
        size, start = leb(data, at + 1)
        at = start + size
        yield kind, start, at


def core_modules(path):
    """The core modules of a component in their order (its sections of kind 1), or the module itself."""
    data = path.read_bytes()
    if data[4:8] == b"\x01\0\0\0":
        return [path]
    found = []
    for kind, start, end in sections(data):
        if kind == 1:
            found.append(WORK / f"{path.stem}-{len(found)}.wasm")
            found[-1].write_bytes(data[start:end])
    return found


def function_ends(data):
    """Where the last instruction of each function is: an end, which wasm-tools does not print."""
    for kind, at, _ in sections(data):
        if kind == 10:
            count, at = leb(data, at)
            for _ in range(count):
                size, at = leb(data, at)
                at += size
                yield at - 1


class Code:
    """The instructions of a module by their offsets: text, what comes next, which are in a try_table; and its globals."""

    def __init__(self, path):
        text = subprocess.run([str(VENV / "wasm-tools"), "print", "--print-offsets", str(path)], check=True,
                              capture_output=True, text=True, timeout=LIMIT).stdout
        self.globals = len(re.findall(r"\(global ", text)) - len(re.findall(r"\(export \S+ \(global ", text))
        self.has_memory = "(memory " in text
        self.text, self.guarded = {}, set()
        nesting = []
        for line in text.splitlines():
            code = INSTRUCTION.match(line)
            if FUNCTION.match(line):
                nesting = []
            elif code:
                pc, what = int(code[1], 16), code[2].split()[0]
                self.text[pc] = code[2].split(";;")[0].strip()
                if "try_table" in nesting:
                    self.guarded.add(pc)
                if what in ("block", "loop", "if", "try_table"):
                    nesting.append(what)
                elif what == "end":
                    nesting.pop()
        offsets = sorted([*self.text, *function_ends(path.read_bytes())])
        self.next = dict(zip(offsets, offsets[1:]))
