;; SPDX-License-Identifier: GPL-3.0-or-later
;; A shared memory, which the instance holds by way of a pointer.
(module $scenario_shared
  (memory 1 2 shared)
  (func $done)
  (func (export "_start")
    (i32.atomic.store (i32.const 2048) (i32.const 305419896))
    (drop (memory.grow (i32.const 1)))
    (i32.atomic.store (i32.const 65536) (i32.const -2))
    (call $done))
)
