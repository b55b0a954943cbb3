# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wasm core dump at the prompt: what the commands show of it is what they show of the live process, and of an ELF core."""

import subprocess
import unittest

from cores import CoreCase
from harness import LIMIT, Documents, c, outpost, script, wasmtime, wat

STATE = ["info globals", "x/8xb 8", "x/4xb 70000", "print $global0", "find 0, 4096, \"hello\""]


def frames(documents):
    """What a backtrace says of the guest's frames; where the code lies is the host's affair."""
    wanted = ("level", "function", "function_index", "module", "pc", "locals", "stack", "file", "line", "arguments")
    return [{key: frame[key] for key in wanted if key in frame} for frame in documents.all("backtrace")[-1]["frames"] if frame["kind"] == "wasm"]


def without_missing(frame):
    """Without the vector, which the format cannot hold."""
    return dict(frame, locals=[value for value in frame["locals"] if value["type"] != "v128"])


class WasmDump(CoreCase):
    def dump(self, path, *commands, modules=(), status=0, options=("--json",)):
        given = [part for module in modules for part in ("--module", module)]
        outcome = outpost("core", path, *options, "--batch", *given, *script(*commands))
        self.assertEqual(outcome.status, status, outcome)
        return Documents(outcome) if options else outcome

    def traps(self, *commands, debug=True):
        """tests/guests/dumped.wat at its trap, and dumps and a core of that moment."""
        theirs, ours, core = (self.folder / name for name in ("theirs", "ours", "core"))
        options = ["-D", "guest-debug=y"] if debug else []
        subprocess.run([wasmtime(), "run", *options, "-D", f"coredump={theirs}", wat("dumped")], capture_output=True, timeout=LIMIT)
        made = (f"generate-wasm-core {ours}", f"generate-core-file {core}") if debug else (f"generate-wasm-core {ours}",)
        outcome = outpost("run", "--batch", "--json", *script("catch trap", "continue", *made, *commands),
                          "--", wasmtime(), "run", *options, wat("dumped"))
        self.assertEqual(outcome.status, 0, outcome)
        return Documents(outcome), theirs, ours, core

    def answers(self, documents, commands):
        names = {command.split("/")[0].split(",")[0].split()[0] for command in commands}
        # Where a value lies in the host is another thing in each.
        return [{key: value for key, value in d["result"].items() if key != "place"}
                for d in documents if d.get("command") and d["command"].split()[0] in names and d["ok"]]

    def test_one_trap_seen_in_four_ways(self):
        live, theirs, ours, core = self.traps("backtrace", *STATE)
        elf = Documents(outpost("core", core, "--json", "--batch", *script("backtrace", *STATE)))
        own = self.dump(ours, "backtrace", *STATE, modules=[wat("dumped")])
        foreign = self.dump(theirs, "backtrace", *STATE, modules=[wat("dumped")])
        self.assertEqual(frames(elf), frames(live))
        self.assertEqual([without_missing(one) for one in frames(own)], [without_missing(one) for one in frames(live)])
        places = [(one["function"], one["pc"]) for one in frames(live)]
        self.assertEqual([name for name, _ in places], ["inner", "outer"])
        self.assertEqual([(one["function"], one["pc"]) for one in frames(foreign)], places)
        for one in frames(foreign)[0]["locals"]:
            self.assertEqual(one["value"]["reason"], "not-dumped")
        for documents in (elf, own, foreign):
            self.assertEqual(len(self.answers(documents, STATE)), len(STATE))
            self.assertEqual(self.answers(documents, STATE), self.answers(live, STATE))

    def test_of_code_without_guest_debug(self):
        live, theirs, ours, _ = self.traps("backtrace", debug=False)
        places = [(one["function"], one["pc"]) for one in frames(live)]
        for path in (theirs, ours):
            documents = self.dump(path, "backtrace", modules=[wat("dumped")])
            self.assertEqual([(one["function"], one["pc"]) for one in frames(documents)], places)

    def test_without_the_module(self):
        """What the dump does not know has its reason; nothing is made up."""
        _, theirs, ours, _ = self.traps()
        said = self.dump(ours, "backtrace", "info globals", "x/8xb 8", "print $local1 + 1", "print $stack0", "print $local4", "info modules")
        inner, outer = frames(said)
        self.assertEqual((inner["function"], inner["pc"], outer["function"]), ("function[0]", None, "function[1]"))
        full = said.all("backtrace")[0]["frames"]
        self.assertTrue(all(frame["function_offset"] for frame in full))
        self.assertEqual([one["value"] for one in inner["locals"][:4]], [0, 99, 0.25, 1.5])
        self.assertEqual([one["result"]["value"] for one in said if one.get("command") == "print"][:2], [100, 11])
        self.assertEqual(said.all("print")[2]["value"]["reason"], "not-dumped")
        self.assertEqual([one["value"] for one in said.all("info globals")[0]["globals"]][:2], [70, -5])
        for command, reason in (("disassemble", "has no code"), ("info tables", "tells memories and globals alone"), ("info exports", "behind --module"),
                                ("info stores", "nothing of stores"), ("stepi", "cannot run"), ("break *0", "cannot")):
            error, = self.dump(ours, command, status=1).errors()
            self.assertIn(reason, error["message"], command)
        refused = self.dump(ours, "finish", modules=[wat("dumped")], options=(), status=1)
        self.assertIn("cannot run", refused.err)
        self.assertNotIn("Run till exit", refused.out)
        # Made of the dump again, it is the same.
        again = self.folder / "again"
        self.dump(ours, f"generate-wasm-core {again}")
        one, other = self.dump(ours, "backtrace", *STATE), self.dump(again, "backtrace", *STATE)
        self.assertEqual(frames(one), frames(other))
        self.assertEqual(self.answers(one, STATE), self.answers(other, STATE))

    def test_what_the_host_knew_is_not_there(self):
        """The reason stands there, not a number that is none; stacks are shown as of a core file."""
        _, theirs, _, _ = self.traps()
        module = wat("dumped")
        said = self.dump(theirs, "info frame", modules=[module], options=()).out
        self.assertIn("host pc     not known: a Wasm core dump has no host frames", said)
        shown = outpost("stack", theirs, "--module", module)
        self.assertEqual((shown.status, shown.err), (0, ""), shown)
        self.assertRegex(shown.out, r'Thread 1 "[^"]*":\n#0 .* inner .*\n#1 .* outer ')
        refused = outpost("inspect", theirs)
        self.assertEqual(refused.status, 1, refused)
        self.assertIn("is a Wasm core dump, in which is nothing of what Wasmtime compiled", refused.err)

    def test_modules_that_do_not_fit(self):
        _, theirs, ours, _ = self.traps()
        for other, reason in ((wat("values"), "is no module of the Wasm core dump: it has"), (ours, "it defines no function"), ("/nowhere", "cannot")):
            outcome = self.dump(ours, "backtrace", modules=[other], status=1, options=())
            self.assertIn(reason, outcome.err)
        outcome = self.dump(theirs, "backtrace", modules=[wat("dumped")] * 2, status=1, options=())
        self.assertIn("each of them has its file already", outcome.err)
        # The command of the prompt takes it as well.
        said = Documents(outpost("core", theirs, "--json", "--batch", *script("detach", f"core {theirs} --module {wat('dumped')}", "disassemble")))
        self.assertIn("i32.div_s", str(said.one("disassemble")))

    def test_references_are_not_null(self):
        """The format writes every reference as null: that it was one is not known."""
        path = self.folder / "dump"
        guest = self.started(wat("objects"))
        self.attached(guest, f"generate-wasm-core {path}")
        said = self.dump(path, "info globals", "info imports", modules=[wat("objects")])
        self.assertIn("a Wasm core dump has no tables and no functions", said.one("info imports")["imports"][0]["problem"])
        values = [one["value"] for one in said.one("info globals")["globals"] if one["type"].endswith("ref")]
        self.assertTrue(values)
        for value in values:
            self.assertEqual(value["reason"], "unreadable")


class Variables(CoreCase):
    """Variables of the guest's language: live, in cores and in a Wasm core dump."""

    LOOKS = ["backtrace", "info args", "info locals", "up", "info locals", "print counter", "print grid", "print *words", "list"]

    def of_guest(self, result):
        """Without the host's share: addresses, threads, frames."""
        if isinstance(result, list):
            return [self.of_guest(one) for one in result if not (isinstance(one, dict) and one.get("kind") == "host")]
        if isinstance(result, dict):
            return {key: self.of_guest(value) for key, value in result.items() if key not in ("host_pc", "thread", "place", "incomplete")}
        return result

    def answers(self, outcome):
        names = {" ".join(look.split()[:2]) if look.startswith("info") else look.split()[0] for look in self.LOOKS}
        found = [self.of_guest(d["result"]) if d["ok"] else d["error"]["code"] for d in Documents(outcome) if d.get("command") in names]
        self.assertEqual(len(found), len(self.LOOKS), outcome)
        return found

    def check(self, module, guest_debug, dump):
        options = ["-D", "guest-debug=y"] if guest_debug else []
        core, wasm = self.folder / "core", self.folder / "wasm"
        made = [f"generate-core-file {core}", *([f"generate-wasm-core {wasm}"] if dump else [])]
        live = outpost("run", "--batch", "--json", *script("break stop", "continue", *made, *self.LOOKS), "--", wasmtime(), "run", *options, module)
        self.assertEqual(live.status, 0, live)
        wanted = self.answers(live)
        self.assertEqual(self.answers(outpost("core", core, "--json", "--batch", *script(*self.LOOKS))), wanted)
        if dump:
            seen = self.answers(outpost("core", wasm, "--json", "--batch", "--module", module, *script(*self.LOOKS)))
            self.assertEqual(seen, wanted)
        core.unlink()

    def test_guest_debug(self):
        self.check(c("source_c", "-gdwarf-5", "-fno-sanitize=undefined"), True, True)

    def test_optimised_by_its_shadow_stack(self):
        """Wasmtime's optimised code records no locals: the variables are found in the guest's own memory."""
        self.check(c("source_c", "-gdwarf-5", "-O0", "-fno-sanitize=undefined"), False, False)


if __name__ == "__main__":
    unittest.main()
