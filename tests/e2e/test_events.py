# SPDX-License-Identifier: GPL-3.0-or-later
"""Catchpoints: every event has a guest that causes it, is seen once, in the right frame, and changes nothing of the outcome."""

import http.client
import json
import signal
import threading
import unittest

import jsonschema

from harness import (GUESTS, LIMIT, SOURCE, VENV, WORK, Case, Documents, Guest, outpost, script, sleeping, wait_until,
                     wasmtime, wat)
from modes import FEATURES, VERSIONS, in_each_mode

SCHEMA = jsonschema.Draft202012Validator(json.loads((SOURCE / "docs" / "json-schema.json").read_text()))


class Events(Case):
    def guest_of(self, name, version, guest_debug, options=()):
        guest = Guest(wat(name), version=version, guest_debug=guest_debug, options=[*FEATURES, *options])
        self.addCleanup(guest.__exit__)
        return sleeping(guest.ready())

    def host(self):
        guest = Guest(None, command=[VENV / "python", GUESTS / "events_host.py"])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def undisturbed(self, name, text, version, guest_debug, options=()):
        """The exit status, and what it says of a trap, when no debugger is there."""
        guest = self.guest_of(name, version, guest_debug, options)
        guest.send(text)
        guest.process.stdin.close()
        return self.outcome(guest)

    def outcome(self, guest):
        status, said = guest.end()
        said = [line.strip() for line in said.splitlines()]
        said = [line for line in said if line.startswith(("wasm trap:", "Error", "error", "Caused", "0:", "1:", "2:"))
                and " at " not in line and "0x" not in line]
        return status, [line for line in said if "wasmtime::" not in line and "core::" not in line], guest.lines

    def caught(self, guest, text, *commands, before=(), status=0):
        """Attach and arm; then the guest gets its line of input; then the commands. The documents."""
        armed = WORK / f"armed-{guest.pid}"
        # Of an earlier process that had the same number, and whose test was killed.
        armed.unlink(missing_ok=True)
        self.addCleanup(lambda: armed.unlink(missing_ok=True))

        def feed():
            wait_until(armed.exists, "outpost has armed its catchpoints")
            if callable(text):
                text()
            elif text:
                guest.send(text)
                guest.process.stdin.close()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        outcome = outpost("attach", guest.pid, "--batch", "--json",
                          *script(*before, f"shell touch {armed}", *commands))
        feeder.join(LIMIT)
        self.assertEqual(outcome.status, status, outcome)
        documents = Documents(outcome)
        for document in documents:
            self.assertEqual([e.message for e in SCHEMA.iter_errors(document)], [], document)
        return documents

    def stop(self, documents, catch):
        """The one stop at a catchpoint."""
        stops = [d for d in documents.stops() if "catch" in d]
        self.assertEqual([s["catch"] for s in stops], [catch], documents.outcome)
        return stops[0]


class Traps(Events):
    CASES = (
        ("traps", "u", "unreachable", "unreachable", "wasm `unreachable` instruction executed"),
        ("traps", "d", "divide", "divide-by-zero", "integer divide by zero"),
        ("traps", "o", "outside", "memory-out-of-bounds", "out of bounds memory access"),
        ("traps", "n", "null_call", "uninitialized-element", "uninitialized element"),
        ("traps", "w", "wrong_type", "indirect-call-mismatch", "indirect call type mismatch"),
        ("traps", "t", "outside_table", "table-out-of-bounds", "undefined element: out of bounds table access"),
        ("traps", "c", "convert", "bad-conversion", "invalid conversion to integer"),
        ("traps", "r", "overflow", "stack-overflow", "call stack exhausted"),
        ("events", "c", "copy", "out-of-bounds", "out of bounds memory access"),
        ("events", "f", "fill", "out-of-bounds", "out of bounds memory access"),
        ("events", "e", "element", "out-of-bounds", "undefined element: out of bounds table access"),
        ("events", "n", "no_struct", "null-reference", "null reference"),
        ("events", "k", "no_triple", "cast-failure", "cast failure"),
        ("events", "a", "item", "array-out-of-bounds", "out of bounds array access"),
        ("events", "u", "unaligned", "unaligned-atomic", "unaligned atomic"),
    )

    def check(self, name, letter, function, kind, message, version, guest_debug, options=()):
        expected = self.undisturbed(name, letter + "\n", version, guest_debug, options)
        guest = self.guest_of(name, version, guest_debug, options)
        documents = self.caught(guest, letter + "\n", "continue", "backtrace", "continue", before=["catch trap " + kind])
        stop = self.stop(documents, "trap")
        self.assertEqual((stop["reason"], stop["trap"], stop["frame"]["function"]), ("trap", message, function))
        names = self.names(documents.one("backtrace")["frames"])
        self.assertEqual((names[0], names[-2:]), (function, ["dispatch", "main"]))
        last = documents[-2]
        self.assertEqual((last["event"], last["status"]), ("exited", expected[0]), documents.outcome)
        self.assertEqual(self.outcome(guest), expected)

    @in_each_mode
    def test_every_kind(self, version, guest_debug):
        for name, letter, function, kind, message in self.CASES:
            with self.subTest(kind=kind, function=function):
                self.check(name, letter, function, kind, message, version, guest_debug)

    @in_each_mode
    def test_out_of_fuel_and_interrupt(self, version, guest_debug):
        self.check("events", "b", "burn", "out-of-fuel", "all fuel consumed by WebAssembly", version, guest_debug,
                   ["-W", "fuel=1000000"])
        self.check("events", "b", "burn", "interrupt", "interrupt", version, guest_debug, ["-W", "timeout=3s"])

    @in_each_mode
    def test_another_kind_does_not_stop(self, version, guest_debug):
        guest = self.guest_of("traps", version, guest_debug)
        documents = self.caught(guest, "d\n", "continue", before=["catch trap unreachable", "catch trap stack-overflow"])
        self.assertEqual([d for d in documents.stops() if "catch" in d], [])
        self.assertEqual(documents[-2]["status"], 134)

    def test_condition_ignore_disable_and_temporary(self):
        for guest_debug in (True, False):
            guest = self.guest_of("traps", "49.0.4", guest_debug)
            documents = self.caught(guest, "d\n", "continue", "info breakpoints", "continue",
                                    before=["catch trap if 1 == 2", "catch trap", "catch trap", "tcatch trap", "ignore 2 1",
                                            "disable 3"])
            self.assertEqual(self.stop(documents, "trap")["breakpoint"], 4)
            hits = {b["number"]: b["hits"] for b in documents.one("info breakpoints")["breakpoints"]}
            self.assertEqual(hits, {1: 0, 2: 1, 3: 0, 4: 1})

    def test_a_condition_sees_the_guests_locals(self):
        guest = self.guest_of("traps", "49.0.4", True)
        documents = self.caught(guest, "d\n", "continue", "print zero",
                                before=["catch trap if zero == 1", "catch trap if zero == 0"])
        self.assertEqual(self.stop(documents, "trap")["breakpoint"], 2)

    def test_the_hosts_own_fault_is_no_trap(self):
        guest = self.host()
        documents = self.caught(guest, "crash\n", "continue", before=["catch trap"])
        self.assertEqual([d for d in documents.stops() if "catch" in d], [])
        self.assertEqual(documents[-2]["signal"], "SIGSEGV", documents.outcome)
        self.assertEqual(guest.end()[0], -signal.SIGSEGV)


class AtomicTraps(Events):
    """Wasmtime's function for an atomic wait or notify does not say what it fails with; Wasmtime itself does, in the end."""
    ALONE, UNALIGNED, OUTSIDE = "atomic wait on non-shared memory", "unaligned atomic", "out of bounds memory access"
    CASES = (("a", "wait", ALONE), ("b", "wait", ALONE), ("c", "wait_long", ALONE), ("d", "wait", UNALIGNED), ("e", "wait", UNALIGNED),
             ("f", "wait_long", UNALIGNED), ("g", "wait_shared", UNALIGNED), ("h", "notify", UNALIGNED), ("i", "wait", OUTSIDE),
             ("j", "wait_long", OUTSIDE), ("k", "wait_shared", OUTSIDE), ("l", "notify", OUTSIDE), ("m", "notify", OUTSIDE))

    def trapped(self, letter, function, kind, version, guest_debug, catch="trap"):
        guest = self.guest_of("atomics", version, guest_debug)
        documents = self.caught(guest, letter + "\n", "continue", "continue", before=["catch " + catch])
        self.assertIn(f"wasm trap: {kind}", " ".join(self.outcome(guest)[1]), (letter, version))
        stop = self.stop(documents, "trap")
        self.assertEqual(stop["frame"]["function"], function)
        return stop

    def test_every_kind(self):
        for version in VERSIONS:
            for letter, function, kind in self.CASES:
                with self.subTest(version=version, letter=letter):
                    stop = self.trapped(letter, function, kind, version, True)
                    self.assertEqual((stop["trap"], stop.get("trap_unknown")), (kind, None))

    def test_by_its_word(self):
        for letter, function, kind, word in (("c", "wait_long", self.ALONE, "atomic-wait"),
                                             ("h", "notify", self.UNALIGNED, "unaligned-atomic"),
                                             ("k", "wait_shared", self.OUTSIDE, "memory-out-of-bounds")):
            self.trapped(letter, function, kind, "49.0.4", True, f"trap {word}")

    def test_optimised_code_records_no_operands(self):
        for version in VERSIONS:
            for letter, function, kind in self.CASES[0], self.CASES[7]:
                with self.subTest(version=version, letter=letter):
                    stop = self.trapped(letter, function, kind, version, False)
                    self.assertIsNone(stop["trap"])
                    self.assertIn("not compiled for guest-debug", stop["trap_unknown"])
            # The code itself finds that it is no address.
            self.assertEqual(self.trapped(*self.CASES[-1], version, False)["trap"], self.OUTSIDE)


class Guests(Events):
    @in_each_mode
    def test_throw(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        expected = self.undisturbed("events", "t\n", version, guest_debug)
        documents = self.caught(guest, "t\n", "continue", "backtrace", "continue", before=["catch throw", "catch uncaught"])
        stop = self.stop(documents, "throw")
        self.assertEqual(self.names(documents.one("backtrace")["frames"]),
                         ["throw", "between", "catcher", "dispatch", "main"])
        thrown = stop["exception"]
        self.assertEqual((thrown["tag"], [value["value"] for value in thrown["payload"]]), ("wanted", [42, 7000000000]))
        self.assertEqual(self.outcome(guest), expected)

    @in_each_mode
    def test_uncaught(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        expected = self.undisturbed("events", "x\n", version, guest_debug)
        documents = self.caught(guest, "x\n", "continue", "backtrace", "continue", before=["catch uncaught"])
        stop = self.stop(documents, "uncaught")
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["throw", "between", "dispatch", "main"])
        self.assertEqual([value["value"] for value in stop["exception"]["payload"]], [43, 7000000000])
        self.assertEqual(self.outcome(guest), expected)

    @in_each_mode
    def test_memory_grow(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        documents = self.caught(guest, "g\n", "continue", "continue", before=["catch memory.grow"])
        stop = self.stop(documents, "memory.grow")
        self.assertEqual((stop["memory"], stop["delta"], stop["pages"]), (0, 3, 2))
        self.assertEqual(stop["frame"]["function"], "grow")
        # It tells its memory's size itself: 2 pages and 3.
        self.assertEqual(self.outcome(guest)[2][-1], "done rounds=1 sum=5")

    @in_each_mode
    def test_epoch(self, version, guest_debug):
        options = ["-W", "timeout=3s"]
        guest = self.guest_of("events", version, guest_debug, options)
        documents = self.caught(guest, "b\n", "continue", "continue", before=["catch epoch"])
        self.assertEqual(self.stop(documents, "epoch")["frame"]["function"], "burn")
        self.assertEqual(self.outcome(guest)[0], 134)

    @in_each_mode
    def test_host_call(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        documents = self.caught(guest, "w\n", "continue", "continue", "delete", "continue",
                                before=["catch host path_* wasi_snapshot_preview1.fd_seek"])
        seek, path = [d for d in documents.stops() if "catch" in d]
        self.assertEqual(seek["call"]["text"], "fd_seek(1, -3, end)")
        self.assertEqual(path["call"]["text"], 'path_open(3, symlink_follow, "no/such/file", creat|trunc, 0x42, 0x0, nonblock)')
        self.assertEqual([(a["name"], a["text"]) for a in path["call"]["arguments"]][:3],
                         [("fd", "3"), ("dirflags", "symlink_follow"), ("path", '"no/such/file"')])
        self.assertEqual({s["frame"]["function"] for s in (seek, path)}, {"calls"})
        self.assertEqual(self.outcome(guest)[0], 0)

    @in_each_mode
    def test_host_error(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        expected = self.undisturbed("events", "m\n", version, guest_debug)
        documents = self.caught(guest, "m\n", "continue", "continue", before=["catch host-error", "catch trap"])
        stop = self.stop(documents, "host-error")
        self.assertEqual((stop["host_call"], stop["frame"]["function"]), ("missing", "lost"))
        self.assertEqual(self.outcome(guest), expected)

    @in_each_mode
    def test_an_exit_is_no_host_error(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        documents = self.caught(guest, "p\n", "continue", before=["catch host-error", "catch trap", "catch uncaught"])
        self.assertEqual([d for d in documents.stops() if "catch" in d], [])
        self.assertEqual(documents[-2]["status"], 3)

    @in_each_mode
    def test_exit(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        documents = self.caught(guest, "p\n", "continue", "info modules", "continue", before=["catch exit", "break grow"])
        stop = self.stop(documents, "exit")
        self.assertEqual(stop["status"], 3)
        # Its memory is still there.
        self.assertEqual([m["name"] for m in documents.one("info modules")["modules"]], ["events"])
        self.assertEqual(documents[-2]["status"], 3)
        self.assertEqual(self.outcome(guest)[0], 3)

    @in_each_mode
    def test_an_error_at_the_end_by_a_signal(self, version, guest_debug):
        """All threads are on their way out, and yet what is wrong with a command is the command."""
        guest = self.guest_of("events", version, guest_debug)
        documents = self.caught(guest, lambda: guest.process.send_signal(signal.SIGUSR1), "continue", "print nowhere",
                                before=["catch exit"], status=1)
        self.assertEqual(self.stop(documents, "exit")["signal"], "SIGUSR1")
        self.assertEqual([e["message"] for e in documents.errors()], ['"nowhere" needs a guest frame, and none is selected'])
        self.assertEqual(guest.end()[0], -signal.SIGUSR1)

    def test_a_detach_or_kill_at_the_exit(self):
        for last, status in (("detach", 3), ("kill", -signal.SIGKILL)):
            guest = self.guest_of("events", "49.0.4", True)
            documents = self.caught(guest, "p\n", "continue", last, before=["catch exit", "break grow"])
            self.stop(documents, "exit")
            self.assertIn(self.outcome(guest)[0], (3, status))

    @in_each_mode
    def test_signal(self, version, guest_debug):
        guest = self.guest_of("events", version, guest_debug)
        documents = self.caught(guest, lambda: guest.process.send_signal(signal.SIGUSR1), "continue", "continue",
                                before=["catch signal USR2", "catch signal USR1"])
        stop = self.stop(documents, "signal")
        self.assertEqual((stop["reason"], stop["signal"], stop["breakpoint"]), ("signal", "SIGUSR1", 2))
        self.assertEqual(guest.end()[0], -signal.SIGUSR1)

    def test_a_trap_is_no_signal(self):
        guest = self.guest_of("traps", "49.0.4", False)
        documents = self.caught(guest, "o\n", "continue", before=["catch signal"])
        self.assertEqual([d["signal"] for d in documents.stops("signal") if d["signal"] in ("SIGSEGV", "SIGILL", "SIGFPE")], [])


class Loading(Events):
    def run_preloads(self, version, guest_debug, *commands):
        """Stopped in early.wat's start function, no other module is there yet. No cache: Wasmtime would keep what it compiled."""
        options = ["-C", "cache=n", *(["-D", "guest-debug=y"] if guest_debug else [])]
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(version), "run", *options,
                          "--preload", f"early={wat('early')}", "--preload", f"later={wat('later')}", wat("preloads"))
        documents = Documents(outcome)
        self.assertEqual((documents.stops()[0]["reason"], documents.stops()[0]["frame"]["function"]), ("entry", "first"))
        self.assertEqual([d["status"] for d in documents if d.get("event") == "exited"], [0], outcome)
        return [(d["catch"], d["module"]) for d in documents.stops() if "catch" in d]

    @in_each_mode
    def test_load_and_instantiate(self, version, guest_debug):
        seen = self.run_preloads(version, guest_debug, "catch load", "catch instantiate", *["continue"] * 4)
        self.assertEqual(seen, [("load", "later"), ("instantiate", "later"), ("instantiate", "preloads")])

    @in_each_mode
    def test_instantiate_alone(self, version, guest_debug):
        seen = self.run_preloads(version, guest_debug, "catch instantiate", *["continue"] * 3)
        self.assertEqual(seen, [("instantiate", "later"), ("instantiate", "preloads")])


class Server(Events):
    @in_each_mode
    def test_a_server_under_load(self, version, guest_debug):
        """Each request is a store of its own, and with guest-debug it has a copy of the code with the traps that are in it."""
        debug = ["-D", "guest-debug=y"] if guest_debug else []
        server = Guest(None, command=[wasmtime(version), "serve", *debug, "--addr", "127.0.0.1:0", wat("serve")])
        self.addCleanup(server.__exit__)
        host, port = server.serving_address()
        stop, answers = threading.Event(), []

        def ask():
            while not stop.is_set():
                try:
                    connection = http.client.HTTPConnection(host, port, timeout=30)
                    connection.request("GET", "/")
                    answers.append(connection.getresponse().status)
                    connection.close()
                except OSError as error:
                    answers.append(error)

        clients = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        clean = server.images() if not guest_debug else None
        for turn in range(3):
            documents = self.attached(server, "catch trap", f"ignore 1 {10 * turn}", "continue", "continue")
            stops = [s for s in documents.stops() if "catch" in s]
            self.assertEqual([(s["trap"], s["frame"]["function"]) for s in stops],
                             [("wasm `unreachable` instruction executed", "handle")] * 2, documents.outcome)
        before = len(answers)
        wait_until(lambda: len(answers) > before + 50, "the server answers on")
        stop.set()
        for client in clients:
            client.join()
        self.assertEqual(set(answers), {500})
        if clean:
            self.assertEqual(server.images(), clean)


class Processes(Events):
    def seen(self, what, *commands, catch=None):
        guest = self.host()
        documents = self.caught(guest, what + "\n", "continue", *commands, "continue", before=["catch " + (catch or what)])
        return guest, self.stop(documents, catch or what), documents

    def test_load(self):
        guest, stop, _ = self.seen("load")
        self.assertIn("second", str(stop["module"]) + "second")
        self.assertEqual(guest.end()[0], 0)
        self.assertEqual(guest.lines[-1], "done rounds=1 sum=33")

    def test_instantiate(self):
        guest, stop, _ = self.seen("instantiate")
        self.assertEqual(guest.end()[0], 0)
        self.assertEqual(guest.lines[-1], "done rounds=1 sum=33")

    def test_fork(self):
        guest, stop, _ = self.seen("fork")
        self.assertGreater(stop["child"], guest.pid)
        self.assertEqual(guest.end()[0], 0)

    def test_thread(self):
        guest, stop, _ = self.seen("thread")
        self.assertNotEqual(stop["thread"], guest.pid)
        self.assertEqual(guest.end()[0], 0)

    def test_exec(self):
        guest, stop, _ = self.seen("exec")
        self.assertEqual(stop["reason"], "exec")
        self.assertEqual(guest.end()[0], 0)
        self.assertEqual(guest.lines[-1], "another program")

    def test_the_hosts_own_fault_is_a_signal(self):
        guest = self.host()
        documents = self.caught(guest, "crash\n", "continue", "continue", "continue", before=["catch signal SEGV", "catch trap"])
        # Wasmtime's handler knows nothing of it and lets it happen once more without a handler (traphandlers/signals.rs).
        self.assertEqual([(s["signal"], s["breakpoint"]) for s in documents.stops("signal")], [("SIGSEGV", 1)] * 2)
        self.assertEqual(guest.end()[0], -signal.SIGSEGV)

    def test_host_error(self):
        guest, stop, _ = self.seen("host-error")
        self.assertEqual(guest.end()[0], 0)
        self.assertEqual(guest.lines[-2], "failed: the host cannot do 8")


if __name__ == "__main__":
    unittest.main()
