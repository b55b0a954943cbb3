#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes core.zst, what fuzz_session works on: a core file of guest.cc, which waits in a host call. Nothing of the machine is in it:
# the program runs in a folder of its own, with no environment.
# usage: record.sh OUTPOST      (OUTPOST_TOOLS names the folder of tools; needs zstd; takes minutes)
set -euo pipefail
cd "$(dirname "$0")"
outpost=$1 tools=$OUTPOST_TOOLS
scratch=$(mktemp -d)
guest=
trap '[ -z "$guest" ] || kill "$guest" 2>/dev/null; rm -rf "$scratch"' EXIT
zig() { "$tools/venv/bin/python" -m ziglang "$@"; }
library=$("$tools/venv/bin/python" -c 'import ziglang, os; print(os.path.dirname(ziglang.__file__))')
export ZIG_GLOBAL_CACHE_DIR=$tools/zig-cache ZIG_LOCAL_CACHE_DIR=$tools/zig-cache

zig c++ -target wasm32-wasi -g -O0 -std=c++17 -fno-exceptions -fno-rtti -fno-sanitize=undefined -fno-threadsafe-statics \
	-fno-stack-protector -ffile-prefix-map="$PWD=/guest" -ffile-prefix-map="$library=/zig" -c -o "$scratch/guest.o" guest.cc
zig wasm-ld --no-entry --gc-sections -z stack-size=8192 -o "$scratch/guest.wasm" "$scratch/guest.o"
cp "$tools/wasmtime/49.0.4/wasmtime" "$scratch"
mkfifo "$scratch/input"
cd "$scratch"
sleep 1000 >input &
writer=$!
# The guest tells nothing: it waits when its image is there and its threads sleep.
env -i HOME=/ MALLOC_ARENA_MAX=1 ./wasmtime run -D guest-debug=y \
	-O memory-reservation=1048576,memory-guard-size=65536,memory-reservation-for-growth=1048576 guest.wasm <input &
guest=$!
until "$outpost" stack "$guest" 2>/dev/null | grep "in wait_here (" >/dev/null; do sleep 1; done
"$outpost" gcore "$guest" whole
kill "$writer"
cd - >/dev/null
python3 reduce_core.py "$outpost" "$scratch/whole" commands "$scratch/core"
zstd -19 -f -q "$scratch/core" -o core.zst
ls -l core.zst
