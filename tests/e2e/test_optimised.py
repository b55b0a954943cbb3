# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest's language in code without guest-debug: lines by the address map, variables by the shadow stack.

Nothing that is shown may be wrong: a value is the one that the guest has printed of itself, or there is a reason.
"""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from conversation import Conversation
from harness import GUESTS, LIMIT, NEWEST, VENV, WORK, Case, Documents, Guest, c, have_rust, outpost, rust, script, wasmtime
from test_source_values import Values

VERSIONS = ("44.0.1", NEWEST)
SOURCE = GUESTS / "optimised.c"
PLAIN = ("-g", "-fno-sanitize=undefined")
RECOVERED = " [recovered from the shadow stack]"
STOPS = 30


def line_of(text):
    return next(number for number, line in enumerate(SOURCE.read_text().splitlines(), 1) if text in line)


class Told(Case):
    """What tests/guests/optimised.c says of its own calls: {(function, depth): (address of mark, mark)}."""

    def told(self, lines):
        rows = [line.split() for line in lines if line.startswith("told ")]
        return {(function, int(depth)): (int(address), int(mark)) for _, function, depth, address, mark in rows}

    def ran(self, module):
        said = subprocess.run([wasmtime(), "run", module, "end"], check=True, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=LIMIT).stdout
        return said, self.told(said.splitlines())

    def run_to(self, module, version, line, *commands):
        outcome = outpost("run", "--batch", "--json", *script(f"break optimised.c:{line}", "continue", *commands),
                          "--", wasmtime(version), "run", module, "end")
        self.assertEqual(outcome.status, 0, outcome)
        outcome.out = "".join(text for text in outcome.out.splitlines(keepends=True) if text.startswith('{"'))
        return Documents(outcome)

    def variables(self, result):
        return {variable["name"]: variable for variable in result["variables"]}


class Unoptimised(Told):
    """Compiled by clang -O0: everything is on the shadow stack."""

    def check(self, version):
        module = c("optimised", *PLAIN)
        line = line_of("// the bottom")
        _, told = self.ran(module)
        commands = [command for level in range(8) for command in (f"frame {level}", "info locals", "info args")]
        documents = self.run_to(module, version, line, "backtrace", *commands)
        frames = documents.one("backtrace")["frames"][:8]
        self.assertEqual(self.names(frames), ["descend"] * 7 + ["main"])
        self.assertTrue(all(frame["file"].endswith("/optimised.c") for frame in frames), frames)
        self.assertEqual([frame["line"] for frame in frames],
                         [line] + [line_of("sum += descend(depth + 1);")] * 6 + [line_of("total = descend(0);")])
        local, arguments = documents.all("info locals"), documents.all("info args")
        for level in range(7):
            depth = 6 - level
            address, mark = told["descend", depth]
            shown = self.variables(local[level])
            self.assertEqual(shown["mark"]["text"], str(mark))
            self.assertEqual(shown["mark"]["place"]["address"], address)
            self.assertTrue(shown["mark"]["recovered"])
            parts = {part["name"]: part["text"] for part in shown["shape"]["children"]}
            self.assertEqual(parts, {"sides": str(depth), "area": f"{depth * 0.5:g}", "name": '"shape"'})
            depths = self.variables(arguments[level])["depth"]
            self.assertEqual((depths["text"], depths["recovered"]), (str(depth), True))
        address, mark = told["main", 0]
        shown = self.variables(local[7])["mark"]
        self.assertEqual((shown["text"], shown["place"]["address"]), (str(mark), address))

    def test_version_44(self):
        self.check("44.0.1")

    def test_version_49(self):
        self.check(NEWEST)

    def test_the_text_says_where_it_is_from(self):
        line = line_of("// the bottom")
        outcome = outpost("run", "--batch", "--color=never",
                          *script(f"break optimised.c:{line}", "continue", "backtrace 2", "print mark", "print shape",
                                  "set var mark = 5", "print mark + 1", "continue"),
                          "--", wasmtime(), "run", c("optimised", *PLAIN), "end")
        self.assertEqual(outcome.status, 0, outcome)
        self.assertIn(f"optimised.c:{line}", outcome.out)
        self.assertIn(f"= 1006{RECOVERED}\n", outcome.out)
        self.assertIn(f'= {{sides = 6, area = 3, name = "shape"}}{RECOVERED}\n', outcome.out)
        # The guest goes on with what was written: its sum is less by 1006 - 5.
        said, _ = self.ran(c("optimised", *PLAIN))
        whole = int(said.split("once ")[1].split()[0])
        self.assertIn(f"once {whole - 1006 + 5}\n", outcome.out)

    def test_any_moment(self):
        """Wherever the guest is stopped, a recovered variable is where the guest has it."""
        with Guest(c("optimised", *PLAIN), guest_debug=False) as guest:
            guest.ready()
            told, seen, refused = self.told(guest.lines), 0, 0
            for _ in range(STOPS):
                with Conversation(guest.pid) as conversation:
                    for frame in (frames := self.frames(conversation)):
                        if frame["function"] in ("main", "descend", "early"):
                            found = self.mark_of(conversation, frame, frames, told)
                            seen += found
                            refused += not found
            whole = int(next(line for line in guest.lines if line.startswith("once ")).split()[1])
            self.assertUndisturbed(guest, lambda rounds: whole)
        # Main is on the stack at every stop, and most stops have more.
        self.assertGreater(seen, STOPS, f"{refused} refused")

    def frames(self, conversation):
        try:
            return [frame for frame in conversation.ask("backtrace")["frames"] if frame["kind"] == "wasm"]
        except AssertionError as error:
            # On its way between the guest and the host.
            self.assertIn("is not in the guest", str(error))
            return []

    def mark_of(self, conversation, frame, frames, told):
        name, level = frame["function"], frame["level"]
        # How deep the call is tells the stack, not the variable.
        depth = sum(other["function"] == "descend" and other["level"] > level for other in frames)
        depth -= name == "early"
        conversation.ask(f"frame {level}")
        mark = self.variables(conversation.ask("info locals"))["mark"]
        if "place" not in mark:
            return 0
        address, value = told[name, depth]
        self.assertTrue(mark["recovered"])
        self.assertEqual(mark["place"]["address"], address, (frame, depth))
        # The innermost frame may not have assigned it yet; the others have.
        if level > 0:
            self.assertEqual(mark["text"], str(value), (frame, depth))
        return 1


class Tables(Values):
    """The tables of the tests of values, with code that records nothing."""

    def check(self, version, module, unknown=()):
        said, tables = self.tables(module)
        compared = 0
        for stop, table in enumerate(tables):
            table = [row for row in table if row[0] not in unknown]
            outcome = outpost("run", "--batch", "--json",
                              *script("tbreak stop", *["continue", "tbreak stop"] * stop, "continue", "up",
                                      *[f"print {row[0]}" for row in table], "continue"),
                              "--", wasmtime(version), "run", module)
            self.assertEqual(outcome.status, 0, outcome)
            documents, output = self.documents(outcome)
            results = [d for d in documents if d.get("command") == "print"]
            self.assertEqual(len(results), len(table), outcome)
            for (expression, expected), document in zip(table, results):
                with self.subTest(expression=expression):
                    text = document["result"]["text"]
                    self.assertEqual(text.removesuffix(RECOVERED), expected)
                    compared += text.endswith(RECOVERED)
            self.assertEqual(output, said, "the guest was disturbed")
        self.assertGreater(compared, 20)

    # An array of a size that is calculated is where a Wasm local says, and that is no place in the frame.
    def test_c_version_44(self):
        self.check("44.0.1", c("source_c", *PLAIN), ["variable"])

    def test_c_version_49(self):
        self.check(NEWEST, c("source_c", *PLAIN), ["variable"])

    def test_cxx(self):
        self.check(NEWEST, c("source_cxx", *PLAIN, "-fno-exceptions", suffix="cc"))

    @unittest.skipUnless(have_rust(), "Debian's rustc and libstd-rust-dev-wasm32 are not installed")
    def test_rust(self):
        self.check(NEWEST, rust("source_rust", "-g"))

    def test_variable_size(self):
        outcome = outpost("run", "--batch", "--color=never",
                          *script("tbreak stop", "continue", "tbreak stop", "continue", "up", "print variable"),
                          "--", wasmtime(), "run", c("source_c", *PLAIN))
        self.assertEqual(outcome.status, 1, outcome)
        self.assertRegex(outcome.err, r"the shadow stack cannot be followed: Wasm local \d+ of aggregates does not hold")


class Optimised(Told):
    """Compiled by clang -O2: lines are right; what is in registers is refused."""

    def check(self, version):
        module = c("optimised", "-g", "-O2")
        line = line_of('printf("ready')
        documents = self.run_to(module, version, line, "backtrace", "info locals", "print argc")
        frame = documents.one("backtrace")["frames"][0]
        self.assertEqual((frame["function"], frame["line"]), ("main", line))
        # Its address was taken: it is on the shadow stack still.
        mark = self.variables(documents.one("info locals"))["mark"]
        self.assertEqual((mark["text"], mark.get("recovered")), ("77", True))
        self.assertRegex(documents.one("print")["text"],
                         r"^<it is in Wasm local \d+, which is not recorded: compiled without guest-debug>$")

    def test_version_44(self):
        self.check("44.0.1")

    def test_version_49(self):
        self.check(NEWEST)


class Precompiled(Told):
    """A .cwasm, whose process knows no .wasm: lines from what Wasmtime keeps in it, the rest from `set module-path`."""

    def run_image(self, version, *commands):
        module = c("optimised", *PLAIN)
        with tempfile.TemporaryDirectory(dir=WORK) as folder:
            # Beside the module itself its debug information would be found.
            image = Path(folder) / "image.cwasm"
            subprocess.run([wasmtime(version), "compile", module, "-o", image], check=True, timeout=LIMIT,
                           env=dict(os.environ, WASMTIME_BACKTRACE_DETAILS="1"))
            outcome = outpost("run", "--batch", "--json", *script(*commands), "--", wasmtime(version), "run",
                              "--allow-precompiled", image, "end", prefix=("env", "WASMTIME_BACKTRACE_DETAILS=1"))
        self.assertEqual(outcome.status, 0, outcome)
        outcome.out = "".join(text for text in outcome.out.splitlines(keepends=True) if text.startswith('{"'))
        return Documents(outcome)

    def check(self, version):
        line = line_of("// the bottom")
        commands = (f"break optimised.c:{line}", "continue", "backtrace", "info locals")
        documents = self.run_image(version, *commands)
        frames = documents.one("backtrace")["frames"]
        self.assertEqual([(frame["function"], frame["line"]) for frame in frames[:2]],
                         [("descend", line), ("descend", line_of("sum += descend(depth + 1);"))])
        mark = self.variables(documents.one("info locals"))["mark"]
        self.assertIn("the original bytes of module", mark["problem"])
        documents = self.run_image(version, f"set module-path {c('optimised', *PLAIN)}", *commands)
        mark = self.variables(documents.one("info locals"))["mark"]
        self.assertEqual((mark["text"], mark["recovered"]), ("1006", True))

    def test_version_44(self):
        self.check("44.0.1")

    def test_version_49(self):
        self.check(NEWEST)


class Stores(Told):
    """A host program that has Wasmtime in it, with several instances of one module: each stack is of its own."""

    def test_two_threads(self):
        command = [VENV / "python", GUESTS / "optimised_stores.py", c("optimised", *PLAIN)]
        with Guest(None, command=command) as guest:
            guest.ready()
            checked = set()
            # A thread may be just between the host and the guest.
            for _ in range(STOPS):
                with Conversation(guest.pid) as conversation:
                    for thread in conversation.ask("info threads")["threads"]:
                        if thread["in_guest"] and self.check_thread(conversation, thread["tid"]):
                            checked.add(thread["tid"])
                if len(checked) == 2:
                    break
            self.assertEqual(len(checked), 2)

    def test_a_condition_finds_the_store_of_each_thread(self):
        command = [VENV / "python", GUESTS / "optimised_stores.py", c("optimised", *PLAIN)]
        with Guest(None, command=command) as guest:
            guest.ready()
            with Conversation(guest.pid) as conversation:
                conversation.ask("break descend if depth == 3")
                stopped = set()
                while len(stopped) < 2:
                    stop = conversation.resume("continue")
                    self.assertEqual((stop["reason"], conversation.ask("print depth")["text"]), ("breakpoint", "3" + RECOVERED))
                    stopped.add(stop["thread"])
                notices = [event for event in conversation.events if event.get("event") == "notice"]
                self.assertEqual(notices, [])
                conversation.ask("delete")

    def test_a_second_instance_in_the_same_store(self):
        """Conditions find the instance at each arrival: a new one makes what was certain before uncertain."""
        command = [VENV / "python", GUESTS / "optimised_again.py", c("optimised_again", *PLAIN)]
        line = 1 + next(i for i, text in enumerate((GUESTS / "optimised_again.c").read_text().splitlines()) if "// work" in text)
        with Guest(None, command=command) as guest:
            guest.ready()
            with Conversation(guest.pid) as conversation:
                conversation.ask(f"break optimised_again.c:{line} if mark == 2000 || mark == 1500")
                guest.send("\n")
                stop = conversation.resume("continue")
                self.assertEqual(stop["reason"], "breakpoint")
                self.assertEqual([conversation.ask(f"print {name}")["text"] for name in ("mark", "seed")], [value + RECOVERED for value in ("1500", "750")])
                conversation.resume("continue")
                self.assertEqual(guest.line(), "first 999000")
                warnings = [event["message"] for event in conversation.events if event.get("event") == "notice"]
                self.assertTrue(any("the instance that frame 0 runs in is not known" in text for text in warnings), conversation.events)
                conversation.ask("delete")

    def check_thread(self, conversation, thread):
        conversation.ask(f"thread {thread}")
        frames = [frame for frame in conversation.ask("backtrace")["frames"] if frame["kind"] == "wasm"]
        calls = [frame for frame in frames if frame["function"] == "descend" and frame["level"] > 0]
        for depth, frame in enumerate(reversed(calls)):
            conversation.ask(f"frame {frame['level']}")
            shown = self.variables(conversation.ask("info args"))["depth"]
            self.assertEqual((shown["text"], shown["recovered"]), (str(depth), True))
        return bool(calls)


if __name__ == "__main__":
    unittest.main()
