#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cprof top in a real terminal (tmux): figures appear, keys work, q leaves it clean.
. "$(dirname "$0")/../lib.sh"
need_root
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }

# Each screen has a server of its own: one that was told to end still answers for a while.
screens=0
tm() { tmux -L "cprof-$$-$screens" "$@"; }
terminal() { # COLUMNS ROWS COMMAND
	screens=$((screens + 1))
	tm -f /dev/null new-session -d -s top -x "$1" -y "$2" "$3; echo code \$?; sleep 6000" || fail "tmux does not start"
}
screen() { tm capture-pane -p -t top >screen; }
shows() { screen 2>/dev/null && grep -qE "$1" screen; }
wait_for() { # REGEX
	await "/$1/ on the screen" shows "$1" && return
	cat screen >&2
	tm kill-server
	finish
}
"$PROGS/chain" 5 100000000 2 >/dev/null &
target=$!
LC_ALL=C.UTF-8 terminal 110 20 "'$CPROF' top -F 499 -p $target"
wait_for '[0-9]+\.[0-9]{2} .* leaf +chain'
wait_for '[0-9] lost'
tm send-keys -t top /
tm send-keys -t top 'f[34]$' Enter
wait_for ' f4 '
says_not screen ' leaf '
tm send-keys -t top '?'
wait_for 'show or hide this help'
tm resize-window -t top -x 60 -y 8
tm send-keys -t top q
wait_for 'FUNCTION'
tm resize-window -t top -x 110 -y 20
tm send-keys -t top Escape 2
wait_for '[0-9.]+ +[0-9.]+ .* - f5 +chain'
tm send-keys -t top 3
wait_for 'f5'
tm send-keys -t top Down Down Enter
wait_for 'of what is shown'
tm send-keys -t top 4
wait_for 'chain-[0-9]+ +leaf'
tm send-keys -t top 1 a
wait_for 'chain.c'
tm send-keys -t top a
wait_for '[0-9a-f]+  (add|mov|imul|xor|shl|shr|cmp|lea)'
# Something else, without leaving; what cannot be is said, and all goes on.
tm send-keys -t top 1 t 999999999 Enter
wait_for 'no process with pid 999999999'
tm send-keys -t top t all Enter
wait_for 'the whole machine'
wait_for '[0-9]+\.[0-9]{2} .* leaf +chain'
tm send-keys -t top s "$dir/saved.html" Enter
wait_for 'wrote .*saved.html'
tm send-keys -t top s "$dir/saved.pb.gz" Enter
wait_for 'wrote .*saved.pb.gz'
tm send-keys -t top q
wait_for 'code 0'
says screen 'samples of [0-9]+ processes'
expect 0 "$CPROF" report saved.pb.gz
says out ' leaf +chain'
tm kill-server
kill $target

# What there is to say waits for the end of the screen.
gcc -O2 -g -gsplit-dwarf -c "$SOURCE/tests/progs/inlined.c" -o split.o
gcc -Wl,--build-id=none -o split split.o
rm split.dwo
./split 6000 >/dev/null &
target=$!
LC_ALL=C.UTF-8 terminal 130 20 "'$CPROF' top -F 499 -p $target"
wait_for '[0-9]+\.[0-9]{2} .* main +split'
says_not screen 'dwo'
tm send-keys -t top q
wait_for 'code 0'
says screen 'split: its .dwo or .dwp files are not here'
tm kill-server
kill $target

# A saved profile, on a terminal that knows neither colours nor UTF-8; then one that cannot be a screen.
LC_ALL=C TERM=vt100 terminal 100 12 "TERM=vt100 '$CPROF' report '$dir/saved.pb.gz'"
wait_for ' leaf +chain'
tm send-keys -t top 3
wait_for '^\|all'
tm send-keys -t top q
wait_for 'code 0'
tm kill-server
TERM=dumb script -qec "'$CPROF' top" /dev/null >out </dev/null
says out "the terminal 'dumb' cannot show a screen"
TERM=dumb script -qec "'$CPROF' report '$dir/saved.pb.gz'" /dev/null >out </dev/null
says out ' leaf +chain'
finish
