# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in each of which a call fails, on a guest that lives through many of them: what the tests of failing calls share.

OUTPOST_INJECT is how many points a test takes ("places": of each place; 0: all). Knows no session and no verdict.
"""

import os

import inject
from inject_places import known
from inject_verdict import Wrong

CHOSEN = os.environ.get("OUTPOST_INJECT", "6")
SAMPLE = 0 if CHOSEN == "places" else int(CHOSEN)
# A run that makes other calls than the one that the point is of, for a thread was faster, is made again.
TRIES = 3


def spread(points, count):
    """So many of them, from the first to the last."""
    if not count or count >= len(points):
        return points
    return [points[int((k + 0.5) * len(points) / count)] for k in range(count)]


class Runs:
    """The same thing, again and again. What it is says start(), finish(guest), and once(point), which returns what came of it
    and the call that has failed; self.calls are those of an undisturbed run."""

    def __init__(self, case, name):
        self.case, self.name, self.guest, self.count, self.elsewhere = case, name, None, 0, 0
        case.addCleanup(self.drop)

    def drop(self):
        """The guest is not to be trusted any more."""
        guest, self.guest = self.guest, None
        if guest:
            guest.__exit__()

    def end(self):
        """Its result is the witness."""
        guest, self.guest = self.guest, None
        if guest:
            with guest:
                self.finish(guest)

    def begin(self, most):
        """A run; after so many of them on a guest that one is let end."""
        if not self.guest or self.count >= most:
            self.end()
            self.guest, self.count = self.start(), 0
        self.count += 1

    def standing(self, recorded, places):
        """Of the calls those that stand for their places, of which the recorded run tells; all where strace cannot say them."""
        if not known(recorded):
            print(f"# {self.name}: strace cannot say where calls are made: all of them are taken", flush=True)
            return self.calls
        new, slow, chosen = places.choose(recorded, self.calls)
        print(f"# {self.name}: {len(self.calls)} calls, {new} new places, of which {slow} only under strace -k,"
              f" which is slow; {len(chosen)} calls stand for the others", flush=True)
        return chosen

    def same(self, point, met):
        """Is the call that has failed the one that was meant?"""
        return met and inject.what(met) == inject.what(point.made)

    def run(self, point):
        """What came of a run in which the point fails."""
        for _ in range(TRIES):
            result, met = self.once(point)
            if self.same(point, met):
                return result
        self.elsewhere += bool(met)
        return result

    def all(self, points):
        """How often each thing came of them, and what was wrong."""
        results, wrong = {}, []
        for point in points:
            try:
                result = self.run(point)
            except Wrong as error:
                result = "WRONG"
                wrong.append(str(error)[:3000])
            results[result] = results.get(result, 0) + 1
        return results, wrong
