# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost run, and outpost inspect of files and processes."""

import json
import re
import tempfile
import unittest

from harness import WORK, Case, Documents, calls_sum, compiled, instructions, outpost, script, wasmtime, wat


class Run(Case):
    def run_under(self, *commands, module, options=(), status=0):
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(), "run", "-D", "guest-debug=y",
                          *options, module)
        self.assertEqual(outcome.status, status, outcome)
        return outcome

    def documents(self, outcome):
        """The program's own output is on the same stream: the lines that are no documents are its."""
        lines = outcome.out.splitlines()
        outcome.out = "\n".join(line for line in lines if line.startswith("{"))
        return Documents(outcome), [line for line in lines if not line.startswith("{")]

    def assertRightSum(self, line):
        """Its input is at its end: it goes on until the host tells it so, which may take some rounds."""
        found = re.fullmatch(r"done rounds=(\d+) sum=(\d+)", line)
        self.assertTrue(found, line)
        self.assertEqual(int(found[2]), calls_sum(int(found[1])))

    def test_stops_at_the_first_instruction_of_the_guest(self):
        outcome = self.run_under("backtrace", "stepi", "continue", module=wat("calls"))
        documents, said = self.documents(outcome)
        first = instructions(wat("calls"))["main"][0][0]
        self.assertEqual([(f["function"], f["pc"]) for f in documents.one("backtrace")["frames"] if f["kind"] == "wasm"],
                         [("main", first)])
        self.assertEqual(said[0], "ready")
        self.assertRightSum(said[-1])
        ended, = [d for d in documents if d.get("event") == "exited"]
        self.assertEqual(ended["status"], 0)

    def test_through_a_program_that_becomes_another(self):
        command = ("env", "NAME=value", "sh", "-c", 'exec "$@"', "sh", wasmtime(), "run", "-D", "guest-debug=y", wat("calls"))
        for commands, reasons in ((("backtrace",), ["entry"]), (("kill", "catch exec", "run", "continue"), ["entry", "exec", "exec"])):
            outcome = outpost("run", "--batch", "--json", *script("set confirm off", *commands), "--", *command)
            self.assertEqual(outcome.status, 0, outcome)
            documents, _ = self.documents(outcome)
            self.assertEqual([d["reason"] for d in documents if d.get("event") == "stopped"], reasons, outcome)

    def test_a_guest_in_a_child(self):
        outcome = outpost("run", "--batch", "--", "sh", "-c", '"$@"; exit 3', "sh", wasmtime(), "run", "-D", "guest-debug=y", wat("calls"))
        self.assertRegex(outcome.out, r"\ndone rounds=(?s:.*)exited with status 3")
        self.assertIn("children of its own are not followed", outcome.err)

    def test_breakpoint_from_the_start(self):
        outcome = self.run_under("break choose", "continue", "backtrace", "delete", "continue", module=wat("calls"))
        documents, said = self.documents(outcome)
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["choose", "round", "main"])
        self.assertRightSum(said[-1])

    def test_a_component(self):
        outcome = outpost("run", "--batch", "--json", *script("break add_three", "continue", "backtrace", "finish",
                                                              "delete", "continue"),
                          "--", wasmtime(), "run", "-D", "guest-debug=y", "--invoke", "work(3)", wat("component"))
        self.assertEqual(outcome.status, 0, outcome)
        documents, said = self.documents(outcome)
        frames = documents.one("backtrace")["frames"]
        self.assertEqual(self.names(frames), ["add_three", "work"])
        self.assertEqual([f["module"] for f in frames if f["kind"] == "wasm"], ["adder", "worker"])
        self.assertEqual(said, [str(((3 * 5 + 3) * 5) + 3)])

    def test_a_program_that_never_reaches_a_guest(self):
        outcome = outpost("run", "--batch", "--json", "--", wasmtime(), "--version")
        documents, _ = self.documents(outcome)
        self.assertTrue(any(d.get("event") == "exited" for d in documents), outcome)

    def test_a_program_that_is_not_there(self):
        outcome = outpost("run", "--batch", "--", "/no/such/program")
        self.assertEqual(outcome.status, 1, outcome)
        self.assertIn("/no/such/program", outcome.err)

    def test_commands_after_its_end(self):
        """Each that needs the program says in one sentence that there is none and what gives one; what is wrong otherwise is said as ever."""
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("bt\n")
            file.flush()
            outcome = outpost("run", "-q", *script("continue", "backtrace", "print r", "watch $mem[0:i32]", f"source {file.name}", "print 1+",
                                                   "delete 9", "run", "backtrace 1"),
                              "--", wasmtime(), "run", "-D", "guest-debug=y", wat("calls"))
        ended = 'error: the program has ended; "run" starts it again'
        self.assertEqual(outcome.err.splitlines(),
                         [*[ended] * 3, ended.replace("the program", f"{file.name}:1: the program"),
                          'error: "1+" ends where a value is expected', "error: there is no breakpoint 9"])
        self.assertEqual(len(re.findall(r"(?m)^#0  main", outcome.out)), 3, outcome)

    def test_a_breakpoint_for_the_next_run(self):
        """After the program's end, and after `kill`."""
        outcome = self.run_under("continue", "break choose", "info breakpoints", "run", "info breakpoints", "continue", "backtrace",
                                 "kill", "tbreak fib", "run", "delete 1", "continue", "backtrace", "continue", "catch host fd_write", "run",
                                 "continue", module=wat("calls"))
        documents, _ = self.documents(outcome)
        self.assertEqual([stop["breakpoint"] for stop in documents.stops("catch")], [3])
        self.assertEqual([[b["pending"] for b in listed["breakpoints"]] for listed in documents.all("info breakpoints")],
                         [[True], [False]])
        self.assertEqual([self.names(trace["frames"])[0] for trace in documents.all("backtrace")], ["choose", "fib"])

    def test_kill(self):
        outcome = self.run_under("kill", module=wat("spin"))
        _, said = self.documents(outcome)
        self.assertEqual(said, [])


class Inspect(Case):
    def inspect(self, what):
        outcome = outpost("inspect", "--json", what)
        self.assertEqual(outcome.status, 0, outcome)
        return json.loads(outcome.out)

    def test_file(self):
        artifact = compiled(wat("calls"), "49.0.4", "-D", "guest-debug=y")
        module, = self.inspect(artifact)["modules"]
        code = instructions(wat("calls"))
        self.assertEqual(module["name"], "calls")
        self.assertEqual(module["functions"], 3 + len(code))
        self.assertEqual(module["recorded"], {"frame_table": True, "slots": True, "bytecode": True, "address_map": True,
                                              "symbols": True, "dwarf": False})

    def test_file_without_guest_debug(self):
        module, = self.inspect(compiled(wat("calls")))["modules"]
        self.assertEqual(module["recorded"], {"frame_table": False, "slots": False, "bytecode": False, "address_map": True,
                                              "symbols": True, "dwarf": False})

    def test_component_file(self):
        modules = self.inspect(compiled(wat("component"), "49.0.4", "-D", "guest-debug=y"))["modules"]
        self.assertEqual([m["name"] for m in modules], ["adder", "worker"])

    def test_process_without_stopping_it(self):
        guest = self.guest("calls")
        module, = self.inspect(guest.pid)["modules"]
        self.assertEqual(module["name"], "calls")
        self.assertUndisturbed(guest, calls_sum)

    def test_older_versions(self):
        for version in ("44.0.1", "42.0.1", "36.0.9"):
            with self.subTest(version=version):
                module, = self.inspect(compiled(wat("calls"), version))["modules"]
                self.assertIn(module["version"], (version.split(".")[0], version))

    def test_truncated_file(self):
        whole = compiled(wat("calls"), "49.0.4", "-D", "guest-debug=y").read_bytes()
        for size in (0, 3, 63, 64, 1000, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                path = WORK / f"truncated-{size}.cwasm"
                path.write_bytes(whole[:size])
                outcome = outpost("inspect", path)
                self.assertEqual(outcome.status, 1, outcome)
                self.assertTrue(outcome.err.startswith("error: "), outcome)

    def test_no_such_file_and_a_foreign_file(self):
        for path in ("/no/such.cwasm", "/bin/true", wat("calls")):
            with self.subTest(path=path):
                outcome = outpost("inspect", path)
                self.assertEqual(outcome.status, 1, outcome)
                self.assertIn("error: ", outcome.err)


if __name__ == "__main__":
    unittest.main()
