# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of the benchmarks, as WebAssembly text. Each prints "ready" once and then works for ever, but for those that end:
paced(), turns() and writes().

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


def blocks(turns, every):
    """Blocks of so many turns, each a load and a store, by the clock: after each it writes 8 bytes, the block's nanoseconds.
    After every that many blocks it changes the i32 at 4096."""
    return _module(
        f"""
  (data (i32.const 2048) "\\18\\08\\00\\00\\08\\00\\00\\00")
  (func $now (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 2080)))
    (i64.load (i32.const 2080)))
  (func $block (local $n i32)
    (local.set $n (i32.const {turns}))
    (loop $again
      (i32.store (i32.const 8192) (i32.add (i32.load (i32.const 8192)) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $change (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1))))
  (func (export "_start") (local $start i64) (local $done i32)
    call $ready
    (loop $again
      (local.set $start (call $now))
      (call $block)
      (i64.store (i32.const 2072) (i64.sub (call $now) (local.get $start)))
      (drop (call $fd_write (i32.const 1) (i32.const 2048) (i32.const 1) (i32.const 2064)))
      (local.set $done (i32.add (local.get $done) (i32.const 1)))
      (if (i32.eqz (i32.rem_u (local.get $done) (i32.const {every}))) (then (call $change)))
      (br $again)))
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


# Nanoseconds since whenever; 8 bytes of them are written to standard output by $report.
_CLOCK = r"""
  (data (i32.const 2048) "\18\08\00\00\08\00\00\00")
  (func $now (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 2080)))
    (i64.load (i32.const 2080)))
  (func $report (param $value i64)
    (i64.store (i32.const 2072) (local.get $value))
    (drop (call $fd_write (i32.const 1) (i32.const 2048) (i32.const 1) (i32.const 2064))))
"""


def hot(turns):
    """$hot never returns. For ever it makes so many turns of a loop and reports the nanoseconds that they took; $k never changes,
    $turn is never negative, and nobody writes the four bytes at 8192."""
    return _module(
        f"""
  {_CLOCK}
  (func $hot (param $k i32) (local $n i32) (local $turn i32) (local $begin i64)
    (loop $round
      (local.set $begin (call $now))
      (local.set $turn (i32.const {turns}))
      (loop $again
        (local.set $n (i32.add (i32.mul (local.get $n) (i32.const 1103515245)) (local.get $k)))
        (br_if $again (local.tee $turn (i32.sub (local.get $turn) (i32.const 1)))))
      (call $report (i64.sub (call $now) (local.get $begin)))
      (br $round)))
  (func (export "_start") call $ready (call $hot (i32.const 12345)))
""",
        spin=False,
    )


def called(turns):
    """As hot(), but a turn is a call of $f, whose parameter is 0 and more. After the turns of a round $g is called."""
    return _module(
        f"""
  {_LEAF}
  {_CLOCK}
  (func $g (export "g"))
  (func $hot (local $n i32) (local $begin i64)
    (loop $round
      (local.set $begin (call $now))
      (local.set $n (i32.const 0))
      (loop $again
        (br_if $again (i32.lt_u (local.tee $n (call $f (local.get $n))) (i32.const {turns}))))
      (call $report (i64.sub (call $now) (local.get $begin)))
      (call $g)
      (br $round)))
  (func (export "_start") call $ready call $hot)
""",
        spin=False,
    )


def paced(calls, interval):
    """Calls $f so many times with 0, 1, 2, ..., one each interval nanoseconds at most, writes the line "elapsed NANOSECONDS" to standard
    error and ends.

    It does not say "ready".
    """
    return _module(
        f"""
  {_LEAF}
  {_CLOCK}
  (data (i32.const 3072) "elapsed ")
  (global $end (mut i32) (i32.const 3080))
  (func $digits (param $value i64)
    (if (i64.ge_u (local.get $value) (i64.const 10))
      (then (call $digits (i64.div_u (local.get $value) (i64.const 10)))))
    (i64.store8 (global.get $end) (i64.add (i64.const 48) (i64.rem_u (local.get $value) (i64.const 10))))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))
  (func (export "_start") (local $n i32) (local $begin i64) (local $due i64)
    (local.set $due (local.tee $begin (call $now)))
    (loop $again
      (loop $wait
        (br_if $wait (i64.lt_u (call $now) (local.get $due))))
      (local.set $due (i64.add (local.get $due) (i64.const {interval})))
      (br_if $again (i32.lt_u (local.tee $n (call $f (local.get $n))) (i32.const {calls}))))
    (call $digits (i64.sub (call $now) (local.get $begin)))
    (i32.store8 (global.get $end) (i32.const 10))
    (i32.store (i32.const 1032) (i32.const 3072))
    (i32.store (i32.const 1036) (i32.sub (global.get $end) (i32.const 3071)))
    (drop (call $fd_write (i32.const 2) (i32.const 1032) (i32.const 1) (i32.const 1040))))
""",
        spin=False,
    )


def turns(count):
    """Ends after so many turns of a loop that calls $f."""
    return _module(
        f"""
  (func (export "_start") (local $n i32)
    (loop $again
      (local.set $n (call $f (local.get $n)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const {count})))))
"""
    )


def writes(count):
    """Ends after so many writes of one byte."""
    return _module(
        f"""
  (data (i32.const 1048) "\\00\\04\\00\\00\\01\\00\\00\\00")
  (func (export "_start") (local $n i32)
    (loop $again
      (drop (call $fd_write (i32.const 1) (i32.const 1048) (i32.const 1) (i32.const 1040)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const {count})))))
""",
        spin=False,
    )


def answers():
    """A handler for `wasmtime serve` that counts for a while and gives no answer: the server answers for it. It does not trap."""
    return """
(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $response))
  (core module $handler
    (memory (export "memory") 1)
    (func $handle (export "handle") (param i32 i32) (local $n i32)
      (loop $again
        (br_if $again (i32.ne (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100000))))))
  (core instance $instance (instantiate $handler))
  (func $handle (param "request" (own $request)) (param "response-out" (own $response))
    (canon lift (core func $instance "handle")))
  (instance $exports (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $exports)))
"""
