;; SPDX-License-Identifier: GPL-3.0-or-later
;; Hot code in threads of the guest's own, until a line comes on standard input: `soak.wat N` has N workers (one digit, wasi-threads).
;; A round of a worker is worth 5 (fib), 3 or 4 (a call through the table, in turns) and, each 64th, 8 (a host call that fails with
;; badf); a worker ends after a multiple of 64 rounds, so the sum is rounds * 69 / 8. Each round is counted in the memory and in a local;
;; where the two differ the worker traps at once.
;;   0x100        1: the workers are to end
;;   0x104        workers that have ended
;;   0x108        rounds of those, all together (i64)
;;   0x110        what these were worth (i64)
;;   0x1000+64*N  rounds of worker N (i64)
(module $soak
  (import "wasi" "thread-spawn" (func $thread_spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "env" "memory" (memory 2 2 shared))
  (export "memory" (memory 0))
  (data (i32.const 0xf010) "done rounds=")
  (data (i32.const 0xf020) " sum=")
;; include rt_line.wat

  (type $turn (func (param i32) (result i32)))
  (table funcref (elem $three $four))
  (func $three (param $worker i32) (result i32) (i32.const 3))
  (func $four (param $worker i32) (result i32) (i32.const 4))
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $tick (param $worker i32) (result i64) (local $at i32) (local $value i64)
    (local.set $at (i32.add (i32.const 0x1000) (i32.mul (local.get $worker) (i32.const 64))))
    (local.set $value (i64.add (i64.load (local.get $at)) (i64.const 1)))
    (i64.store (local.get $at) (local.get $value))
    (local.get $value))
  (func $ask_host (param $worker i32) (result i32)
    (call $fd_seek (i32.const 99) (i64.const 0) (i32.const 0) (i32.add (i32.const 0x2000) (i32.mul (local.get $worker) (i32.const 64)))))
  (func $round (param $worker i32) (param $r i32) (result i32)
    (i32.add
      (i32.add (call $fib (i32.const 5)) (call_indirect (type $turn) (local.get $worker) (i32.and (local.get $r) (i32.const 1))))
      (if (result i32) (i32.and (local.get $r) (i32.const 63))
        (then (i32.const 0))
        (else (call $ask_host (local.get $worker))))))
  (func $work (param $worker i32) (local $count i64) (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum)
        (i64.extend_i32_u (call $round (local.get $worker) (i32.wrap_i64 (local.get $count))))))
      (local.set $count (i64.add (local.get $count) (i64.const 1)))
      (if (i64.ne (call $tick (local.get $worker)) (local.get $count)) (then unreachable))
      (br_if $again (i32.eqz (i64.eqz (i64.and (local.get $count) (i64.const 63)))))
      (br_if $again (i32.eqz (i32.atomic.load (i32.const 0x100)))))
    (drop (i64.atomic.rmw.add (i32.const 0x108) (local.get $count)))
    (drop (i64.atomic.rmw.add (i32.const 0x110) (local.get $sum)))
    (drop (i32.atomic.rmw.add (i32.const 0x104) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0x104) (i32.const -1))))
  (func $thread (export "wasi_thread_start") (param $id i32) (param $worker i32) (call $work (local.get $worker)))

  ;; The first argument, one digit.
  (func $wanted (result i32)
    (drop (call $args_sizes_get (i32.const 0x200) (i32.const 0x204)))
    (drop (call $args_get (i32.const 0x210) (i32.const 0x300)))
    (i32.sub (i32.load8_u (i32.load (i32.const 0x214))) (i32.const 0x30)))
  (func $wait_for_line
    (i32.store (i32.const 0x600) (i32.const 0x610))
    (i32.store (i32.const 0x604) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 0x600) (i32.const 1) (i32.const 0x608))))
  (func $join (param $workers i32) (local $ended i32)
    (i32.atomic.store (i32.const 0x100) (i32.const 1))
    (loop $again
      (local.set $ended (i32.atomic.load (i32.const 0x104)))
      (if (i32.lt_u (local.get $ended) (local.get $workers))
        (then
          (drop (memory.atomic.wait32 (i32.const 0x104) (local.get $ended) (i64.const -1)))
          (br $again)))))
  (func $main (export "_start") (local $workers i32) (local $n i32)
    (local.set $workers (call $wanted))
    (loop $spawn
      (if (i32.lt_s (call $thread_spawn (local.get $n)) (i32.const 0)) (then unreachable))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $spawn (i32.lt_u (local.get $n) (local.get $workers))))
    (call $ready)
    (call $wait_for_line)
    (call $join (local.get $workers))
    (call $say (i32.const 0xf010) (i32.const 12)) (call $say_number (i64.load (i32.const 0x108)))
    (call $say (i32.const 0xf020) (i32.const 5)) (call $say_number (i64.load (i32.const 0x110)))
    (call $end_line))
)
