;; SPDX-License-Identifier: GPL-3.0-or-later
;; An object whose field $wide culprit changes where r % 64 is 37, whose field $near is written each round, and garbage.
(module $watch_objects
;; include rt.wat
  (type $node (struct (field $near (mut i32)) (field $wide (mut i64)) (field $tiny (mut i8))))
  (global $kept (mut (ref null $node)) (ref.null $node))
  (global $total (mut i64) (i64.const 0))
  (func $culprit (param $r i32)
    (if (i32.eq (i32.rem_u (local.get $r) (i32.const 64)) (i32.const 37))
      (then (struct.set $node $wide (global.get $kept) (i64.extend_i32_u (i32.add (local.get $r) (i32.const 1000)))))))
  (func $near (param $r i32)
    (struct.set $node $near (global.get $kept) (local.get $r))
    (drop (struct.new $node (local.get $r) (i64.const 1) (i32.const 2))))
  (func $main (export "_start") (local $r i32)
    (global.set $kept (struct.new $node (i32.const 1) (i64.const 5) (i32.const -1)))
    (call $ready)
    (loop $again
      (call $near (local.get $r))
      (call $culprit (local.get $r))
      (global.set $total (i64.add (global.get $total) (struct.get $node $wide (global.get $kept))))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 1)))))
    (call $done (i64.extend_i32_u (local.get $r)) (global.get $total)))
)
