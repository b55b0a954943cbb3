# SPDX-License-Identifier: GPL-3.0-or-later
"""The target survives what outpost does: the scenarios of README.md, whose numbers the cases carry. What the program says of itself
in the end is the witness: outpost must not be noticed."""

import contextlib
import os
import re
import signal
import unittest

from conversation import Conversation
from harness import GUESTS, THREADS, VENV, Case, Guest, wait_until, wat
from test_survival import Killing

TURNS = 10


def harm_sum(rounds):
    """What tests/guests/harm.wat must add up to: 3 * (x & 255) for x from 0 on, a thousand in each round."""
    whole, rest = divmod(rounds * 1000, 256)
    return 3 * (whole * sum(range(256)) + sum(range(rest)))


class Hosted(Killing):
    """tests/guests/harm_host.py."""

    def host(self, *kinds):
        guest = Guest(None, command=[VENV / "python", GUESTS / "harm_host.py", wat("harm"), *kinds])
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def order(self, guest, order):
        guest.send(f"{order}\n")
        return guest.line()

    def ends_well(self, guest):
        """Let it end: its sum must be right, and these are the other things that it says."""
        self.assertEqual(guest.status("TracerPid"), "0")
        rounds, total = guest.finish("end\n")
        self.assertEqual(guest.stderr(), "")
        self.assertEqual(total, harm_sum(rounds), f"after {rounds} rounds")
        facts = dict(re.findall(r"(\w+)=(\d+)", guest.lines[-2]))
        return {name: int(value) for name, value in facts.items()}

    @contextlib.contextmanager
    def hot(self, guest, *commands):
        """The program runs under outpost, with a breakpoint that is hit all the time; detached at the end."""
        clean = guest.images()
        with Conversation(guest.pid) as outpost:
            for command in commands or ("break step", "ignore 1 1000000000"):
                outpost.ask(command)
            outpost.send("continue")
            wait_until(lambda: guest.images() != clean, "the breakpoint is in the code")
            yield outpost
            if outpost.process.poll() is None:
                os.kill(outpost.process.pid, signal.SIGINT)
                outpost.told("continue")
                outpost.ask("detach")

    def attached_often(self, guest):
        for turn in range(TURNS):
            with self.subTest(turn=turn):
                documents = self.attached(guest, "break step", "continue", "backtrace", "detach")
                self.assertEqual(self.names(documents.one("backtrace")["frames"])[:2], ["step", "work"])
                self.assertFalse({"T", "t"} & set(guest.thread_states().values()))


class Stops(Case):
    def test_03_detached_while_threads_stand_at_a_trap(self):
        """One thread's hit is shown; those of the others were not asked for yet."""
        for guest_debug in (True, False):
            guest = self.guest("threads", version="44.0.1", guest_debug=guest_debug, options=THREADS, arguments=[3])
            for turn in range(TURNS // 2):
                with self.subTest(guest_debug=guest_debug, turn=turn):
                    self.assertEqual(len(self.attached(guest, "break tick", "continue", "detach").stops("breakpoint")), 1)
            in_memory, by_threads = guest.finish()
            self.assertEqual(in_memory, by_threads)


class Signals(Hosted):
    def test_04_10_signals_pass(self):
        """Timers, traps of three kinds, system calls that must not be interrupted; and nothing stops or continues it."""
        guest = self.host("alarms", "polls")
        self.attached_often(guest)
        with self.hot(guest, "break fail", "ignore 1 1000000000"):
            states = set(guest.thread_states().values())
        self.assertNotIn("T", states)
        facts = self.ends_well(guest)
        self.assertEqual(facts["traps"], 3 * facts["rounds"])
        self.assertGreater(facts["SIGALRM"], 0)
        self.assertGreater(facts["SIGPROF"], 0)
        self.assertGreater(facts["polls"], 0)
        self.assertEqual((facts["interrupted"], facts["SIGCONT"]), (0, 0))

    def test_10_its_own_handler_for_traps(self):
        """Installed before, and installed while outpost has its own in that place."""
        guest = self.host()
        self.assertEqual(self.order(guest, "install"), "installed")
        self.attached_often(guest)
        self.assertEqual(self.order(guest, "raise"), "caught 1")
        self.assertEqual(self.ends_well(guest)["SIGTRAP"], 1)
        guest = self.host()
        with self.hot(guest):
            self.assertEqual(self.order(guest, "install"), "installed")
        self.assertEqual(self.order(guest, "raise"), "caught 1")
        self.assertEqual(self.ends_well(guest)["SIGTRAP"], 1)

    def test_10_traps_that_it_sends_itself(self):
        """Its handler gets them while outpost has one in that place, and after outpost's death."""
        guest = self.host()
        self.assertEqual(self.order(guest, "install"), "installed")
        with self.hot(guest):
            self.assertEqual(self.order(guest, "raise"), "caught 1")
        self.kill_while(guest, "break step", "ignore 1 1000000000", "continue")
        self.assertEqual(self.order(guest, "raise"), "caught 2")
        self.attached_often(guest)
        self.assertEqual(self.order(guest, "raise"), "caught 3")
        self.assertEqual(self.ends_well(guest)["SIGTRAP"], 3)

    def test_10_threads_that_have_traps_blocked(self):
        """The kernel would take the process's handler away when such a thread hits a trap (force_sig_info_to_task())."""
        guest = self.host("blocked")
        self.assertEqual(self.order(guest, "install"), "installed")
        self.attached_often(guest)
        with self.hot(guest):
            pass
        self.assertEqual(self.order(guest, "raise"), "caught 1")
        facts = self.ends_well(guest)
        self.assertEqual((facts["blocked"], facts["SIGTRAP"]), (1, 1))

    def test_02_10_killed_while_threads_have_traps_blocked(self):
        guest = self.host("blocked")
        for turn in range(TURNS):
            with self.subTest(turn=turn):
                self.kill_while(guest, "break step", "ignore 1 100000000", "continue")
        self.ends_well(guest)


class Lives(Hosted):
    def test_07_exec_by_another_thread(self):
        guest = self.host()
        with self.hot(guest, "catch exec", "break step", "ignore 2 1000000000") as outpost:
            guest.send("exec\n")
            outpost.told("continue")
            self.assertEqual([event["reason"] for event in outpost.events if event.get("event") == "stopped"], ["exec"])
            outpost.ask("detach")
            outpost.process.stdin.close()
            outpost.process.wait()
        guest.ready()
        self.ends_well(guest)

    def test_07_the_leader_has_ended(self):
        guest = self.host("leaderless")
        wait_until(lambda: guest.state() == "Z", "the leader has ended")
        for _ in range(3):
            documents = self.attached(guest, "break step", "continue", "backtrace", "finish", "detach")
            self.assertEqual(self.names(documents.one("backtrace")["frames"])[:2], ["step", "work"])
        with self.hot(guest):
            pass
        rounds, total = guest.finish("end\n")
        self.assertEqual(total, harm_sum(rounds))

    def test_07_another_thread_ends_the_process(self):
        guest = self.host("leaderless")
        wait_until(lambda: guest.state() == "Z", "the leader has ended")
        with self.hot(guest) as outpost:
            guest.send("exit\n")
            outpost.told("continue")
            ended, = [event for event in outpost.events if event.get("event") == "exited"]
            self.assertEqual(ended["status"], 7)
            outpost.process.stdin.close()
            outpost.process.wait()
        self.assertEqual(guest.end(), (7, ""))

    def test_08_threads_are_born_and_die(self):
        guest = self.host("churn")
        self.attached_often(guest)
        with self.hot(guest):
            pass
        facts = self.ends_well(guest)
        self.assertGreater(facts["born"], 0)
        self.assertEqual(facts["wrong"], 0)

    def test_08_two_thousand_threads(self):
        guest = self.host("crowd")
        for _ in range(2):
            documents = self.attached(guest, "info threads", "break step", "continue", "continue", "backtrace", "detach")
            self.assertGreater(len(documents.one("info threads")["threads"]), 2000)
            self.assertEqual(self.names(documents.one("backtrace")["frames"])[:2], ["step", "work"])
        with self.hot(guest):
            pass
        self.ends_well(guest)

    def test_09_children(self):
        """Made by fork() and vfork() over a breakpoint that the child comes to as well."""
        guest = self.host()
        with self.hot(guest):
            for _ in range(3):
                self.assertEqual(self.order(guest, "fork"), f"child {harm_sum(1) % 100}")
                self.assertEqual(self.order(guest, "spawn"), "child 3")
        self.ends_well(guest)

    def test_02_09_children_after_a_death(self):
        guest = self.host()
        self.kill_while(guest, "break step", "ignore 1 100000000", "continue")
        self.assertEqual(self.order(guest, "fork"), f"child {harm_sum(1) % 100}")
        self.assertEqual(self.order(guest, "spawn"), "child 3")
        self.ends_well(guest)


if __name__ == "__main__":
    unittest.main()
