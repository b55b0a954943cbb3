;; SPDX-License-Identifier: GPL-3.0-or-later
;; A handler for `wasmtime serve`: each request asks the host for the time again and again, and traps with `unreachable` when all
;; of it went as it must, which the client sees as an answer with status 500. A time that goes back is a loop without end.
(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $response))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
  (core func $now (canon lower (func $clock "now")))
  (core module $handler
    (import "host" "now" (func $now (result i64)))
    (memory (export "memory") 1)
    (func $later (param $than i64) (result i64) (local $now i64)
      (loop $never
        (local.set $now (call $now))
        (br_if $never (i64.lt_u (local.get $now) (local.get $than))))
      (local.get $now))
    (func $handle (export "handle") (param i32 i32) (local $time i64) (local $turns i32)
      (local.set $turns (i32.const 200))
      (loop $again
        (local.set $time (call $later (local.get $time)))
        (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
      unreachable))
  (core instance $instance (instantiate $handler (with "host" (instance (export "now" (func $now))))))
  (func $handle (param "request" (own $request)) (param "response-out" (own $response))
    (canon lift (core func $instance "handle")))
  (instance $exports (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $exports)))
