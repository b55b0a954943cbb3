# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks of core files: opening one of a process with large reservations, and writing one of a large process."""

import glob
import json
import os
import resource
import signal
import time

import guests
from rows import Outcome, Row, repeat
from tools import Failed, Unavailable

MIB = 1 << 20
INSTANCES, RESERVATION = 100, 8  # GiB for each memory
RESIDENT = 1024  # MiB


class Cores:
    """The part of Bench that needs self.tools and self.times."""

    def kernel_core(self, process):
        """End a process by a signal; its core. The limit is this process's own, and the kernel's pattern is left alone."""
        with open("/proc/sys/kernel/core_pattern") as pattern:
            if pattern.read(1) in "|/@\n":
                raise Unavailable("core_pattern does not put cores into the process's folder")
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (1 << 32, 1 << 32))
        process.send_signal(signal.SIGABRT)
        process.wait()
        found = glob.glob(f"{self.tools.scratch}/core*")
        if len(found) != 1:
            raise Failed("the kernel left no core file")
        return found[0]

    def gdb_open(self, core):
        start = time.monotonic()
        self.tools.output([self.tools.path("gdb"), "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-c", core,
                           "-ex", "info threads"], pinned=True)
        return (time.monotonic() - start) * 1e3

    def core_open(self):
        outpost = Row("outpost core, to its prompt")
        listed = Row("outpost, info instances")
        peak = Row("outpost, peak memory", unit="MiB")
        gdb = Row("gdb -c, without symbols of the program")
        rows = [outpost, listed, peak, gdb]
        outcome = Outcome("core-open", f"open a core of {INSTANCES} instances with {RESERVATION} GiB reserved for each memory", "ms",
                          rows, 1)
        if not self.tools.python:
            outpost.reason = "no Python with the wasmtime package"
        else:
            try:
                with self.tools.host(INSTANCES, 0, guests.MAGIC, RESERVATION) as host:
                    core = self.kernel_core(host)
                self.measure_core(core, outpost, listed, peak, gdb)
                os.unlink(core)
            except (Failed, Unavailable) as reason:
                outpost.reason = str(reason)
        for row in rows[1:]:
            row.reason = row.reason or outpost.reason
        outcome.claim("open", outpost.value, "{:.1f} ms", "< 200 ms", lambda v: v < 200)
        outcome.claim("peak memory, instances listed", peak.value, "{:.1f} MiB", "< 64 MiB", lambda v: v < 64)
        return outcome

    def measure_core(self, core, outpost, listed, peak, gdb):
        for _ in range(self.times):
            with self.tools.prompt("core", core, pinned=True) as prompt:
                outpost.values.append(prompt.seconds * 1e3)
                seconds, text = prompt.command("info instances")
                if text.count(" id ") < INSTANCES:
                    raise Failed(f"outpost lists {text.count(' id ')} instances and not {INSTANCES}")
                listed.values.append(seconds * 1e3)
                peak.values.append(prompt.peak_memory() / MIB)
        gdb.measure = lambda: self.gdb_open(core)
        repeat([gdb], min(self.times, 3))

    def outpost_write(self, pid, path):
        """The milliseconds that the process stood still, by outpost's clock; and those to the end."""
        start = time.monotonic()
        said = json.loads(self.tools.output([self.tools.path("outpost"), "gcore", pid, path, "--json"]))
        whole = (time.monotonic() - start) * 1e3
        if not said["from_copy"]:
            raise Failed(said["no_copy_reason"])
        os.unlink(path)
        return said["stop_microseconds"] / 1e3, whole

    def gdb_write(self, pid, path):
        """From the attach to the detach: so long the process stands."""
        clock = "python import time; print('clock', time.monotonic())"
        said = self.tools.output([self.tools.path("gdb"), "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-iex",
                                  "set auto-solib-add off", "-ex", clock, "-ex", f"attach {pid}", "-ex",
                                  f"generate-core-file {path}", "-ex", "detach", "-ex", clock])
        start, end = (float(line.split()[1]) for line in said.splitlines() if line.startswith("clock "))
        os.unlink(path)
        return (end - start) * 1e3

    def core_write(self):
        stop = Row("outpost gcore, the process stands")
        whole = Row("outpost gcore, from start to end")
        gdb = Row("gdb generate-core-file, the process stands")
        bare = Row("bare fork of as much memory")
        rows = [stop, whole, gdb, bare]
        outcome = Outcome("core-write", f"write a core of a process with {RESIDENT} MiB in memory", "ms", rows, 1)
        bare.measure = lambda: float(self.tools.output([self.tools.programs / "bare_fork", RESIDENT]))
        if not self.tools.python:
            stop.reason = gdb.reason = "no Python with the wasmtime package"
        else:
            path = f"{self.tools.scratch}/written"
            with self.tools.host(1, RESIDENT, guests.MAGIC, 1) as host:
                try:
                    for _ in range(self.times):
                        one, other = self.outpost_write(host.pid, path)
                        stop.values.append(one)
                        whole.values.append(other)
                except (Failed, Unavailable) as reason:
                    stop.reason = str(reason)
                gdb.measure = lambda: self.gdb_write(host.pid, path)
                repeat([gdb], min(self.times, 3))
        whole.reason = whole.reason or stop.reason
        repeat([bare], self.times)
        outcome.claim("the process stands", stop.value, "{:.1f} ms", "< 20 ms", lambda v: v < 20)
        if stop.value and bare.value:
            outcome.claim("of a bare fork", stop.value / bare.value, "{:.2f}")
        if stop.value and gdb.value:
            outcome.claim("gdb's stop is so many times as long", gdb.value / stop.value, "{:.0f}")
        return outcome
