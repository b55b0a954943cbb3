;; SPDX-License-Identifier: GPL-3.0-or-later
;; What uses early.wat and later.wat.
(module $preloads
  (import "early" "f" (func $f (result i32)))
  (import "later" "g" (func $g (result i32)))
  (func (export "_start")
    (if (i32.ne (i32.add (call $f) (call $g)) (i32.const 7)) (then unreachable))))
