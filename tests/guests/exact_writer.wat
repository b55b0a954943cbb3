;; SPDX-License-Identifier: GPL-3.0-or-later
;; One function changes a field, once: $corrupt, at one iteration of one worker. The field is the i32 at 0x2008, 1000 at
;; first and 666 at the end. At every iteration all workers write the words before and behind it; and the worker that will
;; corrupt it writes the value that it has already, every fourth time. The sum is the field, as the guest reads it in the end.
(module $exact_writer
;; include rt_threads.wat
  (global $field (export "field") i32 (i32.const 0x2008))
  (func $prepare (i32.store (global.get $field) (i32.const 1000)))
  (func $write_before (param $worker i32) (param $i i32)
    (i32.store (i32.const 0x2004) (i32.add (local.get $worker) (local.get $i))))
  (func $write_behind (param $worker i32) (param $i i32)
    (i32.store (i32.const 0x200c) (i32.mul (local.get $worker) (local.get $i))))
  (func $refresh
    (i32.store (global.get $field) (i32.load (global.get $field))))
  (func $corrupt (param $worker i32) (param $i i32)
    (i32.store (global.get $field) (i32.const 666)))
  (func $work (param $worker i32) (local $i i32)
    (loop $again
      (call $write_before (local.get $worker) (local.get $i))
      (call $write_behind (local.get $worker) (local.get $i))
      (if (i32.and (i32.eq (local.get $worker) (i32.load (i32.const 0xe908)))
            (i32.eqz (i32.and (local.get $i) (i32.const 3))))
        (then (call $refresh)))
      (if (call $chosen (local.get $worker) (local.get $i))
        (then (call $corrupt (local.get $worker) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (call $rounds)))))
  (func $report (call $done (i64.extend_i32_u (i32.load (global.get $field)))))
)
