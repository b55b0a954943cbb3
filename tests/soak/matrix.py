# SPDX-License-Identifier: GPL-3.0-or-later
"""A matrix: many rounds, each with chances of its own that the seed and the round's number repeat.

A round that fails is told with all that it takes to repeat it, its target is thrown away, and the rounds go on.
"""

import collections
import random
import tempfile
import time
import traceback
from pathlib import Path

from checks import Before
from harness import WORK
from processes import adopt_orphans, await_orphans
from targets import KINDS


class Matrix:
    NAME = ""

    def __init__(self, seed, say=print, kinds=tuple(KINDS)):
        self.seed, self.say, self.kinds = seed, say, kinds
        self.verbose = False
        self.failures, self.told, self.what = [], collections.Counter(), ""
        self.started = {}
        WORK.mkdir(parents=True, exist_ok=True)

    def chance(self, number):
        """The random numbers of a round, whichever came before."""
        return random.Random(f"{self.NAME}/{self.seed}/{number}")

    def run(self, rounds, first=0, give_up=None):
        """Returns the failures. Each may have taken minutes: after give_up of them there are no more rounds."""
        adopt_orphans()
        begun = time.monotonic()
        for number in range(first, first + rounds):
            with tempfile.TemporaryDirectory(dir=WORK) as folder:
                self.attempt(number, lambda: self.round(self.chance(number), number, Path(folder)))
            if give_up and len(self.failures) >= give_up:
                rounds = number + 1 - first
                break
        self.attempt(first + rounds, self.end)
        self.say(f"{self.NAME}: {rounds} rounds with seed {self.seed} in {time.monotonic() - begun:.0f} s, "
                 f"{len(self.failures)} failed")
        for line in self.summary():
            self.say(f"  {line}")
        return self.failures

    def attempt(self, number, action):
        self.what = "the end of the last round's target"
        begun = time.monotonic()
        try:
            action()
        except Exception as error:  # whatever it is, it is told and the next round is another one
            self.failures.append(f"{self.NAME} --seed {self.seed} --first {number} --rounds 1: {self.what}: {error}{self.dead()}")
            self.say(self.failures[-1])
            if not isinstance(error, AssertionError):
                self.say(traceback.format_exc())
            self.drop_targets()
        if self.verbose:
            self.say(f"{number}: {time.monotonic() - begun:.1f} s: {self.what}")

    def dead(self):
        """What is to be told of targets that have ended."""
        return "".join(f"; {target.KIND} has ended with {target.process.returncode} and wrote {target.stderr()!r}"
                       for target in self.started.values() if target.process.poll() is not None)

    def kind(self, chance):
        """Of the target: the hot threads most of the time."""
        return chance.choices(self.kinds, [KINDS[kind][1] for kind in self.kinds])[0]

    def round(self, chance, number, folder):
        raise NotImplementedError

    def end(self):
        """The targets that are left end, and show their result."""

    def summary(self):
        return [f"{count:5} {told}" for told, count in sorted(self.told.items())]

    def drop_targets(self):
        """They are killed: who has failed once is no witness any more."""
        for target in self.started.values():
            target.__exit__()
        self.started.clear()

    def known(self):
        return [target.pid for target in self.started.values()]

    def assert_no_orphans(self, what):
        await_orphans(self.known(), what)


class Lasting(Matrix):
    """A matrix whose targets live for many rounds; then they end by themselves, and show their result."""

    # Rounds of a target.
    ENDS = 0

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.before, self.rounds = {}, {}

    def target(self, kind):
        if kind not in self.started:
            self.started[kind] = target = KINDS[kind][0]()
            self.before[kind], self.rounds[kind] = Before(target), 0
            self.begun(kind, target)
        return self.started[kind]

    def begun(self, kind, target):
        """A target has been started."""
        raise NotImplementedError

    def survived(self, kind):
        """A round is over."""
        self.rounds[kind] += 1
        if self.rounds[kind] % self.ENDS == 0:
            self.end_one(kind)

    def end_one(self, kind):
        target = self.started[kind]
        self.what = f"the result of {kind} after {self.rounds[kind]} rounds"
        target.ends_right()
        target.__exit__()
        del self.started[kind]
        self.told["right results"] += 1
