# SPDX-License-Identifier: GPL-3.0-or-later
"""What the target does itself: counters, log points and traces, against what the guests count and compute.

The threads are wasi-threads in Wasmtime 44, and those of a test script in 49, which come after everything was set.
"""

import json
import re
import subprocess
import unittest
from collections import defaultdict

import jsonschema

from exact_guests import CELLS, THREADS, codes, places
from harness import (NEWEST, PROGRAM, SOURCE, Armed, Case, Documents, Outcome, environment, instructions, script,
                     values_sum, wat)

SCHEMA = jsonschema.Draft202012Validator(json.loads((SOURCE / "docs" / "json-schema.json").read_text()))
# Most lines that can wait in the target.
RING = 65536


def lines(documents, number=None):
    return [d["text"] for d in documents if d.get("event") == "log" and number in (None, d["breakpoint"])]


def notices(documents, part):
    return [d["message"] for d in documents if d.get("event") == "notice" and part in d["message"]]


def lost(documents):
    return sum(int(message.split()[0]) for message in notices(documents, "lines of log points were lost"))


def by_worker(texts):
    """Lines "worker i code", in the order of each worker."""
    found = defaultdict(list)
    for text in texts:
        worker, i, code = map(int, text.split())
        found[worker].append((i, code))
    return found


class Checked(Case):
    def fitting(self, documents):
        logged = [d for d in documents if d.get("event") == "log"]
        # They are all alike, and many.
        for document in [d for d in documents if d.get("event") != "log"] + logged[:20]:
            self.assertEqual([e.message for e in SCHEMA.iter_errors(document)], [], document)
        return documents

    def attached(self, *arguments, **options):
        return self.fitting(super().attached(*arguments, **options))


class Inside(Checked):
    """What must hold in each version."""

    version = None
    # For stubs near all code: between the memories that Wasmtime reserves for eight stores there is not always some.
    room = True

    def work(self, guest, *commands):
        """Set up, let the guest begin, run it to its end."""
        documents = self.attached(guest, *commands, meanwhile=lambda: guest.send("\n"))
        self.assertEqual(guest.end()[0], 0)
        if self.room:
            self.assertEqual(notices(documents, "stop the program each time"), [])
        return documents

    def counted(self, guest):
        """What the guest says it executed: {cell: of each worker}."""
        found = [line.split() for line in guest.lines if line.startswith("counts ")]
        return dict(zip(CELLS, zip(*(map(int, numbers) for _, _, *numbers in found))))

    def totals(self, guest):
        return {name: sum(numbers) for name, numbers in self.counted(guest).items()}

    def rows(self, result):
        return {row["pc"]: row["count"] for row in result["counts"]}

    # Counters

    def test_places(self):
        """Each alone at its place, and conditions."""
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("counts", threads, 2000, version=self.version)
                documents = self.work(guest, *(f"count *{place:#x}" for place in places().values()), "continue",
                                      "info counts", "info counts 8")
                self.assertEqual(self.rows(documents.all("info counts")[0]), {
                    pc: count for pc, count in zip(places().values(), self.totals(guest).values()) if count})
                self.assertEqual(self.rows(documents.all("info counts")[1]), {places()["leaf"]: self.totals(guest)["leaf"]})
                self.assertEqual(self.totals(guest)["loop"], threads * 2000)

    def test_conditions(self):
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("counts", threads, 2000, version=self.version)
                last = threads - 1
                documents = self.work(
                    guest, f"count odd if cells == {64 * last}", f"count down if n == 1 && cells == {64 * last}",
                    f"count *{places()['loop']:#x} if i % 7 == 3", "continue",
                    "info counts 1", "info counts 2", "info counts 3")
                of_last = {name: numbers[last] for name, numbers in self.counted(guest).items()}
                self.assertEqual([sum(self.rows(r).values()) for r in documents.all("info counts")],
                                 [of_last["odd"], of_last["five"], threads * len(range(3, 2000, 7))])

    def test_functions_and_all_instructions_on_one_place(self):
        """Three counters on each function's first instruction; the numbers are there after the end too."""
        code = instructions(wat("exact_counts"))
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("counts", threads, 500, version=self.version)
                documents = self.work(guest, "count -functions exact_counts!*", "count -all", "count leaf", "continue",
                                      "info counts 1", "info counts 2 -instructions", "info counts 3", "info counts 2 leaf",
                                      "info breakpoints")
                functions, everything, leaf, leaf_of_all = documents.all("info counts")
                totals = self.totals(guest)
                by_name = {row["function"]: row["count"] for row in functions["counts"]}
                self.assertEqual({name: by_name[name] for name in ("work", "even", "odd", "leaf", "down")},
                                 {name: totals[name] for name in ("work", "even", "odd", "leaf", "down")})
                rows = {row["pc"]: row["count"] for row in everything["counts"] if row["module"] == "exact_counts"}
                self.assertEqual({name: rows[place] for name, place in places().items()}, totals)
                self.assertEqual([rows[pc] for pc, _ in code["leaf"]], [totals["leaf"]] * len(code["leaf"]))
                # The loop's instructions, up to the first that is not always executed.
                first = next(k for k, (pc, _) in enumerate(code["work"]) if pc == places()["loop"])
                until = next(k for k, (_, text) in enumerate(code["work"]) if text == "if")
                self.assertEqual({rows[pc] for pc, _ in code["work"][first:until + 1]}, {totals["loop"]})
                # And the function's end, which the text does not show as an instruction.
                size = len(code["leaf"]) + 1
                self.assertEqual(self.rows(leaf), {code["leaf"][0][0]: totals["leaf"]})
                row, = leaf_of_all["counts"]
                self.assertEqual((row["count"], row["instructions"], row["covered"], row["counted"]),
                                 (totals["leaf"], totals["leaf"] * size, size, size))
                self.assertEqual([b["action"] for b in documents.one("info breakpoints")["breakpoints"]], ["count"] * 3)

    def test_stops_and_steps_in_between(self):
        """On counted instructions, by breakpoints and steps: none is counted twice, none is missed."""
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("counts", threads, 300, version=self.version)
                documents = self.work(
                    guest, *(f"count *{place:#x}" for place in places().values()), "count -all",
                    f"break *{places()['leaf']:#x}", "break even", "ignore 11 200", "break down if n == 1",
                    *["continue", "stepi 7", "nexti 5", "continue", "finish", "stepi 20"] * 5, "delete 10 11 12", "continue",
                    *(f"info counts {k + 1}" for k in range(len(CELLS))), "info counts 9 -instructions")
                self.assertEqual(len(documents.all("stepi")), 10)
                found = documents.all("info counts")
                totals = self.totals(guest)
                self.assertEqual(dict(zip(CELLS, (sum(self.rows(r).values()) for r in found))), totals)
                self.assertEqual({name: self.rows(found[-1]).get(pc, 0) for name, pc in places().items()}, totals)

    def test_switched_off_and_on_and_begun_late(self):
        """One thread: even and odd take turns."""
        guest = self.exact("counts", 1, 100, version=self.version)
        documents = self.work(
            guest, "count even", "break odd", "continue", "info counts 1", "continue", "info counts 1", "disable 1", "continue",
            "info counts 1", "enable 1", "count even", "continue", "info counts 1", "info counts 3", "count leaf", "delete 1",
            "continue", "info counts", "delete 2", "continue", "info counts 3", "info counts 4")
        counts = [{row["number"]: row["count"] for row in result["counts"]} for result in documents.all("info counts")]
        # Iterations 1, 3, 5, 7 and 9 stop it, in front of two calls of leaf; even has one.
        self.assertEqual(counts[:5], [{1: 1}, {1: 2}, {1: 2}, {1: 3}, {3: 1}])
        self.assertEqual(counts[5], {3: 2, 4: 3})
        totals = self.totals(guest)
        self.assertEqual(counts[6:], [{3: totals["even"] - 3}, {4: totals["leaf"] - 4 * 1 - 3 * 2}])

    def test_begun_while_it_runs(self):
        """Attached to a guest at work: two readings of the same counters differ by what the guest did in between."""
        guest = self.guest("calls", version=self.version)
        documents = self.attached(guest, "break round", "continue", "count fib", "count -all", *["continue"] * 6, "info counts 2",
                                  "continue", "info counts 2", "info counts 3 fib")
        rounds = [next(v["value"] for v in stop["frame"]["locals"] if v["name"] == "r") for stop in documents.stops("breakpoint")]
        first, second, fib = documents.all("info counts")
        # fib(5) is 15 calls, of each round.
        self.assertEqual([self.rows(first), self.rows(second)],
                         [{first["counts"][0]["pc"]: 15 * (rounds[k] - rounds[0])} for k in (6, 7)])
        self.assertEqual(fib["counts"][0]["count"], 15 * (rounds[7] - rounds[0]))

    # Log points

    def test_every_line_of_every_thread(self):
        """As many as the target can hold: none is lost, and the last ones come just before the end."""
        for threads in THREADS:
            rounds = RING // 2 // threads
            with self.subTest(threads=threads):
                guest = self.exact("iteration", threads, rounds, iteration=rounds, version=self.version)
                documents = self.work(guest, 'log inspect "%d %d %d" worker, i, code', 'log done "the sum is %lld" sum', "continue",
                                      "info breakpoints")
                found = by_worker(lines(documents, 1))
                self.assertEqual(lost(documents), 0)
                for worker in range(threads):
                    self.assertEqual(found[worker], list(enumerate(codes(worker, rounds))))
                said = re.fullmatch(r"done rounds=\d+ sum=(\d+)", guest.lines[-1])[1]
                self.assertEqual(lines(documents, 2), [f"the sum is {said}"])
                self.assertEqual([b["action"] for b in documents.one("info breakpoints")["breakpoints"]], ["log"] * 2)

    def test_only_where_it_is_wanted(self):
        rounds = 5000
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("iteration", threads, rounds, iteration=rounds, version=self.version)
                documents = self.work(guest, 'log inspect if code < 1000 && worker != 1 "%d %d %d" worker, i, code', "continue")
                found = by_worker(lines(documents))
                for worker in range(threads):
                    self.assertEqual(found[worker], [(i, code) for i, code in enumerate(codes(worker, rounds))
                                                     if code < 1000 and worker != 1])

    def test_stops_in_between(self):
        """Lines before a stop are printed before it."""
        rounds, stops = 2000, (100, 101, 1500)
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("iteration", threads, rounds, iteration=rounds, version=self.version)
                condition = " || ".join(f"i == {i}" for i in stops)
                documents = self.work(guest, 'log inspect "%d %d %d" worker, i, code', f"break inspect if worker == 0 && ({condition})",
                                      *["continue", "stepi 3"] * len(stops), "continue")
                found = by_worker(lines(documents))
                for worker in range(threads):
                    self.assertEqual(found[worker], list(enumerate(codes(worker, rounds))))
                for i, stop in zip(stops, documents.stops("breakpoint")):
                    before = by_worker(lines(documents[:documents.index(stop)]))
                    self.assertEqual(before[0][-1][0], i)

    def test_too_fast(self):
        """outpost waits for whoever reads its lines, the guest for nobody: what is lost is counted."""
        rounds = 300000
        guest = self.exact("iteration", 1, rounds, iteration=rounds, version=self.version)
        armed = Armed(guest, lambda: guest.send("\n"))
        process = subprocess.Popen(
            [PROGRAM, "attach", str(guest.pid), "--batch", "--json", *script('log inspect "%d %d %d" worker, i, code', "continue")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        guest.wait_line("done rounds=300000 sum=%d" % sum(codes(0, rounds)))
        armed.done()
        process.returncode = None
        out, err = process.communicate()
        outcome = Outcome(subprocess.CompletedProcess([], process.returncode, out, err))
        self.assertEqual(outcome.status, 0, outcome)
        documents = Documents(outcome)
        found = by_worker(lines(documents))[0]
        self.assertGreater(lost(documents), 0)
        self.assertEqual(len(found) + lost(documents), rounds)
        wanted = codes(0, rounds)
        self.assertEqual([(i, code) for i, code in found if wanted[i] != code], [])
        self.assertEqual([i for i, _ in found], sorted({i for i, _ in found}))

    def test_values_and_conversions(self):
        """tests/guests/values.wat: all types of numbers, and what C's printf makes of them."""
        mark = next(pc for pc, text in instructions(wat("values"))["types"] if text == "call 5" or text.startswith("call"))
        guest = self.guest("values", version=self.version)
        documents = self.attached(
            guest,
            f'log *{mark:#x} "%d|%u|%x|%05o|%c|%+i" small, small, small, 8, 0x41, $local10',
            f'log *{mark:#x} "%lld|%llx|%20lld|%p" large, large, exact, large',
            f'log *{mark:#x} "%.1f|%g|%e|%a|%.0f" single, double, double, single, infinite',
            f'log *{mark:#x} "%f %d 100%% \\"%d\\"\\x41\\\\" nan, single, $global.counter > 0',
            f'log *{mark:#x} "%d|%.2f|%g|%d" $stack0, $stack3, $stack2, (i32) $stack1',
            f'log *{mark:#x} "%d" $mem[0x7fffffff:i32]',
            f"break *{mark:#x}", "continue", "continue")
        for number, line in ((1, "-42|4294967254|ffffffd6|00010|A|+77"),
                             (2, "1234605616436508552|1122334455667788|    9007199254740993|0x1122334455667788"),
                             (3, "1.5|-2.25|-2.250000e+00|0x1.8p+0|-inf"),
                             (4, 'nan 1 100% "1"A\\'),
                             (5, f"11|{1e100:.2f}|0.1|-22"),
                             (6, "<error>")):
            with self.subTest(number=number):
                self.assertEqual(lines(documents, number), [line] * 2)
        self.assertUndisturbed(guest, values_sum)

    # Traces

    def test_the_last_instructions(self):
        """Against the same instructions of another run, stepped one by one."""
        stop_at = "break inspect if i == 2 && worker == 0"
        for threads in THREADS:
            with self.subTest(threads=threads):
                guest = self.exact("iteration", threads, 50, iteration=1, version=self.version)
                steps = self.work(guest, "break work if worker == 0", "continue", "delete", *["stepi"] * 160, "continue")
                path = [stop["frame"]["pc"] for stop in steps.stops() if stop["frame"]]
                inspect = instructions(wat("exact_iteration"))["inspect"][0][0]
                third = [k for k, pc in enumerate(path) if pc == inspect][2]
                guest = self.exact("iteration", threads, 50, iteration=1, version=self.version)
                documents = self.work(guest, "trace -all -last 32", stop_at, "continue", "info trace 0", "info trace 5", "delete 1",
                                      "continue")
                last = [entry["pc"] for entry in documents.all("info trace")[0]["trace"]]
                self.assertEqual(last, path[third - 31:third + 1])
                self.assertEqual([entry["pc"] for entry in documents.all("info trace")[1]["trace"]], last[-5:])
                texts = {pc: text for body in instructions(wat("exact_iteration")).values() for pc, text in body}
                for entry in documents.all("info trace")[0]["trace"]:
                    # The end of a function is no line of the text.
                    self.assertEqual(entry["instruction"].split()[0], texts.get(entry["pc"], "end").split()[0])

    def test_only_the_functions_that_were_asked_for(self):
        guest = self.exact("iteration", 2, 50, iteration=50, worker=1, version=self.version)
        documents = self.work(guest, "trace inspect -last 16", "break chosen if i == 20 && worker == 1", "continue", "info trace",
                              "delete", "continue")
        code = instructions(wat("exact_iteration"))
        # With its end, the byte in front of the next function's size and locals.
        body = [pc for pc, _ in code["inspect"]]
        body.append(body[-1] + 1)
        self.assertEqual([entry["pc"] for entry in documents.one("info trace")["trace"]], (body * 16)[-16:])


class Wasmtime44(Inside):
    version = "44.0.1"


class Newest(Inside):
    version = NEWEST
    room = False


del Inside


class Fallback(Checked):
    """Where the target cannot do it outpost does, and says so once."""

    def test_without_guest_debug(self):
        for version in ("36.0.9", "44.0.1", NEWEST):
            with self.subTest(version=version):
                guest = self.guest("conditions", options=["--preload", f"lib={wat('lib')}"], version=version, guest_debug=False)
                documents = self.attached(guest, "break conditions!step", "continue", "count conditions!step",
                                          'log conditions!step if turn % 10 == 7 "%d %.2f" turn, turn / 4.0',
                                          "condition 1 turn % 100 == 99", "continue", "continue", "info counts")
                turns = [next(v["value"] for v in stop["frame"]["locals"] if v["name"] == "turn") for stop in documents.stops("breakpoint")]
                self.assertEqual([turns[2] - turns[1], turns[1] % 100], [100, 99])
                self.assertEqual(lines(documents), [f"{t} {t / 4:.2f}" for t in range(turns[0] + 1, turns[2] + 1) if t % 10 == 7])
                self.assertEqual([row["count"] for row in documents.one("info counts")["counts"]], [turns[2] - turns[0]])
                self.assertEqual(len(notices(documents, "stops the program at each arrival")), 3, documents)
                guest.finish()


if __name__ == "__main__":
    unittest.main()
