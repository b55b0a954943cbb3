# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of C, C++ and Rust: what outpost prints is what the guest prints of itself.

Each guest of tests/guests/source_* writes a table: an expression, a tab, and its value as outpost has to write it, made
from the value itself; "stop" where it calls stop(), at which all rows since the last one hold in the caller's frame.
"""

import re
import subprocess
import unittest

from harness import LIMIT, Case, Documents, c, have_rust, outpost, rust, script, wasmtime, why_no_newer_rust


class Values(Case):
    """Common to the languages: a guest's tables, and what outpost shows at its stops."""

    def tables(self, module):
        said = subprocess.run([wasmtime(), "run", module], check=True, capture_output=True, text=True,
                              timeout=LIMIT).stdout
        *parts, last = said.split("stop\n")
        self.assertRegex(last, r"^done\t")
        return said, [[line.split("\t", 1) for line in part.splitlines()] for part in parts]

    def shown(self, module, stop, commands, options=("--json",), status=0, up="up", end=("continue",)):
        """Outpost's output of commands in the frame that calls stop() for the time number `stop`. Without an end the guest is killed."""
        outcome = outpost("run", "--batch", "--color=never", *options,
                          *script("tbreak stop", *["continue", "tbreak stop"] * stop, "continue", up, *commands, *end),
                          "--", wasmtime(), "run", "-D", "guest-debug=y", module)
        self.assertEqual(outcome.status, status, outcome)
        return outcome

    def answers(self, module, stop, *commands, up="up"):
        """What each command shows in the frame that calls stop() for the time number `stop`, or its error; read from a pipe, where an error
        does not end the session."""
        before = ["tbreak stop", *["continue", "tbreak stop"] * stop, "continue", up]
        lines = [*before, *(part for command in commands for part in ("echo <<\\n", command)), "echo <<\\n", "delete", "continue"]
        outcome = outpost("run", "-q", "-n", "--json", "--", wasmtime(), "run", "-D", "guest-debug=y", module, input="\n".join(lines) + "\n")
        self.assertIn("\ndone\t", outcome.out)
        documents, _ = self.documents(outcome)
        results = [d for d in documents if d.get("command") in ("print", "set", "ptype", "whatis", "break")]
        self.assertEqual(len(results), len(commands), outcome)
        return [d["result"].get("text") if d["ok"] else d["error"]["message"] for d in results]

    def check_answers(self, module, stop, rows, up="up"):
        """Expressions, and their values or a part of the sentence that says why there is none."""
        for (expression, expected), answer in zip(rows, self.answers(module, stop, *(f"print {row[0]}" for row in rows), up=up)):
            with self.subTest(expression=expression):
                self.assertIn(expected, answer) if " " in expected or '"' in expected else self.assertEqual(answer, expected)

    def compare_counts(self, module, method, least, without=()):
        """What a container says of itself is how many elements it is shown with."""
        asked = 0
        for stop, table in enumerate(self.tables(module)[1]):
            found = [(name, re.match(r"[\w:<>]*( of length| with) ([0-9]+)( element|,| =|$)", value)) for name, value in table]
            rows = [(f"{name}.{method}()", match[2]) for name, match in found if match and re.fullmatch(r"[\w.]+", name) and name not in without]
            self.check_answers(module, stop, rows)
            asked += len(rows)
        self.assertGreaterEqual(asked, least)

    def documents(self, outcome):
        lines = outcome.out.splitlines(keepends=True)
        outcome.out = "".join(line for line in lines if line.startswith("{\""))
        return Documents(outcome), "".join(line for line in lines if not line.startswith("{\""))

    def at(self, module, place, *commands):
        """Text of commands at an instruction, or where a function begins."""
        outcome = outpost("run", "--batch", "--color=never", *script(f"tbreak {place}", "continue", *commands), "--",
                          wasmtime(), "run", "-D", "guest-debug=y", module)
        self.assertEqual(outcome.status, 0, outcome)
        return outcome.out

    def compare(self, module):
        said, tables = self.tables(module)
        for stop, table in enumerate(tables):
            outcome = self.shown(module, stop, [f"print {row[0]}" for row in table])
            documents, output = self.documents(outcome)
            results = [d for d in documents if d.get("command") == "print"]
            self.assertEqual(len(results), len(table), outcome)
            for (expression, expected), document in zip(table, results):
                with self.subTest(expression=expression):
                    self.assertTrue(document["ok"], document)
                    self.assertEqual(document["result"]["text"], expected)
            self.assertEqual(output, said, "the guest was disturbed")

    def compare_optimised(self, module, parts=(), up="up"):
        """Each variable has the value that it must have, or the reason why it has none. Parts: those that are half known."""
        known = 0
        for stop, table in enumerate(self.tables(module)[1]):
            lines = self.shown(module, stop, ["info locals", "info args"], (), up=up).out.splitlines()
            shown = dict(line.split(" = ", 1) for line in lines if re.match(r"\w+ = ", line))
            for name, expected in table:
                if name not in shown or re.fullmatch("<optimised out( here[:;] .*)?>", shown[name]):
                    continue
                value = re.sub("<optimised out>( <repeats [0-9]+ times>)?", "?", shown[name])
                if "?" in value and value != expected and name not in parts:
                    self.assertRegex(value, r"(\?|<it is optimised out in part>)[})]*$", name)
                    continue
                with self.subTest(module=module.name, name=name):
                    self.assertEqual(value, dict(parts).get(name, expected))
                    known += 1
        self.assertGreater(known, 10)


class C(Values):
    def test_optimised_code(self):
        for dwarf in (4, 5):
            self.compare_optimised(c("source_c", f"-gdwarf-{dwarf}", "-O2", "-fno-sanitize=undefined"),
                                   {"zeros": "{0, 0, 0, 0, 0, ?, 9}"})

    def test_a_value_on_the_operand_stack(self):
        module = c("source_c", "-gdwarf-5", "-O2", "-fno-sanitize=undefined")
        said = self.at(module, "__wasi_fd_write", "info locals")
        found = re.search(r"ret = <optimised out here; available at (0x[0-9a-f]+)-(0x[0-9a-f]+)>", said)
        self.assertTrue(found, said)
        self.assertRegex(self.at(module, f"*{found[1]}", "info locals", "info stack"), r"ret = 0\n\$stack0 = \(i32\) 0\n")

    def test_a_value_that_was_taken_from_the_operand_stack(self):
        # LLVM says that text is the second operand of all of this code; it is, at one instruction of it.
        module = c("source_c", "-gdwarf-5", "-O2", "-fno-sanitize=undefined")
        self.assertRegex(self.at(module, "scalars", "info args"), "text = <optimised out here: it was on the operand stack, and")

    def test_values_dwarf_4(self):
        self.compare(c("source_c", "-g", "-fno-sanitize=undefined"))

    def test_values_dwarf_5(self):
        self.compare(c("source_c", "-gdwarf-5", "-fno-sanitize=undefined"))

    def text(self, *commands, module=None, stop=1):
        """What commands say at the second stop, without the guest's and the stops' own lines."""
        said = self.shown(module or c("source_c", "-g", "-fno-sanitize=undefined"), stop, ["echo <<\\n", *commands, "echo >>\\n"], ()).out
        return said.split("<<\n")[1].split(">>\n")[0]

    def test_info_locals_and_args(self):
        said = self.text("info locals", "info args")
        self.assertRegex(said, r"(?m)^first = \{key = 1, next = 0x[0-9a-f]+, at = \{x = 10, y = 20\}, "
                               r"\{anonymous = 77, other = 77\}, name = \"first\"\}$")
        self.assertRegex(said, r"(?m)^none = \(struct node \*\) 0x0$")
        self.assertRegex(said, r"(?m)^variable = \{0, 1, 4, 9\}$")
        self.assertTrue(said.endswith("\nlength = 4\n"), said)
        self.assertNotIn("__vla_expr", said)

    def test_wasm_locals_are_still_there(self):
        self.assertIn("$local0 = 4\n", self.text("info locals -wasm"))
        guest = self.guest("calls")
        self.assertIn("n = ", self.attached_text(guest, "tbreak fib", "continue", "info locals"))

    def test_static_variables_of_functions(self):
        module = c("source_c", "-g", "-fno-sanitize=undefined")
        self.check_answers(module, 0, [("sizeof(main::output)", "16384"), ("output", "nothing that can be seen in "), ("main::nosuch", '"main::nosuch"')])

    def test_ptype_and_whatis(self):
        for command, expected in (
                ("whatis first", "struct node"), ("whatis &first.at", "struct point *"), ("whatis first.name", "char [8]"),
                ("whatis call", "operation"), ("ptype call", "int (*)(int, int)"), ("whatis numbers[1] + 1", "int"),
                ("ptype enum color", "enum color {RED, GREEN = 5, BLUE = -3}"), ("whatis matrix[0]", "double [2]"),
                ("whatis $local0", "i32"), ("ptype struct point", "struct point {\n    int x;\n    int y;\n}"),
                ("ptype bits", "struct bits {\n    unsigned int first : 3;\n    int second : 5;\n"
                               "    unsigned long long wide : 40;\n    _Bool flag : 1;\n    enum flags access : 3;\n}"),
                ("ptype/o numbers", "int [5]")):
            with self.subTest(command=command):
                self.assertEqual(self.text(command), f"type = {expected}\n")

    def test_layouts(self):
        shown = self.text("ptype/o first").splitlines()
        self.assertEqual(shown[0], "/* offset      |    size */  type = struct node {")
        places = [re.fullmatch(r"/\* +([0-9]+)      \| +([0-9]+) \*/ +(.*);", line) for line in shown]
        found = [(re.findall(r"\w+", place[3].split("[")[0])[-1], place[1], place[2]) for place in places if place]
        self.assertGreater(len(found), 3)
        for name, offset, size in found:
            self.assertEqual(self.text(f"print (int) ((char *) &first.{name} - (char *) &first)"), f"$1 = {offset}\n", name)
            self.assertEqual(self.text(f"print (int) sizeof(first.{name})"), f"$1 = {size}\n", name)

    def test_lists_of_types_and_variables(self):
        self.assertRegex(self.text("info types operation"), r"(?s)^File .*source_c\.c \(source_c\.wasm\):\n"
                                                            r"\d+ +typedef int \(\*operation\)\(int, int\);\n$")
        self.assertRegex(self.text("info variables gri?"), r"\n\d+ +struct point grid\[2\]\[3\];\n$")
        self.assertEqual(self.text("info variables no_such_*"), "The debug information names no variables like that.\n")

    def test_settings(self):
        pretty = "{\n  key = 1,\n  at = {\n    x = 10,\n    y = 20\n  },"
        said = self.text("set print pretty on", "output first")
        self.assertEqual(re.sub(r"  next = 0x[0-9a-f]+,\n", "", said)[:len(pretty)], pretty)
        for setting, expression, expected in (
                ("elements 2", "numbers", "{1, 2...}"), ("elements 3", "first.name", '"fir"...'),
                ("repeats unlimited", "zeros", "{" + "0, " * 29 + "9}"), ("max-depth 1", "grid", "{{...}, {...}}"),
                ("max-depth 2", "grid", "{{{...}, {...}, {...}}, {{...}, {...}, {...}}}")):
            with self.subTest(setting=setting):
                self.assertEqual(self.text(f"set print {setting}", f"output {expression}"), expected)

    def test_formats(self):
        for command, expected in (("output/x numbers", "{0x1, 0x2, 0x3, 0x5, 0x8}"), ("output/t first.key", "1"),
                                  ("output/d 'a'", "97"), ("output/x first.at", "{x = 0xa, y = 0x14}")):
            with self.subTest(command=command):
                self.assertEqual(self.text(command), expected)


class Cxx(Values):
    def test_optimised_code(self):
        self.compare_optimised(c("source_cxx", "-g", "-O2", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc"))

    def test_values(self):
        self.compare(c("source_cxx", "-g", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc"))

    def test_what_containers_say_of_themselves(self):
        for version in (None, "0.12.1", "0.15.2"):
            with self.subTest(version=version):
                module = c("source_cxx", "-g", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc", version=version)
                self.compare_counts(module, "size", 8)
                stop = next(i for i, table in enumerate(self.tables(module)[1]) if any(row[0] == "owned" for row in table))
                self.check_answers(module, stop, [
                    ("*owned.get()", "8"), ("unowned.get() == 0", "true"), ("*other.get()", "9"), ("some.has_value()", "true"),
                    ("never.has_value()", "false"), ("text->size()", "5"), ("nested[1].size()", "2"), ("numbers.empty()", "false"),
                    ("pair.size()", "2"), ("numbers.front()", "does not call functions"), ("couple.size()", "does not call functions")])

    def test_values_of_libcxx_17(self):
        self.compare(c("source_cxx", "-g", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc", version="0.12.1"))

    def test_operators_of_library_types(self):
        module = c("source_cxx", "-g", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc")
        stop = next(i for i, table in enumerate(self.tables(module)[1]) if any(row[0] == "owned" for row in table))
        self.check_answers(module, stop, [
            ("*owned", "8"), ("*owned + 1", "9"), ("*unowned", "it is null now"), ("*shared", "9"), ("*some", "42"), ("*text", '"there"'),
            ("*never", "it has no value now"), ("numbers[2]", "3"), ("numbers[numbers[0]]", "2"), ("numbers[3]", "no element 3, it has 3"),
            ("numbers[-1]", "no element -1, it has 3"), ("none[0]", "no element 0, it has 0"), ("numbers[1..3]", "{2, 3}"),
            ("numbers[1..4]", "no element 3, it has 3"), ("nested[1][1]", "3"), ("nested[0][1]", "no element 1, it has 1"),
            ("pair[1]", "2"), ("pair[2]", "no element 2, it has 2"), ("bits[1]", "false"), ("chain[0]", "has no elements"),
            ("*couple", "is no number: choose a part of it")])

    def test_what_a_base_class_is_part_of(self):
        module = c("source_cxx", "-g", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc")
        stop = next(i for i, table in enumerate(self.tables(module)[1]) if any(row[0] == "base->id" for row in table))
        commands = ["output circle", "echo \\n", "output *base", "echo \\n", "set print object on", "output *base", "echo \\n",
                    "output shape", "echo \\n", "output both", "echo \\n", "output *&diamond", "echo \\n"]
        said = self.shown(module, stop, ["echo <<\\n", *commands, "echo >>\\n"], ()).out.split("<<\n")[1].split(">>\n")[0]
        circle, base, whole, shape, both, diamond = said.splitlines()
        self.assertIn("radius = 1.5", circle)
        self.assertNotIn("radius", base)
        self.assertEqual(whole, circle)
        self.assertTrue(shape.endswith(circle), shape)
        # What has no vtable, and what is whole.
        self.assertTrue(both.endswith("both = 3}"), both)
        self.assertTrue(diamond.endswith("last = 14}"), diamond)

    def test_what_a_virtual_base_is_part_of(self):
        module = c("source_cxx", "-g", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc")
        stop = next(i for i, table in enumerate(self.tables(module)[1]) if any(row[0] == "thin" for row in table))
        parts = ("*virtual_base", "*upper", "*&side", "*thin", "side")
        commands = [part for value in ("bottom", *parts, "*first", "diamond") for part in (f"output {value}", "echo \\n")]
        said = self.shown(module, stop, ["echo <<\\n", "output *virtual_base", "echo \\n", "set print object on", *commands, "echo >>\\n"], ()).out
        plain, bottom, *wholes, first, diamond = said.split("<<\n")[1].split(">>\n")[0].splitlines()
        self.assertTrue(plain.endswith("base = 22}"), plain)
        self.assertTrue(bottom.endswith("bottom = 25}"), bottom)
        for part, whole in zip(parts, wholes):
            self.assertEqual(re.sub(r"^\(shapes::Wide &\) @0x[0-9a-f]+: ", "", whole), bottom, part)
        # First has no type information but by its virtual base, and is found as well.
        self.assertEqual(first, diamond)

    def test_objects_that_are_not_made_yet(self):
        # At the first line of containers() its variables hold whatever was in this memory before.
        module = c("source_cxx", "-g", "-fno-sanitize=undefined", "-fno-exceptions", suffix="cc")
        said = self.at(module, "containers", "info locals", "echo end\\n")
        for name in ("empty", "numbers", "ages", "either"):
            self.assertRegex(said, rf"(?m)^{name} = .+")
        self.assertRegex(said, "<(a vector from .* makes no sense|it ends after .*|this is not how outpost knows .*)>")
        self.assertIn("\nend\n", said)


class OfRust:
    """What is looked at with each compiler."""
    newer = False
    up = "up 2"  # What println! does in stop() is inlined: a frame of its own.
    mark = "mutex.poison.failed.v.value"
    held = "lock"  # by what holds one for reading
    outside = "0xfffffff8"  # where the value is when that is at 0xfffffff0
    pointer = "value.value.pointer"  # of a node in a tree

    def module(self, name, *options):
        return rust(name, "-g", *options, newer=self.newer)

    def test_values(self):
        self.compare(self.module("source_rust"))

    def test_optimised_code(self):
        self.compare_optimised(self.module("source_rust", "-O"), up=self.up)

    def stop_with(self, name):
        """The module, and the number of the stop at which a variable can be seen."""
        module = self.module("source_rust")
        return module, next(i for i, table in enumerate(self.tables(module)[1]) if any(row[0] == name for row in table))

    def test_operators_of_library_types(self):
        module, stop = self.stop_with("shared")
        self.check_answers(module, stop, [
            ("*shared", "Point {x: 1, y: 2}"), ("shared.y", "2"), ("shared->x", "1"), ("*boxed", "8"), ("numbers[1]", "-2"),
            ("numbers[3]", "no element 3, it has 3"), ("nothing[0]", "no element 0, it has 0"), ("points[1].y", "1"),
            ("words[1]", '"two"'), ("words[0..3]", "no element 2, it has 2"), ("queue[0]", "elements do not lie in their order")])

    def test_what_containers_say_of_themselves(self):
        module = self.module("source_rust")
        # Before Rust 1.67 a queue had no length but two ends.
        self.compare_counts(module, "len", 8, () if self.newer else ("queue",))
        _, stop = self.stop_with("shared")
        self.check_answers(module, stop, [
            ("numbers.is_empty()", "false"), ("nothing.is_empty()", "true"), ("string.len() + 1", "14"), ("words[1].len()", "3"), ("string.is_empty()", "false"),
            ("some.is_some()", "true"), ("some.is_none()", "false"), ("none.is_none()", "true"), ("good.is_ok()", "true"),
            ("bad.is_err()", "true"), ("bad.is_ok()", "false"), ("shared.len()", "does not call functions"),
            ("numbers.first()", "does not call functions"), ("numbers.len(1)", "does not call functions")])

    def test_fields_of_the_variant_that_is_there(self):
        module, stop = self.stop_with("shared")
        self.check_answers(module, stop, [
            ("some.0 + 1", "43"), ("none.0", "it is None now, which has no member named"), ("circle.0", "1.5"), ("rect.width", "2"),
            ("rect.0", 'it is Rect now, which has no member named "0"'), ("named.0", '"box"'), ("named.1", "9"), ("bad.0", '"broken"'),
            ("some_ref.0.x", "3"), ("list.next.0", "Box(Node {key: 2, next: None})"), ("list.next.0.key", "2"),
            ("*list.next.0", "Node {key: 2, next: None}"), ("list.next.0.next.0", "it is None now"), ("numbers.0", "has no member named")])
        self.assertEqual(self.changed(module, stop, "some", ["set var some.0 = 5"]), ["Some(5)"])

    def test_a_variant_in_a_condition(self):
        module, stop = self.stop_with("shared")
        [answer] = self.answers(module, stop, "break source_rust.rs:210 if some.0 == 42")
        self.assertIn("an enum, and which of its variants is there is only known in a program that is stopped", answer)

    def test_locks(self):
        module, stop = self.stop_with("mutex")
        self.check_answers(module, stop, [
            ("*reader", "Point {x: 3, y: 4}"), ("reader.y", "4"), ("(*holder)[1]", "8"), ("*writer", "-9"), ("mutex.data.value.x", "1"),
            ("heap.data[0]", "9")])
        if self.mark:
            self.assertEqual(self.changed(module, stop, "mutex", [f"set var {self.mark} = 1"]), ["Mutex[poisoned](Point {x: 1, y: 2})"])
        wrong, = self.changed(module, stop, "reader", [f"set var *(unsigned int *) &reader.{self.held} = 4294967280"])
        self.assertRegex(wrong, rf"^RwLockReadGuard\(<address {self.outside} .* is outside memory 0, .*>\)$")

    def changed(self, module, stop, expression, changes):
        """What an expression is after each of some commands that change the guest's memory."""
        commands = [part for change in changes for part in (change, f"output {expression}", "echo \\n")]
        said = self.shown(module, stop, ["echo <<\\n", *commands, "echo >>\\n"], (), end=()).out
        return said.split("<<\n")[1].split(">>\n")[0].splitlines()

    def test_trees_that_are_none(self):
        module, stop = self.stop_with("tree")
        raw = self.changed(module, stop, "tree.root", ["set print elements 2"])
        root = re.search(r"height: 2, .*pointer: (0x[0-9a-f]+)\}", raw[0])[1]
        node = f"(*(alloc::collections::btree::node::InternalNode<u32, u64> *){root})"
        edge = f"{node}.edges[0].{self.pointer}"
        # Each change adds to those before.
        shown = self.changed(module, stop, "tree", [
            "set print elements 2", "set var tree.length = 4294967295", "set print elements unlimited", f"set var {node}.edges[1].{self.pointer} = {root}",
            f"set var {edge} = {node}.edges[1].{self.pointer}", f"set var {edge} = 4294967280", f"set var {node}.data.len = 12",
            f"set var {node}.data.len = 0"])
        whole, many, ends, ring, *others = shown
        self.assertEqual(whole, "BTreeMap with 150 elements = {0: 0, 1: 2946347565056...}")
        self.assertEqual(many, "BTreeMap with 4294967295 elements = {0: 0, 1: 2946347565056...}")
        self.assertRegex(ends, r", 399: [0-9]+\.\.\.\} <it ends after 150 of its 4294967295 elements>$")
        # The walk goes on up to where it leads back to the root.
        self.assertRegex(ring, rf"\}} <its node at {root} does not belong to where it is>$")
        self.assertEqual([re.sub(".* <", "<", line) for line in others], [
            f"<its node at {root} does not belong to where it is>", "<its node at 0xfffffff0 is not in memory>",
            f"<its node at {root} has a number of elements that no node has>", f"<its node at {root} has a number of elements that no node has>"])
        for line in others:
            self.assertTrue(line.startswith("BTreeMap {root: Some(NodeRef {height: 2, "), line)

    def test_tables_that_are_empty(self):
        """What is looked through for a value has a limit: 1 MiB of empty buckets in each of 256 maps would hold the program up for long."""
        said = self.shown(self.module("sparse_maps"), 0, ["print maps"], ()).out
        maps = re.findall(r"HashMap with 1 element <([^>]+)>", said)
        self.assertIn("its table has fewer full buckets than it counts", maps)
        self.assertLess(len(maps), 128)
        self.assertIn("\ndone\t16\n", said)

    def test_a_list_that_is_none(self):
        module, stop = self.stop_with("chain")
        head = re.search(r"pointer: (0x[0-9a-f]+)", self.changed(module, stop, "chain.head", ["set print elements 2"])[0])[1]
        longer, ring = self.changed(module, stop, "chain", [
            "set var chain.len = 4294967295", f"set var (*(alloc::collections::linked_list::Node<i16> *){head}).next = chain.head"])
        self.assertEqual(longer, "LinkedList with 4294967295 elements = [300, -5...] <it ends after 2 of its 4294967295 elements>")
        self.assertEqual(ring, f"LinkedList with 4294967295 elements = [300...] <its node at {head} does not belong to where it is>")

    def test_trait_objects_that_are_not_known(self):
        module, stop = self.stop_with("by_reference")
        other, moved, none, _, size = self.changed(module, stop, "square", [
            "set var square.vtable = disk.vtable", "set var square.pointer = 4294967280", "set var square.vtable = 8",
            "set var (*disk.vtable)[1] = 99", "set var square.vtable = disk.vtable"])
        self.assertRegex(other, r"^Box<source_rust::Disk as source_rust::Area>\(Disk\([0-9]+\)\)$")
        self.assertRegex(moved, r"^Box<source_rust::Disk as source_rust::Area>\(<.*0xfffffff0.*>\)$")
        self.assertEqual(none, "Box {pointer: 0xfffffff0, vtable: 0x8} <what it points to is not known: its vtable at 0x8 is none that "
                               "the debug information has>")
        self.assertRegex(size, r"^Box \{.*\} <what it points to is not known: the vtable at 0x[0-9a-f]+ is not what the debug information says of it>$")


@unittest.skipUnless(have_rust(), "Debian's rustc and libstd-rust-dev-wasm32 are not installed")
class Rust(OfRust, Values):
    pass


@unittest.skipIf(why_no_newer_rust(), why_no_newer_rust())
class NewerRust(OfRust, Values):
    newer = True
    up = "up"
    mark = None  # Where panics abort, locks have none.
    held = "data.pointer"
    outside = "0xfffffff0"
    pointer = "value.value.__0.pointer"

    def test_what_1_63_does_not_have(self):
        self.compare(self.today())

    def test_what_was_not_made(self):
        once = 1  # the second stop
        state = "full.once.inner.state.value.value"
        self.assertEqual(self.changed(self.today(), once, "full", [f"set var {state} = {value}" for value in (0, 1, 2, 3)]),
                         ["OnceLock(<uninit>)", "OnceLock(<poisoned>)", "OnceLock(<uninit>)", "OnceLock(Held {value: 5})"])

    def today(self):
        return self.module("rust_today", "--edition=2021")


if __name__ == "__main__":
    unittest.main()
