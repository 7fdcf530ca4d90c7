#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel side loads and walks the same by whatever clang it was compiled, and by every way that this kernel has.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME=$PWD/cache
unset SUDO_UID

# walks WAY [VARIABLE=VALUE...]: frames without frame pointers, whole, by that way
walks() {
	local way=$1
	shift
	rm -rf cache
	expect 0 env "$@" "$cprof" --log-format=json record -F 499 -o x.folded -- "$PROGS/frameless" recurse 60 600
	[ "$(field way err)" = "$way" ] || fail "${cprof##*/}: way $(field way err), not $way"
	[ "$(field privileged err)" = true ] || fail "${cprof##*/}, $way: not privileged"
	accounted err "${cprof##*/}, $way"
	at_least "$(field user_stacks err)" 50 "${cprof##*/}, $way: stacks"
	complete err 0.99 "${cprof##*/}, $way"
	says x.folded '^frameless;_start;.*;main(;recurse){61}.*;bottom'
}

others=0
for cprof in "$CPROF" "$BUILD"/cprof-clang-*; do
	[ -x "$cprof" ] || continue
	[ "$cprof" = "$CPROF" ] || others=$((others + 1))
	walks arena
	# The way that worked is remembered, and nothing else is tried.
	expect 0 "$cprof" -v record -o x.folded -- "$PROGS/chain" 28 30000 1
	[ "$(grep -c 'loading by way' err)" = 1 ] || fail "${cprof##*/}: $(grep 'loading by way' err)"
	walks array "LD_PRELOAD=$PROGS/libfailbpf.so" FAIL_BPF=arena
	walks no-callbacks "LD_PRELOAD=$PROGS/libfailbpf.so" FAIL_BPF=old
	expect 0 "$cprof" --log-format=json record --call-graph fp -F 499 -o x.folded -- "$PROGS/chain" 28 30000 1
	says x.folded ';main;work;f0;f1;.*;f28;leaf [0-9]'
	expect 0 "$cprof" threads $$
	says err '1 thread, 1 stack; 100.00 % of user stacks complete'
done
if [ -f /etc/debian_version ] && grep -q '^12' /etc/debian_version; then
	[ "$others" -ge 3 ] || fail "built by $others other compilers: clang 16, 19 and 22 are a package away (packaging/setup deps test)"
fi
finish
