;; SPDX-License-Identifier: GPL-3.0-or-later
;; Preloaded first: where a program that outpost starts is stopped, before any other module is loaded.
(module $early
  (global $started (mut i32) (i32.const 0))
  (func $first (global.set $started (i32.const 1)))
  (start $first)
  (func (export "f") (result i32) (global.get $started)))
