;; SPDX-License-Identifier: GPL-3.0-or-later
;; Guest of nested.py: outer -> host -> inner, which works until the host says that it is over.
(module $nested
  (import "host" "back" (func $back (param i32)))
  (import "host" "over" (func $over (result i32)))
  (global $turns (export "turns") (mut i32) (i32.const 0))
  (func $work (param $n i32) (result i32)
    (loop $again
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (local.get $n))
  (func $inner (export "inner") (param $x i32)
    (loop $again
      (drop (call $work (i32.const 3000000)))
      (br_if $again (i32.eqz (call $over))))
    (global.set $turns (i32.add (global.get $turns) (local.get $x))))
  (func $middle (param $x i32) (call $back (local.get $x)))
  (func $outer (export "outer") (param $x i32) (call $middle (i32.add (local.get $x) (i32.const 1))))
)
