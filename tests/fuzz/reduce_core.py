#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a core file small: of its memory only those pages stay without which outpost shows something else; the others
are zeros, which cost nothing when it is packed.

usage: reduce_core.py OUTPOST CORE COMMANDS OUTPUT      (record_session.sh says how the core is made)
"""

import struct
import subprocess
import sys

PAGE = 4096
# Pages that are kept or left out together.
TOGETHER = 8
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
PT_LOAD = 1


class Core:
    """A core file, and its stretches of bytes (offset, size)."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        header = HEADER.unpack_from(self.data)
        segments = [SEGMENT.unpack_from(self.data, header[5] + i * SEGMENT.size) for i in range(header[10])]
        self.stretches = [(one[2], one[5]) for one in segments if one[0] == PT_LOAD and one[5]]
        self.head = min(offset for offset, _ in self.stretches)

    def write(self, path, stretches):
        """The mappings stay as they are: what is not kept of them is zeros."""
        with open(path, "wb") as file:
            file.write(self.data[:self.head])
            for offset, size in stretches:
                file.seek(offset)
                file.write(self.data[offset:offset + size])
            file.truncate(len(self.data))


def halves(stretch):
    offset, size = stretch
    first = size // PAGE // 2 * PAGE
    return [(offset, first), (offset + first, size - first)]


def main(program, path, commands, output):
    core = Core(path)
    with open(commands) as lines:
        words = [word for line in lines for word in ("-e", line.strip())]

    def shown(stretches):
        core.write(output, stretches)
        done = subprocess.run([program, "core", output, "--sysroot=/nonexistent", *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.stdout + done.stderr

    wanted = shown(core.stretches)
    if b"wait_here (" not in wanted:
        sys.exit("the guest is not where it is to be")
    kept, open_ones = [], sorted(core.stretches, key=lambda one: -one[1])
    while open_ones:
        stretch = open_ones.pop(0)
        if shown(kept + open_ones) == wanted:
            continue
        if stretch[1] <= TOGETHER * PAGE:
            kept.append(stretch)
        else:
            open_ones[:0] = halves(stretch)
    core.write(output, kept)
    print(f"{len(kept)} stretches, {sum(size for _, size in kept)} bytes")


main(*sys.argv[1:])
