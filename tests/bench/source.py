# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks of the source level: the first breakpoint by line in a large module, and steps by lines."""

import re

import large_guest
from rows import Outcome, Row, rate, ratio, repeat
from tools import HERE, Failed

MIB = 1 << 20
MEGABYTES = 20  # of debug sections, at least
# Calls of fib(N - 1) in recursion.c, by N.
FEW, MANY = {10: 109}, {27: 392_835}
LINES = 7  # of the loop in line_loop.c: at most so many stops in a turn


def line_of(path, text):
    lines = path.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


class Source:
    """The part of Bench that needs self.tools, self.times and self.size()."""

    # The first breakpoint --------------------------------------------------------------------------------------

    def large(self):
        """The module, and FILE:LINE of a place in it."""
        folder = self.tools.scratch / "large"
        compiler, environment = self.tools.compiler()
        module = large_guest.make(folder, compiler, MEGABYTES, environment)
        return module, f"{large_guest.PLACE[0]}:{large_guest.place_line(folder)}"

    def first_by_outpost(self, memory):
        """Seconds from outpost's start to its prompt after the stop."""
        module, place = self.large()
        with self.tools.guest(self.tools.precompiled(module), options=["--allow-precompiled"], pinned=True) as guest:
            with self.tools.prompt("attach", guest.pid, pinned=True) as outpost:
                seconds = outpost.seconds
                for command in (f"break {place}", "continue"):
                    took, text = outpost.command(command)
                    seconds += took
                if large_guest.PLACE[1] not in text:
                    raise Failed(f"outpost did not stop in {place}: {text.strip()[-300:]}")
                memory.values.append(outpost.peak_memory() / MIB)
                return seconds

    def first_by_lldb(self, memory):
        module, place = self.large()
        code = self.tools.precompiled(module, for_stub=True)
        with self.tools.stub(code, options=["--allow-precompiled"], pinned=True) as port:
            peak, seconds = self.tools.lldb(port, "source", place, pinned=True)
            memory.values.append(peak / MIB)
            return seconds

    def source(self):
        ours, theirs = Row("outpost: peak memory", unit="MiB"), Row("LLDB: peak memory", unit="MiB")
        outpost = Row("outpost, from its start to the stop", lambda: self.first_by_outpost(ours))
        lldb = Row("LLDB on wasmtime -g", lambda: self.first_by_lldb(theirs))
        repeat([outpost, lldb], min(self.times, 3))
        ours.reason, theirs.reason = outpost.reason, lldb.reason
        outcome = Outcome(
            "source", f"first breakpoint by line, {MEGABYTES} MB of debug sections", "s", [outpost, lldb, ours, theirs], 2
        )
        outcome.claim("times faster than LLDB", ratio(lldb, outpost), "{:.1f}", ">= 5", lambda r: r >= 5)
        outcome.claim("of LLDB's memory", ratio(ours, theirs), "{:.2f}", "<= 0.25", lambda r: r <= 0.25)
        return outcome

    # Steps by lines --------------------------------------------------------------------------------------------

    def outpost_next(self, module, count, typed=1):
        """Lines a second of so many `next COUNT`."""
        with self.tools.guest(module, pinned=True) as guest, self.tools.prompt("attach", guest.pid, pinned=True) as outpost:
            outpost.command(f"tbreak line_loop.c:{line_of(HERE / 'line_loop.c', 'value = mix(value);')}")
            outpost.command("continue")
            before = self.turns(outpost)
            seconds = 0
            for _ in range(typed):
                took, text = outpost.command(f"next {count}")
                seconds += took
            count *= typed
            made = (self.turns(outpost) - before) & 0xFFFFFFFF
            if not count // LINES <= made <= count // 3:
                raise Failed(f"{count} lines went through {made} turns of the loop: {text.strip()[-300:]}")
            return count / seconds

    @staticmethod
    def turns(outpost):
        text = outpost.command("print turns")[1]
        found = re.search(r"^\$\d+ = (\d+)$", text, re.MULTILINE)
        if not found:
            raise Failed(f"outpost shows no value of turns: {text.strip()[-300:]}")
        return int(found[1])

    def lldb_next(self, module, count):
        with self.tools.stub(module, pinned=True) as port:
            return rate(self.tools.lldb(port, "next", "work", count, pinned=True))

    def gdb_next(self, count):
        line = line_of(HERE / "line_loop.c", "value = mix(value);")
        with self.tools.native("line_loop", pinned=True) as guest:
            return rate(self.tools.gdb(guest.pid, "next", count, [str(line)], pinned=True))

    def next(self):
        module = self.tools.c("line_loop")
        outpost = Row("outpost, next N", lambda: self.outpost_next(module, self.size(50_000, 5000)))
        single = Row("outpost, next typed N times", lambda: self.outpost_next(module, 1, self.size(3000, 300)))
        lldb = Row("LLDB on wasmtime -g", lambda: self.lldb_next(module, self.size(1000, 200)))
        gdb = Row("gdb, native", lambda: self.gdb_next(self.size(3000, 500)))
        repeat([outpost, single, lldb, gdb], min(self.times, 3))
        outcome = Outcome("next", "next in a loop", "lines/s", [outpost, single, lldb, gdb])
        outcome.claim("times LLDB's speed", ratio(outpost, lldb), "{:.1f}", ">= 25", lambda r: r >= 25)
        outcome.claim("times LLDB's speed, each line typed and shown", ratio(single, lldb), "{:.1f}")
        outcome.claim("times native gdb's", ratio(outpost, gdb), "{:.1f}")
        return outcome

    # Steps over a recursion ------------------------------------------------------------------------------------

    def outpost_over(self, module, recursion):
        """Calls a second that a `next` goes over."""
        with self.tools.guest(module, pinned=True) as guest, self.tools.prompt("attach", guest.pid, pinned=True) as outpost:
            (n, calls), = recursion.items()
            line = line_of(HERE / "recursion.c", "// the step")
            outpost.command(f"tbreak recursion.c:{line} if n == {n}")
            outpost.command("continue")
            seconds, text = outpost.command("next")
            if not re.search(rf"(?m)^{line + 1}\s", text):
                raise Failed(f"next did not end behind the call of fib({n - 1}): {text.strip()[-300:]}")
            return calls / seconds

    def lldb_over(self, module):
        with self.tools.stub(module, pinned=True) as port:
            return rate(self.tools.lldb(port, "over", "fib", *FEW.values(), pinned=True))

    def recursion(self):
        module = self.tools.c("recursion")
        outpost = Row("outpost, next over 392,835 calls", lambda: self.outpost_over(module, MANY))
        few = Row("outpost, next over 109 calls", lambda: self.outpost_over(module, FEW))
        lldb = Row("LLDB on wasmtime -g, over 109 calls", lambda: self.lldb_over(module))
        repeat([outpost, few, lldb], min(self.times, 3))
        outcome = Outcome("recursion", "next over a recursion", "calls/s", [outpost, few, lldb])
        outcome.claim("times LLDB's speed", ratio(outpost, lldb), "{:.1f}", ">= 25", lambda r: r >= 25)
        outcome.claim("times LLDB's speed, over few calls", ratio(few, lldb), "{:.1f}")
        return outcome
