#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A linker for rustc that leaves away the debug information of libraries, which is forty times the guest's own: of the objects in their
archives the debug sections become empty. (They stay, since symbols have their numbers; llvm-objcopy knows no such thing of Wasm.)

usage: rustc -C linker=link_own.py ...      (LINKER: rust-lld or another that is called like it; AR: an archiver)
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

CUSTOM = 0


def number(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def encoded(value):
    low = bytes([value & 127 | (128 if value > 127 else 0)])
    return low + encoded(value >> 7) if value > 127 else low


def without_debug(module):
    """The sections of an object file, those about debug information without what is in them."""
    result, at = bytearray(module[:8]), 8
    while at < len(module):
        kind = module[at]
        size, begin = number(module, at + 1)
        at = begin + size
        content = module[begin:at]
        if kind == CUSTOM:
            length, start = number(content, 0)
            name, rest = content[start:start + length], content[start + length:]
            if name.startswith(b".debug_"):
                content = content[:start + length]
            elif name.startswith(b"reloc..debug_"):
                # Of which section, and no relocation.
                content = content[:start + length] + rest[:number(rest, 0)[1]] + b"\0"
        result += bytes([kind]) + encoded(len(content)) + content
    return bytes(result)


def copied(archive, folder):
    """A copy of an archive's objects, without their debug information."""
    members, copy = Path(tempfile.mkdtemp(dir=folder)), Path(folder, f"{len(os.listdir(folder))}-{Path(archive).name}")
    archiver = shlex.split(os.environ["AR"])
    subprocess.run([*archiver, "x", os.path.abspath(archive)], cwd=members, check=True)
    objects = [path for path in sorted(members.iterdir()) if path.read_bytes()[:4] == b"\0asm"]
    for path in objects:
        path.write_bytes(without_debug(path.read_bytes()))
    subprocess.run([*archiver, "rcs", copy, *objects], check=True)
    return str(copy)


def archives(words):
    """The words, those that name a library with the file that it is."""
    folders = [Path(after) for word, after in zip(words, words[1:]) if word == "-L"]
    left = iter(words)
    for word in left:
        if word == "-l":
            name = f"lib{next(left)}.a"
            word = next(str(folder / name) for folder in folders if (folder / name).exists())
        yield word


def main(words):
    with tempfile.TemporaryDirectory() as folder:
        words = [copied(word, folder) if word.endswith((".rlib", ".a")) else word for word in archives(words)]
        return subprocess.run([*shlex.split(os.environ["LINKER"]), *words], check=False).returncode


sys.exit(main(sys.argv[1:]))
