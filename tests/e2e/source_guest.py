# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of the source level: calculator.c, orders.cpp, interpreter.rs. What they print, and the places that they name.

At each checkpoint they print a table, from "at NAME" to "end NAME", of lines "EXPRESSION = VALUE": what a debugger shall show in
the frame that called checkpoint(). Lines of their sources are named by "// @NAME" at the end. Knows no debugger.
"""

import re

from harness import GUESTS, Guest, c, rust, wait_until, wasmtime
from rsp import free_port

# No checks of undefined behaviour: their code is not the guest's own.
PLAIN = ("-O0", "-fno-sanitize=undefined")


def calculator(dwarf=5, *options):
    return c("calculator", "-std=c11", *PLAIN, f"-gdwarf-{dwarf}", *options)


def orders(dwarf=5, *options):
    # Without exceptions: zig has no runtime for them.
    return c("orders", "-std=c++17", "-fno-exceptions", *PLAIN, f"-gdwarf-{dwarf}", *options, suffix=".cpp")


def interpreter(newer=False):
    return rust("interpreter", "-g", "--edition=2021", newer=newer)


def places(source):
    """{name: line} of a file of tests/guests."""
    lines = (GUESTS / source).read_text().splitlines()
    return {found[1]: number for number, line in enumerate(lines, 1) if (found := re.search(r"// @(\S+)$", line))}


def read_table(guest):
    """What the guest wrote for the checkpoint that it is in: (name, [(expression, value)])."""
    name, rows = None, []
    while line := guest.line():
        if line.startswith("at "):
            name, rows = line[3:], []
        elif line.startswith("end "):
            if line[4:] != name:
                raise AssertionError(f"a table {name} that ends as {line[4:]}")
            return name, rows
        elif name:
            expression, _, value = line.partition(" = ")
            rows.append((expression, value))
    raise AssertionError(f"the guest ended without a checkpoint: {guest.lines[-3:]} {guest.stderr()}")


class Stub(Guest):
    """A guest under `wasmtime run -g`, which waits for its debugger."""

    def __init__(self, module):
        self.port = free_port()
        super().__init__(module, command=[wasmtime(), "run", "-g", f"127.0.0.1:{self.port}", module])
        wait_until(lambda: "listening on" in self.stderr(), "the stub listens")
