#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs without frame pointers show whole stacks, whatever they are built and mapped like.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME=$PWD/cache
unset SUDO_UID

# Every sample from the first one on, with tables that are made meanwhile, then with cached ones.
for round in cold warm; do
	expect 0 "$CPROF" -v --log-format=json record -F 999 -o $round.folded -- "$PROGS/frameless" recurse 1000 400
	accounted err $round
	at_least "$(field samples err)" 200 "$round: samples"
	complete err 0.999
	grep -c '"unwind table of .*frameless.*built' err >built-$round
done
[ "$(cat built-cold)" = 1 ] || fail "the table was not built once: $(cat built-cold)"
[ "$(cat built-warm)" = 0 ] || fail "the table was built again in spite of the cache"
awk -F';' '/;bottom/ { n = gsub(/;recurse/, ""); seen++; if (n < 1001) short++ } END { exit !seen || short }' cold.folded ||
	fail "frames are missing of 1,000"
says cold.folded '^frameless;_start;__libc_start_main[^;]*;[^;]*;main;recurse;'

# The old way loses the caller.
expect 0 "$CPROF" --log-format=json record --call-graph fp -F 999 -o fp.folded -- "$PROGS/frameless" recurse 10 200
says fp.folded '^frameless;\[truncated: no frame pointers, '
says err '"cut_by_module":\{"frameless":'

# Exceptions, and signals on a deep stack and on one of their own. (A sample that is captured, one of the first, has
# the stack that it was taken on, not another one below it. In the few instructions with which libgcc leaves for a
# landing pad, the caller that the stack shows is one that did not call: that is cut, and nothing else.)
for what in throw signal altstack; do
	expect 0 "$CPROF" --log-format=json record -F 999 -o $what.folded -- "$PROGS/frameless" $what 60 500
	complete err "$(case $what in altstack) echo 0.97 ;; throw) echo 0.98 ;; *) echo 0.999 ;; esac)"
done
says signal.folded ';main;recurse;.*;bottom;.*;handler;'
says altstack.folded ';main;recurse;.*;bottom;.*;handler;'
says throw.folded ';main;.*throw_over;'
[ "$(samples throw.folded '\[truncated: ')" = "$(samples throw.folded '\[truncated: (the code contradicts, libgcc_s|capture pending)')" ] ||
	fail "thrown stacks are cut elsewhere than in libgcc: $(grep -F '[truncated: ' throw.folded | cut -d ']' -f 1 | sort | uniq -c)"

# A kernel without arenas: the tables lie in an array.
LD_PRELOAD=$PROGS/libfailbpf.so FAIL_BPF=arena expect 0 "$CPROF" --log-format=json record -F 999 -o array.folded -- "$PROGS/frameless" recurse 300 300
complete err 0.999
# A kernel without bpf_loop.
LD_PRELOAD=$PROGS/libfailbpf.so FAIL_BPF=old expect 0 "$CPROF" --log-format=json record -F 999 -o old.folded -- "$PROGS/frameless" recurse 300 300
complete err 0.999

# Static, static and position independent, without section headers' symbols, with .debug_frame in another file.
cat >loop.c <<'END2'
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
volatile uint64_t sink;
__attribute__((noinline)) void inner(void) { for (int i = 0; i < 200000; i++) sink = sink * 31 + (uint64_t)i; }
__attribute__((noinline)) int outer(int n) { volatile char room[100]; room[n] = 1; inner(); return room[n]; }
int main(void) { int s = 0; while (clock() < 250000) s += outer(s & 63); return s == 0; }
END2
built() {
	name=$1
	shift
	gcc -O2 -fomit-frame-pointer "$@" -o "$name" loop.c || fail "gcc $*"
	expect 0 "$CPROF" --log-format=json record -F 999 -o "$name.folded" -- "./$name"
	complete err 0.99
	says "$name.folded" "^$name;.*;(main|\[$name\+0x[0-9a-f]+\]);(outer|\[$name\+0x[0-9a-f]+\]);(inner|\[$name\+0x[0-9a-f]+\]) "
}
built dynamic
built static -static
built staticpie -static-pie
built stripped -s
gcc -O2 -g -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables -o separate loop.c
objcopy --only-keep-debug separate separate.debug
objcopy --strip-debug --add-gnu-debuglink=separate.debug separate
expect 0 "$CPROF" --log-format=json record -F 999 -o separate.folded -- ./separate
says separate.folded '^separate;.*;main;outer;inner '

# Deleted while it runs, and in another mount namespace with a libc of its own.
cp dynamic gone
expect 0 "$CPROF" --log-format=json record -F 999 -o gone.folded -- bash -c \
	'./gone & until grep -qx gone /proc/$!/comm; do :; done; rm gone; wait'
says gone.folded '^gone;.*;main;outer;inner '
mkdir jail
expect 0 "$CPROF" --log-format=json record -F 999 -o jail.folded -- unshare -m bash -c \
	'mount -t tmpfs none jail && mkdir -p jail/lib64 jail/lib/x86_64-linux-gnu &&
	cp /lib64/ld-linux-x86-64.so.2 jail/lib64 && cp /lib/x86_64-linux-gnu/libc.so.6 jail/lib/x86_64-linux-gnu &&
	cp dynamic jail/inside && for i in 1 2 3 4; do chroot jail /inside; done'
says jail.folded '^inside;.*;main;outer;inner '

# A library loaded while it runs, over and over; whole stacks through a program without frame pointers.
cat >plugin.c <<'END2'
#include <stdint.h>
volatile uint64_t sink;
__attribute__((noinline)) static void work(void) { for (int i = 0; i < 3000000; i++) sink = sink * 31 + (uint64_t)i; }
int plugin(int n) { volatile char room[64]; room[n & 63] = 1; work(); return room[n & 63]; }
END2
cat >host.c <<'END2'
#include <dlfcn.h>
#include <stdlib.h>
int main(void)
{
	int s = 0;
	for (int i = 0; i < 80; i++) {
		void *l = dlopen(i & 1 ? "./a.so" : "./b.so", RTLD_NOW);
		if (!l) return 1;
		s += ((int (*)(int))dlsym(l, "plugin"))(i);
		dlclose(l);
	}
	return s == 0;
}
END2
gcc -O2 -fomit-frame-pointer -shared -fPIC -o a.so plugin.c
gcc -O2 -fomit-frame-pointer -shared -fPIC -DB -Wl,-z,max-page-size=65536 -o b.so plugin.c
gcc -O2 -fomit-frame-pointer -o host host.c
expect 0 "$CPROF" --log-format=json record -F 999 -o host.folded -- ./host
complete err 0.85 # code that is mapped over other code between two looks is not believed
at_least "$(samples host.folded 'plugin|work')" 50 "samples of the plugin"
at_least "$(samples host.folded ';main;plugin')" "$(samples host.folded 'plugin|work' | awk '{ print $1 * 0.85 }')" \
	"stacks through main to the plugin"

# Python, OpenSSL and gcc as the distribution built them.
expect 0 "$CPROF" --log-format=json record -F 999 -o python.folded -- /usr/bin/python3 -c 'import json, time
def f(n): return json.dumps({str(i): [i] for i in range(300)}) if n == 0 else f(n - 1)
while time.process_time() < 1.5: f(30)'
complete err 0.996 # start and end of a library have no rules
expect 0 "$CPROF" --log-format=json record -F 999 -o openssl.folded -- openssl speed -seconds 1 rsa2048
complete err 0.995

# Go, stripped: leaf functions show their callers.
cat >prog.go <<'END2'
package main

var sink int

//go:noinline
func leaf(n int) int { s := 0; for i := 0; i < n; i++ { s += i * i ^ s }; return s }

//go:noinline
func middle(n int) int { return leaf(n) + 1 }
func main() { for i := 0; i < 1500; i++ { sink += middle(200000) } }
END2
HOME=$PWD GOCACHE=$PWD/go go build -o gofull prog.go && HOME=$PWD GOCACHE=$PWD/go go build -ldflags '-s -w' -o gostripped prog.go
expect 0 "$CPROF" --log-format=json record -F 999 -o go.folded -- ./gofull
complete err 0.97 # as with signals: Go's runtime begins on a stack of its own
at_least "$(samples go.folded ';main\.leaf')" 50 "leaves"
at_least "$(samples go.folded ';main\.main;main\.middle;main\.leaf')" "$(samples go.folded ';main\.leaf' | awk '{ print $1 * 0.999 }')" \
	"leaves with their callers"
expect 0 "$CPROF" --log-format=json record -F 999 -o gostripped.folded -- ./gostripped
complete err 0.97
chmod -R u+w go 2>/dev/null
finish
