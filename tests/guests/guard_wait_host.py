# SPDX-License-Identifier: GPL-3.0-or-later
# A host program with much memory that lets its guest trap for each line and says how long that took it, in milliseconds. With
# "filter" it is under a seccomp filter that allows everything (man 2 seccomp).
import ctypes
import struct
import sys
import time

import wasmtime

memory = bytearray(b"\xa5" * (256 << 20))
store = wasmtime.Store(wasmtime.Engine())
module = wasmtime.Module(store.engine, '(module $waits (func $trap (export "trap") unreachable))')
trap = wasmtime.Instance(store, module, []).exports(store)["trap"]
if sys.argv[1:] == ["filter"]:
    allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow)))
    libc = ctypes.CDLL(None)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    try:
        trap(store)
    except wasmtime.Trap:
        print(f"{(time.perf_counter() - start) * 1000:.1f}", flush=True)
