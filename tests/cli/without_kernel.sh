#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without BPF or without type information, and no privilege: one line with the cure.
. "$(dirname "$0")/../lib.sh"
export ASAN_OPTIONS=verify_asan_link_order=0 # the preloaded library comes first, in a sanitizer build

refused() { # REGEX COMMAND...
	local regex=$1
	shift
	"$@" "$CPROF" record -d 0.1 -o "$dir/x.pb.gz" >out 2>err
	[ $? = 1 ] || fail "$*: exit is not 1"
	says err "$regex"
	[ -z "$(ls "$dir"/x.pb.gz* 2>/dev/null)" ] || fail "$*: left a file"
}
refused 'no BPF' env FAIL_BPF=ENOSYS "LD_PRELOAD=$PROGS/libfailbpf.so"
if [ "$(id -u)" = 0 ]; then
	chmod 777 "$dir"
	refused 'run it as root' setpriv --reuid 65534 --regid 65534 --clear-groups
	# Few files at a time: whatever was the one too many, that is the cure.
	for limit in 10 14 20 26 32; do
		# shellcheck disable=SC2016 # the shell that runs it expands it
		refused 'ulimit -n' sh -c 'ulimit -n "$1" && shift && exec "$@"' - $limit
	done
	# Each of these is root, and told why that is not enough.
	refused 'no type information' unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' -
	refused 'though the capabilities for it are there' env FAIL_BPF=EPERM "LD_PRELOAD=$PROGS/libfailbpf.so"
	refused 'a seccomp filter forbids' "$PROGS/filtered"
	refused 'those of a user namespace' unshare --user --map-root-user
	refused 'this root lacks cap_perfmon, cap_bpf, as in a container' setpriv --bounding-set=-perfmon,-bpf,-sys_admin
	for how in "env FAIL_BPF=EPERM LD_PRELOAD=$PROGS/libfailbpf.so" "$PROGS/filtered"; do
		# shellcheck disable=SC2086 # words
		for command in "record -d 0.1" "threads $$" "serve --listen 127.0.0.1:0"; do
			$how "$CPROF" $command -v >out 2>err
			[ $? = 1 ] || fail "$how $command: exit is not 1"
			says err 'capabilities for it are there|seccomp filter forbids'
			says_not err 'run it as root|without privileges'
		done
		$how "$CPROF" doctor >out 2>err
		says out '^missing +sampling programs \(BPF\).*(capabilities for it are there|seccomp filter forbids)'
	done
	# Falling back is loud, and can be refused.
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' - \
		"$CPROF" record -F 199 -o "$dir/perf.folded" -- "$PROGS/chain" 3 20000 1 >out 2>err || fail "no fallback: $(cat err)"
	says err "^cprof: the kernel refused cprof's programs \(this kernel has no type information.*\): sampling by perf; what lies deeper than"
	says err 'to sample in the kernel: boot a kernel built with CONFIG_DEBUG_INFO_BTF'
	says err "; the kernel refused cprof's programs \(.*\): by perf's own samples; "
	says_not err 'without privileges'
	says "$dir/perf.folded" ';main;work;f0;f1;f2;f3;leaf'
	expect 1 "$PROGS/filtered" "$CPROF" record --no-fallback -o "$dir/none.folded" -- "$PROGS/tiny"
	says err 'a seccomp filter forbids'
	[ ! -e "$dir/none.folded" ] || fail "--no-fallback left a file"
else
	refused 'run it as root' env FAIL_BPF=EPERM "LD_PRELOAD=$PROGS/libfailbpf.so"
fi
finish
