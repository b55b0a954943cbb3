;; SPDX-License-Identifier: GPL-3.0-or-later
;; What tests/guests/idle.py embeds: a memory, a global and a table that the host made, references that the host gave.
(module $idle
  (import "env" "memory" (memory $host_memory 1))
  (import "env" "level" (global $level (mut i32)))
  (import "env" "table" (table $host_table 3 funcref))
  (import "env" "twice" (func $twice (param i32) (result i32)))
  (global $kept (export "kept") (mut externref) (ref.null extern))
  (global $own (mut i64) (i64.const 11))
  (data (i32.const 100) "idle memory")
  (func $keep (export "keep") (param $what externref) (global.set $kept (local.get $what)))
  (func $sum (export "sum") (result i32)
    (i32.add (call $twice (i32.wrap_i64 (global.get $own))) (i32.add (global.get $level) (i32.load8_u (i32.const 100)))))
)
