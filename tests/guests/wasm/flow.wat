;; SPDX-License-Identifier: GPL-3.0-or-later
;; Runs every kind of branch, taken and not taken. The .wasm beside it: wasm-tools parse flow.wat -o flow.wasm
(module $flow
  (type $void (func))
  (type $unary (func (param i32) (result i32)))
  (type $pair (struct (field i32)))
  (type $other (array i32))
  (tag $one (param i32))
  (tag $two)
  (table $functions 4 funcref)
  (elem (table $functions) (i32.const 0) func $double $count_down)
  (global $sum (mut i32) (i32.const 0))
  (memory 1)
  (elem declare func $double)

  (func $add (param $x i32)
    (global.set $sum (i32.add (global.get $sum) (local.get $x))))

  ;; if with and without else, with results, nested in each other
  (func $ifs (param $x i32) (result i32)
    local.get $x
    i32.const 1
    i32.and
    if
      i32.const 1
      call $add
    end
    local.get $x
    i32.const 2
    i32.and
    if (result i32)
      local.get $x
      if
        nop
      else
        nop
      end
      i32.const 10
    else
      local.get $x
      i32.eqz
      if (result i32)
        i32.const 20
      else
        i32.const 30
      end
    end
    local.get $x
    if
    else
      i32.const 5
      call $add
    end
    local.get $x
    i32.const 4
    i32.and
    if
      i32.const 7
      return
    end)

  ;; blocks whose ends follow each other; branches that leave code behind unreachable
  (func $blocks (param $x i32) (result i32)
    block $outer (result i32)
      block $middle
        block $inner
          local.get $x
          br_table $inner $middle $inner
        end
        i32.const 11
        br $outer
        i32.const 12
        drop
        block
          br 0
        end
      end
      block
        block
          block
            local.get $x
            br_if 1
            br 2
          end
          unreachable
        end
      end
      i32.const 13
    end
    block
      block
        local.get $x
        br_if 1
      end
    end
    block
      br 0
    end
    block
      block
        br 1
      end
    end)

  ;; an unconditional branch in both arms
  (func $arms (param $x i32) (result i32)
    block $done (result i32)
      local.get $x
      if
        i32.const 1
        br $done
      else
        i32.const 2
        br $done
      end
      unreachable
    end
    local.get $x
    if (param i32) (result i32)
      return
    else
      local.get $x
      br_if 1
      nop
    end)

  ;; loops: left by falling out, by a branch out of them, and entered again by a branch to them
  (func $loops (param $x i32) (result i32) (local $i i32) (local $j i32)
    loop $again
      local.get $i
      i32.const 1
      i32.add
      local.tee $i
      local.get $x
      i32.lt_u
      br_if $again
    end
    block $out
      loop $forever
        local.get $j
        i32.const 3
        i32.ge_u
        br_if $out
        local.get $j
        i32.const 1
        i32.add
        local.set $j
        loop $once
          local.get $j
          i32.const 2
          i32.eq
          br_if $forever
        end
        br $forever
      end
    end
    i32.const 4
    loop $values (param i32) (result i32)
      i32.const 1
      i32.sub
      local.tee $j
      local.get $j
      br_if $values
    end
    local.get $i
    i32.add
    loop
      loop
        local.get $x
        i32.const 3
        i32.ne
        if
          i32.const 3
          local.set $x
          br 2
        end
      end
    end)

  (func $double (type $unary)
    (i32.mul (local.get 0) (i32.const 2)))

  (func $count_down (type $unary)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call $count_down (i32.sub (local.get 0) (i32.const 1))))

  (func $recursive (param $n i32) (result i32)
    (if (result i32) (i32.le_u (local.get $n) (i32.const 1))
      (then (i32.const 1))
      (else (i32.mul (local.get $n) (call $recursive (i32.sub (local.get $n) (i32.const 1)))))))

  (func $calls (param $x i32) (result i32)
    (call_indirect (type $unary) (local.get $x) (i32.const 0))
    (call_indirect (type $unary) (local.get $x) (i32.const 1))
    i32.add
    (call_ref $unary (local.get $x) (ref.func $double))
    i32.add
    (call $recursive (i32.const 4))
    i32.add
    (return_call_indirect (type $unary) (i32.const 0)))

  (func $references (param $r (ref null any)) (result i32)
    block $null
      local.get $r
      br_on_null $null
      drop
      block $is_pair (result (ref $pair))
        local.get $r
        br_on_cast $is_pair anyref (ref $pair)
        block $not_array (param anyref) (result anyref)
          br_on_cast_fail $not_array anyref (ref $other)
          drop
          i32.const 2
          return
        end
        drop
        i32.const 3
        return
      end
      struct.get $pair 0
      return
    end
    block $here (result (ref any))
      local.get $r
      br_on_non_null $here
      i32.const 4
      return
    end
    drop
    i32.const 5)

  (func $thrower (param $x i32)
    local.get $x
    i32.const 1
    i32.eq
    if
      local.get $x
      throw $one
    end
    local.get $x
    i32.const 2
    i32.eq
    if
      throw $two
    end)

  (func $through (param $x i32)
    try_table
      local.get $x
      call $thrower
    end)

  (func $exceptions (param $x i32) (result i32) (local $e exnref)
    block $all
      block $ref (result exnref)
        block $value (result i32)
          try_table (catch $one $value)
            try_table (catch_ref $two $ref)
              local.get $x
              call $through
              local.get $x
              i32.const 3
              i32.eq
              if
                i32.const 33
                throw $one
              end
            end
          end
          i32.const 100
          return
        end
        return
      end
      local.set $e
      loop $retry
        try_table (catch_all $all)
          local.get $e
          throw_ref
        end
      end
      unreachable
    end
    loop $again (result i32)
      block
        try_table (catch_all $again)
          local.get $x
          i32.const 2
          i32.eq
          if
            i32.const 9
            local.set $x
            i32.const 1
            call $thrower
          end
        end
      end
      i32.const 200
    end)

  (func $big_switch (param $x i32)
    block block block block block
      local.get $x
      br_table 0 1 2 3 0 4
    end
      i32.const 1
      call $add
      br 3
    end
      i32.const 2
      call $add
    end
      br 1
    end
      return
    end)

  (func (export "_start") (local $i i32)
    loop $all
      (call $add (call $ifs (local.get $i)))
      (call $add (call $blocks (local.get $i)))
      (call $add (call $arms (local.get $i)))
      (call $add (call $loops (local.get $i)))
      (call $add (call $calls (local.get $i)))
      (call $add (call $exceptions (local.get $i)))
      (call $big_switch (local.get $i))
      (br_if $all (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8)))
    end
    (call $add (call $references (ref.null any)))
    (call $add (call $references (struct.new $pair (i32.const 1))))
    (call $add (call $references (array.new_fixed $other 1 (i32.const 1))))
    (call $add (call $references (ref.i31 (i32.const 1))))))
