#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names, inlined functions and lines of addresses of a file: cprof without a cache, with one, and
# llvm-symbolizer, in CPU seconds of the whole process (the best of three), and whether they agree.
#
# usage: tests/bench/names.sh FILE [N [hot]]      LLVM=/usr/lib/llvm-22/bin/llvm-symbolizer
set -eu -o pipefail
[ $# -gt 0 ] || {
	sed -n '3,7s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
root=$(cd "$(dirname "$0")/../.." && pwd)
names=$root/build/release/progs/names
llvm=${LLVM:-$(command -v llvm-symbolizer llvm-symbolizer-14 | head -n 1)}
file=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$root/tests/names/addresses" "$file" "${2:-10000}" ${3:+"$3"} >"$dir/addresses"

# best OUT COMMAND...: CPU seconds and the memory at its peak
best() {
	local out=$1
	shift
	for _ in 1 2 3; do
		[ -z "${cold:-}" ] || rm -rf "$dir/cache"
		/usr/bin/env time -f '%U %S %M' -o "$dir/time" "$@" <"$dir/addresses" >"$out"
		awk '{ printf "%.3f %d\n", $1 + $2, $3 / 1024 }' "$dir/time"
	done | sort -n | head -n 1
}
report() { printf '%-28s %8s s %6s MB\n' "$1" $2; }

report "cprof, no cache" "$(best "$dir/ours" "$names" "$file")"
report "cprof, making the cache" "$(cold=1 best "$dir/ours" "$names" "$file" "$dir/cache")"
report "cprof, from the cache" "$(best "$dir/cached" "$names" "$file" "$dir/cache")"
cmp "$dir/ours" "$dir/cached"
report "llvm-symbolizer" "$(best "$dir/theirs" "$llvm" --obj="$file" --no-demangle --functions=linkage --inlines)"
"$root/tests/names/compare" "$dir/ours" "$dir/theirs" "$file"
