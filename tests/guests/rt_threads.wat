;; SPDX-License-Identifier: GPL-3.0-or-later
;; What the guests with several threads share: wasi-threads, a start at the same time for all, and arguments.
;;
;;     GUEST.wasm THREADS ROUNDS WORKER ITERATION KIND
;;
;; Worker 0 is the thread that runs _start; the others are spawned before the line "ready", and each has a store, an
;; instance and globals of its own. Nobody works before a line of input. A guest defines $prepare, which the first thread
;; calls before there are others, $work, which each worker calls once, and $report, which the first thread calls when
;; all have ended. The memory is shared: only the first thread writes lines, so what is at 0xe000 to 0xffff is its own,
;; except for the three words at 0xe800 where the threads meet. Instances of later threads write the data segments anew.
;; https://github.com/WebAssembly/wasi-threads says what thread-spawn and wasi_thread_start do.
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi" "thread-spawn" (func $thread_spawn (param i32) (result i32)))
  (import "env" "memory" (memory 2 2 shared))
  (export "memory" (memory 0))
  (data (i32.const 0xf010) "done rounds=")
  (data (i32.const 0xf020) " sum=")
;; include rt_line.wat
  ;; Argument number $index as a decimal number. args_get ends each text with a zero byte.
  (func $argument (param $index i32) (result i32) (local $at i32) (local $value i32) (local $byte i32)
    (drop (call $args_get (i32.const 0xe000) (i32.const 0xe100)))
    (local.set $at (i32.load (i32.add (i32.const 0xe000) (i32.shl (local.get $index) (i32.const 2)))))
    (loop $digit
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (local.get $byte)
        (then
          (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10))
            (i32.sub (local.get $byte) (i32.const 0x30))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $digit))))
    (local.get $value))
  (func $threads (result i32) (i32.load (i32.const 0xe900)))
  (func $rounds (result i32) (i32.load (i32.const 0xe904)))
  ;; Is this the worker and the iteration that the arguments name?
  (func $chosen (param $worker i32) (param $i i32) (result i32)
    (i32.and (i32.eq (local.get $worker) (i32.load (i32.const 0xe908)))
      (i32.eq (local.get $i) (i32.load (i32.const 0xe90c)))))
  (func $kind (result i32) (i32.load (i32.const 0xe910)))
  (func $wait_for (param $word i32) (param $wanted i32) (local $now i32)
    (loop $again
      (local.set $now (i32.atomic.load (local.get $word)))
      (if (i32.ne (local.get $now) (local.get $wanted))
        (then
          (drop (memory.atomic.wait32 (local.get $word) (local.get $now) (i64.const -1)))
          (br $again)))))
  (func $add_to (param $word i32)
    (drop (i32.atomic.rmw.add (local.get $word) (i32.const 1)))
    (drop (memory.atomic.notify (local.get $word) (i32.const -1))))
  (func $read_line
    (i32.store (i32.const 0xf900) (i32.const 0xf910))
    (i32.store (i32.const 0xf904) (i32.const 1))
    (loop $more
      (i32.store (i32.const 0xf908) (i32.const 0))
      (drop (call $fd_read (i32.const 0) (i32.const 0xf900) (i32.const 1) (i32.const 0xf908)))
      (if (i32.load (i32.const 0xf908))
        (then (br_if $more (i32.ne (i32.load8_u (i32.const 0xf910)) (i32.const 10)))))))
  ;; The guest's last line.
  (func $done (param $sum i64)
    (call $say (i32.const 0xf010) (i32.const 12)) (call $say_number (i64.extend_i32_u (call $rounds)))
    (call $say (i32.const 0xf020) (i32.const 5)) (call $say_number (local.get $sum))
    (call $end_line))
  ;; 0xe800: how many threads have come; 0xe804: 1 when they may work; 0xe808: how many have ended.
  (func $main (export "_start") (local $k i32)
    (loop $argument
      (i32.store (i32.add (i32.const 0xe900) (i32.shl (local.get $k) (i32.const 2)))
        (call $argument (local.tee $k (i32.add (local.get $k) (i32.const 1)))))
      (br_if $argument (i32.lt_u (local.get $k) (i32.const 5))))
    (call $prepare)
    (local.set $k (i32.const 1))
    (block $all (loop $spawn
      (br_if $all (i32.ge_u (local.get $k) (call $threads)))
      (if (i32.lt_s (call $thread_spawn (local.get $k)) (i32.const 0)) (then unreachable))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $spawn)))
    (call $wait_for (i32.const 0xe800) (i32.sub (call $threads) (i32.const 1)))
    (call $ready)
    (call $read_line)
    (call $add_to (i32.const 0xe804))
    (call $work (i32.const 0))
    (call $wait_for (i32.const 0xe808) (i32.sub (call $threads) (i32.const 1)))
    (call $report))
  (func $worker_start (export "wasi_thread_start") (param $thread i32) (param $worker i32)
    (call $add_to (i32.const 0xe800))
    (call $wait_for (i32.const 0xe804) (i32.const 1))
    (call $work (local.get $worker))
    (call $add_to (i32.const 0xe808)))
