;; SPDX-License-Identifier: GPL-3.0-or-later
;; Waits an hour in poll_oneoff, or until there is something on standard input.
(module $sleeper
;; include rt.wat
  (func $woken (param $how i32) (result i32) (i32.add (local.get $how) (i32.const 100)))
  (func $nap (param $hours i32) (result i32)
    (call $woken (call $pause (i64.mul (i64.extend_i32_u (local.get $hours)) (i64.const 3600000)))))
  (func $main (export "_start")
    (call $ready)
    (call $done (i64.const 1) (i64.extend_i32_u (call $nap (i32.const 1)))))
)
