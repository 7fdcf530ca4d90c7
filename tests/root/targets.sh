#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Only what is asked for is sampled: pids, tids, users, cgroups, CPUs, descendants.
. "$(dirname "$0")/../lib.sh"
need_root

start() { # a chain that runs until the end of the test; its pid in $pid
	"$@" >/dev/null &
	pid=$!
	await "$*" has_run $pid 0.02
}
# sampled ARGS... -o FILE: a short recording, or, where the machine is too busy for its target to run then, a longer one
sampled() {
	local file=${*: -1} seconds
	for seconds in 0.6 6 60; do
		"$CPROF" -q record -F 499 -d $seconds "$@" 2>err || fail "record $*: exit $?: $(cat err)"
		[ ! -s "$file" ] || break
	done
}
only() { # FILE REGEX: every line matches, and there is one
	[ -s "$1" ] || fail "$1 is empty"
	! grep -qvE "$2" "$1" || fail "$1 has others than $2: $(grep -vE -m 2 "$2" "$1" | cut -c 1-100)"
}
start "$PROGS/chain" 3 100000000 2
first=$pid
cp "$PROGS/chain" other
start ./other 3 100000000
second=$pid

sampled -p "$first" -o pid.folded
only pid.folded '^chain;'
sampled -p "$first,$second" --by pid -o pids.folded
says pids.folded "^chain-$first;"
says pids.folded "^other-$second;"
tid=$(ls "/proc/$first/task" | tail -n 1)
sampled -t "$tid" --by tid -o tid.folded
only tid.folded "^chain-$first/$tid;"
sampled -C 0 --by cpu -o cpu.folded
only cpu.folded '^cpu 0;'
expect 2 "$CPROF" record -C 4000 -d 0.1
says err 'not online'

# A command from its exec on: of cprof's part of its process there is nothing.
for _ in $(seq 25); do
	expect 0 "$CPROF" -q record -F 4999 -o command.folded -- "$PROGS/chain" 3 2000
	only command.folded '^chain;'
done

# A user.
cp "$PROGS/chain" mine && chmod 755 mine "$dir"
start setpriv --reuid 65534 --regid 65534 --clear-groups ./mine 3 100000000
sampled -u nobody -o user.folded
only user.folded '^mine;'
expect 2 "$CPROF" record -u no-such-user -d 0.1
says err "no user named"

# The whole machine is without the idle task and without cprof itself; --idle shows the idle task.
cp "$CPROF" itself
expect 0 ./itself -q record -F 499 -d 1 -o all.folded
says all.folded '^chain;'
says_not all.folded '^(itself|swapper)'
kill "$first" "$second" "$pid"
wait 2>/dev/null
# (A busy machine has no idle task to show; where a tenth of the time was idle, one look of twenty has.)
read -r up idle </proc/uptime
for _ in $(seq 20); do
	sampled --idle -o idle.folded
	! grep -q '^swapper' idle.folded || break
done
read -r up_after idle_after </proc/uptime
if awk "BEGIN { exit !($idle_after - $idle >= ($up_after - $up) * $(getconf _NPROCESSORS_ONLN) / 10) }"; then
	says idle.folded '^swapper'
fi

# A cgroup and what is below it; v1 directories are refused.
mount=$(awk '$(NF - 2) == "cgroup2" || / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
if [ -n "$mount" ] && mkdir -p "$mount/cprof-test/below" 2>/dev/null; then
	bash -c 'echo $$ >"$1/cprof-test/below/cgroup.procs" && exec "$2" 3 100000000' - "$mount" "$PROGS/chain" >/dev/null &
	inside=$!
	start ./other 3 100000000
	await "what is in the group" began $inside chain
	sampled -G /cprof-test -o cgroup.folded
	only cgroup.folded '^chain;'
	sampled -G "$mount/cprof-test/below" --by cgroup -o cgroup.folded
	only cgroup.folded '^/cprof-test/below;'
	kill "$inside" "$pid"
	wait 2>/dev/null
	is_empty() { [ ! -s "$mount/cprof-test/below/cgroup.procs" ]; }
	await "the group to be empty" is_empty
	rmdir "$mount/cprof-test/below" "$mount/cprof-test"
else
	fail "no cgroup2 to test with"
fi
expect 2 "$CPROF" record -G /no-such-group -d 0.1
says err 'no cgroup'
v1=$(awk '/ - cgroup / { print $5; exit }' /proc/self/mountinfo)
if [ -n "$v1" ]; then
	expect 2 "$CPROF" record -G "$v1" -d 0.1
	says err 'cgroup v1'
fi

# Children that a target starts later belong to it; grandchildren of a command too.
mkfifo go
bash -c 'read -r <go; "$1" 3 0.3s; "$1" 3 0.3s & wait' - "$PROGS/chain" >/dev/null &
recording "$CPROF" record -F 499 -p $! -o children.folded
echo >go
wait $recorder || fail "children: exit $?: $(cat err)"
only children.folded '^(chain|bash|sleep);'
says children.folded '^chain;.*;leaf '
expect 0 "$CPROF" -q record -o grand.folded -- sh -c 'sh -c "$0 3 60000; true"; true' "$PROGS/chain"
says grand.folded '^chain;.*;leaf '

# Beside another target a command is no target: it says how long, as with perf.
"$PROGS/chain" 3 100000000 >/dev/null &
clock=$!
expect 0 timeout 300 "$CPROF" -q record -F 499 -p $clock -o clock.folded -- sleep 0.5
only clock.folded '^chain;'
expect 0 timeout 300 "$CPROF" -q record -a -F 499 -o clock.folded -- sleep 0.5
says clock.folded '^chain;.*;leaf '
expect 0 timeout 300 "$CPROF" -q record -a -F 499 -d 0.3 -o clock.folded -- sleep 3000
kill $clock
pkill -P $$ sleep

# A target that ends while recording ends the recording, with exit 0.
"$PROGS/chain" 3 100000000 >/dev/null &
target=$!
recording timeout 300 "$CPROF" record -F 499 -p $target -o ends.folded
works $target 0.2
kill $target
wait $recorder || fail "a target that ends: exit $?: $(cat err)"
wait
expect 1 "$CPROF" record -p $target -o never.pb.gz
says err "no process with pid $target"
[ ! -e never.pb.gz ] || fail "a file for a pid that is gone"
sleep 3000 &
await "sleep" began $! sleep
expect 2 "$CPROF" record -p 1 -F 49 -d 0.1 -e nope
expect 3 "$CPROF" record -p $! -d 0.3 -o nothing.pb.gz
[ -s nothing.pb.gz ] || fail "no file of an empty recording"
says_not err 'children that ran already'
bash -c '"$1" 3 100000000 >/dev/null & wait' - "$PROGS/chain" &
parent=$!
await "the child" pgrep -P $parent
expect 3 "$CPROF" record -p $parent -d 0.3 -o nothing.pb.gz
says err "process $parent was not sampled; its children that ran already .*pgrep -d, -P $parent"
pkill -P $parent

# The command: its status is told, taken over on request; what cannot run is 126 and 127.
expect 0 "$CPROF" record -F 4999 -o s.pb.gz -- sh -c 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 7'
says err 'command exited with 7'
expect 7 "$CPROF" record -F 4999 --exit-status -o s.pb.gz -- sh -c 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 7'
expect 127 "$CPROF" record -o s2.pb.gz -- /nonexistent/command
expect 126 "$CPROF" record -o s2.pb.gz -- /etc/passwd
[ ! -e s2.pb.gz ] || fail "a file of a command that never ran"

# A thread that runs another program becomes its process's first one, and is sampled on; the first one, which that ends, has
# ended, and it is said.
cat >exec.c <<'END2'
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
volatile uint64_t sink;
__attribute__((noinline)) void burn(void) { for (int i = 0; i < 1000000; i++) sink = sink * 31 + (uint64_t)i; }
__attribute__((noinline)) void before(void) { burn(); }
__attribute__((noinline)) void after(void) { burn(); }
static char *self;
static void *run(void *arg)
{
	FILE *f = fopen("tid.new", "w");
	fprintf(f, "%ld\n", syscall(SYS_gettid));
	fclose(f);
	rename("tid.new", "tid");
	while (access("go", F_OK)) before();
	execl(self, self, "after", NULL);
	return arg;
}
int main(int argc, char **argv)
{
	pthread_t t;
	self = argv[0];
	clock_t begin = clock();
	while (argc > 1 && clock() - begin < 300000) after();
	if (argc == 1 && !pthread_create(&t, NULL, run, NULL)) for (;;) pause();
	return 0;
}
END2
gcc -O1 -fno-optimize-sibling-calls -pthread -o exec exec.c || fail "gcc"
for which in thread first; do
	rm -f tid go
	./exec &
	process=$!
	await "the thread" test -e tid
	tid=$process
	[ $which = first ] || tid=$(cat tid)
	recording "$CPROF" record -t "$tid" -F 499 --by tid -o exec.folded
	works $process 0.2
	touch go
	wait $recorder
	says err 'all that was to be sampled has ended'
	wait $process
	if [ $which = thread ]; then
		says exec.folded "^exec-$process/$tid;.*;run;before;burn"
		says exec.folded "^exec-$process/$process;.*;main;after;burn"
	else
		says_not exec.folded 'burn'
	fi
done
finish
