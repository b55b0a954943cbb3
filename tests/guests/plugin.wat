;; SPDX-License-Identifier: GPL-3.0-or-later
;; What plugins.py loads: work(n) is 3 n + 1, and forever makes no system call.
(module $plugin
  (func $triple (param $n i32) (result i32) (i32.mul (local.get $n) (i32.const 3)))
  (func $work (export "work") (param $n i32) (result i32)
    (i32.add (call $triple (local.get $n)) (i32.const 1)))
  (func (export "forever") (local $n i32)
    (loop $more
      (local.set $n (call $triple (i32.add (local.get $n) (i32.const 1))))
      (br $more))))
