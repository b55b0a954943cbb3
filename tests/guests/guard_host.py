# SPDX-License-Identifier: GPL-3.0-or-later
# A host program that loads its guest when a line comes, waits until somebody has put traps into its code, and lets it trap
# when the next line comes.
import sys
import time

import wasmtime

# The traps are in what leads from memory.grow to the runtime.
LATE = """(module $late (memory 1)
  (func $late (export "late") (param i32) (drop (memory.grow (local.get 0))) unreachable))"""

engine = wasmtime.Engine()
first = wasmtime.Module(engine, '(module $first (func (export "run")))')
clean = wasmtime.Module(engine, LATE).serialize()
print("ready", flush=True)
sys.stdin.readline()
store = wasmtime.Store(engine)
module = wasmtime.Module(engine, LATE)
late = wasmtime.Instance(store, module, []).exports(store)["late"]
while module.serialize() == clean:
    time.sleep(0.02)
print("guarded", flush=True)
sys.stdin.readline()
try:
    late(store, 1)
except wasmtime.Trap:
    print("trapped", flush=True)
sys.stdin.readline()
