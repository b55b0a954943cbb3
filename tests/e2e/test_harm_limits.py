# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile names, pieces that are wrong or gone, and ends of every resource: scenarios 15, 16 and 20 of README.md. outpost shows a
value or says why not, and the guest's own result is right."""

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from conversation import Conversation
from harness import (LIMIT, NEWEST, PROGRAM, Case, Documents, Guest, calls_sum, compiled, environment, outpost, script, sleeping, wasmtime,
                     wat)
from test_harm import Hosted

IS_ROOT = unittest.skipUnless(os.geteuid() == 0, "needs root for namespaces")
# What a terminal acts on: control characters, those of 8 bits in UTF-8, and what turns the direction of writing.
CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LOOKS = ("backtrace", "info functions", "info modules", "info globals", "info memories", "info locals", "info stores",
         "info instances", "disassemble", "finish", "info breakpoints")


class Hostile(Case):
    def test_15_names_of_a_guest(self):
        """Shown with their escapes visible, one line each, and JSON stays JSON."""
        guest = self.guest("harm_names")
        text = self.attached_text(guest, "rbreak inner", "continue", *LOOKS)
        self.assertIn("inner\\x1b[2J", text)
        self.assertEqual(CONTROLS.findall(text), [])
        self.assertNotIn("\n#0 fake", text)
        self.assertNotIn("\nerror: no such process", text)
        functions = self.attached(guest, "info functions").one("info functions")["functions"]
        self.assertIn("inner\\x1b[2J\\x1b[31m\\x0a#0 fake ()", [function["name"] for function in functions])
        guest.finish()


class Changing(Hosted):
    """What outpost has read is not what is there now."""

    def test_13_a_module_is_unloaded_between_two_commands(self):
        """Another one comes, in its place as a rule: nothing is shown of the one that has gone."""
        guest = self.host()
        with Conversation(guest.pid) as outpost_:
            for number in range(1, 16):
                outpost_.send("continue")
                self.assertEqual(self.order(guest, f"plugin {number}"), f"answer {number}")
                os.kill(outpost_.process.pid, signal.SIGINT)
                outpost_.told("continue")
                functions = {(function["module"], function["name"]) for function in outpost_.ask("info functions")["functions"]}
                self.assertEqual({name for _, name in functions}, {"step", "work", "fail", f"answer{number}"})
                # Nothing says what the plugin is called, and the file on the command line is not its.
                self.assertEqual({name for module, name in functions if module == "harm"}, {"step", "work", "fail"})
                pending = [outpost_.ask(f"break answer{which}")["breakpoint"]["pending"] for which in (number - 1, number)]
                self.assertEqual(pending, [True, False])
                outpost_.ask("delete")
            outpost_.ask("detach")
        self.ends_well(guest)

    def test_14_stores_come_and_go_at_any_moment(self):
        """Met while the runtime changes its lists: an answer, or the reason why there is none."""
        guest = self.host("churn")
        for turn in range(15):
            with self.subTest(turn=turn):
                outcome = outpost("attach", guest.pid, "--batch", "--json", *script("info stores", "info instances", "backtrace"))
                self.assertIn(outcome.status, (0, 1), outcome)
                for error in Documents(outcome).errors():
                    # No thread happens to be in the guest.
                    self.assertEqual(error["code"], "wrong-state", outcome)
        facts = self.ends_well(guest)
        self.assertEqual(facts["wrong"], 0)


class Pieces(Case):
    def precompiled(self, path, prefix=()):
        """A guest whose code is mapped from this file."""
        guest = Guest(None, command=[*prefix, wasmtime(), "run", "--allow-precompiled", "-D", "guest-debug=y", path])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def assertDebugged(self, guest, pid=None):
        outcome = outpost("attach", pid or guest.pid, "--batch", "--json", *script("break fib", "continue", "backtrace", "stepi 5"))
        self.assertEqual(outcome.status, 0, outcome)
        self.assertEqual(self.names(Documents(outcome).one("backtrace")["frames"])[-3:], ["fib", "round", "main"])

    def test_16_the_file_has_been_replaced(self):
        """By another one of this name, and by none."""
        artifact = compiled(wat("calls"), NEWEST, "-D", "guest-debug=y")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "calls.cwasm"
            shutil.copy(artifact, path)
            guest = self.precompiled(path)
            other = path.with_suffix(".new")
            other.write_bytes(b"\x7fELF" + bytes(artifact.stat().st_size))
            other.replace(path)
            self.assertDebugged(guest)
            path.unlink()
            self.assertDebugged(guest)
            self.assertUndisturbed(guest, calls_sum)

    @IS_ROOT
    def test_16_a_file_of_another_mount_namespace(self):
        """Mapped from a file that is not there for outpost."""
        artifact = compiled(wat("calls"), NEWEST, "-D", "guest-debug=y")
        hidden = f'mount -t tmpfs none /mnt && cp {artifact} /mnt/calls.cwasm && exec "$@"'
        guest = self.precompiled("/mnt/calls.cwasm", prefix=["unshare", "-m", "sh", "-c", hidden, "sh"])
        self.assertFalse(Path("/mnt/calls.cwasm").exists())
        self.assertDebugged(guest)
        self.assertUndisturbed(guest, calls_sum)

    @IS_ROOT
    def test_16_a_process_of_another_pid_namespace(self):
        """Its own numbers of itself and its threads are others than outpost's."""
        guest = Guest(None, command=["unshare", "-pf", "--kill-child", wasmtime(), "run", "-D", "guest-debug=y", wat("calls")])
        self.addCleanup(guest.__exit__)
        guest.ready()
        inner, = Path(f"/proc/{guest.pid}/task/{guest.pid}/children").read_text().split()
        self.assertDebugged(guest, pid=int(inner))
        guest.pid = int(inner)
        self.assertUndisturbed(guest, calls_sum)


class Resources(Hosted):
    """Whatever outpost lacks, it ends by itself, and the guest does not notice."""

    def assertEndsByItself(self, outcome):
        self.assertIn(outcome.status, (0, 1), outcome)
        if outcome.status:
            self.assertIn("rror", outcome.err + outcome.out, outcome)

    def test_20_files(self):
        guest = self.guest("calls")
        before = guest.code()
        # A build that is not installed is begun by a shell, which needs one more than outpost.
        for limit in range(5, 21, 3):
            with self.subTest(limit=limit):
                outcome = outpost("attach", guest.pid, "--batch", *script("break fib", "continue", "backtrace", "count choose"),
                                  prefix=["prlimit", f"--nofile={limit}", "env", "LD_BIND_NOW=1"])
                if "shared libraries" not in outcome.err:
                    self.assertEndsByItself(outcome)
                self.assertEqual(guest.status("TracerPid"), "0")
                self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    def test_20_memory(self):
        guest = self.guest("calls")
        before = guest.code()
        # Among them some that are enough to begin with, and not for all that is to be done.
        for megabytes in (24, 44, 46, 47, 48, 49, 50, 64, 192):
            with self.subTest(megabytes=megabytes):
                outcome = outpost("attach", guest.pid, "--batch", *script("break fib", "continue", "backtrace", "count choose"),
                                  prefix=["prlimit", f"--as={megabytes << 20}"])
                if "shared libraries" not in outcome.err and "libtool" not in outcome.err:
                    self.assertEndsByItself(outcome)
                self.assertEqual(guest.status("TracerPid"), "0")
                self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    @IS_ROOT
    def test_20_room_on_the_disk(self):
        guest = sleeping(self.guest("sleeper"))
        small = 'mount -t tmpfs -o size=64k none /mnt && "$0" gcore "$1" /mnt/core; status=$?; ls /mnt; exit $status'
        outcome = outpost("-m", "sh", "-c", small, PROGRAM, guest.pid, program="unshare")
        self.assertEqual(outcome.status, 1, outcome)
        self.assertIn("No space left", outcome.err)
        self.assertEqual(outcome.out, "", "nothing half written is left")
        self.assertUndisturbed(guest, lambda rounds: 101)

    def test_20_output_that_is_full(self):
        guest = self.guest("calls")
        for arguments in (["stack", guest.pid], ["inspect", guest.pid], ["attach", guest.pid, "--batch", *script("info functions")],
                          ["attach", guest.pid, "--batch", "--json", *script("info functions")]):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                process = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=full,
                                         stderr=subprocess.PIPE, env=environment(), timeout=LIMIT)
                self.assertEqual(process.returncode, 1, process.stderr)
        self.assertUndisturbed(guest, calls_sum)

    def test_20_standard_streams_are_closed(self):
        """What outpost opens must not take their numbers and be written to."""
        guest = self.guest("calls")
        before = guest.code()
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed=closed):
                outcome = outpost("-c", f'"$0" attach "$1" --batch -e "break fib" -e continue -e backtrace {closed}', PROGRAM,
                                  guest.pid, program="/bin/sh")
                self.assertIn(outcome.status, (0, 1), outcome)
                self.assertEqual(guest.status("TracerPid"), "0")
                self.assertEqual(guest.code(), before)
        self.assertUndisturbed(guest, calls_sum)

    def test_20_a_thousand_instances(self):
        guest = self.host("instances")
        instances = self.attached(guest, "info instances").one("info instances")["instances"]
        self.assertGreater(sum(1 for instance in instances if instance["origin"] == "guest"), 1000)
        self.ends_well(guest)


class Deep(Case):
    """A million frames: seen whole, seen in part, and interrupted."""

    def million(self):
        guest = Guest(wat("deep"), guest_debug=False, options=["-W", "max-wasm-stack=1073741824", "-W", "async-stack-size=2147483648",
                                                              "--invoke", "million"])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def ends(self, guest):
        self.assertUndisturbed(guest, lambda rounds: (7 + 1000000 * 1000001 // 2) & 0xffffffff)

    def test_20_a_million_frames(self):
        guest = self.million()
        documents = self.attached(guest, "tbreak tick", "continue", "backtrace 3", "frame 999990", "down 1")
        self.assertEqual(self.names(documents.one("backtrace")["frames"])[:3], ["tick", "bottom", "down"])
        self.assertEqual([documents.one(command)["frame"]["level"] for command in ("frame", "down")], [999990, 999989])
        self.ends(guest)

    def test_20_control_c_in_a_long_command(self):
        """A backtrace of all of them is given up wherever it is, and the next one is right."""
        guest = self.million()
        with Conversation(guest.pid) as outpost_:
            outpost_.ask("tbreak tick")
            outpost_.ask("continue")
            outpost_.send("backtrace")
            # Sent until it is heard: before the command begins it is only the end of a line.
            while not select.select([outpost_.process.stdout], [], [], 0.2)[0]:
                outpost_.process.send_signal(signal.SIGINT)
            document = outpost_.document()
            if not document["ok"]:
                self.assertEqual(document["error"]["code"], "interrupted")
            frames = outpost_.ask("backtrace 3")["frames"]
            self.assertEqual(self.names(frames)[:3], ["tick", "bottom", "down"])
            outpost_.ask("detach")
        self.ends(guest)


if __name__ == "__main__":
    unittest.main()
