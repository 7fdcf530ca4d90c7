#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that never comes (userfaultfd) and files that are never answered for (FUSE): nothing waits for them, the
# recording ends when it is told to, and what could not be read is said.
. "$(dirname "$0")/../lib.sh"
need_root

"$PROGS/chain" 7 1000s >/dev/null &
other=$!
hung() { # NAME ARGS...: a program whose pid is the first word that it prints
	"$PROGS/$1" "${@:2}" >said &
	hung_job=$!
	has_said() { [ -s said ]; }
	await "$1" has_said
	read -r hung server <said
}

for attack in uffd_frame "fuse_frame read" "fuse_frame open"; do
	server=
	hung $attack
	for target in "-a" "-p $hung,$other"; do
		began=$(date +%s%N)
		"$CPROF" --log-format=json record $target -F 499 -o "h.folded" 2>err &
		recorder=$!
		writing() { grep -q "sampling " err; }
		await "the recording" writing
		sleep 1
		kill -INT $recorder
		asked=$(date +%s%N)
		wait $recorder
		[ $? = 0 ] || fail "exit of record beside $attack"
		took=$((($(date +%s%N) - asked) / 1000000))
		# A busy machine is given some more; before, it took for ever.
		at_most $took 5000 "ms from SIGINT to exit beside $attack ($(((asked - began) / 1000000)) ms before)"
		says h.folded '^chain;_start;.*;leaf '
		says_not h.folded '^chain;.*truncated'
		says h.folded "^${attack%% *};"
		accounted err
	done
	case $attack in
	fuse*)
		says err '"reads_given_up":[1-9]'
		expect 0 "$CPROF" -q threads "$other"
		;;
	esac
	# What was left behind ends with what it waited for.
	kill "$hung" $server 2>/dev/null
	kill $hung_job 2>/dev/null
	wait $hung_job 2>/dev/null
	nobody_waits() { ! pgrep 'cprof-.*' >/dev/null; }
	await "the children to end" nobody_waits
done
rmdir /tmp/fuse.* 2>/dev/null
kill $other
finish
