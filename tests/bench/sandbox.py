# SPDX-License-Identifier: GPL-3.0-or-later
"""What `outpost --sandbox` costs: stops, steps and one stack, each with it and without, one after the other and again.

Both processes and the target share one CPU, as in the other benchmarks of stops: a round trip between the two is two switches then.
"""

import time

import guests
from rows import Outcome, Row, ratio, repeat
from tools import Failed

WITH, WITHOUT = ["--sandbox"], ["--no-sandbox"]


class Sandbox:
    """The part of Bench that needs self.tools, self.times, self.outpost_stops() and self.outpost_steps()."""

    def stack_time(self, pid, options):
        start = time.monotonic()
        text = self.tools.output([self.tools.path("outpost"), "stack", *options, pid])
        if text.count("down") < 20:
            raise Failed(f"outpost stack shows not the guest's stack: {text.strip()[-300:]}")
        return (time.monotonic() - start) * 1e3

    def sandbox(self):
        module = self.tools.wat("calls", guests.calls())
        stops, steps = self.size(100_000, 10_000), self.size(50_000, 5000)
        apart = Row("outpost --sandbox: stops (ignore N)", lambda: self.outpost_stops(module, stops, WITH))
        whole = Row("outpost --no-sandbox: stops (ignore N)", lambda: self.outpost_stops(module, stops, WITHOUT))
        apart_steps = Row("outpost --sandbox: stepi N", lambda: self.outpost_steps(module, steps, WITH), "steps/s")
        whole_steps = Row("outpost --no-sandbox: stepi N", lambda: self.outpost_steps(module, steps, WITHOUT), "steps/s")
        repeat([whole, apart, whole_steps, apart_steps], min(self.times, 3))
        apart_stack, whole_stack = Row("outpost --sandbox: stack, from start to end", unit="ms"), Row("outpost --no-sandbox: stack", unit="ms")
        with self.tools.guest(self.tools.wat("clock", guests.clock())) as guest:
            apart_stack.measure = lambda: self.stack_time(guest.pid, WITH)
            whole_stack.measure = lambda: self.stack_time(guest.pid, WITHOUT)
            repeat([whole_stack, apart_stack], self.size(11, 3))
        rows = [apart, whole, apart_steps, whole_steps, apart_stack, whole_stack]
        outcome = Outcome("sandbox", "tracing and decoding in two processes", "stops/s", rows)
        outcome.claim("stops, of those without", ratio(apart, whole), "{:.2f}", ">= 0.30", lambda r: r >= 0.3)
        outcome.claim("steps, of those without", ratio(apart_steps, whole_steps), "{:.2f}")
        more = apart_stack.value - whole_stack.value if apart_stack.value and whole_stack.value else None
        outcome.claim("milliseconds more for a stack", more, "{:.1f}")
        return outcome
