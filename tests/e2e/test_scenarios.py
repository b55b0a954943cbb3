# SPDX-License-Identifier: GPL-3.0-or-later
"""What Wasmtime's own tests of its debugger show of frames and values (tests/all/debug.rs), shown from outside in own guests.

There a host function looks at the frames that called it. Here the guest waits in a host call, or at a breakpoint where the host
called it, and outpost looks.
"""

import json
import unittest

from harness import (GUESTS, NEWEST, VENV, Case, Documents, Guest, compiled, instructions, outpost, script, sleeping, wasmtime,
                     wat)
from wasm_text import Code, core_modules

INLINED = ("-C", "inlining=y")
I64 = 0x1122334455667788


def shown(values):
    return [(value["type"], value["value"]) for value in values]


class Frames(Case):
    """tests/guests/scenario_frames.wat: the letter says in which function it waits for the host."""

    def waiting(self, letter, options=()):
        guest = sleeping(self.guest("scenario_frames", options=options))
        guest.send(f"{letter}\n")
        guest.ready()
        return sleeping(guest)

    def ends(self, guest, total):
        self.assertUndisturbed(guest, lambda rounds: total)

    def test_two_frames(self):
        code = {name: {text.split()[0]: pc for pc, text in body} for name, body in instructions(wat("scenario_frames")).items()}
        for options in ((), INLINED):
            with self.subTest(options=options):
                guest = self.waiting("p", options)
                frames = [f for f in self.attached(guest, "backtrace").one("backtrace")["frames"] if f["kind"] == "wasm"]
                self.assertEqual([f["function"] for f in frames], ["add", "pair", "main"])
                self.assertEqual([f["pc"] for f in frames[:2]], [code["add"]["call"], code["pair"]["call"]])
                self.assertEqual(shown(frames[0]["locals"]), [("i32", 1), ("i32", 2)])
                self.assertEqual(shown(frames[0]["stack"]), [("i32", v) for v in (1, 2, 0, 0xf920, 1, 0xf928)])
                self.assertEqual(shown(frames[1]["stack"]), [("i32", 1), ("i32", 2)])
                self.assertEqual([f["inlined"] for f in frames], [bool(options), bool(options), False])
                self.ends(guest, 3)

    def test_an_unaligned_i64(self):
        guest = self.waiting("u")
        documents = self.attached(guest, "info locals", "print y + 1", "up", "info stack")
        values = [("i32", 1), ("i64", str(I64)), ("v128", "09000000080000000700000006000000"), ("f64", -0.125)]
        self.assertEqual(shown(documents.one("info locals")["locals"]), values)
        self.assertEqual(shown(documents.one("info stack")["stack"]), [("i64", 0), *values])
        self.assertEqual(documents.one("print")["value"], str(I64 + 1))
        self.ends(guest, I64 + 1)

    def test_values_after_an_exception(self):
        guest = self.waiting("e")
        stack = self.attached(guest, "info stack").one("info stack")["stack"]
        self.assertEqual(shown(stack[:1]), [("i32", 42)])
        self.ends(guest, 42)

    def test_a_dead_reference(self):
        """Nothing uses it, but the frame still has it, and what it refers to is still there."""
        guest = self.waiting("d")
        documents = self.attached(guest, "info stack", "print $stack0.value", "print $stack0.weight")
        stack = documents.one("info stack")["stack"]
        self.assertEqual((stack[0]["type"], stack[0]["object"]["type"]), ("anyref", "cell"))
        self.assertEqual([r["value"] for r in documents.all("print")], [77, 0.5])
        self.ends(guest, 0)

    def test_an_object_over_collections(self):
        """82 MB of garbage went through a heap of a few pages: the object was moved, or others were freed around it."""
        guest = self.waiting("c")
        documents = self.attached(guest, "info locals", "print kept.value", "print kept.weight", "info stores")
        local, = documents.one("info locals")["locals"]
        self.assertEqual(local["object"]["type"], "cell")
        self.assertEqual([r["value"] for r in documents.all("print")], [42, -1.5])
        store, = documents.one("info stores")["stores"]
        self.assertLess(store["gc_heap"]["size"], 16 << 20)
        self.ends(guest, 0)

    def test_a_breakpoint_in_inlined_code(self):
        """Once where it was inlined, and once called by a table."""
        add = next(pc for pc, text in instructions(wat("scenario_frames"))["sum"] if text == "i32.add")
        guest = sleeping(self.guest("scenario_frames", options=INLINED))
        documents = self.attached(guest, f"break *{add:#x}", "continue", "backtrace", "continue", "backtrace",
                                  meanwhile=lambda: guest.send("i\n"))
        inlined, called = ([f for f in result["frames"] if f["kind"] == "wasm"] for result in documents.all("backtrace"))
        self.assertEqual([f["function"] for f in inlined], ["sum", "twice", "main"])
        self.assertEqual([f["function"] for f in called], ["sum", "main"])
        self.assertEqual([f["inlined"] for f in inlined + called], [True, True, False, False, False])
        self.assertEqual([f["pc"] for f in (inlined[0], called[0])], [add, add])
        self.assertEqual(shown(inlined[0]["locals"]), [("i32", 20), ("i32", 21)])
        self.assertEqual(shown(called[0]["stack"]), [("i32", 3), ("i32", 4)])
        self.ends(guest, 20 + 21 + 3 + 4)


class State(Case):
    def run_to(self, guest, *commands, options=(), status=0):
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(), "run", "-D", "guest-debug=y",
                          *options, wat(guest))
        self.assertEqual(outcome.status, status, outcome)
        return Documents(outcome)

    def test_two_activations(self):
        documents = self.run_to("scenario_activations", "break make_room", "continue", "backtrace", "up", "info globals", "delete",
                                "continue")
        frames = documents.one("backtrace")["frames"]
        self.assertEqual([(f["kind"], f["function"]) for f in frames if f["kind"] == "wasm"],
                         [("wasm", "make_room"), ("wasm", "ask"), ("wasm", "run")])
        self.assertEqual([f["kind"] for f in frames], ["wasm", "host", "wasm", "wasm"])
        inner, outer, entry = (f for f in frames if f["kind"] == "wasm")
        self.assertEqual((inner["module"], outer["module"]), ("memory", "main"))
        self.assertEqual(shown(inner["locals"])[:4], [("i32", 0), ("i32", 0), ("i32", 1), ("i32", 24)])
        self.assertEqual(shown(outer["locals"]), [("i64", 24), ("i32", 64)])
        self.assertEqual(shown(outer["stack"]), [("i64", 24), ("i32", 64)])
        self.assertEqual(shown(entry["stack"])[0], ("i32", 7))
        # The instance of the outer activation has no global.
        self.assertEqual(documents.one("info globals")["globals"], [])
        ended, = [d for d in documents if d.get("event") == "exited"]
        self.assertEqual(ended["status"], 0)

    def test_what_only_the_module_itself_reaches(self):
        documents = self.run_to("scenario_private", "break done", "continue", "info exports", "info globals", "info tables",
                                "info tags", "info memories", "info imports", "x/1xb 1024", "print $table0[1]", "print $global.own",
                                options=("--preload", f"host={wat('scenario_host')}"))
        self.assertEqual([e["name"] for e in documents.one("info exports")["exports"]], ["_start"])
        self.assertEqual([(g["name"], g["imported"], g["value"]) for g in documents.one("info globals")["globals"]],
                         [("theirs", True, 1000), ("own", False, 42)])
        table, = documents.one("info tables")["tables"]
        self.assertEqual((table["type"], table["size"], table["maximum"]), ("i31ref", 10, 10))
        self.assertEqual([t["type"] for t in documents.one("info tags")["tags"]], ["(f64)"])
        self.assertEqual([m["size"] for m in documents.one("info memories")["memories"]], [65536])
        self.assertEqual(documents.one("x")["values"], [1])
        element, own = documents.all("print")
        self.assertEqual((element["object"], own["value"]), ({"kind": "i31", "i31": 100}, 42))
        imports = {i["name"]: i for i in documents.one("info imports")["imports"]}
        self.assertEqual((imports["seven"]["function"], imports["seven"]["host"]), ("seven", False))

    def test_out_of_bounds_is_said(self):
        for command in ("print $global2", "print $table0[10]", "print $table1[0]", "x/1xb 65536"):
            with self.subTest(command=command):
                error, = self.run_to("scenario_private", "break done", "continue", command, status=1,
                                     options=("--preload", f"host={wat('scenario_host')}")).errors()
                self.assertIn(error["code"], ("not-found", "unreadable"))

    def test_shared_memory(self):
        options = ("-W", "threads=y", "-W", "shared-memory=y")
        documents = self.run_to("scenario_shared", "break done", "continue", "info memories", "x/1xw 2048",
                                "print $mem[65536:i32]", options=options)
        memory, = documents.one("info memories")["memories"]
        self.assertEqual((memory["shared"], memory["size"], memory["maximum"]), (True, 131072, 131072))
        self.assertEqual(documents.one("x")["values"], [0x12345678])
        self.assertEqual(documents.one("print")["value"], -2)
        error, = self.run_to("scenario_shared", "break done", "continue", "x/1xb 131072", options=options, status=1).errors()
        self.assertEqual(error["code"], "unreadable")

    def guests_instances(self, documents):
        return [i for i in documents.one("info instances")["instances"] if i["origin"] == "guest"]

    def test_all_instances_and_modules_of_a_store(self):
        """Two instances of one module, each with its own global, and one of another: in the order in which they were made."""
        found = self.guests_instances(self.run_to("scenario_twins", "break f2", "continue", "info instances"))
        self.assertEqual([i["module"] for i in found], ["first", "first", "second"])
        self.assertEqual(len({i["vmctx"] for i in found}), 3)
        self.assertEqual({i["store"] for i in found}, {0})
        numbers = [i["number"] for i in found]
        documents = self.run_to("scenario_twins", "break f2", "continue", "info modules", "info stores",
                                f"instance {numbers[0]}", "info globals", f"instance {numbers[1]}", "info globals")
        self.assertEqual([m["name"] for m in documents.one("info modules")["modules"]], ["first", "second"])
        self.assertEqual(len(documents.one("info stores")["stores"]), 1)
        self.assertEqual([result["globals"][0]["value"] for result in documents.all("info globals")], [111, 222])

    def test_preloaded_modules_share_the_store(self):
        documents = self.run_to("scenario_private", "break done", "continue", "info instances", "info modules",
                                options=("--preload", f"host={wat('scenario_host')}"))
        self.assertEqual([i["module"] for i in self.guests_instances(documents)], ["scenario_host", "scenario_private"])
        self.assertEqual(sorted(m["name"] for m in documents.one("info modules")["modules"]),
                         ["scenario_host", "scenario_private"])

    def test_bytecode_of_a_component(self):
        """Each core module's own instructions at its own offsets, as an independent tool has them from the component's parts."""
        first, second = (Code(path) for path in core_modules(wat("scenario_twins")))
        documents = self.run_to("scenario_twins", "break f2", "continue", "disassemble f1", "disassemble f2", "disassemble run")
        for result, code in zip(documents.all("disassemble"), (first, second, second)):
            with self.subTest(function=result["function"]):
                *body, end = result["instructions"]
                self.assertEqual([i["text"].split(" <")[0].split()[0] for i in body],
                                 [code.text[i["pc"]].split()[0] for i in body])
                self.assertEqual([code.next[i["pc"]] for i in body], [i["pc"] for i in body[1:]] + [end["pc"]])
        outcome = outpost("inspect", "--json", compiled(wat("scenario_twins"), NEWEST, "-D", "guest-debug=y"))
        self.assertEqual([(m["name"], m["recorded"]["bytecode"]) for m in json.loads(outcome.out)["modules"]],
                         [("first", True), ("second", True)])


class Embedded(Case):
    """A host program with Wasmtime 50 in it (tests/guests/scenario_embedded.py). Its code has no guest-debug: the C API cannot ask."""

    def host(self):
        guest = Guest(None, command=[VENV / "python", GUESTS / "scenario_embedded.py", wat("scenario_embedded")])
        self.addCleanup(guest.__exit__)
        return sleeping(guest.ready())

    def ends(self, guest):
        self.assertUndisturbed(guest, lambda rounds: 45, "\n\n")

    def test_no_activation(self):
        """The store is there with all it has, and no thread is in it."""
        guest = self.host()
        documents = self.attached(guest, "info stores", "info instances")
        store, = documents.one("info stores")["stores"]
        self.assertEqual((store["in_activation"], store["threads"], store["suspended"]), (False, [], []))
        instance, = [i for i in documents.one("info instances")["instances"] if i["origin"] == "guest"]
        self.assertEqual(instance["module"], "scenario_embedded")
        documents = self.attached(guest, f"instance {instance['number']}", "info globals", "x/8cb 100", "info tables",
                                  "print $table0[2]", "info memories")
        self.assertEqual([g["value"] for g in documents.one("info globals")["globals"]], [5, -1])
        self.assertEqual(bytes(documents.one("x")["values"]), b"embedded")
        self.assertEqual([t["size"] for t in documents.one("info tables")["tables"]], [3])
        self.assertIn("inner", documents.one("print")["text"])
        error, = self.attached(guest, "backtrace", status=1).errors()
        self.assertEqual(error["code"], "wrong-state")
        self.ends(guest)

    def test_two_activations_without_guest_debug(self):
        guest = self.host()
        guest.send("\n")
        guest.wait_line("waiting")
        documents = self.attached(sleeping(guest), "backtrace", "info globals", "info instances")
        frames = documents.one("backtrace")["frames"]
        self.assertEqual([(f["kind"], f["function"]) for f in frames],
                         [("host", "wait"), ("wasm", "inner"), ("host", "enter"), ("wasm", "middle"), ("wasm", "outer")])
        code = instructions(wat("scenario_embedded"))
        for frame in frames:
            if frame["kind"] == "wasm":
                self.assertTrue(dict(code[frame["function"]])[frame["pc"]].startswith("call "))
        self.assertEqual([g["value"] for g in documents.one("info globals")["globals"]], [5 + 40, -1])
        self.assertUndisturbed(guest, lambda rounds: 45)


if __name__ == "__main__":
    unittest.main()
