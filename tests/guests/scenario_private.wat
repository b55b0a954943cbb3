;; SPDX-License-Identifier: GPL-3.0-or-later
;; Nothing but the entry is exported: a global, a memory, a table and a tag that only the module itself can reach.
(module $scenario_private
  (import "host" "global" (global $theirs (mut i32)))
  (import "host" "seven" (func $seven (result i32)))
  (global $own (mut i32) (i32.const 0))
  (memory $own 1 1)
  (table $own 10 10 i31ref)
  (tag $own (param f64))
  (func $done)
  (func (export "_start")
    (global.set $own (i32.mul (call $seven) (i32.const 6)))
    (i32.store8 (i32.const 1024) (i32.const 1))
    (table.set $own (i32.const 1) (ref.i31 (i32.const 100)))
    (call $done))
)
