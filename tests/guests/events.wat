;; SPDX-License-Identifier: GPL-3.0-or-later
;; One event each, in the way that the first byte of a line of input asks for; what causes it is a call deep.
(module $events
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "nowhere" "missing" (func $missing (param i32 f64) (result i32)))
;; include rt.wat
  (type $none (func))
  (type $pair (struct (field i32)))
  (type $triple (sub (struct (field i32) (field i32) (field i32))))
  (type $bytes (array (mut i8)))
  (tag $wanted (param i32 i64))
  (tag $other (param i32))
  (table $table 2 funcref)
  (data (i32.const 0x400) "a\"b\n")
  (data (i32.const 0x410) "no/such/file")

  (func $grow (result i32) (memory.grow (i32.const 3)))
  (func $throw (param $n i32) (throw $wanted (local.get $n) (i64.const 7000000000)))
  ;; The tag is another one: it passes.
  (func $between (param $n i32)
    (block $handler (result i32)
      (try_table (catch $other $handler) (call $throw (local.get $n)))
      (return))
    (drop))
  (func $catcher (param $n i32) (result i32)
    (block $handler (result i32 i64)
      (try_table (catch $wanted $handler) (call $between (local.get $n)))
      (return (i32.const 0)))
    (drop))
  (func $burn (loop $again (br $again)))
  (func $copy (param $to i32) (memory.copy (local.get $to) (i32.const 0) (i32.const 16)))
  (func $fill (param $to i32) (memory.fill (local.get $to) (i32.const 0) (i32.const 16)))
  (func $element (param $index i32) (drop (table.get $table (local.get $index))))
  (func $no_struct (param $struct (ref null $pair)) (drop (struct.get $pair 0 (local.get $struct))))
  (func $no_triple (param $any anyref) (drop (ref.cast (ref $triple) (local.get $any))))
  (func $item (param $index i32)
    (drop (array.get_u $bytes (array.new $bytes (i32.const 1) (i32.const 4)) (local.get $index))))
  (func $unaligned (param $at i32) (drop (i32.atomic.load (local.get $at))))
  (func $lost (drop (call $missing (i32.const 5) (f64.const 1.5))))
  ;; Calls whose arguments and results are known.
  (func $calls
    (i32.store (i32.const 0x500) (i32.const 0x400))
    (i32.store (i32.const 0x504) (i32.const 4))
    (i32.store (i32.const 0x508) (i32.const 0xf000))
    (i32.store (i32.const 0x50c) (i32.const 5))
    (drop (call $fd_write (i32.const 1) (i32.const 0x500) (i32.const 2) (i32.const 0x510)))
    (drop (call $fd_write (i32.const 99) (i32.const 0x500) (i32.const 1) (i32.const 0x510)))
    (drop (call $clock_time_get (i32.const 1) (i64.const 1000) (i32.const 0x520)))
    (drop (call $random_get (i32.const 0x530) (i32.const 8)))
    (drop (call $fd_seek (i32.const 1) (i64.const -3) (i32.const 2) (i32.const 0x540)))
    (drop (call $path_open (i32.const 3) (i32.const 1) (i32.const 0x410) (i32.const 12) (i32.const 9)
      (i64.const 0x42) (i64.const 0) (i32.const 4) (i32.const 0x550)))
    (i64.store (i32.const 0x600) (i64.load (i32.const 0x530)))
    (call $say_number (i64.load (i32.const 0x520))) (call $end_line))

  (func $dispatch (param $byte i32)
    (if (i32.eq (local.get $byte) (i32.const 103)) (then (drop (call $grow))))                   ;; g
    (if (i32.eq (local.get $byte) (i32.const 116)) (then (drop (call $catcher (i32.const 42))))) ;; t
    (if (i32.eq (local.get $byte) (i32.const 120)) (then (call $between (i32.const 43))))        ;; x
    (if (i32.eq (local.get $byte) (i32.const 98)) (then (call $burn)))                           ;; b
    (if (i32.eq (local.get $byte) (i32.const 99)) (then (call $copy (i32.const 0xfffffff8))))    ;; c
    (if (i32.eq (local.get $byte) (i32.const 102)) (then (call $fill (i32.const 0xfffffff8))))   ;; f
    (if (i32.eq (local.get $byte) (i32.const 101)) (then (call $element (i32.const 2))))         ;; e
    (if (i32.eq (local.get $byte) (i32.const 110)) (then (call $no_struct (ref.null $pair))))    ;; n
    (if (i32.eq (local.get $byte) (i32.const 107))
      (then (call $no_triple (struct.new $pair (i32.const 1)))))                                 ;; k
    (if (i32.eq (local.get $byte) (i32.const 97)) (then (call $item (i32.const 4))))             ;; a
    (if (i32.eq (local.get $byte) (i32.const 117)) (then (call $unaligned (i32.const 2))))       ;; u
    (if (i32.eq (local.get $byte) (i32.const 109)) (then (call $lost)))                          ;; m
    (if (i32.eq (local.get $byte) (i32.const 112)) (then (call $proc_exit (i32.const 3))))       ;; p
    (if (i32.eq (local.get $byte) (i32.const 119)) (then (call $calls))))                        ;; w
  (func $main (export "_start")
    (call $ready)
    (call $dispatch (call $read_line))
    (call $done (i64.const 1) (i64.extend_i32_u (memory.size))))
)
