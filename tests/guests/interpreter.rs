// SPDX-License-Identifier: GPL-3.0-or-later
// The guest of the source-level tests in Rust: a small language with a scanner, a tree of enums, an interpreter and a report. At its
// checkpoints it prints what a debugger shall show there, one line for each expression, "EXPRESSION = VALUE", between "at NAME" and
// "end NAME"; then it calls checkpoint(). The expressions are to be evaluated in the frame that called checkpoint().
//
// "// @NAME" at the end of a line names the line for the tests. Knows nothing of outpost. For rustc 1.63 and later.
#![allow(unknown_lints)]
#![allow(dead_code, unused_variables, static_mut_refs)]

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::rc::Rc;

// The table ------------------------------------------------------------------------------------------------------

static mut CHECKPOINTS: u32 = 0;

/// A debugger stops here; the whole table has been written before.
#[inline(never)]
#[no_mangle]
#[allow(improper_ctypes_definitions)]
pub extern "C" fn checkpoint(name: &'static str) {
    unsafe { CHECKPOINTS += !name.is_empty() as u32 }; // @checkpoint
}

macro_rules! checkpoint {
    ($name:literal) => {
        end($name);
        checkpoint($name)
    };
}

fn end(name: &str) {
    println!("end {}", name);
    std::io::stdout().flush().unwrap();
}

fn at(name: &str) {
    println!("at {}", name);
}

fn row(expression: &str, value: String) {
    println!("{} = {}", expression, value);
}

/// What a debugger shows of a value.
trait Show {
    fn show(&self) -> String;
}

macro_rules! row {
    ($expression:expr) => {
        row(stringify!($expression), Show::show(&$expression))
    };
    ($text:literal, $value:expr) => {
        row($text, $value)
    };
}

macro_rules! show_as_displayed {
    ($($type:ty),*) => { $(impl Show for $type {
        fn show(&self) -> String {
            self.to_string()
        }
    })* };
}
show_as_displayed!(i8, u8, i16, u16, i32, u32, i64, u64, i128, u128, isize, usize, bool, f32, f64);

impl Show for char {
    fn show(&self) -> String {
        format!("{} '{}'", *self as u32, self)
    }
}

impl Show for &str {
    fn show(&self) -> String {
        format!("\"{}\"", self)
    }
}

impl Show for String {
    fn show(&self) -> String {
        self.as_str().show()
    }
}

fn joined<'a, T: Show + 'a>(elements: impl Iterator<Item = &'a T>) -> String {
    elements.map(|element| element.show()).collect::<Vec<_>>().join(", ")
}

impl<T: Show, const N: usize> Show for [T; N] {
    fn show(&self) -> String {
        format!("[{}]", joined(self.iter()))
    }
}

impl<T: Show> Show for &[T] {
    fn show(&self) -> String {
        format!("slice of length {} = [{}]", self.len(), joined(self.iter()))
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> String {
        let text = format!("Vec of length {}, capacity {}", self.len(), self.capacity());
        if self.is_empty() { text } else { format!("{} = [{}]", text, joined(self.iter())) }
    }
}

fn with_count(name: &str, count: usize) -> String {
    format!("{} with {} element{}", name, count, if count == 1 { "" } else { "s" })
}

impl<K: Show, V: Show> Show for HashMap<K, V> {
    fn show(&self) -> String {
        let pairs: Vec<_> = self.iter().map(|(key, value)| format!("{}: {}", key.show(), value.show())).collect();
        format!("{} = {{{}}}", with_count("HashMap", self.len()), pairs.join(", "))
    }
}

impl<T: Show> Show for HashSet<T> {
    fn show(&self) -> String {
        format!("{} = [{}]", with_count("HashSet", self.len()), joined(self.iter()))
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or("None".to_string(), |value| format!("Some({})", value.show()))
    }
}

impl<T: Show, E: Show> Show for Result<T, E> {
    fn show(&self) -> String {
        match self {
            Ok(value) => format!("Ok({})", value.show()),
            Err(error) => format!("Err({})", error.show()),
        }
    }
}

impl<T: Show> Show for Box<T> {
    fn show(&self) -> String {
        format!("Box({})", (**self).show())
    }
}

impl<T: Show> Show for Rc<T> {
    fn show(&self) -> String {
        format!("Rc[strong {}, weak {}]({})", Rc::strong_count(self), Rc::weak_count(self), (**self).show())
    }
}

impl<A: Show, B: Show> Show for (A, B) {
    fn show(&self) -> String {
        format!("({}, {})", self.0.show(), self.1.show())
    }
}

impl<A: Show, B: Show, C: Show> Show for (A, B, C) {
    fn show(&self) -> String {
        format!("({}, {}, {})", self.0.show(), self.1.show(), self.2.show())
    }
}

fn pointer<T: ?Sized>(name: &str, place: &T) -> String {
    format!("({}) {:#x}", name, place as *const T as *const u8 as usize)
}

// The language ---------------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operator {
    Add,
    Sub,
    Mul,
    Less,
}

impl Show for Operator {
    fn show(&self) -> String {
        format!("interpreter::Operator::{:?}", self)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(i64),
    Word(String),
    Sign { sign: char, column: u16 },
    End,
}

impl Show for Token {
    fn show(&self) -> String {
        match self {
            Token::Number(number) => format!("Number({})", number.show()),
            Token::Word(word) => format!("Word({})", word.show()),
            Token::Sign { sign, column } => format!("Sign {{sign: {}, column: {}}}", sign.show(), column),
            Token::End => "End".to_string(),
        }
    }
}

#[derive(Debug)]
enum Tree {
    Number(i64),
    Name(String),
    Pair { operator: Operator, left: Box<Tree>, right: Box<Tree> },
    Call(String, Vec<Tree>),
    If(Box<(Tree, Tree, Tree)>),
}

impl Show for Tree {
    fn show(&self) -> String {
        match self {
            Tree::Number(number) => format!("Number({})", number),
            Tree::Name(name) => format!("Name({})", name.show()),
            Tree::Pair { operator, left, right } => {
                format!("Pair {{operator: {}, left: {}, right: {}}}", operator.show(), left.show(), right.show())
            }
            Tree::Call(name, arguments) => format!("Call({}, {})", name.show(), arguments.show()),
            Tree::If(parts) => format!("If({})", parts.show()),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Problem {
    Unknown(String),
    TooDeep { depth: u32 },
    Unfinished,
}

impl Show for Problem {
    fn show(&self) -> String {
        match self {
            Problem::Unknown(name) => format!("Unknown({})", name.show()),
            Problem::TooDeep { depth } => format!("TooDeep {{depth: {}}}", depth),
            Problem::Unfinished => "Unfinished".to_string(),
        }
    }
}

// The scanner ----------------------------------------------------------------------------------------------------

struct Scanner<'a> {
    text: &'a str,
    position: usize,
    tokens: Vec<Token>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Scanner { text, position: 0, tokens: Vec::new() }
    }

    fn word(&mut self, fits: fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.position..];
        let length = rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
        self.position += length; // @scanner-word
        &rest[..length]
    }

    fn scan(mut self) -> Vec<Token> {
        while let Some(letter) = self.text[self.position..].chars().next() {
            if letter == ' ' {
                self.position += 1;
            } else if letter.is_ascii_digit() {
                let number = self.word(|letter| letter.is_ascii_digit());
                self.tokens.push(Token::Number(number.parse().unwrap())); // @scan-number
            } else if letter.is_alphabetic() {
                let word = self.word(char::is_alphanumeric).to_string();
                self.tokens.push(Token::Word(word));
            } else {
                self.tokens.push(Token::Sign { sign: letter, column: self.position as u16 });
                self.position += letter.len_utf8();
            }
        }
        self.tokens.push(Token::End);
        self.show_tokens();
        self.tokens
    }

    fn show_tokens(&self) {
        let first = &self.tokens[0];
        let slice = &self.tokens[1..3];
        at("tokens");
        row!("self", pointer("&interpreter::Scanner", self));
        row!(self.text);
        row!(self.position);
        row!(self.tokens);
        row!("self.position + 1", (self.position + 1).show());
        row!("self.position > 3", (self.position > 3).show());
        row!("first", pointer("&interpreter::Token", first));
        row!("*first", first.show());
        row!(slice);
        checkpoint!("tokens");
    }
}

// The parser -----------------------------------------------------------------------------------------------------

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn take(&mut self, wanted: char) -> bool {
        match self.tokens[self.next] {
            Token::Sign { sign, .. } if sign == wanted => {
                self.next += 1;
                true
            }
            _ => false,
        }
    }

    fn arguments(&mut self) -> Result<Vec<Tree>, Problem> {
        let mut arguments = Vec::with_capacity(4);
        while !self.take(')') {
            arguments.push(self.comparison()?);
            self.take(',');
        }
        Ok(arguments)
    }

    fn primary(&mut self) -> Result<Tree, Problem> {
        if self.take('(') {
            let inside = self.comparison()?;
            return if self.take(')') { Ok(inside) } else { Err(Problem::Unfinished) };
        }
        let token = self.tokens[self.next].clone();
        self.next += 1;
        match token {
            Token::Number(number) => Ok(Tree::Number(number)),
            Token::Word(word) if self.take('(') => {
                let mut arguments = self.arguments()?;
                if word != "if" {
                    return Ok(Tree::Call(word, arguments));
                }
                let (last, middle) = (arguments.pop(), arguments.pop());
                match (arguments.pop(), middle, last) {
                    (Some(a), Some(b), Some(c)) => Ok(Tree::If(Box::new((a, b, c)))),
                    _ => Err(Problem::Unfinished),
                }
            }
            Token::Word(word) => Ok(Tree::Name(word)),
            _ => Err(Problem::Unfinished),
        }
    }

    fn pair(operator: Operator, left: Tree, right: Tree) -> Tree {
        Tree::Pair { operator, left: Box::new(left), right: Box::new(right) }
    }

    fn product(&mut self) -> Result<Tree, Problem> {
        let mut left = self.primary()?;
        while self.take('*') {
            left = Self::pair(Operator::Mul, left, self.primary()?);
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Tree, Problem> {
        let mut left = self.product()?;
        loop {
            if self.take('+') {
                left = Self::pair(Operator::Add, left, self.product()?);
            } else if self.take('-') {
                left = Self::pair(Operator::Sub, left, self.product()?);
            } else {
                return Ok(left);
            }
        }
    }

    fn comparison(&mut self) -> Result<Tree, Problem> {
        let left = self.sum()?;
        if self.take('<') {
            return Ok(Self::pair(Operator::Less, left, self.sum()?));
        }
        Ok(left)
    }
}

fn parse(text: &str) -> Result<Tree, Problem> {
    let tokens = Scanner::new(text).scan();
    Parser { tokens, next: 0 }.comparison()
}

fn show_tree(tree: &Tree, failed: &Result<Tree, Problem>) {
    let nothing: Result<i32, Problem> = Ok(-5);
    let deep: Result<i32, Problem> = Err(Problem::TooDeep { depth: 9 });
    at("tree");
    row!("tree", pointer("&interpreter::Tree", tree));
    row!("*tree", tree.show());
    row!("*failed", failed.show());
    row!(nothing);
    row!(deep);
    checkpoint!("tree");
}

// The interpreter ------------------------------------------------------------------------------------------------

struct Scope<'a> {
    outer: Option<&'a Scope<'a>>,
    names: HashMap<String, i64>,
    level: u8,
}

struct Interpreter {
    functions: HashMap<String, (Vec<String>, Rc<Tree>)>,
    depth: u32,
    deepest: Cell<u32>,
    log: RefCell<Vec<String>>,
}

#[inline(always)]
fn limited(value: i64, limit: i64) -> i64 {
    let result = if value > limit { limit } else { value }; // @limited-first
    result // @limited-last
}

impl Interpreter {
    fn find(&self, name: &str, scope: &Scope) -> Result<i64, Problem> {
        let mut at = Some(scope);
        while let Some(scope) = at {
            if let Some(value) = scope.names.get(name) {
                return Ok(*value);
            }
            at = scope.outer;
        }
        Err(Problem::Unknown(name.to_string()))
    }

    fn call(&mut self, name: &str, arguments: &[Tree], scope: &Scope) -> Result<i64, Problem> {
        let (parameters, body) = match self.functions.get(name) {
            Some((parameters, body)) => (parameters.clone(), Rc::clone(body)),
            None => return Err(Problem::Unknown(name.to_string())),
        };
        let mut names = HashMap::new();
        for (parameter, argument) in parameters.iter().zip(arguments) {
            names.insert(parameter.clone(), self.run(argument, scope)?); // @call-argument
        }
        let inner = Scope { outer: Some(scope), names, level: scope.level + 1 };
        self.depth += 1;
        let value = self.run(&body, &inner); // @call-run
        self.depth -= 1;
        value // @call-return
    }

    fn run(&mut self, tree: &Tree, scope: &Scope) -> Result<i64, Problem> {
        if self.depth > self.deepest.get() {
            self.deepest.set(self.depth);
            if self.depth == 5 {
                self.show_deepest(scope);
            }
        }
        match tree {
            Tree::Number(number) => Ok(*number),
            Tree::Name(name) => self.find(name, scope),
            Tree::Pair { operator, left, right } => {
                let left = self.run(left, scope)?; // @run-left
                let right = self.run(right, scope)?; // @run-right
                Ok(match operator {
                    Operator::Add => left + right, // @run-add
                    Operator::Sub => left - right,
                    Operator::Mul => left * right,
                    Operator::Less => (left < right) as i64,
                })
            }
            Tree::Call(name, arguments) => self.call(name, arguments, scope),
            Tree::If(parts) => {
                if self.run(&parts.0, scope)? != 0 {
                    self.run(&parts.1, scope)
                } else {
                    self.run(&parts.2, scope)
                }
            }
        }
    }

    fn show_deepest(&self, scope: &Scope) {
        at("deepest");
        row!(self.depth);
        row!(scope.level);
        row!(scope.names);
        row!("scope.outer", format!("Some({:#x})", scope.outer.unwrap() as *const Scope as usize));
        checkpoint!("deepest");
    }
}

// Values of all kinds --------------------------------------------------------------------------------------------

#[derive(Clone, Copy)]
struct Point<T> {
    x: T,
    y: T,
}

impl<T: Show> Show for Point<T> {
    fn show(&self) -> String {
        format!("Point {{x: {}, y: {}}}", self.x.show(), self.y.show())
    }
}

struct Metres(f64);
struct Unit;

impl Show for Metres {
    fn show(&self) -> String {
        format!("Metres({})", self.0.show())
    }
}

static mut COUNTER: u64 = 3;
static WORDS: [&str; 2] = ["static", "words"];

fn show_scalars(tiny: i8, byte: u8, small: i16, word: u16, usual: i32, count: u32, large: i64, huge: u64) {
    let enormous: u128 = 1 << 100;
    let negative: i128 = -(1 << 90);
    let size: usize = 4_000_000_000;
    let distance: isize = -2;
    let (single, real): (f32, f64) = (0.1, -2.75);
    let (yes, no) = (true, false);
    let (letter, accent) = ('r', 'é');
    let nothing = ();
    at("scalars");
    row!(tiny);
    row!(byte);
    row!(small);
    row!(word);
    row!(usual);
    row!(count);
    row!(large);
    row!(huge);
    row!(enormous);
    row!(negative);
    row!(size);
    row!(distance);
    row!(single);
    row!(real);
    row!("nothing", "()".to_string());
    row!(yes);
    row!(no);
    row!(letter);
    row!(accent);
    row!(usual + 1);
    row!(large - 7);
    row!(real * 2.0);
    row!("usual as i64 * large", (usual as i64 * large).show());
    row!(usual < 0);
    row!(usual == -70000);
    row!(yes && !no);
    row!("/x count", format!("{:#x}", count));
    row!("/x usual", format!("{:#x}", usual));
    row!("/t byte", format!("{:b}", byte));
    row!("COUNTER", unsafe { COUNTER }.show());
    row!("interpreter::COUNTER", unsafe { COUNTER }.show());
    row!(WORDS);
    checkpoint!("scalars");
}

fn show_compounds(by_reference: &Point<i32>, by_pointer: *const Point<i32>, slice: &[u16]) {
    let point = Point { x: 0.5, y: -1.5 };
    let nested = Point { x: Point { x: 1u8, y: 2 }, y: Point { x: 3, y: 4 } };
    let metres = Metres(12.5);
    let unit = Unit;
    let pair = (7, "seven");
    let triple = (1u8, 'c', (2.5, false));
    let array = [10, 20, 30];
    let grid = [[1i8, 2], [3, 4], [5, 6]];
    let zeros = [0u32; 20];
    let operators = [Operator::Add, Operator::Less];
    let mut changed = 5;
    let exclusive = &mut changed;
    let numbers = vec![1, 2, 3];
    let empty: Vec<u64> = Vec::new();
    let mut roomy = Vec::with_capacity(10);
    roomy.push(Point { x: 1, y: 2 });
    let text = String::from("a \"string\"\twith marks and caf\u{e9}");
    let words = vec!["one".to_string(), "two".to_string()];
    let part = &text[2..6];
    at("compounds");
    row!("by_reference", pointer("&interpreter::Point<i32>", by_reference));
    row!("*by_reference", by_reference.show());
    row!(by_reference.x);
    row!("by_pointer", pointer("*const interpreter::Point<i32>", by_reference));
    row!("(*by_pointer).y", by_reference.y.show());
    row!(slice);
    row!("slice[1]", slice[1].show());
    row!(point);
    row!(point.y);
    row!(nested);
    row!(nested.y.x);
    row!(metres);
    row!("unit", "Unit".to_string());
    row!(pair);
    row!(pair.0);
    row!(pair.1);
    row!(triple);
    row!("triple.2.0", "2.5".to_string());
    row!(array);
    row!(array[2]);
    row!("array[0] + array[1]", "30".to_string());
    row!(grid);
    row!(grid[2][1]);
    row!("zeros", "[0 <repeats 20 times>]".to_string());
    row!(operators);
    row!(operators[1]);
    row!("exclusive", pointer("&mut i32", exclusive));
    row!("*exclusive", "5".to_string());
    row!(numbers);
    row!("numbers[1]", "2".to_string());
    row!(empty);
    row!(roomy);
    row!("text", "\"a \\\"string\\\"\\twith marks and caf\u{e9}\"".to_string());
    row!("words", words.show());
    row!("part", "\"\\\"str\"".to_string());
    checkpoint!("compounds");
}

enum Shape {
    Circle { radius: f64 },
    Square(u32),
    Empty,
}

enum Tagged {
    Small(u8),
    Large(u64),
}

trait Area {
    fn area(&self) -> f64;
}

impl Area for Shape {
    fn area(&self) -> f64 {
        match self {
            Shape::Circle { radius } => radius * radius * 3.0, // @area-circle
            Shape::Square(side) => (side * side) as f64, // @area-square
            Shape::Empty => 0.0,
        }
    }
}

impl Show for Shape {
    fn show(&self) -> String {
        match self {
            Shape::Circle { radius } => format!("Circle {{radius: {}}}", radius),
            Shape::Square(side) => format!("Square({})", side),
            Shape::Empty => "Empty".to_string(),
        }
    }
}

fn show_enums(maybe: Option<i32>, never: Option<i32>) {
    let text: Option<&str> = Some("present");
    let no_text: Option<&str> = None;
    let boxed: Option<Box<i32>> = Some(Box::new(6));
    let no_box: Option<Box<i32>> = None;
    let letter: Option<char> = Some('o');
    let no_letter: Option<char> = None;
    let flag: Option<bool> = Some(false);
    let twice: Option<Option<u8>> = Some(None);
    let name: Option<String> = Some("niche".to_string());
    let no_name: Option<String> = None;
    let fine: Result<u8, String> = Ok(200);
    let wrong: Result<u8, String> = Err("it went wrong".to_string());
    let shapes = [Shape::Circle { radius: 1.5 }, Shape::Square(4), Shape::Empty];
    let small = Tagged::Small(9);
    let large = Tagged::Large(u64::MAX);
    let order = 1.cmp(&2);
    let owner = Box::new(Point { x: 1, y: -1 });
    let shared = Rc::new(11);
    let second = Rc::clone(&shared);
    let weak = Rc::downgrade(&shared);
    let mut ages = HashMap::new();
    ages.insert("ann", 31);
    ages.insert("bob", 42);
    ages.insert("cid", 27);
    let primes: HashSet<u32> = [2, 3, 5, 7].into_iter().collect();
    let cell = Cell::new(8);
    at("enums");
    row!(maybe);
    row!(never);
    row!(text);
    row!(no_text);
    row!(boxed);
    row!(no_box);
    row!(letter);
    row!(no_letter);
    row!(flag);
    row!(twice);
    row!(name);
    row!(no_name);
    row!(fine);
    row!(wrong);
    row!(shapes);
    row!(shapes[1]);
    row!("small", "Small(9)".to_string());
    row!("large", "Large(18446744073709551615)".to_string());
    row!("order", "core::cmp::Ordering::Less".to_string());
    row!(owner);
    row!("owner.y", "-1".to_string());
    row!("*owner", owner.as_ref().show());
    row!(shared);
    row!(ages);
    row!(primes);
    checkpoint!("enums");
}

fn show_shadows(value: i32) -> i32 {
    let value = value + 10;
    {
        let value = "inner";
        let captured = 4;
        let closure = |factor: i32| {
            let product = captured * factor; // @closure
            at("closure");
            row!(factor);
            row!(product);
            row!("captured", "4".to_string());
            checkpoint!("closure");
            product
        };
        let result = closure(6);
        at("shadows");
        row!(value);
        row!(captured);
        row!(result);
        checkpoint!("shadows");
    }
    value
}

fn show_generic<T: Show + Copy, const N: usize>(values: [T; N], last: T) -> T {
    let first = values[0];
    let kept = values;
    at("generic");
    row!(kept);
    row!(first);
    row!(last);
    checkpoint!("generic");
    last
}

#[inline(always)]
fn inside_inline(seed: i32) -> i32 {
    let twice = seed * 2; // @inline-first
    at("inlined");
    row!(seed);
    row!(twice);
    checkpoint!("inlined"); // @inline-checkpoint
    twice + 1
}

// Steps ----------------------------------------------------------------------------------------------------------

fn leaf(value: i32) -> i32 {
    let next = value + 1; // @leaf-first
    next // @leaf-last
}

fn recurse(depth: i32) -> i32 {
    if depth == 0 { // @recurse
        return leaf(1); // @recurse-end
    }
    let below = recurse(depth - 1); // @recurse-call
    below + depth // @recurse-return
}

fn walk(rounds: i32) -> i32 {
    let mut sum = 0; // @walk-first
    let mut i = 0;
    while i < rounds { // @walk-loop
        sum += leaf(i); // @walk-leaf
        sum = limited(sum as i64, 100) as i32; // @walk-limited
        i += 1; // @walk-next
    }
    let deep = recurse(4); // @walk-recurse
    let inlined = inside_inline(sum + deep); // @walk-inline
    sum + inlined // @walk-last
}

// The program ----------------------------------------------------------------------------------------------------

fn interpret() -> Result<i64, Problem> {
    let tree = parse("2 * (width + 40) - fib(7)")?;
    let failed = parse("2 * (width");
    show_tree(&tree, &failed);
    let body = parse("if(n < 2, n, fib(n - 1) + fib(n - 2))")?;
    let mut interpreter =
        Interpreter { functions: HashMap::new(), depth: 0, deepest: Cell::new(0), log: RefCell::new(Vec::new()) };
    interpreter.functions.insert("fib".to_string(), (vec!["n".to_string()], Rc::new(body)));
    let mut names = HashMap::new();
    names.insert("width".to_string(), 6);
    let globals = Scope { outer: None, names, level: 0 };
    let mut report = String::new();
    let value = interpreter.run(&tree, &globals)?; // @interpret-run
    writeln!(report, "value {}", value).unwrap();
    interpreter.log.borrow_mut().push(report);
    print!("{}", interpreter.log.borrow()[0]);
    Ok(value)
}

fn main() {
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let value = interpret().unwrap(); // @main-interpret
    show_scalars(-100, 200, -30000, 60000, -70000, 3_000_000_000, -5_000_000_000_000, 18_000_000_000_000_000_000);
    let point = Point { x: 3, y: 4 };
    show_compounds(&point, &point, &[100, 200, 300]);
    show_enums(Some(-4), None);
    let shadowed = show_shadows(1);
    let last = show_generic([1.5, 2.5], 9.75) + show_generic([1u8; 3], 7) as f64;
    let shape: Box<dyn Area> = Box::new(Shape::Square(3));
    let area = shape.area(); // @main-area
    let sum = walk(3); // @main-walk
    let rounds = unsafe { CHECKPOINTS };
    println!("done rounds={} sum={}", rounds, value as i32 + shadowed + last as i32 + area as i32 + sum); // @main-done
}
