# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost's values beside those of an independent reader: LLDB on `wasmtime run -g`, at the same checkpoints of the same guests.

Every value that LLDB has is the same. FAILS says which it does not have, or has wrongly by what the guest prints itself; outpost
has them, and test_source_tables.py compares those with the guest's own.
"""

import re
import struct
import tempfile
import unittest

import lldb_reader
import source_guest
from harness import TOOLS, Case, Guest, why_no_rust
from source_guest import Stub
from test_source_tables import Told

# What LLDB 23 has not: the error that it gives has these words.
NO_RANGES = "expected ';' after expression"
NO_NAMES = "use of undeclared identifier"
NO_MEMBERS = "no member named"
NO_SIZE = "incomplete type"
NO_PLACE = "variable not available"
NO_RUST = "Expression evaluation in Rust not supported"
NO_TEXT = "ReadCStringFromMemory"  # of a HashMap's control bytes: they are no text
FAILS = {
    "calculator": {
        ("tree", "root->kind == MUL && root->line > 3"): NO_NAMES,
        ("tree", "*text@5"): NO_RANGES,
        ("others", "LEVEL_LOW"): NO_NAMES,
        ("others", "(int) LEVEL_LOW"): NO_NAMES,
        ("shape", "*shape->corners@2"): NO_RANGES,
        ("arrays", "*middle@3"): NO_RANGES,
        ("arrays", "variable"): NO_SIZE,
        ("arrays", "variable[2]"): NO_PLACE,
        ("ring", "*message->body@5"): NO_RANGES,
    },
    "orders": {
        ("language", "book::USD"): NO_MEMBERS,
        ("template", "sizeof(T)"): NO_NAMES,
    },
    "interpreter": {
        ("deepest", "scope.names"): NO_TEXT,
        ("scalars", "nothing"): "could not get size of type void",
        ("scalars", "usual as i64 * large"): NO_RUST,
        ("compounds", "slice[1]"): NO_RUST,
        ("compounds", "triple.2.0"): NO_RUST,
        ("compounds", "numbers[1]"): NO_RUST,
        ("enums", "ages"): NO_TEXT,
        ("enums", "primes"): NO_TEXT,
    },
}
# What LLDB 23 shows differently from what the guest prints, and why.
WRONG = {
    "calculator": {
        ("others", "strange"): "a number without an enumerator is shown as if the enumerators were flags",
    },
    "orders": {
        ("bond", "&bond"): "the address of a reference is that of the reference, not of what it refers to",
        ("bond", "(const book::Tagged *) &bond"): "the same",
        ("bond", "((const book::Tagged *) &bond)->tag"): "the same, and so a number from elsewhere",
        ("language", "&alias"): "the same",
        ("book", "&first"): "the same",
    },
    "interpreter": {
        ("deepest", "scope.level"): "a number from elsewhere",
        ("compounds", "pair.0"): "a field of a tuple is read as a number, 0.0",
        ("compounds", "pair.1"): "the same, 0.1",
        ("enums", "owner"): "a Box is an address without what is in it",
    },
}
# Parts of Rust's strings, slices, Vec, Rc and enums, which LLDB shows as they are laid out: all variants of an enum at once, and a
# string without its end.
LAYOUT = {"data_ptr", "buf", "vec", "ptr", "$variants$"}
# Names that debuggers give to what is inside an object of the standard library.
INVENTED = {"", "get()", "Value", "pointer", "__value_"}


# Plain data of outpost's documents ------------------------------------------------------------------------------

ESCAPE = re.compile(r"\\(?:([0-7]{3})|x([0-9a-f]{2})|(.))")
PIECE = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)+)' <repeats (\d+) times>")


def unescaped(text):
    special = {"n": "\n", "t": "\t", "r": "\r"}
    return ESCAPE.sub(lambda m: chr(int(m[1], 8)) if m[1] else chr(int(m[2], 16)) if m[2] else special.get(m[3], m[3]), text)


def unquoted(text):
    """The content of a string as C's: pieces in quotes, and characters that are repeated."""
    return "".join(unescaped(m[1]) if m[1] is not None else unescaped(m[2]) * int(m[3]) for m in PIECE.finditer(text))


def scalar(text):
    if text in ("true", "false"):
        return text == "true"
    if text[0].isalpha() and not text.startswith(("nan", "inf")):
        return " | ".join(name.rpartition("::")[2] for name in text.split(" | "))
    if text.startswith("nan:"):
        return "nan"
    number = re.sub(r"^\(.*\) ", "", text).split(" '")[0].split(" L'")[0].split(" U'")[0].split(" u'")[0]
    return int(number) if re.fullmatch(r"-?\d+", number) and number != "-0" else repr(float(number))


def plain(node):
    """A source value of outpost's as lldb_reader's plain data."""
    children = node.get("children", [])
    if node["kind"] == "scalar":
        return scalar(node["text"])
    if node["kind"] == "pointer":
        return int(node["text"].split()[0], 16)
    if node["kind"] == "string":
        return unquoted(node["text"])
    if node["kind"] == "map":
        return [{"first": plain(key), "second": plain(value)} for key, value in zip(children[::2], children[1::2])]
    if node["kind"] == "array" or (len(children) > 1 and not any("name" in child for child in children)):
        return [plain(child) for child in children for _ in range(child.get("repeats", 1))]
    if node["kind"] == "struct":
        return {child.get("name", ""): plain(child) for child in children if not child.get("static")}
    return None


def as_number(value):
    """A number of plain data; None for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def same_number(ours, theirs):
    # One of four bytes is written with as many digits as it needs, or with all of a double's.
    return repr(ours) == repr(theirs) or (abs(ours) < 3e38 and struct.pack("f", ours) == struct.pack("f", theirs))


def parts(value):
    """[(name, value)] of an aggregate; without LLDB's padding between bit-fields."""
    if isinstance(value, list):
        return [("", part) for part in value]
    return [(name, part) for name, part in value.items() if name or isinstance(part, (dict, list))] or list(value.items())


def same_parts(ours, theirs):
    ours, theirs = parts(ours), parts(theirs)
    # 200 elements are shown of a longer array.
    if len(ours) != len(theirs) and len(ours) != 200:
        return False
    return all((a == b or a in INVENTED or b in INVENTED) and same(x, y) for (a, x), (b, y) in zip(ours, theirs))


def same(ours, theirs):
    if isinstance(theirs, dict) and list(theirs) == ["__elems_"]:
        theirs = theirs["__elems_"]
    if isinstance(ours, (dict, list)) and isinstance(theirs, (dict, list)):
        return same_parts(ours, theirs)
    if isinstance(ours, list) and isinstance(theirs, str):
        return ours == [ord(letter) for letter in theirs]  # small numbers as characters
    if isinstance(ours, int) and isinstance(theirs, int):
        return ours == theirs
    numbers = as_number(ours), as_number(theirs)
    if None not in numbers:
        return same_number(*numbers)
    # 200 characters are shown of a longer text.
    return ours == theirs or (isinstance(ours, str) and len(ours) == 200 and theirs.startswith(ours))


def has_layout(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(isinstance(value, dict) and LAYOUT & set(value)) or any(map(has_layout, children))


# The comparison -------------------------------------------------------------------------------------------------

class Plain(Told):
    """outpost, asked for plain data."""

    def plain(self, expression):
        try:
            result = self.ask(f"print {expression}")
        except AssertionError as error:
            return f"error: {error}"
        return plain(result.get("source") or {"kind": "scalar", "text": result["text"]})


# LLDB sometimes has a text for these, and sometimes not.
UNSTEADY = {("enums", "primes")}


class Compared:
    """What came of a guest's values."""

    def __init__(self):
        self.equal, self.different, self.failed = [], [], []

    def add(self, where, ours, theirs):
        if "error" in theirs:
            self.failed.append((where, theirs["error"]))
        elif same(ours, theirs["value"]):
            self.equal.append(where)
        else:
            self.different.append((where, ours, theirs["value"]))


@unittest.skipIf(lldb_reader.why_no_lldb(TOOLS), lldb_reader.why_no_lldb(TOOLS))
class Yardstick(Case):
    def compare(self, module):
        compared = Compared()
        with tempfile.TemporaryFile() as log, Guest(module) as guest, Stub(module) as stub:
            guest.ready()
            with Plain(guest.pid) as outpost, lldb_reader.Reader(TOOLS, stub.port, log) as lldb:
                outpost.ask("break checkpoint")
                self.assertEqual(lldb.break_name("checkpoint"), 1)
                guest.send("\n")
                stub.send("\n")
                while lldb.resume():
                    self.assertEqual(outpost.resume("continue")["event"], "stopped")
                    outpost.ask("frame 1")
                    name, rows = source_guest.read_table(guest)
                    self.assertEqual(source_guest.read_table(stub)[0], name)
                    for expression, _ in rows:
                        if not expression.startswith("/"):
                            compared.add((name, expression), outpost.plain(expression), lldb.value(1, expression))
        return compared

    def judge(self, module, least):
        self.judge_known(module, self.compare(module), least)

    def judge_known(self, module, compared, least):
        known = FAILS[module.stem]
        self.assertEqual({where for where, _ in compared.failed} | UNSTEADY & set(known), set(known))
        for where, error in compared.failed:
            self.assertIn(known[where], error, where)
        unknown = [row for row in compared.different if row[0] not in WRONG[module.stem]]
        self.assertEqual(unknown, [], "\n".join(f"{where}\n    outpost: {ours}\n    lldb:    {theirs}" for where, ours, theirs in unknown))
        self.assertEqual({where for where, _, _ in compared.different}, set(WRONG[module.stem]))
        self.assertGreaterEqual(len(compared.equal), least)

    def test_c(self):
        self.judge(source_guest.calculator(5), 165)

    def test_cxx(self):
        self.judge(source_guest.orders(5), 115)

    @unittest.skipIf(why_no_rust(), why_no_rust())
    def test_rust(self):
        """LLDB 23 knows no Rust: what it shows of numbers, structs and arrays is the same; strings, Vec, enums it has as laid out."""
        module = source_guest.interpreter()
        compared = self.compare(module)
        laid_out = [row for row in compared.different if has_layout(row[2])]
        compared.different = [row for row in compared.different if not has_layout(row[2])]
        self.judge_known(module, compared, 80)
        self.assertGreaterEqual(len(laid_out), 40)
        self.assertFalse([where for where, ours, _ in laid_out if ours is None])


if __name__ == "__main__":
    unittest.main()
