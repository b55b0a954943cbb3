;; SPDX-License-Identifier: GPL-3.0-or-later
;; A recursion of 50,000 frames that stays at its bottom until there is something on standard input; of 1,000,000 with `--invoke
;; million`.
(module $deep
;; include rt.wat
  (func $down (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (call $bottom))))
    (i32.add (call $down (i32.sub (local.get $n) (i32.const 1))) (local.get $n)))
  (func $bottom (result i32)
    (call $ready)
    (loop $again (call $tick) (br_if $again (i32.eqz (call $pause (i64.const 2)))))
    (i32.const 7))
  (func $tick)
  (func (export "million")
    (call $done (i64.const 1) (i64.extend_i32_u (call $down (i32.const 1000000)))))
  (func $main (export "_start")
    (call $done (i64.const 1) (i64.extend_i32_u (call $down (i32.const 50000)))))
)
