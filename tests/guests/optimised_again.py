# SPDX-License-Identifier: GPL-3.0-or-later
# A host program with a second instance of a module in the same store, made after a thousand calls of the first one. Ends when its
# input does.
import sys

import wasmtime

engine = wasmtime.Engine()
module = wasmtime.Module(engine, open(sys.argv[1], "rb").read())
linker = wasmtime.Linker(engine)
linker.define_wasi()
store = wasmtime.Store(engine)
store.set_wasi(wasmtime.WasiConfig())

first = linker.instantiate(store, module).exports(store)["work"]
print("ready", flush=True)
sys.stdin.readline()
total = sum(first(store, number) for number in range(1000))
print("first", total, flush=True)
second = linker.instantiate(store, module).exports(store)["work"]
print("second", second(store, 1000), flush=True)
print("third", first(store, 1001), flush=True)
sys.stdin.readline()
