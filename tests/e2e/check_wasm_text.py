#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare outpost's disassembly of whole modules with wasm-tools, instruction by instruction.

usage: check_wasm_text.py --dump WASM_DUMP [--wasm-tools PROGRAM] FILE.wasm|FILE.wat ...

Each module is compared twice: without its custom sections (offset and text must be equal), and as it is (the text must be
equal once outpost's "<name>" annotations are taken away). What differs on purpose, and is made equal here:

 - wasm-tools adds comments: "(;@1;)" at labels, ";; label = @1" at blocks, "(;=1.5;)" at floats;
 - floats: wasm-tools prints hexadecimal ones, outpost the shortest decimal number with the same bits; the bits are compared;
 - the last `end` of a function is a ")" in wasm-tools.

Exit status: 0 all equal, 1 a difference, 77 wasm-tools is not there.
"""
import argparse
import re
import shutil
import struct
import subprocess
import sys
import tempfile

FLOAT = re.compile(r"^(f32|f64)\.const (\S+)$")


def float_bits(kind, literal):
    """The bits of a float literal, decimal or hexadecimal."""
    sign, rest = (1, literal[1:]) if literal.startswith("-") else (0, literal)
    fraction, width = (23, 32) if kind == "f32" else (52, 64)
    if rest.startswith("nan"):
        payload = int(rest[4:], 16) if rest.startswith("nan:") else 1 << (fraction - 1)
        exponent = (1 << (width - 1 - fraction)) - 1
        return sign << (width - 1) | exponent << fraction | payload
    value = float.fromhex(rest) if rest.startswith("0x") else float(rest)
    code = ("<f", "<I") if kind == "f32" else ("<d", "<Q")
    return sign << (width - 1) | struct.unpack(code[1], struct.pack(code[0], value))[0]


def normal(text):
    """One text form for both tools."""
    text = re.sub(r"\s*\(;.*?;\)", "", text.split(";;")[0]).strip()
    text = re.sub(r"^(\S+ \d+) <.*>$", r"\1", text)
    match = FLOAT.match(text)
    return f"{match[1]}.const bits {float_bits(match[1], match[2]):#x}" if match else text


def reference(wasm_tools, path):
    """[(offset, text)] of every instruction as wasm-tools prints them."""
    out = subprocess.run([wasm_tools, "print", "--print-offsets", path], check=True, capture_output=True, text=True).stdout
    result, in_function = [], False
    for line in out.splitlines():
        match = re.match(r"\(;@([0-9a-f]+)\s*;\)( *)(.*)$", line)
        if not match:
            continue
        offset, indent, text = int(match[1], 16), len(match[2]), match[3]
        if indent == 2 and text.startswith("(func "):
            in_function = True
        elif in_function and indent == 2 and text.startswith(")"):
            result.append((offset, "end"))
            in_function = False
        elif in_function and not text.startswith("(local "):
            result.append((offset, normal(text)))
    return result


def ours(dump, path):
    """[(offset, text)] as outpost prints them."""
    out = subprocess.run([dump, path], check=True, capture_output=True, text=True).stdout
    result = []
    for line in out.splitlines():
        offset, text = line.split(" ", 1)
        result.append((int(offset, 16), text))
    return result


def compare(name, expected, found):
    """Say how the two lists differ; True when they do not."""
    differences = 0
    for (offset, text), (our_offset, our_text) in zip(expected, found):
        if offset == our_offset and text == our_text:
            continue
        differences += 1
        if differences <= 10:
            print(f"{name}: wasm-tools {offset:#x} {text!r}, outpost {our_offset:#x} {our_text!r}")
    if len(expected) != len(found):
        print(f"{name}: wasm-tools prints {len(expected)} instructions, outpost {len(found)}")
        differences += 1
    return differences == 0


def check(arguments, path, scratch):
    """Both comparisons of one module."""
    binary = f"{scratch}/module.wasm"
    bare = f"{scratch}/bare.wasm"
    if path.endswith(".wat"):
        subprocess.run([arguments.wasm_tools, "parse", path, "-o", binary], check=True)
    else:
        shutil.copyfile(path, binary)
    subprocess.run([arguments.wasm_tools, "strip", "--all", binary, "-o", bare], check=True)
    expected = reference(arguments.wasm_tools, bare)
    found = [(offset, normal(text)) for offset, text in ours(arguments.dump, bare)]
    equal = compare(path, expected, found)
    named = [normal(text) for _, text in ours(arguments.dump, binary)]
    if named != [text for _, text in expected]:
        print(f"{path}: the texts differ when there are names")
        equal = False
    mnemonics = len({text.split(" ")[0] for _, text in expected})
    print(f"{path}: {len(expected)} instructions, {mnemonics} mnemonics, {'equal' if equal else 'NOT EQUAL'}")
    return equal


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", required=True)
    parser.add_argument("--wasm-tools", default="wasm-tools")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    if not shutil.which(arguments.wasm_tools):
        print(f"skipped: {arguments.wasm_tools} is not installed")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        results = [check(arguments, path, scratch) for path in arguments.files]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
