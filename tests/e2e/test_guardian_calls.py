# SPDX-License-Identifier: GPL-3.0-or-later
"""Each system call of the guardian's fails, after outpost's death: the target lives, and is cleaned all the same.

strace follows the guardian from before outpost is killed. `make check` takes some points of each work, `make soak-inject`
calls from every place of the guardian's code, as test_inject.py does with outpost's own.
"""

import subprocess
import time
import unittest

import inject
from harness import Guest, wait_until, wat
from inject_places import Places
from inject_series import CHOSEN, SAMPLE, Runs, spread
from inject_verdict import State, Wrong
from leftovers import traps, traps_in_copies
from loaded_server import LoadedServer
from test_survival import Killing

# The call in which it sleeps until outpost ends.
SLEEP = r"^(restart_syscall|poll)\("
# A guest is let end after so many deaths: its result is the witness.
DEATHS = 30


class Work:
    """What outpost is killed in, and the guest that this is done to."""

    def __init__(self, name, *commands, guest_debug=True):
        # All is set when outpost says the number.
        self.name, self.commands, self.guest_debug = name, (*commands, "print 4242", "continue"), guest_debug

    def start(self):
        self.guest = Guest(wat("steady"), guest_debug=self.guest_debug).ready()
        self.state = State(self.guest)
        return self.guest

    def traps(self):
        """Jumps to stubs stay: those know that outpost is dead."""
        return traps(self.guest, self.state.images)

    def free(self):
        return self.state.free()

    def finish(self, case):
        rounds, total = self.guest.finish()
        case.assertEqual(total, 40 * rounds)

    def clean(self, case):
        """The next outpost takes all away."""
        case.attached(self.guest, "break leaf", "continue", "delete")
        case.assertEqual(self.state.left(), [])


class Server(Work):
    """Each request clones the code, with the traps in it."""

    def start(self):
        self.guest = LoadedServer("serve", "-D", "guest-debug=y", clients=2)
        self.image = max(self.guest.images().values(), key=len)
        return self.guest

    def traps(self):
        return traps_in_copies(self.guest, self.image)

    def free(self):
        return self.guest.status("TracerPid") == "0"

    def finish(self, case):
        self.guest.answers_on(4)

    def clean(self, case):
        case.attached(self.guest, "tbreak count", "continue")
        self.finish(case)


ALL = (
    Work("slots", "break leaf", "ignore 1 100000000", "count middle", "break work if $n == 100"),
    Work("optimised", "break leaf", "ignore 1 100000000", "catch host", "ignore 2 100000000", guest_debug=False),
    Work("watch", "break leaf", "ignore 1 100000000", "tbreak work", "continue", "watch $mem[0x1000:i32]", "ignore 3 100000000"),
    Server("server", "break count", "ignore 1 100000000"),
)


class Deaths(Runs):
    """outpost is killed in a work on the same guest, again and again."""

    def __init__(self, case, work):
        super().__init__(case, work.name)
        self.work = work
        self.calls = self.recorded()

    def start(self):
        return self.work.start()

    def finish(self, guest):
        """Nobody has helped the guest since the last guardian."""
        self.work.finish(self.case)

    def working(self):
        process = self.case.busy(self.guest, *self.work.commands, stdout=subprocess.PIPE)
        self.case.addCleanup(process.stdout.close)
        while said := process.stdout.readline():
            if b"4242" in said:
                break
        self.case.assertTrue(said, said or process.stderr.read())
        wait_until(lambda: process.poll() is not None or self.work.traps(), "outpost has patched the code")
        self.case.assertIsNone(process.poll(), process.poll() is not None and process.stderr.read())
        return process

    def death(self, options):
        """outpost is killed at its work, and its guardian does its own. @return strace's log"""
        self.begin(DEATHS)
        process = self.working()
        guardian, = self.case.children(process)
        with inject.followed(guardian, options) as log:
            process.kill()
            process.wait()
        wait_until(self.work.free, "the target is free")
        return log[0]

    def recorded(self, *options):
        found = inject.calls(self.death(options), SLEEP)[1:]
        self.case.assertEqual(self.work.traps(), 0, "nothing has failed, and there are traps afterwards")
        return found

    def points(self, places):
        """Of all calls of the guardian's, or of those that stand for their places."""
        calls = self.standing(self.recorded("-k"), places) if CHOSEN == "places" else self.calls
        return inject.points(calls, False, signals=())

    def once(self, point):
        """"clean", or "left" where it failed for good."""
        try:
            met = inject.reached(self.death(point.options()), point)
            return self.judge(point) if met else "not reached", met
        except AssertionError as error:
            self.drop()
            raise Wrong(f"{self.name}: {point}\n{error}") from None

    def judge(self, point):
        left = self.work.traps()
        if not left:
            return "clean"
        if not point.lasting:
            raise Wrong(f"{left} traps are left")
        # It has to live with that.
        self.end()
        return "left"


class Everything(Killing):
    places = Places()

    def each(self, work):
        deaths = Deaths(self, work)
        points = deaths.points(self.places)
        begun = time.monotonic()
        results, wrong = deaths.all(spread(points, SAMPLE))
        if deaths.guest:
            work.clean(self)
        deaths.end()
        print(f"# {work.name}: {len(deaths.calls)} calls, {len(points)} points; {results}, {deaths.elsewhere} met another call"
              f" in {time.monotonic() - begun:.0f} s", flush=True)
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_slots(self):
        self.each(ALL[0])

    def test_over_instructions(self):
        self.each(ALL[1])

    def test_watch(self):
        self.each(ALL[2])

    def test_server(self):
        self.each(ALL[3])


if __name__ == "__main__":
    unittest.main()
