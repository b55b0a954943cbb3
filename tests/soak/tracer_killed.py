# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost is killed at random moments of its work; the program lives, goes on, and its result is right."""

from checks import Before, debug_again
from harness import outpost
from matrix import Matrix
from moments import Moment, pace
from processes import Started
from targets import KINDS
from work import chosen


class TracerKilled(Matrix):
    NAME = "tracer-killed"
    # Rounds between two attaches in peace, which must find and clear all that is left.
    PEACE = 4
    # Rounds after which a target ends and shows its result.
    ENDS = 40

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.before, self.rounds, self.pace = {}, {}, {}

    def round(self, chance, number, folder):
        kind = self.kind(chance)
        self.what = kind
        target = self.target(kind)
        before = self.before[kind]
        # A clone that a store makes of the code in that moment has such a trap too, and the guardian does not know it.
        work = chosen(target, folder, chance, over_instructions=not before.server)
        moment = Moment(chance, work, self.pace[kind])
        self.what = f"{kind}: {work}, killed {moment}"
        clean = target.images()
        with Started(work.command, folder) as running:
            moment.come(target, clean, running)
            ended = running.ended()
            running.kill()
            if ended and (running.process.returncode or work.stays):
                raise AssertionError(f"outpost ended by itself, with {running.process.returncode}: {running.said()[1]}")
        self.told["ended before" if ended else "killed in " + ("the code" if moment.in_code else "between")] += 1
        self.assert_no_orphans("after outpost's death")
        before.assert_survived()
        self.rounds[kind] += 1
        if self.rounds[kind] % self.PEACE == 0:
            self.what += "; then attached again"
            self.in_peace(target, before)
        if self.rounds[kind] % self.ENDS == 0:
            self.end_one(kind)

    def target(self, kind):
        if kind not in self.started:
            self.started[kind] = target = KINDS[kind][0]()
            self.before[kind], self.rounds[kind] = Before(target), 0
            self.pace[kind] = pace(lambda: outpost("attach", target.pid, "--batch"))
        return self.started[kind]

    def in_peace(self, target, before):
        debug_again(target)
        before.assert_same()
        target.goes_on()
        self.told["attached again"] += 1

    def end_one(self, kind):
        target = self.started[kind]
        self.what = f"the result of {kind} after {self.rounds[kind]} rounds"
        target.ends_right()
        target.__exit__()
        del self.started[kind]
        self.told["right results"] += 1

    def end(self):
        for kind in list(self.started):
            self.what = f"{kind}: attached again at the end"
            self.in_peace(self.started[kind], self.before[kind])
            self.end_one(kind)
        self.assert_no_orphans("at the end")
