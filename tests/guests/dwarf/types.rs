// SPDX-License-Identifier: GPL-3.0-or-later
// Types of Rust for tests/unit/test_types.c.
#![no_std]
#![no_main]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

pub enum Shape {
    Empty,
    Circle(f64),
    Rect { width: u32, height: u32 },
}

pub struct Node {
    pub key: u8,
    pub next: Option<&'static Node>,
    pub pair: (i16, bool),
    pub name: &'static str,
    pub items: &'static [u64],
    pub shape: Shape,
    pub error: Result<char, u32>,
}

pub struct Wrapped(i32, f32);

#[no_mangle]
pub static NODE: Node = Node {
    key: 1,
    next: None,
    pair: (2, true),
    name: "n",
    items: &[3],
    shape: Shape::Rect { width: 4, height: 5 },
    error: Err(6),
};
#[no_mangle]
pub static WRAPPED: Wrapped = Wrapped(7, 8.0);
#[no_mangle]
pub static ARRAY: [[u8; 2]; 3] = [[0; 2]; 3];

#[no_mangle]
pub extern "C" fn read(shape: &Shape) -> usize {
    match shape {
        Shape::Empty => WRAPPED.0 as usize,
        Shape::Circle(radius) => *radius as usize + NODE.key as usize,
        Shape::Rect { width, height } => (width * height) as usize + ARRAY.len(),
    }
}
