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
refused 'run it as root' env FAIL_BPF=EPERM "LD_PRELOAD=$PROGS/libfailbpf.so"
if [ "$(id -u)" = 0 ]; then
	chmod 777 "$dir"
	refused 'run it as root' setpriv --reuid 65534 --regid 65534 --clear-groups
	refused 'no type information' unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' -
fi
finish
