#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# However cprof ends, what it sampled or had launched goes on; and it does not say "still running" of what it ends.
. "$(dirname "$0")/../lib.sh"
need_root

"$PROGS/chain" 7 1000s >/dev/null &
target=$!
"$CPROF" -q record -o x.pb.gz -- "$PROGS/chain" 3 1000s >/dev/null 2>err &
recorder=$!
launched() { command=$(pgrep -P $recorder -x chain); }
await "the command" launched
"$CPROF" -q record -p $target -o y.pb.gz &
other=$!
beside() { pgrep -P $other >/dev/null; }
await "the other recording" beside
sleep 0.5
kill -KILL $recorder $other
wait $recorder $other 2>/dev/null
sleep 0.3
for pid in $target $command; do
	has_run $pid || fail "process $pid ended with cprof"
	before=$(awk '{ print $14 }' /proc/$pid/stat)
	goes_on() { [ "$(awk '{ print $14 }' /proc/$pid/stat)" -gt "$before" ]; }
	await "process $pid to go on" goes_on
done
kill $command $target
children_gone() { ! pgrep '^cprof-' >/dev/null; }
await "cprof's children to end" children_gone

# Told to stop, it ends the command, and says so.
"$CPROF" record -o z.pb.gz -- "$PROGS/chain" 3 1000s >/dev/null 2>err &
recorder=$!
await "the command" launched
sleep 0.3
kill -INT $recorder
wait $recorder || fail "exit $?"
says err 'command (killed by signal 15|told to end)'
says_not err 'still running'
finish
