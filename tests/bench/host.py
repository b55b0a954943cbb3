# SPDX-License-Identifier: GPL-3.0-or-later
"""A host program that embeds Wasmtime: host.py INSTANCES MIB MAGIC GIB makes that many instances in one store with GIB reserved for each
memory, fills MIB of writable memory which begins with the magic, says "ready" and waits to be killed."""

import mmap
import signal
import sys

import wasmtime

MODULE = '(module (memory 1) (global (mut i32) (i32.const 7)) (func (export "f") (result i32) (global.get 0)))'

count, size, magic = int(sys.argv[1]), int(sys.argv[2]) << 20, sys.argv[3].encode()
config = wasmtime.Config()
config.memory_reservation = int(sys.argv[4]) << 30
store = wasmtime.Store(wasmtime.Engine(config))
module = wasmtime.Module(store.engine, MODULE)
instances = [wasmtime.Instance(store, module, []) for _ in range(count)]
kept = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) if size else None
if kept:
    page = bytes(range(256)) * (mmap.PAGESIZE // 256)
    for at in range(0, size, mmap.PAGESIZE):
        kept[at : at + mmap.PAGESIZE] = page
    kept[: len(magic)] = magic
print("ready", flush=True)
signal.pause()
