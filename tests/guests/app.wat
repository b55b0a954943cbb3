;; SPDX-License-Identifier: GPL-3.0-or-later
;; The program of a pair: calls the module lib, which has a function of the same name as one here.
(module $app
  (import "lib" "twist" (func $twist (param i32) (result i32)))
;; include rt.wat
  (func $step (param $x i32) (result i32) (i32.add (call $twist (local.get $x)) (i32.const 1)))
  (func $main (export "_start") (local $r i64) (local $x i32)
    (call $ready)
    (loop $again
      (local.set $x (call $step (local.get $x)))
      (local.set $r (i64.add (local.get $r) (i64.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 2)))))
    (call $done (local.get $r) (i64.extend_i32_u (local.get $x))))
)
