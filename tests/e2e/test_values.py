# SPDX-License-Identifier: GPL-3.0-or-later
"""Values: every type, the operand stack, expressions, and linear memory read and written."""

import unittest

from harness import Case, instructions, sleeping, values_sum, wat


class Types(Case):
    """At the call of mark in types, where every local is set and five operands are on the stack."""

    def stop(self, *commands):
        guest = self.guest("values")
        call = next(pc for pc, text in instructions(wat("values"))["types"] if text == "call $mark")
        documents = self.attached(guest, f"tbreak *{call:#x}", "continue", *commands)
        self.assertUndisturbed(guest, values_sum)
        return documents

    def test_locals(self):
        shown = {v.get("name") or v["index"]: (v["type"], v["value"])
                 for v in self.stop("info locals").one("info locals")["locals"]}
        callback = shown.pop("callback")
        self.assertEqual(callback[0], "funcref")
        self.assertRegex(callback[1], r"^0x[0-9a-f]+$")
        self.assertEqual(shown, {
            "small": ("i32", -42), "large": ("i64", str(0x1122334455667788)), "single": ("f32", 1.5),
            "double": ("f64", -2.25), "vector": ("v128", "01000000020000000300000004000000"),
            "handle": ("externref", None), "nan": ("f32", "nan:0x7fc00001"), "exact": ("i64", "9007199254740993"),
            "nothing": ("funcref", None), 10: ("i32", 77), "infinite": ("f64", "-inf")})

    def test_operand_stack(self):
        frame = self.stop("info stack").one("info stack")
        self.assertEqual([(v["index"], v["type"], v["value"]) for v in frame["stack"]], [
            (0, "i32", 11), (1, "i64", -22), (2, "f32", 0.1), (3, "f64", 1e100),
            (4, "v128", "efcdab89674523011032547698badcfe")])

    def test_print(self):
        for expression, expected in (("small", -42), ("$local0", -42), ("$small", -42), ("small + 2 * 3", -36),
                                     ("large", str(0x1122334455667788)), ("single * 2", 3.0), ("double", -2.25),
                                     ("$stack0", 11), ("$stack1 + 1", -21), ("small == -42", 1),
                                     ("0x10 << 4", 256), ("~0", -1), ("(7 - 3) * 5", 20),
                                     ("$arg0", -42), ("$arg1 > 0 ? small : 1 / 0", -42), ("0 && 1 / 0", 0),
                                     ("small < 0 || $mem[0xffffffff]", 1), ("small ? 1 : 2.5", 1.0)):
            with self.subTest(expression=expression):
                self.assertEqual(self.stop(f"print {expression}").one("print")["value"], expected)

    def test_print_formats(self):
        guest = self.guest("values")
        text = self.attached_text(guest, "tbreak types", "continue", "print/x small", "print/t 5", "print/c 65",
                                  "print/d 0x7f", "print/o 8")
        for wanted in ("0xffffffd6", "101", "'A'", "127", "010"):
            self.assertIn(wanted, text)
        self.assertUndisturbed(guest, values_sum)

    def test_history_of_values(self):
        results = self.stop("print 20", "print $1 + 1").all("print")
        self.assertEqual([r["value"] for r in results], [20, 21])

    def test_a_local_cannot_be_set_and_the_reason_is_said(self):
        guest = self.guest("values")
        documents = self.attached(guest, "tbreak types", "continue", "set small = 1", status=1)
        self.assertEqual(documents.errors()[0]["code"], "unsupported")
        self.assertIn("register", documents.errors()[0]["message"])
        self.assertUndisturbed(guest, values_sum)


class Memory(Case):
    """tests/guests/memory.wat waits for input in fd_read and reports the i32 at 1024 for each line."""

    def test_examine(self):
        guest = sleeping(self.guest("memory"))
        text = self.attached_text(guest, "x/2dw 1024", "x/1xg 1032", "x/1fw 1040", "x/1fg 1048", "x/s 1056", "x/5cb 1056",
                                  "x/4xb 1024")
        for wanted in ("42", "-1", "0x1122334455667788", "1.5", "-2.25", '"hello, memory"', "'h'", "0x2a"):
            self.assertIn(wanted, text)
        self.assertUndisturbed(guest, lambda rounds: 42)

    def test_memory_expressions(self):
        guest = sleeping(self.guest("memory"))
        documents = self.attached(guest, *(f"print $mem[{what}]" for what in (
            "1024:i32", "1028:u32", "1028:i8", "1032:u64", "1040:f32", "1048:f64", "1020 + 4:i32")),
            "print $mem1[16:i32]")
        self.assertEqual([r["value"] for r in documents.all("print")],
                         [42, 4294967295, -1, str(0x1122334455667788), 1.5, -2.25, 42, 7])
        self.assertUndisturbed(guest, lambda rounds: 42)

    def test_the_program_sees_what_was_written(self):
        guest = sleeping(self.guest("memory"))
        self.attached(guest, "set $mem[1024:i32] = 1000 + 234", "print $mem[1024:i32]")
        guest.send("\n")
        guest.wait_line("value 1234")
        sleeping(guest)
        self.attached(guest, "set $mem[1025:u8] = 0xff")
        self.assertUndisturbed(guest, lambda rounds: 1234 + (1234 & 0xff | 0xff00))

    def test_out_of_bounds(self):
        guest = sleeping(self.guest("memory"))
        for command in ("x/1xw 131072", "print $mem[131069:i32]", "set $mem[0xffffffff:i32] = 1", "x/1xb -1"):
            with self.subTest(command=command):
                documents = self.attached(guest, command, status=1)
                self.assertIn(documents.errors()[0]["code"], ("unreadable", "syntax"))
        self.attached(guest, "print $mem[131068:i32]")
        self.assertUndisturbed(guest, lambda rounds: 42)

    def test_bad_expressions(self):
        guest = sleeping(self.guest("memory"))
        for expression in ("1 +", "(1", "$mem[1024:i33]", "$mem[1024", "no_such_name", "1 / 0", "$local99", "$arg99", "1 ? 2",
                           "1 2", "@"):
            with self.subTest(expression=expression):
                documents = self.attached(guest, f"print {expression}", status=1)
                self.assertIn(documents.errors()[0]["code"], ("syntax", "not-found", "unsupported"))
        self.assertUndisturbed(guest, lambda rounds: 42)


if __name__ == "__main__":
    unittest.main()
