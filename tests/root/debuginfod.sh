#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debug information from a server: only when asked for, kept, what is missing asked for once, and
# nothing waits for a server.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME=$dir/cache DEBUGINFOD_CACHE_PATH=$dir/fetched
unset DEBUGINFOD_URLS

cat >server.py <<'END2'
"""Serves the files in served/, writes what was asked for into `asked`; "hang" answers nothing."""
import http.server, os, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as asked:
            asked.write(self.path + "\n")
        if sys.argv[1] == "hang":
            threading.Event().wait()
        file = "served/" + self.path.replace("/", "_")
        if not os.path.exists(file):
            return self.send_error(404)
        data = open(file, "rb").read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *what):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open("port", "w") as port:
    port.write(str(server.server_port))
os.rename("port", "port." + sys.argv[1])
server.serve_forever()
END2
# serve MODE: the server's address
serve() {
	python3 server.py "$1" >/dev/null 2>&1 &
	await "the server" test -e "port.$1"
	url=http://127.0.0.1:$(cat "port.$1")
}
# bare NAME: a program without symbols; its build id
bare() {
	id=$(printf '%s' "$dir$1" | sha1sum | cut -c 1-40)
	# Its own build id: the cache of names knows files by it.
	printf "\\x04\\0\\0\\0\\x14\\0\\0\\0\\x03\\0\\0\\0GNU\\0%b" "$(printf '%s' "$id" | sed 's/../\\x&/g')" >note
	objcopy --update-section .note.gnu.build-id=note "$PROGS/inlined" "$1.full"
	objcopy --only-keep-debug "$1.full" debug
	objcopy --strip-all "$1.full" "$1"
}
chain=';main;outer;middle_\[i\];innermost_\[i\] '
mkdir served
: >asked

bare known
mv debug "served/_buildid_${id}_debuginfo"
serve answer
export DEBUGINFOD_URLS="http://127.0.0.1:1 $url"

expect 0 "$CPROF" -q record -F 499 -o unasked.folded -- ./known 0.3
[ ! -s asked ] || fail "a server was asked without --debuginfod: $(cat asked)"
says unasked.folded '\[known\+0x'
expect 0 "$CPROF" cache build --debuginfod ./known
says err 'known: names from debug information'
says asked "/buildid/$id/debuginfo"
expect 0 "$CPROF" -q record -F 499 -o known.folded -- ./known 0.3
says known.folded "$chain"
# From then on it is here, without the cache of names and without being asked for.
expect 0 "$CPROF" -q record --no-cache -F 499 -o kept.folded -- ./known 0.3
says kept.folded "$chain"

bare unknown
for _ in 1 2; do
	expect 0 "$CPROF" cache build --debuginfod ./unknown
done
[ "$(grep -c "$id" asked)" = 1 ] || fail "what no server has was asked for again: $(grep "$id" asked)"

serve hang
export DEBUGINFOD_URLS=$url
: >asked
bare waiting
expect 0 timeout 900 "$CPROF" -q record --debuginfod -F 499 -o waiting.folded -- ./waiting 3
says waiting.folded '\[waiting\+0x'
says asked '^/buildid/[0-9a-f]*/debuginfo'
[ ! -e "$DEBUGINFOD_CACHE_PATH/$id/debuginfo" ] || fail "something was fetched from a server that answers nothing"

unset DEBUGINFOD_URLS
expect 0 "$CPROF" record --debuginfod -F 499 -o none.folded -- ./known 0.1
says err 'DEBUGINFOD_URLS names no servers'
finish
