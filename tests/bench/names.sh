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
	python3 - "$dir" "${cold:-}" "$@" <<'END'
import os, resource, shutil, sys
folder, cold, out, *command = sys.argv[1:]
rows = []
for _ in range(3):
    if cold:
        shutil.rmtree(folder + "/cache", ignore_errors=True)
    pid = os.fork()
    if not pid:
        os.dup2(os.open(folder + "/addresses", os.O_RDONLY), 0)
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.execvp(command[0], command)
    _, status, use = os.wait4(pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    rows.append((use.ru_utime + use.ru_stime, use.ru_maxrss // 1024))
print("%.3f %d" % min(rows))
END
}
report() { printf '%-28s %8s s %6s MB\n' "$1" "${2% *}" "${2#* }"; }

report "cprof, no cache" "$(best "$dir/ours" "$names" "$file")"
report "cprof, making the cache" "$(cold=1 best "$dir/ours" "$names" "$file" "$dir/cache")"
report "cprof, from the cache" "$(best "$dir/cached" "$names" "$file" "$dir/cache")"
cmp "$dir/ours" "$dir/cached"
report "llvm-symbolizer" "$(best "$dir/theirs" "$llvm" --obj="$file" --no-demangle --functions=linkage --inlines)"
"$root/tests/names/compare" "$dir/ours" "$dir/theirs" "$file"
