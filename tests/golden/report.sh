#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Command lines over tests/data, with the output that stands beside them: NAME.expected.
# GOLDEN_UPDATE=1 writes it anew; look at the difference before it is committed.
. "$(dirname "$0")/../lib.sh"
golden=$SOURCE/tests/golden

check() { # NAME COMMAND...
	local name=$1
	shift
	"$@" >got 2>&1
	[ "${GOLDEN_UPDATE:-}" ] && cp got "$golden/$name.expected"
	diff -u "$golden/$name.expected" got >difference || fail "$name: $(cat difference)"
}
cp "$SOURCE"/tests/data/* . 2>/dev/null
check top "$CPROF" report service.folded
check top-total "$CPROF" report service.folded --sort total -n 3
check focus "$CPROF" report --focus 'render|memcpy' --ignore walk service.folded
check tree "$CPROF" report service.folded --tree
check json "$CPROF" report --json -n 2 service.folded
check go-heap "$CPROF" report go-heap.pb.gz -n 5
check go-heap-objects "$CPROF" report go-heap.pb.gz -n 5 --value alloc_objects
check folded "$CPROF" export service.folded -o - --format folded
check plain "$CPROF" export service.folded -o - --format folded --no-annotations
# Without the scripts, which are files of the source.
svg() { "$CPROF" "$@" | sed '/<script>/,/<\/script>/d'; }
check svg svg export service.folded -o - --format svg
# A graph and folded stacks have the value that the table has.
check go-heap-folded "$CPROF" export go-heap.pb.gz -o - --format folded
check go-heap-folded-objects "$CPROF" export go-heap.pb.gz -o - --format folded --value alloc_objects
check go-heap-svg svg export go-heap.pb.gz -o - --format svg
check svg-inverted svg export service.folded -o - --format svg --inverted
"$CPROF" export service.folded -o flame.unknown 2>got
says got "no format has the ending '.unknown': writing pprof"
check csv "$CPROF" report service.folded --csv -n 4
check text "$CPROF" export service.folded -o - --format text
# Without the version, which is written in one place only.
speedscope() { "$CPROF" "$@" | sed 's/"cprof [0-9.]*"/"cprof VERSION"/'; }
check speedscope speedscope export service.folded -o - --format speedscope
check callers "$CPROF" report service.folded --callers -n 12
check peek "$CPROF" report service.folded --peek '^(walk|parse_request)$'
check peek-json "$CPROF" report service.folded --peek '^walk$' --json
check list "$CPROF" report service.folded --list '^walk$'
check perf-script "$CPROF" report perf-script.txt --tree
check perf-script-folded "$CPROF" export perf-script.txt -o - --format folded --by tid
check perf-script-flat "$CPROF" report perf-script-flat.txt
check perf-script-events "$CPROF" report perf-script-events.txt --csv
check perf-script-events-value "$CPROF" report perf-script-events.txt --value sched:sched_switch --json
check perf-script-events-folded "$CPROF" export perf-script-events.txt -o - --format folded
for i in $(seq 20); do
	printf 'prog 12 [000] 1.%d: sched:event%d: field=%d\n\t 10%d work+0x1 (/bin/prog)\n\n' "$i" "$i" "$i" "$i"
done >events.txt
check perf-script-many-events "$CPROF" report events.txt --value other_events
printf 'prog 12/12 [000] 1.5: 100 cycles: work (/bin/prog)\n' >symbols.txt
check perf-script-no-address "$CPROF" report symbols.txt
check perf-script-commands "$CPROF" export perf-script-commands.txt -o - --format folded --by tid
check perf-script-groups "$CPROF" report perf-script.txt --by process
# Names that a terminal would obey; lines that the source does not have.
printf '#%300s\na;\033[31mred;\302\2331m 3\n' ' ' >hostile.folded
check hostile "$CPROF" report hostile.folded --peek .
expect 2 "$CPROF" export service.folded -o x.html --inverted
says err '.svg flame graphs'
# A difference: of a profile with itself nothing, in every form.
check diff-same "$CPROF" diff service.folded service.folded -n 4
check diff "$CPROF" diff service.folded changed.folded -n 5
check diff-json "$CPROF" diff service.folded changed.folded --json -n 1
check diff-raw "$CPROF" diff service.folded changed.folded --normalize none -n 2
check diff-main "$CPROF" diff service.folded changed.folded --normalize '^render$' -n 2
check diff-svg svg diff service.folded changed.folded -o - --format svg
"$CPROF" diff service.folded service.folded --json -n 0 >got
says got '"significant": false'
says_not got '"p": [^1]|"significant": true'
# Shares of values with signs are of their sum without them, as in go tool pprof.
printf 'a;b -10\na;c 20\n' >signed.folded
check signed "$CPROF" report signed.folded
# What is skipped is counted and its first place named: for people, in JSON, in what is saved.
printf 'a;b 1\nWARNING: lost chunk\n\na;c 2\nx\n' >bad.folded
check skipped "$CPROF" export bad.folded -o - --format folded
"$CPROF" --log-format=json export bad.folded -o bad.pb.gz 2>got
tail -n 1 got >last
says last '"msg":"summary".*"skipped_lines":2,.*"no folded stack":2.*"line 2: .WARNING: lost chunk.".*"output_bytes":[0-9]'
"$CPROF" --log-format=json report bad.folded 2>got >/dev/null
tail -n 1 got >last
says last '"msg":"summary","skipped_lines":2,'
"$CPROF" --log-format=json diff bad.folded bad.folded 2>got >/dev/null
tail -n 1 got >last
says last '"msg":"summary","skipped_lines":4,'
"$CPROF" report bad.pb.gz --value samples >got 2>&1
says_not got skipped
gzip -dc bad.pb.gz >plain
says plain '2 lines of what was read were skipped'
{
	cat go-heap.pb.gz
	head -c 512 /dev/zero
} >behind.pb.gz
check behind "$CPROF" report behind.pb.gz -n 1
# Other tools' files are called by their names.
printf 'PERFILE2h\0\0\0\0\0\0\0' >perf.data
check perf-data "$CPROF" report perf.data
# Damage is one clear line.
head -c 300 go-heap.pb.gz >cut.pb.gz
check cut "$CPROF" report cut.pb.gz
head -c 5000 /dev/zero | tr '\0' '\377' >garbage.pb.gz
check garbage "$CPROF" report garbage.pb.gz
: >empty.pb.gz
check empty "$CPROF" report empty.pb.gz
check no-profile "$CPROF" report README.md
# An import of an export is the identity for pprof.
"$CPROF" -q export service.folded -o once.pb.gz
"$CPROF" -q export once.pb.gz -o twice.pb.gz
cmp -s once.pb.gz twice.pb.gz || fail "exporting an export changes it"
"$CPROF" export twice.pb.gz -o - --format folded >got
diff -u "$golden/folded.expected" got || fail "stacks or counts change by way of pprof"
finish
