# SPDX-License-Identifier: GPL-3.0-or-later
"""One measurement inside gdb, attached to a guest as to any native program: gdb -batch -p PID -x gdb_driver.py

The environment says what to do: OUTPOST_BENCH="MODE COUNT ADDRESS...". ADDRESS: for stops, steps and frames where the function's
first patch slot is, in every copy of the code; for memory where the linear memory begins.

    stops    continue with an ignore count        steps   stepi COUNT, machine instructions
    frames   backtrace                            memory  Inferior.read_memory of COUNT bytes

And of native_loop.c, from one call of g to the next, which are COUNT calls of f:

    conditions   break f if n == -1               logs    dprintf f, "kept %d\\n", n

Of line_loop.c:

    next     next COUNT, from the first line of work on

Prints "bench: COUNT SECONDS".
"""

import os
import time

import gdb


def run_to(addresses):
    breakpoints = [gdb.Breakpoint(f"*{address}", internal=True) for address in addresses]
    gdb.execute("continue", to_string=True)
    hit = [b for b in breakpoints if b.hit_count]
    if not hit:
        raise RuntimeError("did not stop in the function")
    return breakpoints, hit[0]


def measure(mode, count, addresses):
    gdb.execute("set pagination off")
    gdb.execute("set confirm off")
    if mode == "memory":
        inferior = gdb.selected_inferior()
        start = time.monotonic()
        data = inferior.read_memory(int(addresses[0], 16), count)
        return len(data), time.monotonic() - start

    if mode == "next":
        mark = gdb.Breakpoint("line_loop.c:" + addresses[0])
        gdb.execute("continue", to_string=True)
        mark.delete()
        start = time.monotonic()
        gdb.execute(f"next {count}", to_string=True)
        return count, time.monotonic() - start

    if mode in ("conditions", "logs"):
        mark = gdb.Breakpoint("g")
        gdb.execute("continue", to_string=True)
        gdb.execute("break f if n == -1" if mode == "conditions" else 'dprintf f, "kept %d\\n", n', to_string=True)
        start = time.monotonic()
        text = gdb.execute("continue", to_string=True)
        seconds = time.monotonic() - start
        if mark.hit_count != 2 or (mode == "logs" and text.count("kept ") != count):
            raise RuntimeError(f"stopped {mark.hit_count} times in g, with {text.count('kept ')} lines")
        return count, seconds

    breakpoints, hit = run_to(addresses)
    if mode == "stops":
        before = hit.hit_count
        hit.ignore_count = count - 1
        start = time.monotonic()
        gdb.execute("continue", to_string=True)
        return hit.hit_count - before, time.monotonic() - start
    for breakpoint in breakpoints:
        breakpoint.delete()
    start = time.monotonic()
    if mode == "steps":
        gdb.execute(f"stepi {count}", to_string=True)
        return count, time.monotonic() - start
    gdb.execute("set backtrace limit unlimited")
    text = gdb.execute("backtrace", to_string=True)
    return sum(1 for line in text.splitlines() if line.startswith("#")), time.monotonic() - start


MODE, COUNT, *ADDRESSES = os.environ["OUTPOST_BENCH"].split()
DONE, SECONDS = measure(MODE, int(COUNT), ADDRESSES)
print(f"bench: {DONE} {SECONDS:.9f}", flush=True)
