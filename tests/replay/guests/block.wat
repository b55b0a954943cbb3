;; A component that waits in wasi:io/poll's pollable.block, through a component trampoline (wasm-tools parse compiles it).
(component
  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type $p (sub resource))) (export "[method]pollable.block" (func (param "self" (borrow $p))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clk (alias outer 1 $pollable (type $pp)) (export "pollable" (type $q (eq $pp))) (export "subscribe-duration" (func (param "when" u64) (result (own $q))))))
  (core func $sub (canon lower (func $clk "subscribe-duration")))
  (core func $blk (canon lower (func $poll "[method]pollable.block")))
  (core module $m (import "h" "sub" (func $sub (param i64) (result i32))) (import "h" "blk" (func $blk (param i32))) (memory (export "memory") 1)
    (func $wait (param i32) (local i64) (local.set 1 (i64.const 77)) (call $blk (local.get 0)))
    (func (export "run") (result i32) (call $wait (call $sub (i64.const 100000000000))) i32.const 0))
  (core instance $i (instantiate $m (with "h" (instance (export "sub" (func $sub)) (export "blk" (func $blk))))))
  (func $r (result (result)) (canon lift (core func $i "run")))
  (instance $inst (export "run" (func $r))) (export "wasi:cli/run@0.2.0" (instance $inst)))
