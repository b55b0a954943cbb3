# SPDX-License-Identifier: GPL-3.0-or-later
"""Software watches: the one change that matters, by its value and its iteration, among threads and frames that change the
same things of their own (tests/guests/exact_watch.wat)."""

import unittest

from harness import NEWEST, Case, instructions, wat

WORKERS = ((1, 0), (2, 0), (2, 1), (8, 0), (8, 7))
ROUNDS, ITERATION = 500, 333


def notices(documents, part):
    return [d["message"] for d in documents if d.get("event") == "notice" and part in d["message"]]


class SoftwareWatch:
    """What must hold in each version."""

    def work(self, name, threads, worker, *commands, iteration=ITERATION):
        guest = self.exact(name, threads, ROUNDS, worker=worker, iteration=iteration, version=self.version)
        documents = self.attached(guest, *commands, meanwhile=lambda: guest.send("\n"))
        self.assertEqual(guest.end()[0], 0)
        if name == "watch":
            total = threads * sum((i % 5 + 1) ** 2 for i in range(ROUNDS))
            self.assertEqual(guest.lines[-1], f"done rounds={ROUNDS} sum={total}")
        return guest, documents

    def each(self):
        for threads, worker in WORKERS:
            with self.subTest(threads=threads, worker=worker):
                yield threads, worker

    def changes(self, documents):
        """(function, its first local or None, old, new) of every change."""
        for stop in documents.stops("watchpoint"):
            self.assertTrue(stop["watch"]["software"])
        return [(stop["frame"]["function"], stop["watch"]["old"], stop["watch"]["new"]) for stop in documents.stops("watchpoint")
                if not stop["watch"]["left"]]

    def value(self, result, name):
        return next(v["value"] for v in result["locals"] if v["name"] == name)

    def test_a_float_in_a_hot_function(self):
        for threads, worker in self.each():
            _, documents = self.work("watch", threads, worker, f"break work if worker == {worker}", "continue", "delete",
                                     "watch -software level", "continue", "continue", "info locals", "continue", "info breakpoints",
                                     "continue")
            self.assertEqual(self.changes(documents), [("work", 0, 1.25), ("work", 1.25, -1.25)])
            locals_now = documents.one("info locals")
            self.assertEqual((self.value(locals_now, "worker"), self.value(locals_now, "i")), (worker, ITERATION))
            # Its frame has returned: one more stop, which is no change, and the watch is off.
            stop = documents.stops("watchpoint")[-1]
            self.assertTrue(stop["watch"]["left"])
            self.assertIn(stop["frame"]["function"], ("main", "worker_start"))
            self.assertEqual([b["enabled"] for b in documents.one("info breakpoints")["breakpoints"]], [False])

    def test_of_one_frame_among_recursive_ones(self):
        """The deeper frames of the function, and those of the other threads, change a local of that name too."""
        for threads, worker in self.each():
            _, documents = self.work("watch", threads, worker, "break sink if n == 3", "continue", "delete", "watch -software mine",
                                     "continue", "print n", "continue", "print n", "continue", "continue")
            self.assertEqual(self.changes(documents), [("sink", 0, 6), ("sink", 6, 7)])
            self.assertEqual([r["value"] for r in documents.all("print")], [3, 3])
            self.assertEqual(len(documents.stops("watchpoint")), 3)

    def test_a_global_of_one_instance(self):
        """Written by another function; the other instances' globals change all the time."""
        for threads, worker in self.each():
            _, documents = self.work("watch", threads, worker, f"break work if worker == {worker}", "continue", "delete",
                                     "watch -software $global.mark", "continue", "info locals", "backtrace", "continue")
            self.assertEqual(self.changes(documents), [("note", 0, ITERATION + 1)])
            locals_now = documents.one("info locals")
            self.assertEqual((self.value(locals_now, "worker"), self.value(locals_now, "i")), (worker, ITERATION))

    def test_memory_that_threads_share(self):
        for threads, worker in self.each():
            guest, documents = self.work("writer", threads, worker, "break write_before", "continue", "delete",
                                         "watch -software -in corrupt $mem[0x2008:i32]", "continue", "info locals", "continue")
            self.assertEqual(self.changes(documents), [("corrupt", 1000, 666)])
            locals_now = documents.one("info locals")
            self.assertEqual((self.value(locals_now, "worker"), self.value(locals_now, "i")), (worker, ITERATION))
            self.assertEqual(guest.lines[-1], f"done rounds={ROUNDS} sum=666")
            # The instruction behind the store.
            store = next(pc for pc, text in instructions(wat("exact_writer"))["corrupt"] if text == "i32.store")
            self.assertEqual(documents.stops("watchpoint")[0]["frame"]["pc"], store + 3)

    def test_memory_in_all_functions(self):
        for threads, worker in ((1, 0), (2, 1)):
            with self.subTest(threads=threads):
                _, documents = self.work("writer", threads, worker, "break write_before", "continue", "delete",
                                         "watch -software $mem[0x2008:i32]", "continue", "info locals", "continue")
                self.assertEqual(self.changes(documents), [("corrupt", 1000, 666)])
                locals_now = documents.one("info locals")
                self.assertEqual((self.value(locals_now, "worker"), self.value(locals_now, "i")), (worker, ITERATION))

    def test_an_expression_with_a_condition(self):
        """Every change of it, and those of them that are meant: i % 5 has become 2 where i is 300 and more."""
        _, documents = self.work("watch", 1, 0, "break work", "continue", "delete", "watch -software i % 5 == 2 if i >= 490",
                                 *["continue", "print i"] * 4, "info breakpoints", "delete", "continue")
        self.assertEqual([r["value"] for r in documents.all("print")], [492, 493, 497, 498])
        self.assertEqual([(old, new) for _, old, new in self.changes(documents)], [(0, 1), (1, 0)] * 2)
        self.assertEqual([b["hits"] for b in documents.one("info breakpoints")["breakpoints"]], [4])

    def test_several_and_switched_off(self):
        _, documents = self.work("watch", 1, 0, "break work", "continue", "delete", "watch -software i", "watch -software level",
                                 "continue", "continue", "disable 2", "continue", "print i", "enable 2", "continue", "continue",
                                 "delete", "continue")
        # What changed while it was off is told when it is on again.
        self.assertEqual(self.changes(documents),
                         [("work", 0, 1.25), ("work", 0, 1), ("work", 1.25, -1.25), ("work", 1, ITERATION),
                          ("work", ITERATION, ITERATION + 1)])
        self.assertEqual([r["value"] for r in documents.all("print")], [ITERATION])

    def test_when_the_debug_registers_are_used_up(self):
        _, documents = self.work("writer", 1, 0, "break write_before", "continue", "delete",
                                 *(f"watch $mem[{0x3000 + 16 * k:#x}:i64]" for k in range(4)), "watch $mem[0x2008:i32]", "continue",
                                 "info locals", "continue")
        self.assertEqual(len(notices(documents, "it is checked by code before each instruction")), 1)
        self.assertEqual(self.changes(documents), [("corrupt", 1000, 666)])
        self.assertEqual(self.value(documents.one("info locals"), "i"), ITERATION)

    def test_a_local_has_no_place_for_hardware(self):
        _, documents = self.work("watch", 1, 0, "break work", "continue", "delete", "watch level", "continue", "continue",
                                 "info locals", "delete", "continue")
        self.assertEqual(len(notices(documents, "it is checked by code before each instruction")), 1)
        self.assertEqual(self.changes(documents), [("work", 0, 1.25), ("work", 1.25, -1.25)])
        self.assertEqual(self.value(documents.one("info locals"), "i"), ITERATION)


class Wasmtime44(SoftwareWatch, Case):
    version = "44.0.1"


class Newest(SoftwareWatch, Case):
    version = NEWEST


if __name__ == "__main__":
    unittest.main()
