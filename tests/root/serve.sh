#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# serve: /debug/pprof/ of any process; what clients do to it; how it starts, reloads and stops.
. "$(dirname "$0")/../lib.sh"
need_root

# status PATH [CURL ARGS]: the HTTP status
status() { curl -s -o body -D head -w '%{http_code}' --max-time 60 "${@:2}" "$url$1"; }
total() { "$CPROF" report "$1" --json -n 1 2>/dev/null | sed -n 's/^ "total": \([0-9]*\),$/\1/p'; }
clock() { awk '{ printf "%.0f\n", ($14 + $15) * 1e7 }' "/proc/$1/stat"; }
metric() { curl -s "$url/metrics" | sed -n "s/^$1 //p"; }
near() { awk -v a="$1" -v b="$2" -v by="$3" 'BEGIN { d = a - b; exit !(d < 0 ? -d <= by * b : d <= by * b) }' || fail "$4: $1, not near $2"; }

serve
"$PROGS/waiting" 10 1 >/dev/null &
pid=$!
sleep 0.5

# Two clients at once, and a third in the middle of them: each has all samples of its time.
start3=$(clock $pid)
curl -s -o a.pb.gz "$url/debug/pprof/pid/$pid/profile?seconds=3" &
a=$!
curl -s -o b.pb.gz "$url/debug/pprof/profile?seconds=3" &
b=$!
sleep 1
start=$(clock $pid)
curl -s -o c.pb.gz "$url/debug/pprof/pid/$pid/profile?seconds=1"
used=$(($(clock $pid) - start))
wait $a
used3=$(($(clock $pid) - start3))
wait $b
near "$(total c.pb.gz)" "$used" 0.25 "a second's profile of a process"
near "$(total a.pb.gz)" "$used3" 0.15 "three seconds' profile"
"$CPROF" export b.pb.gz -o b.folded --by pid 2>/dev/null
near "$(grep "^waiting-$pid;" b.folded | awk '{ n += $NF } END { print n * 1e9 / 997 }')" "$(total a.pb.gz)" 0.1 "the process in the machine's profile"
"$CPROF" report a.pb.gz --json >out 2>/dev/null
says out '"run_hot"'

# Heads, labels, comments.
[ "$(status "/debug/pprof/pid/$pid/profile?seconds=1" -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')" = 200 ] || fail "profile: $(cat head)"
says head 'Content-Type: application/octet-stream'
says head 'X-Content-Type-Options: nosniff'
says head 'filename="profile"'
zcat body | grep -aq 4bf92f3577b34da6a3ce929d0e0e4736 || fail "the profile has no trace id"
sleep 0.2
says log '"path":"/debug/pprof/pid/[0-9]*/profile".*"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736".*"parent_span_id":"00f067aa0ba902b7"'
[ "$(status "/debug/pprof/pid/$pid/goroutine")" = 200 ] || fail "goroutine"
zcat body | grep -aq goroutine || fail "goroutine is no such profile"
[ "$(status "/debug/pprof/pid/$pid/goroutine?debug=1")" = 200 ] || fail "goroutine debug=1"
says body '^goroutine profile: total 12$'
says body '^2 @ 0x'
says body '^#.0x[0-9a-f]*.wait_epoll'
[ "$(status "/debug/pprof/pid/$pid/goroutine?debug=2")" = 200 ] || fail "goroutine debug=2"
says body '^goroutine [0-9]* \[futex\]:$'
says body '^wait_condition\(\.\.\.\)$'
[ "$(status "/debug/pprof/pid/$pid/threadcreate?debug=1")" = 200 ] || fail "threadcreate"
says body '^threadcreate profile: total 12$'
says body '	body	'
[ "$(status "/debug/pprof/pid/$pid/cmdline")" = 200 ] || fail "cmdline"
[ "$(tr '\0' ' ' <body)" = "$PROGS/waiting 10 1" ] || fail "cmdline: $(tr '\0' ' ' <body)"
address=$(curl -s "$url/debug/pprof/pid/$pid/goroutine?debug=1" | sed -n 's/^#.\(0x[0-9a-f]*\).wait_pipe.*/\1/p' | head -1)
[ "$(status "/debug/pprof/pid/$pid/symbol" -d "$address+0x1")" = 200 ] || fail "symbol"
[ "$(cat body)" = "num_symbols: 1
$address wait_pipe" ] || fail "symbol: $(cat body)"
[ "$(status "/debug/pprof/pid/$pid/symbol?$address")" = 200 ] && says body wait_pipe
for path in heap allocs block mutex trace; do
	[ "$(status "/debug/pprof/pid/$pid/$path")" = 404 ] || fail "$path is there"
	says head 'X-Go-Pprof: 1'
done
[ "$(status "/debug/pprof/pid/$pid/profile?seconds=0.5" -o /dev/null --max-time 2)" = 000 ] || fail "seconds=0.5 is not the default of 30"

[ "$(status /debug/pprof/profile -I --max-time 3)" = 200 ] || fail "HEAD of a profile waits"

# Kernel addresses are nobody's business.
curl -s "$url/debug/pprof/pid/$pid/goroutine?debug=1" | grep -q 0xffffffff && fail "the addresses of kernel code are shown"
[ "$(status /metrics -H 'Host: evil.example')" = 403 ] || fail "another host's page may read here"

# Who goes away is not waited for: the rate falls back.
sleep 2
[ "$(metric cprof_sampling_hz)" = 19 ] || fail "still at $(metric cprof_sampling_hz) Hz"

# Looking back: the last seconds were busy, whoever asked for what.
start=$(clock $pid)
sleep 4
used=$(($(clock $pid) - start))
[ "$(status "/debug/pprof/pid/$pid/profile?from=-4s&to=-1s")" = 200 ] || fail "looking back"
cp body back.pb.gz
near "$(total back.pb.gz)" $((used * 3 / 4)) 0.4 "three seconds of history"
# Windows that meet have every second once; one that reaches too far back says how far it does.
now=$(date +%s)
n=0
for window in "from=$((now - 6))&to=$((now - 4))" "from=$((now - 4))&to=$((now - 2))" "from=$((now - 6))&to=$((now - 2))"; do
	curl -s -o "w$((++n)).pb.gz" "$url/debug/pprof/pid/$pid/profile?$window"
done
[ $(($(total w1.pb.gz) + $(total w2.pb.gz))) = "$(total w3.pb.gz)" ] || fail "windows: $(total w1.pb.gz) + $(total w2.pb.gz) are not $(total w3.pb.gz)"
curl -s -o far.pb.gz "$url/debug/pprof/pid/$pid/profile?from=-5h"
zcat far.pb.gz | grep -aq 'in [0-9]\{4,\}[.][0-9] s' && fail "a window of hours"
[ "$(status "/debug/pprof/profile?from=-4s&format=folded")" = 200 ] || fail "format=folded"
says body '^waiting;.*run_hot [0-9]'
[ "$(status "/view?pid=$pid&from=-4s")" = 200 ] && says body 'id="flame"'
[ "$(status /api/processes)" = 200 ] && says body '"process": "waiting"'
[ "$(status "/api/threads?pid=$pid")" = 200 ] && says body 'wait_epoll'
[ "$(status /api/)" = 200 ] && says body '"/api/status"'
[ "$(status /)" = 200 ] && says body '<title>cprof</title>'

# Clients that mean it badly; the others are served, and nothing leaks.
python3 "$SOURCE/tests/root/hostile.py" "${url##*:}" $pid >out || fail "$(cat out)"
# Its connections: what else it has open (the files of programs that run now) is not the clients'.
connections() { find /proc/$server/fd -lname 'socket:*' | wc -l; }
settle() {
	for _ in $(seq 150); do
		[ "$(connections)" -le 8 ] && return
		sleep 0.2
	done
	fail "$(connections) connections after hostile clients"
}
settle
# What leaks grows with every round; what an allocator keeps does not.
resident() { awk '/VmRSS/ { print $2 }' /proc/$server/status; }
for round in 1 2 3 4 5 6; do
	kib=$(resident)
	python3 "$SOURCE/tests/root/hostile.py" "${url##*:}" $pid >out || fail "$(cat out)"
	settle
	[ "$(resident)" -gt $((kib + 20000)) ] || break
done
at_most "$(resident)" $((kib + 20000)) "KiB after $round rounds of hostile clients, the last from $kib"
at_most "$(awk '/VmHWM/ { print $2 }' /proc/$server/status)" 393216 "KiB at most, as cprof.service has it"
[ "$(metric cprof_sampling_hz)" = 19 ] || fail "at $(metric cprof_sampling_hz) Hz for clients that are gone"
[ "$(metric cprof_samples_lost_total)" = 0 ] || fail "$(metric cprof_samples_lost_total) samples lost"

# It stops at once, whoever waits, and with an account.
curl -s -o /dev/null "$url/debug/pprof/profile?seconds=60" &
sleep 0.5
began=$(date +%s%N)
kill -TERM $server
wait $server || fail "exit $? at SIGTERM"
at_most $((($(date +%s%N) - began) / 1000000)) 5000 "milliseconds to stop, which systemd waits for"
tail -n 1 log | grep -q '"msg":"summary"' || fail "no summary: $(tail -n 1 log)"

# A token, for others.
expect 2 "$CPROF" serve --listen 0.0.0.0:0
says err 'token-file'
echo secret-one >token
serve --listen 0.0.0.0:0 --token-file token
url=http://127.0.0.1:${url##*:}
[ "$(status /metrics)" = 401 ] || fail "no token was asked for"
[ "$(status /metrics -H 'Authorization: Bearer secret-on')" = 401 ] || fail "a part of the token is enough"
[ "$(status /metrics -H 'Authorization: Bearer secret-one')" = 200 ] || fail "the token is not taken"
[ "$(status /metrics -u any:secret-one)" = 200 ] || fail "the token is not taken as a password"
echo secret-two >token
kill -HUP $server
until grep -q '"msg":"reloaded"' log; do sleep 0.1; done
[ "$(status /metrics -H 'Authorization: Bearer secret-one')" = 401 ] || fail "the old token is taken after a reload"
[ "$(status /metrics -H 'Authorization: Bearer secret-two')" = 200 ] || fail "the new token is not taken"
: >token
kill -HUP $server
sleep 0.5
[ "$(status /metrics -H 'Authorization: Bearer secret-two')" = 200 ] || fail "an empty file took the token away"
kill $server
wait $server
expect 1 "$CPROF" serve --listen 127.0.0.1:0 --token-file token
says err 'there is no token'

# Told to the service manager.
python3 - >told <<'EOT' &
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
s.settimeout(20)
while True:
    state = s.recv(100).decode()
    print(state, flush=True)
    if state == "STOPPING=1":
        break
EOT
told=$!
until [ -S notify ]; do sleep 0.1; done
NOTIFY_SOCKET=$PWD/notify serve
kill -HUP $server
until grep -q RELOADING told; do sleep 0.1; done
sleep 0.3
kill $server
wait $server $told
[ "$(tr '\n' ' ' <told)" = "READY=1 RELOADING=1 READY=1 STOPPING=1 " ] || fail "told: $(cat told)"
expect 2 "$CPROF" serve --listen 127.0.0.1:x
expect 2 "$CPROF" serve --history 10x
expect 2 "$CPROF" serve 123
serve
expect 1 "$CPROF" serve --listen "${url#http://}"
says err 'something listens there already'
finish
