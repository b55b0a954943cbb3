;; SPDX-License-Identifier: GPL-3.0-or-later
;; A line of output, for whatever memory the guest has. rt.wat and rt_threads.wat put this text into themselves.
  (global $rt_end (mut i32) (i32.const 0xf100))
  (data (i32.const 0xf000) "ready")
  ;; Add text to the line.
  (func $say (param $text i32) (param $size i32)
    (memory.copy (global.get $rt_end) (local.get $text) (local.get $size))
    (global.set $rt_end (i32.add (global.get $rt_end) (local.get $size))))
  ;; Add a number, unsigned and decimal, to the line.
  (func $say_number (param $value i64)
    (if (i64.ge_u (local.get $value) (i64.const 10))
      (then (call $say_number (i64.div_u (local.get $value) (i64.const 10)))))
    (i64.store8 (global.get $rt_end)
      (i64.add (i64.const 0x30) (i64.rem_u (local.get $value) (i64.const 10))))
    (global.set $rt_end (i32.add (global.get $rt_end) (i32.const 1))))
  ;; Write the line.
  (func $end_line
    (i32.store8 (global.get $rt_end) (i32.const 10))
    (i32.store (i32.const 0xf0f0) (i32.const 0xf100))
    (i32.store (i32.const 0xf0f4)
      (i32.add (i32.const 1) (i32.sub (global.get $rt_end) (i32.const 0xf100))))
    (drop (call $fd_write (i32.const 1) (i32.const 0xf0f0) (i32.const 1) (i32.const 0xf0f8)))
    (global.set $rt_end (i32.const 0xf100)))
  (func $ready (call $say (i32.const 0xf000) (i32.const 5)) (call $end_line))
