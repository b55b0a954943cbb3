# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong is said in a sentence, with the exit status that the manual promises, and nothing is left behind."""

import os
import subprocess
import unittest

from harness import LIMIT, PROGRAM, WORK, Case, Documents, as_nobody, calls_sum, environment, outpost, script, wait_until


class Errors(Case):
    def refused(self, *arguments, status=1, code=None, says="", **options):
        outcome = outpost(*arguments, **options)
        self.assertEqual(outcome.status, status, outcome)
        self.assertIn(says, outcome.err + outcome.out, outcome)
        for raw in ("EPERM", "ESRCH", "errno"):
            self.assertNotIn(raw, outcome.err)
        if code:
            documents = Documents(outpost(*arguments, "--json", **options))
            self.assertEqual(documents.errors()[0]["code"], code)
        return outcome

    def free_pid(self):
        pid = int(open("/proc/sys/kernel/pid_max").read()) - 1
        while os.path.exists(f"/proc/{pid}"):
            pid -= 1
        return pid

    def test_no_such_process(self):
        pid = self.free_pid()
        self.refused("attach", pid, "--batch", code="no-such-process", says=str(pid))
        self.refused("stack", pid, code="no-such-process", says=str(pid))
        self.refused("inspect", pid, says=str(pid))

    def test_no_wasmtime_in_it(self):
        with subprocess.Popen(["sleep", "600"]) as process:
            try:
                self.refused("attach", process.pid, "--batch", code="not-wasmtime", says="Wasmtime")
                self.refused("stack", process.pid, says="Wasmtime")
                with open(f"/proc/{process.pid}/status") as status:
                    self.assertIn("TracerPid:\t0", status.read())
            finally:
                process.kill()

    def test_already_traced(self):
        guest = self.guest("calls")
        with subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-p", str(guest.pid)]) as tracer:
            try:
                wait_until(lambda: guest.status("TracerPid") == str(tracer.pid), "strace traces it")
                self.refused("attach", guest.pid, "--batch", code="already-traced", says=str(tracer.pid))
            finally:
                tracer.terminate()
        self.assertUndisturbed(guest, calls_sum)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_another_users_process(self):
        guest = self.guest("calls")
        outcome = as_nobody("attach", guest.pid, "--batch", "--json")
        self.assertEqual(outcome.status, 1, outcome)
        self.assertEqual([e["code"] for e in Documents(outcome).errors()], ["permission-denied"], outcome)
        self.assertIn("root", Documents(outcome).errors()[0]["message"])
        self.assertUndisturbed(guest, calls_sum)

    def test_its_own_parent(self):
        self.refused("attach", os.getpid(), "--batch", code="not-wasmtime")

    def test_usage(self):
        for arguments in ([], ["attach"], ["attach", "x"], ["attach", "-1"], ["attach", "1", "2", "--batch"], ["fly"],
                          ["--no-such-option"], ["stack"], ["inspect"], ["run"], ["attach", "99999999999999999999"],
                          ["attach", "1", "--color=blue"]):
            with self.subTest(arguments=arguments):
                self.refused(*arguments, status=2)
        self.refused("stack", "/nowhere/core", status=2, says="neither the id of a process nor a file: /nowhere/core")

    def test_help_and_version(self):
        self.assertRegex(outpost("--version").out, r"outpost \d+\.\d+\.\d+")
        for arguments in (["--help"], ["attach", "--help"], ["stack", "--help"]):
            outcome = outpost(*arguments)
            self.assertEqual(outcome.status, 0, outcome)
            self.assertIn("outpost", outcome.out)

    def test_bad_commands(self):
        guest = self.guest("calls")
        for command, says in (("fly", "fly"), ("frame 999999", ""), ("thread 1", ""), ("x/2k 0", ""),
                              ("ignore 1", ""), ("print", ""), ("help nothing_such", ""), ("source /no/such/file", "/no/such/file"),
                              ("info", ""), ("set nothing 1", "nothing"), ("break *0xffffffffffff", "")):
            with self.subTest(command=command):
                self.refused("attach", guest.pid, "--batch", *script(command), says=says)
        self.assertUndisturbed(guest, calls_sum)

    def test_the_first_failing_command_ends_a_batch(self):
        guest = self.guest("calls")
        outcome = outpost("attach", guest.pid, "--batch", *script("echo one\\n", "fly", "echo two\\n"))
        self.assertEqual(outcome.status, 1, outcome)
        self.assertIn("one", outcome.out)
        self.assertNotIn("two", outcome.out)
        self.assertUndisturbed(guest, calls_sum)

    def test_ambiguous_abbreviation_lists_the_candidates(self):
        guest = self.guest("calls")
        outcome = self.refused("attach", guest.pid, "--batch", *script("de"))
        self.assertIn("delete", outcome.err)
        self.assertIn("detach", outcome.err)
        self.assertUndisturbed(guest, calls_sum)

    def test_commands_from_a_file_and_from_standard_input(self):
        guest = self.guest("calls")
        path = WORK / f"commands-{os.getpid()}"
        path.write_text("# a remark\n\ntbreak fib\ncontinue\n")
        outcome = outpost("attach", guest.pid, "--batch", "-x", path, *script("backtrace"))
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn("fib", outcome.out)
        outcome = outpost("attach", guest.pid, input="tbreak choose\ncontinue\nbacktrace\n")
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn("choose", outcome.out)
        self.assertUndisturbed(guest, calls_sum)

    def test_standard_files_that_are_closed(self):
        """A file that is opened does not take their place: a core file is not read as commands, nor written into."""
        def closed(which, *arguments):
            return outpost(*arguments, prefix=["sh", "-c", f'exec "$@" {which}&-', "sh"])

        guest = self.guest("calls")
        core = WORK / f"closed-{os.getpid()}.core"
        self.addCleanup(lambda: core.unlink(missing_ok=True))
        outcome = closed(">", "gcore", guest.pid, core)
        self.assertEqual((outcome.status, outcome.out), (1, ""), outcome)
        self.assertIn("the output cannot be written", outcome.err)
        self.assertNotIn(b"Saved core file", core.read_bytes())
        for target in (["core", core], ["attach", guest.pid]):
            outcome = closed("<", *target, "-e", "info modules")
            self.assertEqual((outcome.status, outcome.err), (0, ""), outcome)
            self.assertIn("calls", outcome.out)
        self.assertUndisturbed(guest, calls_sum)

    def test_output_that_nobody_reads(self):
        guest = self.guest("calls")
        with subprocess.Popen([PROGRAM, "attach", str(guest.pid), "--batch", *script("info functions", "backtrace")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
            process.stdout.close()
            process.stderr.read()
            process.wait(LIMIT)
        self.assertUndisturbed(guest, calls_sum)


if __name__ == "__main__":
    unittest.main()
