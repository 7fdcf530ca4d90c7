#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A build id that a stranger has forged gives nobody his names, his unwind rules or his debug file.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME="$dir/cache"
chmod 755 "$dir"
mkdir -m 777 theirs

# Both do the same, and say to be the same build; what leads to a frame differs.
cat >victim.c <<'END'
#include <alloca.h>
#include <string.h>
volatile long n;
__attribute__((noinline)) void NAME(int size) { char *p = alloca(size); memset(p, 1, size); for (int i = 0; i < 100000; i++) n += p[i % size]; }
__attribute__((noinline)) void CALLER(int size) { NAME(size); n++; }
int main(void) { for (int i = 0;; i++) CALLER(100 + i % 300); }
END
id=0123456789abcdef0123456789abcdef01234567
flags="-O2 -fomit-frame-pointer -Wl,--build-id=0x$id"
gcc $flags -DNAME=the_real_name -DCALLER=the_real_caller -o victim victim.c
# The other's rules lead astray: compiled with a large frame, at the same addresses or nearly so.
sed 's/for (int i = 0; i < 100000/volatile char q[9000]; q[size] = 1; for (int i = q[0]; i < 100000/' victim.c >forged.c
gcc $flags -DNAME=FORGED_NAME -DCALLER=FORGED_CALLER -o theirs/forged forged.c || exit 1
chown 65534 theirs/forged
setpriv --reuid 65534 --regid 65534 --clear-groups theirs/forged &
forged=$!
has_begun() { [ "$(readlink /proc/$forged/exe)" = "$dir/theirs/forged" ]; }
await "the forged program" has_begun

# The forged one first and alone, so that it could be what is kept; then both; then the real one alone.
expect 0 "$CPROF" -q record -p $forged -d 1 -o f.folded
says f.folded ';FORGED_NAME [0-9]'
expect 0 "$CPROF" -q cache build theirs/forged
./victim &
victim=$!
check_victim() {
	says "$1" '^victim;.*;main;the_real_caller;the_real_name [0-9]'
	says_not "$1" '^victim;.*(FORGED|truncated)'
}
expect 0 "$CPROF" -q record -F 499 -p $forged,$victim -d 2 -o both.folded
check_victim both.folded
says both.folded '^forged;.*;main;FORGED_CALLER;FORGED_NAME [0-9]'
says_not both.folded '^forged;.*the_real'
kill $forged
for round in 1 2; do
	expect 0 "$CPROF" -q record -F 499 -p $victim -d 1 -o v.folded
	check_victim v.folded
done
expect 0 "$CPROF" -q record --no-names -p $victim -d 1 -o n.pb.gz
expect 0 "$CPROF" export n.pb.gz -o n.folded
check_victim n.folded
kill $victim

# Go's table of functions is read from the file itself, by whoever it is of.
if command -v go >/dev/null; then
	mkdir go theirs/go
	printf 'package main\n\nvar n int\n\n//go:noinline\nfunc realOne() { for i := 0; i < 100000; i++ { n++ } }\nfunc main() { for { realOne() } }\n' >go/m.go
	sed 's/realOne/forgedOne/g' go/m.go >theirs/go/m.go
	export GOCACHE="$dir/gocache" GOFLAGS=-mod=mod GO111MODULE=off
	for name in go theirs/go; do go build -ldflags "-B 0x$id -s -w" -o $name/m $name/m.go || fail "go build"; done
	chown 65534 theirs/go/m
	setpriv --reuid 65534 --regid 65534 --clear-groups theirs/go/m &
	forged=$!
	go/m &
	victim=$!
	sleep 0.3
	expect 0 "$CPROF" -q record -p $forged,$victim -d 2 --by pid -o g.folded
	says g.folded "^m-$victim;.*main.realOne"
	says_not g.folded "^m-$victim;.*forgedOne"
	says_not g.folded "^m-$forged;.*realOne"
	kill $forged $victim
else
	fail "there is no go"
fi

# A container's debug file is for that container.
mkdir -p box/lib64 box/lib box/usr/lib/debug/.build-id/01
gcc -O2 -g -Wl,--build-id=0x$id -static -DNAME=IN_THE_BOX -DCALLER=BOX_CALLER -o box/full victim.c
gcc -O2 -g -Wl,--build-id=0x$id -static -DNAME=the_real_name -DCALLER=the_real_caller -o stripped victim.c
objcopy --only-keep-debug box/full "box/usr/lib/debug/.build-id/01/${id#01}.debug"
strip stripped
cp stripped box/stripped
unshare -m chroot box /stripped &
boxed=$!
in_box() { [ "$(readlink /proc/$boxed/root)" = "$dir/box" ] && [ "$(readlink /proc/$boxed/exe)" = /stripped ] || [ "$(readlink /proc/$boxed/exe)" = "$dir/box/stripped" ]; }
await "the boxed program" in_box
./stripped &
free=$!
sleep 0.2
expect 0 "$CPROF" -q record -p $boxed -d 1 -o box.folded
says box.folded 'IN_THE_BOX'
expect 0 "$CPROF" -q record -p $boxed,$free -d 1 --by pid -o box.folded
says box.folded "^stripped-$boxed;.*IN_THE_BOX"
says_not box.folded "^stripped-$free;.*IN_THE_BOX"
kill $boxed $free
finish
