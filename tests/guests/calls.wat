;; SPDX-License-Identifier: GPL-3.0-or-later
;; Every way to get from one instruction to another: recursion, call_indirect, br_table, blocks, loops. One round each two
;; milliseconds, until there is something on standard input; the harness knows what the sum must be.
(module $calls
;; include rt.wat
  (type $unary (func (param i32) (result i32)))
  (table $operations 3 funcref)
  (elem (i32.const 0) $double $square $negate)
  (func $double (param $x i32) (result i32) (i32.shl (local.get $x) (i32.const 1)))
  (func $square (param $x i32) (result i32) (i32.mul (local.get $x) (local.get $x)))
  (func $negate (param $x i32) (result i32) (i32.sub (i32.const 0) (local.get $x)))
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $apply (param $which i32) (param $x i32) (result i32)
    (call_indirect (type $unary) (local.get $x) (local.get $which)))
  (func $choose (param $which i32) (result i32)
    block $default block $two block $one block $zero
      local.get $which
      br_table $zero $one $two $default
    end
      i32.const 10
      return
    end
      i32.const 20
      return
    end
      i32.const 30
      return
    end
    i32.const 40)
  (func $round (param $r i32) (result i32)
    (i32.add (call $fib (i32.const 5))
      (i32.add
        (call $apply (i32.rem_u (local.get $r) (i32.const 3)) (local.get $r))
        (call $choose (i32.rem_u (local.get $r) (i32.const 4))))))
  (func $main (export "_start") (local $r i32) (local $sum i64)
    (call $ready)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (call $round (local.get $r)))))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $again (i32.eqz (call $pause (i64.const 2)))))
    (call $done (i64.extend_i32_u (local.get $r)) (local.get $sum)))
)
