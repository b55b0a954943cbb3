;; SPDX-License-Identifier: GPL-3.0-or-later
;; A handler for `wasmtime serve` that counts in its memory and never answers: each request is a store, and a thread that is
;; busy in it. The counter (i64 at 0x1000) goes up once per call of $tick.
(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $response))
  (core module $handler
    (memory (export "memory") 1)
    (func $tick (result i64)
      (i64.store (i32.const 0x1000) (i64.add (i64.load (i32.const 0x1000)) (i64.const 1)))
      (i64.load (i32.const 0x1000)))
    (func $handle (export "handle") (param i32 i32)
      (loop $again
        (drop (call $tick))
        (br $again))))
  (core instance $instance (instantiate $handler))
  (func $handle (param "request" (own $request)) (param "response-out" (own $response))
    (canon lift (core func $instance "handle")))
  (instance $exports (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $exports)))
