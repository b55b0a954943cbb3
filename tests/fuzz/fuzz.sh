#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs harnesses that were built with libFuzzer, one after the other, and prints a line for each. Findings are inputs in
# fuzz/findings/NAME of the build folder, with the sanitizer's report in fuzz/NAME.log; new inputs gather in fuzz/work/NAME, and what
# each run took in fuzz/times: seconds of a processor, inputs, seconds on the clock.
# usage: fuzz.sh run|merge|coverage SOURCE NAME...     in a build folder made for it; `make fuzz` and its like call it
set -euo pipefail
action=$1 source=$2
shift 2
readonly seconds=${FUZZ_SECONDS:-60}
readonly fuzz=$PWD/fuzz
# Where the harnesses look for recorded processes.
export srcdir=$source
# Freed memory is kept back for a while, to be seen when it is used: half of the limit for memory, if nothing is said.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1:abort_on_error=0:quarantine_size_mb=64}
export UBSAN_OPTIONS=print_stacktrace=1

corpus() { echo "$source/tests/fuzz/corpus/$1"; }

# What libFuzzer is told for every harness: an input that takes more than a second or 512 MB is a finding. The machine may be busy:
# libFuzzer measures the clock, so the time at which it gives up is longer, and what took more than a second is looked at once more.
limits() { # NAME
	local words="$source/tests/fuzz/words/$1"
	printf '%s\n' -rss_limit_mb=512 -timeout=10 -report_slow_units=1 -max_len=65536 -use_value_profile=1 -print_final_stats=1
	[ ! -e "$words" ] || echo "-dict=$words"
}

# The last number behind a word of a log.
number() { # LOG PATTERN
	grep -oE "$2" "$1" | tail -n 1 | grep -oE '[0-9]+' | tail -n 1 || echo 0
}

# Seconds of processor time that an input takes.
processor_time() { # PROGRAM INPUT
	local TIMEFORMAT='%U'
	{ time timeout 60 "$1" "$2" >/dev/null 2>&1; } 2>&1
}

# Inputs that were slow only because the machine was busy are no findings.
drop_quick_ones() { # PROGRAM FOLDER
	local input
	for input in "$2"/slow-unit-* "$2"/timeout-*; do
		[ -e "$input" ] || continue
		[ "$(printf '%.0f' "$(processor_time "$1" "$input")")" -ge 2 ] || rm "$input"
	done
}

run_one() { # NAME; false: there are findings
	local name=$1 program=tests/fuzz/fuzz_$1 log=$fuzz/$1.log options found spent TIMEFORMAT='%U %S %R'
	mkdir -p "$fuzz/work/$name" "$fuzz/findings/$name"
	mapfile -t options < <(limits "$name")
	spent=$({ time "$program" "${options[@]}" -max_total_time="$seconds" -artifact_prefix="$fuzz/findings/$name/" \
		"$fuzz/work/$name" "$(corpus "$name")" >"$log" 2>&1 || true; } 2>&1)
	drop_quick_ones "$program" "$fuzz/findings/$name"
	found=$(find "$fuzz/findings/$name" -type f | wc -l)
	local runs
	runs=$(number "$log" 'stat::number_of_executed_units: +[0-9]+')
	printf '%-18s %10s executions  %6s edges  %3s findings\n' "$name" "$runs" "$(number "$log" 'cov: [0-9]+')" "$found"
	awk -v name="$name" -v runs="$runs" '{ printf "%s %.0f %s %.0f\n", name, $1 + $2, runs, $3 }' <<<"$spent" >>"$fuzz/times"
	[ "$found" -eq 0 ]
}

run() {
	local name status=0
	for name; do
		run_one "$name" || status=1
	done
	return $status
}

# The corpus in the source tree gains the fewest and smallest of the inputs found since that reach code which it does not. How often
# they reach it does not count: that made the corpora three times as large.
merge() {
	local name
	for name; do
		mkdir -p "$fuzz/work/$name"
		"tests/fuzz/fuzz_$name" -merge=1 -use_counters=0 -rss_limit_mb=512 -timeout=10 -max_len="${FUZZ_KEEP_SIZE:-65536}" \
			"$(corpus "$name")" "$fuzz/work/$name" >"$fuzz/$name.merge.log" 2>&1
		printf '%-18s %5s inputs, %s bytes\n' "$name" "$(find "$(corpus "$name")" -type f | wc -l)" \
			"$(find "$(corpus "$name")" -type f -printf '%s\n' | awk '{ all += $1 } END { print all + 0 }')"
	done
}

# The files that the fuzzed code is in: what decodes the target's bytes, and what a person types.
covered_files() {
	(cd "$source" && find target-runtime -name '*.c' && ls platform/linux/core*.c base/reader.c base/text.c \
		tracer/agent/stub*.c tracer/breakpoint_spec.c tracer/call_render.c tracer/dump_*.c tracer/expression*.c tracer/log_format.c \
		tracer/operand.c tracer/source_*.c tracer/repl/arguments.c tracer/repl/commands.c) |
		grep -v core_write | sort
}

# In a build with --coverage, whose harnesses replay their corpora: a table of files, lines, and those that were reached.
coverage() {
	local name file
	find . -name '*.gcda' -delete
	for name; do
		"tests/fuzz/fuzz_$name" >"$fuzz/$name.log" 2>&1
	done
	covered_files | while read -r file; do
		# Objects of libtool are beside their sources' names: x.o, or libNAME_la-x.o.
		find "$(dirname "$file")" -path '*.libs*' \( -name "$(basename "$file" .c).gcda" -o -name "*-$(basename "$file" .c).gcda" \) \
			-exec gcov -n {} + 2>/dev/null | grep -A1 -F "$file'" | grep -oE '[0-9.]+% of [0-9]+' | head -n 1 |
			sed "s|^|$file |" || true # it is in none of these harnesses
	done | awk '{ sub("%", "", $2); reached = $2 / 100 * $4; lines += $4; all += reached
			printf "| `%s` | %d | %.0f %% |\n", $1, $4, $2 }
		END { printf "| all | %d | %.0f %% |\n", lines, lines ? 100 * all / lines : 0 }'
}

mkdir -p "$fuzz"
case $action in
run | merge | coverage) "$action" "$@" ;;
*)
	echo "fuzz.sh: no such action: $action" >&2
	exit 2
	;;
esac
