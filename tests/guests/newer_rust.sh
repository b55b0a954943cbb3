#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The newest Rust that Debian has is made for building browsers (rustc-web): it collides with rustc, and has no library for Wasm. This
# unpacks it, builds the library from its source, and writes FOLDER/rustc, which compiles and links a program for wasm32-wasip1.
# Needs what its packages depend on, and to link with the folder venv beside FOLDER, whose Python has ziglang.
# usage: newer_rust.sh FOLDER; newer_rust.sh --packages: what has to be installed
set -euo pipefail

# What a package depends on, by the beginnings of the names.
depends() { # PACKAGE PATTERN
	apt-cache depends "$1" 2>/dev/null | sed -nE "s/^ *Depends: ($2)\$/\\1/p"
}

if [ "$1" = --packages ]; then
	for name in rustc-web cargo-web "$(depends libstd-rust-web-dev 'libstd-rust-web-.*')"; do
		depends "$name" 'lib(llvm|git2|ssh2|curl|sqlite|ssl|gcc|stdc).*'
	done | sort -u
	exit
fi

mkdir -p "$1"
folder=$(cd "$1" && pwd)
scratch=$(mktemp -d "$folder/scratch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

apt-get download rustc-web cargo-web libstd-rust-web-dev rust-web-src "$(depends libstd-rust-web-dev 'libstd-rust-web-.*')"
for package in *.deb; do
	case $package in
	rust-web-src*) dpkg --fsys-tarfile "$package" | tar -x --wildcards './usr/src/*/library' ./usr/lib/rustlib/src ;;
	*) dpkg -x "$package" . ;;
	esac
done
rm -- *.deb

rm -rf "$folder/usr"
mv usr "$folder/usr"

mkdir -p program/src
: >program/src/lib.rs
cat >program/Cargo.toml <<'END'
[package]
name = "program"
version = "0.0.0"
edition = "2021"
[profile.release]
panic = "abort"
END
cd program
# What the library is made of is beside it.
mkdir .cargo
cat >.cargo/config.toml <<END
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "$(echo "$folder"/usr/src/*/library/vendor)"
END
CARGO_HOME=$scratch/home CARGO_NET_OFFLINE=true RUSTC=$folder/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
	RUSTFLAGS='-C target-feature=-crt-static' LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu \
	"$folder/usr/bin/cargo" build --release -Z build-std=std,panic_abort --target wasm32-wasip1
mkdir -p "$folder/usr/lib/rustlib/wasm32-wasip1/lib"
mv target/wasm32-wasip1/release/deps/lib*.rlib "$folder/usr/lib/rustlib/wasm32-wasip1/lib/"
rm -rf "$folder/usr/src" "$folder/usr/lib/rustlib/src" "$folder"/usr/lib/rustlib/x86_64-*

cat >"$folder/link" <<'END'
#!/usr/bin/env bash
# What rustc says to wasm-ld and zig says by itself, or does not know, is left out.
unset LD_LIBRARY_PATH
words=()
for word; do
	case $word in
	-Wl,--stack-first | -Wl,--no-demangle | -Wl,-z | -Wl,stack-size=* | --target=* | -nodefaultlibs) ;;
	*) words+=("$word") ;;
	esac
done
exec "$(dirname "$0")/../venv/bin/python" -m ziglang cc -target wasm32-wasi "${words[@]}"
END
# Last: it is there when all is.
cat >"$folder/rustc" <<'END'
#!/usr/bin/env bash
here=$(dirname "$0")
export LD_LIBRARY_PATH=$here/usr/lib/x86_64-linux-gnu RUSTC_BOOTSTRAP=1
exec "$here/usr/bin/rustc" --target wasm32-wasip1 -C panic=abort -C target-feature=-crt-static \
	-C link-self-contained=no -C linker-flavor=gcc -C linker="$here/link" "$@"
END
chmod +x "$folder/link" "$folder/rustc"
