#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# threads: what each of a thousand threads does, with its whole stack, and nothing is stopped for it.
. "$(dirname "$0")/../lib.sh"
need_root

"$PROGS/waiting" 1000 1 >ready &
pid=$!
await "its threads" grep -q ready ready

switches() { grep -h ctxt_switches /proc/$pid/task/*/status | paste - - | awk '{ print $2 + $4 }'; }
ran() { diff before after | grep -c '^>'; } # threads, between the two looks
settled() { switches >before && sleep 0.1 && switches >after && [ "$(ran)" -le 1 ]; }
await "that they wait" settled
switches >before
expect 0 "$CPROF" --log-format=json threads $pid --json
switches >after
# One thread computes; those that wait have not run.
at_most "$(ran)" 1 "threads of 1,002 that ran meanwhile"
[ "$(field threads err)" = 1002 ] || fail "$(field threads err) threads, not 1002"
complete err 1
cat >look.py <<'EOT'
import collections, json, sys
d = json.load(open("out"))
want = {"wait_sleep": "clock_nanosleep", "wait_condition": "futex", "wait_pipe": "read", "wait_epoll": "epoll_wait",
        "wait_deep": "clock_nanosleep", "run_hot": None}
seen = collections.Counter()
for g in d["groups"]:
    names = [f["function"] for f in g["stack"] if f["kind"] in ("user", "inlined")]
    what = next((n for n in names if n in want and (n != "wait_sleep" or "wait_deep" not in names)), None)
    if not what:
        continue
    seen[what] += g["count"]
    if names[-4:-1] != ["middle", "body", "start_thread"] or names[-1] not in ("clone3", "__clone3"):
        print("the stack of", what, "ends in", names[-5:])
    if what == "wait_deep" and names.count("wait_deep") != 201:
        print("wait_deep", names.count("wait_deep"), "times, not 201")
    for t in g["threads"]:
        if t["syscall"] != want[what] or t["state"] != ("running" if what == "run_hot" else "sleeping"):
            # What computes may just then have been preempted.
            if what != "run_hot" or t["state"] != "runnable":
                print(what, t)
                break
        if what != "run_hot" and not (0.1 < t["wait_s"] < 36000 and t["wchan"]):
            print(what, "waits", t["wait_s"], t["wchan"])
            break
for what, count in {**{k: 200 for k in want}, "run_hot": 1}.items():
    if seen[what] != count:
        print(seen[what], "threads in", what, "not", count)
EOT
python3 look.py >wrong || fail "$(cat wrong)"
[ ! -s wrong ] || fail "$(head -5 wrong)"

expect 0 "$CPROF" threads $pid
says out '^200 threads waiting: sleeping for .* in futex, waiting in futex'
says out '^    wait_pipe  '
says out 'and 184 more$'
says err '1,002 threads, .*; 100.00 % of user stacks complete; taken in .*, nothing was stopped'
expect 0 "$CPROF" threads $pid --all
[ "$(grep -c '^thread ' out)" = 1002 ] || fail "$(grep -c '^thread ' out) threads by themselves"
expect 0 "$CPROF" threads -a
says out ' kworker'
says out 'wait_epoll'

# A thread that computes is where it computes.
for _ in 1 2 3 4 5; do
	"$CPROF" threads $pid 2>/dev/null | grep -q '^    run_hot' || fail "what runs was not seen"
done

# What has ended and is not waited for, and since when one waits that has run until then.
python3 -c 'import os, time
child = os.fork()
if not child: os._exit(0)
print(child, flush=True)
end = time.monotonic() + 1.5
while time.monotonic() < end: pass
print("sleeps", flush=True)
time.sleep(60)' >child &
parent=$!
began=$(date +%s%N)
await "it to sleep" grep -q sleeps child
expect 0 "$CPROF" threads $parent --json
at_most "$(sed -n 's/.*"wait_s": \([0-9.e-]*\),*/\1/p' out)" "$(awk -v ns=$(($(date +%s%N) - began)) 'BEGIN { print ns / 1e9 - 1.4 }')" \
	"seconds that it waits, which ran until then"
expect 0 "$CPROF" threads "$(head -1 child)"
says out 'zombie'

# A thread that was preempted, deep in its stack, on a machine that is busy: whole too, as often as one is met.
for _ in 1 2 3; do
	sh -c 'while :; do :; done' &
done
"$PROGS/frameless" recurse 300 300000 >/dev/null &
deep=$!
met=0
for _ in $(seq 300); do
	[ "$met" -lt 8 ] || break
	expect 0 "$CPROF" --log-format=json threads $deep --json
	complete err 1 "a preempted thread"
	grep -q '"state": "runnable"' out || continue
	met=$((met + 1))
	[ "$(grep -c '"function": "recurse' out)" -ge 301 ] || fail "$(grep -c '"function": "recurse' out) frames of a preempted thread, not 301"
done
[ "$met" = 8 ] || fail "a preempted thread was met $met times in 300"
kill $deep
pkill -P $$ -x sh

expect 1 "$CPROF" threads 2147483646
says err 'no process with pid'
expect 1 "$CPROF" threads "$(find /proc/$pid/task -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | sed -n 5p)"
says err 'it is a thread'
expect 2 "$CPROF" threads
says err 'is missing'
expect 2 "$CPROF" threads x
expect 2 "$CPROF" threads 1 2

# What runs without names, by an interpreter, in another namespace.
python3 -c 'import time; time.sleep(600)' &
for _ in $(seq 200); do
	expect 0 "$CPROF" threads $!
	! grep -q clock_nanosleep out || break # it has begun
done
says out 'in clock_nanosleep'
says out 'python3\.[0-9]'
# In a pid namespace of its own: its numbers are not the kernel's.
expect 1 unshare -p -f --mount-proc "$CPROF" threads 1
says err 'this is a container'
finish
