# SPDX-License-Identifier: GPL-3.0-or-later
# A host program with several stores, each with an instance of the same module: one runs in each of two threads, one only
# exists. Ends when its input does.
import sys
import threading

import wasmtime

engine = wasmtime.Engine()
module = wasmtime.Module(engine, open(sys.argv[1], "rb").read())
linker = wasmtime.Linker(engine)
linker.define_wasi()


def instantiate():
    store = wasmtime.Store(engine)
    config = wasmtime.WasiConfig()
    config.argv = ["guest", "forever"]
    store.set_wasi(config)
    return store, linker.instantiate(store, module)


def run(store, instance):
    instance.exports(store)["_start"](store)


idle = instantiate()
for _ in range(2):
    threading.Thread(target=run, args=instantiate(), daemon=True).start()
print("ready", flush=True)
sys.stdin.readline()
