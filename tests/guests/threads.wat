;; SPDX-License-Identifier: GPL-3.0-or-later
;; Threads of the guest's own (wasi-threads) over a shared memory: `threads.wat N` has N workers, and a line on standard input is
;; an order to its main thread: "s" steps through something, "b" bears another worker, "e" lets worker 0 end, any other ends
;; the guest. Each worker counts in a word of the memory, once per call of $tick, and for itself in a local: the two totals,
;; which the last line says, must be the same.
;;   0x100        1: the workers are to end
;;   0x110        1: worker 0 is to end
;;   0x104        workers that have ended
;;   0x108        what they counted for themselves, all together (i64)
;;   0x1000+64*N  the counter of worker N (i64)
(module $threads
  (import "wasi" "thread-spawn" (func $thread_spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "env" "memory" (memory 2 2 shared))
  (export "memory" (memory 0))
  (data (i32.const 0x400) "ready\n")
  (data (i32.const 0x410) "done rounds=")
  (data (i32.const 0x420) " sum=")

  (func $write (param $text i32) (param $size i32)
    (i32.store (i32.const 0x500) (local.get $text))
    (i32.store (i32.const 0x504) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 0x500) (i32.const 1) (i32.const 0x508))))
  (func $write_number (param $value i64)
    (if (i64.ge_u (local.get $value) (i64.const 10))
      (then (call $write_number (i64.div_u (local.get $value) (i64.const 10)))))
    (i64.store8 (i32.const 0x510) (i64.add (i64.const 0x30) (i64.rem_u (local.get $value) (i64.const 10))))
    (call $write (i32.const 0x510) (i32.const 1)))
  (func $done (param $rounds i64) (param $sum i64)
    (call $write (i32.const 0x410) (i32.const 12)) (call $write_number (local.get $rounds))
    (call $write (i32.const 0x420) (i32.const 5)) (call $write_number (local.get $sum))
    (call $write (i32.const 0x405) (i32.const 1)))
  ;; The next byte of the input; -1 at its end.
  (func $read_byte (result i32)
    (i32.store (i32.const 0x600) (i32.const 0x610))
    (i32.store (i32.const 0x604) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 0x600) (i32.const 1) (i32.const 0x608)))
    (if (result i32) (i32.load (i32.const 0x608)) (then (i32.load8_u (i32.const 0x610))) (else (i32.const -1))))

  (func $tick (param $worker i32) (result i64) (local $at i32) (local $value i64)
    (local.set $at (i32.add (i32.const 0x1000) (i32.mul (local.get $worker) (i32.const 64))))
    (local.set $value (i64.add (i64.load (local.get $at)) (i64.const 1)))
    (i64.store (local.get $at) (local.get $value))
    (local.get $value))
  (func $work (param $worker i32) (result i64) (local $count i64)
    (loop $again
      (drop (call $tick (local.get $worker)))
      (local.set $count (i64.add (local.get $count) (i64.const 1)))
      (br_if $again (i32.eqz (i32.or (i32.atomic.load (i32.const 0x100))
        (i32.and (i32.eqz (local.get $worker)) (i32.atomic.load (i32.const 0x110)))))))
    (local.get $count))
  (func $worker_end (param $count i64)
    (drop (i64.atomic.rmw.add (i32.const 0x108) (local.get $count)))
    (drop (i32.atomic.rmw.add (i32.const 0x104) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0x104) (i32.const -1))))
  (func $thread (export "wasi_thread_start") (param $id i32) (param $worker i32)
    (call $worker_end (call $work (local.get $worker))))

  ;; The first argument, one digit.
  (func $wanted (result i32)
    (drop (call $args_sizes_get (i32.const 0x200) (i32.const 0x204)))
    (drop (call $args_get (i32.const 0x210) (i32.const 0x300)))
    (i32.sub (i32.load8_u (i32.load (i32.const 0x214))) (i32.const 0x30)))
  (func $spawn (param $worker i32)
    (if (i32.lt_s (call $thread_spawn (local.get $worker)) (i32.const 0)) (then unreachable)))
  (func $step_me (param $x i32) (result i32)
    (local.set $x (i32.add (local.get $x) (i32.const 1)))
    (local.set $x (i32.mul (local.get $x) (i32.const 3)))
    (local.get $x))
  (func $join (param $workers i32) (local $ended i32)
    (i32.atomic.store (i32.const 0x100) (i32.const 1))
    (loop $again
      (local.set $ended (i32.atomic.load (i32.const 0x104)))
      (if (i32.lt_u (local.get $ended) (local.get $workers))
        (then
          (drop (memory.atomic.wait32 (i32.const 0x104) (local.get $ended) (i64.const -1)))
          (br $again)))))
  (func $main (export "_start") (local $workers i32) (local $n i32) (local $total i64) (local $order i32)
    (local.set $workers (call $wanted))
    (loop $again
      (if (i32.lt_u (local.get $n) (local.get $workers))
        (then
          (call $spawn (local.get $n))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br $again))))
    (call $write (i32.const 0x400) (i32.const 6))
    (loop $orders
      (local.set $order (call $read_byte))
      (br_if $orders (i32.eq (local.get $order) (i32.const 10)))
      (if (i32.eq (local.get $order) (i32.const 0x73)) (then (drop (call $step_me (i32.const 4))) (br $orders)))
      (if (i32.eq (local.get $order) (i32.const 0x65))
        (then (i32.atomic.store (i32.const 0x110) (i32.const 1)) (br $orders)))
      (if (i32.eq (local.get $order) (i32.const 0x62))
        (then
          (call $spawn (local.get $workers))
          (local.set $workers (i32.add (local.get $workers) (i32.const 1)))
          (br $orders))))
    (call $join (local.get $workers))
    (local.set $n (i32.const 0))
    (loop $again
      (local.set $total (i64.add (local.get $total)
        (i64.load (i32.add (i32.const 0x1000) (i32.mul (local.get $n) (i32.const 64))))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (local.get $workers))))
    (call $done (local.get $total) (i64.load (i32.const 0x108))))
)
