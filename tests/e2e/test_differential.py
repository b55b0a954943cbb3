# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost against an independent reader, instruction by instruction: Wasmtime's own gdb-remote stub (wasmtime run -g).

Both step through the same deterministic guest from its first instruction to its last. At each instruction they are asked the
same: the whole stack with the pc of every frame, all locals and operands of every frame, the globals of the innermost frame's
instance, a window of every linear memory. Offsets of instructions are an independent tool's. KNOWN says where the stub is
wrong or silent; every other difference is a failure.
"""

import struct
import unittest
from collections import Counter

from harness import LIMIT, NEWEST, WORK, Case, Documents, c, outpost, wasmtime, wat
from rsp import Exited, Reader
from wasm_text import Code, core_modules

# What the stub does not say, and how it is told. Its source is crates/gdbstub-component of Wasmtime 44 to 49.
KNOWN = {
    "reference": "a funcref or an exnref is four zero bytes, whatever it refers to (value_to_bytes of the stub)",
    "hidden": "one anyref or externref among a frame's locals hides all of them, and so for the operands: the stub's host "
              "knows no such type and refuses the whole list (crates/debugger/src/host)",
    "global reference": "a global that is an anyref or an externref has no bytes, for the same reason",
    "inlined tail call": "a tail call that was inlined is a call like others, but has no point either: the pc is its own",
    "try_table": "the pc of a caller is the next instruction's, as everywhere, but that of the call itself when the call is in a "
                 "try_table: the frame table has no point for such a call's return address, and the nearest one is the call's",
}

WINDOW = ((0, 0, 256),)
# The windows of linear memory, (memory, address, bytes), where they are not the first bytes of the only memory.
WINDOWS = {"memories": ((0, 0, 128), (1, 0, 160), (2, 0, 32))}

# What must have been compared of each guest, so that a comparison that is left out is seen.
GUESTS = {
    "component": {"instructions": 143, "frames": 351, "values": 1188, "bytes": 34816},
    "exceptions": {"instructions": 320, "frames": 924, "values": 3362, "bytes": 81920, "try_table": 284, "reference": 2},
    "gc": {"instructions": 293, "frames": 543, "values": 845, "bytes": 75008, "hidden": 1466, "global reference": 586},
    "memories": {"instructions": 362, "frames": 584, "values": 2916, "bytes": 115840},
    "simd": {"instructions": 294, "frames": 433, "values": 2784, "bytes": 75264},
    "tail": {"instructions": 359, "frames": 643, "values": 3409, "bytes": 91904, "reference": 4},
}

# What the oldest stub is compared on, and how its Wasmtime is told to take it.
OLDEST = {"component": (), "exceptions": ("-W", "exceptions=y"), "memories": (), "simd": ()}

# Without "exceptions": a body that is inlined at a call in a try_table has neither program points nor slots; its code calls the
# breakpoint builtin at every instruction, and the stub then shows the pc of the call (seen in code of 49).
INLINING = ("-C", "inlining=y")
# A function that was tail-called into an inlined body leaves that body on the stack.
INLINED = {"tail": {"instructions": 359, "frames": 887, "values": 5605, "bytes": 91904, "reference": 248, "inlined tail call": 244}}

HIDDEN = {"anyref", "eqref", "i31ref", "structref", "arrayref", "externref"}
ZEROS = {"funcref", "exnref"}
NUMBERS = {"i32": "<i", "i64": "<q", "f32": "<f", "f64": "<d"}


def bytes_of(value):
    """The bytes of a number in one of outpost's documents."""
    kind, shown = value["type"], value["value"]
    if kind == "v128":
        return bytes.fromhex(shown)
    if isinstance(shown, str) and shown.startswith("nan:"):
        return int(shown[4:], 16).to_bytes(struct.calcsize(NUMBERS[kind]), "little")
    return struct.pack(NUMBERS[kind], float(shown) if kind[0] == "f" else int(shown))


class State:
    """What the stub says at one instruction."""

    def __init__(self, reader, codes, windows):
        self.stack = reader.stack()
        self.locals = [reader.locals(frame) for frame in range(len(self.stack))]
        self.operands = [reader.operands(frame) for frame in range(len(self.stack))]
        code = codes[self.stack[0][0]]
        self.globals = reader.globals(0, code.globals)
        # The stub counts the memories of all instances: the guests here have no more than one instance with memories of its own.
        self.windows = {(memory, at): bytes(reader.read((memory << 32) + at, size))
                        for memory, at, size in windows if code.has_memory}


def trace(module, codes, windows, version, options):
    """The states from the first instruction to the last, as the stub tells them."""
    states = []
    with Reader(module, version=version, options=options) as reader:
        try:
            while True:
                reader.step()
                states.append(State(reader, codes, windows))
        except Exited as end:
            if end.args[0] != 0:
                raise AssertionError(f"the guest ended with {end}: {reader.said()}") from None
    return states


class Differential(Case):
    def setUp(self):
        self.counted = Counter()

    def known(self, what):
        self.assertIn(what, KNOWN)
        self.counted[what] += 1

    def compare_values(self, ours, theirs, hidden):
        kinds = [value["type"] for value in ours]
        self.assertFalse([value for value in ours if isinstance(value["value"], dict) and "reason" in value["value"]])
        if not theirs and ours:
            self.assertTrue(set(kinds) & HIDDEN, kinds)
            theirs = [b""] * len(ours)
        self.assertEqual(len(ours), len(theirs))
        for mine, other in zip(ours, theirs):
            if not other:
                self.known(hidden)
            elif mine["type"] in ZEROS:
                self.assertEqual(other, bytes(4))
                self.known("reference")
            else:
                self.assertEqual(bytes_of(mine).hex(), other.hex(), mine)
                self.counted["values"] += 1

    def compare_globals(self, ours, theirs):
        self.assertEqual(len(ours), len(theirs))
        for mine, other in zip(ours, theirs):
            self.assertEqual(mine["type"] in HIDDEN, not other, mine)
            self.compare_values([mine], [other], "global reference")

    def compare_stack(self, frames, state):
        # Bodies that the guest's compiler inlined: the stub knows functions of Wasm.
        frames = [frame for frame in frames if not (frame["inlined"] and "wasm_function" in frame)]
        self.assertEqual(len(frames), len(state.stack), (frames, state.stack))
        for level, (frame, (module, pc)) in enumerate(zip(frames, state.stack)):
            self.assertEqual(self.names.setdefault(module, frame["module"]), frame["module"])
            code = self.codes[module]
            if level == 0:
                self.assertEqual(frame["pc"], pc)
            else:
                text = code.text[frame["pc"]]
                if frame["inlined"] and text.startswith("return_call"):
                    self.assertEqual(frame["pc"], pc)
                    self.known("inlined tail call")
                elif frame["pc"] == pc:
                    self.assertTrue(text.startswith("call"), text)
                    self.assertIn(pc, code.guarded)
                    self.known("try_table")
                else:
                    self.assertTrue(text.startswith("call"), text)
                    self.assertEqual(code.next[frame["pc"]], pc)
            self.counted["frames"] += 1
            self.compare_values(frame["locals"], state.locals[level], "hidden")
            self.compare_values(frame["stack"], state.operands[level], "hidden")

    def differential(self, module, windows=WINDOW, version=NEWEST, options=()):
        """Step both through the guest; what was compared, counted."""
        self.codes = [Code(path) for path in core_modules(module)]
        self.names = {}
        states = trace(module, self.codes, windows, version, options)
        commands = []
        for number, state in enumerate(states):
            commands += ["stepi"] * (number > 0) + ["backtrace", "info globals"]
            commands += [f"x/{len(data)}xb mem{memory}:{at}" for (memory, at), data in state.windows.items()]
        source = WORK / f"{module.stem}.commands"
        source.write_text("\n".join(commands) + "\n")
        outcome = outpost("run", "--batch", "--json", "-x", source, "--", wasmtime(version), "run", "-D",
                          "guest-debug=y", *options, module, limit=LIMIT * 4)
        self.assertEqual(outcome.status, 0, outcome)
        documents = Documents(outcome)

        stacks, globals_, windows_ = documents.all("backtrace"), documents.all("info globals"), iter(documents.all("x"))
        self.assertEqual((len(stacks), len(globals_)), (len(states), len(states)))
        for number, state in enumerate(states):
            try:
                self.compare_stack(stacks[number]["frames"], state)
                self.compare_globals(globals_[number]["globals"], state.globals)
                for data in state.windows.values():
                    self.assertEqual(bytes(next(windows_)["values"]).hex(), data.hex())
                    self.counted["bytes"] += len(data)
            except AssertionError as error:
                raise AssertionError(f"at instruction {number}, where the stub's stack is {state.stack}: {error}") from error
            self.counted["instructions"] += 1
        # Each of the stub's modules is one of outpost's and no two are the same.
        self.assertEqual(len(set(self.names.values())), len(self.names))
        return dict(self.counted)

    def test_c(self):
        """The number of instructions is the compiler's."""
        module = c("diff_c", "-O1", "-nostdlib", "-Wl,--no-entry")
        counted = self.differential(module, windows=((0, 0x1000000 - 64, 192),))
        self.assertGreaterEqual(counted["instructions"], 200)
        self.assertGreaterEqual(counted["values"], 4000)

    def test_guests(self):
        for name, expected in GUESTS.items():
            with self.subTest(guest=name):
                self.counted.clear()
                self.assertEqual(self.differential(wat(f"diff_{name}"), WINDOWS.get(name, WINDOW)), expected)

    def test_oldest_stub(self):
        """44 is the first that has it; exceptions are off there, and its collector is another one."""
        for name, options in OLDEST.items():
            with self.subTest(guest=name):
                self.counted.clear()
                counted = self.differential(wat(f"diff_{name}"), WINDOWS.get(name, WINDOW), "44.0.1", options)
                self.assertEqual(counted, GUESTS[name])

    def test_inlined(self):
        """As many frames with as many values as without inlining, in fewer machine frames."""
        for name, expected in GUESTS.items():
            if name != "exceptions":
                with self.subTest(guest=name):
                    self.counted.clear()
                    counted = self.differential(wat(f"diff_{name}"), WINDOWS.get(name, WINDOW), options=INLINING)
                    self.assertEqual(counted, INLINED.get(name, expected))

    def test_what_is_compared(self):
        """A thousand instructions and more, of all guests together."""
        self.assertGreaterEqual(sum(counted["instructions"] for counted in GUESTS.values()), 1500)


if __name__ == "__main__":
    unittest.main()
