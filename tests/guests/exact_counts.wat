;; SPDX-License-Identifier: GPL-3.0-or-later
;; Each worker counts what it executes, in cells that are its own: 64 bytes at 0x2000 + 64 * worker. The first thread writes
;; them as lines "counts worker=0 N N N N N N N N"; the order of the numbers is that of the offsets below. The sum is
;; that of all cells.
;;
;;     0x2000 work   0x2004 the loop's body   0x2008 even   0x200c odd   0x2010 the block in which i % 5 is 0
;;     0x2014 the block in which it is not    0x2018 down, recursive     0x201c leaf, called from three places
(module $exact_counts
;; include rt_threads.wat
  (data (i32.const 0xf030) "counts worker=")
  (data (i32.const 0xf040) " ")
  (func $prepare)
  (func $leaf (param $cells i32)
    (i32.store offset=0x201c (local.get $cells) (i32.add (i32.load offset=0x201c (local.get $cells)) (i32.const 1))))
  (func $even (param $cells i32)
    (i32.store offset=0x2008 (local.get $cells) (i32.add (i32.load offset=0x2008 (local.get $cells)) (i32.const 1)))
    (call $leaf (local.get $cells)))
  (func $odd (param $cells i32)
    (i32.store offset=0x200c (local.get $cells) (i32.add (i32.load offset=0x200c (local.get $cells)) (i32.const 1)))
    (call $leaf (local.get $cells))
    (call $leaf (local.get $cells)))
  ;; So deep as $n says, itself included.
  (func $down (param $cells i32) (param $n i32)
    (i32.store offset=0x2018 (local.get $cells) (i32.add (i32.load offset=0x2018 (local.get $cells)) (i32.const 1)))
    (if (i32.gt_u (local.get $n) (i32.const 1))
      (then (call $down (local.get $cells) (i32.sub (local.get $n) (i32.const 1))))))
  (func $work (param $worker i32) (local $cells i32) (local $i i32)
    (local.set $cells (i32.shl (local.get $worker) (i32.const 6)))
    (i32.store offset=0x2000 (local.get $cells) (i32.add (i32.load offset=0x2000 (local.get $cells)) (i32.const 1)))
    (loop $again
      (i32.store offset=0x2004 (local.get $cells) (i32.add (i32.load offset=0x2004 (local.get $cells)) (i32.const 1)))
      (if (i32.and (i32.add (local.get $i) (local.get $worker)) (i32.const 1))
        (then (call $odd (local.get $cells)))
        (else (call $even (local.get $cells))))
      (if (i32.rem_u (local.get $i) (i32.const 5))
        (then
          (i32.store offset=0x2014 (local.get $cells) (i32.add (i32.load offset=0x2014 (local.get $cells)) (i32.const 1))))
        (else
          (i32.store offset=0x2010 (local.get $cells) (i32.add (i32.load offset=0x2010 (local.get $cells)) (i32.const 1)))
          (call $down (local.get $cells) (i32.add (local.get $worker) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (call $rounds)))))
  (func $report (local $k i32) (local $cell i32) (local $count i32) (local $sum i64)
    (loop $worker
      (call $say (i32.const 0xf030) (i32.const 14)) (call $say_number (i64.extend_i32_u (local.get $k)))
      (local.set $cell (i32.shl (local.get $k) (i32.const 6)))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (loop $each
        (local.set $count (i32.load offset=0x2000 (local.get $cell)))
        (call $say (i32.const 0xf040) (i32.const 1)) (call $say_number (i64.extend_i32_u (local.get $count)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $count))))
        (local.set $cell (i32.add (local.get $cell) (i32.const 4)))
        (br_if $each (i32.and (local.get $cell) (i32.const 31))))
      (call $end_line)
      (br_if $worker (i32.lt_u (local.get $k) (call $threads))))
    (call $done (local.get $sum)))
)
