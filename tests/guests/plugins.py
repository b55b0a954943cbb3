# SPDX-License-Identifier: GPL-3.0-or-later
# A host program with Wasmtime's cache on that loads its guest when a line comes, and then calls it: itself, in a forked
# child, in eight threads at once, each with a store of its own, between two serializations of the module, or for ever and
# without a cache. Before that it has a guest of no matter.
import os
import sys
import threading

import wasmtime

config = wasmtime.Config()
path, way = sys.argv[1:]
if way != "forever":
    config.cache = True
engine = wasmtime.Engine(config)
other = wasmtime.Module(engine, '(module $other (func $nothing (export "nothing")))')
wasmtime.Instance(wasmtime.Store(engine), other, [])
print("ready", flush=True)
sys.stdin.readline()
code = open(path, "rb").read()
module = wasmtime.Module(engine, code)


def work(rounds: int) -> int:
    store = wasmtime.Store(engine)
    exports = wasmtime.Instance(store, module, []).exports(store)
    return sum(exports["work"](store, k) for k in range(rounds))


if way == "fork":
    child = os.fork()
    if not child:
        os._exit(work(5))
    status = os.waitpid(child, 0)[1]
    print("child", os.waitstatus_to_exitcode(status), flush=True)
    total = work(5)
elif way == "threads":
    totals = []
    barrier = threading.Barrier(8)

    def run() -> None:
        barrier.wait()
        totals.append(work(50))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(totals)
elif way == "serialize":
    before = module.serialize()
    print("loaded", flush=True)
    sys.stdin.readline()
    work(5)
    print("worked", flush=True)
    sys.stdin.readline()
    total = int(module.serialize() == before)
elif way == "forever":
    store = wasmtime.Store(engine)
    wasmtime.Instance(store, module, []).exports(store)["forever"](store)
else:
    total = work(20000)
print("done rounds=1 sum=%d" % total, flush=True)
