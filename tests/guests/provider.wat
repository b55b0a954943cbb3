;; SPDX-License-Identifier: GPL-3.0-or-later
;; What tests/guests/consumer.wat imports: a memory, globals, a table, a function, a tag.
(module $provider
  (memory (export "memory") 1 4)
  (data (i32.const 256) "\39\05\00\00")
  (global $hidden (mut i64) (i64.const 5))
  (global $counter (export "counter") (mut i32) (i32.const 1000))
  (global $limit (export "limit") i64 (i64.const 9000000000))
  (table $offered (export "table") 4 8 funcref)
  (elem (table $offered) (i32.const 1) func $offer)
  (tag $problem (export "problem") (param i32))
  (func $offer (export "offer") (param $x i32) (result i32) (i32.add (local.get $x) (global.get $counter)))
)
