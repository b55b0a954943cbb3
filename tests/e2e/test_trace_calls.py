# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost trace-calls: what it shows is what the guest does, what strace sees of it, and what the guest says itself."""

import json
import re
import shutil
import signal
import subprocess
import unittest

import jsonschema

from harness import (LIMIT, NEWEST, PROGRAM, SOURCE, WORK, Case, Guest, calls_sum, environment, outpost, sleeping, wait_until,
                     wasmtime, wat)

FEATURES = ["-W", "gc=y,exceptions=y,function-references=y,threads=y,shared-memory=y,unknown-imports-trap=y"]
MODES = [(version, guest_debug) for version in ("44.0.1", "49.0.4") for guest_debug in (True, False)]


def written(log):
    """How many bytes each write to the standard output wrote, by strace's log. A call that another thread's came into is in two lines."""
    begun, sizes = set(), []
    for thread, call, result in re.findall(r"^(\d+) +(<\.\.\. writev? resumed>|writev?\(1, ).*?(<unfinished \.\.\.>|= \d+)$", log, re.M):
        if result.startswith("<"):
            begun.add(thread)
        elif call.startswith("write") or thread in begun:
            begun.discard(thread)
            sizes.append(result[2:])
    return sizes


class TraceCalls(Case):
    def events_guest(self, version, guest_debug):
        guest = Guest(wat("events"), version=version, guest_debug=guest_debug, options=FEATURES)
        self.addCleanup(guest.__exit__)
        return sleeping(guest.ready())

    def traced(self, guest, text, *options):
        """Trace the guest from its read of a line to its end. The lines, without thread and time."""
        output = WORK / f"calls-{guest.pid}"
        self.addCleanup(lambda: output.unlink(missing_ok=True))
        clean = guest.images()
        tracer = subprocess.Popen([PROGRAM, "trace-calls", "-o", output, *options, str(guest.pid)], stderr=subprocess.PIPE,
                                  text=True, env=environment())
        wait_until(lambda: guest.images() != clean or tracer.poll() is not None, "outpost has patched the code")
        guest.send(text)
        guest.process.stdin.close()
        _, said = tracer.communicate(timeout=LIMIT)
        self.assertEqual((tracer.returncode, said), (0, ""))
        return output.read_text()

    def lines(self, text):
        found = [re.fullmatch(r"\[(\d+)\] (.*) <(\d+\.\d{6})>", line) for line in text.splitlines()[:-1]]
        self.assertTrue(all(found), text)
        self.assertRegex(text.splitlines()[-1], r"Process \d+ exited with status \d+\.")
        return [match[2] for match in found]

    def test_arguments_and_results(self):
        for version, guest_debug in MODES:
            with self.subTest(version=version, guest_debug=guest_debug):
                guest = self.events_guest(version, guest_debug)
                lines = self.lines(self.traced(guest, "w\n"))
                self.assertEqual(guest.end()[0], 0)
                # The guest says what time it was given.
                time = next(line for line in guest.lines if line.isdigit())
                wanted = [
                    r'fd_read\(0, \[\{"\\n", 1\}\]\) = 0 \(1 byte\)',
                    r'fd_write\(1, \[\{"a\\"b\\n", 4\}, \{"ready", 5\}\]\) = 0 \((4|9) bytes\)',
                    r'fd_write\(99, \[\{"a\\"b\\n", 4\}\]\) = 8 badf',
                    rf'clock_time_get\(monotonic, 1000\) = 0 \(time {time}\)',
                    r'random_get\(\{".*"(\.\.\.)?, 8\}\) = 0',
                    r'fd_seek\(1, -3, end\) = (29 io|70 spipe|28 inval|8 badf|76 notcapable)',
                    r'path_open\(3, symlink_follow, "no/such/file", creat\|trunc, 0x42, 0x0, nonblock\) = 8 badf',
                    rf'fd_write\(1, \[\{{"{time}\\n", {len(time) + 1}\}}\]\) = 0 \({len(time) + 1} bytes\)',
                    r'fd_write\(1, \[\{"done rounds=1 sum=2\\n", 20\}\]\) = 0 \(20 bytes\)',
                ]
                # The read of the line's first byte had begun before.
                self.assertEqual(len(lines), len(wanted), lines)
                for line, pattern in zip(lines, wanted):
                    self.assertRegex(line, "^" + pattern + "$")

    def test_exit_and_failure(self):
        for version, guest_debug in MODES:
            with self.subTest(version=version, guest_debug=guest_debug):
                guest = self.events_guest(version, guest_debug)
                self.assertEqual(self.lines(self.traced(guest, "p\n"))[-1], "proc_exit(3) = ?")
                self.assertEqual(guest.end()[0], 3)
                guest = self.events_guest(version, guest_debug)
                self.assertEqual(self.lines(self.traced(guest, "m\n"))[-1], "missing(5, 1.5) = ? (error of the host)")
                self.assertIn("has not been defined", guest.end()[1])

    def test_patterns_count_and_interrupt(self):
        guest = self.guest("calls")
        outcome = outpost("trace-calls", "-e", "fd_*", "-e", "nothing", "-e", "poll_*", "--count", 3, guest.pid)
        self.assertEqual(len(re.findall(r"poll_oneoff\(\[\{fd_read 0\}, \{monotonic 2000000 ns\}\]\) = 0 \(1 event\)", outcome.out)), 3)
        tracer = subprocess.Popen([PROGRAM, "trace-calls", "-c", str(guest.pid)], stdout=subprocess.PIPE, text=True,
                                  env=environment())
        clean = guest.images()
        wait_until(lambda: guest.images() != clean, "outpost has patched the code")
        tracer.send_signal(signal.SIGINT)
        table, _ = tracer.communicate(timeout=LIMIT)
        self.assertEqual(tracer.returncode, 0)
        self.assertIn("usecs/call", table)
        self.assertEqual(guest.images(), clean)
        self.assertUndisturbed(guest, calls_sum)

    def test_wrong_usage(self):
        for arguments in (["trace-calls"], ["trace-calls", "no-pid"], ["trace-calls", "--count", "x", "1"],
                          ["stack", "-c", "1"], ["trace-calls", "1", "2"]):
            self.assertEqual(outpost(*arguments).status, 2, arguments)

    def started(self, *options):
        # No cache: Wasmtime would keep the code that it compiled.
        return outpost("trace-calls", *options, "--", wasmtime(NEWEST), "run", "-C", "cache=n", "-D", "guest-debug=y",
                       *FEATURES, wat("events"), input="w\n")

    def test_a_program_that_it_starts(self):
        outcome = self.started()
        self.assertEqual(outcome.status, 0, outcome)
        # The program has its standard output for itself.
        self.assertRegex(outcome.out, r'^ready\na"b\n(ready)?\d+\ndone rounds=1 sum=2\n$')
        self.assertIn('fd_write(1, [{"ready\\n", 6}]) = 0 (6 bytes)', outcome.err)

    def test_the_same_writes_as_strace_sees(self):
        self.assertTrue(shutil.which("strace"), "strace is not installed")
        log = WORK / "strace.log"
        subprocess.run(["strace", "-f", "-e", "trace=write,writev", "-e", "signal=none", "-o", log, wasmtime(NEWEST), "run",
                        *FEATURES, wat("events")], input=b"w\n", check=True, capture_output=True, timeout=LIMIT)
        system = written(log.read_text())
        ours = re.findall(r"fd_write\(1, .* = 0 \((\d+) bytes\)", self.started().err)
        # The numbers that it writes are times, of equal length as a rule.
        self.assertEqual(len(ours), len(system))
        self.assertEqual(ours[:2] + ours[3:], system[:2] + system[3:])

    def test_json(self):
        schema = json.loads((SOURCE / "docs" / "json-schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        guest = self.events_guest(NEWEST, True)
        documents = [json.loads(line) for line in self.traced(guest, "w\n", "--json").splitlines()]
        calls = [d for d in documents if d["event"] == "host-call"]
        self.assertEqual([c["name"] for c in calls], ["fd_read", "fd_write", "fd_write", "clock_time_get", "random_get", "fd_seek",
                                                      "path_open", "fd_write", "fd_write"])
        self.assertEqual({c["module"] for c in calls}, {"wasi_snapshot_preview1"})
        self.assertEqual([c["error"] for c in calls], [False, False, True, False, False, True, True, False, False])
        guest = self.events_guest(NEWEST, True)
        documents += [json.loads(line) for line in self.traced(guest, "w\n", "--json", "-c").splitlines()]
        counts = {c["name"]: (c["calls"], c["errors"]) for c in documents[-1]["calls"]}
        self.assertEqual(counts["fd_write"], (4, 1))
        for document in documents:
            self.assertEqual([e.message for e in validator.iter_errors(document)], [], document)


if __name__ == "__main__":
    unittest.main()
