;; A guest that never ends: a loop that calls a small function, so that a thread can be caught anywhere in either of them.
(module $spin
  (memory (export "memory") 1)
  (global $turns (mut i32) (i32.const 0))
  (func $leaf (param $n i32) (result i32)
    (local $t i32)
    (local.set $t (i32.mul (local.get $n) (i32.const 3)))
    (global.set $turns (i32.add (global.get $turns) (i32.const 1)))
    (local.get $t))
  (func $turn (param $seed i32) (param $wide i64)
    (local $i i32)
    (loop $again
      (i32.const 7)
      (call $leaf (local.get $i))
      (drop) (drop)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $again)))
  (func $main (export "_start")
    (call $turn (i32.const 5) (i64.const 6))))
