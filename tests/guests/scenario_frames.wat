;; SPDX-License-Identifier: GPL-3.0-or-later
;; The guest waits in a host call with known values below it: the first byte of each line of input chooses which. Nothing
;; but the host call stands between the values and the wait, and what comes after it uses them.
(module $scenario_frames
;; include rt.wat
  (type $cell (struct (field $value (mut i32)) (field $weight f64)))
  (type $bytes (array (mut i8)))
  (tag $fault (param i32))

  ;; Two frames: small enough to be inlined.
  (func $add (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.const 0
    i32.const 0xf920
    i32.const 1
    i32.const 0xf928
    call $fd_read
    drop
    i32.add)
  (func $pair (result i32)
    i32.const 1
    i32.const 2
    call $add)
  ;; The same without a call in it: what an inliner likes best.
  (func $sum (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.add)
  (func $twice (result i32)
    i32.const 20
    i32.const 21
    call $sum)

  ;; An i64 behind an i32, and a v128 behind both.
  (func $unaligned (param $x i32) (param $y i64) (param $z v128) (param $w f64) (result i64)
    (drop (call $fd_read (i32.const 0) (i32.const 0xf920) (i32.const 1) (i32.const 0xf928)))
    (i64.add (local.get $y) (i64.extend_i32_u (local.get $x))))

  ;; What a catch leaves on the operand stack.
  (func $caught (result i32)
    (block $handler (result i32)
      (try_table (catch $fault $handler)
        (throw $fault (i32.const 42)))
      (i32.const 0))
    (drop (call $fd_read (i32.const 0) (i32.const 0xf920) (i32.const 1) (i32.const 0xf928))))

  ;; A reference that nothing will use.
  (func $dead
    (struct.new $cell (i32.const 77) (f64.const 0.5))
    (drop (call $fd_read (i32.const 0) (i32.const 0xf920) (i32.const 1) (i32.const 0xf928)))
    (drop))

  ;; A local that nothing will use, over collections that move what lives.
  (func $churn (param $n i32)
    (loop $again
      (drop (array.new_default $bytes (i32.const 4096)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n))))
  (func $collected (local $kept (ref null $cell))
    (local.set $kept (struct.new $cell (i32.const 42) (f64.const -1.5)))
    (call $churn (i32.const 20000))
    (drop (call $fd_read (i32.const 0) (i32.const 0xf920) (i32.const 1) (i32.const 0xf928))))

  (table funcref (elem $sum))
  (func $main (export "_start") (local $letter i32) (local $rounds i64) (local $sum i64)
    (i32.store (i32.const 0xf920) (i32.const 0xf930))
    (i32.store (i32.const 0xf924) (i32.const 1))
    (call $ready)
    (block $end
      (loop $again
        (local.set $letter (call $read_line))
        (br_if $end (i32.lt_s (local.get $letter) (i32.const 0)))
        (call $ready)
        (local.set $rounds (i64.add (local.get $rounds) (i64.const 1)))
        (if (i32.eq (local.get $letter) (i32.const 0x70)) ;; p
          (then (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $pair))))))
        (if (i32.eq (local.get $letter) (i32.const 0x75)) ;; u
          (then (local.set $sum (i64.add (local.get $sum) (call $unaligned (i32.const 1) (i64.const 0x1122334455667788)
            (v128.const i32x4 9 8 7 6) (f64.const -0.125))))))
        (if (i32.eq (local.get $letter) (i32.const 0x65)) ;; e
          (then (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $caught))))))
        (if (i32.eq (local.get $letter) (i32.const 0x64)) (then (call $dead))) ;; d
        (if (i32.eq (local.get $letter) (i32.const 0x63)) (then (call $collected))) ;; c
        (if (i32.eq (local.get $letter) (i32.const 0x69)) ;; i
          (then (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (i32.add (call $twice)
            (call_indirect (param i32 i32) (result i32) (i32.const 3) (i32.const 4) (i32.const 0))))))))
        (br $again)))
    (call $done (local.get $rounds) (local.get $sum)))
)
