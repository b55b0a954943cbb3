# SPDX-License-Identifier: GPL-3.0-or-later
"""Exactly the right stop: guests with 1, 2 and 8 threads whose right answers are known, or counted by the guest itself.

The threads are wasi-threads in Wasmtime 44, and those of a test script in 49, which come after the breakpoints were set.
"""

import re
import unittest

from exact_guests import CELLS, THREADS, codes, places
from harness import NEWEST, Armed, Case, Documents, instructions, outpost, script, wat

# For each number of threads its first and its last worker.
WORKERS = ((1, 0), (2, 0), (2, 1), (8, 0), (8, 7))


class Exact:
    """What must hold in each version."""

    def watched(self, guest, *commands):
        """Set up, let the guest begin, run it to its end; the documents and the guest's own lines."""
        armed = Armed(guest, lambda: guest.send("\n"))
        outcome = outpost("attach", guest.pid, "--batch", "--json", *script(*commands))
        self.assertEqual(outcome.status, 0, outcome)
        armed.done()
        documents = Documents(outcome)
        self.assertEqual(len([d for d in documents if d.get("event") == "exited"]), 1, outcome)
        return documents, guest.end()

    def sum(self, guest):
        return int(re.fullmatch(r"done rounds=\d+ sum=(\d+)", guest.lines[-1])[1])

    def chosen(self, name, threads, rounds, worker, iteration, **others):
        return self.exact(name, threads, rounds, worker=worker, iteration=iteration, version=self.version, **others)

    def assertIterationStop(self, documents, number, worker, iteration):
        """One stop, with these locals; then the end. The frames are those of this worker's thread."""
        stop, = documents.stops("breakpoint")
        self.assertEqual(stop["breakpoint"], number)
        values = {v["name"]: v["value"] for v in documents.all("info locals")[0]["locals"]}
        self.assertEqual((values["worker"], values["i"]), (worker, iteration))
        frames = [f for f in documents.one("backtrace")["frames"] if f["kind"] == "wasm"]
        self.assertEqual(frames[-1]["function"], "worker_start" if worker else "main")
        hits = {b["number"]: b["hits"] for b in documents.one("info breakpoints")["breakpoints"]}
        self.assertEqual(hits[number], 1)
        return values

    def test_one_iteration_of_one_thread(self):
        rounds, iteration = 1000, 613
        for threads, worker in WORKERS:
            with self.subTest(threads=threads, worker=worker):
                guest = self.chosen("iteration", threads, rounds, worker, iteration)
                documents, (status, _) = self.watched(guest, "break inspect if code == -12345", "continue", "info locals",
                                                      "backtrace", "info breakpoints", "continue")
                self.assertEqual(status, 0)
                self.assertEqual(self.assertIterationStop(documents, 1, worker, iteration)["code"], -12345)
                expected = [codes(w, rounds) for w in range(threads)]
                expected[worker][iteration] = -12345
                self.assertEqual(self.sum(guest), sum(map(sum, expected)))

    def test_one_turn_of_a_loop(self):
        """A condition on two locals, on an instruction within the loop."""
        rounds, iteration = 500, 333
        place = next(pc for pc, text in instructions(wat("exact_iteration"))["work"] if text.startswith("i64.add"))
        for threads, worker in WORKERS:
            with self.subTest(threads=threads, worker=worker):
                guest = self.chosen("iteration", threads, rounds, worker, rounds)
                documents, (status, _) = self.watched(guest, f"break *{place:#x} if worker == {worker} && i == {iteration}",
                                                      "continue", "info locals", "backtrace", "info breakpoints", "continue")
                self.assertEqual(status, 0)
                values = self.assertIterationStop(documents, 1, worker, iteration)
                self.assertEqual(values["code"], codes(worker, rounds)[iteration])
                self.assertEqual(int(values["sum"]), sum(codes(worker, rounds)[:iteration]))
                self.assertEqual(self.sum(guest), sum(sum(codes(w, rounds)) for w in range(threads)))

    def test_one_writer(self):
        """The field before the write and behind it; among other threads that write its neighbours."""
        rounds, iteration = 1000, 402
        store = next(pc for pc, text in instructions(wat("exact_writer"))["corrupt"] if text == "i32.store")
        for threads, worker in WORKERS:
            with self.subTest(threads=threads, worker=worker):
                guest = self.chosen("writer", threads, rounds, worker, iteration)
                documents, (status, _) = self.watched(guest, f"break *{store:#x}", "continue", "info locals", "backtrace",
                                                      "info breakpoints", "x/1dw 0x2008", "stepi", "x/1dw 0x2008", "continue")
                self.assertEqual(status, 0)
                self.assertIterationStop(documents, 1, worker, iteration)
                self.assertEqual([r["values"] for r in documents.all("x")], [[1000], [666]])
                # The store is three bytes: its code, the alignment, the offset.
                self.assertEqual(documents.stops()[-1]["frame"]["pc"], store + 3)
                self.assertEqual(self.sum(guest), 666)

    def counted(self, guest):
        """What the guest says it executed, over all its workers."""
        lines = [line.split() for line in guest.lines if line.startswith("counts ")]
        return dict(zip(CELLS, map(sum, zip(*(map(int, numbers) for _, _, *numbers in lines)))))

    def test_hits_are_what_the_guest_counts(self):
        """Breakpoints on all blocks at once, with ignore counts that let everything pass."""
        commands = [f"break *{place:#x}" for place in places().values()]
        commands += [f"ignore {k + 1} 1000000000" for k in range(len(CELLS))]
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("counts", threads, 200, version=self.version)
                documents, (status, _) = self.watched(guest, *commands, "continue", "info breakpoints")
                self.assertEqual((status, documents.stops("breakpoint")), (0, []))
                hits = [b["hits"] for b in documents.one("info breakpoints")["breakpoints"]]
                self.assertEqual(dict(zip(CELLS, hits)), self.counted(guest))
                # And the guest counts what its text says: each round is in one of two halves.
                self.assertEqual(self.counted(guest)["loop"], threads * 200)
                self.assertEqual(self.counted(guest)["even"] + self.counted(guest)["odd"], threads * 200)

    def test_an_ignore_count_is_exact(self):
        """All calls but one pass and it stops at the last one; all pass and it does not stop."""
        for threads in THREADS:
            for short in (1, 0):
                with self.subTest(threads=threads, short=short):
                    rounds = 300
                    total = sum(sum(1 for i in range(rounds) if (i + w) % 2) for w in range(threads))
                    guest = self.exact("counts", threads, rounds, version=self.version)
                    documents, (status, _) = self.watched(guest, "break odd", f"ignore 1 {total - short}", "continue",
                                                          "info breakpoints", *["continue"] * short)
                    self.assertEqual((status, len(documents.stops("breakpoint"))), (0, short))
                    self.assertEqual(documents.one("info breakpoints")["breakpoints"][0]["hits"], total)
                    self.assertEqual(self.counted(guest)["odd"], total)

    def test_the_iteration_that_traps(self):
        """Stopped before the trap; then the runtime says the same place, and the process ends as it would have."""
        body = instructions(wat("exact_trap"))["risky"]
        for kind, text, why in ((0, "i32.div_u", "integer divide by zero"), (1, "unreachable", "unreachable"),
                                (2, "i32.load", "out of bounds memory access")):
            place = next(pc for pc, code in body if code.startswith(text))
            for threads, worker in self.trapping:
                with self.subTest(threads=threads, worker=worker, kind=kind):
                    guest = self.chosen("trap", threads, 500, worker, 321, kind=kind)
                    documents, (status, said) = self.watched(
                        guest, f"break *{place:#x} if divisor == 0 || wrong || address != 0x2000", "continue", "info locals",
                        "backtrace", "info breakpoints", "continue")
                    self.assertIterationStop(documents, 1, worker, 321)
                    self.assertEqual(guest.lines[-1], f"trap worker={worker} i=321")
                    self.assertNotEqual(status, 0)
                    self.assertRegex(said, rf"{place:#x} - exact_trap!risky")
                    self.assertIn(why, said)


class WasiThreads(Exact, Case):
    version = "44.0.1"
    trapping = WORKERS


class ScriptThreads(Exact, Case):
    version = NEWEST
    # After a trap in another thread the first one, and so the script, would wait for ever.
    trapping = [(threads, 0) for threads in THREADS]


if __name__ == "__main__":
    unittest.main()
