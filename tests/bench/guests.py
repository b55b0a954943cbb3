# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of the benchmarks, as WebAssembly text. Each prints "ready" once and then works for ever.

This file knows WebAssembly and WASI preview 1 only: nothing of outpost and nothing of the other debuggers.
"""

MAGIC = "outpost bench memory"

_WASI = """
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
"""

# Addresses 1024 and above belong to this: the text, its iovec and the count that fd_write gives back.
_READY = r"""
  (data (i32.const 1024) "ready\n")
  (data (i32.const 1032) "\00\04\00\00\06\00\00\00")
  (func $ready
    (drop (call $fd_write (i32.const 1) (i32.const 1032) (i32.const 1) (i32.const 1040))))
"""

_LEAF = """
  (func $f (export "f") (param $n i32) (result i32)
    local.get $n
    i32.const 1
    i32.add)
"""

_SPIN = """
  (func $spin (local $n i32)
    (loop $again
      local.get $n
      call $f
      local.set $n
      br $again))
"""


def _module(body, pages=1, spin=True):
    spinning = _LEAF + _SPIN if spin else ""
    return f'(module {_WASI} (memory (export "memory") {pages}) {_READY} {spinning} {body})\n'


def calls(functions=0):
    """A tight loop that calls $f, in a module with so many functions more, each of a dozen instructions."""
    filler = "".join(
        f"(func $filler{i} (param i32) (result i32) (i32.xor (i32.mul (i32.add (local.get 0) (i32.const {i}))"
        f" (i32.const 31)) (i32.rotl (local.get 0) (i32.const {i % 31}))))\n"
        for i in range(functions)
    )
    return _module(filler + '(func (export "_start") call $ready call $spin)')


def deep(frames):
    """A recursion of so many frames; the newest calls $f for ever."""
    return _module(
        """
  (func $down (param $n i32) (result i32)
    local.get $n
    i32.eqz
    if
      call $ready
      call $spin
    end
    local.get $n
    i32.const 1
    i32.sub
    call $down
    i32.const 1
    i32.add)
"""
        + f'(func (export "_start") (drop (call $down (i32.const {frames - 1}))))'
    )


def clock(report_ns=2_000_000, depth=20):
    """Reads the clock without a pause. About every report_ns it writes the largest gap since the last report: 8 bytes, nanoseconds.

    The clock is read again after a report, so that the writing is in no gap. A pause of the process is a gap as long as it.
    """
    return _module(
        f"""
  (data (i32.const 2048) "\\18\\08\\00\\00\\08\\00\\00\\00")
  (func $now (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 2080)))
    (i64.load (i32.const 2080)))
  (func $watch (local $last i64) (local $now i64) (local $gap i64) (local $largest i64) (local $due i64)
    (local.set $last (call $now))
    (local.set $due (i64.add (local.get $last) (i64.const {report_ns})))
    (loop $again
      (local.set $gap (i64.sub (local.tee $now (call $now)) (local.get $last)))
      (if (i64.gt_u (local.get $gap) (local.get $largest))
        (then (local.set $largest (local.get $gap))))
      (if (i64.ge_u (local.get $now) (local.get $due))
        (then
          (i64.store (i32.const 2072) (local.get $largest))
          (drop (call $fd_write (i32.const 1) (i32.const 2048) (i32.const 1) (i32.const 2064)))
          (local.set $largest (i64.const 0))
          (local.set $now (call $now))
          (local.set $due (i64.add (local.get $now) (i64.const {report_ns})))))
      (local.set $last (local.get $now))
      (br $again)))
  (func $down (param $n i32)
    (if (i32.eqz (local.get $n))
      (then (call $ready) (call $watch)))
    (call $down (i32.sub (local.get $n) (i32.const 1)))
    (drop (i32.load (i32.const 0))))
  (func (export "_start") (call $down (i32.const {depth})))
""",
        spin=False,
    )


def memory(mebibytes):
    """A linear memory of one page more than that, every word of it written, MAGIC at its start."""
    size = mebibytes << 20
    return _module(
        f"""
  (data (i32.const 0) "{MAGIC}")
  (func (export "_start") (local $at i32)
    (local.set $at (i32.const 4096))
    (loop $more
      (i64.store (local.get $at) (i64.mul (i64.extend_i32_u (local.get $at)) (i64.const 0x9e3779b97f4a7c15)))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const {size}))))
    call $ready
    call $spin)
""",
        pages=(size >> 16) + 1,
    )
