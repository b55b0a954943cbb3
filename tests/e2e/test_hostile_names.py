# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that the target holds gets to a terminal as more than text: names of all kinds, paths, strings, command lines, threads.

The guest's names are written over in its module, where no compiler could put them. Whatever outpost is asked, in text and in JSON, is
looked at byte by byte.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unicodedata
import unittest
from pathlib import Path

from harness import LIMIT, NEWEST, PROGRAM, WORK, Case, Guest, c, environment, script, wasmtime

SIZE = len("MARKFUNC________")
# Clear the screen, set the title, go back, turn the text around, delete.
NAME = "\x1b[2J\x1b]0;x\x07\r\u202e".encode().ljust(SIZE, b"\x7f")
# In DWARF and in memory names need not be UTF-8: 8-bit controls, by themselves and in UTF-8, broken sequences.
BYTES = b"\x9b2J\xc2\x9b\xff\xe2\x80\x1b[m\n\x08\xc0\x80\x1b"
MARKS = {
    b"MARKFUNC": NAME, b"MARKPATH": BYTES, b"MARKKIND": BYTES, b"MARKENUM": NAME, b"MARKTYPE": BYTES, b"MARKMEMB": NAME,
    b"MARKALIAS": BYTES, b"MARKGLOB": NAME, b"MARKDATA": BYTES, b"MARKDATB": b"a\0" + NAME[2:], b"MARKPARM": BYTES, b"MARKLOCL": NAME,
}
COMMANDS = (
    "backtrace -full", "backtrace -host", "info threads", "info stacks", "info frame", "info locals", "info args",
    "info locals -wasm", "info stack", "list", "disassemble", "info source", "info sources", "info scope main", "info functions",
    "info types", "info variables", "info modules", "info stores", "info instances", "info memories", "info globals", "info tables",
    "info tags", "info imports", "info exports", "info line", "print bytes", "print &bytes", "print text", "print/x bytes",
    "whatis text", "up", "info locals", "info args", "print arguments", "print *arguments@count", "info breakpoints",
    "info process", "info registers", "x/4s 1024", "break function[3]", "info breakpoints", "show", "history", "echo \x1b[7m\\n",
    "no\x1b[7msuch", "print \x1b[7m\u202e", "break \x1b[7m", "info line \x1b[7m\x9b:3", "save breakpoints /\x1b[7m/none")

# In these, and in nothing that the target has.
TYPED = "\x1b[7m"


def hostile(module, folder):
    """A copy of the module with the hostile names, under a hostile name of its own."""
    data = Path(module).read_bytes()
    for mark, name in MARKS.items():
        word = mark.ljust(SIZE, b"_")
        assert word in data and len(name) == SIZE, (mark, len(name))
        data = data.replace(word, name)
    path = os.path.join(os.fsencode(folder), b"a\x1b[2J\xe2\x80\xae\xc2\x9b\n.wasm")
    with open(path, "wb") as file:
        file.write(data)
    return path


def harmful(output):
    """The first bytes of it that are no text, with what stands around them; None when there are none."""
    try:
        text = output.decode()
    except UnicodeDecodeError as problem:
        return output[max(0, problem.start - 60):problem.end + 20]
    for at, character in enumerate(text):
        if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs"):
            return text[max(0, at - 60):at + 20]
    return None


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strings(key)
            yield from strings(part)


class HostileNames(Case):
    def setUp(self):
        WORK.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=WORK)
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def hostile_guest(self, *options):
        # The kernel names a thread after its program's file, and maps the file by its name.
        program = os.path.join(os.fsencode(self.folder), b"w\x1b[2J\xe2\x80\xae\xff")
        shutil.copy(wasmtime(NEWEST), program)
        module = hostile(c("hostile", "-g", "-O0", "-fno-sanitize=undefined"), self.folder)
        command = [program, "run", *options, module, b"\x1b]0;y\x07", b"\xc2\x9b\xe2\x80\xae\n"]
        guest = Guest(None, command=[os.fsdecode(word) for word in command])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def check(self, *arguments):
        outcome = subprocess.run([PROGRAM, *(os.fsdecode(str(word) if isinstance(word, int) else word) for word in arguments)],
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, env=environment())
        for output in (outcome.stdout, outcome.stderr):
            self.assertIsNone(harmful(output), arguments[0])
        return outcome

    def check_json(self, *arguments):
        outcome = self.check(*arguments, "--json")
        documents = [json.loads(line) for line in outcome.stdout.splitlines()]
        self.assertTrue(documents)
        for document in documents:
            for text in strings(document):
                # Only what was typed is as it was typed.
                if harmful(text.encode()):
                    self.assertIn(TYPED, text, document)
        return documents

    def test_everything_that_is_shown(self):
        for options in (("-D", "guest-debug=y"), ()):
            with self.subTest(options=options), self.hostile_guest(*options) as guest:
                # One that fails does not keep the next from being run.
                commands = [*script(*COMMANDS), "-e", "detach"]
                shown = self.check("attach", guest.pid, "--color=never", *commands).stdout.decode()
                # They were there to be shown.
                self.assertIn("\\x1b[2J\\x1b]0;x\\x07\\x0d\\u{202e}", shown)
                documents = self.check_json("attach", guest.pid, *commands)
                asked = {document.get("command") for document in documents}
                self.assertGreater(len(asked), 30)
                for mode in ("stack", "inspect"):
                    self.check(mode, guest.pid)
                    self.check_json(mode, guest.pid)
                self.check("inspect", guest.pid, "--functions")
                core = os.path.join(self.folder, "core")
                self.check("gcore", guest.pid, core)
                self.check("core", core, *commands)
                self.check_json("core", core, *commands)
                os.unlink(core)
                self.assertEqual(guest.finish(), (1, 1 + ord("\n")))


if __name__ == "__main__":
    unittest.main()
