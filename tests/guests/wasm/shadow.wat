;; What compilers do with the stack pointer, and what they do not: tests/unit/test_shadow_stack.c asks at each nop. The
;; first two are as clang 22 -O0 writes them.
(module
  (memory 1)
  (global $other (mut i32) (i32.const 7))
  (global $__stack_pointer (mut i32) (i32.const 65536))
  (func $callee)
  (func $caller (param i32) (result i32) (local i32 i32 i32 i32 i32 i32)
    nop
    global.get $__stack_pointer
    local.set 1
    i32.const 32
    local.set 2
    local.get 1
    local.get 2
    i32.sub
    local.set 3
    nop
    local.get 3
    global.set $__stack_pointer
    nop
    local.get 3
    local.get 0
    i32.store offset=12
    call $callee
    block
      local.get 0
      br_if 0
      nop
      call $callee
    end
    local.get 3
    i32.load offset=12
    local.set 4
    i32.const 32
    local.set 5
    local.get 3
    local.get 5
    i32.add
    local.set 6
    local.get 6
    global.set $__stack_pointer
    nop
    local.get 4
    return)
  (func $leaf (param i32) (local i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    local.tee 1
    local.get 0
    i32.store
    nop)
  (func $two_ways (param i32) (local i32)
    global.get $__stack_pointer
    i32.const -48
    i32.add
    local.tee 1
    global.set $__stack_pointer
    nop
    block
      local.get 0
      i32.eqz
      br_if 0
      nop
      local.get 1
      i32.const 48
      i32.add
      global.set $__stack_pointer
      nop
      br 1
    end
    nop
    local.get 1
    i32.const 48
    i32.add
    global.set $__stack_pointer
    nop)
  (func $untouched (param i32)
    nop
    local.get 0
    global.set $other)
  (func $variable_size (param i32) (local i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    local.tee 1
    global.set $__stack_pointer
    local.get 1
    local.get 0
    i32.sub
    global.set $__stack_pointer)
  (func $twice (local i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    local.tee 0
    global.set $__stack_pointer
    local.get 0
    i32.const 16
    i32.sub
    global.set $__stack_pointer)
  (func $reused (param i32) (local i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    local.tee 1
    global.set $__stack_pointer
    nop
    loop
      local.get 0
      local.set 1
    end
    local.get 1
    i32.const 16
    i32.add
    global.set $__stack_pointer)
  (func $stays (param i32) (local i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    local.tee 1
    global.set $__stack_pointer
    block
      local.get 0
      br_if 0
      local.get 1
      i32.const 16
      i32.add
      global.set $__stack_pointer
    end
    nop)
  (func $in_a_block (param i32)
    local.get 0
    if
      global.get $__stack_pointer
      i32.const 16
      i32.sub
      global.set $__stack_pointer
    end)
  (func $given (param i32)
    local.get 0
    global.set $__stack_pointer)
  (func $catches (local i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    local.tee 0
    global.set $__stack_pointer
    block
      try_table (catch_all 0)
        call $callee
      end
    end
    local.get 0
    i32.const 16
    i32.add
    global.set $__stack_pointer)
  (func $above (local i32)
    global.get $__stack_pointer
    i32.const 16
    i32.add
    global.set $__stack_pointer))
