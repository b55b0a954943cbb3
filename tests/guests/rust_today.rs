// SPDX-License-Identifier: GPL-3.0-or-later
// Values of Rust that its library of 1.63 does not have, or not yet; as source_rust.rs.
use std::cell::{Cell, LazyCell, OnceCell};
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, RwLock};
use std::task::{Context, Poll, Waker};

#[no_mangle]
#[inline(never)]
pub extern "C" fn stop() {
    println!("stop");
}

macro_rules! row {
    ($name:expr, $($format:tt)*) => { println!("{}\t{}", $name, format!($($format)*)) };
}

/// Is ready at the second time that it is asked.
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        Poll::Pending
    }
}

async fn twice(number: u32) -> u32 {
    Later(false).await;
    number * 2
}

/// What has a member of the name that the type around it has.
struct Held {
    value: u32,
}

fn cells() {
    let empty: OnceCell<u32> = OnceCell::new();
    let full = OnceCell::from(String::from("full"));
    let lazy = LazyCell::new(|| vec![1u8, 2]);
    let length = lazy.len();
    let text = ManuallyDrop::new(String::from("text"));
    let held = ManuallyDrop::new(Held { value: 6 });
    let cell = ManuallyDrop::new(Cell::new(7));
    let lock = Arc::new(RwLock::new(String::from("locked")));
    let one = lock.read().unwrap();
    let another = lock.read().unwrap();
    row!("empty", "OnceCell({:?})", empty.get());
    row!("full", "OnceCell({:?})", full.get());
    row!("lazy", "LazyCell(Init(Vec of length {length}, capacity {} = {:?}))", lazy.capacity(), *lazy);
    row!("text", "ManuallyDrop({:?})", *text);
    row!("held", "ManuallyDrop(Held {{value: {}}})", held.value);
    row!("cell", "ManuallyDrop(Cell({}))", cell.get());
    row!("lock", "Arc[strong {}, weak 0](RwLock({:?}))", Arc::strong_count(&lock), *one);
    row!("*one", "{:?}", *one);
    let inner = Mutex::new(RwLock::new(3u8));
    let outer = inner.lock().unwrap();
    row!("inner", "Mutex(RwLock({}))", outer.read().unwrap());
    row!("outer", "MutexGuard(RwLock({}))", outer.read().unwrap());
    row!("another", "RwLockReadGuard({:?})", *another);
    stop();
}

static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| vec!["one", "two"]);

fn once() {
    let empty: OnceLock<u32> = OnceLock::new();
    let full = OnceLock::from(Held { value: 5 });
    let new: LazyLock<u32> = LazyLock::new(|| 3);
    let made = LazyLock::new(|| String::from("made"));
    row!("empty", "{:?}", empty);
    row!("full", "OnceLock(Held {{value: {}}})", full.get().unwrap().value);
    row!("new", "{:?}", new);
    row!("made", "LazyLock({:?})", *made);
    row!("rust_today::NAMES", "LazyLock(Vec of length {}, capacity {} = {:?})", NAMES.len(), NAMES.capacity(), *NAMES);
    stop();
}

fn futures() {
    let mut context = Context::from_waker(Waker::noop());
    let new = twice(3);
    let mut waits = Box::pin(twice(4));
    let mut done = Box::pin(twice(5));
    let first = waits.as_mut().poll(&mut context);
    let _ = done.as_mut().poll(&mut context);
    let last = done.as_mut().poll(&mut context);
    let pinned = Box::pin(8i64);
    row!("new", "Unresumed {{number: 3}}");
    row!("waits", "Pin(Box(Suspend0 {{number: 4, __awaitee: Later(true), number: 4}}))");
    row!("*waits", "Suspend0 {{number: 4, __awaitee: Later(true), number: 4}}");
    row!("first", "{:?}", first);
    row!("last", "{:?}", last);
    row!("pinned", "Pin(Box({}))", pinned);
    row!("*pinned", "{}", pinned);
    stop();
    drop((new, done));
}

fn main() {
    cells();
    once();
    futures();
    println!("done\t3");
}
