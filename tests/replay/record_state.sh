#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes an image of README.md's second table anew: record_state.sh NAME [-b MODULE.wasm] COMMAND...
# RECORD is the program record_state. The guest is given RECORD_WAIT seconds (1) to get where it spins or waits.
set -eu
name=$1
shift
bytes=
if [ "$1" = -b ]; then
	bytes=$2
	shift 2
fi
"$@" </dev/null >/dev/null &
pid=$!
trap 'kill -9 $pid' EXIT
sleep "${RECORD_WAIT:-1}"
"$RECORD" "$pid" "images/$name.img" $bytes
