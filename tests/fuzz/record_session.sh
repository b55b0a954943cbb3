#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes core.zst of session, session_cxx, session_rust or session_dump, what the harness of that name works on: a core file of the folder's guest, which
# waits in a host call; of a guest in C a Wasm core dump, and guest.wasm, its module. Nothing of the machine is in it: the program runs in a
# folder of its own, with no environment.
# usage: record_session.sh OUTPOST FOLDER     (OUTPOST_TOOLS names the folder of tools; needs zstd, and for Rust Debian's rustc with
#                                              libstd-rust-dev-wasm32; takes minutes)
set -euo pipefail
outpost=$1 tools=$OUTPOST_TOOLS
cd "$(dirname "$0")"
here=$PWD
cd "$2"
scratch=$(mktemp -d)
guest=
trap '[ -z "$guest" ] || kill "$guest" 2>/dev/null; rm -rf "$scratch"' EXIT
zig() { "$tools/venv/bin/python" -m ziglang "$@"; }
library=$("$tools/venv/bin/python" -c 'import ziglang, os; print(os.path.dirname(ziglang.__file__))')
export ZIG_GLOBAL_CACHE_DIR=$tools/zig-cache ZIG_LOCAL_CACHE_DIR=$tools/zig-cache

compile_cxx() {
	zig c++ -target wasm32-wasi -g -O0 -std=c++23 -fno-exceptions -fno-sanitize=undefined -fno-threadsafe-statics \
		-fno-stack-protector -ffile-prefix-map="$PWD=/guest" -ffile-prefix-map="$library=/zig" -c -o "$scratch/guest.o" guest.cc
	zig wasm-ld --no-entry --gc-sections -z stack-size=8192 -o "$scratch/guest.wasm" "$scratch/guest.o"
}

compile_rust() {
	AR="$tools/venv/bin/python -m ziglang ar" LINKER=rust-lld /usr/bin/rustc --target wasm32-wasi --edition=2021 --crate-type=cdylib \
		-g -C opt-level=s -C panic=abort -C codegen-units=1 --remap-path-prefix="$PWD=/guest" -C linker="$PWD/link_own.py" \
		-C link-arg=-zstack-size=8192 -o "$scratch/guest.wasm" guest.rs
}

compile_c() {
	zig cc -target wasm32-wasi -g -O0 -fno-sanitize=undefined -fno-stack-protector -ffile-prefix-map="$PWD=/guest" -c -o "$scratch/guest.o" \
		guest.c
	zig wasm-ld --no-entry --gc-sections -z stack-size=8192 -o "$scratch/guest.wasm" "$scratch/guest.o"
}

if [ -e guest.rs ]; then compile_rust; elif [ -e guest.c ]; then compile_c; else compile_cxx; fi
cp "$tools/wasmtime/49.0.4/wasmtime" "$scratch"
mkfifo "$scratch/input"
cd "$scratch"
sleep 1000 >input &
writer=$!
# The guest tells nothing: it waits when its image is there and its threads sleep.
env -i HOME=/ MALLOC_ARENA_MAX=1 ./wasmtime run -D guest-debug=y \
	-O memory-reservation=1048576,memory-guard-size=65536,memory-reservation-for-growth=1048576 guest.wasm <input &
guest=$!
until "$outpost" stack "$guest" 2>/dev/null | grep "wait_here (" >/dev/null; do sleep 1; done
if [ -e "$OLDPWD/guest.c" ]; then
	"$outpost" attach "$guest" --batch -e "generate-wasm-core core"
	install -m 644 guest.wasm "$OLDPWD"
else
	"$outpost" gcore "$guest" whole
	# Else it would be read, and what the core has of it would be left out.
	rm guest.wasm
	python3 "$here/reduce_core.py" "$outpost" whole "$OLDPWD/commands" core
fi
kill "$writer"
cd - >/dev/null
zstd -19 -f -q "$scratch/core" -o core.zst
chmod 644 core.zst
ls -l core.zst
