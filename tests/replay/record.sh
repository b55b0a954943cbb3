#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the images of README.md anew: record.sh NAME WASMTIME [wasmtime's arguments] GUEST.wasm
# NAME ends in -trap or -raise when the guest is to be caught in that builtin after it got one byte on standard input.
# RECORD is the recorder program. The guest is given RECORD_WAIT seconds (1) to get where it spins or waits.
set -eu
name=$1
shift
case $name in
*-trap) builtin=trap ;;
*-raise) builtin=raise ;;
*) builtin= ;;
esac
dir=$(mktemp -d)
mkfifo "$dir/in"
# A reader and a writer at once: the guest's standard input stays silent, and open.
exec 3<>"$dir/in"
# Without an environment: it would lie at the end of the main stack.
env -i HOME=/nonexistent "$@" <"$dir/in" >/dev/null 3>&- &
pid=$!
trap 'kill -9 $pid; rm -rf "$dir"' EXIT
sleep "${RECORD_WAIT:-1}"
if [ -n "$builtin" ]; then
	"$RECORD" "$pid" "images/$name.img" "$builtin" >"$dir/said" &
	recorder=$!
	until grep -q running "$dir/said"; do
		kill -0 "$recorder"
		sleep 0.1
	done
	printf x >&3
	wait "$recorder"
else
	"$RECORD" "$pid" "images/$name.img"
fi
