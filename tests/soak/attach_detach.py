# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost attaches, works and detaches, in every state; afterwards the program is byte for byte what it was, its mappings too."""

import signal

from checks import settled
from harness import LIMIT
from matrix import Lasting
from processes import Started
from work import FINITE, chosen

# How a run that has no end is ended: outpost is told to stop the program, or to leave.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AttachDetach(Lasting):
    NAME = "attach-detach"
    ENDS = 100

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.mappings = {}

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
        self.survived(kind)

    def begun(self, kind, target):
        self.mappings[kind] = settled(target)

    def assert_mappings(self, target, before):
        now = sorted(mapping[:3] for mapping in target.mappings())
        if now != before:
            shown = [[f"{start:#x}-{end:#x} {access}" for start, end, access in sorted(set(a) - set(b))]
                     for a, b in ((before, now), (now, before))]
            raise AssertionError(f"mappings that were there: {shown[0]}; that are there now: {shown[1]}")

    def end(self):
        for kind in list(self.started):
            self.end_one(kind)
        self.assert_no_orphans("at the end")
