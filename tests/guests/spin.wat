;; SPDX-License-Identifier: GPL-3.0-or-later
;; Busy in guest code nearly all the time: a linear congruential generator, looked at for input each million turns.
(module $spin
;; include rt.wat
  (func $mix (param $x i32) (result i32) (local $turn i32)
    (loop $again
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1103515245)) (i32.const 12345)))
      (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $turn) (i32.const 1000000))))
    (local.get $x))
  (func $main (export "_start") (local $r i64) (local $x i32)
    (call $ready)
    (loop $again
      (local.set $x (call $mix (local.get $x)))
      (local.set $r (i64.add (local.get $r) (i64.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 0)))))
    (call $done (local.get $r) (i64.extend_i32_u (local.get $x))))
)
