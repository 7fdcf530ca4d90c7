# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the shell tests share: a folder of their own, and checks that say what was expected.
set -u -o pipefail
: "${CPROF:?run by ctest}" "${PROGS:?}" "${SOURCE:?}"
dir=$(mktemp -d)
cd "$dir" || exit 1
failures=0
trap 'jobs -p | xargs -r kill 2>/dev/null; cd /; rm -rf "$dir"' EXIT

fail() {
	printf 'FAIL: %s\n' "$*" >&2
	failures=$((failures + 1))
}

# expect CODE COMMAND...: its exit code; output is left in out and err.
expect() {
	local want=$1 got
	shift
	"$@" >out 2>err </dev/null
	got=$?
	[ "$got" = "$want" ] || fail "exit $got, not $want: $*$(printf '\n')$(head -5 err)"
}

# A check that has nothing to look at fails: a file that is not there, a figure that is none.

# says FILE REGEX: the file has a line that matches. says_not FILE REGEX: it is there, and has none.
says() { grep -qE -- "$2" "$1" || fail "no /$2/ in $1: $(head -5 "$1")"; }
says_not() {
	local found
	found=$(grep -E -m 3 -- "$2" "$1")
	case $? in
	0) fail "/$2/ in $1: $found" ;;
	1) ;;
	*) fail "$1 cannot be searched for /$2/" ;;
	esac
}

is_number() { [[ $1 =~ ^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$ ]]; }
# compare A OPERATOR B WHAT: two figures
compare() {
	is_number "$1" && is_number "$3" || { fail "$4: '$1' or '$3' is no figure"; return; }
	awk -v a="$1" -v b="$3" "BEGIN { exit !(a + 0 $2 b + 0) }" || fail "$4: $1, not $2 $3"
}
at_least() { compare "$1" '>=' "$2" "$3"; }
at_most() { compare "$1" '<=' "$2" "$3"; }
# near A B SHARE WHAT: A is B, give or take that share of B
near() {
	is_number "$1" && is_number "$2" || { fail "$4: '$1' or '$2' is no figure"; return; }
	awk -v a="$1" -v b="$2" -v by="$3" 'BEGIN { d = a - b; exit !(d < 0 ? -d <= by * b : d <= by * b) }' || fail "$4: $1, not near $2"
}
# same A B WHAT: two figures or texts, of which there are some
same() { [ -n "$1" ] && [ "$1" = "$2" ] || fail "$3: '$1', not '$2'"; }

# field NAME FILE: a number or text of the JSON summary, the last line of the file; where it has none, what is no figure
field() {
	local found
	found=$(tail -n 1 "$2" | grep -oE "\"$1\":(\"[^\"]*\"|[^,}]*)" | head -n 1)
	[ -n "$found" ] || found=":no-$1-in-$2"
	printf '%s\n' "${found#*:}" | tr -d '"'
}
# complete FILE SHARE [WHAT]: of the user stacks of a summary, of which there are some. While a table is built, which takes as
# long as the load has it, stacks beyond 512 captures are cut: up to a twentieth of all is not held against the program.
complete() {
	local n pending
	n=$(field user_stacks "$1")
	pending=$(awk -v m="$(cut_by "$1" 'capture pending')" -v n="$n" 'BEGIN { print m < n / 20 ? m : int(n / 20) }')
	at_least "$n" 1 "${3:-$1}: user stacks"
	at_least "$(field user_stacks_complete "$1")" "$(awk -v n="$n" -v s="$2" -v m="$pending" 'BEGIN { print n * s - m }')" \
		"${3:-$1}: complete stacks: $(tail -n 1 "$1")"
}
# cut_by FILE REASON: stacks of a summary that were cut for a reason, in whatever module
cut_by() { grep -oE "\"$2, [^\"]*\":[0-9]+" "$1" | awk -F: '{ n += $NF } END { print n + 0 }'; }
# total FILE [ARGS]: the sum of a profile's values; samples FILE [REGEX]: of folded stacks that match
total() {
	local sum
	sum=$("$CPROF" report "$@" --json -n 1 2>/dev/null | sed -n 's/^ "total": \([0-9]*\),$/\1/p')
	printf '%s\n' "${sum:-no-total-of-$1}"
}
samples() { grep -E -- "${2:-.}" "$1" | awk '{ n += $NF } END { print n + 0 }'; }
# share FILE REGEX: percent of the samples in folded stacks whose line matches
share() { awk -v m="$(samples "$1" "$2")" -v n="$(samples "$1")" 'BEGIN { if (n) printf "%.1f", 100 * m / n; else print "no-samples" }'; }

# await WHAT COMMAND...: until it succeeds. However busy the machine is, it will; the limit is for what hangs.
await() {
	local what=$1
	shift
	for _ in $(seq 1200); do
		! "$@" || return 0
		sleep 0.1
	done
	fail "waited two minutes for $what"
	return 1
}
# clock PID: the CPU time that it has used, in nanoseconds
clock() { awk '{ printf "%.0f\n", ($14 + $15) * 1e7 }' "/proc/$1/stat"; }
# measured PID COMMAND...: runs it; $used is the CPU time of PID meanwhile, $took the time that went by, in nanoseconds
measured() {
	local pid=$1 before began
	shift
	before=$(clock "$pid") began=$(date +%s%N)
	"$@"
	took=$(($(date +%s%N) - began)) used=$(($(clock "$pid") - before))
}
# within TOTAL SECONDS WHAT [THREADS]: so many seconds of what was measured had that CPU time. At most what was used; at
# least that less what so many busy threads may have used in the rest of the time. (A clock tick, and a twentieth for
# sampling.)
within() {
	at_most "$1" "$((used + used / 20 + 30000000))" "$3 in $((took / 1000000)) ms"
	at_least "$1" "$((used - (took - $2 * 1000000000) * ${4:-1} - used / 20 - 30000000))" "$3 in $((took / 1000000)) ms"
}
# recording COMMAND...: starts it, without -q, until it samples; $recorder is its pid, and what it says is in err
says_it_samples() { grep -qE '(^cprof: |"msg":")sampling ' err; }
recording() {
	: >err
	"$@" 2>err </dev/null &
	recorder=$!
	await "the recording" says_it_samples
}
# works PID SECONDS: until it has used so much more CPU time
works() { await "$2 s of the target" uses_after "$1" "$(clock "$1")" "$2"; }
uses_after() { awk -v a="$(clock "$1")" -v b="$2" -v s="$3" 'BEGIN { exit !(a - b >= s * 1e9) }'; }
# accounted FILE: of a summary: at most one sample in a hundred is lost, and none without a reason
accounted() {
	at_most "$(field lost "$1")" "$(awk -v n="$(field samples "$1")" 'BEGIN { print n / 100 }')" "${2:-$1}: lost: $(tail -n 1 "$1")"
	says_not "$1" unaccounted
}
# runs PID [SECONDS]: has used that much of CPU time
has_run() { awk -v s="${2:-0}" '{ exit !($14 + $15 > s * 100) }' "/proc/$1/stat" 2>/dev/null; }
# began PID NAME: it is what it is to become, by its exec
began() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }

need_root() {
	[ "$(id -u)" = 0 ] && return
	echo "skipped: needs root"
	exit 77
}

# serve ARGS...: starts it; $server is its pid, $url where it is
listens() {
	url=$(sed -n 's/.*"msg":"\(http:[^ ]*\)\/ shows.*/\1/p' log)
	[ -n "$url" ] || ! kill -0 "$server"
}
serve() {
	: >log
	"$CPROF" --log-format=json serve --listen 127.0.0.1:0 "$@" 2>log &
	server=$!
	await "the server" listens
	[ -n "$url" ] || { fail "serve does not start: $(cat log)"; finish; }
}

finish() {
	[ "$failures" = 0 ] || exit 1
	exit 0
}
