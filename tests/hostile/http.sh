#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Half-open connections keep nobody away; pages of other sites start nothing and learn nothing; tokens are not guessed.
. "$(dirname "$0")/../lib.sh"
need_root

begin() { # ARGS...
	"$CPROF" --log-format=json serve --listen 127.0.0.1:0 "$@" >/dev/null 2>log &
	server=$!
	shows() { grep -q '"msg":"http' log; }
	await "the server" shows
	url=$(sed -n 's/.*"msg":"\(http:[^ ]*\)\/ shows.*/\1/p' log)
}
code() { curl -s -m 60 -o body -w '%{http_code}' "$@"; }

begin
# 1,010 clients send a byte at a time and never a whole head. Everybody else is answered, and they are sent away.
python3 - "${url##*:}" <<'END' || fail "half-open connections"
import resource, select, socket, sys, time
port = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (4000, 4000))
def probe():
    began = time.time()
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    s.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = s.recv(100)
    s.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        sys.exit(f"{answer} after {time.time() - began} s")
slow = []
for i in range(1010):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-a: ")
    slow.append(s)
# The same of bodies that never end.
for i in range(300):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    s.sendall(b"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n0")
    slow.append(s)
deadline = time.time() + 90
while True:
    probe()
    alive = 0
    for s in slow:
        try:
            s.sendall(b"a")
            alive += 1
        except OSError:
            pass
    if not alive:
        break
    if time.time() > deadline:
        sys.exit(f"{alive} half-open connections are still held")
    time.sleep(1)
probe()
END

# What a page of another site makes a browser ask.
for path in /api/status /metrics "/debug/pprof/profile?seconds=1" "/debug/pprof/pid/1/profile?from=-5s&format=svg" /debug/pprof/cmdline; do
	for site in cross-site same-site; do
		same "$(code -H "Sec-Fetch-Site: $site" "$url$path")" 403 "$site $path"
		same "$(code -H "Sec-Fetch-Site: $site" -H 'Sec-Fetch-Mode: navigate' "$url$path")" 403 "$site navigation to $path"
	done
	same "$(code -H 'Origin: https://elsewhere.example' "$url$path")" 403 "$path from another origin"
done
same "$(code -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' "$url/")" 200 "a link to the first page"
same "$(code -H 'Sec-Fetch-Site: same-origin' "$url/api/status")" 200 "our own page"
same "$(code -H 'Sec-Fetch-Site: none' "$url/api/status")" 200 "an address that was typed"
same "$(code -H "Origin: $url" "$url/api/status")" 200 "our own origin"
for path in / /api/status /view?from=-2s; do
	curl -s -m 60 -D head -o /dev/null "$url$path"
	says head '^Cross-Origin-Resource-Policy: same-origin'
	says head "frame-ancestors 'none'"
done
kill -TERM $server
wait $server || fail "exit $?"

# Tokens.
(umask 077 && echo 'two words' >blank && echo short >short && openssl rand -hex 32 >good)
expect 1 timeout 60 "$CPROF" serve --listen 127.0.0.1:0 --token-file blank
says err 'has a blank in it'
begin --token-file short
says log 'is short'
kill -TERM $server
wait $server
chmod 644 good
begin --token-file good
says log 'others can read the token'
began=$(date +%s%N)
same "$(code -H 'Authorization: Bearer wrong' "$url/api/status")" 401 "a wrong token"
at_least $((($(date +%s%N) - began) / 1000000)) 900 "ms until a wrong token is told so"
same "$(code -H "Authorization: Bearer $(cat good)" "$url/api/status")" 200 "the token"
# Many that guess do not keep away who knows.
for _ in $(seq 50); do curl -s -m 60 -o /dev/null -H 'Authorization: Bearer guess' "$url/api/status" & done
same "$(code -H "Authorization: Bearer $(cat good)" "$url/api/status")" 200 "the token beside guesses"
kill -TERM $server
wait $server || fail "exit $? with guesses that wait"
finish
