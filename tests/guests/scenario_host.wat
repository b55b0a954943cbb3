;; SPDX-License-Identifier: GPL-3.0-or-later
;; What tests/guests/scenario_private.wat imports: a global and a function.
(module $scenario_host
  (global (export "global") (mut i32) (i32.const 1000))
  (func (export "seven") (result i32) (i32.const 7))
)
