#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Size, licence and format of the sources; shell scripts; manual pages.
. "$(dirname "$0")/../lib.sh"
: "${dir:?}"
cd "$SOURCE" || exit 1
files() { git -c safe.directory="$SOURCE" ls-files --cached --others --exclude-standard "$@"; }

for file in $(files '*.c' '*.h'); do
	[ "$(wc -l <"$file")" -le 700 ] || fail "$file has more than 700 lines"
done
for file in $(files | grep -vE '^LICENSE$|^tests/data/|\.expected$|\.json$|^\.gitignore$|^packaging/debian/changelog$|\.pb\.gz$|\.png$|\.svg$'); do
	head -n 5 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || fail "$file has no SPDX line"
done
# A function of more than 60 lines: from a line "{" to a line "}".
files 'src/*.c' 'bpf/*.c' | xargs awk '
	FNR == 1 { start = 0 }
	/^\{$/ { start = FNR }
	/^\}/ && start { if (FNR - start > 61) print FILENAME ":" start ": " FNR - start - 1 " lines"; start = 0 }' >"$dir/long"
[ ! -s "$dir/long" ] || fail "functions of more than 60 lines: $(cat "$dir/long")"

# Other versions of clang-format want a few lines otherwise. Debian 12 has this one.
if command -v clang-format-14 >/dev/null; then
	files '*.c' '*.h' | xargs clang-format-14 --dry-run --Werror 2>"$dir/format" || fail "clang-format: $(grep -m 5 error "$dir/format")"
elif grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release; then
	fail "no clang-format-14: packaging/setup test installs it"
else
	echo "formats were not compared: there is no clang-format-14"
fi
files '*.sh' packaging/setup tests/under-load 'packaging/debian/*.p*' tests/distributions .ci/run tests/fuzz/run 'tests/bench/*' 'tests/kernels/*' tests/data/btf/make tests/data/replay/make tests/coverage completions/cprof.bash | grep -vE '\.(c|h|md|py)$' |
	xargs shellcheck -x -S warning -e SC1091,SC2034,SC2044,SC2154 >"$dir/shell" || fail "shellcheck: $(head -20 "$dir/shell")"
# A check whose condition fails is passed over; so is one behind a search that fails for another reason.
files 'tests/*.sh' | xargs grep -nE '&& *(fail|says|at_least|at_most|same)\b|^[^#]*\|\| says' >"$dir/weak"
[ ! -s "$dir/weak" ] || fail "checks that can be passed over: $(cat "$dir/weak")"
# A function that only its file knows has a name of its own: one that is found is the one that was looked for.
files 'src/*.c' | while read -r file; do
	sed -nE 's/^static [^=;{}#(]*[ *]([a-z_0-9]+)\(.*/\1/p' "$file" | sort -u
done | grep -v '^__attribute__$' | sort | uniq -d >"$dir/names"
[ ! -s "$dir/names" ] || fail "static functions of several files: $(paste -sd ' ' "$dir/names")"
# What a header says of shape, owner and so on is found at the beginning of a line.
files 'src/*.h' 'bpf/*.h' | xargs grep -nE '[^ *] +(Shape|Units|Owner|Errors|Threads|Source|Life|Memory|Place|Bounds?|Limits|Trust): ' >"$dir/labels"
[ ! -s "$dir/labels" ] || fail "labels in the middle of a line: $(cat "$dir/labels")"
files 'src/*.[ch]' 'bpf/*.[ch]' | xargs python3 tests/lint/chains.py >"$dir/chains" || fail "chains.py"
[ ! -s "$dir/chains" ] || fail "a condition in the arm of another, which wants an if: $(paste -sd ' ' "$dir/chains")"
files 'src/*.[ch]' 'bpf/*.[ch]' | xargs grep -nE '\bif \([^"]*[^]=!<>[]=[^=]' >"$dir/assigned"
[ ! -s "$dir/assigned" ] || fail "assignments in a condition: $(cat "$dir/assigned")"
for page in man/*.scd; do
	scdoc <"$page" >"$dir/page.1" && mandoc -T lint -W error "$dir/page.1" || fail "$page"
done
finish
