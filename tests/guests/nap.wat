;; SPDX-License-Identifier: GPL-3.0-or-later
;; Sleeps on its thread, five seconds at a time (a wait for the clock alone is one in which Wasmtime blocks the thread), until
;; there is something on standard input.
(module $nap
;; include rt.wat
  (func $sleep (result i32)
    (memory.fill (i32.const 0x1000) (i32.const 0) (i32.const 0x100))
    (i64.store (i32.const 0x1018) (i64.const 5000000000))
    (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1080) (i32.const 1) (i32.const 0x10f0)))
  (func $main (export "_start") (local $turns i64)
    (call $ready)
    (loop $again
      (drop (call $sleep))
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 0)))))
    (call $done (local.get $turns) (local.get $turns)))
)
