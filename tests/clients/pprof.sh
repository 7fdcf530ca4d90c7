#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# go tool pprof reads what cprof wrote, and finds the same sums; cprof reads what Go wrote.
. "$(dirname "$0")/../lib.sh"
command -v go >/dev/null || { echo "skipped: no go"; exit 77; }
export PPROF_TMPDIR=$dir HOME=$dir GOFLAGS=-mod=mod GOCACHE=$dir/cache GO111MODULE=off

pprof() { go tool pprof "$@" 2>pprof.err || fail "go tool pprof $*: $(cat pprof.err)"; }

if [ "$(id -u)" = 0 ]; then
	expect 0 "$CPROF" -q record -F 499 -o chain.pb.gz -- "$PROGS/chain" 10 0.5s 2
	pprof -top chain.pb.gz >top
	says top '^File: chain'
	says top '^Type: cpu'
	says top ' leaf$'
	pprof -traces chain.pb.gz >traces
	says traces ' f10$'
	pprof -raw chain.pb.gz >raw
	says raw '^PeriodType: cpu nanoseconds'
	says raw '^Period: 2004008$'
	says raw '^Comment: .* samples of 1 process'
	says raw 'samples/count cpu/nanoseconds'
	says raw 'process:\[chain\]'
	says raw 'pid:\[[0-9]+\]'
	# The sums: pprof's samples, ours, and the folded file's.
	ours=$(total chain.pb.gz --value samples)
	theirs=$(awk '/^Samples:/ { on = 1 } /^Locations/ { on = 0 } on && $1 ~ /^[0-9]+$/ && $2 ~ /^[0-9]+:$/ { n += $1 } END { print n + 0 }' raw)
	same "$ours" "$theirs" "our sum and pprof's"
	same "$ours" "$("$CPROF" export chain.pb.gz -o - --format folded | samples -)" "our sum and that of folded stacks"
	pprof -sample_index=samples -tagfocus=process=chain -top chain.pb.gz >tag
	says tag ' leaf$'
	# Mapping addresses hold: symbols found by pprof in the file itself are ours.
	says raw 'chain [0-9a-f]{40}'
fi

# A profile that Go wrote: the example's heap and CPU profiles.
cat >work.go <<'END'
package main

import (
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

var keep [][]byte

//go:noinline
func allocate() { keep = append(keep, make([]byte, 1<<20)) }

//go:noinline
func spin() (x uint64) {
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		for i := uint64(0); i < 100000; i++ {
			x = x*31 + i
		}
	}
	return
}

func main() {
	f, _ := os.Create("cpu.pb.gz")
	pprof.StartCPUProfile(f)
	spin()
	pprof.StopCPUProfile()
	f.Close()
	for i := 0; i < 50; i++ {
		allocate()
	}
	runtime.GC()
	f, _ = os.Create("heap.pb.gz")
	pprof.WriteHeapProfile(f)
	f.Close()
}
END
go build -o work work.go 2>build.err || fail "go build: $(cat build.err)"
./work
expect 0 "$CPROF" report cpu.pb.gz
says out ' main\.spin +work'
expect 0 "$CPROF" report heap.pb.gz --value inuse_space
says out ' main\.allocate +work'
says out ' [0-9.]+ MiB '
expect 0 "$CPROF" report heap.pb.gz --tree
# Through cprof and back: the same figures.
expect 0 "$CPROF" export heap.pb.gz -o again.pb.gz
pprof -top -sample_index=inuse_space heap.pb.gz | grep -v '^File\|^Time' >a
says a 'main.allocate'
pprof -top -sample_index=inuse_space again.pb.gz | grep -v '^File\|^Time' >b
cmp -s a b || fail "pprof -top differs after export: $(diff a b | head -5)"
pprof -raw heap.pb.gz | sed -n '/^Samples/,/^Locations/p' | grep -E '^ +[0-9]' | sed 's/:.*//' | sort >a
says a '[0-9]'
pprof -raw again.pb.gz | sed -n '/^Samples/,/^Locations/p' | grep -E '^ +[0-9]' | sed 's/:.*//' | sort >b
cmp -s a b || fail "pprof -raw differs after export"
finish
