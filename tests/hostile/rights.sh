#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nobody reads by cprof what he could not read before: not a user by the capabilities that cprof has, and not
# another user by what root opens for him.
. "$(dirname "$0")/../lib.sh"
need_root

chmod 755 "$dir"
mkdir -m 700 private
mkdir -m 777 open
mkdir -m 1777 tmp
for line in $(seq 60); do echo "TOP-SECRET line $line"; done >private/secret
chmod 644 private/secret # in a folder that nobody else may enter
cp private/secret secret
chmod 600 secret
cp "$CPROF" cprof
setcap "$(sed -n 's/.*sudo setcap \(cap_[a-z_,]*=ep\).*/\1/p' "$SOURCE/README.md" | head -1)" cprof || fail "setcap"
as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$dir/open")
leaks_nothing() { # WHAT FILE...
	local what=$1
	shift
	! grep -aq 'TOP-SECRET' "$@" || fail "$what shows the secret"
}

# A profile that names a file as its source.
PYTHONPATH=$SOURCE/tests/hostile PYTHONDONTWRITEBYTECODE=1 python3 - <<'END'
import gzip
from wire import field
def profile(path, to):
    strings = [b"", b"samples", b"count", b"main", path.encode()]
    out = field(1, field(1, 1) + field(2, 2))
    for i in range(1, 41):
        out += field(2, field(1, i) + field(2, 1)) + field(4, field(1, i) + field(4, field(1, 1) + field(2, i)))
    out += field(5, field(1, 1) + field(2, 3) + field(4, 4) + field(5, 1))
    for s in strings:
        out += field(6, s)
    open(to, "wb").write(gzip.compress(out))
import os
here = os.getcwd()
profile(here + "/secret", "a.pb.gz")
profile(here + "/private/secret", "b.pb.gz")
profile(here + "/open/../secret", "c.pb.gz")
profile("/x/../../secret", "d.pb.gz")
profile("/etc/passwd", "e.pb.gz")
END
cp ./*.pb.gz open
chown 65534 open/*.pb.gz

# By a user with the capabilities.
for p in a b c; do
	expect 0 "${as_user[@]}" ./cprof report --list main $p.pb.gz
	leaks_nothing "report --list $p as a user" out err
	expect 0 "${as_user[@]}" ./cprof report --trust --list main open/$p.pb.gz
	leaks_nothing "report --trust --list $p as a user" out err
done
expect 0 "${as_user[@]}" ./cprof report --list main --source-path "$dir/open" d.pb.gz
leaks_nothing "report --source-path" out err
expect 0 "${as_user[@]}" ./cprof report --list main e.pb.gz
says out 'root:x:0:0'
expect 1 "${as_user[@]}" ./cprof export secret -o -
leaks_nothing "export" out err
expect 1 "${as_user[@]}" ./cprof serve --listen 127.0.0.1:1 --token-file "$dir/secret"
says err 'Permission denied'
expect 1 "${as_user[@]}" ./cprof export a.pb.gz -o "$dir/private/new"
expect 1 "${as_user[@]}" ./cprof record -d 0.2 -o "$dir/private/new"
[ ! -e private/new ] || fail "a user has written into root's folder"

# By the child that fetches debug information.
printf 'int main(void) { return 0; }\n' | gcc -s -Wl,--build-id -x c - -o open/h
id=$(readelf -n open/h | awk '/Build ID/ { print $3 }')
mkdir -p "srv/buildid/$id"
mkdir -m 777 debuginfod
ln -s "$dir/secret" "srv/buildid/$id/debuginfo"
expect 0 "${as_user[@]}" env DEBUGINFOD_URLS="file:$dir/srv" DEBUGINFOD_CACHE_PATH="$dir/debuginfod" ./cprof cache build --debuginfod open/h
! grep -raq TOP-SECRET debuginfod || fail "the debuginfod child reads with capabilities"

# By root, what a user's profile or program names: as that user, unless root trusts him.
for p in a b c; do
	expect 0 "$CPROF" report --list main open/$p.pb.gz
	leaks_nothing "root's report of a user's profile $p" out err
	says out 'may not read .*; --trust'
done
expect 0 "$CPROF" report --trust --list main open/a.pb.gz
says out 'TOP-SECRET line 7'
expect 0 "$CPROF" report --list main a.pb.gz
says out 'TOP-SECRET line 7'
expect 0 "$CPROF" report --list main open/e.pb.gz
says out 'root:x:0:0'

# A pipe is of who made it, and what /proc shows is of nobody.
"${as_user[@]}" mkfifo open/pipe.pb.gz
"${as_user[@]}" sh -c 'cat open/a.pb.gz >open/pipe.pb.gz' &
expect 0 timeout 60 "$CPROF" report --list main open/pipe.pb.gz
leaks_nothing "root's report of a user's pipe" out err
says out 'may not read .*; --trust'

# The same of a program that runs: its debug information names the source, its debug link another file.
printf '#line 1 "%s/secret"\nvolatile long n; void spin_here(void) { for (long i = 0; i < 100000; i++) n++; }\nint main(void) { for (;;) spin_here(); }\n' "$dir" >open/evil.c
gcc -g -O0 -o open/evil open/evil.c
chown 65534 open/evil
"${as_user[@]}" "$dir/open/evil" &
evil=$!
expect 0 "$CPROF" -q record -p $evil -d 1 -o live.pb.gz
expect 0 "$CPROF" report --list spin_here live.pb.gz
says out 'spin_here'
leaks_nothing "root's own profile of a user's program" out err
expect 0 "$CPROF" report --list spin_here --trust live.pb.gz
says out 'TOP-SECRET'
# And by its perf map: a link to what it may not read, with lines that would do for a map.
awk 'BEGIN { for (i = 0; i < 9; i++) printf "%x ffff TOP-SECRET\n", 65536 * i }' >private/map
kill $evil
cat >gen.c <<'END'
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
	unsigned char *code = mmap((void *)0x10000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(code, "\xf3\x90\xeb\xfc", 4);
	printf("%d\n", getpid());
	fflush(stdout);
	((void (*)(void))code)();
}
END
gcc -o gen gen.c
"${as_user[@]}" ./gen >pid &
gen_is_there() { [ -s pid ]; }
await "the program" gen_is_there
mapped=/tmp/perf-$(cat pid).map
"${as_user[@]}" ln -s "$dir/private/map" "$mapped"
for by in "$CPROF" "${as_user[*]} ./cprof"; do
	expect 0 $by -q record -p "$(cat pid)" -d 1 -o "open/gen.folded"
	says open/gen.folded '^gen;.*\[anon\+0x10000\]'
	leaks_nothing "a perf map that is a link, by $by" open/gen.folded
	rm -f open/gen.folded
done
rm -f "$mapped"
"${as_user[@]}" sh -c "echo '10000 1000 its_own_name' >$mapped"
for by in "$CPROF" "${as_user[*]} ./cprof"; do
	expect 0 $by -q record -p "$(cat pid)" -d 1 -o "open/gen.folded"
	says open/gen.folded 'its_own_name'
	rm -f open/gen.folded
done
rm -f "$mapped"
kill "$(cat pid)"

# User 0 of a container is not root here.
mkdir -p box/lib64 box/lib
printf '#line 1 "%s/secret"\nvolatile long n; void spin_in_box(void) { for (long i = 0; i < 100000; i++) n++; }\nint main(void) { for (;;) spin_in_box(); }\n' "$dir" >box.c
gcc -g -O0 -static -o box/boxed box.c
unshare -m chroot box /boxed &
boxed=$!
is_boxed() { [ "$(cat /proc/$boxed/comm)" = boxed ]; }
await "the boxed program" is_boxed
expect 0 "$CPROF" -q record -p $boxed -d 1 -o box.pb.gz
kill $boxed
for how in "" --asm; do
	expect 0 "$CPROF" report --list spin_in_box $how box.pb.gz
	leaks_nothing "a container's program $how" out err
done
# Nor does a program of root's speak by a debug file that another user has put beside it.
cat >named.c <<'END'
volatile long n;
static __attribute__((noinline)) void NAME(void) { for (long i = 0; i < 100000; i++) n++; }
int main(void) { for (;;) NAME(); }
END
build="-O1 -g -Wl,--build-id=0x00112233445566778899aabbccddeeff00112233"
mkdir -m 777 beside
gcc $build -DNAME=of_the_program -o beside/p named.c
gcc $build -DNAME=PUT_BESIDE_IT -o theirs.full named.c
objcopy --only-keep-debug theirs.full beside/p.debug
strip beside/p
objcopy --add-gnu-debuglink=beside/p.debug beside/p
chown 1234 beside/p.debug
beside/p &
beside=$!
for by in "$CPROF" "${as_user[*]} ./cprof"; do
	expect 0 $by -q record -p $beside -d 1 -o open/beside.folded
	says open/beside.folded '^p;.*;main;'
	says_not open/beside.folded PUT_BESIDE_IT
	rm -f open/beside.folded
done
chown 0 beside/p.debug
expect 0 "$CPROF" -q record --no-cache -p $beside -d 1 -o beside.folded
says beside.folded PUT_BESIDE_IT
kill $beside

# What may be raised fits a screen.
at_most "$(grep -c . "$SOURCE/src/base/authority.def")" 40 "lines of base/authority.def"
finish
