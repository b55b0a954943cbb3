# SPDX-License-Identifier: GPL-3.0-or-later
# Host for nest.wat: store 1 -> host -> store 2 -> host -> store 1 -> host -> store 1, where the guest spins.
import sys

from wasmtime import Engine, Func, FuncType, Instance, Module, Store, ValType

engine = Engine()
module = Module(engine, open(sys.argv[1]).read())
first, second = Store(engine), Store(engine)
instances = {}
depth = 0


def callback(_):
    global depth
    depth += 1
    store = [None, second, first, first][depth]
    exports = instances[id(store)].exports(store)
    if depth < 3:
        exports["outer"](store)
    else:
        exports["inner"](store, 5)


for store in (first, second):
    function = Func(store, FuncType([ValType.i32()], []), callback)
    instances[id(store)] = Instance(store, module, [function])
instances[id(first)].exports(first)["outer"](first)
