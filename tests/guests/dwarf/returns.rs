// SPDX-License-Identifier: GPL-3.0-or-later
// Functions of Rust by what they return, for tests/unit/test_returns.c.
#![no_std]
#![no_main]
#![allow(improper_ctypes_definitions)]

use core::num::NonZeroU32;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

pub struct Meters(f64);
pub struct Pair(u8, u8);
pub struct Rgb(u8, u8, u8);
pub enum Color {
    Red,
    Green,
}
pub enum Shape {
    Empty,
    Circle(f64),
    Rect { width: u32, height: u32 },
}

#[no_mangle]
pub fn number(n: i8) -> i8 {
    n
}
#[no_mangle]
pub fn wide(n: i64) -> i128 {
    n as i128
}
#[no_mangle]
pub fn meters(f: f64) -> Meters {
    Meters(f)
}
#[no_mangle]
pub fn color(n: u32) -> Color {
    if n > 0 { Color::Green } else { Color::Red }
}
#[no_mangle]
pub fn maybe_color(n: u32) -> Option<Color> {
    if n > 0 { Some(color(n)) } else { None }
}
#[no_mangle]
pub fn non_zero(n: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(n)
}
#[no_mangle]
pub fn maybe(n: u8) -> Option<u8> {
    Some(n)
}
#[no_mangle]
pub fn reference(n: &u32) -> Option<&u32> {
    Some(n)
}
#[no_mangle]
pub fn pair(n: u8) -> Pair {
    Pair(n, n)
}
#[no_mangle]
pub fn rgb(n: u8) -> Rgb {
    Rgb(n, n, n)
}
#[no_mangle]
pub fn bytes(n: u8) -> [u8; 4] {
    [n; 4]
}
#[no_mangle]
pub fn text(n: &str) -> &str {
    n
}
#[no_mangle]
pub fn shape(n: u32) -> Shape {
    if n > 1 {
        return Shape::Rect { width: n, height: n };
    }
    if n > 0 { Shape::Circle(1.0) } else { Shape::Empty }
}
#[no_mangle]
pub fn unit(_: u32) {}
