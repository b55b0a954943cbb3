;; SPDX-License-Identifier: GPL-3.0-or-later
;; What conditions of breakpoints can be on: $step gets the turn as an i32 and an i64, half of it as an f64, has it on its
;; operand stack at the first nop, and global $total and the i32 at 1024 follow from it. Needs lib.wat, which has a $step too.
(module $conditions
  (import "lib" "twist" (func $twist (param i32) (result i32)))
;; include rt.wat
  (global $total (mut i32) (i32.const 0))
  (func $step (param $turn i32) (param $large i64) (result i32) (local $half f64)
    (local.set $half (f64.mul (f64.const 0.5) (f64.convert_i32_u (local.get $turn))))
    (local.get $turn)
    nop
    (call $twist))
  (func $main (export "_start") (local $turn i32) (local $sum i64)
    (call $ready)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
        (call $step (local.get $turn) (i64.extend_i32_u (local.get $turn))))))
      (global.set $total (i32.add (global.get $total) (local.get $turn)))
      (i32.store (i32.const 1024) (local.get $turn))
      (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 2)))))
    (call $done (i64.extend_i32_u (local.get $turn)) (local.get $sum)))
)
