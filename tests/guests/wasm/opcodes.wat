;; SPDX-License-Identifier: GPL-3.0-or-later
;; Every instruction that outpost decodes, at least once, with the forms its immediates can take. For decoders and printers only:
;; the operand types do not fit, so it validates nowhere. Beside it: opcodes.wasm (wasm-tools parse opcodes.wat, then wasm-tools strip
;; --all) and opcodes.expected, its instructions as wasm-tools prints them (see tests/e2e/check_wasm_text.py for what is made equal).
(module $opcodes
  (type $binary (func (param i32 i64) (result f32)))
  (type $empty (func))
  (type $many (func (param i32 i32) (result i32 i64)))
  (rec
    (type $point (sub (struct (field i32) (field (mut i8)) (field (mut (ref null $cell))))))
    (type $cell (sub final $point (struct (field i32) (field (mut i8)) (field (mut (ref null $cell)))))))
  (type $bytes (array (mut i16)))
  (type $cont (cont $empty))
  (import "env" "host" (func $host (type $empty)))
  (import "env" "limit" (global $limit i32))
  (table $first 1 2 funcref)
  (table $second i64 1 externref)
  (table $filled 1 (ref $empty) (ref.func $host))
  (memory $main 1 2)
  (memory $wide i64 1)
  (memory $tiny 1 (pagesize 1))
  (memory $shared 1 4 shared)
  (tag $oops (param i32))
  (tag $yield)
  (global $counter (mut i64) (i64.const -1))
  (global $cells (ref null $cell) (ref.null $cell))
  (export "controls" (func $controls))
  (export "twice" (func $controls))
  (start $empty)
  (elem $segment func $host)
  (data $bytes "hello")
  (func $empty (type $empty))
  (func $controls (type $many) (local $i i32) (local $j i32) (local $x v128) (local $r (ref null $cell)) (local $e exnref)
    block
      block (result i32)
        loop (type $many)
          loop (result (ref null $point))
            br 0
            br_if 3
            br_table 0 1 2 3 4
            br_table 1
            br_on_null 1
            br_on_non_null 2
            br_on_cast 0 anyref (ref $cell)
            br_on_cast_fail 1 (ref null $point) (ref null $cell)
            br_on_cast 0 (ref any) (ref i31)
          end
        end
      end
    end
    if (result f64)
      nop
    else
      unreachable
    end
    if
    end
    try_table (type $many) (catch $oops 0) (catch_ref $yield 0) (catch_all 0) (catch_all_ref 0)
      throw $oops
      throw_ref
      try_table
      end
    end
    try (result i32)
      call $host
    catch $oops
      rethrow 0
    catch_all
    end
    try
    delegate 0
    call $empty
    return_call $controls
    call_indirect (type $binary)
    call_indirect $second (type $many)
    return_call_indirect $filled (type $empty)
    call_ref $empty
    return_call_ref $many
    select
    select (result i32)
    select (result (ref null $cell))
    local.get $i
    local.set $j
    local.tee $x
    local.get 0
    global.get $limit
    global.set $counter
    global.get $cells
    cont.new $cont
    cont.bind $cont $cont
    suspend $yield
    resume $cont (on $yield 0) (on $oops switch)
    resume $cont
    resume_throw $cont $oops (on $yield 0)
    resume_throw_ref $cont (on $oops 0)
    switch $cont $yield
    return
  )
  (func $constants
    i32.const 0
    i32.const -1
    i32.const 2147483647
    i32.const -2147483648
    i64.const 9223372036854775807
    i64.const -9223372036854775808
    f32.const 0
    f32.const -0
    f32.const 1.5
    f32.const 0.1
    f32.const 3.4028235e38
    f32.const 1e-45
    f32.const 16777216
    f32.const inf
    f32.const -inf
    f32.const nan
    f32.const -nan
    f32.const nan:0x1
    f32.const nan:0x7fffff
    f64.const 0
    f64.const -0
    f64.const 0.1
    f64.const -123456.789
    f64.const 1.7976931348623157e308
    f64.const 5e-324
    f64.const 2.2250738585072014e-308
    f64.const 9007199254740993
    f64.const inf
    f64.const -inf
    f64.const nan
    f64.const -nan:0xfffffffffffff
    f64.const nan:0x123456789abcd
    v128.const i32x4 0x00000000 0xffffffff 0x12345678 0x80000000
    v128.const f64x2 1 -1
    i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 28 29 30 31
    ref.null func
    ref.null extern
    ref.null any
    ref.null eq
    ref.null i31
    ref.null struct
    ref.null array
    ref.null exn
    ref.null noexn
    ref.null nofunc
    ref.null noextern
    ref.null none
    ref.null cont
    ref.null nocont
    ref.null $cell
    ref.func $constants
    ref.test (ref $cell)
    ref.test structref
    ref.test (ref i31)
    ref.cast (ref null $cell)
    ref.cast (ref eq)
    ref.cast nullexternref
  )
  (func $aggregates
    struct.new $point
    struct.new_default $point
    struct.get $point 0
    struct.get_s $point 1
    struct.get_u $point 1
    struct.set $cell 2
    array.new $bytes
    array.new_default $bytes
    array.new_fixed $bytes 3
    array.new_data $bytes $bytes
    array.new_elem $bytes $segment
    array.get $bytes
    array.get_s $bytes
    array.get_u $bytes
    array.set $bytes
    array.fill $bytes
    array.copy $bytes $bytes
    array.init_data $bytes $bytes
    array.init_elem $bytes $segment
  )
  (func $tables_and_memories
    table.get $first
    table.set $second
    table.grow $filled
    table.size $first
    table.fill $second
    table.init $segment
    table.init $second $segment
    table.copy
    table.copy $second $first
    elem.drop $segment
    data.drop $bytes
    memory.size
    memory.size $wide
    memory.grow
    memory.grow $tiny
    memory.fill
    memory.fill $shared
    memory.copy
    memory.copy $main $wide
    memory.init $bytes
    memory.init $wide $bytes
    i32.load offset=4294967295
    i64.load $wide offset=1099511627776 align=1
    i32.load align=1
    i32.load8_u $tiny offset=3
    v128.load align=1
    v128.load8_lane $wide offset=5 15
    v128.store64_lane align=2 1
    i32.atomic.load $shared offset=8
    i32.load
    i64.load
    f32.load
    f64.load
    i32.load8_s
    i32.load8_u
    i32.load16_s
    i32.load16_u
    i64.load8_s
    i64.load8_u
    i64.load16_s
    i64.load16_u
    i64.load32_s
    i64.load32_u
    i32.store
    i64.store
    f32.store
    f64.store
    i32.store8
    i32.store16
    i64.store8
    i64.store16
    i64.store32
    v128.load
    v128.load8x8_s
    v128.load8x8_u
    v128.load16x4_s
    v128.load16x4_u
    v128.load32x2_s
    v128.load32x2_u
    v128.load8_splat
    v128.load16_splat
    v128.load32_splat
    v128.load64_splat
    v128.store
    v128.load8_lane 1
    v128.load16_lane 1
    v128.load32_lane 1
    v128.load64_lane 1
    v128.store8_lane 1
    v128.store16_lane 1
    v128.store32_lane 1
    v128.store64_lane 1
    v128.load32_zero
    v128.load64_zero
    memory.atomic.notify
    memory.atomic.wait32
    memory.atomic.wait64
    i32.atomic.load
    i64.atomic.load
    i32.atomic.load8_u
    i32.atomic.load16_u
    i64.atomic.load8_u
    i64.atomic.load16_u
    i64.atomic.load32_u
    i32.atomic.store
    i64.atomic.store
    i32.atomic.store8
    i32.atomic.store16
    i64.atomic.store8
    i64.atomic.store16
    i64.atomic.store32
    i32.atomic.rmw.add
    i64.atomic.rmw.add
    i32.atomic.rmw8.add_u
    i32.atomic.rmw16.add_u
    i64.atomic.rmw8.add_u
    i64.atomic.rmw16.add_u
    i64.atomic.rmw32.add_u
    i32.atomic.rmw.sub
    i64.atomic.rmw.sub
    i32.atomic.rmw8.sub_u
    i32.atomic.rmw16.sub_u
    i64.atomic.rmw8.sub_u
    i64.atomic.rmw16.sub_u
    i64.atomic.rmw32.sub_u
    i32.atomic.rmw.and
    i64.atomic.rmw.and
    i32.atomic.rmw8.and_u
    i32.atomic.rmw16.and_u
    i64.atomic.rmw8.and_u
    i64.atomic.rmw16.and_u
    i64.atomic.rmw32.and_u
    i32.atomic.rmw.or
    i64.atomic.rmw.or
    i32.atomic.rmw8.or_u
    i32.atomic.rmw16.or_u
    i64.atomic.rmw8.or_u
    i64.atomic.rmw16.or_u
    i64.atomic.rmw32.or_u
    i32.atomic.rmw.xor
    i64.atomic.rmw.xor
    i32.atomic.rmw8.xor_u
    i32.atomic.rmw16.xor_u
    i64.atomic.rmw8.xor_u
    i64.atomic.rmw16.xor_u
    i64.atomic.rmw32.xor_u
    i32.atomic.rmw.xchg
    i64.atomic.rmw.xchg
    i32.atomic.rmw8.xchg_u
    i32.atomic.rmw16.xchg_u
    i64.atomic.rmw8.xchg_u
    i64.atomic.rmw16.xchg_u
    i64.atomic.rmw32.xchg_u
    i32.atomic.rmw.cmpxchg
    i64.atomic.rmw.cmpxchg
    i32.atomic.rmw8.cmpxchg_u
    i32.atomic.rmw16.cmpxchg_u
    i64.atomic.rmw8.cmpxchg_u
    i64.atomic.rmw16.cmpxchg_u
    i64.atomic.rmw32.cmpxchg_u
  )
  (func $plain
    nop
    drop
    i32.eqz
    i32.eq
    i32.ne
    i32.lt_s
    i32.lt_u
    i32.gt_s
    i32.gt_u
    i32.le_s
    i32.le_u
    i32.ge_s
    i32.ge_u
    i64.eqz
    i64.eq
    i64.ne
    i64.lt_s
    i64.lt_u
    i64.gt_s
    i64.gt_u
    i64.le_s
    i64.le_u
    i64.ge_s
    i64.ge_u
    f32.eq
    f32.ne
    f32.lt
    f32.gt
    f32.le
    f32.ge
    f64.eq
    f64.ne
    f64.lt
    f64.gt
    f64.le
    f64.ge
    i32.clz
    i32.ctz
    i32.popcnt
    i32.add
    i32.sub
    i32.mul
    i32.div_s
    i32.div_u
    i32.rem_s
    i32.rem_u
    i32.and
    i32.or
    i32.xor
    i32.shl
    i32.shr_s
    i32.shr_u
    i32.rotl
    i32.rotr
    i64.clz
    i64.ctz
    i64.popcnt
    i64.add
    i64.sub
    i64.mul
    i64.div_s
    i64.div_u
    i64.rem_s
    i64.rem_u
    i64.and
    i64.or
    i64.xor
    i64.shl
    i64.shr_s
    i64.shr_u
    i64.rotl
    i64.rotr
    f32.abs
    f32.neg
    f32.ceil
    f32.floor
    f32.trunc
    f32.nearest
    f32.sqrt
    f32.add
    f32.sub
    f32.mul
    f32.div
    f32.min
    f32.max
    f32.copysign
    f64.abs
    f64.neg
    f64.ceil
    f64.floor
    f64.trunc
    f64.nearest
    f64.sqrt
    f64.add
    f64.sub
    f64.mul
    f64.div
    f64.min
    f64.max
    f64.copysign
    i32.wrap_i64
    i32.trunc_f32_s
    i32.trunc_f32_u
    i32.trunc_f64_s
    i32.trunc_f64_u
    i64.extend_i32_s
    i64.extend_i32_u
    i64.trunc_f32_s
    i64.trunc_f32_u
    i64.trunc_f64_s
    i64.trunc_f64_u
    f32.convert_i32_s
    f32.convert_i32_u
    f32.convert_i64_s
    f32.convert_i64_u
    f32.demote_f64
    f64.convert_i32_s
    f64.convert_i32_u
    f64.convert_i64_s
    f64.convert_i64_u
    f64.promote_f32
    i32.reinterpret_f32
    i64.reinterpret_f64
    f32.reinterpret_i32
    f64.reinterpret_i64
    i32.extend8_s
    i32.extend16_s
    i64.extend8_s
    i64.extend16_s
    i64.extend32_s
    ref.is_null
    ref.eq
    ref.as_non_null
    array.len
    any.convert_extern
    extern.convert_any
    ref.i31
    i31.get_s
    i31.get_u
    i32.trunc_sat_f32_s
    i32.trunc_sat_f32_u
    i32.trunc_sat_f64_s
    i32.trunc_sat_f64_u
    i64.trunc_sat_f32_s
    i64.trunc_sat_f32_u
    i64.trunc_sat_f64_s
    i64.trunc_sat_f64_u
    i64.add128
    i64.sub128
    i64.mul_wide_s
    i64.mul_wide_u
    i8x16.swizzle
    i8x16.splat
    i16x8.splat
    i32x4.splat
    i64x2.splat
    f32x4.splat
    f64x2.splat
    i8x16.extract_lane_s 1
    i8x16.extract_lane_u 1
    i8x16.replace_lane 1
    i16x8.extract_lane_s 1
    i16x8.extract_lane_u 1
    i16x8.replace_lane 1
    i32x4.extract_lane 1
    i32x4.replace_lane 1
    i64x2.extract_lane 1
    i64x2.replace_lane 1
    f32x4.extract_lane 1
    f32x4.replace_lane 1
    f64x2.extract_lane 1
    f64x2.replace_lane 1
    i8x16.eq
    i8x16.ne
    i8x16.lt_s
    i8x16.lt_u
    i8x16.gt_s
    i8x16.gt_u
    i8x16.le_s
    i8x16.le_u
    i8x16.ge_s
    i8x16.ge_u
    i16x8.eq
    i16x8.ne
    i16x8.lt_s
    i16x8.lt_u
    i16x8.gt_s
    i16x8.gt_u
    i16x8.le_s
    i16x8.le_u
    i16x8.ge_s
    i16x8.ge_u
    i32x4.eq
    i32x4.ne
    i32x4.lt_s
    i32x4.lt_u
    i32x4.gt_s
    i32x4.gt_u
    i32x4.le_s
    i32x4.le_u
    i32x4.ge_s
    i32x4.ge_u
    f32x4.eq
    f32x4.ne
    f32x4.lt
    f32x4.gt
    f32x4.le
    f32x4.ge
    f64x2.eq
    f64x2.ne
    f64x2.lt
    f64x2.gt
    f64x2.le
    f64x2.ge
    v128.not
    v128.and
    v128.andnot
    v128.or
    v128.xor
    v128.bitselect
    v128.any_true
    f32x4.demote_f64x2_zero
    f64x2.promote_low_f32x4
    i8x16.abs
    i8x16.neg
    i8x16.popcnt
    i8x16.all_true
    i8x16.bitmask
    i8x16.narrow_i16x8_s
    i8x16.narrow_i16x8_u
    f32x4.ceil
    f32x4.floor
    f32x4.trunc
    f32x4.nearest
    i8x16.shl
    i8x16.shr_s
    i8x16.shr_u
    i8x16.add
    i8x16.add_sat_s
    i8x16.add_sat_u
    i8x16.sub
    i8x16.sub_sat_s
    i8x16.sub_sat_u
    f64x2.ceil
    f64x2.floor
    i8x16.min_s
    i8x16.min_u
    i8x16.max_s
    i8x16.max_u
    f64x2.trunc
    i8x16.avgr_u
    i16x8.extadd_pairwise_i8x16_s
    i16x8.extadd_pairwise_i8x16_u
    i32x4.extadd_pairwise_i16x8_s
    i32x4.extadd_pairwise_i16x8_u
    i16x8.abs
    i16x8.neg
    i16x8.q15mulr_sat_s
    i16x8.all_true
    i16x8.bitmask
    i16x8.narrow_i32x4_s
    i16x8.narrow_i32x4_u
    i16x8.extend_low_i8x16_s
    i16x8.extend_high_i8x16_s
    i16x8.extend_low_i8x16_u
    i16x8.extend_high_i8x16_u
    i16x8.shl
    i16x8.shr_s
    i16x8.shr_u
    i16x8.add
    i16x8.add_sat_s
    i16x8.add_sat_u
    i16x8.sub
    i16x8.sub_sat_s
    i16x8.sub_sat_u
    f64x2.nearest
    i16x8.mul
    i16x8.min_s
    i16x8.min_u
    i16x8.max_s
    i16x8.max_u
    i16x8.avgr_u
    i16x8.extmul_low_i8x16_s
    i16x8.extmul_high_i8x16_s
    i16x8.extmul_low_i8x16_u
    i16x8.extmul_high_i8x16_u
    i32x4.abs
    i32x4.neg
    i32x4.all_true
    i32x4.bitmask
    i32x4.extend_low_i16x8_s
    i32x4.extend_high_i16x8_s
    i32x4.extend_low_i16x8_u
    i32x4.extend_high_i16x8_u
    i32x4.shl
    i32x4.shr_s
    i32x4.shr_u
    i32x4.add
    i32x4.sub
    i32x4.mul
    i32x4.min_s
    i32x4.min_u
    i32x4.max_s
    i32x4.max_u
    i32x4.dot_i16x8_s
    i32x4.extmul_low_i16x8_s
    i32x4.extmul_high_i16x8_s
    i32x4.extmul_low_i16x8_u
    i32x4.extmul_high_i16x8_u
    i64x2.abs
    i64x2.neg
    i64x2.all_true
    i64x2.bitmask
    i64x2.extend_low_i32x4_s
    i64x2.extend_high_i32x4_s
    i64x2.extend_low_i32x4_u
    i64x2.extend_high_i32x4_u
    i64x2.shl
    i64x2.shr_s
    i64x2.shr_u
    i64x2.add
    i64x2.sub
    i64x2.mul
    i64x2.eq
    i64x2.ne
    i64x2.lt_s
    i64x2.gt_s
    i64x2.le_s
    i64x2.ge_s
    i64x2.extmul_low_i32x4_s
    i64x2.extmul_high_i32x4_s
    i64x2.extmul_low_i32x4_u
    i64x2.extmul_high_i32x4_u
    f32x4.abs
    f32x4.neg
    f32x4.sqrt
    f32x4.add
    f32x4.sub
    f32x4.mul
    f32x4.div
    f32x4.min
    f32x4.max
    f32x4.pmin
    f32x4.pmax
    f64x2.abs
    f64x2.neg
    f64x2.sqrt
    f64x2.add
    f64x2.sub
    f64x2.mul
    f64x2.div
    f64x2.min
    f64x2.max
    f64x2.pmin
    f64x2.pmax
    i32x4.trunc_sat_f32x4_s
    i32x4.trunc_sat_f32x4_u
    f32x4.convert_i32x4_s
    f32x4.convert_i32x4_u
    i32x4.trunc_sat_f64x2_s_zero
    i32x4.trunc_sat_f64x2_u_zero
    f64x2.convert_low_i32x4_s
    f64x2.convert_low_i32x4_u
    i8x16.relaxed_swizzle
    i32x4.relaxed_trunc_f32x4_s
    i32x4.relaxed_trunc_f32x4_u
    i32x4.relaxed_trunc_f64x2_s_zero
    i32x4.relaxed_trunc_f64x2_u_zero
    f32x4.relaxed_madd
    f32x4.relaxed_nmadd
    f64x2.relaxed_madd
    f64x2.relaxed_nmadd
    i8x16.relaxed_laneselect
    i16x8.relaxed_laneselect
    i32x4.relaxed_laneselect
    i64x2.relaxed_laneselect
    f32x4.relaxed_min
    f32x4.relaxed_max
    f64x2.relaxed_min
    f64x2.relaxed_max
    i16x8.relaxed_q15mulr_s
    i16x8.relaxed_dot_i8x16_i7x16_s
    i32x4.relaxed_dot_i8x16_i7x16_add_s
    atomic.fence
  )
)
