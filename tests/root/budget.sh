#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --budget: the rate falls until sampling costs what it may; sums stay what they are.
. "$(dirname "$0")/../lib.sh"
need_root

"$PROGS/waiting" 2 2 >/dev/null &
pid=$!
await "its threads" has_run $pid 0.1
measured $pid expect 0 "$CPROF" --log-format=json record -p $pid -F 9999 --budget 0.3% -d 8 -o a.pb.gz
same "$(field budget_percent err)" 0.3 "the budget in the account"
at_most "$(field least_rate_hz err)" 4999 "the rate was lowered to"
at_least "$(field least_rate_hz err)" 1 "the rate was lowered to"
samples=$(field samples err)
at_most "$samples" $((used / 1000000000 * 9000)) "samples at a lowered rate"
within "$(total a.pb.gz)" 8 "the profile" 2
# One that suffices changes nothing.
expect 0 "$CPROF" --log-format=json record -p $pid -F 49 --budget 50% -d 2 -o b.pb.gz
[ "$(field least_rate_hz err)" = 0 ] || fail "the rate was lowered without need: $(tail -n 1 err)"
expect 0 "$CPROF" record -p $pid -F 9999 --budget 0.3% -d 3 -o c.pb.gz
says err 'of a budget of 0.3 %, with the rate lowered to'
expect 2 "$CPROF" record --budget 0 -d 1
expect 2 "$CPROF" record --budget much -d 1
expect 2 "$CPROF" record --budget 1% -c 1000000 -d 1
finish
