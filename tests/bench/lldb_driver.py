# SPDX-License-Identifier: GPL-3.0-or-later
"""One measurement inside LLDB, as a client of `wasmtime run -g`. LLDB imports this file (command script import) and the work is done by that.

The environment says what to do: OUTPOST_BENCH="MODE PORT FUNCTION COUNT".

    stops    continue with an ignore count        steps   thread step-inst --count
    memory   SBProcess.ReadMemory of COUNT bytes from address 0
    conditions   continue over COUNT calls of FUNCTION with a condition that never holds, from one call of g to the next
    frames   thread backtrace, and the stop before it: LLDB asks for the call stack when the target stops and keeps it
    next     SBThread.StepOver, COUNT times, from the first line of FUNCTION on
    over     SBThread.StepOver once, over the COUNT calls that the third statement of FUNCTION makes
    source   FUNCTION is FILE:LINE: a breakpoint there, and the stop; SECONDS are from the moment OUTPOST_BENCH_START on, and COUNT
             is the peak of the memory in bytes

Prints "bench: COUNT SECONDS".
"""

import os
import time

import lldb


def command(debugger, text):
    """Run a command on what is selected now: what was selected when this file was imported is nothing."""
    result = lldb.SBCommandReturnObject()
    process = debugger.GetSelectedTarget().GetProcess()
    thread = process.GetSelectedThread() if process.IsValid() else None
    if thread and thread.IsValid():
        context = lldb.SBExecutionContext(thread)
    else:
        context = lldb.SBExecutionContext(debugger.GetSelectedTarget())
    debugger.GetCommandInterpreter().HandleCommand(text, context, result)
    if not result.Succeeded():
        raise RuntimeError(f"{text}: {result.GetError()}")
    return result.GetOutput()


def peak_memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024


def first_source_breakpoint(debugger, port, place):
    command(debugger, f"process connect --plugin wasm connect://127.0.0.1:{port}")
    file, line = place.rsplit(":", 1)
    command(debugger, f"breakpoint set --file {file} --line {line}")
    command(debugger, "process continue")
    frame = debugger.GetSelectedTarget().GetProcess().GetSelectedThread().GetFrameAtIndex(0)
    seconds = time.monotonic() - float(os.environ["OUTPOST_BENCH_START"])
    if frame.GetLineEntry().GetLine() != int(line):
        raise RuntimeError(f"did not stop in {place}")
    print(f"bench: {peak_memory()} {seconds:.9f}", flush=True)


def measure(debugger, mode, port, function, count):
    debugger.SetAsync(False)
    if mode == "source":
        first_source_breakpoint(debugger, port, function)
        return
    command(debugger, f"process connect --plugin wasm connect://127.0.0.1:{port}")
    command(debugger, f"breakpoint set --name {function}")
    target = debugger.GetSelectedTarget()
    command(debugger, "process continue")
    process = target.GetProcess()
    breakpoint = target.GetBreakpointAtIndex(0)
    if process.GetState() != lldb.eStateStopped or not breakpoint.GetHitCount():
        raise RuntimeError(f"did not stop in {function}")

    before = breakpoint.GetHitCount()
    start = time.monotonic()
    if mode == "stops":
        breakpoint.SetIgnoreCount(count - 1)
        command(debugger, "process continue")
        seconds = time.monotonic() - start
        count = breakpoint.GetHitCount() - before
    elif mode == "steps":
        breakpoint.SetEnabled(False)
        start = time.monotonic()
        command(debugger, f"thread step-inst --count {count}")
        seconds = time.monotonic() - start
    elif mode == "next":
        breakpoint.SetEnabled(False)
        thread = process.GetSelectedThread()
        lines = [thread.GetFrameAtIndex(0).GetLineEntry().GetLine()]
        for _ in range(count):
            thread.StepOver()
            lines.append(thread.GetFrameAtIndex(0).GetLineEntry().GetLine())
        seconds = time.monotonic() - start
        if len(set(lines)) < 5 or any(a == b for a, b in zip(lines, lines[1:])):
            raise RuntimeError(f"steps by lines went wrong: {lines[:20]}")
    elif mode == "over":
        breakpoint.SetEnabled(False)
        thread = process.GetSelectedThread()
        thread.StepOver()
        thread.StepOver()
        line = thread.GetFrameAtIndex(0).GetLineEntry().GetLine()
        start = time.monotonic()
        thread.StepOver()
        seconds = time.monotonic() - start
        frame = thread.GetFrameAtIndex(0)
        if frame.GetFunctionName() != function or frame.GetLineEntry().GetLine() != line + 1:
            raise RuntimeError(f"the step over the line of {function} ended in {frame}")
    elif mode == "conditions":
        # The guest has no debug information, so the condition is one of constants: less than one on a local.
        breakpoint.SetCondition("1 == 0")
        mark = target.BreakpointCreateByName("g")
        command(debugger, "process continue")
        start = time.monotonic()
        command(debugger, "process continue")
        seconds = time.monotonic() - start
        if mark.GetHitCount() != 2:
            raise RuntimeError(f"stopped {mark.GetHitCount()} times in g, not twice")
    elif mode == "frames":
        command(debugger, "process continue")
        text = command(debugger, "thread backtrace")
        seconds = time.monotonic() - start
        count = sum(1 for line in text.splitlines() if "frame #" in line)
    else:
        error = lldb.SBError()
        data = process.ReadMemory(0, count, error)
        seconds = time.monotonic() - start
        if not error.Success() or len(data) != count:
            raise RuntimeError(f"cannot read the memory: {error.GetCString()}")
    print(f"bench: {count} {seconds:.9f}", flush=True)


def __lldb_init_module(debugger, _dictionary):
    mode, port, function, count = os.environ["OUTPOST_BENCH"].split()
    measure(debugger, mode, int(port), function, int(count))
    # A clean end would wait for the guest, which never ends.
    os._exit(0)
