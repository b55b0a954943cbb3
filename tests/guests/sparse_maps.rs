// SPDX-License-Identifier: GPL-3.0-or-later
// Maps that say they have an element in a million of buckets, all of which are empty: whoever looks for
// it looks at all of them, in each of the maps.
use std::collections::HashMap;
use std::mem::transmute;

const BUCKETS: usize = 1 << 20;
const EMPTY: u8 = 0xff;
type Map = HashMap<u32, u32>;

#[no_mangle]
#[inline(never)]
pub extern "C" fn stop() {
    println!("stop");
}

/// The words of an empty table: bucket mask 0 and the control bytes' address (Rust 1.96 has them in the other order), nothing left,
/// no items.
fn sparse(control: &[u8]) -> Map {
    let mut words: [u32; 8] = unsafe { transmute(Map::new()) };
    let is_table = |four: &[u32]| four[0].min(four[1]) == 0 && four[0].max(four[1]) > 1000 && four[2] == 0 && four[3] == 0;
    let table = words.windows(4).position(is_table).unwrap();
    let address_first = usize::from(words[table] > 1000);
    words[table + address_first] = BUCKETS as u32 - 1;
    words[table + 1 - address_first] = control.as_ptr() as u32;
    words[table + 3] = 1;
    unsafe { transmute(words) }
}

fn main() {
    let control = vec![EMPTY; BUCKETS];
    let maps: Vec<Vec<Map>> = (0..16).map(|_| (0..16).map(|_| sparse(&control)).collect()).collect();
    stop();
    println!("done\t{}", maps.len());
    // They are not to be dropped: their buckets are nowhere.
    std::mem::forget(maps);
}
