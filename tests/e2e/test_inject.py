# SPDX-License-Identifier: GPL-3.0-or-later
"""Each system call of outpost's fails once: it says so or does without, never says anything wrong, and no target is hurt.

`make check` takes some points of each session, `make soak` calls from every place of outpost's code (inject_places.py).
OUTPOST_INJECT is how many points of each session (inject_series.py), OUTPOST_INJECT_SESSIONS names some, separated by commas,
OUTPOST_INJECT_LOG is a file for what came of each run.
"""

import os
import time
import unittest

import inject
from harness import Case, Documents, outpost, script
from inject_places import Places, place
from inject_series import CHOSEN, SAMPLE, Runs, spread
from inject_sessions import ALL
from inject_verdict import State, Wrong, judge

ONLY = os.environ.get("OUTPOST_INJECT_SESSIONS")
LOG = os.environ.get("OUTPOST_INJECT_LOG")
# A guest is let end after so many runs: its result is the witness.
RUNS = 50


class Series(Runs):
    """A session, again and again: first undisturbed, which says what it shows and which calls it makes."""

    def __init__(self, case, session):
        super().__init__(case, session.name)
        self.session = session
        first = self.traced()
        self.clean = session.documents(first.out)
        case.assertEqual(first.status, 0, first)
        again = self.traced()
        case.assertEqual(session.documents(again.out), self.clean)
        self.sanitized = "libasan" in again.log
        self.calls = self.made(again)
        self.points = inject.points(self.calls, self.sanitized)

    def start(self):
        guest = self.session.start()
        self.state = State(guest) if guest else None
        return guest

    def finish(self, guest):
        self.session.finish(guest)

    def made(self, run):
        """Its calls, without those whose numbers another process's calls have, too: that one's failure would be told."""
        return [call for call in inject.calls(run.log, self.session.begin(self.guest)) if call.index > run.others[call.name]]

    def of_places(self, places):
        """Points of the places that no session has had yet; of all calls where strace cannot tell places."""
        run = self.traced("-k")
        self.case.assertEqual(self.session.documents(run.out), self.clean)
        calls = self.standing(self.made(run), places)
        return self.points if calls is self.calls else inject.points(calls, self.sanitized)

    def traced(self, *options):
        self.begin(1 if self.session.single else RUNS)
        return inject.traced(self.session.arguments(self.guest), ["-esignal=none", *options], self.session.heard(self.guest),
                             self.session.child)

    def once(self, point):
        """See judge()."""
        outcome = self.traced(*point.options())
        met, result = inject.reached(outcome.log, point), "not reached"
        try:
            if met:
                result = judge(outcome, point, self.session.documents(outcome.out), self.clean)
                self.check_target(point, result)
            if result == "right":
                self.session.check(self.guest, outcome, self.case)
        except AssertionError as error:
            self.drop()
            self.log("WRONG", point, outcome)
            raise Wrong(f"{self.session.name}: {point}\n{error}\n{outcome}") from None
        self.log(result, point, outcome)
        return result, met

    def log(self, result, point, outcome):
        if LOG:
            with open(LOG, "a") as log:
                print(result, self.session.name, point, outcome.gist(), sep="\t", file=log)

    def check_target(self, point, result):
        if self.session.single:
            # It goes its own way, to its end, where finish() looks at it.
            return
        if self.guest.process.poll() is not None:
            raise Wrong(f"the guest has ended with {self.guest.process.returncode}: {self.guest.stderr()}")
        if not self.state.check(result):
            return
        if point.lasting and point.call == "ptrace":
            # Nothing could be taken back, and it does no harm.
            self.end()
            return
        cleaning = outpost("attach", self.guest.pid, "--batch", *script(*self.session.cleaning))
        if left := self.state.left():
            raise Wrong(f"the next outpost has not taken away {left}: {cleaning}")

    def point(self, call, text, failure, which=0, lasting=False):
        """The whichth of the calls that read so, failing so."""
        fitting = [point for point in self.points
                   if point.call == call and text in point.text and (point.failure, point.lasting) == (failure, lasting)]
        if not fitting:
            raise AssertionError(f"{self.session.name} has no {call} with {text} that could fail with {failure}")
        return fitting[which]

    def fails(self, *which, **more):
        return self.run(self.point(*which, **more))


def named(name):
    return next(session for session in ALL if session.name == name)


class Everything(Case):
    """Points of every session, one test for each."""

    places = Places()

    def chosen(self, series):
        points = series.of_places(self.places) if CHOSEN == "places" else series.points
        # Should ptrace fail for good, a thread that stands behind a trap cannot be put back, and may die of that. No kernel
        # does so; Kinds has what must go well all the same.
        points = [point for point in points if not (point.lasting and point.call == "ptrace")]
        # The guardian's write of the same number would be its end, too, and nobody labels what was mapped in that moment.
        points = [point for point in points
                  if not (series.session.child and (point.call, point.failure) == ("pwrite64", "SIGKILL"))]
        # A guest that goes on when outpost has said so waits for ever for what could not be written.
        return [point for point in points if not (series.session.led and point.call == "write")]

    def each(self, session):
        series = Series(self, session)
        begun, points = time.monotonic(), self.chosen(series)
        results, wrong = series.all(spread(points, SAMPLE and max(1, SAMPLE // session.dear)))
        series.end()
        print(f"# {session.name}: {len(points)} points; {results}, {series.elsewhere} met another call"
              f" in {time.monotonic() - begun:.0f} s", flush=True)
        self.assertEqual(wrong, [], "\n".join(wrong))


def _test(session):
    return lambda self: self.each(session)


for _session in ALL:
    if not ONLY or _session.name in ONLY.split(","):
        setattr(Everything, "test_" + _session.name.replace(" ", "_").replace("-", "_"), _test(_session))


class Kinds(Case):
    """What each kind of failure must come to."""

    def series(self, name):
        return Series(self, named(name))

    def test_every_request_is_refused_once(self):
        """Of a thread that stands: the same request is made again."""
        series = self.series("break")
        requests = {point.text.split(",")[0] for point in series.points if point.call == "ptrace"}
        self.assertGreater(len(requests), 8)
        for request in sorted(requests):
            for which in (0, -1):
                with self.subTest(request=request, which=which):
                    self.assertEqual(series.fails("ptrace", request, "ESRCH", which), "right")
        series.end()

    def test_a_thread_that_nobody_lets_run(self):
        series = self.series("break")
        for request in ("PTRACE_CONT", "PTRACE_SYSCALL"):
            with self.subTest(request=request):
                self.assertEqual(series.fails("ptrace", request, "ESRCH", lasting=True), "error")
        series.end()

    def test_memory_that_could_not_be_read_once(self):
        """An image that is unreadable would be taken for one that has gone, with the traps in it."""
        series = self.series("log")
        for failure in ("EFAULT", "ESRCH", "ENOMEM", "EPERM"):
            for part in (1, 2, 3):
                at = len(series.points) * part // 4
                point = next(p for p in series.points[at:] if p.call == "process_vm_readv" and p.failure == failure)
                with self.subTest(failure=failure, part=part):
                    self.assertEqual(series.run(point), "right")
        series.end()

    def test_a_process_that_seemed_to_have_gone(self):
        """The session would wait for its end, for ever."""
        series = self.series("condition")
        for which in (1, 3, -1):
            with self.subTest(which=which):
                self.assertEqual(series.fails("openat", "/maps", "ENOENT", which), "right")
        series.end()

    def test_no_list_of_threads_is_too_short(self):
        series = self.series("look")
        for failure in ("EMFILE", "ENOMEM"):
            self.assertEqual(series.fails("openat", "/task\"", failure), "error")
        self.assertEqual(series.fails("getdents64", "", "ENOMEM"), "error")
        series.end()

    def test_a_state_that_cannot_be_read(self):
        """A thread whose state is unknown is not dead."""
        series = self.series("break")
        for failure in ("EMFILE", "ENOMEM"):
            self.assertEqual(series.fails("openat", "/stat\"", failure, -1), "right")
        series.end()

    def test_a_detach_that_could_not_clean_up(self):
        """The next outpost knows what is left."""
        series = self.series("count")
        for which in (-1, -2, -3):
            with self.subTest(which=which):
                self.assertEqual(series.fails("openat", "/maps", "ENOMEM", which), "error")
        series.end()

    def test_calls_of_places_stand_for_all(self):
        """Of every kind of call there are some; and whoever goes the same ways again adds nothing."""
        series, places = self.series("look"), Places()
        points = series.of_places(places)
        if points is series.points:
            self.skipTest("strace cannot say where calls are made")
        self.assertGreater(len(places.seen), 100)
        self.assertLess(len(points), len(series.points) / 2)
        kinds = [{(point.call, inject.what(point.made)[-1] if point.call == "ptrace" else None) for point in some}
                 for some in (points, series.points)]
        self.assertEqual(*kinds)
        self.assertLess(len(series.of_places(places)), len(points) / 10)
        series.end()

    def test_a_place_is_a_chain_inside_outpost(self):
        stack = ["/lib/libc.so.6(ptrace+0x51) [0xf1]", *["/b/.libs/liboutpost.so.0.0.0(walk+0x9) [0x9a]"] * 2,
                 "/b/.libs/outpost(main+0x14) [0xc194]", "/b/.libs/outpost() [0xc2]", "/lib/libc.so.6(main+0x1) [0x2]"]
        call = inject.Call("ptrace", 7, "ptrace(PTRACE_CONT, 12, NULL, 0) = 0", stack)
        self.assertEqual(place(call), ("ptrace(PTRACE_CONT", ("0x9a", "0xc194", "0xc2")))

    def test_a_full_disk(self):
        series = self.series("break")
        outcome = series.traced(*series.point("write", "write(1", "ENOSPC", 2).options())
        self.assertEqual(outcome.status, 1, outcome)
        self.assertIn("the output cannot be written", outcome.err)
        series.end()
        series = self.series("gcore")
        self.assertEqual(series.fails("rename", "", "ENOSPC"), "error")
        series.end()

    def test_a_frame_for_which_there_is_no_memory(self):
        """It is not left out as if there were none."""
        series = self.series("run")
        points = [point for point in series.points
                  if point.call == "mmap" and "MAP_NORESERVE" in point.text and not point.lasting]
        self.assertIn("told", [series.run(point) for point in points])
        series.end()

    def test_a_source_file_that_cannot_be_read(self):
        """It is here: that is not told as if it were elsewhere, nor is its line left out without a word."""
        series = self.series("source")
        self.assertEqual(series.fails("openat", "calculator.c", "EMFILE"), "told")
        self.assertEqual(series.fails("pread64", "SPDX-License", "EIO"), "told")
        outcome = series.traced(*series.point("openat", "calculator.c", "EMFILE", lasting=True).options())
        self.assertRegex(outcome.out, "the source is not shown: cannot open [^ ]*calculator.c: Too many open files")
        # Looked for, and then looked at.
        self.assertEqual(series.fails("newfstatat", "calculator.c", "EACCES"), "right")
        series.end()

    def test_a_core_that_cannot_be_read(self):
        """The disk's fault is not told as the process's."""
        series = self.series("core")
        outcome = series.traced(*series.point("pread64", "CORE", "EIO", 1).options())
        remarks = Documents(outcome).one("core")["remarks"]
        self.assertRegex(" ".join(remarks), "cannot be read at byte [0-9]+: Input/output error")
        # The auxiliary vector begins with AT_SYSINFO_EHDR, 33.
        outcome = series.traced(*series.point("pread64", '"!\\0\\0', "EIO").options())
        remarks = Documents(outcome).one("core")["remarks"]
        self.assertRegex(" ".join(remarks), "the auxiliary vector, at byte [0-9]+ .*: Input/output error")
        self.assertEqual(series.fails("pread64", "", "EIO", -1), "error")
        series.end()


if __name__ == "__main__":
    unittest.main()
