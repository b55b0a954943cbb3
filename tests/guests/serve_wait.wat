;; SPDX-License-Identifier: GPL-3.0-or-later
;; A handler for `wasmtime serve` that sleeps and counts in turns and never answers: requests, and their stores, stay side by side.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $p))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $response))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core module $handler
    (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "host" "block" (func $block (param i32)))
    (memory (export "memory") 1)
    (func $count (param $n i32) (result i32) (i32.add (local.get $n) (i32.const 1)))
    (func $handle (export "handle") (param i32 i32) (local $turns i32)
      (loop $again
        (call $block (call $subscribe (i64.const 20000000)))
        (local.set $turns (call $count (local.get $turns)))
        (br $again))))
  (core instance $instance (instantiate $handler
    (with "host" (instance (export "subscribe" (func $subscribe)) (export "block" (func $block))))))
  (func $handle (param "request" (own $request)) (param "response-out" (own $response))
    (canon lift (core func $instance "handle")))
  (instance $exports (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $exports)))
