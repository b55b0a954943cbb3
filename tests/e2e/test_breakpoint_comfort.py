# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes breakpoints convenient: commands, conditions that change, regular expressions, saving them, counts."""

import os
import re
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

import pexpect

from conversation import Conversation
from harness import (LIMIT, NEWEST, PROGRAM, VENV, Case, Documents, calls_sum, environment, instructions, outpost, script, wasmtime,
                     wat)

VERSIONS = (NEWEST, "44.0.1")


class Folder(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Commands(Folder):
    def test_in_e(self):
        """fib(5) is fib with n = 5 4 3 2 1 0 1 2 1 0 3 2 1 0 1; the commands see each of them and let it go on."""
        for version in VERSIONS:
            with self.subTest(version=version):
                guest = self.guest("calls", version=version)
                documents = self.attached(guest, "tbreak round", "continue", "break fib", "commands", "print n", "continue",
                                          "end", "tbreak apply", "continue", "info breakpoints")
                self.assertEqual([v["value"] for v in documents.all("print")], [5, 4, 3, 2, 1, 0, 1, 2, 1, 0, 3, 2, 1, 0, 1])
                self.assertEqual([s["frame"]["function"] for s in documents.stops("breakpoint")],
                                 ["round"] + ["fib"] * 15 + ["apply"])
                listed = documents.one("info breakpoints")["breakpoints"]
                self.assertEqual([(b["number"], b["hits"], b.get("commands")) for b in listed],
                                 [(2, 15, ["print n", "continue"]), (3, 1, None)])
                self.assertUndisturbed(guest, calls_sum)

    def test_in_a_file(self):
        """Also nested: a breakpoint's commands give another breakpoint commands. What follows a resumption is not run."""
        file = self.folder / "commands"
        file.write_text("tbreak round\n  commands\n    break fib if n == 0\n    commands\n      silent\n      print n + 40\n"
                        "      continue\n      print 1\n    end\n\n    tbreak apply\n    continue\n    print 2\n  end\n"
                        "continue\nprint 3\n")
        guest = self.guest("calls")
        outcome = outpost("attach", guest.pid, "--batch", "--color=never", "-x", file)
        self.assertEqual(outcome.status, 0, outcome)
        self.assertEqual(re.findall(r"^\$\d+ = (\d+)$", outcome.out, re.M), ["40", "40", "40", "3"])
        self.assertNotIn("Breakpoint 2, ", outcome.out)
        self.assertIn("Temporary breakpoint 3, apply", outcome.out)
        self.assertUndisturbed(guest, calls_sum)

    def test_on_standard_input(self):
        guest = self.guest("calls")
        outcome = outpost("attach", guest.pid, "--color=never", input="break fib\ncommands 1\nsilent\necho seen\\n\nend\n"
                          "continue\ncommands 1\nend\ncontinue\n")
        self.assertEqual(outcome.status, 0, outcome)
        self.assertEqual((outcome.out.count("seen\n"), outcome.out.count("Breakpoint 1, fib")), (1, 1))
        self.assertUndisturbed(guest, calls_sum)

    def test_at_the_prompt(self):
        guest = self.guest("calls")
        child = pexpect.spawn(PROGRAM, ["attach", str(guest.pid)], env=environment(), encoding="utf-8", timeout=LIMIT,
                              dimensions=(50, 160))
        self.addCleanup(child.close, force=True)
        child.expect(r"\(outpost\) $")
        for line, prompt in (("break fib if n == 0", r"\(outpost\) $"), ("commands", ">$"), ("print n + 41", ">$"),
                             ("end", r"\(outpost\) $")):
            child.sendline(line)
            child.expect(prompt)
        child.sendline("continue")
        child.expect(r"Breakpoint 1, fib \(n=0\)")
        child.expect(r"= 41")
        child.expect(r"\(outpost\) $")
        # Commands that always go on end at Ctrl-C, whatever it comes between.
        for line, prompt in (("condition 1", r"\(outpost\) $"), ("commands", ">$"), ("echo round\\n", ">$"), ("continue", ">$"),
                             ("end", r"\(outpost\) $")):
            child.sendline(line)
            child.expect(prompt)
        for _ in range(5):
            child.sendline("continue")
            for _ in range(3):
                child.expect("Breakpoint 1, fib")
            child.sendintr()
            child.expect(r"\(outpost\) $")
            self.assertIn("nterrupted", child.before)
        child.sendline("quit")
        child.expect(pexpect.EOF)
        self.assertUndisturbed(guest, calls_sum)

    def test_for_several(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib", "break apply", "break choose", "commands 1-2 3", "print 7", "end",
                                  "info breakpoints", "continue", "rbreak ^(double|square)$", "commands", "print 8", "end",
                                  "info breakpoints")
        for listed, expected in zip(documents.all("info breakpoints"), ([["print 7"]] * 3, [["print 7"]] * 3 + [["print 8"]] * 2)):
            self.assertEqual([b.get("commands") for b in listed["breakpoints"]], expected)
        self.assertEqual([p["value"] for p in documents.all("print")], [7])
        self.assertUndisturbed(guest, calls_sum)

    def test_of_several_at_one_stop(self):
        guest = self.guest("calls")
        out = self.attached_text(guest, "break round", "commands", "silent", "print 1", "end", "break round", "commands",
                                 "print 2", "end", "break round if 0", "commands", "print 3", "end", "continue", "delete 2",
                                 "continue")
        # The second one wants the stop to be shown; when it is gone nobody does.
        self.assertEqual(re.findall(r"^\$\d+ = (\d+)$", out, re.M), ["1", "2", "1"])
        self.assertEqual(out.count("Breakpoint 1, round"), 1)
        self.assertUndisturbed(guest, calls_sum)

    def test_a_command_that_fails_ends_them(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib", "commands", "print no_such_local", "print 1", "end", "continue",
                                  "print 2", status=1)
        self.assertEqual(documents.all("print"), [])
        self.assertEqual(len(documents.errors()), 1)
        self.assertUndisturbed(guest, calls_sum)

    def test_no_end(self):
        guest = self.guest("calls")
        error, = self.attached(guest, "break fib", "commands", "print 1", status=1).errors()
        self.assertEqual(error["code"], "syntax")
        self.assertIn('"end"', error["message"])
        self.assertUndisturbed(guest, calls_sum)

    def test_a_number_that_is_not_there(self):
        """As with gdb no lines are read: what follows are commands of their own, and a file ends there, as it does at any failure."""
        guest = self.guest("calls")
        lines = "commands 9\nprint 41\nend\nprint 42\n"
        outcome = outpost("attach", guest.pid, "--color=never", input=lines)
        self.assertEqual(re.findall(r"error: (.*)", outcome.err),
                         ["there is no breakpoint 9", '"end" is not a command here: it ends the lines of "commands N", which come first'])
        self.assertEqual(re.findall(r"\$\d+ = (\d+)", outcome.out), ["41", "42"])
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(lines)
            file.flush()
            outcome = outpost("attach", "-batch", "-x", file.name, "-p", guest.pid)
        self.assertEqual(outcome.status, 1)
        self.assertIn(f"error: {file.name}:1: there is no breakpoint 9", outcome.err)
        self.assertNotIn("= 4", outcome.out)
        self.assertUndisturbed(guest, calls_sum)

    def test_thousands_of_rounds(self):
        """They do not nest: a stop whose commands go on is over before the next one."""
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib", "commands", "silent", "continue", "end", "tbreak round if r == 400",
                                  "continue", "info breakpoints")
        hits = documents.one("info breakpoints")["breakpoints"][0]["hits"]
        self.assertGreater(hits, 15 * 200)
        self.assertEqual(hits % 15, 0)
        self.assertUndisturbed(guest, calls_sum)


class Conditions(Folder):
    def test_change_and_drop(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib if n == 3", "continue", "info locals", "condition 1 n == 0", "continue",
                                  "info locals", "info breakpoints", "condition 1", "continue", "info locals", "info breakpoints")
        self.assertEqual([v["locals"][0]["value"] for v in documents.all("info locals")][:2], [3, 0])
        listed = [b["breakpoints"][0].get("condition") for b in documents.all("info breakpoints")]
        self.assertEqual(listed, ["n == 0", None])
        self.assertEqual([r["condition"] for r in documents.all("condition")], ["n == 0", None])
        # After fib(0) comes fib(1), in any case.
        self.assertEqual(documents.all("info locals")[2]["locals"][0]["value"], 1)
        self.assertUndisturbed(guest, calls_sum)

    def test_enable_once_count_and_delete(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break round", "enable once 1", "break apply", "enable count 2 2", "break choose",
                                  "enable delete 3", "info breakpoints", *["continue"] * 4, "info breakpoints", "break fib",
                                  "continue", "info breakpoints", "enable 1 2", "disable 4", "continue", "continue", "continue")
        before, after, last = (b["breakpoints"] for b in documents.all("info breakpoints"))
        self.assertEqual([(b["number"], b.get("stops_left"), b["temporary"]) for b in before],
                         [(1, 1, False), (2, 2, False), (3, None, True)])
        functions = [s["frame"]["function"] for s in documents.stops("breakpoint")]
        self.assertEqual(sorted(functions[:4]), ["apply", "apply", "choose", "round"])
        self.assertEqual([(b["number"], b["enabled"]) for b in after if b["number"] < 3], [(1, False), (2, False)])
        self.assertEqual([b["number"] for b in last], [1, 2, 4])
        self.assertEqual(functions[4], "fib")
        self.assertEqual(sorted(set(functions[5:])), ["apply", "round"])
        self.assertUndisturbed(guest, calls_sum)

    def test_ranges(self):
        guest = self.guest("calls")
        documents = self.attached(guest, *["break fib"] * 6, "disable 1-3 5", "info breakpoints", "enable 2-3", "delete 1-2 6",
                                  "info breakpoints")
        first, second = ([(b["number"], b["enabled"]) for b in listed["breakpoints"]]
                         for listed in documents.all("info breakpoints"))
        self.assertEqual(first, [(1, False), (2, False), (3, False), (4, True), (5, False), (6, True)])
        self.assertEqual(second, [(3, True), (4, True), (5, False)])
        self.assertUndisturbed(guest, calls_sum)

    def test_the_table(self):
        guest = self.guest("calls")
        out = self.attached_text(guest, "break fib if n == 3", "commands", "silent", "print n", "end", "enable count 3 1",
                                 "ignore 1 1", "continue", "info breakpoints")
        self.assertEqual(out[out.index("Num"):].splitlines()[:7][0:2],
                         ["Num     Disp Enb Hits    Where",
                          f"1       dis  y   2       fib at calls!{instructions(wat('calls'))['fib'][0][0]:#x}"])
        self.assertIn("\n        stop only if n == 3\n        evaluated inside the program\n        disabled after 2 more stops\n        silent\n        print n\n", out)
        self.assertUndisturbed(guest, calls_sum)


class Regular(Folder):
    def test_every_function_that_matches(self):
        code = instructions(wat("calls"))
        for pattern, expected in (("^(double|square|negate)$", ["double", "square", "negate"]),
                                  ("^fi", ["fib"]), ("b$|^(choo|rou)", ["fib", "choose", "round"])):
            with self.subTest(pattern=pattern):
                guest = self.guest("calls")
                documents = self.attached(guest, f"rbreak {pattern}", "info breakpoints", "continue")
                listed = documents.one("info breakpoints")["breakpoints"]
                self.assertEqual([(b["locations"][0]["function"], b["locations"][0]["pc"]) for b in listed],
                                 [(name, code[name][0][0]) for name in expected])
                self.assertEqual(documents.one("rbreak")["breakpoints"], [{**b, "hits": 0} for b in listed])
                self.assertIn(documents.stops("breakpoint")[0]["frame"]["function"], expected)
                self.assertUndisturbed(guest, calls_sum)

    def test_too_many(self):
        functions = 300
        source = self.folder / "many.wat"
        source.write_text("(module $many\n" + "".join(f"  (func $f{n})\n" for n in range(functions)) + "  (func (export "
                          '"_start") (call $f7)))\n')
        module = self.folder / "many.wasm"
        subprocess.run([str(VENV / "wasm-tools"), "parse", str(source), "-o", str(module)], check=True, timeout=LIMIT)
        for commands, status in ((["rbreak ^f"], 1), (["rbreak -limit 300 ^f", "continue"], 0)):
            outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(), "run", "-C", "cache=n", "-D",
                              "guest-debug=y", module)
            self.assertEqual(outcome.status, status, outcome)
            documents = Documents(outcome)
            if status:
                error, = documents.errors()
                self.assertEqual(error["code"], "limit")
                self.assertIn("300 functions match", error["message"])
            else:
                self.assertEqual(len(documents.one("rbreak")["breakpoints"]), functions)
                self.assertEqual(documents.stops("breakpoint")[0]["frame"]["function"], "f7")


class Saving(Folder):
    SETTING = ("break fib if n == 3", "ignore $bpnum 2", "commands", "silent", "print n", "end", "tbreak apply", "break choose",
               "enable once $bpnum", "disable $bpnum", "break no_such_function", "rbreak ^square$", "info breakpoints")

    def test_and_setting_again(self):
        file = self.folder / "breakpoints"
        guest = self.guest("calls")
        saved = self.attached(guest, *self.SETTING, f"save breakpoints {file}")
        self.assertEqual(saved.one("save"), {"file": str(file), "count": 5})
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        again = self.attached(guest, f"source {file}", "info breakpoints")
        first, second = (d.one("info breakpoints")["breakpoints"] for d in (saved, again))
        # What is disabled has no count of stops any more: nothing would count.
        self.assertEqual(first, second)
        self.assertEqual(again.all("commands"), [{"breakpoints": [1]}])
        self.assertUndisturbed(guest, calls_sum)

    def test_every_kind(self):
        """Each is set again as what it was; those that watch come last."""
        file = self.folder / "breakpoints"
        guest = self.guest("calls")
        setting = ("break fib", "continue", "delete", "watch $mem[64:i32] if $mem[64:i32] > 3", "rwatch $mem[68:i32]", "catch trap", "tcatch exit",
                   'log fib if n > 3 "n=%d if (%d)" n, n + 1', "count fib", "watch -software n", "break round if (r == 7)",
                   "watch -software -in 'f[ i]b' $mem[64:i32]", "watch $mem[72:i32] if($mem[72:i32] > 3)")
        self.attached(guest, *setting, f"save breakpoints {file}")
        self.assertEqual(file.read_text().splitlines(),
                         ["catch trap", "tcatch exit", 'log fib if n > 3 "n=%d if (%d)" n, n + 1', "break round if (r == 7)",
                          "watch $mem[64:i32] if $mem[64:i32] > 3", "rwatch $mem[68:i32]", "watch -software n",
                          r"watch -software -in f[\ i]b $mem[64:i32]", "watch $mem[72:i32] if ($mem[72:i32] > 3)"])
        again = self.attached(guest, "break fib", "continue", "delete", f"source {file}", "info breakpoints")
        self.assertEqual(len(again.one("info breakpoints")["breakpoints"]), 9)
        self.assertUndisturbed(guest, calls_sum)

    def test_over_another_file(self):
        guest = self.guest("calls")
        mine, foreign = self.folder / "mine", self.folder / "foreign"
        mine.write_text("x" * 10000)
        mine.chmod(0o644)
        foreign.write_text("keep me")
        link, fifo, hard = self.folder / "link", self.folder / "fifo", self.folder / "hard"
        link.symlink_to(foreign)
        os.mkfifo(fifo)
        os.link(foreign, hard)
        self.attached(guest, "break fib", f"save breakpoints {mine}")
        self.assertEqual((mine.read_text(), stat.S_IMODE(mine.stat().st_mode)), ("break fib\n", 0o600))
        for path in (link, fifo, hard, self.folder, "/dev/null"):
            with self.subTest(path=path):
                error, = self.attached(guest, "break fib", f"save breakpoints {path}", status=1).errors()
                self.assertEqual(error["code"], "io")
        self.assertEqual(foreign.read_text(), "keep me")
        self.assertUndisturbed(guest, calls_sum)

    def test_bpnum(self):
        guest = self.guest("calls")
        with Conversation(guest.pid) as conversation:
            for number in (1, 2, 3):
                conversation.ask("break fib")
                self.assertEqual(conversation.ask("disable $bpnum"), {"breakpoints": [number]})
            self.assertEqual(conversation.ask("delete 1-$bpnum"), {"breakpoints": [1, 2, 3]})
        self.assertUndisturbed(guest, calls_sum)


if __name__ == "__main__":
    unittest.main()
