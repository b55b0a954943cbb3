# SPDX-License-Identifier: GPL-3.0-or-later
"""An embedder with three stores, one of them closed again, and nothing that runs: hosted.py HOSTED.wat"""
import sys
import time

import wasmtime as w

engine = w.Engine()
module = w.Module(engine, open(sys.argv[1], encoding="utf-8").read())
store = w.Store(engine)
number = w.Global(store, w.GlobalType(w.ValType.i32(), True), w.Val.i32(99))
memory = w.Memory(store, w.MemoryType(w.Limits(1, 3)))
table = w.Table(store, w.TableType(w.ValType.funcref(), w.Limits(2, 5)), None)
function = w.Func(store, w.FuncType([], []), lambda: None)
instances = [w.Instance(store, module, [number, memory, table, function]) for _ in range(2)]
instances[0].exports(store)["set"](store, "hello")
small = w.Module(engine, '(module (memory 1) (func (export "f")))')
kept = []
for k in range(2):
    other = w.Store(engine)
    instance = w.Instance(other, small, [])
    if k:
        kept = [other, instance]
    else:
        other.close()
time.sleep(600)
