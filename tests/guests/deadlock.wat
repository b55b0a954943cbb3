;; SPDX-License-Identifier: GPL-3.0-or-later
;; Two threads take two locks in opposite orders, and wait for each other for ever.
(module $deadlock
;; include rt_threads.wat
  (global $locks i32 (i32.const 0x2000))
  (func $lock (param $which i32) (local $address i32)
    (local.set $address (i32.add (global.get $locks) (i32.shl (local.get $which) (i32.const 2))))
    (block $taken
      (loop $again
        (br_if $taken (i32.eqz
          (i32.atomic.rmw.cmpxchg (local.get $address) (i32.const 0) (i32.const 1))))
        (drop (memory.atomic.wait32 (local.get $address) (i32.const 1) (i64.const -1)))
        (br $again))))
  ;; Both have the first lock before either asks for the second.
  (func $transfer (param $worker i32)
    (call $lock (local.get $worker))
    (drop (i32.atomic.rmw.add (i32.const 0x2010) (i32.const 1)))
    (loop $until_both
      (br_if $until_both (i32.lt_u (i32.atomic.load (i32.const 0x2010)) (i32.const 2))))
    (call $lock (i32.sub (i32.const 1) (local.get $worker))))
  (func $prepare)
  (func $work (param $worker i32) (call $transfer (local.get $worker)))
  (func $report (call $done (i64.const 0)))
)
