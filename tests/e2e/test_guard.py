# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost guard: what it keeps is what outpost attach shows at the same stop, and the program's own end is what it was."""

import http.client
import json
import os
import signal
import stat
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import jsonschema

from harness import (GUESTS, LIMIT, PROGRAM, SOURCE, VENV, WORK, Case, Documents, Guest, environment, outpost, script, sleeping,
                     wait_until, wasmtime, wat)
from modes import FEATURES, VERSIONS, in_each_mode

SCHEMA = json.loads((SOURCE / "docs" / "json-schema.json").read_text())
REPORT = jsonschema.Draft202012Validator(dict(SCHEMA["$defs"]["guard_report"], **{"$defs": SCHEMA["$defs"]}))
DOCUMENT = jsonschema.Draft202012Validator(SCHEMA)


class Guarding:
    """A running outpost guard, and what it says."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        self.process = subprocess.Popen([str(part) for part in (PROGRAM, *arguments)], cwd=folder, env=environment(),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = []

    def line(self):
        self.said.append(self.process.stdout.readline())
        return self.said[-1]

    def armed(self):
        """It says so before it lets the program run: the traps come with the run."""
        line = self.line()
        if not line.startswith(("Guarding", '{"event":"guarding"')):
            raise AssertionError(f"{line!r} {self.process.stderr.read()}")
        return self

    def end(self):
        out, errors = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, "".join(self.said) + out, errors

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Guard(Case):
    def folder(self):
        WORK.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=WORK)
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def guarding(self, *arguments, folder=None):
        guard = Guarding(folder or self.folder(), *arguments)
        self.addCleanup(guard.kill)
        return guard

    def guest_of(self, name, version, guest_debug, options=()):
        guest = Guest(wat(name), version=version, guest_debug=guest_debug, options=[*FEATURES, *options])
        self.addCleanup(guest.__exit__)
        return sleeping(guest.ready())

    def host(self):
        guest = Guest(None, command=[VENV / "python", GUESTS / "events_host.py"])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def feed(self, guest, text):
        guest.send(text)
        guest.process.stdin.close()

    def outcome(self, guest):
        """Exit status, and what the program itself says of its end, without addresses."""
        status, said = guest.end()
        said = [line.strip() for line in said.splitlines()]
        return status, [line for line in said if line.startswith(("wasm trap:", "Caused"))], guest.lines

    def reports(self, folder):
        """The reports in a folder, by name: the page and the document, which fits the schema."""
        found = {}
        for path in sorted(folder.glob("*.json")):
            document = json.loads(path.read_text())
            self.assertEqual([(list(e.path), e.message[:500]) for e in REPORT.iter_errors(document)], [], path)
            found[path.name.removesuffix(".json")] = (path.with_suffix("").read_text(), document)
        return found

    def report(self, folder):
        found = self.reports(folder)
        self.assertEqual(len(found), 1, list(folder.iterdir()))
        return next(iter(found.values()))

    def by_hand(self, guest, text, catch):
        """The same stop in outpost attach: the documents of backtrace -full -host 100 and info stack."""
        armed = WORK / f"armed-{guest.pid}"
        armed.unlink(missing_ok=True)
        self.addCleanup(lambda: armed.unlink(missing_ok=True))

        def feed():
            wait_until(armed.exists, "outpost has armed its catchpoints")
            self.feed(guest, text)

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        outcome = outpost("attach", guest.pid, "--batch", "--json",
                          *script("catch " + catch, f"shell touch {armed}", "continue", "backtrace -full -host 100",
                                  "info stack", "continue"))
        feeder.join(LIMIT)
        self.assertEqual(outcome.status, 0, outcome)
        return Documents(outcome)

    def comparable(self, frames):
        """What does not differ from process to process: names, places and values; of the host the functions."""
        shown = []
        for frame in frames:
            if frame["kind"] == "wasm":
                shown.append({key: frame.get(key) for key in ("function", "function_index", "module", "pc", "locals", "stack")})
            else:
                shown.append([(f["object"], f["function"], f.get("offset")) for f in frame["frames"]])
        return shown

    def check(self, name, text, catch, version, guest_debug, options=()):
        """Guarded, caught by hand, and alone: the same report, the same end."""
        alone = self.guest_of(name, version, guest_debug, options)
        self.feed(alone, text)
        expected = self.outcome(alone)
        manual = self.by_hand(self.guest_of(name, version, guest_debug, options), text, catch)
        folder = self.folder()
        guest = self.guest_of(name, version, guest_debug, options)
        guard = self.guarding("guard", guest.pid, folder=folder).armed()
        self.feed(guest, text)
        self.assertEqual(self.outcome(guest), expected)
        status, out, errors = guard.end()
        self.assertEqual((status, errors), (0, ""), out)
        page, document = self.report(folder)
        stop = next(d for d in manual.stops() if "catch" in d)
        self.assertEqual([document["event"].get(key) for key in ("reason", "catch", "trap", "signal")],
                         [stop.get(key) for key in ("reason", "catch", "trap", "signal")])
        self.assertEqual(document["event"].get("exception", {}).get("payload"), stop.get("exception", {}).get("payload"))
        frames = manual.one("backtrace")["frames"]
        self.assertEqual(self.comparable(document["stack"]["result"]["frames"]), self.comparable(frames))
        self.assertEqual(document["operands"].get("result"), (manual.all("info stack") or [None])[0])
        self.assertIn(str(guest.pid), page)
        for frame in frames[:3]:
            if frame["kind"] == "wasm":
                self.assertIn(f"{frame['function']} (", page)
        return page, document


class EachEvent(Guard):
    TRAPS = (("traps", "u", "unreachable"), ("traps", "d", "divide"), ("traps", "o", "outside"), ("traps", "n", "null_call"),
             ("traps", "w", "wrong_type"), ("traps", "t", "outside_table"), ("traps", "c", "convert"),
             ("events", "c", "copy"), ("events", "n", "no_struct"), ("events", "k", "no_triple"), ("events", "a", "item"),
             ("events", "f", "fill"), ("events", "e", "element"), ("events", "u", "unaligned"), ("events", "b", "burn"),
             ("atomics", "a", "wait"), ("atomics", "f", "wait_long"), ("atomics", "k", "wait_shared"))
    # What kind it is, where an instruction may fail in more than one way. Atomic waits fail in three, which only their operands
    # tell apart.
    SUMMARIES = {"copy": "out of bounds memory access", "fill": "out of bounds memory access",
                 "element": "undefined element: out of bounds table access", "unaligned": "unaligned atomic",
                 "burn": "all fuel consumed by WebAssembly"}
    ATOMIC = {"wait": "atomic wait on non-shared memory", "wait_long": "unaligned atomic", "wait_shared": "out of bounds memory access"}

    @in_each_mode
    def test_every_kind_of_trap(self, version, guest_debug):
        for name, letter, function in self.TRAPS:
            with self.subTest(function=function):
                options = ["-W", "fuel=1000000"] if function == "burn" else []
                page, document = self.check(name, letter + "\n", "trap", version, guest_debug, options)
                self.assertEqual(document["event"]["frame"]["function"], function)
                self.assertIn(self.SUMMARIES.get(function, ""), document["summary"])
                if function in self.ATOMIC:
                    known = self.ATOMIC[function] if guest_debug else None
                    self.assertEqual(document["event"]["trap"], known)
                    self.assertRegex(document["summary"], f"^trap: {known or 'its kind is not known: .*guest-debug'}")
                self.assertTrue(page.startswith(f"outpost guard: {document['summary']}\n"), page[:200])
                self.assertEqual(document["wasmtime"], [version.split(".")[0]])
                if guest_debug and version != "44.0.1":
                    current = [line["pc"] for line in document["instructions"]["wasm"] if line["current"]]
                    self.assertEqual(current, [document["event"]["frame"]["pc"]])

    @in_each_mode
    def test_time_is_up(self, version, guest_debug):
        """Once the guest reads its input it is at rest, whenever the time is up: the trap waits for it to go on."""
        guest = self.guest_of("events", version, guest_debug, ["-W", "timeout=2s"])
        folder = self.folder()
        guard = self.guarding("guard", guest.pid, folder=folder).armed()
        self.feed(guest, "b\n")
        status, errors = guest.end()
        self.assertEqual(status, 134, errors)
        self.assertIn("wasm trap: interrupt", errors)
        self.assertEqual(guard.end()[0], 0)
        _, document = self.report(folder)
        self.assertEqual((document["summary"], document["event"]["trap"]), ("trap: interrupt", "interrupt"))
        self.assertIn(document["event"]["frame"]["function"], ("burn", "read_line", "dispatch", "main"))
        self.assertEqual(self.names(document["stack"]["result"]["frames"])[-1], "main")

    @in_each_mode
    def test_stack_overflow_shows_both_ends(self, version, guest_debug):
        page, document = self.check("traps", "r\n", "trap", version, guest_debug)
        self.assertEqual(document["summary"], "trap: call stack exhausted")
        self.assertEqual(self.names(document["outermost"]["result"]["frames"])[-2:], ["dispatch", "main"])
        self.assertLess(len(page), 200_000)

    @in_each_mode
    def test_uncaught_exception(self, version, guest_debug):
        _, document = self.check("events", "x\n", "uncaught", version, guest_debug)
        self.assertEqual([value["value"] for value in document["event"]["exception"]["payload"]], [43, 7000000000])

    def test_a_caught_exception_is_none(self):
        guest = self.guest_of("events", "49.0.4", True)
        folder = self.folder()
        guard = self.guarding("guard", guest.pid, folder=folder).armed()
        self.feed(guest, "t\n")
        self.assertEqual(guest.end()[0], 0)
        self.assertEqual(guard.end()[0], 0)
        self.assertEqual(list(folder.iterdir()), [])

    def test_the_faulting_address_in_the_guests_memory(self):
        guest = self.guest_of("traps", "49.0.4", False)
        folder = self.folder()
        self.guarding("guard", guest.pid, folder=folder).armed()
        self.feed(guest, "o\n")
        guest.end()
        wait_until(lambda: list(folder.glob("*.json")), "there is a report")
        wait_until(lambda: self.reports(folder), "it is whole")
        _, document = self.report(folder)
        self.assertEqual((document["fault"]["memory"], document["fault"]["offset"], document["fault"]["bytes_at"]),
                         (0, "0x7fff0000", "0x1ffc0"))
        self.assertEqual(len(document["fault"]["bytes"]), 128)

    def test_the_hosts_own_crash(self):
        folder = self.folder()
        guest = self.host()
        guard = self.guarding("guard", guest.pid, "--keep", "--json", folder=folder).armed()
        self.feed(guest, "crash\n")
        self.assertEqual(guest.end()[0], -signal.SIGSEGV)
        status, out, _ = guard.end()
        self.assertEqual(status, 0, out)
        for line in out.splitlines():
            self.assertEqual([e.message for e in DOCUMENT.iter_errors(json.loads(line))], [], line)
        # Wasmtime's handler lets it happen again: that is the same crash.
        _, document = self.report(folder)
        self.assertEqual((document["caught"], document["event"]["signal"]), ("signal", "SIGSEGV"))
        self.assertEqual((document["fault"]["address"], document["stack"]), ("0x8", None))
        thread = next(t for t in document["threads"] if t["tid"] == document["event"]["thread"])
        functions = [f["function"] for frame in thread["frames"] for f in frame["frames"]]
        self.assertIn("ffi_call", " ".join(f or "" for f in functions))

    def test_abort_inside_a_host_call(self):
        folder = self.folder()
        guest = self.host()
        guard = self.guarding("guard", guest.pid, folder=folder).armed()
        self.feed(guest, "abort-in-call\n")
        self.assertEqual(guest.end()[0], -signal.SIGABRT)
        self.assertEqual(guard.end()[0], 0)
        page, document = self.report(folder)
        self.assertEqual((document["event"]["signal"], document["fault"]), ("SIGABRT", None))
        frames = document["stack"]["result"]["frames"]
        self.assertEqual([f["kind"] for f in frames], ["host", "wasm", "host"])
        self.assertEqual(frames[1]["function"], "ask")
        self.assertRegex(" ".join(f["function"] or "" for f in frames[0]["frames"]), r"\b(abort|raise)\b")
        self.assertIn("signal SIGABRT", page)

    def test_exit(self):
        folder = self.folder()
        guest = self.guest_of("events", "49.0.4", True)
        guard = self.guarding("guard", "--on", "exit", guest.pid, folder=folder).armed()
        self.feed(guest, "p\n")
        self.assertEqual(guest.end()[0], 3)
        self.assertEqual(guard.end()[0], 0)
        _, document = self.report(folder)
        self.assertEqual((document["caught"], document["event"]["status"]), ("exit", 3))

    def test_only_what_is_asked_for(self):
        guest = self.guest_of("traps", "49.0.4", False)
        folder = self.folder()
        guard = self.guarding("guard", "--on=throw-uncaught,signal", guest.pid, folder=folder).armed()
        self.feed(guest, "d\n")
        self.assertEqual(guest.end()[0], 134)
        status, out, _ = guard.end()
        self.assertEqual((status, list(folder.iterdir())), (0, []))
        self.assertIn("exited with status 134", out)


class Program(Guard):
    def test_a_program_from_its_start(self):
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    folder = self.folder()
                    debug = ["-D", "guest-debug=y"] if guest_debug else []
                    run = subprocess.run([PROGRAM, "run", "--guard", "--report", "%p-%n", "--", wasmtime(version), "run", *debug,
                                          *FEATURES, wat("traps")], input="d\n", capture_output=True, text=True, cwd=folder,
                                         timeout=LIMIT, env=environment())
                    self.assertEqual((run.returncode, run.stdout), (134, "ready\n"), run)
                    self.assertIn("integer divide by zero", run.stderr)
                    page, document = self.report(folder)
                    self.assertEqual(document["event"]["frame"]["function"], "divide")
                    self.assertTrue((folder / f"{document['pid']}-1").exists())

    def test_its_own_status_and_signals(self):
        for status, command in ((7, "exit 7"), (128 + signal.SIGKILL, "kill -KILL $$")):
            run = subprocess.run([PROGRAM, "run", "--guard", "--", "sh", "-c", command], capture_output=True, timeout=LIMIT,
                                 env=environment(), cwd=self.folder())
            self.assertEqual(run.returncode, status, run)

    def test_sigterm_goes_to_the_program(self):
        folder = self.folder()
        guard = subprocess.Popen([PROGRAM, "run", "--guard", "--", wasmtime(), "run", wat("traps")], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment())
        self.addCleanup(guard.communicate)
        self.addCleanup(guard.kill)
        self.assertEqual(guard.stdout.readline(), b"ready\n")
        guard.send_signal(signal.SIGTERM)
        self.assertEqual(guard.wait(LIMIT), 128 + signal.SIGTERM)

    def test_it_outlives_outpost(self):
        folder = self.folder()
        guard = subprocess.Popen([PROGRAM, "run", "--guard", "--", wasmtime(), "run", wat("traps")], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment())
        self.addCleanup(guard.communicate)
        self.addCleanup(guard.kill)
        self.assertEqual(guard.stdout.readline(), b"ready\n")
        guard.kill()
        guard.wait(LIMIT)
        # Its input still reaches the program, whose trap is its own affair now.
        _, errors = guard.communicate(b"d\n", timeout=LIMIT)
        self.assertIn(b"wasm trap: integer divide by zero", errors)


class Files(Guard):
    def test_names_and_permissions(self):
        folder = self.folder()
        guest = self.guest_of("traps", "49.0.4", False)
        (folder / f"r-{guest.pid}-1").write_text("mine")
        guard = self.guarding("guard", guest.pid, "--report", "r-%p-%n", folder=folder).armed()
        self.feed(guest, "d\n")
        self.assertEqual(guard.end()[0], 0)
        self.assertEqual((folder / f"r-{guest.pid}-1").read_text(), "mine")
        names = {f"r-{guest.pid}-1.1", f"r-{guest.pid}-1.1.json"}
        self.assertEqual({path.name for path in folder.iterdir()}, names | {f"r-{guest.pid}-1"})
        for name in names:
            self.assertEqual(stat.S_IMODE((folder / name).stat().st_mode), 0o600)
        guest.end()

    def test_the_name_without_being_told(self):
        folder = self.folder()
        guest = self.guest_of("traps", "49.0.4", False)
        guard = self.guarding("guard", guest.pid, folder=folder).armed()
        self.feed(guest, "d\n")
        self.assertEqual(guard.end()[0], 0)
        for path in folder.iterdir():
            self.assertRegex(path.name, rf"^outpost-guard-{guest.pid}-\d{{8}}T\d{{6}}-1\.txt(\.json)?$")
        guest.end()

    def test_core_files(self):
        for guest_debug in (True, False):
            with self.subTest(guest_debug=guest_debug):
                folder = self.folder()
                guest = self.guest_of("traps", "49.0.4", guest_debug)
                guard = self.guarding("guard", guest.pid, "--report=r", "--core=c.%n", "--wasm-core=w.%n", folder=folder).armed()
                self.feed(guest, "d\n")
                self.assertEqual(guest.end()[0], 134)
                status, out, errors = guard.end()
                self.assertEqual((status, errors), (0, ""), out)
                page, document = self.report(folder)
                self.assertEqual((document["core"], document["wasm_core"]), ("c.1", "w.1"))
                self.assertIn("Core       c.1\n", page)
                core = Documents(outpost("core", folder / "c.1", "--batch", "--json", *script("backtrace -full")))
                frames = [f for f in document["stack"]["result"]["frames"] if f["kind"] == "wasm"]
                self.assertEqual([f for f in core.one("backtrace")["frames"] if f["kind"] == "wasm"], frames)
                self.assertEqual((folder / "w.1").read_bytes()[:8], b"\0asm\1\0\0\0")

    def wait_at_a_trap(self, *arguments):
        """How long a host with 256 MiB waits at a trap whose core is written, in its own milliseconds; its core shows the trap."""
        folder = self.folder()
        guest = Guest(None, command=[VENV / "python", GUESTS / "guard_wait_host.py", *arguments])
        self.addCleanup(guest.__exit__)
        guest.ready()
        guard = self.guarding("guard", guest.pid, "--report=r", "--core=c", folder=folder).armed()
        guest.send("trap\n")
        waited = float(guest.line())
        status, out, errors = guard.end()
        self.assertEqual((status, errors), (0, ""), out)
        _, document = self.report(folder)
        self.assertEqual(document["event"]["frame"]["function"], "trap")
        self.assertGreater((folder / "c").stat().st_blocks * 512, 256 << 20)
        core = Documents(outpost("core", folder / "c", "--batch", "--json", "-e", "backtrace"))
        self.assertEqual(core.one("backtrace")["frames"][0]["function"], "trap")
        children = [child for task in Path(f"/proc/{guest.pid}/task").iterdir() for child in (task / "children").read_text().split()]
        self.assertEqual(children, [])
        guest.send("again\n")
        self.assertGreater(float(guest.line()), 0)
        return waited

    def test_the_program_waits_for_a_copy_of_itself_alone(self):
        """Where it makes none, it stands until the report and the core are written."""
        copied, standing = self.wait_at_a_trap(), self.wait_at_a_trap("filter")
        self.assertLess(copied, standing / 2)

    def test_mistakes(self):
        guest = self.guest_of("traps", "49.0.4", False)
        for arguments, wanted in ((("--on", "trap,fire"), 'not "fire"'), (("--once", "--keep"), "exclude each other"),
                                  (("--report", "x%q"), "after % may stand"), (("--limit", "many"), "a number of reports"),
                                  (("--report", "/nowhere/x"), "no file can be made in the folder /nowhere"),
                                  (("-e", "backtrace"), "runs no commands")):
            outcome = outpost("guard", guest.pid, *arguments)
            self.assertEqual(outcome.status, 2, outcome)
            self.assertIn(wanted, outcome.err)
        self.assertEqual(outpost("attach", guest.pid, "--keep").status, 2)
        self.assertEqual(outpost("attach", guest.pid, "--guard").status, 2)
        outcome = outpost("guard", os.getpid())
        self.assertEqual(outcome.status, 1)
        self.assertIn("holds no code compiled by Wasmtime", outcome.err)

    def test_a_folder_that_has_gone(self):
        guest = self.guest_of("traps", "49.0.4", False)
        folder = self.folder()
        (folder / "there").mkdir()
        guard = self.guarding("guard", guest.pid, "--report", "there/%n", folder=folder).armed()
        (folder / "there").rmdir()
        self.feed(guest, "d\n")
        self.assertEqual(guest.end()[0], 134)
        status, _, errors = guard.end()
        self.assertEqual(status, 1)
        self.assertIn("cannot make the file there/1", errors)


class Leaving(Guard):
    def test_signals_let_the_program_go_as_it_was(self):
        for number, wanted in ((signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)):
            for guest_debug in (True, False):
                with self.subTest(signal=number, guest_debug=guest_debug):
                    guest = self.guest_of("events", "49.0.4", guest_debug)
                    before = guest.code()
                    folder = self.folder()
                    guard = self.guarding("guard", guest.pid, folder=folder).armed()
                    wait_until(lambda: guest.images() != before[0], "the traps are in the code")
                    guard.process.send_signal(number)
                    self.assertEqual(guard.end()[0], wanted)
                    self.assertEqual((guest.status("TracerPid"), list(folder.iterdir())), ("0", []))
                    self.assertEqual(guest.code(), before)
                    self.feed(guest, "c\n")
                    self.assertEqual(guest.end()[0], 134)

    def test_the_program_is_killed(self):
        guest = self.guest_of("traps", "49.0.4", True)
        folder = self.folder()
        guard = self.guarding("guard", guest.pid, folder=folder).armed()
        guest.process.kill()
        status, out, errors = guard.end()
        self.assertEqual((status, list(folder.iterdir())), (0, []), errors)
        self.assertIn("was killed by signal SIGKILL", out)

    def test_exec(self):
        guest = self.host()
        guard = self.guarding("guard", guest.pid).armed()
        self.feed(guest, "exec\n")
        self.assertEqual(guest.end()[0], 0)
        self.assertEqual(guest.lines[-1], "another program")
        status, out, _ = guard.end()
        self.assertEqual(status, 0)
        self.assertIn("exited with status 0", out)

    def test_modules_that_come_later(self):
        guest = Guest(None, command=[VENV / "python", GUESTS / "guard_host.py"])
        self.addCleanup(guest.__exit__)
        guest.ready()
        folder = self.folder()
        guard = self.guarding("guard", guest.pid, folder=folder).armed()
        guest.send("load\n")
        guest.wait_line("guarded")
        guest.send("trap\n")
        guest.wait_line("trapped")
        self.assertEqual(guard.end()[0], 0)
        _, document = self.report(folder)
        self.assertEqual(document["event"]["frame"]["function"], "late")
        guest.process.stdin.close()
        self.assertEqual(guest.end()[0], 0)


class Server(Guard):
    def asking(self, address, stop):
        answers = []

        def ask():
            while not stop.is_set():
                connection = http.client.HTTPConnection(*address, timeout=LIMIT)
                connection.request("GET", "/")
                answers.append(connection.getresponse().status)
                connection.close()

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        return answers, threads

    @in_each_mode
    def test_under_load_with_a_trap_in_every_request(self, version, guest_debug):
        debug = ["-D", "guest-debug=y"] if guest_debug else []
        server = Guest(None, command=[wasmtime(version), "serve", *debug, "--addr", "127.0.0.1:0", wat("serve")])
        self.addCleanup(server.__exit__)
        address, folder = server.serving_address(), self.folder()
        stop = threading.Event()
        wait_until(server.images, "the module is there")
        guard = self.guarding("guard", server.pid, "--keep", "--limit=3", "--json", folder=folder).armed()
        answers, threads = self.asking(address, stop)
        wait_until(lambda: len(list(folder.glob("*.json"))) == 3, "there are as many reports as a minute may have")
        before = len(answers)
        wait_until(lambda: len(answers) > before + 50, "the server answers on")
        guard.process.send_signal(signal.SIGINT)
        status, out, errors = guard.end()
        self.assertEqual(status, 0, errors)
        before = len(answers)
        wait_until(lambda: len(answers) > before + 50, "the server answers when outpost is gone")
        stop.set()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(set(answers), {500})
        reports = self.reports(folder)
        self.assertEqual(sorted(d["number"] for _, d in reports.values()), [1, 2, 3])
        for _, document in reports.values():
            self.assertEqual(document["event"]["frame"]["function"], "handle")
        documents = [json.loads(line) for line in out.splitlines()]
        for document in documents:
            self.assertEqual([e.message for e in DOCUMENT.iter_errors(document)], [], document)
        left_out = [d["count"] for d in documents if d["event"] == "left-out"]
        self.assertEqual(len(left_out), 1, out)
        self.assertGreater(left_out[0], 40)


if __name__ == "__main__":
    unittest.main()
