;; Calls, every scalar type as a local, an operand stack of three depths, and instructions that trap.
(module
  (import "env" "tick" (func $tick (param i32)))
  (memory 1)
  (func $leaf (param $a i32) (param $b i64) (param $c f32) (param $d f64) (result i64)
    (local $v v128)
    (local.set $v (v128.const i32x4 1 2 3 4))
    (i64.add (local.get $b) (i64.extend_i32_u (local.get $a))))
  (func $mid (export "mid") (param $n i32) (result i64)
    (call $tick (local.get $n))
    (i64.mul
      (i64.const 3)
      (call $leaf (local.get $n) (i64.const 5) (f32.const 1.5) (f64.const 2.5))))
  (func $divide (export "divide") (param $x i32) (param $y i32) (result i32)
    (i32.div_s (local.get $x) (local.get $y)))
  (func $load (export "load") (param $at i32) (result i32)
    (i32.load offset=4 (local.get $at)))
  (func $give_up (export "give-up") unreachable))
