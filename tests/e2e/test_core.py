# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost core: stacks and values from a core file are those of the live process at the same stop."""

import gzip
import json
import lzma
import os
import shutil
import signal
import struct
import subprocess
import unittest
from pathlib import Path

from cores import SMALL, CoreCase, needs_gdb, needs_kernel_cores
from harness import (GUESTS, NEWEST, THREADS, VENV, Documents, Guest, c, comes_true, compiled, outpost, script, sleeping, wait_until, wasmtime,
                     wat)
from loaded_server import LoadedServer
from test_state import FEATURES

VERSIONS = (NEWEST, "44.0.1")
# Everything that is known of a guest that waits in a host call, on no thread.
LOOKS = ["stack 0", "backtrace -full", "frame", "info frame", "info locals", "info stack", "up", "info locals", "info stores",
         "info instances", "info stacks", "info suspended", "instance 1", "info globals", "info tables", "info memories",
         "info tags", "info imports", "info exports", "info modules", "info functions", "info instructions", "disassemble",
         "disassemble /n", "list"]
STATE = ["print $global.answer", "print $global.large", "print $global.vector", "print $table.dispatch[0..6]",
         "print $global.callback", "x/16xb 64", "x/4xw mem1:64", "find 0, 4096, \"needle\"", "x/8xg mem1:8"]


def without_ends(documents):
    """What the commands in between said: the opening and the closing differ."""
    return [d for d in documents if d.get("command") not in ("attach", "core", "detach") and "event" not in d]


class Same(CoreCase):
    def looked_into(self, core, commands, options=()):
        """What a core file says. Commands that fail are part of it: they fail in both."""
        return Documents(outpost("core", core, "--json", *options, *script(*commands)))

    def assertSame(self, live, core):
        live, core = without_ends(live), without_ends(core)
        self.assertGreater(len(live), 0)
        self.assertEqual([d.get("command") for d in core], [d.get("command") for d in live])
        for one, other in zip(live, core):
            self.assertEqual(other, one)

    def held(self, guest):
        """Stopped by job control, and it stays so."""
        os.kill(guest.pid, signal.SIGSTOP)
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "all threads are stopped")

    def looked_at(self, guest, commands):
        """What a live process says; it is left as it was."""
        return Documents(outpost("attach", guest.pid, "--json", *script(*commands)))

    def check_deadlock(self, core):
        document = json.loads(outpost("stack", core, "--json").out)
        stacks = document["threads"] + document["suspended"]
        self.assertEqual(sorted(self.names(s["frames"])[:3] for s in stacks), [["lock", "transfer", "work"]] * 2)
        waits = {next(v["value"] for v in s["frames"][-1 if s["frames"][0]["kind"] == "wasm" else 1]["locals"]
                      if v["name"] == "which") for s in stacks if s["frames"]}
        self.assertEqual(waits, {0, 1})


class KernelCore(Same):
    """The kernel's own core files."""

    @needs_kernel_cores
    def test_a_suspended_guest(self):
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    guest = sleeping(self.started(wat("state"), version=version, guest_debug=guest_debug, options=FEATURES))
                    commands = LOOKS + STATE
                    live = self.looked_at(guest, commands)
                    core = self.kernel_core(guest)
                    opened = self.looked_into(core, commands)
                    self.assertSame(live, opened)
                    if guest_debug:
                        self.assertEqual(opened.errors(), [])
                    stop, = opened.stops("core")
                    self.assertEqual((stop["signal"], stop["thread"]), ("SIGABRT", guest.pid))
                    self.assertEqual(opened.one("core"), {"pid": guest.pid, "file": core, "state": "stopped", "remarks": [],
                                                          "program": os.path.realpath(wasmtime(version))})
                    self.assertEqual(len(opened.one("info globals")["globals"]), 9)

    @needs_kernel_cores
    def test_variables_of_the_source(self):
        """Arguments and locals of every frame, inlined ones too, as the guest waits for a line."""
        commands = ["stack 0", "backtrace -full"]
        for level in range(16):
            commands += [f"frame {level}", "info args", "info locals"]
        commands += ["print sum", "ptype struct shape"]
        for version in VERSIONS:
            with self.subTest(version=version):
                guest = sleeping(self.started(c("inlined", "-g"), version=version))
                live = self.looked_at(guest, commands)
                core = self.looked_into(self.kernel_core(guest), commands)
                self.assertSame(live, core)
                values = {variable["name"]: variable["text"] for command in ("info args", "info locals")
                          for document in core.all(command) for variable in document["variables"] if "text" in variable}
                self.assertEqual((values["area"], values["rounds"]), ("15", "3"))
                self.assertRegex(values["name"], r'"abc"$')

    @needs_kernel_cores
    def test_objects(self):
        guest = self.started(wat("objects"), options=FEATURES)
        self.held(guest)
        commands = ["instance 1", "info globals", "info tables", "print $global.kept"]
        live = self.looked_at(guest, commands)
        self.assertSame(live, self.looked_into(self.kernel_core(guest), commands))

    @needs_kernel_cores
    def test_on_a_thread(self):
        """Every frame, local and operand of a guest that computes, wherever it was stopped."""
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    guest = self.started(wat("spin"), version=version, guest_debug=guest_debug)
                    self.held(guest)
                    live = json.loads(outpost("stack", guest.pid, "--json").out)
                    core = json.loads(outpost("stack", self.kernel_core(guest), "--json").out)
                    for thread in live["threads"] + core["threads"]:
                        thread.pop("name")
                    self.assertEqual(core, live)
                    self.assertEqual(len(core["threads"]) + len(core["suspended"]), 1)

    @needs_kernel_cores
    def test_code_mapped_from_a_file(self):
        """The kernel leaves it out: it is read from the file, if that is the same one."""
        module = Path(shutil.copy(compiled(wat("reader"), NEWEST, "-D", "guest-debug=y"), self.folder / "reader.cwasm"))
        guest = sleeping(self.started(None, command=[wasmtime(), "run", "--allow-precompiled", "-D", "guest-debug=y", module]))
        live = self.looked_at(guest, LOOKS)
        core = self.kernel_core(guest)
        self.assertSame(live, self.looked_into(core, LOOKS))
        # Elsewhere, below a sysroot.
        root = self.folder / "root"
        (root / str(self.folder).lstrip("/")).mkdir(parents=True)
        moved = Path(shutil.move(module, root / str(module).lstrip("/")))
        self.assertIn("cannot be opened", self.refused(core))
        self.assertSame(live, self.looked_into(core, LOOKS, ["--sysroot", root]))
        # Another one of that name, and one that is cut off.
        whole = moved.read_bytes()
        moved.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        self.assertIn("is not the file that the process had mapped", self.refused(core, "--sysroot", root))
        moved.write_bytes(whole[:5000])
        self.assertIn("it has 5000 bytes, and", self.refused(core, "--sysroot", root))

    @needs_kernel_cores
    def test_a_host_that_aborts_in_a_host_call(self):
        """Wasmtime 50 in a Python host; the guest is on the stack of the thread that died."""
        guest = self.started(None, command=[VENV / "python", GUESTS / "crash_host.py", wat("crash")])
        guest.send("\n")
        self.assertEqual(guest.end()[0], -signal.SIGABRT)
        documents = self.opened(self.left_core(), "backtrace", "x/s 16", "print $mem[16:u8]")
        stop, = documents.stops("core")
        self.assertEqual((stop["signal"], stop["thread"]), ("SIGABRT", guest.pid))
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["leaf", "leaf", "leaf", "main"])
        self.assertEqual(documents.one("backtrace")["frames"][0]["kind"], "host")
        self.assertIn("last words", json.dumps(documents.one("x")))

    @needs_kernel_cores
    def test_memory_that_was_never_written(self):
        """It is not in the core, and zero; the rest of the reservation is not to be read."""
        guest = sleeping(self.started(wat("reader")))
        live = self.looked_at(guest, ["stack 0", "x/64xb 0"])
        core = self.kernel_core(guest)
        self.assertSame(live, self.looked_into(core, ["stack 0", "x/64xb 0"]))
        self.assertLess(os.stat(core).st_blocks * 512, 64 << 20)

    @needs_kernel_cores
    def test_a_server_under_load(self):
        """It dies of SIGABRT while each of its threads is busy with a request."""
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    self.check_server(*self.server_core(version, guest_debug), guest_debug)

    def server_core(self, version, guest_debug, busy=2):
        server = self.busy_server(version, guest_debug, busy)
        # Its clients shall not come again.
        server.stop.set()
        return self.kernel_core(server), server.pid, busy

    def busy_server(self, version, guest_debug, busy):
        """A server with so many workers in requests' guests, which never end. By chance the worker that waits for connections
        takes the first request itself, and no other request ever begins: then another server is tried."""
        debug = ["-D", "guest-debug=y"] if guest_debug else []
        for _ in range(10):
            server = LoadedServer("serve_work", *debug, version=version,
                                  prefix=[*self.with_core(), "env", f"TOKIO_WORKER_THREADS={busy + 4}"])
            self.addCleanup(server.__exit__)

            def requests():
                stacks = json.loads(outpost("stack", server.pid, "--json").out).get("threads", [])
                return sum(self.names(stack["frames"])[-1:] == ["handle"] for stack in stacks) >= busy

            if comes_true(requests, 15):
                return server
            server.__exit__()
        return self.fail("no server has several requests at a time")

    def check_server(self, core, pid, busy, guest_debug):
        documents = self.opened(core, "info threads", "info instances")
        stop, = documents.stops("core")
        self.assertEqual((stop["signal"], stop["thread"]), ("SIGABRT", pid))
        threads = [thread for thread in json.loads(outpost("stack", core, "--json").out)["threads"]
                   if self.names(thread["frames"])]
        self.assertGreaterEqual(len(threads), busy, threads)
        for thread in threads:
            self.assertIn(self.names(thread["frames"]), (["handle"], ["tick", "handle"]))
            handle = [frame for frame in thread["frames"] if frame["kind"] == "wasm"][-1]
            if guest_debug:
                # The handles of the request and of where its answer goes: others for no two stores.
                self.assertEqual([local["value"] for local in handle["locals"]], [1, 2], handle)
        numbers = [one["number"] for one in documents.one("info instances")["instances"] if one["module"]]
        self.assertGreaterEqual(len(numbers), len(threads))
        # Where a memory is stands in the module, which only code for guest-debug carries.
        looks = [part for number in numbers for part in (f"instance {number}", "print $mem[0x1000:i64]")]
        counters = self.opened(core, *looks, status=0 if guest_debug else 1)
        if guest_debug:
            values = [int(document["value"]) for document in counters.all("print")]
            self.assertEqual((len(values), sorted(values)[-busy] > 0), (len(numbers), True), values)
        else:
            self.assertIn("compiled without guest-debug", counters.errors()[0]["message"])

    @needs_kernel_cores
    def test_deadlock(self):
        """Two threads of the guest, each waiting for the other."""
        guest = self.started(wat("deadlock"), version="44.0.1", options=THREADS, arguments=[2, 1, 0, 0, 0])
        guest.send("\n")
        sleeping(guest)
        self.check_deadlock(self.kernel_core(guest))

    @needs_kernel_cores
    def test_a_host_that_faults_in_a_host_call(self):
        """The address is told; it is no trap of the guest's."""
        guest = self.started(None, command=[VENV / "python", GUESTS / "crash_host.py", wat("crash"), "fault"])
        guest.send("\n")
        self.assertEqual(guest.end()[0], -signal.SIGSEGV)
        documents = self.opened(self.left_core(), "backtrace")
        stop, = documents.stops("core")
        self.assertEqual((stop["signal"], stop["thread"], stop["fault_address"]), ("SIGSEGV", guest.pid, "0x10"))
        self.assertNotIn("trap", stop)
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["leaf", "leaf", "leaf", "main"])

    @needs_kernel_cores
    def test_packed(self):
        guest = sleeping(self.started(wat("reader")))
        live = self.looked_at(guest, LOOKS)
        core = self.kernel_core(guest)
        packed = Path(core + ".xz")
        with open(core, "rb") as data:
            packed.write_bytes(lzma.compress(data.read(), preset=1))
        self.assertSame(live, self.looked_into(packed, LOOKS))
        for tool, ending in (("zstd", ".zst"), ("lz4", ".lz4")):
            if shutil.which(tool):
                subprocess.run([tool, "-q", core, "-o" if tool == "zstd" else core + ending, *([core + ending] * (tool == "zstd"))],
                               check=True)
                self.assertSame(live, self.looked_into(core + ending, LOOKS))
        # Cut off: what there is is told, and nobody waits for the rest.
        half = packed.read_bytes()[:200000]
        packed.write_bytes(half)
        outcome = outpost("core", packed, "--batch", "-e", "info threads")
        self.assertIn("could be unpacked only up to", outcome.err)

    @needs_kernel_cores
    def test_cut_off(self):
        """What is there is shown, at every length."""
        guest = sleeping(self.started(wat("reader")))
        core = self.kernel_core(guest)
        size = os.stat(core).st_size
        cut = self.folder / "cut"
        opened = 0
        for part in range(0, 20):
            shutil.copyfile(core, cut)
            os.truncate(cut, size * part // 20)
            outcome = outpost("core", cut, "--batch", "-e", "info threads", "-e", "info modules", "-e", "info suspended")
            self.assertIn(outcome.status, (0, 1), outcome)
            self.assertNotIn("Sanitizer", outcome.err)
            opened += "Core file of process" in outcome.out
            if part:
                self.assertIn("cut off", outcome.err)
        self.assertGreater(opened, 15)
        # Before its notes not even whose it is is known: it is no Wasm core dump for that.
        shutil.copyfile(core, cut)
        with open(core, "rb") as file:
            headers, = struct.unpack_from("<H", file.read(64), 56)
        os.truncate(cut, 64 + 56 * headers)
        outcome = outpost("core", cut, "--batch", "-e", "backtrace")
        self.assertIn("Core file of a process that it does not name.\n", outcome.out)
        self.assertIn("error: no thread is known\n", outcome.err)

    @needs_kernel_cores
    def test_the_dying_thread_is_not_in_the_guest(self):
        """It says where the guests are; threads without a name in the core have none."""
        core = self.kernel_core(sleeping(self.started(wat("reader"))))
        outcome = outpost("core", core, "--batch", "-e", "info threads", "-e", "backtrace")
        self.assertEqual(outcome.status, 1, outcome)
        self.assertIn("has no guest frame; \"info stacks\" lists the stacks that have.\n", outcome.out)
        self.assertIn("(\"info stacks\" lists the stacks that are)", outcome.err)
        self.assertNotIn('""', outcome.out)
        self.assertIn("read_line", outpost("core", core, "--batch", "-e", "info stacks").out)

    @needs_kernel_cores
    def test_what_needs_a_process(self):
        guest = sleeping(self.started(wat("reader")))
        core = self.kernel_core(guest)
        for command in ("continue", "stepi", "nexti", "finish", "until", "break read_line", "tbreak read_line", "watch $mem[64:i32]",
                        "catch trap", "count read_line", "log read_line \"x\"", "trace read_line", "set $mem[64:i32] = 1", "kill",
                        "advance read_line"):
            with self.subTest(command=command):
                documents = self.opened(core, "stack 0", command, status=1)
                error, = documents.errors()
                self.assertEqual(error["code"], "unsupported", error)
                self.assertIn("a core file cannot", error["message"])
        # It can be left, and another one opened.
        text = self.opened_text(core, "detach", f"core {core}", "info modules")
        self.assertIn(f"Closed the core file of process {guest.pid}.", text)

    @needs_kernel_cores
    def test_inspect(self):
        guest = sleeping(self.started(wat("reader")))
        live = json.loads(outpost("inspect", guest.pid, "--json", "--functions").out)
        core = self.kernel_core(guest)
        shown = json.loads(outpost("inspect", core, "--json", "--functions").out)
        self.assertEqual(shown["modules"], live["modules"])
        self.assertEqual(shown["file"], core)

    @needs_kernel_cores
    def test_another_program(self):
        sleeper = subprocess.Popen(["env", "-C", self.folder, "prlimit", "--core=1073741824", "--", "sleep", "1000"])
        wait_until(lambda: Path(f"/proc/{sleeper.pid}/comm").read_text() == "sleep\n", "it sleeps")
        os.kill(sleeper.pid, signal.SIGABRT)
        sleeper.wait()
        core = self.left_core()
        sentence = self.refused(core)
        self.assertIn("holds no code compiled by Wasmtime", sentence)
        self.assertIn("sleep", sentence)
        self.assertIn("--exe does not fit the core file", self.refused(core, "--exe", wasmtime()))
        self.assertIn("holds no code compiled by Wasmtime", self.refused(core, "--exe", shutil.which("sleep")))

    def test_no_core(self):
        empty = self.folder / "empty"
        empty.touch()
        self.assertIn("it is empty", self.refused(empty))
        self.assertIn("does not begin like an ELF file", self.refused(GUESTS / "app.wat"))
        self.assertIn("it is a program or a library", self.refused("/bin/sh"))
        self.assertIn("another kind of ELF file", self.refused(compiled(wat("reader"))))
        self.assertIn("cannot open the core file", self.refused(self.folder / "none"))
        self.assertIn("no regular file", self.refused(self.folder))
        packed = self.folder / "packed.gz"
        packed.write_bytes(gzip.compress(os.urandom(1000)))
        self.assertIn("packed by gzip: unpack it first", self.refused(packed))


class Replaced(Same):
    """The module's file is another build's when the core file is opened."""

    def test_another_build(self):
        module = self.folder / "app.wasm"
        shutil.copy(c("progress", "-g", "-O0"), module)
        guest = Guest(None, command=[*self.with_core(), wasmtime(), "run", "app.wasm", "100000"])
        self.addCleanup(guest.__exit__)
        guest.line()
        core = self.folder / "core"
        outcome = outpost("gcore", sleeping(guest).pid, core)
        self.assertEqual(outcome.status, 0, outcome)
        looks = script("frame 3", "info source", "list")
        names = script("frame 3", "print checksum")

        def said(looks=looks):
            return outpost("core", core, "--batch", "--color=never", *looks, prefix=["env", "-C", self.folder])

        self.assertIn("/progress.c:38", said().out)
        shutil.copy(c("progress", "-g", "-O2"), module)
        outcome = said()
        self.assertIn("app.wasm is another module or another build of it: its code differs", outcome.out)
        self.assertIn("app.wasm is another module or another build of it: its code differs", outcome.err)
        self.assertNotIn("progress.c", outcome.out)
        self.assertIn('main has no local named "checksum", and module', said(names).err)
        module.unlink()
        self.assertNotIn("app.wasm", said().err)


class Gcore(Same):
    """Core files of gdb's, which differ: no headers for mapped files, and reservations as zeros."""

    @needs_gdb
    def test_a_suspended_guest(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                guest = sleeping(self.started(wat("state"), version=version, options=[*FEATURES, *SMALL]))
                live = self.looked_at(guest, LOOKS + STATE)
                core = self.gcore(guest)
                opened = self.looked_into(core, LOOKS + STATE)
                self.assertSame(live, opened)
                stop, = opened.stops("core")
                self.assertIsNone(stop["signal"])
                # gdb has let it go again, and so has outpost.
                guest.send("\n")
                self.assertRegex(guest.line(), "^answer ")

    @needs_gdb
    def test_on_a_thread(self):
        for guest_debug in (True, False):
            with self.subTest(guest_debug=guest_debug):
                guest = self.started(wat("spin"), guest_debug=guest_debug, options=SMALL)
                self.held(guest)
                live = json.loads(outpost("stack", guest.pid, "--json").out)
                core = json.loads(outpost("stack", self.gcore(guest), "--json").out)
                for thread in live["threads"] + core["threads"]:
                    thread.pop("name")
                self.assertEqual(core, live)

    @needs_gdb
    def test_code_mapped_from_a_file(self):
        module = compiled(wat("reader"), NEWEST, "-D", "guest-debug=y", *SMALL)
        guest = sleeping(self.started(None, command=[wasmtime(), "run", "--allow-precompiled", "-D", "guest-debug=y", *SMALL,
                                                     module]))
        live = self.looked_at(guest, LOOKS)
        self.assertSame(live, self.looked_into(self.gcore(guest), LOOKS))

    @needs_gdb
    def test_deadlock(self):
        guest = self.started(wat("deadlock"), version="44.0.1", options=[*THREADS, *SMALL], arguments=[2, 1, 0, 0, 0])
        guest.send("\n")
        self.check_deadlock(self.gcore(sleeping(guest)))

    @needs_gdb
    def test_the_instruction_is_a_trap(self):
        """The process as gdb found it at the signal, before Wasmtime's handler made a trap of it."""
        for letter, signal_name, trap in (("d", "SIGILL", "integer divide by zero"), ("u", "SIGILL", "unreachable")):
            with self.subTest(trap=trap):
                path, line = self.folder / f"trap-{letter}", self.folder / "line"
                line.write_text(letter + "\n")
                words = " ".join(str(word) for word in ("run", *SMALL, wat("traps")))
                self.gdb("set environment MALLOC_ARENA_MAX=1", f"set args {words} < {line}", "run",
                         f"generate-core-file {path}", "kill", arguments=[wasmtime()])
                documents = self.opened(path, "backtrace")
                stop, = documents.stops("core")
                self.assertEqual(stop["signal"], signal_name)
                self.assertIn(trap, stop["trap"])
                self.assertEqual(self.names(documents.one("backtrace")["frames"])[1:], ["dispatch", "main"])
                self.assertIn("The instruction is a trap of the guest's", self.opened_text(path))


if __name__ == "__main__":
    unittest.main()
