#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks of outpost. Each is measured beside a yardstick in the same run, and judged by a ratio or a limit.

The debugger and the target share one CPU, except where the time is that of a whole run beside a running guest (pause, attach): on two CPUs each
stop would wait for the other CPU to wake up, and that is not the debugger's doing.

    bench.py [--quick] [--write docs/benchmarks.md] [NAME...]

This file knows what is measured and what it means, inside.py the same for what outpost does inside the target, source.py for the
source level, cores.py for core files, guarding.py for outpost guard, sandbox.py for outpost --sandbox. How programs are driven
is in tools.py, the guests are in guests.py, what a table is in rows.py.
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import select
import shutil
import signal
import sys
import tempfile
import time

import guests
from cores import Cores
from guarding import Guarding
from inside import Inside
from rows import Outcome, Row, rate, ratio, repeat
from sandbox import Sandbox
from source import Source
from tools import HERE, Failed, Gaps, Tools, Unavailable, median

MIB = 1 << 20
TURN = 8  # instructions of a turn of the loop in guests.calls(), those of the function that it calls included


class Bench(Inside, Source, Cores, Guarding, Sandbox):
    def __init__(self, tools, quick):
        self.tools = tools
        self.quick = quick
        self.times = 1 if quick else 5

    def size(self, full, quick):
        return quick if self.quick else full

    # Stops and steps -------------------------------------------------------------------------------------------

    def outpost_stops(self, module, count, options=()):
        with self.tools.guest(module, pinned=True) as guest, self.tools.prompt("attach", *options, guest.pid, pinned=True) as outpost:
            # Else the program counts for itself, and does not stop.
            outpost.command("set breakpoint condition-evaluation host")
            outpost.command("break f")
            before = calls(outpost.command("continue")[1])
            outpost.command(f"ignore 1 {count - 1}")
            seconds, output = outpost.command("continue")
            # Each stop is one call of f, and the guest counts them.
            made = (calls(output) - before) & 0xFFFFFFFF
            if made != count:
                raise Failed(f"outpost stopped after {made} calls and not after {count}")
            return count / seconds

    def bare_stops(self, module, count):
        with self.tools.guest(module, pinned=True) as guest:
            return rate(self.tools.bare("bare_loop", guest.pid, "f", count, pinned=True))

    def gdb_run(self, mode, module, count):
        with self.tools.guest(module, pinned=True) as guest:
            addresses = self.tools.bare_addresses("bare_loop", guest.pid, "f")
            return rate(self.tools.gdb(guest.pid, mode, count, addresses, pinned=True))

    def lldb_run(self, mode, module, count):
        self.tools.path("lldb")
        with self.tools.stub(module, pinned=True) as port:
            return rate(self.tools.lldb(port, mode, "f", count, pinned=True))

    def stub_run(self, mode, module, count):
        with self.tools.stub(module, pinned=True) as port:
            return rate(self.tools.stub_client(port, mode, "f", count, pinned=True))

    def stops(self):
        module = self.tools.wat("calls", guests.calls())
        count = self.size(200_000, 20_000)
        outpost = Row("outpost, ignore N", lambda: self.outpost_stops(module, count))
        bare = Row("bare loop of PTRACE_CONT and waitpid", lambda: self.bare_stops(module, count))
        others = [
            Row("LLDB on wasmtime -g", lambda: self.lldb_run("stops", module, self.size(2000, 300))),
            Row("bare client of the stub of wasmtime -g", lambda: self.stub_run("stops", module, self.size(10_000, 1000))),
            Row("gdb, native", lambda: self.gdb_run("stops", module, self.size(10_000, 2000))),
        ]
        repeat([bare, outpost], self.times)
        repeat(others, min(self.times, 3))
        outcome = Outcome("stops", "breakpoint stops", "stops/s", [outpost, bare, *others])
        outcome.claim("of the bare loop", ratio(outpost, bare), "{:.2f}", ">= 0.90", lambda r: r >= 0.9)
        return outcome

    def outpost_steps(self, module, count, options=()):
        with self.tools.guest(module, pinned=True) as guest, self.tools.prompt("attach", *options, guest.pid, pinned=True) as outpost:
            outpost.command("break f")
            before = calls(outpost.command("continue")[1])
            outpost.command("delete 1")
            seconds, _ = outpost.command(f"stepi {count}")
            # On to the next call of f: the guest's own count says how far the steps went.
            outpost.command("break f")
            turns = (calls(outpost.command("continue")[1]) - before) & 0xFFFFFFFF
            if turns - count // TURN not in (0, 1):
                raise Failed(f"{count} steps went through {turns} turns of the loop")
            return count / seconds

    def steps(self):
        module = self.tools.wat("calls", guests.calls())
        count = self.size(100_000, 5000)
        outpost = Row("outpost, stepi N", lambda: self.outpost_steps(module, count))
        stub = Row("bare client of the stub of wasmtime -g", lambda: self.stub_run("steps", module, self.size(20_000, 2000)))
        others = [
            Row("LLDB on wasmtime -g", lambda: self.lldb_run("steps", module, self.size(5000, 1000))),
            Row("gdb, native: machine instructions", lambda: self.gdb_run("steps", module, self.size(20_000, 5000))),
        ]
        repeat([stub, outpost], min(self.times, 3))
        repeat(others, min(self.times, 3))
        outcome = Outcome("steps", "steps by one Wasm instruction", "steps/s", [outpost, stub, *others])
        outcome.claim("of the bare client of the stub", ratio(outpost, stub), "{:.1f}")
        outcome.claim("steps a second", outpost.value, "{:,.0f}", ">= 40,000", lambda v: v >= 40_000)
        return outcome

    # Events ----------------------------------------------------------------------------------------------------

    def events(self):
        tools = self.tools
        module = tools.wat("turns", guests.turns(self.size(300_000_000, 30_000_000)))
        run = [tools.path("outpost"), "run", "--batch", "-q", *("-e", "catch trap", "-e", "catch throw", "-e", "continue"), "--"]
        armed = Row("outpost, catch trap and catch throw", lambda: tools.whole(module, run))
        plain = Row("without a debugger", lambda: tools.whole(module))
        repeat([plain, armed], min(self.times, 3))
        outcome = Outcome("events", "a loop without traps, from its start to its end", "s", [armed, plain], 2)
        outcome.claim("of the time without a debugger", ratio(armed, plain), "{:.2f}", "<= 1.10", lambda r: r <= 1.1)
        return outcome

    def hostcalls(self):
        tools = self.tools
        count = self.size(100_000, 10_000)
        module = tools.wat("writes", guests.writes(count))
        trace = [tools.path("outpost"), "trace-calls", "-o", "/dev/null", "--"]
        outpost = Row("outpost trace-calls", lambda: count / tools.whole(module, trace))
        strace = Row("strace -f -e trace=write", lambda: count / tools.whole(module, self.strace()))
        plain = Row("without a debugger", lambda: count / tools.whole(module))
        repeat([plain, strace, outpost], min(self.times, 3))
        outcome = Outcome("hostcalls", "calls of fd_write, told one by one", "calls/s", [outpost, strace, plain])
        outcome.claim("of strace", ratio(outpost, strace), "{:.2f}")
        return outcome

    def strace(self):
        program = shutil.which("strace")
        if not program:
            raise Unavailable("not installed")
        return [program, "-f", "-e", "trace=write", "-o", "/dev/null"]

    def watch(self):
        """Blocks of the guest's loop, timed by itself: undisturbed, and with a hardware watchpoint that is not hit meanwhile."""
        tools, every = self.tools, 16
        module = tools.wat("blocks", guests.blocks(self.size(20_000_000, 5_000_000), every))
        watched, free = Row("outpost, watch on a place that is not hit"), Row("undisturbed")
        with tools.guest(module, pinned=True) as guest:
            reports = Gaps(guest)

            def blocks(least):
                values = []
                while len(values) < least:
                    if not select.select([guest.stdout], [], [], 60)[0]:
                        raise Failed("the guest stopped reporting: is it still stopped?")
                    values += reports.drain()
                return values

            def with_watch():
                with tools.prompt("attach", guest.pid) as outpost:
                    outpost.command("watch $mem[4096:i32]")
                    outpost.command("continue")
                    reports.drain()
                    if "New value" not in outpost.command("continue")[1]:
                        raise Failed("the watchpoint was not hit where the guest changes the place")
                    # All of them between two hits, the stops outside.
                    return median(reports.drain()[:every]) / 1e6

            def without():
                blocks(1)
                return median(blocks(every // 2)) / 1e6

            watched.measure, free.measure = with_watch, without
            repeat([free, watched], self.times)
        outcome = Outcome("watch", "a loop while a hardware watchpoint is set", "ms a block", [watched, free], 2)
        outcome.claim("of the time undisturbed", ratio(watched, free), "{:.3f}", "<= 1.05", lambda r: r <= 1.05)
        return outcome

    # One shot --------------------------------------------------------------------------------------------------

    def pause(self):
        module = self.tools.wat("clock", guests.clock())
        tools = self.tools
        rows = {
            name: Row(name)
            for name in (
                "outpost stack: largest gap",
                "undisturbed: largest gap in the same time",
                "gdb: largest gap",
                "outpost stack: from start to end",
                "gdb thread apply all bt: from start to end",
            )
        }
        gap, quiet, gdb_gap, whole, gdb_whole = rows.values()
        with tools.guest(module) as guest:
            gaps = Gaps(guest)

            def timed(command, seconds):
                start = time.monotonic()
                text = tools.output(command)
                seconds.append((time.monotonic() - start) * 1e3)
                return text

            def outpost_once():
                def look():
                    text = timed([tools.path("outpost"), "stack", guest.pid], whole.values)
                    if "watch" not in text or text.count("down") < 20:
                        raise Failed(f"outpost stack shows not the guest's stack: {text.strip()[-300:]}")

                return gaps.after(look) * 1e3

            def gdb_once():
                command = [tools.path("gdb"), "-nx", "-p", guest.pid, "-batch", "-ex", "thread apply all bt"]
                return gaps.after(lambda: timed(command, gdb_whole.values)) * 1e3

            def quiet_once():
                # As long as outpost takes: what the machine does to the guest by itself.
                length = (whole.value or 50) / 1e3
                return gaps.after(lambda: time.sleep(length)) * 1e3

            gap.measure, gdb_gap.measure, quiet.measure = outpost_once, gdb_once, quiet_once
            repeat([gap, quiet], self.size(21, 5))
            repeat([gdb_gap], self.size(5, 1))
        whole.reason, gdb_whole.reason = gap.reason, gdb_gap.reason
        outcome = Outcome("pause", "outpost stack on a running guest", "ms", list(rows.values()), 2)
        paused = None if gap.value is None else max(0.0, gap.value - quiet.value)
        outcome.claim("pause of the target, less what is there undisturbed", paused, "{:.2f} ms", "< 5 ms", lambda v: v < 5)
        outcome.claim(
            "times faster than gdb, from start to end",
            gdb_whole.value / whole.value if whole.value and gdb_whole.value else None,
            "{:.0f}",
            ">= 20",
            lambda r: r >= 20,
        )
        return outcome

    def attach(self):
        tools = self.tools
        time_row, memory = Row("outpost attach, to the prompt"), Row("outpost: peak memory", unit="MiB")
        gdb = Row("gdb attach, to its end")
        rows = [time_row, gdb, memory]
        outcome = Outcome("attach", "attach to MicroPython, compiled for guest-debug", "ms", rows, 1)
        program = 'print("ready")\nn = 0\nwhile True:\n    n = (n + 1) % 1000\n'
        options = ["-Wexceptions=y", "-Wunknown-imports-trap=y"]
        if not tools.micropython:
            time_row.reason = gdb.reason = memory.reason = "MicroPython is not installed"
        else:
            with tools.guest(os.path.abspath(tools.micropython), "-c", program, options=options) as guest:

                def outpost_once():
                    with tools.prompt("attach", guest.pid) as outpost:
                        memory.values.append(outpost.peak_memory() / MIB)
                        return outpost.seconds * 1e3

                def gdb_once():
                    start = time.monotonic()
                    tools.output([tools.path("gdb"), "-nx", "-p", guest.pid, "-batch"])
                    return (time.monotonic() - start) * 1e3

                time_row.measure, gdb.measure = outpost_once, gdb_once
                repeat([time_row, gdb], self.times)
            memory.reason = time_row.reason
        outcome.claim("attach to prompt", time_row.value, "{:.1f} ms", "< 100 ms", lambda v: v < 100)
        outcome.claim("peak memory", memory.value, "{:.1f} MiB", "< 64 MiB", lambda v: v < 64)
        outcome.claim("times faster than gdb", ratio(gdb, time_row), "{:.0f}")
        return outcome

    # Much at once ----------------------------------------------------------------------------------------------

    def frames(self):
        tools = self.tools
        depth = 50_000
        module = tools.wat("deep", guests.deep(depth))

        def whole(*commands):
            with tools.guest(module, pinned=True) as guest:
                command = [tools.path("outpost"), "attach", guest.pid, "--batch", "-q", "--color=never"]
                for text in commands:
                    command += ["-e", text]
                start = time.monotonic()
                text = tools.output(command, pinned=True)
                seconds = time.monotonic() - start
            return seconds * 1e3, sum(1 for line in text.splitlines() if line.startswith("#"))

        def checked(result):
            milliseconds, count = result
            if count < depth:
                raise Failed(f"only {count} frames")
            return milliseconds

        def native(mode, options=()):
            with tools.guest(module, options=options, pinned=True) as guest:
                addresses = tools.bare_addresses("bare_loop", guest.pid, "f")
                count, seconds = tools.gdb(guest.pid, mode, 0, addresses, pinned=True)
                return checked((seconds * 1e3, count))

        def remote(client):
            with tools.stub(module, pinned=True) as port:
                count, seconds = client(port, "frames", "f", pinned=True)
                return checked((seconds * 1e3, count))

        with_frames = Row("outpost, whole run with backtrace", lambda: checked(whole("backtrace")))
        without = Row("outpost, whole run without", lambda: whole("info threads")[0])
        others = [
            Row("LLDB on wasmtime -g, with the stop before it", lambda: remote(tools.lldb)),
            Row("bare client of the stub: addresses only", lambda: remote(tools.stub_client)),
            Row("gdb, native, with -D debug-info", lambda: native("frames", ["-Ddebug-info=y"])),
        ]
        repeat([with_frames, without], self.times)
        repeat(others, min(self.times, 3))
        outcome = Outcome("frames", "backtrace of 50,000 frames", "ms", [with_frames, without, *others], 1)
        alone = None
        if with_frames.value is not None and without.value is not None:
            alone = median([a - b for a, b in zip(with_frames.values, without.values)])
        outcome.claim("the backtrace", alone, "{:.0f} ms", "< 300 ms", lambda v: v < 300)
        lldb = others[0].value
        outcome.claim("times faster than LLDB", lldb / alone if lldb and alone else None, "{:.1f}")
        return outcome

    def functions(self):
        counts = (100, 1000, 20_000)
        stops = self.size(100_000, 10_000)
        table = {}
        for count in counts:
            module = self.tools.wat(f"calls{count}", guests.calls(count))
            table[count] = (
                Row(f"outpost, {count:,} functions", lambda m=module: self.outpost_stops(m, stops)),
                Row(f"bare loop, {count:,} functions", lambda m=module: self.bare_stops(m, stops)),
                Row(f"LLDB on wasmtime -g, {count:,} functions", lambda m=module: self.lldb_run("stops", m, self.size(300, 50))),
            )
        outposts, bares, lldbs = ([table[count][i] for count in counts] for i in range(3))
        repeat([*bares, *outposts], min(self.times, 3))
        repeat(lldbs, min(self.times, 3))
        outcome = Outcome("functions", "breakpoint stops in modules of 100, 1,000 and 20,000 functions", "stops/s", [*outposts, *bares, *lldbs])
        flat = ratio(outposts[-1], outposts[0])
        outcome.claim("rate with 20,000 functions of that with 100", flat, "{:.2f}", "flat (>= 0.90)", lambda r: r >= 0.9)
        outcome.claim("the same, LLDB", ratio(lldbs[-1], lldbs[0]), "{:.2f}")
        return outcome

    def memory(self):
        tools = self.tools
        size = 16 * MIB
        module = tools.wat("memory", guests.memory(size // MIB))
        with tools.guest(module, pinned=True) as guest:

            def speed(result):
                return rate(result) / MIB

            outpost = Row("outpost, through its library", lambda: speed(tools.bare("read_memory", guest.pid, size, 9, pinned=True)))

            def bare_speed():
                # outpost and gdb stop the guest; a guest that runs would take half of the CPU they share.
                os.kill(guest.pid, signal.SIGSTOP)
                try:
                    return speed(tools.bare("bare_readv", guest.pid, guests.MAGIC, size, 9, pinned=True))
                finally:
                    os.kill(guest.pid, signal.SIGCONT)

            bare = Row("bare process_vm_readv", bare_speed)
            gdb = Row(
                "gdb, Inferior.read_memory",
                lambda: speed(
                    tools.gdb(guest.pid, "memory", size, tools.bare_addresses("bare_readv", guest.pid, guests.MAGIC), pinned=True)
                ),
            )
            repeat([bare, outpost], self.times)
            repeat([gdb], min(self.times, 3))
        part = self.size(size, MIB)
        lldb = Row("LLDB on wasmtime -g", lambda: self.lldb_run("memory", module, part) / MIB)
        stub = Row("bare client of the stub of wasmtime -g", lambda: self.stub_run("memory", module, part) / MIB)
        repeat([lldb, stub], min(self.times, 3))
        outcome = Outcome("memory", "read 16 MiB of linear memory", "MiB/s", [outpost, bare, lldb, stub, gdb])
        outcome.claim("of a bare process_vm_readv", ratio(outpost, bare), "{:.2f}", ">= 0.50", lambda r: r >= 0.5)
        return outcome


    # The guest's state ---------------------------------------------------------------------------------------------

    def first_answer(self, pid, command):
        """Seconds that a command takes which has to find everything first."""
        with self.tools.prompt("attach", pid) as outpost:
            return outpost.command(command)[0]

    def instances(self):
        row = Row("outpost, info instances")
        outcome = Outcome("instances", "list the instances of a process that has 1,000", "ms", [row], 1)
        if not self.tools.python:
            row.reason = "no Python with the wasmtime package"
        else:
            with self.tools.host(1000, 0, guests.MAGIC) as host:
                row.measure = lambda: self.first_answer(host.pid, "info instances") * 1e3
                repeat([row], self.times)
        outcome.claim("info instances", row.value, "{:.1f} ms", "< 50 ms", lambda v: v < 50)
        return outcome

    def scan(self):
        tools = self.tools
        size = 1024 * MIB
        outpost, bare = Row("outpost, info stores"), Row("bare process_vm_readv")
        if not tools.python:
            outpost.reason = bare.reason = "no Python with the wasmtime package"
        else:
            with tools.host(1, size // MIB, guests.MAGIC) as host:
                outpost.measure = lambda: size / MIB / self.first_answer(host.pid, "info stores")
                bare.measure = lambda: rate(tools.bare("bare_readv", host.pid, guests.MAGIC, size, 3)) / MIB
                repeat([bare, outpost], self.times)
        outcome = Outcome("scan", "search 1 GiB of writable memory for stores", "MiB/s", [outpost, bare])
        outcome.claim("of a bare process_vm_readv", ratio(outpost, bare), "{:.2f}", ">= 0.50", lambda r: r >= 0.5)
        return outcome


BENCHMARKS = ("stops", "steps", "watch", "events", "hostcalls", "pause", "attach", "frames", "functions", "memory", "instances",
              "scan", "conditions", "counters", "logs", "watches", "source", "next", "recursion", "core-open", "core-write", "guard",
              "sandbox")


def calls(output):
    """The argument of f in the last frame that is shown."""
    found = re.findall(r"\bf \(n=(-?\d+)", output)
    if not found:
        raise Failed(f"outpost shows no frame of f: {output.strip()[-300:]}")
    return int(found[-1])


def machine(tools):
    """Facts that explain the absolute numbers. No names of hosts or users, no paths."""
    model = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    kernel = re.match(r"[\d.]*\d", platform.release())
    facts = [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")),
        ("machine", f"{platform.machine()}, {os.cpu_count()} CPUs" + (f" ({model[1]})" if model else "")),
        ("kernel", f"{platform.system()} {kernel[0] if kernel else 'unknown'}"),
    ]
    return facts + [(name, tools.version(name)) for name in ("outpost", "wasmtime", "lldb", "gdb")]


BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(path, facts, outcomes, quick):
    text = path.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{path} has no place for the results: the lines {BEGIN} and {END}")
    parts = ["| fact | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts)]
    if quick:
        parts += ["", "Measured with `--quick`: each number once."]
    for outcome in outcomes:
        parts += ["", outcome.markdown()]
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n" + "\n".join(parts) + f"\n\n{END}{after}")


def parse(argv):
    parser = argparse.ArgumentParser(description="Measure outpost beside its yardsticks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small counts, each number once")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the results into this page")
    parser.add_argument("--programs", default=str(HERE), help="folder of bare_loop, bare_readv and read_memory")
    for name in ("outpost", "wasmtime", "gdb", "lldb"):
        parser.add_argument(f"--{name}", default=os.environ.get(name.upper()) or name, help=f"${name.upper()}, or {name} in the PATH")
    parser.add_argument("--python", default=os.environ.get("HOST_PYTHON"), help="$HOST_PYTHON: a Python with the wasmtime package")
    parser.add_argument("--micropython", default=os.environ.get("MICROPYTHON_WASM"), help="$MICROPYTHON_WASM: a WASI build of MicroPython")
    options = parser.parse_args(argv)
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    return options


def main(argv):
    options = parse(argv)
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as scratch:
        tools = Tools(options, scratch)
        try:
            tools.path("wasmtime")
        except Unavailable:
            sys.exit("bench: no wasmtime in the PATH; name it with --wasmtime or $WASMTIME")
        facts = machine(tools)
        for name, value in facts:
            print(f"{name}: {value}")
        bench = Bench(tools, options.quick)
        outcomes = []
        for name in options.names or BENCHMARKS:
            outcomes.append(getattr(bench, name.replace("-", "_"))())
            print("\n" + outcomes[-1].text(), flush=True)
    if options.write:
        write(options.write, facts, outcomes, options.quick)
    # A goal that is missed is a result; a number of outpost's that could not be had is a failure.
    return int(any(row.reason for outcome in outcomes for row in outcome.rows if row.who.startswith("outpost")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
