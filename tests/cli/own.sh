#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes of one's own, sampled by perf without privileges: what is recorded, and what it is told of.
. "$(dirname "$0")/../lib.sh"
if ! "$PROGS/neighbour" >out 2>/dev/null; then
	echo "skipped: this kernel lets nobody but root open perf events (kernel.perf_event_paranoid)"
	exit 77
fi
export XDG_CACHE_HOME=$dir/cache ASAN_OPTIONS=verify_asan_link_order=0

# As root the kernel's programs are refused: then perf samples as it does for a user.
refuse=()
[ "$(id -u)" != 0 ] || refuse=(env FAIL_BPF=EPERM "LD_PRELOAD=$PROGS/libfailbpf.so")
cprof() { "${refuse[@]}" "$CPROF" "$@"; }

# A command: whole stacks, and an account in which nothing is missing.
expect 0 cprof --log-format=json record -F 999 -o chain.folded -- "$PROGS/chain" 7 0.5s 2
says err '"privileged":false'
same "$(field way err)" perf "the way"
# (Whoever reads slowly loses some of perf's samples, each with its piece of stack, and says so.)
says_not err unaccounted
if [ "$(field lost err)" != 0 ]; then
	says err "\"lost_by_reason\":\{\"perf's ring full\":[0-9]*\}"
fi
complete err 0.98
at_least "$(field samples err)" 200 "samples of a second of CPU time"
same "$(samples chain.folded)" "$(field samples err)" "folded counts, and the samples"
at_least "$(share chain.folded ';work;f0;f1;f2;f3;f4;f5;f6;f7;leaf')" 90 "samples with the whole chain"
same "$(field command_status err)" "exited with 0" "the command's status"
expect 7 cprof record -F 999 --exit-status -o s.pb.gz -- sh -c 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 7'
expect 127 cprof record -o none.pb.gz -- /nonexistent/command

# "cpu" falls back to the clock wherever it stands.
expect 0 cprof -q record -e page-faults,cpu -F 999 -o both.pb.gz -- "$PROGS/chain" 2 0.1s 1
expect 0 "$CPROF" report both.pb.gz --value page-faults

# Without frame pointers, deep, and through signals and exceptions.
for what in recurse throw signal altstack; do
	expect 0 cprof --log-format=json record -F 499 -o $what.folded -- "$PROGS/frameless" $what 60 300
	# (Of a signal on a stack of its own perf brings that stack alone.)
	complete err "$([ $what = altstack ] && echo 0.7 || echo 0.95)" $what
done
says recurse.folded '^frameless;_start;.*;main(;recurse){61}.*;bottom'
says throw.folded ';main;.*throw_over;'
says signal.folded ';main;recurse;.*;bottom;.*;handler'
# By what the cache has.
expect 0 cprof -v record -F 499 -o again.folded -- "$PROGS/frameless" recurse 60 300
says err 'unwind table of .*frameless.* cached'

# Rules that only libdw interprets: the CFA is an expression that adds nothing.
cat >expression.s <<'END'
	.text
	.type inner, @function
inner:	.cfi_startproc
	mov $400000000, %ecx
1:	dec %ecx
	jnz 1b
	ret
	.cfi_endproc
	.size inner, . - inner
	.type outer, @function
outer:	.cfi_startproc
	sub $24, %rsp
	.cfi_escape 0x0f, 0x05, 0x77, 0x20, 0x23, 0x00, 0x96
	call inner
	add $24, %rsp
	.cfi_def_cfa rsp, 8
	ret
	.cfi_endproc
	.size outer, . - outer
	.globl main
	.type main, @function
main:	.cfi_startproc
	sub $8, %rsp
	.cfi_adjust_cfa_offset 8
	call outer
	xor %eax, %eax
	add $8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size main, . - main
	.section .note.GNU-stack,"",@progbits
END
gcc -o expression expression.s || fail "gcc expression.s"
expect 0 cprof --log-format=json record -F 999 -o expression.folded -- ./expression
complete err 0.95
says expression.folded '^expression;_start;.*;main;outer;inner '

# Children, a library over another, generated code, a program that is replaced by its exec.
expect 0 cprof --log-format=json record -F 999 -o storm.folded -- "$PROGS/storm" 60 4 "$PROGS/tiny"
at_least "$(field processes err)" 10 "processes of a storm"
says storm.folded '^tiny;.*;main;b;a;spin '
for name in alpha gamma; do
	printf '#include <stdint.h>\nuint64_t work_%s(uint64_t n) { uint64_t x = 1; for (uint64_t i = 0; i < n; i++) x ^= x << 13, x ^= x >> 7, x ^= x << 17; return x; }\n' $name >$name.c
	gcc -O1 -fno-omit-frame-pointer -shared -fPIC -o lib$name.so $name.c || fail "gcc"
done
expect 0 cprof -q record -F 999 -o reload.folded -- "$PROGS/reload" 2 ./libalpha.so work_alpha ./libgamma.so work_gamma
says reload.folded ';main;first;work_alpha '
says reload.folded ';main;second;work_gamma '
says_not reload.folded 'first;work_gamma|second;work_alpha'
expect 0 cprof -q record -F 499 -o map.folded -- "$PROGS/generate" map one:fn 0.3
says map.folded ';main;one:fn_\[j\] '
expect 0 cprof -q record -F 499 -o dump.folded -- "$PROGS/generate" dump dumped:fn 0.3
says dump.folded 'dumped:fn_\[j\] '
expect 0 cprof -q record -F 999 -o exec.folded -- sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; exec "$1" 3 0.2s' - "$PROGS/chain"
says exec.folded '^chain;.*;f2;f3;leaf '
says exec.folded '^sh;'

# A process, a thread, several events, blocks of time, the report of what has no name.
"$PROGS/chain" 5 100000000 2 >/dev/null &
target=$!
await "its threads" has_run $target 0.1
expect 0 cprof -q record -F 499 -d 1 -p $target -o p.folded
says p.folded '^chain;.*;f5;leaf '
thread=$(ls "/proc/$target/task" | tail -n 1)
expect 0 cprof -q record -F 499 -d 1 -t "$thread" --by tid -o t.folded
says t.folded "^chain-$target/$thread;"
kill $target
expect 0 cprof -q record -e cpu,page-faults -c 1000000 -o two.pb.gz -- "$PROGS/chain" 3 0.2s
expect 0 "$CPROF" report two.pb.gz --value page-faults
expect 0 cprof -q record -F 499 --timeline -o time.pb.gz -- "$PROGS/chain" 3 0.4s
expect 0 "$CPROF" report time.pb.gz --heatmap
cp "$PROGS/chain" bare
strip bare
expect 0 cprof -q record --no-cache -F 499 -o bare.pb.gz -- ./bare 5 0.2s
expect 0 "$CPROF" report --no-cache --missing bare.pb.gz
says out "$dir/bare"

# Some CPUs; by frame pointers, by a user and by a cgroup it takes the kernel's programs.
expect 0 cprof -q record -F 499 -C 0-$(($(nproc) - 1)) --by cpu -o cpus.folded -- "$PROGS/chain" 3 0.2s
says cpus.folded '^cpu [0-9]+;.*;leaf '
expect 2 cprof record -C 8000 -o x.pb.gz -- "$PROGS/tiny"
says err 'not online'
expect 1 cprof record --call-graph fp -o x.pb.gz -- "$PROGS/tiny"
expect 1 cprof record -u "$(id -u)" -d 0.1 -o x.pb.gz
expect 2 cprof record -u no-such-user -d 0.1
expect 2 cprof record -G /no-such-group -d 0.1
expect 1 cprof record -p 2147483646 -d 0.1
says err 'no process with pid'
expect 1 cprof record -p "$(ls "/proc/$$/task" | head -1)" -t 2147483646 -d 0.1
says err 'no thread with tid'

# What cannot be, and what would help.
expect 1 cprof record -a -d 0.1 -o x.pb.gz
says err 'cprof samples processes of yours|though the capabilities for it are there'
expect 1 cprof threads $$
expect 1 cprof serve --listen 127.0.0.1:0
cprof doctor >out 2>err
says out 'sampling programs'
cprof doctor --json >out 2>err
says out '"features"'
sleep 1000 &
await "sleep" began $! sleep
cprof doctor $! >out 2>err
says out '/sleep'
expect 0 cprof cache build "$PROGS/inlined"
expect 0 "$CPROF" cache list
says out 'tables'
finish
