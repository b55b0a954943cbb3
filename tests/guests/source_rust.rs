// SPDX-License-Identifier: GPL-3.0-or-later
// Values of Rust: what each function sees at stop() is what outpost must show. Each line of the
// table is an expression, a tab, and how it is written, made from the values themselves.
use std::any::{type_name, Any};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::{BinaryHeap, BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

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

trait Area {
    fn area(&self) -> f64;
}

struct Square {
    side: f64,
}

struct Disk(u32);
struct Nothing;

/// Wants to lie at an address that is a multiple of 32.
#[repr(align(32))]
struct Aligned(u8);

impl Area for Square {
    fn area(&self) -> f64 {
        self.side * self.side
    }
}

impl Area for Disk {
    fn area(&self) -> f64 {
        f64::from(self.0) * 3.0
    }
}

impl Area for Nothing {
    fn area(&self) -> f64 {
        0.0
    }
}

impl Area for Aligned {
    fn area(&self) -> f64 {
        f64::from(self.0) - 0.5
    }
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

// What the library calls a type, and how it lays one out, has changed: compilers from 1.63 to 1.96 know this file.

/// Without path and parameters: "NonZeroU16" was a type, and is "NonZero<u16>" now.
fn short_name<T>() -> &'static str {
    let path = type_name::<T>().split('<').next().unwrap();
    path.rsplit(':').next().unwrap()
}

/// A ring of elements always had one place more than its capacity.
fn spare_place() -> usize {
    usize::from(VecDeque::<u8>::with_capacity(8).capacity() == 15)
}

/// They have a type of their own now, which has room for the None of an Option.
fn nanoseconds(time: &Duration) -> String {
    let number = time.subsec_nanos();
    if std::mem::size_of::<Option<Duration>>() > std::mem::size_of::<Duration>() {
        format!("{number}")
    } else {
        format!("Nanoseconds({number})")
    }
}

#[inline(never)]
fn next(number: u8) -> u8 {
    number.wrapping_add(1)
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
    let call: fn(u8) -> u8 = next;
    row!("color", "source_rust::Color::{:?}", color);
    row!("call", "(fn(u8) -> u8) {:#x} <source_rust::next>", call as usize);
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
    row!("queue", "VecDeque of length {}, capacity {} = {:?}", queue.len(), queue.capacity() + spare_place(), queue);
    row!("cell", "Cell({})", cell.get());
    row!("ring", "Rc[strong {}, weak 0](Ring {{key: {}, next: RefCell(Some(Rc[strong {}, weak 0](\
         Ring <it is inside itself, and shown around this>)))}})", Rc::strong_count(&ring), ring.key, Rc::strong_count(&ring));
    row!("list", "Node {{key: {}, next: Some(Box(Node {{key: {}, next: None}}))}}", list.key,
         list.next.as_ref().unwrap().key);
    stop();
    numbers.len() + words.len() + points.len() + nothing.len() + *boxed as usize + Rc::strong_count(&other)
        + map.len() + queue.len() + (no_ref.is_none() as usize)
}

#[inline(never)]
fn trees() -> usize {
    // More than 11 + 12 * 11 elements: of three levels, whatever was removed.
    let mut tree = BTreeMap::new();
    for i in 0..400u32 {
        tree.insert(i * 7 % 400, u64::from(i) << 33);
    }
    for i in 100..350u32 {
        tree.remove(&i);
    }
    let tall: BTreeMap<u16, ()> = (0..3000).map(|i| (i, ())).collect();
    let low: BTreeMap<u8, &str> = IntoIterator::into_iter([(2, "two"), (1, "one")]).collect();
    let empty: BTreeMap<i64, String> = BTreeMap::new();
    let mut emptied = BTreeMap::new();
    emptied.insert('x', 1.5f32);
    emptied.remove(&'x');
    let names: BTreeSet<String> = "the quick brown fox jumps over the lazy dog".split(' ').map(String::from).collect();
    let no_names: BTreeSet<String> = BTreeSet::new();
    let mut pairs = BTreeMap::new();
    pairs.insert((1u8, -1i16), Some(Box::new(Point { x: 5, y: 6 })));
    pairs.insert((0u8, 1i16), None);
    let mut chain = LinkedList::new();
    chain.push_back(-5i16);
    chain.push_front(300);
    let no_chain: LinkedList<String> = LinkedList::new();
    let mut some_primes = HashSet::new();
    some_primes.insert(7919u16);
    row!("tree", "BTreeMap with {} elements = {:?}", tree.len(), tree);
    row!("tall", "BTreeMap with {} elements = {{{}...}}", tall.len(),
         tall.keys().take(200).map(|key| format!("{}: ()", key)).collect::<Vec<_>>().join(", "));
    row!("low", "BTreeMap with {} elements = {:?}", low.len(), low);
    row!("empty", "BTreeMap with {} elements", empty.len());
    row!("emptied", "BTreeMap with {} elements", emptied.len());
    row!("names", "BTreeSet with {} elements = [{}]", names.len(),
         names.iter().map(|name| format!("{:?}", name)).collect::<Vec<_>>().join(", "));
    row!("no_names", "BTreeSet with {} elements", no_names.len());
    row!("pairs", "BTreeMap with {} elements = {{(0, 1): None, (1, -1): Some(Box(Point {{x: 5, y: 6}}))}}", pairs.len());
    row!("chain", "LinkedList with {} elements = {:?}", chain.len(), chain);
    row!("no_chain", "LinkedList with {} elements", no_chain.len());
    row!("some_primes", "HashSet with 1 element = [7919]");
    stop();
    tree.len() + tall.len() + low.len() + empty.len() + emptied.len() + names.len() + no_names.len() + pairs.len()
        + chain.len() + no_chain.len() + some_primes.len()
}

#[inline(never)]
fn library() -> usize {
    let system = OsString::from("os");
    let path = PathBuf::from("/tmp/\u{e9}");
    let by_path: &Path = path.as_path();
    let for_c = CString::new("for C").unwrap();
    let by_c = for_c.as_c_str();
    let boxed_text: Box<str> = "boxed".into();
    let shared_text: Rc<str> = "shared".into();
    let sent_text: Arc<str> = "sent".into();
    let boxed_slice: Box<[u16]> = vec![1u16, 2].into();
    let shared_slice: Rc<[i64]> = vec![-1i64, 2].into();
    let borrowed: Cow<str> = Cow::Borrowed("borrowed");
    let owned: Cow<[u8]> = Cow::Owned(vec![1]);
    let not_zero = NonZeroU16::new(5);
    let zero = NonZeroU16::new(0);
    let order = Ordering::Greater;
    let time = Duration::from_millis(1250);
    let range = 1..5u8;
    let closed = 1..=5i64;
    let sent = Arc::new(Cell::new(3u8));
    let shared = Rc::new(4u32);
    let weak = Rc::downgrade(&shared);
    let dead = Rc::downgrade(&Rc::new(5u8));
    let nowhere: Weak<String> = Weak::new();
    let cell = RefCell::new(6i8);
    let lent = cell.borrow();
    let atomic = AtomicU32::new(8);
    row!("system", "{:?}", system);
    row!("path", "{:?}", path);
    row!("by_path", "{:?}", by_path);
    row!("for_c", "{:?}", for_c);
    row!("by_c", "{:?}", by_c);
    row!("boxed_text", "{:?}", boxed_text);
    row!("shared_text", "Rc[strong {}, weak 0]({:?})", Rc::strong_count(&shared_text), shared_text);
    row!("sent_text", "Arc[strong {}, weak 0]({:?})", Arc::strong_count(&sent_text), sent_text);
    row!("boxed_slice", "slice of length {} = {:?}", boxed_slice.len(), boxed_slice);
    row!("shared_slice", "Rc[strong {}, weak 0]({:?})", Rc::strong_count(&shared_slice), shared_slice);
    row!("borrowed", "Borrowed({:?})", borrowed);
    row!("owned", "Owned(Vec of length {}, capacity 1 = {:?})", owned.len(), owned);
    row!("not_zero", "Some({}({}))", short_name::<NonZeroU16>(), not_zero.unwrap());
    row!("zero", "{:?}", zero);
    row!("order", "core::cmp::Ordering::{:?}", order);
    row!("time", "Duration {{secs: {}, nanos: {}}}", time.as_secs(), nanoseconds(&time));
    row!("range", "Range {{start: {}, end: {}}}", range.start, range.end);
    row!("closed", "RangeInclusive {{start: {}, end: {}, exhausted: false}}", closed.start(), closed.end());
    row!("sent", "Arc[strong {}, weak {}](Cell({}))", Arc::strong_count(&sent), Arc::weak_count(&sent), sent.get());
    row!("shared", "Rc[strong {}, weak {}]({})", Rc::strong_count(&shared), Rc::weak_count(&shared), shared);
    row!("weak", "Weak[strong {}, weak {}]({})", weak.strong_count(), weak.weak_count(), weak.upgrade().unwrap());
    row!("dead", "Weak[strong {}, weak 1]", dead.strong_count());
    row!("nowhere", "Weak of {}", if nowhere.upgrade().is_none() { "nothing" } else { "?" });
    row!("cell", "RefCell({})", lent);
    row!("lent", "Ref({})", lent);
    row!("atomic", "{}({})", short_name::<AtomicU32>(), atomic.load(std::sync::atomic::Ordering::Relaxed));
    stop();
    system.len() + by_path.as_os_str().len() + by_c.to_bytes().len() + boxed_text.len() + shared_text.len() + sent_text.len()
        + boxed_slice.len() + shared_slice.len() + borrowed.len() + owned.len() + order as usize + range.len()
        + dead.strong_count() + time.as_secs() as usize + zero.map_or(0, |_| 1)
}

#[inline(never)]
fn locks() -> usize {
    let mutex = Mutex::new(Point { x: 1, y: 2 });
    let lock = RwLock::new(5u16);
    let kept = Arc::new(Mutex::new(vec![7i8, 8]));
    let to_read = RwLock::new(Point { x: 3, y: 4 });
    let to_write = RwLock::new(-9i64);
    let heap = BinaryHeap::from(vec![3u8, 9, 5]);
    let no_heap: BinaryHeap<String> = BinaryHeap::new();
    let point = mutex.lock().unwrap().clone();
    row!("mutex", "Mutex(Point {{x: {}, y: {}}})", point.x, point.y);
    row!("lock", "RwLock({})", lock.read().unwrap());
    row!("kept", "Arc[strong {}, weak 0](Mutex(Vec of length 2, capacity 2 = {:?}))", Arc::strong_count(&kept), kept.lock().unwrap());
    row!("heap", "BinaryHeap(Vec of length {}, capacity 3 = {:?})", heap.len(), heap.iter().collect::<Vec<_>>());
    row!("no_heap", "BinaryHeap(Vec of length {}, capacity 0)", no_heap.len());
    let holder = kept.lock().unwrap();
    let reader = to_read.read().unwrap();
    let writer = to_write.write().unwrap();
    row!("holder", "MutexGuard(Vec of length {}, capacity 2 = {:?})", holder.len(), holder);
    row!("reader", "RwLockReadGuard(Point {{x: {}, y: {}}})", reader.x, reader.y);
    row!("writer", "RwLockWriteGuard({})", writer);
    stop();
    heap.len() + no_heap.len() + holder.len() + reader.x as usize + *writer as usize
}

fn made(number: u32) -> Box<dyn Area> {
    match number {
        0 => Box::new(Square { side: 1.5 }),
        1 => Box::new(Disk(7)),
        2 => Box::new(Aligned(9)),
        _ => Box::new(Nothing),
    }
}

// In a function of its own: the frame of one that has such a value is aligned as well.
#[inline(never)]
fn made_aligned(number: u8) -> Rc<dyn Area> {
    Rc::new(Aligned(number))
}

#[inline(never)]
fn traits() -> f64 {
    let square = made(0);
    let disk = made(1);
    let aligned = made(2);
    let nothing = made(3);
    let mut own = Disk(11);
    let by_reference: &dyn Area = &*square;
    let area = own.area();
    let exclusive: &mut dyn Area = &mut own;
    let shared: Rc<dyn Area> = Rc::new(Square { side: 2.5 });
    let shared_aligned = made_aligned(3);
    let weak = Rc::downgrade(&shared);
    let sent: Arc<dyn Area + Send + Sync> = Arc::new(Disk(4));
    let inside: Rc<RefCell<dyn Area>> = Rc::new(RefCell::new(Disk(5)));
    let all = vec![made(1), made(0)];
    let any: Box<dyn Any> = Box::new(-5i16);
    let error: Box<dyn std::error::Error> = Box::new(std::fmt::Error);
    let maybe: Option<Box<dyn Area>> = Some(made(1));
    let never: Option<&dyn Area> = None;
    let numbers = [1u8, 2, 3];
    let by_array = &numbers;
    row!("square", "Box<source_rust::Square as source_rust::Area>(Square {{side: {}}})", square.area().sqrt());
    row!("disk", "Box<source_rust::Disk as source_rust::Area>(Disk({}))", disk.area() / 3.0);
    row!("aligned", "Box<source_rust::Aligned as source_rust::Area>(Aligned({}))", aligned.area() + 0.5);
    row!("nothing", "Box<source_rust::Nothing as source_rust::Area>(Nothing)");
    row!("by_reference", "&<source_rust::Square as source_rust::Area>(Square {{side: {}}})", by_reference.area().sqrt());
    row!("exclusive", "&mut <source_rust::Disk as source_rust::Area>(Disk({}))", exclusive.area() / 3.0);
    row!("shared", "Rc<source_rust::Square as source_rust::Area>[strong {}, weak {}](Square {{side: {}}})",
         Rc::strong_count(&shared), Rc::weak_count(&shared), shared.area().sqrt());
    row!("shared_aligned", "Rc<source_rust::Aligned as source_rust::Area>[strong {}, weak 0](Aligned({}))",
         Rc::strong_count(&shared_aligned), shared_aligned.area() + 0.5);
    row!("weak", "Weak<source_rust::Square as source_rust::Area>[strong {}, weak {}](Square {{side: 2.5}})",
         weak.strong_count(), weak.weak_count());
    row!("sent", "Arc<source_rust::Disk as source_rust::Area>[strong {}, weak 0](Disk({}))", Arc::strong_count(&sent),
         sent.area() / 3.0);
    row!("inside", "Rc<source_rust::Disk as source_rust::Area>[strong {}, weak 0](RefCell(Disk({})))", Rc::strong_count(&inside),
         inside.borrow().area() / 3.0);
    row!("all", "Vec of length {}, capacity {} = [Box<source_rust::Disk as source_rust::Area>(Disk(7)), \
         Box<source_rust::Square as source_rust::Area>(Square {{side: 1.5}})]", all.len(), all.capacity());
    row!("any", "Box<i16 as core::any::Any>({})", any.downcast_ref::<i16>().unwrap());
    row!("error", "Box<core::fmt::{:?} as {}>({:?})", error, type_name::<dyn std::error::Error>().trim_start_matches("dyn "), error);
    row!("maybe", "Some(Box<source_rust::Disk as source_rust::Area>(Disk({})))", maybe.as_ref().unwrap().area() / 3.0);
    row!("never", "{}", if never.is_none() { "None" } else { "?" });
    row!("by_array", "(&[u8; 3]) {:p}", by_array);
    stop();
    area + nothing.area() + all[1].area() + by_array.len() as f64
}

fn main() {
    let mut result = scalars(-100, 340282366920938463463374607431768211455, "Zeichen\n");
    result += aggregates() as i64;
    result += trees() as i64 + library() as i64 + locks() as i64 + traits() as i64;
    if (Color::Red as i32) < 0 {
        result = 0;
    }
    println!("done\t{}", result);
}
