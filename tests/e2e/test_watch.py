# SPDX-License-Identifier: GPL-3.0-or-later
"""Watchpoints: the one write, read or host call that matters, among many that look like it. The guests of
tests/guests/watch*.wat say in their own code which rounds are the right ones; what they end with says that nothing was
disturbed."""

import ctypes
import errno
import json
import os
import signal
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import NEWEST, PROGRAM, Case, Guest, environment, instructions, script, sleeping, wait_until, wat

# The oldest and newest that the tests of one feature run on; wasi-threads ended after 46.
BOTH = ("44.0.1", NEWEST)
WITH_THREADS = ("44.0.1", "46.0.1")
MOVING = ["-O", "memory-reservation=0", "-O", "memory-reservation-for-growth=0", "-O", "memory-may-move=y"]
THREADS = ["-W", "threads=y", "-W", "shared-memory=y", "-S", "threads=y"]

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
PTRACE_PEEKUSER, PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 3, 17, 0x4206, 0x4207
# offsetof(struct user, u_debugreg), <sys/user.h>.
DEBUG_REGISTERS = 848


def debug_registers(pid):
    """DR0 to DR3 and DR7 of every living thread, or None when somebody else traces one."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/task"):
        thread = int(name)
        if libc.ptrace(PTRACE_SEIZE, thread, None, None):
            if ctypes.get_errno() == errno.ESRCH or not os.path.exists(f"/proc/{pid}/task/{name}"):
                continue
            return None
        libc.ptrace(PTRACE_INTERRUPT, thread, None, None)
        if not os.WIFSTOPPED(os.waitpid(thread, 0x40000000)[1]):  # __WALL
            continue
        found[thread] = [libc.ptrace(PTRACE_PEEKUSER, thread, DEBUG_REGISTERS + 8 * i, None) for i in (0, 1, 2, 3, 7)]
        libc.ptrace(PTRACE_DETACH, thread, None, None)
    return found


def is_clean(guest):
    registers = debug_registers(guest.pid)
    return registers is not None and all(not any(values) for values in registers.values())


def watch_sum(rounds):
    """What watch.wat and watch_grow.wat add up: the field, after each round."""
    total, field = 0, 5
    for r in range(rounds):
        if r % 64 == 37:
            field = r + 1000
        total += field
    return total


def kinds():
    for version in BOTH:
        for guest_debug in (True, False):
            yield version, guest_debug


class Watch(Case):
    def each(self):
        for version, guest_debug in kinds():
            with self.subTest(version=version, guest_debug=guest_debug):
                yield {"version": version, "guest_debug": guest_debug}

    def offset(self, function, opcode, which=0):
        return [offset for offset, text in instructions(wat("watch"))[function] if text.startswith(opcode)][which]

    def assertClean(self, guest):
        # A thread that is just being born or ending refuses for an instant.
        wait_until(lambda: debug_registers(guest.pid) is not None, "the threads can be looked at")
        self.assertTrue(is_clean(guest))

    def hits(self, documents):
        return documents.stops("watchpoint")

    def test_exactly_the_write_that_changes(self):
        for options in self.each():
            guest = self.guest("watch", **options)
            documents = self.attached(guest, "watch $mem[0x2004:i32]", "continue", "backtrace", "continue", "info watchpoints")
            first, second = self.hits(documents)
            old, new = first["watch"]["old"], first["watch"]["new"]
            self.assertEqual((new % 64, old), ((37 + 1000) % 64, 5 if new == 1037 else new - 64))
            self.assertEqual((second["watch"]["old"], second["watch"]["new"]), (new, new + 64))
            self.assertEqual(first["frame"]["function"], "culprit")
            self.assertEqual(first["frame"]["pc"], self.offset("culprit", "i32.store"))
            self.assertEqual(first["instruction"].split()[0], "i32.store")
            self.assertFalse(first["watch"]["by_host"])
            self.assertEqual(first["watch"]["store"], 0)
            if options["guest_debug"]:
                self.assertTrue(first["frame"]["in_flight"])
            self.assertEqual(self.names(documents.one("backtrace")["frames"]), ["culprit", "round", "main"])
            watchpoint, = documents.one("info watchpoints")["watchpoints"]
            self.assertEqual((watchpoint["number"], watchpoint["kind"], watchpoint["hits"]), (1, "watchpoint", 2))
            self.assertClean(guest)
            self.assertUndisturbed(guest, watch_sum)

    def test_a_condition_in_the_frame_that_writes(self):
        for version in BOTH:
            with self.subTest(version=version):
                guest = self.guest("watch", version=version)
                stop, = self.hits(self.attached(guest, "watch $mem[0x2004:i32] if r > 150", "continue"))
                self.assertEqual(stop["frame"]["function"], "culprit")
                self.assertGreater(stop["watch"]["new"], 1150)
                self.assertEqual((stop["watch"]["new"] - 1000) % 64, 37)
                # Exactly the next one: what did not hold has been passed, and is the old value.
                self.assertEqual(stop["watch"]["new"] - stop["watch"]["old"], 64)
                self.assertUndisturbed(guest, watch_sum)

    def test_ignore_and_numbers_shared_with_breakpoints(self):
        guest = self.guest("watch")
        documents = self.attached(guest, "break culprit", "watch $mem[0x2004:i32]", "disable 1", "ignore 2 1", "continue",
                                  "info breakpoints", "delete 2", "enable 1", "continue", "info watchpoints")
        stop, = self.hits(documents)
        self.assertEqual((stop["breakpoint"], stop["watch"]["new"] - stop["watch"]["old"]), (2, 64))
        listed = documents.one("info breakpoints")["breakpoints"]
        self.assertEqual([(b["number"], b["kind"], b["hits"]) for b in listed], [(1, "breakpoint", 0), (2, "watchpoint", 2)])
        self.assertEqual(documents.stops("breakpoint")[0]["frame"]["function"], "culprit")
        self.assertEqual(documents.one("info watchpoints")["watchpoints"], [])
        self.assertUndisturbed(guest, watch_sum)

    def test_steps_go_on_from_the_access(self):
        guest = self.guest("watch")
        code = instructions(wat("watch"))["culprit"]
        at = self.offset("culprit", "i32.store")
        following = code[[offset for offset, _ in code].index(at) + 1][0]
        documents = self.attached(guest, "watch $mem[0x2004:i32]", "continue", "stepi", "continue", f"break *{following:#x}",
                                  "continue")
        step, = documents.stops("step")
        self.assertEqual(step["frame"]["pc"], following)
        # The instruction behind the access was not passed silently.
        self.assertEqual([s["reason"] for s in documents.stops()][-2:], ["watchpoint", "breakpoint"])
        self.assertEqual(documents.stops()[-1]["frame"]["pc"], following)
        self.assertUndisturbed(guest, watch_sum)

    def test_a_global(self):
        for options in self.each():
            guest = self.guest("watch", **options)
            first, second = self.hits(self.attached(guest, "watch $global.mode", "continue", "continue"))
            self.assertEqual((first["frame"]["function"], first["frame"]["pc"]), ("set_mode", self.offset("set_mode", "global.set")))
            self.assertEqual(first["watch"]["new"] % 64, 20)
            self.assertEqual(second["watch"]["new"] - first["watch"]["new"], 64)
            self.assertUndisturbed(guest, watch_sum)

    def test_unaligned_and_wide(self):
        for options in self.each():
            guest = self.guest("watch", **options)
            documents = self.attached(guest, "watch $mem[0x2103:i64]", "watch $mem[0x2208:v128]", *["continue"] * 4)
            by_number = {1: [], 2: []}
            for stop in self.hits(documents):
                by_number[stop["breakpoint"]].append(stop)
            self.assertEqual({n: len(stops) for n, stops in by_number.items()}, {1: 2, 2: 2})
            for stop in by_number[1]:
                self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), ("odd", self.offset("odd", "i64.store")))
                self.assertEqual(stop["watch"]["new"] % 64, 11)
            for stop in by_number[2]:
                self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), ("wide", self.offset("wide", "v128.store")))
                lanes = struct.unpack("<4I", bytes.fromhex(stop["watch"]["new"]))
                self.assertEqual((set(lanes), lanes[0] % 64), ({lanes[0]}, 5))
            self.assertUndisturbed(guest, watch_sum)

    def test_reads(self):
        for options in self.each():
            guest = self.guest("watch", **options)
            documents = self.attached(guest, "rwatch $mem[0x2300:i32]", "continue", "continue", "print $mem[0x2304:i32]")
            for stop in self.hits(documents):
                self.assertEqual((stop["frame"]["function"], stop["frame"]["pc"]), ("reader", self.offset("reader", "i32.load")))
                self.assertEqual((stop["watch"]["kind"], stop["watch"]["changed"], stop["watch"]["new"]), ("read-watchpoint", False, 99))
            self.assertEqual(len(self.hits(documents)), 2)
            self.assertEqual(documents.one("print")["value"] % 64, 9)
            self.assertUndisturbed(guest, watch_sum)

    def test_any_access(self):
        guest = self.guest("watch")
        # In order: reader's two stores, and the load that comes in all rounds but one.
        documents = self.attached(guest, "awatch $mem[0x2304:i32]", *["continue"] * 4)
        found = [(stop["frame"]["pc"], stop["watch"]["changed"]) for stop in self.hits(documents)]
        write, read = (self.offset("reader", "i32.store"), True), (self.offset("reader", "i32.load", 1), False)
        self.assertIn(found, ([write, read] * 2, [read, write] * 2, [write, write, read, write], [write, read, write, write],
                              [read, write, write, read]))
        self.assertUndisturbed(guest, watch_sum)

    def test_the_host_writes(self):
        """poll_oneoff counts its events there; memory.fill in pause clears the place before."""
        for options in self.each():
            guest = self.guest("watch", **options)
            documents = self.attached(guest, "watch $mem[0xf8f0:i32]", "continue", "continue", "continue")
            by_new = {stop["watch"]["new"]: stop for stop in self.hits(documents)}
            self.assertEqual(len(self.hits(documents)), 3)
            self.assertEqual((by_new[1]["watch"]["by_host"], by_new[1]["watch"]["host_call"]), (True, "poll_oneoff"))
            self.assertEqual(by_new[1]["frame"]["function"], "pause")
            self.assertEqual((by_new[0]["watch"]["by_host"], by_new[0]["instruction"].split()[0]), (False, "memory.fill"))
            self.assertUndisturbed(guest, watch_sum)

    def test_the_host_writes_in_words(self):
        guest = self.guest("watch")
        text = self.attached_text(guest, "watch $mem[0xf8f0:i32]", "continue", "continue")
        self.assertIn("Hardware watchpoint 1: $mem[0xf8f0:i32]\nOld value = 0\nNew value = 1\nWrite by host call poll_oneoff.\n", text)
        self.assertUndisturbed(guest, watch_sum)

    def test_the_kernel_writes_for_the_host(self):
        """A read of a file goes straight into the guest's memory, by a system call."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "data").write_bytes(b"A" * 8 + b"B" * 8)
            for options in self.each():
                guest = self.guest("watch_file", options=["--dir", f"{folder}::/"], **options)
                documents = self.attached(guest, "watch $mem[0x3004:u8]", "continue", "continue", "backtrace")
                for stop in self.hits(documents):
                    self.assertEqual((stop["watch"]["host_call"], stop["frame"]["function"]), ("fd_pread", "load"))
                    self.assertEqual({stop["watch"]["old"], stop["watch"]["new"]}, {65, 66})
                self.assertEqual(len(self.hits(documents)), 2)
                self.assertUndisturbed(guest, lambda rounds: 65 * ((rounds + 1) // 2) + 66 * (rounds // 2))

    def test_memory_that_moves(self):
        """It grows every eighth round, and has no room: each time it is elsewhere. Nothing is said of it."""
        for options in self.each():
            guest = self.guest("watch_grow", options=MOVING, **options)
            documents = self.attached(guest, "info memories", "rwatch $mem[0x2010:i32]", "watch $mem[0x2004:i32]", "continue",
                                      "continue", "info memories", "info watchpoints")
            before, after = (result["memories"][0] for result in documents.all("info memories"))
            self.assertNotEqual(before["base"], after["base"])
            self.assertGreater(after["size"], before["size"])
            first, second = self.hits(documents)
            self.assertEqual([s["breakpoint"] for s in (first, second)], [2, 2])
            self.assertEqual([s["frame"]["function"] for s in (first, second)], ["culprit", "culprit"])
            self.assertEqual(second["watch"]["new"] - first["watch"]["new"], 64)
            # The runtime copies the memory when it moves: that is no read of the guest's.
            self.assertEqual([w["hits"] for w in documents.one("info watchpoints")["watchpoints"]], [0, 2])
            self.assertUndisturbed(guest, watch_sum)

    def test_fields_of_objects(self):
        for version, guest_debug in kinds():
            for collector in ("drc", "null"):
                with self.subTest(version=version, guest_debug=guest_debug, collector=collector):
                    options = ["-W", "gc=y,function-references=y", "-C", f"collector={collector}"]
                    guest = self.guest("watch_objects", version=version, guest_debug=guest_debug, options=options)
                    stop, = self.hits(self.attached(guest, "watch $global.kept.wide", "continue"))
                    self.assertEqual((stop["frame"]["function"], stop["instruction"].split()[0]), ("culprit", "struct.set"))
                    self.assertEqual((stop["watch"]["new"] - 1000) % 64, 37)
                    self.assertUndisturbed(guest, watch_sum)

    def test_objects_that_move_are_refused(self):
        guest = self.guest("watch_objects", options=["-W", "gc=y,function-references=y", "-C", "collector=copying"])
        error, = self.attached(guest, "watch $global.kept.wide", status=1).errors()
        self.assertEqual(error["code"], "unsupported")
        self.assertIn("copying", error["message"])
        self.assertUndisturbed(guest, watch_sum)

    def test_refusals(self):
        guest = self.guest("watch")
        full = [f"watch $mem[{0x2000 + 8 * i}:i64]" for i in range(4)]
        for commands, code, part in (
                ([*full, "rwatch $mem[0x2100:i8]"], "limit", "4 are in use"),
                (["watch $mem[0x2104:i64]", "awatch $mem[0x2103:v128]"], "limit", "of the 4 debug registers"),
                (["rwatch $mem[0x2004:i32] + 1"], "unsupported", "no place"),
                (["awatch $local0"], "unsupported", "in registers"),
                (["watch 5"], "unsupported", "no place"),
                (["watch"], "syntax", "what?"),
                (["watch $mem[0x2004:i32] if "], "syntax", "is expected"),
                (["watch $mem[0xffffff0:i32]"], "unreadable", "outside memory"),
                (["disable 7"], "not-found", "no breakpoint 7")):
            with self.subTest(commands=commands):
                error, = self.attached(guest, *commands, status=1).errors()
                self.assertEqual(error["code"], code, error)
                self.assertIn(part, error["message"])
        # A disabled one gives its registers to another, and cannot come back while that is there.
        error, = self.attached(guest, *full, "disable 1", "watch $mem[0x2004:i32]", "enable 1", status=1).errors()
        self.assertEqual(error["code"], "limit")
        self.assertUndisturbed(guest, watch_sum)

    def test_what_the_person_writes_is_no_change(self):
        guest = self.guest("watch")
        documents = self.attached(guest, "watch $mem[0x2004:i32]", "continue", "set $mem[0x2004:i32] = 3", "continue")
        first, second = self.hits(documents)
        self.assertEqual((second["watch"]["old"], second["watch"]["new"]), (3, first["watch"]["new"] + 64))
        self.assertEqual(guest.status("TracerPid"), "0")

    def test_threads(self):
        """1, 2 and 8 threads, all of them born after the watch was set; the last one is the culprit."""
        for version in WITH_THREADS:
            for guest_debug in (True, False):
                for count in (1, 2, 8):
                    with self.subTest(version=version, guest_debug=guest_debug, count=count):
                        self.one_of_many(version, guest_debug, count)

    def one_of_many(self, version, guest_debug, count):
        guest = Guest(wat("watch_threads"), version=version, guest_debug=guest_debug, options=THREADS)
        self.addCleanup(guest.__exit__)
        sleeping(guest.ready())
        before = set(guest.threads())
        process = subprocess.Popen([PROGRAM, "attach", str(guest.pid), "--batch", "--json",
                                    *script("watch $mem[0x2004:i32]", "continue", "info threads", "info watchpoints")],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(process.stdout.close)
        output = ""
        while '"command":"watch"' not in output:
            line = process.stdout.readline()
            self.assertTrue(line, output)
            output += line
        # The threads are born after this.
        guest.send(str(count))
        output += process.stdout.read()
        process.wait(120)
        self.assertEqual(process.returncode, 0, output)
        documents = Lines(output)
        stop, = documents.stops("watchpoint")
        self.assertEqual((stop["watch"]["old"], stop["watch"]["new"]), (5, 777))
        self.assertEqual(stop["frame"]["function"], "corrupt")
        self.assertNotIn(stop["thread"], before)
        name, = [t["name"] for t in documents.one("info threads")["threads"] if t["tid"] == stop["thread"]]
        self.assertTrue(name.startswith("wasi-thread-"), name)
        if guest_debug:
            # Each thread has a store of its own; the first is the main thread's.
            self.assertNotEqual(stop["watch"]["store"], 0)
        self.assertEqual(documents.one("info watchpoints")["watchpoints"][0]["hits"], 1)
        self.assertClean(guest)
        self.assertEqual(guest.finish("."), (count * 20000, 777))

    def test_killed_while_it_hits(self):
        for guest_debug in (True, False):
            guest = self.guest("watch", guest_debug=guest_debug)
            for turn in range(4):
                with self.subTest(guest_debug=guest_debug, turn=turn):
                    process = subprocess.Popen([PROGRAM, "attach", str(guest.pid), "--batch", "-q",
                                                *script("awatch $mem[0x2004:i32]", "awatch $mem[0x2000:i32]", "continue",
                                                        "ignore 1 100000000", "ignore 2 100000000", "echo at work\\n", "continue")],
                                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment())
                    for line in process.stdout:
                        if b"at work" in line:
                            break
                    wait_until(lambda: guest.status("TracerPid") == str(process.pid), "outpost has the guest")
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    process.stdout.close()
                    wait_until(lambda: is_clean(guest), "the guardian has cleared every thread")
            stop, = self.hits(self.attached(guest, "watch $mem[0x2004:i32]", "continue"))
            self.assertEqual(stop["frame"]["function"], "culprit")
            self.assertUndisturbed(guest, watch_sum)


class Lines(list):
    """Documents of a run that was read by hand."""

    def __init__(self, text):
        super().__init__(json.loads(line) for line in text.splitlines())

    def stops(self, reason):
        return [d for d in self if d.get("event") == "stopped" and d["reason"] == reason]

    def one(self, command):
        found, = [d["result"] for d in self if d.get("command") == command and d["ok"]]
        return found


if __name__ == "__main__":
    unittest.main()
