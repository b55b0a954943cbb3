# SPDX-License-Identifier: GPL-3.0-or-later
"""Places of outpost's code from which system calls are made: a few calls of each stand for all that come from there.

A place is a call, of ptrace its request, and the chain of return addresses inside outpost that leads to it. Knows how strace
shows a stack (-k); no failure and no session.
"""

import re
from difflib import SequenceMatcher

from inject import what

# Of the calls from one place in a run, in their order, those that stand for the others.
STAND = (0, -1)
# Whether a place that an earlier session has had is taken again.
AGAIN = False
# A frame of outpost's own: its file, and where in it, which is the same wherever it was loaded.
OWN = re.compile(r".*/(?:lib)?outpost(?:\.so[.\d]*)?\(.*\) \[(0x[0-9a-f]+)\]$")


def place(call):
    """Where a call was made. A recursion is one place however deep it is."""
    own = [match[1] for match in map(OWN.match, call.stack) if match]
    request = call.text.split(",")[0] if call.name == "ptrace" else call.name
    return request, tuple(dict.fromkeys(own))


def known(calls):
    """Could strace say where they were made?"""
    return any(place(call)[1] for call in calls)


def counterparts(recorded, plain):
    """Of each call of a run whose places are known, the same call of one that was not slowed down so; None if it has none.

    Telling where calls were made takes a hundred times as long as the calls, and an outpost that is late goes other ways.
    """
    matcher = SequenceMatcher(None, *([what(call) for call in calls] for calls in (recorded, plain)), autojunk=False)
    found = [None] * len(recorded)
    for at, to, length in matcher.get_matching_blocks():
        found[at:at + length] = plain[to:to + length]
    return found


class Places:
    """Those of all sessions so far."""

    def __init__(self):
        self.seen = set()

    def choose(self, recorded, plain):
        """The calls that stand for those of the new places.

        Where a call was made that only the plain run has is not known: what it does stands for the place.
        @return how many places are new, how many of them only the recorded run has been at, and calls of the plain one
        """
        found, others = {}, counterparts(recorded, plain)
        for call, other in zip(recorded, others):
            found.setdefault(place(call), []).append(other)
        known_ones = {id(other) for other in others}
        for call in plain:
            if id(call) not in known_ones:
                found.setdefault((what(call), None), []).append(call)
        new = {at: made for at, made in found.items() if AGAIN or at not in self.seen}
        met = {at: calls for at, made in new.items() if (calls := [call for call in made if call])}
        self.seen |= set(met)
        return len(new), len(new) - len(met), [made[which] for made in met.values() for which in STAND[:len(made)]]
