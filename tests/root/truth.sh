#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole stacks against libdwfl's, on the same registers and the same 64 KB of stack.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME=$PWD/cache

# truth NAME SAMPLES FRAMES COMMAND...: at most that share of frames not as libdwfl has them (it gives up on stacks deeper
# than 64 KB, and on other signal stacks: there ours may be longer). Runs until there are that many samples: how fast a
# machine is, or how busy, decides nothing; a minute is for what hangs.
truth() {
	local name=$1 wanted=$2 wrong=$3 samples=0 frames=0 right=0 try
	shift 3
	: >err
	for try in $(seq 30); do
		"$PROGS/truth" 499 60 "$@" >out 2>>err </dev/null
		tail -n 1 out | tr ' ' '\n' | paste - - >figures
		get() { awk -v k="$1" '$1 == k { print $2 + 0 }' figures; }
		samples=$((samples + $(get samples))) frames=$((frames + $(get frames))) right=$((right + $(get right)))
		[ "$samples" -lt "$wanted" ] || break
	done
	echo "$name: $samples samples, $frames frames, $right right, in $try runs"
	at_least "$samples" "$wanted" "$name: samples"
	at_most "$((frames - right))" "$(awk -v n="$frames" -v w="$wrong" 'BEGIN { print n * w }')" "$name: frames not right: $(head -30 err)"
}

truth recurse 200 0 "$PROGS/frameless" recurse 105 1000
truth throw 200 0.0005 "$PROGS/frameless" throw 40 1000
# libdwfl passes over a frame of the vDSO that a signal interrupted while the handler returns.
truth signal 200 0.02 "$PROGS/frameless" signal 60 1000
truth altstack 200 0.02 "$PROGS/frameless" altstack 60 1000
# While a program is being loaded libdwfl's list of what is mapped is behind: of a run that is long that is little.
truth python 100 0.005 python3 -c 'import json
def f(n): return json.dumps({str(i): [i] for i in range(300)}) if n == 0 else f(n - 1)
for i in range(8000): f(30)'
truth rsa 300 0.002 openssl speed -seconds 1 rsa2048
truth gcm 300 0.002 openssl speed -seconds 1 -evp aes-256-gcm
truth xz 200 0.0005 sh -c 'xz -T1 -9 <"$0" >/dev/null' /usr/bin/python3
# (In a library's .fini, for which there is no rule, libdwfl passes over the loader's frame: one stack of thousands.)
truth gcc 200 0.005 g++ -O2 -c -o o.o "$SOURCE/tests/progs/frameless.cc"
truth dd 100 0.0005 dd if=/dev/zero of=/dev/null bs=64 count=1500000
finish
