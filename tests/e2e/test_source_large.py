# SPDX-License-Identifier: GPL-3.0-or-later
"""A module with 100 MB of debug information: what nobody asks for is neither indexed nor kept in memory."""

import re
import struct
import tempfile
import unittest
from pathlib import Path

from conversation import Conversation
from harness import GUESTS, WORK, Case, Guest, c

MB = 1_000_000
SIZE = 100 * MB  # of debug information more than the program's own
PEAK = 64 * MB   # of outpost; an empty one has a third of it
CUSTOM = 0
STRING, DATA1 = 0x08, 0x0B  # DW_FORM_*
# DW_TAG_compile_unit with a name, and DW_TAG_base_type with a name, an encoding and a size.
ABBREVIATIONS = bytes([1, 0x11, 1, 0x03, STRING, 0, 0, 2, 0x24, 0, 0x03, STRING, 0x3E, DATA1, 0x0B, DATA1, 0, 0, 0])


def leb(number):
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def read_leb(data, at):
    number = shift = 0
    while data[at] >= 0x80:
        number |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return number | data[at] << shift, at + 1


def sections(data):
    """The id, the name (of custom sections) and the contents of each."""
    at = 8
    while at < len(data):
        kind = data[at]
        size, start = read_leb(data, at + 1)
        at = start + size
        name = b""
        if kind == CUSTOM:
            length, start = read_leb(data, start)
            name, start = data[start : start + length], start + length
        yield kind, name, data[start:at]


def section(kind, name, contents):
    head = leb(len(name)) + name if kind == CUSTOM else b""
    return bytes([kind]) + leb(len(head) + len(contents)) + head + contents


def units(abbreviations):
    """Units of a megabyte each, of types that nothing refers to."""
    found = b""
    types = bytes([2]) + b"int\0" + bytes([5, 4])
    for number in range(SIZE // MB):
        body = struct.pack("<HIB", 4, abbreviations, 4) + bytes([1]) + b"filler_%d.c\0" % number
        body += types * ((MB - len(body) - 5) // len(types)) + b"\0"
        found += struct.pack("<I", len(body)) + body
    return found


def enlarge(module, output):
    parts = list(sections(module.read_bytes()))
    old = next(len(contents) for _, name, contents in parts if name == b".debug_abbrev")
    more = {b".debug_abbrev": ABBREVIATIONS, b".debug_info": units(old)}
    with open(output, "wb") as file:
        file.write(b"\0asm\x01\0\0\0")
        for kind, name, contents in parts:
            file.write(section(kind, name, contents + more.get(name, b"")))


class Large(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(dir=WORK)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.module = Path(cls.folder.name) / "progress.wasm"
        enlarge(c("progress", "-g", "-O0"), cls.module)

    def check(self, module):
        line = 1 + (GUESTS / "progress.c").read_text().splitlines().index("	return cells[cell];")
        with Guest(module, arguments=["1000"], options=["-C", "cache=n"]) as guest:
            guest.wait_line("turn 0")
            with Conversation(guest.pid) as outpost:
                outpost.ask(f"break progress.c:{line}")
                stop = outpost.resume("continue")
                self.assertEqual(stop["reason"], "breakpoint")
                sum_, turn = (int(outpost.read(name)) for name in ("sum", "turn"))
                self.assertEqual(sum_, sum(range(turn % 7 + 1)) + 1)
                status = Path(f"/proc/{outpost.process.pid}/status").read_text()
                peak = int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024
                self.assertLess(peak, PEAK)

    def test_first_breakpoint(self):
        self.check(self.module)

    def test_separate_file(self):
        """Beside a module without any: its parts are read as they are needed, too."""
        with tempfile.TemporaryDirectory(dir=WORK) as folder:
            module = Path(folder) / "progress.wasm"
            kept = [part for part in sections(self.module.read_bytes()) if not part[1].startswith(b".debug_")]
            module.write_bytes(b"\0asm\x01\0\0\0" + b"".join(section(*part) for part in kept))
            (Path(folder) / "progress.debug.wasm").symlink_to(self.module)
            self.check(module)


if __name__ == "__main__":
    unittest.main()
