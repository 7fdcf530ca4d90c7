#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An address means what was mapped there at that moment.
. "$(dirname "$0")/../lib.sh"
need_root

# Two libraries of one shape, loaded in turn at one address, each called by a function of its own: no sample goes to the other,
# and most, all but those of the time until the mapping is heard of, are below that caller.
for name in alpha beta; do
	cat >$name.c <<END
#include <stdint.h>
uint64_t work_$name(uint64_t n) { uint64_t x = 1; for (uint64_t i = 0; i < n; i++) x ^= x << 13, x ^= x >> 7, x ^= x << 17; return x; }
END
	gcc -O1 -fno-omit-frame-pointer -shared -fPIC -o "lib$name.so" "$name.c"
done
# (Where perf's rings had no room, on a busy machine, /proc was read, of another moment; and that is said.)
for _ in $(seq 10); do
	expect 0 "$CPROF" --log-format=json record -F 999 -o reload.folded -- "$PROGS/reload" 3 ./libalpha.so work_alpha ./libbeta.so work_beta
	grep -q '"mapping_records_lost"' err || break
done
addresses=$(sort -u out | cut -d ' ' -f 1 | sort -u | wc -l)
[ "$addresses" = 1 ] || echo "note: the libraries lay at $addresses addresses"
at_least "$(samples reload.folded ';main;first;work_alpha')" 1 "samples in alpha"
at_least "$(samples reload.folded ';main;second;work_beta')" 1 "samples in beta"
says_not reload.folded 'first;work_beta|second;work_alpha'
says_not reload.folded 'libalpha\.so\];work_beta|libbeta\.so\];work_alpha'
says_not reload.folded 'unmapped'

# A program in another mount namespace, at a path that does not exist here.
unshare -m bash -c 'mkdir -p /tmp/cprof-hidden && mount -t tmpfs none /tmp/cprof-hidden && cp "$1" /tmp/cprof-hidden/inside && exec /tmp/cprof-hidden/inside 3 100000000' - "$PROGS/chain" >/dev/null &
inside=$!
await "the program" began $inside inside
await "the program" has_run $inside 0.1
expect 0 "$CPROF" -q record -F 499 -p $inside -d 1 -o namespace.folded
kill $inside
says namespace.folded '^inside;.*;f2;f3;leaf '
rmdir /tmp/cprof-hidden 2>/dev/null

# exec in place: the same pid, other code.
expect 0 "$CPROF" -q record -F 999 -o exec.folded -- bash -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; exec "$1" 3 60000' - "$PROGS/chain"
says exec.folded '^chain;.*;f2;f3;leaf '
says exec.folded '^bash;'

# A CPU that goes and comes back while recording.
if [ -w /sys/devices/system/cpu/cpu1/online ] && echo 0 >/sys/devices/system/cpu/cpu1/online 2>/dev/null; then
	"$PROGS/chain" 3 100000000 2 >/dev/null &
	busy=$!
	recording "$CPROF" record -F 499 --by cpu -d 10 -o hotplug.folded
	echo 1 >/sys/devices/system/cpu/cpu1/online
	wait $recorder
	kill $busy
	says hotplug.folded '^cpu 1;'
fi
finish
