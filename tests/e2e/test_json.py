# SPDX-License-Identifier: GPL-3.0-or-later
"""Every document that outpost writes fits the schema in docs/json-schema.json."""

import json
import re
import tempfile
import unittest

import jsonschema

from cores import CoreCase, needs_kernel_cores
from harness import SOURCE, Documents, Guest, c, calls_sum, compiled, outpost, script, sleeping, values_sum, wasmtime, wat


class Schema(CoreCase):
    @classmethod
    def setUpClass(cls):
        schema = json.loads((SOURCE / "docs" / "json-schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.validator = jsonschema.Draft202012Validator(schema)

    def valid(self, documents):
        self.assertTrue(documents)
        for document in documents:
            errors = [f"{list(e.absolute_path)}: {e.message[:300]}" for e in self.validator.iter_errors(document)]
            self.assertEqual(errors, [], json.dumps(document)[:2000])

    def test_commands_of_a_session(self):
        guest = self.guest("calls")
        documents = self.attached(
            guest, "info threads", "info modules", "info functions", "info functions f*", "info suspended", "break fib",
            "tbreak choose", "break nothing_such", "info breakpoints", "continue", "backtrace", "backtrace -full", "frame 0",
            "info frame", "info locals", "info stack", "info instructions", "up", "down", "stepi", "stepi 3", "nexti",
            "print 1 + 1", "print/x n", "x/4xw 1024", "x/s 0xf000", "set $mem[0:i32] = 5", "disassemble",
            "disassemble /n fib", "disassemble /m fib", "disable 1", "enable 1", "ignore 1 2", "delete 1", "finish",
            "help", "help break", "echo hello\\n", "history", "show confirm", "thread", "detach")
        self.valid(documents)
        self.assertFalse(documents.errors())
        self.assertUndisturbed(guest, calls_sum)

    def test_comforts_of_breakpoints(self):
        guest = self.guest("calls")
        with tempfile.TemporaryDirectory() as folder:
            documents = self.attached(
                guest, "break round", "break round if r >= 0", "commands", "silent", "print r", "end", "enable count 5 $bpnum",
                "info breakpoints", "continue", "until", "advance choose", "condition 2", "condition 2 r > 1", "rbreak ^fib$",
                "enable once 3", f"save breakpoints {folder}/saved", f"source {folder}/saved", "set scheduler-locking step",
                "show scheduler-locking")
        self.valid(documents)
        self.assertFalse(documents.errors())
        self.assertUndisturbed(guest, calls_sum)

    def test_several_stores(self):
        guest = self.guest("threads", version="44.0.1", options=["-W", "threads=y,shared-memory=y", "-S", "threads=y"],
                           arguments=[2])
        documents = self.attached(guest, "break tick if worker == 0", "continue", "delete", "set scheduler-locking on",
                                  "set $mem[0x110:i32] = 1", "continue")
        self.valid(documents)
        self.assertIn("store", documents.stops("breakpoint")[0])
        self.assertEqual(documents.stops()[-1]["reason"], "thread-ended")
        rounds, total = guest.finish("x\n")
        self.assertEqual(rounds, total)

    def test_types(self):
        guest = self.guest("values")
        self.valid(self.attached(guest, "break mark", "continue", "up", "info locals", "info stack", "backtrace -full"))
        self.assertEqual(guest.status("TracerPid"), "0")

    def test_values_of_the_language(self):
        outcome = outpost("run", "--batch", "--json", *script(
            "tbreak stop", "continue", "tbreak stop", "continue", "up", "info locals", "info args", "info locals -wasm", "print first",
            "print first.key", "print/x numbers", "print grid", "output first.name", "ptype first", "whatis bits", "info types *node*",
            "info variables", "set print raw-values on"), "--", wasmtime(), "run", "-D", "guest-debug=y", c("source_c", "-g", "-O1"))
        outcome.out = "".join(line for line in outcome.out.splitlines(keepends=True) if line.startswith('{"'))
        documents = Documents(outcome)
        self.valid(documents)
        self.assertFalse(documents.errors())

    def test_state(self):
        features = ["-W", "gc=y,exceptions=y,function-references=y,threads=y,shared-memory=y,multi-memory=y,memory64=y,fuel=100000000"]
        listings = [f"info {what}" for what in (
            "stores", "instances", "imports", "exports", "globals", "tables", "tags", "memories", "stacks", "locals", "stack")]
        for name, more in (
                ("state", ["print $table0[0..6]", "print $table0[1]", "print $global.vector", "stack 0", "find/b 0, +2048, 110",
                                 "set $global.answer = 3", "print $mem1[64:i32]", "dump memory /dev/null mem2:0 16", f"restore {wat('provider')} 0x1000"]),
                ("objects", ["tbreak mark", "continue", "up", *listings, "print $node", "print $mixed", "print $numbers[1..3]",
                                   "print $exception", "print $outside", "print $small", "print $callback", "print $node.weight",
                                   "print $node.tiny", "set print object-depth 1", "print $nodes", "print $none"])):
            with self.subTest(name=name):
                guest = Guest(wat(name), options=features)
                self.addCleanup(guest.__exit__)
                documents = self.attached(guest.ready(), *listings, "instance", "instance 1", *more)
                self.valid(documents)
                self.assertFalse(documents.errors())

    def test_watchpoints(self):
        guest = self.guest("watch")
        documents = self.attached(guest, "watch $mem[0x2004:i32]", "rwatch $mem[0x2300:i32]", "awatch $mem[0xf8f0:i32]",
                                  "info watchpoints", "continue", "continue", "continue", "disable 1", "delete")
        self.assertEqual(len(documents.stops("watchpoint")), 3)
        self.valid(documents)
        self.assertFalse(documents.errors())

    def test_of_a_guest_with_sources(self):
        guest = Guest(c("progress", "-g", "-O0"), arguments=["100000"])
        self.addCleanup(guest.__exit__)
        guest.line()
        documents = self.attached(guest, "tbreak take_turn", "continue", "thread", "frame 1", "thread", "backtrace -full", "info scope",
                                  "frame 0", "finish")
        self.assertFalse(documents.errors())
        self.assertEqual(documents.stops("step")[0]["returned"]["source"]["type"], "uint32_t")
        self.assertEqual(len(documents.all("thread")), 2)
        for result in documents.all("thread"):
            self.assertTrue(result["source"])
        self.valid(documents)

    def test_missing_values(self):
        guest = self.guest("calls", guest_debug=False)
        self.valid(self.attached(guest, "backtrace -full", "info locals", "info stack"))
        self.assertUndisturbed(guest, calls_sum)

    def test_errors(self):
        guest = self.guest("calls")
        for command in ("fly", "print 1 +", "delete 99", "x/1xw 0xffffffff"):
            with self.subTest(command=command):
                documents = self.attached(guest, command, status=1)
                self.valid(documents)
                self.assertEqual(len(documents.errors()), 1)
        self.assertUndisturbed(guest, calls_sum)

    def test_one_shot_documents(self):
        guest = sleeping(self.guest("reader"))
        self.valid(Documents(outpost("stack", guest.pid, "--json")))
        self.valid(Documents(outpost("inspect", guest.pid, "--json")))
        self.valid(Documents(outpost("inspect", compiled(wat("component"), "49.0.4", "-D", "guest-debug=y"), "--json")))
        self.assertUndisturbed(guest, lambda rounds: 0, "")

    @needs_kernel_cores
    def test_core_files(self):
        guest = sleeping(self.started(wat("reader")))
        core = self.kernel_core(guest)
        self.valid(self.opened(core, "stack 0", "info threads", "info stacks", "info suspended", "detach", f"core {core}"))
        self.valid(self.opened(core, "continue", status=1))
        self.valid(Documents(outpost("core", core + ".none", "--json")))
        self.valid(Documents(outpost("stack", core, "--json")))
        self.valid(Documents(outpost("inspect", core, "--json")))

    def test_allow(self):
        file = self.folder / ".outpostrc"
        file.write_text("# nothing\n")
        file.chmod(0o600)
        for mode in ("allow", "deny"):
            self.valid(Documents(outpost(mode, self.folder, "--json")))
        self.valid(Documents(outpost("allow", self.folder / "none", "--json")))

    def test_written_core_files(self):
        guest = self.started(wat("values"))
        core, dump = self.folder / "core", self.folder / "dump"
        self.valid(Documents(outpost("gcore", guest.pid, core, "--json")))
        self.valid(Documents(outpost("gcore", guest.pid, self.folder, "--json")))
        self.valid(self.attached(guest, f"generate-core-file {core}", f"generate-wasm-core {dump}"))
        self.valid(Documents(outpost("core", dump, "--json")))
        self.assertUndisturbed(guest, values_sum)

    def test_every_command_is_in_the_manual(self):
        manual = (SOURCE / "docs" / "manual.md").read_text()
        names = outpost("--dump-commands=bash").out.split()
        self.assertIn("backtrace", names)
        self.assertEqual([name for name in names if not re.search(rf"`[^`]*\b{name}\b", manual)], [])

    def test_the_manual_page_has_the_commands_own_help(self):
        page = (SOURCE / "docs" / "outpost.1").read_text()
        self.assertIn(outpost("--dump-commands=man").out, page)

    def test_every_option_and_mode_is_told_everywhere(self):
        told = outpost("--help").out
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", told))
        modes = set(re.findall(r"(?m)^  outpost ([a-z-]+)", told))
        self.assertIn("--wasm-core", options)
        self.assertIn("trace-calls", modes)
        page = (SOURCE / "docs" / "outpost.1").read_text().replace("\\-", "-")
        texts = {"manual": (SOURCE / "docs" / "manual.md").read_text(), "page": page[:page.index(".SH COMMANDS")],
                 "completion": (SOURCE / "completions" / "outpost.bash").read_text()}
        for name, text in texts.items():
            words = set(re.findall(r"(?<![\w-])(?:--)?[a-z][a-z-]+", text))
            self.assertEqual((options | modes) - words, set(), name)

    def test_exit(self):
        guest = sleeping(self.guest("sleeper"))
        documents = self.attached(guest, "break woken", "continue", "delete", "continue", meanwhile=lambda: guest.send("\n"))
        self.valid(documents)
        self.assertTrue(any(d.get("event") == "exited" for d in documents))


if __name__ == "__main__":
    unittest.main()
