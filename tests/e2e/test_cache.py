# SPDX-License-Identifier: GPL-3.0-or-later
"""Wasmtime's cache of compiled code: what outpost writes into code must never get there.

The yardstick is the entry that the same Wasmtime makes of the same module without outpost; and a run from the entry that was
made under outpost, alone.
"""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from conversation import Conversation
from harness import (GUESTS, LIMIT, VENV, Case, Documents, Guest, calls_sum, compiled, environment, outpost, script, wasmtime, wat)

VERSIONS = ("36.0.9", "44.0.1", "49.0.4")
WAYS = [(version, debug) for version in VERSIONS for debug in (False, True) if not debug or version != "36.0.9"]


class Cache:
    """A home whose cache of Wasmtime's is empty at first."""

    def __init__(self, case):
        self.folder = tempfile.TemporaryDirectory()
        case.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / "cache"
        self.path.mkdir()
        self.prefix = ("env", f"HOME={self.folder.name}", f"XDG_CACHE_HOME={self.path}")

    def files(self):
        return {path.name: path for path in self.path.glob("wasmtime/modules/*/*") if not path.suffix}

    def entries(self):
        return {name: path.read_bytes() for name, path in self.files().items()}

    def written(self):
        """Wasmtime replaces a file by another one when it writes an entry."""
        return {name: path.stat().st_ino for name, path in self.files().items()}

    def run(self, command):
        """A program with this cache, without outpost: (exit status, output)."""
        done = subprocess.run([*self.prefix, *map(str, command)], capture_output=True, text=True, timeout=LIMIT,
                              stdin=subprocess.DEVNULL, env=environment())
        return done.returncode, done.stdout, done.stderr


class Cached(Case):
    def assertClean(self, cache, command, check):
        """The cache holds what it holds without outpost, and a program that uses it works."""
        yardstick = Cache(self)
        status, out, err = yardstick.run(command)
        self.assertEqual(status, 0, err)
        wanted = yardstick.entries()
        self.assertTrue(wanted)
        self.assertEqual(cache.entries(), wanted)
        before = cache.written()
        status, out, err = cache.run(command)
        self.assertEqual(status, 0, err)
        check(out)
        self.assertEqual(cache.written(), before)

    def assertCalls(self, out):
        rounds, total = map(int, re.search(r"done rounds=(\d+) sum=(\d+)", out).groups())
        self.assertEqual(total, calls_sum(rounds))

    def launch(self, cache, command, *commands, status=0):
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", *command, prefix=cache.prefix)
        self.assertEqual(outcome.status, status, outcome)
        said = [line for line in outcome.out.splitlines() if not line.startswith("{")]
        outcome.out = "\n".join(line for line in outcome.out.splitlines() if line.startswith("{"))
        return Documents(outcome), "\n".join(said)


def run(version, guest_debug, *rest):
    return [wasmtime(version), "run", *(["-D", "guest-debug=y"] if guest_debug else []), *rest]


class Launched(Cached):
    def test_a_breakpoint(self):
        for version, guest_debug in WAYS:
            with self.subTest(version=version, guest_debug=guest_debug):
                cache, command = Cache(self), run(version, guest_debug, wat("calls"))
                documents, said = self.launch(cache, command, "break fib", "continue", "delete", "continue")
                self.assertEqual(documents.stops("entry")[0]["frame"]["function"], "main")
                self.assertEqual(documents.stops("breakpoint")[0]["frame"]["function"], "fib")
                self.assertCalls(said)
                self.assertClean(cache, command, self.assertCalls)
                # The same from the cache.
                before = cache.written()
                documents, said = self.launch(cache, command, "break fib", "continue", "delete", "continue")
                self.assertEqual(documents.stops("breakpoint")[0]["frame"]["function"], "fib")
                self.assertEqual(cache.written(), before)
                self.assertClean(cache, command, self.assertCalls)

    def test_pending(self):
        # The program stops in early's start function, when the other modules are not there yet.
        for version, guest_debug in WAYS:
            with self.subTest(version=version, guest_debug=guest_debug):
                cache = Cache(self)
                command = run(version, guest_debug, "--preload", f"early={wat('early')}", "--preload", f"later={wat('later')}",
                              wat("preloads"))
                documents, _ = self.launch(cache, command, "break begin", "info breakpoints", "continue", "continue")
                self.assertTrue(documents.one("info breakpoints")["breakpoints"][0]["pending"])
                self.assertEqual([s["frame"]["function"] for s in documents.stops("breakpoint")], ["begin"])
                self.assertEqual([d["status"] for d in documents if d.get("event") == "exited"], [0])
                self.assertClean(cache, command, lambda out: None)
                self.assertEqual(len(cache.entries()), 3)

    def test_a_component(self):
        for version in ("44.0.1", "49.0.4"):
            with self.subTest(version=version):
                cache, command = Cache(self), run(version, True, "--invoke", "work(3)", wat("component"))
                documents, said = self.launch(cache, command, "break add_three", "continue", "delete", "continue")
                self.assertEqual(len(documents.stops("breakpoint")), 1)
                result = str((3 * 5 + 3) * 5 + 3)
                self.assertEqual(said, result)
                self.assertClean(cache, command, lambda out: self.assertEqual(out.strip(), result))

    def test_host_calls_are_traced(self):
        for version, guest_debug in WAYS:
            with self.subTest(version=version, guest_debug=guest_debug):
                cache, command = Cache(self), run(version, guest_debug, wat("calls"))
                documents, said = self.launch(cache, command, "catch host fd_write", "continue", "delete", "continue")
                self.assertEqual(len(documents.stops("catch")), 1)
                self.assertCalls(said)
                self.assertClean(cache, command, self.assertCalls)

    def test_a_detach_before_the_first_instruction(self):
        # The program stops when later's code has been mapped and nobody has executed it.
        for version, guest_debug in WAYS:
            with self.subTest(version=version, guest_debug=guest_debug):
                cache = Cache(self)
                command = run(version, guest_debug, "--preload", f"early={wat('early')}", "--preload", f"later={wat('later')}",
                              wat("calls"))
                documents, said = self.launch(cache, command, "break begin", "catch load", "continue", "detach")
                self.assertEqual(len(documents.stops("catch")), 1)
                self.assertCalls(said)
                self.assertClean(cache, command, self.assertCalls)

    def test_a_kill_before_the_first_instruction(self):
        cache = Cache(self)
        command = run("49.0.4", False, "--preload", f"early={wat('early')}", "--preload", f"later={wat('later')}", wat("calls"))
        self.launch(cache, command, "break begin", "catch load", "continue", "kill")
        status, out, err = cache.run(command)
        self.assertEqual(status, 0, err)
        self.assertClean(cache, command, self.assertCalls)

    def test_a_file_that_was_compiled_before(self):
        for guest_debug in (False, True):
            with self.subTest(guest_debug=guest_debug):
                cache = Cache(self)
                artifact = compiled(wat("calls"), "49.0.4", *(["-D", "guest-debug=y"] if guest_debug else []))
                before = artifact.read_bytes()
                documents, said = self.launch(cache, run("49.0.4", guest_debug, "--allow-precompiled", artifact), "break fib",
                                              "continue", "delete", "continue")
                self.assertEqual(documents.stops("breakpoint")[0]["frame"]["function"], "fib")
                self.assertCalls(said)
                self.assertEqual(artifact.read_bytes(), before)
                self.assertEqual(cache.entries(), {})

    def test_a_compilation(self):
        for guest_debug in (False, True):
            with self.subTest(guest_debug=guest_debug):
                cache = Cache(self)
                options = ["-D", "guest-debug=y"] if guest_debug else []
                made = Path(cache.folder.name) / "made.cwasm"
                self.launch(cache, [wasmtime("49.0.4"), "compile", *options, wat("calls"), "-o", made])
                self.assertEqual(made.read_bytes(), compiled(wat("calls"), "49.0.4", *options).read_bytes())


class Host(Cached):
    """tests/guests/plugins.py, which loads its guest when a line comes. There is no guest-debug in it."""

    @staticmethod
    def command(way):
        return [VENV / "python", GUESTS / "plugins.py", wat("plugin"), way]

    def assertSum(self, rounds, times=1):
        wanted = times * sum(3 * k + 1 for k in range(rounds))
        return lambda out: self.assertIn(f"done rounds=1 sum={wanted}\n", out + "\n")

    def test_many_threads_come_first(self):
        for _ in range(5):
            cache = Cache(self)
            documents, said = self.launch(cache, self.command("threads"), "break work", "continue", "delete", "continue")
            self.assertEqual(documents.stops("breakpoint")[0]["frame"]["function"], "work")
            self.assertSum(50, 8)(said)
            self.assertClean(cache, self.command("threads"), self.assertSum(50, 8))

    def test_a_forked_child_comes_first(self):
        cache = Cache(self)
        documents, said = self.launch(cache, self.command("fork"), "break work", "continue", "delete", "continue")
        self.assertEqual(len(documents.stops("breakpoint")), 1)
        self.assertIn("child 35\n", said)
        self.assertSum(5)(said)
        self.assertClean(cache, self.command("fork"), self.assertSum(5))

    def test_attached_and_loaded_later(self):
        cache = Cache(self)
        guest = Guest(None, command=[*cache.prefix, *self.command("plain")])
        self.addCleanup(guest.__exit__)
        guest.ready()
        with Conversation(guest.pid) as talk:
            talk.ask("break triple")
            self.assertTrue(talk.ask("info breakpoints")["breakpoints"][0]["pending"])
            talk.send("continue")
            guest.send("\n")
            talk.told("continue")
            self.assertEqual([e["frame"]["function"] for e in talk.events if e.get("event") == "stopped"], ["triple"])
            talk.ask("delete")
        self.assertEqual(guest.finish(""), (1, sum(3 * k + 1 for k in range(20000))))
        self.assertClean(cache, self.command("plain"), self.assertSum(20000))


    def test_a_detach_leaves_nothing_that_is_serialized(self):
        guest = Guest(None, command=[*Cache(self).prefix, *self.command("serialize")])
        self.addCleanup(guest.__exit__)
        guest.ready()
        guest.send("\n")
        guest.wait_line("loaded")
        with Conversation(guest.pid) as talk:
            talk.ask("break work")
            talk.send("continue")
            guest.send("\n")
            talk.told("continue")
            self.assertEqual([e["frame"]["function"] for e in talk.events if e.get("event") == "stopped"], ["work"])
        guest.wait_line("worked")
        self.assertEqual(guest.finish(), (1, 1))

    def test_attached_to_one_that_only_computes(self):
        # Nothing but a look at its thread tells that the module is compiled.
        guest = Guest(None, command=self.command("forever"))
        self.addCleanup(guest.__exit__)
        guest.ready()
        with Conversation(guest.pid) as talk:
            talk.ask("break triple")
            talk.send("continue")
            guest.send("\n")
            talk.told("continue")
            self.assertEqual([e["frame"]["function"] for e in talk.events if e.get("event") == "stopped"], ["triple"])


class Script(Cached):
    """`wasmtime wast`, which loads the second script's module when that comes through a FIFO, with guest-debug or without."""

    SECOND = """(module $second
  (import "spectest" "print_i32" (func $print (param i32)))
  (func $work (param $n i32) (result i32) (i32.add (i32.mul (local.get $n) (i32.const 3)) (i32.const 1)))
  (func (export "go") (local $n i32) (local $sum i32)
    (loop $more
      (local.set $sum (i32.add (local.get $sum) (call $work (local.get $n))))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))
    (call $print (local.get $sum))))
(assert_return (invoke "go"))
"""
    TOTAL = sum(3 * k + 1 for k in range(1000))

    def test_attached_and_loaded_later(self):
        for version in ("44.0.1", "49.0.4"):
            for guest_debug in (False, True):
                with self.subTest(version=version, guest_debug=guest_debug):
                    self.loaded_later(version, guest_debug)

    def loaded_later(self, version, guest_debug):
        cache = Cache(self)
        first, second = (Path(cache.folder.name) / name for name in ("first.wast", "second.wast"))
        first.write_text('(module (import "spectest" "print_i32" (func $print (param i32)))'
                         ' (func (export "f") (call $print (i32.const 1))))\n(invoke "f")\n')
        options = ["--generate-dwarf=false", *(["-D", "guest-debug=y"] if guest_debug else [])]
        command = [wasmtime(version), "wast", *options, first, second]
        os.mkfifo(second)
        guest = Guest(None, command=[*cache.prefix, *command])
        self.addCleanup(guest.__exit__)
        guest.wait_line("1: i32")
        with Conversation(guest.pid) as talk:
            talk.ask("break work")
            self.assertTrue(talk.ask("info breakpoints")["breakpoints"][0]["pending"])
            talk.send("continue")
            second.write_text(self.SECOND)
            talk.told("continue")
            self.assertEqual([e["frame"]["function"] for e in talk.events if e.get("event") == "stopped"], ["work"])
            if guest_debug:
                # The very first call.
                self.assertEqual(talk.read("n"), 0)
            talk.ask("delete")
        self.assertEqual(guest.line(), f"{self.TOTAL}: i32")
        status, errors = guest.end()
        self.assertEqual(status, 0, errors)
        second.unlink()
        second.write_text(self.SECOND)
        self.assertClean(cache, command, lambda out: self.assertEqual(out.splitlines()[-1], f"{self.TOTAL}: i32"))


if __name__ == "__main__":
    unittest.main()
