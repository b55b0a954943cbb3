;; SPDX-License-Identifier: GPL-3.0-or-later
;; A handler for `wasmtime serve`: each request is a store of its own, with 96 MiB that it writes to. Then it traps, which the
;; client sees as an answer with status 500.
(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $response))
  (core module $handler
    (memory (export "memory") 1536)
    (func $handle (export "handle") (param i32 i32)
      (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x6000000))
      unreachable))
  (core instance $instance (instantiate $handler))
  (func $handle (param "request" (own $request)) (param "response-out" (own $response))
    (canon lift (core func $instance "handle")))
  (instance $exports (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $exports)))
