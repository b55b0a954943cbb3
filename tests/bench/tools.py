# SPDX-License-Identifier: GPL-3.0-or-later
"""How the benchmarks start, talk to and end what they measure: guests, debuggers, the bare programs.

This file knows how each program is driven; what is measured and what it means is in bench.py.
"""

import contextlib
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 300  # seconds for any one measurement
STACK = "-Wmax-wasm-stack=268435456,async-stack-size=536870912"


class Unavailable(Exception):
    """A yardstick that cannot be had, and why. Its place in the table shows the reason."""


class Failed(Exception):
    """A measurement that went wrong."""


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Tools:
    """The programs: where they are, or that they are not installed."""

    def __init__(self, options, scratch):
        self.scratch = pathlib.Path(scratch)
        self.programs = pathlib.Path(options.programs).resolve()
        self.paths = {name: shutil.which(getattr(options, name) or "") for name in ("outpost", "wasmtime", "gdb", "lldb")}
        self.micropython = options.micropython
        self.python = options.python
        self.cpu = max(os.sched_getaffinity(0))

    def path(self, name):
        found = self.paths[name]
        if not found:
            raise Unavailable("not installed")
        return os.path.abspath(found)

    def version(self, name):
        """The number in what the program says of its version, or why there is none."""
        try:
            done = subprocess.run([self.path(name), "--version"], capture_output=True, text=True, timeout=60, check=True)
        except Unavailable as reason:
            return str(reason)
        numbers = re.findall(r"\d+\.\d+(?:\.\d+)?", done.stdout.splitlines()[0])
        return numbers[-1] if numbers else "unknown version"

    def wat(self, name, text):
        path = self.scratch / f"{name}.wat"
        if not path.exists():
            path.write_text(text)
        return path

    def compiler(self):
        """zig's C compiler for WASI, and its environment; what it keeps is kept for this run."""
        if not self.python:
            raise Unavailable("no Python with the ziglang package")
        caches = {name: str(self.scratch / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
        return [self.python, "-m", "ziglang", "cc"], {**os.environ, **caches}

    def c(self, name):
        """A program of this folder as a module with debug information."""
        module = self.scratch / f"{name}.wasm"
        if not module.exists():
            compiler, environment = self.compiler()
            options = ["-target", "wasm32-wasi", "-g", "-O0", "-fno-sanitize=undefined"]
            subprocess.run([*compiler, *options, str(HERE / f"{name}.c"), "-o", str(module)], check=True, env=environment, timeout=LIMIT)
        return module

    def precompiled(self, module, for_stub=False):
        """The code of a module for guest-debug: a large one takes long to compile, and that is not measured."""
        code = module.with_suffix(".stub.cwasm" if for_stub else ".cwasm")
        if not code.exists():
            options = ["-Dguest-debug=y", *(["-Wepoch-interruption=y"] if for_stub else [])]
            command = [self.path("wasmtime"), "compile", *options, str(module), "-o", str(code)]
            subprocess.run(command, check=True, timeout=LIMIT)
        return code

    # Targets ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def guest(self, module, *arguments, options=(), pinned=False):
        """A guest that runs and has said "ready". Yields its Popen; kills it at the end."""
        command = [self.path("wasmtime"), "run", "-Dguest-debug=y", STACK, *options, str(module), *arguments]
        with self._running(command, subprocess.PIPE) as process:
            self._wait_for_line(process, process.stdout, b"ready")
            if pinned:
                pin(process.pid, self.cpu)
            yield process

    @contextlib.contextmanager
    def host(self, instances, mebibytes, magic, reservation=4):
        """An embedder with that many instances, GiB reserved for each memory, and that much writable memory. Yields its Popen."""
        script = pathlib.Path(__file__).with_name("host.py")
        with self._running([self.python, str(script), str(instances), str(mebibytes), magic, str(reservation)], subprocess.PIPE) as process:
            self._wait_for_line(process, process.stdout, b"ready")
            yield process

    @contextlib.contextmanager
    def native(self, program, *arguments, pinned=False):
        """One of our own programs, which runs and has said "ready". Yields its Popen."""
        path = self.programs / program
        if not path.exists():
            raise Unavailable(f"needs {program}, which is not built")
        with self._running([str(path), *map(str, arguments)], subprocess.PIPE) as process:
            self._wait_for_line(process, process.stdout, b"ready")
            if pinned:
                pin(process.pid, self.cpu)
            yield process

    @contextlib.contextmanager
    def stub(self, module, options=(), pinned=False):
        """A guest under `wasmtime run -g` that waits for its debugger. Yields the port."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [self.path("wasmtime"), "run", "-g", f"127.0.0.1:{port}", STACK, *options, str(module)]
        with self._running(command, subprocess.DEVNULL) as process:
            self._wait_for_line(process, process.stderr, b"listening on")
            if pinned:
                pin(process.pid, self.cpu)
            yield port

    @contextlib.contextmanager
    def _running(self, command, stdout):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, cwd=self.scratch, bufsize=0
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()

    @staticmethod
    def _wait_for_line(process, stream, text):
        deadline = time.monotonic() + 120
        seen = b""
        # Byte by byte: what follows the line is not ours.
        while text not in seen or not seen.endswith(b"\n"):
            left = deadline - time.monotonic()
            byte = stream.read(1) if left > 0 and select.select([stream], [], [], left)[0] else b""
            if not byte:
                process.kill()
                rest = process.stderr.read().decode(errors="replace")
                raise Failed(f"the guest never said {text.decode()!r}: {(seen.decode(errors='replace') + rest).strip()[:300]}")
            seen += byte

    def whole(self, module, before=(), options=(), pinned=True):
        """Seconds of a guest that ends by itself, from its start; before: the command line that it is started by.

        No cache: Wasmtime would keep code with a debugger's traps in it."""
        command = [*before, self.path("wasmtime"), "run", "-Ccache=n", "-Dguest-debug=y", *options, str(module)]
        start = time.monotonic()
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self.scratch,
            timeout=LIMIT,
            preexec_fn=(lambda: os.sched_setaffinity(0, {self.cpu})) if pinned else None,
        )
        if done.returncode:
            raise Failed(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-300:]}")
        return time.monotonic() - start

    # Yardsticks ------------------------------------------------------------------------------------------------

    def run(self, command, pinned=False, environment=None, marker=""):
        """Run one program to its end; the count and the seconds that it prints (after the marker)."""
        text = self.output(command, pinned, environment)
        found = re.search(rf"^{marker}(\d+) (\d+\.\d+)$", text, re.MULTILINE)
        if not found:
            raise Failed(f"{pathlib.Path(command[0]).name} printed no result: {text.strip()[-300:]}")
        return int(found[1]), float(found[2])

    def output(self, command, pinned=False, environment=None, errors=subprocess.STDOUT):
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=self.scratch,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
            timeout=LIMIT,
            preexec_fn=(lambda: os.sched_setaffinity(0, {self.cpu})) if pinned else None,
        )
        text = done.stdout.decode(errors="replace")
        if done.returncode:
            raise Failed(f"{pathlib.Path(command[0]).name} ended with {done.returncode}: {text.strip()[-300:]}")
        return text

    def bare(self, program, *arguments, pinned=False):
        path = self.programs / program
        if not path.exists():
            raise Unavailable("not built")
        return self.run([path, *arguments], pinned)

    def bare_addresses(self, program, *arguments):
        path = self.programs / program
        if not path.exists():
            raise Unavailable(f"needs {program}, which is not built")
        return self.output([path, *arguments]).split()

    def stub_client(self, port, mode, function, count=0, pinned=False):
        return self.run([sys.executable, HERE / "stub_client.py", port, mode, function, count], pinned)

    def lldb(self, port, mode, function, count=0, pinned=False):
        command = [self.path("lldb"), "--no-lldbinit", "--batch", "-o", f"command script import {HERE / 'lldb_driver.py'}"]
        environment = {"OUTPOST_BENCH": f"{mode} {port} {function} {count}", "OUTPOST_BENCH_START": str(time.monotonic())}
        return self.run(command, pinned, environment, "bench: ")

    def gdb(self, pid, mode, count, addresses, pinned=False):
        command = [self.path("gdb"), "-nx", "-q", "-batch", "-p", pid, "-x", HERE / "gdb_driver.py"]
        return self.run(command, pinned, {"OUTPOST_BENCH": " ".join([mode, str(count), *addresses])}, "bench: ")

    # outpost ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def prompt(self, *arguments, pinned=False):
        session = Prompt(self, [self.path("outpost"), *map(str, arguments)], pinned)
        try:
            yield session
        finally:
            session.close()


class Prompt:
    """outpost on a terminal of its own, as a person would use it. Times are from the key to the next prompt."""

    PROMPT = b"(outpost) "
    ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")

    def __init__(self, tools, command, pinned):
        self.master, slave = pty.openpty()
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        start = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=tools.scratch,
            start_new_session=True,
            env={**os.environ, "TERM": "dumb", "NO_COLOR": "1", "XDG_STATE_HOME": str(tools.scratch / "state")},
            preexec_fn=(lambda: os.sched_setaffinity(0, {tools.cpu})) if pinned else None,
        )
        os.close(slave)
        self.greeting = self._read_prompt()
        self.seconds = time.monotonic() - start
        self._refuse_errors("attach", self.greeting)

    def command(self, text):
        """Returns the seconds and the output."""
        start = time.monotonic()
        os.write(self.master, text.encode() + b"\n")
        output = self._read_prompt()
        seconds = time.monotonic() - start
        self._refuse_errors(text, output)
        return seconds, output

    @staticmethod
    def _refuse_errors(command, output):
        if re.search(r"^error: ", output, re.MULTILINE):
            raise Failed(f"outpost: {command}: {output.strip()[-300:]}")

    def start(self, text):
        """A command that gives no prompt before interrupt()."""
        os.write(self.master, text.encode() + b"\n")

    def interrupt(self):
        """Ctrl-C. Returns what was printed since start()."""
        self.process.send_signal(signal.SIGINT)
        return self._read_prompt()

    def peak_memory(self):
        """Bytes. VmHWM and not ru_maxrss: that one counts what this script used before it started outpost."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024

    def close(self):
        try:
            if self.process.poll() is None:
                os.write(self.master, b"quit\n")
                deadline = time.monotonic() + 10
                # What it still says is read, or it could not end.
                while self.process.poll() is None and time.monotonic() < deadline:
                    if select.select([self.master], [], [], 0.05)[0]:
                        os.read(self.master, 1 << 16)
        except OSError:
            pass  # EIO: the terminal's other side is closed, so outpost has ended
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.master)

    def _read_prompt(self):
        deadline = time.monotonic() + LIMIT
        tail = b""
        pieces = []
        while not self.ESCAPES.sub(b"", tail).endswith(self.PROMPT):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise Failed(f"outpost gave no prompt in {LIMIT} s: {b''.join(pieces)[-300:].decode(errors='replace')}")
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:
                text = b"".join(pieces).decode(errors="replace").strip()
                raise Failed(f"outpost ended before its prompt: {text[-300:]}") from None
            pieces.append(data)
            tail = (tail + data)[-256:]
        return self.ESCAPES.sub(b"", b"".join(pieces)).decode(errors="replace")


def pin(pid, cpu):
    """Every thread of a process on one CPU."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task), {cpu})


class Rounds:
    """What the guests report that measure themselves: see guests.hot()."""

    def __init__(self, process):
        self.stream = process.stdout
        self.rest = b""

    def _read(self):
        """What is in the pipe."""
        self.rest += self.stream.read(1 << 16)
        whole = len(self.rest) // 8 * 8
        found = [value for (value,) in struct.iter_unpack("<Q", self.rest[:whole])]
        self.rest = self.rest[whole:]
        return found

    def _wait(self, limit):
        if not select.select([self.stream], [], [], limit)[0]:
            raise Failed(f"the guest finished no round in {limit} s")
        return self._read()

    def seconds(self, limit=60):
        """The median round of those that begin and end from now on, for about a second, or of one that takes longer."""
        # One read empties a pipe. The report after that is of a round that began before.
        if select.select([self.stream], [], [], 0)[0]:
            self._read()
        self._wait(limit)
        found = []
        deadline = time.monotonic() + 1
        while not found or time.monotonic() < deadline:
            found += self._wait(limit)
        return median(found) / 1e9


class Gaps:
    """What the clock guest reports: see guests.clock()."""

    def __init__(self, process):
        self.stream = process.stdout
        self.rest = b""

    def drain(self):
        """What was reported so far, nanoseconds each."""
        data = self.rest
        while select.select([self.stream], [], [], 0)[0]:
            data += self.stream.read(1 << 16)
        whole = len(data) // 8 * 8
        self.rest = data[whole:]
        return [value for (value,) in struct.iter_unpack("<Q", data[:whole])]

    def after(self, action):
        """The largest gap while the action ran, in seconds. The third report after it cannot have begun before its end."""
        self.drain()
        action()
        found = self.drain()
        later = []
        deadline = time.monotonic() + 30
        while len(later) < 3:
            if not select.select([self.stream], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failed("the guest stopped reporting: is it still stopped?")
            later += self.drain()
        return max(found + later) / 1e9
