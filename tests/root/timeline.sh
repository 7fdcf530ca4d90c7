#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# record --timeline: samples say when they fell, none is lost for it, and a part of the time can be shown.
. "$(dirname "$0")/../lib.sh"
need_root

expect 0 "$CPROF" --log-format=json record -F 499 --timeline -o t.pb.gz -- sh -c "'$PROGS/chain' 4 0.5s 1; sleep 1; '$PROGS/chain' 9 0.4s 1"
samples=$(field samples err)
at_least "$samples" 100 "samples"
accounted err
seconds=$(field duration_s err)
expect 0 "$CPROF" report t.pb.gz --heatmap --json
says out '"block_ns": 20000000'
blocks=$(sed -n '/"blocks"/,/]/p' out | grep -c '^  *[0-9]')
at_most "$blocks" "$(awk -v s="$seconds" 'BEGIN { print s * 50 + 3 }')" "blocks of 20 ms in $seconds s"
at_least "$blocks" 50 "blocks of 20 ms"
expect 0 "$CPROF" report t.pb.gz --heatmap
says out 'a column is 1 s'
# The parts add up to the whole.
whole=$(total t.pb.gz --value samples)
[ "$whole" = "$samples" ] || fail "$whole in the profile, $samples sampled"
part() { total t.pb.gz --value samples "$@"; }
parts=$(($(part --end 1) + $(part --start 1 --end 2) + $(part --start 2)))
[ "$parts" = "$whole" ] || fail "the parts have $parts, the whole $whole"
expect 0 "$CPROF" export t.pb.gz --start 1 -o part.folded
expect 1 "$CPROF" report "$SOURCE/tests/data/service.folded" --start 1
says err 'record it with --timeline'
expect 2 "$CPROF" record --timeline=0 -- true
says err 'not a number of milliseconds'
# Without it there are no times.
expect 0 "$CPROF" -q record -F 499 -o no.pb.gz -- "$PROGS/chain" 4 60000 1
expect 1 "$CPROF" report no.pb.gz --heatmap

# A change is found, the same is not.
expect 0 "$CPROF" -q record -F 999 --timeline -o a.pb.gz -- sh -c "'$PROGS/chain' 4 0.6s 1; '$PROGS/chain' 4 0.6s 1"
expect 0 "$CPROF" -q record -F 999 --timeline -o b.pb.gz -- sh -c "'$PROGS/chain' 4 0.6s 1; '$PROGS/chain' 4 0.6s 1"
expect 0 "$CPROF" diff a.pb.gz b.pb.gz --fail-above 20%
expect 0 "$CPROF" -q record -F 999 --timeline -o c.pb.gz -- "$PROGS/deep" 20 1500
expect 4 "$CPROF" diff a.pb.gz c.pb.gz --fail-above 20%
says err 'grew from 0.00 %'
finish
