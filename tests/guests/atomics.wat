;; SPDX-License-Identifier: GPL-3.0-or-later
;; Atomic waits and notifications that trap, each in the way that the first byte of a line of input asks for. Memory 0 is of two
;; pages and not shared, memory 1 is of one page and is.
(module $atomics
;; include rt.wat
  (memory $shared 1 1 shared)

  (func $wait (param $at i32) (result i32)
    (memory.atomic.wait32 (local.get $at) (i32.const 0) (i64.const 0)))
  ;; What is below on the operand stack is not the wait's.
  (func $wait_long (param $at i32) (result i32)
    (i32.add (local.get $at) (memory.atomic.wait64 offset=16 (local.get $at) (i64.const 0) (i64.const 0))))
  (func $wait_shared (param $at i32) (result i32)
    (memory.atomic.wait32 $shared (local.get $at) (i32.const 1) (i64.const 0)))
  (func $notify (param $at i32) (result i32)
    (memory.atomic.notify offset=4 (local.get $at) (i32.const 1)))

  (func $dispatch (param $byte i32)
    ;; Memory that is not shared.
    (if (i32.eq (local.get $byte) (i32.const 97)) (then (drop (call $wait (i32.const 0)))))              ;; a
    (if (i32.eq (local.get $byte) (i32.const 98)) (then (drop (call $wait (i32.const 0x1fffc)))))        ;; b
    (if (i32.eq (local.get $byte) (i32.const 99)) (then (drop (call $wait_long (i32.const 8)))))         ;; c
    ;; Misaligned, which comes first.
    (if (i32.eq (local.get $byte) (i32.const 100)) (then (drop (call $wait (i32.const 2)))))             ;; d
    (if (i32.eq (local.get $byte) (i32.const 101)) (then (drop (call $wait (i32.const 0xfffffffe)))))    ;; e
    (if (i32.eq (local.get $byte) (i32.const 102)) (then (drop (call $wait_long (i32.const 4)))))        ;; f
    (if (i32.eq (local.get $byte) (i32.const 103)) (then (drop (call $wait_shared (i32.const 1)))))      ;; g
    (if (i32.eq (local.get $byte) (i32.const 104)) (then (drop (call $notify (i32.const 3)))))           ;; h
    ;; Outside of the memory.
    (if (i32.eq (local.get $byte) (i32.const 105)) (then (drop (call $wait (i32.const 0x20000)))))       ;; i
    (if (i32.eq (local.get $byte) (i32.const 106)) (then (drop (call $wait_long (i32.const 0x1fff0)))))  ;; j
    (if (i32.eq (local.get $byte) (i32.const 107)) (then (drop (call $wait_shared (i32.const 0x10000))))) ;; k
    (if (i32.eq (local.get $byte) (i32.const 108)) (then (drop (call $notify (i32.const 0x1fffc)))))     ;; l
    ;; The address and the offset together are no address any more: the code finds that itself.
    (if (i32.eq (local.get $byte) (i32.const 109)) (then (drop (call $notify (i32.const 0xfffffffc)))))) ;; m
  (func $main (export "_start")
    (call $ready)
    (call $dispatch (call $read_line))
    ;; These are right.
    (drop (call $notify (i32.const 0x1fff8)))
    (call $done (i64.const 1) (i64.extend_i32_u (call $wait_shared (i32.const 0xfffc))))))
