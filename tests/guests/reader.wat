;; SPDX-License-Identifier: GPL-3.0-or-later
;; Waits in fd_read on standard input, a call deep, and handles each line; ends at the end of the input.
(module $reader
;; include rt.wat
  (global $seen (mut i64) (i64.const 0))
  (data (i32.const 64) "handled ")
  (func $handle (param $byte i32) (result i64)
    (global.set $seen (i64.add (global.get $seen) (i64.const 1)))
    (call $say (i32.const 64) (i32.const 8))
    (call $say_number (i64.extend_i32_u (local.get $byte)))
    (call $end_line)
    (i64.extend_i32_u (local.get $byte)))
  (func $serve (param $depth i32) (result i64) (local $byte i32) (local $sum i64)
    (if (local.get $depth) (then (return (call $serve (i32.sub (local.get $depth) (i32.const 1))))))
    (loop $again
      (local.set $byte (call $read_line))
      (if (i32.lt_s (local.get $byte) (i32.const 0)) (then (return (local.get $sum))))
      (local.set $sum (i64.add (local.get $sum) (call $handle (local.get $byte))))
      (br $again))
    unreachable)
  (func $main (export "_start") (local $sum i64)
    (call $ready)
    (local.set $sum (call $serve (i32.const 3)))
    (call $done (global.get $seen) (local.get $sum)))
)
