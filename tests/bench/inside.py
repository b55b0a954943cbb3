# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks of what outpost does inside the target while it runs: conditions, counters, log lines, watches.

The guests measure themselves: a round of the work between two readings of the clock. So neither attach nor setup is in a number,
and a ratio is the guest's own time with something set, to its own time where nobody debugs it.
"""

import os
import re

import guests
from rows import Outcome, Row, rate, ratio, repeat
from tools import Failed, Rounds, Unavailable


def unavailable(reason):
    said = re.search(r"\berror: .*$", str(reason), re.MULTILINE)
    return Unavailable(f"not available: {said[0] if said else reason}")


def offered(outpost, text):
    """A command that this outpost may not have, or not here: then there is a reason and no number."""
    try:
        return outpost.command(text)[1]
    except Failed as reason:
        raise unavailable(reason) from None


def in_loop(outpost):
    """Where the first instruction within the inner loop of guests.hot() is."""
    _, text = outpost.command("disassemble hot")
    offsets = [line.split() for line in text.splitlines() if re.match(r"\s*(=> )?\s*0x", line)]
    loops = [k for k, words in enumerate(offsets) if "loop" in words]
    if len(loops) != 2:
        raise Failed(f"outpost shows no two loops in hot: {text.strip()[-300:]}")
    return next(word for word in offsets[loops[1] + 1] if word.startswith("0x"))


class Inside:
    """The part of Bench that needs self.tools, self.times and self.size()."""

    def undisturbed(self, module, turns):
        """Turns a second of a guest that nobody debugs."""
        with self.tools.guest(module, pinned=True) as guest:
            return turns / Rounds(guest).seconds()

    def disturbed(self, module, turns, prepare):
        """Turns a second of a guest while what prepare(outpost) has set is in it. Returns them and what prepare() gave back."""
        with self.tools.guest(module, pinned=True) as guest, self.tools.prompt("attach", guest.pid, pinned=True) as outpost:
            kept = prepare(outpost)
            outpost.start("continue")
            speed = turns / Rounds(guest).seconds()
            said = outpost.interrupt()
            if "interrupt" not in said.lower():
                raise Failed(f"outpost stopped by itself: {said.strip()[-300:]}")
            if kept:
                kept(outpost)
            return speed

    # Conditions ------------------------------------------------------------------------------------------------

    def condition(self, module, turns, place, name):
        """break PLACE if NAME == -1, which never holds; then one that holds, which is proof that it was looked at."""

        def prepare(outpost):
            where = in_loop(outpost) if place is None else place
            where = f"*{where}" if place is None else where
            outpost.command(f"break {where} if {name} == -1")

            def proof(outpost):
                outpost.command("delete 1")
                outpost.command(f"break {where} if {name} == 17")
                stop = outpost.command("continue")[1]
                if f"{name}=17" not in stop and f"{name} = 17" not in outpost.command("info locals")[1]:
                    raise Failed(f"a condition that holds stopped elsewhere: {stop.strip()[-300:]}")

            return proof

        return self.disturbed(module, turns, prepare)

    def gdb_native(self, mode, count):
        with self.tools.native("native_loop", count, pinned=True) as process:
            return rate(self.tools.gdb(process.pid, mode, count, [], pinned=True))

    def lldb_conditions(self, count):
        module = self.tools.wat(f"called{count}", guests.called(count))
        return self.lldb_run("conditions", module, count)

    def conditions(self):
        turns = self.size(200_000, 50_000)
        hot = self.tools.wat("hot", guests.hot(turns))
        called = self.tools.wat("called", guests.called(turns))
        loop = Row("outpost, break *PLACE if turn == -1, in the loop", lambda: self.condition(hot, turns, None, "turn"))
        bare_loop = Row("the same loop undisturbed", lambda: self.undisturbed(hot, turns), "turns/s")
        call = Row("outpost, break f if n == -1, called by the loop", lambda: self.condition(called, turns, "f", "n"))
        bare_call = Row("the same loop undisturbed, with calls", lambda: self.undisturbed(called, turns), "turns/s")
        lldb = Row("LLDB on wasmtime -g, of constants", lambda: self.lldb_conditions(self.size(1000, 200)))
        gdb = Row("gdb, native", lambda: self.gdb_native("conditions", self.size(10_000, 2000)))
        repeat([bare_loop, loop, bare_call, call], self.times)
        repeat([lldb, gdb], min(self.times, 3))
        outcome = Outcome("conditions", "a condition that never holds, in a tight loop", "conditions/s",
                          [loop, bare_loop, call, bare_call, lldb, gdb])
        outcome.claim("the loop's time with it, to that without", ratio(bare_loop, loop), "{:.2f}", "<= 1.50", lambda r: r <= 1.5)
        outcome.claim("the same, in a function that the loop calls", ratio(bare_call, call), "{:.2f}")
        for name, row in (("LLDB", lldb), ("gdb", gdb)):
            outcome.claim(f"times faster than {name}, in the function", call.value / row.value if call.value and row.value else None,
                          "{:,.0f}")
        return outcome

    # Watches ---------------------------------------------------------------------------------------------------

    def watched(self, module, turns, command):
        def prepare(outpost):
            # A local is watched in a frame of its function.
            outpost.command(f"tbreak *{in_loop(outpost)}")
            outpost.command("continue")
            offered(outpost, command)

        return self.disturbed(module, turns, prepare)

    def watches(self):
        turns = self.size(200_000, 50_000)
        module = self.tools.wat("hot", guests.hot(turns))
        bare = Row("the loop undisturbed", lambda: self.undisturbed(module, turns))
        software = Row("outpost, watch -software k", lambda: self.watched(module, turns, "watch -software k"))
        hardware = Row("outpost, watch $mem[8192:i32]", lambda: self.watched(module, turns, "watch $mem[8192:i32]"))
        repeat([bare, software, hardware], self.times)
        outcome = Outcome("watches", "watches that never trigger, in a hot function", "turns/s", [software, hardware, bare])
        outcome.claim("the loop's time with a software watch on a local, to that without", ratio(bare, software), "{:.1f}", "<= 10",
                      lambda r: r <= 10)
        outcome.claim("the loop's time with a hardware watch, to that without", ratio(bare, hardware), "{:.2f}", "<= 1.05",
                      lambda r: r <= 1.05)
        return outcome

    # Counters --------------------------------------------------------------------------------------------------

    SCRIPT = """
import sys, time
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
print("ready")
while True:
    begin = time.ticks_us()
    fib({size})
    sys.stdout.buffer.write(((time.ticks_us() - begin) * 1000).to_bytes(8, "little"))
"""

    def script(self, prepare=None):
        """Milliseconds of a round of the script in MicroPython."""
        tools = self.tools
        if not tools.micropython:
            raise Unavailable("MicroPython is not installed")
        program = self.SCRIPT.format(size=self.size(18, 14))
        options = ["-Wexceptions=y", "-Wunknown-imports-trap=y"]
        path = os.path.abspath(tools.micropython)
        with tools.guest(path, "-c", program, options=options, pinned=True) as guest:
            if not prepare:
                return Rounds(guest).seconds() * 1e3
            with tools.prompt("attach", guest.pid, pinned=True) as outpost:
                proof = prepare(outpost)
                outpost.start("continue")
                seconds = Rounds(guest).seconds()
                outpost.interrupt()
                proof(outpost)
                return seconds * 1e3

    def counted(self):
        def prepare(outpost):
            offered(outpost, "count -all")

            def proof(outpost):
                text = outpost.command("info counts")[1]
                if max((int(number.replace(",", "")) for number in re.findall(r"\b[\d,]*\d\b", text)), default=0) < 1000:
                    raise Failed(f"nothing was counted: {text.strip()[-300:]}")

            return proof

        return self.script(prepare)

    def counters(self):
        bare = Row("the script undisturbed", self.script)
        counted = Row("outpost, count -all", self.counted)
        repeat([bare, counted], self.times)
        outcome = Outcome("counters", "a counter on every instruction of MicroPython that runs a script", "ms", [counted, bare], 1)
        outcome.claim("the script's time with them, to that without", ratio(counted, bare), "{:.1f}", "<= 5", lambda r: r <= 5)
        return outcome

    # Log lines -------------------------------------------------------------------------------------------------

    def logged(self, calls, interval, lost):
        """Log lines a second that were kept, by the guest's own clock; those that were not go into lost."""
        tools = self.tools
        module = tools.wat(f"paced{calls}-{interval}", guests.paced(calls, interval))
        command = [tools.path("outpost"), "run", "--batch", "-q", "--color=never", "-e", 'log f "kept %d" n', "-e", "continue", "--",
                   tools.path("wasmtime"), "run", "-Dguest-debug=y", module]
        # The guest's line must not come into the middle of one of outpost's.
        with open(tools.scratch / "errors", "w+b") as errors:
            try:
                text = tools.output(command, errors=errors)
            except Failed as reason:
                errors.seek(0)
                raise unavailable(f"{reason} {errors.read().decode(errors='replace')}") from None
            errors.seek(0)
            said = errors.read().decode(errors="replace")
        elapsed = re.search(r"^elapsed (\d+)$", said, re.MULTILINE)
        if not elapsed:
            raise Failed(f"the guest did not end well: {said.strip()[-300:]}")
        kept = [int(number) for number in re.findall(r"\bkept (\d+)\b", text)]
        if kept != sorted(set(kept)) or not kept or kept[-1] >= calls:
            raise Failed(f"the lines are not those that the guest caused: {len(kept)} of {calls} calls")
        lost.append(calls - len(kept))
        return len(kept) / (int(elapsed[1]) / 1e9)

    def logs(self):
        calls = self.size(300_000, 50_000)
        interval = 1_000_000_000 // 120_000
        lost, lost_fast = [], []
        paced = Row("outpost, log in a function called 120,000 times/s", lambda: self.logged(calls, interval, lost))
        fast = Row("outpost, the same, called without a pause", lambda: self.logged(calls, 0, lost_fast))
        gdb = Row("gdb, native, dprintf", lambda: self.gdb_native("logs", self.size(10_000, 2000)))
        repeat([paced, fast], min(self.times, 3))
        repeat([gdb], min(self.times, 3))
        outcome = Outcome("logs", "log lines", "lines/s", [paced, fast, gdb])
        outcome.claim("lines a second that were kept", paced.value, "{:,.0f}", ">= 100,000", lambda v: v >= 100_000)
        outcome.claim("lines that were lost", max(lost) if lost else None, "{:,}", "0", lambda v: v == 0)
        outcome.claim("lines lost of those without a pause", max(lost_fast) / calls if lost_fast else None, "{:.0%}")
        return outcome
