# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost attaches, works and detaches, in every state; afterwards the program is byte for byte what it was, its mappings too."""

import signal

from checks import Before, settled
from harness import LIMIT
from matrix import Matrix
from processes import Started
from targets import KINDS
from work import FINITE, chosen

# How a run that has no end is ended: outpost is told to stop the program, or to leave.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AttachDetach(Matrix):
    NAME = "attach-detach"
    ENDS = 100

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.before, self.rounds, self.mappings = {}, {}, {}

    def round(self, chance, number, folder):
        kind = self.kind(chance)
        self.what = kind
        target = self.target(kind)
        work = chosen(target, folder, chance, runs=FINITE, programs=("gcore", "stack"))
        self.what = f"{kind}: {work}"
        with Started(work.command, folder) as running:
            status = running.process.wait(LIMIT)
            if status:
                raise AssertionError(f"outpost ended with {status}: {running.said()[1]}")
        self.told[work.told.rpartition("; ")[2]] += 1
        self.before[kind].assert_same()
        target.goes_on()
        if not self.before[kind].server:
            self.assert_mappings(target, self.mappings[kind])
        self.assert_no_orphans("after the detach")
        self.rounds[kind] += 1
        if self.rounds[kind] % self.ENDS == 0:
            self.end_one(kind)

    def target(self, kind):
        if kind not in self.started:
            self.started[kind] = target = KINDS[kind][0]()
            self.before[kind], self.rounds[kind] = Before(target), 0
            self.mappings[kind] = settled(target)
        return self.started[kind]

    def assert_mappings(self, target, before):
        now = sorted(mapping[:3] for mapping in target.mappings())
        if now != before:
            shown = [[f"{start:#x}-{end:#x} {access}" for start, end, access in sorted(set(a) - set(b))]
                     for a, b in ((before, now), (now, before))]
            raise AssertionError(f"mappings that were there: {shown[0]}; that are there now: {shown[1]}")

    def end_one(self, kind):
        target = self.started[kind]
        self.what = f"the result of {kind} after {self.rounds[kind]} rounds"
        target.ends_right()
        target.__exit__()
        del self.started[kind]
        self.told["right results"] += 1

    def end(self):
        for kind in list(self.started):
            self.end_one(kind)
        self.assert_no_orphans("at the end")
