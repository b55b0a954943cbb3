// SPDX-License-Identifier: GPL-3.0-or-later
// Values of Rust: what each function sees at stop() is what outpost must show. Each line of the
// table is an expression, a tab, and how it is written, made from the values themselves.
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Color {
    Red,
    Green = 5,
}

#[derive(Debug, Clone)]
enum Shape {
    Empty,
    Circle(f64),
    Rect { width: u32, height: u32 },
    Named(String, u8),
}

#[derive(Debug, Clone)]
struct Point {
    x: i32,
    y: i32,
}

struct Pair(i16, &'static str);
struct Unit;

struct Node {
    key: u32,
    next: Option<Box<Node>>,
}

struct Ring {
    key: u8,
    next: RefCell<Option<Rc<Ring>>>,
}

static TABLE: [u16; 3] = [100, 200, 300];

#[no_mangle]
#[inline(never)]
pub extern "C" fn stop() {
    println!("stop");
}

macro_rules! row {
    ($name:expr, $($format:tt)*) => { println!("{}\t{}", $name, format!($($format)*)) };
}

#[inline(never)]
fn scalars(tiny: i8, huge: u128, text: &str) -> i64 {
    let byte = 200u8;
    let negative = -9007199254740993i64;
    let size = 77usize;
    let yes = true;
    let letter = 'ß';
    let single = 0.1f32;
    let double = -2.25f64;
    let unit = ();
    let tuple = (1u8, "two", 3.5f64);
    let array = [1i32, 2, 3];
    let zeros = [0u8; 32];
    let reference = &array;
    let slice = &array[1..];
    let color = Color::Green;
    row!("tiny", "{}", tiny);
    row!("huge", "{}", huge);
    row!("text", "{:?}", text);
    row!("byte", "{}", byte);
    row!("negative", "{}", negative);
    row!("size", "{}", size);
    row!("yes", "{}", yes);
    row!("letter", "{} {:?}", letter as u32, letter);
    row!("single", "{}", single);
    row!("double", "{}", double);
    row!("unit", "{:?}", unit);
    row!("tuple", "({}, {:?}, {})", tuple.0, tuple.1, tuple.2);
    row!("array", "{:?}", array);
    row!("array[2]", "{}", array[2]);
    row!("zeros", "[0 <repeats {} times>]", zeros.len());
    row!("*reference", "{:?}", reference);
    row!("slice", "slice of length {} = {:?}", slice.len(), slice);
    row!("color", "source_rust::Color::{:?}", color);
    row!("TABLE", "{:?}", TABLE);
    stop();
    tiny as i64 + huge as i64 + negative + size as i64 + color as i64 + zeros.len() as i64
}

#[inline(never)]
fn aggregates() -> usize {
    let point = Point { x: 3, y: -4 };
    let pair = Pair(-7, "seven");
    let _unit_struct = Unit;
    let some = Some(42u32);
    let none: Option<u32> = None;
    let some_ref = Some(&point);
    let no_ref: Option<&Point> = None;
    let good: Result<i32, String> = Ok(5);
    let bad: Result<i32, String> = Err("broken".to_string());
    let empty = Shape::Empty;
    let circle = Shape::Circle(1.5);
    let rect = Shape::Rect { width: 2, height: 3 };
    let named = Shape::Named("box".to_string(), 9);
    let string = String::from("grüße \"you\"");
    let numbers = vec![1i64, -2, 3];
    let words = vec!["one".to_string(), "two".to_string()];
    let points = vec![point.clone(), Point { x: 0, y: 1 }];
    let nothing: Vec<u8> = Vec::new();
    let boxed = Box::new(8u16);
    let shared = Rc::new(Point { x: 1, y: 2 });
    let other = shared.clone();
    let mut map = HashMap::new();
    map.insert(404u32, "not found");
    let mut queue = VecDeque::new();
    for i in 0..9u8 {
        queue.push_back(i);
        if i > 4 {
            queue.pop_front();
        }
    }
    let cell = Cell::new(-1i8);
    let ring = Rc::new(Ring { key: 7, next: RefCell::new(None) });
    *ring.next.borrow_mut() = Some(ring.clone());
    let list = Node { key: 1, next: Some(Box::new(Node { key: 2, next: None })) };
    row!("point", "Point {{x: {}, y: {}}}", point.x, point.y);
    row!("point.y", "{}", point.y);
    row!("pair", "Pair({}, {:?})", pair.0, pair.1);
    row!("some", "{:?}", some);
    row!("none", "{:?}", none);
    row!("some_ref", "Some({:p})", some_ref.unwrap());
    row!("no_ref", "{}", if no_ref.is_none() { "None" } else { "?" });
    row!("good", "{:?}", good);
    row!("bad", "{:?}", bad);
    row!("empty", "{:?}", empty);
    row!("circle", "{:?}", circle);
    if let Shape::Rect { width, height } = rect {
        row!("rect", "Rect {{width: {}, height: {}}}", width, height);
    }
    row!("named", "{:?}", named);
    row!("string", "{:?}", string);
    row!("numbers", "Vec of length {}, capacity {} = {:?}", numbers.len(), numbers.capacity(), numbers);
    row!("words", "Vec of length {}, capacity {} = {:?}", words.len(), words.capacity(), words);
    row!("points", "Vec of length {}, capacity {} = [Point {{x: {}, y: {}}}, Point {{x: 0, y: 1}}]",
         points.len(), points.capacity(), points[0].x, points[0].y);
    row!("nothing", "Vec of length {}, capacity {}", nothing.len(), nothing.capacity());
    row!("boxed", "Box({})", boxed);
    row!("shared", "Rc[strong {}, weak {}](Point {{x: {}, y: {}}})", Rc::strong_count(&shared),
         Rc::weak_count(&shared), shared.x, shared.y);
    row!("map", "HashMap with {} element = {{404: {:?}}}", map.len(), map[&404]);
    row!("queue", "VecDeque of length {}, capacity {} = {:?}", queue.len(), queue.capacity() + 1, queue);
    row!("cell", "Cell({})", cell.get());
    row!("ring", "Rc[strong {}, weak 0](Ring {{key: {}, next: RefCell(Some(Rc[strong {}, weak 0](\
         Ring <it is inside itself, and shown around this>)))}})", Rc::strong_count(&ring), ring.key, Rc::strong_count(&ring));
    row!("list", "Node {{key: {}, next: Some(Box(Node {{key: {}, next: None}}))}}", list.key,
         list.next.as_ref().unwrap().key);
    stop();
    numbers.len() + words.len() + points.len() + nothing.len() + *boxed as usize + Rc::strong_count(&other)
        + map.len() + queue.len() + (no_ref.is_none() as usize)
}

fn main() {
    let mut result = scalars(-100, 340282366920938463463374607431768211455, "Zeichen\n");
    result += aggregates() as i64;
    if (Color::Red as i32) < 0 {
        result = 0;
    }
    println!("done\t{}", result);
}
