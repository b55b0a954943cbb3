;; SPDX-License-Identifier: GPL-3.0-or-later
;; Known bytes in linear memory from 1024 on; on each line of input it says what it finds at 1024 itself.
(module $memory
;; include rt.wat
  (memory $second 1)
  (data (i32.const 1024) "\2a\00\00\00\ff\ff\ff\ff\88\77\66\55\44\33\22\11\00\00\c0\3f")
  (data (i32.const 1048) "\00\00\00\00\00\00\02\c0")
  (data (i32.const 1056) "hello, memory\00")
  (data (i32.const 64) "value ")
  (data $other (memory $second) (i32.const 16) "\07\00\00\00")
  (func $report (param $value i32) (result i64)
    (call $say (i32.const 64) (i32.const 6))
    (call $say_number (i64.extend_i32_u (local.get $value)))
    (call $end_line)
    (i64.extend_i32_u (local.get $value)))
  (func $main (export "_start") (local $r i64) (local $sum i64)
    (call $ready)
    (block $end
      (loop $again
        (br_if $end (i32.lt_s (call $read_line) (i32.const 0)))
        (local.set $sum (i64.add (local.get $sum)
          (call $report (i32.load (i32.const 1024)))))
        (local.set $r (i64.add (local.get $r) (i64.const 1)))
        (br $again)))
    (call $done (local.get $r) (local.get $sum)))
)
