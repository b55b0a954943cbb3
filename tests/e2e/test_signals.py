# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that gets signals all the time, as from a sampling profiler, while outpost has code in it: what a handler returns to is there
when it does, at a detach too, and no signal is lost. tests/guests/profiled.c is preloaded into Wasmtime; the guest's sum is the witness.
"""

import ctypes
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

from cores import needs_gdb
from harness import LIMIT, PROGRAM, WORK, Case, Guest, environment, host_library, instructions, outpost, script, wait_until, wasmtime, wat
from leftovers import spans

CALLS = 20000  # of tests/guests/hot.wat, in a round
# Code of outpost's at every call: a counter, and a condition that is never true.
HOT = ("count step", "break step if number == -1", "continue")

# In gdb: the thread that computes is taken into a stub, and from there into a handler of the program's.
INTO_A_HANDLER = """
import os
low, high = int(os.environ["LOW"]), int(os.environ["HIGH"])
gdb.execute("handle SIGUSR1 nostop noprint pass")
gdb.execute("thread 1", to_string=True)
gdb.execute("set scheduler-locking on")
for _ in range(20000):
    if low <= int(gdb.parse_and_eval("$pc")) < high:
        break
    gdb.execute("stepi", to_string=True)
else:
    raise gdb.GdbError("it comes to no stub")
gdb.execute("queue-signal SIGUSR1")
gdb.execute("stepi", to_string=True)
print("left a stub:", not low <= int(gdb.parse_and_eval("$pc")) < high)
gdb.execute("detach")
"""


class Signals(Case):
    def hot(self, *more):
        preload = f"LD_PRELOAD={host_library('profiled')}"
        guest = Guest(None, command=["env", preload, *more, wasmtime(), "run", "-D", "guest-debug=y", wat("hot")])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def counting(self, guest):
        """An outpost whose code the guest runs through at every call."""
        process = subprocess.Popen([PROGRAM, "attach", str(guest.pid), "--batch", "--color=never", *script(*HOT)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith("Breakpoint 2"):
                return process
        self.fail(process.communicate())

    def assertRight(self, guest):
        rounds, total = guest.finish()
        self.assertEqual(total, CALLS * rounds)

    def test_a_profiler(self):
        guest = self.hot("PROFILED=1")
        chance = random.Random(0)
        for turn in range(60):
            process = self.counting(guest)
            time.sleep(0.01 + chance.random() * 0.03)
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=LIMIT)
            self.assertEqual((process.returncode, said), (0, ""), (turn, out))
            self.assertIsNone(guest.process.poll(), turn)
        self.assertRight(guest)

    def test_no_signal_is_lost(self):
        guest = self.hot()
        send, count = ctypes.CDLL(None).tgkill, 4000
        for _ in range(4):
            process = self.counting(guest)
            for _ in range(count // 4):
                self.assertEqual(send(guest.pid, guest.pid, signal.SIGRTMIN + 2), 0)
                time.sleep(0.0002)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT)
            self.assertIsNone(guest.process.poll())
        self.assertRight(guest)
        found = re.search(r"signals=(\d+) others=(\d+)\n", guest.stderr())
        self.assertEqual(int(found[1]), count)
        # One that came while another one waited is sent again, and may be on its way at the detach: then it is outpost's.
        self.assertLessEqual(int(found[2]), 4)

    def test_arrivals_are_counted_once(self):
        """In optimised code the instruction under the trap is executed in its place for each arrival, and signals may come right then."""
        add = next(offset for offset, name in instructions(wat("hot"))["step"] if name == "i64.add")
        profiled = ("env", f"LD_PRELOAD={host_library('profiled')}", "PROFILED=1", wasmtime(), "run", wat("hot"))
        said = outpost("run", "--batch", "--color=never",
                       *script(f"break *{add:#x}", "ignore 1 1000000000", "continue", "info breakpoints"), "--", *profiled)
        rounds = int(re.search(r"done rounds=(\d+) ", said.out)[1])
        hits = int(re.search(r"^1 +keep +y +(\d+) ", said.out, re.M)[1])
        self.assertEqual(hits, CALLS * rounds, said)

    @needs_gdb
    def test_a_handler_that_outlives_what_it_interrupted(self):
        """outpost is killed; a signal comes while a thread passes the stub that stays; the next outpost must not take that away before the
        handler has returned. The one after it does.
        """
        guest = self.hot()
        process = self.counting(guest)
        wait_until(lambda: spans(guest), "outpost has code in it")
        time.sleep(0.1)
        process.kill()
        process.wait(LIMIT)
        wait_until(lambda: guest.status("TracerPid") == "0", "nobody traces it")
        (low, high), = spans(guest)
        gdb = WORK / "into_a_handler.py"
        gdb.write_text(INTO_A_HANDLER)
        said = subprocess.run([shutil.which("gdb"), "-nx", "-batch", "-p", str(guest.pid), "-x", gdb], capture_output=True, text=True,
                              timeout=LIMIT, env=dict(environment(), LOW=str(low), HIGH=str(high)))
        self.assertIn("left a stub: True", said.stdout, said)
        wait_until(lambda: "handler begins" in guest.stderr(), "the handler runs")
        self.attached(guest, "info threads")
        self.assertNotIn("handler ends", guest.stderr())
        self.assertEqual(spans(guest), [(low, high)])
        wait_until(lambda: "handler ends" in guest.stderr(), "the handler returns")
        self.attached(guest, "info threads")
        self.assertEqual(spans(guest), [])
        self.assertRight(guest)


if __name__ == "__main__":
    unittest.main()
