;; SPDX-License-Identifier: GPL-3.0-or-later
;; Calls a host function that does not come back (crash_host.py).
(module $crash
  (import "host" "record" (func $record (param i32)))
  (memory 1)
  (data (i32.const 16) "last words")
  (func $leaf (param $depth i32)
    (if (local.get $depth)
      (then (call $leaf (i32.sub (local.get $depth) (i32.const 1))))
      (else (call $record (i32.const 16)))))
  (func $main (export "main") (call $leaf (i32.const 2)))
)
