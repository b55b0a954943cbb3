;; SPDX-License-Identifier: GPL-3.0-or-later
;; Locals and operands of every value type, with values that are easy to recognise.
(module $values
;; include rt.wat
  (global $counter (mut i32) (i32.const 42))
  (elem declare func $callee)
  (func $callee (result i32) (i32.const 5))
  (func $types (param $small i32) (param $large i64) (param $single f32) (param $double f64)
      (param $vector v128) (param $callback funcref) (param $handle externref) (result i32)
      (local $nan f32) (local $exact i64) (local $nothing funcref) (local i32) (local $infinite f64)
    (local.set $nan (f32.const nan:0x400001))
    (local.set $exact (i64.const 9007199254740993))
    (local.set 10 (i32.const 77))
    (local.set $infinite (f64.const -inf))
    (global.set $counter (i32.add (global.get $counter) (i32.const 1)))
    i32.const 11
    i64.const -22
    f32.const 0.1
    f64.const 1e100
    v128.const i64x2 0x0123456789abcdef 0xfedcba9876543210
    call $mark
    drop
    drop
    drop
    i32.wrap_i64
    i32.add)
  (func $mark)
  (func $main (export "_start") (local $r i64) (local $sum i64)
    (call $ready)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s
        (call $types (i32.const -42) (i64.const 0x1122334455667788) (f32.const 1.5) (f64.const -2.25)
          (v128.const i32x4 1 2 3 4) (ref.func $callee) (ref.null extern)))))
      (local.set $r (i64.add (local.get $r) (i64.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 2)))))
    (call $done (local.get $r) (i64.sub (i64.const 0) (local.get $sum))))
)
