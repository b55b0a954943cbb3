;; SPDX-License-Identifier: GPL-3.0-or-later
;; Every round is like the one before, so that two stops at the same place show the same; what counts is in memory. In each
;; round $work calls $middle for 1 to 4, which calls $leaf, and the i32 at 0x1000 becomes 2, 4, 6, 8 and 0 again: 40 in all.
(module $steady
;; include rt.wat
  (global $rounds (mut i64) (i64.const 0))
  (func $leaf (param $x i32) (param $large i64) (result i32) (local $twice i32)
    (local.set $twice (i32.shl (local.get $x) (i32.const 1)))
    (i32.store (i32.const 0x1000) (local.get $twice))
    (local.get $twice))
  (func $middle (param $n i32) (result i32)
    (i32.add (i32.const 5) (call $leaf (local.get $n) (i64.const 1234567890123))))
  (func $work (result i32) (local $n i32) (local $sum i32)
    (loop $again
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (call $middle (local.get $n))))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 4))))
    (i32.store (i32.const 0x1000) (i32.const 0))
    (local.get $sum))
  (func $round
    (i64.store (i32.const 0x1010) (i64.add (i64.extend_i32_u (call $work)) (i64.load (i32.const 0x1010))))
    (global.set $rounds (i64.add (global.get $rounds) (i64.const 1))))
  (func $main (export "_start")
    (call $ready)
    (loop $again
      (call $round)
      (br_if $again (i32.eqz (call $pause (i64.const 5)))))
    (call $done (global.get $rounds) (i64.load (i32.const 0x1010))))
)
