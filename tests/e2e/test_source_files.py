# SPDX-License-Identifier: GPL-3.0-or-later
"""Source files and lines of a C guest: list, info line, info source; where debug information and sources are found, moved
or not; and debug information that is broken, of another module, or absurd."""

import ctypes.util
import http.server
import json
import os
import shutil
import struct
import subprocess
import tempfile
import threading
import unittest
import unittest.mock
from pathlib import Path

import jsonschema

from harness import GUESTS, LIMIT, SOURCE, TOOLS, VENV, WORK, Case, Documents, outpost, script, wasmtime

NAME = "source_lines"
CUSTOM, CODE = 0, 10
SCHEMA = jsonschema.Draft202012Validator(json.loads((SOURCE / "docs" / "json-schema.json").read_text()))
# Those that are tested here.
COMMANDS = ("list", "info line", "info source", "info sources", "directory", "set", "show", "unset")
# Where it says that it was compiled; nothing is there.
BUILT = "/nowhere/build"


def leb(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at


class Module:
    """The sections of a module, to be changed."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        self.sections, at = [], 8
        while at < len(data):
            kind = data[at]
            size, at = read_leb(data, at + 1)
            name, start = "", at
            if kind == CUSTOM:
                length, start = read_leb(data, at)
                name = data[start:start + length].decode()
                start += length
            self.sections.append([kind, name, bytearray(data[start:at + size])])
            at += size

    def custom(self, name):
        """The bytes of a custom section."""
        return next(data for _, other, data in self.sections if other == name)

    def change_code(self):
        """Make it another module: any byte of the code will do."""
        next(data for kind, _, data in self.sections if kind == CODE)[-2] ^= 1

    def without_debug(self):
        self.sections = [s for s in self.sections if not s[1].startswith(".debug_")]
        return self

    def without_code(self):
        """Only the debug sections."""
        self.sections = [s for s in self.sections if s[1].startswith(".debug_")]
        return self

    def add(self, name, data):
        self.sections.append([CUSTOM, name, data])
        return self

    def write(self, path):
        out = bytearray(b"\0asm\1\0\0\0")
        for kind, name, data in self.sections:
            body = (leb(len(name.encode())) + name.encode() if kind == CUSTOM else b"") + data
            out += bytes([kind]) + leb(len(body)) + body
        Path(path).write_bytes(out)
        return Path(path)


class Lines(Case):
    """A module in a folder of its own, with its sources in `sources`."""

    OPTIONS = ("-gdwarf-4", "-O0")

    @classmethod
    def setUpClass(cls):
        WORK.mkdir(parents=True, exist_ok=True)
        cls.root = Path(tempfile.mkdtemp(dir=WORK))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.sources = cls.root / "sources"
        cls.sources.mkdir()
        for ending in ("c", "h"):
            shutil.copy(GUESTS / f"{NAME}.{ending}", cls.sources)
        cache = dict(os.environ, ZIG_GLOBAL_CACHE_DIR=str(TOOLS / "zig-cache"), ZIG_LOCAL_CACHE_DIR=str(TOOLS / "zig-cache"))
        cls.module = cls.root / "plain" / "guest.wasm"
        cls.module.parent.mkdir()
        subprocess.run([VENV / "python", "-m", "ziglang", "cc", "-target", "wasm32-wasi", *cls.OPTIONS,
                        "-fno-sanitize=undefined", f"-fdebug-compilation-dir={BUILT}", f"{NAME}.c", "-o", cls.module],
                       cwd=cls.sources, env=cache, check=True, timeout=LIMIT * 3)

    def folder(self):
        folder = Path(tempfile.mkdtemp(dir=self.root))
        return folder

    def run_guest(self, module, *commands, options=("-D", "guest-debug=y"), json=True, status=0):
        """Run outpost on the guest up to a breakpoint in sum(), then the commands."""
        outcome = outpost("run", "--batch", *(["--json"] if json else ["--color=never"]),
                          *script("break sum", "continue", *commands), "--", wasmtime(), "run", *options, module,
                          input="\n")
        self.assertEqual(outcome.status, status, outcome)
        return outcome

    def documents(self, outcome):
        outcome.out = "".join(line for line in outcome.out.splitlines(keepends=True) if line.startswith('{"'))
        documents = Documents(outcome)
        for document in documents:
            if document.get("command") in COMMANDS:
                SCHEMA.validate(document)
        return documents

    def asked(self, module, *commands, **options):
        return self.documents(self.run_guest(module, *commands, **options))

    def text_of(self, first, last):
        lines = (self.sources / f"{NAME}.c").read_text().splitlines()
        return list(enumerate(lines[first - 1:last], first))


class Listing(Lines):
    def test_lines_around_the_frame(self):
        documents = self.asked(self.module, f"directory {self.sources}", "list", "list", "list -", "list 1,3")
        around, more, before, first = documents.all("list")
        self.assertEqual([(line["line"], line["text"]) for line in around["lines"]], self.text_of(10, 19))
        self.assertEqual(around["file"], f"{BUILT}/{NAME}.c")
        self.assertEqual(around["path"], str(self.sources / f"{NAME}.c"))
        self.assertEqual([line["line"] for line in around["lines"] if line["current"]], [15])
        self.assertEqual([line["line"] for line in around["lines"] if line["has_code"]], [10, 14, 15, 16, 17, 18])
        self.assertEqual([line["line"] for line in more["lines"]], list(range(20, 30)))
        self.assertEqual([line["line"] for line in before["lines"]], list(range(10, 20)))
        self.assertEqual([line["line"] for line in first["lines"]], [1, 2, 3])

    def test_places(self):
        documents = self.asked(self.module, f"directory {self.sources}", "list main", f"list {NAME}.c:3", f"list {NAME}.h:3",
                               "list sum,", "list ,20", f"list *{self.first_of('half'):#x}", "list guest.wasm!square")
        spans = [(Path(r["file"]).suffix, r["lines"][0]["line"], r["lines"][-1]["line"]) for r in documents.all("list")]
        self.assertEqual(spans, [(".c", 17, 26), (".c", 1, 10), (".h", 1, 5), (".c", 14, 23), (".c", 11, 20), (".h", 1, 5),
                                 (".c", 4, 13)])

    def first_of(self, function):
        documents = self.asked(self.module, f"info line {function}")
        return documents.one("info line")["ranges"][0]["pc"]

    def test_text(self):
        shown = self.run_guest(self.module, f"directory {self.sources}", "list 14,15", json=False).out
        self.assertIn("   14\t{\n-> 15\t\tint total = 0;\n", shown)

    def test_what_cannot_be_listed(self):
        documents = self.asked(self.module, f"directory {self.sources}", "list 900", "list nothing", "list 9,4",
                               "list other.c:3", "list nowhere!sum", "list 0", "list *zero", "list -", status=1)
        self.assertEqual(len(documents.errors()), 1)
        for command, sentence in (("list 900", "ends before line 895"), ("list nothing", "nothing is called \"nothing\""),
                                  ("list 9,4", "line 4 comes before line 9"), ("list nowhere!sum", "no module \"nowhere\""),
                                  ("list other.c:3", "no source file is called \"other.c\""), ("list -", "before what?"),
                                  ("list 0", "lines count from 1"), ("list *zero", "is no offset")):
            with self.subTest(command=command):
                documents = self.asked(self.module, f"directory {self.sources}", command, status=1)
                self.assertIn(sentence, documents.errors()[0]["message"])

    def test_code_of_lines(self):
        documents = self.asked(self.module, "info line", f"info line {NAME}.c:10", "info line 7", "info line square",
                               f"info line {NAME}.c:16")
        here, square, nothing, named, loop = documents.all("info line")
        self.assertEqual((here["line"], here["ranges"][0]["function"]), (15, "sum"))
        self.assertEqual([r["function"] for r in square["ranges"] if r["is_statement"]], ["square"])
        self.assertEqual((nothing["line"], nothing["ranges"]), (7, []))
        self.assertEqual((named["line"], named["ranges"][0]["function"]), (9, "square"))
        # A loop's head has code before its body and behind it.
        self.assertGreater(len(loop["ranges"]), 1)
        for one in (here, square, named, loop):
            for a, b in zip(one["ranges"], one["ranges"][1:]):
                self.assertLessEqual(a["end_pc"], b["pc"])
        # What is said of a range is said of the places in it.
        start = square["ranges"][0]["pc"]
        again = self.asked(self.module, f"info line *{start + 1}").one("info line")
        self.assertEqual((again["file"], again["line"]), (f"{BUILT}/{NAME}.c", 10))

    def test_files(self):
        documents = self.asked(self.module, f"info sources *{NAME}*", "info sources *zz*", "info source")
        found, none = documents.all("info sources")
        self.assertEqual([f["file"] for f in found["files"]], [f"{BUILT}/{NAME}.c", f"{BUILT}/{NAME}.h"])
        self.assertEqual(none["files"], [])
        source = documents.one("info source")
        self.assertEqual((source["file"], source["path"], source["unit"], source["directory"], source["origin"]),
                         (f"{BUILT}/{NAME}.c", None, f"{NAME}.c", BUILT, None))
        self.assertEqual((source["language"], source["dwarf_version"]), ("c", int(self.OPTIONS[0][-1])))


class ListingOfDwarf5(Listing):
    OPTIONS = ("-gdwarf-5", "-O0")


class Moved(Lines):
    """Sources that are not where they were compiled."""

    def path(self, module, *commands):
        return self.asked(module, *commands, "info source").one("info source")

    def test_nowhere(self):
        documents = self.asked(self.module, "list", status=1)
        message = documents.errors()[0]["message"]
        self.assertIn(f"{BUILT}/{NAME}.c is not here", message)
        self.assertIn(str(self.module.parent / f"{NAME}.c"), message)

    def test_beside_the_module(self):
        folder = self.folder()
        for path in (self.module, self.sources / f"{NAME}.c"):
            shutil.copy(path, folder)
        self.assertEqual(self.path(folder / "guest.wasm")["path"], str(folder / f"{NAME}.c"))

    def test_folders(self):
        folder = self.folder()
        deep = folder / "build"
        deep.mkdir()
        shutil.copy(self.sources / f"{NAME}.c", deep)
        # By the end of its path, before the bare name.
        self.assertEqual(self.path(self.module, f"directory {folder} {self.sources}")["path"], str(deep / f"{NAME}.c"))
        self.assertEqual(self.path(self.module, f"directory {self.sources}", f"directory {folder}")["path"],
                         str(self.sources / f"{NAME}.c"))
        shown = self.asked(self.module, f"directory {folder}", f"set directories {self.sources}", "show directories")
        self.assertEqual(shown.one("show")["settings"][0]["value"], str(self.sources))
        self.assertIsNone(self.path(self.module, f"directory {self.sources}", "directory")["path"])
        self.assertIsNone(self.path(self.module, f"directory {self.sources}", "unset directories")["path"])

    def test_substitute_path(self):
        found = self.path(self.module, f"set substitute-path {BUILT}/ {self.sources}/")
        self.assertEqual(found["file"], str(self.sources / f"{NAME}.c"))
        self.assertEqual(found["path"], found["file"])
        # Whole parts of the path only; the newest rule goes first.
        self.assertIsNone(self.path(self.module, f"set substitute-path {BUILT[:-1]} {self.sources}")["path"])
        documents = self.asked(self.module, "set substitute-path /nowhere /x", f"set substitute-path {BUILT} /y",
                               "show substitute-path", "info source", f"unset substitute-path {BUILT}", "info source",
                               "unset substitute-path", "info source")
        self.assertEqual(documents.one("show")["settings"][0]["value"], f"{BUILT} -> /y, /nowhere -> /x")
        self.assertEqual([s["file"] for s in documents.all("info source")],
                         [f"/y/{NAME}.c", f"/x/build/{NAME}.c", f"{BUILT}/{NAME}.c"])
        # What is shown can be typed.
        documents = self.asked(self.module, f"set substitute-path {BUILT} {self.sources}", f"list {self.sources}/{NAME}.c:3",
                               f"info line {self.sources}/{NAME}.c:10", f"list {BUILT}/{NAME}.c:3")
        self.assertEqual(len(documents.all("list")), 2)
        self.assertTrue(documents.one("info line")["ranges"])

    def test_a_file_that_is_written_anew(self):
        """What is shown is the file as it is, not as it was."""
        folder = self.folder()
        shutil.copy(self.sources / f"{NAME}.c", folder)
        commands = ["list 1,1", f"shell sed -i 1s/.*/changed/ {folder}/{NAME}.c", "list 1,1"]
        shown = self.run_guest(self.module, f"directory {folder}", *commands, json=False).out
        self.assertIn("1\t// SPDX", shown)
        self.assertIn("1\tchanged", shown)

    def test_no_file_of_the_target_is_waited_for(self):
        folder = self.folder()
        os.mkfifo(folder / f"{NAME}.c")
        self.assertIsNone(self.path(self.module, f"directory {folder}")["path"])


class Changed(Lines):
    """Source files that are not those that were compiled."""

    def warnings(self, changed, newer):
        folder = self.folder()
        for ending in ("c", "h"):
            copy = Path(shutil.copy(self.sources / f"{NAME}.{ending}", folder))
            if ending == "c" and changed:
                copy.write_text("// Once more.\n" + copy.read_text())
            compiled = self.module.stat().st_mtime
            os.utime(copy, (compiled, compiled + (60 if ending == "c" and newer else -60)))
        said = self.run_guest(self.module, f"directory {folder}", "list 1,3", f"list {NAME}.h:1", "list 1,3", json=False)
        self.assertIn("// Once more." if changed else "// SPDX", said.out)
        found = [line for line in said.err.splitlines() if line.startswith("warning: source file")]
        return [line.removeprefix(f"warning: source file {folder}/{NAME}.c ") for line in found]

    def test_what_is_said_of_them(self):
        lines = "its lines may not be those that run"
        for changed in (False, True):
            for newer in (False, True):
                with self.subTest(changed=changed, newer=newer):
                    self.assertEqual(self.warnings(changed, newer), [f"is {self.said(changed, newer)} guest.wasm: {lines}"]
                                     if self.said(changed, newer) else [])

    def said(self, _, newer):
        return "newer than" if newer else None


class ChangedOfDwarf5(Changed):
    """The line table has the files' sums."""
    OPTIONS = ("-gdwarf-5", "-O0")

    def said(self, changed, _):
        return "not the one that was compiled for" if changed else None


class Origins(Lines):
    """Debug information beside the module's own bytes."""

    def origin(self, module, *commands, **options):
        source = self.asked(module, *commands, "info source", **options).one("info source")
        return source.get("origin"), source["missing"], source.get("file")

    def stripped(self, folder=None):
        folder = folder or self.folder()
        return Module(self.module).without_debug().write(folder / "guest.wasm")

    def test_none(self):
        origin, missing, file = self.origin(self.stripped())
        self.assertEqual((origin, file), (None, None))
        self.assertRegex(missing, r"module guest\S* has no debug information \(.*own bytes have none.*set module-path")
        self.assertNotEqual(self.run_guest(self.stripped(), "list", json=False).out.count("local.get"), 0)

    def test_a_file_beside_it(self):
        for name in ("guest.debug.wasm", "guest.wasm.debug.wasm"):
            module = self.stripped()
            beside = shutil.copy(self.module, module.with_name(name))
            self.assertEqual(self.origin(module), (str(beside), None, f"{BUILT}/{NAME}.c"))

    def test_a_file_that_the_module_names(self):
        folder = self.folder()
        (folder / "dbg").mkdir()
        module = Module(self.module).without_debug()
        name = b"dbg/info.wasm"
        module.add("external_debug_info", leb(len(name)) + name)
        module = module.write(folder / "guest.wasm")
        # Nothing but debug sections: what the module names is believed.
        beside = Module(self.module).without_code().write(folder / "dbg" / "info.wasm")
        self.assertEqual(self.origin(module), (str(beside), None, f"{BUILT}/{NAME}.c"))

    def test_addresses_that_the_module_names(self):
        module = Module(self.module).without_debug()
        name = b"https://example.invalid/x.wasm"
        module = module.add("external_debug_info", leb(len(name)) + name).write(self.folder() / "guest.wasm")
        self.assertIn("does not fetch", self.origin(module)[1])

    def test_module_path(self):
        module = self.stripped()
        file, folder = f"set module-path {self.module}", f"set module-path {self.module.parent}"
        expected = (str(self.module), None, f"{BUILT}/{NAME}.c")
        self.assertEqual(self.origin(module, file), expected)
        self.assertEqual(self.origin(module, folder), expected)
        # Also when it was asked for before in vain.
        self.assertEqual(self.asked(module, "info source", file, "info source").all("info source")[1]["origin"], expected[0])

    def test_another_module(self):
        """What is said to be the module's is checked by its code."""
        other = Module(self.module)
        other.change_code()
        folder = self.folder()
        other = other.write(folder / "other.wasm")
        module = self.stripped(folder)
        origin, missing, _ = self.origin(module, f"set module-path {other}")
        self.assertIsNone(origin)
        self.assertIn(f"{other} is of another module: its code differs", missing)
        shutil.copy(other, folder / "guest.debug.wasm")
        self.assertIn("guest.debug.wasm is of another module", self.origin(module)[1])
        # Debug sections alone, which nothing says to be the module's.
        Module(self.module).without_code().write(folder / "guest.debug.wasm")
        self.assertIn("guest.debug.wasm is of another module", self.origin(module)[1])

    def test_build_ids(self):
        folder = self.folder()
        number = leb(4) + b"\1\2\3\4"
        module = Module(self.module).without_debug().add("build_id", number).write(folder / "guest.wasm")
        beside = Module(self.module).without_code().add("build_id", number).write(folder / "guest.debug.wasm")
        self.assertEqual(self.origin(module)[0], str(beside))

    def test_what_is_no_module(self):
        folder = self.folder()
        module = self.stripped(folder)
        (folder / "guest.debug.wasm").write_bytes(b"\0asm\1\0\0\0\x0a\xff\xff\xff\xff\x0f")
        origin, missing, _ = self.origin(module)
        self.assertIsNone(origin)
        self.assertIn("has no debug information", missing)
        with self.subTest("a folder in the way"):
            (folder / "guest.debug.wasm").unlink()
            (folder / "guest.debug.wasm").mkdir()
            self.assertIn("is not a regular file", self.origin(module)[1])

    def test_module_path_that_is_not_there(self):
        documents = self.asked(self.module, "set module-path /nowhere/at.all", status=1)
        self.assertIn("cannot take modules from /nowhere/at.all", documents.errors()[0]["message"])

    def test_code_without_guest_debug(self):
        """The file that the program was started with has it."""
        origin, missing, file = self.origin(self.module, options=())
        self.assertEqual((missing, file), (None, f"{BUILT}/{NAME}.c"))
        self.assertEqual(origin, str(self.module))

    def test_code_without_its_bytes(self):
        """An image alone has nothing to compare but its code: the functions' number, and their positions."""
        folder = self.folder()
        image = folder / "guest.cwasm"
        subprocess.run([wasmtime(), "compile", self.module, "-o", image], check=True, timeout=LIMIT)
        options = ("--allow-precompiled",)
        self.assertIn("its original bytes are not known", self.origin(image, options=options)[1])
        self.assertEqual(self.origin(image, f"set module-path {self.module}", options=options),
                         (str(self.module), None, f"{BUILT}/{NAME}.c"))
        shifted = Module(self.module)
        code = next(data for kind, _, data in shifted.sections if kind == CODE)
        at = shifted.sections.index([CODE, "", code])
        # The same code, some bytes further on in the file.
        shifted.sections.insert(at, [CUSTOM, "shift", bytes(100_000)])
        path = shifted.write(folder / "shifted.wasm")
        origin, missing, _ = self.origin(image, f"set module-path {path}", options=options)
        self.assertIsNone(origin)
        self.assertIn("is of another module", missing)

    def test_what_wasmtime_keeps(self):
        """WASMTIME_BACKTRACE_DETAILS=1 leaves the sections in the image, nothing else of the module."""
        image = self.folder() / "guest.cwasm"
        with unittest.mock.patch.dict(os.environ, WASMTIME_BACKTRACE_DETAILS="1"):
            subprocess.run([wasmtime(), "compile", self.module, "-o", image], check=True, timeout=LIMIT)
            documents = self.asked(image, "info source", f"info sources *{NAME}.c", f"info line {NAME}.c:10",
                                   options=("--allow-precompiled",))
        source = documents.one("info source")
        self.assertEqual((source["origin"], source["missing"], source["file"]), (None, None, f"{BUILT}/{NAME}.c"))
        self.assertEqual(documents.one("info sources")["files"][0]["file"], f"{BUILT}/{NAME}.c")
        same = self.asked(self.module, f"info line {NAME}.c:10").one("info line")["ranges"]
        self.assertEqual([r["pc"] for r in documents.one("info line")["ranges"]], [r["pc"] for r in same])


class Server:
    """A debuginfod server that has one build id; what it was asked for."""

    def __init__(self, files):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                body = files.get(self.path)
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


@unittest.skipUnless(ctypes.util.find_library("debuginfod"), "libdebuginfod is not installed")
class Debuginfod(Lines):
    NUMBER = b"\xab\1\2\3"

    def setUp(self):
        number = leb(len(self.NUMBER)) + self.NUMBER
        folder = self.folder()
        self.stripped = Module(self.module).without_debug().add("build_id", number).write(folder / "guest.wasm")
        info = Module(self.module).without_code().add("build_id", number).write(folder / "info.wasm").read_bytes()
        source = (self.sources / f"{NAME}.c").read_bytes()
        base = f"/buildid/{self.NUMBER.hex()}"
        self.files = {f"{base}/debuginfo": info, f"{base}/source{BUILT}/{NAME}.c": source}
        self.cache = folder / "cache"

    def served(self, files, *commands, **options):
        with Server(files) as server, unittest.mock.patch.dict(
                os.environ, DEBUGINFOD_URLS=server.url, DEBUGINFOD_CACHE_PATH=str(self.cache)):
            return self.asked(self.stripped, *commands, **options), server.asked

    def test_off_unless_asked(self):
        documents, asked = self.served(self.files, "info source")
        self.assertIn("has no debug information", documents.one("info source")["missing"])
        self.assertEqual(asked, [])

    def test_information_and_sources(self):
        documents, asked = self.served(self.files, "set debuginfod on", "info source", f"list {NAME}.c:3")
        source = documents.one("info source")
        self.assertTrue(source["origin"].startswith(str(self.cache)), source)
        self.assertEqual(source["file"], f"{BUILT}/{NAME}.c")
        self.assertEqual([(line["line"], line["text"]) for line in documents.one("list")["lines"]], self.text_of(1, 10))
        self.assertEqual(set(asked), set(self.files))

    def test_a_server_that_has_nothing(self):
        documents, asked = self.served({}, "set debuginfod on", "info source")
        self.assertIn("debuginfod has nothing for the module's build id", documents.one("info source")["missing"])
        self.assertTrue(asked)

    def test_what_a_server_says_is_checked(self):
        """Code that is another's is not the module's, whoever says so."""
        other = Module(self.module)
        other.change_code()
        path = other.write(self.folder() / "other.wasm")
        documents, _ = self.served({key: path.read_bytes() for key in self.files}, "set debuginfod on", "info source")
        self.assertIn("is of another module", documents.one("info source")["missing"])

    def test_no_servers(self):
        with unittest.mock.patch.dict(os.environ, DEBUGINFOD_URLS=""):
            documents = self.asked(self.stripped, "set debuginfod on", "info source")
        self.assertIn("DEBUGINFOD_URLS names no server", documents.one("info source")["missing"])


class Broken(Lines):
    """One warning that names the unit; everything else goes on."""

    def broken(self, change, *commands, section=".debug_line"):
        module = Module(self.module)
        change(module.custom(section))
        path = module.write(self.folder() / "guest.wasm")
        outcome = self.run_guest(path, *commands, "backtrace", "info sources", "info locals")
        documents = self.documents(outcome)
        notices = [d["message"] for d in documents if d.get("event") == "notice" and "unit" in d["message"]]
        frames = [f["function"] for f in documents.one("backtrace")["frames"] if f["kind"] == "wasm"]
        self.assertEqual(frames[0], "sum")
        self.assertIn("main", " ".join(frames))
        return documents, notices

    def test_a_program_of_an_unknown_version(self):
        def change(data):
            struct.pack_into("<H", data, 4, 77)
        documents, notices = self.broken(change, f"info line {NAME}.c:10")
        self.assertEqual(len(notices), 1, notices)
        self.assertRegex(notices[0], r"module guest\S*: unit \S+ at 0x[0-9a-f]+ of the debug information: .*77")

    def test_a_program_longer_than_its_section(self):
        def change(data):
            struct.pack_into("<I", data, 0, 0x7fffffff)
        _, notices = self.broken(change)
        self.assertEqual(len(notices), 1, notices)
        self.assertIn("does not fit", notices[0])

    def test_a_unit_of_an_unknown_version(self):
        def change(data):
            struct.pack_into("<H", data, 4, 99)
        documents, notices = self.broken(change, section=".debug_info")
        self.assertEqual(len(notices), 1, notices)
        self.assertIn("unit at 0x0", notices[0])
        self.assertIn("version 99", notices[0])

    def test_a_section_that_breaks_off(self):
        def change(data):
            del data[len(data) // 2:]
        for section in (".debug_info", ".debug_line", ".debug_str", ".debug_abbrev", ".debug_ranges"):
            with self.subTest(section=section):
                self.broken(change, section=section)

    def test_noise(self):
        """Whatever it says: the stack is shown, and outpost ends by itself."""
        for seed in range(3):
            def change(data):
                for i in range(seed, len(data), 97):
                    data[i] ^= 0x55 + seed
            for section in (".debug_info", ".debug_abbrev", ".debug_line"):
                with self.subTest(section=section, seed=seed):
                    self.broken(change, section=section)


if __name__ == "__main__":
    unittest.main()
