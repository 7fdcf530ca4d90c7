#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The ecosystem's clients on what cprof serves: go tool pprof, its page and ours in a browser, promtool, prometheus.
. "$(dirname "$0")/../lib.sh"
need_root
export HOME=$dir PPROF_TMPDIR=$dir/pprof PYTHONDONTWRITEBYTECODE=1

serve
"$PROGS/waiting" 5 1 >/dev/null &
c=$!
"$PROGS/frameless" >/dev/null 2>&1 &
python3 -c 'while True: sum(range(1000))' &
python=$!
await "the programs" has_run $c 0.1
await "the programs" has_run $python 0.3

# As they fetch from a Go program.
go tool pprof -top "$url/debug/pprof/pid/$c/profile?seconds=2" >top 2>err || fail "go tool pprof: $(cat err)"
says top '^File: waiting'
says top '^Type: cpu'
says top ' run_hot$'
go tool pprof -top -seconds 1 "$url/debug/pprof/pid/$python/profile" >top 2>err || fail "go tool pprof -seconds: $(cat err)"
says top ' Py_RunMain'
go tool pprof -comments "$(ls -t "$PPROF_TMPDIR"/*.gz | head -1)" >comments 2>err
says comments "Python's functions have no names here.*-X perf"
go tool pprof -traces "$url/debug/pprof/pid/$c/goroutine" >traces 2>err || fail "goroutine: $(cat err)"
says traces 'wait_epoll'
says traces 'state:  ?sleeping'
go tool pprof -top "$url/debug/pprof/pid/$c/threadcreate" >top 2>err || fail "threadcreate: $(cat err)"
says top ' body$'
go tool pprof -top "$url" >alone 2>alone.err </dev/null & # an address alone is a profile of 30 s
alone=$!
expect 1 go tool pprof -top "$url/debug/pprof/pid/$c/heap"
says err 'Unknown profile: cprof makes no heap profile'

# Prometheus.
curl -s "$url/metrics" >metrics
promtool check metrics <metrics >out 2>err || fail "promtool: $(cat out err)"
[ ! -s err ] && [ ! -s out ] || fail "promtool: $(cat out err)"
cat >prometheus.yml <<EOT
global: {scrape_interval: 1s}
scrape_configs: [{job_name: cprof, static_configs: [{targets: ["${url#http://}"]}]}]
EOT
prometheus --config.file prometheus.yml --storage.tsdb.path data --web.listen-address 127.0.0.1:19091 >prometheus.log 2>&1 &
prometheus=$!
has_rate() {
	curl -s 'http://127.0.0.1:19091/api/v1/query?query=rate(cprof_samples_total%5B10s%5D)' >out
	grep -q '"value":\[[0-9.]*,"[0-9.]*[1-9]' out
}
await "a rate in Prometheus" has_rate
says out '"value":\[[0-9.]*,"[0-9.]*[1-9]'
kill $prometheus

# A browser: pprof's own page of a served profile, and ours.
go tool pprof -http=127.0.0.1:19092 -no_browser "$url/debug/pprof/pid/$c/profile?seconds=1" >out 2>&1 &
pprof=$!
await "pprof's page" curl -s -o /dev/null http://127.0.0.1:19092/ui/top
/usr/bin/python3 "$SOURCE/tests/clients/serve_test.py" "$url" http://127.0.0.1:19092 $c || fail "in the browser, see above"
kill $pprof
wait $alone || fail "go tool pprof of the address alone: $(cat alone.err)"
says alone '^Type: cpu'
finish
