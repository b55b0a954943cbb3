# SPDX-License-Identifier: GPL-3.0-or-later
# A host program that embeds Wasmtime through its C API, which cannot ask for guest-debug. It waits for a line of input
# while no guest is called, and for another one when the guest called it twice over.
import sys

import wasmtime

store = wasmtime.Store()
i32 = wasmtime.ValType.i32()


def wait() -> None:
    print("waiting", flush=True)
    sys.stdin.readline()


def enter(x: int) -> None:
    instance.exports(store)["inner"](store, 10 * x)


module = wasmtime.Module(store.engine, open(sys.argv[1], "rb").read())
imports = {
    "enter": wasmtime.Func(store, wasmtime.FuncType([i32], []), enter),
    "wait": wasmtime.Func(store, wasmtime.FuncType([], []), wait),
}
instance = wasmtime.Instance(store, module, [imports[i.name] for i in module.imports])
print("ready", flush=True)
sys.stdin.readline()
print("done rounds=1 sum=%d" % instance.exports(store)["outer"](store, 3), flush=True)
