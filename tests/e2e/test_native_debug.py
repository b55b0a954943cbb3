# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of optimised code by the native debug information of Wasmtime's -D debug-info=y.

tests/guests/native_values.c says of each of its calls what it has; whatever outpost shows must be that.
"""

import re
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import GUESTS, LIMIT, NEWEST, Case, Documents, c, outpost, script, wasmtime

VERSIONS = ("44.0.1", NEWEST)
SOURCE = GUESTS / "native_values.c"
DEPTH = 5
DEBUG_INFO = ("-D", "debug-info=y")
GUEST_DEBUG = ("-D", "guest-debug=y")
# What floats are shown with.
SINGLE = 1e-7


def module(level):
    return c("native_values", "-g", level, "-fno-sanitize=undefined")


def line_of(text):
    return next(number for number, line in enumerate(SOURCE.read_text().splitlines(), 1) if text in line)


def number(text):
    """A value as outpost shows it, "97 'a'", "0x1000 ...", 2.25: as a number."""
    word = text.split()[-1] if text.startswith("(") else text.split()[0]
    return float(int(word, 16)) if word.startswith("0x") else float(word)


class Native(Case):
    def told(self, level):
        """{(function, depth): {name: value}} of a run without outpost."""
        said = subprocess.run([wasmtime(), "run", module(level)], check=True, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=LIMIT).stdout
        rows = [line.split() for line in said.splitlines() if line.startswith("told ")]
        return {(row[1], int(row[2])): {name: float(value) for name, value in (part.split("=") for part in row[3:])}
                for row in rows}

    def commands(self, levels):
        return [command for level in levels for command in (f"frame {level}", "info args", "info locals")]

    def documents(self, outcome):
        self.assertEqual(outcome.status, 0, outcome)
        outcome.out = "".join(text for text in outcome.out.splitlines(keepends=True) if text.startswith('{"'))
        return Documents(outcome)

    def run_to_bottom(self, version, path, *commands, options=DEBUG_INFO):
        return self.documents(outpost(
            "run", "--batch", "--json", *script(f"break native_values.c:{line_of('// stopped')}", "continue", *commands),
            "--", wasmtime(version), "run", *options, path))

    def frames(self, documents, count, arguments=1):
        """The variables of each frame that was asked for, by name; so many `info args` to each `info locals`."""
        asked, local = documents.all("info args"), documents.all("info locals")
        self.assertEqual((len(local), len(asked)), (count, count * arguments))
        return [{variable["name"]: variable for variable in a["variables"] + local[i // arguments]["variables"]}
                for i, a in enumerate(asked)]

    def compare(self, shown, told):
        """The names of a frame's variables that were shown natively; all that are shown are right."""
        native = set()
        for name, value in told.items():
            variable = shown[name]
            parts = {part["name"]: part["text"] for part in variable.get("children", ()) if "text" in part}
            text = parts.get("key", variable.get("text"))
            if text is None:
                self.assertTrue(variable["problem"], variable)
                continue
            self.assertAlmostEqual(number(text), value, delta=abs(value) * SINGLE, msg=f"{name} {variable}")
            if variable.get("native"):
                native.add(name)
        return native

    def check_frames(self, frames, level, least):
        """Frame 1 is descend(5), 6 is descend(0), 7 is main. A caller's variables are where it keeps them over its
        call: on the host's stack, or in registers that are given back."""
        told = self.told(level)
        for i in range(DEPTH + 1):
            self.assertGreaterEqual(self.compare(frames[i], told["descend", DEPTH - i]), least, frames[i])
        self.compare(frames[DEPTH + 1], told["main", 0])


BOTTOM = range(1, DEPTH + 3)
# Needed behind the call, in registers of all kinds.
KEPT = {"depth", "wide", "weight", "item", "twice"}


class Live(Native):
    def check(self, version, level, least):
        documents = self.run_to_bottom(version, module(level), "backtrace", *self.commands(BOTTOM), "frame 1",
                                       "print wide + twice", "print item->key", "continue", *self.commands([1]))
        frames = documents.one("backtrace")["frames"]
        self.assertEqual(self.names(frames[:DEPTH + 3]), ["stop_here"] + ["descend"] * (DEPTH + 1) + ["main"])
        frames, told = self.frames(documents, DEPTH + 3), self.told(level)
        inlined = frames[-1]
        self.compare(inlined, told["around", 0])
        self.assertEqual([number(inlined[name]["text"]) for name in ("base", "inner")],
                         [told["around", 0][name] for name in ("base", "inner")])
        bottom, outer = told["descend", DEPTH], told["descend", DEPTH - 1]
        self.assertEqual([number(result["source"]["text"]) for result in documents.all("print")],
                         [bottom["wide"] + bottom["twice"], outer["own"]])
        self.check_frames(frames[:-1], level, least)

    def test_optimised_44(self):
        self.check("44.0.1", "-O2", KEPT)

    def test_optimised_49(self):
        self.check(NEWEST, "-O2", KEPT)

    def test_unoptimised_44(self):
        self.check("44.0.1", "-O0", set())

    def test_unoptimised_49(self):
        self.check(NEWEST, "-O0", set())

    def test_the_text_says_where_it_is_from(self):
        outcome = outpost("run", "--batch", "--color=never",
                          *script(f"break native_values.c:{line_of('// stopped')}", "continue", "frame 1",
                                  "print depth", "info locals"),
                          "--", wasmtime(), "run", *DEBUG_INFO, module("-O2"))
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn("= 5 [by native debug information]\n", outcome.out)
        self.assertRegex(outcome.out, "half = <optimised out.*; native debug information: optimised out here>\n")


class Reused(Native):
    """A variable whose place another one has taken is not shown with that one's value: neither by the guest's debug
    information nor by what Wasmtime has made of it."""

    def check(self, *options):
        path = c("reused_local", "-g", "-O2", "-fno-sanitize=undefined")
        line = next(n for n, text in enumerate((GUESTS / "reused_local.c").read_text().splitlines(), 1) if "// here" in text)
        said = subprocess.run([wasmtime(), "run", path], check=True, capture_output=True, text=True, timeout=LIMIT).stdout
        told = [dict(part.split("=") for part in text.split()[1:]) for text in said.splitlines() if text.startswith("told")]
        commands = ["info args", "info locals", *["stepi"] * (options == GUEST_DEBUG), "info args", "continue"]
        documents = self.documents(outpost("run", "--batch", "--json",
                                           *script(f"break reused_local.c:{line}", "continue", *commands, *commands[:-1]),
                                           "--", wasmtime(), "run", *options, path))
        shown = self.frames(documents, 2, arguments=2)
        gone = 0
        for i, frame in enumerate(shown):
            expected = {name: int(value, 0) for name, value in told[i // 2].items()}
            for name, variable in frame.items():
                if name in expected and "text" in variable:
                    self.assertEqual(number(variable["text"]), expected[name], variable)
            gone += "local is in its place now" in frame["n"].get("problem", "")
        self.assertEqual(gone, 2 if options == GUEST_DEBUG else 4, shown)

    def test_native(self):
        self.check(*DEBUG_INFO)

    def test_guest_debug(self):
        self.check(*GUEST_DEBUG)


class Core(Native):
    """The same from a core file: no registers but those that are in it."""

    def check(self, version):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/core"
            self.run_to_bottom(version, module("-O2"), f"generate-core-file {path}")
            documents = self.documents(outpost("core", "--batch", "--json", *script(*self.commands(BOTTOM)), path))
            self.check_frames(self.frames(documents, len(BOTTOM)), "-O2", KEPT)

    def test_core_44(self):
        self.check("44.0.1")

    def test_core_49(self):
        self.check(NEWEST)


class Bad(Native):
    """Sections that are cut off, and relocations that lead nowhere: one warning, and what else is known. In a core
    file: Wasmtime itself reads them, too."""

    def sections(self, core, at):
        """{name: (its header, its bytes)} of the image at an offset of a core file, as offsets; none if it is none."""
        table, = struct.unpack_from("<Q", core, at + 40)
        count, names = struct.unpack_from("<HH", core, at + 60)
        if at + table + 64 * count > len(core) or names >= count:
            return {}
        headers = [at + table + 64 * i for i in range(count)]
        begins = [at + struct.unpack_from("<Q", core, header + 24)[0] for header in headers]
        labels = [begins[names] + struct.unpack_from("<I", core, header)[0] for header in headers]
        return {bytes(core[label:core.index(0, label)]).decode(errors="replace"): place
                for label, place in zip(labels, zip(headers, begins))}

    def damage(self, path, spoil):
        """Calls spoil(core, sections) for the module's image in a core file."""
        core, mark, count = bytearray(path.read_bytes()), b"\x7fELF\x02\x01\x01\xc8", 0
        at = core.find(mark)
        while at >= 0:
            sections = self.sections(core, at)
            # Copies for GDB are shared objects.
            if ".debug_loc" in sections and struct.unpack_from("<H", core, at + 16) == (1,):
                spoil(core, sections)
                count += 1
            at = core.find(mark, at + 1)
        self.assertTrue(count)
        path.write_bytes(core)

    def check(self, spoil, warning):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "core"
            self.run_to_bottom(NEWEST, module("-O2"), f"generate-core-file {path}")
            self.damage(path, spoil)
            outcome = outpost("core", "--batch", "--color=never", *script(*self.commands([1, 2])), path)
        self.assertEqual(outcome.status, 0, outcome)
        said = outcome.out + outcome.err
        self.assertEqual(len(re.findall(warning, said)), 1, outcome)
        self.assertIn("own = {key = 5, next = ", said)
        self.assertIn("[recovered from the shadow stack]", said)
        self.assertNotIn("[by native debug information]", said)
        self.assertRegex(said, "depth = <it is in Wasm local .*native debug information")

    def test_cut_off(self):
        self.check(lambda core, sections: struct.pack_into("<Q", core, sections[".debug_loc"][0] + 32, 100),
                   "warning: .*native debug information.*outside of it")

    def test_relocations_of_another_kind(self):
        self.check(lambda core, sections: struct.pack_into("<I", core, sections[".rela.debug_info"][1] + 8, 99),
                   "warning: .*native debug information.*of type 99")


if __name__ == "__main__":
    unittest.main()
