#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other profilers beside cprof: their records are what they asked for, perf works, and both have their samples; and cprof
# beside one that asks for build ids, for which kernels mark everybody's records.
. "$(dirname "$0")/../lib.sh"
need_root

chmod 777 "$dir"
cp "$CPROF" "$PROGS/chain" .
"$PROGS/chain" 5 100000000 2 >/dev/null &
target=$!
as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$dir")

# unharmed WHAT: beside it, no record of another's is marked
unharmed() {
	"$PROGS/neighbour" 20 >out || fail "$1: the neighbour cannot follow its own mappings"
	says out '^100 records, 0 marked$'
}
unharmed "nothing of ours (is another profiler with build ids running?)"

# beside NAME COMMAND...: while it runs others are unharmed
beside() {
	local name=$1
	shift
	recording "$@" >beside.out
	works $target 0.1
	unharmed "$name"
	kill -TERM $recorder
	wait $recorder
	says err 'samples of'
}
beside "record -p" "$CPROF" record -F 199 -p $target -o p.pb.gz
beside "record -a" "$CPROF" record -F 199 -a -o a.pb.gz
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
echo 2 >/proc/sys/kernel/perf_event_paranoid
beside "record without privileges" "${as_user[@]}" ./cprof record -F 199 -o u.pb.gz -- ./chain 5 100000000 1
echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid

# perf beside cprof serve: both have what they would have alone.
serve
perf record -q -F 499 -g -o perf.data -- "$PROGS/chain" 12 0.6s 1 >perf.out 2>&1 || fail "perf record: exit $?: $(tail -3 perf.out)"
perf script -i perf.data >script 2>perf.err || fail "perf script: $(tail -3 perf.err)"
says script ' leaf\+0x'
at_least "$(grep -c 'leaf+0x' script)" "$(($(grep -c 'cpu-clock\|cycles' script) / 2))" "perf's samples in leaf"
unharmed "serve"
status=$(curl -s -o served.pb.gz -w '%{http_code}' "$url/debug/pprof/pid/$target/profile?seconds=1")
[ "$status" = 200 ] || fail "the server answers $status"
expect 0 "$CPROF" report served.pb.gz
says out ' leaf +chain'
kill $server
wait $server

# And the other way round: beside a perf that asks for build ids every mapping is what it is.
perf record -q --buildid-mmap -a -F 49 -o theirs.data -- sleep 1000 >perf.out 2>&1 &
theirs=$!
# (A kernel that has learned better marks none.)
samples_by_perf() { find "/proc/$theirs/fd" -lname '*perf_event*' 2>/dev/null | grep -q .; }
await "perf" samples_by_perf
expect 0 "$CPROF" --log-format=json record -F 499 -o ours.folded -- "$PROGS/chain" 12 0.6s 1
accounted err
says ours.folded '^chain;_start;.*;main;work;f0;.*;f12;leaf '
kill $theirs
wait $theirs
kill $target
finish
