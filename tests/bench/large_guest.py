#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large C program with a lot of debug information, made of units that are all alike.

    large_guest.py FOLDER [MEGABYTES] COMPILER...      makes FOLDER/large.wasm, with at least so many MB of debug sections

Each unit has types that refer to each other and functions with parameters, locals in nested blocks and lines of their own. The
program prints "ready" and calls PLACE[1] for ever. Knows nothing of debuggers.
"""

import concurrent.futures
import pathlib
import subprocess
import sys

UNITS, TYPES, FUNCTIONS = 90, 640, 24
# Where a breakpoint belongs: the file, and the function of which the line after its first one is meant.
PLACE = ("unit_57.c", "unit_57_work_11")
CUSTOM = 0


def structure(unit, i):
    other = (i * 7 + 3) % TYPES
    return f"""
enum unit_{unit}_state_{i} {{ U{unit}_S{i}_IDLE, U{unit}_S{i}_BUSY = {i + 5}, U{unit}_S{i}_DONE, U{unit}_S{i}_FAILED = -{i + 1} }};
struct unit_{unit}_record_{i} {{
	int number_{i}, weight_{i};
	enum unit_{unit}_state_{i} state;
	struct unit_{unit}_record_{other} *peer_{other};
	union {{ double real; long long wide; char letters[8]; }} content_{i};
	unsigned flags_{i} : 3, kind_{i} : 9;
	int (*compare_{i})(const struct unit_{unit}_record_{i} *left, const struct unit_{unit}_record_{i} *right);
	const char *names_{i}[4];
}};
"""


def function(unit, i):
    kind = i % TYPES
    return f"""
__attribute__((noinline)) int unit_{unit}_work_{i}(int count_{i}, int seed, struct unit_{unit}_record_{kind} *record)
{{
	int sum_{i} = seed * {i + 3};
	double ratio_{i} = seed * 0.5;
	struct unit_{unit}_record_{kind} local = {{.number_{kind} = seed}};
	for (int turn = 0; turn < count_{i}; turn++) {{
		int step_{i} = turn * {i + 1};
		sum_{i} += step_{i};
		if (sum_{i} > {i * 100 + 1000}) {{
			unsigned wrapped_{i} = (unsigned)sum_{i} % 97;
			sum_{i} = (int)wrapped_{i};
		}}
	}}
	local.weight_{kind} = sum_{i};
	if (record)
		*record = local;
	return sum_{i} + (int)ratio_{i};
}}
"""


def unit_text(unit):
    parts = [f"// Made by large_guest.py: unit {unit}.\n"]
    parts += [f"struct unit_{unit}_record_{i};\n" for i in range(TYPES)]
    parts += [structure(unit, i) for i in range(TYPES)]
    parts += [function(unit, i) for i in range(FUNCTIONS)]
    return "".join(parts)


def main_text():
    declared = "".join(f"int unit_{unit}_work_{i}(int, int, void *);\n" for unit in range(UNITS) for i in (0, FUNCTIONS - 1))
    called = "".join(f"\t\tsum += unit_{unit}_work_{i}(1, sum & 7, 0);\n" for unit in range(UNITS) for i in (0, FUNCTIONS - 1))
    return f"""#include <stdio.h>
{declared}int {PLACE[1]}(int, int, void *);
int main(void)
{{
	int sum = 0;
	puts("ready");
	fflush(stdout);
	for (;;) {{
		sum += {PLACE[1]}(3, sum & 7, 0);
{called}	}}
}}
"""


def leb(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def debug_size(path):
    """Bytes of a module's sections for debuggers."""
    data = path.read_bytes()
    at, total = 8, 0
    while at < len(data):
        kind = data[at]
        size, start = leb(data, at + 1)
        if kind == CUSTOM:
            length, name = leb(data, start)
            total += size if data[name : name + length].startswith(b".debug_") else 0
        at = start + size
    return total


def place_line(folder):
    """The number of the line behind the first one of PLACE."""
    lines = (folder / PLACE[0]).read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if f"{PLACE[1]}(" in line) + 3


def make(folder, compiler, megabytes=20, environment=None):
    """Returns the module; it is made once. All functions are kept: nothing else calls most of them."""
    folder = folder.resolve()
    module = folder / "large.wasm"
    if module.exists():
        return module
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.c").write_text(main_text())
    for unit in range(UNITS):
        (folder / f"unit_{unit}.c").write_text(unit_text(unit))

    def run(*arguments):
        subprocess.run([*map(str, compiler), "-target", "wasm32-wasi", *map(str, arguments)], check=True, cwd=folder, env=environment)

    # Types that nothing uses are kept too: they make the module large without making its code so.
    options = ("-g", "-O0", "-fno-sanitize=undefined", "-fno-eliminate-unused-debug-types")
    names = ["main", *(f"unit_{unit}" for unit in range(UNITS))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: run(*options, "-c", f"{name}.c", "-o", f"{name}.o"), names))
    # The linker takes the module's name from the file it writes.
    (folder / "linked").mkdir(exist_ok=True)
    linked = folder / "linked" / module.name
    run("-g", "-Wl,--no-gc-sections", *(f"{name}.o" for name in names), "-o", linked)
    size = debug_size(linked)
    if size < megabytes * 1_000_000:
        raise SystemExit(f"large_guest: the module has {size:,} bytes of debug sections, not {megabytes} MB")
    linked.rename(module)
    return module


if __name__ == "__main__":
    FOLDER = pathlib.Path(sys.argv[1])
    print(debug_size(make(FOLDER, sys.argv[3:], int(sys.argv[2]))))
