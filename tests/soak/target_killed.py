# SPDX-License-Identifier: GPL-3.0-or-later
"""The program is killed at random moments of outpost's work; outpost says so within a second, and ends well."""

import os
import re
import signal
import time

from harness import LIMIT, outpost
from matrix import Matrix
from moments import Moment, pace
from processes import Started
from targets import Threads
from work import chosen

# What says that the program is there no more.
DEAD = re.compile(r"was killed by signal SIGKILL|has ended|is gone|ended while|there is no process|was killed while")
# What outpost has for saying so. Time in which it could have run and no CPU was free is the machine's, not outpost's: the
# kernel counts it (schedstat). Neither is the time that the kernel takes to end the program's own threads, until which there
# is no death to tell. What the guardian waits for, whose end outpost awaits, is not counted there: on a machine with more to do
# than processors it has its share of these.
WITHIN = 1.0


def allowed():
    return WITHIN * max(1.0, os.getloadavg()[0] / os.cpu_count())


class TargetKilled(Matrix):
    NAME = "target-killed"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.pace = None
        self.taken, self.wall = [], []

    def round(self, chance, number, folder):
        self.started["target"] = target = Threads(guest_debug=chance.random() < 0.8)
        if self.pace is None:
            self.pace = pace(lambda: outpost("attach", target.pid, "--batch"))
        work = chosen(target, folder, chance)
        moment = Moment(chance, work, self.pace)
        self.what = f"{target.KIND}: {work}, the program killed {moment}"
        clean = target.images()
        with Started(work.command, folder, keep_output=True) as running:
            moment.come(target, clean, running)
            before = bool(running.ended())
            self.kill(target, running)
            out, errors = running.said()
            # trace-calls writes what happens there.
            out += "".join(path.read_text(errors="replace") for path in folder.glob("calls"))
            if before and not (running.process.returncode or work.stays):
                self.told["ended before"] += 1
            else:
                self.assert_told(work, running.process.returncode, out, errors)
        self.drop_targets()
        self.assert_no_orphans("after the program's death")

    def kill(self, target, running):
        """Kill the program, and measure until outpost has ended."""
        begun, waited = time.monotonic(), running.waited_for_cpu()
        target.process.send_signal(signal.SIGKILL)
        dead = self.await_death(target, running)
        if not running.await_end(LIMIT):
            raise AssertionError(f"outpost does not end: {running.said()}")
        ended = time.monotonic()
        taken = ended - dead - (running.waited_for_cpu() - waited)
        running.process.wait()
        self.wall.append(ended - begun)
        self.taken.append(taken)
        if taken > allowed():
            raise AssertionError(f"it took outpost {taken:.3f} s to end")

    def await_death(self, target, running):
        """When its last thread had died. A tracer that has not looked yet keeps them as zombies."""
        deadline = time.monotonic() + LIMIT
        while not running.ended() and time.monotonic() < deadline:
            try:
                states = set(target.thread_states().values())
            except (FileNotFoundError, ProcessLookupError):
                continue
            if states <= {"Z", "X"}:
                break
            time.sleep(0.0005)
        return time.monotonic()

    def assert_told(self, work, status, out, errors):
        lines = [line for line in errors.splitlines() if line.startswith("error: ")]
        if status not in (0, 1) or len(lines) != status:
            raise AssertionError(f"outpost ended with {status} and wrote {errors!r}")
        if not status and not work.stays and not DEAD.search(out):
            self.told["done in that moment"] += 1
            return
        if not DEAD.search(errors) and not DEAD.search(out):
            raise AssertionError(f"outpost does not say that the program was killed: {out[-300:]!r} {errors!r}")
        told = re.sub(r"\d+", "N", (lines or [DEAD.search(out)[0]])[0])
        self.told[f"status {status}: {told}"] += 1

    def end(self):
        self.assert_no_orphans("at the end")

    def summary(self):
        def line(name, times):
            times = sorted(times)
            at = [times[min(len(times) - 1, int(len(times) * part))] * 1000 for part in (0.5, 0.9, 0.99, 1)]
            return f"{name}: half within {at[0]:.1f} ms, 90 % {at[1]:.1f} ms, 99 % {at[2]:.1f} ms, all {at[3]:.1f} ms"

        measured = [line("from the death to outpost's end", self.taken), line("from the signal, by the clock", self.wall)]
        return (measured if self.taken else []) + super().summary()
