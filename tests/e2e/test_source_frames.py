# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames in the guest's language: bodies that the compiler inlined, arguments, files and lines, the source under a stop.

The lines are those of the guest's remarks (// at: NAME), so that no number stands in the test.
"""

import re
import subprocess
import tempfile
import unittest

from harness import GUESTS, VENV, Case, Documents, Guest, c, outpost, sleeping

SOURCE = GUESTS / "inlined.c"
LINES = {m[1]: number for number, line in enumerate(SOURCE.read_text().splitlines(), 1)
         if (m := re.search(r"// at: (\w+)", line))}
# What is on the stack while the guest waits, innermost first: function, line, inlined.
WAITING = [("wait_for_a_line", LINES["wait"], False), ("innermost", LINES["innermost"], True),
           ("middle", LINES["middle"], True), ("outer", LINES["outer"], False)]


class Frames(Case):
    def program(self, *options):
        guest = Guest(c("inlined", "-g", *options))
        self.addCleanup(guest.__exit__)
        guest.wait_line("ready")
        sleeping(guest)
        return guest

    def of_the_guest(self, frames):
        return [f for f in frames if f.get("file", "").endswith("/inlined.c")]

    def arguments(self, frame):
        return {a["name"]: a.get("text") or a.get("problem") for a in frame["arguments"]}

    def ends_well(self, guest):
        # Each round adds the area (15), the width (3) and the depth (2) to the sum that it returns twice; then there are
        # the name's first letter and three returns of the recursion.
        self.assertEqual(guest.finish("\n" * 3), (3, 2 * (20 + 40 + 60) + ord("a") + 3))

    def check_backtrace(self, *options):
        guest = self.program(*options)
        frames = self.attached(guest, "backtrace").one("backtrace")["frames"]
        mine = self.of_the_guest(frames)
        self.assertEqual([(f["function"], f["line"], f["inlined"]) for f in mine[:4]], WAITING)
        self.assertEqual([f["level"] for f in frames if f["kind"] == "wasm"],
                         list(range(sum(f["kind"] == "wasm" for f in frames))))
        self.assertEqual({f["language"] for f in mine}, {"c"})
        self.assertEqual(mine[-1]["function"], "main")
        self.assertEqual(mine[-1]["wasm_function"], "__original_main")
        # Three frames of one Wasm function.
        self.assertEqual(len({(f["function_index"], f["pc"]) for f in mine[1:4]}), 1)
        self.ends_well(guest)
        return mine

    def test_backtrace_without_optimisation(self):
        mine = self.check_backtrace("-O0")
        self.assertEqual([f["function"] for f in mine[4:]], ["recurse"] * 4 + ["main"])
        self.assertEqual([self.arguments(f)["depth"] for f in mine[4:8]], ["0", "1", "2", "3"])
        self.assertEqual([f["line"] for f in mine[4:]], [LINES["bottom"]] + [LINES["recurse"]] * 3 + [LINES["main"]])
        self.assertEqual(self.arguments(mine[1])["depth"], "2")
        self.assertEqual(self.arguments(mine[3])["rounds"], "3")
        self.assertRegex(self.arguments(mine[3])["name"], r'^0x[0-9a-f]+ "abc"$')
        # The pointer is the same one in the three bodies that hand it on.
        self.assertEqual(len({self.arguments(f)["shape"] for f in mine[:3]}), 1)

    def test_backtrace_optimised(self):
        mine = self.check_backtrace("-O2")
        self.assertIn("optimised out", self.arguments(mine[2])["shape"])

    def test_text(self):
        guest = self.program("-O0")
        text = self.attached_text(guest, "backtrace", "frame 8", "info frame", "up", "down 2", "info scope")
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("#7 "))
        self.assertRegex(lines[at], rf"^#7  0x[0-9a-f]+ in innermost \(shape=0x[0-9a-f]+, depth=2\) at .*inlined\.c:"
                                    rf"{LINES['innermost']} \(inlined\)$")
        self.assertRegex(lines[at + 1], rf"^#8  middle \(shape=0x[0-9a-f]+\) at .*inlined\.c:{LINES['middle']} \(inlined\)$")
        self.assertRegex(lines[at + 2], rf'^#9  outer \(name=0x[0-9a-f]+ "abc", rounds=3\) at .*inlined\.c:{LINES["outer"]}$')
        self.assertIn(f"{LINES['middle']}\t\tint twice = innermost(shape, 2) * 2; // at: middle\n", text)
        self.assertIn("  inlined     into frame 9\n", text)
        self.assertIn(f"{LINES['outer']}\t\t\ttotal += middle(&shape); // at: outer\n", text)
        self.assertRegex(text, rf"\n0x[0-9a-f]+\t{LINES['innermost']}\t\tsum \+= area")
        self.assertRegex(text, r"\n  int area: local of innermost, .*inlined\.c:\d+\n"
                               r"  const struct shape \*shape: parameter of middle, ")
        self.ends_well(guest)

    def test_locals_of_each_frame(self):
        guest = self.program("-O0")
        text = self.attached_text(guest, "backtrace -full")
        for function, local in (("innermost", "area = 15"), ("middle", "twice = "), ("outer", "shape = {width = 3, height = 5}")):
            part = re.search(rf"(?m)^#\d+ +(?:0x\w+ in )?{function} .*\n((?: {{8}}.*\n)+)", text)
            self.assertIn(local, part[1])
        self.ends_well(guest)

    def test_one_shot(self):
        guest = self.program("-O2")
        stack, = Documents(outpost("stack", "--json", guest.pid))[0]["suspended"]
        mine = self.of_the_guest(stack["frames"])
        self.assertEqual([(f["function"], f["line"], f["inlined"]) for f in mine[:4]], WAITING)
        text = outpost("stack", "--color=never", guest.pid).out
        self.assertRegex(text, rf"(?m)^#\d+ +middle \(\.\.\.\) at .*inlined\.c:{LINES['middle']} \(inlined\)$")
        self.ends_well(guest)

    def test_without_debug_information(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        module = f"{folder.name}/named.wasm"
        subprocess.run([VENV / "wasm-tools", "strip", "--delete", r"\.debug.*", c("inlined", "-g", "-O0"), "-o", module],
                       check=True)
        guest = Guest(module)
        self.addCleanup(guest.__exit__)
        guest.wait_line("ready")
        sleeping(guest)
        frames = self.attached(guest, "backtrace").one("backtrace")["frames"]
        self.assertIn("outer", self.names(frames))
        self.assertFalse([f for f in frames if "file" in f])
        self.ends_well(guest)

    def test_scope_of_a_line(self):
        guest = self.program("-O0")
        documents = self.attached(guest, f"info scope inlined.c:{LINES['outer']}")
        variables = documents.one("info scope")["variables"]
        self.assertEqual([(v["name"], v["kind"]) for v in variables if v["function"] == "outer"],
                         [("name", "parameter"), ("rounds", "parameter"), ("i", "local"), ("shape", "local"),
                          ("total", "local")])
        self.ends_well(guest)


if __name__ == "__main__":
    unittest.main()
