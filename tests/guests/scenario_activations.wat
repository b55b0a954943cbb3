;; SPDX-License-Identifier: GPL-3.0-or-later
;; Two activations: the guest asks the host for random bytes, and the host, still in that call, calls the guest's realloc for a
;; place to put them. guest -> host -> guest.
(component $scenario_activations
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func $make_room (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
      (local $place i32)
      (local.set $place (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get $size)))
      (local.get $place)))
  (core module $main
    (import "host" "random" (func $random (param i64 i32)))
    (import "memory" "memory" (memory 1))
    (func $ask (param $size i64) (param $answer i32) (result i32)
      local.get $size
      local.get $answer
      call $random
      (i32.load (local.get $answer)))
    (func (export "run") (result i32)
      (i32.const 7)
      (i32.eq (call $ask (i64.const 24) (i32.const 64)) (i32.const 4096))
      (i32.eqz)
      (i32.and)))
  (core instance $memory (instantiate $memory))
  (core func $random (canon lower (func $random "get-random-bytes")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core instance $main (instantiate $main
    (with "host" (instance (export "random" (func $random))))
    (with "memory" (instance $memory))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command))
)
