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

# says FILE REGEX: the file has a line that matches.
says() { grep -qE -- "$2" "$1" || fail "no /$2/ in $1: $(head -5 "$1")"; }
says_not() { ! grep -qE -- "$2" "$1" || fail "/$2/ in $1: $(grep -E -m 3 -- "$2" "$1")"; }

# at_least A B WHAT: a figure
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 >= b + 0) }' || fail "$3: $1, not at least $2"; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0) }' || fail "$3: $1, not at most $2"; }

# field NAME FILE: a number or text of the JSON summary, the last line of the file
field() { tail -n 1 "$2" | sed -n "s/.*\"$1\":\(\"[^\"]*\"\|[^,}]*\).*/\1/p" | tr -d '"'; }

need_root() {
	[ "$(id -u)" = 0 ] && return
	echo "skipped: needs root"
	exit 77
}

# serve ARGS...: starts it; $server is its pid, $url where it is
serve() {
	"$CPROF" --log-format=json serve --listen 127.0.0.1:0 "$@" 2>log &
	server=$!
	for _ in $(seq 100); do
		url=$(sed -n 's/.*"msg":"\(http:[^ ]*\)\/ shows.*/\1/p' log)
		[ -n "$url" ] && return
		sleep 0.1
	done
	fail "serve does not start: $(cat log)"
	finish
}

finish() {
	[ "$failures" = 0 ] || exit 1
	exit 0
}
