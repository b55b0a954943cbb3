# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions of the guest's language: in conditions and counters (which run inside the program), log points, watches,
assignments, displays, x and the history. What is counted, visited and changed the guests say themselves.
"""

import re
import unittest

from harness import GUESTS, Case, Documents, Guest, c, outpost, script, wasmtime

FLAGS = ("-g", "-O0", "-fno-sanitize=undefined")


class Expressions(Case):
    source = GUESTS / "source_tree.c"

    def module(self):
        return c("source_tree", *FLAGS)

    def place(self, name):
        """FILE:LINE of the line that a comment names."""
        found = [n for n, text in enumerate(self.source.read_text().splitlines(), 1) if text.endswith(f"// {name}")]
        self.assertEqual(len(found), 1, name)
        return f"{self.source.name}:{found[0]}"

    def run_commands(self, *commands, status=0, options=("--json",), module=None):
        """From the first instruction to the end: what outpost says, and what the guest says."""
        outcome = outpost("run", "--batch", "--color=never", *options, *script(*commands), "--", wasmtime(), "run", "-D",
                          "guest-debug=y", module or self.module())
        self.assertEqual(outcome.status, status, outcome)
        return outcome

    def documents(self, *commands, status=0, module=None):
        outcome = self.run_commands(*commands, status=status, module=module)
        lines = outcome.out.splitlines()
        outcome.out = "\n".join(line for line in lines if line.startswith('{"'))
        return Documents(outcome), [line for line in lines if not line.startswith('{"')]

    def said(self, lines, word):
        found = [line.split()[1:] for line in lines if line.startswith(word + " ")]
        self.assertTrue(found, (word, lines[-5:]))
        return found[-1]

    def printed(self, where, *expressions):
        """The texts of values at a place's first arrival."""
        documents, _ = self.documents(f"tbreak {where}", "continue", *(f"print {e}" for e in expressions), "continue")
        texts = [result["text"] for result in documents.all("print")]
        self.assertEqual(len(texts), len(expressions), documents.outcome)
        return texts


class Inside(Expressions):
    def test_a_condition_with_types_runs_inside(self):
        documents, lines = self.documents(f"break {self.place('left')} if node->kind == ADD && depth > 3", "continue",
                                          "continue", "print depth", "print node->kind", "print node->name",
                                          "info breakpoints", "delete", "continue")
        stops = documents.stops("breakpoint")
        self.assertEqual(len(stops), 2)
        # The first arrival decides whether code is there to be called; this is the second.
        self.assertEqual([result["text"] for result in documents.all("print")], ["6", "ADD", '"n13"'])
        row, = documents.one("info breakpoints")["breakpoints"]
        self.assertEqual(row["evaluation"], "inside")
        self.assertEqual(row["hits"], 2)
        self.assertEqual(self.said(lines, "counted")[4], "111")

    def test_counts_are_the_guests_own(self):
        conditions = ["node->kind == ADD && depth > 3",
                      'node->label == "add" && node->name == "n9"',
                      "node->flag == 3 && node->other < 0",
                      "node->bytes[node->flag & 1][1] > 200 && pool[depth].weight >= 2.5",
                      "sizeof(*node) && node - pool >= 0 && &pool[0] <= node"]
        documents, lines = self.documents(*(f"count {self.place('note')} if {text}" for text in conditions),
                                          f"tbreak {self.place('show')}", "continue", "info breakpoints", "continue")
        rows = documents.one("info breakpoints")["breakpoints"][:len(conditions)]
        self.assertEqual([row["evaluation"] for row in rows], ["inside"] * len(conditions))
        self.assertEqual([str(row["hits"]) for row in rows], self.said(lines, "counted"))

    def test_each_place_has_its_own_names(self):
        # The same condition at two places of one function, and at a function without the names.
        documents, _ = self.documents(f"break {self.place('note')} if depth == 2", f"break {self.place('return')} if depth == 2",
                                      "continue", "continue", "print depth", "info breakpoints", "delete", "continue")
        self.assertEqual(len(documents.stops("breakpoint")), 2)
        self.assertEqual(documents.one("print")["text"], "2")
        documents, _ = self.documents("break main if node->value == 2", status=1)
        self.assertIn("nothing that can be seen in ", documents.errors()[0]["message"])

    def test_what_is_wrong_is_said(self):
        for condition, part in [("node->kin == 3", 'struct node has no member named "kin"'),
                                ("node->", "ends where a value is expected"), ("*depth", "is no pointer"),
                                ("*node == 3", "is no number"), ("nosuch > 1", 'is called "nosuch"'),
                                ("eval(node, 1)", "does not call functions")]:
            with self.subTest(condition=condition):
                documents, _ = self.documents(f"break {self.place('note')} if {condition}", status=1)
                self.assertIn(part, documents.errors()[0]["message"])

    def test_a_condition_waits_for_its_module(self):
        text = self.run_commands("break later.c:3 if ((struct node *) p)->q == ns::foo", "info breakpoints",
                                 options=()).out
        self.assertIn("<pending> later.c:3\n        stop only if ((struct node *) p)->q == ns::foo\n", text)
        documents, _ = self.documents("break later.c:3 if (p", status=1)
        self.assertIn(") is expected", documents.errors()[0]["message"])


class Shapes(Expressions):
    source = GUESTS / "source_shapes.cc"

    def module(self):
        return c("source_shapes", *FLAGS, "-fno-exceptions", suffix=".cc")

    def test_counts_are_the_guests_own(self):
        conditions = ["id > 2 && this->w == h && color == Color::Green",
                      'name == "a short one" || text == "a name that is too long for the short form of it"',
                      "height > 3 && items[2] == id && other->extra == 99",
                      "Base::made > 0 && ((Base *) this)->id == Shape::id && geometry::scale == 7"]
        documents, lines = self.documents(*(f"count {self.place('area')} if {text}" for text in conditions[:3]),
                                          f"break {self.place('area')} if id == 19", "continue", "info breakpoints",
                                          f"print {conditions[3]}".replace("Shape::id", "id"), "print made", "delete 4",
                                          "continue")
        rows = documents.one("info breakpoints")["breakpoints"]
        self.assertEqual([row["evaluation"] for row in rows], ["inside"] * 4)
        counted = self.said(lines, "counted")
        self.assertEqual([str(row["hits"]) for row in rows[:3]], counted[:3])
        self.assertEqual([result["text"] for result in documents.all("print")], ["true", "20"])


class Logs(Expressions):
    def test_lines_are_the_guests_own(self):
        place = self.place("note")
        for form, values, evaluation in [
                (r'"visit %d n%d %d %.2f\n"', "depth, node->value, node->kind, node->weight", "inside"),
                (r'"visit %d %s %d %.2f\n"', "depth, node->name, node->kind, node->weight", "outside")]:
            with self.subTest(form=form):
                with Guest(self.module(), arguments=["wait"]) as guest:
                    guest.wait_line("ready")
                    documents = self.attached(guest, f"log {place} {form} {values}", f"tbreak {self.place('show')}", "continue",
                                              "info breakpoints", meanwhile=lambda: guest.send("\n"))
                    guest.wait_line("last add")
                logged = [d["text"].rstrip("\n") for d in documents if d.get("event") == "log"]
                self.assertEqual(logged, [line for line in guest.lines if line.startswith("visit ")])
                self.assertEqual(documents.one("info breakpoints")["breakpoints"][0]["evaluation"], evaluation)

    def test_printf_writes_such_a_line_at_once(self):
        values = "depth, node->name, node->kind, node->weight"
        documents, lines = self.documents(f"tbreak {self.place('note')}", "continue", f'printf "visit %d %s %d %.2f\\n", {values}',
                                          "continue")
        self.assertEqual(documents.one("printf")["text"], next(line for line in lines if line.startswith("visit ")) + "\n")
        for command, error in (('printf "%s" $local0', "is no text"), ('printf "%d", nothing', '"nothing"'), ("printf depth", "double quotes"),
                               ('printf "%d %d" depth', "takes 2 values, but 1 follow")):
            text = self.run_commands(f"tbreak {self.place('note')}", "continue", command, status=1, options=()).err
            self.assertIn(error, text)

    def test_what_has_no_text_is_an_error_in_the_line(self):
        text = self.run_commands(f'log {self.place("note")} "%s %s|%5s\\n" node->kind, $local0, node->label',
                                 f"tbreak {self.place('show')}", "continue", options=()).out
        self.assertIn("ADD <error>|  add\n", text)
        self.assertIn("NUM <error>|number\n", text)


class Watches(Expressions):
    def test_a_variable_of_a_file(self):
        documents, lines = self.documents("watch total", "continue", "continue", "delete", "continue")
        first, second = (stop["watch"] for stop in documents.stops("watchpoint"))
        self.assertEqual((first["old_text"], first["software"]), ("0", False))
        self.assertEqual(first["new_text"], second["old_text"])
        self.assertEqual(first["new_text"], "1")

    def test_types_are_shown(self):
        documents, _ = self.documents(f"tbreak {self.place('low')}", "continue", "watch bits.middle", "watch bits.low",
                                      "watch pool[0].kind", "continue", "continue", f"tbreak {self.place('low')}", "continue",
                                      "set var pool[0].kind = MUL", "delete", "continue")
        hits = [(stop["watch"]["expression"], stop["watch"]["old_text"], stop["watch"]["new_text"])
                for stop in documents.stops("watchpoint")]
        # Both are in one byte: what changes the one is no hit of the other.
        self.assertEqual(hits, [("bits.low", "-2", "-1"), ("bits.middle", "100", "101")])

    def test_a_local_ends_with_its_frame(self):
        for way in ("", "-software "):
            with self.subTest(way=way):
                documents, _ = self.documents(f"tbreak {self.place('left')} if depth == 17", "continue", f"watch {way}left",
                                              "continue", "continue", "info breakpoints", "delete", "continue")
                hits = [stop["watch"] for stop in documents.stops("watchpoint")]
                self.assertEqual([hit.get("left", False) for hit in hits], [False, True])
                self.assertEqual((hits[0]["old"], hits[0]["new"]), (0, 1))
                self.assertFalse(documents.one("info breakpoints")["breakpoints"][0]["enabled"])

    def test_a_place_outlives_the_frame(self):
        documents, _ = self.documents(f"tbreak {self.place('left')} if depth == 17", "continue", "watch -l left", "continue",
                                      "continue", "info breakpoints", "delete", "continue")
        hits = [stop["watch"] for stop in documents.stops("watchpoint")]
        self.assertEqual([hit.get("left", False) for hit in hits], [False, False])
        self.assertEqual((hits[0]["old"], hits[0]["new"]), (0, 1))
        self.assertTrue(documents.one("info breakpoints")["breakpoints"][0]["enabled"])

    def test_what_cannot_be_watched(self):
        for expression, part in [("pool", "hardware watches up to 16 bytes, and it has"),
                                 ("node + 1", "is not in linear memory"), ("sizeof(int)", "is not in linear memory")]:
            with self.subTest(expression=expression):
                documents, _ = self.documents(f"tbreak {self.place('note')}", "continue", f"rwatch {expression}", status=1)
                self.assertIn(part, documents.errors()[0]["message"])


class Assignments(Expressions):
    def test_the_guest_sees_them(self):
        where = self.place("show")
        documents, lines = self.documents(
            f"tbreak {where}", "continue", "set var node->value = 77", 'set var node->name = "set"', "set var node->flag = 5",
            "set var node->other = -9", "set var node->weight = 2.5f", "set var node->kind = NUM", "set var node->left = 0",
            "set var wide = -5000000000", "set var narrow = 70000", "set var real = 1", "set var truth = 42",
            "set var bits.low = 3", "set var bits.middle = node->flag + 20", "set var bits.high = -1", "continue")
        self.assertEqual(self.said(lines, "shown"), "77 set 5 -9 2.500 2 1 -5000000000 4464 1.00 1".split())
        self.assertEqual(self.said(lines, "bits"), ["3", "25", "-1"])

    def test_a_whole_struct(self):
        documents, lines = self.documents(f"tbreak {self.place('show')}", "continue", "set var *(struct node *) node = pool[1]",
                                          "continue")
        self.assertEqual(self.said(lines, "shown")[:2], ["2", "n2"])

    def test_refusals(self):
        for place, value, part in [("$local0", "1", "registers"), ("node->kind + 1", "1", "is a value and no place"),
                                   ("*node", "1", "choose a part of it"), ("*node", "bits", "another type"),
                                   ("node->name", '"far too long"', "is longer than the array"),
                                   ("node->value", '"text"', "array of characters"), ("nosuch", "1", "nosuch")]:
            with self.subTest(place=place, value=value):
                documents, lines = self.documents(f"tbreak {self.place('show')}", "continue", f"set var {place} = {value}",
                                                  status=1)
                self.assertIn(part, documents.errors()[0]["message"])


class Values(Expressions):
    def test_parts_casts_and_ranges(self):
        rows = {"*node->left": None, "(*node).value": "19", "node.left.name": '"n18"', "pool[2].kind": "MUL",
                "*pool@2": None, "pool[1..3][0].name": '"n2"', "&pool[1] - pool": "1", "(enum kind) 2": "NUM",
                "(unsigned char) -1": "255 '\\377'", "sizeof(struct node)": "48", "node->name[1]": "49 '1'",
                "node->label": None, "node == 0 ? ADD : MUL": "MUL", "'source_tree.c'::used": "37", "ADD + 1": "1",
                "((struct node *) &pool[4])->value": "3", "*node->label": "97 'a'", "-node->weight": "-23.75",
                "node->bytes[2]": '"\\374\\375"', "$local0 != 0 && $local1 == depth": "1"}
        texts = self.printed(self.place("note"), *rows)
        for (expression, expected), text in zip(rows.items(), texts):
            with self.subTest(expression=expression):
                if expected is not None:
                    self.assertEqual(text, expected)
        self.assertRegex(texts[0], r'^\{kind = MUL, value = 18, .*name = "n18", label = 0x[0-9a-f]+ "multiply", weight = 22.5')
        self.assertRegex(texts[4], r'^\{\{kind = NUM, value = 1.*\}, \{kind = NUM, value = 2.*\}\}$')
        self.assertRegex(texts[11], r'^0x[0-9a-f]+ "add"$')

    def test_names_of_another_language_are_not_meant(self):
        # zig links its own runtime library, whose enumerators and constants have short names.
        for name in ("local", "big", "c"):
            documents, _ = self.documents(f"tbreak {self.place('show')}", "continue", f"print {name}", status=1)
            self.assertIn(f'"{name}"', documents.errors()[0]["message"])

    def test_formats(self):
        text = self.run_commands(f"tbreak {self.place('note')}", "continue", "print/x node->value", "print/t node->flag",
                                 "print/c node->name[0]", "print/d node->kind", "print/x node->bytes", "output node->value",
                                 "x/s node->label", "x/2dw &node->value", "x/3xb node->name", options=()).out
        for part in ("$1 = 0x13\n", "$2 = 11\n", "$3 = 110 'n'\n", "$4 = 0\n",
                     "$5 = {{0xf8, 0xf9}, {0xfa, 0xfb}, {0xfc, 0xfd}}\n", '"add"\n', "\t19\t", "0x6e\t0x31\t0x39\n"):
            self.assertIn(part, text)

    def test_history_and_convenience_variables(self):
        documents, _ = self.documents(
            f"tbreak {self.place('note')}", "continue", "print node->value", "print *node", "print $.name", "print $$2 + 1",
            "set $kept = *node", "set $count = 5", "set $count = $count * 2", "set var node->value = 1000", "print $kept.value",
            "print $count", "print $2.value", "print $$$", "continue", status=1)
        self.assertEqual([result["text"] for result in documents.all("print")][:1], ["19"])
        self.assertEqual([result["text"] for result in documents.all("print")][2:], ['"n19"', "20", "19", "10", "19"])

    def test_examined_numbers_are_as_wide_as_their_type(self):
        where = self.place("show")
        weight, = self.printed(where, "pool[5].weight")
        self.assertNotEqual(weight, "0")
        outcome = self.run_commands(f"tbreak {where}", "continue", "x/f &pool[5].weight", "x/fw &pool[5].weight", "continue", options=("-q",))
        wide, narrow = re.findall(r"(?m)^0x[0-9a-f]+:\t(.+)$", outcome.out)
        self.assertEqual(wide, weight)
        self.assertNotEqual(narrow, weight)
        documents, _ = self.documents(f"tbreak {where}", "continue", "x/2x pool[3]", status=1)
        self.assertIn("&pool[3] is where it is", documents.errors()[0]["message"])

    def test_displays(self):
        documents, _ = self.documents(f"tbreak {self.place('left')}", "continue", "display/x node->value", "display left",
                                      "display *node@2", "delete display 3", "next", "finish", "info display", "undisplay",
                                      "stepi", "continue")
        shown = [(d["number"], d["text"]) for d in documents if d.get("event") == "display"]
        # At the first two stops behind; in main the names mean nothing.
        self.assertEqual(shown[:2], [(1, "0x13"), (2, "0")])
        self.assertEqual([d["number"] for d in documents.one("info display")["displays"]], [1, 2])
        self.assertEqual(len(shown), 2, shown)


if __name__ == "__main__":
    unittest.main()
