;; SPDX-License-Identifier: GPL-3.0-or-later
;; A command of three core modules: the host calls one, which calls another, which calls the third through a table.
(component $diff_component
  (core module $leaf
    (memory (export "memory") 1)
    (global $count (mut i32) (i32.const 10))
    (func (export "leaf") (param $x i32) (param $y i64) (result i64) (local $z f64)
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (local.set $z (f64.convert_i64_s (local.get $y)))
      (i64.store (i32.shl (local.get $x) (i32.const 3)) (local.get $y))
      (i64.add (i64.extend_i32_u (local.get $x)) (i64.trunc_f64_s (local.get $z)))))
  (core module $middle
    (import "leaf" "leaf" (func $leaf (param i32 i64) (result i64)))
    (import "leaf" "memory" (memory 1))
    (type $leaf_type (func (param i32 i64) (result i64)))
    (table 1 funcref)
    (elem (i32.const 0) $leaf)
    (global $turns (mut i64) (i64.const -1))
    (func (export "middle") (param $n i32) (result i64) (local $sum i64)
      (loop $again
        (local.set $sum (call_indirect (type $leaf_type) (local.get $n) (local.get $sum) (i32.const 0)))
        (global.set $turns (i64.add (global.get $turns) (i64.const 1)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $again (local.get $n)))
      (local.get $sum)))
  (core module $main
    (import "middle" "middle" (func $middle (param i32) (result i64)))
    (func (export "run") (result i32)
      (drop (i64.add (i64.const 5) (call $middle (i32.const 4))))
      (i32.const 0)))
  (core instance $leaf (instantiate $leaf))
  (core instance $middle (instantiate $middle (with "leaf" (instance $leaf))))
  (core instance $main (instantiate $main (with "middle" (instance $middle))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command))
)
