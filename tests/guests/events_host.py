# SPDX-License-Identifier: GPL-3.0-or-later
# A host program that does what a line of input says, for events of the process: load another module, make an instance, make
# a child, a thread, run another program, crash in its own code, fail or abort in a call of its guest's. No guest-debug.
import ctypes
import os
import sys
import threading

import wasmtime

engine = wasmtime.Engine()
store = wasmtime.Store(engine)
module = wasmtime.Module(engine, '(module $first (func (export "run") (result i32) i32.const 11))')
module_with_call = wasmtime.Module(
    engine, '(module $caller (import "host" "fail" (func $fail (param i32))) (func $ask (export "ask") i32.const 8 call $fail))')


def fail(number: int) -> None:
    if what == "abort-in-call":
        os.abort()
    raise RuntimeError(f"the host cannot do {number}")


def call(instance: wasmtime.Instance, name: str) -> object:
    return instance.exports(store)[name](store)


first = wasmtime.Instance(store, module, [])
caller = wasmtime.Instance(store, module_with_call,
                           [wasmtime.Func(store, wasmtime.FuncType([wasmtime.ValType.i32()], []), fail)])
total = call(first, "run")
print("ready", flush=True)
what = sys.stdin.readline().strip()
if what == "load":
    # Not the first one again: what is new is its number.
    second = wasmtime.Module(engine, '(module $second (func (export "run") (result i32) i32.const 22))')
    total += call(wasmtime.Instance(store, second, []), "run")
elif what == "instantiate":
    total += call(first, "run")
    total += call(wasmtime.Instance(store, module, []), "run")
elif what == "fork":
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
elif what == "thread":
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
elif what == "exec":
    os.execv("/bin/echo", ["/bin/echo", "another program"])
elif what == "crash":
    ctypes.string_at(8)
elif what == "abort-in-call":
    call(caller, "ask")
elif what == "host-error":
    try:
        call(caller, "ask")
    except Exception as error:
        print("failed:", str(error).splitlines()[-1], flush=True)
print("done rounds=1 sum=%d" % total, flush=True)
