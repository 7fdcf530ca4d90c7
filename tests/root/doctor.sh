#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# doctor: what is found is there, and what a process's modules have is what their files have.
. "$(dirname "$0")/../lib.sh"
need_root

expect 0 "$CPROF" doctor
says out '^found +sampling programs \(BPF\)'
says out '^found +thread snapshots'
says out 'processes run code of'
expect 0 "$CPROF" doctor --json
says out '"version": 1'
# Those of the table, and of what runs: symbols and perf maps.
[ "$(grep -c '"weight"' out)" = $(($(grep -c '^FEATURE(' "$SOURCE/src/collect/features.def") + 2)) ] || fail "features: $(grep -c '"weight"' out)"
python3 -c '
import json
d = json.load(open("out"))
for f in d["features"]:
    assert f["found"] or f["without"], f
assert d["ok"] is True and d["running"]["files"] > 5, d["running"]
' || fail "doctor --json"

# Modules with and without symbols.
cp "$PROGS/waiting" full
strip -o bare full
./full 1 0 >/dev/null &
full=$!
await "its threads" began $full full
expect 0 "$CPROF" doctor $full
says out '^yes +full +yes +.*/full$'
./bare 1 0 >/dev/null &
bare=$!
await "its threads" began $bare bare
expect 0 "$CPROF" doctor $bare
says out '^yes +exported +no +.*/bare$'
says out 'build it with -g'
expect 0 "$CPROF" doctor $bare --json
says out '"symbols": "exported"'
python3 -c 'import time; time.sleep(30)' &
python=$!
await "python" grep -q 'encodings\|locale-archive\|lib-dynload' /proc/$python/maps
expect 0 "$CPROF" doctor $python
says out 'python3'
says out 'apt install .*-dbgsym|full'
# Without a pid namespace of the kernel's, and without type information, it says so.
expect 0 unshare --pid --fork --mount-proc "$CPROF" doctor
says out "^missing the host's processes|^missing +the host's processes"
says out 'pid=host'
expect 1 "$CPROF" doctor 2147483646
expect 2 "$CPROF" doctor x
finish
