;; SPDX-License-Identifier: GPL-3.0-or-later
;; Preloaded after early.wat, and started by the host too.
(module $later
  (memory 1)
  (func $begin (memory.fill (i32.const 0) (i32.const 6) (i32.const 1)))
  (start $begin)
  (func (export "g") (result i32) (i32.load8_u (i32.const 0))))
