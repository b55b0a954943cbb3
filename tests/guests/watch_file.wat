;; SPDX-License-Identifier: GPL-3.0-or-later
;; Reads eight bytes of the file "data" in the first preopened directory into 0x3000, at offset 8 * (r % 2) of it, each
;; round; sums the first of each. The host may let the operating system read straight into the memory.
(module $watch_file
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
;; include rt.wat
  (data (i32.const 0x2800) "data")
  (func $load (param $fd i32) (param $r i32)
    (i32.store (i32.const 0x2900) (i32.const 0x3000))
    (i32.store (i32.const 0x2904) (i32.const 8))
    (drop (call $fd_pread (local.get $fd) (i32.const 0x2900) (i32.const 1)
      (i64.extend_i32_u (i32.shl (i32.rem_u (local.get $r) (i32.const 2)) (i32.const 3))) (i32.const 0x2908))))
  (func $main (export "_start") (local $r i32) (local $sum i64) (local $fd i32)
    ;; Rights: fd_read and fd_seek.
    (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 0x2800) (i32.const 4) (i32.const 0) (i64.const 6)
          (i64.const 6) (i32.const 0) (i32.const 0x2910))
      (then (unreachable)))
    (local.set $fd (i32.load (i32.const 0x2910)))
    (call $ready)
    (loop $again
      (call $load (local.get $fd) (local.get $r))
      (local.set $sum (i64.add (local.get $sum) (i64.load8_u (i32.const 0x3000))))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 1)))))
    (call $done (i64.extend_i32_u (local.get $r)) (local.get $sum)))
)
