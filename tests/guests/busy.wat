;; SPDX-License-Identifier: GPL-3.0-or-later
;; Calls of itself and of the host as fast as they go, and an exception now and then: a round is fib(4) = 3 and a call of the
;; host that must fail with 8 (badf); each 16th catches the number of its sixteen, 8 bits of it. Looked at for input each
;; 1024 rounds; the harness knows what the sum must be.
(module $busy
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
;; include rt.wat
  (tag $number (param i32))
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $throw (param $n i32) (throw $number (local.get $n)))
  (func $catcher (param $n i32) (result i32)
    (block $handler (result i32)
      (try_table (catch $number $handler) (call $throw (local.get $n)))
      (i32.const 0)))
  (func $round (param $r i32) (result i32)
    (i32.add
      (i32.add (call $fib (i32.const 4)) (call $fd_seek (i32.const 99) (i64.const 0) (i32.const 0) (i32.const 0x500)))
      (if (result i32) (i32.and (local.get $r) (i32.const 15))
        (then (i32.const 0))
        (else (call $catcher (i32.and (i32.shr_u (local.get $r) (i32.const 4)) (i32.const 255)))))))
  (func $main (export "_start") (local $r i32) (local $sum i64)
    (call $ready)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $round (local.get $r)))))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $again (i32.and (local.get $r) (i32.const 1023)))
      (br_if $again (i32.eqz (call $pause (i64.const 0)))))
    (call $done (i64.extend_i32_u (local.get $r)) (local.get $sum)))
)
