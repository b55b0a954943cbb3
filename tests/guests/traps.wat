;; SPDX-License-Identifier: GPL-3.0-or-later
;; Traps in the way that the first byte of a line of input asks for; the trapping function is two calls deep.
(module $traps
;; include rt.wat
  (type $none (func))
  (table $functions 2 funcref)
  (elem (i32.const 1) $takes_one)
  (func $takes_one (param i32))
  (func $unreachable (param $zero i32) unreachable)
  (func $divide (param $zero i32) (drop (i32.div_s (i32.const 1) (local.get $zero))))
  (func $outside (param $zero i32) (drop (i32.load offset=0x7fff0000 (local.get $zero))))
  (func $null_call (param $zero i32) (call_indirect (type $none) (local.get $zero)))
  (func $wrong_type (param $zero i32) (call_indirect (type $none) (i32.add (local.get $zero) (i32.const 1))))
  (func $outside_table (param $zero i32) (call_indirect (type $none) (i32.add (local.get $zero) (i32.const 9))))
  (func $convert (param $zero i32) (drop (i32.trunc_f32_s (f32.const nan))))
  (func $overflow (param $n i32) (call $overflow (i32.add (local.get $n) (i32.const 1))) (call $ready))
  (func $dispatch (param $byte i32)
    (if (i32.eq (local.get $byte) (i32.const 117)) (then (call $unreachable (i32.const 0))))    ;; u
    (if (i32.eq (local.get $byte) (i32.const 100)) (then (call $divide (i32.const 0))))         ;; d
    (if (i32.eq (local.get $byte) (i32.const 111)) (then (call $outside (i32.const 0))))        ;; o
    (if (i32.eq (local.get $byte) (i32.const 110)) (then (call $null_call (i32.const 0))))      ;; n
    (if (i32.eq (local.get $byte) (i32.const 119)) (then (call $wrong_type (i32.const 0))))     ;; w
    (if (i32.eq (local.get $byte) (i32.const 116)) (then (call $outside_table (i32.const 0))))  ;; t
    (if (i32.eq (local.get $byte) (i32.const 99)) (then (call $convert (i32.const 0))))         ;; c
    (if (i32.eq (local.get $byte) (i32.const 114)) (then (call $overflow (i32.const 0)))))      ;; r
  (func $main (export "_start")
    (call $ready)
    (call $dispatch (call $read_line))
    (call $done (i64.const 1) (i64.const 0)))
)
