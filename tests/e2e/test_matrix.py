# SPDX-License-Identifier: GPL-3.0-or-later
"""The same end-to-end run on one Wasmtime after the other: what a guest that waits shows, a breakpoint, a step, and its end.

The versions are those of OUTPOST_VERSIONS; without it the oldest and the newest that have guest-debug and the LTS, which has none.
A version that is not there is a failure. Wasmtime 50 is no program yet but the library of a Python host: test_scenarios.py.
"""

import os
import unittest

from harness import NEWEST, Case, instructions, sleeping, wasmtime, wat

VERSIONS = (os.environ.get("OUTPOST_VERSIONS") or f"42.0.1 {NEWEST} 36.0.9").split()
FIRST_GUEST_DEBUG = 39
STARTED, CHANGED, STEP = 1000, 5000, 7
GLOBALS = [("rt_end", "i32", 0xf100), ("total", "i64", STARTED), ("which", "i32", 1), ("ratio", "f64", -0.25),
           ("vector", "v128", "01000000020000000300000004000000")]


class Matrix(Case):
    def setUp(self):
        self.code = instructions(wat("scenario_matrix"))

    def call(self, function, callee):
        pc, = (pc for pc, text in self.code[function] if text.startswith(f"call ${callee}"))
        return pc

    def first(self, function):
        return self.code[function][0][0]

    def begin(self, version, guest_debug):
        if not wasmtime(version).exists():
            raise AssertionError(f"there is no Wasmtime {version}: ./bootstrap versions fetches it")
        return sleeping(self.guest("scenario_matrix", version=version, guest_debug=guest_debug))

    def waiting_frames(self, guest):
        """On no thread: the guest is suspended in a host call."""
        frames = self.attached(guest, "backtrace").one("backtrace")["frames"]
        self.assertEqual(frames[0]["function"], "fd_read")
        frames = [f for f in frames if f["kind"] == "wasm"]
        self.assertEqual([(f["function"], f["pc"]) for f in frames],
                         [("read_line", self.call("read_line", "fd_read")), ("listen", self.call("listen", "read_line")),
                          ("main", self.call("main", "listen"))])
        return frames

    def state(self, guest):
        """Everything but locals and operands is there in every code."""
        documents = self.attached(guest, "info stores", "info instances", "info globals", "info tables", "info memories",
                                  "x/20cb 256", "print $table0[2]", "print $table0[3]")
        store, = documents.one("info stores")["stores"]
        self.assertTrue(store["layout_known"])
        instance, = (i for i in documents.one("info instances")["instances"] if i["origin"] == "guest")
        self.assertEqual(instance["module"], "scenario_matrix")
        self.assertEqual([(g["name"], g["type"], int(g["value"]) if g["type"] == "i64" else g["value"])
                          for g in documents.one("info globals")["globals"]], GLOBALS)
        table, = documents.one("info tables")["tables"]
        self.assertEqual((table["type"], table["size"], table["maximum"]), ("funcref", 4, 8))
        memory, = documents.one("info memories")["memories"]
        self.assertEqual(memory["size"], 2 << 16)
        self.assertEqual(bytes(documents.one("x")["values"]), b"a matrix of versions")
        filled, empty = documents.all("print")
        self.assertEqual(filled["object"]["function"], "subtract")
        self.assertEqual(empty["object"]["kind"], "null")

    def change(self, guest):
        self.attached(guest, f"set $global.total = {CHANGED}", "set $mem[256:u8] = 65", "print $mem[256:i32]")

    def at_add(self, guest, *commands, status=0):
        """To the breakpoint in the callee of an indirect call, and back to its caller with what it returned."""
        documents = self.attached(guest, "break add", "continue", "info locals", "backtrace", "delete", "finish", *commands,
                                  status=status, meanwhile=lambda: guest.send("\n"))
        stop, = documents.stops("breakpoint")
        self.assertEqual(stop["frame"]["function"], "add")
        self.assertEqual([(v["name"], v["type"], int(v["value"])) for v in documents.all("info locals")[0]["locals"]],
                         [("step", "i32", STEP), ("from", "i64", CHANGED)])
        self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["add", "turn", "main"])
        finished = documents.stops("step")[0]
        self.assertEqual(finished["frame"]["function"], "turn")
        self.assertEqual([(r["type"], int(r["value"])) for r in finished["results"]], [("i64", CHANGED + STEP)])
        return documents, stop

    def end(self, guest, before):
        self.assertEqual(guest.code(), before)
        # One line was for the breakpoint; the end is another.
        self.assertUndisturbed(guest, lambda rounds: CHANGED + rounds * STEP)

    def guest_debug(self, version):
        guest = self.begin(version, True)
        before = guest.code()
        read_line, listen, _ = self.waiting_frames(guest)
        self.assertEqual([v["value"] for v in read_line["locals"]], [-1])
        self.assertEqual([v["value"] for v in read_line["stack"]], [0, 0xf900, 1, 0xf908])
        self.assertEqual([v["value"] for v in listen["locals"] + listen["stack"]], [0, 3])
        self.state(guest)
        self.change(guest)
        documents, stop = self.at_add(guest, "stepi", "info locals", "nexti 4", "x/1dg 512")
        self.assertEqual(stop["frame"]["pc"], self.first("add"))
        steps = [s["frame"]["pc"] for s in documents.stops("step")]
        turn = [pc for pc, _ in self.code["turn"]]
        after = turn.index(steps[0])
        self.assertTrue(self.code["turn"][after - 1][1].startswith("call_indirect"))
        # One step, and four more; the last of them is over the store.
        self.assertEqual(steps[1:], [turn[after + 1], turn[after + 5]])
        self.assertEqual(int(documents.all("info locals")[1]["locals"][1]["value"]), CHANGED + STEP)
        self.assertEqual(int(documents.one("x")["values"][0]), CHANGED + STEP)
        self.end(guest, before)

    def optimised(self, version):
        guest = self.begin(version, False)
        before = guest.code()
        for frame in self.waiting_frames(guest):
            self.assertEqual({v["value"]["reason"] for v in frame["locals"]}, {"not-recorded"} if frame["locals"] else set())
            self.assertEqual(frame["stack"]["reason"], "not-recorded")
        self.state(guest)
        self.change(guest)
        documents, _ = self.at_add(guest, "stepi", status=1)
        error, = documents.errors()
        self.assertEqual(error["code"], "unsupported")
        self.end(guest, before)


def run(name, version):
    return lambda self: getattr(self, name)(version)


for each in VERSIONS:
    label = each.replace(".", "_")
    setattr(Matrix, f"test_optimised_{label}", run("optimised", each))
    if int(each.split(".")[0]) >= FIRST_GUEST_DEBUG:
        setattr(Matrix, f"test_guest_debug_{label}", run("guest_debug", each))


if __name__ == "__main__":
    unittest.main()
