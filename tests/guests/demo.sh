#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The demonstration behind `./bootstrap demo`: compiles progress.c, starts it in Wasmtime, and debugs it while it runs.
# On a terminal the debugger's prompt stays open; otherwise outpost detaches by itself.
# usage: demo.sh OUTPOST, with OUTPOST_TOOLS in the environment
set -euo pipefail
outpost=$1
guests=$(cd "$(dirname "$0")" && pwd)
wasmtime=$OUTPOST_TOOLS/wasmtime/49.0.4/wasmtime
scratch=$(mktemp -d)
pid=

clean_up() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	rm -rf "$scratch"
}
trap clean_up EXIT
# Ctrl-C is the debugger's: it stops the program there, not this script.
trap : INT

say() { printf '\n==> %s\n' "$*"; }

lines() { wc -l <"$scratch/output"; }

wait_for_lines() { # COUNT
	local tries=0
	until [ "$(lines)" -ge "$1" ]; do
		kill -0 "$pid" 2>/dev/null && [ $((tries += 1)) -lt 600 ] || {
			cat "$scratch/output" "$scratch/errors" >&2
			echo "demo: the program does not go on" >&2
			exit 1
		}
		sleep 0.1
	done
}

# Each command is shown as it would look at the prompt, then run.
commands() {
	local command
	for command; do
		printf 'echo (outpost) %s\\n\n%s\n' "$command" "$command"
	done
}

say "compiling tests/guests/progress.c (the first time takes half a minute)"
export ZIG_GLOBAL_CACHE_DIR=$OUTPOST_TOOLS/zig-cache ZIG_LOCAL_CACHE_DIR=$OUTPOST_TOOLS/zig-cache
"$OUTPOST_TOOLS/venv/bin/python" -m ziglang cc -target wasm32-wasi -g -O0 \
	-o "$scratch/progress.wasm" "$guests/progress.c"

say "wasmtime run -D guest-debug=y progress.wasm 100000 &"
: >"$scratch/output"
# setsid: a program of its own, as one that has been running for days would be.
setsid "$wasmtime" run -D guest-debug=y "$scratch/progress.wasm" 100000 \
	>"$scratch/output" 2>"$scratch/errors" </dev/null &
pid=$!
wait_for_lines 3
tail -n 3 "$scratch/output"

commands backtrace 'break depth_sum' continue backtrace 'info locals' stepi nexti 'info stack' \
	'delete 1' finish >"$scratch/commands"
say "outpost attach $pid"
if [ -t 0 ] && [ -t 1 ]; then
	"$outpost" attach "$pid" -x "$scratch/commands"
else
	"$outpost" attach "$pid" --batch -x "$scratch/commands"
fi

if kill -0 "$pid" 2>/dev/null; then
	say "the program goes on as if nothing had been there:"
	wait_for_lines $(($(lines) + 3))
	tail -n 3 "$scratch/output"
else
	say "the program has ended"
fi
