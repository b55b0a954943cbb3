;; A guest that reads one byte from standard input and then calls itself until its stack is used up.
(module $over
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $again (param $n i32) (result i32)
    (local i64 f64)
    (i32.const 1)
    (call $again (i32.add (local.get $n) (i32.const 1)))
    (i32.add))
  (func $main (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
    (drop (call $again (i32.const 1)))))
