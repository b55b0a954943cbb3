#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an image of Wasmtime small for the corpus of fuzz_native: sections lie one behind the other without padding, and
those that have nothing to do with debug information are empty.

usage: pack_image.py IMAGE OUTPUT [MODULE]      MODULE is put behind an image that has no bytecode

The image is made with `wasmtime compile -D debug-info=y`; with WASMTIME_BACKTRACE_DETAILS=1 it keeps the guest's DWARF,
with -D guest-debug=y as well its bytecode.
"""

import struct
import sys

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
# No debug information is read with these.
EMPTY = (b".eh_frame", b".wasmtime.traps", b".wasmtime.exceptions", b".wasmtime.frames", b".debug_frame",
         b".rela.debug_frame", b".rodata.wasm")
SHT_NULL, SYMBOL = 0, 24


def name_of(data, names, section):
    start = names[4] + section[0]
    return data[start:data.index(0, start)]


def text_end(data, named):
    """Behind the last function: what follows is padding."""
    table = named[b".symtab"]
    symbols = (struct.unpack_from("<IBBHQQ", data, table[4] + at) for at in range(0, table[5], SYMBOL))
    return max(symbol[4] + symbol[5] for symbol in symbols)


def pack(data):
    header = list(HEADER.unpack_from(data))
    sections = [list(SECTION.unpack_from(data, header[6] + i * SECTION.size)) for i in range(header[12])]
    labels = [name_of(data, sections[header[13]], section) for section in sections]
    named = dict(zip(labels, sections))
    packed = bytearray(HEADER.size)
    for label, section in zip(labels, sections):
        if section[1] == SHT_NULL:
            continue
        size = 0 if label in EMPTY else min(section[5], text_end(data, named)) if label == b".text" else section[5]
        start, section[4], section[5] = section[4], len(packed), size
        packed += data[start:start + size]
    header[6] = len(packed)
    packed[:HEADER.size] = HEADER.pack(*header)
    return bytes(packed) + b"".join(SECTION.pack(*section) for section in sections)


def main():
    image, output, *module = sys.argv[1:]
    with open(image, "rb") as file:
        packed = pack(file.read())
    for path in module:
        with open(path, "rb") as file:
            packed += file.read()
    with open(output, "wb") as file:
        file.write(packed)


main()
