// SPDX-License-Identifier: GPL-3.0-or-later
// The guest of fuzz_session_rust's core file: values of every kind of Rust and of its library that outpost shows.
#![no_main]
#![allow(dead_code)]
use std::alloc::{GlobalAlloc, Layout};
use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CStr, CString, OsString};
use std::hash::{BuildHasherDefault, Hasher};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Weak as SentWeak};

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn fd_read(file: i32, vectors: *const Buffer, count: usize, done: *mut usize) -> i32;
}

#[repr(C)]
struct Buffer {
    data: *mut u8,
    size: usize,
}

/// All memory that is taken, in a page that holds nothing else: where the harness edits words. It finds it by its first bytes.
#[repr(C, align(4096))]
struct Heap {
    mark: [u8; 28],
    used: usize,
    bytes: [u8; 4064],
}

static mut HEAP: Heap = Heap { mark: [0; 28], used: 0, bytes: [0; 4064] };

struct Allocator;

unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = (HEAP.used + layout.align() - 1) & !(layout.align() - 1);
        HEAP.used = start + layout.size();
        HEAP.bytes[start..HEAP.used].as_mut_ptr()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// The same order each time.
#[derive(Default)]
struct Sum(u64);

impl Hasher for Sum {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 * 31 + u64::from(*byte);
        }
    }
}

type Build = BuildHasherDefault<Sum>;

#[derive(Clone, Copy)]
enum Color {
    Red,
    Green = 5,
    Blue = -3,
}

enum Shape {
    Empty,
    Circle(f64),
    Rect { width: u32, height: u32 },
    Named(String, u8),
}

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
    fn area(&self) -> u32;
}

struct Square {
    side: u32,
}

#[repr(align(16))]
struct Aligned(u8);

impl Area for Square {
    fn area(&self) -> u32 {
        self.side * self.side
    }
}

impl Area for Aligned {
    fn area(&self) -> u32 {
        self.0.into()
    }
}

union Either {
    bits: u32,
    real: f32,
}

struct Scalars {
    tiny: i8,
    small: u16,
    huge: u128,
    negative: i128,
    yes: bool,
    letter: char,
    single: f32,
    double: f64,
    unit: (),
    empty: Unit,
    tuple: (u8, &'static str, f64),
    pair: Pair,
    array: [[i16; 2]; 3],
    zeros: [u8; 64],
    colors: [Color; 3],
    either: Either,
    run: fn(u32) -> u32,
    raw: *const Point,
}

struct Choices {
    some: Option<u32>,
    none: Option<u32>,
    no_ref: Option<&'static Point>,
    good: Result<i32, String>,
    bad: Result<i32, String>,
    shapes: [Shape; 4],
    order: Ordering,
    not_zero: Option<NonZeroU16>,
    letter: Option<char>,
    nested: Option<Option<bool>>,
    borrowed: Cow<'static, str>,
    owned: Cow<'static, [u8]>,
}

struct Texts {
    text: &'static str,
    string: String,
    system: OsString,
    path: PathBuf,
    by_path: &'static Path,
    for_c: CString,
    by_c: &'static CStr,
    boxed: Box<str>,
    shared: Rc<str>,
    sent: Arc<str>,
    words: Vec<String>,
    slice: &'static [u16],
    boxed_slice: Box<[u16]>,
    shared_slice: Rc<[i64]>,
}

struct Containers {
    numbers: Vec<i64>,
    points: Vec<Point>,
    units: Vec<()>,
    queue: VecDeque<u8>,
    map: HashMap<u32, &'static str, Build>,
    set: HashSet<u16, Build>,
    maps: Vec<HashMap<u32, &'static str, Build>>,
    tree: BTreeMap<u16, u32>,
    names: BTreeSet<u8>,
    chain: LinkedList<i16>,
    list: Node,
}

struct Pointers {
    boxed: Box<u16>,
    shared: Rc<Cell<i8>>,
    weak: Weak<Cell<i8>>,
    dead: Weak<Cell<i8>>,
    nowhere: Weak<Cell<i8>>,
    sent: Arc<AtomicU32>,
    sent_weak: SentWeak<AtomicU32>,
    ring: Rc<Ring>,
    cell: &'static RefCell<i8>,
    lent: Ref<'static, i8>,
}

struct Objects {
    square: Box<dyn Area>,
    by_reference: &'static dyn Area,
    exclusive: &'static mut dyn Area,
    shared: Rc<dyn Area>,
    shared_aligned: Rc<dyn Area>,
    weak: Weak<dyn Area>,
    sent: Arc<dyn Area>,
    inside: Rc<RefCell<dyn Area>>,
    all: Vec<Box<dyn Area>>,
    any: Box<dyn Any>,
    maybe: Option<Box<dyn Area>>,
    never: Option<&'static dyn Area>,
}

pub struct All {
    scalars: Scalars,
    choices: Choices,
    texts: Texts,
    containers: Containers,
    pointers: Pointers,
    objects: Objects,
}

#[no_mangle]
pub static mut ALL: *const All = std::ptr::null();
static TABLE: [u16; 3] = [100, 200, 300];
static WORDS: Pair = Pair(7, "seven");
static ORIGIN: Point = Point { x: 0, y: 0 };

fn kept<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

fn twice(n: u32) -> u32 {
    n * 2
}

fn scalars() -> Scalars {
    Scalars {
        tiny: -100,
        small: 65535,
        huge: u128::MAX - 9,
        negative: i128::MIN + 1,
        yes: true,
        letter: '\u{df}',
        single: 0.1,
        double: -2.25,
        unit: (),
        empty: Unit,
        tuple: (1, "two", 3.5),
        pair: Pair(-7, "a \"text\"\n\u{1b}"),
        array: [[1, 2], [3, 4], [5, 6]],
        zeros: [0; 64],
        colors: [Color::Red, Color::Green, Color::Blue],
        either: Either { real: 1.5 },
        run: twice,
        raw: &ORIGIN,
    }
}

fn choices() -> Choices {
    Choices {
        some: Some(42),
        none: None,
        no_ref: None,
        good: Ok(5),
        bad: Err("broken".into()),
        shapes: [Shape::Empty, Shape::Circle(1.5), Shape::Rect { width: 2, height: 3 }, Shape::Named("box".into(), 9)],
        order: Ordering::Greater,
        not_zero: NonZeroU16::new(5),
        letter: Some('x'),
        nested: Some(None),
        borrowed: Cow::Borrowed("borrowed"),
        owned: Cow::Owned(vec![1]),
    }
}

fn texts() -> Texts {
    Texts {
        text: "a text",
        string: "gr\u{fc}\u{df}e \"you\"".into(),
        system: "os".into(),
        path: "/tmp/\u{e9}".into(),
        by_path: Path::new("/dev"),
        for_c: unsafe { CString::from_vec_unchecked(b"for C".to_vec()) },
        by_c: unsafe { CStr::from_bytes_with_nul_unchecked(b"by C\0") },
        boxed: "boxed".into(),
        shared: "shared".into(),
        sent: "sent".into(),
        words: vec!["one".into(), "two".into()],
        slice: &TABLE[1..],
        boxed_slice: vec![1, 2].into(),
        shared_slice: vec![-1, 2].into(),
    }
}

fn containers() -> Containers {
    let mut queue = VecDeque::with_capacity(4);
    for i in 0..5 {
        queue.push_back(i);
        if i > 1 {
            queue.pop_front();
        }
    }
    let mut map = HashMap::default();
    let mut other = HashMap::default();
    map.insert(404, "not found");
    map.insert(200, "found");
    other.insert(500, "error");
    let mut set = HashSet::default();
    set.insert(7919);
    // More than 11 + 12 * 11 elements: of three levels.
    let mut tree = BTreeMap::new();
    for i in 0..160 {
        tree.insert(i, u32::from(i) << 12);
    }
    let mut names = BTreeSet::new();
    names.insert(b'b');
    names.insert(b'a');
    let mut chain = LinkedList::new();
    chain.push_back(-5);
    chain.push_back(300);
    Containers {
        numbers: vec![1, -2, 3],
        points: vec![Point { x: 3, y: -4 }],
        units: vec![(), ()],
        queue,
        map,
        set,
        maps: vec![other],
        tree,
        names,
        chain,
        list: Node { key: 1, next: Some(Box::new(Node { key: 2, next: None })) },
    }
}

fn pointers() -> Pointers {
    let shared = Rc::new(Cell::new(-1));
    let sent = Arc::new(AtomicU32::new(8));
    let ring = Rc::new(Ring { key: 7, next: RefCell::new(None) });
    *ring.next.borrow_mut() = Some(ring.clone());
    let cell: &RefCell<i8> = kept(RefCell::new(6));
    Pointers {
        boxed: Box::new(8),
        weak: Rc::downgrade(&shared),
        dead: Rc::downgrade(&Rc::new(Cell::new(5))),
        nowhere: Weak::new(),
        shared,
        sent_weak: Arc::downgrade(&sent),
        sent,
        ring,
        cell,
        lent: cell.borrow(),
    }
}

fn objects() -> Objects {
    let shared: Rc<dyn Area> = Rc::new(Square { side: 3 });
    Objects {
        square: Box::new(Square { side: 1 }),
        by_reference: kept(Square { side: 2 }),
        exclusive: kept(Aligned(4)),
        weak: Rc::downgrade(&shared),
        shared,
        shared_aligned: Rc::new(Aligned(5)),
        sent: Arc::new(Square { side: 6 }),
        inside: Rc::new(RefCell::new(Square { side: 7 })),
        all: vec![Box::new(Square { side: 8 }), Box::new(Aligned(9))],
        any: Box::new(-5i16),
        maybe: Some(Box::new(Square { side: 10 })),
        never: None,
    }
}

#[inline(never)]
fn wait_here(all: &mut All, depth: u64) -> u32 {
    let shared = all.objects.shared.clone();
    let name = all.texts.string.len();
    let pair = (depth as u8, 'x');
    let mut byte = 0u8;
    let buffer = Buffer { data: &mut byte, size: 1 };
    let mut done = 0;
    unsafe { fd_read(0, &buffer, 1, &mut done) };
    all.scalars.small = 1;
    shared.area() + name as u32 + u32::from(pair.0) + done as u32 + WORDS.0 as u32
}

#[inline(never)]
fn walk(all: &mut All, depth: u64) -> u32 {
    if depth < 2 {
        return walk(all, depth + 1) + 1;
    }
    wait_here(all, depth)
}

#[no_mangle]
pub extern "C" fn _start() {
    let all = kept(All {
        scalars: scalars(),
        choices: choices(),
        texts: texts(),
        containers: containers(),
        pointers: pointers(),
        objects: objects(),
    });
    unsafe {
        ALL = all;
        // Only here: pages of the module's own bytes are in the core file as well.
        HEAP.mark = *b"the page that values lie in\0";
    }
    walk(all, 0);
}
