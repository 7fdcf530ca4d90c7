#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page and the SVG in headless Chromium: zoom, search, reset, keyboard, groups, time, download.
. "$(dirname "$0")/../lib.sh"
command -v chromedriver >/dev/null || { echo "skipped: no chromium-driver"; exit 77; }
export HOME=$dir PYTHONDONTWRITEBYTECODE=1

"$CPROF" -q export "$SOURCE/tests/data/perf-script.txt" -o script.pb.gz || fail "perf script is not read"
for ending in svg html; do
	expect 0 "$CPROF" -q export "$SOURCE/tests/data/service.folded" -o "service.$ending"
	expect 0 "$CPROF" -q export script.pb.gz -o "script.$ending"
	expect 0 "$CPROF" -q diff "$SOURCE/tests/data/service.folded" "$SOURCE/tests/data/changed.folded" -o "diff.$ending"
done
# A name that a page must not obey, a profile of blocks of time.
printf 'a;<script>document.title="owned"</script>"&amp;;\xff\xfe b 3\n' >hostile.folded
expect 0 "$CPROF" -q export hostile.folded -o hostile.svg
expect 0 "$CPROF" -q export hostile.folded -o hostile.html
"$PROGS/timeline" timeline.pb.gz || fail "no profile with times"
expect 0 "$CPROF" -q export timeline.pb.gz -o timeline.html
/usr/bin/python3 "$SOURCE/tests/clients/browser_test.py" "$dir" || fail "in the browser, see above"
# What the page gives away is what was put in.
expect 0 "$CPROF" report service.html.pb.gz --json
cp out ours
expect 0 "$CPROF" report "$SOURCE/tests/data/service.folded" --json
cmp -s ours out || fail "the page's profile is another one: $(diff ours out | head -5)"
finish
