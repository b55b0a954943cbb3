;; SPDX-License-Identifier: GPL-3.0-or-later
;; A component of two modules and three instances, two of them of the same module.
(component $scenario_twins
  (core module $first
    (global $marker (mut i32) (i32.const 1))
    (func $f1 (export "f") (param $x i32) (result i32)
      (global.set $marker (local.get $x))
      (i32.const 42)))
  (core module $second
    (import "a" "f" (func $a (param i32) (result i32)))
    (import "b" "f" (func $b (param i32) (result i32)))
    (func $f2 (result i32) (i32.const 99))
    (func (export "run") (result i32)
      (drop (call $a (i32.const 111)))
      (drop (call $b (i32.const 222)))
      (i32.sub (call $f2) (i32.const 99))))
  (core instance $a (instantiate $first))
  (core instance $b (instantiate $first))
  (core instance $main (instantiate $second (with "a" (instance $a)) (with "b" (instance $b))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command))
)
