# SPDX-License-Identifier: GPL-3.0-or-later
"""finish: what functions of C, C++ and Rust returned is what the guests themselves print that they got."""

import re
import unittest

from harness import GUESTS, Case, Documents, c, outpost, rust, script, wasmtime, why_no_newer_rust, why_no_rust

FLAGS = ("-g", "-O0", "-fno-sanitize=undefined")
GUEST_DEBUG = ("-D", "guest-debug=y")


class Finish(Case):
    def conversation(self, module, *commands, options=GUEST_DEBUG, arguments=(), first=()):
        """(what outpost says, what the guest says) from the first instruction to the end."""
        outcome = outpost("run", "--batch", "--json", *script(*commands, "continue"), "--", wasmtime(), "run", *options, *first, module,
                          *arguments)
        self.assertEqual(outcome.status, 0, outcome)
        lines = outcome.out.splitlines()
        outcome.out = "\n".join(line for line in lines if line.startswith('{"'))
        return Documents(outcome), dict(line.split(" = ", 1) for line in lines if " = " in line and not line.startswith('{"'))

    def finished(self, module, *functions, commands=(), **more):
        """{function: the stop after it}, what the commands at the end said, and what the guest printed."""
        steps = [command for name in functions for command in (f"tbreak {name}", "continue", "finish")]
        documents, said = self.conversation(module, *steps, *commands, **more)
        stops = documents.stops("step")
        self.assertEqual(len(stops), len(functions))
        return dict(zip(functions, stops)), documents, said


def texts(stops):
    return {name: stop["returned"]["text"] for name, stop in stops.items() if "returned" in stop}


def functions(source, pattern):
    """Those of a source file that are not inlined, in the order in which main() calls them."""
    text = (GUESTS / source).read_text()
    found = re.findall(pattern, text, re.MULTILINE)
    return [name for name in found if not name.startswith("say_")]


class OfC(Finish):
    def module(self):
        return c("returned", *FLAGS)

    def names(self):
        return functions("returned.c", r"^FUNCTION [\w ]*?\W?(\w+)\(")

    def test_every_type_in_every_way(self):
        self.every_type(self.module())

    def test_optimised_by_the_guests_compiler(self):
        self.every_type(c("returned", "-gdwarf-4", "-O2", "-fno-sanitize=undefined"))

    def every_type(self, module):
        # What was returned is $1, $2, ...: a number that one can calculate with, a struct with members.
        names = self.names()
        number = {name: index for index, name in enumerate(names, 1)}
        stops, documents, said = self.finished(
            module, *names, commands=("print $1 - 1", f"print ${number['nested']}.to.y", f"print ${number['where']}->x",
                                             f"whatis ${number['paint']}", "print $"))
        self.assertEqual(len(names), 30)
        self.assertEqual(texts(stops), {name: value for name, value in said.items() if name in number})
        self.assertEqual([result["text"] for result in documents.all("print")][:3], ["-43", "4", said["origin"]])
        self.assertEqual(documents.one("whatis")["type"], "enum color")
        self.assertEqual([stop["returned"]["history"] for name, stop in stops.items() if name in said], list(range(1, 29)))
        # What Wasm returned is told too, where it returned something.
        results = {name: stop.get("results") for name, stop in stops.items()}
        self.assertEqual(results["paint"], [{"type": "i32", "value": 2}])
        self.assertEqual(results["is_even"], [{"type": "i32", "value": 0}])
        self.assertEqual(results["half"], [{"type": "f32", "value": 2.5}])
        self.assertEqual([name for name, value in results.items() if value is None],
                         ["quarter", "wide", "one_of_two", "moved", "renamed", "nested", "turned", "nothing", "none"])

    def test_one_line_of_text(self):
        outcome = outpost("run", "--batch", "--color=never", *script("tbreak paint", "continue", "finish", "tbreak none", "continue",
                                                                     "finish", "print $", "continue"),
                          "--", wasmtime(), "run", *GUEST_DEBUG, self.module())
        self.assertEqual(outcome.status, 0, outcome)
        self.assertEqual(re.findall("^Returned.*", outcome.out, re.MULTILINE), ["Returned value: $1 = BLUE"])
        self.assertIn("\n$2 = BLUE\n", outcome.out)

    def test_an_outer_frame(self):
        stops, _, said = self.finished(self.module(), "nested if depth == 0")
        stop, = stops.values()
        self.assertEqual((stop["frame"]["function"], stop["returned"]["text"]), ("nested", said["nested"]))
        documents, said = self.conversation(self.module(), "tbreak nested if depth == 0", "continue", "frame 2", "finish")
        stop, = documents.stops("step")
        self.assertEqual((stop["frame"]["function"], stop["returned"]["text"]), ("main", said["nested"]))

    def test_code_that_records_nothing(self):
        # A value in memory is where an argument says, which is known at the function's first machine instruction only.
        names = ["far_away", "half", "paint", "name", "alone", "real", "moved"]
        stops, _, said = self.finished(self.module(), *names, options=())
        self.assertEqual(texts(stops), {name: said[name] for name in names[:-1]})
        missing = stops["moved"]["results"]["message"]
        self.assertIn("a struct point in memory whose address is not known: Wasm local 0", missing)

    def test_into_the_host(self):
        module = c("returned", *FLAGS, "-Wl,--export=nested", "-Wl,--export=name")
        for options in (GUEST_DEBUG, ()):
            for function, arguments, text in [("nested", ("1048576", "0"), r'\{from = \{x = 1, .*, name = 0x[0-9a-f]+ "nested", .*\}'),
                                              ("name", (), r'0x[0-9a-f]+ "a \\"name\\""')]:
                with self.subTest(options=options, function=function):
                    documents, _ = self.conversation(module, "finish", options=options, first=("--invoke", function),
                                                     arguments=arguments)
                    stop, = documents.stops("step")
                    self.assertIsNone(stop["frame"])
                    self.assertRegex(stop["returned"]["text"], f"^{text}$")

    def test_without_debug_information_it_is_wasms(self):
        guest = self.guest("calls")
        documents = self.attached(guest, "tbreak choose", "continue", "finish", "print $ + 1")
        stop = documents.stops("step")[-1]
        self.assertEqual(stop["returned"], {"history": 1})
        self.assertEqual(documents.one("print")["value"], stop["results"][0]["value"] + 1)


class OfCxx(Finish):
    def test_every_type_in_every_way(self):
        names = functions("returned.cc", r"^FUNCTION .*?(\w+)\((?:\w+ \w+|int &n|)\)$")
        names += ["ns::Shape::moved", "ns::Shape::color", "ns::same<long long>"]
        stops, _, said = self.finished(c("returned", *FLAGS, "-std=c++17", "-fno-exceptions", suffix=".cc"), *names)
        self.assertEqual(len(names), 15)
        self.assertEqual(texts(stops), said)


class OfRust(Finish):
    @unittest.skipIf(why_no_rust(), why_no_rust())
    def test_every_type_in_every_way(self):
        self.check(rust("returned", "-g", "--edition=2021"))

    @unittest.skipIf(why_no_newer_rust(), why_no_newer_rust())
    def test_with_a_newer_compiler(self):
        self.check(rust("returned", "-g", "--edition=2021", newer=True))

    def check(self, module):
        names = functions("returned.rs", r"^fn (\w+)\(.*->") + ["returned::unit"]
        stops, _, said = self.finished(module, *names)
        self.assertEqual(len(names), 25)
        # {:?} has spaces where a debugger has none.
        self.assertEqual(texts(stops), {name: value.replace("{ ", "{").replace(" }", "}") for name, value in said.items()})


if __name__ == "__main__":
    unittest.main()
