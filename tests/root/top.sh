#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cprof top in a real terminal (tmux): figures appear, keys work, q leaves it clean.
. "$(dirname "$0")/../lib.sh"
need_root
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }

tm() { tmux -L "cprof-$$" "$@"; }
screen() { tm capture-pane -p -t top >screen; }
wait_for() { # REGEX
	for _ in $(seq 50); do
		screen
		grep -qE "$1" screen && return
		sleep 0.2
	done
	fail "the screen never shows /$1/: $(cat screen)"
}
"$PROGS/chain" 5 100000000 2 >/dev/null &
target=$!
LC_ALL=C.UTF-8 tm -f /dev/null new-session -d -s top -x 110 -y 20 "'$CPROF' top -F 499 -p $target; echo code \$?; sleep 60"
wait_for '[0-9]+\.[0-9]{2} .* leaf +chain'
wait_for '0 lost'
tm send-keys -t top /
tm send-keys -t top 'f[34]$' Enter
wait_for ' f4 '
says_not screen ' leaf '
tm send-keys -t top '?'
wait_for 'freeze the screen'
tm resize-window -t top -x 60 -y 8
tm send-keys -t top q
wait_for 'FUNCTION'
tm send-keys -t top q
wait_for 'code 0'
says screen 'samples of 1 process'
tm kill-server
kill $target

# What there is to say waits for the end of the screen.
gcc -O2 -g -gsplit-dwarf -c "$SOURCE/tests/progs/inlined.c" -o split.o
gcc -Wl,--build-id=none -o split split.o
rm split.dwo
./split 60 >/dev/null &
target=$!
LC_ALL=C.UTF-8 tm -f /dev/null new-session -d -s top -x 130 -y 20 "'$CPROF' top -F 499 -p $target; echo code \$?; sleep 60"
wait_for '[0-9]+\.[0-9]{2} .* main +split'
says_not screen 'dwo'
tm send-keys -t top q
wait_for 'code 0'
says screen 'split: its .dwo or .dwp files are not here'
tm kill-server
kill $target
finish
