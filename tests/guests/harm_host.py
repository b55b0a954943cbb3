# SPDX-License-Identifier: GPL-3.0-or-later
# A host program that does what programs do to be hard to debug: threads, forks, signals. Its workers call the guest all the
# time; a line of input is an order, which is answered with a line. At "end" it says what the guest has computed.
#
#     harm_host.py GUEST [blocked] [churn] [alarms] [polls] [leaderless] [instances]
#                  [crowd]
#
# blocked: the worker has SIGTRAP blocked; churn: threads are born, call the guest, and end all the time; alarms: timers send
# signals all the time, and the guest traps in each round; polls: a thread that no signal may reach counts what interrupts it;
# leaderless: the thread that the process began with has ended; instances: there are a thousand more of them, in one store;
# crowd: two thousand threads wait for the end.
import ctypes
import gc
import os
import select
import signal
import sys
import threading

import wasmtime

SYS_EXIT = 60
engine = wasmtime.Engine()
module = wasmtime.Module(engine, open(sys.argv[1], "rb").read())
kinds = sys.argv[2:]
libc = ctypes.CDLL(None, use_errno=True)
stopping = threading.Event()
counts = {"rounds": 0, "sum": 0, "traps": 0, "born": 0, "wrong": 0, "interrupted": 0, "polls": 0}
caught = {signal.SIGTRAP: 0, signal.SIGALRM: 0, signal.SIGPROF: 0, signal.SIGCONT: 0}
answers = sys.stdout.fileno()


def say(text):
    os.write(answers, f"{text}\n".encode())


def guest():
    store = wasmtime.Store(engine)
    exports = wasmtime.Instance(store, module, []).exports(store)
    return store, exports["work"], exports["fail"]


def fails(store, fail):
    """How many of the three ways trap."""
    found = 0
    for kind in range(3):
        try:
            fail(store, kind)
        except wasmtime.Trap:
            found += 1
    return found


def works():
    if "blocked" in kinds:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTRAP})
    store, work, fail = guest()
    while not stopping.is_set():
        counts["sum"] += work(store, counts["rounds"])
        counts["rounds"] += 1
        if "alarms" in kinds:
            counts["traps"] += fails(store, fail)
    counts["blocked"] = int(signal.SIGTRAP in signal.pthread_sigmask(signal.SIG_BLOCK, set()))


def lives_shortly():
    store, work, _ = guest()
    counts["born"] += 1
    counts["wrong"] += work(store, 1) != sum(3 * (x & 255) for x in range(1000, 2000))


def bears():
    while not stopping.is_set():
        child = threading.Thread(target=lives_shortly)
        child.start()
        child.join()


def polls():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while not stopping.is_set():
        counts["interrupted"] += libc.poll(None, 0, 2) != 0
        counts["polls"] += 1


def catches(number, frame):
    caught[number] += 1


def forks():
    child = os.fork()
    if child == 0:
        store, work, _ = guest()
        os._exit(work(store, 0) % 100)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def spawns():
    """posix_spawn() makes its child with vfork()."""
    child = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 3"], os.environ)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def becomes_another():
    os.execv(sys.executable, [sys.executable, __file__, sys.argv[1]])


def plugs(number):
    """Unloads the module of the last time and loads another one, whose code may lie in the same place."""
    global plugged
    plugged = None
    gc.collect()
    text = f'(module $plugin{number} (func $answer{number} (export "answer") (result i32) (i32.const {number})))'
    store = wasmtime.Store(engine)
    answer = wasmtime.Instance(store, wasmtime.Module(engine, text), []).exports(store)["answer"]
    plugged = store, answer
    return answer(store)


def obeys():
    for order in iter(sys.stdin.readline, ""):
        order = order.strip()
        if order == "install":
            signal.signal(signal.SIGTRAP, catches)
            say("installed")
        elif order == "raise":
            signal.raise_signal(signal.SIGTRAP)
            say(f"caught {caught[signal.SIGTRAP]}")
        elif order.startswith("plugin "):
            say(f"answer {plugs(int(order.split()[1]))}")
        elif order == "fork":
            say(f"child {forks()}")
        elif order == "spawn":
            say(f"child {spawns()}")
        elif order == "exec":
            threading.Thread(target=becomes_another, daemon=True).start()
            threading.Event().wait()
        elif order == "exit":
            os._exit(7)
        else:
            break
    stopping.set()
    for thread in threads:
        thread.join()
    facts = {**counts, **{number.name: count for number, count in caught.items()}}
    say(" ".join(f"{name}={value}" for name, value in facts.items()))
    say("done rounds=%d sum=%d" % (counts["rounds"], counts["sum"]))
    os._exit(0)


if "alarms" in kinds:
    for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGCONT):
        signal.signal(number, catches)
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    signal.setitimer(signal.ITIMER_PROF, 0.003, 0.003)
if "instances" in kinds:
    crowd = wasmtime.Store(engine)
    instances = [wasmtime.Instance(crowd, module, []) for _ in range(1000)]
bodies = [works] + [stopping.wait] * 2000 * ("crowd" in kinds) + [bears] * 3 * ("churn" in kinds) + [polls] * ("polls" in kinds)
threads = [threading.Thread(target=body) for body in bodies]
for thread in threads:
    thread.start()
while not counts["rounds"]:
    select.select([], [], [], 0.01)
if "leaderless" in kinds:
    threading.Thread(target=obeys).start()
    say("ready")
    libc.syscall(SYS_EXIT, 0)
say("ready")
obeys()
