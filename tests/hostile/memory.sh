#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bounds hold in total: perf maps without end and in great number, labels without number.
. "$(dirname "$0")/../lib.sh"
need_root

start_jits() { # N: programs that run generated code, each with a map of 64 MB
	for _ in $(seq "$1"); do
		"$PROGS/generate_hostile" >said &
		jits+=($!)
		has_said() { [ -s said ]; }
		await "a program" has_said
		ln names.map "/tmp/perf-$(cat said).map"
		maps+=("/tmp/perf-$(cat said).map")
		: >said
	done
	touch names.map
}
jits=() maps=()
trap 'rm -f "${maps[@]}"; kill "${jits[@]}" 2>/dev/null; jobs -p | xargs -r kill 2>/dev/null; cd /; rm -rf "$dir"' EXIT
cd /tmp && scratch=$(mktemp -d /tmp/maps.XXXXXX) && cd "$scratch" || exit 1
python3 -c "
with open('names.map', 'wb') as f:
    for i in range(16000):
        f.write(b'%x 10 ' % (0x10000000 + 16 * i) + b'A' * 4000 + b'\n')"
start_jits 8
cd "$dir" || exit 1
"$CPROF" serve --memory 64 --listen 127.0.0.1:0 --log-format=json 2>log &
server=$!
shows() { grep -q '"msg":"http' log; }
await "the server" shows
url=$(sed -n 's/.*"msg":"\(http:[^ ]*\)\/ shows.*/\1/p' log)
"$PROGS/grow_map" >/dev/null & # writes lines to its perf map as fast as it can
jits+=($!)
for _ in 1 2 3 4 5 6; do
	sleep 1
	expect 0 curl -s -m 60 "$url/api/status"
done
curl -s -m 60 "$url/debug/pprof/profile?from=-4s&format=folded" >f.folded
says f.folded '^generate_hostil;'
# Ours, and the kernel's maps for us.
maps_kib=$(awk '/memlock/ { n += $2 } END { print int(n / 1024) }' /proc/$server/fdinfo/*)
at_most $(($(awk '/VmHWM/ { print $2 }' /proc/$server/status) + maps_kib)) $((64 * 1024 + 6554)) "KiB of memory and BPF maps"
kill $server
# A recording of a second beside a map that grows takes no minute, and its names are there.
expect 0 timeout 60 "$CPROF" --log-format=json record -a -d 1 -o r.folded
says r.folded '^generate_hostil;.*AAAA'
at_most "$(field duration_s err)" 20 "seconds of a recording of one"
rm -rf "$scratch"

# Labels without number in a small file.
PYTHONPATH=$SOURCE/tests/hostile PYTHONDONTWRITEBYTECODE=1 python3 - <<'END'
import zlib
from wire import field
base = b"".join(field(6, s) for s in [b"", b"samples", b"count", b"a"]) + field(1, field(1, 1) + field(2, 2))
base += field(5, field(1, 1) + field(2, 3)) + field(4, field(1, 1) + field(4, field(1, 1) + field(2, 1)))
z = zlib.compressobj(1, zlib.DEFLATED, 31)
with open("labels.pb.gz", "wb") as out:
    out.write(z.compress(base))
    for i in range(20):
        out.write(z.compress(field(2, field(1, 1) + field(2, 1) + field(3, field(1, 3) + field(3, i)) + field(3, b"\x08\x03") * 700000)))
    out.write(z.flush())
END
expect 0 bash -c 'ulimit -v 3000000; exec "$0" report labels.pb.gz' "$CPROF"
says err 'labels beyond'
says out ' a '
# A file that inflates to hundreds of times its size is none that a profiler wrote; inflated by hand it is read.
python3 -c "
import gzip
gzip.open('bomb.folded.gz', 'wb').write(b'a;b 1\n' * 12000000)"
expect 1 "$CPROF" report bomb.folded.gz
says err 'inflates to more than 200 times its size'
head -c 60000000 <(gunzip <bomb.folded.gz) >inflated.folded
expect 0 "$CPROF" report inflated.folded
says out '^100.00  100.00 '
finish
