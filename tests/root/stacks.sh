#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Stacks are whole and named, or say that they are not, in code of which no table tells, and in programs that are not what
# /proc says of them. No caller of a saved profile is one that the code contradicts.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME=$PWD/cache

# possible FILE: what its callers call can lead to what they called
possible() { "$PROGS/calls" "$1" >calls 2>&1 || fail "$1: $(tail -n 5 calls)"; }

# recorded NAME SHARE COMMAND...: as NAME.pb.gz and NAME.folded
recorded() {
	local name=$1 share=$2
	shift 2
	expect 0 "$CPROF" --log-format=json record -F 499 -o "$name.pb.gz" -- "$@"
	at_least "$(field samples err)" 50 "$name: samples"
	complete err "$share" "$name"
	expect 0 "$CPROF" export "$name.pb.gz" -o "$name.folded"
	possible "$name.pb.gz"
}

# Built without tables: with frame pointers and without, by two compilers, against two C libraries.
cat >code.c <<'END2'
#include <alloca.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define NOINLINE __attribute__((noinline))
volatile uint64_t sink;
NOINLINE void leaf(int n) { for (volatile int i = 0; i < n; i++) sink += (uint64_t)i; }
NOINLINE void fill(int n) { char b[64]; for (int i = 0; i < n; i++) { memset(b, i, sizeof(b)); sink += (uint64_t)b[i % 64]; __asm__ volatile("" ::"r"(b) : "memory"); } }
NOINLINE void middle(int n) { leaf(n); fill(n); __asm__ volatile(""); }
NOINLINE void room(int n) { int *p = alloca((size_t)(n % 100) * 4 + 16); p[1] = n; middle(n + p[1] % 2); __asm__ volatile("" ::"r"(p) : "memory"); }
NOINLINE int choose(int n) { switch (n % 7) { case 0: leaf(9); return 1; case 1: fill(9); return 5; case 2: leaf(n); return 2; case 3: return n; case 4: leaf(3); return 9; case 5: fill(2); break; default: room(30000); } return n; }
NOINLINE void deeper(int d, int n) { if (d) deeper(d - 1, n); else choose(n); __asm__ volatile(""); }
void *body(void *end) { while (clock() < *(clock_t *)end) for (int i = 0; i < 7; i++) deeper(5, i); return end; }
int main(void) { clock_t end = CLOCKS_PER_SEC; pthread_t t; pthread_create(&t, NULL, body, &end); body(&end); pthread_join(t, NULL); return 0; }
END2
tableless() {
	local name=$1
	shift
	"$@" -w -fno-asynchronous-unwind-tables -fno-unwind-tables -o "$name" code.c -pthread || { fail "$*"; return; }
	recorded "$name" 0.99 "./$name"
	at_least "$(samples "$name.folded" ';room;middle;(leaf|fill)')" "$(samples "$name.folded" ';middle;' | awk '{ print $1 * 0.99 }')" "$name: whole stacks"
	at_least "$(samples "$name.folded" '(;deeper[^;]*){6};choose[^;]*;room;middle|(;deeper[^;]*){6};room;middle')" 30 "$name: recursion"
}
tableless pointers gcc -O2 -g -fno-omit-frame-pointer
tableless none gcc -O2 -g -fomit-frame-pointer
tableless three gcc -O3 -g -fomit-frame-pointer
tableless zero gcc -O0 -g
tableless clang clang -O2 -g
tableless musl musl-gcc -O2 -g -static
gcc -O2 -s -fno-asynchronous-unwind-tables -fno-unwind-tables -fomit-frame-pointer -o stripped code.c -pthread
recorded stripped 0.98 ./stripped
gcc -O2 -w -D_GNU_SOURCE -fno-asynchronous-unwind-tables -o made "$SOURCE/tests/progs/unusual.c" -pthread || fail "unusual.c without tables"
recorded made 0.99 ./made contexts 1
at_least "$(samples made.folded '^made;__start_context;context_body;middle;inner')" 30 "contexts without tables"

# One that its distribution built for size, static and stripped.
recorded small 0.99 busybox awk 'BEGIN { for (i = 0; i < 4000000; i++) s += i % 7 * 3; print(s) }'
recorded shell 0.99 busybox sh -c 'i=0; while [ $i -lt 400000 ]; do i=$((i + 1)); done'

# Hand-written assembly.
cat >numbers.c <<'END2'
#include <gmp.h>
#include <time.h>
int main(void) { mpz_t a, b, c, d; gmp_randstate_t s; mpz_inits(a, b, c, d, NULL); gmp_randinit_default(s); mpz_urandomb(d, s, 2048); mpz_setbit(d, 0);
while (clock() < CLOCKS_PER_SEC) { mpz_urandomb(a, s, 20000); mpz_urandomb(b, s, 15000); mpz_mul(c, a, b); mpz_tdiv_q(c, a, b); mpz_powm(c, a, b, d); mpz_gcd(c, a, b); mpz_sqrt(c, a); } return 0; }
END2
gcc -O2 -g -o numbers numbers.c -lgmp || fail "gmp"
recorded numbers 0.99 ./numbers
at_least "$(samples numbers.folded ';main;.*;__gmpn_')" 30 "gmp: functions below main"

# By turns below two roots, deeper than a walk goes: no leaf is shown below the other's.
cat >turns.c <<'END2'
#include <time.h>
#define NOINLINE __attribute__((noinline, noclone))
volatile unsigned long sink;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
NOINLINE void burn_a(void) { for (double e = now() + 0.07; now() < e;) for (int i = 0; i < 10000; i++) sink += i; }
NOINLINE void burn_b(void) { for (double e = now() + 0.07; now() < e;) for (int i = 0; i < 10000; i++) sink += i * 3; }
NOINLINE void deeper(int d, int a) { volatile char room[40]; room[0] = d; if (d) deeper(d - 1, a); else if (a) burn_a(); else burn_b(); room[1] = d; }
NOINLINE void root_a(void) { deeper(3000, 1); sink++; }
NOINLINE void root_b(void) { deeper(3000, 0); sink++; }
int main(void) { while (clock() < 2 * CLOCKS_PER_SEC) { root_a(); sink++; root_b(); } return 0; }
END2
gcc -O2 -o turns turns.c || fail "turns.c"
recorded turns 0.9 ./turns
says turns.folded ';main;root_a;.*frames more.*;burn_a'
says turns.folded ';main;root_b;.*frames more.*;burn_b'
says_not turns.folded 'root_a;.*burn_b|root_b;.*burn_a'

# Names of first functions, calls that do not come back, and calls that may lead anywhere prove nothing.
cat >proofs.c <<'END2'
#include <alloca.h>
#include <stdlib.h>
#include <time.h>
#define NOINLINE __attribute__((noinline, noclone))
typedef unsigned long ul;
volatile ul sink;
static unsigned char code[4000];
NOINLINE void burn(int n) { for (int i = 0; i < n; i++) sink += i; }
NOINLINE static void clone(int n) { burn(n); sink++; }
NOINLINE void handle(int n) { clone(n); sink++; }
NOINLINE long interpret(const unsigned char *pc, long a) { volatile long r[20]; static void *const to[] = {&&add, &&mul, &&end}; goto *to[*pc++];
add: a += 3; r[a & 15] = a; goto *to[*pc++]; mul: a *= 7; r[a & 7] += a; goto *to[*pc++]; end: return a + r[3]; }
NOINLINE long run(long a) { char *p = alloca(a % 100 + 20); p[1] = 1; long s = interpret(code, a); __asm__ volatile("" ::"r"(p) : "memory"); return s; }
NOINLINE long plugin(long (*volatile f)(long), long a) { return f(a) + 1; }
NOINLINE ul large(ul a) { volatile ul v[3000]; for (int i = 0; i < 3000; i++) v[i] = a * i; return v[a % 3000]; }
NOINLINE ul dynamic(ul a) { ul n = a % 300 + 10; volatile char *p = alloca(n); for (ul i = 0; i < n; i++) p[i] = (char)i; ul s = large(a); for (ul i = 0; i < n; i++) s += p[i]; if (s == 1) abort(); return s; }
NOINLINE ul other(ul a) { sink = a; return large(a + 1); }
NOINLINE ul step(ul a) { return dynamic(a) + 1; }
int main(int argc, char **argv) { for (int i = 0; i < 3999; i++) code[i] = i % 2; code[3999] = 2; if (argc > 9) other(1);
while (clock() < 2 * CLOCKS_PER_SEC) { handle(100000); for (int i = 0; i < 20; i++) sink += plugin(run, sink & 63); for (int i = 0; i < 20; i++) sink += step(sink); } return 0; }
END2
for compiler in gcc clang; do
	$compiler -O2 -w -fno-asynchronous-unwind-tables -fstack-clash-protection -fstack-protector-strong -o proofs proofs.c || fail "$compiler proofs.c"
	expect 0 "$CPROF" -q record -F 499 -o proofs.pb.gz -- ./proofs
	expect 0 "$CPROF" export proofs.pb.gz -o proofs.folded
	possible proofs.pb.gz
	at_least "$(samples proofs.folded ';main;handle;clone;burn')" 30 "$compiler: clone and its callers"
	says_not proofs.folded '^proofs;clone'
	at_least "$(samples proofs.folded ';interpret')" 30 "$compiler: interpret"
	says_not proofs.folded ';plugin;interpret'
	at_least "$(samples proofs.folded ';large')" 10 "$compiler: large"
	says_not proofs.folded ';step;large'
done

# Not what /proc says.
for kind in leader contexts huge hugefd memfd shm anon; do
	recorded $kind 0.99 "$PROGS/unusual" $kind 1
	"$PROGS/unusual" $kind 60 >words &
	pid=$!
	await "$kind is ready" grep -q ready words
	recording "$CPROF" --log-format=json record -F 499 -p $pid -d 60 -o attached.folded
	works $pid 0.5
	kill -INT "$recorder" && wait "$recorder"
	complete err 0.99 "$kind, attached"
	cat attached.folded >>$kind.folded
	if [ $kind = leader ]; then
		expect 0 "$CPROF" threads $pid
		says out ' body '
		says out ' clone3? '
	fi
	kill $pid
	wait $pid 2>/dev/null
	case $kind in
	leader) stack='^unusual;clone3?;start_thread;body;middle;inner' ;;
	contexts) stack='^unusual;__start_context;context_body;middle;inner' ;;
	huge | hugefd) stack='^unusual;_start;.*;main;huge;middle;inner' ;;
	*) stack='^unusual;_start;.*;main;generated;generated_\[j\];inner' ;;
	esac
	at_least "$(samples $kind.folded "$stack")" "$(samples $kind.folded ';inner' | awk '{ print $1 * 0.97 }')" "$kind: $stack"
done
finish
