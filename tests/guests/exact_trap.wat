;; SPDX-License-Identifier: GPL-3.0-or-later
;; One worker traps at one iteration, in $risky, and says so in a line before. KIND: 0 divides by zero, 1 is unreachable, 2 loads
;; from outside the memory. A worker and iteration that do not exist: no trap, and the sum is how often $risky ended well.
(module $exact_trap
;; include rt_threads.wat
  (data (i32.const 0xf030) "trap worker=")
  (data (i32.const 0xf040) " i=")
  (func $prepare)
  (func $announce (param $worker i32) (param $i i32)
    (call $say (i32.const 0xf030) (i32.const 12)) (call $say_number (i64.extend_i32_u (local.get $worker)))
    (call $say (i32.const 0xf040) (i32.const 3)) (call $say_number (i64.extend_i32_u (local.get $i)))
    (call $end_line))
  ;; $divisor is 1, $wrong 0 and $address 0x2000 where nothing goes wrong.
  (func $risky (param $worker i32) (param $i i32) (param $divisor i32) (param $wrong i32) (param $address i32) (result i32)
    (if (local.get $wrong) (then unreachable))
    (drop (i32.load (local.get $address)))
    (i32.div_u (i32.const 1) (local.get $divisor)))
  (func $work (param $worker i32) (local $i i32) (local $now i32)
    (loop $again
      (local.set $now (call $chosen (local.get $worker) (local.get $i)))
      (if (local.get $now) (then (call $announce (local.get $worker) (local.get $i))))
      (drop (i32.atomic.rmw.add (i32.const 0x2010)
        (call $risky (local.get $worker) (local.get $i)
          (i32.eqz (i32.and (local.get $now) (i32.eq (call $kind) (i32.const 0))))
          (i32.and (local.get $now) (i32.eq (call $kind) (i32.const 1)))
          (select (i32.const 0x20000) (i32.const 0x2000) (i32.and (local.get $now) (i32.eq (call $kind) (i32.const 2)))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (call $rounds)))))
  (func $report (call $done (i64.extend_i32_u (i32.atomic.load (i32.const 0x2010)))))
)
