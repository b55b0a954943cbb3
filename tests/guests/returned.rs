// SPDX-License-Identifier: GPL-3.0-or-later
// As returned.c, with types of Rust: those that it returns as one number, as the bytes of one, and in memory. For rustc 1.63 and
// later.
#![allow(dead_code)]

use std::num::NonZeroU32;

#[derive(Clone, Copy, Debug)]
enum Color {
    Red,
    Green,
    Blue,
}

#[derive(Debug)]
struct Meters(f64);

#[derive(Debug)]
struct Port(u16);

#[derive(Debug)]
struct Rgb {
    red: u8,
    green: u8,
    blue: u8,
}

#[derive(Debug)]
struct Pair(u8, u8);

#[derive(Debug)]
struct Point {
    x: i32,
    y: i32,
    name: &'static str,
}

#[derive(Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Rect { width: u32, height: u32 },
}

static NUMBER: u32 = 77;

#[inline(never)]
fn int(n: i32) -> i32 {
    n - 100
}
#[inline(never)]
fn small(n: i8) -> i8 {
    n / 2
}
#[inline(never)]
fn big(n: u64) -> u64 {
    n * 3
}
#[inline(never)]
fn wide(n: i128) -> i128 {
    n * n * n
}
#[inline(never)]
fn half(f: f32) -> f32 {
    f / 2.0
}
#[inline(never)]
fn truth(n: i32) -> bool {
    n > 3
}
#[inline(never)]
fn color(n: i32) -> Color {
    if n > 0 {
        Color::Blue
    } else {
        Color::Red
    }
}
#[inline(never)]
fn meters(f: f64) -> Meters {
    Meters(f * 2.0)
}
#[inline(never)]
fn port() -> Port {
    Port(65535)
}
#[inline(never)]
fn non_zero(n: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(n)
}
#[inline(never)]
fn zero(n: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(n)
}
#[inline(never)]
fn maybe_reference(n: i32) -> Option<&'static u32> {
    if n > 0 {
        Some(&NUMBER)
    } else {
        None
    }
}
#[inline(never)]
fn boxed(n: Box<i32>) -> Box<i32> {
    n
}
#[inline(never)]
fn maybe_color(n: i32) -> Option<Color> {
    if n > 0 {
        Some(Color::Green)
    } else {
        None
    }
}
#[inline(never)]
fn rgb(n: u8) -> Rgb {
    Rgb { red: n, green: n + 1, blue: n + 2 }
}
#[inline(never)]
fn pair(n: u8) -> Pair {
    Pair(n, n + 1)
}
#[inline(never)]
fn maybe(n: u8) -> Option<u8> {
    Some(n)
}
#[inline(never)]
fn text(n: usize) -> &'static str {
    &"a text"[n..]
}
#[inline(never)]
fn owned(n: i32) -> String {
    format!("text {}", n)
}
#[inline(never)]
fn point(n: i32) -> Point {
    Point { x: n, y: -n, name: "there" }
}
#[inline(never)]
fn shape(n: u32) -> Shape {
    if n == 0 {
        return Shape::Empty;
    }
    if n < 3 {
        return Shape::Circle(n as f64);
    }
    Shape::Rect { width: n, height: n + 1 }
}
#[inline(never)]
fn result(n: i32) -> Result<i32, String> {
    if n > 0 {
        Ok(n)
    } else {
        Err(String::from("negative"))
    }
}
#[inline(never)]
fn tuple(n: i64) -> (i64, bool) {
    (n, true)
}
#[inline(never)]
fn bytes(n: u8) -> [u8; 4] {
    [n, n + 1, n + 2, n + 3]
}
#[inline(never)]
fn unit(n: i32) {
    if n > 3 {
        println!();
    }
}

fn main() {
    println!("int = {:?}", int(-1));
    println!("small = {:?}", small(-9));
    println!("big = {:?}", big(6148914691236517205));
    println!("wide = {:?}", wide(-3000000000000));
    println!("half = {:?}", half(5.0));
    println!("truth = {:?}", truth(4));
    println!("color = returned::Color::{:?}", color(1));
    println!("meters = {:?}", meters(1.25));
    println!("port = {:?}", port());
    // It was a type of its own before Rust 1.79.
    let name = std::any::type_name::<NonZeroU32>().split('<').next().unwrap();
    println!("non_zero = Some({}({}))", name.rsplit(':').next().unwrap(), non_zero(9).unwrap());
    println!("zero = {:?}", zero(0));
    println!("maybe_reference = Some({:p})", maybe_reference(1).unwrap());
    println!("boxed = Box({:?})", boxed(Box::new(-8)));
    println!("maybe_color = Some(returned::Color::{:?})", maybe_color(1).unwrap());
    println!("rgb = {:?}", rgb(200));
    println!("pair = {:?}", pair(7));
    println!("maybe = {:?}", maybe(8));
    println!("text = {:?}", text(2));
    println!("owned = {:?}", owned(5));
    println!("point = {:?}", point(6));
    println!("shape = {:?}", shape(3));
    println!("result = {:?}", result(-1));
    println!("tuple = {:?}", tuple(-5000000000));
    println!("bytes = {:?}", bytes(1));
    unit(1);
}
