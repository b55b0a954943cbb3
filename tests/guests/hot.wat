;; SPDX-License-Identifier: GPL-3.0-or-later
;; A function that is called all the time: 20,000 times in a round, and none of the rounds waits. The sum is the number of calls.
(module $hot
;; include rt.wat
  (func $step (param $number i64) (result i64) (i64.add (local.get $number) (i64.const 1)))
  (func $round (param $sum i64) (result i64) (local $left i32)
    (local.set $left (i32.const 20000))
    (loop $again
      (local.set $sum (call $step (local.get $sum)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum))
  (func $main (export "_start") (local $rounds i64) (local $sum i64)
    (call $ready)
    (loop $again
      (local.set $sum (call $round (local.get $sum)))
      (local.set $rounds (i64.add (local.get $rounds) (i64.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 0)))))
    (call $done (local.get $rounds) (local.get $sum)))
)
