#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing is full for ever: after code of more files than are kept open, what runs then is whole and named, and so is
# what ran first.
. "$(dirname "$0")/../lib.sh"
need_root
files=${FILES:-1500}
export XDG_CACHE_HOME="$dir/cache"

cat >one.c <<'END'
#include <time.h>
static __attribute__((noinline)) long spin_inside(long end) { long n = 0; struct timespec t; do { for (int i = 0; i < 20000; i++) __asm__ volatile("" : "+r"(n)); clock_gettime(CLOCK_MONOTONIC, &t); } while (t.tv_sec * 1000000000 + t.tv_nsec < end); return n; }
void spin_of_one_file(int ms) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); spin_inside(t.tv_sec * 1000000000 + t.tv_nsec + ms * 1000000l); __asm__ volatile(""); }
END
gcc -O2 -fomit-frame-pointer -shared -fPIC -Wl,--build-id=0x0123456789abcdef -o seed.so one.c || exit 1
mkdir m
python3 - "$files" <<'END'
import sys
data = open("seed.so", "rb").read()
id = bytes.fromhex("0123456789abcdef")
for i in range(int(sys.argv[1])):
    open(f"m/{i}.so", "wb").write(data.replace(id, i.to_bytes(8, "big")))
END
cat >last.c <<'END'
volatile long n;
__attribute__((noinline)) void last_function(void) { for (int i = 0; i < 1000000; i++) n++; }
int main(void) { for (;;) last_function(); }
END
gcc -O1 -fomit-frame-pointer -o last last.c

"$CPROF" -q record -a -F 999 -o all.pb.gz &
recorder=$!
"$PROGS/many_files" 3 m/*.so >said &
many=$!
is_done() { grep -q 'done' said; }
await "all files" is_done
./last &
last=$!
sleep 1
# What was put to sleep wakes: it goes on where it is mapped.
kill -INT $recorder
wait $recorder || fail "exit $?"
kill $many $last
expect 0 "$CPROF" report all.pb.gz --focus last_function --json -n 0
says out '"last_function"'
expect 0 "$CPROF" export all.pb.gz --by process -o all.folded
says all.folded '^last;_start;.*;main;last_function [0-9]'
says_not all.folded '^last;.*truncated'
says_not all.folded '^many_files;.*(truncated|\[[0-9]*\.so)'
says all.folded '^many_files;_start;.*;main;spin_of_one_file;spin_inside'
at_least "$(zcat all.pb.gz | grep -ao '/m/[0-9]*\.so' | sort -u | wc -l)" $((files * 9 / 10)) "files that were sampled"
finish
