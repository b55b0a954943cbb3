;; SPDX-License-Identifier: GPL-3.0-or-later
;; What every Wasmtime from 36 on takes as it is: the guest of the version matrix. Each line of input makes it add step to its
;; global total, through a table, and store the new total at 512.
(module $scenario_matrix
;; include rt.wat
  (type $combine (func (param i32 i64) (result i64)))
  (table $steps 4 8 funcref)
  (elem (i32.const 1) $add $subtract)
  (global $total (mut i64) (i64.const 1000))
  (global $which (mut i32) (i32.const 1))
  (global $ratio f64 (f64.const -0.25))
  (global $vector (mut v128) (v128.const i32x4 1 2 3 4))
  (data (i32.const 256) "a matrix of versions")
  (func $add (param $step i32) (param $from i64) (result i64)
    (i64.add (local.get $from) (i64.extend_i32_u (local.get $step))))
  (func $subtract (param $step i32) (param $from i64) (result i64)
    (i64.sub (local.get $from) (i64.extend_i32_u (local.get $step))))
  (func $turn (param $step i32) (result i64) (local $new i64)
    (local.set $new (call_indirect (type $combine) (local.get $step) (global.get $total) (global.get $which)))
    (i64.store (i32.const 512) (local.get $new))
    (global.set $total (local.get $new))
    (local.get $new))
  (func $listen (param $rounds i64) (result i32)
    (i32.const 3)
    (call $read_line)
    (i32.add))
  (func $main (export "_start") (local $rounds i64)
    (call $ready)
    (block $end
      (loop $again
        (br_if $end (i32.lt_s (call $listen (local.get $rounds)) (i32.const 3)))
        (drop (call $turn (i32.const 7)))
        (local.set $rounds (i64.add (local.get $rounds) (i64.const 1)))
        (br $again)))
    (call $done (local.get $rounds) (global.get $total)))
)
