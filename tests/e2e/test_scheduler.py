# SPDX-License-Identifier: GPL-3.0-or-later
"""Which threads run: steps and breakpoints among several, scheduler-locking, and the names of stores.

The threads themselves are the witnesses: each counts in a word of its memory. On 44 they are the guest's own (wasi-threads, which
`wasmtime run` has no more from 48 on), over one memory; on the newest they are requests of `wasmtime serve`, each with a store.
"""

import http.client
import os
import signal
import threading
import unittest

from conversation import Conversation
from harness import LIMIT, Case, Guest, sleeping, wait_until, wasmtime, wat

THREADS = ("-W", "threads=y,shared-memory=y", "-S", "threads=y")


def request(address):
    connection = http.client.HTTPConnection(*address, timeout=LIMIT * 4)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None  # the server was ended first
    finally:
        connection.close()


def serve(case, name, **variables):
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        server = Guest(None, command=[wasmtime(), "serve", "-D", "guest-debug=y", "--addr", "127.0.0.1:0", wat(name)])
    finally:
        os.environ.clear()
        os.environ.update(before)
    case.addCleanup(server.__exit__)
    return server, server.serving_address()


class SharedMemory(Case):
    """Worker N counts at 0x1000 + 64 * N."""

    def workers(self, count):
        guest = self.guest("threads", version="44.0.1", options=THREADS, arguments=[count])
        self.count = count
        return guest

    def counters(self, outpost):
        return [outpost.read(f"$mem[{0x1000 + 64 * worker}:i64]") for worker in range(self.count)]

    def moved(self, outpost, action):
        """The stop that an action leads to, and which counters have moved by how much."""
        before = self.counters(outpost)
        stop = action()
        return stop, {n: b - a for n, (a, b) in enumerate(zip(before, self.counters(outpost))) if a != b}

    def ends(self, guest, orders="x\n"):
        """What the workers have counted in the memory is what they have counted for themselves."""
        rounds, total = guest.finish(orders)
        self.assertEqual(rounds, total)
        self.assertGreater(rounds, 0)

    def worker_of(self, outpost, stop):
        return stop["frame"]["locals"][0]["value"]

    def test_locking_on(self):
        for count in (1, 8):
            with self.subTest(workers=count):
                guest = self.workers(count)
                with Conversation(guest.pid) as outpost:
                    outpost.ask("break tick")
                    stop = outpost.resume("continue")
                    worker, thread = self.worker_of(outpost, stop), stop["thread"]
                    outpost.ask("set scheduler-locking on")
                    for command, turns in (("continue", 1), ("continue 20", 20), ("finish", 1), ("until tick", 0)):
                        stop, moved = self.moved(outpost, lambda: outpost.resume(command))
                        self.assertEqual((stop["thread"], moved), (thread, {worker: turns} if turns else {}), command)
                    outpost.ask("delete")
                    for command in ("stepi 200", "nexti 200"):
                        stop, moved = self.moved(outpost, lambda: outpost.resume(command))
                        self.assertEqual((stop["reason"], stop["thread"], list(moved)), ("step", thread, [worker]), command)
                self.ends(guest)

    def test_an_interrupt_while_one_runs_alone(self):
        """What it waits for does not come: Ctrl-C is the way back, to the same thread."""
        guest = self.workers(2)
        with Conversation(guest.pid) as outpost:
            outpost.ask("break tick")
            stop = outpost.resume("continue")
            worker, thread = self.worker_of(outpost, stop), stop["thread"]
            outpost.ask("delete")
            outpost.ask("set scheduler-locking on")

            def interrupted():
                outpost.ask("up")  # work's frame, which does not return
                outpost.send("advance worker_end")
                wait_until(lambda: guest.thread_states()[thread] == "R", "the thread runs")
                os.kill(outpost.process.pid, signal.SIGINT)
                outpost.told("advance")
                return outpost.events[-1]

            stop, moved = self.moved(outpost, interrupted)
            self.assertEqual((stop["reason"], stop["thread"], set(moved) - {worker}), ("interrupted", thread, set()))
        self.ends(guest)

    def test_locking_step(self):
        """The others stay while it steps, and run when it does anything else."""
        guest = self.workers(8)
        with Conversation(guest.pid) as outpost:
            outpost.ask("break tick")
            stop = outpost.resume("continue")
            worker, thread = self.worker_of(outpost, stop), stop["thread"]
            outpost.ask("set scheduler-locking step")
            outpost.ask(f"condition 1 worker == {worker}")
            for command in ("nexti 60", "stepi 60"):
                outpost.ask("disable")
                stop, moved = self.moved(outpost, lambda: outpost.resume(command))
                self.assertEqual((stop["thread"], list(moved)), (thread, [worker]), command)
            outpost.ask("enable")

            def others_move():
                outpost.ask("ignore 1 100000")
                stop, moved = self.moved(outpost, lambda: outpost.resume("continue"))
                self.assertEqual((stop["thread"], stop["reason"]), (thread, "breakpoint"))
                return len(moved) > 1

            wait_until(others_move, "the system gives the others a turn")
        self.ends(guest)

    def test_locking_off(self):
        """While one steps, the others run."""
        guest = self.workers(8)
        with Conversation(guest.pid) as outpost:
            outpost.ask("tbreak tick")
            stop = outpost.resume("continue")
            worker, thread = self.worker_of(outpost, stop), stop["thread"]

            def others_move():
                stop, moved = self.moved(outpost, lambda: outpost.resume("stepi 20000"))
                self.assertEqual((stop["thread"], stop["reason"]), (thread, "step"))
                self.assertIn(worker, moved)
                return len(moved) > 1

            wait_until(others_move, "the system gives the others a turn")
        self.ends(guest)

    def test_another_thread_hits_a_breakpoint_during_a_step(self):
        guest = self.workers(8)
        with Conversation(guest.pid) as outpost:
            outpost.ask("break tick")
            stop = outpost.resume("continue")
            worker, thread = self.worker_of(outpost, stop), stop["thread"]
            outpost.ask(f"condition 1 worker != {worker}")
            for command in ("stepi 1000000", "nexti 1000000"):
                outpost.ask(f"thread {thread}")
                stop = outpost.resume(command)
                self.assertEqual((stop["reason"], stop["breakpoint"]), ("breakpoint", 1), command)
                self.assertNotEqual(stop["thread"], thread)
                self.assertNotEqual(self.worker_of(outpost, stop), worker)
            # With nobody else running the same steps come to their ends.
            outpost.ask(f"thread {thread}")
            outpost.ask("set scheduler-locking step")
            self.assertEqual(outpost.resume("stepi 300")["reason"], "step")
            self.assertEqual(outpost.resume("nexti 300")["reason"], "step")
        self.ends(guest)

    def test_a_thread_ends_and_one_is_born_during_a_step(self):
        guest = self.workers(2)
        with Conversation(guest.pid) as outpost:
            outpost.ask("break tick if worker == 1")
            thread = outpost.resume("continue")["thread"]
            outpost.ask("delete")
            for order, change in (("e", -1), ("b", 1)):
                before = len(guest.threads())
                guest.send(order + "\n")
                while len(guest.threads()) != before + change:
                    stop = outpost.resume("stepi 500")
                    self.assertEqual((stop["reason"], stop["thread"]), ("step", thread), order)
            # The new worker counts as the others do, and breakpoints hold for it.
            outpost.ask("break tick if worker == 2")
            self.assertEqual(self.worker_of(outpost, outpost.resume("continue")), 2)
        self.ends(guest)

    def test_a_thread_that_is_born_waits_as_well(self):
        guest = sleeping(self.workers(0))
        with Conversation(guest.pid) as outpost:
            threads = set(guest.threads())
            outpost.ask("break spawn")
            outpost.send("continue")
            guest.send("b\n")
            outpost.told("continue")
            thread = outpost.events[-1]["thread"]
            outpost.ask("set scheduler-locking on")
            self.assertEqual(outpost.resume("finish")["thread"], thread)
            born, = set(guest.threads()) - threads
            self.count = 1
            for _ in range(3):
                self.assertEqual((outpost.resume("stepi")["thread"], self.counters(outpost)), (thread, [0]))
            outpost.ask("set scheduler-locking off")
            outpost.ask("break tick")
            stop = outpost.resume("continue")
            self.assertEqual((stop["thread"], self.worker_of(outpost, stop)), (born, 0))
        self.ends(guest)

    def test_the_only_thread_that_runs_ends(self):
        guest = self.workers(2)
        with Conversation(guest.pid) as outpost:
            outpost.ask("break tick if worker == 0")
            thread = outpost.resume("continue")["thread"]
            outpost.ask("delete")
            outpost.ask("set scheduler-locking on")
            outpost.ask("set $mem[0x110:i32] = 1")
            stop = outpost.resume("continue")
            self.assertEqual(stop["reason"], "thread-ended")
            self.assertNotIn(thread, guest.threads())
        self.ends(guest)


class Stores(Case):
    """Requests of a server of the newest Wasmtime; each counts at 0x1000 of a memory of its own, and never ends."""

    REQUESTS = 8

    def server(self, ask=True):
        server, address = serve(self, "serve_work", TOKIO_WORKER_THREADS=str(self.REQUESTS + 2))
        self.asking = [threading.Thread(target=request, args=[address], daemon=True) for _ in range(self.REQUESTS)]
        if ask:
            self.start(server)
        return server

    def start(self, server):
        for thread in self.asking:
            thread.start()
        # The engine's copy of the code, and one for each store.
        wait_until(lambda: len(server.images()) == self.REQUESTS + 1, "all requests are in the guest")

    def counters(self, outpost):
        """By address of the store."""
        stores = [store["address"] for store in outpost.ask("info stores")["stores"]]
        counters = {}
        for instance in outpost.ask("info instances")["instances"]:
            if instance["module"] == "handler":
                outpost.ask(f"instance {instance['number']}")
                counters[stores[instance["store"]]] = outpost.read("$mem[0x1000:i64]")
        return counters

    def named(self, outpost, stop):
        """The address of the store that a stop names, which must be the one its thread is in."""
        store = next(store for store in outpost.ask("info stores")["stores"] if store["number"] == stop["store"])
        self.assertEqual(store["threads"], [stop["thread"]])
        return store["address"]

    def test_locking_on(self):
        server = self.server()
        with Conversation(server.pid) as outpost:
            outpost.ask("break tick")
            stop = outpost.resume("continue")
            thread, store = stop["thread"], self.named(outpost, stop)
            before = self.counters(outpost)
            self.assertEqual(len(before), self.REQUESTS)
            outpost.ask(f"thread {thread}")
            outpost.ask("set scheduler-locking on")
            for _ in range(5):
                stop = outpost.resume("continue")
                self.assertEqual((stop["thread"], self.named(outpost, stop)), (thread, store))
            self.assertEqual(self.counters(outpost), {**before, store: before[store] + 5})
            outpost.ask(f"thread {thread}")
            outpost.ask("delete")
            self.assertEqual(self.named(outpost, outpost.resume("stepi 5")), store)
            outpost.ask("set scheduler-locking off")
            outpost.ask(f"thread {thread}")
            outpost.resume("stepi 20000")
            after = self.counters(outpost)
            self.assertGreater(sum(after[address] != before[address] for address in before), 1)

    def test_a_breakpoint_in_stores_to_come(self):
        """Set once, before there is any: each request stops once, in a store of its own."""
        server = self.server(ask=False)
        self.assertEqual(len(server.images()), 1)
        seen, threads = set(), set()
        with Conversation(server.pid) as outpost:
            outpost.ask("break handle")
            outpost.send("continue")
            for thread in self.asking:
                thread.start()
            for number in range(self.REQUESTS):
                outpost.told("continue")
                stop = outpost.events[-1]
                self.assertEqual((stop["reason"], stop["frame"]["function"]), ("breakpoint", "handle"))
                stores = outpost.ask("info stores")["stores"]
                store, = [s for s in stores if stop["thread"] in s["threads"]]
                self.assertEqual(stop.get("store"), store["number"] if len(stores) > 1 else None)
                seen.add(store["address"])
                threads.add(stop["thread"])
                if number + 1 < self.REQUESTS:
                    outpost.send("continue")
            listed, = outpost.ask("info breakpoints")["breakpoints"]
            self.assertEqual((len(seen), len(threads), listed["hits"]), (self.REQUESTS,) * 3)

    def test_one_store_has_no_name(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "break fib", "continue", "stepi", "finish")
        self.assertEqual([stop for stop in documents.stops() if "store" in stop], [])
        self.assertNotIn("store", self.attached_text(guest, "break fib", "continue"))


if __name__ == "__main__":
    unittest.main()
