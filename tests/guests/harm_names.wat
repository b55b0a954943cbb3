;; SPDX-License-Identifier: GPL-3.0-or-later
;; Names that would do something to a terminal, or look like what they are not: clear it, set its title, be another line, hide.
(module (@name "evil\1b]0;owned\07")
;; include rt.wat
  (memory $mem (@name "mem\1b[2J") 1)
  (global $g (@name "global\0d\0aerror: no such process") (mut i32) (i32.const 5))
  (func $inner (@name "inner\1b[2J\1b[31m\0a#0 fake ()") (param $x (@name "x\08\08\1bc") i32) (result i32)
    (global.set $g (local.get $x))
    (local.get $x))
  (func $outer (@name "outer\e2\80\ae\c2\9b2J\7f") (result i32) (call $inner (i32.const 7)))
  (func $main (export "_start") (local $sum i64)
    (call $ready)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $outer))))
      (br_if $again (i32.eqz (call $pause (i64.const 2)))))
    (call $done (i64.const 1) (i64.rem_u (local.get $sum) (i64.const 7))))
)
