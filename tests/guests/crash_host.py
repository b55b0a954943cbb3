# SPDX-License-Identifier: GPL-3.0-or-later
# A host program whose host function aborts, or reads where nothing is: the process ends by a signal with the guest on its stack.
import ctypes
import os
import sys

import wasmtime



def end(at: int) -> None:
    if sys.argv[2:] == ["fault"]:
        ctypes.string_at(16, 1)
    os.abort()


store = wasmtime.Store()
module = wasmtime.Module(store.engine, open(sys.argv[1], "rb").read())
record = wasmtime.Func(store, wasmtime.FuncType([wasmtime.ValType.i32()], []), end)
instance = wasmtime.Instance(store, module, [record])
print("ready", flush=True)
sys.stdin.readline()
instance.exports(store)["main"](store)
