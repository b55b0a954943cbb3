# SPDX-License-Identifier: GPL-3.0-or-later
# A host program that embeds Wasmtime through its C API, calls its guest once and then waits for a line: meanwhile no thread is
# in the guest. There is no guest-debug in such a host.
import sys

import wasmtime

store = wasmtime.Store()
i32 = wasmtime.ValType.i32()
module = wasmtime.Module(store.engine, open(sys.argv[1], "rb").read())
twice = wasmtime.Func(store, wasmtime.FuncType([i32], [i32]), lambda x: 2 * x)
table = wasmtime.Table(store, wasmtime.TableType(wasmtime.ValType.funcref(), wasmtime.Limits(3, None)), None)
imports = {
    "memory": wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(1, 2))),
    "level": wasmtime.Global(store, wasmtime.GlobalType(i32, True), wasmtime.Val.i32(321)),
    "table": table,
    "twice": twice,
}
instance = wasmtime.Instance(store, module, [imports[i.name] for i in module.imports])
exports = instance.exports(store)
exports["keep"](store, "a value of the host's")
table.set(store, 1, exports["sum"])
table.set(store, 2, twice)
print("ready", flush=True)
sys.stdin.readline()
print("done rounds=1 sum=%d" % exports["sum"](store), flush=True)
