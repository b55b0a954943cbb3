# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks of core files: opening one of a process with large reservations."""

import glob
import os
import resource
import signal
import time

import guests
from rows import Outcome, Row, repeat
from tools import Failed, Unavailable

MIB = 1 << 20
INSTANCES, RESERVATION = 100, 8  # GiB for each memory


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
