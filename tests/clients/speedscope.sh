#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# speedscope's built page (from npm) opens its own JSON, pprof and folded stacks that cprof wrote.
. "$(dirname "$0")/../lib.sh"
command -v chromedriver >/dev/null || { echo "skipped: no chromium-driver"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
version=1.25.0
package=${XDG_CACHE_HOME:-$BUILD}/speedscope-$version

# The package has its page and its schema in it, and nothing that has to be built or run.
if ! [ -f "$package/package/dist/release/index.html" ]; then
	mkdir -p "$package"
	npm pack --silent "speedscope@$version" >/dev/null
	tar -xzf speedscope-$version.tgz -C "$package" || { fail "speedscope cannot be fetched by npm"; finish; }
fi
export HOME=$dir
for format in speedscope pprof folded; do
	expect 0 "$CPROF" -q export "$SOURCE/tests/data/service.folded" -o "service.$format" --format "$format"
done
"$CPROF" -q export "$SOURCE/tests/data/perf-script.txt" -o groups.speedscope || fail "two groups"
/usr/bin/python3 "$SOURCE/tests/clients/speedscope_test.py" "$dir" "$package/package/dist/release" || fail "speedscope, see above"
# And flamegraph.pl, where it is.
if command -v flamegraph.pl >/dev/null; then
	flamegraph.pl service.folded >theirs.svg || fail "flamegraph.pl cannot read it"
	says theirs.svg 'parse_request \(150 samples, 50.00%\)'
fi
finish
