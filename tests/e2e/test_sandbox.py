# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost --sandbox: the same answers from a process without rights, and a target that survives the death of either process."""

import json
import os
import re
import signal
import subprocess
import unittest

from conversation import Conversation
from harness import PROGRAM, WORK, Case, Documents, Guest, c, calls_sum, outpost, script, sleeping, wait_until, wasmtime, wat
from leftovers import traps
from test_survival import Killing


def status_of(pid):
    lines = open(f"/proc/{pid}/status").read().splitlines()
    return {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}


def child_of(pid):
    """The tracing process: the only child of the one that decodes."""
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    assert len(children) == 1, children
    return int(children[0])


def alike(document):
    """Without what differs from run to run: processes and host addresses."""
    if isinstance(document, dict):
        return {key: 0 if key in ("pid", "tid", "thread", "id") else alike(value) for key, value in document.items()}
    if isinstance(document, list):
        return [alike(item) for item in document]
    return re.sub(r"0x[0-9a-f]{9,}", "0xHOST", document) if isinstance(document, str) else document


class Same(Case):
    """What is done twice, with the sandbox and without, leads to the same documents."""

    COMMANDS = ["break choose", "continue", "backtrace", "info locals", "print $local0", "info modules", "stepi 3", "step", "finish",
                "x/4xw 0", "info memories", "info breakpoints", "print no_such_name", "delete", "watch $mem[1024:i32]", "disassemble",
                "info watchpoints", "stepi", "catch trap", "kill"]

    def test_every_command_of_a_session(self):
        """A program that is stopped at its guest's first instruction does the same in each run."""
        def session(*options):
            # One by one: a command that fails ends a batch.
            lines = "\n".join(self.COMMANDS)
            outcome = outpost("run", "--json", *options, "--", wasmtime(), "run", "-D", "guest-debug=y", wat("calls"), input=lines)
            return [alike(json.loads(line)) for line in outcome.out.splitlines() if line.startswith("{")]

        plain, sandboxed = session("--no-sandbox"), session("--sandbox")
        self.assertEqual(len([d for d in plain if d.get("ok") is False]), 1, plain)
        self.assertEqual(plain, sandboxed)

    def test_a_stack(self):
        guest = sleeping(self.guest("reader"))
        stacks = []
        for option in "--no-sandbox", "--sandbox":
            outcome = outpost("stack", "--json", "--all", option, guest.pid)
            self.assertEqual(outcome.status, 0, outcome)
            stacks.append(json.loads(outcome.out))
        self.assertEqual(*stacks)
        self.assertTrue(any(thread["frames"] for thread in stacks[0]["threads"] + stacks[0]["suspended"]))

    def test_a_module_that_is_named_from_the_working_directory(self):
        """Its bytes are not in the image: without the file there are no lines."""
        module = c("progress", "-g", "-O0")
        guest = Guest(None, command=["env", "-C", module.parent, wasmtime(), "run", module.name, "100000"])
        self.addCleanup(guest.__exit__)
        guest.line()
        outcome = outpost("stack", "--sandbox", sleeping(guest).pid)
        self.assertEqual((outcome.status, outcome.err), (0, ""), outcome)
        self.assertIn("/progress.c:38", outcome.out)

    def test_a_core_file(self):
        guest = sleeping(self.guest("reader"))
        core = WORK / f"sandbox-{os.getpid()}.core"
        self.addCleanup(lambda: core.unlink(missing_ok=True))
        self.assertEqual(outpost("gcore", guest.pid, core).status, 0)
        os.chmod(core, 0o644)
        found = []
        for option in "--no-sandbox", "--sandbox":
            outcome = outpost("core", "--batch", "--json", option, *script("backtrace", "info threads"), core)
            self.assertEqual(outcome.status, 0, outcome)
            found.append(Documents(outcome))
        self.assertEqual(*found)


class Rights(Case):
    def test_the_process_that_decodes_has_none(self):
        guest = self.guest("calls")
        with Conversation(guest.pid, "--sandbox") as outpost_:
            decoding = status_of(outpost_.process.pid)
            for capabilities in "CapInh", "CapPrm", "CapEff", "CapAmb":
                self.assertEqual(int(decoding[capabilities][0], 16), 0, capabilities)
            self.assertEqual(decoding["NoNewPrivs"], ["1"])
            self.assertEqual(decoding["Seccomp"], ["2"])
            self.assertEqual(decoding["Groups"] if os.geteuid() == 0 else [], [])
            # Whose the target is.
            self.assertEqual(decoding["Uid"], status_of(guest.pid)["Uid"])
            tracer = child_of(outpost_.process.pid)
            self.assertEqual(guest.status("TracerPid"), str(tracer))
            outpost_.send("shell true")
            self.assertRaisesRegex(AssertionError, "--no-sandbox", outpost_.told, "shell")
            outpost_.send("detach")
            outpost_.told("detach")
            outpost_.send(f"attach {os.getpid()}")
            self.assertRaisesRegex(AssertionError, "the sandbox is for the process that the command line names", outpost_.told, "attach")
            # The one that it names can be had again.
            outpost_.ask(f"attach {guest.pid}")
        wait_until(lambda: not os.path.exists(f"/proc/{tracer}"), "the tracing process has ended")
        self.assertUndisturbed(guest, calls_sum)

    def test_what_needs_files_is_refused(self):
        guest = self.guest("calls")
        for arguments in ("guard", guest.pid), ("gcore", guest.pid), ("trace-calls", "-o", "/dev/null", guest.pid):
            outcome = outpost(*arguments[:1], "--sandbox", *arguments[1:])
            self.assertEqual(outcome.status, 1, outcome)
            self.assertIn("nothing can be written in the sandbox; start it with --no-sandbox", outcome.err)
        target = WORK / f"sandbox-{os.getpid()}"
        documents = []
        for command in f"dump memory {target} 0 16", f"save breakpoints {target}", f"generate-core-file {target}", "info functions":
            outcome = outpost("attach", "--sandbox", "--json", guest.pid, input=f"break fib\n{command}\n")
            documents.append([json.loads(line) for line in outcome.out.splitlines()][-2])
        self.assertEqual([d["ok"] for d in documents], [False, False, False, True], documents)
        for document in documents[:3]:
            self.assertIn("--no-sandbox", document["error"]["message"])
        self.assertFalse(target.exists())
        self.assertUndisturbed(guest, calls_sum)

    def test_a_target_that_is_not_there(self):
        for option in "--no-sandbox", "--sandbox":
            outcome = outpost("attach", "--batch", option, 2 ** 22 + 1)
            self.assertEqual(outcome.status, 1, outcome)
            self.assertIn("there is no process", outcome.err)


class Deaths(Killing):
    """Each of the two processes is killed while breakpoints are in the code."""

    def at_work(self, guest):
        clean = guest.images()
        process = self.started("attach", "--sandbox", guest.pid, "--batch", *script("break fib", "ignore 1 100000000", "continue"))
        wait_until(lambda: process.poll() is not None or guest.images() != clean, "outpost has patched the code")
        self.assertIsNone(process.poll())
        return process, child_of(process.pid), clean

    def let_go(self, guest, clean):
        wait_until(lambda: guest.status("TracerPid") == "0" and not traps(guest, clean), "the target is let go")
        self.assertUndisturbed(guest, calls_sum)

    def test_of_the_one_that_decodes(self):
        guest = self.guest("calls")
        process, tracer, clean = self.at_work(guest)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: self.has_ended(tracer), "the tracing process has ended")
        self.let_go(guest, clean)

    def test_of_the_one_that_traces(self):
        guest = self.guest("calls")
        process, tracer, clean = self.at_work(guest)
        os.kill(tracer, signal.SIGKILL)
        _, said = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"the tracing process of the sandbox has ended", said)
        self.let_go(guest, clean)

    def test_interrupt_reaches_the_wait(self):
        guest = self.guest("calls")
        process, tracer, clean = self.at_work(guest)
        process.send_signal(signal.SIGINT)
        process.communicate()
        wait_until(lambda: self.has_ended(tracer), "the tracing process has ended")
        self.let_go(guest, clean)

    def test_a_program_that_was_started_dies_with_either(self):
        for victim in "decoding", "tracing":
            with self.subTest(victim):
                process = subprocess.Popen([PROGRAM, "run", "--sandbox", "-q", "--", str(wasmtime()), "run", "-D",
                                            "guest-debug=y", str(wat("calls"))], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                self.addCleanup(process.stdin.close)
                program = None

                def started():
                    nonlocal program
                    try:
                        # A list that the kernel makes while children come and go may lack some.
                        tracer = next(iter(self.children(process)), None)
                        children = open(f"/proc/{tracer}/task/{tracer}/children").read().split() if tracer else []
                        program = int(children[0]) if children else None
                        return program and open(f"/proc/{program}/comm").read() == "wasmtime\n"
                    except FileNotFoundError:  # a child of the script that starts outpost
                        return False

                wait_until(started, "the program has started")
                os.kill(process.pid if victim == "decoding" else child_of(process.pid), signal.SIGKILL)
                process.wait()
                wait_until(lambda: self.has_ended(program), "the program has ended with it")


if __name__ == "__main__":
    unittest.main()
