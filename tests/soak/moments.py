# SPDX-License-Identifier: GPL-3.0-or-later
"""When somebody dies. The moment is random on purpose: nothing may depend on it."""

import time

# It may write only into code that is not looked at, as of a server's next request.
LOOKS = 1.5


class Moment:
    """Somewhere between outpost's start and three times as long as an attach and detach take now, or a little after outpost has
    written into the code, where it does: then it is in the midst of what it was told to do."""

    def __init__(self, chance, work, pace):
        self.in_code = work.patches and chance.random() < 0.6
        self.delay = chance.uniform(0, 0.04) if self.in_code else chance.uniform(0, 3 * pace)

    def __str__(self):
        return f"{self.delay * 1000:.1f} ms after {'it wrote into the code' if self.in_code else 'its start'}"

    def come(self, target, clean, running):
        deadline = time.monotonic() + LOOKS
        while self.in_code and not running.ended() and time.monotonic() < deadline:
            now = target.images()
            if any(now.get(base, image) != image for base, image in clean.items()):
                break
        time.sleep(self.delay)


def pace(attach):
    """How long an attach and detach take here and now: the middle one of three."""
    taken = []
    for _ in range(3):
        begun = time.monotonic()
        attach()
        taken.append(time.monotonic() - begun)
    return sorted(taken)[1]
