;; Two core modules in one component: the same pc in both, each at its own place in the component.
(component
  (core module $first
    (func (export "one") (result i32) i32.const 1)
    (func (export "two") (param i32) (result i32) (i32.add (local.get 0) (i32.const 2))))
  (core module $second
    (import "first" "two" (func $two (param i32) (result i32)))
    (func (export "run") (result i32) (call $two (i32.const 40)))
    (func (export "again") (result i32) (call $two (call $two (i32.const 38)))))
  (core instance $a (instantiate $first))
  (core instance $b (instantiate $second (with "first" (instance $a))))
  (func (export "run") (result u32) (canon lift (core func $b "run"))))
