#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ctrl-C, full disks, pipes: an old file stays whole, a new one is whole or not there.
. "$(dirname "$0")/../lib.sh"
need_root
"$PROGS/chain" 3 100000000 >/dev/null &
target=$!

# Stops a recording with signals, when it has samples. usage: stopped WANT SIGNAL...
stopped() {
	local want=$1 signal got
	shift
	recording "$CPROF" record -F 499 -p "$target" -o stop.pb.gz
	works $target 0.2
	for signal in "$@"; do kill "-$signal" "$recorder"; done
	wait "$recorder"
	got=$?
	[ "$got" = "$want" ] || fail "signals $*: exit $got, not $want"
}
stopped 0 INT
says err 'samples of 1 process'
[ -s stop.pb.gz ] || fail "no file after Ctrl-C"
stopped 0 TERM

# The second signal aborts at once and leaves the old file as it was, and no other.
echo old >stop.pb.gz
recording "$CPROF" record -F 499 -p "$target" -o stop.pb.gz
works $target 0.2
kill -STOP $recorder
kill -INT $recorder
kill -TERM $recorder
kill -CONT $recorder
wait $recorder
code=$?
[ $code = 130 ] || fail "two signals: exit $code"
[ "$(cat stop.pb.gz)" = old ] || fail "an aborted run has changed the old file"
[ "$(ls stop.pb.gz*)" = stop.pb.gz ] || fail "an aborted run has left $(ls stop.pb.gz*)"

# A full disk.
mkdir small
mount -t tmpfs -o size=4k none small || fail "no tmpfs"
echo old >small/old.pb.gz
expect 1 "$CPROF" record -F 499 -p "$target" -d 1 -o small/old.pb.gz
says err 'No space left'
[ "$(cat small/old.pb.gz)" = old ] || fail "a full disk has cost the old file"
[ "$(ls small)" = old.pb.gz ] || fail "left $(ls small)"
umount small
expect 1 "$CPROF" record -F 499 -p "$target" -d 1 -o /dev/full --format folded
says err 'No space left'

# Standard output, a pipe, a device.
"$CPROF" -q record -F 499 -p "$target" -d 1 -o - --format folded | cat >piped
says piped '^chain;.*;leaf '
"$CPROF" -q record -F 499 -p "$target" -d 1 -o /dev/stdout --format folded | cat >piped
says piped '^chain;'
expect 0 "$CPROF" -q record -F 499 -p "$target" -d 1 -o /dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
"$CPROF" record -F 499 -p "$target" -d 1 -o - --format folded 2>err | true

# Every format straight from record; values that are not scaled are summed periods.
expect 0 "$CPROF" --log-format=json record --no-scale -F 100 -p "$target" -d 1 -o v.pb.gz
samples=$(field samples err)
expect 0 "$CPROF" report v.pb.gz --json
cp out report.json
total=$(total v.pb.gz)
says report.json '"unit": "nanoseconds"'
[ "$total" = $((samples * 10000000)) ] || [ "$(field event err | cut -c 1-6)" = cycles ] ||
	fail "$samples samples at 100 Hz are $total ns"
for seconds in 0.5 1 2 4 8 16 32; do # until the target had a quarter of a second of a busy machine
	expect 0 "$CPROF" -q record --no-scale -c 5000000 -p "$target" -d $seconds -e cpu-clock -o c.pb.gz
	samples=$(total c.pb.gz --value samples)
	[ "$samples" -lt 50 ] || break
done
at_least "$samples" 50 "samples every 5 ms in $seconds seconds"
same "$(total c.pb.gz)" $((samples * 5000000)) "the sum of samples every 5 ms"
expect 0 "$CPROF" -q record -F 199 -p "$target" -d 1 -o flame.svg
says flame.svg '<title>leaf \('
expect 0 "$CPROF" -q record -F 199 -p "$target" -d 1 -o table.json
says table.json '"function": "leaf"'

# Several events: a column set each.
expect 0 "$CPROF" -q record -e cpu,page-faults -c 1000000 -o two.pb.gz -- sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done'
expect 2 "$CPROF" report two.pb.gz --value nothing
says err 'page-faults'
# "cpu" falls back to the clock wherever it stands.
expect 0 "$CPROF" -q record -e page-faults,cpu -o last.pb.gz -- "$PROGS/tiny"
expect 0 "$CPROF" report last.pb.gz --value page-faults
expect 0 "$CPROF" -q record -e page-faults -c 1 -o faults.folded -- "$PROGS/tiny"
at_least "$(samples faults.folded)" 20 "page faults of tiny"

# Where there is no counter, say so.
if "$CPROF" record -e instructions -d 0.1 -a -o i.pb.gz >out 2>err; then
	[ -s i.pb.gz ] || fail "no file of instructions"
else
	says err 'no such counter'
fi
finish
