;; SPDX-License-Identifier: GPL-3.0-or-later
;; A component of two core modules: work(N) turns N rounds.
(component $pair
  (core module $adder
    (func $add_three (export "add") (param $x i32) (result i32) (i32.add (local.get $x) (i32.const 3))))
  (core module $worker
    (import "adder" "add" (func $add (param i32) (result i32)))
    (func $work (export "work") (param $n i32) (result i32) (local $x i32)
      (loop $again
        (local.set $x (call $add (i32.mul (local.get $x) (i32.const 5))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $again (local.get $n)))
      (local.get $x)))
  (core instance $adder (instantiate $adder))
  (core instance $worker (instantiate $worker (with "adder" (instance $adder))))
  (func (export "work") (param "n" u32) (result u32)
    (canon lift (core func $worker "work")))
)
