;; SPDX-License-Identifier: GPL-3.0-or-later
;; One iteration of one worker has a value that no other has: $code is -12345 there, and 0 to 65535 everywhere else.
;; Each worker leaves the sum of its codes at 0x2000 + 8 * worker; the sum of these is the last line's.
(module $exact_iteration
;; include rt_threads.wat
  (func $prepare)
  ;; Called once an iteration; nothing in it changes its parameters.
  (func $inspect (param $worker i32) (param $i i32) (param $code i32) (result i64)
    (i64.extend_i32_s (local.get $code)))
  (func $work (param $worker i32) (local $i i32) (local $seed i32) (local $code i32) (local $sum i64)
    (local.set $seed (i32.add (local.get $worker) (i32.const 1)))
    (loop $again
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (local.set $code (i32.shr_u (local.get $seed) (i32.const 16)))
      (if (call $chosen (local.get $worker) (local.get $i)) (then (local.set $code (i32.const -12345))))
      (local.set $sum (i64.add (local.get $sum) (call $inspect (local.get $worker) (local.get $i) (local.get $code))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (call $rounds))))
    (i64.store offset=0x2000 (i32.shl (local.get $worker) (i32.const 3)) (local.get $sum)))
  (func $report (local $k i32) (local $sum i64)
    (loop $more
      (local.set $sum (i64.add (local.get $sum) (i64.load offset=0x2000 (i32.shl (local.get $k) (i32.const 3)))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $k) (call $threads))))
    (call $done (local.get $sum)))
)
