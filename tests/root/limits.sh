#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of the process: whatever meets one says which, and what lifts it; nothing aborts, and no file is left behind.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME=$PWD/cache
mkdir out.d

# limited ULIMIT-ARGS COMMAND...: it, within the limit
limited() {
	# shellcheck disable=SC2016 # the shell that runs it expands it
	sh -c 'ulimit $1 && shift && exec "$@"' - "$@"
}
nothing_left() { [ -z "$(ls -A out.d)" ] || fail "$*: left $(ls -A out.d)"; }
refused() { # ULIMIT-ARGS REGEX COMMAND...
	local limit=$1 regex=$2
	shift 2
	expect 1 limited "$limit" "$@"
	says err "$regex"
	says_not err 'Linux 5.10|Aborted'
	nothing_left "$limit $*"
}

# The address space: before anything starts, and while a profile is read.
for kib in 45000 60000; do
	refused "-v $kib" 'ulimit -v unlimited' "$CPROF" record -a -d 0.2 -o out.d/x.pb.gz
done
awk 'BEGIN { for (i = 0; i < 400000; i++) printf "a;b%d;c%d;d%d 1\n", i, i * 7, i * 13 }' >large.folded
expect 0 "$CPROF" report large.folded -n 1
refused '-v 120000' 'out of memory' "$CPROF" export large.folded -o out.d/x.pb.gz
says err 'limited to 117 MiB: ulimit -v unlimited'
expect 1 limited '-v 120000' "$CPROF" --log-format=json export large.folded -o out.d/x.pb.gz
says err '^\{.*"msg":"out of memory".*"cure":".*ulimit -v'

# The size of files.
refused '-f 16' 'ulimit -f unlimited' "$CPROF" export large.folded -o out.d/x.pb.gz

# Open files: as many as are let are taken, and a command finds its own number; at the fewest with which it runs there are none
# to spare for the files that are sampled, which is said, with the cure.
expect 0 limited '-S -n 20' "$CPROF" -q record -o x.folded -- sh -c 'ulimit -n >n.txt && exec "$1" 3 0.2s' - "$PROGS/chain"
[ "$(cat n.txt)" = 20 ] || fail "the command found $(cat n.txt) open files, not 20"
for n in $(seq 20 4 4000); do
	limited "-n $n" "$CPROF" record -F 999 -o out.d/x.folded -- "$PROGS/chain" 5 0.3s >out 2>err && break
	says err 'ulimit -n 1024'
	nothing_left "-n $n"
done
# At the fewest a file may have none, which is said, with the cure; with some more stacks are whole.
says out.d/x.folded ';work;f0;f1;f2;f3;f4;f5;leaf '
if grep -q truncated out.d/x.folded; then
	says out.d/x.folded '\[truncated: too many open files, '
	says err 'cut stacks, .*too many open files, .*\(cure: .*ulimit -n 1024'
fi
expect 0 limited "-n 96" "$CPROF" record -F 999 -o out.d/x.folded -- "$PROGS/chain" 5 0.3s
says out.d/x.folded ';main;work;f0;f1;f2;f3;f4;f5;leaf '
says_not out.d/x.folded 'truncated'
rm out.d/x.folded

# Processes of a user.
chmod 777 . out.d
expect 1 setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$PWD" bash -c \
	"ulimit -u 1 && exec '$CPROF' record -o out.d/x.folded -- '$PROGS/tiny'"
says err 'cannot start '
says err 'ulimit -u'
nothing_left '-u 1'

# Killed while it records.
recording "$CPROF" record -a -o out.d/x.pb.gz
kill -KILL $recorder
wait $recorder
nothing_left 'kill -KILL'
finish
