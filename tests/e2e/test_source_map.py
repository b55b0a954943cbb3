# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of AssemblyScript: by the source map that the module names, which lies beside it."""

import shutil
import tempfile
import unittest
from pathlib import Path

from harness import GUESTS, NEWEST, WORK, Case, Documents, outpost, script, wasmtime

FOLDER = GUESTS / "assemblyscript"
SOURCE = (FOLDER / "walk.ts").read_text().splitlines()
DEBUG = ("-D", "guest-debug=y")


def line_of(text):
    return next(number for number, line in enumerate(SOURCE, 1) if text in line)


class AssemblyScript(Case):
    def run_guest(self, *commands, version=NEWEST, options=(), folder=FOLDER, status=0):
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(version), "run", *options,
                          "--invoke", "run", folder / "walk.wasm", "3")
        self.assertEqual(outcome.status, status, outcome)
        outcome.out = "".join(line for line in outcome.out.splitlines(keepends=True) if line.startswith('{"'))
        return Documents(outcome)

    def check(self, version, options):
        line = line_of("return twice + steps")
        documents = self.run_guest(f"break walk.ts:{line}", "continue", "backtrace", f"list walk.ts:{line}", "info source",
                                   version=version, options=options)
        stop = documents.stops("breakpoint")[0]
        self.assertEqual(stop["source"].strip(), "return twice + steps;")
        frames = [frame for frame in documents.one("backtrace")["frames"] if frame["kind"] == "wasm"]
        self.assertEqual([(frame["function"], frame["line"]) for frame in frames],
                         [("walk/leaf", line), ("walk/descend", line_of("return leaf(20)"))]
                         + [("walk/descend", line_of("let below"))] * 3
                         + [("walk/run", line_of("result += descend"))])
        self.assertEqual({(frame["file"], frame["language"]) for frame in frames}, {("walk/walk.ts", "assemblyscript")})
        self.assertTrue(documents.one("info source")["origin"].endswith("walk.wasm.map"))

    def test_version_44(self):
        self.check("44.0.1", ())

    def test_version_49(self):
        self.check(NEWEST, ())

    def test_version_44_guest_debug(self):
        self.check("44.0.1", DEBUG)

    def test_version_49_guest_debug(self):
        self.check(NEWEST, DEBUG)

    def test_steps_by_line(self):
        documents = self.run_guest(f"break walk.ts:{line_of('let twice')}", "continue", "next", "next", "print twice", "next",
                                   options=DEBUG)
        lines = [stop["frame"]["line"] for stop in documents.stops()[1:]]
        self.assertEqual(lines, [line_of("let twice"), line_of("steps += 1"), line_of("return twice"),
                                 line_of("return leaf(20)")])
        self.assertEqual(documents.one("print")["text"], "40")

    def test_bad_map(self):
        """It is told once why there are no lines; everything else goes on."""
        text = (FOLDER / "walk.wasm.map").read_text()
        for broken, reason in ((text[:-20], "is no JSON"), ("[]", "no JSON object"),
                               (text.replace("2ECKc", "2ECKc!"), "not base64 VLQ"),
                               (text.replace("2ECKc", "2EEKc"), "a source that is not in its list"),
                               (text.replace('"version": 3', '"version": 4'), "its version is not 3")):
            with self.subTest(reason=reason), tempfile.TemporaryDirectory(dir=WORK) as name:
                folder = Path(name)
                shutil.copy(FOLDER / "walk.wasm", folder)
                (folder / "walk.wasm.map").write_text(broken)
                documents = self.run_guest("break walk/leaf", "continue", "info source", "backtrace", folder=folder)
                self.assertIn(reason, documents.one("info source")["missing"])
                self.assertEqual(self.names(documents.one("backtrace")["frames"])[0], "walk/leaf")


if __name__ == "__main__":
    unittest.main()
