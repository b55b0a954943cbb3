# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests stand on: real guests in a real Wasmtime, and outpost as a user runs it.

Every wait is for a fact (a line of the guest's, a state in /proc), every process that is started is ended by its own
process ID, and a guest's last line proves that nothing disturbed it. The harness knows outpost's command line and its
JSON documents only, never its insides.
"""

import contextlib
import errno
import json
import os
import re
import select
import shutil
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

SOURCE = Path(os.environ.get("OUTPOST_SOURCE", Path(__file__).resolve().parents[2]))
PROGRAM = os.environ.get("OUTPOST_PROGRAM", "outpost")
TOOLS = Path(os.environ.get("OUTPOST_TOOLS", SOURCE / ".outpost-tools"))
WORK = Path(os.environ.get("OUTPOST_WORK", tempfile.gettempdir() + "/outpost-e2e"))
GUESTS = SOURCE / "tests" / "guests"
# A line of a guest in whose place another file's text is put.
INCLUDE = r"(?m)^;; include (\w+\.wat)$"
NEWEST = "49.0.4"
VENV = TOOLS / "venv" / "bin"
# Two cores and sanitizers: a limit is there to end a hang, never to measure.
LIMIT = int(os.environ.get("OUTPOST_LIMIT", "120"))


def have_tools():
    return (VENV / "python").exists() and wasmtime(NEWEST).exists()


def wasmtime(version=NEWEST):
    return TOOLS / "wasmtime" / version / "wasmtime"


def _made(path, make):
    """The file at path, made by make(temporary path) when it is not there; safe among parallel tests."""
    WORK.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        scratch = path.with_name(f"{os.getpid()}-{path.name}")
        make(scratch)
        os.replace(scratch, path)
    return path


def _run(*command, **options):
    subprocess.run([str(c) for c in command], check=True, timeout=LIMIT * 8, **options)


def wat(name):
    """The core module or component of tests/guests/NAME.wat."""
    sources = [GUESTS / f"{name}.wat"]

    def included(line):
        sources.append(GUESTS / line[1])
        return re.sub(INCLUDE, included, sources[-1].read_text())

    text = re.sub(INCLUDE, included, sources[0].read_text())
    stamp = max(source.stat().st_mtime_ns for source in sources)

    def make(path):
        joined = path.with_suffix(".joined.wat")
        joined.write_text(text)
        _run(VENV / "wasm-tools", "parse", joined, "-o", path)
        joined.unlink()

    folder = WORK / f"{stamp}"
    folder.mkdir(parents=True, exist_ok=True)
    return _made(folder / f"{name}.wasm", make)


def _guest_module(source, build, options):
    """The module of a file of tests/guests; build(output) writes it.

    Linkers take the module's name from the file that they write: it must be the final one.
    """
    kind = "".join(options).replace("-", "_").replace("=", "")
    folder = WORK / f"{(GUESTS / source).stat().st_mtime_ns}{kind}"
    folder.mkdir(parents=True, exist_ok=True)

    def make(path):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            output = Path(scratch) / Path(source).with_suffix(".wasm").name
            build(output)
            os.replace(output, path)

    return _made(folder / Path(source).with_suffix(".wasm").name, make)


def zig(compiler, *arguments, target="wasm32-wasi", version=None):
    """Run one of zig's compilers, for WASI if nothing else is said. Version: an older one, with its older libraries."""
    environment = dict(os.environ, ZIG_GLOBAL_CACHE_DIR=str(TOOLS / "zig-cache"),
                       ZIG_LOCAL_CACHE_DIR=str(TOOLS / "zig-cache"))
    if version:
        environment["PYTHONPATH"] = str(TOOLS / "zig" / version)
    _run(VENV / "python", "-m", "ziglang", compiler, "-target", target, *arguments, env=environment)


def c(name, *options, objects=(), suffix=".c", version=None):
    """The WASI module of tests/guests/NAME.c (or .cc, .cpp), compiled by zig, or an older one, and linked with the objects."""
    source = f"{name}.{suffix.lstrip('.')}"
    driver = "cc" if source.endswith(".c") else "c++"
    return _guest_module(source, lambda output: zig(driver, *options, "-o", output, GUESTS / source, *objects, version=version),
                         (*options, *([version] if version else [])))


def c_object(name, *options):
    """The object file of tests/guests/NAME.c."""
    source = GUESTS / f"{name}.c"
    kind = "".join(options).replace("-", "_")
    return _made(WORK / f"{name}{kind}-{source.stat().st_mtime_ns}.o",
                 lambda path: zig("cc", *options, "-c", "-o", path, source))


def host_library(name):
    """tests/guests/NAME.c as a shared library for the host, to be preloaded."""
    source = GUESTS / f"{name}.c"
    return _made(WORK / f"{name}-{source.stat().st_mtime_ns}.so",
                 lambda path: zig("cc", "-shared", "-fPIC", "-O1", "-o", path, source, target="native"))


# Debian's: rustc and libstd-rust-dev-wasm32; rustup's has no such target unless it was added.
RUSTC = Path("/usr/bin/rustc")


def why_no_rust():
    """The reason why tests/guests/*.rs cannot be compiled; None when they can."""
    if have_rust():
        return None
    return "no rustc for wasm32-wasi (Debian's packages rustc, libstd-rust-dev-wasm32 and lld)"


# Made by tests/guests/newer_rust.sh.
NEWER_RUSTC = TOOLS / "rust" / "rustc"


def why_no_newer_rust():
    return None if NEWER_RUSTC.exists() else "no newer Rust (Debian's package rustc-web, and its library for Wasm built by bootstrap)"


def have_rust():
    return RUSTC.exists() and Path("/usr/lib/rustlib/wasm32-wasi").exists()


def rust(name, *options, newer=False):
    """The WASI module of tests/guests/NAME.rs; newer: by the newest compiler."""
    source = f"{name}.rs"
    compiler = [NEWER_RUSTC] if newer else [RUSTC, "--target", "wasm32-wasi"]
    return _guest_module(source, lambda output: _run(*compiler, *options, "-o", output, GUESTS / source),
                         (*options, *(["newer"] if newer else [])))


def compiled(module, version=NEWEST, *options):
    """The .cwasm of a module."""
    kind = "".join(options).replace("-", "_").replace(" ", "")
    stamp = Path(module).stat().st_mtime_ns
    return _made(WORK / f"{Path(module).stem}-{stamp}-{version}{kind}.cwasm",
                 lambda path: _run(wasmtime(version), "compile", *options, module, "-o", path))


def instructions(module):
    """What an independent tool says: {function name or number: [(offset in the module, text)]}."""
    text = subprocess.run([str(VENV / "wasm-tools"), "print", "--print-offsets", str(module)], check=True,
                          capture_output=True, text=True, timeout=LIMIT).stdout
    functions, name = {}, None
    for line in text.splitlines():
        start = re.match(r"\s*\(;@[0-9a-f]+\s*;\)\s*\(func (?:\$(\S+) )?\(;(\d+);\)", line)
        code = re.match(r"\s*\(;@([0-9a-f]+)\s*;\)\s*([a-z].*)", line)
        if start:
            name = start.group(1) or int(start.group(2))
            functions[name] = []
        elif code and name is not None:
            functions[name].append((int(code.group(1), 16), code.group(2).split(";;")[0].strip()))
    return functions


class Guest:
    """A program in Wasmtime that the test started; its standard input and output are the test's."""

    def __init__(self, module, *, version=NEWEST, guest_debug=True, options=(), arguments=(), command=None):
        if command is None:
            debug = ["-D", "guest-debug=y"] if guest_debug else []
            command = [wasmtime(version), "run", *debug, *options, module, *arguments]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors)
        self.pid = self.process.pid
        self.buffer = b""
        self.lines = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()

    def line(self, limit=LIMIT):
        """The next line of the guest's output; '' at its end."""
        deadline = time.monotonic() + limit
        while b"\n" not in self.buffer:
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([self.process.stdout], [], [], wait)[0]:
                raise AssertionError(f"the guest said nothing for {limit} s (state {self.state()}; "
                                     f"so far {self.lines[-5:]}; stderr {self.stderr()!r})")
            block = os.read(self.process.stdout.fileno(), 65536)
            if not block:
                return ""
            self.buffer += block
        head, _, self.buffer = self.buffer.partition(b"\n")
        self.lines.append(head.decode())
        return self.lines[-1]

    def serving_address(self):
        """Of `wasmtime serve --addr 127.0.0.1:0`: the address that it says it has."""
        said = None

        def whole():
            nonlocal said
            said = re.search(r"http://((?:\d+\.){3}\d+):(\d+)/", self.stderr())
            return said

        wait_until(whole, "the server says its address")
        return said[1], int(said[2])

    def wait_line(self, wanted):
        while True:
            line = self.line()
            if line == wanted:
                return self
            if not line:
                raise AssertionError(f"the guest ended without the line {wanted!r}: {self.lines} {self.stderr()!r}")

    def ready(self):
        return self.wait_line("ready")

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def stderr(self):
        return written(self.errors)

    def finish(self, text="\n"):
        """Let it end by itself. What its last line says: (rounds, sum)."""
        if text:
            self.send(text)
        self.process.stdin.close()
        last = ""
        while line := self.line():
            last = line
        status = self.process.wait(LIMIT)
        found = re.fullmatch(r"done rounds=(\d+) sum=(\d+)", last)
        if status != 0 or not found:
            raise AssertionError(f"the guest ended with {status} and {last!r}: {self.stderr()!r}")
        return int(found[1]), int(found[2])

    def end(self):
        """Wait until it ended; its exit status and what it wrote to standard error."""
        while self.line():
            pass
        return self.process.wait(LIMIT), self.stderr()

    # What the kernel says of it.

    def status(self, field):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1].strip()
        raise AssertionError(f"no field {field} in /proc/{self.pid}/status")

    def state(self):
        try:
            return self.status("State")[0]
        except FileNotFoundError:
            return "gone"

    def threads(self):
        return sorted(int(t) for t in os.listdir(f"/proc/{self.pid}/task"))

    def thread_states(self):
        states = {}
        for thread in self.threads():
            # It may end meanwhile.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                states[thread] = Path(f"/proc/{self.pid}/task/{thread}/stat").read_text().rpartition(")")[2].split()[0]
        return states

    def alive(self):
        """Its folder in /proc; a leader that has ended has no memory any more, so another thread's."""
        if self.state() != "Z":
            return Path(f"/proc/{self.pid}")
        return Path(f"/proc/{self.pid}/task/{self.threads()[-1]}")

    def mappings(self):
        for line in (self.alive() / "maps").read_text().splitlines():
            span, access, offset, _, _, *path = line.split(None, 5)
            start, end = (int(part, 16) for part in span.split("-"))
            yield start, end, access, path[0] if path else ""

    def images(self):
        """The bytes of every image of Wasmtime's in its memory, by address: ELF, e_ident[EI_OSABI] 200, type 1."""
        found = {}
        with open(self.alive() / "mem", "rb", buffering=0) as memory:
            for start, end, access, path in self.mappings():
                if access != "r--p" or path.startswith(("[", "/usr/", "/lib")):
                    continue
                for page in range(start, end, 4096):
                    try:
                        image = self.image_at(memory, page)
                    except OSError as error:
                        # It was unmapped meanwhile: a server's store has gone.
                        if error.errno != errno.EIO:
                            raise
                        continue
                    if image:
                        found[page] = image
        return found

    def image_at(self, memory, page):
        memory.seek(page)
        head = memory.read(64)
        if head[:4] != b"\x7fELF" or head[7] != 200 or head[16:18] != b"\x01\x00":
            return None
        offset, = struct.unpack_from("<Q", head, 40)
        count, = struct.unpack_from("<H", head, 60)
        memory.seek(page)
        return memory.read(offset + 64 * count)

    def code(self):
        """Everything a debugger could leave behind: image bytes, executable mappings, caught signals."""
        executable = [m for m in self.mappings() if "x" in m[2]]
        return self.images(), executable, self.status("SigCgt")


# What a guest with several threads needs where Wasmtime has wasi-threads.
THREADS = ("-W", "threads=y", "-W", "shared-memory=y", "-S", "threads=y")


class Scripted(Guest):
    """A guest with several threads in `wasmtime wast`: Wasmtime 47 removed wasi-threads, test scripts still have threads.

    The script's own thread is the guest's first and the only one that can call the host, so it is the one whose lines are
    seen: its fd_write prints each byte with spectest's print_i32. At "ready" the module is compiled and instantiated once;
    the threads, each with a store of its own, come when a line is sent, which is when the second script comes through a FIFO.
    A trap in the first thread ends the process with status 1 when the other threads have ended; after a trap in another one
    the first waits for it for ever.
    """

    SETUP = """
(module $env (memory (export "memory") 2 2 shared))
(module definition $quiet
  (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "fd_read") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "args_get") (param i32 i32) (result i32) unreachable)
  (func (export "thread-spawn") (param i32) (result i32) unreachable))
(module $host
  (import "env" "memory" (memory 2 2 shared))
  (import "spectest" "print_i32" (func $print (param i32)))
  (data $arguments "ARGUMENTS")
  (func (export "fd_write") (param i32) (param $vector i32) (param i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.load (local.get $vector)))
    (loop $more
      (call $print (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $at)
        (i32.add (i32.load (local.get $vector)) (i32.load offset=4 (local.get $vector))))))
    (i32.const 0))
  (func (export "fd_read") (param i32) (param $vector i32) (param i32) (param $size i32) (result i32)
    (i32.store8 (i32.load (local.get $vector)) (i32.const 10))
    (i32.store (local.get $size) (i32.const 1))
    (i32.const 0))
  (func (export "args_get") (param $vector i32) (param $text i32) (result i32)
    (memory.init $arguments (local.get $text) (i32.const 0) (i32.const SIZE))
    POINTERS
    (i32.const 0))
  (func (export "thread-spawn") (param i32) (result i32) (i32.const 1))
  (func (export "ready")
    (call $print (i32.const 114)) (call $print (i32.const 101)) (call $print (i32.const 97))
    (call $print (i32.const 100)) (call $print (i32.const 121)) (call $print (i32.const 10))))
(register "wasi_snapshot_preview1" $host)
(register "wasi" $host)
(module definition $guest binary "MODULE")
(module instance $main $guest)
(invoke $host "ready")
"""
    THREAD = """
(thread $threadK (shared (module $env))
  (module instance $host $quiet)
  (register "wasi_snapshot_preview1" $host)
  (register "wasi" $host)
  (module instance $worker $guest)
  (assert_return (invoke $worker "wasi_thread_start" (i32.const K) (i32.const K))))
"""

    def __init__(self, module, *, version=NEWEST, guest_debug=True, options=(), arguments=()):
        self.folder = tempfile.TemporaryDirectory()
        words = [str(word).encode() + b"\0" for word in (module.name, *arguments)]
        starts = [sum(map(len, words[:k])) for k in range(len(words))]
        pointers = " ".join(f"(i32.store offset={4 * k} (local.get $vector) (i32.add (local.get $text) (i32.const {start})))"
                            for k, start in enumerate(starts))
        text = self.SETUP.replace("ARGUMENTS", _escaped(b"".join(words))).replace("SIZE", str(sum(map(len, words))))
        setup, self.rest = Path(self.folder.name) / "setup.wast", Path(self.folder.name) / "rest.wast"
        setup.write_text(text.replace("POINTERS", pointers).replace("MODULE", _escaped(module.read_bytes())))
        os.mkfifo(self.rest)
        self.workers = range(1, int(arguments[0]))
        debug = ["-D", "guest-debug=y"] if guest_debug else []
        super().__init__(None, command=[wasmtime(version), "wast", "--generate-dwarf=false", *debug, "-W", "threads=y", *options,
                                        setup, self.rest])

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self.folder.cleanup()

    def line(self, limit=LIMIT):
        text = b""
        while found := re.fullmatch(r"(\d+): i32", super().line(limit)):
            self.lines.pop()
            text += bytes([int(found[1])])
            if text.endswith(b"\n"):
                self.lines.append(text[:-1].decode())
                return self.lines[-1]
        return ""

    def send(self, text):
        """Whatever the line is, it begins."""
        waits = "".join(f"(wait $thread{k})\n" for k in self.workers)
        threads = "".join(self.THREAD.replace("K", str(k)) for k in self.workers)
        # A script that began with a thread would be taken for the fields of a module.
        self.rest.write_text('(register "env" $env)\n' + threads + '(assert_return (invoke $main "_start"))\n' + waits)


def _escaped(data):
    return "".join(f"\\{byte:02x}" for byte in data)


def written(file):
    """What a process has written to a file so far. The place in the file is the process's as well: it must not be moved."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


def comes_true(fact, limit):
    """Poll until fact() holds: whether it does within so many seconds."""
    deadline = time.monotonic() + limit
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def wait_until(fact, what):
    if not comes_true(fact, LIMIT):
        raise AssertionError(f"never happened: {what}")


def sleeping(guest):
    """Every thread of the guest's process waits in the kernel: the guest is suspended in a host call."""
    wait_until(lambda: set(guest.thread_states().values()) == {"S"}, "the guest waits in a host call")
    return guest


class Outcome:
    def __init__(self, completed):
        self.status = completed.returncode
        self.out = completed.stdout
        self.err = completed.stderr

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.err[-3000:]}"


def environment():
    """A home of its own, so that no test reads or writes a person's history."""
    home = WORK / f"home-{os.getpid()}"
    home.mkdir(parents=True, exist_ok=True)
    return dict(os.environ, HOME=str(home), XDG_STATE_HOME=str(home / "state"), TERM="dumb", LC_ALL="C.UTF-8")


def outpost(*arguments, input=None, limit=LIMIT, prefix=(), program=PROGRAM):
    """Run outpost to its end."""
    command = [str(part) for part in (*prefix, program, *arguments)]
    options = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}
    return Outcome(subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment(), **options))


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def as_nobody(*arguments, prefix=()):
    """Run outpost as another user; needs root. The build may lie in a folder that others cannot enter: it runs a copy."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        built = Path(PROGRAM).parent
        for file in [*(built / ".libs").glob("*.so*"), built / ".libs" / "outpost", Path(PROGRAM)]:
            if file.exists() and not (Path(folder) / file.name).exists():
                shutil.copy(file, folder)
        return outpost(*arguments, program=Path(folder) / "outpost",
                       prefix=[*prefix, *NOBODY, "env", f"LD_LIBRARY_PATH={folder}"])


class Documents(list):
    """The JSON documents of one run of outpost."""

    def __init__(self, outcome):
        super().__init__(json.loads(line) for line in outcome.out.splitlines())
        self.outcome = outcome

    def all(self, command):
        """The results of every execution of a command, in order."""
        return [d["result"] for d in self if d.get("command") == command and d["ok"]]

    def one(self, command):
        found = self.all(command)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} results of {command}: {self.outcome}")
        return found[0]

    def errors(self):
        return [d["error"] for d in self if d.get("ok") is False]

    def stops(self, reason=None):
        return [d for d in self if d.get("event") == "stopped" and reason in (None, d["reason"])]


def script(*commands):
    return [part for command in commands for part in ("-e", command)]


class Armed(threading.Thread):
    """Does something as soon as breakpoints are in the guest's code, which they are only while it runs."""

    def __init__(self, guest, action):
        super().__init__(daemon=True)
        self.guest, self.action, self.error = guest, action, None
        self.clean = guest.images()
        self.start()

    def run(self):
        try:
            wait_until(lambda: self.guest.images() != self.clean, "a breakpoint is in the code")
            self.action()
        except Exception as error:  # shown by done(), in the test's own thread
            self.error = error

    def done(self):
        self.join(LIMIT * 2)
        if self.error:
            raise self.error


class Case(unittest.TestCase):
    """A test with a guest and outpost."""

    maxDiff = 4000

    def guest(self, name, **options):
        """A guest of tests/guests that is running (its first line was seen)."""
        guest = Guest(wat(name), **options)
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def exact(self, name, threads, rounds, *, worker=0, iteration=0, kind=0, version=NEWEST, options=(), **others):
        """tests/guests/exact_NAME.wat with so many guest threads, ready, waiting for a line before they work.

        Worker 0 is the thread that runs _start. A guest that has a chosen moment has it in this worker's iteration. Where
        Wasmtime has wasi-threads all threads are there at "ready"; where it has not they come afterwards: see Scripted.
        """
        arguments = [threads, rounds, worker, iteration, kind]
        if int(version.split(".")[0]) < 47:
            guest = Guest(wat(f"exact_{name}"), version=version, options=(*THREADS, *options), arguments=arguments, **others)
        else:
            guest = Scripted(wat(f"exact_{name}"), version=version, options=options, arguments=arguments, **others)
        self.addCleanup(guest.__exit__)
        return guest.ready()

    def attached(self, guest, *commands, options=(), status=0, meanwhile=None):
        """Attach, run commands, detach; the documents. Meanwhile is called once breakpoints are in the code."""
        armed = Armed(guest, meanwhile) if meanwhile else None
        outcome = outpost("attach", guest.pid, "--batch", "--json", *options, *script(*commands))
        self.assertEqual(outcome.status, status, outcome)
        if armed:
            armed.done()
        return Documents(outcome)

    def attached_text(self, guest, *commands, status=0):
        outcome = outpost("attach", guest.pid, "--batch", "--color=never", *script(*commands))
        self.assertEqual(outcome.status, status, outcome)
        return outcome.out

    def serving_waiters(self, count):
        """A server in which so many requests sleep in turns in a host call; it never answers them."""
        server = Guest(None, command=[wasmtime(), "serve", "-D", "guest-debug=y", "--addr", "127.0.0.1:0", wat("serve_wait")])
        self.addCleanup(server.__exit__)
        address = server.serving_address()
        for _ in range(count):
            self.asking(*address).start()
        return server

    def asking(self, host, port):
        """A thread that makes a request, and does not mind when the server is killed meanwhile."""
        def ask():
            try:
                urllib.request.urlopen(f"http://{host}:{port}/", timeout=60)
            except OSError:
                pass

        return threading.Thread(target=ask, daemon=True)

    def names(self, frames):
        return [frame["function"] for frame in frames if frame["kind"] == "wasm"]

    def assertUndisturbed(self, guest, check, text="\n"):
        """The guest ends by itself with the sum that it must have."""
        self.assertEqual(guest.status("TracerPid"), "0")
        rounds, total = guest.finish(text)
        self.assertEqual(total, check(rounds), f"after {rounds} rounds")
        return rounds


def calls_sum(rounds):
    """What tests/guests/calls.wat must add up to."""
    total = 0
    for r in range(rounds):
        x = [2 * r, r * r, -r][r % 3]
        wrapped = (5 + x + [10, 20, 30, 40][r % 4]) & 0xffffffff
        total += wrapped - (1 << 32) if wrapped >> 31 else wrapped
    return total & 0xffffffffffffffff


def busy_sum(rounds):
    """What tests/guests/busy.wat must add up to."""
    return 11 * rounds + sum(turn >> 4 & 255 for turn in range(0, rounds, 16))


def spin_sum(rounds):
    """What tests/guests/spin.wat ends with: its generator, rounds * 1,000,000 turns on."""
    factor, term, turns = 1, 0, rounds * 1000000
    a, b = 1103515245, 12345
    while turns:
        if turns & 1:
            factor, term = factor * a % 2**32, (term * a + b) % 2**32
        a, b = a * a % 2**32, (b * a + b) % 2**32
        turns >>= 1
    return term


def values_sum(rounds):
    """What tests/guests/values.wat adds up: each round 11 + wrap(-22), made positive at the end."""
    return 11 * rounds
