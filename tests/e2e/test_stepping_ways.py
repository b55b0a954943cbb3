# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps, finish, until and advance along every way from one function to another, on the newest Wasmtime and on 44.

Where each ends is told by the module's bytes as an independent tool shows them. The guest, steps.wat, traps unless it has
computed what it should: that it exits with 0 is the proof that no step has disturbed it.
"""

import unittest

from harness import NEWEST, Case, Documents, instructions, outpost, script, wasmtime, wat

VERSIONS = (NEWEST, "44.0.1")
# The code is compiled anew each time: no test depends on what another has left in the cache.
FEATURES = ("-W", "exceptions=y,function-references=y,tail-call=y", "-C", "cache=n")
GUEST = wat("steps")
CODE = instructions(GUEST)


def first(function):
    return CODE[function][0][0]


def place(function, text, count=0):
    """The pc of an instruction of a function: the one that is written so."""
    return [pc for pc, written in CODE[function] if written == text][count]


def behind(function, pc):
    """The pc of the instruction after that."""
    pcs = [p for p, _ in CODE[function]]
    return pcs[pcs.index(pc) + 1]


class Ways(Case):
    def launched(self, *commands, version=NEWEST, module=GUEST, status=0):
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(version), "run", "-D",
                          "guest-debug=y", *FEATURES, module)
        self.assertEqual(outcome.status, status, outcome)
        return Documents(outcome)

    def to_the_end(self, *commands, reason="step"):
        """Each of the last commands' stops on each version, the same on all; then the guest goes on to its end."""
        results = []
        for version in VERSIONS:
            documents = self.launched(*commands, "delete", "continue", version=version)
            self.assertEqual([d["status"] for d in documents if d.get("event") == "exited"], [0], version)
            results.append([(s["frame"]["function"], s["frame"]["pc"]) for s in documents.stops(reason)])
        self.assertEqual(results[0], results[1])
        return results[0]

    def test_stepi_along_tail_calls(self):
        for tail in ("tail", "tail_indirect", "tail_ref"):
            with self.subTest(tail=tail):
                pc, text = CODE[tail][-1]  # the `end` behind it has no line
                self.assertTrue(text.startswith("return_call"), text)
                stops = self.to_the_end(f"tbreak {tail}", "continue", f"stepi {len(CODE[tail]) - 1}", "stepi", "backtrace",
                                        "finish")
                call = place("all", f"call ${tail}")
                self.assertEqual(stops, [(tail, pc), ("add_one", first("add_one")), ("all", behind("all", call))])

    def test_nexti_over_a_tail_call_is_back_in_the_caller(self):
        for tail in ("tail", "tail_indirect", "tail_ref"):
            with self.subTest(tail=tail):
                stops = self.to_the_end(f"tbreak {tail}", "continue", f"nexti {len(CODE[tail])}")
                self.assertEqual(stops, [("all", behind("all", place("all", f"call ${tail}")))])

    def test_call_ref(self):
        call = next(pc for pc, text in CODE["by_ref"] if text.startswith("call_ref"))
        self.assertEqual(self.to_the_end(f"tbreak *{call:#x}", "continue", "stepi"), [("add_one", first("add_one"))])
        self.assertEqual(self.to_the_end(f"tbreak *{call:#x}", "continue", "nexti"), [("by_ref", behind("by_ref", call))])

    def test_a_throw_into_an_outer_frame(self):
        """Whoever steps over the throw, or out of a frame between, comes to the handler."""
        handler = place("catch", "i32.const 100")
        throw = place("pitch", "throw $ball")
        for command in ("stepi", "nexti", "finish", "until", "advance all"):
            with self.subTest(command=command):
                self.assertEqual(self.to_the_end(f"tbreak *{throw:#x}", "continue", command), [("catch", handler)])
        results = self.launched(f"tbreak *{throw:#x}", "continue", "finish").stops("step")[0]["results"]
        self.assertEqual(results["message"], "the function was left by an exception")
        call = place("between", "call $pitch")
        self.assertEqual(self.to_the_end(f"tbreak *{call:#x}", "continue", "nexti"), [("catch", handler)])
        call = place("catch", "call $between")
        self.assertEqual(self.to_the_end(f"tbreak *{call:#x}", "continue", "nexti"), [("catch", handler)])

    def test_counts(self):
        """stepi N is N times stepi, and so for nexti."""
        for command, count in (("stepi", 7), ("nexti", 9)):
            with self.subTest(command=command):
                together = self.to_the_end("tbreak down", "continue", f"{command} {count}")
                alone = self.to_the_end("tbreak down", "continue", *[command] * count)
                self.assertEqual(len(alone), count)
                self.assertEqual(together, alone[-1:])

    def test_a_breakpoint_ends_a_count(self):
        """Also where the step would have gone on over it: it is one slot with two owners."""
        call = place("all", "call $by_ref")
        for version in VERSIONS:
            documents = self.launched(f"tbreak *{call:#x}", "continue", "break add_one", "nexti 5", "stepi", "info breakpoints",
                                      "delete", "continue", version=version)
            self.assertEqual([(s["reason"], s["frame"]["function"], s["frame"]["pc"]) for s in documents.stops()[2:]],
                             [("breakpoint", "add_one", first("add_one")), ("step", "add_one", CODE["add_one"][1][0])])
            self.assertEqual([b["hits"] for b in documents.one("info breakpoints")["breakpoints"]], [1])

    def test_a_step_onto_a_slot_with_a_breakpoint(self):
        """A breakpoint that does not mean it (false condition, ignored) leaves the slot to the step."""
        third = CODE["turn"][2][0]
        for setting, reason in ((f"break *{third:#x}", "breakpoint"), (f"break *{third:#x} if n == 1000", "step")):
            for version in VERSIONS:
                documents = self.launched("tbreak turn", "continue", setting, "stepi 2", "delete", "stepi", "continue",
                                          version=version)
                last = documents.stops()[2:]
                self.assertEqual([(s["reason"], s["frame"]["pc"]) for s in last], [(reason, third), ("step", CODE["turn"][3][0])])
        documents = self.launched("tbreak turn", "continue", f"break *{third:#x}", "ignore $bpnum 1", "stepi 2", "info breakpoints")
        self.assertEqual(documents.stops()[-1]["reason"], "step")
        self.assertEqual(documents.one("info breakpoints")["breakpoints"][0]["hits"], 1)

    def test_several_breakpoints_at_one_place(self):
        documents = self.launched("break turn", "tbreak turn", "break turn if n == 1000", "break turn if n == 5", "continue",
                                  "info breakpoints", "stepi", "info breakpoints", "continue")
        stop, = documents.stops("breakpoint")
        self.assertEqual((stop["breakpoint"], stop["breakpoints"]), (1, [1, 2, 4]))
        before, after = ([(b["number"], b["hits"]) for b in listed["breakpoints"]] for listed in documents.all("info breakpoints"))
        self.assertEqual(before, [(1, 1), (2, 1), (3, 0), (4, 1)])
        self.assertEqual(after, [(1, 1), (3, 0), (4, 1)])

    def test_until_runs_a_loop_to_its_end(self):
        back = place("turn", "br_if $again")
        for version in VERSIONS:
            documents = self.launched(f"tbreak *{back:#x}", "continue", "info locals", "until", "info locals", "continue",
                                      version=version)
            before, after = ([v["value"] for v in listed["locals"]] for listed in documents.all("info locals"))
            self.assertEqual((before, after), ([4, 5], [0, 15]))
            self.assertEqual(documents.stops("step")[0]["frame"]["pc"], behind("turn", back))

    def test_until_goes_forwards_like_nexti(self):
        pcs = [pc for pc, _ in CODE["turn"]]
        stops = self.to_the_end("tbreak turn", "continue", *["until"] * (len(pcs) - 1))
        self.assertEqual(stops, [("turn", pc) for pc in pcs[1:]])

    def test_until_at_the_end_of_a_function_is_in_its_caller(self):
        last = CODE["add_one"][-1][0]
        call = next(pc for pc, text in CODE["by_ref"] if text.startswith("call_ref"))
        stops = self.to_the_end("tbreak by_ref", "continue", f"tbreak *{last:#x}", "continue", "until", "until")
        self.assertEqual(stops, [("add_one", last + 1), ("by_ref", behind("by_ref", call))])

    def test_until_place_and_advance_in_a_recursion(self):
        """down(3): the innermost addition is down(1)'s. until means the selected frame, advance any."""
        add = place("down", "i32.add")
        for command, frame, expected in (("until", 0, 3), ("advance", 0, 1), ("until", 1, 3)):
            for version in VERSIONS:
                with self.subTest(command=command, frame=frame, version=version):
                    prepare = ["tbreak down", "continue"]
                    if frame:
                        prepare += ["tbreak down", "continue", f"frame {frame}"]
                    documents = self.launched(*prepare, f"{command} *{add:#x}", "info locals", "continue", version=version)
                    stop = documents.stops("step")[-1]
                    self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), ("down", add))
                    self.assertEqual(documents.one("info locals")["locals"][0]["value"], expected)

    def test_until_a_place_in_another_function(self):
        for command in ("until", "advance"):
            stops = self.to_the_end("tbreak all", "continue", f"{command} by_ref")
            self.assertEqual(stops, [("by_ref", first("by_ref"))])

    def test_the_frame_returns_before_the_place(self):
        for command in ("until", "advance"):
            stops = self.to_the_end("tbreak by_ref", "continue", f"{command} turn")
            self.assertEqual(stops, [("all", behind("all", place("all", "call $by_ref")))])

    def test_a_breakpoint_on_the_way_to_a_place(self):
        documents = self.launched("tbreak all", "continue", "tbreak by_ref", "until turn", "continue")
        self.assertEqual([(s["reason"], s["frame"]["function"]) for s in documents.stops()[2:]], [("breakpoint", "by_ref")])

    def test_until_without_a_place(self):
        error, = self.launched("tbreak all", "continue", "until nowhere", status=1).errors()
        self.assertEqual((error["code"], error["message"]), ("not-found", 'no function is named "nowhere"'))
        error, = self.launched("tbreak all", "continue", "advance turn if n", status=1).errors()
        self.assertEqual(error["code"], "syntax")

    def test_the_end_of_the_guest(self):
        """A step out of its outermost function; after that it is the host's until the process ends."""
        for command in ("nexti 20", "stepi 200", "until turn", "advance turn"):
            for version in VERSIONS:
                with self.subTest(command=command, version=version):
                    last = CODE["start"][-1][0]
                    documents = self.launched(f"tbreak *{last:#x}", "continue", command, "continue", version=version)
                    stop = documents.stops()[-1]
                    self.assertEqual((stop["reason"], stop["frame"]), ("guest-returned", None))
                    self.assertEqual([d["status"] for d in documents if d.get("event") == "exited"], [0])

    def test_the_host_calls_back(self):
        """A call of the host in which the host calls the guest's realloc: stepi goes there, the others do not."""
        module = wat("scenario_activations")
        for version in VERSIONS:
            for command, expected in (("stepi", ("make_room", "global.get 0")), ("nexti", ("ask", "local.get 1")),
                                      ("until", ("ask", "local.get 1")), ("advance make_room", ("make_room", "global.get 0"))):
                with self.subTest(command=command, version=version):
                    documents = self.launched("tbreak ask", "continue", "nexti 2", command, "backtrace", "continue",
                                              module=module, version=version)
                    stop = documents.stops("step")[-1]
                    self.assertEqual((stop["frame"]["function"], stop["instruction"].split(" <")[0]), expected)
                    self.assertEqual([d["status"] for d in documents if d.get("event") == "exited"], [0])

    def test_out_of_a_callback(self):
        """finish and until out of what the host has called go back to the host, and that call ends in the guest."""
        module = wat("scenario_activations")
        for command in ("finish", "until ask", "nexti 50"):
            documents = self.launched("tbreak make_room", "continue", command, "continue", module=module)
            stop = documents.stops()[-1]
            self.assertEqual(stop["reason"], "step" if command == "finish" else "guest-returned")
            self.assertEqual([d["status"] for d in documents if d.get("event") == "exited"], [0])


class WithoutGuestDebug(Case):
    def run_to(self, *commands, status=0):
        outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(), "run", *FEATURES, GUEST)
        self.assertEqual(outcome.status, status, outcome)
        return Documents(outcome)

    def test_advance_and_until_a_function(self):
        for command, place_name, expected in (("advance", "turn", "turn"), ("until", "turn", "turn"), ("advance", "down", "down"),
                                              ("until", "down", "all")):
            with self.subTest(command=command, place=place_name):
                at = "down" if place_name == "down" else "all"
                documents = self.run_to(f"tbreak {at}", "continue", f"{command} {place_name}", "backtrace", "continue")
                self.assertEqual(documents.stops("step")[0]["frame"]["function"], expected)
                self.assertEqual([d["status"] for d in documents if d.get("event") == "exited"], [0])

    def test_until_needs_guest_debug(self):
        error, = self.run_to("tbreak all", "continue", "until", status=1).errors()
        self.assertEqual(error["code"], "unsupported")


if __name__ == "__main__":
    unittest.main()
