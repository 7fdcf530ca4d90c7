#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every frame has its name: inlined functions and lines, generated code, containers, files that were
# removed or replaced, the kernel's own generated code.
. "$(dirname "$0")/../lib.sh"
need_root
export XDG_CACHE_HOME=$dir/cache

# Inlined functions, and lines in the pprof file.
chain=';main;outer;middle_\[i\];innermost_\[i\] '
expect 0 "$CPROF" --log-format=json record -F 999 -o inlined.pb.gz -- "$PROGS/inlined" 1
at_least "$(field frames_named err)" 1 "frames named"
says err '"named_by":{[^}]*"debug information":[0-9]'
"$CPROF" -q export inlined.pb.gz -o inlined.folded
at_least "$(share inlined.folded "$chain")" 90 "samples with the inlined chain"
line=$(grep -n 'x ^= x << 13' "$SOURCE/tests/progs/inlined.c" | cut -d : -f 1)
go tool pprof -raw inlined.pb.gz 2>/dev/null >raw
start=$(grep -n 'INLINE uint64_t innermost' "$SOURCE/tests/progs/inlined.c" | cut -d : -f 1)
says raw "innermost .*/inlined.c:($line|$((line + 1))|$((line + 2))|$((line - 1)))(:0)? s=$start" # Go 1.22 and later: a column
says raw '\[FN\]\[FL\]\[LN\]\[IN\]'

# Addresses only, named later: the same stacks; once more from the cache.
expect 0 "$CPROF" -q record --no-names -F 999 -o raw.pb.gz -- "$PROGS/inlined" 0.5
go tool pprof -raw raw.pb.gz 2>/dev/null >raw
says_not raw innermost
for _ in 1 2; do
	"$CPROF" -q export raw.pb.gz -o raw.folded
	at_least "$(share raw.folded "$chain")" 90 "samples of a profile that is named later"
done

# A file without a build id is not found again by one: it is named at once. Its debug file is known by its checksum.
objcopy --remove-section .note.gnu.build-id "$PROGS/inlined" noid
expect 0 "$CPROF" -q record --no-names -F 999 -o noid.pb.gz -- ./noid 0.5
"$CPROF" -q export noid.pb.gz -o noid.folded
at_least "$(share noid.folded "$chain")" 90 "samples of a file without a build id"
objcopy --only-keep-debug noid noid.debug
objcopy --strip-all --add-gnu-debuglink=noid.debug noid linked
expect 0 "$CPROF" -q record -F 999 -o linked.folded -- ./linked 0.5
at_least "$(share linked.folded "$chain")" 90 "samples with a debug file without a build id"
echo >>noid.debug
expect 0 "$CPROF" -q record -F 999 -o linked.folded -- ./linked 0.3
says_not linked.folded innermost
says linked.folded '\[linked\+0x'

# Code that no symbol and no rule covers is not what lies before it, and has one place: where it begins.
cat >hidden.s <<'END'
	.text
	.globl main
	.type main, @function
main:	.cfi_startproc
	call 1f
	xor %eax, %eax
	ret
	.cfi_endproc
	.size main, . - main
	.p2align 4
1:	mov $1000000000, %ecx
2:	dec %ecx
	jnz 2b
	ret
END
gcc -o hidden hidden.s 2>/dev/null
begin=$(objdump -d hidden | awk '/mov +[$]0x3b9aca00,%ecx/ { print substr($1, 1, length($1) - 1) }')
expect 0 "$CPROF" -q record -F 999 -o hidden.folded -- ./hidden
at_least "$(share hidden.folded "\[hidden\+0x$begin\]")" 90 "samples of code that nothing covers"

# Short names, and with their parameters.
expect 0 "$CPROF" -q record -F 499 -o cc.pb.gz -- "$PROGS/frameless"
"$CPROF" report cc.pb.gz -n 0 >short
"$CPROF" report --full-names cc.pb.gz -n 0 >full
says_not short ' [a-z_:]+\([^)]*\) '
says full '[a-z_:]+\('

# Generated code: two processes with different functions at one address; a map at the very end.
"$PROGS/generate" map 'one:fn /a.js:3' 600 &
one=$!
"$PROGS/generate" map two:fn 600 &
two=$!
await "generated code" has_run $one 0.1
await "generated code" has_run $two 0.1
expect 0 "$CPROF" -q record -F 499 -d 1 -p "$one,$two" --by pid -o generated.folded
says generated.folded "^generate-[0-9]+;.*main;one:fn /a.js:3_\[j\] "
says generated.folded "^generate-[0-9]+;.*main;two:fn_\[j\] "
[ "$(grep -o 'main;[a-z]*:fn' generated.folded | sort -u | wc -l)" = 2 ] || fail "one process's functions are another's: $(grep fn generated.folded)"
kill $one $two
wait
expect 0 "$CPROF" -q record -F 499 -o late.folded -- "$PROGS/generate" late late:fn 0.5
says late.folded ';main;late:fn_\[j\] '
expect 0 "$CPROF" -q record -F 499 -o dump.pb.gz -- "$PROGS/generate" dump dumped:fn 0.5
go tool pprof -raw dump.pb.gz 2>/dev/null >raw
says raw 'dumped:fn made.up:77'
rm -f /tmp/perf-[0-9]*.map

# Another user's file says nothing of root's process.
"$PROGS/generate" late mine:fn 600 &
generate=$!
echo '200000000 100 forged:fn' >/tmp/perf-$generate.map
chown 65534 /tmp/perf-$generate.map
expect 0 "$CPROF" -q record -F 499 -d 1 -p $generate -o forged.folded
says forged.folded '^generate;'
says_not forged.folded forged
kill $generate
wait
rm -f /tmp/perf-$generate.map

# A file that is removed, one that was never on disk, one that is replaced while it runs.
cp "$PROGS/inlined" gone
./gone 600 >/dev/null &
gone=$!
await "the program" has_run $gone 0.1
rm gone
expect 0 "$CPROF" -q record -F 499 -d 1 -p $gone -o gone.folded
at_least "$(share gone.folded "$chain")" 90 "samples of a removed file"
python3 - "$PROGS/inlined" <<'END' &
import os, sys
fd = os.memfd_create("made")
os.write(fd, open(sys.argv[1], "rb").read())
os.execv(f"/proc/self/fd/{fd}", ["made", "600"])
END
memory=$!
is_in_memory() { readlink "/proc/$memory/exe" | grep -q '^/memfd:made'; }
await "the program in memory" is_in_memory
expect 0 "$CPROF" -q record -F 499 -d 1 -p $memory -o memory.folded
at_least "$(share memory.folded "$chain")" 90 "samples of a file in memory"
cp "$PROGS/inlined" upgraded
./upgraded 600 >/dev/null &
upgraded=$!
recording "$CPROF" record -F 499 -p $upgraded -o upgraded.folded
works $upgraded 0.5
cp "$PROGS/chain" new && mv new upgraded
works $upgraded 0.5
kill -TERM $recorder
wait $recorder || fail "a file that was replaced: exit $?: $(cat err)"
at_least "$(share upgraded.folded "$chain")" 90 "samples of a file that was replaced"
kill $upgraded $gone $memory 2>/dev/null
wait

# Files without a build id, each with the path and often with the number of the one before it.
objcopy --remove-section .note.gnu.build-id "$PROGS/chain" other
cat >replace.sh <<'END'
replace() {
	rm -f now
	cp "$1" now
	shift
	./now "$@" >/dev/null
}
for _ in 1 2 3 4; do
	replace noid 0.2
	replace other 3 0.2s
done
END
expect 0 "$CPROF" -q record -F 999 -o replaced.folded -- bash replace.sh
grep '^now;' replaced.folded >now.folded
at_least "$(share now.folded "$chain")" 30 "samples of the one file"
at_least "$(share now.folded ';main;work;f0;f1;f2;f3;leaf ')" 30 "samples of the other file"
at_least "$(share now.folded "($chain|;f3;leaf )")" 85 "samples of files that took each other's place"

# A container: its own files, and its own debug files, at paths that are something else here.
root=$dir/root
mkdir -p "$root/usr/lib/debug/.build-id" "$root/lib64" "$root/lib/x86_64-linux-gnu" "$root/bin"
cp "$PROGS/inlined" "$root/bin/true"
cp /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
# Another C library than ours: the same code under another build id.
objcopy --remove-section .note.gnu.build-id --remove-section .gnu_debuglink /lib/x86_64-linux-gnu/libc.so.6 "$root/lib/x86_64-linux-gnu/libc.so.6" 2>/dev/null
id=$(readelf -n "$root/bin/true" | sed -n 's/.*Build ID: //p')
if [ -n "$id" ]; then
	mkdir -p "$root/usr/lib/debug/.build-id/${id:0:2}"
	objcopy --only-keep-debug "$root/bin/true" "$root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
	strip "$root/bin/true"
fi
unshare -m chroot "$root" /bin/true 600 >/dev/null &
inside=$!
await "the container" began $inside true
await "the container" has_run $inside 0.1
expect 0 "$CPROF" -q record --no-cache -F 499 -d 1 -p "$inside" -o inside.folded
at_least "$(share inside.folded "$chain")" 90 "samples of a container"
kill "$inside"
wait

# A BPF program that is gone by the end.
cat >spin.bpf.c <<'END'
__attribute__((section("socket"), used)) int spinner(void *ctx)
{
	volatile int x = 0;

	for (int i = 0; i < 5000; i++)
		x += i;
	return 0;
}
char gpl[] __attribute__((section("license"), used)) = "GPL";
END
mount | grep -q ' /sys/fs/bpf type bpf' || mount -t bpf bpf /sys/fs/bpf
if clang -target bpf -O2 -c spin.bpf.c -o spin.bpf.o && bpftool prog load spin.bpf.o /sys/fs/bpf/cprof-spinner-$$ 2>err; then
	head -c 64 /dev/zero >packet
	recording "$CPROF" record -a -F 499 -o bpf.folded
	bpftool prog run pinned /sys/fs/bpf/cprof-spinner-$$ data_in packet repeat 30000 >/dev/null
	rm /sys/fs/bpf/cprof-spinner-$$
	kill -TERM $recorder
	wait $recorder
	says bpf.folded ';bpf_prog_[0-9a-f]*_spinner_\[k\] '
else
	fail "no BPF program to run: $(head -3 err)"
fi

# Why something has no name.
objcopy --strip-all "$PROGS/inlined" bare
expect 0 "$CPROF" -q record --no-cache -F 999 -o bare.pb.gz -- ./bare 0.5
"$CPROF" report --no-cache --missing bare.pb.gz >missing
says missing "$dir/bare"
says missing 'build it with -g'
"$CPROF" report --no-cache --missing --json bare.pb.gz >missing
says missing '"build_id"'
# What has no name has at least one place: where its function begins.
"$CPROF" -q export --no-cache bare.pb.gz -o bare.folded
[ "$(sed 's/ [0-9]*$//' bare.folded | grep -o '\[bare+0x[0-9a-f]*\]' | sort -u | wc -l)" -le 6 ] ||
	fail "functions without a name are split: $(grep -o '\[bare+0x[0-9a-f]*\]' bare.folded | sort | uniq -c | head)"

# What leads to it has one in every program.
at_least "$(share bare.folded '^bare;_start;__libc_start_main[^;]*;[^;]*;main;\[bare\+0x')" 90 "samples of a stripped program below main"

# The cache: listed, damaged (then made anew), removed.
expect 0 "$CPROF" cache list
says out 'tables, '
cp "$PROGS/inlined" large
expect 0 "$CPROF" cache build ./large
expect 0 "$CPROF" cache list --json
says out '"kind": "names"'
entry=$(find / -xdev -path '*cprof/names-*' -newer bare.pb.gz 2>/dev/null | head -n 1)
[ -n "$entry" ] && dd if=/dev/urandom of="$entry" bs=1 seek=300 count=2000 conv=notrunc status=none
expect 0 "$CPROF" -q record -F 999 -o damaged.folded -- ./large 0.5
at_least "$(share damaged.folded "$chain")" 90 "samples with a damaged cache"
expect 1 "$CPROF" cache build "$SOURCE/README.md"
expect 2 "$CPROF" cache lst
expect 2 "$CPROF" cache build
finish
