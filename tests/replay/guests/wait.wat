;; A guest that blocks its thread in a builtin of the runtime: memory.atomic.wait32 on a word that nobody wakes.
(module $wait
  (memory (export "memory") 1 1 shared)
  (func $pause (param $addr i32) (param $mark i64) (result i32)
    (memory.atomic.wait32 (local.get $addr) (i32.const 0) (i64.const -1)))
  (func $main (export "_start")
    (drop (memory.grow (i32.const 0)))
    (drop (call $pause (i32.const 64) (i64.const 9)))))
