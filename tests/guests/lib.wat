;; SPDX-License-Identifier: GPL-3.0-or-later
;; The library of a pair, given with --preload lib=FILE.
(module $lib
  (func $step (param $x i32) (result i32) (i32.mul (local.get $x) (i32.const 3)))
  (func $twist (export "twist") (param $x i32) (result i32)
    (i32.xor (call $step (local.get $x)) (i32.const 0x5a5a)))
)
