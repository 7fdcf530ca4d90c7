#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The checks of tests/lib.sh fail when they must: a check that cannot fail is none.
. "$(dirname "$0")/../lib.sh"

wrong=0
# passes COMMAND..., refuses COMMAND...: a check in a shell of its own
verdict() { (failures=0; "$@" 2>verdict.err; [ "$failures" = 0 ]); }
passes() { verdict "$@" || { wrong=$((wrong + 1)); echo "fails: $*: $(cat verdict.err)" >&2; }; }
refuses() { ! verdict "$@" || { wrong=$((wrong + 1)); echo "does not fail: $*" >&2; }; }

printf 'one\ntwo\n' >text
: >empty
printf 'x\n{"samples":12,"lost":0,"event":"cpu","user_stacks":10,"user_stacks_complete":9,"none":0}\n' >summary
printf '{"user_stacks":100,"user_stacks_complete":80,"cut_by_reason":{"capture pending, a.so":7,"torn, a.so":9,"capture pending, b":3}}\n' >pending
passes says text '^two$'
refuses says text '^three$'
refuses says missing .
refuses says empty .
passes says_not text three
passes says_not empty .
refuses says_not text two
refuses says_not missing two
refuses says_not text '('

passes at_least 3 2.5 x
refuses at_least 2 3 x
refuses at_least "" 0 x
refuses at_least 3 "" x
refuses at_least many 0 x
passes at_most 1e-3 1 x
refuses at_most 2 1 x
refuses at_most "" 0 x
refuses at_most "$(field absent summary)" 0 x
passes near 10 11 0.1 x
refuses near 9 11 0.1 x
refuses near "" "" 0.1 x
passes same a a x
refuses same a b x
refuses same "" "" x

passes same "$(field samples summary)" 12 x
passes same "$(field event summary)" cpu x
passes at_most "$(field lost summary)" 0 x
refuses same "$(field absent summary)" "$(field missing summary)" x
refuses same "$(field samples text)" 12 x
passes complete summary 0.9
refuses complete summary 0.91
refuses complete text 0
passes complete pending 0.85
refuses complete pending 0.86
printf '{"user_stacks":0,"user_stacks_complete":0}\n' >nothing
refuses complete nothing 0.9
refuses same "$(field none text)" "$(field none empty)" x
refuses same "$(total missing)" "$(total text)" x
refuses at_least "$(total missing)" 0 x
refuses at_least "$(share empty .)" 0 x
passes same "$(samples empty)" 0 x

passes expect 1 false
refuses expect 0 false
refuses expect 0 no-such-command
[ "$wrong" = 0 ] || fail "$wrong checks are wrong"
finish
