# SPDX-License-Identifier: GPL-3.0-or-later
"""Host and guest in one stack, beside what gdb says of the same process at the same place."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from cores import SMALL, CoreCase, needs_gdb
from harness import GUESTS, VENV, WORK, Guest, outpost, sleeping, wait_until, wasmtime, wat


class HostFrames(CoreCase):
    def stacks(self, target, *options):
        """Of a guest, or of a core file."""
        outcome = outpost("stack", getattr(target, "pid", target), "--host", "--json", *options)
        self.assertEqual((outcome.status, outcome.err), (0, ""))
        return json.loads(outcome.out)

    def functions(self, entry):
        return [frame["function"] or "" for frame in entry["frames"]]

    def entries(self, stack):
        """Its host stretches, and the guest's function below each; None below the outermost."""
        kinds = [frame for frame in stack["frames"]]
        below = [next((f["function"] for f in kinds[i:] if f["kind"] == "wasm"), None) for i in range(len(kinds))]
        return [(frame, below[i]) for i, frame in enumerate(kinds) if frame["kind"] == "host"]

    def whole(self, stack):
        self.assertEqual([frame["incomplete"] for frame in stack["frames"] if "incomplete" in frame], [])
        self.assertNotIn("incomplete", stack)

    def gdb_addresses(self, guest, thread):
        """The callers of a thread's innermost frame as gdb unwinds them."""
        shown = subprocess.run(["gdb", "-p", str(guest.pid), "-batch", "-nx", "-iex", "set debuginfod enabled off", "-ex",
                                f"python next(t for t in gdb.selected_inferior().threads() if t.ptid[1] == {thread}).switch()",
                                "-ex", "python f = gdb.newest_frame()\nwhile f: print('pc', f.pc()); f = f.older()"],
                               capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL).stdout
        return [int(line.split()[1]) for line in shown.splitlines() if re.fullmatch(r"pc \d+", line)]

    def sleeper(self, version, guest_debug):
        return sleeping(self.guest("nap", version=version, guest_debug=guest_debug))

    @needs_gdb
    def test_of_a_core(self):
        """All threads' stacks are those of the process that the core was made of."""
        for guest_debug in (True, False):
            with self.subTest(guest_debug=guest_debug):
                guest = sleeping(self.started(wat("nap"), guest_debug=guest_debug, options=SMALL))
                live = self.stacks(guest, "--all")
                core = self.stacks(self.gcore(guest), "--all")
                self.assertGreater(len(live["threads"]), 1)
                for ours, theirs in zip(core["threads"], live["threads"], strict=True):
                    self.whole(ours)
                    self.assertEqual((ours["tid"], ours["frames"]), (theirs["tid"], theirs["frames"]))
                self.assertUndisturbed(guest, lambda rounds: rounds)

    @needs_gdb
    def test_the_same_as_gdb(self):
        for version, guest_debug in (("44.0.1", True), ("49.0.4", True), ("49.0.4", False)):
            with self.subTest(version=version, guest_debug=guest_debug):
                guest = self.sleeper(version, guest_debug)
                stack, = self.stacks(guest)["threads"][:1]
                self.whole(stack)
                inside, outside = self.entries(stack)
                pcs = [int(frame["pc"], 16) for frame in inside[0]["frames"] if not frame["inlined"]]
                self.assertEqual(pcs, self.gdb_addresses(guest, stack["tid"])[:len(pcs)])
                self.assertGreater(len(pcs), 3)
                # The host's way to the guest ends where the program begins.
                self.assertIsNone(outside[1])
                self.assertEqual(self.functions(outside[0])[-1], "main")
                self.assertTrue(any("wasmtime" in name for name in self.functions(outside[0])))
                self.assertUndisturbed(guest, lambda rounds: rounds)

    def test_text_and_prompt(self):
        guest = self.sleeper("49.0.4", True)
        text = self.attached_text(guest, "backtrace", "backtrace -host")
        self.assertEqual(text.count("[host: poll_oneoff]"), 2)
        self.assertRegex(text, r"\n        0x[0-9a-f]{16} in main\+\d+ \(wasmtime\)\n")
        documents = self.attached(guest, "backtrace -host")
        frames = documents.one("backtrace")["frames"]
        self.assertEqual([f["kind"] for f in frames], ["host", "wasm", "wasm", "host"][:len(frames) - 1] + ["host"])
        self.assertUndisturbed(guest, lambda rounds: rounds)

    def test_through_activations(self):
        """Host, guest, host, guest: each stretch lies between its neighbours and ends at the guest's code."""
        guest = Guest(None, command=[VENV / "python", GUESTS / "nested.py", wat("nested")])
        self.addCleanup(guest.__exit__)
        guest.ready()
        stack = next(t for t in self.stacks(guest)["threads"] if any(f["kind"] == "wasm" for f in t["frames"]))
        self.whole(stack)
        entries = self.entries(stack)
        # The guest may be in a call of its own to the host, or not.
        self.assertEqual([below for _, below in entries][-2:], ["middle", None])
        for entry, _ in entries[-2:]:
            objects = [frame["object"] for frame in entry["frames"]]
            self.assertTrue(any("wasmtime" in (name or "") for name in objects), objects)
            # Python is the host: each way between two guests leads through its interpreter.
            self.assertTrue(any("python" in (name or "") for name in objects), objects)
        self.assertUndisturbed(guest, lambda rounds: 5)

    def test_a_program_whose_file_was_replaced(self):
        """As an upgrade does it: the program's own file can still be had, and no other one is taken for it."""
        with tempfile.TemporaryDirectory(dir=WORK) as folder:
            program = Path(folder) / "wasmtime"
            shutil.copy(wasmtime(), program)
            guest = Guest(None, command=[program, "run", "-D", "guest-debug=y", wat("nap")])
            self.addCleanup(guest.__exit__)
            sleeping(guest.ready())
            program.unlink()
            shutil.copy("/bin/true", program)
            stack, = self.stacks(guest, "--no-sandbox")["threads"][:1]
            self.whole(stack)
            self.assertEqual(self.functions(self.entries(stack)[-1][0])[-1], "main")
            # What has given up root's rights may not have it from a process with them.
            if os.geteuid() == 0:
                stack, = self.stacks(guest, "--sandbox")["threads"][:1]
                self.assertEqual(len(self.cut_off(stack, program, "replaced by another one")), 2)
            self.assertUndisturbed(guest, lambda rounds: rounds)

    def cut_off(self, stack, file, what):
        """The host's stretches that end for want of a file: each says so of its own last frame."""
        stretches = [frame for frame in stack["frames"] if "incomplete" in frame]
        for stretch in stretches:
            self.assertEqual(stretch["incomplete"], f"the frames beyond {int(stretch['frames'][-1]['pc'], 16):#x} could not be unwound: "
                                                    f"the file {file} was {what} after the program mapped it")
        return stretches

    def test_a_library_that_is_gone(self):
        """Which file, and what became of it, stands in the place of the frames that need it; the guest's are there."""
        found = subprocess.run([VENV / "python", "-c", "import wasmtime; print(wasmtime.__file__)"], capture_output=True, text=True, check=True)
        with tempfile.TemporaryDirectory(dir=WORK) as folder:
            shutil.copytree(Path(found.stdout.strip()).parent, Path(folder) / "wasmtime")
            guest = Guest(None, command=["env", f"PYTHONPATH={folder}", VENV / "python", GUESTS / "nested.py", wat("nested")])
            self.addCleanup(guest.__exit__)
            guest.ready()
            library = Path(next(path for *_, path in guest.mappings() if path.startswith(f"{folder}/") and path.endswith(".so")))
            for what, change in (("deleted", library.unlink), ("replaced by another one", lambda: shutil.copy("/bin/true", library))):
                change()
                stack = next(t for t in self.stacks(guest)["threads"] if any(f["kind"] == "wasm" for f in t["frames"]))
                self.assertEqual(self.names(stack["frames"])[-2:], ["middle", "outer"])
                self.assertGreater(len(self.cut_off(stack, library, what)), 1)
            self.assertUndisturbed(guest, lambda rounds: 5)

    def test_threads_without_guest(self):
        guest = self.sleeper("49.0.4", True)
        folded = json.loads(outpost("stack", guest.pid, "--all", "--json").out)["threads"]
        threads = self.stacks(guest, "--all")["threads"]
        self.assertEqual([t["tid"] for t in threads], [t["tid"] for t in folded])
        others = [t for t in threads if all(f["kind"] == "host" for f in t["frames"])]
        self.assertEqual(len(others), len(threads) - 1)
        for stack in others:
            self.whole(stack)
            self.assertIn(self.functions(stack["frames"][-1])[-1], ("clone", "__clone", "__clone3"))
        self.assertUndisturbed(guest, lambda rounds: rounds)

    def test_a_guest_on_no_thread(self):
        server = self.serving_waiters(1)
        found = []

        def waits():
            outcome = outpost("stack", server.pid, "--host", "--json")
            found[:] = json.loads(outcome.out)["suspended"] if outcome.status == 0 else []
            return len(found) == 1

        wait_until(waits, "a guest sleeps in a host call")
        self.whole(found[0])
        inside = self.entries(found[0])[0][0]
        self.assertTrue(any("suspend" in name for name in self.functions(inside)), self.functions(inside))


if __name__ == "__main__":
    unittest.main()
