# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of libc++'s other types (tests/guests/source_library.cc), and what of them is no such value: the guest's memory is changed to what
none of them can be, and outpost says what is wrong and ends.
"""

import re
import unittest

from harness import c
from source_guest import places
from test_source_values import Values

OPTIONS = ("-g", "-std=c++23", "-fno-sanitize=undefined", "-fno-exceptions")


def library(*options, version=None):
    return c("source_library", *OPTIONS, *options, suffix="cc", version=version)


class Library(Values):
    def test_values(self):
        self.compare(library())

    def test_what_containers_say_of_themselves(self):
        for version in (None, "0.12.1", "0.15.2"):
            with self.subTest(version=version):
                self.compare_counts(library(version=version), "size", 5, without=("chain", "nothing", "names"))
        self.check_answers(library(), 0, [("chain.size()", "does not call functions"), ("queue.size()", "2"), ("stack.empty()", "false")])

    def test_values_of_libcxx_17(self):
        self.compare(library(version="0.12.1"))

    def test_values_of_libcxx_20(self):
        self.compare(library(version="0.15.2"))

    def test_optimised_code(self):
        # What a function holds is told by the code that it leads to, and not by what -fno-rtti leaves out.
        self.compare_optimised(library("-O2", "-fno-rtti"))

    def test_elements_that_are_not_there(self):
        self.check_answers(library(), 0, [
            ("deque[6]", "there is no element 6, it has 6"), ("deque[-1]", "there is no element -1, it has 6"),
            ("none[0]", "there is no element 0, it has 0"), ("deque[1..3]", "has its elements in blocks"), ("deque[1..2]", "{1995}"),
            ("flags[70]", "there is no element 70, it has 70"), ("flags[0..2]", "has bits for elements"), ("!flags[2]", "false"),
            ("small[5]", "there is no element 5, it has 5"), ("bitless[0]", "there is no element 0, it has 0"),
            ("words[0] == \"one\"", "true"), ("stack[0]", "has no elements"), ("stack.c[0]", "7"), ("*&deque[1]", "1995"),
            ("*in_none", "it is null now"), ("behind_pairs->first", "it is null now"), ("in_pairs->third", "no member named")])

    def test_a_condition_on_an_element(self):
        said = self.at(library(), f"source_library.cc:{places('source_library.cc')['pop']} if deque[0] == 700 && !flags[2]",
                       "output i", "echo \\n", "output deque[deque[0] - 1]", "echo \\n")
        self.assertRegex(said, r"\n700\n1399\n")

    def test_a_condition_on_a_number_of_elements(self):
        said = self.at(library(), f"source_library.cc:{places('source_library.cc')['pop']} if deque.size() == 1300 && !deque.empty()",
                       "output i", "echo \\n")
        self.assertRegex(said, r"\n700\n")

    def test_raw(self):
        once, bits, shown, raw = self.changed(0, "output/r flags", "output/rx flags", "output flags", "set print raw-values on", "output flags")
        self.assertEqual(once, raw)
        self.assertNotEqual(once, shown)
        self.assertIn("__size_ = 70,", once)
        self.assertIn("__size_ = 0x46,", bits)

    def test_limits(self):
        lines = self.changed(0, "set print elements 2", "output deque", "output chain", "output large", "output first", "set print max-depth 1",
                             "output none", "output words", "output names")
        self.assertEqual(lines, [
            "std::deque with 6 elements = {-7, 1995...}", "std::forward_list with more than 2 elements = {1, 2...}",
            "std::bitset of length 100 = {false, false...}", "std::priority_queue wrapping std::vector of length 3, capacity 4 = {9, 3...}",
            "std::deque with 0 elements", 'std::deque with 2 elements = {"on"..., "tw"...}', 'std::forward_list with 2 elements = {"a", "b"}'])

    def changed(self, stop, *commands):
        """What each `output` of some commands shows; the others change the guest's memory, or what is shown."""
        lines = [part for command in commands for part in ([command, "echo \\n"] if command.startswith("output") else [command])]
        said = self.shown(library(), stop, ["echo <<\\n", *lines, "echo >>\\n"], (), end=()).out
        return said.split("<<\n")[1].split(">>\n")[0].splitlines()

    def test_deques_that_are_none(self):
        much, far, null, outside, turned = self.changed(
            0, "set var deque.__size_ = 4294967295", "output deque", "set var deque.__size_ = 6", "set var deque.__start_ = 4294967295",
            "output deque", "set var words.__map_.__begin_[0] = 0", "output words",
            "set var *(unsigned *)words.__map_.__begin_ = 4294967280", "output words",
            "set var *(unsigned *)&queue.c.__map_.__end_ = 0", "output queue")
        for line in (much, far):
            self.assertRegex(line, r" <a deque of length \d+ from place \d+ on, with room for 2048, makes no sense>$")
        self.assertRegex(turned, r" <a deque whose blocks are listed from 0x[0-9a-f]+ to 0x0 makes no sense>$")
        self.assertRegex(null, r"^std::deque with 2 elements <its block 0 at 0x[0-9a-f]+ is a null pointer>$")
        self.assertRegex(outside, r"^std::deque with 2 elements = \{<[^>]*0xfffffff0[^>]*>, <[^>]*>\}$")

    def test_a_deque_with_more_than_there_is(self):
        """Blocks for 2^32 elements, of which the first few are there."""
        line, = self.changed(0, "set print elements unlimited", "set var *(unsigned *)&deque.__map_.__end_ = 4294967292 & ~3",
                             "set var deque.__size_ = 4294967200", "output deque")
        self.assertRegex(line, r"^std::deque with 4294967200 elements = \{-7, 1995, .*, 0\.\.\.\} <its block 2 at 0x[0-9a-f]+ is a null pointer>$")

    def test_chains_that_do_not_end(self):
        first = "(*chain.__before_begin_.__next_)"
        whole, itself, ring, outside, none = self.changed(
            0, "output chain", f"set var {first}.__next_ = chain.__before_begin_.__next_", "output chain",
            "set var (*names.__before_begin_.__next_->__next_).__next_ = names.__before_begin_.__next_", "output names",
            f"set var *(unsigned *)&{first}.__next_ = 4294967280", "output chain",
            "set var *(unsigned *)&chain.__before_begin_.__next_ = 4294967280", "output chain")
        self.assertEqual(whole, "std::forward_list with 3 elements = {1, 2, 3}")
        self.assertRegex(itself, r"^std::forward_list with 1 element = \{1\} <its last node leads back to that at 0x[0-9a-f]+>$")
        self.assertRegex(ring, r'^std::forward_list with 2 elements = \{"a", "b"\} <its last node leads back to that at 0x[0-9a-f]+>$')
        self.assertEqual(outside, "std::forward_list = {1...} <its node at 0xfffffff0 has no __next_ that can be read>")
        self.assertEqual(none, "std::forward_list <its node at 0xfffffff0 has no __next_ that can be read>")

    def test_rows_that_are_none(self):
        bits, empty, far, values, flat = self.changed(
            0, "set var flags.__size_ = 4294967295", "output flags", "set var flags.__size_ = 70", "set print elements unlimited",
            "set var *(unsigned *)&flags.__begin_ = 4294967280", "output flags", "set var flags.__size_ = 4294967295",
            "set var flags.__cap_ = 4294967295", "set var *(unsigned *)&flags.__begin_ = 0", "output flags",
            "set var *(unsigned *)&values.__end_ = 1", "output values",
            "set var *(unsigned *)&flat.__containers_.keys.__end_ = (unsigned)flat.__containers_.keys.__begin_", "output flat")
        self.assertRegex(bits, r" <a vector of 4294967295 bits in \d+ words makes no sense>$")
        self.assertRegex(empty, r"^std::vector<bool> of length 70 <.*0xfffffff0.*>$")
        self.assertRegex(far, r"^std::vector<bool> of length 4294967295 = \{.*\.\.\.\}")
        self.assertRegex(values, r" <a valarray from 0x[0-9a-f]+ to 0x1 makes no sense>$")
        self.assertRegex(flat, r" <0 keys at 0x[0-9a-f]+ and 2 values at 0x[0-9a-f]+ make no sense>$")

    def test_functions_that_are_none(self):
        unknown, nowhere, table, other, handler, far = self.changed(
            1, "set var *(unsigned *)*(unsigned *)&adder.__f_.__f_ = 16", "output adder",
            "set var *(unsigned *)&large.__f_.__f_ = 4294967280", "output large",
            "set var *(unsigned *)*(unsigned *)&plain.__f_.__f_ = 4294967200", "output plain",
            "set var *(unsigned *)((unsigned)&lambda.__f_.__buf_ + 4) = 99", "output lambda",
            "set var *(unsigned *)&some.__h_ = 1", "output some", "set var *(unsigned *)&some.__h_ = 4294967295", "output some")
        none = "what it holds is not known: function 0x%x of the guest's table is none that outpost knows there"
        gone = "what it holds is not known: its object at 0x[0-9a-f]+ has no vtable that can be read"
        for line, reason in ((unknown, none % 0), (nowhere, gone), (table, gone), (handler, none % 1),
                             (far, "elements 4294967295 to 4294967295 are not all in the table: it has [0-9]+")):
            self.assertRegex(line, rf"^\{{.*\}} <{reason}>$")
        self.assertRegex(other, r"^std::function of .* = \{target = \{number = 99\}\}$")


if __name__ == "__main__":
    unittest.main()
