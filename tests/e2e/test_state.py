# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest's state: stores, instances, memories, globals, tables, objects; shown, searched and written.

The expected values are those of the guests' sources, and a guest's last line proves that it saw what was written.
"""

import json
import tempfile
import unittest
from pathlib import Path

from harness import (GUESTS, NEWEST, VENV, Case, Documents, Guest, instructions, outpost, sleeping, wait_until, wasmtime,
                     wat)

FEATURES = ["-W", "gc=y,exceptions=y,function-references=y,threads=y,shared-memory=y,multi-memory=y,memory64=y"]
VERSIONS = (NEWEST, "44.0.1", "42.0.1")


def by_name(items):
    return {item["name"]: item for item in items}


class World(Case):
    """tests/guests/state.wat waits for input and is on no thread; it reports $answer + the i32 at 64 of $wide."""

    ANSWER, WORD = 42, 123456789

    def waiting(self, version=NEWEST, **options):
        guest = Guest(wat("state"), version=version, options=FEATURES, **options)
        self.addCleanup(guest.__exit__)
        return sleeping(guest.ready())

    def assertUnchanged(self, guest):
        self.assertUndisturbed(guest, lambda rounds: rounds * (self.ANSWER + self.WORD))

    def test_stores_and_instances(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                guest = self.waiting(version)
                documents = self.attached(guest, "info stores", "info instances", "info stacks", "stack 0", "instance")
                store, = documents.one("info stores")["stores"]
                self.assertEqual((store["instances"], store["suspended"], store["threads"], store["gc_heap"]), (2, [0], [], None))
                host, instance = documents.one("info instances")["instances"]
                self.assertEqual((host["origin"], host["id"]), ("host", 0))
                self.assertEqual((instance["origin"], instance["id"], instance["module"]), ("guest", 1, "state"))
                stacks = documents.one("info stacks")
                self.assertEqual(stacks["threads"], [])
                self.assertEqual([(s["number"], s["frame"]["function"], s["store"]) for s in stacks["suspended"]],
                                 [(0, "read_line", store["address"])])
                self.assertEqual(documents.one("stack")["frame"]["function"], "read_line")
                self.assertEqual(documents.one("instance")["instance"]["number"], 1)
                self.assertUnchanged(guest)

    def test_fuel_and_epochs(self):
        guest = Guest(wat("state"), options=[*FEATURES, "-W", "fuel=1000000,timeout=3600s"])
        self.addCleanup(guest.__exit__)
        store, = self.attached(sleeping(guest.ready()), "info stores").one("info stores")["stores"]
        self.assertGreater(store["epoch_deadline"], store["epoch"])
        self.assertTrue(0 < store["fuel"] < 1000000, store)
        self.assertUnchanged(guest)

    def test_globals(self):
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    guest = self.waiting(version, guest_debug=guest_debug)
                    shown = by_name(self.attached(guest, "info globals").one("info globals")["globals"])
                    self.assertEqual({n: (g["type"], g["value"]) for n, g in shown.items() if n not in ("callback", "rt_end")}, {
                        "answer": ("i32", 42), "large": ("i64", str(0x1122334455667788)), "single": ("f32", "nan:0x7fc00001"),
                        "double": ("f64", -2.25), "vector": ("v128", "01000000020000000300000004000000"),
                        "constant": ("i32", -7), "nothing": ("externref", None)})
                    self.assertFalse(shown["constant"]["mutable"])
                    function = shown["callback"]["object"]
                    self.assertEqual((function["kind"], function["function"], function["module"]), ("function", "second", "state"))
                    self.assertUnchanged(guest)

    def test_global_patterns(self):
        guest = self.waiting()
        found = self.attached(guest, "info globals s*").one("info globals")["globals"]
        self.assertEqual([g["name"] for g in found], ["single"])
        self.assertUnchanged(guest)

    def test_memories(self):
        guest = self.waiting()
        memories = by_name(self.attached(guest, "info memories").one("info memories")["memories"])
        self.assertEqual({n: (m["address_bits"], m["size"], m["maximum"], m["shared"], m["imported"]) for n, m in memories.items()}, {
            "memory": (32, 131072, None, False, False), "wide": (64, 131072, 196608, False, False),
            "common": (32, 65536, 131072, True, False)})
        with open(f"/proc/{guest.pid}/mem", "rb", buffering=0) as process:
            for name, offset, content in (("memory", 1024, b"needle"), ("wide", 64, self.WORD.to_bytes(4, "little")),
                                          ("common", 8, b"M\0\0\0")):
                base = int(memories[name]["base"], 16)
                process.seek(base + offset)
                self.assertEqual(process.read(len(content)), content)
                process.seek(base + memories[name]["size"] - 1)
                self.assertEqual(process.read(1), b"\0")
                self.assertGreaterEqual(memories[name]["reservation"], memories[name]["size"])
        self.assertUnchanged(guest)

    def test_reading_every_memory(self):
        guest = self.waiting()
        documents = self.attached(guest, "print $mem1[64:i32]", "print $mem2[8:i32]", "x/1dw mem1:64", "print $mem[1024:u8]")
        self.assertEqual([r["value"] for r in documents.all("print")], [self.WORD, 77, 110])
        self.assertEqual(documents.one("x")["values"], [self.WORD])
        self.assertUnchanged(guest)

    def test_tables(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                guest = self.waiting(version)
                documents = self.attached(guest, "info tables", "print $table0[0..6]", "print $table.dispatch[2]", "print $table0[1]",
                                          "print $table.handles[0..3]")
                self.assertEqual([(t["name"], t["type"], t["size"], t["maximum"]) for t in documents.one("info tables")["tables"]],
                                 [("dispatch", "funcref", 6, 20), ("handles", "externref", 3, None)])
                whole, used, unused, handles = documents.all("print")
                functions = [e.get("object", {}).get("function") for e in whole["object"]["elements"]]
                self.assertEqual(functions, [None, "first", "second", None, "use", None])
                # second was called through the table; first never, so that Wasmtime has not written it yet.
                self.assertNotIn("lazy", used["object"])
                self.assertEqual((unused["object"]["function"], unused["object"]["lazy"]), ("first", True))
                self.assertEqual([e["value"] for e in handles["object"]["elements"]], [None] * 3)
                self.assertUnchanged(guest)

    def test_tags_imports_and_exports(self):
        guest = self.waiting()
        documents = self.attached(guest, "info tags", "info imports", "info exports")
        self.assertEqual([(t["name"], t["type"]) for t in documents.one("info tags")["tags"]], [("fault", "(i32, f64)")])
        self.assertEqual([(i["kind"], i["name"], i["host"]) for i in documents.one("info imports")["imports"]],
                         [("function", n, True) for n in ("fd_write", "fd_read", "poll_oneoff")])
        self.assertEqual([(e["kind"], e["name"], e["item"]) for e in documents.one("info exports")["exports"]],
                         [("memory", "memory", None), ("global", "answer", "answer"), ("function", "use", "use"),
                          ("function", "_start", "main")])
        self.assertUnchanged(guest)

    def test_the_program_sees_what_was_written(self):
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    guest = self.waiting(version, guest_debug=guest_debug)
                    documents = self.attached(guest, "set $global.answer = 1000", "set $mem1[64:i32] = 7", "set $global.double = 1.5",
                                              "set $global.vector = $mem[1024:v128]", "print $global.answer", "print $global.double",
                                              "print $global.vector", "print $global1 + 1")
                    self.assertEqual([r["value"] for r in documents.all("print")],
                                     [1000, 1.5, b"needle\0\0\0\0\0\0need".hex(), 1001])
                    self.assertUndisturbed(guest, lambda rounds: rounds * 1007)

    def test_what_cannot_be_written(self):
        guest = self.waiting()
        for place, reason in (("$global.constant", "immutable"), ("$global.callback", "only numbers"), ("$table0[1]", "only numbers"),
                              ("$local0", "register"), ("5", "no place")):
            with self.subTest(place=place):
                error, = self.attached(guest, f"set {place} = 1", status=1).errors()
                self.assertIn(reason, error["message"])
        self.assertUnchanged(guest)

    def test_find(self):
        guest = self.waiting()
        for command, found in (
                ('find 0, +0x20000, "needle"', [1024, 1036]), ('find 1025, +0x1000, "needle"', [1036]),
                ('find/1 0, +0x20000, "needle"', [1024]), ("find/w 2048, +16, 0x12345678", [2048, 2052, 2060]),
                ("find/h 2048, +16, 0x1234", [2050, 2054, 2062]), ("find/b 2048, 2063, 0x78, 0x56", [2048, 2052, 2060]),
                ("find 0, +0x20000, {f0 de bc 9a 78}", [2056]), ("find mem1:0, +0x20000, 123456789", [64]),
                ('find 0, +0x20000, "no such text"', [])):
            with self.subTest(command=command):
                self.assertEqual(self.attached(guest, command).one("find")["found"], found)
        error, = self.attached(guest, 'find 0, +0x20001, "x"', status=1).errors()
        self.assertEqual(error["code"], "unreadable")
        self.assertIn("outside memory 0", error["message"])
        self.assertUnchanged(guest)

    def test_dump_and_restore(self):
        guest = self.waiting()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "bytes")
            self.attached(guest, f"dump memory {path} 1024 1042")
            self.assertEqual(path.read_bytes(), b"needle\0\0\0\0\0\0needle")
            self.attached(guest, f"dump memory {path} mem1:64 68")
            self.assertEqual(path.read_bytes(), self.WORD.to_bytes(4, "little"))
            path.write_bytes((58).to_bytes(4, "little"))
            documents = self.attached(guest, f"restore {path} mem1:64", "print $mem1[64:i32]")
            self.assertEqual((documents.one("restore")["bytes"], documents.one("print")["value"]), (4, 58))
            outside = Path(folder, "outside")
            self.attached(guest, f"dump memory {outside} 0 0x20001", status=1)
            self.assertFalse(outside.exists())
            self.attached(guest, f"restore {path} 0x1fffd", status=1)
        self.assertUndisturbed(guest, lambda rounds: rounds * 100)


class Objects(Case):
    """tests/guests/objects.wat at the call of mark, where references of every kind are in hold's locals."""

    def stop(self, *commands, version=NEWEST, status=0, check=lambda rounds: rounds * 1432778739):
        guest = Guest(wat("objects"), version=version, options=FEATURES)
        self.addCleanup(guest.__exit__)
        call = next(pc for pc, text in instructions(wat("objects"))["hold"] if text == "call $mark")
        documents = self.attached(guest.ready(), f"tbreak *{call:#x}", "continue", *commands, status=status)
        if check:
            self.assertUndisturbed(guest, check)
        return documents

    RING = {"key": 1, "weight": 1.5, "tiny": -1, "wide": str(0x1122334455667788)}

    def assertRing(self, node):
        self.assertEqual((node["kind"], node["type"], node["length"]), ("struct", "node", 5))
        fields = by_name(node["fields"])
        self.assertEqual({n: f["value"] for n, f in fields.items() if n != "next"}, self.RING)
        second = by_name(fields["next"]["object"]["fields"])
        self.assertEqual((second["key"]["value"], second["weight"]["value"], second["wide"]["value"]), (2, -2.5, -9))
        self.assertTrue(second["next"]["object"]["cycle"])

    def test_locals(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                shown = by_name(self.stop("info locals", version=version).one("info locals")["locals"])
                objects = {n: v.get("object") for n, v in shown.items()}
                self.assertEqual(objects["small"], {"kind": "i31", "i31": 5})
                self.assertEqual(objects["negative"], {"kind": "i31", "i31": -6})
                self.assertIsNone(objects["none"])
                self.assertIsNone(shown["none"]["value"])
                self.assertEqual([e["value"] for e in objects["numbers"]["elements"]], list(range(10, 18)))
                self.assertEqual(objects["outside"]["type"], "node")
                self.assertEqual((objects["exception"]["tag"], [p["value"] for p in objects["exception"]["payload"]]),
                                 ("fault", [33, -44]))
                self.assertEqual((objects["callback"]["function"], objects["callback"]["module"]), ("callee", "objects"))

    def test_cycles(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                documents = self.stop("print $node", "print *$node", "print $local0.next.next", "print $global.kept",
                                      "print $nodes[0]", "print $outside", "print $table.any_table[2]", version=version)
                for result in documents.all("print"):
                    self.assertRing(result["object"])

    def test_fields_and_elements(self):
        cases = (("$node.key", 1), ("$node.field1", 1.5), ("$node.2", -1), ("$node.next.key", 2), ("$node.next.next.next.wide", -9),
                 ("$numbers[3]", 13), ("$numbers[$numbers[0] - 8] * 2", 24), ("$mixed.field0", -25536), ("$mixed.text[1]", 105),
                 ("$mixed.field1", "05000000060000000700000008000000"), ("$nodes[2].next.weight", -2.5), ("$nodes[1]", None),
                 ("$stack0[7]", 17))
        documents = self.stop(*(f"print {expression}" for expression, _ in cases))
        self.assertEqual([r["value"] for r in documents.all("print")], [value for _, value in cases])

    def test_ranges(self):
        documents = self.stop("print $numbers[2..5]", "print $numbers[6..=7]", "set print elements 3", "print $numbers",
                              "print $mixed.text[0..0]")
        two, last, cut, empty = (r["object"] for r in documents.all("print"))
        self.assertEqual(([e["value"] for e in two["elements"]], two["first"], two["length"]), ([12, 13, 14], 2, 8))
        self.assertEqual([e["value"] for e in last["elements"]], [16, 17])
        self.assertEqual([e["value"] for e in cut["elements"]], [10, 11, 12])
        self.assertEqual(empty["elements"], [])

    def test_mixed_object(self):
        fields = self.stop("print $mixed").one("print")["object"]["fields"]
        self.assertEqual([f["type"] for f in fields], ["i16", "v128", "funcref", "anyref", "(ref 2)"])
        self.assertEqual(fields[3]["object"], {"kind": "i31", "i31": 99})
        self.assertEqual([e["value"] for e in fields[4]["object"]["elements"]], [104, 105, -1])
        # Only Wasmtime can look into the table of functions that GC objects refer to.
        self.assertEqual(fields[2]["value"]["reason"], "host-table")

    def test_formats(self):
        documents = self.stop("print/x $mixed.field0", "print/x $numbers[2..4]", "print/u $mixed.text")
        texts = [r["text"] for r in documents.all("print")]
        self.assertEqual(texts[0], "0x9c40")
        self.assertIn("{[2] = 0xc, 0xd...}", texts[1])
        self.assertIn("{104, 105, 255}", texts[2])

    def test_depth(self):
        documents = self.stop("set print object-depth 1", "print $node")
        fields = by_name(documents.one("print")["object"]["fields"])
        self.assertTrue(fields["next"]["object"]["cut"])
        self.assertEqual(fields["next"]["object"]["fields"], [])

    def test_the_program_sees_what_was_written(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                # Of this round: numbers[0] from 10 to 1010, tiny from -1 to 4, wide to 0.
                self.stop("set $numbers[0] = 1010", "set $node.tiny = 4", "set $node.wide = 0", version=version,
                          check=lambda rounds: rounds * 1432778739 + 1000 + 5 - 0x55667788)

    def test_what_is_refused(self):
        for command, code in (
                ("set $node.key = 1", "unsupported"), ("set $node.next = 0", "unsupported"), ("set $numbers = 1", "unsupported"),
                ("set $numbers[0..2] = 1", "unsupported"), ("print $numbers[8]", "not-found"), ("print $node.nothing", "not-found"),
                ("print $node[0]", "unsupported"), ("print $none.field0", "not-found"), ("print *$none", "not-found"),
                ("print $small.field0", "not-found"), ("print $node + 1", "unsupported"), ("print $numbers[-1]", "syntax"),
                ("print $numbers[5..2]", "syntax"), ("print $global.nothing", "not-found"), ("print $table0[4]", "not-found"),
                ("print $table9[0]", "not-found")):
            with self.subTest(command=command):
                error, = self.stop(command, status=1).errors()
                self.assertEqual(error["code"], code, error)

    def test_a_reference_ages(self):
        error, = self.stop("print $node", "nexti", "print $1.key", status=1).errors()
        self.assertEqual(error["code"], "wrong-state")
        self.assertIn("has run", error["message"])

    def test_heap(self):
        for version, collector in ((NEWEST, "copying"), ("44.0.1", "drc")):
            with self.subTest(version=version):
                store, = self.stop("info stores", version=version).one("info stores")["stores"]
                self.assertEqual(store["gc_heap"]["collector"], collector)
                self.assertEqual(len(store["threads"]), 1)

    def test_every_collector(self):
        for collector in ("copying", "drc", "null"):
            with self.subTest(collector=collector):
                guest = Guest(wat("objects"), options=[*FEATURES, "-C", f"collector={collector}"])
                self.addCleanup(guest.__exit__)
                documents = self.attached(guest.ready(), "tbreak mark", "continue", "up", "print $node", "info stores", "print $exception")
                node, exception = documents.all("print")
                self.assertRing(node["object"])
                self.assertEqual([p["value"] for p in exception["object"]["payload"]], [33, -44])
                self.assertEqual(documents.one("info stores")["stores"][0]["gc_heap"]["collector"], collector)
                self.assertUndisturbed(guest, lambda rounds: rounds * 1432778739)


class Linked(Case):
    """tests/guests/consumer.wat, all of whose state is provider.wat's."""

    def test_state_of_another_instance(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                guest = Guest(wat("consumer"), version=version, options=["--preload", f"provider={wat('provider')}", *FEATURES])
                self.addCleanup(guest.__exit__)
                documents = self.attached(
                    sleeping(guest.ready()), "info instances", "info imports", "print $global.count", "print $mem[256:i32]",
                    "print $table0[1]", "instance 1", "info globals", "set $global.counter = 7", "instance 2", "print $global.count",
                    "print $global.limit")
                self.assertEqual([i["module"] for i in documents.one("info instances")["instances"]], [None, "provider", "consumer"])
                bound = {(i["kind"], i["name"]): (i["instance"], i["instance_index"])
                         for i in documents.one("info imports")["imports"] if i["module"] == "provider"}
                self.assertEqual(bound, {("memory", "memory"): (1, 0), ("global", "counter"): (1, 1), ("global", "limit"): (1, 2),
                                         ("table", "table"): (1, 0), ("function", "offer"): (1, 0), ("tag", "problem"): (1, 0)})
                count, word, element, changed, limit = documents.all("print")
                self.assertEqual((count["value"], word["value"], changed["value"], limit["value"]), (1234, 1337, 7, 9000000000))
                self.assertEqual((element["object"]["function"], element["object"]["module"]), ("offer", "provider"))
                self.assertEqual({g["name"]: g["value"] for g in documents.one("info globals")["globals"]},
                                 {"hidden": 5, "counter": 1234, "limit": 9000000000})
                guest.send("\n")
                self.assertEqual(guest.end(), (0, ""))

    def test_selecting_a_frame_ends_the_selection(self):
        guest = Guest(wat("consumer"), options=["--preload", f"provider={wat('provider')}"])
        self.addCleanup(guest.__exit__)
        documents = self.attached(sleeping(guest.ready()), "instance 1", "frame 0", "instance")
        self.assertEqual([i["instance"]["module"] for i in documents.all("instance")], ["provider", "consumer"])
        guest.send("\n")
        self.assertEqual(guest.end(), (0, ""))


class NoThread(Case):
    """tests/guests/idle.py: an embedding whose guest no thread runs, without guest-debug."""

    def idle(self):
        guest = Guest(None, command=[VENV / "python", GUESTS / "idle.py", wat("idle")])
        self.addCleanup(guest.__exit__)
        return sleeping(guest.ready())

    def test_state(self):
        guest = self.idle()
        documents = self.attached(guest, "info instances", "info globals", "info imports", "print $table0[0..3]", "x/s 100",
                                  "print $mem[104:u8]", "info stacks", "info memories")
        origins = [i["origin"] for i in documents.one("info instances")["instances"]]
        self.assertEqual(origins.count("guest"), 1)
        shown = by_name(documents.one("info globals")["globals"])
        self.assertEqual((shown["level"]["value"], shown["own"]["value"]), (321, 11))
        self.assertEqual(shown["kept"]["object"]["kind"], "extern")
        self.assertEqual([i["host"] for i in documents.one("info imports")["imports"]], [True] * 4)
        table, byte = documents.all("print")
        self.assertEqual([e.get("object", {}).get("kind") for e in table["object"]["elements"]][1:], ["function", "host-function"])
        self.assertEqual(table["object"]["elements"][1]["object"]["function"], "sum")
        self.assertEqual(documents.one("x")["strings"][0]["value"], "idle memory")
        self.assertEqual(byte["value"], ord(" "))
        self.assertEqual(documents.one("info stacks"), {"threads": [], "suspended": []})
        self.assertEqual([(m["size"], m["imported"]) for m in documents.one("info memories")["memories"]], [(65536, True)])
        self.assertUndisturbed(guest, lambda rounds: 2 * 11 + 321 + ord("i"))

    def test_the_guest_sees_what_was_written(self):
        guest = self.idle()
        self.attached(guest, "set $global.own = 20", "set $global.level = 1000", "set $mem[100:u8] = 0")
        self.assertUndisturbed(guest, lambda rounds: 1040)


class Components(Case):
    def test_core_instances(self):
        guest = Guest(None, command=[wasmtime(), "run", "-D", "guest-debug=y", "--invoke", "work(2000000000)", wat("component")])
        self.addCleanup(guest.__exit__)
        wait_until(lambda: self.guest_instances(guest), "the component has instances")
        documents = self.attached(guest, "info instances", "info stores", "instance 1", "info exports")
        modules = [i["module"] for i in documents.one("info instances")["instances"] if i["origin"] == "guest"]
        self.assertEqual(modules, ["adder", "worker"])
        self.assertEqual(documents.one("info stores")["stores"][0]["components"], 1)
        self.assertEqual([(e["name"], e["item"]) for e in documents.one("info exports")["exports"]], [("add", "add_three")])

    def guest_instances(self, guest):
        outcome = outpost("attach", guest.pid, "--batch", "--json", "-e", "info instances")
        found = Documents(outcome).all("info instances") if outcome.status == 0 else []
        return [i for result in found for i in result["instances"] if i["origin"] == "guest"]

    def test_a_store_for_each_request(self):
        server = Guest(None, command=[wasmtime(), "serve", "-D", "guest-debug=y", "--addr", "127.0.0.1:0", wat("serve")])
        self.addCleanup(server.__exit__)
        asking = self.asking(*server.serving_address())
        documents = self.attached(server, "info instances", "break count", "continue", "info stores", "info instances", "info memories",
                                  meanwhile=asking.start)
        asking.join()
        before, during = documents.all("info instances")
        self.assertEqual([i for i in before["instances"] if i["origin"] == "guest"], [])
        guests = [i for i in during["instances"] if i["origin"] == "guest"]
        self.assertEqual(len(guests), 1)
        store = documents.one("info stores")["stores"][guests[0]["store"]]
        self.assertEqual(len(store["threads"]), 1)
        self.assertEqual([m["size"] for m in documents.one("info memories")["memories"]], [65536])

    def sleepers(self, guest):
        """How many guests wait in a host call; before the first request there is none to look at."""
        outcome = outpost("stack", guest.pid, "--json")
        return len(json.loads(outcome.out)["suspended"]) if outcome.status == 0 else 0

    def test_requests_at_once(self):
        """Several stores, each with its own copy of the code: a breakpoint holds in all of them."""
        server = self.serving_waiters(2)
        wait_until(lambda: self.sleepers(server) == 2, "both requests sleep in their first turn")
        stops = ["continue", "info frame", "info stores"] * 10
        documents = self.attached(server, "info stores", "info instances", "break count", *stops, "info breakpoints")
        first, *stores = documents.all("info stores")
        self.assertEqual(len(first["stores"]), 2)
        guests = [i for i in documents.one("info instances")["instances"] if i["origin"] == "guest"]
        self.assertEqual(sorted(i["store"] for i in guests), [0, 1])
        self.assertEqual([i["module"] for i in guests], ["handler", "handler"])
        # Both sleep and count in turns: each of them comes to the breakpoint, in its own instance and store.
        frames = documents.all("info frame")
        self.assertEqual({frame["vmctx"] for frame in frames}, {i["vmctx"] for i in guests})
        owner = {i["vmctx"]: i["store"] for i in guests}
        for stop, frame, state in zip(documents.stops("breakpoint"), frames, stores):
            self.assertEqual(state["stores"][owner[frame["vmctx"]]]["threads"], [stop["thread"]])
        location, = documents.one("info breakpoints")["breakpoints"][0]["locations"]
        self.assertEqual(location["places"], 3)


class Text(Case):
    """What a person reads."""

    def test_values(self):
        guest = Guest(wat("objects"), options=FEATURES)
        self.addCleanup(guest.__exit__)
        text = self.attached_text(guest.ready(), "tbreak mark", "continue", "up", "info locals", "info stack", "print $node", "info globals kept")
        for wanted in ("small = anyref 0xb i31 5\n", " numbers[8] {10, 11, 12, 13, 14, 15, 16, 17}\n",
                       " exception fault (33, -44)\n", " callee (module objects, instance 1)\n", "none = anyref null\n",
                       " node {key = 1, weight = 1.5, tiny = -1, next = node {key = 2, weight = -2.5, tiny = 7, next = node <0x"):
            self.assertIn(wanted, text)
        self.assertUndisturbed(guest, lambda rounds: rounds * 1432778739)


if __name__ == "__main__":
    unittest.main()
