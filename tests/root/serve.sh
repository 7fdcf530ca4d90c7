#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# serve: /debug/pprof/ of any process; what clients do to it; how it starts, reloads and stops.
. "$(dirname "$0")/../lib.sh"
need_root

# answer STATUS PATH [CURL ARGS]: what is asked for is answered so; the answer is in head and body
status() { curl -s -o body -D head -w '%{http_code}' --max-time 300 "${@:2}" "$url$1"; }
answer() {
	local want=$1 got
	shift
	rm -f body head
	got=$(status "$@")
	[ "$got" = "$want" ] || fail "$1: status $got, not $want: $(head -3 body)"
}
metric() { curl -s "$url/metrics" | sed -n "s/^$1 //p"; }
is_metric() { [ "$(metric "$1")" = "$2" ]; }
says_log() { grep -q -- "$1" log; }

serve
"$PROGS/waiting" 10 1 >/dev/null &
pid=$!
await "the threads" has_run $pid 0.1

# Two clients at once, and a third in the middle of them: each has all samples of its time.
three() {
	curl -s -o a.pb.gz "$url/debug/pprof/pid/$pid/profile?seconds=3" &
	local a=$!
	curl -s -o b.pb.gz "$url/debug/pprof/profile?seconds=3" &
	local b=$!
	sleep 1
	measured $pid curl -s -o c.pb.gz "$url/debug/pprof/pid/$pid/profile?seconds=1"
	within "$(total c.pb.gz)" 1 "a second's profile of a process"
	wait $a $b
}
measured $pid three
within "$(total a.pb.gz)" 3 "three seconds' profile"
expect 0 "$CPROF" export b.pb.gz -o b.folded --by pid
within "$(samples b.folded "^waiting-$pid;" | awk '{ printf "%.0f", $1 * 1e9 / 997 }')" 3 "the process in the machine's profile"
"$CPROF" report a.pb.gz --json >out 2>/dev/null
says out '"run_hot"'

# Heads, labels, comments.
answer 200 "/debug/pprof/pid/$pid/profile?seconds=1" -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
says head 'Content-Type: application/octet-stream'
says head 'X-Content-Type-Options: nosniff'
says head 'filename="profile"'
zcat body >profile || fail "the profile is not compressed"
says profile 4bf92f3577b34da6a3ce929d0e0e4736
await "its line in the log" says_log '"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"'
says log '"path":"/debug/pprof/pid/[0-9]*/profile".*"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736".*"parent_span_id":"00f067aa0ba902b7"'
answer 200 "/debug/pprof/pid/$pid/goroutine"
zcat body >profile || fail "goroutine is not compressed"
says profile goroutine
answer 200 "/debug/pprof/pid/$pid/goroutine?debug=1"
says body '^goroutine profile: total 12$'
says body '^2 @ 0x'
says body '^#.0x[0-9a-f]*.wait_epoll'
answer 200 "/debug/pprof/pid/$pid/goroutine?debug=2"
says body '^goroutine [0-9]* \[futex(, [0-9]+ minutes)?\]:$'
says body '^wait_condition\(\.\.\.\)$'
answer 200 "/debug/pprof/pid/$pid/threadcreate?debug=1"
says body '^threadcreate profile: total 12$'
says body '	body	'
answer 200 "/debug/pprof/pid/$pid/cmdline"
[ "$(tr '\0' ' ' <body)" = "$PROGS/waiting 10 1" ] || fail "cmdline: $(tr '\0' ' ' <body)"
address=$(curl -s "$url/debug/pprof/pid/$pid/goroutine?debug=1" | sed -n 's/^#.\(0x[0-9a-f]*\).wait_pipe.*/\1/p' | head -1)
answer 200 "/debug/pprof/pid/$pid/symbol" -d "$address+0x1"
[ "$(cat body)" = "num_symbols: 1
$address wait_pipe" ] || fail "symbol: $(cat body)"
answer 200 "/debug/pprof/pid/$pid/symbol?$address"
says body wait_pipe
for path in heap allocs block mutex trace; do
	answer 404 "/debug/pprof/pid/$pid/$path"
	says head 'X-Go-Pprof: 1'
done
[ "$(status "/debug/pprof/pid/$pid/profile?seconds=0.5" -o /dev/null --max-time 2)" = 000 ] || fail "seconds=0.5 is not the default of 30"

[ "$(status "/debug/pprof/profile?seconds=500" -I)" = 200 ] || fail "HEAD of a profile waits"

# Kernel addresses are nobody's business.
answer 200 "/debug/pprof/pid/$pid/goroutine?debug=1"
says body '^#.0x'
says_not body 0xffffffff
answer 403 /metrics -H 'Host: evil.example'

# Who goes away is not waited for: the rate falls back.
await "the old rate" is_metric cprof_sampling_hz 19

# Looking back: the last seconds were busy, whoever asked for what.
now=$(date +%s)
measured $pid sleep 9
answer 200 "/debug/pprof/pid/$pid/profile?from=$((now + 2))&to=$((now + 7))"
cp body back.pb.gz
# At 19 Hz a sample is 53 ms; the window's ends are whole seconds of the journal.
at_most "$(total back.pb.gz)" $((used + 500000000)) "five seconds of history"
at_least "$(total back.pb.gz)" $((used - (took - 4000000000) - 500000000)) "five seconds of history"
at_least "$(total back.pb.gz)" 1 "five seconds of history"
# Windows that meet have every second once; one that reaches too far back says how far it does.
now=$(date +%s)
n=0
for window in "from=$((now - 6))&to=$((now - 4))" "from=$((now - 4))&to=$((now - 2))" "from=$((now - 6))&to=$((now - 2))"; do
	curl -s -o "w$((++n)).pb.gz" "$url/debug/pprof/pid/$pid/profile?$window"
done
same $(($(total w1.pb.gz) + $(total w2.pb.gz))) "$(total w3.pb.gz)" "windows that meet"
answer 200 "/debug/pprof/pid/$pid/profile?from=-5h"
zcat body | tr -c '[:print:]' '\n' >far || fail "a window of hours is not compressed"
says far 'in [0-9]+[.][0-9] s'
says_not far 'in [0-9]{4,}[.][0-9] s'
answer 200 "/debug/pprof/profile?from=-4s&format=folded"
says body '^waiting;.*run_hot [0-9]'
answer 200 "/view?pid=$pid&from=-4s"
says body 'id="flame"'
answer 200 /api/processes
says body '"process": "waiting"'
answer 200 "/api/threads?pid=$pid"
says body 'wait_epoll'
answer 200 /api/
says body '"/api/status"'
answer 200 /
says body '<title>cprof</title>'

# Clients that mean it badly; the others are served, and nothing leaks.
python3 "$SOURCE/tests/root/hostile.py" "${url##*:}" $pid >out || fail "$(cat out)"
# Its connections: what else it has open (the files of programs that run now) is not the clients'.
connections() { find /proc/$server/fd -lname 'socket:*' | wc -l; }
few_connections() { [ "$(connections)" -le 8 ]; }
settle() { await "the connections of hostile clients to go: $(connections)" few_connections; }
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
await "the old rate, of clients that are gone" is_metric cprof_sampling_hz 19
at_least "$(metric cprof_samples_total)" 100 "samples taken"
# What a busy machine loses has its reason.
at_least "$(metric cprof_samples_lost_total)" 0 "samples lost"

# It stops at once, whoever waits, and with an account.
curl -s -o /dev/null "$url/debug/pprof/profile?seconds=600" &
await "the client" is_metric cprof_sampling_hz 997
began=$(date +%s%N)
kill -TERM $server
wait $server || fail "exit $? at SIGTERM"
at_most $((($(date +%s%N) - began) / 1000000)) 60000 "milliseconds to stop, in front of a client that waits for ten minutes"
tail -n 1 log >last
says last '"msg":"summary"'
says_not last 'unaccounted'

# A token, for others.
expect 2 "$CPROF" serve --listen 0.0.0.0:0
says err 'token-file'
echo secret-one >token
serve --listen 0.0.0.0:0 --token-file token
url=http://127.0.0.1:${url##*:}
answer 401 /metrics
answer 401 /metrics -H 'Authorization: Bearer secret-on'
answer 200 /metrics -H 'Authorization: Bearer secret-one'
answer 200 /metrics -u any:secret-one
echo secret-two >token
kill -HUP $server
await "the reload" says_log '"msg":"reloaded"'
answer 401 /metrics -H 'Authorization: Bearer secret-one'
answer 200 /metrics -H 'Authorization: Bearer secret-two'
: >token
kill -HUP $server
await "the reload that fails" says_log '"msg":"not reloaded'
answer 200 /metrics -H 'Authorization: Bearer secret-two'
kill $server
wait $server
expect 1 "$CPROF" serve --listen 127.0.0.1:0 --token-file token
says err 'there is no token'

# Told to the service manager.
python3 - >told <<'EOT' &
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
s.settimeout(300)
while True:
    state = s.recv(100).decode()
    print(state, flush=True)
    if state == "STOPPING=1":
        break
EOT
told=$!
await "the socket" test -S notify
NOTIFY_SOCKET=$PWD/notify serve
kill -HUP $server
ready_twice() { [ "$(grep -c READY=1 told)" = 2 ]; }
await "the second READY" ready_twice
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
