;; SPDX-License-Identifier: GPL-3.0-or-later
;; A handler for `wasmtime serve` that is busy for longer than a test takes: requests, and their stores, stay side by side.
(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $response))
  (core module $handler
    (memory (export "memory") 1)
    (func $count (param $n i32)
      (loop $again
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $again (local.get $n))))
    (func $handle (export "handle") (param i32 i32)
      (loop $again
        (call $count (i32.const 1000000))
        (br $again))))
  (core instance $instance (instantiate $handler))
  (func $handle (param "request" (own $request)) (param "response-out" (own $response))
    (canon lift (core func $instance "handle")))
  (instance $exports (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $exports)))
