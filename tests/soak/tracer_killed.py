# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost is killed at random moments of its work; the program lives, goes on, and its result is right."""

from checks import debug_again
from harness import outpost
from matrix import Lasting
from moments import Moment, pace
from processes import Started
from work import chosen


class TracerKilled(Lasting):
    NAME = "tracer-killed"
    # Rounds between two attaches in peace, which must find and clear all that is left.
    PEACE = 4
    ENDS = 40

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.pace = {}

    def round(self, chance, number, folder):
        kind = self.kind(chance)
        self.what = kind
        target = self.target(kind)
        before = self.before[kind]
        work = chosen(target, folder, chance)
        moment = Moment(chance, work, self.pace[kind])
        self.what = f"{kind}: {work}, killed {moment}"
        clean = target.images()
        with Started(work.command, folder) as running:
            moment.come(target, clean, running)
            ended = running.ended()
            running.kill()
            self.what += ", after its end" if ended else ""
            if ended and (running.process.returncode or work.stays):
                raise AssertionError(f"outpost ended by itself, with {running.process.returncode}: {running.said()[1]}")
        self.told["ended before" if ended else "killed in " + ("the code" if moment.in_code else "between")] += 1
        self.assert_no_orphans("after outpost's death")
        before.assert_survived()
        if (self.rounds[kind] + 1) % self.PEACE == 0:
            self.what += "; then attached again"
            self.in_peace(target, before)
        self.survived(kind)

    def begun(self, kind, target):
        self.pace[kind] = pace(lambda: outpost("attach", target.pid, "--batch"))

    def in_peace(self, target, before):
        debug_again(target)
        before.assert_same()
        target.goes_on()
        self.told["attached again"] += 1

    def end(self):
        for kind in list(self.started):
            self.what = f"{kind}: attached again at the end"
            self.in_peace(self.started[kind], self.before[kind])
            self.end_one(kind)
        self.assert_no_orphans("at the end")
