#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that promise their stacks show them, whole, and every sample is accounted for.
. "$(dirname "$0")/../lib.sh"
need_root

# A chain of calls in two threads: every stack leads from the thread's start to where it is.
expect 0 "$CPROF" --log-format=json record -o chain.folded -- "$PROGS/chain" 28 1s 2
samples=$(field samples err)
at_least "$samples" 500 "samples of chain"
accounted err
same "$(samples chain.folded)" "$samples" "folded counts, and the samples"
complete err 0.98
path='work;f0;f1;f2;f3;f4;f5;f6;f7;f8;f9;f10;f11;f12;f13;f14;f15;f16;f17;f18;f19;f20;f21;f22;f23;f24;f25;f26;f27;f28;leaf'
whole=$(grep -E "^chain;((__)?clone3|\[libc\.so\.6\+0x[0-9a-f]+\]);(start_thread|\[libc\.so\.6\+0x[0-9a-f]+\]);$path(;.*_\[k\])* " chain.folded | samples -)
at_least "$whole" "$(awk -v n="$samples" 'BEGIN { print n * 0.9 }')" "samples with the whole chain"
says err '"event":"(cpu-clock|cycles)'
[ "$(field command_status err)" = "exited with 0" ] || fail "status: $(field command_status err)"

# main's own frames, with libc's start code above them.
expect 0 "$CPROF" -q record -o one.folded -- "$PROGS/chain" 3 120000
says one.folded '^chain;_start;__libc_start_main;[^;]*;main;work;f0;f1;f2;f3;leaf '

# 1,000 frames deep, not perf's 127; and what is deeper says so.
expect 0 "$CPROF" -q record -o deep.folded -- "$PROGS/deep" 900 300
awk -F';' '{ n = gsub(/;descend/, ""); if (n > most) most = n } END { exit !(most >= 900) }' deep.folded ||
	fail "no stack 900 deep"
expect 0 "$CPROF" -q record --max-depth 50 -o cut.folded -- "$PROGS/deep" 900 200
says cut.folded 'truncated: deeper than 50 frames'

# A storm of processes that live 3 ms: named like those that live.
# (Whoever is faster has fewer samples in each.)
for lives in 300 3000 30000; do
	expect 0 "$CPROF" --log-format=json record -F 999 -o storm.folded -- "$PROGS/storm" $lives 4 "$PROGS/tiny"
	[ "$(field samples err)" -lt 400 ] || break
done
at_least "$(field processes err)" 250 "processes of the storm"
# A quarter of such a life is honestly the loader's and libc's; what main runs is spin.
complete err 0.97 storm
grep '^tiny;' storm.folded | grep ';main' | grep -v '_\[k\] ' >user
user=$(samples user)
spin=$(samples user ';spin ')
at_least "$spin" "$(awk -v n="$user" 'BEGIN { print n * 0.95 }')" "samples of tiny in spin"
at_least "$spin" 100 "samples of tiny in spin"

# More than 10,000 distinct stacks in a second: nothing lost, nothing cut.
expect 0 "$CPROF" --log-format=json record -F 4999 -o diverse.folded -- "$PROGS/diverse" 20 600000 7
accounted err diverse
at_least "$(wc -l <diverse.folded)" "$(($(field samples err) * 9 / 10))" "distinct stacks"
complete err 0.99 diverse

# A separate debug file gives a stripped program its names.
cp "$PROGS/chain" stripped
objcopy --only-keep-debug stripped stripped.debug
strip --strip-all stripped
objcopy --add-gnu-debuglink=stripped.debug stripped
expect 0 "$CPROF" -q record -o stripped.folded -- ./stripped 5 60000
says stripped.folded ';f3;f4;f5;leaf '
rm stripped.debug
expect 0 "$CPROF" -q record --no-cache -o nameless.folded -- ./stripped 5 60000
says nameless.folded '\[stripped\+0x[0-9a-f]+\]'

# C++ names are readable.
cat >cpp.cc <<'END'
#include <cstdint>
namespace geo { template <int N> struct Shape { uint64_t x = 1;
	__attribute__((noinline)) uint64_t area(uint64_t n) { for (uint64_t i = 0; i < n; i++) x ^= x << 13, x ^= x >> 7, x ^= x << 17; return x; } }; }
int main() { geo::Shape<3> s; return s.area(150000000) & 1; }
END
g++ -O1 -fno-omit-frame-pointer cpp.cc -o cpp
expect 0 "$CPROF" -q record -o cpp.folded -- ./cpp
says cpp.folded 'main;geo::Shape<3>::area '

# A program that was deleted while it runs.
cp "$PROGS/chain" gone
./gone 4 100000000 >/dev/null &
await "the program" has_run $! 0.1
rm gone
expect 0 "$CPROF" -q record -p $! -d 1 -F 499 -o gone.folded
kill %1
says gone.folded ';f3;f4;leaf '
finish
