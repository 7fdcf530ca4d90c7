#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One C and one C++ source, as every compiler and tool leaves them: each address is named as
# llvm-symbolizer names it in the plain file.
. "$SOURCE/tests/lib.sh"
here=$SOURCE/tests/names
symbolizer=$(command -v llvm-symbolizer llvm-symbolizer-14 | head -n 1)

# theirs FILE OUT: what llvm-symbolizer says of the addresses in `addresses`
theirs() { "$symbolizer" --obj="$1" --no-demangle --functions=linkage --inlines <addresses >"$2"; }

# check FILE PLAIN WHAT: our names of FILE against theirs of PLAIN, in want
check() {
	"$PROGS/names" "$1" <addresses >ours || fail "$3: exit $?"
	# Nothing of a table's making may differ from its reading back, whole or in parts.
	rm -rf cache
	"$PROGS/names" "$1" cache <addresses >cached
	cmp -s ours cached || fail "$3: another answer with an empty cache"
	"$PROGS/names" "$1" cache all <addresses >cached
	cmp -s ours cached || fail "$3: another answer of the whole table"
	"$PROGS/names" "$1" cache <addresses >cached
	cmp -s ours cached || fail "$3: another answer from the cache"
	"$here/compare" ours want "$2" "${minimum:-99.9}" >result || fail "$3: $(cat result)"
	checked=$((checked + 1))
}

# variants NAME: of the program NAME, whose debug information is plain
variants() {
	local kind
	for kind in zlib zlib-gnu zstd; do
		objcopy --compress-debug-sections=$kind "$1" "$1.$kind"
		check "$1.$kind" "$1" "$1 $kind"
	done
	cp "$1" "$1.dwz"
	cp "$1" "$1.dwz2"
	if dwz -m "$dir/$1.alt" "$1.dwz" "$1.dwz2" 2>err && [ -e "$1.alt" ]; then
		check "$1.dwz" "$1" "$1 dwz -m"
	elif dwz "$1.dwz" 2>err; then
		check "$1.dwz" "$1" "$1 dwz"
	fi
	objcopy --only-keep-debug "$1" "$1.debug"
	objcopy --strip-all --add-gnu-debuglink="$1.debug" "$1" "$1.stripped"
	check "$1.stripped" "$1" "$1 debuglink"
	mini "$1"
}

# mini NAME: without symbols but for .gnu_debugdata, as Fedora ships programs: functions have names
mini() {
	nm -D --defined-only -f posix "$1" | cut -d ' ' -f 1 | sort >dynamic
	nm --defined-only -f posix "$1" | awk '$2 ~ /[tTwW]/ { print $1 }' | sort | comm -13 dynamic - >functions
	objcopy -S --keep-symbols=functions "$1" symbols
	xz -f symbols
	objcopy --strip-all --add-section .gnu_debugdata=symbols.xz "$1" "$1.mini"
	"$symbolizer" --obj="$1" --no-demangle --functions=linkage --no-inlines <addresses | awk 'BEGIN { RS = "" } { print $1 }' >want.mini
	"$PROGS/names" "$1.mini" <addresses | awk 'BEGIN { RS = "" } { print $1 }' >ours.mini
	[ "$(wc -l <ours.mini)" = 400 ] || fail "$1 .gnu_debugdata: $(wc -l <ours.mini) answers"
	cmp -s ours.mini want.mini || fail "$1 .gnu_debugdata: $(diff ours.mini want.mini | head -4)"
	checked=$((checked + 1))
}

# packaged NAME...: their split units in packages
packaged() {
	local name
	for name in "$@"; do
		llvm-dwp -e "$name" -o "$name.dwp" || fail "llvm-dwp $name"
		cp "$name" "$name.alone"
		"$here/addresses" "$name" 400 >"$name.addresses"
		cp "$name.addresses" addresses
		theirs "$name" "$name.want"
	done
	rm ./*.dwo
	for name in "$@"; do
		cp "$name.addresses" addresses
		cp "$name.want" want
		check "$name" "$name" "$name dwp"
		"$PROGS/names" "$name.alone" <addresses >without
		! cmp -s ours without || fail "$name: its package says nothing"
	done
}

# build NAME COMPILER FLAGS...: code.c, and code.cc in two parts
build() {
	local name=$1 cc=$2 cxx=g++
	shift 2
	[ "$cc" = gcc ] || cxx=clang++
	"$cc" -w "$@" "$here/code.c" -o "$name-c" || fail "$name: $cc failed"
	"$cxx" -w "$@" -c "$here/code.cc" -o one.o && "$cxx" -w -DPART=1 "$@" -c "$here/code.cc" -o two.o &&
		"$cxx" -w "$@" one.o two.o -o "$name-cc" || fail "$name: $cxx failed"
	for language in c cc; do
		"$here/addresses" "$name-$language" 400 >addresses
		theirs "$name-$language" want
		check "$name-$language" "$name-$language" "$name-$language"
		[ -z "${with_variants:-}" ] || variants "$name-$language"
	done
}

checked=0
for cc in gcc clang; do
	for version in 4 5; do
		with_variants=1 build "$cc-$version" $cc -O2 -g -gdwarf-$version -Wl,--build-id
		with_variants='' build "$cc-$version-gc" $cc -O2 -g -gdwarf-$version -ffunction-sections \
			-Wl,--gc-sections
		with_variants='' build "$cc-$version-split" $cc -O2 -g -gdwarf-$version -gsplit-dwarf
		[ $cc = gcc ] || packaged "$cc-$version-split-c" "$cc-$version-split-cc"
		with_variants='' build "$cc-$version-lines" $cc -O2 -g1 -gdwarf-$version
	done
	build "$cc-O3" $cc -O3 -g -fno-pie -no-pie
	build "$cc-O0" $cc -O0 -g
	build "$cc-types" $cc -O2 -g -fdebug-types-section
	build "$cc-64" $cc -O2 -g -gdwarf64 -gdwarf-5
done
build gcc-lto gcc -O2 -g -flto
# Without call sites: llvm-symbolizer's guesses at split functions are not ours.
minimum=95 build gcc-old gcc -O2 -g -gdwarf-2 -gstrict-dwarf

# Go's own table against DWARF; what is stripped has the same names.
export HOME=$dir GOCACHE=$dir/go GO111MODULE=off GOFLAGS=
cp "$here/code.go" go-exe.go
grep -vE 'http|"io"' go-exe.go >go-pie.go # that much less of the library is compiled again
for mode in exe pie; do
	go build -buildmode=$mode -o "go-$mode" "go-$mode.go" || fail "go build -buildmode=$mode"
	"$here/addresses" "go-$mode" 4000 >addresses
	theirs "go-$mode" want
	# (In generated methods the table has what is inlined, DWARF has not.)
	minimum=99.8 check "go-$mode" "go-$mode" "go-$mode"
	objcopy --strip-all "go-$mode" "go-$mode.stripped"
	cp ours full
	"$PROGS/names" "go-$mode.stripped" <addresses >ours
	cmp -s ours full || fail "go-$mode: other names when it is stripped"
	[ $mode = exe ] || continue
	"$here/move_gofunc" go-exe go-exe.moved || fail "go-exe: cannot be changed"
	"$PROGS/names" go-exe.moved <addresses >ours
	cmp -s ours full || fail "go-exe: other names when its module data has other words"
done
echo "$checked files"
[ "$checked" -ge 60 ] || fail "only $checked files were built"
finish
