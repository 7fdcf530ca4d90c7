#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Includes go down the layers of src/LAYERS only, and third-party headers stay in their homes.
. "$(dirname "$0")/../lib.sh"
: "${dir:?}"
cd "$SOURCE/src" || exit 1

while read -r folder allowed; do
	[ -d "$folder" ] || [ "$folder" = abi ] || fail "src/LAYERS names $folder, which is not there"
	[ "$allowed" = '*' ] && continue
	path=$folder
	[ "$folder" = abi ] && path=../bpf/abi
	for used in $(grep -hoE '#include "[a-z]+/' "$path"/* | sed 's/.*"\(.*\)\//\1/' | sort -u); do
		[ "$used" = "$folder" ] && continue
		case " $allowed " in
		*" $used "*) ;;
		*) fail "$folder includes $used/: $(grep -l "\"$used/" "$path"/* | head -2 | tr '\n' ' ')" ;;
		esac
	done
done < <(sed 's/#.*//; s/://' LAYERS | grep '[a-z]')
for folder in */; do
	grep -q "^${folder%/}:" LAYERS || fail "src/$folder is not in src/LAYERS"
done

# The same of the kernel side's files.
for file in "$SOURCE"/bpf/*.h "$SOURCE"/bpf/*.bpf.c; do
	name=$(basename "$file")
	name=${name%%.*}
	[ "${name#event_}" = "$name" ] || name=event
	allowed=$(sed -n "s/^$name: *//p" "$SOURCE/bpf/LAYERS")
	grep -q "^$name:" "$SOURCE/bpf/LAYERS" || fail "bpf/$name is not in bpf/LAYERS"
	for used in $(grep -hoE '#include "[a-z_/]+\.h"' "$file" | sed 's/.*"\(.*\)\.h"/\1/'); do
		case " $allowed $name " in
		*" $used "*) ;;
		*) [ "${used#abi/}" != "$used" ] || fail "bpf/$(basename "$file") includes $used.h" ;;
		esac
	done
done
! grep -lE '#include "(\.\./|[a-z_]+\.h)' "$SOURCE"/bpf/abi/*.h | grep . || fail "bpf/abi includes what lies above it"

# No file includes, or calls, one that includes, or calls, it.
python3 "$SOURCE/tests/lint/cycles.py" "$SOURCE" "$BUILD/CMakeFiles/core.dir" >"$dir/cycles" 2>&1 ||
	fail "cycles between files: $(cat "$dir/cycles")"

home() { # HEADER-REGEX FOLDER...: only these may include it
	local regex=$1 file
	shift
	for file in $(grep -lE "#include <($regex)" ./*/*.[ch]); do
		case " $* " in
		*" $(basename "$(dirname "$file")") "* | *" ${file#./} "*) ;;
		*) fail "$file includes <$regex>, whose home is $*" ;;
		esac
	done
}
home 'bpf/' collect
home 'libelf|gelf' elf symbolize unwind
home 'elfutils/|dwarf\.h' elf symbolize unwind
home 'libiberty/|demangle\.h' base/demangle.c
home 'capstone' symbolize elf/insn.c
home 'protobuf-c|libsmartcols' format
home 'curses\.h|ncurses|term\.h' tui/curses.c
home 'libdeflate\.h' elf base/gzip.c
home 'lzma\.h|zstd\.h' elf
home 'zlib\.h|xxhash|pcre2|jansson' base

# Below cli/ nothing prints or exits (base/log.c writes what cli/ says; the others have children).
for file in $(find . -name '*.c' ! -path './cli/*' ! -path ./base/log.c ! -path ./collect/launch.c ! -path ./symbolize/debuginfod.c ! -path ./base/broker_child.c); do
	! grep -nE '(^|[^a-z_])(printf|puts|putchar|perror|exit|_exit) *\(' "$file" || fail "$file prints or exits"
done
finish
