#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A sampling program that is interrupted by another: both have their stacks, whole, and nothing is lost or mixed up.
. "$(dirname "$0")/../lib.sh"
need_root

"$PROGS/frameless" read 60 600000 &
target=$!
await "the program" has_run $target 0.1
interrupted() { # FILE WAIT GLOBAL... record ARGS...: a recording that system calls interrupt, as long as the command WAIT lasts
	local file=$1 lasts=$2
	shift 2
	recording "$BUILD/cprof-nested" "$@" -e cpu-clock,system-calls -o "$file"
	$lasts
	kill -TERM $recorder
	wait $recorder
}
# Until ticks have entered the program of system calls so often; a busy machine has fewer.
for seconds in 3 10 30 100; do
	interrupted x.pb.gz "sleep $seconds" -v --log-format=json record -F 9999 -p $target || fail "exit $?: $(tail -3 err)"
	nested=$(sed -n 's/.*[^0-9]\([0-9]*\) samples were taken while another program was at work.*/\1/p' err)
	[ "${nested:-0}" -lt 50 ] || break
done
at_least "$nested" 50 "samples in the middle of another"
# In both events every stack is whole, and that of this program.
accounted err
complete err 0.999
says_not err 'nested too deep'
at_least "$(total x.pb.gz --value calls)" 1000 "system calls"
expect 0 "$CPROF" export x.pb.gz -o calls.folded --value calls
at_least "$(share calls.folded '^frameless;(\[truncated: capture pending, [^;]*\];[a-z_]+;|_start;.*;main(;recurse){61};bottom_reads;(read;|is_over)).*nested_sample')" 99.9 "system calls with their stack"
expect 0 "$CPROF" export x.pb.gz -o ticks.folded
at_least "$(share ticks.folded '^frameless;_start;.*;main(;recurse){61};bottom_reads')" 99 "ticks with their stack"

# The other program reads whose cgroup and user it is of the task: of this one's, and of another.
group=$(sed -n 's/^0:://p' "/proc/$target/cgroup")
calls() { # ARGS...: system calls seen, of a moment
	interrupted g.pb.gz "works $target 0.2" record -F 99 "$@"
	"$CPROF" export g.pb.gz -o g.folded --value calls 2>/dev/null
	samples g.folded '^frameless;'
}
at_least "$(calls -G "$group")" 100 "system calls in the cgroup"
at_least "$(calls -u "$(id -u)")" 100 "system calls of the user"
same "$(calls -u nobody)" 0 "system calls of another user"
kill $target
finish
