#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the modules of this folder anew, and the rows of their line programs as llvm-dwarfdump reads them.

    make.py zig-command...        (for instance: make.py python -m ziglang)

types-rust.wasm and returns-rust.wasm need Debian's rustc, libstd-rust-dev-wasm32 and wasm-ld; they have no code of Rust's library in it.

Each line of a .rows file: pc, end, file's base name, line, column, is_stmt, prologue_end. Rows without code are left out.
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OPTIONS = ["-target", "wasm32-freestanding", "-nostdlib", "-Wl,--no-entry", "-fno-sanitize=undefined",
           "-fdebug-compilation-dir=/guest"]
NAMES = [("names-4-O0", ["-gdwarf-4", "-O0"]), ("names-5-O2", ["-gdwarf-5", "-O2"])]
VARIANTS = [("lines-4-O0", ["-gdwarf-4", "-O0"]), ("lines-4-O2", ["-gdwarf-4", "-O2"]),
            ("lines-5-O0", ["-gdwarf-5", "-O0"]), ("lines-5-O2", ["-gdwarf-5", "-O2"])]
TYPES = [("types-4-O0", ["-gdwarf-4", "-O0"]), ("types-5-O0", ["-gdwarf-5", "-O0"]), ("types-5-O2", ["-gdwarf-5", "-O2"])]
RETURNS = [("returns-5-O0", ["-gdwarf-5", "-O0"]), ("returns-5-O2", ["-gdwarf-5", "-O2"])]
RUST = ["/usr/bin/rustc", "--target", "wasm32-unknown-unknown", "-g", "-C", "panic=abort", "-C", "opt-level=0", "-C",
        "overflow-checks=off", "--crate-type", "lib", "--emit=obj", f"--remap-path-prefix={HERE}=/guest"]
CODE = 10


def leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            return value, at


def code_section(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 8
    while at < len(data):
        kind = data[at]
        size, at = leb(data, at + 1)
        if kind == CODE:
            return at, size
        at += size
    raise SystemExit(f"{path} has no code")


def rows(path):
    start, size = code_section(path)
    files, number, sequence = {}, 0, []
    for line in subprocess.run(["llvm-dwarfdump", "--debug-line", path], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        if match := re.match(r"file_names\[ *(\d+)\]", line):
            number = int(match[1])
        elif match := re.match(r' +name: "(.*)"', line):
            files[number] = os.path.basename(match[1])
        elif match := re.match(r"0x([0-9a-f]+) +(\d+) +(\d+) +(\d+) +\d+ +\d+ (.*)", line):
            sequence.append((int(match[1], 16), int(match[2]), int(match[3]), int(match[4]), match[5].split()))
            if "end_sequence" not in match[5]:
                continue
            for row, after in zip(sequence, sequence[1:]):
                if 0 < sequence[0][0] <= size and after[0] > row[0]:
                    yield (start + row[0], start + after[0], files[row[3]], row[1], row[2],
                           int("is_stmt" in row[4]), int("prologue_end" in row[4]))
            sequence = []


def make_types(compiler):
    for name, options in TYPES:
        subprocess.run([*compiler, "c++", *OPTIONS, "-fno-exceptions", "-fno-rtti", "-g", *options, "types.cc", "-o", f"{name}.wasm"],
                       check=True)
        os.chmod(f"{name}.wasm", 0o644)
    make_rust("types", "--export=read", "--export=NODE", "--export=ARRAY")


def make_returns(compiler):
    for name, options in RETURNS:
        subprocess.run([*compiler, "cc", *OPTIONS, "-g", *options, "returns.c", "-o", f"{name}.wasm"], check=True)
        os.chmod(f"{name}.wasm", 0o644)
    make_rust("returns", "--export-all")


def make_rust(name, *options):
    with tempfile.TemporaryDirectory() as folder:
        compiled = os.path.join(folder, f"{name}.o")
        subprocess.run([*RUST, "-o", compiled, f"{name}.rs"], check=True)
        subprocess.run(["wasm-ld", "--no-entry", *options, "--allow-undefined", compiled, "-o", f"{name}-rust.wasm"], check=True)
    os.chmod(f"{name}-rust.wasm", 0o644)


def main(compiler):
    os.chdir(HERE)
    for name, options in NAMES:
        subprocess.run([*compiler, *OPTIONS, "-xc++", "-fno-exceptions", "-g", *options, "names.cc", "names_other.cc", "-o",
                        f"{name}.wasm"], check=True)
        os.chmod(f"{name}.wasm", 0o644)
    for name, options in VARIANTS:
        subprocess.run([*compiler, "cc", *OPTIONS, "-g", *options, "lines.c", "-o", f"{name}.wasm"], check=True)
        os.chmod(f"{name}.wasm", 0o644)
        with open(f"{name}.rows", "w", encoding="utf-8") as file:
            for row in sorted(rows(f"{name}.wasm")):
                print(*row, file=file)
    make_types(compiler)
    make_returns(compiler)


if __name__ == "__main__":
    main(sys.argv[1:])
