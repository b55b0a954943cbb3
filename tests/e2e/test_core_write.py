# SPDX-License-Identifier: GPL-3.0-or-later
"""Core files and Wasm core dumps that outpost writes: they show what the live process showed, and it never noticed."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import unittest
from pathlib import Path

from cores import CoreCase, needs_gdb
from harness import LIMIT, NEWEST, Documents, Guest, outpost, script, spin_sum, values_sum, wait_until, wasmtime, wat

VERSIONS = (NEWEST, "44.0.1")
LOOKS = ["backtrace -full", "backtrace -host", "frame", "info frame", "info locals", "info stack", "up", "info locals", "info stores", "info instances",
         "info globals", "info memories", "info functions", "x/16xb 0", "disassemble"]
# It counts its SIGCHLDs, and waits for children that it knows nothing of.
PARENT = r"""
import ctypes, mmap, os, signal, sys
died = []
signal.signal(signal.SIGCHLD, lambda *_: died.append(1))
def any_child():
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
shared = mmap.mmap(-1, 1 << 16)
ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(shared)), 0xa7, 1 << 16)
reader, writer = os.pipe()
print("ready", flush=True)
while any_child() is None and not died:
    line = sys.stdin.readline()
    if not line:
        break
print(any_child(), len(died), flush=True)
"""

# Under a filter that allows everything (man 2 seccomp).
FILTERED = r"""
import ctypes, struct, sys
allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow)))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
print("ready", flush=True)
sys.stdin.readline()
print("done", flush=True)
"""


def relations(pid):
    """The children of a process, dead ones included."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def sections(path):
    """The sections of a module: (id, name of a custom one) -> contents, without the count of a list."""
    data = Path(path).read_bytes()
    assert data[:8] == b"\0asm\1\0\0\0"
    found, at = {}, 8

    def number(at):
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at

    while at < len(data):
        kind = data[at]
        size, at = number(at + 1)
        end, name = at + size, ""
        if kind == 0:
            length, at = number(at)
            name, at = data[at:at + length].decode(), at + length
        else:
            _, at = number(at)
        found.setdefault((kind, name), []).append(data[at:end])
        at = end
    return found


class WriteCase(CoreCase):
    def stopped(self, guest, *commands):
        """Commands at a breakpoint in the guest, which runs on afterwards."""
        return self.attached(guest, "break mark", "continue", "delete", *commands)

    def results(self, documents, commands):
        names = {" ".join(one.split("/")[0].split(" -")[0].split()[:2]) for one in commands} | {"backtrace", "x"}
        return [d for d in documents if d.get("command") in names]

    def written(self, pid, name="written", *options):
        """A core of a running process by outpost gcore; (path, document)."""
        path = self.folder / name
        outcome = outpost("gcore", pid, path, "--json", *options)
        self.assertEqual(outcome.status, 0, outcome)
        document, = Documents(outcome)
        self.assertEqual(document["path"], str(path))
        return path, document


class CoreFile(WriteCase):
    def test_it_shows_what_the_process_showed(self):
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    guest = self.started(wat("values"), version=version, guest_debug=guest_debug)
                    path = self.folder / "core"
                    live = self.stopped(guest, f"generate-core-file {path}", *LOOKS)
                    self.assertUndisturbed(guest, values_sum)
                    core = Documents(outpost("core", path, "--json", *script(*LOOKS)))
                    one, other = self.results(live, LOOKS), self.results(core, LOOKS)
                    self.assertEqual(len(one), len(LOOKS))
                    self.assertEqual(other, one)
                    if guest_debug:
                        self.assertEqual(self.names(core.all("backtrace")[0]["frames"]), ["mark", "types", "main"])
                    path.unlink()

    def test_private_sparse_and_small(self):
        """The reservations of four gigabytes and more are not in it."""
        guest = self.started(wat("values"))
        path, document = self.written(guest.pid)
        status = path.stat()
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)
        self.assertEqual(status.st_size, document["size"])
        self.assertLess(status.st_blocks * 512, document["stored"] + (1 << 20))
        self.assertLess(status.st_size, 1 << 29)
        self.assertEqual(document["threads"], len(guest.threads()))
        self.assertEqual((document["missing_threads"], document["unread"], document["omitted"]), (0, 0, 0))
        self.assertUndisturbed(guest, values_sum)

    def test_a_guest_that_computes(self):
        """Again and again, from the copy; nothing of the copies is left."""
        guest = self.started(wat("spin"))
        for _ in range(5):
            path, document = self.written(guest.pid)
            self.assertTrue(document["from_copy"], document)
            self.assertEqual(relations(guest.pid), [])
            core = json.loads(outpost("stack", path, "--json").out)
            # When it looks for input it is on no thread.
            stack, = core["threads"] + core["suspended"]
            self.assertEqual(self.names(stack["frames"])[-1], "main")
        self.assertUndisturbed(guest, spin_sum)

    def test_the_program_notices_nothing(self):
        """No SIGCHLD, no child to wait for; its shared memory is in the core."""
        parent = Guest(None, command=[sys.executable, "-c", PARENT])
        self.addCleanup(parent.__exit__)
        parent.ready()
        for _ in range(3):
            path, document = self.written(parent.pid)
            self.assertTrue(document["from_copy"], document)
            parent.send("again\n")
        self.assertIn(b"\xa7" * (1 << 16), path.read_bytes())
        self.assertEqual(relations(parent.pid), [])
        parent.process.stdin.close()
        self.assertEqual(parent.line(), "None 0")
        self.assertEqual(parent.process.wait(LIMIT), 0)

    def test_a_process_that_must_not_fork(self):
        """A seccomp filter might end it: it stands until all is written."""
        program = Guest(None, command=[sys.executable, "-c", FILTERED])
        self.addCleanup(program.__exit__)
        program.ready()
        path, document = self.written(program.pid)
        self.assertFalse(document["from_copy"])
        self.assertIn("seccomp", document["no_copy_reason"])
        self.assertGreater(path.stat().st_size, 1 << 20)
        program.send("end\n")
        self.assertEqual(program.line(), "done")
        self.assertEqual(program.process.wait(LIMIT), 0)

    def test_a_process_in_a_container(self):
        """What it is told to be its copy's number is another process's outside."""
        if os.geteuid() != 0:
            self.skipTest("only root makes PID namespaces")
        container = Guest(None, command=["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", PARENT])
        self.addCleanup(container.__exit__)
        container.ready()
        inside, = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()
        path, document = self.written(int(inside))
        self.assertFalse(document["from_copy"])
        self.assertIn("PID namespace", document["no_copy_reason"])
        self.assertGreater(path.stat().st_size, 1 << 20)
        container.process.stdin.close()
        self.assertEqual(container.line(), "None 0")
        self.assertEqual(container.process.wait(LIMIT), 0)

    def test_a_process_stopped_by_job_control(self):
        """It stays so: a thread that is let go of runs through the kernel for a moment, to stop again."""
        guest = self.started(wat("values"))
        os.kill(guest.pid, signal.SIGSTOP)
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "all threads are stopped")
        path, _ = self.written(guest.pid)
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "all threads are stopped again")
        live = json.loads(outpost("stack", guest.pid, "--json").out)
        core = json.loads(outpost("stack", path, "--json").out)
        self.assertEqual(core, live)
        os.kill(guest.pid, signal.SIGCONT)
        self.assertUndisturbed(guest, values_sum)

    @needs_gdb
    def test_gdb_shows_the_same_threads_and_host_frames(self):
        guest = self.started(wat("values"))
        os.kill(guest.pid, signal.SIGSTOP)
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "all threads are stopped")
        path, _ = self.written(guest.pid)
        looks = ("thread apply all p/x $pc", "thread apply all p/x $rsp", "thread apply all p/x $xmm0.uint128",
                 "thread apply all backtrace 6")
        program = os.path.realpath(f"/proc/{guest.pid}/exe")
        live = self.seen_by_gdb(f"attach {guest.pid}", *looks, "detach")
        core = self.seen_by_gdb(f"file {program}", f"core-file {path}", *looks)
        self.assertGreater(len(live), 4 * len(guest.threads()))
        self.assertEqual(core, live)
        os.kill(guest.pid, signal.SIGCONT)
        self.assertUndisturbed(guest, values_sum)

    def seen_by_gdb(self, *commands):
        """What is said of each thread's registers and frames: (its number, a line)."""
        thread, found = None, []
        for line in self.gdb(*commands).splitlines():
            if header := re.match(r"Thread \d+ .*LWP (\d+)\)", line):
                thread = int(header[1])
            elif thread and re.match(r"\$\d+ = |#\d+ ", line):
                found.append((thread, re.sub(r"^\$\d+", "$", line)))
        return sorted(found)

    @unittest.skipUnless(shutil.which("eu-stack"), "eu-stack (elfutils) is not installed")
    def test_eu_stack_shows_the_same_threads_and_places(self):
        guest = self.started(wat("values"))
        os.kill(guest.pid, signal.SIGSTOP)
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "all threads are stopped")
        path, _ = self.written(guest.pid)
        wait_until(lambda: set(guest.thread_states().values()) == {"T"}, "all threads are stopped again")
        # man 5 proc: the last field is the program counter.
        places = {thread: int(Path(f"/proc/{guest.pid}/task/{thread}/syscall").read_text().split()[-1], 16)
                  for thread in guest.threads()}
        program = os.path.realpath(f"/proc/{guest.pid}/exe")
        shown = subprocess.run(["eu-stack", f"--core={path}", "-e", program, "-n", "3"], capture_output=True, text=True,
                               timeout=LIMIT)
        innermost = re.findall(r"^TID (\d+):\n#0 +(0x[0-9a-f]+)", shown.stdout, re.M)
        self.assertEqual({int(thread): int(place, 16) for thread, place in innermost}, places, shown)
        os.kill(guest.pid, signal.SIGCONT)
        self.assertUndisturbed(guest, values_sum)

    def test_a_signal_that_is_about_to_be_delivered(self):
        """It is in the core, with the thread that it is for."""
        guest = self.started(wat("values"))
        path = self.folder / "core"
        documents = self.attached(guest, "catch signal SIGUSR1", f"shell kill -USR1 {guest.pid}", "continue",
                                  f"generate-core-file {path}", "kill")
        stop, = [one for one in documents.stops() if one.get("signal") == "SIGUSR1"]
        core, = self.opened(path, "info threads").stops("core")
        self.assertEqual((core["signal"], core["thread"]), ("SIGUSR1", stop["thread"]))

    def test_refusals(self):
        guest = self.started(wat("values"))
        path, _ = self.written(guest.pid)
        error, = self.opened(path, f"generate-core-file {self.folder}/again", status=1).errors()
        self.assertEqual(error["code"], "unsupported")
        (self.folder / "folder").mkdir()
        os.symlink("/dev/null", self.folder / "link")
        for bad in ("folder", "link", "nowhere/core"):
            outcome = outpost("gcore", guest.pid, self.folder / bad)
            self.assertEqual(outcome.status, 1, outcome)
            self.assertIn(f"cannot write {self.folder / bad}", outcome.err)
        self.assertEqual(sorted(os.listdir(self.folder)), ["folder", "link", "written"])
        self.assertEqual(relations(guest.pid), [])
        self.assertUndisturbed(guest, values_sum)


class WasmCore(WriteCase):
    def wasm_core(self, path):
        """A Wasm core dump as outpost core shows it."""
        outcome = outpost("core", path, "--json", "--batch")
        self.assertEqual(outcome.status, 0, outcome)
        return Documents(outcome).one("core")

    def test_it_agrees_with_that_of_wasmtime(self):
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    debug = ["-D", "guest-debug=y"] if guest_debug else []
                    command = [wasmtime(version), "run", *debug]
                    theirs, ours = self.folder / "theirs", self.folder / "ours"
                    subprocess.run([*command, "-D", f"coredump={theirs}", wat("dumped")], capture_output=True, timeout=LIMIT)
                    outcome = outpost("run", "--batch", "--json", *script("catch trap", "continue", f"generate-wasm-core {ours}"),
                                      "--", *command, wat("dumped"))
                    self.assertEqual(outcome.status, 0, outcome)
                    one, other = self.wasm_core(theirs), self.wasm_core(ours)
                    values = [frame.pop("locals") for frame in other["threads"][0]["frames"]]
                    stacks = [frame.pop("stack") for frame in other["threads"][0]["frames"]]
                    for thread in one["threads"] + other["threads"]:
                        thread.pop("name")
                    for frame in one["threads"][0]["frames"]:
                        self.assertEqual((frame.pop("locals"), frame.pop("stack")), ([], []))
                    one.pop("file"), other.pop("file")
                    self.assertEqual([frame["function"] for frame in one["threads"][0]["frames"]], [0, 1])
                    self.assertEqual(other, one)
                    if guest_debug:
                        self.assertEqual(values, [["i32:0", "i64:99", "f32:0.25", "f64:1.5", "<missing>"], []])
                        self.assertEqual(stacks, [["i32:11", "i32:1", "i32:0"], ["i32:0", "i64:99", "f32:0.25"]])
                    ours, theirs = sections(ours), sections(theirs)
                    for section in ((5, ""), (6, ""), (11, ""), (0, "coremodules"), (0, "coreinstances")):
                        self.assertEqual(ours[section], theirs[section], section)

    def test_of_a_core_file(self):
        """The same bytes as of the live process."""
        guest = self.started(wat("values"))
        live, core, again = (self.folder / name for name in ("live", "core", "again"))
        self.stopped(guest, f"generate-wasm-core {live}", f"generate-core-file {core}")
        self.opened(core, f"generate-wasm-core {again}")
        names = [(0, "corestack")]
        one, other = sections(live), sections(again)
        self.assertEqual(one.keys(), other.keys())
        for name in one:
            if name not in names:
                self.assertEqual(one[name], other[name], name)
        shown = self.wasm_core(again)
        self.assertEqual(shown["threads"][0]["frames"][1]["locals"][:4], ["i32:-42", "i64:1234605616436508552", "f32:1.5", "f64:-2.25"])
        self.assertEqual(shown["threads"][0]["frames"], self.wasm_core(live)["threads"][0]["frames"])
        self.assertUndisturbed(guest, values_sum)

    def test_what_was_selected_stays_so(self):
        guest = self.started(wat("values"))
        documents = self.stopped(guest, "up", "info frame", f"generate-wasm-core {self.folder}/dump", "info frame")
        one, other = documents.all("info frame")
        self.assertEqual(other, one)

    def test_what_is_no_core_dump(self):
        guest = self.started(wat("values"))
        path = self.folder / "dump"
        self.stopped(guest, f"generate-wasm-core {path}")
        whole = path.read_bytes()
        self.assertIn("it is a module and no core dump", self.refused(self.module()))
        for size in range(8, len(whole), max(1, len(whole) // 40)):
            path.write_bytes(whole[:size])
            # Shown, and opened as a target.
            looks = script("backtrace -full", "info globals", "x/8xb 0", "info instances") if size % 2 else ()
            outcome = outpost("core", path, "--batch", *looks)
            self.assertIn(outcome.status, (0, 1), outcome)
        path.write_bytes(whole)

    def module(self):
        path = self.folder / "empty.wasm"
        path.write_bytes(b"\0asm\1\0\0\0")
        return path


if __name__ == "__main__":
    unittest.main()
