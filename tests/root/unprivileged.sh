#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without root: with the capabilities that the manual names all works; with none, processes of one's own.
. "$(dirname "$0")/../lib.sh"
need_root

chmod 777 "$dir"
cp "$CPROF" cprof
cp "$PROGS/chain" "$PROGS/waiting" "$PROGS/deep" .
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
restore() {
	echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid
	pkill -u 65534 -x waiting
	jobs -p | xargs -r kill 2>/dev/null
	cd /
	rm -rf "$dir"
}
trap restore EXIT
as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$dir" "$@"; }
echo 2 >/proc/sys/kernel/perf_event_paranoid

# A command: the same stacks and sums, and the summary says how they were made.
expect 0 as_user ./cprof --log-format=json record -F 999 -o a.pb.gz -- ./chain 7 0.8s 1
says err '"privileged":false'
says err '"kernel_seen":false'
samples=$(field samples err)
at_least "$samples" 100 "samples"
complete err 0.98
as_user ./cprof export a.pb.gz -o a.folded 2>/dev/null
says a.folded '^chain;_start;__libc_start_main;__libc_start_call_main;main;work;f0;f1;f2;f3;f4;f5;f6;f7;leaf [0-9]'
at_most "$samples" 960 "samples of 0.8 s"

# Deep stacks, children, threads, several processes.
expect 0 as_user ./cprof -q record -F 499 -o d.pb.gz -- ./deep 150 300
as_user ./cprof report d.pb.gz --json -n 0 >out 2>/dev/null
expect 0 as_user ./cprof --log-format=json record -F 499 -o c.pb.gz -- sh -c './chain 3 100000 1 & ./chain 4 100000 1; wait'
at_least "$(field processes err)" 2 "processes"
as_user timeout 1200 ./waiting 5 2 >/dev/null &
is_there() { mine=$(pgrep -n -u 65534 -x waiting); }
await "its program" is_there
await "its threads" has_run "$mine" 0.1
for seconds in 2 8 32; do # a busy machine gives them less of each
	expect 0 as_user ./cprof --log-format=json record -p "$mine" -d $seconds -o p.folded
	[ "$(field samples err)" -lt 150 ] || break
done
at_least "$(field samples err)" 150 "samples of two threads in $seconds seconds"
accounted err
says p.folded '^waiting;(__)?clone3;start_thread;body;middle;run_hot [0-9]'
expect 0 as_user ./cprof record -p "$mine" -d 1 -o p.folded
says err 'Hz, user code only; without privileges: kernel time is not seen'

# When samples fell, too.
expect 0 as_user ./cprof -q record -F 499 --timeline -o t.pb.gz -- sh -c './chain 4 100000 1; sleep 0.6; ./chain 9 100000 1'
expect 0 as_user ./cprof report t.pb.gz --heatmap --json
at_least "$(sed -n '/"blocks"/,/]/p' out | grep -c '^  *[0-9]')" 30 "blocks of 20 ms"

# What cannot be, and what would help.
"$PROGS/waiting" 1 1 >/dev/null &
roots=$!
expect 1 as_user ./cprof record -p $roots -d 1 -o x.pb.gz
says err 'it is not yours'
expect 1 as_user ./cprof record -a -d 1 -o x.pb.gz
says err 'setcap cap_perfmon.*Without privileges cprof samples processes of yours'
expect 1 as_user ./cprof threads "$mine"
says err 'the kernel does not show its threads: may not load BPF programs'
says err 'setcap cap_perfmon'
expect 1 as_user ./cprof serve --listen 127.0.0.1:0
expect 0 as_user ./cprof doctor --json
says out '"id": "privileges"'
says out 'setcap cap_perfmon'
echo 3 >/proc/sys/kernel/perf_event_paranoid
if as_user ./cprof record -o x.pb.gz -- ./chain 3 20000 1 2>err; then
	: # only patched kernels know 3
else
	says err 'perf_event_paranoid'
fi
echo 2 >/proc/sys/kernel/perf_event_paranoid

# With the line of the manual.
line=$(sed -n 's/.*sudo setcap \(cap_[a-z_,]*=ep\).*/\1/p' "$SOURCE/README.md" | head -1)
[ -n "$line" ] || fail "README.md names no setcap line"
setcap "$line" cprof || fail "setcap $line"
expect 0 as_user ./cprof --log-format=json record -a -d 1 -o m.pb.gz
says err '"privileged":true'
as_user ./cprof export m.pb.gz -o m.folded 2>/dev/null
says m.folded 'run_hot'
expect 0 as_user ./cprof threads $roots
says out 'run_hot'
expect 0 as_user ./cprof doctor
says out '^found +privileges'
finish
