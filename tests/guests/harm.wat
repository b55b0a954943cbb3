;; SPDX-License-Identifier: GPL-3.0-or-later
;; The guest of harm_host.py: $work calls $step a thousand times, from $round * 1000 on; $fail traps in three ways.
(module $harm
  (memory 1)
  (func $step (param $x i32) (result i64)
    (i64.mul (i64.extend_i32_u (i32.and (local.get $x) (i32.const 255))) (i64.const 3)))
  (func $work (export "work") (param $round i32) (result i64) (local $i i32) (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum)
        (call $step (i32.add (i32.mul (local.get $round) (i32.const 1000)) (local.get $i)))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (local.get $sum))
  (func $fail (export "fail") (param $kind i32) (result i32)
    (if (i32.eqz (local.get $kind)) (then unreachable))
    (if (i32.eq (local.get $kind) (i32.const 1)) (then (return (i32.load (i32.const 0xfffffff0)))))
    (i32.div_s (i32.const 1) (i32.const 0)))
)
