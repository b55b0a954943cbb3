;; SPDX-License-Identifier: GPL-3.0-or-later
;; What every guest in this folder shares: a line of output, a pause, a line of input. The test harness puts this text
;; in place of a guest's line `;; include rt.wat`. It uses 0xf000 to 0xffff of the memory and nothing else.
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0xf010) "done rounds=")
  (data (i32.const 0xf020) " sum=")

;; include rt_line.wat
  (func $done (param $rounds i64) (param $sum i64)
    (call $say (i32.const 0xf010) (i32.const 12)) (call $say_number (local.get $rounds))
    (call $say (i32.const 0xf020) (i32.const 5)) (call $say_number (local.get $sum))
    (call $end_line))
  ;; Wait at most so many milliseconds for something on standard input: 1 when there is (or it has ended), else 0.
  ;; Layout of subscriptions (48 bytes) and events (32 bytes): wasi_snapshot_preview1, poll_oneoff.
  (func $pause (param $milliseconds i64) (result i32) (local $event i32)
    (memory.fill (i32.const 0xf800) (i32.const 0) (i32.const 0x100))
    (i32.store8 (i32.const 0xf808) (i32.const 1))
    (i32.store (i32.const 0xf840) (i32.const 1))
    (i64.store (i32.const 0xf848) (i64.mul (local.get $milliseconds) (i64.const 1000000)))
    (drop (call $poll_oneoff (i32.const 0xf800) (i32.const 0xf880) (i32.const 2) (i32.const 0xf8f0)))
    (loop $next (result i32)
      (if (i32.eq (local.get $event) (i32.load (i32.const 0xf8f0))) (then (return (i32.const 0))))
      (if (i32.eq (i32.const 1) (i32.load8_u offset=0xf88a (i32.shl (local.get $event) (i32.const 5))))
        (then (return (i32.const 1))))
      (local.set $event (i32.add (local.get $event) (i32.const 1)))
      (br $next)))
  ;; Read a line; its first byte, or -1 at the end of the input.
  (func $read_line (result i32) (local $first i32)
    (local.set $first (i32.const -1))
    (i32.store (i32.const 0xf900) (i32.const 0xf910))
    (i32.store (i32.const 0xf904) (i32.const 1))
    (loop $more
      (i32.store (i32.const 0xf908) (i32.const 0))
      (drop (call $fd_read (i32.const 0) (i32.const 0xf900) (i32.const 1) (i32.const 0xf908)))
      (if (i32.eqz (i32.load (i32.const 0xf908))) (then (return (local.get $first))))
      (if (i32.lt_s (local.get $first) (i32.const 0))
        (then (local.set $first (i32.load8_u (i32.const 0xf910)))))
      (br_if $more (i32.ne (i32.load8_u (i32.const 0xf910)) (i32.const 10))))
    (local.get $first))
