;; SPDX-License-Identifier: GPL-3.0-or-later
;; A memory that grows by a page every eighth round, up to 64 pages, and a field at 0x2004 that culprit changes where
;; r % 64 is 37. Wasmtime can be told to give the memory no room to grow in: then it moves.
(module $watch_grow
;; include rt.wat
  (global $total (mut i64) (i64.const 0))
  (func $grow (param $r i32)
    (if (i32.and (i32.eqz (i32.rem_u (local.get $r) (i32.const 8))) (i32.lt_u (memory.size) (i32.const 64)))
      (then (drop (memory.grow (i32.const 1))))))
  (func $culprit (param $r i32)
    (if (i32.eq (i32.rem_u (local.get $r) (i32.const 64)) (i32.const 37))
      (then (i32.store (i32.const 0x2004) (i32.add (local.get $r) (i32.const 1000))))))
  (func $main (export "_start") (local $r i32)
    (i32.store (i32.const 0x2004) (i32.const 5))
    (call $ready)
    (loop $again
      (call $grow (local.get $r))
      (call $culprit (local.get $r))
      (global.set $total (i64.add (global.get $total) (i64.extend_i32_u (i32.load (i32.const 0x2004)))))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 1)))))
    (call $done (i64.extend_i32_u (local.get $r)) (global.get $total)))
)
