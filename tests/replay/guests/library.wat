;; What app.wat imports: a memory, two globals, a table, a tag and a function.
(module
  (memory (export "mem") 2 5)
  (global (export "g") (mut i32) (i32.const 11))
  (global $unused i64 (i64.const 5))
  (global (export "h") (mut i64) (i64.const -7))
  (table (export "t") 4 10 funcref)
  (elem (i32.const 2) $add)
  (tag (export "e") (param i64))
  (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
