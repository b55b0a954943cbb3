# SPDX-License-Identifier: GPL-3.0-or-later
# A host program that embeds Wasmtime through its C API: the guest calls the host, which calls the guest again. There is
# no guest-debug in such a host. It ends when there is something on standard input.
import select
import sys

import wasmtime

store = wasmtime.Store()
rounds = 0


def over() -> int:
    global rounds
    rounds += 1
    return 1 if select.select([sys.stdin], [], [], 0)[0] else 0


def back(x: int) -> None:
    instance.exports(store)["inner"](store, x + 1)


i32 = wasmtime.ValType.i32()
module = wasmtime.Module(store.engine, open(sys.argv[1], "rb").read())
imports = {
    "over": wasmtime.Func(store, wasmtime.FuncType([], [i32]), over),
    "back": wasmtime.Func(store, wasmtime.FuncType([i32], []), back),
}
instance = wasmtime.Instance(store, module, [imports[i.name] for i in module.imports])
print("ready", flush=True)
instance.exports(store)["outer"](store, 3)
print("done rounds=1 sum=%d" % instance.exports(store)["turns"].value(store), flush=True)
