#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong usage: one clear line with the cure, and the exit code of the contract.
. "$(dirname "$0")/../lib.sh"

expect 2 "$CPROF"
says err 'no command given'
expect 2 "$CPROF" recrod
says err "did you mean 'record'"
expect 2 "$CPROF" record --duraton 3
says err "did you mean '--duration'"
expect 2 "$CPROF" record -F 0
says err '-F 0'
expect 2 "$CPROF" record -F 1000000
says err 'at most [0-9]+ times a second'
expect 2 "$CPROF" record -F abc
expect 2 "$CPROF" record -c 0
expect 2 "$CPROF" record -d 0
expect 2 "$CPROF" record -d
says err 'needs an argument'
expect 2 "$CPROF" record -e nonsense
expect 2 "$CPROF" record -e page-fault
says err "did you mean 'page-faults'"
expect 2 "$CPROF" record -p x
expect 2 "$CPROF" record -p ''
expect 2 "$CPROF" record -p 1,,
expect 2 "$CPROF" record -t ,1
expect 2 "$CPROF" record --format nope
expect 2 "$CPROF" record --by nothing
expect 2 "$CPROF" record -F 99 -c 100
says err 'contradict'
expect 2 "$CPROF" record -a -p 1
expect 2 "$CPROF" record --max-depth 2000
expect 2 "$CPROF" --color=sometimes record
expect 2 "$CPROF" export
says err '-o FILE'
expect 2 "$CPROF" report a b
expect 1 "$CPROF" report nonexistent.pb.gz
says err 'cprof record'
expect 1 "$CPROF" record -o /nonexistent/folder/file
says err 'cannot write'
expect 1 "$CPROF" top
says err 'no terminal'

# Every command has help on stdout, and says its name.
for command in "" record top report export; do
	expect 0 "$CPROF" $command --help
	says out 'Usage: cprof'
	[ ! -s err ] || fail "help writes on stderr"
done
expect 0 "$CPROF" --version
says out '^cprof [0-9]+\.[0-9]+\.[0-9]+$'
expect 0 "$CPROF" record --version

# Errors as JSON: one object a line, with the fields of the contract.
expect 2 "$CPROF" --log-format=json recrod
says err '^\{"time":"[0-9T:.-]+Z","level":"error","msg":"unknown command .recrod.",.*"cure":'
expect 2 "$CPROF" record --log-format json -F 0
says err '"level":"error"'

# A terminal is no place for a binary profile.
script -qec "'$CPROF' record -d 0.1 -o -" /dev/null >out 2>&1
says out 'not for a terminal'
finish
