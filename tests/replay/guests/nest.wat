;; Guest and host call each other: outer -> b -> host -> ... ; inner never returns.
(module $nest
  (import "h" "cb" (func $cb (param i32)))
  (memory 1)
  (func $inner (export "inner") (param i32) (result i32)
    (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $l))
    (local.get 0))
  (func $b (param i32) (call $cb (local.get 0)))
  (func $outer (export "outer") (call $b (i32.const 3))))
